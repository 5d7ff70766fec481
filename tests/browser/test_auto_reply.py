"""Automatic answers in the browser: switched on, a text arrives, the answer stands in the chat."""
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
