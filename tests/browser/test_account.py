"""Signing in and out, sessions, password, language, set-up of an empty installation, and the pages that say no."""
import pathlib
import re

from window import LIVE_LIMIT, write
from selenium.webdriver.support.select import Select
from stack import USERS


def test_sign_in_and_out(panel):
    page = panel(None).open("/history?direction=in")
    assert page.path == "/login" and page.text("h1") == "Sign in"
    assert page.focused.get_attribute("name") == "email"
    page.fill("email", USERS["admin"])
    page.fill("password", "not the password")
    with page.leads_to("/login"):
        page.one(".primary").click()
    assert "The e-mail address or the password is not right." in page.text("[role=alert]")
    assert page.value("email") == USERS["admin"] and page.value("password") == ""
    unknown = page.open("/login")
    unknown.fill("email", "nobody@example.com")
    unknown.fill("password", "not the password")
    with page.leads_to("/login"):
        unknown.one(".primary").click()
    assert "The e-mail address or the password is not right." in page.text("[role=alert]")  # the same words: nobody learns who exists
    page.expect("status of 401")
    page.sign_in("admin")
    assert page.path == "/" and page.text("h1") == "Dashboard"
    assert page.open("/login").path == "/"  # signed in already
    with page.leads_to("/login"):
        page.one("form[action='/logout'] button").click()
    page.open("/history")
    assert page.path == "/login"
    page.window.back()
    page.window.get(page.stack.url + "/account")
    assert page.path == "/login"


def test_sign_in_returns_to_the_page_asked_for(panel, stack):
    path = write(stack, "+48606000001", "hi")
    page = panel(None).open(path)
    page.fill("email", USERS["manager"])
    page.fill("password", stack.passwords[USERS["manager"]])
    with page.leads_to(path):
        page.one(".primary").click()
    page.open("/login?next=//example.com/")
    assert page.window.current_url.startswith(stack.url)


def test_too_many_attempts(panel, stack):
    stack.add_user("patient@example.com", "agent")
    page = panel(None)
    for _ in range(10):
        stack.post("/login", {"email": "patient@example.com", "password": "wrong"}, headers={"Origin": stack.url})
    try:
        page.open("/login")
        page.fill("email", "patient@example.com")
        page.fill("password", stack.passwords["patient@example.com"])
        with page.leads_to("/login"):
            page.one(".primary").click()
        assert "Too many attempts" in page.text("[role=alert]")
    finally:
        stack.sql("DELETE FROM throttle")
    page.expect("status of 429")


def test_a_session_is_revoked(panel, stack):
    stack.add_user("two.places@example.com", "operator")
    here, there = panel(None).sign_in("two.places@example.com"), panel(None).sign_in("two.places@example.com")
    there.open("/conversations")
    here.open("/account")
    assert "Chrome · " in here.text(".sessions li") and len(here.all(".sessions li")) == 2
    assert here.texts(".sessions li .badge") == ["This session"]
    with here.leads_to("/account"):
        here.one(".sessions button").click()
    assert "The session is revoked." in here.text(".notice")
    assert len(here.all(".sessions li")) == 1
    there.wait_text("#offline", "sign in again", LIVE_LIMIT + 1)
    there.expect("status of 401")
    there.open("/conversations")
    assert there.path == "/login"
    here.one("[data-dismiss]").click()
    assert not here.all(".notice")


def test_password_change(panel, stack):
    first = stack.add_user("changes@example.com", "agent")
    page, other = panel(None).sign_in("changes@example.com"), panel(None).sign_in("changes@example.com")

    def change(current, password, again):
        page.open("/account")
        for name, text in (("current", current), ("password", password), ("again", again)):
            page.fill(name, text)
        with page.leads_to("/account.*"):
            page.one("form[action='/account/password'] .primary").click()
    change("wrong words", "a long new password", "a long new password")
    assert "not the present password" in page.text("#current-error")
    change(first, "a long new password", "another long password")
    assert "differ" in page.text("#again-error")
    change(first, "a long new password", "a long new password")
    assert "The password is changed." in page.text(".notice")
    other.expect("status of 401")  # the open page may hear of it first
    other.open("/account")
    assert other.path == "/login"
    other.sign_in("changes@example.com", password="a long new password")


