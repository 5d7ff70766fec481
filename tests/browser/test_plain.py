"""Scripts off: the panel is a set of pages and forms, and all of the main job can be done."""
import pytest
from window import visitor, write
from selenium.webdriver.support.select import Select


@pytest.fixture
def page(panel):
    return panel(scripts=False)


def scripts_are_off(page):
    return page.one("html").get_attribute("class") == ""


def test_sign_in_and_out(panel, stack):
    page = panel(None, scripts=False).sign_in("operator")
    assert page.path == "/" and page.text("h1") == "Dashboard" and scripts_are_off(page)
    assert page.one("nav a[href='/history']").is_displayed()
    with page.leads_to("/login"):
        page.one("form[action='/logout'] button").click()
    page.open("/conversations")
    assert page.path == "/login"


def test_read_and_answer(page, stack):
    path = write(stack, "+48605000001", "one", "two")
    page.open("/conversations")
    row = f"[data-key=c{path.split('/')[-1]}]"
    assert page.text(row + " .count [aria-hidden]") == "2"
    with page.leads_to(path):
        page.one(row + " a").click()
    assert page.texts(".bubble .bubble-text") == ["one", "two"] and scripts_are_off(page)
    assert page.one(".counter .unscripted").is_displayed() and not page.all("[data-jump]:not([hidden])")
    with page.leads_to(path):
        page.one("[data-read] button").click()
    assert not page.all("[data-read]")
    page.fill("body", "An answer\nof two lines")
    with page.leads_to(path):
        page.one("[data-send]").click()
    assert page.texts(".bubble.out .bubble-text") == ["An answer\nof two lines"] and page.one(".bubble.out").is_displayed()
    # Answering is reading.
    write(stack, "+48605000001", "three")
    page.open(path)
    page.fill("body", "Yes")
    with page.leads_to(path):
        page.one("[data-send]").click()
    assert len(page.all(".bubble.out")) == 2
    assert "count" not in visitor(stack, "admin").page("/conversations").split(f'data-key="c{path.split("/")[-1]}"')[1].split("</li>")[0].split("row-marks")[1]


def test_older_messages(page, stack):
    path = write(stack, "+48605000002", *[f"leaf {n}" for n in range(60)])
    page.open(path)
    assert page.texts(".bubble-text")[0] == "leaf 10"
    older = page.one("[data-older] a")
    page.script("arguments[0].scrollIntoView()", older)
    with page.leads_to(path):
        older.click()
    assert page.texts(".bubble-text")[-1] == "leaf 9"
    with page.leads_to(path):
        page.one(".chat-head a[href$='#newest']").click()
    assert page.texts(".bubble-text")[-1] == "leaf 59"


def test_write_to_somebody_new(page, stack):
    page.open("/")
    page.fill("to", "605000003")
    page.fill("body", "")
    page.script("document.querySelectorAll('[required]').forEach((e) => e.removeAttribute('required'))")
    with page.leads_to():
        page.one("[data-send]").click()
    assert "fill this in" in page.text("#body-error")
    assert page.value("to") == "605000003" or page.value("to") == "+48605000003"
    page.fill("body", "First contact")
    with page.leads_to("/conversations/[0-9]+"):
        page.one("[data-send]").click()
    assert page.text("h1") == "+48 605 000 003" and page.texts(".bubble-text") == ["First contact"]


def test_history_and_search(page, stack):
    path = write(stack, "+48605000004", "A needle in the hay")
    page.open("/history?direction=in")
    with page.leads_to("/history"):
        page.fill("q", "needle\n")
    assert page.texts("tbody .one-line") == ["A needle in the hay"]
    with page.leads_to(path):
        page.one("tbody a").click()


def test_route_what_is_unrouted(page, stack):
    stack.inbound("Who is this for?", sender="+48605000005", to="+48999555111")
    stack.inbound("¿Y esto?", sender="whatsapp:+48605000006", to="whatsapp:+48999555112")
    page.open("/unrouted")
    chat = page.one("li.unrouted-row")  # the newest: WhatsApp, for the WhatsApp line only
    options = [o.text for o in Select(chat.find_element("css selector", "select")).options]
    assert options == ["+48 732 100 201 · WhatsApp"] and "whatsapp:" not in chat.text
    with page.leads_to("/unrouted"):
        chat.find_element("css selector", "button").click()
    assert page.all(".notice") and "Who is this for?" in page.text("li.unrouted-row")
    with page.leads_to("/unrouted"):
        page.one("li.unrouted-row button").click()
    assert page.all(".notice") and "Who is this for?" not in page.text("main")
    page.open("/conversations?q=605000006")
    assert "¿Y esto?" in page.text(".conversation-row") and "WhatsApp" in page.one(".conversation-row .channel").get_attribute("title")
    page.open("/conversations?q=605000005")
    assert "Who is this for?" in page.text(".conversation-row")


def test_language_and_password(page, stack):
    page.open("/account")
    Select(page.one("[name=language]")).select_by_value("es")
    with page.leads_to("/account"):
        page.one("form[action='/account/language'] button").click()
    assert page.one("html").get_attribute("lang") == "es"
    page.fill("current", "not it at all")
    page.fill("password", "a new password")
    page.fill("again", "another password")
    with page.leads_to():
        page.one("form[action='/account/password'] button").click()
    assert "no coinciden" in page.text("#again-error")
