"""An answer goes out: a row first, then Twilio; what cannot be sent is said at its field and stored nowhere."""
import json
import re

import pytest

from panel import (asked, at_once, badges, bubbles, conversation_with, csrf_of, enter, events, in_state, message, messages_with, mistakes, new_number, new_sid,
                   quoted, script, texts)


def send(stack, number, body="Hello", role="admin", path="/api/send-message", **more):
    return stack.api("POST", path, role, json={"to": number, "body": body, **more})


def reply(stack, talk, body, browser=None, **more):
    """The composer of a chat."""
    path = f"/conversations/{talk}"
    return (browser or enter(stack)).submit(path, action=path, body=body, **more)


def from_dashboard(stack, number, body, **more):
    return enter(stack).submit("/", action="/send", to=number, body=body, **more)


def nothing_stored(stack, number):
    return messages_with(stack, number) == [] and asked(stack, number) == []


# ---- sent ----

def test_a_message_leaves_and_the_panel_shows_that_it_arrived(stack):
    number = new_number()
    stack.inbound("Are you open?", sender=number)
    talk = conversation_with(stack, number)["id"]
    answer = reply(stack, talk, "Yes, until six. ł")
    assert bubbles(answer.text) == ["Are you open?", "Yes, until six. ł"] and answer.url == f"{stack.url}/conversations/{talk}#newest"
    (post,) = asked(stack, number)
    assert (post["From"], post["Body"], post["outcome"]) == (stack.line, "Yes, until six. ł", "accepted")
    in_state(stack, post["sid"], "delivered")
    (_, row) = messages_with(stack, number)
    assert (row["sid"], row["author_kind"], row["outbox_state"], row["attempts"]) == (post["sid"], 1, "sent", 1)
    page = enter(stack).page(f"/conversations/{talk}")
    assert 'class="badge good"' in page[page.rindex("bubble-foot"):]
    assert conversation_with(stack, number)["last_status"] == "delivered"


def test_the_dashboard_writes_to_anybody_as_people_type_numbers(stack):
    number = new_number()
    typed = f"{number[3:6]} {number[6:9]}-{number[9:]}"
    answer = from_dashboard(stack, typed, "Dzień dobry")
    assert bubbles(answer.text) == ["Dzień dobry"]
    (post,) = asked(stack, number)
    assert post["From"] == stack.line and post["To"] == number


def test_the_api_sends_and_tells_the_sid(stack):
    number = new_number()
    answer = send(stack, number)
    assert answer.status_code == 200 and answer.headers["Content-Type"] == "application/json"
    assert answer.json()["sid"] == asked(stack, number)[0]["sid"] and answer.json()["status"] == "queued"
    row = message(stack, answer.json()["sid"])
    assert row["author_kind"] == 2


def test_the_chat_says_who_wrote_it(stack):
    number = new_number()
    send(stack, number, "by a program")
    talk = conversation_with(stack, number)["id"]
    page = reply(stack, talk, "by a person", browser=stack.login("operator")).text
    authors = texts(page, "p", "bubble-author")[0]
    assert "operator@example.com" in authors[1] and "operator@example.com" not in authors[0] and "API" in authors[0]


def test_an_answer_goes_to_the_exact_address_by_the_line_that_was_written_to(stack):
    number = new_number()
    stack.ctl("line", "add", "+48732100777", "--tenant", stack.tenant.name, "--channel", "sms", check=False)
    stack.inbound("a", sender=number, to="+48732100777")
    stack.inbound("b", sender="whatsapp:" + number, to=stack.whatsapp_line)
    reply(stack, conversation_with(stack, number)["id"], "on sms")
    reply(stack, conversation_with(stack, "whatsapp:" + number)["id"], "on whatsapp")
    posts = [(p["From"], p["To"], p["Body"]) for p in asked(stack, number)]
    assert posts == [("+48732100777", number, "on sms"), (stack.whatsapp_line, "whatsapp:" + number, "on whatsapp")]


