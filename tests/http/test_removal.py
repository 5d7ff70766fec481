"""Redacting and deleting: Twilio first, then here; what Twilio does not confirm is kept and, when it may pass, tried again."""
import concurrent.futures
import os
import re
import secrets
import signal

import pytest

from core_tools import children
from panel import conversation_with, csrf_of, enter, events, logged, messages_with, new_number, new_sid, quoted, script, second_cron
from stack import Tenant


@pytest.fixture(scope="module")
def own(database):
    """A stack whose fcgi-cron may be stopped and killed."""
    from stack_fixtures import _run
    yield from _run(database)


def wrote(stack, text="Hello", number=None, **more):
    """A customer wrote: known to Twilio and to us. (number, sid)"""
    number = number or new_number()
    told = stack.sim.post("inbound", {"from": number, "to": stack.line, "body": text, "url": stack.public_url + "/twilio/inbound", **more})
    assert told["status"] == 200, told
    return number, told["sid"]


def sent(stack, number, body="Our answer", final=True):
    """We answered; Twilio says it arrived. The SID."""
    answer = stack.api("POST", "/api/send-message", json={"to": number, "body": body, "nonce": new_sid()})
    assert answer.status_code == 200, answer.text
    sid = answer.json()["sid"]
    if final:
        stack.wait(lambda: stack.sql("SELECT 1 FROM message WHERE sid = %s AND status = 'delivered'", sid), what="the delivery")
    return sid


def at_twilio(stack, sid):
    return next(iter(stack.sim.get("messages", sid=sid)), None)


def requests_for(stack, *kinds):
    return [r["what"] for r in stack.sim.get("requests") if r["what"] in kinds]


def behave(stack, op, sid, **behaviour):
    stack.sim.post("script", {"op": op, "match": {"Sid": sid}, **behaviour})


def redact(stack, sid, role="admin"):
    return stack.api("POST", f"/api/messages/{sid}/redact", role)


def delete(stack, sid, role="admin"):
    return stack.api("DELETE", f"/api/messages/{sid}", role)


def queue_row(stack, sid):
    return stack.sql("SELECT * FROM removal WHERE sid = %s ORDER BY id DESC LIMIT 1", sid)[0]


def due_now(stack, sid):
    stack.sql("UPDATE removal SET next_at = UTC_TIMESTAMP(3) WHERE sid = %s AND state IN ('waiting', 'claimed')", sid)


def rows(stack, sid):
    return stack.sql("SELECT * FROM message WHERE sid = %s", sid)


# ---- one message ----

def test_redacting_takes_the_text_at_twilio_and_here_and_leaves_the_message(stack):
    number, sid = wrote(stack, "my secret words", params={"ProfileName": "Anna"})
    answer = redact(stack, sid)
    assert answer.status_code == 200 and answer.json() == {"sid": sid, "body": "", "status": "received"}
    assert at_twilio(stack, sid)["body"] == ""
    (row,) = rows(stack, sid)
    assert (row["body"], row["status"]) == ("", "received")
    assert conversation_with(stack, number)["preview"] == "" and conversation_with(stack, number)["message_count"] == 1
    assert all(e["detail"] is None for e in events(stack, sid)) and events(stack, sid)
    page = enter(stack).page(f"/conversations/{row['conversation_id']}")
    assert "my secret words" not in page and "Treść usunięto" in page
    assert stack.sql("SELECT action FROM removed_message WHERE sid = %s", sid) == [{"action": "redact"}]
    assert redact(stack, sid).status_code == 200, "again is no mistake"


def test_a_report_that_is_closed_by_fcgi_cron_before_the_answer(stack):
    """Closing sweeps what is done: the one that waits for it finds its row gone, and that is no failure."""
    stack.sql("CREATE TRIGGER closed_at_once AFTER UPDATE ON removal_request FOR EACH ROW "
              "DELETE FROM removal WHERE tenant_id = NEW.tenant_id AND request_id = NEW.id AND state = 'done' AND NEW.done = NEW.total")
    try:
        for ask, left in ((redact, 1), (delete, 0)):
            _, sid = wrote(stack, "closed at once")
            answer = ask(stack, sid)
            assert answer.status_code == 200 and answer.json()["sid"] == sid, answer.text
            assert len(rows(stack, sid)) == left and not stack.sql("SELECT 1 FROM removal WHERE sid = %s", sid)
    finally:
        stack.sql("DROP TRIGGER closed_at_once")


