"""A doubt is decided by keyboard, and the chat says at once that nothing may be sent."""
from selenium.webdriver.common.keys import Keys
from window import LIVE_LIMIT, write


def test_a_doubt_is_decided_by_keyboard(panel, stack):
    path = write(stack, "+48605900001", "Dzień dobry")
    page = panel().open(path).stay()
    write(stack, "+48605900001", "Please stop texting me")
    page.wait(lambda: page.all(".note-ask button"), "the question in the open chat", LIVE_LIMIT)
    for _ in range(200):
        page.press(Keys.TAB)
        if page.focused.get_attribute("value") == "yes":
            break
    assert page.focused.text == "Yes, opt out"
    with page.leads_to(path):
        page.press(Keys.ENTER)
    assert "This customer has opted out (STOP): nothing may be sent. (Today)" in page.text(".locked")
    assert "This was a request to stop." in page.text(".bubbles") and not page.all(".note-ask") and not page.all("textarea")
    assert stack.sql("SELECT state, source FROM opt_out WHERE address_key = '+48605900001'") == [{"state": "out", "source": "keyword"}]


def test_stop_locks_the_open_composer(panel, stack):
    path = write(stack, "+48605900002", "Dzień dobry")
    page = panel().open(path).stay()
    assert page.one("textarea").is_displayed()
    write(stack, "+48605900002", "STOP")
    page.wait(lambda: page.all(".note.bad"), "the note", LIVE_LIMIT)
    page.wait(lambda: not page.all("#composer textarea") and page.all("#composer .locked"), "the lock", LIVE_LIMIT)
