"""Who watches the list sees at once that a conversation needs a person, and says by keyboard that it is done."""
import os

from selenium.webdriver.common.keys import Keys
from window import LIVE_LIMIT, write

SENDER = "+48617000001"


def keep(page, name):
    """Pictures for whoever wants to look: SHOTS=folder."""
    if os.environ.get("SHOTS"):
        page.window.save_screenshot(f"{os.environ['SHOTS']}/{name}.png")


def test_the_mark_comes_and_goes_before_the_eyes_of_who_watches(panel, stack):
    path = write(stack, SENDER, "Dzień dobry")
    row = f"[data-key=c{path.split('/')[-1]}] .attention"
    watcher = panel().open("/conversations").stay()
    filtered = panel("agent").open("/conversations?attention=1").stay()
    page = panel("manager").open(path).stay()
    assert not watcher.all(row) and not page.all(".attention-bar")
    write(stack, SENDER, "Please stop texting me")
    watcher.wait_text(row, "Asks to stop?", LIVE_LIMIT)
    filtered.wait_text(row, "Asks to stop?", LIVE_LIMIT)
    page.wait_text(".attention-bar", "Asks to stop?", LIVE_LIMIT)
    keep(watcher, "attention-list")
    keep(page, "attention-chat")
    assert page.script("const bar = document.querySelector('.attention-bar').getBoundingClientRect(), head = document.querySelector('.chat-head').getBoundingClientRect();"
                       "return Math.abs(bar.top - head.bottom) < 2 && bar.height > 20"), "it ends the head"
    for narrow in (watcher, page):
        narrow.size(360)
        assert narrow.script("return document.documentElement.scrollWidth <= innerWidth")
        keep(narrow, f"attention-360-{'list' if narrow is watcher else 'chat'}")
    for _ in range(200):
        page.press(Keys.TAB)
        if page.focused.text == "Mark as done":
            break
    assert page.focused.text == "Mark as done" and page.stayed()
    with page.leads_to(path):
        page.press(Keys.ENTER)
    assert "Marked as done." in page.text(".notice")
    assert not page.all(".attention-bar")
    watcher.wait(lambda: not watcher.all(row), "the mark to go", LIVE_LIMIT)
    filtered.wait(lambda: not filtered.all(row), "the mark to go", LIVE_LIMIT)
    assert watcher.stayed() and filtered.stayed()


def test_it_stays_in_sight_in_a_long_thread_and_works_without_scripts(panel, stack):
    sender = "+48617000002"
    path = write(stack, sender, *[f"Line {i}" for i in range(30)], "Please stop texting me")
    page = panel(scripts=False).open(path)
    above = "const bar = document.querySelector('.attention-bar').getBoundingClientRect(); return bar.top >= 0 && bar.bottom <= innerHeight"
    assert page.script(above)
    with page.leads_to(path):
        page.one(".attention-bar button").click()
    assert not page.all(".attention-bar")
    assert "This may be a request to stop." in page.text(".bubbles"), "the question itself stays"
