"""The dashboard's form: what a text costs while it is typed, mistakes at their fields, one send for two presses."""
from window import LIVE_LIMIT, write
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.select import Select


def dashboard(panel, **more):
    return panel(**more).open("/")


def type_text(page, text):
    """Characters outside of the basic plane cannot be typed by the driver: set and told, as a paste would be."""
    page.script("const f = document.getElementById('body'); f.value = arguments[0]; f.dispatchEvent(new Event('input', {bubbles: true}))", text)


def test_the_counter_follows(panel):
    page = dashboard(panel)
    counter = lambda: page.text("[data-counter]")
    body = page.one("[name=body]")
    body.send_keys("Hello")
    assert counter() == "Segments: 1 · GSM-7 · 155 left"
    type_text(page, "a" * 160)
    assert counter() == "Segments: 1 · GSM-7 · 0 left"
    type_text(page, "a" * 161)
    assert counter() == "Segments: 2 · GSM-7 · 145 left"
    type_text(page, "€" * 80)  # two units each
    assert counter() == "Segments: 1 · GSM-7 · 0 left"
    # Letters outside of GSM-7 are named, and how to save them is offered.
    type_text(page, "Zażółć gęślą jaźń, " * 5)
    assert counter().startswith("Segments: 2 · UCS-2 · ")
    marks = page.texts("[data-counter] mark")
    assert set(marks) == set("żółćęśąźń") and "70 characters" in page.text("[data-counter] .costly")
    page.one("[data-counter] button").click()
    assert page.value("body") == "Zazolc gesla jazn, " * 5 and counter() == "Segments: 1 · GSM-7 · 66 left"
    # An emoji is one character to a reader, whatever it is made of.
    type_text(page, "Dzięki 👩‍👩‍👧‍👦")
    assert page.texts("[data-counter] mark") == ["ę", "👩‍👩‍👧‍👦"]
    # WhatsApp has no segments.
    Select(page.one("[name=line]")).select_by_index(1)
    assert "of 1600 characters" in counter() and not page.all("[data-counter] mark")
    type_text(page, "x" * 1601)
    assert page.all("[data-counter] .over") and not page.script("return document.getElementById('body').checkValidity()")


def test_send_from_the_dashboard(panel, stack):
    page = dashboard(panel)
    page.fill("to", "602 000 001")  # the tenant's country is known
    page.fill("body", "Your order is ready")
    with page.leads_to("/conversations/[0-9]+"):
        page.one("[data-send]").click()
    assert page.text("h1") == "+48 602 000 001" and page.texts(".bubble.out .bubble-text") == ["Your order is ready"]
    page.wait_text(".bubble.out .badge", "Delivered", LIVE_LIMIT + 1)
    asked = [m for m in stack.sim.get("messages") if m["to"] == "+48602000001"]
    assert len(asked) == 1 and asked[0]["body"] == "Your order is ready"
    page.open("/")
    assert page.value("body") == ""  # no draft is left


def test_mistakes_stand_at_their_fields(panel, stack):
    page = dashboard(panel).stay()
    page.fill("to", "12")
    page.fill("body", "Kept text")
    page.one("[data-send]").click()
    page.wait_text("#to-error", "telephone number")
    to = page.one("[name=to]")
    assert to.get_attribute("aria-invalid") == "true" and "to-error" in to.get_attribute("aria-describedby")
    assert page.focused == to and page.value("to") == "12" and page.value("body") == "Kept text" and page.stayed()
    # WhatsApp to somebody who never wrote: said at the text, nothing stored.
    page.fill("to", "+48602000002")
    Select(page.one("[name=line]")).select_by_index(1)
    page.one("[data-send]").click()
    page.wait_text("#body-error", "WhatsApp allows free text only within 24 hours")
    assert page.value("body") == "Kept text" and not stack.sql("SELECT 1 FROM message WHERE body = 'Kept text'")


def test_pressed_twice_sent_once(panel, stack):
    stack.sim.post("script", {"delay_ms": 700})
    path = write(stack, "+48602000003", "hi")
    page = panel().open(path)
    page.one("[name=body]").send_keys("Only once")
    page.script("const f = document.querySelector('[data-composer]'); f.requestSubmit(); f.requestSubmit()")
    page.press(Keys.ENTER)
    page.wait_text(".bubble.out .bubble-text", "Only once")
    page.wait(lambda: page.value("body") == "", "the empty field")
    assert len(stack.sql("SELECT 1 FROM message WHERE body = 'Only once'")) == 1


def test_enter_sends_and_shift_enter_does_not(panel, stack):
    path = write(stack, "+48602000004", "hi")
    page = panel().open(path)
    page.one("[name=body]").send_keys("first line")
    page.shift_enter()
    page.press("second line")
    assert page.value("body") == "first line\nsecond line"
    page.press(Keys.ENTER)
    page.wait_text(".bubble.out .bubble-text", "first line\nsecond line")


def test_totals_and_list_are_live(panel, stack):
    page = dashboard(panel).stay()
    number = lambda: int("".join(c for c in page.texts(".cards b")[1] if c.isdigit()))
    before = number()
    write(stack, "+48602000005", "counted")
    page.wait(lambda: number() > before, "the card", LIVE_LIMIT + 1)
    page.wait_text(".latest [data-item]", "counted", 1)
    assert page.stayed()
    with page.leads_to("/history"):
        page.one(".cards li:nth-child(2) a").click()
    assert page.text(".filters [aria-current]") == "Inbound"


def test_somebody_who_may_not(panel):
    """An agent has no health page and no unrouted list; the answer says so in the panel's words."""
    page = panel("agent").open("/system")
    assert page.text(".error-number") == "403" and page.text("h1") == "Not allowed" and page.text("code")
    page.expect("status of 403")
    with page.leads_to("/"):
        page.one(".button.primary").click()
    assert not page.all("nav a[href='/system'], nav a[href='/unrouted']")
