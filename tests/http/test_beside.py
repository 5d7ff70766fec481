"""A chat asks for opt-out and proposal only where there may be one; whatever makes one says so."""
import pytest

from ai_tools import draft, ended, switch_on
from inbound_tools import is_noted
from panel import conversation_with, csrf_of, enter, new_number, statements_in_a_burst
from test_opt_out import say, send
from test_opt_out_pages import bring, record
from test_sync import fetch, record as listed

LOCKED = 'data-lock="locked"'


@pytest.fixture(scope="module")
def own(database, running_models):
    """A stack whose fcgi-cron may be stopped, and whose model is simulated."""
    from stack_fixtures import _run
    yield from _run(database, **running_models.settings)


def forget(stack, *numbers):
    """As fcgi-cron leaves conversations beside which there is nothing."""
    for number in numbers:
        stack.sql("UPDATE conversation SET beside_at = NULL WHERE peer = %s", number)


def known(stack):
    """A customer who wrote long ago."""
    number = new_number()
    say(stack, number, "Hello")
    forget(stack, number)
    return number


def chat(stack, number):
    return f"/conversations/{conversation_with(stack, number)['id']}"


def is_locked(stack, number):
    return LOCKED in enter(stack).page(chat(stack, number))


def settle(stack, *numbers, age="20 MINUTE"):
    """fcgi-cron looks at what was made that long ago."""
    for number in numbers:
        stack.sql(f"UPDATE conversation SET beside_at = UTC_TIMESTAMP(3) - INTERVAL {age} WHERE peer = %s", number)
    stack.sql("DELETE FROM job_slot WHERE job = 'beside'")
    stack.stop_cron()
    stack.start_cron()
    stack.wait(lambda: stack.sql("SELECT 1 FROM job_slot WHERE job = 'beside' AND ended_at IS NOT NULL"), what="the job")
    return [stack.sql("SELECT beside_at FROM conversation WHERE peer = %s", n)[0]["beside_at"] is None for n in numbers]


def refused(stack, number, code):
    sid = send(stack, number).json()["sid"]
    is_noted(stack.status(sid, "undelivered", ErrorCode=code, To=number))


MAKE = {
    "the customer's word": lambda stack, n: say(stack, n, "STOP"),
    "a person": lambda stack, n: record(stack, n, reason="phoned"),
    "the API": lambda stack, n: stack.api("POST", "/api/opt-outs", json={"address": n, "reason": "letter"}),
    "an import": lambda stack, n: bring(enter(stack), n, "write"),
    "the provider": lambda stack, n: refused(stack, n, 30004),
}


@pytest.mark.parametrize("how", MAKE)
def test_an_opt_out_is_seen_at_once_and_its_end_too(stack, how):
    number = known(stack)
    assert not is_locked(stack, number)
    MAKE[how](stack, number)
    assert is_locked(stack, number)
    entry = stack.sql("SELECT id FROM opt_out WHERE address_key = %s", number)[0]["id"]
    path, browser = f"/opt-outs/{entry}", enter(stack)
    browser.submit(path, action=path + "/lift", reason="asked us to go on")
    assert not is_locked(stack, number)
    MAKE["a person"](stack, number)
    assert is_locked(stack, number), "a second time"


def test_a_persons_word_is_seen_in_every_conversation_and_in_new_ones(stack):
    number, line = known(stack), "+48732777" + new_number()[-3:]
    stack.ctl("line", "add", line, "--tenant", stack.tenant.name, "--channel", "sms")
    say(stack, number, "Hello", to=line)
    forget(stack, number)
    say(stack, number, "STOP")
    talks = [r["id"] for r in stack.sql("SELECT id FROM conversation WHERE peer = %s ORDER BY id", number)]
    assert len(talks) == 2 and all(LOCKED in enter(stack).page(f"/conversations/{t}") for t in talks)
    line = "+48732778" + new_number()[-3:]
    stack.ctl("line", "add", line, "--tenant", stack.tenant.name, "--channel", "sms")
    say(stack, number, "Hello", to=line)
    newest = stack.sql("SELECT MAX(id) AS id FROM conversation WHERE peer = %s", number)[0]["id"]
    assert newest not in talks and LOCKED in enter(stack).page(f"/conversations/{newest}")


def test_a_word_that_only_twilios_list_told_of(own):
    number = known(own)
    listed(own, number, "STOP", days_ago=0)
    fetch(own, 1)
    assert is_locked(own, number)


def test_a_chat_with_nothing_beside_it_costs_two_statements(own):
    plain, out, lately, waiting = (known(own) for _ in range(4))
    say(own, out, "STOP")
    talk = conversation_with(own, waiting)
    own.sql("INSERT INTO ai_draft (tenant_id, conversation_id, message_id, state, next_at, text) VALUES (%s, %s, %s, 'ready', UTC_TIMESTAMP(3), 'My proposal')",
            talk["tenant_id"], talk["id"], talk["last_message_id"])
    assert settle(own, plain, out, waiting) == [True, False, False]
    assert settle(own, lately, age="1 MINUTE") == [False], "a transaction may be under way"
    browser = enter(own)
    assert statements_in_a_burst(own, lambda: browser.get(chat(own, plain))) == 2
    assert statements_in_a_burst(own, lambda: browser.get(chat(own, out))) == 3
    assert is_locked(own, out) and not is_locked(own, plain) and "My proposal" in browser.page(chat(own, waiting))
    say(own, out, "START")
    assert own.sql("SELECT beside_at > UTC_TIMESTAMP(3) - INTERVAL 1 MINUTE AS now FROM conversation WHERE peer = %s", out) == [{"now": 1}], "looked up anew, however old the opt-out"
    assert settle(own, out) == [True]


def test_a_proposal_is_seen_at_once(own, models):
    switch_on(own, automatic=False)
    number = known(own)
    assert ended(own, own.inbound("Do you deliver?", sender=number).sid) == "drafted"
    agent = enter(own, "agent")
    assert "Answer to:" in agent.page(chat(own, number))
    row = draft(own, number)
    agent.post(chat(own, number) + "/dismiss", data={"_csrf": csrf_of(agent.page(chat(own, number))), "draft": row["message_id"]}, allow_redirects=False)
    assert settle(own, number) == [True]
    agent.post(chat(own, number) + "/ask", data={"_csrf": csrf_of(agent.page(chat(own, number)))}, allow_redirects=False)
    own.wait(lambda: draft(own, number)["state"] == "ready", what="the proposal")
    assert "Answer to:" in agent.page(chat(own, number))
