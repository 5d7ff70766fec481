"""Automatic answers: exactly one for an inbound message that may have one, none for any other, and an end to every loop."""
import concurrent.futures
import secrets

import pytest

from panel import answer_after, asked, at_once, csrf_of, enter, messages_with, mistakes, new_number, new_sid, script, second_cron
from stack import Tenant

TEXT = "Thank you, we will write back soon."


@pytest.fixture(scope="module")
def own(database):
    """A stack whose rules no other test minds."""
    from stack_fixtures import _run
    for stack in _run(database):
        stack.sql("UPDATE user SET language = 'en'")
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


def of_before(values):
    """The configuration's part that the predecessor had."""
    return {k: values[k] for k in ("enabled", "message")}


def switch(stack):
    return of_before(stack.api("GET", "/api/auto-reply/config").json())


def job(stack, sid):
    """The job of that arrival, None when none was made."""
    rows = stack.sql("SELECT j.state, j.outcome, j.tries FROM reply_job j JOIN message m ON m.tenant_id = j.tenant_id AND m.conversation_id = j.conversation_id "
                     "AND m.id = j.message_id WHERE m.sid = %s", sid)
    return rows[0] if rows else None


def outcome(stack, sid):
    """What became of it, as soon as it is known."""
    return stack.wait(lambda: (job(stack, sid) or {}).get("outcome"), what="the end of the job")


def write(stack, number, body="Good morning", **more):
    answer = stack.inbound(body, sender=number, **more)
    assert answer.status_code == 200, answer.text
    return answer.sid


def answers(stack, number):
    """What Twilio was asked to send there."""
    return [a["Body"] for a in asked(stack, number)]


# ---- the configuration ----

def test_the_configuration_as_the_predecessor_had_it(off):
    assert switch(off) == {"enabled": False, "message": ""}
    assert of_before(config(off, enabled=True, message="We are here.")) == {"enabled": True, "message": "We are here."}
    assert switch(off) == {"enabled": True, "message": "We are here."}
    assert of_before(config(off, enabled=False)) == {"enabled": False, "message": "We are here."}, "the text stays"
    assert of_before(config(off, enabled=True)) == {"enabled": True, "message": "We are here."}
    for said in ({}, {"enabled": None}, {"enabled": ""}):
        assert of_before(config(off, message="Changed.", **said)) == {"enabled": True, "message": "Changed."}, "what is not said stays"
    for word, on in (("False", False), ("y", True), (0, False), ("T", True), ("no", False)):
        assert config(off, enabled=word)["enabled"] is on


def test_what_the_configuration_refuses(off):
    for values in ({"enabled": True, "message": ""}, {"enabled": True, "message": "  "}, {"enabled": True, "message": "x" * 641}):
        answer = off.api("POST", "/api/auto-reply/config", json=values)
        assert answer.status_code == 400 and answer.json()["error"] and "message" in answer.json()["fields"], values
    for values in ({"enabled": "maybe"}, {"enabled": {}}, {"enabled": []}, {"message": ["x"]}, {"message": {}}):
        assert off.api("POST", "/api/auto-reply/config", json=values).status_code == 400, values
    assert switch(off) == {"enabled": False, "message": ""}
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
    """More than one of them takes in a round, and again until the second one took its share."""
    numbers = []
    with second_cron(on) as second, concurrent.futures.ThreadPoolExecutor(8) as pool:
        while "event=reply.judged" not in second.log:
            assert len(numbers) < 20 * 120, "the second one took no share"
            more = [new_number() for _ in range(120)]
            numbers += more
            assert {outcome(on, sid) for sid in pool.map(lambda n: write(on, n), more)} == {"answered"}
        on.wait(lambda: all(answers(on, n) for n in numbers), what="all answers")
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


def test_an_answer_that_waits_is_withdrawn_when_a_person_writes(on):
    number = new_number()
    script(on, number, status=429, retry_after=2)
    write(on, number, "Is anybody there?")
    on.wait(lambda: asked(on, number), what="the first try")
    assert on.api("POST", "/api/messages", json={"to": number, "body": "Yes, here I am."}).status_code == 200
    on.wait(lambda: [m for m in messages_with(on, number) if m["status"] == "canceled"], what="the end of the answer")
    told = [(m["body"], m["error_text"]) for m in messages_with(on, number) if m["status"] == "canceled"]
    assert told == [(TEXT, "A person answered first.")]
    assert [a["Body"] for a in asked(on, number) if a["outcome"] == "accepted"] == ["Yes, here I am."]
    other = new_number()
    script(on, other, status=429, retry_after=1)
    write(on, other, "Is anybody there?")
    on.wait(lambda: [a for a in asked(on, other) if a["outcome"] == "accepted"], what="the second try: nobody wrote")


