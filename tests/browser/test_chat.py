"""The conversation on the screen: sending, states, what arrives live, read marks, drafts, older messages."""
import re

from window import LIVE_LIMIT, conversation_id, unread, write
from selenium.webdriver.common.keys import Keys


def send(page, text):
    page.composer().send_keys(text)
    page.one("[data-send]").click()


def test_an_answer_shows_at_once_and_its_states_follow(panel, stack):
    path = write(stack, "+48601000001", "Is my order ready?")
    stack.sim.post("script", {"callbacks": []})  # it stays queued until we say so
    page = panel().open(path).stay()
    send(page, "Yes, it is waiting for you")
    page.wait_text(".bubble.out .bubble-text", "Yes, it is waiting for you")
    page.composer()
    assert page.focused.get_attribute("name") == "body"
    assert "admin@example.com" in page.text(".bubble.out .bubble-author")
    sid = page.wait(lambda: stack.sql("SELECT sid FROM message WHERE body = %s", "Yes, it is waiting for you")[0]["sid"], "Twilio's answer")
    for status, label in (("sent", "Sent"), ("delivered", "Delivered")):
        stack.sim.post("advance", {"sid": sid, "steps": [{"status": status}]})
        page.wait_text(".bubble.out .badge", label, LIVE_LIMIT)
    badge = page.one(".bubble.out .badge")
    assert badge.find_element("css selector", "i.icon").text == ""  # the ticks are a picture; the word stands beside them
    assert re.fullmatch(r"\d\d:\d\d", page.text(".bubble.out .state-at"))
    assert page.stayed(), "the page was loaded again"


def test_what_fails_says_why(panel, stack):
    path = write(stack, "+48601000002", "Call me")
    stack.sim.post("script", {"callbacks": [{"status": "sent"}, {"status": "undelivered", "after_ms": 300, "error_code": 30003}]})
    page = panel().open(path).stay()
    send(page, "We tried")
    page.wait_text(".bubble.out .badge", "Undelivered", LIVE_LIMIT + 1)
    page.wait_text(".bubble-failure", "off or out of reach", 1)
    link = page.one(".bubble-failure a")
    assert "30003" in link.text and link.get_attribute("href").startswith("https://www.twilio.com/")
    page.wait_text("#announce", "off or out of reach", 1)  # and it is read out
    # A refusal before anything was sent.
    stack.sim.post("script", {"code": 21610})
    send(page, "Once more")
    page.wait(lambda: "opted out" in page.texts(".bubble-failure")[-1], "the refusal")
    page.wait_text("#announce", "opted out", 1)  # a failure that is there at the first look is read out, too
    assert page.texts(".bubble.out .badge")[-1] == "Failed" and page.stayed()


def test_a_message_arrives_in_chat_and_list(panel, stack):
    other = write(stack, "+48601000003", "first")
    path = write(stack, "+48601000004", "hello")
    chat, rows = panel().open(path).stay(), panel("operator").open("/conversations").stay()
    row = f"[data-key=c{path.split('/')[-1]}]"
    rows.wait_text(row, "hello")
    stack.inbound("Are you there?", sender="+48601000004")
    chat.wait(lambda: chat.texts(".bubble.in .bubble-text")[-1:] == ["Are you there?"] and "Are you there?" in rows.text(row + " .row-preview"),
              "the bubble and the row", LIVE_LIMIT)
    assert rows.all("[data-item]")[0].get_attribute("data-key") == row[10:-1], "the newest conversation is not first"
    chat.wait_text("#announce", "Are you there?", 1)
    # Beside the chat, too, and another conversation's unread count with it.
    stack.inbound("second", sender="+48601000003")
    beside = f".beside [data-key=c{other.split('/')[-1]}]"
    chat.wait_text(beside, "second", LIVE_LIMIT)
    assert chat.text(beside + " .count [aria-hidden]") == "2"
    assert chat.stayed() and rows.stayed()


def test_unread_is_each_users_own(panel, stack):
    path = write(stack, "+48601000005", "one", "two")
    badge = f"[data-key=c{path.split('/')[-1]}] .count [aria-hidden]"
    mine, theirs = panel("manager").open("/conversations").stay(), panel("agent").open("/conversations").stay()
    for page in (mine, theirs):
        page.wait(lambda p=page: p.text(badge) == "2", "the badge")
    with mine.leads_to(path):
        mine.one(f"[data-key=c{path.split('/')[-1]}] a").click()
    mine.wait(lambda: not unread(stack, "manager", path), "the read mark")
    mine.open("/conversations")
    assert not mine.all(badge)
    assert theirs.text(badge) == "2" and theirs.stayed()
    # Read while somebody looks at it: no badge comes for a message that arrives in the open chat.
    mine.open(path)
    stack.inbound("three", sender="+48601000005")
    mine.wait(lambda: mine.texts(".bubble.in .bubble-text")[-1:] == ["three"], "the bubble", LIVE_LIMIT)
    theirs.wait(lambda: theirs.text(badge) == "3", "the other's badge", LIVE_LIMIT)
    mine.wait(lambda: not unread(stack, "manager", path), "the read mark")


