"""fcgi-cron: drains the outbox at each sender's pace, tries again what is safe to try, looks up what is unknown, and never sends twice."""
import concurrent.futures
import os
import signal
import subprocess
import time

import pytest

from core_tools import children
from panel import asked, csrf_of, enter, messages_with, new_number, script, second_cron
from stack import BIN, PYTHON, ROOT, Process


@pytest.fixture(scope="module")
def own(database):
    """A stack whose fcgi-cron may be stopped and killed."""
    from stack_fixtures import _run
    yield from _run(database)


@pytest.fixture
def cron(own):
    """The same with a running fcgi-cron before and after."""
    if not own.cron:
        own.start_cron()
    yield own
    if not own.cron or own.cron.process.poll() is not None:
        own.start_cron()


def send(stack, number, body="Hello", **more):
    answer = stack.api("POST", "/api/send-message", json={"to": number, "body": body, **more})
    assert answer.status_code == 200, answer.text
    return answer.json()


def state(stack, number):
    (row,) = messages_with(stack, number)
    return row["status"], row["outbox_state"]


def queue(stack, numbers, body="bulk", line=None):
    """Rows as an inline send leaves them that could not go at once."""
    line = line or stack.sql("SELECT id FROM line WHERE address = %s", stack.line)[0]["id"]
    tenant = stack.tenant.id
    connection = stack.database.connect(stack.env["CENTRALA_DB_NAME"])
    with connection, connection.cursor() as cursor:
        cursor.execute("START TRANSACTION")
        for number in numbers:
            cursor.execute("INSERT INTO contact (tenant_id, address_key, phone) VALUES (%s, %s, %s)", (tenant, number, number))
            cursor.execute("INSERT INTO conversation (tenant_id, line_id, contact_id, peer, channel, last_at, changed_at) "
                           "VALUES (%s, %s, %s, %s, 'sms', UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))", (tenant, line, cursor.lastrowid, number))
            talk = cursor.lastrowid
            cursor.execute("SELECT time_id() AS id")
            row = cursor.fetchone()["id"]
            cursor.execute("INSERT INTO message (tenant_id, conversation_id, id, direction, status, `rank`, author_kind, status_at, created_at, body) "
                           "VALUES (%s, %s, %s, 1, 'queued', 5, 2, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3), %s)", (tenant, talk, row, body))
            cursor.execute("INSERT INTO outbox (tenant_id, conversation_id, message_id, state, next_at) VALUES (%s, %s, %s, 'queued', UTC_TIMESTAMP(3))",
                           (tenant, talk, row))
        cursor.execute("COMMIT")


def left(stack):
    return stack.sql("SELECT COUNT(*) n FROM outbox WHERE state NOT IN ('sent', 'failed')")[0]["n"]


def drained(stack):
    stack.wait(lambda: left(stack) == 0, what="an empty outbox")


def asks(stack, numbers):
    """Twilio's view: how often each number was asked for and accepted, and when."""
    wanted = {n: [] for n in numbers}
    for a in stack.sim.get("asked"):
        number = dict(a["params"]).get("To")
        if number in wanted:
            wanted[number].append(a)
    return wanted


# ---- the queue ----

def test_the_outbox_is_drained(cron):
    numbers = [new_number() for _ in range(30)]
    queue(cron, numbers)
    drained(cron)
    assert all(len(a) == 1 and a[0]["outcome"] == "accepted" for a in asks(cron, numbers).values())
    for number in numbers:
        cron.wait(lambda: state(cron, number) == ("delivered", "sent"))


def test_two_of_them_send_each_message_once_and_keep_the_pace_together(cron):
    cron.ctl("line", "add", "+48732100300", "--tenant", cron.tenant.name, "--channel", "sms", "--per-second", "40")
    line = cron.sql("SELECT id FROM line WHERE address = '+48732100300'")[0]["id"]
    with second_cron(cron) as second:
        began = time.monotonic()
        queue(cron, [new_number() for _ in range(120)])
        drained(cron)
        unpaced = time.monotonic() - began
        shares = second.log.count("event=send.answered")
        numbers = [new_number() for _ in range(120)]
        began, clock = time.monotonic(), time.time()
        queue(cron, numbers, line=line)
        drained(cron)
        took = time.monotonic() - began
        while second.log.count("event=send.answered") == shares:  # on until it took its share
            assert len(numbers) < 20 * 40, "the second one took no share"
            more = [new_number() for _ in range(40)]
            queue(cron, more, line=line)
            numbers += more
            drained(cron)
    found = asks(cron, numbers)
    assert all(len(a) == 1 for a in found.values())
    times = sorted(found[n][0]["at"] for n in numbers[:120])
    early = [i for i, at in enumerate(times) if i - 10 > (at - clock) * 40]  # however late one is: not before its turn
    assert not early, f"{len(early)} before their turn, after {[round(t - clock, 2) for t in times]}"
    assert 2.4 < took < 6 + 3 * unpaced, "neither faster nor much slower than 40 a second"
    slots = cron.sql("SELECT job, slot, COUNT(*) n FROM job_slot GROUP BY job, slot")
    assert slots and all(s["n"] == 1 for s in slots)


