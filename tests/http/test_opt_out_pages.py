"""The ledger as people and programs work with it: list, decisions, words, import and export, the API."""
import csv
import io
import re

import pytest

from panel import asked, conversation_with, csrf_of, enter, messages_with, mistakes, new_number, quoted, statements_in_a_burst, texts
from test_opt_out import STOPPED, entries, ledger, notes, say, send


def titles(page):
    return [t.strip() for t in re.findall(r'<span class="row-title">.*?<b>(.*?)</b>', page)]


def shown(number):
    return f"{number[:3]} {number[3:6]} {number[6:9]} {number[9:]}"


def entry_id(stack, number, channel="all"):
    return stack.sql("SELECT id FROM opt_out WHERE address_key = %s AND channel = %s", number, channel)[0]["id"]


def record(stack, number, **more):
    return enter(stack).submit("/opt-outs", action="/opt-outs", number=number, **more)


def bring(browser, text, act):
    """The import form with one of its two buttons."""
    return browser.post("/opt-outs/import", data={"_csrf": csrf_of(browser.page("/opt-outs/import")), "text": text, "act": act})


def test_one_is_recorded_found_lifted_and_remembered(stack):
    number = new_number()
    answer = record(stack, shown(number)[4:], reason="phoned us")
    assert answer.status_code == 200 and shown(number) in titles(answer.text)
    assert entries(stack, number) == {"all": ("out", "admin")} and send(stack, number).status_code == 400
    browser = enter(stack)
    for q in (number, shown(number), number[5:]):
        assert titles(browser.get("/opt-outs", params={"q": q}).text) == [shown(number)]
    assert titles(browser.get("/opt-outs", params={"q": new_number()}).text) == []
    path = f"/opt-outs/{entry_id(stack, number)}"
    assert "phoned us" in browser.page(path)
    answer = browser.submit(path, action=path + "/lift", reason="")
    assert answer.status_code == 422 and "reason" in mistakes(answer.text) and entries(stack, number) == {"all": ("out", "admin")}
    answer = browser.submit(path, action=path + "/lift", reason="asked us to go on")
    assert answer.status_code == 200 and "asked us to go on" in answer.text and "phoned us" in answer.text
    assert entries(stack, number) == {"all": ("in", "admin")} and send(stack, number).status_code == 200
    assert [(e["kind"], e["reason"], e["user_id"] is not None) for e in ledger(stack, number)] == [("out", "phoned us", True), ("in", "asked us to go on", True)]


def test_a_mistyped_number_stays_in_the_form(stack):
    answer = record(stack, "12ab", reason="my reason")
    assert answer.status_code == 422 and "number" in mistakes(answer.text) and 'value="12ab"' in answer.text and 'value="my reason"' in answer.text


def test_an_admins_block_is_told_in_the_chat_and_no_word_lifts_it(stack):
    number = new_number()
    say(stack, number, "Hello")
    record(stack, number, reason="complaint")
    say(stack, number, "START")
    assert entries(stack, number) == {"all": ("out", "admin")} and notes(stack, number) == ["opted-out", "opt-in-kept"]


@pytest.mark.parametrize("answer, state", [("yes", {"sms": ("out", "keyword")}), ("no", {})])
def test_a_doubt_is_decided_once(stack, answer, state):
    number = new_number()
    say(stack, number, "Proszę nie pisać do mnie więcej")
    talk = conversation_with(stack, number)["id"]
    browser = enter(stack)
    page = browser.page("/opt-outs")
    assert "Proszę nie pisać do mnie więcej" in texts(page, "blockquote", "asked")[0]
    chat = browser.page(f"/conversations/{talk}")
    assert chat.count('action="/opt-outs/doubts"') == 1
    form = {"_csrf": csrf_of(chat), "conversation": talk, "answer": answer, "next": f"/conversations/{talk}"}
    done = browser.post("/opt-outs/doubts", data=form, allow_redirects=False)
    assert done.status_code == 303 and done.headers["Location"].endswith(f"/conversations/{talk}")
    assert entries(stack, number) == state
    assert notes(stack, number)[0] == f"opt-out-{answer}"
    chat = browser.page(f"/conversations/{talk}")
    assert 'action="/opt-outs/doubts"' not in chat and ("data-lock=\"locked\"" in chat) == (answer == "yes")
    assert "Proszę nie pisać do mnie więcej" not in texts(browser.page("/opt-outs"), "blockquote", "asked")[0]
    assert browser.post("/opt-outs/doubts", data=form, allow_redirects=False).status_code == 409, "nobody decides twice"
    if answer == "yes":
        say(stack, number, "START")
        assert send(stack, number).status_code == 200, "the customer's own wish is the customer's to take back"


