"""The panel's side of removing: a message and a conversation from the chat, retention, erasing a person, the reports."""
import re

import pytest

from panel import at_once, conversation_with, csrf_of, enter, messages_with, mistakes, new_number, new_sid, script
from stack import Tenant
from test_removal import at_twilio, behave, queue_row, rows, sent, wrote


@pytest.fixture(scope="module")
def own(database):
    """A stack whose jobs may be asked for again, and whose tenants are its own."""
    from stack_fixtures import _run
    yield from _run(database)


def path_of(stack, sid):
    row = rows(stack, sid)[0]
    return f"/conversations/{row['conversation_id']}/messages/{row['id']}"


def act(browser, path, act):
    return browser.post(path, data={"_csrf": csrf_of(browser.page(path)), "act": act}, headers={"Origin": browser.base})


def report(stack, identity):
    """When it is done."""
    def look():
        (row,) = stack.sql("SELECT * FROM removal_request WHERE id = %s", identity)
        return row if row["state"] == "done" else None
    return stack.wait(look, what="the report")


# ---- from the chat ----

def test_a_message_is_removed_from_the_chat_after_a_question(stack):
    number, sid = wrote(stack, "take this away")
    browser, path = enter(stack), path_of(stack, sid)
    talk = conversation_with(stack, number)["id"]
    assert f'href="{path}"' in browser.page(f"/conversations/{talk}")
    assert "take this away" in browser.page(path) and rows(stack, sid)[0]["body"], "asking changes nothing"
    answer = act(browser, path, "redact")
    assert answer.url == f"{stack.url}/conversations/{talk}#newest" and 'role="status"' in answer.text and "take this away" not in answer.text
    assert at_twilio(stack, sid)["body"] == ""
    assert 'value="redact"' not in browser.page(path), "there is no text any more"
    answer = act(browser, path, "delete")
    assert answer.status_code == 200 and not rows(stack, sid) and at_twilio(stack, sid) is None
    assert browser.get(path).status_code == 404


def test_a_refusal_is_told_where_it_was_asked(stack):
    number, sid = wrote(stack, "stays")
    behave(stack, "delete", sid, status=403, code=20005)
    answer = act(enter(stack), path_of(stack, sid), "delete")
    assert answer.status_code == 422 and list(mistakes(answer.text)) == [""] and "stays" in answer.text
    assert rows(stack, sid)


def test_a_message_without_sid_is_deleted_here(stack):
    number = new_number()
    script(stack, number, code=21211)
    stack.api("POST", "/api/send-message", json={"to": number, "body": "refused"})
    (row,) = messages_with(stack, number)
    assert row["sid"] is None and row["status"] == "failed"
    assert act(enter(stack), f"/conversations/{row['conversation_id']}/messages/{row['id']}", "delete").status_code == 200
    assert [m for m in messages_with(stack, number) if m["direction"] < 2] == []


def test_a_conversation_is_deleted_after_a_question(stack):
    number, first = wrote(stack, "one")
    second = sent(stack, number)
    talk = conversation_with(stack, number)["id"]
    path = f"/conversations/{talk}/delete"
    answer = act(enter(stack), path, "")
    assert answer.url == f"{stack.url}/conversations" and 'role="status"' in answer.text
    assert not rows(stack, first) and at_twilio(stack, first) is None and at_twilio(stack, second) is None


def test_what_was_refused_can_be_tried_again(stack):
    number, sid = wrote(stack, "first no, then yes")
    behave(stack, "delete", sid, status=403, code=20005)
    answer = act(enter(stack), f"/conversations/{conversation_with(stack, number)['id']}/delete", "")
    identity = re.search(r"/privacy/(\d+)", answer.url).group(1)
    assert sid in answer.text and "errors/20005" in answer.text and rows(stack, sid)
    again = enter(stack).submit(f"/privacy/{identity}", f"/privacy/{identity}/retry")
    assert again.status_code == 200
    stack.wait(lambda: not rows(stack, sid), what="the second try")
    row = report(stack, identity)
    assert (row["total"], row["done"], row["failed"]) == (1, 1, 0)
    assert not stack.sql("SELECT 1 FROM conversation WHERE peer = %s", number)