def test_a_line_can_be_chosen(stack):
    number = new_number()
    stack.ctl("line", "add", "+48732100778", "--tenant", stack.tenant.name, "--channel", "sms", check=False)
    line = stack.sql("SELECT id FROM line WHERE address = '+48732100778'")[0]["id"]
    from_dashboard(stack, number, "chosen", line=str(line))
    assert asked(stack, number)[0]["From"] == "+48732100778"


def test_media_templates_and_services_reach_twilio(stack):
    number, template, service = new_number(), "HX" + "1" * 32, "MG" + "2" * 32
    urls = ["https://media.example.com/1.jpg", "https://media.example.com/2.pdf"]
    assert send(stack, number, "look", media_urls=urls).status_code == 200
    assert send(stack, number, "", content_sid=template, content_variables={"1": "Ania", "2": "ł"}).status_code == 200
    assert send(stack, number, "by service", messaging_service_sid=service).status_code == 200
    assert send(stack, number, "", media_urls=urls[0]).status_code == 200
    media, content, by_service, alone = asked(stack, number)
    assert [v for k, v in media["all"] if k == "MediaUrl"] == urls
    assert content["ContentSid"] == template and json.loads(content["ContentVariables"]) == {"1": "Ania", "2": "ł"} and "Body" not in content
    assert by_service["MessagingServiceSid"] == service and "From" not in by_service
    assert alone["MediaUrl"] == urls[0]
    assert [m["num_media"] for m in messages_with(stack, number)] == [2, 0, 0, 1]


def test_the_accounts_own_service(stack):
    sid, token, service = "AC" + "5" * 32, "7" * 32, "MG" + "6" * 32
    stack.ctl("tenant", "add", "Serviced", "--sid", sid, "--token", token, "--messaging-service", service)
    stack.sim.post("accounts", {"sid": sid, "token": token})
    stack.ctl("line", "add", "+48732100779", "--tenant", "Serviced", "--channel", "sms")
    stack.ctl("user", "add", "admin@serviced.example", "--tenant", "Serviced", "--role", "admin", input="a long password\n")
    number = new_number()
    answer = send(stack, number, role="admin@serviced.example", use_messaging_service=True)
    assert answer.status_code == 200, answer.text
    assert asked(stack, number)[0]["MessagingServiceSid"] == service
    refused = send(stack, new_number(), use_messaging_service=True)
    assert refused.status_code == 400 and "use_messaging_service" in refused.json()["fields"]


def test_line_ends_are_counted_once_and_blanks_around_are_cut(stack):
    number = new_number()
    answer = from_dashboard(stack, number, "  one\r\ntwo\r\n\r\nthree \n")
    assert answer.status_code == 200
    assert asked(stack, number)[0]["Body"] == "one\ntwo\n\nthree" == messages_with(stack, number)[0]["body"]


# ---- the same send twice ----

def test_the_same_form_twice_is_one_send(stack):
    number = new_number()
    stack.inbound("hi", sender=number)
    path = f"/conversations/{conversation_with(stack, number)['id']}"
    browser = enter(stack)
    page = browser.page(path)
    data = {"_csrf": csrf_of(page), "nonce": re.search(r'name="nonce" value="([^"]+)"', page).group(1), "body": "once"}
    answers = at_once(5, lambda _: browser.post(path, data=data, allow_redirects=False)) + [browser.post(path, data=data, allow_redirects=False)]
    assert {a.status_code for a in answers} == {303}
    assert len(asked(stack, number)) == 1 and len(messages_with(stack, number)) == 2
    assert re.search(r'name="nonce" value="([^"]+)"', browser.page(path)).group(1) != data["nonce"]


def test_the_same_nonce_by_the_api_gives_the_first_answer(stack):
    number, nonce = new_number(), "order-4711"
    first = send(stack, number, "once", nonce=nonce)
    again = send(stack, number, "something else", nonce=nonce)
    assert first.status_code == again.status_code == 200
    assert again.json()["sid"] == first.json()["sid"] and len(asked(stack, number)) == 1


def test_no_nonce_and_an_empty_one_are_no_repetition(stack):
    number = new_number()
    for more in ({}, {}, {"nonce": ""}, {"nonce": ""}):
        assert send(stack, number, "again", **more).status_code == 200
    assert len(asked(stack, number)) == 4


