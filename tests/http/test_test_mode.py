"""TEST_MODE: nothing leaves; a message is marked simulated and lives through its states; /phone is the customer's handset."""
import contextlib
import http.server
import re
import threading

import pytest
import requests

from ai_tools import ended, switch_on
from panel import bubbles, conversation_with, csrf_of, enter, events, message, messages_with, mistakes, new_number, new_sid, quoted, requests_logged
from stack import TIMEOUT, Browser
from test_attach import file as picture, send as attach


def send(stack, number, body="Hello", **more):
    return stack.api("POST", "/api/send-message", json={"to": number, "body": body, **more})


def test_a_send_is_simulated_and_plays_its_states(test_mode_stack):
    stack, number = test_mode_stack, new_number()
    answer = send(stack, number).json()
    assert answer["simulated"] is True and answer["status"] == "queued" and re.fullmatch("SM[0-9a-f]{32}", answer["sid"])
    row = message(stack, answer["sid"])
    assert row["simulated"] == 1
    stack.wait(lambda: message(stack, answer["sid"])["status"] == "delivered")
    assert [e["status"] for e in events(stack, answer["sid"])] == ["queued", "sent", "delivered"]
    stack.wait(lambda: messages_with(stack, number)[0]["outbox_state"] == "sent")
    counts = stack.sim.get("counts")
    assert counts["asked"] == counts["accepted"] == 0 and counts["answered"] == {}, "nobody was called"
    page = enter(stack).page(f"/conversations/{row['conversation_id']}")
    assert 'class="simulated"' in page and 'class="test-mode"' in page
    assert 'class="simulated"' in enter(stack).page("/history")


def test_health_says_it(test_mode_stack, stack):
    assert test_mode_stack.get("/api/health").json()["test_mode"] is True
    assert stack.get("/api/health").json()["test_mode"] is False


def test_the_same_mistakes_and_the_same_gate(test_mode_stack):
    stack, number = test_mode_stack, new_number()
    assert send(stack, "123").status_code == send(stack, number, "x" * 1601).status_code == send(stack, "whatsapp:" + number).status_code == 400
    stack.sql("UPDATE tenant SET state = 'suspended' WHERE id = %s", stack.tenant.id)
    try:
        assert send(stack, number).status_code == 500
    finally:
        stack.sql("UPDATE tenant SET state = 'active' WHERE id = %s", stack.tenant.id)
    assert messages_with(stack, number)[0]["status"] == "failed"
    first, again = send(stack, number, nonce="same"), send(stack, number, nonce="same")
    assert first.json()["sid"] == again.json()["sid"]


def type_on_handset(stack, number, to, body):
    return enter(stack).submit(f"/phone?from={quoted(number)}&to={quoted(to)}", action="/phone", body=body)


def test_what_is_typed_on_the_handset_arrives_as_a_signed_webhook(test_mode_stack):
    stack, number = test_mode_stack, new_number()
    before = len(requests_logged(stack, "inbound_hook"))
    answer = type_on_handset(stack, number, stack.line, "Dzień dobry <b>\r\nczy jest otwarte?")
    assert answer.status_code == 200 and answer.url.startswith(stack.url + "/phone?from=")
    (row,) = stack.wait(lambda: messages_with(stack, number), what="the webhook")
    assert row["body"] == "Dzień dobry <b>\nczy jest otwarte?" and row["direction"] == 0
    stack.wait(lambda: len(requests_logged(stack, "inbound_hook")) > before, what="its line of the log")
    assert [r["status"] for r in requests_logged(stack, "inbound_hook")[before:]] == ["200"], "through the real web server"
    stack.wait(lambda: [h["state"] for h in stack.sql("SELECT state FROM handset WHERE from_address = %s", number)] == ["delivered"])
    talk = conversation_with(stack, number)["id"]
    assert bubbles(enter(stack).page(f"/conversations/{talk}")) == ["Dzień dobry <b>\nczy jest otwarte?"]
    enter(stack).submit(f"/conversations/{talk}", action=f"/conversations/{talk}", body="Tak, do 18.")
    page = enter(stack).page(f"/phone?from={quoted(number)}&to={quoted(stack.line)}")
    assert bubbles(page) == ["Dzień dobry <b>\nczy jest otwarte?", "Tak, do 18."], "the panel's answer shows up on it"


