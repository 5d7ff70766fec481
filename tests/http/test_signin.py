"""Who is this: sign-in, sessions, CSRF, throttling, roles, tokens, the first administrator."""
import base64
import hashlib
import json
import re

import pytest
import requests

from core_tools import ROOT
from panel import csrf_of, enter, mistakes, new_number, texts
from stack import USERS, Browser

COOKIE = "centrala_session"


def try_login(stack, email, password, browser=None, **headers):
    browser = browser or Browser(stack.url)
    return browser.post("/login", data={"email": email, "password": password}, allow_redirects=False, headers=headers)


def rows(stack, token):
    return stack.sql("SELECT * FROM session WHERE token_hash = %s", hashlib.sha256(token.encode()).digest())


def signed_in(browser):
    return browser.get("/account", allow_redirects=False).status_code == 200


# ---- signing in and out ----

def test_a_page_leads_to_the_sign_in_and_back(stack):
    answer = stack.get("/history?direction=in&q=a%20b")
    assert answer.status_code == 303 and answer.headers["Location"] == "/login?next=%2Fhistory%3Fdirection%3Din%26q%3Da%2520b"
    browser = Browser(stack.url)
    arrived = browser.submit(answer.headers["Location"], email=USERS["agent"], password=stack.passwords[USERS["agent"]])
    assert arrived.url == stack.url + "/history?direction=in&q=a%20b" and arrived.status_code == 200


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example/", "/\\evil.example", "\\\\evil.example", "javascript:alert(1)", "/a\r\nX-Evil: 1", "/\t/evil.example"])
def test_the_way_back_never_leaves_this_site(stack, target):
    answer = Browser(stack.url).post("/login", data={"email": USERS["agent"], "password": stack.passwords[USERS["agent"]], "next": target}, allow_redirects=False)
    assert answer.status_code in (303, 422) and "X-Evil" not in answer.headers
    assert answer.headers.get("Location", "/") == "/"


def test_wrong_password_and_unknown_account_sound_the_same(stack):
    wrong, unknown, empty = (try_login(stack, e, p) for e, p in ((USERS["agent"], "not the password"), ("nobody@example.com", "not the password"), (USERS["agent"], "")))
    assert wrong.status_code == unknown.status_code == 401 and empty.status_code == 422
    assert mistakes(wrong.text) == mistakes(unknown.text) != {} and COOKIE not in wrong.cookies
    assert "not the password" not in wrong.text


def test_an_unknown_account_takes_as_long_as_a_known_one(stack):
    """The fastest of three and more each: whatever else the machine does makes one slower, never quicker."""
    took = {USERS["operator"]: [], "nobody.at.all@example.com": []}
    for turn in range(15):
        stack.sql("DELETE FROM throttle")
        for email, times in took.items():
            answer = try_login(stack, email, "not the password")
            assert answer.status_code == 401
            times.append(answer.elapsed.total_seconds())
        known, unknown = (min(times) for times in took.values())
        if turn >= 2 and 0.4 < unknown / known < 2.5:
            return
    raise AssertionError(f"{known:.3f} s and {unknown:.3f} s")


def test_the_cookie_is_for_this_site_and_no_script(stack):
    answer = try_login(stack, USERS["agent"], stack.passwords[USERS["agent"]])
    flags = [f.strip() for f in answer.headers["Set-Cookie"].split(";")]
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(flags) and "Secure" not in flags, "http on this machine only"
    public = try_login(stack, USERS["agent"], stack.passwords[USERS["agent"]], Host="panel.example.com")
    assert "Secure" in [f.strip() for f in public.headers["Set-Cookie"].split(";")]
    assert not any(f.startswith("Domain") for f in flags)


def test_only_the_hash_of_a_session_is_stored(stack):
    browser = stack.login("agent")
    token = browser.cookies[COOKIE]
    (row,) = rows(stack, token)
    assert row["address"] == "127.0.0.1" and row["agent"].startswith("python-requests")
    assert token not in str(stack.sql("SELECT * FROM session")) and token not in stack.logs()
    assert stack.sql("SELECT password_hash FROM user WHERE email = %s", USERS["agent"])[0]["password_hash"].startswith("$argon2id$")