def test_what_the_provider_said_is_reviewed(stack):
    first, second = new_number(), new_number()
    for number in (first, second):
        sid = send(stack, number).json()["sid"]
        stack.status(sid, "undelivered", ErrorCode=30004, To=number)
    browser = enter(stack)
    page = browser.page("/opt-outs")
    paths = {number: f"/opt-outs/{entry_id(stack, number, 'sms')}" for number in (first, second)}
    assert all(f'action="{path}/confirm"' in page for path in paths.values()) and "errors/30004" in page
    for number, action, fields in ((first, "confirm", {}), (second, "lift", {"reason": "a fault of the carrier"})):
        path = paths[number]
        assert browser.submit(path, action=f"{path}/{action}", **fields).status_code == 200
    page = browser.page("/opt-outs")
    assert not any(f'action="{path}/confirm"' in page for path in paths.values())
    assert entries(stack, first) == {"sms": ("out", "admin")} and [e["kind"] for e in ledger(stack, first)] == ["out", "confirm"]
    assert entries(stack, second) == {"sms": ("in", "admin")}


def test_own_words(stack):
    browser = enter(stack)
    answer = browser.submit("/opt-outs/words", action="/opt-outs/words", word="Żegnaj!", meaning="stop")
    assert answer.status_code == 200 and "Żegnaj!" in answer.text
    number = new_number()
    say(stack, number, "ŻEGNAJ")
    assert entries(stack, number) == {"sms": ("out", "keyword")}
    browser.submit("/opt-outs/words", action="/opt-outs/words", word="koniec", meaning="none")
    number = new_number()
    say(stack, number, "Koniec")
    assert entries(stack, number) == {}
    for word in ("zegnaj", "koniec"):
        assert browser.submit("/opt-outs/words", action="/opt-outs/words/remove", word=word).status_code == 200
    say(stack, number, "Koniec")
    assert entries(stack, number) == {"sms": ("out", "keyword")}
    answer = browser.submit("/opt-outs/words", action="/opt-outs/words", word="!!!", meaning="stop")
    assert answer.status_code == 422 and "word" in mistakes(answer.text)
    assert [r["action"] for r in stack.sql("SELECT action FROM audit WHERE action LIKE 'opt\\_out.word%%' ORDER BY id")][-4:] == [
        "opt_out.word", "opt_out.word", "opt_out.word_removed", "opt_out.word_removed"]