def test_a_draft_survives(panel, stack):
    path, other = write(stack, "+48601000006", "hi"), write(stack, "+48601000007", "hi")
    page = panel(None).sign_in("agent").open(path)
    page.one("[name=body]").send_keys("Begun but not fin")
    page.open(other)
    assert page.value("body") == ""
    page.open(path)
    assert page.value("body") == "Begun but not fin"
    page.one("[name=body]").send_keys("ished", Keys.ENTER)
    page.wait_text(".bubble.out .bubble-text", "Begun but not finished")
    page.composer()
    page.open(path)
    assert page.value("body") == ""
    # Nobody after us finds what we left unsent.
    page.one("[name=body]").send_keys("secret")
    with page.leads_to("/login"):
        page.one("form[action='/logout'] button").click()
    assert page.script("return Object.keys(localStorage).filter((k) => k.startsWith('centrala.draft')).length") == 0


def test_older_messages_and_back_to_the_newest(panel, stack):
    path = write(stack, "+48601000008", *[f"message {n} of a long conversation" for n in range(70)])
    page = panel().open(path).stay()
    shown = lambda: page.texts(".bubble .bubble-text")
    assert shown()[-1] == "message 69 of a long conversation" and len(shown()) == 50
    assert page.script("return Math.abs(document.querySelector('[data-thread]').scrollTop)") < 5, "it does not open at the newest"
    assert page.script("const b = document.querySelectorAll('.bubble'); return b[b.length - 1].getBoundingClientRect().bottom <= innerHeight")
    older = page.one("[data-older] a")
    page.script("arguments[0].scrollIntoView()", older)
    older.click()
    page.wait(lambda: len(shown()) == 70, "older messages")
    assert shown()[0] == "message 0 of a long conversation" and not page.all("[data-older] a")
    assert len(page.all(".day")) == 1
    # Someone who reads further up is not carried away by what arrives …
    page.script("document.querySelector('.bubble').scrollIntoView()")
    place = "return document.querySelectorAll('.bubble')[3].getBoundingClientRect().top"
    page.wait(lambda: page.one("[data-jump]").is_displayed(), "the button to the newest")
    top = page.script(place)
    stack.inbound("the newest of all", sender="+48601000008")
    page.wait(lambda: shown()[-1] == "the newest of all", "the message", LIVE_LIMIT)
    assert abs(page.script(place) - top) < 2, "the text moved under the reader"
    # … and one press brings it.
    page.one("[data-jump]").click()
    page.wait(lambda: page.script("const b = [...document.querySelectorAll('.bubble')].pop().getBoundingClientRect(); return b.top >= 0 && b.bottom <= innerHeight"),
              "the newest in sight")
    page.wait(lambda: not page.one("[data-jump]").is_displayed(), "the button to go")
    assert page.stayed() and page.path == path


def test_older_messages_without_leaving_a_page(panel, stack):
    """A page of older messages stands still and leads back."""
    path = write(stack, "+48601000009", *[f"part {n}" for n in range(55)])
    oldest = stack.sql("SELECT id FROM message WHERE conversation_id = %s ORDER BY id LIMIT 1 OFFSET 5", path.split("/")[-1])[0]["id"]
    page = panel().open(f"{path}?before={oldest}")
    assert page.texts(".bubble .bubble-text") == [f"part {n}" for n in range(5)] and not page.all(".live-thread[data-live-url]")
    with page.leads_to(path):
        page.one(".chat-head a[href$='#newest']").click()
    assert page.texts(".bubble .bubble-text")[-1] == "part 54"


def test_whatsapp_window(panel, stack):
    sender = "whatsapp:+48601000010"
    path = write(stack, sender, "Hola", ProfileName="Taller Norte")
    page = panel().open(path).stay()
    assert page.text("h1") == "Taller Norte" and "WhatsApp" in page.text(".chat-who p") and "whatsapp:" not in page.text(".conversation")
    assert "Open for 23 hours" in page.text(".thread-end .window") and page.all("[data-composer]")
    assert "characters" in page.text("[data-counter]") and "Segments" not in page.text("[data-counter]")
    # It closes while we look …
    stack.sql("UPDATE conversation SET last_inbound_at = last_inbound_at - INTERVAL 2 DAY, changed_at = UTC_TIMESTAMP(3) WHERE peer = %s", sender)
    page.wait_text("#composer .locked", "24 hours", LIVE_LIMIT + 1)
    assert not page.all("[data-composer]") and "Window closed" in page.text(".thread-end .window")
    # … and opens when the customer writes.
    stack.inbound("¿Hay alguien?", sender=sender, to=stack.whatsapp_line)
    page.wait(lambda: page.all("[data-composer]"), "the composer", LIVE_LIMIT + 1)
    assert page.stayed()