def test_every_sign_in_is_a_new_session(stack):
    browser = stack.login("agent")
    first = browser.cookies[COOKIE]
    try_login(stack, USERS["agent"], stack.passwords[USERS["agent"]], browser=browser)
    assert browser.cookies[COOKIE] != first
    for token in ("A" * len(first), "", "x", "%00", "a b", "ł".encode().decode("latin-1")):
        assert stack.get("/account", headers={"Cookie": f"{COOKIE}={token}".encode("latin-1")}).status_code == 303, "a token of the visitor's choice is nobody's"


def test_signing_out_ends_the_session_everywhere(stack):
    browser = stack.login("agent")
    token = browser.cookies[COOKIE]
    answer = browser.submit("/", action="/logout")
    assert answer.url.endswith("/login") and not browser.cookies.get(COOKIE) and rows(stack, token) == []
    browser.cookies.set(COOKIE, token)
    assert not signed_in(browser)


def test_sessions_are_listed_and_revoked(stack):
    here, there = stack.login("manager"), stack.login("manager")
    page = here.page("/account")
    assert USERS["manager"] in page and len(re.findall(r'action="/account/sessions/\d+/revoke"', page)) >= 1
    theirs = rows(stack, there.cookies[COOKIE])[0]["id"]
    assert here.submit("/account", action=f"/account/sessions/{theirs}/revoke").status_code == 200
    assert not signed_in(there) and signed_in(here)
    gone = here.post(f"/account/sessions/{theirs}/revoke", data={"_csrf": csrf_of(page)})
    assert gone.status_code == 404
    foreign = rows(stack, enter(stack, "admin").cookies[COOKIE])[0]["id"]
    assert here.post(f"/account/sessions/{foreign}/revoke", data={"_csrf": csrf_of(page)}).status_code == 404
    assert signed_in(enter(stack, "admin"))


def test_a_session_ends_with_disuse_and_with_the_user(stack):
    browser = stack.login("operator")
    row = rows(stack, browser.cookies[COOKIE])[0]
    stack.sql("UPDATE session SET seen_at = UTC_TIMESTAMP(3) - INTERVAL 13 DAY WHERE id = %s", row["id"])
    # Straight in the database, as another host would do it: in force within the two seconds for which a row is kept.
    stack.wait(lambda: signed_in(browser) and stack.sql("SELECT seen_at > UTC_TIMESTAMP() - INTERVAL 1 MINUTE AS fresh FROM session WHERE id = %s", row["id"])[0]["fresh"],
               what="use keeps it alive")
    assert stack.sql("SELECT seen_at > UTC_TIMESTAMP() - INTERVAL 1 MINUTE AS fresh FROM session WHERE id = %s", row["id"])[0]["fresh"], "use keeps it alive"
    stack.sql("UPDATE session SET seen_at = UTC_TIMESTAMP(3) - INTERVAL 15 DAY WHERE id = %s", row["id"])
    stack.wait(lambda: not signed_in(browser), what="the end of an old session")
    other = stack.login("operator")
    stack.sql("UPDATE user SET active = 0 WHERE email = %s", USERS["operator"])
    try:
        stack.wait(lambda: not signed_in(other), what="the end of a switched-off user's session")
        assert try_login(stack, USERS["operator"], stack.passwords[USERS["operator"]]).status_code == 401
        assert stack.api("GET", "/api/messages", "operator").status_code == 401
    finally:
        stack.sql("UPDATE user SET active = 1 WHERE email = %s", USERS["operator"])
    stack.wait(lambda: signed_in(other), what="the session again")


