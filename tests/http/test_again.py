"""What failed is sent again at the press of a button: once, and only where that makes sense."""
import re

import pytest

from panel import asked, at_once, conversation_with, csrf_of, enter, in_state, messages_with, new_number, script, statements_in_a_burst, texts
from test_attach import file, offered, send as attach
from test_bulk import ask, ended, make, sent_to

UNREACHABLE = [{"status": "sent"}, {"status": "undelivered", "error_code": 30003}]


def failed(stack, number, body="We tried", code=30003, role="admin"):
    """A message to that number that Twilio took and could not deliver."""
    script(stack, number, callbacks=[{"status": "sent"}, {"status": "undelivered", "error_code": code}])
    sid = stack.api("POST", "/api/send-message", role, json={"to": number, "body": body}).json()["sid"]
    in_state(stack, sid, "undelivered")
    return messages_with(stack, number)[-1]


def reader(stack, role="admin", tenant=None):
    """A browser of that role that reads English."""
    email = f"{role}-again@{tenant.name.lower() if tenant else 'example'}.com"
    if email not in stack.passwords:
        stack.add_user(email, role, *([tenant] if tenant else []))
        stack.sql("UPDATE user SET language = 'en' WHERE email = %s", email)
    return enter(stack, email)


def press(stack, m, role="admin", tenant=None):
    """The button's form, and the page behind it."""
    browser, talk = reader(stack, role, tenant), f"/conversations/{m['conversation_id']}"
    return browser.post(f"{talk}/messages/{m['id']}/again", data={"_csrf": csrf_of(browser.page(talk))})


def notice(answer):
    assert answer.status_code == 200, answer.text
    return texts(answer.text, "div", "notice")[0][0].strip()


def ours(stack, number):
    return [m for m in messages_with(stack, number) if m["direction"] == 1]


def taken(stack, number):
    return [a for a in asked(stack, number) if a["outcome"] == "accepted"]


# ---- once ----

def test_it_goes_out_once_more_and_only_once(stack):
    number = new_number()
    stack.inbound("Where are you?", sender=number)
    m = failed(stack, number, "Na miejscu. ł")
    assert notice(press(stack, m, "agent")) == "The message is being sent again. It is the newest one now."
    assert notice(press(stack, m)) == "This message has been sent again already."
    assert [p["Body"] for p in taken(stack, number)] == ["Na miejscu. ł"] * 2
    (_, first, second) = messages_with(stack, number)
    in_state(stack, second["sid"], "delivered")
    assert (first["status"], first["author_kind"], second["author_kind"]) == ("undelivered", 2, 1)
    page = reader(stack).page(f"/conversations/{m['conversation_id']}")
    assert "agent-again@example.com" in texts(page, "p", "bubble-author")[0][-1]


def test_many_hands_at_once_make_one_attempt(stack):
    number = new_number()
    m = failed(stack, number)
    browsers = [reader(stack, role) for role in ("admin", "agent", "operator", "manager")]
    talk = f"/conversations/{m['conversation_id']}"
    tokens = [csrf_of(b.page(talk)) for b in browsers]
    answers = at_once(8, lambda i: browsers[i % 4].post(f"{talk}/messages/{m['id']}/again", data={"_csrf": tokens[i % 4]}, allow_redirects=False))
    assert {a.status_code for a in answers} == {303}
    assert len(taken(stack, number)) == len(messages_with(stack, number)) == 2


def test_a_second_failure_can_be_sent_again_in_its_turn(stack):
    number = new_number()
    m = failed(stack, number)
    script(stack, number, callbacks=UNREACHABLE)
    press(stack, m)
    stack.wait(lambda: messages_with(stack, number)[-1]["status"] == "undelivered", what="the second failure")
    assert notice(press(stack, m)) == "This message has been sent again already."
    assert "sent again. It is" in notice(press(stack, messages_with(stack, number)[-1]))
    assert len(taken(stack, number)) == 3


def test_it_takes_its_attachments_along(stack):
    number = new_number()
    stack.inbound("hi", sender=number)
    talk, picture = conversation_with(stack, number)["id"], file("png")
    script(stack, number, callbacks=UNREACHABLE)
    assert attach(stack, talk, [picture], "Look").status_code == 303
    m = messages_with(stack, number)[-1]
    in_state(stack, m["sid"], "undelivered")
    assert buttons(stack, number)[0] == ["Look"]
    press(stack, m)
    second = messages_with(stack, number)[-1]
    assert (second["body"], second["num_media"]) == ("Look", 1)
    (one,), (other,) = (offered(stack, x["sid"], 1) for x in (m, second))
    assert one["sha256"] == other["sha256"]


