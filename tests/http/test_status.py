"""What became of a message: every event in a ledger, a state that only rises, errors that stay, callbacks in any order."""
import itertools
import json
import threading

import pytest

from panel import (asked, at_once, badges, conversation_with, enter, events, message, messages_with, new_number, new_sid, script, statements_in_a_burst, texts)
from inbound_tools import is_noted, is_twiml


def send(stack, number, body="Hello", **behaviour):
    """A message that Twilio has accepted and says nothing more about; its SID."""
    script(stack, number, **{"callbacks": [], **behaviour})
    answer = stack.api("POST", "/api/send-message", json={"to": number, "body": body})
    assert answer.status_code == 200, answer.text
    return answer.json()["sid"]


def state(stack, sid):
    row = message(stack, sid)
    return row["status"], row["error_code"]


def shown_state(stack, sid):
    """Of the list, where the newest message's state is a copy."""
    return stack.sql("SELECT c.last_status FROM conversation c JOIN message m ON m.tenant_id = c.tenant_id AND m.id = c.last_message_id "
                     "WHERE m.sid = %s", sid)[0]["last_status"]


# ---- order ----

@pytest.mark.parametrize("order", list(itertools.permutations(["queued", "sent", "delivered"])) + [("sending", "queued", "read", "delivered", "sent")])
def test_callbacks_in_any_order_end_at_the_highest(stack, order):
    sid = send(stack, new_number())
    for status in order:
        is_noted(stack.status(sid, status))
    assert state(stack, sid) == ("read" if "read" in order else "delivered", None)
    assert shown_state(stack, sid) == state(stack, sid)[0]
    assert [e["status"] for e in events(stack, sid)] == ["queued", *order], "the ledger keeps the order of arrival"


def test_a_failure_and_its_code_stay(stack):
    sid = send(stack, new_number())
    is_noted(stack.status(sid, "failed", ErrorCode=30003, ErrorMessage="Unreachable destination handset"))
    is_noted(stack.status(sid, "sent"))
    is_noted(stack.status(sid, "delivered"))
    is_noted(stack.status(sid, "sent", ErrorCode=30008))
    assert state(stack, sid) == ("failed", 30003)
    assert message(stack, sid)["error_text"] == "Unreachable destination handset"
    assert shown_state(stack, sid) == "failed"
    assert [e["error_code"] for e in events(stack, sid)] == [None, 30003, None, None, 30008]


@pytest.mark.parametrize("first, second", [("undelivered", "delivered"), ("delivered", "undelivered"), ("canceled", "failed")])
def test_of_two_last_words_the_first_stays_and_the_second_is_noted(stack, first, second):
    sid = send(stack, new_number())
    is_noted(stack.status(sid, first))
    answer = is_noted(stack.status(sid, second))
    assert state(stack, sid)[0] == first
    assert [e["status"] for e in events(stack, sid)][-1] == second
    assert f"event=delivery.second_terminal id={answer.headers['X-Request-Id']}" in stack.logs("centrala.fcgi")


def test_an_error_that_comes_late_is_noted_but_changes_no_state(stack):
    sid = send(stack, new_number())
    is_noted(stack.status(sid, "delivered"))
    is_noted(stack.status(sid, "undelivered", ErrorCode=30005))
    assert state(stack, sid) == ("delivered", 30005)
    assert shown_state(stack, sid) == "delivered", "the list shows what the chat shows"


def test_a_read_receipt_follows_the_delivery(stack):
    sid = send(stack, new_number())
    for status in ("delivered", "read", "delivered"):
        is_noted(stack.status(sid, status, EventType="READ"))
    assert state(stack, sid)[0] == "read"


def test_the_same_callback_twice_changes_nothing(stack):
    sid = send(stack, new_number())
    is_noted(stack.status(sid, "delivered"))
    before = message(stack, sid)
    is_noted(stack.status(sid, "delivered"))
    assert message(stack, sid) == before and len(events(stack, sid)) == 3


