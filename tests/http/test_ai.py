"""A model answers: drafts and automatic answers, what drops them, what hands them to a person, what they may cost."""
import os
import re
import signal

import pytest

from ai_tools import KEY, configure, draft, ended, job, notes, out, switch_on, usage
from panel import asked, conversation_with, csrf_of, enter, messages_with, new_number, script, second_cron

LONG = "This is a sentence of an answer that goes on and on. " * 60


@pytest.fixture(scope="module")
def own(database, running_models):
    """A stack whose model is simulated."""
    from stack_fixtures import _run
    for stack in _run(database, **running_models.settings):
        stack.sql("UPDATE user SET language = 'en'")
        yield stack
        assert KEY not in stack.logs(), "a key in a log"
        assert "event=work.failed" not in stack.logs("fcgi-cron")


@pytest.fixture
def ai(own, models):
    """Automatic, at once."""
    switch_on(own)
    return own


def prompt_of(models):
    return models.asked()[-1]["body"]["messages"]


# ---- answers ----

def test_an_arrival_is_answered_once(ai, models):
    number = new_number()
    first = ai.inbound("When do you open?", sender=number)
    assert ended(ai, first.sid) == "answered"
    sent = ai.wait(lambda: [m for m in out(ai, number) if m["sid"]], what="the answer")
    assert [(m["body"], m["author_kind"]) for m in sent] == [("Answer to: When do you open?", 4)]
    for _ in range(5):
        ai.inbound("When do you open?", sender=number, sid=first.sid)
    assert len(models.asked()) == 1 and len(asked(ai, number)) == 1
    roles = [(m["role"], m["content"]) for m in prompt_of(models)]
    assert roles[-1] == ("user", "When do you open?") and len(roles) == 2
    assert "We sell bread." in roles[0][1] and "When do you open?" not in roles[0][1]
    row = usage(ai)[-1]
    assert (row["purpose"], row["provider"], row["model"], row["tokens_in"], row["tokens_out"], row["status"], row["outcome"]) == (
        "reply", "openai", "gpt-4o-mini", 20, 10, 200, "answered") and row["request_id"]


def test_the_conversation_goes_with_it_oldest_first(ai, models):
    number = new_number()
    for text in ("Do you have rye bread?", "And how much is it?"):
        assert ended(ai, ai.inbound(text, sender=number).sid) == "answered"
        ai.wait(lambda: all(m["sid"] for m in out(ai, number)), what="the answer")
    roles = [(m["role"], m["content"]) for m in prompt_of(models)][1:]
    assert roles == [("user", "Do you have rye bread?"), ("assistant", "Answer to: Do you have rye bread?"), ("user", "And how much is it?")] or \
        [r[0] for r in roles] == ["user", "assistant", "user"] and "Answer to: Do you have rye bread?" in roles[1][1]


def test_what_a_model_does_not_read(ai, models):
    number = new_number()
    models.script(kind="hand_off", reason="NOTEWORTHY")
    ended(ai, ai.inbound("First", sender=number).sid)
    script(ai, number, code=30007)
    ai.api("POST", "/api/send-message", json={"to": number, "body": "NEVER-ARRIVED"})
    sid = ai.inbound("", sender=number, NumMedia=1, MediaUrl0="https://api.twilio.com/x", MediaContentType0="image/jpeg").sid
    assert ended(ai, sid) == "answered"
    told = str(prompt_of(models))
    assert "NOTEWORTHY" not in told and "NEVER-ARRIVED" not in told
    assert prompt_of(models)[-1] == {"role": "user", "content": "First\n[image]"}


def test_anthropic_answers_too(own, models):
    switch_on(own, provider="anthropic", model="claude-x")
    own.sql("DELETE FROM model_key WHERE provider = 'anthropic'")
    browser_key = own.sql("SELECT COUNT(*) n FROM model_key")[0]["n"]
    assert browser_key == 1
    number = new_number()
    assert ended(own, own.inbound("Hello", sender=number).sid) == "ai-no-key"
    configure(own, api_key="sk-ant-" + "x" * 20)
    assert ended(own, own.inbound("Hello again", sender=number).sid) == "answered"
    assert models.asked()[-1]["provider"] == "anthropic"
    own.sql("DELETE FROM model_key WHERE provider = 'anthropic'")


def test_a_draft_waits_for_a_person(own, models):
    switch_on(own, automatic=False)
    number = new_number()
    assert ended(own, own.inbound("Do you deliver?", sender=number).sid) == "drafted"
    row = draft(own, number)
    assert (row["state"], row["text"]) == ("ready", "Answer to: Do you deliver?")
    assert out(own, number) == [] and row["message_id"] == conversation_with(own, number)["last_message_id"]


def chat(stack, number):
    return f"/conversations/{conversation_with(stack, number)['id']}"