def test_redacting_an_older_message_leaves_the_preview(stack):
    number, sid = wrote(stack, "older")
    wrote(stack, "newer", number)
    assert redact(stack, sid).status_code == 200
    assert conversation_with(stack, number)["preview"] == "newer"


def test_files_go_before_the_text(stack):
    number, sid = wrote(stack, "look", media=[{"url": "https://media.example.com/1.jpg"}, {"url": "https://media.example.com/2.jpg"}])
    before = len(stack.sim.get("requests"))
    assert redact(stack, sid).status_code == 200
    steps = [(r["what"], r["answer"]) for r in stack.sim.get("requests")[before:] if r["what"] in ("media list", "media delete", "update", "delete")]
    assert steps == [("media list", "200"), ("media delete", "204"), ("media delete", "204"), ("update", "200")]

    (row,) = rows(stack, sid)
    assert row["num_media"] == 0 and not stack.sql("SELECT 1 FROM message_media WHERE message_id = %s", row["id"])


def test_deleting_takes_the_message_its_ledger_and_its_place_in_the_list(stack):
    number, first = wrote(stack, "first")
    _, second = wrote(stack, "second", number)
    answer = delete(stack, second)
    assert answer.status_code == 200 and answer.json() == {"sid": second, "deleted_remote": True, "deleted_local": True}
    assert at_twilio(stack, second) is None and not rows(stack, second) and not events(stack, second)
    talk = conversation_with(stack, number)
    assert (talk["preview"], talk["message_count"], talk["last_message_id"]) == ("first", 1, rows(stack, first)[0]["id"])
    page = enter(stack).page(f"/conversations/{talk['id']}")
    assert "second" not in page and 'class="note quiet"' in page
    (audited,) = stack.sql("SELECT * FROM audit WHERE action = 'message.delete' AND target = %s", second)
    assert audited["actor"] == "admin@example.com"
    assert delete(stack, second).status_code == 404, "neither here nor there"


def test_what_twilio_alone_has_is_deleted_there(stack):
    told = stack.sim.post("inbound", {"from": new_number(), "to": stack.line, "body": "never told us", "post": False})
    answer = delete(stack, told["sid"])
    assert answer.status_code == 200 and answer.json() == {"sid": told["sid"], "deleted_remote": True, "deleted_local": False}
    assert at_twilio(stack, told["sid"]) is None


def test_what_twilio_has_not_any_more_is_deleted_here(stack):
    number = new_number()
    sid = stack.inbound("only here", sender=number).sid
    assert delete(stack, sid).json() == {"sid": sid, "deleted_remote": True, "deleted_local": True}
    assert not rows(stack, sid)


def test_a_message_that_found_no_line_is_deleted(stack):
    sid = stack.inbound("lost", sender=new_number(), to="+48732999111").sid
    assert delete(stack, sid).json()["deleted_local"] is True
    assert not stack.sql("SELECT 1 FROM unrouted WHERE sid = %s", sid)


@pytest.mark.parametrize("sid, status", [("x", 400), ("SM12", 400), ("CA" + "a" * 32, 400), ("SM" + "0" * 32, 404)])
def test_what_is_no_message(stack, sid, status):
    for answer in (redact(stack, sid), delete(stack, sid)):
        assert answer.status_code == status and answer.json()["error"]


def test_what_twilio_refuses_is_kept(stack):
    for op, ask, status in (("update", redact, 400), ("delete", delete, 502)):
        number, sid = wrote(stack, "keep me")
        behave(stack, op, sid, status=403, code=20005, message="Account not active")
        answer = ask(stack, sid)
        assert answer.status_code == status and answer.json()["error"] == "Account not active"
        (failed,) = answer.json()["failed"]
        assert (failed["sid"], failed["code"], failed["pending"]) == (sid, 20005, False)
        assert rows(stack, sid)[0]["body"] == "keep me" and at_twilio(stack, sid)
        assert queue_row(stack, sid)["state"] == "failed"
        assert not stack.sql("SELECT 1 FROM removed_message WHERE sid = %s", sid)


