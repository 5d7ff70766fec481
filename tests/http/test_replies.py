"""Automatic answers: exactly one for an inbound message that may have one, none for any other, and an end to every loop."""
import concurrent.futures
import secrets

import pytest

from core_tools import PROFILE
from panel import asked, at_once, messages_with, new_number, new_sid
from stack import Process, Tenant

SLOW = 3 if PROFILE == "asan" else 1
TEXT = "Thank you, we will write back soon."


@pytest.fixture(scope="module")
def own(database):
    """A stack whose rules no other test minds."""
    from stack_fixtures import _run
    for stack in _run(database):
        yield stack
        assert "event=work.failed" not in stack.logs("fcgi-cron")


@pytest.fixture
def off(own):
    """The same, nothing on, no rule of any line."""
    own.sql("DELETE FROM reply_rule WHERE line_id IS NOT NULL")
    own.sql("UPDATE reply_rule SET mode = 'none'")
    config(own, enabled=False, message="")
    assert own.sql("SELECT COUNT(*) n FROM line WHERE tenant_id = %s AND answer_after_s IS NOT NULL", own.tenant.id)[0]["n"] == 0
    return own


@pytest.fixture
def on(off):
    config(off, enabled=True, message=TEXT)
    return off


def config(stack, role="admin", **values):
    answer = stack.api("POST", "/api/auto-reply/config", role=role, json=values)
    assert answer.status_code == 200, answer.text
    return answer.json()


def job(stack, sid):
    """The job of that arrival, None when none was made."""
    rows = stack.sql("SELECT j.state, j.outcome, j.tries FROM reply_job j JOIN message m ON m.tenant_id = j.tenant_id AND m.conversation_id = j.conversation_id "
                     "AND m.id = j.message_id WHERE m.sid = %s", sid)
    return rows[0] if rows else None


def outcome(stack, sid):
    """What became of it, as soon as it is known."""
    return stack.wait(lambda: (job(stack, sid) or {}).get("outcome"), timeout=15 * SLOW, what="the end of the job")


def write(stack, number, body="Good morning", **more):
    answer = stack.inbound(body, sender=number, **more)
    assert answer.status_code == 200, answer.text
    return answer.sid


def answers(stack, number):
    """What Twilio was asked to send there."""
    return [a["Body"] for a in asked(stack, number)]


# ---- the configuration ----

def test_the_configuration_as_the_predecessor_had_it(off):
    assert off.api("GET", "/api/auto-reply/config").json() == {"enabled": False, "message": ""}
    assert config(off, enabled=True, message="We are here.") == {"enabled": True, "message": "We are here."}
    assert off.api("GET", "/api/auto-reply/config").json() == {"enabled": True, "message": "We are here."}
    assert config(off, enabled=False) == {"enabled": False, "message": "We are here."}, "the text stays"


def test_what_the_configuration_refuses(off):
    for values in ({"enabled": True, "message": ""}, {"enabled": True, "message": "  "}, {"enabled": True, "message": "x" * 641}):
        answer = off.api("POST", "/api/auto-reply/config", json=values)
        assert answer.status_code == 400 and answer.json()["error"] and "message" in answer.json()["fields"], values
    assert off.api("GET", "/api/auto-reply/config").json() == {"enabled": False, "message": ""}
    assert config(off, enabled=True, message="x" * 640)["enabled"]
    for role in ("operator", "agent"):
        assert off.api("GET", "/api/auto-reply/config", role=role).status_code == 403
        assert off.api("POST", "/api/auto-reply/config", role=role, json={"enabled": False}).status_code == 403


def test_a_change_is_audited(off):
    config(off, enabled=True, message=TEXT, role="manager")
    row = off.sql("SELECT * FROM audit WHERE action = 'reply.rule' ORDER BY id DESC LIMIT 1")[0]
    assert row["target"] == "default" and "none to text" in row["detail"] and row["user_id"] and TEXT not in row["detail"]


def test_on_switches_the_model_off(off):
    off.sql("UPDATE reply_rule SET mode = 'ai', since = UTC_TIMESTAMP(3) WHERE line_id IS NULL")
    assert off.api("GET", "/api/auto-reply/config").json()["enabled"] is False
    config(off, enabled=True, message=TEXT)
    assert off.sql("SELECT mode FROM reply_rule WHERE line_id IS NULL") == [{"mode": "text"}]
    off.sql("UPDATE reply_rule SET mode = 'ai' WHERE line_id IS NULL")
    config(off, enabled=False)
    assert off.sql("SELECT mode FROM reply_rule WHERE line_id IS NULL") == [{"mode": "ai"}], "off is off for the text alone"