def test_one_slow_line_holds_up_no_other(cron):
    cron.ctl("line", "add", "+48732100301", "--tenant", cron.tenant.name, "--channel", "sms", "--per-second", "1")
    slow = cron.sql("SELECT id FROM line WHERE address = '+48732100301'")[0]["id"]
    waiting, quick = [new_number() for _ in range(80)], [new_number() for _ in range(5)]
    queue(cron, waiting, line=slow)
    queue(cron, quick)
    cron.within(3, lambda: all(asks(cron, quick).values()), what="the quick line")
    last = max(a[0]["at"] for a in asks(cron, quick).values())
    assert sum(at[0]["at"] < last for at in asks(cron, waiting).values() if at) <= 20, "sixty and more wait on"
    cron.sql("UPDATE outbox o JOIN conversation c ON c.tenant_id = o.tenant_id AND c.id = o.conversation_id SET o.state = 'failed' "
             "WHERE o.state = 'queued' AND c.line_id = %s", slow)


def test_an_inline_send_over_the_pace_waits_its_turn(cron):
    cron.ctl("line", "add", "+48732100302", "--tenant", cron.tenant.name, "--channel", "sms", "--per-second", "2")
    line = cron.sql("SELECT id FROM line WHERE address = '+48732100302'")[0]["id"]
    numbers = [new_number() for _ in range(4)]
    token = csrf_of(enter(cron).page("/"))
    for n in numbers:
        assert enter(cron).post("/send", data={"_csrf": token, "to": n, "body": "hi", "line": line}, allow_redirects=False).status_code == 303
    cron.wait(lambda: all(asks(cron, numbers).values()), what="all of them")
    times = sorted(a[0]["at"] for a in asks(cron, numbers).values())
    assert times[-1] - times[0] >= 3 / 2 - 0.25


# ---- safe failures ----

def test_a_429_is_repeated_after_the_time_that_twilio_names(cron):
    number = new_number()
    script(cron, number, status=429, retry_after=2)
    answer = send(cron, number)
    assert (answer["status"], answer["sid"]) == ("queued", None)
    cron.within(6, lambda: len(asks(cron, [number])[number]) == 2, what="the second try")
    cron.wait(lambda: state(cron, number) == ("delivered", "sent"))
    first, second = asks(cron, [number])[number]
    assert (first["outcome"], second["outcome"]) == ("20429", "accepted") and 1.9 < second["at"] - first["at"]
    assert messages_with(cron, number)[0]["attempts"] == 2


def test_too_many_429_are_a_failure_with_its_reason(cron):
    number = new_number()
    script(cron, number, status=429, retry_after=1, times=9)
    send(cron, number)
    cron.wait(lambda: state(cron, number) == ("failed", "failed"))
    assert messages_with(cron, number)[0]["error_code"] == 20429 and len(asks(cron, [number])[number]) == 5


@pytest.mark.parametrize("behaviour", [{"status": 503, "code": 20503, "retry_after": 1}, {"code": 21611, "retry_after": 1}])
def test_what_twilio_did_not_process_is_repeated(cron, behaviour):
    number = new_number()
    script(cron, number, **behaviour)
    assert send(cron, number)["status"] == "queued"
    cron.wait(lambda: state(cron, number) == ("delivered", "sent"))
    assert [a["outcome"] for a in asked(cron, number)] == [str(behaviour.get("code")), "accepted"]


def test_a_failed_connection_is_repeated(cron):
    number, port = new_number(), cron.sim.url.rsplit(":", 1)[1]
    cron.sim.end()
    answer = send(cron, number)
    assert (answer["status"], answer["sid"]) == ("queued", None)
    assert messages_with(cron, number)[0]["last_error"]
    cron.sim.process = Process(cron.folder, "twilio-again", [PYTHON, "-B", "-u", ROOT / "tests/sim/twilio_sim.py", "--port", port, "--account", cron.tenant.sid,
                                                             "--token", cron.tenant.token])
    cron.wait(lambda: "ready" in cron.sim.process.log)
    cron.wait(lambda: state(cron, number) == ("delivered", "sent"))
    assert len(asks(cron, [number])[number]) == 1


