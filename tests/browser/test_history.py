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
    page = panel().open("/history")
    assert rows(page)[:2] == ["Saga lost", "Saga answered"] and page.text(".filters [aria-current]") == "All"
    first = page.one("tbody tr")
    assert first.find_element("css selector", ".h-who a").get_attribute("href").split("?")[0].endswith(told)
    texts = page.texts("tbody tr:first-child > *")
    assert texts[0] == "Outbound" and texts[1] == "+48 603 000 001" and "+48 732 100 200" in texts[2] and "SMS" in texts[2]
    assert "Unknown or unassigned number" in texts[3] or "30005" in texts[3], texts
    assert page.text("tbody tr .h-state .badge") == "Undelivered" and texts[5].startswith("Today")
    for name, check in (("Inbound", lambda ways: set(ways) == {"Inbound"}), ("Outbound", lambda ways: set(ways) == {"Outbound"})):
        with page.leads_to("/history"):
            page.one(f".filters li a[href*='direction={name[:-5].lower()}']").click()
        assert page.text(".filters [aria-current]") == name
        assert check(page.texts(".h-way"))
    with page.leads_to("/history"):
        page.one(".filters a[href*='failed']").click()
    assert page.text(".filters [aria-current]") == "Not delivered"
    assert "Saga lost" in rows(page) and "Saga answered" not in rows(page)
    assert set(page.texts(".h-state .badge")) <= {"Undelivered", "Failed"}


def test_search(panel, told):
    page = panel().open("/history")
    with page.leads_to("/history"):
        page.one("[data-search]").send_keys("part 042\n")
    assert rows(page) == ["Saga part 042"]
    assert page.one("[data-search]").get_property("value") == "part 042" and not page.all("[data-live-url]")
    with page.leads_to("/history"):
        page.one(".filters a[href*='direction=out']").click()  # a filter keeps the search
    assert page.text(".filters [aria-current]") == "Outbound"
    assert not rows(page) and "Nothing found" in page.text(".empty")
    page.open("/history?q=" + "%25")
    assert not rows(page)  # % is a letter, no pattern


def test_pages(panel, told):
    page = panel().open("/history?direction=in")
    seen = rows(page)
    assert len(seen) == 50 and seen[0] == "Saga part 117"
    while page.all(".pager [rel=next]"):
        with page.leads_to("/history"):
            page.one(".pager [rel=next]").click()
        seen += rows(page)
    saga = [text for text in seen if text.startswith("Saga part")]
    assert saga == [f"Saga part {n:03d}" for n in reversed(range(118))], "a message is missing or twice"
    with page.leads_to("/history"):
        page.one(".pager [rel=first]").click()
    assert rows(page)[0] == "Saga part 117" and "direction=in" in page.window.current_url


def test_rows_come_live_and_open(panel, stack, told):
    page = panel().open("/history").stay()
    path = write(stack, "+48603000002", "A row that was not there")
    page.wait(lambda: rows(page)[0] == "A row that was not there", "the row", LIVE_LIMIT)
    assert page.stayed()
    with page.leads_to(path):
        page.one("tbody tr .h-text").click()  # anywhere in the row


def test_conversations_are_found_by_name_and_number(panel, stack):
    path = write(stack, "whatsapp:+48603000003", "hej", ProfileName="Stolarnia Dąb 50% & Syn")
    page = panel().open("/conversations")
    for text in ("stolarnia dąb", "603 000 003", "+48603000003", "50%"):
        with page.leads_to("/conversations"):
            page.fill("q", text + "\n")
        assert f"q={text[0]}" in page.window.current_url.replace("%2B", "+")
        assert [a.get_attribute("href").split("#")[0].endswith(path) for a in page.all(".conversation-row a")] == [True], text
    with page.leads_to("/conversations"):
        page.fill("q", "nobody at all\n")
    assert "Nothing found" in page.text(".empty")


def test_a_message_is_removed_from_its_row(panel, stack):
    path = write(stack, "+48603000004", "Of this row nothing shall stay")
    page = panel("manager").open("/history?q=nothing+shall+stay")
    link = page.one("tbody tr .row-more")
    assert link.get_attribute("href").endswith(f"{path}/messages/{stack.sql('SELECT id FROM message WHERE body LIKE %s', 'Of this row%')[0]['id']}")
    page.script("arguments[0].focus()", link)
    assert link.is_displayed()
    with page.leads_to(f"{path}/messages/[0-9]+"):
        link.click()
    assert "Of this row nothing shall stay" in page.text("main")
    with page.leads_to(path):
        page.one("button[value=delete]").click()
    assert not stack.sql("SELECT 1 FROM message WHERE body LIKE %s", "Of this row%")
    assert not panel("agent").open("/history").all(".row-more")
