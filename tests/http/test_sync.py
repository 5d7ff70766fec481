"""What Twilio lists, beside the webhooks: fetched day by day, once, without an answer, without overwriting."""
import base64
import datetime
import re
import subprocess

from panel import answer_after, asked, conversation_with, enter, in_state, messages_with, new_number


def today():
    return datetime.datetime.now(datetime.UTC).date()


def record(stack, number, body, inbound=True, **more):
    ends = {"from": number, "to": stack.line} if inbound else {"from": stack.line, "to": number, "direction": "outbound-api", "status": "delivered"}
    return stack.sim.post("record", {"account": stack.tenant.sid, "body": body, **ends, **more})["sid"]


def state(stack):
    return stack.sql("SELECT * FROM sync_state WHERE tenant_id = %s", stack.tenant.id)[0]


def fetch(stack, days=3):
    answer = enter(stack).submit("/sync", action="/sync", days=str(days))
    assert answer.status_code == 200
    stack.wait(lambda: state(stack)["state"] != "running", what="the end of the walk")
    return state(stack)


def test_history_comes_once_at_its_own_time(stack):
    number = new_number()
    sids = [record(stack, number, "three days ago ł", days_ago=3), record(stack, number, "our answer from elsewhere", inbound=False, days_ago=3, seconds_ago=-60),
            record(stack, number, "yesterday", days_ago=1)]
    done = fetch(stack, 3)
    assert done["state"] == "idle" and done["error"] is None and done["added"] >= 3
    assert done["first_day"] == today() and done["last_day"] == today() - datetime.timedelta(days=3)
    rows = messages_with(stack, number)
    assert [(r["sid"], r["direction"], r["body"]) for r in rows] == [
        (sids[0], 0, "three days ago ł"), (sids[1], 1, "our answer from elsewhere"), (sids[2], 0, "yesterday")]
    assert [(today() - r["created_at"].date()).days for r in rows] == [3, 3, 1]
    talk = conversation_with(stack, number)
    assert (talk["message_count"], talk["preview"], talk["last_message_id"]) == (3, "yesterday", rows[-1]["id"])
    assert talk["inbound_count"] == 1, "only what is of the last two days counts as unread"
    again = fetch(stack, 3)
    assert again["added"] == 0 and len(messages_with(stack, number)) == 3


def test_it_goes_on_where_it_stopped(stack):
    number = new_number()
    for i in range(250):  # more than a page
        record(stack, number, f"part {i}", days_ago=5)
    stack.stop_cron()
    try:
        enter(stack).submit("/sync", action="/sync", days="6")
        for _ in range(200):
            subprocess.run([stack.bin / "fcgi-cron", "--once"], env=stack.env, check=True, timeout=60, capture_output=True)
            now = state(stack)
            if now["day"] == today() - datetime.timedelta(days=5) and now["next_uri"]:
                break
        assert now["next_uri"], "it is in the middle of a day"
        page, fragment = enter(stack).page("/sync"), enter(stack).get("/sync", headers={"X-Fragment": "1"}).text
        for text in (page, fragment):
            assert re.search(r'<progress max="7" value="5"', text), "two days of seven are left"
    finally:
        stack.start_cron()
    stack.wait(lambda: state(stack)["state"] == "idle", what="the end of the walk")
    assert len(messages_with(stack, number)) == 250 and state(stack)["updated"] == 0


def test_states_are_refreshed_and_texts_are_not(stack):
    number = new_number()
    sid = stack.inbound("what the customer wrote", sender=number).headers and messages_with(stack, number)[0]["sid"]
    stack.sim.post("record", {"account": stack.tenant.sid, "from": number, "to": stack.line, "body": ""})
    sent = stack.api("POST", "/api/send-message", json={"to": number, "body": "what we wrote"}).json()["sid"]
    in_state(stack, sent, "delivered")
    stack.sql("UPDATE message SET status = 'sent', `rank` = 40 WHERE sid = %s", sent)
    listed = [m for m in stack.sim.get("messages") if m["sid"] == sent]
    assert listed[0]["status"] == "delivered"
    done = fetch(stack, 1)
    assert done["updated"] >= 1
    by_sid = {r["sid"]: r for r in messages_with(stack, number)}
    assert by_sid[sent]["status"] == "delivered" and by_sid[sent]["body"] == "what we wrote" and by_sid[sid]["body"] == "what the customer wrote"