# ---- one answer ----

def test_an_answer_once_whatever_is_replayed(on):
    number, sid = new_number(), new_sid()
    at_once(5, lambda i: on.inbound("Good morning", sender=number, sid=sid))
    assert outcome(on, sid) == "answered"
    on.wait(lambda: answers(on, number), what="the answer")
    at_once(5, lambda i: on.inbound("Good morning", sender=number, sid=sid))
    later = write(on, number, "And another")
    assert outcome(on, later) == "answered"
    on.wait(lambda: answers(on, number) == [TEXT, TEXT], what="one answer to each")
    assert [m["author_kind"] for m in messages_with(on, number)] == [0, 3, 0, 3]


def test_two_of_fcgi_cron_answer_once(on):
    """More than one of them takes in a round."""
    on.stop_cron()
    numbers = [new_number() for _ in range(120)]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        sids = list(pool.map(lambda n: write(on, n), numbers))
    second = Process(on.folder, "second-cron", [on.bin / "fcgi-cron", "--daemon"], env={**on.env, "CENTRALA_CRON_SOCKET": str(on.folder / "var/second.sock")})
    on.start_cron()
    try:
        assert {outcome(on, sid) for sid in sids} == {"answered"}
        on.wait(lambda: all(answers(on, n) for n in numbers), timeout=15 * SLOW, what="all answers")
        assert "event=reply.judged" in second.log, "the second one took its share"
    finally:
        second.end(limit=30)
    assert all(answers(on, n) == [TEXT] for n in numbers)


def test_an_answer_is_sent_where_the_customer_wrote(on):
    number = new_number()
    sid = write(on, "whatsapp:" + number, to=on.whatsapp_line)
    assert outcome(on, sid) == "answered"
    on.wait(lambda: answers(on, number), what="the answer")
    post, = asked(on, number)
    assert (post["From"], post["To"]) == (on.whatsapp_line, "whatsapp:" + number)


# ---- no answer ----

def test_what_came_before_it_was_switched_on_is_not_answered(off):
    number = new_number()
    early = write(off, number)
    config(off, enabled=True, message=TEXT)
    late = write(off, number, "Still there?")
    assert outcome(off, late) == "answered" and job(off, early) is None
    # A job of an earlier time when it was on: made by hand, as nothing else leaves one behind.
    off.stop_cron()
    waiting = write(off, number, "Hello?")
    config(off, enabled=False)
    config(off, enabled=True)
    off.start_cron()
    assert outcome(off, waiting) == "before"
    assert off.wait(lambda: answers(off, number)) == [TEXT]


def test_old_messages_are_not_answered(on):
    on.stop_cron()
    number = new_number()
    sid = write(on, number)
    on.sql("UPDATE reply_rule SET since = UTC_TIMESTAMP(3) - INTERVAL 1 DAY")
    on.sql("UPDATE message SET created_at = created_at - INTERVAL 11 MINUTE WHERE sid = %s", sid)
    on.start_cron()
    assert outcome(on, sid) == "too-old" and not answers(on, number)


@pytest.mark.parametrize("sender, why", [("12345", "no-address"), ("123456", "no-address"), ("InfoSMS", "no-address"), ("+123456", "no-address"),
                                         ("messenger:108", "no-address"), ("+48732100201", "own-number")])
def test_senders_that_are_never_answered(on, sender, why):
    sid = write(on, sender)
    assert outcome(on, sid) == why
    assert not on.sql("SELECT 1 FROM message m JOIN conversation c ON c.tenant_id = m.tenant_id AND c.id = m.conversation_id "
                      "WHERE c.peer = %s AND m.direction = 1", sender)


@pytest.mark.parametrize("body, more", [("STOP", {}), (" stop. ", {}), ("Rezygnuję!", {}), ("HELP", {}), ("stop writing to me", {}), ("whatever", {"OptOutType": "STOP"})])
def test_words_of_the_opt_out_family_are_not_answered(on, body, more):
    number = new_number()
    assert outcome(on, write(on, number, body, **more)) == "opt-word" and not answers(on, number)


def test_who_is_out_is_not_answered_until_in_again(on):
    number = new_number()
    assert [outcome(on, write(on, number, body)) for body in ("STOP", "Hello?", "START", "Hello again")] == ["opt-word", "opted-out", "opt-word", "answered"]
    on.wait(lambda: answers(on, number) == [TEXT], what="the answer")


def test_a_yes_that_lifts_nothing_is_a_message_like_any_other(on):
    assert outcome(on, write(on, new_number(), "Yes")) == "answered"


