"""Predecessor 000's API: its addresses, its shapes, its envelope of errors. Reading never asks Twilio."""
import re
import secrets

import pytest

from panel import asked, conversation_with, csrf_of, enter, events, in_state, logged, messages_with, new_number, new_sid, quoted, script

MESSAGE = {"id", "sid", "direction", "to_number", "from_number", "body", "status", "error", "created_at", "updated_at"}
TWILIO_MESSAGE = {"sid", "status", "direction", "from", "to", "body", "num_media", "num_segments", "error_code", "error_message", "messaging_service_sid",
                  "price", "price_unit", "date_created", "date_updated", "date_sent"}


@pytest.fixture(scope="module")
def talk(stack, other):
    """The other tenant's: one in, one out, one that failed."""
    number = new_number()
    for i in range(3):
        stack.inbound(f"in {i} ł", sender=number, to=other.line, AccountSid=other.sid, token=other.token)
    sent = stack.api("POST", "/api/send-message", other.admin, json={"to": number, "body": "out"}).json()
    in_state(stack, sent["sid"], "delivered")
    script(stack, number, code=21610, message="Attempt to send to unsubscribed recipient")
    assert stack.api("POST", "/api/send-message", other.admin, json={"to": number, "body": "refused"}).status_code == 500
    return number, sent["sid"]


def items(stack, other, path):
    answer = stack.api("GET", path, other.admin)
    assert answer.status_code == 200 and answer.headers["Content-Type"] == "application/json", answer.text
    page = answer.json()
    assert page["count"] == len(page["items"])
    return page["items"]


def test_messages(stack, other, talk):
    number, sid = talk
    found = [m for m in items(stack, other, "/api/messages?limit=500") if number in (m["to_number"], m["from_number"])]
    assert [m["body"] for m in found] == ["refused", "out", "in 2 ł", "in 1 ł", "in 0 ł"], "newest first"
    assert all(MESSAGE <= set(m) for m in found)
    refused, out, *_, first = found
    assert (out["sid"], out["direction"], out["from_number"], out["to_number"], out["status"], out["error"]) == (sid, "outbound", other.line, number, "delivered", None)
    assert (first["direction"], first["from_number"], first["to_number"], first["status"]) == ("inbound", number, other.line, "received")
    assert (refused["sid"], refused["status"], refused["error"]) == (None, "failed", "Attempt to send to unsubscribed recipient")
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?", m["created_at"]) for m in found), "UTC, ISO 8601, without a zone"


def test_the_filter_and_the_limit_of_messages(stack, other, talk):
    for direction, word in (("inbound", "inbound"), ("outbound", "outbound")):
        assert {m["direction"] for m in items(stack, other, f"/api/messages?direction={direction}")} == {word}
    assert len(items(stack, other, "/api/messages?limit=2")) == 2
    assert len(items(stack, other, "/api/messages?limit=0")) == len(items(stack, other, "/api/messages?limit=-5")) == 1
    everything = items(stack, other, "/api/messages?limit=99999")
    assert items(stack, other, "/api/messages?limit=many") == everything[:50], "a bad limit is the usual one"
    assert items(stack, other, f"/api/messages?limit=2&before={everything[1]['id']}") == everything[2:4]


def test_statistics(stack, other, talk):
    page = stack.api("GET", "/api/messages/stats", other.admin).json()
    counted = stack.sql("SELECT direction, COUNT(*) n FROM message WHERE tenant_id = %s AND direction < 2 GROUP BY direction", other.id)
    assert {r["direction"]: r["n"] for r in counted} == {0: page["inbound"], 1: page["outbound"]}
    assert page["total"] == page["inbound"] + page["outbound"] and set(page) == {"total", "inbound", "outbound", "latest"}
    assert page["latest"] == items(stack, other, "/api/messages?limit=1")[0]


def test_statistics_of_nothing(stack):
    stack.ctl("tenant", "add", "Empty")
    stack.ctl("user", "add", "admin@empty.example", "--tenant", "Empty", "--role", "admin", input="a long password\n")
    assert stack.api("GET", "/api/messages/stats", "admin@empty.example").json() == {"total": 0, "inbound": 0, "outbound": 0, "latest": None}
    for path in ("/api/messages", "/api/conversations"):
        assert stack.api("GET", path, "admin@empty.example").json() == {"items": [], "count": 0}