# ---- unknown outcomes ----

def test_an_answer_that_never_came_is_looked_up_and_nothing_sent_again(cron):
    ways = [{"cut": "after"}, {"cut": "after", "cut_how": "rst"}, {"cut": "after", "partial": 200}, {"status": 500, "record": True},
            {"status": 502, "record": True, "format": "html"}]
    numbers = [new_number() for _ in ways]
    for number, how in zip(numbers, ways):
        script(cron, number, callbacks=[], **how)
        answer = send(cron, number)
        assert (answer["status"], answer["sid"]) == ("unknown", None), how
        assert messages_with(cron, number)[0]["outbox_state"] == "unknown"
    for number, how in zip(numbers, ways):
        cron.wait(lambda: state(cron, number) == ("queued", "sent"), what=f"the adopted SID after {how}")
        (post,) = asks(cron, [number])[number]
        assert messages_with(cron, number)[0]["sid"] == post["sid"]
        cron.status(post["sid"], "delivered")
        assert state(cron, number) == ("delivered", "sent")


def test_a_callback_answers_the_question_too(cron):
    number = new_number()
    script(cron, number, cut="after")
    assert send(cron, number)["status"] in ("unknown", "sent", "delivered")
    cron.wait(lambda: state(cron, number) == ("delivered", "sent"))
    assert len(asks(cron, [number])[number]) == 1


def test_what_twilio_never_got_is_told_and_not_sent_again(cron):
    numbers = [new_number(), new_number()]
    for number, how in zip(numbers, ({"cut": "before"}, {"status": 500})):
        script(cron, number, **how)
        assert send(cron, number)["status"] == "unknown"
    for number in numbers:
        cron.wait(lambda: state(cron, number) == ("failed", "failed"), what="the end of the question")
        (row,) = messages_with(cron, number)
        assert row["error_text"] and row["sid"] is None and row["looks"] >= 1, "after two looks"
        assert len(asks(cron, [number])[number]) == 1, "a person decides whether it is sent again"


def test_a_look_that_fails_answers_nothing(cron):
    number = new_number()
    script(cron, number, callbacks=[], cut="after")
    for failure in ({"status": 500}, {"cut": "before"}, {"status": 429, "retry_after": 1}):
        script(cron, number, op="list", **failure)
    send(cron, number)
    cron.wait(lambda: state(cron, number) == ("queued", "sent"))
    assert len(asks(cron, [number])[number]) == 1


def test_the_same_text_twice_is_told_apart(cron):
    number = new_number()
    script(cron, number, callbacks=[], cut="after", times=2)
    first, second = send(cron, number, "same"), send(cron, number, "same")
    assert first["status"] == second["status"] == "unknown"
    cron.wait(lambda: {m["outbox_state"] for m in messages_with(cron, number)} == {"sent"})
    assert {m["sid"] for m in messages_with(cron, number)} == {a["sid"] for a in asks(cron, [number])[number]} and len(asks(cron, [number])[number]) == 2
    # One that is known is not taken for one that got lost.
    send(cron, number, "same")
    script(cron, number, cut="before")
    send(cron, number, "same")
    cron.wait(lambda: [m["outbox_state"] for m in messages_with(cron, number)] == ["sent", "sent", "sent", "failed"])


def test_a_time_limit_that_passes_is_an_unknown_outcome(make_stack):
    stack = make_stack(twilio_inline_limit_ms=800, twilio_limit_ms=800)
    number = new_number()
    script(stack, number, delay_ms=2500, callbacks=[])
    assert send(stack, number)["status"] == "unknown"
    stack.wait(lambda: state(stack, number) == ("queued", "sent"))
    assert len(asks(stack, [number])[number]) == 1


# ---- sudden ends ----

def expire(stack):
    """The lease of a minute has run out."""
    stack.sql("UPDATE outbox SET next_at = UTC_TIMESTAMP(3) - INTERVAL 1 SECOND WHERE state = 'claimed'")