def test_a_person_was_quicker(on):
    on.stop_cron()
    number = new_number()
    sid = write(on, number)
    assert on.api("POST", "/api/messages", json={"to": number, "body": "A person here"}).status_code == 200
    on.start_cron()
    assert outcome(on, sid) == "human" and answers(on, number) == ["A person here"]


# ---- loops ----

def test_at_most_so_many_answers_without_a_person(on):
    number = new_number()
    sids = []
    for i in range(7):
        sids.append(write(on, number, f"message {i}"))
        outcome(on, sids[-1])
    assert [job(on, s)["outcome"] for s in sids] == ["answered"] * 5 + ["loop"] * 2
    notes = [m["status"] for m in messages_with(on, number) if m["direction"] == 2]
    assert notes == ["answers-stopped"], "said once"
    assert on.api("POST", "/api/messages", json={"to": number, "body": "A person here"}).status_code == 200
    assert outcome(on, write(on, number, "a new start")) == "answered"


def test_at_most_so_many_however_many_come_at_once(on):
    on.stop_cron()
    number = new_number()
    sids = [write(on, number, f"message {i}") for i in range(12)]
    on.start_cron()
    second = Process(on.folder, "third-cron", [on.bin / "fcgi-cron", "--daemon"], env={**on.env, "CENTRALA_CRON_SOCKET": str(on.folder / "var/third.sock")})
    try:
        found = [outcome(on, s) for s in sids]
    finally:
        second.end(limit=30)
    assert sorted(found) == ["answered"] * 5 + ["loop"] * 7
    assert [m["status"] for m in messages_with(on, number) if m["direction"] == 2] == ["answers-stopped"]


def test_two_of_them_wired_to_each_other_stop(on):
    """What one sends arrives at the other; both answer everything."""
    peer = on.add_tenant(Tenant("Echo", "AC" + secrets.token_hex(16), secrets.token_hex(16)))
    on.sim.post("accounts", {"sid": peer.sid, "token": peer.token})
    peer.line = "+48732911911"
    on.ctl("line", "add", peer.line, "--tenant", peer.name, "--channel", "sms")
    on.add_user("admin@echo.example", "admin", peer)
    config(on, role="admin@echo.example", enabled=True, message="We have got your message.")
    delivered = set()

    def carry():
        for a in on.sim.get("asked"):
            p = dict(a["params"])
            if a["sid"] in delivered or {p.get("From"), p.get("To")} != {on.line, peer.line}:
                continue
            delivered.add(a["sid"])
            to = on.tenant if p["To"] == on.line else peer
            assert on.inbound(p["Body"], sender=p["From"], to=p["To"], token=to.token, AccountSid=to.sid).status_code == 200
        left = on.sql("SELECT COUNT(*) n FROM reply_job WHERE state <> 'done'")[0]["n"] + on.sql("SELECT COUNT(*) n FROM outbox WHERE state IN ('queued', 'claimed')")[0]["n"]
        return left == 0 and len(delivered) == on.sql("SELECT COUNT(*) n FROM message m JOIN conversation c ON c.tenant_id = m.tenant_id AND c.id = m.conversation_id "
                                                      "WHERE c.peer IN (%s, %s) AND m.direction = 1", on.line, peer.line)[0]["n"]

    write(on, peer.line, "the first word")
    on.wait(carry, timeout=20 * SLOW, what="silence")
    assert len(answers(on, peer.line)) == 5 and len(answers(on, on.line)) == 5


# ---- the lines ----

def test_what_is_switched_reaches_every_line(off):
    def lines():
        return {r["answer_after_s"] for r in off.sql("SELECT answer_after_s FROM line WHERE tenant_id = %s", off.tenant.id)}
    config(off, enabled=True, message=TEXT)
    assert lines() == {0}
    off.ctl("line", "add", "+48732100" + str(secrets.randbelow(400) + 500), "--tenant", off.tenant.name, "--channel", "sms")
    assert lines() == {0}, "a new line as well"
    config(off, enabled=False)
    assert lines() == {None}
    number = new_number()
    assert job(off, write(off, number)) is None


def test_a_message_that_waited_as_unrouted_is_not_answered(on):
    number, line = new_number(), "+48732101" + str(secrets.randbelow(400) + 500)
    sid = write(on, number, "to a number that is no line yet", to=line)
    on.sql("UPDATE unrouted SET created_at = created_at - INTERVAL 1 HOUR WHERE sid = %s", sid)
    on.ctl("line", "add", line, "--tenant", on.tenant.name, "--channel", "sms")
    assert job(on, sid) is None
    later = write(on, number, "now it is one", to=line)
    assert outcome(on, later) == "answered"
    assert on.wait(lambda: answers(on, number), what="the answer") == [TEXT]