def test_a_nonce_of_one_tenant_is_nothing_to_another(stack, other):
    number = new_number()
    assert send(stack, number, "ours", nonce="same").status_code == 200
    assert send(stack, number, "theirs", role=other.admin, nonce="same").status_code == 200
    assert len(asked(stack, number)) == 2


# ---- what is not sent ----

LONG, FITS = "x" * 1601, "👍" * 800


def test_1600_units_fit_and_one_more_does_not(stack):
    number = new_number()
    for body in ("x" * 1600, FITS):
        assert send(stack, number, body).status_code == 200
    for path, body in (("/api/send-message", LONG), ("/api/send-message", FITS + "x"), ("/api/messages", "x" * 15001), ("/api/messages", ("x" * 1000 + "\n\n") * 14)):
        answer = send(stack, number, body, path=path)
        assert answer.status_code == 400 and list(answer.json()["fields"]) == ["body"] and answer.json()["error"]
    assert len(asked(stack, number)) == len(messages_with(stack, number)) == 2


@pytest.mark.parametrize("to", ["", "123", "+0123456789", "+48", "abc", "+48 50", "+" + "1" * 16, "500 600 700 800 900", "whatsapp:hello", "messenger:1234567",
                                "+48500100100; DROP", None, {"a": 1}, [], "\u0000"])
def test_a_number_that_is_none_is_refused_at_its_field(stack, to):
    before = stack.sql("SELECT COUNT(*) n FROM message")[0]["n"]
    answer = stack.api("POST", "/api/send-message", json={"to": to, "body": "x"})
    assert answer.status_code == 400 and "to" in answer.json()["fields"] and answer.json()["error"], answer.text
    assert stack.sql("SELECT COUNT(*) n FROM message")[0]["n"] == before


@pytest.mark.parametrize("more, field", [
    ({"body": ""}, "body"), ({"body": "  \n "}, "body"), ({"body": None}, "body"), ({"body": 5.5, "media_urls": ["http://a.example/x"]}, "media_urls"),
    ({"media_urls": ["https://a.example/" + "x" * 2001]}, "media_urls"), ({"media_urls": [f"https://a.example/{i}" for i in range(11)]}, "media_urls"),
    ({"content_sid": "HX12"}, "content_sid"), ({"content_sid": "HX" + "ż" * 16}, "content_sid"), ({"content_variables": {"1": "x"}}, "content_variables"),
    ({"content_sid": "HX" + "1" * 32, "content_variables": "not JSON"}, "content_variables"), ({"messaging_service_sid": "MG" + "z" * 32}, "messaging_service_sid"),
    ({"nonce": "zażółć"}, "nonce"), ({"nonce": "x" * 65}, "nonce"), ({"body": "bell\u0007"}, "body"), ({"use_messaging_service": "perhaps"}, "use_messaging_service")])
def test_each_mistake_is_told_at_its_field(stack, more, field):
    number = new_number()
    answer = stack.api("POST", "/api/send-message", json={"to": number, "body": "x", **more})
    assert answer.status_code == 400 and list(answer.json()["fields"]) == [field] and answer.json()["error"], answer.text
    assert nothing_stored(stack, number)


def test_mistakes_stand_in_the_form_and_what_was_typed_stays(stack):
    number = new_number()
    answer = from_dashboard(stack, number, LONG)
    assert answer.status_code == 422 and list(mistakes(answer.text)) == ["body"] and LONG in answer.text and number in answer.text
    answer = from_dashboard(stack, "12 <b>", "hello there")
    assert answer.status_code == 422 and list(mistakes(answer.text)) == ["to"] and "hello there" in answer.text
    assert 'value="12 &lt;b&gt;"' in answer.text
    stack.inbound("hi", sender=number)
    answer = reply(stack, conversation_with(stack, number)["id"], "  ")
    assert answer.status_code == 422 and list(mistakes(answer.text)) == ["body"]
    assert asked(stack, number) == []