def test_one_message(stack, other, talk):
    number, sid = talk
    item = stack.api("GET", f"/api/messages/{sid}", other.admin).json()["item"]
    assert set(item) == TWILIO_MESSAGE
    assert (item["sid"], item["status"], item["direction"], item["from"], item["to"], item["body"]) == (sid, "delivered", "outbound-api", other.line, number, "out")
    assert (item["num_media"], item["num_segments"], item["error_code"]) == (0, 1, None)
    for absent in (new_sid(), "x", "stat", "a%2Fb", quoted("ł")):
        answer = stack.api("GET", f"/api/messages/{absent}", other.admin)
        assert answer.status_code == 404 and answer.json()["error"]
    assert stack.api("GET", "/api/messages/..%2Fmessages", other.admin).status_code == 400


def test_conversations(stack, other, talk):
    number, _ = talk
    found = items(stack, other, "/api/conversations?limit=200")
    ours = next(c for c in found if c["participant"] == number)
    assert ours["message_count"] == 5
    last = ours["last_message"]
    assert {"body", "direction", "status", "error", "created_at", "updated_at"} <= set(last)
    assert (last["body"], last["direction"], last["status"]) == ("refused", "outbound", "failed")
    assert last["error"] == "Attempt to send to unsubscribed recipient"
    stamps = [c["last_message"]["created_at"] for c in found]
    assert stamps == sorted(stamps, reverse=True)
    assert len(items(stack, other, "/api/conversations?limit=1")) == 1


@pytest.mark.parametrize("spelling", ["{}", "%2B{}", "whatsapp:%2B{}", "00{}", "whatsapp%3A%2B{}", "%20{}%20", "sms:%2B{}", "MMS:%2B{}", "sip:{}", "client:%2B{}", "%2B00{}", "%2B{}_", "local"])
def test_one_conversation_in_any_spelling(stack, other, talk, spelling):
    path = "/api/conversations/" + (talk[0][3:] if spelling == "local" else spelling.format(talk[0][1:]))
    page = stack.api("GET", path, other.admin).json()
    assert [m["body"] for m in page["items"]] == ["in 0 ł", "in 1 ł", "in 2 ł", "out", "refused"], "oldest first"
    assert page["count"] == 5 and page["participant"] and all(MESSAGE <= set(m) for m in page["items"])


def test_a_short_code_is_a_participant_too(stack):
    stack.inbound("your code is 1234", sender="71333")
    assert [m["body"] for m in stack.api("GET", "/api/conversations/71333").json()["items"]] == ["your code is 1234"]


def test_a_page_of_a_conversation(stack, other, talk):
    path = f"/api/conversations/{quoted(talk[0])}"
    newest = items(stack, other, path + "?limit=2")
    assert [m["body"] for m in newest] == ["out", "refused"]
    assert [m["body"] for m in items(stack, other, f"{path}?limit=2&before={newest[0]['id']}")] == ["in 1 ł", "in 2 ł"]


def test_an_empty_participant_is_a_mistake(stack):
    for participant in ("%20", "%09%20"):
        for method in ("GET", "DELETE"):
            answer = stack.api(method, f"/api/conversations/{participant}")
            assert answer.status_code == 400 and answer.json()["error"], (method, participant)


def test_nobody_is_an_empty_conversation(stack):
    for participant in (new_number(), "nobody", quoted("ł/../x")):
        answer = stack.api("GET", f"/api/conversations/{quoted(participant)}")
        assert answer.status_code == 200 and answer.json()["items"] == [] and answer.json()["count"] == 0


def test_message_add(stack):
    number = new_number()
    answer = stack.api("POST", "/api/messages", json={"to": number, "body": "zażółć 👍"})
    assert answer.status_code == 200
    assert answer.json() == {**answer.json(), "success": True, "status": "queued", "parts": 1, "characters": 8, "sid": asked(stack, number)[0]["sid"]}
    assert answer.json()["message"]
    for body in ({"to": "abc", "body": "x"}, {"body": "x"}, {"to": number}, {"to": number, "body": ""}):
        answer = stack.api("POST", "/api/messages", json=body)
        assert answer.status_code == 400 and answer.json()["error"] and answer.json()["success"] is False
    assert len(messages_with(stack, number)) == 1
    assert stack.post("/api/messages", json={"to": number, "body": "x"}).json()["success"] is False
    assert "success" not in stack.api("POST", "/api/send-message", json={"to": "abc"}).json()