def test_what_twilio_stops_as_a_loop_is_not_gone_on_with(on):
    number = new_number()
    script(on, number, code=14107, message="Reply rate limit hit")
    first, second = write(on, number, "one"), None
    assert outcome(on, first) == "answered"
    on.wait(lambda: [m for m in messages_with(on, number) if m["error_code"] == 14107], what="the refusal")
    second = write(on, number, "two")
    assert outcome(on, second) == "loop"
    assert [m["status"] for m in messages_with(on, number) if m["direction"] == 2] == ["answers-stopped"]
    assert on.api("POST", "/api/messages", json={"to": number, "body": "A person here"}).status_code == 200
    assert outcome(on, write(on, number, "a new start")) == "answered"


def test_at_most_so_many_however_many_come_at_once(on):
    on.stop_cron()
    number = new_number()
    sids = [write(on, number, f"message {i}") for i in range(12)]
    on.start_cron()
    with second_cron(on):
        found = [outcome(on, s) for s in sids]
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
            if not a["sid"] or a["sid"] in delivered or {p.get("From"), p.get("To")} != {on.line, peer.line}:
                continue
            delivered.add(a["sid"])
            to = on.tenant if p["To"] == on.line else peer
            assert on.inbound(p["Body"], sender=p["From"], to=p["To"], token=to.token, AccountSid=to.sid).status_code == 200
        left = on.sql("SELECT COUNT(*) n FROM reply_job WHERE state <> 'done'")[0]["n"] + on.sql("SELECT COUNT(*) n FROM outbox WHERE state IN ('queued', 'claimed')")[0]["n"]
        return left == 0 and len(delivered) == on.sql("SELECT COUNT(*) n FROM message m JOIN conversation c ON c.tenant_id = m.tenant_id AND c.id = m.conversation_id "
                                                      "WHERE c.peer IN (%s, %s) AND m.direction = 1", on.line, peer.line)[0]["n"]

    write(on, peer.line, "the first word")
    on.wait(carry, what="silence")
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


def test_a_message_that_is_routed_by_hand_keeps_its_age(on):
    number, sid = new_number(), new_sid()
    assert on.inbound("to nobody", sender=number, to="+48732199199", sid=sid).status_code == 200
    on.sql("UPDATE unrouted SET created_at = created_at - INTERVAL 1 HOUR WHERE sid = %s", sid)
    on.sql("UPDATE reply_rule SET since = since - INTERVAL 1 DAY")
    form = {"_csrf": csrf_of(enter(on).page("/unrouted")), "sid": sid, "line": line_id(on)}
    assert enter(on).post("/unrouted/route", data=form, allow_redirects=False).status_code == 303
    assert outcome(on, sid) == "too-old" and not answers(on, number)


def test_in_test_mode_the_answer_is_simulated(test_mode_stack):
    config(test_mode_stack, enabled=True, message=TEXT)
    try:
        number = new_number()
        assert outcome(test_mode_stack, write(test_mode_stack, number)) == "answered"
        test_mode_stack.wait(lambda: [(m["body"], m["simulated"], m["status"]) for m in messages_with(test_mode_stack, number) if m["direction"] == 1] == [(TEXT, 1, "delivered")],
                             what="the played answer")
        assert not answers(test_mode_stack, number)
    finally:
        config(test_mode_stack, enabled=False)


# ---- the page ----

HOURS = {f"{d}_{end}": "" for d in ("mon", "tue", "wed", "thu", "fri", "sat", "sun") for end in ("from", "to")}


def page(stack, line=0, role="admin"):
    return enter(stack, role).page("/auto-reply" + (f"?line={line}" if line else ""))


def save(stack, line=0, role="admin", **values):
    """The form as it is shown, with these changes."""
    person = enter(stack, role)
    form = {"_csrf": csrf_of(page(stack, line, role)), "mode": "none", "body": "", "closed_body": "", "fallback": "", "most": "5", **HOURS, **values}
    if line:
        form["line"] = line
    return person.post("/auto-reply", data=form, allow_redirects=False)