def test_without_a_sender_nothing_is_stored(stack):
    stack.ctl("tenant", "add", "Lineless", "--sid", "AC" + "8" * 32, "--token", "8" * 32)
    stack.ctl("user", "add", "admin@lineless.example", "--tenant", "Lineless", "--role", "admin", input="a long password\n")
    number = new_number()
    for to in (number, "whatsapp:" + number):
        answer = send(stack, to, role="admin@lineless.example")
        assert answer.status_code == 400 and list(answer.json()["fields"]) == ["line"] and answer.json()["error"]
    assert nothing_stored(stack, number)
    stack.passwords["admin@lineless.example"] = "a long password"
    page = stack.login("admin@lineless.example").page("/")
    assert 'action="/send"' not in page and 'class="warning"' in page


def test_a_line_of_another_channel_or_tenant_is_refused(stack, other):
    number, browser = new_number(), enter(stack)
    theirs = stack.sql("SELECT id FROM line WHERE tenant_id = %s", other.id)[0]["id"]
    page = browser.page("/")
    for line in (theirs, 999999, "x"):
        answer = browser.post("/send", data={"_csrf": csrf_of(page), "to": number, "body": "x", "line": line})
        assert answer.status_code == 422 and list(mistakes(answer.text)) == ["line"], answer.text
    assert nothing_stored(stack, number)


def test_without_credentials_the_message_is_kept_as_failed_with_the_reason(stack):
    stack.ctl("tenant", "add", "Bare")
    stack.ctl("line", "add", "+48732100780", "--tenant", "Bare", "--channel", "sms")
    stack.ctl("user", "add", "admin@bare.example", "--tenant", "Bare", "--role", "admin", input="a long password\n")
    number = new_number()
    answer = send(stack, number, role="admin@bare.example")
    assert answer.status_code == 500 and answer.json()["error"]
    (row,) = messages_with(stack, number)
    assert (row["status"], row["outbox_state"]) == ("failed", "failed") and row["error_text"] and asked(stack, number) == []


def test_a_suspended_tenant_and_a_line_switched_off_send_nothing(stack, other):
    number = new_number()
    stack.sql("UPDATE tenant SET state = 'suspended' WHERE id = %s", other.id)
    try:
        assert send(stack, number, role=other.admin).status_code == 500
    finally:
        stack.sql("UPDATE tenant SET state = 'active' WHERE id = %s", other.id)
    assert messages_with(stack, number)[0]["status"] == "failed" and asked(stack, number) == []
    number = new_number()
    stack.inbound("hi", sender=number, to=other.line, AccountSid=other.sid, token=other.token)
    stack.sql("UPDATE line SET active = 0 WHERE tenant_id = %s", other.id)
    try:
        browser = enter(stack, other.admin)
        answer = reply(stack, conversation_with(stack, number, other)["id"], "too late", browser=browser)
        assert answer.status_code == 200 and len(texts(answer.text, "span", "failure")[0]) == 1
    finally:
        stack.sql("UPDATE line SET active = 1 WHERE tenant_id = %s", other.id)
    assert asked(stack, number) == []


# ---- refused by Twilio ----

@pytest.mark.parametrize("code", [21610, 21211, 21408, 20003, 63007])
def test_a_refusal_is_kept_with_its_code_and_told(stack, code):
    number = new_number()
    script(stack, number, code=code, message="No <way>", status=401 if code == 20003 else 400)
    answer = send(stack, number)
    assert answer.status_code == 500 and answer.json()["error"] == "No <way>"
    (row,) = [m for m in messages_with(stack, number) if m["direction"] == 1]
    assert (row["status"], row["error_code"], row["error_text"], row["sid"]) == ("failed", code, "No <way>", None)
    assert (row["outbox_state"], row["attempts"]) == ("failed", 1), "nobody tries again"
    page = enter(stack).page(f"/conversations/{row['conversation_id']}")
    assert f"errors/{code}" in page and "<way>" not in page