def test_callbacks_at_the_same_time_lose_nothing(stack):
    sid = send(stack, new_number())
    words = ["queued", "sending", "sent", "delivered", "read", "sent", "queued", "delivered"]
    for answer in at_once(len(words), lambda i: stack.status(sid, words[i])):
        is_noted(answer)
    assert state(stack, sid)[0] == "read" == shown_state(stack, sid)
    assert sorted(e["status"] for e in events(stack, sid)) == sorted([*words, "queued"])


def test_late_repeated_and_overtaking_callbacks_of_the_simulated_twilio(stack):
    steps = [{"status": "sent", "after_ms": 120}, {"status": "delivered", "after_ms": 20, "repeat": 3}, {"status": "queued", "after_ms": 180},
             {"status": "sending", "after_ms": 60, "repeat": 2, "gap_ms": 50}]
    sid = send(stack, new_number(), callbacks=steps)
    assert stack.wait(lambda: len(events(stack, sid)) == 8, what="all callbacks")
    assert state(stack, sid)[0] == "delivered"


# ---- before the answer ----

def test_callbacks_that_come_before_the_answer_to_our_own_post(stack):
    steps = [{"status": "sent", "when": "before_answer"}, {"status": "delivered", "when": "before_answer"}]
    number = new_number()
    sid = send(stack, number, callbacks=steps)
    assert state(stack, sid)[0] == "delivered"
    assert [e["source"] for e in events(stack, sid)] == ["callback", "callback", "api"]
    (row,) = messages_with(stack, number)
    assert row["outbox_state"] == "sent"


def test_a_failure_that_comes_before_the_answer(stack):
    steps = [{"status": "undelivered", "error_code": 30005, "error_message": "Unknown destination handset", "when": "before_answer"}]
    number = new_number()
    script(stack, number, callbacks=steps)
    answer = stack.api("POST", "/api/send-message", json={"to": number, "body": "x"})
    (row,) = messages_with(stack, number)
    assert (row["status"], row["error_code"]) == ("undelivered", 30005) and answer.json()["status"] == "undelivered"


def test_an_event_without_our_id_waits_for_its_message(stack):
    """At an address of the account, not ours: only the SID links it, and the SID comes later."""
    number = new_number()
    script(stack, number, callbacks=[], delay_ms=2500)
    done = []
    thread = threading.Thread(target=lambda: done.append(stack.api("POST", "/api/send-message", json={"to": number, "body": "x"})))
    thread.start()
    sid = stack.wait(lambda: [a["sid"] for a in asked(stack, number) if a["sid"]], what="Twilio's acceptance")[0]
    is_noted(stack.status(sid, "delivered"))
    assert not stack.sql("SELECT 1 FROM message WHERE sid = %s", sid), "nobody knows that SID yet"
    thread.join()
    assert done[0].json() == {**done[0].json(), "sid": sid, "status": "delivered"}
    assert state(stack, sid)[0] == "delivered"


def test_an_unknown_message_is_kept_in_the_ledger(stack):
    sid = new_sid()
    is_noted(stack.status(sid, "delivered", RawDlrDoneDate="2311201337"))
    (event,) = events(stack, sid)
    assert json.loads(event["detail"])["RawDlrDoneDate"] == "2311201337"


def test_the_callback_address_carries_our_id_and_is_bound_to_the_tenant(stack, other):
    number = new_number()
    sid = send(stack, number)
    (row,) = messages_with(stack, number)
    (post,) = asked(stack, number)
    assert post["StatusCallback"] == f"{stack.public_url}/hook/{stack.tenant.hook_secret}/status/{row['outbox_id']}"
    # Another tenant's signed callback that names our message's number.
    is_twiml(stack.status(new_sid(), "failed", path=f"/hook/{other.hook_secret}/status/{row['outbox_id']}", AccountSid=other.sid, token=other.token))
    is_noted(stack.status(sid, "failed", AccountSid=other.sid, token=other.token))
    assert state(stack, sid) == ("queued", None)
    assert stack.sql("SELECT callback_at FROM outbox WHERE id = %s", row["outbox_id"])[0]["callback_at"] is None
    is_twiml(stack.status(sid, "sent", path=f"/hook/{stack.tenant.hook_secret}/status/{row['outbox_id']}"))
    assert stack.sql("SELECT callback_at FROM outbox WHERE id = %s", row["outbox_id"])[0]["callback_at"]


