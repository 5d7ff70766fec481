"""Opt-out: the word in any language, whatever is replayed; nothing leaves any more, and everybody sees why."""
import pytest

from panel import asked, at_once, conversation_with, enter, logged, messages_with, new_number, new_sid, script, texts
from inbound_tools import is_noted, is_twiml


STOPPED = "Ten klient wypisał się (STOP): nie wolno mu nic wysyłać."
TOLD = "Ten klient wypisał się (informacja od dostawcy): nie wolno mu nic wysyłać."


def send(stack, number, body="Hello", role="admin", **more):
    return stack.api("POST", "/api/send-message", role, json={"to": number, "body": body, **more})


def entries(stack, number, tenant=None):
    """What the ledger says of that number, by channel."""
    rows = stack.sql("SELECT * FROM opt_out WHERE address_key = %s AND tenant_id = %s", number, (tenant or stack.tenant).id)
    return {r["channel"]: (r["state"], r["source"]) for r in rows}


def ledger(stack, number):
    return stack.sql("SELECT e.* FROM opt_out_event e JOIN opt_out o ON o.tenant_id = e.tenant_id AND o.key_hash = e.key_hash AND o.channel = e.channel "
                     "WHERE o.address_key = %s ORDER BY e.id", number)


def notes(stack, number):
    return [m["status"] for m in messages_with(stack, number) if m["direction"] == 2]


def waiting(stack, number, body="later"):
    """A message that is queued for an hour from now."""
    talk = conversation_with(stack, number)
    row = stack.sql("SELECT time_id() AS id")[0]["id"]
    stack.sql("INSERT INTO message (tenant_id, conversation_id, id, direction, status, `rank`, author_kind, status_at, created_at, body) "
              "VALUES (%s, %s, %s, 1, 'queued', 5, 5, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3), %s)", talk["tenant_id"], talk["id"], row, body)
    stack.sql("INSERT INTO outbox (tenant_id, conversation_id, message_id, state, next_at) VALUES (%s, %s, %s, 'queued', UTC_TIMESTAMP(3) + INTERVAL 1 HOUR)",
              talk["tenant_id"], talk["id"], row)
    return row


def say(stack, number, body, **more):
    return is_twiml(stack.inbound(body, sender=number, **more)).sid


def test_stop_cancels_what_waits_is_shown_and_never_answered(stack):
    number = new_number()
    say(stack, number, "Dzień dobry")
    message = waiting(stack, number)
    sid = say(stack, number, "Stop.")
    assert entries(stack, number) == {"sms": ("out", "keyword")}
    (event,) = ledger(stack, number)
    assert (event["kind"], event["source"], event["message_sid"], event["reason"]) == ("out", "keyword", sid, "Stop.")
    (row,) = [m for m in messages_with(stack, number) if m["id"] == message]
    assert (row["status"], row["outbox_state"]) == ("canceled", "canceled") and row["error_text"].startswith("This customer has opted out (STOP)")
    assert notes(stack, number) == ["opted-out"]
    assert asked(stack, number) == [], "nothing is answered"
    page = enter(stack).page(f"/conversations/{row['conversation_id']}")
    assert 'data-lock="locked"' in page and "<textarea" not in page
    assert STOPPED + " (Dzisiaj)" in texts(page, "p", "locked")[0][0]
    assert any(STOPPED + " (Dzisiaj)" in t for t in texts(page, "p", "bubble-failure")[0])


def test_a_personal_send_is_refused_before_anything_is_stored(stack):
    number = new_number()
    say(stack, number, "REZYGNUJĘ")
    before = messages_with(stack, number)
    answer = send(stack, number)
    assert answer.status_code == 400 and answer.json()["fields"] == {"to": STOPPED}
    answer = enter(stack).submit("/", action="/send", to=number, body="Hello")
    assert answer.status_code == 422 and STOPPED in answer.text
    assert messages_with(stack, number) == before and asked(stack, number) == []


def test_a_word_counts_once_whatever_is_replayed(stack):
    number, sid = new_number(), new_sid()
    at_once(5, lambda i: say(stack, number, "STOP", sid=sid))
    assert len(ledger(stack, number)) == 1 and notes(stack, number) == ["opted-out"]
    say(stack, number, "START")
    assert entries(stack, number) == {"sms": ("in", "keyword")}
    say(stack, number, "STOP", sid=sid)
    assert entries(stack, number) == {"sms": ("in", "keyword")}, "an old STOP that comes again changes nothing"
    assert [e["kind"] for e in ledger(stack, number)] == ["out", "in"]
    assert send(stack, number).status_code == 200