def test_others_neither_see_nor_may(stack, other):
    number, sid = wrote(stack, "not theirs")
    path, talk = path_of(stack, sid), conversation_with(stack, number)["id"]
    for role in ("operator", "agent"):
        browser = enter(stack, role)
        page = browser.page(f"/conversations/{talk}")
        assert path not in page and f"/conversations/{talk}/delete" not in page and 'href="/privacy"' not in page
        token = csrf_of(page)
        for url in (path, f"/conversations/{talk}/delete", "/privacy"):
            assert browser.get(url).status_code == 403
        for url in (path, f"/conversations/{talk}/delete", "/privacy/retention", "/privacy/erase", "/privacy/1/retry"):
            assert browser.post(url, data={"_csrf": token, "act": "delete", "what": "delete", "days": 1, "number": number, "again": number}).status_code == 403
    manager = enter(stack, "manager")
    token = csrf_of(manager.page("/privacy"))
    assert 'action="/privacy/erase"' not in manager.page("/privacy")
    for url in ("/privacy/retention", "/privacy/erase"):
        assert manager.post(url, data={"_csrf": token, "what": "delete", "days": 1, "number": number, "again": number}).status_code == 403
    stranger = enter(stack, other.admin)
    token = csrf_of(stranger.page("/privacy"))
    for url in (path, f"/conversations/{talk}/delete"):
        assert stranger.get(url).status_code == 404 and stranger.post(url, data={"_csrf": token, "act": "delete"}).status_code == 404
    ours = stack.sql("SELECT id FROM removal_request WHERE tenant_id = %s LIMIT 1", stack.tenant.id)[0]["id"]
    assert stranger.get(f"/privacy/{ours}").status_code == 404 and stranger.post(f"/privacy/{ours}/retry", data={"_csrf": token}).status_code == 404
    assert rows(stack, sid)[0]["body"] == "not theirs"


# ---- retention ----

def run_job(stack):
    """The daily job once more."""
    before = stack.sql("SELECT COALESCE(MAX(id), 0) id FROM removal_request")[0]["id"]
    stack.sql("DELETE FROM job_slot WHERE job = 'retention'")
    stack.wait(lambda: stack.sql("SELECT 1 FROM job_slot WHERE job = 'retention' AND ended_at IS NOT NULL"), what="the job")
    return stack.sql("SELECT * FROM removal_request WHERE id > %s AND kind = 'retention' ORDER BY id", before)


def age(stack, sid, days):
    """As if it had come that long ago."""
    row = rows(stack, sid)[0]
    stack.sql("SET FOREIGN_KEY_CHECKS = 0; ")
    stack.sql("UPDATE message SET id = id - %s * 86400000 * 4096, created_at = created_at - INTERVAL %s DAY WHERE sid = %s", days, days, sid)
    stack.sql("UPDATE conversation SET last_message_id = 0, last_at = last_at - INTERVAL %s DAY WHERE id = %s AND message_count = 1", days, row["conversation_id"])
    stack.sql("UPDATE conversation SET last_message_id = (SELECT MAX(id) FROM message m WHERE m.conversation_id = conversation.id AND m.direction < 2) WHERE id = %s", row["conversation_id"])


def keep(stack, browser, action, days):
    return browser.submit("/privacy", "/privacy/retention", what=action, days=str(days))


def test_retention_is_set_checked_and_written_down(own):
    browser = enter(own)
    assert keep(own, browser, "redact", 90).status_code == 200
    (row,) = own.sql("SELECT * FROM retention WHERE tenant_id = %s", own.tenant.id)
    assert (row["action"], row["days"], row["changed_by"]) == ("redact", 90, "admin@example.com")
    assert own.sql("SELECT detail FROM audit WHERE action = 'retention.set' ORDER BY id DESC LIMIT 1")[0]["detail"] == "keep -> redact 90"
    for action, days, field in (("redact", 0, "days"), ("delete", 4000, "days"), ("burn", 5, "what")):
        answer = keep(own, browser, action, days)
        assert answer.status_code == 422 and field in mistakes(answer.text), (action, days)
    assert own.sql("SELECT days FROM retention WHERE tenant_id = %s", own.tenant.id)[0]["days"] == 90
    keep(own, browser, "keep", 90)