def test_a_password_is_changed(stack):
    email = "changing@example.com"
    old, new = stack.add_user(email, "agent"), "a new, longer password ł"
    here, there = stack.login(email), stack.login(email)

    def change(current, password, again):
        return here.submit("/account", action="/account/password", current=current, password=password, again=again)
    for current, password, again, field in (("wrong password", new, new, "current"), (old, "short", "short", "password"), (old, new, new + "x", "again"),
                                            (old, "x" * 201, "x" * 201, "password")):
        answer = change(current, password, again)
        assert answer.status_code == 422 and field in mistakes(answer.text) and new not in answer.text and old not in answer.text
    assert signed_in(there)
    assert change(old, new, new).status_code == 200
    assert signed_in(here) and not signed_in(there), "other sessions are signed out"
    assert try_login(stack, email, old).status_code == 401 and try_login(stack, email, new).status_code == 303


def test_the_present_password_cannot_be_guessed_by_a_session(make_stack):
    stack = make_stack(auth_tries=2, cron=False)
    browser = stack.login("agent")
    statuses = [browser.submit("/account", action="/account/password", current="guess 123456", password="x" * 12, again="x" * 12).status_code for _ in range(3)]
    assert statuses == [422] * 3 and stack.sql("SELECT MAX(tries) n FROM throttle")[0]["n"] >= 3
    browser.submit("/account", action="/account/password", current=stack.passwords[USERS["agent"]], password="x" * 12, again="x" * 12)
    assert try_login(stack, USERS["agent"], "x" * 12).status_code == 401, "not even with the right one now"


# ---- CSRF ----

def unsafe_page_routes():
    for method, path, permission in re.findall(r'^ROUTE\((\w+), *"([^"]+)", *PAGE, (\w+),', (ROOT / "fcgi/routes.def").read_text(), re.M):
        if method != "GET" and permission != "PUBLIC":
            yield path.replace(":id", "1")


@pytest.mark.parametrize("path", unsafe_page_routes())
def test_no_unsafe_page_without_the_sessions_token(stack, path):
    browser, other = enter(stack), enter(stack, "manager")
    for data in ({}, {"_csrf": ""}, {"_csrf": "0" * 32}, {"_csrf": csrf_of(other.page("/"))}):
        answer = browser.post(path, data=data, allow_redirects=False)
        assert answer.status_code == 403, answer.status_code
    assert requests.post(stack.url + path, data={"_csrf": csrf_of(browser.page("/"))}, timeout=60).status_code == 401


def test_no_sign_in_from_another_site(stack):
    good = {"email": USERS["agent"], "password": stack.passwords[USERS["agent"]]}
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "null"}):
        answer = requests.post(stack.url + "/login", data=good, headers=headers, allow_redirects=False, timeout=60)
        assert answer.status_code == 403 and COOKIE not in answer.cookies, headers
    assert requests.post(stack.url + "/login", data=good, headers={"Origin": stack.url}, allow_redirects=False, timeout=60).status_code == 303


# ---- throttling ----

@pytest.fixture(scope="module")
def strict_stack(database):
    from stack_fixtures import _run
    yield from _run(database, auth_tries=3, cron=False)


def restart(stack):
    stack.fcgi.end()
    stack.start_fcgi()
    stack.wait(lambda: stack.get("/api/health").status_code == 200, what="the new master")


def forget(stack):
    stack.sql("DELETE FROM throttle")


def test_too_many_tries_close_an_account_and_a_restart_does_not_open_it(strict_stack):
    forget(strict_stack)
    statuses = [try_login(strict_stack, USERS["agent"], "wrong password").status_code for _ in range(4)]
    assert statuses == [401, 401, 401, 429]
    answer = try_login(strict_stack, USERS["agent"], strict_stack.passwords[USERS["agent"]])
    assert answer.status_code == 429 and mistakes(answer.text), "the right password does not help now"
    restart(strict_stack)
    assert try_login(strict_stack, USERS["agent"], strict_stack.passwords[USERS["agent"]]).status_code == 429
    assert try_login(strict_stack, USERS["manager"], strict_stack.passwords[USERS["manager"]]).status_code == 303, "another account is not concerned"
    stored = str(strict_stack.sql("SELECT key_hash FROM throttle"))
    assert USERS["agent"] not in stored and "127.0.0.1" not in stored
    strict_stack.sql("UPDATE throttle SET started_at = started_at - INTERVAL 301 SECOND")
    assert try_login(strict_stack, USERS["agent"], strict_stack.passwords[USERS["agent"]]).status_code == 303, "the window has passed"


