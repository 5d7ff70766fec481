"""Conversations that need a person: marked where the list shows it, found by the filter, unmarked when somebody has seen to it."""
import re

import pytest

from ai_tools import ended, notes, switch_on
from panel import answer_after, conversation_with, csrf_of, enter, logged, new_number, texts
from test_budgets import seed

DOUBT = "Please stop texting me"


@pytest.fixture(scope="module")
def own(database, running_models):
    """A stack whose model is simulated."""
    from stack_fixtures import _run
    for stack in _run(database, **running_models.settings):
        stack.sql("UPDATE user SET language = 'en'")
        yield stack
        assert "event=work.failed" not in stack.logs("fcgi-cron")


@pytest.fixture
def ai(own, models):
    switch_on(own)
    return own


def row(page, talk):
    """That conversation in a list; None when it is not there."""
    found = re.search(rf'<li [^>]*data-key="c{talk}".*?</li>', page, re.S)
    return found and found.group(0)


def mark(stack, number, path="/conversations"):
    """What the list says about it, in words; "" for nothing."""
    line = row(enter(stack).page(path), conversation_with(stack, number)["id"])
    return re.sub("<[^>]*>", "", "".join(re.findall(r'<span class="badge wait attention"><i class="icon i-[\w-]+"></i>(.*?)</span>', line)))


def waiting(stack, number, role="admin"):
    """Does the filter find it?"""
    return row(enter(stack, role).page("/conversations?attention=1"), conversation_with(stack, number)["id"]) is not None


def in_api(stack, number):
    items = stack.api("GET", "/api/conversations?limit=200").json()["items"]
    return next(i["attention"] for i in items if i["participant"] == number)


def handed_off(stack, models, text="Hello"):
    models.script(kind="hand_off", reason="A refund.", match={"last": text})
    number = new_number()
    assert ended(stack, stack.inbound(text, sender=number).sid) == "ai-handed_off"
    return number


def doubted(stack):
    number = new_number()
    assert stack.inbound(DOUBT, sender=number).status_code == 200
    stack.wait(lambda: "opt-out-doubt" in [n[0] for n in notes(stack, number)], what="the note")
    return number


def is_unmarked(stack, number):
    talk = conversation_with(stack, number)
    assert (talk["attention"], talk["attention_at"]) == ("", None)
    assert mark(stack, number) == "" and not waiting(stack, number) and in_api(stack, number) is None
    assert "attention-bar" not in enter(stack).page(f"/conversations/{talk['id']}")
    return True


def done(stack, number, since=None, browser=None):
    """The button of the chat, pressed."""
    talk = conversation_with(stack, number)["id"]
    page = enter(stack).page(f"/conversations/{talk}")
    since = since or re.search(r'name="since" value="(\d+)"', page).group(1)
    browser = browser or enter(stack)
    return browser.post(f"/conversations/{talk}/attention", data={"_csrf": csrf_of(browser.page("/")), "since": since}, allow_redirects=False)


def answer(stack, number, body="A person here"):
    talk = conversation_with(stack, number)["id"]
    browser = enter(stack)
    return browser.post(f"/conversations/{talk}", data={"_csrf": csrf_of(browser.page("/")), "body": body, "nonce": f"n{talk}{len(body)}"}, allow_redirects=False)


# ---- marked ----

def test_a_hand_off_marks_the_list_and_the_filter_finds_it(ai, models):
    before = new_number()
    assert ended(ai, ai.inbound("Good morning", sender=before).sid) == "answered"
    assert is_unmarked(ai, before), "what was answered needs nobody"
    number = handed_off(ai, models)
    assert mark(ai, number) == "Needs a person" and waiting(ai, number) and in_api(ai, number) == "handed-off"
    chat = enter(ai).page(f"/conversations/{conversation_with(ai, number)['id']}")
    assert "Needs a person" in texts(chat, "form", "attention-bar")[0][0] and ">Mark as done</button>" in chat
    live = enter(ai).get("/live?view=attention&cursor=0-0")
    assert row(live.text, conversation_with(ai, number)["id"]) and not row(live.text, conversation_with(ai, before)["id"])


def test_answers_that_stopped(own):
    own.sql("UPDATE ai_profile SET automatic = 0")
    assert own.api("POST", "/api/auto-reply/config", json={"enabled": True, "message": "Thank you."}).status_code == 200
    answer_after(own, 0)
    number = new_number()
    assert [ended(own, own.inbound(f"{i}", sender=number).sid) for i in range(6)] == ["answered"] * 5 + ["loop"]
    assert mark(own, number) == "Answers stopped" and waiting(own, number) and in_api(own, number) == "answers-stopped"
    assert own.api("POST", "/api/auto-reply/config", json={"enabled": False, "message": ""}).status_code == 200


def test_a_doubt(own):
    number = doubted(own)
    assert mark(own, number) == "Asks to stop?" and waiting(own, number) and in_api(own, number) == "opt-out-doubt"


def test_a_doubt_covers_no_hand_off(ai, models):
    number = handed_off(ai, models)
    ai.inbound(DOUBT, sender=number)
    ai.wait(lambda: len(notes(ai, number)) == 2, what="the note")
    assert mark(ai, number) == "Needs a person"
    assert decided(ai, number, "no").status_code == 303
    assert mark(ai, number) == "Needs a person", "the question was another"