def test_a_message_stored_without_its_opt_out_is_made_whole_by_the_replay(stack):
    """The process died between the two."""
    number = new_number()
    sid = say(stack, number, "stop")
    stack.sql("DELETE FROM opt_out WHERE address_key = %s", number)
    stack.sql("DELETE FROM opt_out_event WHERE message_sid = %s", sid)
    assert send(stack, number).status_code == 200
    say(stack, number, "stop", sid=sid)
    assert entries(stack, number) == {"sms": ("out", "keyword")} and send(stack, number).status_code == 400


def test_channels_are_apart_and_whatsapp_stops_too(stack):
    number = new_number()
    whatsapp = "whatsapp:" + number
    line = stack.sql("SELECT address FROM line WHERE tenant_id = %s AND channel = 'whatsapp'", stack.tenant.id)[0]["address"]
    say(stack, whatsapp, "Baja", to=line)
    assert entries(stack, number) == {"whatsapp": ("out", "keyword")}
    assert send(stack, whatsapp).status_code == 400 and send(stack, number).status_code == 200
    say(stack, whatsapp, "Start", to=line)
    assert send(stack, whatsapp).status_code == 200


def test_an_ordinary_yes_changes_nothing(stack):
    number = new_number()
    for text in ("Yes", "YES", "info", "I will quit smoking"):
        say(stack, number, text)
    assert entries(stack, number) == {} and notes(stack, number) == [] and send(stack, number).status_code == 200


def test_a_doubt_is_for_a_human(stack):
    number = new_number()
    say(stack, number, "STOP 12345")
    assert entries(stack, number) == {} and notes(stack, number) == ["opt-out-doubt"]
    assert send(stack, number).status_code == 200


@pytest.mark.parametrize("code, review", [(21610, 0), (30004, 1)])
def test_the_provider_tells_too(stack, code, review):
    number = new_number()
    if code == 21610:
        script(stack, number, code=code, message="Attempt to send to unsubscribed recipient")
        assert send(stack, number).status_code == 500
    else:
        sid = send(stack, number).json()["sid"]
        for _ in range(2):
            is_noted(stack.status(sid, "undelivered", ErrorCode=code, To=number))
    assert entries(stack, number) == {"sms": ("out", "provider")}
    assert [e["reason"] for e in ledger(stack, number)] == [str(code)]
    assert stack.sql("SELECT review FROM opt_out WHERE address_key = %s", number) == [{"review": review}]
    answer = send(stack, number)
    assert answer.status_code == 400 and answer.json()["fields"] == {"to": TOLD}
    say(stack, number, "START")
    assert entries(stack, number) == {"sms": ("out", "provider")} and "opt-in-kept" in notes(stack, number), "START lifts only what STOP has set"
    assert stack.sql("SELECT review FROM opt_out WHERE address_key = %s", number) == [{"review": 1}], "but people are asked"


def test_twilio_names_the_word_it_has_acted_on(stack):
    number = new_number()
    say(stack, number, "Laissez-moi", OptOutType="STOP")
    assert entries(stack, number) == {"sms": ("out", "keyword")}
    say(stack, number, "Me revoici", OptOutType="START")
    assert entries(stack, number) == {"sms": ("in", "keyword")}
    say(stack, number, "Help me", OptOutType="HELP")
    assert len(ledger(stack, number)) == 2 and notes(stack, number) == ["opted-out", "opted-in"]


def test_stop_to_a_number_that_is_no_line_counts(stack):
    number = new_number()
    say(stack, number, "STOP", to=new_number())
    assert entries(stack, number) == {"sms": ("out", "keyword")} and send(stack, number).status_code == 400


def test_a_tenant_has_its_own_ledger(stack, other):
    number = new_number()
    say(stack, number, "STOP", to=other.line, AccountSid=other.sid, token=other.token)
    assert entries(stack, number, other) == {"sms": ("out", "keyword")} and entries(stack, number) == {}
    assert send(stack, number).status_code == 200 and send(stack, number, role=other.admin).status_code == 400
    say(stack, number, "STOP")
    hashes = {r["h"] for r in stack.sql("SELECT HEX(key_hash) AS h FROM opt_out WHERE address_key = %s", number)}
    assert len(hashes) == 2, "the same number of two tenants has nothing in common"


def test_an_ordinary_message_costs_no_statement_more(stack):
    number = new_number()
    stack.sql("UPDATE removed_message SET removed_at = removed_at - INTERVAL 2 HOUR")  # else that is asked, too: test_removal.py
    say(stack, number, "first")

    def statements():
        return int(logged(stack, stack.inbound("Ile to kosztuje?", sender=number))["statements"])
    stack.wait(lambda: statements() == 1, what="one statement, once the worker knows the tenant")
