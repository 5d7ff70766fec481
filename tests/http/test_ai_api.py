"""Predecessor 000's AI calls: settings, trying out, answering on demand, the conversation."""
import secrets

import pytest

from ai_tools import KEY, configure, out, switch_on, usage
from panel import answer_after, asked, csrf_of, messages_with, new_number, new_sid, script
from stack import Tenant


@pytest.fixture(scope="module")
def own(database, running_models):
    from stack_fixtures import _run
    for stack in _run(database, **running_models.settings):
        yield stack
        assert KEY not in stack.logs() and "sk-other" not in stack.logs(), "a key in a log"


@pytest.fixture
def ai(own, models):
    switch_on(own)
    configure(own, enabled=False)
    return own


def call(stack, path, status, role="admin", **values):
    answer = stack.api("POST", path, role=role, json=values)
    assert answer.status_code == status, answer.text
    return answer.json()


def test_settings_before_anything_was_saved(own):
    for table in ("ai_profile", "model_key", "reply_rule"):
        own.sql(f"DELETE FROM {table}")
    now = own.api("GET", "/api/ai/config").json()
    assert now == {"enabled": False, "system_prompt": "", "target_number": "", "target_number_normalized": None, "model": "gpt-4o-mini", "temperature": None,
                   "provider": "openai", "mode": "draft", "updated_at": None, "has_api_key": False, "api_key_preview": ""}
    assert "key" in configure(own, status=400, enabled=True)["error"].lower() or configure(own, status=400, enabled=True)["error"]
    assert own.api("GET", "/api/ai/config").json()["enabled"] is False


def test_who_comes_from_the_predecessor_gets_answers_that_are_sent(own, models):
    """First set up by this call: automatic, as there; what was chosen stays."""
    for first in ({"enabled": True, "api_key": KEY}, {"model": "gpt-4o-mini"}):
        for table in ("ai_profile", "model_key", "reply_rule"):
            own.sql(f"DELETE FROM {table}")
        assert configure(own, **first)["mode"] == "automatic"
        answer_after(own, 0)
        assert configure(own, enabled=True, api_key=KEY)["enabled"]
        number = new_number()
        own.inbound("Are you open?", sender=number)
        assert own.wait(lambda: [m["body"] for m in out(own, number)], what="the answer") == ["Answer to: Are you open?"]
    assert configure(own, mode="draft")["mode"] == "draft" and configure(own, enabled=True, model="gpt-5")["mode"] == "draft"
    assert configure(own, mode="automatic")["mode"] == "automatic"
    assert "mode" in own.api("POST", "/api/ai/config", json={"mode": "loud"}).json()["fields"]
    configure(own, enabled=False)


def test_a_mistake_stores_nothing(ai):
    now = ai.api("GET", "/api/ai/config").json()
    for values in ({"temperature": 3}, {"mode": "loud"}, {"enabled": "maybe"}, {"enabled": {}}, {"model": ["x"]}, {"history": 1, "model": "x" * 101}):
        configure(ai, status=400, **{"api_key": "sk-another-key", "system_prompt": "Changed", **values})
    configure(ai, status=400, api_key="bad key", system_prompt="Changed")
    ai.sql("DELETE FROM model_key")
    configure(ai, status=400, enabled=True, system_prompt="Changed", target_number="600 700 801")
    assert ai.api("GET", "/api/ai/config").json() == {**now, "has_api_key": False, "api_key_preview": ""}


def test_settings_change_one_at_a_time(ai):
    told = configure(ai, temperature=0.7, system_prompt="Be kind.", target_number="600 700 800")
    assert (told["temperature"], told["system_prompt"], told["target_number_normalized"]) == (0.7, "Be kind.", "+48600700800")
    told = configure(ai, model="gpt-5")
    assert (told["model"], told["temperature"], told["system_prompt"]) == ("gpt-5", 0.7, "Be kind.") and told["updated_at"]
    for bad in (2.1, -1, "warm", [1]):
        assert configure(ai, status=400, temperature=bad)["error"]
    assert configure(ai, temperature="")["temperature"] is None
    assert ai.sql("SELECT COUNT(*) n FROM audit WHERE action = 'ai_profile.put'")[0]["n"] >= 3


def test_on_switches_the_text_off_and_the_other_way_round(ai):
    assert configure(ai, enabled=True)["enabled"]
    assert ai.api("POST", "/api/auto-reply/config", json={"enabled": True, "message": "We are closed."}).json()["enabled"]
    assert ai.api("GET", "/api/ai/config").json()["enabled"] is False
    assert configure(ai, enabled=True)["enabled"]
    assert ai.api("GET", "/api/auto-reply/config").json()["enabled"] is False
    assert configure(ai, enabled=False)["enabled"] is False