def test_another_spelling_of_the_account_is_the_same_account(strict_stack):
    forget(strict_stack)
    spellings = ["agent@example.com", "AGENT@example.com", "Agent@Example.Com", "agént@example.com", "agent@EXAMPLE.com"]
    assert [try_login(strict_stack, s, "wrong password").status_code for s in spellings] == [401, 401, 401, 429, 429]


def test_too_many_tries_close_an_address(strict_stack):
    forget(strict_stack)
    statuses = [try_login(strict_stack, f"guess{i}@example.com", "wrong password", **{"X-Forwarded-For": f"192.0.2.{i}"}).status_code for i in range(16)]
    assert statuses == [401] * 15 + [429], "an address that anybody can claim is not believed"
    assert try_login(strict_stack, USERS["admin"], strict_stack.passwords[USERS["admin"]]).status_code == 429
    forget(strict_stack)


def test_people_who_know_their_password_are_not_counted(strict_stack):
    forget(strict_stack)
    for _ in range(17):
        assert try_login(strict_stack, USERS["admin"], strict_stack.passwords[USERS["admin"]]).status_code == 303


# ---- roles ----

def permissions():
    text = (ROOT / "fcgi/perms.def").read_text()
    letters = {"A": "admin", "M": "manager", "O": "operator", "G": "agent"}
    return {name: {letters[c] for c in roles.replace(" ", "").split("|")} for name, roles in re.findall(r'^PERM\((\w+), *"[^"]*", *"[^"]*", *([AMOG |]+)\)', text, re.M)}


def routes_with_permission():
    wanted = permissions()
    for method, path, kind, permission in re.findall(r'^ROUTE\((\w+), *"([^"]+)", *(PAGE|API), *(\w+),', (ROOT / "fcgi/routes.def").read_text(), re.M):
        if permission in wanted:
            yield method, path, kind, wanted[permission]


@pytest.mark.parametrize("role", list(USERS))
def test_each_role_may_do_what_the_table_says(stack, role):
    browser = enter(stack, role)
    token = csrf_of(browser.page("/account"))
    seen = set()
    for method, path, kind, roles in routes_with_permission():
        path = re.sub(r":\w+", "999999", path)
        if kind == "API":
            answer = stack.api(method, path, role, **({"json": {}} if method == "POST" else {}))
        else:
            answer = browser.request(method, path, data={"_csrf": token} if method == "POST" else None, allow_redirects=False)
        assert (answer.status_code == 403) == (role not in roles) and answer.status_code < 500, f"{method} {path}: {answer.status_code}"
        seen.add(answer.status_code == 403)
    assert seen == ({False} if role == "admin" else {True, False})
    menu = texts(browser.page("/"), "header", "side")[0][0]
    assert ("/system" in browser.page("/")) == (role in ("admin", "manager")) and menu


def test_bearer_tokens_act_as_their_user_and_can_be_revoked(stack):
    email = "program@example.com"
    stack.add_user(email, "agent")
    first, second = (stack.ctl("token", "new", "--user", email, "--name", f"program {i}").stdout.split()[-1] for i in range(2))

    def status(token):
        return stack.get("/api/messages", headers={"Authorization": f"Bearer {token}"}).status_code
    assert first != second and status(first) == status(second) == 200
    assert first.split(".")[2] not in str(stack.sql("SELECT * FROM api_token")), "the token itself is nowhere"
    claims = json.loads(base64.urlsafe_b64decode(first.split(".")[1] + "=="))
    jti = claims["jti"]
    stack.sql("UPDATE api_token SET revoked_at = UTC_TIMESTAMP(3) WHERE jti = %s", jti)
    assert (status(first), status(second)) == (401, 200)
    stack.sql("DELETE FROM api_token WHERE jti <> %s AND name LIKE 'program%%'", jti)
    assert status(second) == 401, "an id that is unknown opens nothing, however well it is signed"
    assert enter(stack).get("/", headers={"Authorization": "Bearer x"}).status_code == 200, "pages know sessions only"
    assert stack.get("/", headers={"Authorization": f"Bearer {stack.token()}"}).status_code == 303