def test_old_messages_are_not_answered(stack):
    number = new_number()
    answer_after(stack, 0)
    try:
        record(stack, number, "is anybody there?", seconds_ago=90)
        fetch(stack, 1)
        assert len(messages_with(stack, number)) == 1 and not asked(stack, number)
        assert not stack.sql("SELECT 1 FROM reply_job j JOIN conversation c ON c.id = j.conversation_id WHERE c.peer = %s", number)
    finally:
        answer_after(stack, None)


def test_a_send_whose_answer_is_open_is_left_alone(stack):
    number = new_number()
    stack.stop_cron()
    try:
        stack.sim.post("script", {"match": {"To": number}, "cut": "after"})
        stack.api("POST", "/api/send-message", json={"to": number, "body": "open"})
        assert stack.sql("SELECT o.state FROM outbox o JOIN conversation c ON c.id = o.conversation_id WHERE c.peer = %s", number)[0]["state"] == "unknown"
        listed = stack.api("GET", "/api/messages/remote?limit=100").json()["items"]
        assert number in [m["to"] for m in listed]
        assert len(messages_with(stack, number)) == 1, "not added a second time"
    finally:
        stack.start_cron()
    stack.wait(lambda: messages_with(stack, number)[0]["sid"], what="the reconciler")
    fetch(stack, 1)
    assert len(messages_with(stack, number)) == 1 == len([a for a in asked(stack, number) if a["outcome"] == "accepted"])


def test_the_remote_call(stack):
    number = new_number()
    sids = [record(stack, number, f"remote {i}") for i in range(3)]
    answer = stack.api("GET", f"/api/messages/remote?limit=2&from={number.replace('+', '%2B')}")
    page = answer.json()
    assert answer.status_code == 200 and page["count"] == 2 and [m["sid"] for m in page["items"]] == sids[:0:-1]
    assert {"sid", "status", "direction", "from", "to", "body", "num_media", "num_segments", "error_code", "error_message", "messaging_service_sid", "price",
            "price_unit", "date_created", "date_updated", "date_sent"} == set(page["items"][0])
    assert [r["sid"] for r in messages_with(stack, number)] == sids[1:], "what it lists is kept"
    old = stack.api("GET", f"/api/messages/remote?from={number.replace('+', '%2B')}&date_sent_before=2020-01-01").json()
    assert old["count"] == 0
    assert stack.api("GET", "/api/messages/remote?date_sent=soon").status_code == 400
    assert stack.api("GET", f"/api/messages/remote?limit=0&from={number.replace('+', '%2B')}").json()["count"] == 1
    assert stack.api("GET", "/api/messages/remote?limit=9999").status_code == 200 and stack.api("GET", "/api/messages/remote?limit=x").json()["count"] <= 20
    assert stack.api("GET", "/api/messages/remote", "agent").status_code == 403
    stack.sim.post("script", {"op": "list", "status": 503})
    answer = stack.api("GET", "/api/messages/remote")
    assert answer.status_code == 500 and answer.json()["error"]
    stack.sim.post("script", {"op": "fetch", "status": 503})
    assert stack.api("GET", "/api/messages/SM" + "e" * 32).status_code == 404
    assert stack.sim.get("counts")["scripts_left"] == 0, "Twilio was asked both times"