def test_a_refusal_without_sense_is_still_a_refusal(stack):
    for n, form in enumerate(("html", "empty", "problem")):
        number = new_number()
        script(stack, number, status=400 + n, code=21999, format=form)
        answer = send(stack, number)
        assert answer.status_code == 500 and answer.json()["error"]
        assert messages_with(stack, number)[0]["status"] == "failed"


def test_the_chat_shows_a_refusal_in_place(stack):
    number = new_number()
    stack.inbound("hi", sender=number)
    script(stack, number, code=21610)
    answer = reply(stack, conversation_with(stack, number)["id"], "hello?")
    assert answer.status_code == 200 and "errors/21610" in answer.text and bubbles(answer.text)[-1] == "hello?"


# ---- WhatsApp's window ----

def test_free_text_on_whatsapp_needs_a_message_of_the_last_24_hours(stack):
    number = new_number()
    address = "whatsapp:" + number
    answer = send(stack, address)
    assert answer.status_code == 400 and list(answer.json()["fields"]) == ["body"] and nothing_stored(stack, number)
    assert send(stack, address, "", content_sid="HX" + "1" * 32).status_code == 200, "a template is allowed"
    assert send(stack, address).status_code == 400, "our own message opens nothing"
    stack.inbound("hi", sender=address, to=stack.whatsapp_line)
    assert send(stack, address).status_code == 200
    talk, edge = conversation_with(stack, address)["id"], "UPDATE conversation SET last_inbound_at = UTC_TIMESTAMP(3) - INTERVAL %s SECOND WHERE id = %s"
    stack.sql(edge, 24 * 3600 - 5, talk)
    assert send(stack, address, "just in time").status_code == 200
    page = enter(stack).page(f"/conversations/{talk}")
    assert 'name="body"' in page and 'class="window open"' in page
    stack.sql(edge, 24 * 3600 + 1, talk)
    assert send(stack, address, "too late").status_code == 400
    page = enter(stack).page(f"/conversations/{talk}")
    assert 'name="body"' not in page and 'class="window closed"' in page and 'class="locked"' in page
    data = {"_csrf": csrf_of(page), "body": "from a page that was open", "nonce": new_sid()}
    answer = enter(stack).post(f"/conversations/{talk}", data=data)
    assert answer.status_code == 422
    assert [m["body"] for m in messages_with(stack, number) if m["direction"]] == ["", "Hello", "just in time"]
    stack.wait(lambda: len(asked(stack, number)) == 3, what="what had to wait for the sender's pace")


def test_a_window_that_closes_while_the_message_waits_stops_it(stack):
    """The gate is asked at the moment of sending."""
    number = new_number()
    address = "whatsapp:" + number
    stack.inbound("hi", sender=address, to=stack.whatsapp_line)
    script(stack, number, match={"To": address}, status=429, retry_after=2)
    assert send(stack, address, "waits").json()["status"] == "queued"
    stack.sql("UPDATE conversation SET last_inbound_at = last_inbound_at - INTERVAL 1 DAY WHERE peer = %s", address)
    stack.wait(lambda: messages_with(stack, number)[-1]["status"] == "failed", what="the closed gate")
    assert [a["outcome"] for a in asked(stack, number)] == ["20429"]


# ---- lists ----

def test_unread_counts_by_user_and_reading_marks(stack):
    number = new_number()
    first, second = stack.login("operator"), enter(stack)
    for text in ("a", "b"):
        stack.inbound(text, sender=number)
    talk = conversation_with(stack, number)["id"]

    def unread(browser):
        page = browser.page("/conversations")
        row = re.search(rf'data-key="c{talk}".*?</li>', page, re.S).group(0)
        found = re.search(r'data-news="(\d+)"', row)
        return int(found.group(1)) if found else 0
    assert unread(first) == unread(second) == 2
    page = first.page(f"/conversations/{talk}")
    assert unread(first) == 2, "looking is a safe method: it writes nothing"
    answer = first.submit(f"/conversations/{talk}", action=f"/conversations/{talk}/read", seen=re.search(r'name="seen" value="(\d+)"', page).group(1))
    assert answer.status_code == 200 and (unread(first), unread(second)) == (0, 2)
    stack.inbound("c", sender=number)
    assert (unread(first), unread(second)) == (1, 3)
    first.post(f"/conversations/{talk}/read", data={"_csrf": csrf_of(page), "seen": 1})
    assert unread(first) == 1, "a mark only rises"