def test_to_whom_nothing_may_be_sent_nobody_has_to_answer(ai, models):
    number = handed_off(ai, models)
    ai.inbound(DOUBT, sender=number)
    ai.wait(lambda: len(notes(ai, number)) == 2, what="the note")
    assert decided(ai, number, "yes").status_code == 303 and is_unmarked(ai, number)


def test_who_was_answered_meanwhile_needs_nobody(ai, models):
    models.script(kind="hand_off", reason="A refund.", match={"last": "Hello"})
    models.config(hold=True)
    number = new_number()
    try:
        sid = ai.inbound("Hello", sender=number).sid
        ai.wait(lambda: models.asked(), what="the question to the model")
        assert answer(ai, number).status_code == 303
    finally:
        models.config(hold=False)
        models.release()
    assert ended(ai, sid) == "ai-handed_off" and notes(ai, number)[0][0] == "handed-off"
    assert is_unmarked(ai, number)


# ---- unmarked ----

def test_a_persons_answer_clears_it(ai, models):
    number = handed_off(ai, models)
    assert answer(ai, number).status_code == 303 and is_unmarked(ai, number)
    number = handed_off(ai, models)
    assert ai.api("POST", "/api/messages", json={"to": number, "body": "An answer of a program"}).status_code == 200 and is_unmarked(ai, number)


def test_an_answer_that_is_refused_and_one_of_a_machine_clear_nothing(ai, models):
    number = handed_off(ai, models)
    assert answer(ai, number, body="").status_code == 422 and mark(ai, number) == "Needs a person"
    assert ended(ai, ai.inbound("And when do you open?", sender=number).sid) == "answered"
    assert mark(ai, number) == "Needs a person" and waiting(ai, number), "the customer still waits for a person"


@pytest.mark.parametrize("word", ["yes", "no"])
def test_a_decided_doubt_clears_it(own, word):
    number = doubted(own)
    assert decided(own, number, word).status_code == 303 and is_unmarked(own, number)


def decided(stack, number, word):
    talk = conversation_with(stack, number)["id"]
    browser = enter(stack)
    return browser.post("/opt-outs/doubts", data={"_csrf": csrf_of(browser.page("/")), "conversation": talk, "answer": word}, allow_redirects=False)


def test_done_clears_it_and_whoever_may_read_may_say_so(own):
    number = doubted(own)
    seen = conversation_with(own, number)["changed_at"]
    answered = done(own, number, browser=enter(own, "agent"))
    assert answered.status_code == 303 and answered.headers["Location"].endswith(f"/conversations/{conversation_with(own, number)['id']}")
    assert is_unmarked(own, number) and conversation_with(own, number)["changed_at"] > seen, "live views follow"


def test_done_is_said_of_what_was_seen(own):
    number = doubted(own)
    page = enter(own).page(f"/conversations/{conversation_with(own, number)['id']}")
    since = int(re.search(r'name="since" value="(\d+)"', page).group(1))
    own.sql("UPDATE conversation SET attention_at = attention_at + INTERVAL 1 SECOND WHERE peer = %s", number)
    assert done(own, number, since=since).status_code == 303 and mark(own, number) == "Asks to stop?", "this one is newer"
    assert done(own, number, since="0").status_code == 422 and done(own, number, since="9" * 18).status_code == 422


def test_another_tenant_meets_nothing(stack, other):
    number = doubted(stack)
    stranger = enter(stack, other.admin)
    before = mark(stack, number)
    assert done(stack, number, browser=stranger).status_code == 404
    assert before and mark(stack, number) == before and not waiting(stack, number, other.admin)


# ---- the filter ----

def test_the_filter_is_paged_by_an_index_and_asks_once(own):
    seed(own, own.tenant, 120, messages=1)
    own.sql("UPDATE conversation SET attention = 'handed-off', attention_at = '2026-01-01' + INTERVAL id DIV 3 SECOND WHERE tenant_id = %s", own.tenant.id)
    browser, path, found, cost = enter(own), "/conversations?attention=1", [], []
    while path:
        answered = browser.get(path)
        found += [int(i) for i in re.findall(r'data-key="c(\d+)"', answered.text)]
        cost.append(int(logged(own, answered)["statements"]))
        assert len(cost) < 20, "pages that come again"
        older = re.search(r'href="(/conversations\?attention=1&(?:amp;)?before=[^"#]+)', answered.text)
        path = older and older.group(1).replace("&amp;", "&")
    rows = own.sql("SELECT id FROM conversation WHERE tenant_id = %s ORDER BY attention_at DESC, id DESC", own.tenant.id)
    assert found == [r["id"] for r in rows] and len(cost) >= 3, "each once, three of them at the same moment"
    assert max(cost) <= 2 and min(cost) == 1, cost
    own.sql("UPDATE conversation SET attention = '', attention_at = NULL WHERE tenant_id = %s", own.tenant.id)
    page = browser.page("/conversations?attention=1")
    assert "No conversation needs a person now." in page and 'href="/conversations?attention=1" aria-current="true"' in page