def test_a_list_is_checked_then_imported(stack):
    fresh, known, word = new_number(), new_number(), new_number()
    record(stack, known)
    say(stack, word, "STOP")
    text = f"number,channel,reason\n{shown(fresh)},sms,\"left, for good\"\n'{known}\n{word};all\nnonsense 12\n{fresh},sms\n{fresh},pigeon\n\n"
    browser = enter(stack)
    answer = bring(browser, text, "check")
    counts = [t for t in re.findall(r"<dd>(\d+)</dd>", answer.text)]
    assert counts == ["6", "2", "1", "1", "2"] and entries(stack, fresh) == {}, "nothing is written yet"
    assert all(f"{line}:" in answer.text for line in (5, 6, 7)) and "nonsense 12" in answer.text
    answer = bring(browser, text, "write")
    assert re.findall(r"<dd>(\d+)</dd>", answer.text) == counts
    assert entries(stack, fresh) == {"sms": ("out", "import")} and entries(stack, known) == {"all": ("out", "admin")}
    assert entries(stack, word) == {"sms": ("out", "keyword"), "all": ("out", "import")}
    assert ledger(stack, fresh)[0]["reason"] == "left, for good"
    assert stack.sql("SELECT detail FROM audit WHERE action = 'opt_out.import' ORDER BY id DESC LIMIT 1")[0]["detail"] == "lines 6, taken 2, known 1, invalid 2, twice 1"
    answer = bring(browser, "hello\n\n", "check")
    assert answer.status_code == 422 and "text" in mistakes(answer.text)
    answer = bring(browser, "\n".join(["1"] * 2001), "check")
    assert answer.status_code == 422 and "text" in mistakes(answer.text)


def test_a_file_is_imported_and_a_long_list_in_one_request(stack):
    browser = enter(stack)
    numbers = [f"+4860{n:07d}" for n in range(2000)]
    page = browser.page("/opt-outs/import")
    answer = browser.post("/opt-outs/import", data={"_csrf": csrf_of(page), "text": "", "act": "check"}, files={"file": ("list.csv", "\ufeff" + "\r\n".join(numbers))})
    assert re.findall(r"<dd>(\d+)</dd>", answer.text) == ["2000", "2000", "0", "0", "0"] and numbers[-1] in answer.text
    answer = browser.post("/opt-outs/import", data={"_csrf": csrf_of(page), "text": "\n".join(numbers), "act": "write"})
    assert answer.status_code == 200 and stack.sql("SELECT COUNT(*) AS n FROM opt_out WHERE address_key LIKE '+4860%%'") == [{"n": 2000}]
    answer = browser.post("/opt-outs/import", data={"_csrf": csrf_of(page), "act": "check"}, files={"file": ("list.csv", b"\xff\xfe\x00")})
    assert answer.status_code == 422 and "file" in mistakes(answer.text)
    seen, path = set(), "/opt-outs"
    for _ in range(60):
        text = browser.page(path)
        found = re.findall(r'class="conversation-row[^"]*".*?href="/opt-outs/(\d+)"', text, re.S)
        assert not seen & set(found) and found
        seen |= set(found)
        more = re.search(r'href="(/opt-outs\?before=[^"]+)"', text)
        if not more:
            break
        path = more.group(1)
    assert len(seen) >= 2000 and not more, "page by page, nobody twice, nobody left out"
    stack.sql("DELETE FROM opt_out WHERE address_key LIKE '+4860%%'")


def test_the_export_is_safe_in_a_spreadsheet_and_can_be_imported(stack, other):
    number = new_number()
    record(stack, number, reason='=HYPERLINK("http://x")')
    answer = enter(stack).get("/opt-outs/export")
    assert answer.headers["Content-Type"].startswith("text/csv") and "attachment" in answer.headers["Content-Disposition"]
    rows = {r["number"]: r for r in csv.DictReader(io.StringIO(answer.text))}
    row = rows["'" + number]
    assert (row["channel"], row["source"], row["reason"]) == ("all", "admin", "'=HYPERLINK(\"http://x\")") and row["since"].endswith("Z")
    assert all(cell[:1] not in "=+-@" for r in rows.values() for cell in r.values() if cell)
    theirs = enter(stack, other.admin)
    assert number not in theirs.get("/opt-outs/export").text
    answer = bring(theirs, answer.text, "write")
    assert answer.status_code == 200 and entries(stack, number, other) == {"all": ("out", "import")}