def test_the_history_filters_searches_and_pages(stack, other):
    browser, number = enter(stack, other.admin), new_number()
    for i in range(60):
        stack.inbound(f"needle {i}" if i % 2 else f"hay {i} 100%_", sender=number, to=other.line, AccountSid=other.sid, token=other.token)
    send(stack, number, "our <answer>", role=other.admin)
    found, path = [], "/history"
    while path:
        page = browser.page(path)
        found += texts(page, "span", "one-line")[0]
        older = re.search(r'href="(/history\?[^"#]*before=\d+)', page)
        path = older and older.group(1).replace("&amp;", "&")
    assert len(found) >= 61 and found[0] == "our <answer>" and len(set(found)) >= 61
    assert all(t.startswith("needle") for t in texts(browser.page("/history?q=needle"), "span", "one-line")[0])
    assert len(texts(browser.page("/history?q=needle"), "span", "one-line")[0]) == 30
    assert len(texts(browser.page("/history?q=100%25_"), "span", "one-line")[0]) == 30, "% and _ mean themselves"
    assert texts(browser.page("/history?q=" + quoted("%%_%")), "span", "one-line")[0] == []
    assert texts(browser.page("/history?direction=out&q=answer"), "span", "one-line")[0] == ["our <answer>"]
    assert "needle" not in " ".join(texts(browser.page("/history?direction=out"), "span", "one-line")[0])
    assert len(badges(browser.page("/history?direction=in"))) >= 50


def test_the_list_pages_through_conversations_of_one_moment(stack, other):
    """More of them than a page holds have the same time: each is there once."""
    browser, numbers, found, path = enter(stack, other.admin), {new_number() for _ in range(120)}, [], "/conversations"
    for number in numbers:
        stack.inbound("together", sender=number, to=other.line, AccountSid=other.sid, token=other.token)
    stack.sql("UPDATE conversation SET last_at = UTC_TIMESTAMP() WHERE peer IN %s", numbers)
    wanted = {row["id"] for row in stack.sql("SELECT id FROM conversation WHERE peer IN %s", numbers)}
    while path:
        page = browser.page(path)
        found += [int(id) for id in re.findall(r'href="/conversations/(\d+)#newest"', page)]
        older = re.search(r'href="(/conversations\?before=[\d.]+)', page)
        path = older and older.group(1)
    assert wanted <= set(found) and len(found) == len(set(found)) and len(wanted) == 120


def test_the_chat_pages_back_to_the_first_message(stack):
    number = new_number()
    for i in range(120):
        stack.inbound(f"n{i}", sender=number)
    path, seen = f"/conversations/{conversation_with(stack, number)['id']}", []
    while path:
        page = enter(stack).page(path)
        seen = bubbles(page) + seen
        older = re.search(r'href="(/conversations/\d+\?before=\d+)', page)
        path = older and older.group(1)
    assert seen == [f"n{i}" for i in range(120)]


def test_the_predecessors_chat_address_leads_to_the_chat(stack):
    number = new_number()
    stack.inbound("x", sender=number)
    talk = conversation_with(stack, number)["id"]
    for spelling in (number, quoted(number), number[1:], quoted("whatsapp:" + number)):
        answer = enter(stack).get(f"/chat/{spelling}", allow_redirects=False)
        assert (answer.status_code, answer.headers["Location"]) == (303, f"/conversations/{talk}")
    assert enter(stack).get(f"/chat/{new_number()}").status_code == 404


def test_what_is_written_about_a_send_in_the_ledger(stack):
    number = new_number()
    sid = send(stack, number).json()["sid"]
    in_state(stack, sid, "delivered")
    stack.wait(lambda: len(events(stack, sid)) == 3)
    assert [(e["source"], e["status"]) for e in events(stack, sid)] == [("api", "queued"), ("callback", "sent"), ("callback", "delivered")]