def test_an_agent_uses_a_draft(own, models):
    switch_on(own, automatic=False)
    number = new_number()
    ended(own, own.inbound("Do you deliver?", sender=number).sid)
    agent, path = enter(own, "agent"), chat(own, number)
    page = agent.page(path)
    assert "The AI proposes" in page and "Answer to: Do you deliver?" in page
    use = re.search(r'href="(/conversations/\d+\?draft=(\d+)#composer)"', page)
    filled = agent.page(use.group(1).partition("#")[0])
    assert re.search(r"<textarea[^>]*>Answer to: Do you deliver\?</textarea>", filled) and f'name="draft" value="{use.group(2)}"' in filled
    agent.post(path, data={"_csrf": csrf_of(filled), "body": "Yes, we do.", "draft": use.group(2), "nonce": "n" + number}, allow_redirects=False)
    sent, = own.wait(lambda: [m for m in out(own, number) if m["sid"]], what="the message")
    assert (sent["body"], sent["author_kind"]) == ("Yes, we do.", 1) and draft(own, number) is None
    assert "AI draft, changed and sent by" in agent.page(path) and "The AI proposes" not in agent.page(path)


def test_a_draft_sent_as_it_is_and_one_that_is_dismissed(own, models):
    switch_on(own, automatic=False)
    number = new_number()
    agent = enter(own, "agent")
    ended(own, own.inbound("One", sender=number).sid)
    row, path = draft(own, number), chat(own, number)
    agent.post(path, data={"_csrf": csrf_of(agent.page(path)), "body": row["text"], "draft": row["message_id"], "nonce": "s" + number}, allow_redirects=False)
    assert "AI draft, sent by" in agent.page(path)
    ended(own, own.inbound("Two", sender=number).sid)
    row = draft(own, number)
    agent.post(path + "/dismiss", data={"_csrf": csrf_of(agent.page(path)), "draft": row["message_id"]}, allow_redirects=False)
    assert draft(own, number) is None and "The AI proposes" not in agent.page(path)


def test_a_draft_is_void_with_the_next_message(own, models):
    switch_on(own, automatic=False)
    number = new_number()
    ended(own, own.inbound("One", sender=number).sid)
    assert "The AI proposes" in enter(own, "agent").page(chat(own, number))
    configure(own, enabled=False)
    own.inbound("Two", sender=number)
    assert "The AI proposes" not in enter(own, "agent").page(chat(own, number))


def test_an_agent_asks(own, models):
    switch_on(own)
    configure(own, enabled=False)
    number = new_number()
    own.inbound("Is there a table for four?", sender=number)
    agent, path = enter(own, "agent"), chat(own, number)
    page = agent.page(path)
    assert "Ask the AI" in page
    models.config(hold=True)
    agent.post(path + "/ask", data={"_csrf": csrf_of(page)}, allow_redirects=False)
    models.wait(lambda counts: counts["in_flight"] == 1)
    assert "The AI is writing" in agent.page(path) and "Ask the AI" not in agent.page(path)
    models.config(hold=False)
    models.release()
    own.wait(lambda: draft(own, number)["state"] == "ready", what="the proposal")
    assert draft(own, number)["text"] == "Answer to: Is there a table for four?" and usage(own)[-1]["purpose"] == "draft"
    models.script(kind="hand_off", reason="I do not know the tables.")
    own.inbound("Hello?", sender=number)
    agent.post(path + "/ask", data={"_csrf": csrf_of(page)}, allow_redirects=False)
    own.wait(lambda: draft(own, number)["state"] == "failed", what="the refusal")
    assert "The AI has no proposal: I do not know the tables." in agent.page(path) and "Ask the AI" in agent.page(path)


# ---- dropped ----

def hold(stack, models, number, text="Hello"):
    """An arrival whose answer is being thought about."""
    models.config(hold=True)
    sid = stack.inbound(text, sender=number).sid
    models.wait(lambda counts: counts["in_flight"] == 1)
    return sid


@pytest.mark.parametrize("automatic", [True, False])
def test_a_human_is_quicker(own, models, automatic):
    switch_on(own, automatic=automatic)
    number = new_number()
    sid = hold(own, models, number)
    assert own.api("POST", "/api/send-message", json={"to": number, "body": "I am here."}).status_code == 200
    models.release()
    assert ended(own, sid) == "human"
    assert [m["body"] for m in out(own, number)] == ["I am here."] and draft(own, number) is None
    assert notes(own, number) == [("answer-dropped", "A person answered first.")]