def test_three_languages(panel, stack):
    page = panel(None).sign_in("agent").open("/account")
    for code, heading, today, role in (("pl", "Rozmowy", "Dzisiaj", "konsultant"), ("es", "Conversaciones", "Hoy", "agente"), ("en", "Conversations", "Today", "agent")):
        Select(page.one("[name=language]")).select_by_value(code)
        with page.leads_to("/account"):
            page.one("form[action='/account/language'] button").click()
        assert page.one("html").get_attribute("lang") == code
        path = write(stack, "+48606000002", f"hello in {code}")
        assert page.open("/conversations").text("h1") == heading
        assert page.text(".whoami span") == f"{stack.tenant.name} · {role}"
        assert page.open(path).text(".day") == today
        page.open("/account")
    # Nobody is signed in: the browser's wish counts.
    for wish, words in (("es-MX,es;q=0.9", "Iniciar sesión"), ("pl", "Zaloguj się"), ("de,en;q=0.5", "Sign in")):
        answer = stack.get("/login", headers={"Accept-Language": wish})
        assert words in answer.text, wish


def test_dates_in_words(panel, stack):
    path = write(stack, "+48606000003", "long ago", "yesterday", "today")
    ids = [row["id"] for row in stack.sql("SELECT id FROM message WHERE conversation_id = %s ORDER BY id", path.split("/")[-1])]
    stack.sql("UPDATE message SET created_at = '2025-05-03 10:00:00' WHERE id = %s", ids[0])
    stack.sql("UPDATE message SET created_at = created_at - INTERVAL 1 DAY WHERE id = %s", ids[1])
    for language, days in (("en", ["3 May 2025", "Yesterday", "Today"]), ("pl", ["3 maj 2025", "Wczoraj", "Dzisiaj"]), ("es", ["3 may 2025", "Ayer", "Hoy"])):
        page = panel(language=language).open(path)
        assert page.texts(".day") == days


def test_first_administrator_of_an_empty_installation(panel, make_stack):
    empty = make_stack(seed=False)
    page = panel(None, on=empty).open("/")
    assert page.path == "/setup"
    fields = {"tenant": "Pracownia Świerk", "name": "Front desk", "email": "first@example.com", "password": "ten letters or more"}

    def set_up(code):
        for name, text in {"code": code, **fields}.items():
            page.fill(name, text)
        with page.leads_to():
            page.one(".primary").click()
    set_up("not the code")
    assert "That is not the code." in page.text(".mistake")
    assert page.value("tenant") == fields["tenant"]
    set_up(pathlib.Path(empty.env["CENTRALA_SETUP_CODE_FILE"]).read_text().strip())
    assert "The administrator is made." in page.text(".notice")
    empty.passwords[fields["email"]] = fields["password"]
    page.sign_in(fields["email"])
    # Everything is empty, and says what to do.
    assert "No conversations yet" in page.text(".latest .empty") and page.texts(".cards b") == ["0", "0", "0"]
    assert [a.get_attribute("href").removeprefix(empty.url) for a in page.all(".begin a")] == ["/settings", "/settings/lines", "/settings/webhooks"]
    assert "No active line" in page.text("#send .warning") and not page.all("[data-composer]")
    assert "No conversations yet" in page.open("/conversations").text(".empty")
    assert "No messages yet" in page.open("/history").text(".empty")
    assert "Every message found its line" in page.open("/unrouted").text(".empty")
    assert page.open("/system").all(".check")
    page.open("/setup")
    assert page.text(".error-number") == "404"
    page.expect("status of 404")


def test_pages_that_say_no(panel, stack):
    page = panel()
    for path in ("/conversations/99999999", "/no/such/page", "/setup", "/phone"):
        page.open(path)
        assert page.text(".error-number") == "404" and page.text("h1") == "Not found", path
        assert re.fullmatch(r"[0-9a-f]{16}", page.text("code")) and page.one(".primary").get_attribute("href") == stack.url + "/"
    page.expect("status of 404")
    page.open("/conversations")
    page.script("document.querySelector('form[action=\"/logout\"] [name=_csrf]').value = 'stale'")
    with page.leads_to("/logout"):
        page.one("form[action='/logout'] button").click()
    assert page.text("h1") == "Not allowed" and "expired" in page.text(".error-page")
    page.expect("status of 403")