def keyword(stack, word, answer, line=0):
    form = {"_csrf": csrf_of(page(stack, line)), "word": word, "answer": answer, **({"line": line} if line else {})}
    return enter(stack).post("/auto-reply/keywords", data=form, allow_redirects=False)


def line_id(stack, address=None):
    return stack.sql("SELECT id FROM line WHERE address = %s", address or stack.line)[0]["id"]


def test_the_page_switches_and_tells_by_whom(off):
    assert save(off, mode="text", body=TEXT, role="manager").status_code == 303
    shown = page(off)
    assert 'value="text" checked' in shown and TEXT in shown and "manager@example.com" in shown and "on since" in shown
    assert switch(off) == {"enabled": True, "message": TEXT}
    assert mistakes(save(off, mode="ai", body=TEXT).text) == {"mode": "Store a key for this provider first."}
    assert off.api("POST", "/api/ai/config", json={"api_key": "sk-" + "k" * 40}).status_code == 200
    assert save(off, mode="ai", body=TEXT).status_code == 303
    assert switch(off) == {"enabled": False, "message": TEXT}, "the model is on, so the text is off"
    assert {r["answer_after_s"] for r in off.sql("SELECT answer_after_s FROM line WHERE tenant_id = %s", off.tenant.id)} == {4}


def test_mistakes_stand_at_the_field_and_nothing_is_lost(off):
    answer = save(off, mode="text", closed_body="Closed.", most="7")
    assert answer.status_code == 422 and mistakes(answer.text) == {"body": "Write the text that is sent."}
    assert 'value="text" checked' in answer.text and "Closed." in answer.text and 'value="7"' in answer.text
    assert save(off, mode="text", body="x" * 641).status_code == 422
    assert save(off, mode="sometimes", body="x").status_code == 422 and save(off, mode="inherit").status_code == 422
    assert mistakes(save(off, mode="text", body="x", hours="1").text)["hours"] == "Write the hours of at least one day."
    assert save(off, mode="text", body="x", most="51").status_code == 422
    assert "Auto-reply" not in enter(off, "operator").page("/") and enter(off, "operator").get("/auto-reply").status_code == 403
    assert off.sql("SELECT mode, body FROM reply_rule WHERE tenant_id = %s AND line_id IS NULL", off.tenant.id) == [{"mode": "none", "body": ""}]


def test_a_line_goes_its_own_way(on):
    line = line_id(on)
    assert "At present: Text." in page(on, line)
    assert save(on, line, mode="none").status_code == 303
    number = new_number()
    assert job(on, write(on, number)) is None
    assert outcome(on, write(on, "whatsapp:" + number, to=on.whatsapp_line)) == "answered", "the other one as before"
    assert save(on, line, mode="text", body="Here is the front desk.").status_code == 303
    assert outcome(on, write(on, number)) == "answered"
    assert save(on, line, mode="inherit", body="Here is the front desk.").status_code == 303
    assert outcome(on, write(on, number)) == "answered"
    on.wait(lambda: [b for b in answers(on, number)][-2:] == ["Here is the front desk.", TEXT], what="the line's own answer, then the default's")


def test_another_tenants_line_is_not_there(on):
    peer = on.add_tenant(Tenant("Foreign", "AC" + secrets.token_hex(16), secrets.token_hex(16)))
    on.ctl("line", "add", "+48732922922", "--tenant", peer.name, "--channel", "sms")
    line = line_id(on, "+48732922922")
    assert enter(on).get(f"/auto-reply?line={line}").status_code == 404
    assert enter(on).post("/auto-reply", data={"_csrf": csrf_of(page(on)), "line": line, "mode": "text", "body": "x", "most": "5"}).status_code == 404
    assert on.sql("SELECT answer_after_s FROM line WHERE id = %s", line) == [{"answer_after_s": None}] and not on.sql("SELECT 1 FROM reply_rule WHERE line_id = %s", line)