def test_who_may(own):
    for role in ("operator", "agent"):
        assert own.api("GET", "/api/ai/config", role=role).status_code == 403
        assert own.api("POST", "/api/ai/config", role=role, json={"enabled": False}).status_code == 403
        assert own.api("POST", "/api/ai/test", role=role, json={}).status_code == 403
        assert own.api("GET", "/api/openai/status", role=role).status_code == 403
    assert own.api("GET", "/api/ai/config", role="manager").status_code == 200
    assert own.api("GET", "/api/openai/status", role="manager").status_code == 403


def test_status(ai):
    now = ai.api("GET", "/api/openai/status").json()
    assert now == {"enabled": True, "chat_model": "gpt-4o-mini", "embedding_model": None, "api_key_masked": "••••••••" + KEY[-4:]}


def test_a_test_without_a_participant(ai, models):
    told = call(ai, "/api/ai/test", 200, message="Is this on?")
    assert told["input"] == "Is this on?" and told["reply"] == "Answer to: Is this on?" and told["connection_ok"] is True
    assert told["model"] == "gpt-4o-mini" and told["history_limit"] == 20 and told["fallback_used"] is False and "participant" not in told
    assert call(ai, "/api/ai/test", 200)["fallback_used"] is True
    assert usage(ai)[-1]["purpose"] == "test" and messages_with(ai, "+48") == []


@pytest.mark.parametrize("asked_for, used", [(0, 1), (-3, 1), (201, 200), ("many", 20), (7, 7)])
def test_the_history_limit_is_kept_in_its_bounds(ai, models, asked_for, used):
    number = new_number()
    assert call(ai, "/api/ai/test", 200, message="x", history_limit=asked_for)["history_limit"] == used
    assert call(ai, "/api/ai/send", 201, participant=number, latest="x", history_limit=asked_for)["history_limit"] == used
    assert call(ai, "/api/ai/reply", 201, inbound_from=number, inbound_to=ai.line, latest="x", history_limit=asked_for)["history_limit"] == used


def test_a_test_with_a_participant(ai, models):
    number = new_number()
    ai.inbound("Where are you?", sender=number)
    told = call(ai, "/api/ai/test", 200, participant=number.replace("+48", "0048 "), history_limit=5)
    assert told["participant_normalized"] == number and told["used_latest_message"] and told["latest_message"] == told["input"] == "Where are you?"
    assert told["history_limit"] == 5
    told = call(ai, "/api/ai/test", 200, participant=number, message="And when?")
    assert told["input"] == "And when?" and not told["used_latest_message"]
    contents = [m["content"] for m in models.asked()[-1]["body"]["messages"][1:]]
    assert "Where are you?" in contents[0] and contents[-1].endswith("And when?")
    assert out(ai, number) == [], "nothing is sent"


def test_the_key_of_the_request_goes_before_ours(ai, models):
    call(ai, "/api/ai/test", 200, message="x", api_key="sk-other-key")
    assert models.asked()[-1]["headers"]["authorization"] == "Bearer sk-other-key"
    ai.sql("DELETE FROM model_key")
    assert call(ai, "/api/ai/test", 400, message="x")["error"]
    assert call(ai, "/api/ai/send", 400, participant=new_number(), latest="x")["error"]
    call(ai, "/api/ai/test", 200, message="x", api_key="sk-other-key")


@pytest.mark.parametrize("behaviour,words", [
    ({"kind": "error", "status": 401, "message": "Incorrect API key provided"}, "Incorrect API key provided"),
    ({"kind": "error", "status": 500}, None), ({"kind": "empty"}, None), ({"kind": "cut"}, None), ({"kind": "hand_off", "reason": "no"}, "no")])
def test_no_answer_is_502(ai, models, behaviour, words):
    models.script(**behaviour)
    error = call(ai, "/api/ai/test", 502, message="x")["error"]
    assert error and (words is None or words in error)
    number = new_number()
    models.script(**behaviour)
    assert call(ai, "/api/ai/send", 502, participant=number, latest="x")["error"]
    assert messages_with(ai, number) == []