def test_one_message_that_is_not_here_is_fetched_and_kept(stack, other):
    number = new_number()
    sid, elsewhere = record(stack, number, "only at Twilio ł"), record(stack, number, "to no line of ours", to="+15005550009")
    for role in (other.admin, "agent"):  # theirs is another account at Twilio
        answer = stack.api("GET", f"/api/messages/{sid}", role)
        assert answer.status_code == (404 if role == other.admin else 200), role
    item = answer.json()["item"]
    assert (item["sid"], item["body"], item["from"], item["to"], item["direction"]) == (sid, "only at Twilio ł", number, stack.line, "inbound")
    (row,) = messages_with(stack, number)
    assert (row["sid"], row["body"], row["direction"]) == (sid, "only at Twilio ł", 0)
    stack.sim.post("script", {"op": "fetch", "status": 500})
    assert stack.api("GET", f"/api/messages/{sid}").json()["item"] == item, "now it is here"
    assert stack.api("GET", f"/api/messages/{elsewhere}").status_code == 404, "any error of Twilio's"
    shown = stack.api("GET", f"/api/messages/{elsewhere}").json()["item"]
    assert (shown["sid"], shown["body"], set(shown)) == (elsewhere, "to no line of ours", set(item)), "shown, but no conversation of ours"
    assert len(messages_with(stack, number)) == 1
    for absent in ("SM" + "0" * 32, "SM" + "0" * 31 + "g"):
        assert stack.api("GET", f"/api/messages/{absent}").status_code == 404, absent


def test_without_an_account_one_message_is_just_absent(stack):
    stack.ctl("tenant", "add", "Without account")
    stack.ctl("user", "add", "admin@without.example", "--tenant", "Without account", "--role", "admin", input="a long password\n")
    answer = stack.api("GET", "/api/messages/SM" + "0" * 32, "admin@without.example")
    assert answer.status_code == 404 and answer.json()["error"]


def test_a_removed_message_is_not_fetched_one_by_one(stack):
    number = new_number()
    sid = record(stack, number, "to be removed here")
    stack.sql("INSERT INTO removed_message (tenant_id, sid, action, removed_at) VALUES (%s, %s, 'delete', UTC_TIMESTAMP(3))", stack.tenant.id, sid)
    assert stack.api("GET", f"/api/messages/{sid}").status_code == 404
    assert messages_with(stack, number) == []
    stack.sql("DELETE FROM removed_message WHERE sid = %s", sid)
    assert stack.api("GET", f"/api/messages/{sid}").status_code == 200


def test_a_removed_message_stays_away(stack):
    number = new_number()
    stack.inbound("to be deleted", sender=number)
    sid = messages_with(stack, number)[0]["sid"]
    stack.sim.post("inbound", {"account": stack.tenant.sid, "from": number, "to": stack.line, "body": "to be deleted", "sid": sid, "post": False})
    assert stack.api("DELETE", f"/api/messages/{sid}").status_code == 200
    stack.sim.post("inbound", {"account": stack.tenant.sid, "from": number, "to": stack.line, "body": "to be deleted", "sid": sid, "post": False})
    fetch(stack, 1)
    assert not stack.sql("SELECT 1 FROM message WHERE sid = %s", sid)


def test_trouble_is_waited_out_and_shown(stack):
    stack.sim.post("script", {"op": "list", "status": 429, "code": 20429, "message": "slow down", "retry_after": 1})
    assert fetch(stack, 1)["state"] == "idle"
    stack.sim.post("script", {"op": "list", "status": 401, "code": 20003, "message": "Authenticate"})
    assert fetch(stack, 1)["state"] == "failed"
    page = enter(stack).page("/sync")
    assert "Authenticate" in page
    assert fetch(stack, 1)["state"] == "idle"


def test_one_walk_at_a_time_and_limits(stack):
    stack.stop_cron()
    try:
        assert enter(stack).submit("/sync", action="/sync", days="2").status_code == 200
        assert enter(stack).submit("/sync", action="/sync", days="2").status_code == 422
    finally:
        stack.start_cron()
    stack.wait(lambda: state(stack)["state"] == "idle", what="the end of the walk")
    assert enter(stack).submit("/sync", action="/sync", days="401").status_code == 422
    assert enter(stack, "agent").get("/sync").status_code == 403


