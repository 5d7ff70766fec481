"""TEST_MODE: the customer's handset, played in the browser."""
from window import LIVE_LIMIT


def test_there_and_back(panel, test_mode_stack):
    phone = panel(on=test_mode_stack).open("/phone?from=%2B48607000001").stay()
    assert phone.text(".handset header") == "+48 732 100 200" and "Nothing yet" in phone.text(".handset .empty")
    assert phone.text(".test-mode") == "Test mode"
    rows = panel("operator", on=test_mode_stack).open("/conversations").stay()
    phone.one("[data-handset] textarea").send_keys("Is anybody there?\n")
    phone.wait(lambda: phone.texts(".handset .out .bubble-text") == ["Is anybody there?"], "what was typed", LIVE_LIMIT)
    phone.wait(lambda: phone.value("body") == "" and phone.focused.get_attribute("name") == "body", "the empty field")
    rows.wait_text(".conversation-row", "Is anybody there?", LIVE_LIMIT)  # it came through the web server as a webhook
    with rows.leads_to("/conversations/[0-9]+"):
        rows.one(".conversation-row a").click()
    rows.one("[name=body]").send_keys("Yes, how can we help?\n")
    rows.wait_text(".bubble.out .bubble-text", "Yes, how can we help?")
    rows.wait_text(".bubble.out .badge", "Delivered")
    assert rows.text(".bubble.out .simulated") == "Simulated"
    phone.wait(lambda: phone.texts(".handset .in .bubble-text") == ["Yes, how can we help?"], "the answer", LIVE_LIMIT)
    assert phone.stayed()


def test_whatsapp_without_scripts(panel, test_mode_stack):
    page = panel(on=test_mode_stack, scripts=False).open("/phone")
    page.fill("from", "+48607000002")
    page.one("[name=to] option:nth-child(2)").click()
    with page.leads_to("/phone"):
        page.one("form[method=get] button").click()
    assert "to=whatsapp" in page.window.current_url
    assert page.text(".handset header") == "+48 732 100 201"
    page.fill("body", "Hola")
    with page.leads_to("/phone"):
        page.one("[data-handset] button").click()
    page.wait(lambda: page.texts(".handset .out .bubble-text")[:1] == ["Hola"], "what was typed")
    assert page.path == "/phone"
    page.wait(lambda: page.open("/conversations?q=607000002").all(".conversation-row"), "the conversation")
    assert page.one(".conversation-row .channel").get_attribute("title") == "WhatsApp"


def test_a_number_that_is_none(panel, test_mode_stack):
    page = panel(on=test_mode_stack).open("/phone")
    page.fill("from", "abc")
    with page.leads_to("/phone"):
        page.one("form[method=get] button").click()
    assert "telephone number" in page.text("#from-error")
