"""Automatic answers in the browser: switched on, a text arrives, the answer stands in the chat."""
from selenium.webdriver.common.keys import Keys
from window import LIVE_LIMIT, write


def test_switch_on_and_see_the_answer_in_the_chat(make_stack, panel):
    stack = make_stack()
    admin = panel(on=stack).open("/auto-reply")
    assert admin.text(".page-head .badge") == "Off" and not admin.one("[name=body]").is_displayed(), "only what the mode needs is shown"
    admin.one("[name=mode][value=text]").click()
    admin.one("[name=body]").send_keys("Thank you, we will write back soon.")
    admin.wait_text("#body-count", "Segments: 1")
    admin.one("[name=body]").send_keys(" Do zobaczenia, proszę!")
    admin.wait_text("#body-count", "UCS-2")
    with admin.leads_to("/auto-reply"):
        admin.one(".rule-form .primary").click()
    assert "Saved." in admin.text(".notice")
    assert admin.text(".page-head .badge") == "Text" and "admin@example.com" in admin.text(".page-head + .hint")
    path = write(stack, "+48609000001", "Good morning")
    chat = panel("operator", on=stack).open(path).stay()
    chat.wait_text(".bubble.out .bubble-text", "Thank you, we will write back soon.")
    assert chat.text(".bubble.out .bubble-author") == "Automatic reply"
    write(stack, "+48609000001", "And another thing")
    chat.wait(lambda: len(chat.all(".bubble.out")) == 2, "the second answer, without a reload", LIVE_LIMIT + 3)
    assert chat.stayed()


def test_a_line_with_keywords_by_keyboard_and_without_scripts(make_stack, panel):
    stack = make_stack()
    page = panel("manager", on=stack, scripts=False, width=360).open("/auto-reply")
    with page.leads_to("/auto-reply"):
        page.all(".pick a")[1].click()
    assert "+48 732 100 200" in page.text("#rule-title")
    page.fill("word", "Prices")
    page.fill("answer", "From 12.")
    with page.leads_to("/auto-reply"):
        page.one(".add-keyword .button").click()
    assert "The keyword is saved." in page.text(".notice")
    page.one("[name=mode][value=keywords]").click()
    page.one("[name=hours]").click()
    with page.leads_to("/auto-reply"):
        page.one(".rule-form .primary").click()
    assert "Saved." in page.text(".notice")
    assert page.text(".page-head .badge") == "Keywords" and "From 12." in page.text(".said")
    assert page.one("[name=mon_from]").get_property("value") == "09:00", "office hours to begin with"
    assert page.script("return document.documentElement.scrollWidth <= innerWidth")


def clock(page, name, hour, minute=0):
    """A time typed as the browser's language writes it."""
    twelve = page.script("return new Intl.DateTimeFormat(undefined, {hour: 'numeric'}).resolvedOptions().hour12")
    field = page.one(f"[name={name}]")
    field.send_keys(f"{(hour + 11) % 12 + 1:02}{minute:02}{'PM' if hour > 11 else 'AM'}" if twelve else f"{hour:02}{minute:02}")
    assert field.get_property("value") == f"{hour:02}:{minute:02}"


def narrow_enough(page):
    return page.script("return document.documentElement.scrollWidth <= innerWidth")


def test_hours_with_a_noon_break_a_late_night_and_a_holiday_without_scripts(make_stack, panel):
    stack = make_stack()
    page = panel("manager", on=stack, scripts=False, width=320).open("/auto-reply")
    page.one("[name=mode][value=text]").click()
    page.one("[name=body]").send_keys("Thank you.")
    page.one("[name=hours]").click()
    assert not page.one("[name=tue_from]").is_displayed() and page.one("[name=same]").is_selected(), "the week of an office begins as one line"
    clock(page, "mon_to", 12)
    page.one(".week summary").send_keys(Keys.ENTER)
    clock(page, "mon_from2", 11)
    clock(page, "mon_to2", 17)
    clock(page, "sat_from", 18)
    clock(page, "sat_to", 2)
    assert narrow_enough(page)
    with page.leads_to("/auto-reply"):
        page.one(".rule-form .primary").click()
    assert page.text("#mon-error") == "These times overlap." and page.value("mon_from2") == "11:00" and page.value("sat_to") == "02:00", "nothing is lost"
    assert page.focused.get_attribute("name") == "mon_from" and page.one("#mon-error").is_displayed() and narrow_enough(page)
    clock(page, "mon_from2", 13)
    with page.leads_to("/auto-reply"):
        page.one(".rule-form .primary").click()
    assert "Saved." in page.text(".notice") and page.texts(".next-day") == ["next day"]
    page.one("[name=same]").click()
    assert page.one("[name=fri_from2]").is_displayed() and page.value("fri_from2") == "13:00"
    page.script("document.getElementById('date').value = '2030-12-24'")
    page.fill("name", "Christmas Eve")
    page.one("[name=yearly]").click()
    with page.leads_to("/auto-reply"):
        page.one(".add-day .button").click()
    assert "The closed day is saved." in page.text(".notice") and "Christmas Eve" in page.text("#closed-days") and "24 Dec" in page.text("#closed-days") and narrow_enough(page)
    with page.leads_to("/auto-reply"):
        page.one("#closed-days table .button").click()
    assert "No closed days yet." in page.text("#closed-days")