def test_the_api(stack):
    number = new_number()
    path = f"/api/opt-outs/{quoted(number)}"
    assert stack.api("GET", path).json() == {"address": number, "opted_out": False, "items": [], "count": 0}
    answer = stack.api("POST", "/api/opt-outs", json={"address": shown(number), "reason": "by letter"})
    item = answer.json()["items"][0]
    assert answer.status_code == 200 and answer.json()["opted_out"] is True
    assert (item["address"], item["channel"], item["source"], item["reason"]) == (number, "all", "api", "by letter") and item["since"].endswith("Z")
    assert send(stack, "whatsapp:" + number).status_code == 400
    assert stack.api("GET", "/api/opt-outs?limit=1").json()["items"] == [item]
    page = stack.api("GET", "/api/opt-outs?limit=1").json()
    if page["next"]:
        assert stack.api("GET", f"/api/opt-outs?limit=1&before={page['next']}").json()["items"][0]["id"] != item["id"]
    assert "'" + number in stack.api("GET", "/api/opt-outs/export").text
    assert stack.api("DELETE", path).json()["opted_out"] is False
    assert stack.api("DELETE", path).status_code == 404 and send(stack, number).status_code == 200
    for wrong in ({}, {"address": "abc"}, {"address": number, "channel": "pigeon"}):
        answer = stack.api("POST", "/api/opt-outs", json=wrong)
        assert answer.status_code == 400 and answer.json()["error"] and answer.json()["fields"]


def test_who_may(stack):
    number = new_number()
    record(stack, number)
    entry = entry_id(stack, number)
    agent = enter(stack, "agent")
    page = agent.page("/opt-outs")
    assert shown(number) in titles(page) and 'action="/opt-outs"' in page and 'method="post" action="/opt-outs' not in page
    token = csrf_of(page)
    assert 'action="/opt-outs/' not in agent.page(f"/opt-outs/{entry}")
    for path in ("/opt-outs/import", "/opt-outs/export"):
        assert agent.get(path).status_code == 403
    for path in ("/opt-outs", "/opt-outs/doubts", "/opt-outs/words", "/opt-outs/words/remove", "/opt-outs/import", f"/opt-outs/{entry}/lift", f"/opt-outs/{entry}/confirm"):
        assert agent.post(path, data={"_csrf": token, "number": number, "reason": "x"}).status_code == 403, path
    assert stack.api("POST", "/api/opt-outs", "agent", json={"address": number}).status_code == 403
    assert stack.api("DELETE", f"/api/opt-outs/{quoted(number)}", "agent").status_code == 403
    assert entries(stack, number) == {"all": ("out", "admin")}


def test_another_tenant_sees_and_changes_nothing(stack, other):
    number = new_number()
    say(stack, number, "I say: please stop texting me")
    talk = conversation_with(stack, number)["id"]
    record(stack, number, reason="only ours")
    entry = entry_id(stack, number)
    enter(stack).submit("/opt-outs/words", action="/opt-outs/words", word="unser Wort", meaning="stop")
    stranger = enter(stack, other.admin)
    token = csrf_of(stranger.page("/"))
    for path in ("/opt-outs", "/opt-outs?q=" + quoted(number), "/opt-outs/words", "/opt-outs/export"):
        text = stranger.get(path).text
        assert shown(number) not in titles(text) and "only ours" not in text and "unser Wort" not in text and "I say: please stop texting me" not in text
    assert stranger.get(f"/opt-outs/{entry}").status_code == 404
    for path, form in ((f"/opt-outs/{entry}/lift", {"reason": "x"}), (f"/opt-outs/{entry}/confirm", {}), ("/opt-outs/doubts", {"conversation": talk, "answer": "no"})):
        assert stranger.post(path, data={"_csrf": token, **form}).status_code in (404, 409), path
    stranger.post("/opt-outs/words/remove", data={"_csrf": token, "word": "unser wort"})
    assert stack.sql("SELECT 1 FROM opt_out_word WHERE word = 'unser wort'") and entries(stack, number) == {"all": ("out", "admin")}
    assert stack.sql("SELECT state FROM opt_out_doubt WHERE conversation_id = %s", talk) == [{"state": "open"}]
    assert stack.api("GET", f"/api/opt-outs/{quoted(number)}", other.admin).json()["opted_out"] is False
    assert stack.api("DELETE", f"/api/opt-outs/{quoted(number)}", other.admin).status_code == 404
    enter(stack).submit("/opt-outs/words", action="/opt-outs/words/remove", word="unser wort")