def test_old_texts_go_in_chunks_and_young_ones_stay(own):
    number, old = wrote(own, "old text")
    _, young = wrote(own, "young text", number)
    age(own, old, 100)
    keep(own, enter(own), "redact", 90)
    (request,) = run_job(own)
    assert request["tenant_id"] == own.tenant.id and report(own, request["id"])["done"] == 1
    assert rows(own, old)[0]["body"] == "" and at_twilio(own, old)["body"] == "" and rows(own, young)[0]["body"] == "young text"
    (again,) = run_job(own)
    assert report(own, again["id"])["total"] == 0, "what is empty is not asked for every day"
    keep(own, enter(own), "keep", 90)


def test_old_messages_are_deleted_and_then_their_empty_conversations(own):
    numbers = [wrote(own, "old") for _ in range(3)]
    for _, sid in numbers:
        age(own, sid, 40)
    kept = wrote(own, "young")
    keep(own, enter(own), "delete", 30)
    done = [report(own, r["id"]) for r in run_job(own)]
    assert done[0]["done"] >= 3 and done[0]["failed"] == 0
    assert all(not rows(own, sid) and at_twilio(own, sid) is None for _, sid in numbers) and rows(own, kept[1])
    run_job(own)
    for number, _ in numbers:
        assert not own.sql("SELECT 1 FROM conversation WHERE peer = %s", number) and not own.sql("SELECT 1 FROM contact WHERE phone = %s", number)
    keep(own, enter(own), "keep", 30)


def test_old_reports_go_but_those_of_failures(own):
    sids = [wrote(own, "gone")[1] for _ in range(3)]
    for sid in sids:
        assert own.api("DELETE", f"/api/messages/{sid}").status_code == 200
    old, failed, young = (r["id"] for r in own.sql("SELECT id FROM removal_request WHERE kind = 'message' ORDER BY id DESC LIMIT 3"))
    own.sql("UPDATE removal_request SET ended_at = ended_at - INTERVAL 401 DAY WHERE id IN (%s, %s)", old, failed)
    own.sql("UPDATE removal_request SET failed = 1 WHERE id = %s", failed)
    own.sql("UPDATE removed_message SET removed_at = removed_at - INTERVAL 401 DAY WHERE sid = %s", sids[0])
    run_job(own)
    assert {r["id"] for r in own.sql("SELECT id FROM removal_request WHERE id IN (%s, %s, %s)", old, failed, young)} == {failed, young}
    assert {r["sid"] for r in own.sql("SELECT sid FROM removed_message")} >= set(sids[1:]) and not own.sql("SELECT 1 FROM removed_message WHERE sid = %s", sids[0])


def test_batches_keep_neither_text_nor_numbers_longer_than_messages(own):
    numbers = [new_number() for _ in range(3)]
    old, young, plain = (own.api("POST", "/api/multi-sms/batches", json={"body": "to all", "recipients": [n]}).json()["batch"]["id"] for n in numbers)
    own.wait(lambda: own.sql("SELECT COUNT(*) n FROM bulk_batch WHERE state = 'completed'")[0]["n"] == 3, what="the batches")
    own.sql("UPDATE bulk_batch SET completed_at = completed_at - INTERVAL 100 DAY WHERE id IN (%s, %s)", old, plain)

    def bodies():
        return {r["id"]: r["body"] for r in own.sql("SELECT id, body FROM bulk_batch")}
    keep(own, enter(own), "redact", 90)
    run_job(own)
    assert bodies() == {old: "", young: "to all", plain: ""} and own.sql("SELECT 1 FROM bulk_recipient WHERE address = %s", numbers[0])
    keep(own, enter(own), "delete", 90)
    run_job(own)
    assert bodies() == {young: "to all"} and [r["address"] for r in own.sql("SELECT address FROM bulk_recipient")] == [numbers[1]]
    keep(own, enter(own), "keep", 90)


def test_nobody_else_loses_anything_by_one_tenants_retention(own):
    tenant = own.add_tenant(Tenant("Neighbour", "AC" + "b" * 32, "c" * 32))
    own.sim.post("accounts", {"sid": tenant.sid, "token": tenant.token})
    own.ctl("line", "add", "+48732555111", "--tenant", "Neighbour", "--channel", "sms")
    sid = own.inbound("theirs", sender=new_number(), to="+48732555111", AccountSid=tenant.sid, token=tenant.token).sid
    age(own, sid, 400)
    keep(own, enter(own), "delete", 30)
    for r in run_job(own):
        report(own, r["id"])
    assert rows(own, sid)[0]["body"] == "theirs"
    keep(own, enter(own), "keep", 30)