def test_too_early_is_tried_again_later(stack):
    number = new_number()
    stack.sim.post("script", {"match": {"To": number}, "callbacks": []})
    sid = sent(stack, number, "not delivered yet", final=False)
    answer = delete(stack, sid)
    assert answer.status_code == 502
    (failed,) = answer.json()["failed"]
    assert (failed["code"], failed["pending"]) == (20009, True) and failed["retry_at"]
    assert rows(stack, sid), "kept until Twilio lets go"
    assert stack.sql("SELECT TIMESTAMPDIFF(SECOND, UTC_TIMESTAMP(3), next_at) s FROM removal WHERE sid = %s", sid)[0]["s"] >= 50, "a minute at least"
    due_now(stack, sid)
    stack.wait(lambda: queue_row(stack, sid)["tries"] == 2 and queue_row(stack, sid)["state"] == "waiting", what="the second try")
    assert stack.sql("SELECT TIMESTAMPDIFF(SECOND, UTC_TIMESTAMP(3), next_at) s FROM removal WHERE sid = %s", sid)[0]["s"] >= 110, "longer every time"
    stack.sim.post("advance", {"sid": sid, "steps": [{"status": "delivered"}]})
    due_now(stack, sid)
    stack.wait(lambda: not rows(stack, sid), what="the deletion")
    assert at_twilio(stack, sid) is None
    report = stack.wait(lambda: [r for r in stack.sql("SELECT * FROM removal_request WHERE id = %s", answer.json()["report"]) if r["state"] == "done"], what="the report")[0]
    assert (report["total"], report["done"], report["failed"]) == (1, 1, 0)


def test_after_two_weeks_it_is_given_up(stack):
    number = new_number()
    stack.sim.post("script", {"match": {"To": number}, "callbacks": []})
    sid = sent(stack, number, "never final", final=False)
    assert delete(stack, sid).status_code == 502
    stack.sql("UPDATE removal SET created_at = created_at - INTERVAL 15 DAY, next_at = UTC_TIMESTAMP(3) WHERE sid = %s", sid)
    stack.wait(lambda: queue_row(stack, sid)["state"] == "failed", what="the end")
    assert rows(stack, sid)


def test_no_answer_is_no_refusal(stack):
    number, sid = wrote(stack, "cut off")
    behave(stack, "delete", sid, status=503)
    answer = delete(stack, sid)
    assert answer.status_code == 502 and answer.json()["pending"] is True and rows(stack, sid)
    due_now(stack, sid)
    stack.wait(lambda: not rows(stack, sid), what="the second try")
    number, sid = wrote(stack, "cut off behind it")
    behave(stack, "delete", sid, cut="after", times=1)
    assert delete(stack, sid).status_code == 200, "asked again, Twilio says that it is gone"


def test_a_message_that_was_not_sent_yet_is_withdrawn(own):
    own.stop_cron()
    try:
        number = new_number()
        script(own, number, status=429, retry_after=600)
        own.api("POST", "/api/send-message", json={"to": number, "body": "not yet"})
        (row,) = messages_with(own, number)
        assert row["outbox_state"] == "queued"
        answer = own.api("DELETE", f"/api/conversations/{quoted(number)}")
        assert answer.status_code == 200 and (answer.json()["deleted_remote"], answer.json()["deleted_local"]) == (0, 1)
        assert messages_with(own, number) == []
    finally:
        own.start_cron()


# ---- conversations ----

def forget(stack, number, role="admin"):
    return stack.api("DELETE", f"/api/conversations/{quoted(number)}", role)


def test_a_conversation_goes_with_everything(stack):
    number, first = wrote(stack, "one")
    second = sent(stack, number)
    talk = conversation_with(stack, number)["id"]
    answer = forget(stack, number)
    assert answer.status_code == 200, answer.text
    assert answer.json() == {"participant": number, "deleted_remote": 2, "deleted_local": 2}
    assert at_twilio(stack, first) is None and at_twilio(stack, second) is None
    assert not stack.sql("SELECT 1 FROM conversation WHERE id = %s", talk) and not stack.sql("SELECT 1 FROM message WHERE conversation_id = %s", talk)
    assert enter(stack).get(f"/conversations/{talk}").status_code == 404
    assert stack.sql("SELECT 1 FROM audit WHERE action = 'conversation.delete' AND target = %s", str(talk))
    assert forget(stack, number).status_code == 404
    assert forget(stack, " ").status_code == 400
    wrote(stack, "I am back", number)
    assert conversation_with(stack, number)["message_count"] == 1