def test_a_newer_message_while_the_model_thinks(ai, models):
    number = new_number()
    first = hold(ai, models, number, "One")
    second = ai.inbound("Two", sender=number).sid
    models.wait(lambda counts: counts["in_flight"] == 2)
    models.config(hold=False)
    models.release()
    assert (ended(ai, first), ended(ai, second)) == ("superseded", "answered")
    assert [m["body"] for m in out(ai, number)] == ["Answer to: One\nTwo"] or [m["body"] for m in out(ai, number)] == ["Answer to: Two"]
    assert notes(ai, number) == [("answer-dropped", "The customer wrote again.")]


def test_three_texts_in_a_row_are_one_question(own, models):
    switch_on(own, rest=4)
    number = new_number()
    sids = [own.inbound(text, sender=number).sid for text in ("Hello", "I have a question", "Do you deliver?")]
    assert [ended(own, s) for s in sids] == ["superseded", "superseded", "answered"]
    assert len(models.asked()) == 1 and len(out(own, number)) == 1
    assert "Hello" in prompt_of(models)[-1]["content"] and prompt_of(models)[-1]["content"].endswith("Do you deliver?")


def test_switched_off_while_the_model_thinks(ai, models):
    number = new_number()
    sid = hold(ai, models, number)
    configure(ai, enabled=False)
    models.release()
    assert ended(ai, sid) == "off" and out(ai, number) == []


def test_two_programs_give_one_answer(ai, models):
    with second_cron(ai):
        numbers = [new_number() for _ in range(20)]
        sids = [ai.inbound("Hello", sender=n).sid for n in numbers]
        assert {ended(ai, s) for s in sids} == {"answered"}
        ai.wait(lambda: all(out(ai, n)[0]["sid"] for n in numbers), what="all answers at Twilio")
        assert len(models.asked()) == 20 and all(len(asked(ai, n)) == 1 for n in numbers)


def test_a_program_killed_while_the_model_thinks(ai, models):
    number = new_number()
    sid = hold(ai, models, number)
    os.kill(ai.cron.pid, signal.SIGKILL)
    ai.stop_cron()
    models.config(hold=False)
    models.release()
    ai.start_cron()
    ai.sql("UPDATE reply_job SET next_at = UTC_TIMESTAMP(3) WHERE state = 'thinking'")  # its lease runs out
    assert ended(ai, sid) == "answered" and job(ai, sid)["tries"] == 2
    ai.wait(lambda: out(ai, number)[0]["sid"], what="the answer at Twilio")
    assert len(asked(ai, number)) == 1


# ---- a person is needed ----

@pytest.mark.parametrize("behaviour,outcome,words", [
    ({"kind": "hand_off", "reason": "The customer wants a refund."}, "ai-handed_off", "The customer wants a refund."),
    ({"kind": "refusal", "reason": "I can not help with that."}, "ai-refused", "I can not help with that."),
    ({"kind": "empty"}, "ai-empty", "Its answer was empty."),
    ({"kind": "length"}, "ai-cut", "cut off"),
    ({"kind": "filter"}, "ai-filtered", "filter"),
    ({"kind": "error", "status": 401}, "ai-denied", "did not accept the key"),
    ({"kind": "error", "status": 400}, "ai-bad_request", "did not accept the request"),
    ({"kind": "quota"}, "ai-quota", "no credit"),
    ({"kind": "error", "status": 500, "times": 3, "retry_after_ms": 1}, "ai-down", "did not answer in time"),
    ({"kind": "raw", "body": "<p>what</p>"}, "ai-nonsense", "could not be read"),
    ({"kind": "text", "text": "Look at https://evil.example/x"}, "ai-link", "not on your list"),
])
def test_no_answer_is_handed_to_a_person(own, models, behaviour, outcome, words):
    switch_on(own, own_links=1, link_sites="bread.example")
    models.script(**behaviour)
    number = new_number()
    assert ended(own, own.inbound("Hello", sender=number).sid) == outcome
    assert out(own, number) == [] and draft(own, number) is None
    (kind, detail), = notes(own, number)
    assert kind == "handed-off" and words in detail
    assert (usage(own)[-1]["outcome"] == "answered") == (outcome == "ai-link")
    assert words in enter(own).page(f"/conversations/{conversation_with(own, number)['id']}")


def test_a_passing_failure_is_asked_again(ai, models):
    models.script(kind="error", status=529, times=2, retry_after_ms=10)
    number = new_number()
    assert ended(ai, ai.inbound("Hello", sender=number).sid) == "answered"
    assert len(models.asked()) == 3 and [u["outcome"] for u in usage(ai)[-3:]] == ["busy", "busy", "answered"]


def test_links_of_ours_are_sent(own, models):
    switch_on(own, own_links=1, link_sites="bread.example")
    models.script(kind="text", text="See https://www.bread.example/menu")
    number = new_number()
    assert ended(own, own.inbound("Hello", sender=number).sid) == "answered"


# ---- long answers ----