# ---- a person ----

def erase(stack, number, again=None, role="admin"):
    return enter(stack, role).submit("/privacy", "/privacy/erase", number=number, again=number if again is None else again)


def test_a_person_is_erased_everywhere_and_stays_suppressed(stack):
    number, sms = wrote(stack, "on sms")
    whatsapp = stack.sim.post("inbound", {"from": "whatsapp:" + number, "to": stack.whatsapp_line, "body": "on whatsapp", "url": stack.public_url + "/twilio/inbound"})["sid"]
    ours = sent(stack, number)
    never = stack.sim.post("inbound", {"from": number, "to": "+48799000111", "body": "before we were here", "post": False})["sid"]
    lost = stack.inbound("to nobody", sender=number, to="+48799000222").sid
    stranger, theirs = wrote(stack, "somebody else")
    assert stack.api("POST", "/api/reminders", json={"to": number, "body": "remember", "interval_minutes": 600}).status_code == 201
    batch = stack.api("POST", "/api/multi-sms/batches", json={"body": "to all", "recipients": [number, stranger]})
    assert batch.status_code == 201, batch.text
    stack.wait(lambda: stack.sql("SELECT state FROM bulk_batch WHERE id = %s", batch.json()["batch"]["id"])[0]["state"] == "completed", what="the batch")
    stack.wait(lambda: {m["status"] for m in messages_with(stack, number) if m["direction"] == 1} == {"delivered"}, what="the deliveries")
    stack.sql("REPLACE INTO ai_profile (tenant_id, target_number) VALUES (%s, %s)", stack.tenant.id, f"{number[3:6]} {number[6:9]}-{number[9:]}")
    answer = erase(stack, number)
    identity = re.search(r"/privacy/(\d+)", answer.url).group(1)
    row = report(stack, identity)
    assert stack.sql("SELECT target_number t FROM ai_profile WHERE tenant_id = %s", stack.tenant.id) == [{"t": ""}]
    stack.sql("DELETE FROM ai_profile")
    assert (row["total"], row["done"], row["failed"]) == (5, 5, 0) and row["other"] >= 2
    for sid in (sms, whatsapp, ours, never):
        assert at_twilio(stack, sid) is None and not rows(stack, sid), sid
    assert not stack.sql("SELECT 1 FROM conversation WHERE peer LIKE %s", f"%{number}") and not stack.sql("SELECT 1 FROM contact WHERE phone = %s", number)
    assert not stack.sql("SELECT 1 FROM unrouted WHERE sid = %s", lost)
    assert rows(stack, theirs) and at_twilio(stack, theirs), "nobody else is touched"
    assert len(messages_with(stack, stranger)) == 2 and not stack.sql("SELECT 1 FROM reminder WHERE to_address = %s", number)
    recipients = stack.sql("SELECT address, state FROM bulk_recipient WHERE batch_id = %s ORDER BY id", batch.json()["batch"]["id"])
    assert [r["address"] for r in recipients] == [None, stranger] and {r["state"] for r in recipients} == {"sent"}
    # Nothing names the person any more: not the report, not the trail, nothing with the number in it.
    digits = number[1:]
    for table in stack.sql("SELECT TABLE_NAME t, COLUMN_NAME c FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND DATA_TYPE IN ('varchar','text','mediumtext','char')"):
        found = stack.sql(f"SELECT 1 FROM `{table['t']}` WHERE `{table['c']}` LIKE %s LIMIT 1", f"%{digits}%")
        assert not found, f"{table['t']}.{table['c']} still has the number"
    assert digits not in enter(stack).page(f"/privacy/{identity}").replace(" ", "")
    # And nothing is sent there again.
    refused = stack.api("POST", "/api/send-message", json={"to": number, "body": "hello again"})
    assert refused.status_code in (400, 500), refused.text
    assert stack.sql("SELECT 1 FROM audit WHERE action = 'person.erase' AND target = %s", f"report {identity}")