def test_what_may_have_reached_twilio_stops_it(stack):
    number, first = wrote(stack, "one")
    sid = sent(stack, number)
    row = next(m for m in messages_with(stack, number) if m["sid"] == sid)
    stack.sql("UPDATE message SET sid = NULL WHERE id = %s AND tenant_id = %s", row["id"], stack.tenant.id)
    stack.sql("UPDATE outbox SET state = 'unknown', next_at = UTC_TIMESTAMP(3) + INTERVAL 1 HOUR WHERE id = %s", row["outbox_id"])
    answer = forget(stack, number)
    assert answer.status_code == 409 and answer.json()["missing_local_ids"] == [str(row["id"])] and answer.json()["error"]
    assert rows(stack, first) and at_twilio(stack, first)
    stack.sql("UPDATE outbox SET state = 'failed' WHERE id = %s", row["outbox_id"])  # what is open keeps other tests waiting


def test_one_that_twilio_refuses_is_kept_and_named(stack):
    number, first = wrote(stack, "one")
    _, second = wrote(stack, "two", number)
    behave(stack, "delete", second, status=403, code=20005)
    answer = forget(stack, number)
    assert answer.status_code == 502 and answer.json()["error"]
    assert [(f["sid"], f["code"], f["pending"]) for f in answer.json()["failed"]] == [(second, 20005, False)]
    assert (answer.json()["deleted_remote"], answer.json()["deleted_local"]) == (1, 1)
    assert not rows(stack, first) and rows(stack, second)
    assert conversation_with(stack, number)["preview"] == "two"
    report = stack.api("GET", f"/api/removals/{answer.json()['report']}").json()
    assert (report["state"], report["total"], report["done"], report["failed"]) [:3] == ("done", 2, 1)


def test_a_long_conversation_is_worked_off_behind(stack):
    number, _ = wrote(stack, "0")
    for i in range(1, 20):
        wrote(stack, str(i), number)
    talk = conversation_with(stack, number)["id"]
    answer = forget(stack, number)
    assert answer.status_code == 202, answer.text
    told = answer.json()
    assert told["deleted_local"] + told["pending"] == 20 and told["pending"] > 0
    stack.wait(lambda: not stack.sql("SELECT 1 FROM conversation WHERE id = %s", talk), what="the rest")
    report = stack.wait(lambda: [r for r in stack.sql("SELECT * FROM removal_request WHERE id = %s", told["report"]) if r["state"] == "done"], what="the report")[0]
    assert (report["total"], report["done"], report["failed"]) == (20, 20, 0)
    assert not stack.sql("SELECT 1 FROM removal WHERE request_id = %s", told["report"])


def many(stack, count):
    """A conversation with so many messages that were only played: nothing of them is at Twilio. Its number."""
    number, _ = wrote(stack, "the first")
    talk = conversation_with(stack, number)["id"]
    stack.sql("INSERT INTO message (tenant_id, conversation_id, id, direction, status, `rank`, simulated, status_at, created_at, body) SELECT m.tenant_id, m.conversation_id, "
              f"m.id + seq, 1, 'sent', 40, 1, m.status_at, m.created_at, CONCAT('no. ', seq) FROM message m JOIN seq_1_to_{count - 1} WHERE m.conversation_id = %s", talk)
    stack.sql("UPDATE conversation SET last_message_id = last_message_id + %s, message_count = %s WHERE id = %s", count - 1, count, talk)
    return number


def test_thousands_go_in_chunks(stack):
    number = many(stack, 2700)
    answer = forget(stack, number)
    assert answer.status_code == 202
    most = 0
    def done():
        nonlocal most
        most = max(most, stack.sql("SELECT COUNT(*) n FROM removal WHERE request_id = %s AND state = 'waiting'", answer.json()["report"])[0]["n"])
        return stack.sql("SELECT 1 FROM removal_request WHERE id = %s AND state = 'done'", answer.json()["report"])
    stack.wait(done, what="the report")
    assert 0 < most <= 2500, "the queue stays short"
    (report,) = stack.sql("SELECT * FROM removal_request WHERE id = %s", answer.json()["report"])
    assert (report["total"], report["done"]) == (2700, 2700) and not stack.sql("SELECT 1 FROM conversation WHERE peer = %s", number)


