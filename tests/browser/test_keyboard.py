"""Work without a mouse."""
from window import write
from selenium.webdriver.common.keys import Keys


def focus_is_seen(page):
    return page.script("""const s = getComputedStyle(document.activeElement);
        return s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2""")


def test_from_the_skip_link_to_an_answer(panel, stack):
    write(stack, "+48604000001", "older")
    path = write(stack, "+48604000002", "newer")
    page = panel().open("/conversations")
    page.press(Keys.TAB)
    assert page.focused.text == "Skip to content" and page.focused.location["y"] >= 0 and focus_is_seen(page)
    page.press(Keys.ENTER)
    assert page.focused.get_attribute("id") == "main"
    # j and k go through the list, Enter opens.
    page.press("j")
    first = page.focused.get_attribute("href")
    assert first.split("#")[0].endswith(path) and focus_is_seen(page)
    page.press("j")
    assert page.focused.get_attribute("href") != first
    page.press("k")
    assert page.focused.get_attribute("href") == first
    page.press("k")  # the end stays the end
    assert page.focused.get_attribute("href") == first
    with page.leads_to(path):
        page.press(Keys.ENTER)
    # r answers, Esc leaves the field, letters are letters while typing.
    page.press("r")
    assert page.focused.get_attribute("name") == "body" and focus_is_seen(page)
    page.press("jk/?g")
    assert page.value("body") == "jk/?g" and not page.one("#help").is_displayed()
    page.press(Keys.ESCAPE)
    assert page.focused.get_attribute("name") != "body"
    page.press("r", Keys.ENTER)
    page.wait_text(".bubble.out .bubble-text", "jk/?g")
    page.composer()
    # Messages are reached one by one, from the end.
    page.press(Keys.ESCAPE, "k")
    page.wait(lambda: "bubble" in (page.focused.get_attribute("class") or "") or page.focused.tag_name == "a", "the message or the row")


def test_search_help_and_going_places(panel):
    page = panel().open("/conversations")
    page.press("/")
    assert page.focused.get_attribute("name") == "q"
    page.press(Keys.ESCAPE, "?")
    assert page.one("#help").is_displayed() and "Keyboard shortcuts" in page.text("#help h2")
    page.press("j")  # nothing happens behind it
    assert page.script("return document.getElementById('help').contains(document.activeElement)")
    page.press(Keys.ESCAPE)
    page.wait(lambda: not page.one("#help").is_displayed(), "the list to close")
    with page.leads_to("/history"):
        page.press("g", "h")
    page.press("/")
    assert page.focused.get_attribute("name") == "q"
    with page.leads_to("/"):
        page.press(Keys.ESCAPE, "g", "d")
    with page.leads_to("/conversations"):
        page.press("/")
    assert page.focused.get_attribute("name") == "q"


def test_shortcuts_can_be_switched_off(panel):
    page = panel().open("/help")
    box = page.one("main [data-keys]")
    assert box.is_selected()
    box.click()
    page.open("/conversations").press("/")
    assert page.focused.get_attribute("name") != "q"
    page.press("?")
    assert not page.one("#help").is_displayed()
    page.open("/help")
    page.one("main [data-keys]").click()
    page.press(Keys.TAB, "?")
    page.wait(lambda: page.one("#help").is_displayed(), "the list")


def test_every_page_is_reached_by_tab_alone(panel):
    """Tab reaches all that can be pressed, in the order of the page, and each stop is visible."""
    page = panel().open("/")
    wanted = page.script("""return [...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea')]
        .filter((e) => e.checkVisibility({visibilityProperty: true}) && !e.closest('dialog')).length""")
    order = []
    for _ in range(wanted):
        page.press(Keys.TAB)
        at = page.script("""const e = document.activeElement, all = [...document.querySelectorAll('*')];
            const s = getComputedStyle(e); return [all.indexOf(e), s.outlineStyle !== 'none']""")
        assert at[1], f"no focus ring on {page.focused.get_attribute('outerHTML')[:200]}"
        order.append(at[0])
    assert order == sorted(order) and len(set(order)) == wanted


def test_menu_on_a_narrow_screen(panel):
    page = panel(width=360, height=740).open("/conversations")
    button = page.one("[data-menu]")
    assert button.get_attribute("aria-expanded") == "false" and not page.one("#menu").is_displayed()
    button.send_keys(Keys.ENTER)
    assert button.get_attribute("aria-expanded") == "true" and page.one("#menu a[href='/history']").is_displayed()
    page.press(Keys.TAB, Keys.ESCAPE)
    assert not page.one("#menu").is_displayed() and page.focused == button