# ---- what the chat shows ----

def buttons(stack, number, role="admin", tenant=None):
    """The labels of the buttons, and what stands where one was."""
    page = reader(stack, role, tenant).page(f"/conversations/{conversation_with(stack, number, tenant)['id']}")
    return re.findall(r'<button[^>]* aria-label="Send again: ([^"]*)"', page), texts(page, "p", "bubble-again")[0]


def test_the_button_is_there_until_somebody_has_pressed_it(stack):
    number = new_number()
    m = failed(stack, number, "See you <soon>\nA.")
    assert buttons(stack, number, "agent") == (["See you &lt;soon&gt; A."], [])
    press(stack, m, "agent")
    in_state(stack, messages_with(stack, number)[-1]["sid"], "delivered")
    assert buttons(stack, number) == ([], ["Sent again"])


def test_without_a_code_there_is_a_button_too(stack):
    number = new_number()
    script(stack, number, callbacks=[{"status": "sent"}, {"status": "undelivered"}])
    stack.api("POST", "/api/send-message", json={"to": number, "body": "no reason"})
    stack.wait(lambda: messages_with(stack, number)[0]["status"] == "undelivered", what="the failure")
    assert buttons(stack, number) == (["no reason"], [])


def test_no_button_where_nothing_may_be_sent(stack):
    number, opted, refused = (new_number() for _ in range(3))
    failed(stack, number, code=30007)
    failed(stack, opted)
    stack.api("POST", "/api/opt-outs", json={"address": opted, "reason": "by phone"})
    sid = failed(stack, refused)["sid"]
    stack.api("POST", f"/api/messages/{sid}/redact")
    assert [buttons(stack, n) for n in (number, opted, refused)] == [([], [])] * 3


def test_only_pages_with_such_a_failure_pay_for_it(stack):
    fine, hopeless, failing = (new_number() for _ in range(3))
    sid = stack.api("POST", "/api/send-message", json={"to": fine, "body": "x"}).json()["sid"]
    in_state(stack, sid, "delivered")
    failed(stack, hopeless, code=30007)
    failed(stack, failing)
    stack.sql("UPDATE conversation SET beside_at = NULL WHERE peer IN (%s, %s, %s)", fine, hopeless, failing)
    browser = reader(stack)
    cost = [statements_in_a_burst(stack, lambda n=n: browser.get(f"/conversations/{conversation_with(stack, n)['id']}")) for n in (fine, hopeless, failing)]
    assert cost == [2, 2, 3]


# ---- never ----

@pytest.mark.parametrize("code", [21610, 21211, 30006, 30007, 63016, 20003, 99999])
def test_what_would_fail_again_is_refused_in_words(stack, code):
    number = new_number()
    script(stack, number, code=code, message="No", status=400)
    stack.api("POST", "/api/send-message", json={"to": number, "body": "x"})
    m = messages_with(stack, number)[0]
    assert notice(press(stack, m)) == "This message cannot be sent again: it would fail for the same reason."
    assert len(asked(stack, number)) == len(ours(stack, number)) == 1


def test_what_has_not_failed_is_not_sent_again(stack):
    number = new_number()
    stack.inbound("hi", sender=number)
    sid = stack.api("POST", "/api/send-message", json={"to": number, "body": "x"}).json()["sid"]
    in_state(stack, sid, "delivered")
    for m in messages_with(stack, number):
        assert notice(press(stack, m)) == "Only a message that was sent from here and has failed can be sent again."
    assert len(asked(stack, number)) == 1


def test_an_open_question_waits_and_what_never_arrived_is_sent_again(stack):
    number = new_number()
    script(stack, number, cut="before")
    stack.api("POST", "/api/send-message", json={"to": number, "body": "did it leave?"})
    m = messages_with(stack, number)[0]
    assert m["status"] == "unknown"
    assert notice(press(stack, m)) == "Only a message that was sent from here and has failed can be sent again."
    stack.wait(lambda: messages_with(stack, number)[0]["status"] == "failed", what="the conclusion")
    assert taken(stack, number) == []
    assert "sent again. It is" in notice(press(stack, m))
    assert [p["Body"] for p in taken(stack, number)] == ["did it leave?"]