def test_a_killed_cron_sends_nobody_two_messages(cron):
    numbers = [new_number() for _ in range(40)]
    for number in numbers:
        script(cron, number, delay_ms=400 if number in numbers[20:] else 3000, callbacks=[])
    queue(cron, numbers)
    cron.wait(lambda: sum(len(a) for a in asks(cron, numbers).values()) >= 15, what="sends under way")
    cron.cron.process.kill()
    cron.cron.process.wait()
    cron.cron = None
    assert cron.sql("SELECT COUNT(*) n FROM outbox WHERE state = 'claimed'")[0]["n"] > 0, "killed in the middle"
    cron.start_cron()
    cron.wait(lambda: cron.sql("SELECT COUNT(*) n FROM outbox WHERE state = 'queued'")[0]["n"] == 0, what="the rest of the queue")
    assert cron.sql("SELECT COUNT(*) n FROM outbox WHERE state = 'claimed'")[0]["n"] > 0, "leases are respected"
    expire(cron)
    drained(cron)
    found = asks(cron, numbers)
    assert all([a["outcome"] for a in posts] == ["accepted"] for posts in found.values()), "each exactly once"
    assert all(messages_with(cron, n)[0]["sid"] == found[n][0]["sid"] for n in numbers)


def test_a_killed_worker_leaves_a_message_that_is_found_again(make_stack):
    stack = make_stack(workers=1)
    stack.expect_crashes = True
    number = new_number()
    script(stack, number, delay_ms=5000, callbacks=[])
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(stack.api, "POST", "/api/send-message", json={"to": number, "body": "x"})
        stack.wait(lambda: asks(stack, [number])[number])
        os.kill(children(stack.fcgi.pid)[0], signal.SIGKILL)
        assert waiting.result().status_code >= 500
    assert state(stack, number) == ("queued", "claimed")
    expire(stack)
    stack.wait(lambda: state(stack, number) == ("queued", "sent"))
    assert len(asks(stack, [number])[number]) == 1 and messages_with(stack, number)[0]["sid"]


def test_term_waits_for_the_answers_that_are_under_way(cron):
    numbers = [new_number() for _ in range(5)]
    for number in numbers:
        script(cron, number, delay_ms=2000, callbacks=[])
    queue(cron, numbers)
    cron.wait(lambda: sum(len(a) for a in asks(cron, numbers).values()) >= 5)
    assert cron.cron.end() == 0
    cron.cron = None
    assert [state(cron, n) for n in numbers] == [("queued", "sent")] * 5


def test_hup_changes_nothing(cron):
    cron.wait(lambda: cron.sql("SELECT 1 FROM heartbeat WHERE program = 'cron' AND pid = %s", cron.cron.pid), what="its first sign of life")
    cron.cron.tell(signal.SIGHUP)
    number = new_number()
    script(cron, number, code=20429)
    assert cron.api("POST", "/api/send-message", json={"to": number, "body": "after HUP"}).status_code == 200
    cron.wait(lambda: [m["status"] for m in messages_with(cron, number)] == ["delivered"], what="the work after HUP")
    assert cron.cron.process.poll() is None


def test_the_databases_absence_is_survived(make_stack):
    stack = make_stack(own_database=True, db_io_limit_s=2, db_connect_limit_s=1)
    stack.database.stop()
    stack.wait(lambda: "event=cron.failed" in stack.logs("fcgi-cron"))
    stack.database.start()
    numbers = [new_number() for _ in range(3)]
    queue(stack, numbers)
    drained(stack)
    assert stack.cron.process.poll() is None


# ---- how it is started ----

def run(stack, *arguments):
    began = time.monotonic()
    done = subprocess.run([BIN / "fcgi-cron", *arguments], env=stack.env, capture_output=True, text=True, timeout=120, cwd=stack.folder)
    return done, time.monotonic() - began


def test_once_for_a_while_and_wrong_arguments(cron):
    cron.stop_cron()
    numbers = [new_number() for _ in range(4)]
    queue(cron, numbers)
    done, _ = run(cron, "--once")
    assert done.returncode == 0 and all(len(a) == 1 for a in asks(cron, numbers).values()), done.stderr
    queue(cron, [late := new_number()])
    done, took = run(cron, "--for", "2")
    assert done.returncode == 0 and 1.5 < took < 30 and state(cron, late)[1] == "sent"
    for wrong in (["--forever"], ["--for"], ["x"]):
        done, _ = run(cron, *wrong)
        assert done.returncode == 2 and "usage:" in done.stderr
    done, _ = run(cron, "--config", "/absent/centrala.conf")
    assert done.returncode == 1 and "centrala.conf" in done.stderr
    assert subprocess.run([BIN / "fcgi-cron", "--once"], env={**cron.env, "CENTRALA_DB_SOCKET": "/absent.sock"}, capture_output=True, timeout=60).returncode == 1


# ---- periodic work ----

def restart(stack):
    """Periodic work is looked at once at the start."""
    stack.stop_cron()
    stack.start_cron()
    stack.wait(lambda: stack.sql("SELECT 1 FROM heartbeat WHERE pid = %s", stack.cron.pid), what="its heartbeat")


