"""Is it well? Two public addresses, and the health page for people."""
import datetime
import os
import re
import signal

import requests

from panel import enter, logged, new_number, texts


def tones(stack, browser=None):
    """The checks of the health page: tone by its place."""
    page = (browser or enter(stack)).page("/system")
    return re.findall(r'<div class="panel check (\w+)">', page), page


DATABASE, WORKERS, CRON, QUEUE, INBOUND, CALLBACK, REFUSED = range(7)


def test_api_health(stack):
    answer = stack.get("/api/health")
    assert answer.status_code == 200 and answer.headers["Content-Type"] == "application/json"
    assert answer.json() == {"status": "ok", "env": "test", "message": answer.json()["message"], "openai_enabled": False, "debug": False, "test_mode": False}


def test_health(stack):
    before = datetime.datetime.now(datetime.timezone.utc)
    answer = stack.get("/health")
    assert answer.status_code == 200
    page = answer.json()
    assert page == {"status": "healthy", "service": "centrala", "timestamp": page["timestamp"], "twilio_configured": True}
    told = datetime.datetime.fromisoformat(page["timestamp"])
    second = datetime.timedelta(seconds=1)
    assert before - second <= told <= datetime.datetime.now(datetime.timezone.utc) + second


def test_health_needs_nobody_and_takes_no_other_method(stack):
    for path in ("/api/health", "/health"):
        assert requests.head(stack.url + path, timeout=60).status_code == 200
        assert stack.post(path).status_code == 405
        assert stack.get(path, headers={"Authorization": "Bearer nonsense", "Cookie": "centrala_session=x"}).status_code == 200
        assert int(logged(stack, stack.get(path))["statements"]) <= 2


def test_without_any_account_twilio_is_not_configured(make_stack):
    stack = make_stack(seed=False, cron=False)
    assert stack.get("/health").json()["twilio_configured"] is False


def test_a_wrong_database_address_is_503(make_stack):
    stack = make_stack(cron=False)
    stack.fcgi.end()
    stack.env["CENTRALA_DB_SOCKET"] = str(stack.folder / "var" / "absent.sock")
    stack.start_fcgi()
    stack.wait(lambda: "X-Request-Id" in stack.get("/api/health").headers, what="the new master")
    answer = stack.get("/api/health")
    assert answer.status_code == 503 and answer.json()["status"] == "error" and "absent.sock" not in answer.text
    answer = stack.inbound("lost?")
    assert answer.status_code == 503 and answer.headers["Content-Type"] == "text/xml"


def test_the_health_page_shows_the_heartbeat_and_what_is_refused(stack):
    stack.wait(lambda: stack.sql("SELECT 1 FROM heartbeat WHERE program = 'cron'"), what="a heartbeat")
    stack.inbound("x", sender=(number := new_number()))
    sid = stack.api("POST", "/api/send-message", json={"to": number, "body": "x"}).json()["sid"]
    stack.wait(lambda: stack.sql("SELECT 1 FROM outbox o JOIN message m ON m.id = o.message_id WHERE m.sid = %s AND o.callback_at IS NOT NULL", sid))
    found, page = tones(stack)
    assert len(found) == 7 and found[DATABASE] == found[CRON] == found[CALLBACK] == "good"
    assert found[INBOUND] == ("wait" if stack.sql("SELECT 1 FROM unrouted WHERE tenant_id = %s LIMIT 1", stack.tenant.id) else "good")
    stack.inbound("x", token="0" * 32)
    found, page = tones(stack)
    assert found[REFUSED] != "good" and stack.public_url + "/twilio/inbound" in page
    assert f"{stack.public_url}/hook/{stack.tenant.hook_secret}/message" in page, "what to enter at Twilio"


def test_a_silent_cron_and_an_old_queue_are_shown(make_stack):
    stack = make_stack(cron=False)
    browser = stack.login()
    found, _ = tones(stack, browser)
    assert found[CRON] == "bad" and found[QUEUE] == "good"
    stack.sim.post("script", {"status": 429})
    assert stack.api("POST", "/api/send-message", json={"to": new_number(), "body": "x"}).json()["status"] == "queued"
    assert tones(stack, browser)[0][QUEUE] == "wait"
    stack.sql("UPDATE outbox SET created_at = created_at - INTERVAL 10 MINUTE")
    found, page = tones(stack, browser)
    assert found[QUEUE] == "bad" and 'class="badge large bad"' in page
    stack.sql("INSERT INTO heartbeat (program, host, pid, seen_at) VALUES ('cron', 'elsewhere', 1, UTC_TIMESTAMP(3) - INTERVAL 80 SECOND)")
    assert tones(stack, browser)[0][CRON] == "good"
    stack.sql("UPDATE heartbeat SET seen_at = seen_at - INTERVAL 20 SECOND")
    assert tones(stack, browser)[0][CRON] == "bad"


def test_a_crashed_worker_is_replaced_and_shown(make_stack):
    stack = make_stack(cron=False)
    stack.expect_crashes = True
    browser = stack.login()
    from core_tools import children
    victim = children(stack.fcgi.pid)[0]
    os.kill(victim, signal.SIGKILL)
    stack.wait(lambda: len(children(stack.fcgi.pid)) == 2 and victim not in children(stack.fcgi.pid), what="a new worker")
    found, page = tones(stack, browser)
    assert found[WORKERS] == "wait" and texts(page, "dl", "checks")[0]