@pytest.mark.parametrize("kind", ["bulk", "reminder"])
def test_what_leaves_by_itself_is_stopped_at_the_gate_and_says_why(stack, kind):
    number, friend = new_number(), new_number()
    say(stack, number, "STOP")
    if kind == "bulk":
        answer = stack.api("POST", "/api/multi-sms/batches", json={"body": "to all of you", "recipients": [number, friend]})
        assert answer.status_code == 201, answer.text
    else:
        for to in (number, friend):
            answer = stack.api("POST", "/api/reminders", json={"to": to, "body": "to all of you", "interval_minutes": 60})
            assert answer.status_code == 201, answer.text
            stack.sql("UPDATE reminder SET next_at = UTC_TIMESTAMP() - INTERVAL 1 SECOND WHERE id = %s", int(answer.json()["id"]))
    stack.wait(lambda: [a for a in asked(stack, friend) if a["outcome"] == "accepted"], what="the other one's message")
    told = "This customer has opted out (STOP): nothing may be sent."
    stack.wait(lambda: [m for m in messages_with(stack, number) if m["status"] == "failed" and m["error_text"].startswith(told)], what="the reason")
    assert STOPPED in texts(enter(stack).page(f"/conversations/{conversation_with(stack, number)['id']}"), "p", "bubble-failure")[0][-1]
    if kind == "bulk":
        path = f"/api/multi-sms/batches/{answer.json()['batch']['id']}/recipients"
        items = stack.wait(lambda: [i for i in [stack.api("GET", path).json()["items"]] if "pending" not in [r["status"] for r in i]], what="both settled")[0]
        assert [r["status"] for r in items] == ["failed", "sent"] and items[0]["error"].startswith(told)
    assert asked(stack, number) == []
    stack.sql("UPDATE reminder SET enabled = 0, next_at = NULL")


def test_an_erased_person_stays_out_until_somebody_who_knows_the_number_lifts_it(stack):
    number = new_number()
    say(stack, number, "hello")
    browser = enter(stack)
    assert browser.submit("/privacy", "/privacy/erase", number=number, again=number).status_code == 200
    stack.wait(lambda: not stack.sql("SELECT 1 FROM contact WHERE address_key = %s", number), what="the erasure")
    assert entries(stack, number) == {} and send(stack, number).status_code == 400
    say(stack, number, "START")
    assert send(stack, number).status_code == 400, "no word lifts it"
    page = browser.get("/opt-outs", params={"q": number}).text
    assert titles(page) == ["Usunięta osoba"] and shown(number) not in page
    path = re.search(r'class="conversation-row[^"]*".*?href="(/opt-outs/\d+)"', page, re.S).group(1)
    for typed, field in (("", "number"), (new_number(), "")):
        answer = browser.submit(path, action=path + "/lift", number=typed, reason="wrote again")
        assert answer.status_code == 422 and (field in mistakes(answer.text) or 'role="alert"' in answer.text)
    assert browser.submit(path, action=path + "/lift", number=number, reason="wrote again").status_code == 200
    assert send(stack, number).status_code == 200


def test_a_locked_chat_costs_one_statement_more(stack):
    """What was looked up: until then a new chat costs it, too (test_beside.py)."""
    free, out = new_number(), new_number()
    say(stack, free, "hello")
    say(stack, out, "STOP")
    stack.sql("UPDATE conversation SET beside_at = NULL WHERE peer = %s", free)

    def cost(number):
        talk = conversation_with(stack, number)["id"]
        return statements_in_a_burst(stack, lambda: enter(stack).get(f"/conversations/{talk}"))
    assert cost(free) == 2 and cost(out) == 3