def test_two_of_them_remove_each_message_once(own):
    sids = []
    with second_cron(own) as second:
        while "event=removal.step" not in second.log:  # on until it took its share
            assert len(sids) < 20 * 60, "the second one took no share"
            number, first = wrote(own, "0")
            sids += [first] + [wrote(own, str(i), number)[1] for i in range(1, 60)]
            own.sim.post("script", {"op": "delete", "times": 60, "delay_ms": 100})
            answer = forget(own, number)
            own.wait(lambda: own.sql("SELECT 1 FROM removal_request WHERE id = %s AND state = 'done'", answer.json()["report"]), what="the report")
            (report,) = own.sql("SELECT * FROM removal_request WHERE id = %s", answer.json()["report"])
            assert (report["total"], report["done"], report["failed"]) == (60, 60, 0)
    own.stop_cron()
    logs = own.logs("fcgi-cron") + own.logs("centrala.fcgi") + second.log
    own.start_cron()
    for sid in sids:
        assert len(re.findall(rf"sid={sid} step=record", logs)) == 1, sid


def test_files_go_with_the_message(stack):
    from test_media import stored
    for ask, left in ((redact, 1), (delete, 0)):
        m, url = stored(stack, data=b"\xff\xd8\xff\xe0\0\x10JFIF\0" + secrets.token_bytes(500))
        (file,) = stack.sql("SELECT f.sha256 FROM message_media x JOIN media_file f ON f.tenant_id = x.tenant_id AND f.sha256 = x.sha256 WHERE x.message_id = %s", m["id"])
        path = stack.folder / "var" / "media" / str(stack.tenant.id) / file["sha256"][:2] / file["sha256"]
        assert path.exists()
        sid = stack.sql("SELECT sid FROM message WHERE id = %s", m["id"])[0]["sid"]
        assert ask(stack, sid).status_code == 200
        assert not path.exists() and enter(stack).get(url).status_code == 404
        assert len(rows(stack, sid)) == left and not stack.sql("SELECT 1 FROM media_file WHERE sha256 = %s", file["sha256"])


def test_a_batch_does_not_wait_for_what_was_deleted(own):
    number, other_number = new_number(), new_number()
    script(own, number, status=429, retry_after=600)
    batch = own.api("POST", "/api/multi-sms/batches", json={"body": "hi", "recipients": [number, other_number]}).json()["batch"]["id"]
    own.wait(lambda: own.sql("SELECT 1 FROM bulk_recipient WHERE batch_id = %s AND state = 'queued' AND address = %s", batch, number), what="the queue")
    own.wait(lambda: own.sql("SELECT 1 FROM outbox o JOIN message m ON m.id = o.message_id WHERE o.state = 'queued' AND o.attempts = 1 AND o.batch_id = %s", batch), what="the refusal")
    assert forget(own, number).status_code == 200
    own.wait(lambda: own.sql("SELECT state FROM bulk_batch WHERE id = %s", batch)[0]["state"].startswith("completed"), what="the batch")
    assert own.sql("SELECT state FROM bulk_recipient WHERE batch_id = %s AND address = %s", batch, number) == [{"state": "canceled"}]


# ---- killed ----

def test_a_worker_killed_while_somebody_waits_is_made_up_for(make_stack):
    stack = make_stack(cron=False)
    stack.expect_crashes = True
    number, sid = wrote(stack, "cut short")
    behave(stack, "delete", sid, delay_ms=15000)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        asked = pool.submit(delete, stack, sid)
        stack.wait(lambda: at_twilio(stack, sid) is None, what="Twilio's deletion")
        for pid in children(stack.fcgi.process.pid):
            os.kill(pid, signal.SIGKILL)
        assert asked.result().status_code >= 500
    assert rows(stack, sid) and queue_row(stack, sid)["state"] == "claimed"
    due_now(stack, sid)
    stack.start_cron()
    stack.wait(lambda: not rows(stack, sid), what="fcgi-cron")


def test_killed_between_twilio_and_us_the_next_run_finishes(own):
    number, sid = wrote(own, "in between")
    behave(own, "delete", sid, status=503)
    assert delete(own, sid).status_code == 502
    behave(own, "delete", sid, delay_ms=20000)
    due_now(own, sid)
    own.wait(lambda: at_twilio(own, sid) is None, what="Twilio's deletion")
    assert rows(own, sid)
    own.cron.process.kill()
    own.cron.process.wait()
    own.cron = None
    assert queue_row(own, sid)["state"] == "claimed" and rows(own, sid)
    own.start_cron()
    due_now(own, sid)  # its lease has run out
    own.wait(lambda: not rows(own, sid), what="the next run")
    assert queue_row_or_none(own, sid) is None or queue_row(own, sid)["state"] == "done"