def test_message_add_refused_by_twilio_says_how_many_parts_left(stack):
    number = new_number()
    script(stack, number, code=21211, status=400, message="not a phone number")
    answer = stack.api("POST", "/api/messages", json={"to": number, "body": "x"})
    assert answer.status_code == 500 and answer.headers["Content-Type"] == "application/json"
    assert answer.json() == {"success": False, "error": answer.json()["error"], "parts_sent": 0, "request_id": answer.headers["X-Request-Id"]}
    assert answer.json()["error"]


SENTENCES = [f"This is part {n} of a long text that goes on and on, ł. " * 25 for n in range(3)]
LONG = "".join(SENTENCES).strip()


@pytest.fixture
def quick(stack):
    stack.sql("UPDATE line SET per_second = 1000 WHERE address = %s", stack.line)
    yield stack
    stack.sql("UPDATE line SET per_second = 0 WHERE address = %s", stack.line)


def test_a_long_text_leaves_in_parts(quick):
    stack, number = quick, new_number()
    for _ in range(2): # the same nonce again is the same send
        answer = stack.api("POST", "/api/messages", json={"to": number, "body": LONG, "nonce": "long-" + number}).json()
        found = stack.wait(lambda: [a for a in asked(stack, number) if a["outcome"] == "accepted"][2:] and asked(stack, number), what="three parts")
        assert len(found) == 3 and " ".join(a["Body"] for a in found) == LONG and all(len(a["Body"]) <= 1500 and a["Body"].endswith(".") for a in found)
        assert (answer["success"], answer["parts"], answer["characters"]) == (True, 3, len(LONG)) and len(answer["sids"]) == 3
    assert answer["sids"] == [a["sid"] for a in found] == [m["sid"] for m in messages_with(stack, number)] and answer["sid"] == answer["sids"][0]
    single = stack.api("POST", "/api/messages", json={"to": number, "body": "x" * 1500}).json()
    assert single["parts"] == 1 and "sids" not in single


def test_a_part_that_is_refused_ends_it(quick):
    stack, number = quick, new_number()
    stack.sim.post("script", {"match": {"To": number}})
    script(stack, number, code=21610, message="Attempt to send to unsubscribed recipient")
    answer = stack.api("POST", "/api/messages", json={"to": number, "body": LONG})
    assert answer.status_code == 500 and answer.json()["success"] is False and answer.json()["parts_sent"] == 1 and answer.json()["error"]
    assert [m["status"] == "failed" for m in messages_with(stack, number) if m["direction"] == 1] == [False, True], "the third was not tried"


def test_a_form_is_as_good_as_json(stack):
    number = new_number()
    assert stack.api("POST", "/api/send-message", data={"to": number, "body": "by form"}).status_code == 200
    assert asked(stack, number)[0]["Body"] == "by form"


@pytest.mark.parametrize("body, kind", [(b"{", "application/json"), (b"[1]", "application/json"), (b'"x"', "application/json"), (b"\xff", "application/json"),
                                        (b"to=1", "text/plain"), (b"<x/>", "application/xml"), (b"{" * 5000, "application/json"), (b"", "application/json")])
def test_a_body_that_cannot_be_read_is_a_400(stack, body, kind):
    answer = stack.api("POST", "/api/send-message", data=body, headers={"Content-Type": kind})
    assert answer.status_code == 400 and answer.json()["error"], answer.text


# ---- who may ----

def test_the_envelope_of_errors(stack):
    for answer, status in ((stack.get("/api/messages"), 401), (stack.get("/api/absent"), 404), (stack.api("DELETE", "/api/messages"), 405),
                           (stack.api("POST", "/api/send-message", json={}), 400), (stack.api("POST", "/api/send-message", data=b"x" * 300_000), 413)):
        assert answer.status_code == status and answer.headers["Content-Type"] == "application/json"
        assert isinstance(answer.json()["error"], str) and answer.json()["request_id"] == answer.headers["X-Request-Id"]
    assert stack.get("/api/messages").headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("path", ["/api/messages", "/api/messages/stats", "/api/messages/SMx", "/api/conversations", "/api/conversations/x"])