def test_one_callback_address_is_one_messages(stack):
    """Under it with another SID: a word about some other message, whatever the address says."""
    number = new_number()
    sid, stranger = send(stack, number), new_sid()
    (row,) = messages_with(stack, number)
    path = f"/hook/{stack.tenant.hook_secret}/status/{row['outbox_id']}"
    is_twiml(stack.status(stranger, "failed", path=path, ErrorCode="30007"))
    assert state(stack, sid) == ("queued", None) and message(stack, sid)["sid"] == sid
    assert [event["status"] for event in events(stack, stranger)] == ["failed"], "kept all the same"
    is_twiml(stack.status(sid, "delivered", path=path))
    assert state(stack, sid) == ("delivered", None)


# ---- words ----

def test_words_that_we_do_not_know_are_kept_verbatim(stack):
    sid = send(stack, new_number())
    for word in ("partially_delivered", "teleported"):
        is_noted(stack.status(sid, word))
    assert state(stack, sid)[0] == "queued"
    assert [e["status"] for e in events(stack, sid)] == ["queued", "partially_delivered", "teleported"]


@pytest.mark.parametrize("code, kept", [("", None), ("abc", None), ("-5", None), ("99999999999999999999", None), ("30006", 30006), ("30006x", 30006)])
def test_a_code_is_a_number(stack, code, kept):
    sid = send(stack, new_number())
    is_noted(stack.status(sid, "undelivered", ErrorCode=code))
    assert state(stack, sid) == ("undelivered", kept)


def test_errors_are_explained_in_the_readers_language(stack):
    number = new_number()
    sid = send(stack, number)
    is_noted(stack.status(sid, "undelivered", ErrorCode=30005))
    talk, browser = conversation_with(stack, number)["id"], stack.login("operator")
    words = {"en": "the number is unknown or no longer active", "pl": "numer jest nieznany lub nieaktywny"}
    for language, text in words.items():
        browser.submit("/account", language=language)
        for path in (f"/conversations/{talk}", "/history?direction=failed"):
            page = browser.page(path)
            assert any(text in f for f in texts(page, "span", "failure")[0]), path
            assert 'href="https://www.twilio.com/docs/api/errors/30005"' in page
    sid = send(stack, number)
    is_noted(stack.status(sid, "failed", ErrorCode=31999))
    assert "31999" in texts(browser.page(f"/conversations/{talk}"), "span", "failure")[0][-1], "a code that is not in the table"


def test_the_chat_shows_each_state_as_text(stack):
    number, browser = new_number(), stack.login("agent")
    browser.submit("/account", language="en")
    sid = send(stack, number)
    path = f"/conversations/{conversation_with(stack, number)['id']}"
    for status, word in (("queued", "Queued"), ("sent", "Sent"), ("delivered", "Delivered"), ("read", "Read")):
        is_noted(stack.status(sid, status))
        assert badges(browser.page(path))[-1] == word


# ---- refused ----

@pytest.mark.parametrize("missing", [("MessageSid", "SmsSid"), ("MessageStatus", "SmsStatus")])
def test_a_callback_without_sid_or_status_is_a_400(stack, missing):
    params = {"MessageSid": new_sid(), "SmsSid": new_sid(), "MessageStatus": "sent", "SmsStatus": "sent", "AccountSid": stack.tenant.sid}
    is_noted(stack.hook("/twilio/status", {k: v for k, v in params.items() if k not in missing}), 400)
    is_noted(stack.hook("/twilio/status", {k: v for k, v in params.items() if k != missing[0]}))


def test_an_unsigned_callback_is_refused(stack):
    sid = send(stack, new_number())
    is_noted(stack.status(sid, "failed", signature=""), 403)
    is_noted(stack.status(sid, "failed", token="1" * 32), 403)
    assert state(stack, sid)[0] == "queued" and len(events(stack, sid)) == 1


def test_a_callback_costs_the_same_however_many_came_before(stack):
    sid = send(stack, new_number())
    first = statements_in_a_burst(stack, lambda: stack.status(sid, "queued"))
    for _ in range(30):
        stack.status(sid, "queued")
    assert statements_in_a_burst(stack, lambda: stack.status(sid, "queued")) == first <= 8