def test_send_to_a_customer(ai, models):
    number = new_number()
    ai.inbound("Do you deliver?", sender=number)
    told = call(ai, "/api/ai/send", 201, participant=number)
    assert told["body"] == "Answer to: Do you deliver?" and told["to"] == told["to_normalized"] == number and told["origin_number"] == ai.line
    assert told["sid"].startswith("SM") and told["history_limit"] == 20 and told["model"] == "gpt-4o-mini"
    assert [(m["author_kind"], m["body"]) for m in out(ai, number)] == [(4, told["body"])]
    assert [a["Body"] for a in asked(ai, number)] == [told["body"]]


def test_send_to_the_target_and_to_nobody(ai, models):
    number = new_number()
    assert call(ai, "/api/ai/send", 400)["error"]
    configure(ai, target_number=number)
    assert call(ai, "/api/ai/send", 400)["error"], "there is nothing to answer"
    told = call(ai, "/api/ai/send", 201, latest="Write a greeting")
    assert told["to"] == number and told["body"] == "Answer to: Write a greeting"
    configure(ai, target_number="")


def test_send_that_twilio_refuses_is_stored(ai, models):
    number = new_number()
    script(ai, number, code=21610)
    assert call(ai, "/api/ai/send", 502, participant=number, latest="Hello")["error"]
    message, = out(ai, number)
    assert (message["status"], message["body"]) == ("failed", "Answer to: Hello")


def test_reply_on_the_line_that_was_written_to(ai, models):
    number = new_number()
    ai.inbound("Hello there", sender=number)
    told = call(ai, "/api/ai/reply", 201, inbound_from=number, inbound_to=ai.line)
    assert (told["to"], told["from"], told["body"]) == (number, ai.line, "Answer to: Hello there") and told["sid"]
    told = call(ai, "/api/ai/reply", 201, inbound_from=number, inbound_to=ai.line, latest="And now?", history_limit=1)
    assert told["body"] == "Answer to: And now?" and told["history_limit"] == 1
    assert len(models.asked()[-1]["body"]["messages"]) == 2
    for values in ({"inbound_from": number}, {"inbound_to": ai.line}, {"inbound_from": number, "inbound_to": "+48111222333"}, {"inbound_from": "x", "inbound_to": ai.line}):
        assert call(ai, "/api/ai/reply", 400, **values)["error"]


def test_the_conversation(ai, models):
    number = new_number()
    assert ai.api("GET", "/api/ai/conversation").json()["items"] == []
    for i in range(3):
        ai.inbound(f"text {i}", sender=number, sid=new_sid())
    told = ai.api("GET", "/api/ai/conversation", params={"participant": number, "limit": 2}).json()
    assert told["participant"] == number and [i["body"] for i in told["items"]] == ["text 1", "text 2"]
    assert told["items"][0]["from_number"] == number and told["items"][0]["to_number"] == ai.line
    for limit, most in (("0", 1), ("999", 3), ("x", 3)):
        assert len(ai.api("GET", "/api/ai/conversation", params={"participant": number, "limit": limit}).json()["items"]) == most
    configure(ai, target_number=number)
    assert len(ai.api("GET", "/api/ai/conversation").json()["items"]) == 3
    configure(ai, target_number="")


def test_another_tenant_sees_and_changes_nothing(ai, models):
    tenant = ai.add_tenant(Tenant("Elsewhere", "AC" + secrets.token_hex(16), secrets.token_hex(16)))
    ai.add_user("admin@elsewhere.example", "admin", tenant)
    number = new_number()
    ai.inbound("Our secret", sender=number)
    them = "admin@elsewhere.example"
    assert ai.api("GET", "/api/ai/config", role=them).json()["has_api_key"] is False
    assert ai.api("GET", "/api/ai/conversation", role=them, params={"participant": number}).json()["items"] == []
    assert call(ai, "/api/ai/test", 400, role=them, participant=number, message="x")["error"], "our key is not theirs"
    assert call(ai, "/api/ai/reply", 400, role=them, inbound_from=number, inbound_to=ai.line, api_key="sk-other-key")["error"], "our line is not theirs"
    configure(ai, role=them, system_prompt="Theirs")
    assert ai.api("GET", "/api/ai/config").json()["system_prompt"] == "We sell bread."
    talk = ai.sql("SELECT id FROM conversation WHERE peer = %s", number)[0]["id"]
    browser = ai.login(them)
    line = ai.sql("SELECT id FROM line WHERE address = %s", ai.line)[0]["id"]
    assert browser.get(f"/ai?line={line}").status_code == 404
    assert browser.post(f"/conversations/{talk}/ask", data={"_csrf": csrf_of(browser.page("/ai"))}, allow_redirects=False).status_code == 404
    assert ai.sql("SELECT COUNT(*) n FROM ai_draft WHERE conversation_id = %s", talk)[0]["n"] == 0