def test_nothing_without_a_token(stack, path):
    assert stack.get(path).status_code == 401
    assert stack.post("/api/send-message", json={"to": new_number(), "body": "x"}).status_code == 401


def tampered(token):
    head, payload, signature = token.split(".")
    import base64
    import json
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))

    def pack(value):
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()
    yield f"{head}.{pack({**claims, **{k: '1' if isinstance(v, str) else v + 1 for k, v in list(claims.items())[:1]}})}.{signature}"
    yield f"{pack({'alg': 'none', 'typ': 'JWT'})}.{payload}."
    yield f"{pack({'alg': 'none', 'typ': 'JWT'})}.{payload}.{signature}"
    yield f"{head}.{payload}.{signature[:-2]}"
    yield f"{head}.{payload}.{'A' * len(signature)}"
    yield f"{head}.{payload}"
    yield token + "x"
    yield ""
    yield "x" * 5000
    yield secrets.token_urlsafe(40)


def test_only_a_token_of_ours_opens(stack):
    good = stack.token()
    assert stack.get("/api/messages", headers={"Authorization": f"Bearer {good}"}).status_code == 200
    assert stack.get("/api/messages", headers={"Authorization": f"bearer  {good}"}).status_code == 200
    for token in tampered(good):
        assert stack.get("/api/messages", headers={"Authorization": f"Bearer {token}"}).status_code == 401, token
    for header in (good, f"Basic {good}", "Bearer"):
        assert stack.get("/api/messages", headers={"Authorization": header}).status_code == 401
    # A wrong token is not rescued by a session.
    assert enter(stack).get("/api/messages", headers={"Authorization": "Bearer x"}).status_code == 401


def test_a_session_reads_and_writes_only_with_the_csrf_header(stack):
    browser, number = enter(stack), new_number()
    assert browser.get("/api/messages").status_code == 200
    token = csrf_of(browser.page("/"))
    body = {"to": number, "body": "x"}
    assert browser.post("/api/send-message", json=body).status_code == 403
    assert browser.post("/api/send-message", json=body, headers={"X-CSRF-Token": "x" * len(token)}).status_code == 403
    assert asked(stack, number) == []
    assert browser.post("/api/send-message", json=body, headers={"X-CSRF-Token": token}).status_code == 200


# ---- reading is only reading ----

def test_reading_asks_twilio_nothing_and_writes_nothing(stack, other, talk):
    stack.wait(lambda: stack.sim.get("idle")["idle"])
    asked_before = stack.sim.get("counts")["answered"]
    rows_before = stack.sql("SELECT (SELECT COUNT(*) FROM message) m, (SELECT COUNT(*) FROM message_event) e")
    for path in ("/api/messages", "/api/messages/stats", f"/api/messages/{talk[1]}", "/api/conversations", f"/api/conversations/{quoted(talk[0])}"):
        assert stack.api("GET", path, other.admin).status_code == 200
    assert stack.sim.get("counts")["answered"] == asked_before
    assert stack.sql("SELECT (SELECT COUNT(*) FROM message) m, (SELECT COUNT(*) FROM message_event) e") == rows_before


@pytest.mark.parametrize("path, most", [("/api/messages?limit=500", 2), ("/api/messages/stats", 3), ("/api/conversations?limit=200", 3),
                                        ("/api/conversations/{}?limit=500", 4), ("/api/messages/{sid}", 2), ("/api/health", 2), ("/health", 2)])
def test_each_read_costs_a_few_statements(stack, other, talk, path, most):
    answer = stack.api("GET", path.format(quoted(talk[0]), sid=talk[1]), other.admin)
    assert answer.status_code == 200 and int(logged(stack, answer)["statements"]) <= most


def test_head_and_unknown_methods(stack):
    import requests
    head = requests.head(stack.url + "/api/messages", headers={"Authorization": f"Bearer {stack.token()}"}, timeout=60)
    assert head.status_code == 200 and head.content == b"" and int(head.headers["Content-Length"]) > 2
    for method in ("PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"):
        answer = stack.api(method, "/api/messages")
        assert answer.status_code == 405 and set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "POST"}, method


def test_an_address_that_cannot_be_read_is_refused_in_json(stack):
    answer = stack.get("/api/messages/%ff")
    assert answer.status_code == 400 and answer.headers["Content-Type"] == "application/json" and answer.json()["error"]
