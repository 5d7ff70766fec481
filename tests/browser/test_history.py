"""The history: filters, search, pages, what it says of each message, rows that come live."""
import pytest
from window import LIVE_LIMIT, write


@pytest.fixture(scope="module")
def told(stack):
    """120 messages of one customer, one answer, one that failed."""
    path = write(stack, "+48603000001", *[f"Saga part {n:03d}" for n in range(118)])
    visitor = stack.login("admin")
    visitor.submit(path, body="Saga answered")
    stack.sim.post("script", {"callbacks": [{"status": "sent"}, {"status": "undelivered", "after_ms": 50, "error_code": 30005}]})
    visitor.submit(path, body="Saga lost")
    stack.wait(lambda: stack.sql("SELECT 1 FROM message WHERE body = 'Saga lost' AND status = 'undelivered'"), what="the failure")
    return path


def rows(page):
    return page.texts("tbody .one-line")


def test_filters(panel, told):
    page = panel().open("/history").ready()
    assert rows(page)[:2] == ["Saga lost", "Saga answered"] and page.text(".filters [aria-current]") == "All"
    first = page.one("tbody tr")
    assert first.find_element("css selector", ".h-who a").get_attribute("href").endswith(told)
    texts = page.texts("tbody tr:first-child > *")
    assert texts[0] == "Outbound" and texts[1] == "+48 603 000 001" and "+48 732 100 200" in texts[2] and "SMS" in texts[2]
    assert "Unknown or unassigned number" in texts[3] or "30005" in texts[3], texts
    assert page.text("tbody tr .h-state .badge") == "Undelivered" and texts[5].startswith("Today")
    for name, check in (("Inbound", lambda ways: set(ways) == {"Inbound"}), ("Outbound", lambda ways: set(ways) == {"Outbound"})):
        page.one(f".filters li a[href*='direction={name[:-5].lower()}']").click()
        page.wait_text(".filters [aria-current]", name)
        assert check(page.texts(".h-way"))
    page.one(".filters a[href*='failed']").click()
    page.wait_text(".filters [aria-current]", "Not delivered")
    assert "Saga lost" in rows(page) and "Saga answered" not in rows(page)
    assert set(page.texts(".h-state .badge")) <= {"Undelivered", "Failed"}


def test_search(panel, told):
    page = panel().open("/history").ready()
    page.one("[data-search]").send_keys("part 042\n")
    page.wait(lambda: rows(page) == ["Saga part 042"], "the one message")
    assert page.one("[data-search]").get_property("value") == "part 042" and not page.all("[data-live-url]")
    page.one(".filters a[href*='direction=out']").click()  # a filter keeps the search
    page.wait_text(".filters [aria-current]", "Outbound")
    assert not rows(page) and "Nothing found" in page.text(".empty")
    page.open("/history?q=" + "%25").ready()
    assert not rows(page)  # % is a letter, no pattern


def test_pages(panel, told):
    page = panel().open("/history?direction=in").ready()
    seen = rows(page)
    assert len(seen) == 50 and seen[0] == "Saga part 117"
    while page.all(".pager [rel=next]"):
        at = page.window.current_url
        page.one(".pager [rel=next]").click()
        page.wait(lambda: page.window.current_url != at, "the older page")
        seen += rows(page)
    saga = [text for text in seen if text.startswith("Saga part")]
    assert saga == [f"Saga part {n:03d}" for n in reversed(range(118))], "a message is missing or twice"
    page.one(".pager [rel=first]").click()
    page.wait(lambda: rows(page)[:1] == ["Saga part 117"], "the newest page")
    assert "direction=in" in page.window.current_url


def test_rows_come_live_and_open(panel, stack, told):
    page = panel().open("/history").ready().stay()
    path = write(stack, "+48603000002", "A row that was not there")
    page.wait(lambda: rows(page)[0] == "A row that was not there", "the row", LIVE_LIMIT)
    assert page.stayed()
    page.one("tbody tr .h-text").click()  # anywhere in the row
    page.wait(lambda: page.path == path, "the conversation")


def test_conversations_are_found_by_name_and_number(panel, stack):
    path = write(stack, "whatsapp:+48603000003", "hej", ProfileName="Stolarnia Dąb 50% & Syn")
    page = panel().open("/conversations").ready()
    for text in ("stolarnia dąb", "603 000 003", "+48603000003", "50%"):
        page.fill("q", text + "\n")
        page.wait(lambda: f"q={text[0]}" in page.window.current_url.replace("%2B", "+") and page.ready(), "the search")
        assert [a.get_attribute("href").split("#")[0].endswith(path) for a in page.all(".conversation-row a")] == [True], text
    page.fill("q", "nobody at all\n")
    page.wait_text(".empty", "Nothing found")


def test_a_message_is_removed_from_its_row(panel, stack):
    path = write(stack, "+48603000004", "Of this row nothing shall stay")
    page = panel("manager").open("/history?q=nothing+shall+stay").ready()
    link = page.one("tbody tr .row-more")
    assert link.get_attribute("href").endswith(f"{path}/messages/{stack.sql('SELECT id FROM message WHERE body LIKE %s', 'Of this row%')[0]['id']}")
    page.script("arguments[0].focus()", link)
    assert link.is_displayed()
    link.click()
    page.wait_text("main", "Of this row nothing shall stay")
    page.one("button[value=delete]").click()
    page.wait(lambda: page.path == path, "the conversation")
    assert not stack.sql("SELECT 1 FROM message WHERE body LIKE %s", "Of this row%")
    assert not panel("agent").open("/history").ready().all(".row-more")