def test_the_handset_writes_on_whatsapp_too(test_mode_stack):
    stack, number = test_mode_stack, new_number()
    type_on_handset(stack, number, stack.whatsapp_line, "hola")
    stack.wait(lambda: messages_with(stack, number), what="the webhook")
    talk = conversation_with(stack, "whatsapp:" + number)
    assert talk["channel"] == "whatsapp"
    assert send(stack, "whatsapp:" + number).status_code == 200, "the window is open now"


def test_the_handset_is_woken_at_once(test_mode_stack):
    """Not by the next look at the clock: a datagram wakes fcgi-cron."""
    stack = test_mode_stack
    stack.stop_cron()
    stack.env["CENTRALA_CRON_POLL_MS"] = "30000"
    try:
        stack.start_cron()
        stack.wait(lambda: stack.sql("SELECT 1 FROM heartbeat WHERE pid = %s", stack.cron.pid), what="the first round, which comes before the long wait")
        number = new_number()
        type_on_handset(stack, number, stack.line, "wake up")
        stack.within(5, lambda: messages_with(stack, number), what="the webhook")
    finally:
        stack.stop_cron()
        stack.env["CENTRALA_CRON_POLL_MS"] = "200"
        stack.start_cron()


@contextlib.contextmanager
def silent_webhook(stack):
    """What fcgi-cron posts to from now on: takes requests and never answers. Gives those it got, as (headers, body)."""
    got, closing = [], threading.Event()

    class Silent(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            got.append((dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
            closing.wait(60)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Silent)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    stack.stop_cron()
    usual, stack.env["CENTRALA_INTERNAL_URL"] = stack.env["CENTRALA_INTERNAL_URL"], f"http://127.0.0.1:{server.server_port}"
    try:
        stack.start_cron()
        yield got
    finally:
        stack.env["CENTRALA_INTERNAL_URL"] = usual
        if stack.cron.process.poll() is None:
            stack.cron.process.kill()
        stack.cron.process.wait()
        closing.set()
        server.shutdown()
        server.server_close()
        stack.start_cron()


def handset(stack, number):
    return [row["state"] for row in stack.sql("SELECT state FROM handset WHERE from_address = %s ORDER BY id", number)]


def test_a_slow_webhook_holds_up_nothing_else_and_what_was_cut_off_arrives_once(test_mode_stack):
    stack, number = test_mode_stack, new_number()
    with silent_webhook(stack) as got:
        type_on_handset(stack, number, stack.line, "first")
        type_on_handset(stack, number, stack.line, "second")
        stack.wait(lambda: got, what="the first delivery")
        sid = send(stack, new_number()).json()["sid"]
        stack.wait(lambda: message(stack, sid)["status"] == "delivered", what="a played send")
        assert handset(stack, number) == ["sending", "queued"], "the rounds went on while it waited; one behind the other"
        headers, body = got[0]
        answer = requests.post(stack.url + "/twilio/inbound", data=body, timeout=TIMEOUT,
                               headers={k: headers[k] for k in ("Content-Type", "X-Twilio-Signature")})
        assert answer.status_code == 200, "it arrives, but fcgi-cron does not learn it"
        stack.cron.process.kill()
        stack.cron.process.wait()
    assert handset(stack, number)[0] == "sending", "its lease is not over"
    stack.sql("UPDATE handset SET result = '2020-01-01 00:00:00.000' WHERE from_address = %s AND state = 'sending'", number)
    stack.wait(lambda: handset(stack, number) == ["delivered", "delivered"], what="the lease to run out")
    assert [m["body"] for m in messages_with(stack, number)] == ["first", "second"], "the second delivery had the same MessageSid"


def test_what_the_handset_does_not_take(test_mode_stack):
    stack, browser, number = test_mode_stack, enter(test_mode_stack), new_number()
    token = csrf_of(browser.page("/phone"))
    for data, field in (({"from": "12", "to": stack.line, "body": "x"}, "from"), ({"from": number, "to": "+48000", "body": "x"}, "line"),
                        ({"from": number, "to": stack.line, "body": ""}, "body"), ({"from": number, "to": stack.line, "body": "x" * 1601}, "body")):
        answer = browser.post("/phone", data={"_csrf": token, **data})
        assert answer.status_code == 422 and field in mistakes(answer.text), data
    assert not stack.sql("SELECT 1 FROM handset WHERE from_address = %s", number)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_outside_of_test_mode_there_is_no_handset(stack, method):
    browser = enter(stack)
    data = {"_csrf": csrf_of(browser.page("/")), "from": new_number(), "to": stack.line, "body": "x"}
    assert browser.request(method, "/phone", data=data if method == "POST" else None).status_code == 404
    assert 'href="/phone"' not in browser.page("/")
    assert Browser(stack.url).get("/phone", allow_redirects=False).status_code == 303


def test_a_stopped_worker_loses_no_simulated_message(test_mode_stack):
    """The row is there, the SID is not: the next round plays it from the beginning."""
    stack, number = test_mode_stack, new_number()
    sid = send(stack, number).json()["sid"]
    stack.sql("UPDATE message SET sid = NULL, status = 'queued', `rank` = 5 WHERE sid = %s", sid)
    stack.wait(lambda: messages_with(stack, number)[0]["status"] == "delivered")
    assert messages_with(stack, number)[0]["sid"]


def test_an_attachment_is_simulated_too(test_mode_stack):
    stack, number = test_mode_stack, new_number()
    stack.inbound("hello", sender=number)
    talk = conversation_with(stack, number)["id"]
    before = len(stack.sim.get("requests"))
    assert attach(stack, talk, [picture("jpg")], "Here").status_code == 303
    stack.wait(lambda: messages_with(stack, number)[-1]["status"] == "delivered", what="the played states")
    row = messages_with(stack, number)[-1]
    assert (row["simulated"], row["num_media"]) == (1, 1)
    assert f'<img src="/media/{talk}/{row["id"]}/0"' in enter(stack).page(f"/conversations/{talk}")
    # One that arrives names an address of Twilio's: nobody is asked for it, and nothing is counted as a failure.
    sid = new_sid("MM")
    stack.inbound("look", sender=number, sid=sid, NumMedia=1, MediaUrl0=f"https://api.twilio.com/2010-04-01/Accounts/{stack.tenant.sid}/Messages/{sid}/Media/{new_sid('ME')}",
                  MediaContentType0="image/jpeg")
    send(stack, new_number())
    assert len(stack.sim.get("requests")) == before and stack.sim.get("media")["requests"] == stack.sim.get("media")["offered"] == []


def test_history_is_not_asked_for(test_mode_stack):
    stack, before = test_mode_stack, len(test_mode_stack.sim.get("requests"))
    assert stack.api("GET", "/api/messages/remote").status_code == 409
    assert stack.api("GET", f"/api/messages/{new_sid()}").status_code == 404
    assert enter(stack).submit("/sync", action="/sync", days="1").status_code == 409 or not stack.sql("SELECT 1 FROM sync_state WHERE state = 'running'")
    assert len(stack.sim.get("requests")) == before


def test_a_models_answer_is_simulated(make_stack, models):
    stack, number = make_stack(test_mode=True, **models.settings), new_number()
    switch_on(stack)
    assert ended(stack, stack.inbound("When do you open?", sender=number).sid) == "answered"
    stack.wait(lambda: [(m["body"], m["simulated"], m["status"]) for m in messages_with(stack, number) if m["direction"] == 1] ==
               [("Answer to: When do you open?", 1, "delivered")], what="the played answer")
    assert stack.sim.get("requests") == [], "nobody at Twilio was asked"