def test_names_and_texts_are_shown_as_they_are(panel, stack):
    name = "<b>Dąb & Synowie</b> “Spółka”"
    path = write(stack, "whatsapp:+48601000011", "<script>alert(1)</script> {{csrf}} &amp; 👍🏽\nsecond line", ProfileName=name)
    page = panel().open(path)
    assert page.text("h1") == name and name in page.window.title
    assert page.text(".bubble-text") == "<script>alert(1)</script> {{csrf}} &amp; 👍🏽\nsecond line"
    page.wait_text(".beside .here", name)
    page.open("/history")
    assert page.text(f"a[href='{path}']") == name


def test_a_server_that_is_away_keeps_the_text(panel, stack):
    path = write(stack, "+48601000012", "hi")
    page = panel().open(path).stay()
    page.window.set_network_conditions(offline=True, latency=0, throughput=0)
    send(page, "not lost")
    page.wait_text("[data-problem]", "Your text is kept")
    page.wait(lambda: page.one("#offline").is_displayed(), "the sign of the lost connection")
    page.window.delete_network_conditions()
    page.expect("ERR_INTERNET_DISCONNECTED")
    page.one("[data-send]").click()
    page.wait_text(".bubble.out .bubble-text", "not lost")
    page.wait(lambda: not page.one("#offline").is_displayed(), "the sign to go")
    assert len(stack.sql("SELECT 1 FROM message WHERE body = 'not lost'")) == 1 and page.stayed()


def test_a_session_that_ended_is_told(panel, stack):
    page = panel(None).sign_in("agent").open("/conversations")
    stack.sql("DELETE FROM session ORDER BY id DESC LIMIT 1")
    page.wait_text("#offline", "sign in again", LIVE_LIMIT + 1)
    page.expect("status of 401")


def test_chat_by_number(panel, stack):
    write(stack, "+48601000013", "hi")
    page = panel().open("/chat/+48601000013")
    assert page.path == f"/conversations/{conversation_id(stack, '+48601000013')}"


def test_search_and_a_new_message_beside_the_chat(panel, stack):
    path = write(stack, "+48601000014", "hi")
    write(stack, "whatsapp:+48601000015", "hej", ProfileName="Winiarnia Lipa")
    page = panel().open(path)
    page.press("/")
    assert page.focused.get_attribute("id") == "q"
    with page.leads_to("/conversations"):
        page.fill("q", "winiarnia\n")
    assert page.texts(".row-title b") == ["Winiarnia Lipa"]
    page.open(path)
    with page.leads_to("/"):
        page.one(".beside [data-new]").click()
    assert page.window.current_url.endswith("#send")


def test_behind_other_windows_little_is_asked_and_the_title_counts(panel, stack):
    path = write(stack, "+48601000016", "first")
    page, other = panel().open(path).stay(), panel("agent").open(path)
    page.script("const ask = fetch; window.asked = 0; window.fetch = (...what) => { window.asked += 1; return ask(...what); };")
    page.wait(lambda: page.script("return asked"), "a look")
    title = page.window.title
    page.script("window.was = true; window.since = Date.now(); Object.defineProperty(document, 'hidden', { get: () => window.was, configurable: true })")
    page.window.execute_async_script("setTimeout(arguments[0], 2500)")  # by the page's clock: what was planned before is done then
    before = page.script("return asked")
    for text in ("second", "third"):
        stack.inbound(text, sender="+48601000016")
        other.wait(lambda t=text: other.texts(".bubble.in .bubble-text")[-1] == t, "the message", LIVE_LIMIT)
    asked, seconds = page.script("return [asked, (Date.now() - since) / 1000]")
    assert asked - before <= 2 * (seconds // 30), "a hidden page asks seldom: each of its two lists twice a minute"
    page.script("dispatchEvent(new Event('online'))")  # the next look
    page.wait(lambda: page.window.title == f"(2) {title}", "what came, in the title")
    page.script("window.was = false; document.dispatchEvent(new Event('visibilitychange'))")
    page.wait(lambda: page.texts(".bubble.in .bubble-text")[-2:] == ["second", "third"], "both at once", LIVE_LIMIT)
    assert page.window.title == title
    assert page.stayed()