def queue_row_or_none(stack, sid):
    return next(iter(stack.sql("SELECT * FROM removal WHERE sid = %s", sid)), None)


# ---- who may ----

def test_only_admins_and_managers_remove(stack):
    number, sid = wrote(stack, "not for everybody")
    for role in ("operator", "agent"):
        for answer in (redact(stack, sid, role), delete(stack, sid, role), forget(stack, number, role)):
            assert answer.status_code == 403
    assert rows(stack, sid)[0]["body"] == "not for everybody" and at_twilio(stack, sid)["body"]
    assert redact(stack, sid, "manager").status_code == 200


def test_another_tenants_messages_are_out_of_reach(stack, other):
    number, sid = wrote(stack, "ours")
    report = delete(stack, wrote(stack, "gone")[1])
    assert report.status_code == 200
    for answer in (redact(stack, sid, other.admin), delete(stack, sid, other.admin), forget(stack, number, other.admin)):
        assert answer.status_code == 404
    assert rows(stack, sid)[0]["body"] == "ours" and at_twilio(stack, sid)["body"] == "ours"
    ours = stack.sql("SELECT id FROM removal_request WHERE tenant_id = %s ORDER BY id DESC LIMIT 1", stack.tenant.id)[0]["id"]
    assert stack.api("GET", f"/api/removals/{ours}", other.admin).status_code == 404


def test_totals_count_what_was(stack):
    number, sid = wrote(stack, "counted")
    before = stack.api("GET", "/api/messages/stats").json()
    assert delete(stack, sid).status_code == 200
    assert stack.api("GET", "/api/messages/stats").json()["total"] == before["total"]


def test_in_test_mode_nothing_is_asked_of_twilio(test_mode_stack):
    stack, number = test_mode_stack, new_number()
    sid = stack.inbound("played", sender=number).sid
    asked = len(stack.sim.get("requests"))
    assert delete(stack, sid).json() == {"sid": sid, "deleted_remote": False, "deleted_local": True}
    assert len(stack.sim.get("requests")) == asked and not rows(stack, sid)


def test_a_webhook_that_comes_again_after_the_deletion_brings_nothing_back(stack):
    number, sid = wrote(stack, "forget this")
    _, kept = wrote(stack, "and keep this", number)
    assert delete(stack, sid).status_code == 200
    again = stack.inbound("forget this", sender=number, sid=sid)
    assert again.status_code == 200 and again.text.strip().endswith("<Response/>") and not rows(stack, sid)
    assert stack.inbound("and keep this", sender=number, sid=kept).status_code == 200 and len(rows(stack, kept)) == 1
    assert conversation_with(stack, number)["message_count"] == 1 and conversation_with(stack, number)["preview"] == "and keep this"
    assert not stack.sql("SELECT 1 FROM message_event WHERE sid = %s", sid)
    redacted, blank = wrote(stack, "without its text", number)
    assert redact(stack, blank).status_code == 200
    stack.inbound("without its text", sender=number, sid=blank)
    assert rows(stack, blank)[0]["body"] == ""
    # Who deletes nothing pays nothing.
    keeper = stack.add_tenant(Tenant("Keeper", "AC" + secrets.token_hex(16), secrets.token_hex(16)))
    stack.ctl("line", "add", "+48732777123", "--tenant", "Keeper", "--channel", "sms")
    answers = [stack.inbound("x", sender=number, to="+48732777123", AccountSid=keeper.sid, token=keeper.token) for _ in range(12)]
    assert min(int(logged(stack, a)["statements"]) for a in answers) == 1


def test_a_receipt_that_comes_after_the_deletion_leaves_no_trace(stack):
    number = new_number()
    sid = sent(stack, number)
    outbox = next(m for m in messages_with(stack, number) if m["sid"] == sid)["outbox_id"]
    assert delete(stack, sid).status_code == 200
    for path in ("/twilio/status", f"/hook/{stack.tenant.hook_secret}/status/{outbox}"):
        assert stack.status(sid, "read", path=path, EventType="READ", ChannelToAddress=f"whatsapp:{number}").status_code == 200
    assert not events(stack, sid) and not rows(stack, sid)
    unknown = new_sid()
    assert stack.status(unknown, "sent").status_code == 200 and len(events(stack, unknown)) == 1, "of one that is not known yet it is kept"
