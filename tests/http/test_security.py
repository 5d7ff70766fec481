"""Headers, markup, rights in the database, and what must not be in a log."""
import re
import secrets
import socket
import urllib.parse

import pymysql
import pytest

from ai_tools import KEY, ended, switch_on
from core_tools import ROOT
from panel import at_once, conversation_with, csrf_of, enter, logged, new_number, new_sid, quoted, script, shared
from stack import USERS, Browser
from test_media import arrive, at_twilio

ROUTES = re.findall(r'^ROUTE\((\w+), *"([^"]+)", *(\w+),', (ROOT / "fcgi/routes.def").read_text(), re.M)
PLAIN = {"/live", "/secrets", "/phone", "/setup", "/login", "/opt-outs/export"}  # no pages of the panel, or not everywhere
PAGES = [path for method, path, kind in ROUTES if method == "GET" and kind == "PAGE" and ":" not in path and path not in PLAIN] + ["/conversations/:id"]


def existing(stack, path):
    stack.inbound("x", sender="+48500600700")
    return path.replace(":id", str(conversation_with(stack, "+48500600700")["id"]))


# ---- what every answer carries ----

@pytest.mark.parametrize("path", [*PAGES, "/login", "/absent", "/api/messages", "/api/absent", "/api/health", "/health", "/twilio/absent", "/live?view=list&cursor="])
def test_headers(stack, path):
    head = enter(stack).get(existing(stack, path), allow_redirects=False).headers
    policy = dict(p.strip().split(" ", 1) for p in head["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'" and policy["frame-ancestors"] == "'none'" and policy["base-uri"] == "'none'" and policy["form-action"] == "'self'"
    assert policy["script-src"] == policy["style-src"] == "'self'"
    assert not re.search(r"unsafe-|\*|https?:", head["Content-Security-Policy"])
    assert head["X-Content-Type-Options"] == "nosniff" and head["X-Frame-Options"] == "DENY"
    assert head["Referrer-Policy"] in ("same-origin", "no-referrer") and head["Cache-Control"] == "no-store"
    assert re.fullmatch("[0-9a-f]{16}", head["X-Request-Id"]) and not head.get("Content-Type", "").startswith("text/plain")
    assert "X-Powered-By" not in head


@pytest.mark.parametrize("path", [*PAGES, "/login"])
def test_pages_hold_no_script_or_style_of_their_own(stack, path):
    page = enter(stack).page(existing(stack, path))
    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:|<script(?![^>]*\ssrc=)", page, re.I)
    assert not re.search(r'(?:src|href|action)="(?:https?:)?//(?!www\.twilio\.com|www\.openstreetmap\.org)', page), "nothing comes from elsewhere"


def test_errors_name_the_request_and_nothing_inside(stack):
    for answer in (enter(stack).get("/absent"), enter(stack).get("/conversations/99999999"), stack.post("/send", {"to": "x"})):
        assert answer.headers["X-Request-Id"] in answer.text
        assert not re.search(r"fcgi/|\.c:\d|SELECT|mysql|errno|0x[0-9a-f]{6}", answer.text, re.I)


# ---- input ----

@pytest.mark.parametrize("path", ["/history?q={}", "/conversations?q={}", "/login?next={}", "/chat/{}", "/absent/{}", "/history?direction={}", "/live?view={}",
                                  "/conversations?before={}", "/unrouted?before={}", "/opt-outs?q={}", "/opt-outs?before={}", "/auto-reply?line={}", "/ai?line={}", "/bulk?before={}",
                                  "/settings/audit?before={}", "/reminders/new?to={}", "/privacy?before={}"])
def test_what_is_asked_for_is_shown_as_text(stack, path):
    for probe in ("<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "'-alert(1)-'", "{{csrf}}{{{body}}}"):
        answer = enter(stack).get(path.format(urllib.parse.quote(probe, safe="")))
        assert answer.status_code < 500
        assert "<script>alert" not in answer.text and "<img src=x" not in answer.text and not re.search(r'="[^"]*"-alert', answer.text)


JUNK = ["", "0", "🙂", "-1", "x", "99999999999999999999", "1e9", "%00", "%ff", "' OR 1=1 --", "a" * 7000, "%", "[]", "1;2", "\u202e", "../../etc/passwd", "1-ffffffffffffffffffff",
        "-9223372036854775808-x"]


def test_no_parameter_of_any_page_brings_a_worker_down(make_stack):
    """On a stack of its own: among what it posts are settings."""
    stack = make_stack()
    fields = set(re.findall(r"FORM_\w+\(struct \w+, (\w+)", "".join(p.read_text() for d in ("pages", "api") for p in (ROOT / "fcgi" / d).glob("*.c"))))
    assert {"view", "cursor", "before", "nonce"} <= fields
    browser = enter(stack)
    token = csrf_of(browser.page("/"))
    routes = re.findall(r'^ROUTE\((\w+), *"([^"]+)", *(PAGE|API),', (ROOT / "fcgi/routes.def").read_text(), re.M)
    failed = []

    def probe(i):
        session = Browser(stack.url)
        session.cookies.update(browser.cookies)
        for method, path, _ in routes[i::2]:
            if path == "/logout" or path.endswith("/revoke"):
                continue
            for junk in JUNK[:9] + [None]:
                query = {f: junk for f in fields} if junk is not None else {}
                target = re.sub(r":\w+", urllib.parse.quote(junk or "1", safe="%")[:200] or "1", path)
                for more in ({"view": "chat", "id": "1"}, {"view": "handset"}, {}):
                    body = {**query, **more}
                    answer = session.request(method, target, params=body if method == "GET" else None, data={**body, "_csrf": token} if method == "POST" else None,
                                             headers={"X-CSRF-Token": token}, allow_redirects=False)
                    if answer.status_code >= 500 and answer.status_code != 502:
                        failed.append((method, target, junk, answer.status_code))
    at_once(2, probe)
    assert failed == []
    for junk in JUNK[9:]:
        for path in ("/history?q=", "/live?view=list&cursor=", "/live?view=chat&id=1&cursor=", "/conversations?before=", "/unrouted?before=", "/api/messages?before=", "/conversations/"):
            assert browser.get(path + urllib.parse.quote(junk, safe="%")).status_code < 500


TYPES = [None, True, 0, -1, 3.7, 10 ** 30, " ", [], {}, [[]], [None], ["", ""], "a" * 70000, "\u202eabc", "🙂", "\x00", "a\x00b", "0x10", "NaN"]


def test_no_member_of_any_call_brings_more_than_a_400(make_stack):
    """Each call with each of its members in every other type."""
    stack = make_stack(cron=False)
    source = "".join(p.read_text() for p in (ROOT / "fcgi/api").glob("*.c"))
    forms = {m[0]: re.findall(r"(?:FORM_\w+\(struct \w+, |WISH_\w+\(|\{ \")(\w+)", m[1]) for m in re.findall(r"form_field (\w+)_fields\[\] = (\{.*?\};)", source, re.S)}
    tables = dict(re.findall(r"struct form (\w+) = FORM\w*\(struct \w+, (\w+)_fields\)", source))
    routes = re.findall(r'^ROUTE\(POST, *"(/api/[^"]+)", *API, *\w+, *\w+, *(\w+)\)', (ROOT / "fcgi/routes.def").read_text(), re.M)
    calls = [(path.replace(":id", "1").replace(":sid", "SM" + "0" * 32).replace(":key", "OPENAI_API_KEY"), forms[tables[form]]) for path, form in routes if form in tables]
    assert len(calls) >= 11 and all(fields for _, fields in calls)
    fine = {"to": new_number(), "address": new_number(), "body": "x", "inbound_from": new_number(), "inbound_to": stack.line, "participant": new_number(), "recipients": ["12"],
            "interval_minutes": 60, "value": "sk-abcdefgh12345678"}
    failed = []

    def probe(i):
        for path, fields in calls[i::2]:
            for field in fields:
                for value in TYPES:
                    answer = stack.api("POST", path, json={**{f: fine[f] for f in fields if f in fine}, field: value})
                    if answer.status_code >= 500 and answer.status_code != 502 or answer.headers["Content-Type"] != "application/json":
                        failed.append((path, field, str(value)[:20], answer.status_code))
    at_once(2, probe)
    assert failed == []


def raw(stack, text):
    """Bytes to the web server as they are."""
    with socket.create_connection(("127.0.0.1", int(stack.url.rsplit(":", 1)[1])), timeout=60) as s:
        s.sendall(text)
        s.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: s.recv(65536), b""))


@pytest.mark.parametrize("line", [b"GET /login?next=%0d%0aX-Evil:%201 HTTP/1.1", b"GET /%0d%0aX-Evil:%201 HTTP/1.1", b"GET //evil.example/%2e%2e HTTP/1.1",
                                  b"GET /login\x01 HTTP/1.1", b"GET /\xff\xfe HTTP/1.1", b"GET http://evil.example/login HTTP/1.1", b"GET * HTTP/1.1",
                                  b"TRACE /login HTTP/1.1", b"GET /login?" + b"a" * 9000 + b" HTTP/1.1"])
def test_odd_request_lines(stack, line):
    answer = raw(stack, line + b"\r\nHost: x\r\nConnection: close\r\n\r\n")
    head = answer.split(b"\r\n\r\n")[0].lower()
    assert b"\nx-evil" not in head and b"evil.example" not in head and int(head.split()[1]) != 500
    assert stack.get("/api/health").status_code == 200


def test_many_and_large_cookies(stack):
    browser = enter(stack)
    token = browser.cookies["centrala_session"]
    for cookie in ("; ".join(f"c{i}=x" for i in range(150)) + f"; centrala_session={token}", f"x={'y' * 3000}; centrala_session={token}", ";;;=; =x; centrala_session"):
        assert stack.get("/account", headers={"Cookie": cookie}).status_code == (200 if token in cookie else 303)


# ---- the database's users ----

def as_user(stack, which):
    return stack.database.connect(stack.env["CENTRALA_DB_NAME"], (stack.env[f"CENTRALA_DB_{which}"], stack.env[f"CENTRALA_DB_{which.replace('USER', 'PASSWORD')}"]))


def test_the_user_of_safe_requests_can_only_read(stack):
    with as_user(stack, "READER_USER") as connection, connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM message")
        for statement in ("INSERT INTO throttle VALUES ('x', NOW(), 1)", "UPDATE tenant SET name = 'x'", "DELETE FROM message", "CREATE TABLE t (i INT)",
                          "DROP TABLE message", "CALL message_ingest(1,NULL,NULL,'','','','','','','','','',1,0,NULL,NULL,'')", "SELECT * FROM mysql.user",
                          "SELECT 1 INTO OUTFILE '/tmp/x'"):
            with pytest.raises(pymysql.err.MySQLError):
                cursor.execute(statement)


def test_the_user_of_the_programs_cannot_change_the_schema(stack):
    with as_user(stack, "USER") as connection, connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM message")
        for statement in ("CREATE TABLE t (i INT)", "DROP TABLE message", "ALTER TABLE message ADD x INT", "GRANT SELECT ON *.* TO 'x'", "SELECT * FROM mysql.user"):
            with pytest.raises(pymysql.err.MySQLError):
                cursor.execute(statement)


def test_safe_requests_run_as_the_reader(make_stack):
    """With a writer that cannot sign in, whatever only reads still works and nothing else does."""
    stack = make_stack(cron=False)
    browser, token = stack.login(), stack.token()
    sid = stack.inbound("x").sid
    stack.fcgi.end()
    stack.env["CENTRALA_DB_PASSWORD"] = "not the password"
    stack.start_fcgi()
    stack.wait(lambda: stack.get("/api/health").status_code == 200, what="health by the reader")
    for path in (*PAGES[:-1], "/conversations/1", "/history?q=x", "/opt-outs?q=x", "/live?view=list&cursor=0-0", "/opt-outs/export"):
        assert browser.get(path).status_code == 200, path
    plain = [path for method, path, kind in ROUTES if method == "GET" and kind == "API" and ":" not in path and path != "/api/messages/remote"]  # that one keeps what it lists
    assert "/api/reminders" in plain and "/api/secrets" in plain
    for path in (*plain, f"/api/messages/{sid}", "/api/conversations/x", "/api/opt-outs/%2B48500600700"):
        assert stack.get(path, headers={"Authorization": f"Bearer {token}"}).status_code == 200, path
    assert stack.inbound("y").status_code == 503
    assert stack.get("/twilio/inbound").status_code == 405


# ---- secrets ----

def test_secrets_lie_in_files_of_their_owner(stack):
    var = stack.folder / "var"
    assert oct((var / "centrala.key").stat().st_mode & 0o777) == "0o600"
    assert len((var / "centrala.key").read_bytes()) >= 32
    key = (var / "centrala.key").read_bytes().strip()
    assert key not in (stack.logs()).encode()


def test_only_the_last_four_characters_of_a_token_are_kept_readable(stack):
    everything = str([stack.sql(f"SELECT * FROM {t}") for t in ("twilio_account", "tenant", "user", "api_token")])
    assert stack.tenant.token not in everything and stack.tenant.token[-4:] in everything
    assert all(p not in everything for p in stack.passwords.values())


def test_no_page_and_no_answer_holds_a_secret(make_stack, models):
    """Every address that can be read, by an admin; whole keys, whatever seals or hashes them."""
    stack = make_stack(**models.settings)
    switch_on(stack)
    stack.inbound("x")
    forbidden = {"an auth token": stack.tenant.token, "a model's key": KEY}
    for what, query in (("a sealed token", "SELECT auth_token v FROM twilio_account"), ("a sealed key", "SELECT sealed_key v FROM model_key"),
                        ("a password's hash", "SELECT password_hash v FROM user"), ("a session", "SELECT HEX(token_hash) v FROM session")):
        forbidden |= {f"{what} {i}": r["v"] for i, r in enumerate(stack.sql(query))}
    assert len(forbidden) > 6
    browser, token, seen = stack.login(), stack.token(), 0
    for method, path, kind in ROUTES:
        if method != "GET" or path in ("/phone", "/setup") or (":" in path and path != "/conversations/:id"):
            continue
        path = path.replace(":id", "1") + ("?view=list&cursor=" if path == "/live" else "")
        answer = stack.get(path, headers={"Authorization": f"Bearer {token}"}) if kind == "API" else browser.get(path)
        assert answer.status_code in (200, 204), (path, answer.status_code)
        found = [what for what, text in forbidden.items() if text in answer.text + str(answer.headers)]
        assert not found, (path, found)
        seen += 1
    assert seen > 40


def test_the_log_holds_no_secret_no_number_and_no_text(make_stack):
    stack = make_stack()
    number, word = new_number(), "Zażółć" + secrets.token_hex(8)
    browser, token = stack.login(), stack.token()
    stack.inbound(f"{word} in", sender=number, ProfileName=f"{word} Kowalski", MediaUrl0=f"https://media.example.com/{word}", NumMedia=1)
    stack.inbound(f"{word} nobody", sender=number, to=new_number())
    stack.inbound(f"{word} forged", sender=number, token="0" * 32)
    stack.inbound(f"{word} incomplete", sender=number, MessageSid="", SmsSid="", SmsMessageSid="")
    stack.inbound(f"{word} by secret", sender=number, path=f"/hook/{stack.tenant.hook_secret}/message")
    for code in (21610, 20003, 20429):
        script(stack, number, code=code, message=f"{word} about {number}")
        stack.api("POST", "/api/send-message", json={"to": number, "body": f"{word} out", "nonce": word.encode().hex()[:30]})
    script(stack, number, cut="after")
    stack.api("POST", "/api/send-message", json={"to": number, "body": f"{word} cut"})
    stack.api("POST", "/api/send-message", json={"to": "not " + number, "body": word})
    stack.api("POST", "/api/send-message", data=f'{{"to": "{number}", "body": "{word}'.encode(), headers={"Content-Type": "application/json"})
    stack.get(f"/api/conversations/{number}?{quoted(word)}", headers={"Authorization": "Bearer " + token[:-3]})
    browser.get(f"/history?q={word}{number}")
    browser.get(f"/chat/{number}")
    browser.submit("/", action="/send", to=number, body=word)
    browser.submit("/account", action="/account/password", current=f"{word} old", password=f"{word} new", again=f"{word} new")
    Browser(stack.url).post("/login", data={"email": f"{word}@example.com", "password": f"{word} wrong"})
    stack.status(new_sid(), "failed", ErrorCode=30003, ErrorMessage=f"{word} {number}", To=number)
    stack.wait(lambda: stack.sql("SELECT COUNT(*) n FROM outbox WHERE state IN ('queued', 'claimed', 'unknown')")[0]["n"] == 0)
    logs = stack.logs("centrala.fcgi") + stack.logs("fcgi-cron")
    assert logs.count("event=request ") > 20 and "event=call" in logs
    session = browser.cookies["centrala_session"]
    forbidden = {"a number": number[1:], "a text": word, "the same, escaped": word[6:], "a password": stack.passwords[USERS["admin"]], "a bearer token": token,
                 "a session": session, "an auth token": stack.tenant.token, "a hook secret": stack.tenant.hook_secret, "an e-mail": "@example.com",
                 "a line": stack.line[1:], "a CSRF token": csrf_of(browser.page("/")), "a database password": stack.env["CENTRALA_DB_PASSWORD"]}
    for what, text in forbidden.items():
        found = [line for line in logs.splitlines() if text in line]
        assert not found, f"{what} in the log: {found[:3]}"


def test_what_happens_by_itself_logs_no_number_no_text_and_no_key(make_stack, models):
    """Answers, a model, opt-outs, reminders, batches, attachments, the walk, removing, erasing; settings and keys."""
    stack, word, spare = make_stack(**models.settings), "Zażółć" + secrets.token_hex(8), "1" * 31 + "7"
    number, left, gone, drawn = (new_number() for _ in range(4))
    switch_on(stack, system_prompt=f"{word} prompt")
    models.script(kind="text", text=f"{word} answer")
    first = stack.inbound(f"{word} question", sender=number)
    assert ended(stack, first.sid) == "answered"
    models.script(kind="hand_off", reason=f"{word} reason")
    assert ended(stack, stack.inbound(f"{word} again", sender=number).sid) == "ai-handed_off"
    models.script(kind="error", status=400, message=f"{word} {KEY}")
    stack.api("POST", "/api/ai/test", json={"message": word, "api_key": KEY})
    stack.api("POST", "/api/auto-reply/config", json={"enabled": True, "message": f"{word} text"})
    assert ended(stack, stack.inbound(f"{word} third", sender=gone).sid) == "answered"
    stack.inbound("stop", sender=left)
    stack.inbound(f"stop {word}", sender=drawn)
    stack.api("POST", "/api/opt-outs", json={"address": drawn, "reason": word})
    batch = stack.api("POST", "/api/multi-sms/batches", json={"body": f"{word} to all", "recipients": [number, left, f"{word} nobody"]}).json()["batch"]["id"]
    reminder = stack.api("POST", "/api/reminders", json={"to": number, "body": f"{word} remember", "interval_minutes": 60, "name": word}).json()["id"]
    stack.sql("UPDATE reminder SET next_at = UTC_TIMESTAMP() - INTERVAL 1 SECOND WHERE id = %s", reminder)
    sid = new_sid("MM")
    arrive(stack, [at_twilio(stack, sid), f"https://evil.example/{word}"], number, sid)
    browser = enter(stack)
    browser.submit("/sync", action="/sync", days="1")
    stack.api("GET", f"/api/messages/remote?from={quoted(number)}")
    stack.api("POST", f"/api/messages/{first.sid}/redact")
    stack.api("POST", "/api/secrets/TWILIO_AUTH_TOKEN/test", json={"value": spare})
    browser.submit("/settings/organisation", action="/settings/organisation", name=f"{word} firm")
    browser.submit("/settings/people", action="/settings/people", email=f"{word[6:]}@example.com", name=word)
    browser.submit("/privacy", "/privacy/erase", number=gone, again=gone)
    stack.api("DELETE", f"/api/conversations/{quoted(drawn)}")
    for done in ("SELECT 1 FROM bulk_batch WHERE completed_at IS NOT NULL", "SELECT 1 FROM reminder_slot", "SELECT 1 FROM sync_state WHERE state <> 'running'",
                 "SELECT 1 FROM removal_request WHERE kind = 'person' AND state = 'done'", "SELECT 1 FROM message_media WHERE state = 'refused'"):
        stack.wait(lambda: stack.sql(done), what=done)
    assert batch
    for event in ("reply.judged", "removal.done", "call"):
        stack.wait(lambda: f"event={event}" in stack.program_logs(), what=event)
    logs = stack.program_logs()
    forbidden = {"a text": word, "the same, escaped": word[6:], "a key": KEY, "a token": stack.tenant.token, "a token that was tried": spare, "a line": stack.line[1:],
                 **{f"number {i}": n[1:] for i, n in enumerate((number, left, gone, drawn))}}
    for what, text in forbidden.items():
        found = [line for line in logs.splitlines() if text in line]
        assert not found, f"{what} in the log: {found[:3]}"


def test_every_request_has_one_line_with_its_id(stack):
    answer = stack.get("/login")
    rid = answer.headers["X-Request-Id"]
    logged(stack, answer)
    lines = [line for line in stack.logs("centrala.fcgi").splitlines() if f"id={rid}" in line and "event=request " in line]
    assert len(lines) == 1 and re.search(r"tenant=\d+ method=GET route=login_page status=200 ms=\d+\.\d statements=\d+$", lines[0])


def test_naughty_strings_as_searches_and_addresses(stack):
    browser = enter(stack)
    for text in shared("blns/blns.json")[::7]:
        answer = browser.get("/history", params={"q": text.replace("\0", "")})
        assert answer.status_code == 200 and "<script>alert" not in answer.text