def test_who_has_opted_out_is_not_written_to(stack):
    number = new_number()
    m = failed(stack, number)
    stack.api("POST", "/api/opt-outs", json={"address": number, "reason": "by phone"})
    assert "opted out" in notice(press(stack, m))
    assert len(asked(stack, number)) == len(ours(stack, number)) == 1


def test_what_was_removed_stays_removed(stack):
    number = new_number()
    m = failed(stack, number)
    assert stack.api("POST", f"/api/messages/{m['sid']}/redact").status_code == 200
    assert notice(press(stack, m)) == "What was removed from a message cannot be sent again."
    assert len(asked(stack, number)) == 1


def test_a_line_that_is_switched_off_says_why_once_more(stack, other):
    number = new_number()
    m = failed(stack, number, role=other.admin)
    stack.sql("UPDATE line SET active = 0 WHERE tenant_id = %s", other.id)
    try:
        assert notice(press(stack, m, tenant=other)) == "It could not be sent this time either. The new message says why."
    finally:
        stack.sql("UPDATE line SET active = 1 WHERE tenant_id = %s", other.id)
    second = messages_with(stack, number)[-1]
    assert second["status"] == "failed" and second["error_text"] and len(asked(stack, number)) == 1
    assert "sent again. It is" in notice(press(stack, second, tenant=other))
    assert len(asked(stack, number)) == 2


def test_a_stranger_and_a_wrong_conversation_meet_nothing(stack, other):
    number, elsewhere = new_number(), new_number()
    m = failed(stack, number)
    stack.inbound("hi", sender=elsewhere)
    browser = enter(stack, other.admin)
    assert browser.post(f"/conversations/{m['conversation_id']}/messages/{m['id']}/again", data={"_csrf": csrf_of(browser.page("/"))}).status_code == 404
    assert press(stack, {**m, "conversation_id": conversation_with(stack, elsewhere)["id"]}).status_code == 404
    browser = enter(stack)
    assert browser.post(f"/conversations/{m['conversation_id']}/messages/{m['id']}/again", data={}).status_code == 403, "a form of ours only"
    assert len(asked(stack, number)) == 1


# ---- beside a batch ----

def test_a_batch_and_a_person_do_not_both_send_it(stack, other):
    by_hand, by_batch = new_number(), new_number()
    for number in (by_hand, by_batch):
        for _ in range(2): # the verdict is: one more try
            script(stack, number, code=30008, message="no reason")
    batch = ended(stack, other, make(stack, other, recipients=[by_hand, by_batch]), "failed")
    first, second = (messages_with(stack, n)[-1] for n in (by_hand, by_batch))
    assert (first["error_code"], second["error_code"]) == (30008, 30008)
    assert "sent again. It is" in notice(press(stack, first, tenant=other))
    stack.api("POST", f"/api/multi-sms/batches/{batch['id']}/retry", other.admin)
    stack.wait(lambda: ask(stack, other, batch)["success_count"] == 1, what="the retry")
    ended(stack, other, batch, "completed_with_errors")
    assert buttons(stack, by_batch, tenant=other)[1][0] == buttons(stack, by_hand, tenant=other)[1][0] == "Sent again"
    assert notice(press(stack, second, tenant=other)) == "This message has been sent again already."
    assert [len(sent_to(stack, n)) for n in (by_hand, by_batch)] == [1, 1]


# ---- TEST_MODE ----

def test_in_test_mode_it_is_simulated_once_more(test_mode_stack):
    stack, number = test_mode_stack, new_number()
    stack.sql("UPDATE tenant SET state = 'suspended' WHERE id = %s", stack.tenant.id)
    try:
        stack.api("POST", "/api/send-message", json={"to": number, "body": "played"})
    finally:
        stack.sql("UPDATE tenant SET state = 'active' WHERE id = %s", stack.tenant.id)
    m = messages_with(stack, number)[0]
    assert m["status"] == "failed" and m["simulated"] == 1
    assert "sent again. It is" in notice(press(stack, m))
    second = messages_with(stack, number)[-1]
    assert second["simulated"] == 1 and second["body"] == "played"
    in_state(stack, second["sid"], "delivered")
    assert stack.sim.get("counts")["asked"] == 0
    stack.sql("UPDATE message SET simulated = 0 WHERE id = %s", m["id"])
    stack.sql("DELETE FROM message WHERE id = %s", second["id"])
    assert notice(press(stack, m)) == "In test mode nothing real is sent again."