def test_a_long_answer_is_made_shorter(own, models):
    switch_on(own, answer_limit=160)
    models.script(kind="text", text=LONG[:900], match={"last": "Tell me all"})
    models.script(kind="text", text="Short.", match={"last": "This is a sentence"})
    number = new_number()
    assert ended(own, own.inbound("Tell me all", sender=number).sid) == "answered"
    assert [m["body"] for m in out(own, number)] == ["Short."]
    assert "at most 160 characters" in models.asked()[-1]["body"]["messages"][0]["content"]
    assert [u["purpose"] for u in usage(own)[-2:]] == ["reply", "shorten"]


def test_a_very_long_answer_leaves_in_parts(own, models):
    switch_on(own, answer_limit=6000)
    models.script(kind="text", text=LONG.strip())
    number = new_number()
    assert ended(own, own.inbound("Tell me all", sender=number).sid) == "answered"
    own.wait(lambda: len(out(own, number)) == 3 and all(m["sid"] for m in out(own, number)), what="three parts")
    bodies = [a["Body"] for a in asked(own, number)]
    assert bodies == [m["body"] for m in out(own, number)], "in their order"
    assert all(len(b) <= 1500 and b.endswith(".") for b in bodies) and " ".join(bodies) == LONG.strip()


def test_parts_keep_their_order_when_the_first_is_put_off(own, models):
    switch_on(own, answer_limit=6000)
    models.script(kind="text", text=LONG.strip())
    number = new_number()
    script(own, number, status=429, retry_after=1)
    assert ended(own, own.inbound("Tell me all", sender=number).sid) == "answered"
    own.wait(lambda: len(out(own, number)) == 3 and all(m["sid"] for m in out(own, number)), what="three parts")
    assert [a["Body"] for a in asked(own, number) if a["outcome"] == "accepted"] == [m["body"] for m in out(own, number)]


def test_an_answer_in_parts_that_waits_is_withdrawn_as_a_whole(own, models):
    switch_on(own, answer_limit=6000)
    models.script(kind="text", text=LONG.strip())
    number = new_number()
    script(own, number, status=429, retry_after=600)
    assert ended(own, own.inbound("Tell me all", sender=number).sid) == "answered"
    own.wait(lambda: out(own, number)[0]["outbox_state"] == "queued" and asked(own, number), what="the first try")
    assert own.api("POST", "/api/messages", json={"to": number, "body": "Let me tell you."}).status_code == 200
    own.wait(lambda: [a["Body"] for a in asked(own, number) if a["outcome"] == "accepted"] == ["Let me tell you."], what="the person's text: it waits for nobody")
    own.sql("UPDATE outbox SET next_at = UTC_TIMESTAMP(3) WHERE state = 'queued'")
    own.wait(lambda: [m["status"] for m in out(own, number)][:3] == ["canceled"] * 3, what="the end of all three")
    assert [a["Body"] for a in asked(own, number) if a["outcome"] == "accepted"] == ["Let me tell you."]


# ---- limits ----

def test_the_days_limit(ai, models):
    ai.sql("DELETE FROM ai_day")
    ai.sql("REPLACE INTO ai_limit (tenant_id, calls_per_day, tokens_per_day) VALUES (%s, 1, 100000)", ai.tenant.id)
    try:
        numbers = [new_number(), new_number()]
        assert ended(ai, ai.inbound("Hello", sender=numbers[0]).sid) == "answered"
        assert ended(ai, ai.inbound("Hello", sender=numbers[1]).sid) == "ai-limit"
        assert len(models.asked()) == 1 and notes(ai, numbers[1])[0][0] == "handed-off"
        ai.sql("UPDATE ai_limit SET calls_per_day = 100, tokens_per_day = 30")
        assert ended(ai, ai.inbound("Again", sender=numbers[1]).sid) == "ai-limit", "30 tokens are used up"
        assert ai.api("POST", "/api/ai/test", json={"message": "x"}).status_code == 429
    finally:
        ai.sql("DELETE FROM ai_limit")


def test_whatsapp_and_sms_alike(ai, models):
    number = new_number()
    assert ended(ai, ai.inbound("Hello", sender="whatsapp:" + number, to=ai.whatsapp_line).sid) == "answered"
    assert messages_with(ai, number)[-1]["body"] == "Answer to: Hello"


def test_nothing_secret_is_stored_or_told(ai, models):
    assert KEY not in str(ai.sql("SELECT * FROM model_key"))
    told = configure(ai)
    assert told["has_api_key"] and re.fullmatch("•+" + KEY[-4:], told["api_key_preview"]) and KEY not in str(told)
    assert job(ai, ai.inbound("x", sender=new_number()).sid) is not None
    assert KEY not in str(ai.sql("SELECT * FROM audit")) and KEY not in str(ai.sql("SELECT * FROM ai_usage"))