# ---- language ----

def test_the_language_of_the_browser_then_of_the_user(stack):
    words = {"pl": "Zaloguj", "en": "Sign in", "es": "Iniciar sesión"}
    for language, word in words.items():
        page = stack.get("/login", headers={"Accept-Language": f"{language}-XX,{language};q=0.9,fr;q=0.8"}).text
        assert f'<html lang="{language}">' in page and word in page
    assert '<html lang="en">' in stack.get("/login", headers={"Accept-Language": "de"}).text
    browser = stack.login("agent")
    for language in ("es", "en", "pl"):
        browser.submit("/account", language=language)
        assert f'<html lang="{language}">' in browser.page("/history")
    token = csrf_of(browser.page("/account"))
    for wrong in ("xx", "", "english"):
        assert browser.post("/account/language", data={"_csrf": token, "language": wrong}).status_code == 422


# ---- the first administrator ----

def test_the_set_up_page_makes_the_first_admin_once(make_stack):
    stack = make_stack(seed=False, cron=False)
    code_file = stack.folder / "var" / "setup.code"
    code = code_file.read_text().strip()
    assert oct(code_file.stat().st_mode & 0o777) == "0o600" and len(code) >= 12
    assert stack.get("/").headers["Location"].startswith("/login") and stack.get("/login").headers["Location"] == "/setup"
    browser = Browser(stack.url)
    fill = dict(tenant="Zakład ł", name="Ala", email="ala@example.com", password="correct horse battery")
    for wrong in ("wrong", code[:-1] + ("a" if code[-1] != "a" else "b"), code + "x"):
        assert "code" in mistakes(browser.submit("/setup", code=wrong, **fill).text)
    assert "password" in mistakes(browser.submit("/setup", code=code, **{**fill, "password": "short"}).text)
    assert stack.sql("SELECT COUNT(*) n FROM user")[0]["n"] == 0
    done = browser.submit("/setup", code=code, **fill)
    assert done.status_code == 200 and done.url.endswith("/login"), done.text
    assert not code_file.exists()
    assert browser.get("/setup").status_code == 404
    assert browser.post("/setup", data={"code": code, **fill, "email": "eve@example.com"}).status_code in (404, 403)
    (user,) = stack.sql("SELECT u.*, t.name AS tenant FROM user u JOIN tenant t ON t.id = u.tenant_id")
    assert (user["email"], user["role"], user["tenant"]) == ("ala@example.com", "admin", "Zakład ł")
    assert signed_in(stack.login("ala@example.com", password=fill["password"]))


def test_the_set_up_code_cannot_be_guessed_and_users_close_the_page(make_stack):
    stack = make_stack(seed=False, cron=False, auth_tries=3)
    code = (stack.folder / "var" / "setup.code").read_text().strip()
    fill = dict(tenant="X", name="Ala", email="ala@example.com", password="correct horse battery")
    answers = [requests.post(stack.url + "/setup", data={"code": f"guess{i}", **fill}, timeout=60) for i in range(4)]
    assert [a.status_code for a in answers] == [422] * 4
    assert requests.post(stack.url + "/setup", data={"code": code, **fill}, timeout=60).status_code == 422, "too many attempts"
    assert stack.sql("SELECT COUNT(*) n FROM user")[0]["n"] == 0
    stack.ctl("tenant", "add", "X")
    stack.ctl("user", "add", "bob@example.com", "--tenant", "X", "--role", "admin", input="a long password\n")
    assert stack.get("/setup").status_code == 404 and stack.get("/login").status_code == 200