def test_keywords(off):
    assert save(off, mode="keywords", fallback="Write PRICES or HOURS.").status_code == 303
    assert keyword(off, "Święta", "24 to 26 December").status_code == 303
    assert keyword(off, "prices", "From 10.").status_code == 303
    assert keyword(off, "Prices!", "From 12.").status_code == 303, "the same word: the new answer"
    shown = page(off)
    assert "Święta" in shown and "From 12." in shown and "From 10." not in shown
    said = {"prices": "From 12.", " PRICES! ": "From 12.", "swieta": "24 to 26 December", "what prices": "Write PRICES or HOURS.", "?": "Write PRICES or HOURS."}
    for body, expected in said.items():
        number = new_number()
        assert outcome(off, write(off, number, body)) == "answered"
        assert off.wait(lambda: answers(off, number), what="the answer") == [expected], body
    assert save(off, mode="keywords").status_code == 303
    assert outcome(off, write(off, new_number(), "something else")) == "no-keyword"
    form = {"_csrf": csrf_of(shown), "word": "prices"}
    assert enter(off).post("/auto-reply/keywords/remove", data=form, allow_redirects=False).status_code == 303
    assert outcome(off, write(off, new_number(), "prices")) == "no-keyword"


def test_keywords_that_are_none(off):
    assert mistakes(keyword(off, "!!!", "x").text)["word"] == "A keyword is 1 to 40 letters or digits."
    assert "opt-outs" in mistakes(keyword(off, "Stop", "x").text)["word"]
    answer = keyword(off, "good", "")
    assert answer.status_code == 422 and 'value="good"' in answer.text
    assert not off.sql("SELECT 1 FROM reply_keyword WHERE word IN ('', 'stop', 'good')")


# ---- hours ----

def test_outside_business_hours_the_other_text_once(off):
    """Open one minute a week, on another day than today."""
    now = off.sql("SELECT WEEKDAY(CONVERT_TZ(UTC_TIMESTAMP(), '+00:00', '+01:00')) AS day")[0]["day"]
    day = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")[(now + 3) % 7]
    assert save(off, mode="text", body=TEXT, hours="1", closed_body="We are closed.", **{f"{day}_from": "03:00", f"{day}_to": "03:01"}).status_code == 303
    number = new_number()
    assert [outcome(off, write(off, number, f"message {i}")) for i in range(3)] == ["closed-text", "closed", "closed"]
    off.wait(lambda: answers(off, number), what="the answer")
    assert answers(off, number) == ["We are closed."]
    at_work = new_number()
    assert off.api("POST", "/api/messages", json={"to": at_work, "body": "A person here"}).status_code == 200
    assert outcome(off, write(off, at_work, "thanks")) == "human", "half an hour after a person"
    assert save(off, mode="text", body=TEXT, hours="1", **{f"{day}_from": "03:00", f"{day}_to": "03:01"}).status_code == 303
    assert outcome(off, write(off, new_number())) == "closed", "no text, no answer"
    assert save(off, mode="text", body=TEXT, **{f"{day}_from": "03:00", f"{day}_to": "03:01"}).status_code == 303
    assert outcome(off, write(off, new_number())) == "answered" and f'name="{day}_to" value="03:01"' in page(off), "not in use, and kept"


# ---- a model ----

def test_without_a_model_a_person_is_told(off):
    off.sql("DELETE FROM model_key")
    off.sql("UPDATE reply_rule SET mode = 'ai', since = UTC_TIMESTAMP(3) WHERE line_id IS NULL")
    answer_after(off, 4)
    number = new_number()
    first, second = write(off, number, "Good morning"), write(off, number, "I have a question")
    assert outcome(off, second) == "ai-no-key" and outcome(off, first) == "superseded"
    assert [m["status"] for m in messages_with(off, number) if m["direction"] == 2] == ["handed-off"] and not answers(off, number)


def test_a_host_that_dies_in_the_middle_is_followed_by_another(on):
    on.stop_cron()
    first, last = write(on, new_number()), write(on, new_number())
    lost = "UPDATE reply_job j JOIN message m ON m.tenant_id = j.tenant_id AND m.id = j.message_id SET j.state = 'thinking', j.claim = 'gone', j.tries = %s, " \
           "j.next_at = UTC_TIMESTAMP(3) - INTERVAL 1 SECOND WHERE m.sid = %s"
    on.sql(lost, 2, first)
    on.sql(lost, 3, last)
    on.start_cron()
    assert outcome(on, first) == "answered" and outcome(on, last) == "given-up"
    assert on.sql("SELECT m.status FROM message m JOIN message i ON i.tenant_id = m.tenant_id AND i.conversation_id = m.conversation_id WHERE i.sid = %s AND m.direction = 2",
                  last) == [{"status": "handed-off"}]
