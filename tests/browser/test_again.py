"""Sending a failed message again: the button in its bubble, with and without scripts, and the way there from the history."""
from selenium.webdriver.common.keys import Keys
from window import LIVE_LIMIT, write

AGAIN = ".bubble-again button"


def undelivered(stack, number, text):
    """A conversation whose newest message could not be delivered."""
    path = write(stack, number, "Are you there?")
    stack.sim.post("script", {"match": {"To": number}, "callbacks": [{"status": "sent"}, {"status": "undelivered", "error_code": 30003}]})
    stack.api("POST", "/api/send-message", json={"to": number, "body": text})
    stack.wait(lambda: stack.sql("SELECT status FROM message WHERE body = %s", text)[0]["status"] == "undelivered", what="the failure")
    return path


def test_the_button_sends_it_once_and_goes(panel, stack):
    text = "On Friday at ten"
    path = undelivered(stack, "+48601000901", text)
    page, other = panel("agent").open(path), panel("operator").open(path).stay()
    button = page.one(AGAIN)
    assert button.get_attribute("aria-label") == f"Send again: {text}" and button.text == "Send again"
    page.script("arguments[0].focus()", button)
    with page.leads_to(path):
        page.press(Keys.ENTER)
    page.wait_text(".notice", "sent again")
    assert page.texts(".bubble-again") == ["Sent again"] and not page.all(AGAIN)
    page.wait(lambda: page.texts(".bubble.out .bubble-text") == [text, text] and page.texts(".bubble.out .badge")[-1] == "Delivered", "the second one's delivery", LIVE_LIMIT + 1)
    other.wait(lambda: other.texts(".bubble-again") == ["Sent again"], "the colleague's button to go", LIVE_LIMIT + 1)
    assert other.stayed() and len(stack.sql("SELECT id FROM message WHERE body = %s", text)) == 2


def test_it_comes_with_the_failure_and_goes_with_the_right_to_write(panel, stack):
    path = write(stack, "+48601000902", "Call me")
    stack.sim.post("script", {"match": {"To": "+48601000902"}, "callbacks": [{"status": "sent"}, {"status": "undelivered", "after_ms": 300, "error_code": 30003}]})
    page = panel().open(path).stay()
    page.composer().send_keys("We tried")
    page.one("[data-send]").click()
    page.wait(lambda: page.all(AGAIN), "the button", LIVE_LIMIT + 1)
    stack.inbound("STOP", sender="+48601000902")
    page.wait(lambda: page.all(".locked") and not page.all(AGAIN), "the lock", LIVE_LIMIT + 1)
    assert page.stayed() and page.texts(".bubble-failure"), "why it failed is still said"


def test_what_would_fail_again_has_no_button(panel, stack):
    path = write(stack, "+48601000903", "Hello")
    stack.sim.post("script", {"match": {"To": "+48601000903"}, "code": 21211})
    stack.api("POST", "/api/send-message", json={"to": "+48601000903", "body": "No such number"})
    page = panel().open(path)
    assert "not valid" in page.text(".bubble-failure") and not page.all(".bubble-again")


def test_from_the_history_without_scripts(panel, stack):
    text = "Found in the history"
    path = undelivered(stack, "+48601000904", text)
    stack.inbound("And?", sender="+48601000904")
    page = panel(scripts=False, width=360, height=740).open("/history?direction=failed")
    row = next(r for r in page.all(".history-row") if text in r.text)
    with page.leads_to(path):
        row.find_element("css selector", ".h-who a").click()
    assert page.texts(".bubble-text")[-1] == text, "the chat as far as that message"
    assert page.one(".chat-who").size["width"] > 150, "who it is has room beside the way to the newest message"
    with page.leads_to(path):
        page.one(AGAIN).click()
    assert "sent again" in page.text(".notice")
    assert page.texts(".bubble-text")[-2:] == ["And?", text] and page.texts(".bubble-again") == ["Sent again"]
