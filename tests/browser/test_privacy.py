"""Removing in a window: a message from the chat by keyboard alone, and the privacy page."""
import os

from selenium.webdriver.common.keys import Keys
from window import LIVE_LIMIT, write


def keep(page, name):
    """Pictures for whoever wants to look: SHOTS=folder."""
    if os.environ.get("SHOTS"):
        page.window.save_screenshot(f"{os.environ['SHOTS']}/{name}.png")


def known(stack, number, text):
    """Written by a customer, and known to Twilio. The path of the chat."""
    stack.sim.post("inbound", {"from": number, "to": stack.line, "body": text, "url": stack.public_url + "/twilio/inbound"})
    return "/conversations/" + str(stack.sql("SELECT id FROM conversation WHERE peer = %s", number)[0]["id"])


def tab_to(page, css):
    """The tabulator until it stands there."""
    for _ in range(200):
        page.press(Keys.TAB)
        if page.script("return document.activeElement.matches(arguments[0])", css):
            return
    raise AssertionError(f"the keyboard does not reach {css}")


def test_a_message_is_deleted_by_keyboard(panel, stack):
    number = "+48607000001"
    path = known(stack, number, "please delete this one")
    known(stack, number, "this one stays")
    page, beside = panel("manager").open(path), panel("agent").open(path).stay()
    link = page.all(".bubble-more")[0]
    assert link.get_attribute("href").endswith(page.all(".bubble")[0].get_attribute("data-key")[1:])
    keep(page, "removal-chat")
    page.one(".thread").send_keys("")
    page.script("document.querySelector('.thread').focus()")
    tab_to(page, ".bubble:first-of-type .bubble-more, .day + .bubble .bubble-more")
    assert page.script("return getComputedStyle(document.activeElement).opacity") == "1", "what has the focus is seen"
    with page.leads_to(f"{path}/messages/[0-9]+"):
        page.press(Keys.ENTER)
    assert "please delete this one" in page.text(".batch-body")
    keep(page, "removal-message")
    page.size(360)
    keep(page, "removal-message-narrow")
    assert page.script("return document.documentElement.scrollWidth <= innerWidth")
    page.size(1280)
    tab_to(page, "button[value=delete]")
    with page.leads_to(path):
        page.press(Keys.ENTER)
    assert page.texts(".bubble-text") == ["this one stays"]
    assert not stack.sql("SELECT 1 FROM message WHERE body = %s", "please delete this one")
    assert [m["body"] for m in stack.sim.get("messages", **{"from": number})] == ["this one stays"]
    # And it goes from the screens of others, too.
    beside.wait(lambda: beside.texts(".bubble-text") == ["this one stays"], "the other window", LIVE_LIMIT)
    assert beside.stayed() and beside.all(".bubble-more") == []
    keep(page, "removal-chat-after")


def test_a_person_is_erased_and_the_report_follows(panel, stack):
    number = "+48607000002"
    known(stack, number, "forget me")
    page = panel().open("/privacy")
    keep(page, "privacy")
    page.size(360)
    keep(page, "privacy-narrow")
    assert page.script("return document.documentElement.scrollWidth <= innerWidth")
    page.size(1280)
    page.fill("number", number)
    page.fill("again", "+48607000003")
    with page.leads_to():
        page.one(".button.danger").click()
    assert page.all("#again-error")
    assert page.value("number") == number and stack.sql("SELECT 1 FROM conversation WHERE peer = %s", number)
    keep(page, "privacy-mistake")
    page.fill("again", number)
    with page.leads_to("/privacy/[0-9]+"):
        page.one(".button.danger").click()
    page.stay()
    page.wait_text(".batch-progress", "1 of 1 done")
    page.wait_text(".batch-progress .badge", "Done")
    assert page.stayed(), "it followed without a reload"
    assert not stack.sql("SELECT 1 FROM conversation WHERE peer = %s", number)
    keep(page, "privacy-report")
    page.size(360)
    keep(page, "privacy-report-narrow")
    assert page.script("return document.documentElement.scrollWidth <= innerWidth")


def test_a_conversation_is_deleted_without_scripts(panel, stack):
    number = "+48607000004"
    path = known(stack, number, "all of it")
    known(stack, "+48607000006", "somebody else")
    chat, rows = panel("agent").open(path), panel("operator").open("/conversations").stay()
    chat.expect("404")
    row = f"[data-key=c{path.split('/')[-1]}]"
    rows.wait(lambda: rows.all(row), "the row")
    page = panel("manager", scripts=False).open(path)
    with page.leads_to(f"{path}/delete"):
        page.one("a[href$='/delete']").click()
    keep(page, "removal-conversation")
    with page.leads_to("/conversations"):
        page.one(".button.danger").click()
    assert not stack.sql("SELECT 1 FROM conversation WHERE peer = %s", number)
    rows.wait(lambda: not rows.all(row), "the list of somebody else", LIVE_LIMIT)
    chat.wait(lambda: not chat.all(".bubble"), "the chat of somebody else", LIVE_LIMIT)
    assert rows.stayed() and "all of it" not in chat.text("body")


def test_a_text_that_was_removed_says_so(panel, stack):
    path = write(stack, "+48607000005", "secret")
    page = panel().open(path)
    with page.leads_to(f"{path}/messages/[0-9]+"):
        page.script("document.querySelector('.bubble-more').click()")
    with page.leads_to(path):
        page.one("button[value=redact]").click()
    assert page.texts(".bubble-text") == ["The text was removed"]
    keep(page, "removal-redacted")