def test_cached_totals_equal_a_recount(cron):
    cron.inbound("new", sender=new_number())
    line = cron.sql("SELECT id FROM line WHERE address = %s", cron.line)[0]["id"]
    queue(cron, [old := new_number()], line=line)
    drained(cron)
    old_id = cron.sql("SELECT time_id() - 4096 * 1000 * 3600 AS id")[0]["id"]
    talk = messages_with(cron, old)[0]["conversation_id"]
    for i in range(5):
        cron.sql("INSERT INTO message (tenant_id, conversation_id, id, direction, status, status_at, created_at, body) VALUES (%s, %s, %s, %s, 'received', NOW(3), NOW(3), '')",
                 cron.tenant.id, talk, old_id + i, i % 2)

    def recount():
        rows = cron.sql("SELECT direction, COUNT(*) n FROM message WHERE tenant_id = %s GROUP BY direction", cron.tenant.id)
        return {r["direction"]: r["n"] for r in rows}

    def told():
        page = cron.api("GET", "/api/messages/stats").json()
        return {0: page["inbound"], 1: page["outbound"]}
    cron.sql("DELETE FROM message_total")
    assert told() == recount()
    cron.sql("DELETE FROM job_slot WHERE job = 'stats_refresh'")
    restart(cron)
    cron.wait(lambda: cron.sql("SELECT upto_id FROM message_total WHERE tenant_id = %s AND inbound + outbound >= 5", cron.tenant.id))
    assert told() == recount()
    cron.inbound("newer", sender=new_number())
    assert told() == recount()


def test_housekeeping_forgets_what_is_old(cron):
    browser = cron.login("agent")
    cron.sql("INSERT INTO session (token_hash, tenant_id, user_id, seen_at) SELECT REPEAT('o', 32), tenant_id, id, UTC_TIMESTAMP(3) - INTERVAL 20 DAY FROM user LIMIT 1")
    cron.sql("INSERT INTO hook_rejection (minute, account_sid, reason, url) VALUES (UTC_TIMESTAMP() - INTERVAL 40 DAY, 'old', 'missing', 'x'), "
             "(UTC_TIMESTAMP() - INTERVAL 3 DAY, 'recent', 'missing', 'x')")
    cron.sql("INSERT INTO throttle (key_hash, started_at, tries) VALUES (REPEAT('o', 32), UTC_TIMESTAMP(3) - INTERVAL 2 DAY, 9)")
    cron.sql("INSERT INTO job_slot (job, slot, host) VALUES ('old', UTC_TIMESTAMP() - INTERVAL 10 DAY, 'x')")
    cron.sql("DELETE FROM job_slot WHERE job = 'housekeeping'")
    restart(cron)
    cron.wait(lambda: not cron.sql("SELECT 1 FROM session WHERE token_hash = REPEAT('o', 32)"))
    cron.wait(lambda: not cron.sql("SELECT 1 FROM job_slot WHERE job = 'old'"))
    assert [r["account_sid"] for r in cron.sql("SELECT account_sid FROM hook_rejection WHERE account_sid IN ('old', 'recent')")] == ["recent"]
    assert not cron.sql("SELECT 1 FROM throttle WHERE key_hash = REPEAT('o', 32)")
    assert browser.get("/account", allow_redirects=False).status_code == 200


def test_a_slot_runs_once_whatever_restarts(cron):
    cron.wait(lambda: cron.sql("SELECT 1 FROM job_slot WHERE job = 'stats_refresh' AND ended_at IS NOT NULL"))
    before = cron.logs("fcgi-cron").count("job=housekeeping")
    slots = len(cron.sql("SELECT 1 FROM job_slot WHERE job = 'housekeeping'"))
    for _ in range(2):
        restart(cron)
    assert cron.logs("fcgi-cron").count("job=housekeeping") - before == len(cron.sql("SELECT 1 FROM job_slot WHERE job = 'housekeeping'")) - slots


def test_what_arrives_meanwhile_is_answered_in_no_time(cron):
    """Sending holds up no webhook: while the same messages are on their way, twenty come in."""
    numbers = [new_number() for _ in range(30)]
    for number in numbers:
        script(cron, number, delay_ms=5000)
    queue(cron, numbers)
    on_their_way = cron.wait(lambda: {n for n, a in asks(cron, numbers).items() if a}, what="the first sends")
    took = sorted(cron.inbound("meanwhile", sender=new_number()).elapsed.total_seconds() for _ in range(20))
    assert {state(cron, n)[1] for n in on_their_way} == {"claimed"}, "none of them has its answer yet"
    assert took[10] < 0.2
    cron.sql("UPDATE outbox SET state = 'failed' WHERE state = 'queued'")
    drained(cron)