def test_pages_are_asked_for_at_a_pace(make_stack):
    stack = make_stack(sync_page_pause_ms=600)
    fetch(stack, 3)
    asked_at = [r["at"] for r in stack.sim.get("requests") if r["what"] == "list"]
    assert len(asked_at) == 4 and all(b - a > 0.5 for a, b in zip(asked_at, asked_at[1:]))


def test_the_regular_walk_overlaps_two_days(make_stack):
    stack = make_stack(sync_regularly=1, cron=False)
    number = new_number()
    record(stack, number, "its webhook was lost", days_ago=2)
    record(stack, number, "older than the overlap", days_ago=4)
    stack.start_cron()
    stack.wait(lambda: stack.sql("SELECT state FROM sync_state WHERE tenant_id = %s AND state = 'idle' AND high_at IS NOT NULL", stack.tenant.id), what="the regular walk")
    assert [r["body"] for r in messages_with(stack, number)] == ["its webhook was lost"]


def test_attachments_of_fetched_messages_come_too(stack):
    number = new_number()
    png = base64.b64encode(bytes.fromhex("89504e470d0a1a0a") + b"0" * 64).decode()
    sid = record(stack, number, "", days_ago=1, media=[{"type": "image/png", "data": png}, {"type": "application/pdf", "data": base64.b64encode(b"%PDF-1.4 x").decode()}])
    fetch(stack, 2)
    rows = "SELECT x.position, x.state, f.content_type FROM message_media x JOIN message m ON m.id = x.message_id LEFT JOIN media_file f ON f.sha256 = x.sha256 " \
           "AND f.tenant_id = x.tenant_id WHERE m.sid = %s ORDER BY x.position"
    stack.wait(lambda: [r["state"] for r in stack.sql(rows, sid)] == ["stored", "stored"], what="the files")
    assert [r["content_type"] for r in stack.sql(rows, sid)] == ["image/png", "application/pdf"]
    assert fetch(stack, 2)["added"] == 0 and len(stack.sql(rows, sid)) == 2


def out_of(stack, number):
    return stack.sql("SELECT state, source FROM opt_out WHERE tenant_id = %s AND address_key = %s", stack.tenant.id, number)


def test_a_stop_whose_webhook_was_lost_counts_and_what_is_newer_stands(stack):
    """Days come newest first: a START that is known already outlives the STOP before it."""
    lost, back, again, said, lifted = (new_number() for _ in range(5))
    record(stack, lost, "Stop!", days_ago=2)
    record(stack, back, "STOP", days_ago=3)
    record(stack, back, "start", days_ago=1)
    record(stack, again, "START", days_ago=3)
    record(stack, again, "stopp", days_ago=2)
    record(stack, again, "stop", days_ago=1)
    stack.inbound("STOP", sender=said)
    record(stack, said, "START", days_ago=1)
    record(stack, lifted, "STOP", days_ago=2)
    for method, path in (("POST", "/api/opt-outs"), ("DELETE", f"/api/opt-outs/{lifted.replace('+', '%2B')}")):
        assert stack.api(method, path, json={"address": lifted} if method == "POST" else None).status_code == 200
    fetch(stack, 4)
    assert [out_of(stack, n) for n in (lost, again, said)] == [[{"state": "out", "source": "keyword"}]] * 3
    assert not out_of(stack, back) and [r["state"] for r in out_of(stack, lifted)] == ["in"], "what came after it counts"
    assert stack.api("POST", "/api/send-message", json={"to": lost, "body": "x"}).status_code == 400
    assert [m["status"] for m in messages_with(stack, lost) if m["direction"] == 2] == ["opted-out"], "the chat says so"
    assert asked(stack, lost) == [], "nothing is answered"
    doubtful, old = new_number(), new_number()
    record(stack, doubtful, "stop writing to me please", days_ago=1)
    record(stack, old, "stop writing to me please", days_ago=6)
    fetch(stack, 7)
    assert [len([m for m in messages_with(stack, n) if m["status"] == "opt-out-doubt"]) for n in (doubtful, old)] == [1, 0], "nobody is asked about last week"