def test_the_number_must_be_written_twice(stack):
    number, sid = wrote(stack, "still here")
    answer = erase(stack, number, new_number())
    assert answer.status_code == 422 and list(mistakes(answer.text)) == ["again"] and number in answer.text
    answer = erase(stack, "12", "12")
    assert answer.status_code == 422 and "number" in mistakes(answer.text)
    assert rows(stack, sid) and not stack.sql("SELECT 1 FROM removal_request WHERE subject = %s", number)


def test_what_twilio_refuses_of_a_person_is_named_and_the_rest_goes(stack):
    number, bad = wrote(stack, "refused")
    _, good = wrote(stack, "gone", number)
    behave(stack, "delete", bad, status=403, code=20005)
    identity = re.search(r"/privacy/(\d+)", erase(stack, number).url).group(1)
    row = report(stack, identity)
    assert (row["total"], row["done"], row["failed"], row["subject"]) == (2, 1, 1, None)
    assert rows(stack, bad) and not rows(stack, good)
    page = enter(stack).page(f"/privacy/{identity}")
    assert bad in page and good not in page and "errors/20005" in page
    enter(stack).submit(f"/privacy/{identity}", f"/privacy/{identity}/retry")
    stack.wait(lambda: not stack.sql("SELECT 1 FROM contact WHERE phone = %s", number), what="the second try")
    assert report(stack, identity)["failed"] == 0 and not rows(stack, bad)


def test_twilios_list_is_asked_again_when_it_does_not_answer(stack):
    number, sid = wrote(stack, "listed later")
    stack.sim.post("script", {"op": "list", "match": {"To": number}, "status": 503})
    identity = re.search(r"/privacy/(\d+)", erase(stack, number).url).group(1)
    stack.wait(lambda: stack.sql("SELECT 1 FROM removal_source WHERE request_id = %s AND tries = 1", identity), what="the failure")
    assert stack.sql("SELECT state FROM removal_request WHERE id = %s", identity)[0]["state"] == "open"
    stack.sql("UPDATE removal_source SET next_at = UTC_TIMESTAMP(3) WHERE request_id = %s", identity)
    assert report(stack, identity)["failed"] == 0


def test_a_long_list_of_twilios_is_walked_to_its_end(stack):
    number = new_number()
    for i in range(60):
        stack.sim.post("inbound", {"from": number, "to": "+48799000333", "body": str(i), "post": False})
    identity = re.search(r"/privacy/(\d+)", erase(stack, number).url).group(1)
    row = report(stack, identity)
    assert (row["total"], row["done"]) == (60, 60) and stack.sim.get("messages", to="+48799000333") == []


def test_in_test_mode_a_person_is_erased_here_alone(test_mode_stack):
    stack, number = test_mode_stack, new_number()
    stack.inbound("played", sender=number)
    stack.api("POST", "/api/send-message", json={"to": number, "body": "simulated"})
    asked = len(stack.sim.get("requests"))
    identity = re.search(r"/privacy/(\d+)", erase(stack, number).url).group(1)
    row = report(stack, identity)
    assert (row["total"], row["done"], row["failed"]) == (2, 2, 0) and len(stack.sim.get("requests")) == asked
    assert not stack.sql("SELECT 1 FROM contact WHERE phone = %s", number)


def test_who_was_opted_out_stays_so_and_who_writes_again_is_a_stranger(stack):
    number, _ = wrote(stack, "STOP")
    stack.wait(lambda: stack.sql("SELECT 1 FROM opt_out WHERE address_key = %s AND state = 'out'", number), what="the opt-out")
    report(stack, re.search(r"/privacy/(\d+)", erase(stack, number).url).group(1))
    assert not stack.sql("SELECT 1 FROM opt_out WHERE address_key = %s", number)
    assert stack.api("POST", "/api/send-message", json={"to": number, "body": "x"}).status_code in (400, 500)
    assert not [m for m in messages_with(stack, number) if m["status"] not in ("failed",)]
    wrote(stack, "me again", number)
    assert conversation_with(stack, number)["message_count"] >= 1
    assert stack.api("POST", "/api/send-message", json={"to": number, "body": "x"}).status_code in (400, 500)
