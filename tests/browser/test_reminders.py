"""Reminders in the browser: one made by keyboard alone, the next five while one types, pausing; and without scripts."""
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.select import Select
from window import LIVE_LIMIT, write


def ahead(page):
    return page.texts("[data-ahead] li b")


def test_a_reminder_by_keyboard(panel, stack):
    page = panel("operator").open("/")
    with page.leads_to("/reminders"):
        page.press("g", "e")
    with page.leads_to("/reminders/new"):
        page.press("r")  # "write": the button for a new one
    assert len(ahead(page)) == 5 and set(ahead(page)) == {"09:00"}
    page.one("#to").send_keys("600700123", Keys.TAB, "The gate opens at eight.", Keys.TAB, "Gate", Keys.TAB, Keys.TAB)
    assert page.focused.get_attribute("id") == "rule-daily"
    page.press(Keys.ARROW_DOWN)  # to the weekdays
    assert page.focused.get_attribute("id") == "rule-weekdays"
    page.wait_text("[data-ahead]", "Choose at least one day.")
    page.press(Keys.TAB, Keys.SPACE)
    assert page.focused.get_attribute("id") == "day-mon"
    page.wait(lambda: len(page.texts("[data-ahead] .ahead-day")) == 5 and all(d.startswith("Mon ") for d in page.texts("[data-ahead] .ahead-day")), "five Mondays")
    assert "Europe/Warsaw" in page.text("[data-ahead]") and "UTC+01:00" in page.text("[data-ahead]")
    page.script("document.getElementById('time').focus()")
    page.press("07", "30") if page.script("return document.getElementById('time').value") == "" else page.fill("time", "07:30AM")
    page.wait(lambda: set(ahead(page)) == {"07:30"}, "the new time")
    page.script("document.querySelector('.reminder-form .primary').focus()")
    with page.leads_to("/reminders/[0-9]+"):
        page.press(Keys.ENTER)
    assert page.text("h1") == "Gate" and "Mon at 07:30" in page.text("main") and "Active" in page.text(".page-head")
    assert set(ahead(page) or page.texts(".ahead b")) == {"07:30"}
    row = stack.sql("SELECT * FROM reminder WHERE id = %s", int(page.path.split("/")[-1]))[0]
    assert (row["rule"], row["weekdays"], row["at_minute"], row["to_address"], row["body"]) == ("weekdays", 1, 450, "+48600700123", "The gate opens at eight.")
    with page.leads_to("/reminders/[0-9]+"):
        page.one(".toolbar form .button").send_keys(Keys.ENTER)
    assert "The reminder is paused." in page.text(".notice")
    assert "Paused" in page.text(".page-head") and stack.sql("SELECT enabled FROM reminder WHERE id = %s", row["id"])[0]["enabled"] == 0
    page.one(".confirm summary").send_keys(Keys.ENTER)
    page.wait(lambda: page.one(".confirm form .button").is_displayed(), "the question")
    with page.leads_to("/reminders"):
        page.one(".confirm form .button").send_keys(Keys.ENTER)
    assert "The reminder is deleted." in page.text(".notice")
    assert not stack.sql("SELECT 1 FROM reminder WHERE id = %s", row["id"])


def test_without_scripts_a_button_shows_the_next_five(panel):
    page = panel("operator", scripts=False).open("/reminders/new")
    page.fill("to", "600700124")
    page.fill("body", "Rent")
    page.one("#rule-monthly").click()
    page.fill("month_day", "31")
    page.fill("zone", "America/Bogota")
    with page.leads_to():
        page.one("button[name=preview]").click()
    assert "America/Bogota" in page.text("[data-ahead]")
    assert len(ahead(page)) == 5 and "UTC-05:00" in page.text("[data-ahead]")
    assert page.value("body") == "Rent" and page.value("month_day") == "31" and page.one("#rule-monthly").is_selected()


def test_nothing_hangs_over_at_320_pixels(panel):
    page = panel("operator", width=320)
    for path in ("/reminders", "/reminders/new"):
        page.open(path)
        assert page.script("return document.documentElement.scrollWidth") <= 320, path
    assert Select(page.one("#catch_up")).first_selected_option.text == "Send only the latest"


def test_a_reminder_arrives_in_the_open_chat(panel, stack):
    path = write(stack, "+48600700125", "Remind me, please")
    page = panel("operator").open(path).stay()
    made = stack.api("POST", "/api/reminders", json={"to": "+48600700125", "body": "The gate closes at ten.", "interval_minutes": 600}).json()["id"]
    stack.sql("UPDATE reminder SET next_at = UTC_TIMESTAMP() - INTERVAL 1 SECOND WHERE id = %s", made)
    page.wait_text(".bubble.out .bubble-text", "The gate closes at ten.", LIVE_LIMIT + 2)
    assert page.text(".bubble.out .bubble-author") == "Schedule" and page.stayed()
    page.open(f"/reminders/{made}")
    with page.leads_to(path):  # the chat, from its history
        page.one(f"main a[href='{path}']").click()
