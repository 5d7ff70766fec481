"""What the AI's tests share: a stack beside the simulated models, switching on, jobs, notes, usage rows."""
import secrets

from panel import answer_after, messages_with

KEY = "sk-test-" + secrets.token_hex(12)


def ai_stack(make, running_models, **more):
    return make(**{**running_models.settings, **more})


def configure(stack, role="admin", status=200, **values):
    answer = stack.api("POST", "/api/ai/config", role=role, json=values)
    assert answer.status_code == status, answer.text
    return answer.json()


def switch_on(stack, automatic=True, rest=0, **profile):
    """A key, AI on for all lines; the rest before an answer is shorter than the usual four seconds."""
    configure(stack, api_key=KEY, model="gpt-4o-mini", enabled=True)
    columns = {"automatic": int(automatic), "answer_limit": 480, "own_links": 0, "link_sites": "", "system_prompt": "We sell bread.", "tone": "", "history": 20,
               "provider": "openai", "temperature": None, "max_tokens": 1000, **profile}
    stack.sql("UPDATE ai_profile SET " + ", ".join(f"{k} = %s" for k in columns) + " WHERE tenant_id = %s", *columns.values(), stack.tenant.id)
    answer_after(stack, rest)


def job(stack, sid):
    rows = stack.sql("SELECT j.* FROM reply_job j JOIN message m ON m.tenant_id = j.tenant_id AND m.conversation_id = j.conversation_id AND m.id = j.message_id "
                     "WHERE m.sid = %s", sid)
    return rows[0] if rows else None


def ended(stack, sid):
    """The outcome of that arrival's job, when it has one."""
    return stack.wait(lambda: (job(stack, sid) or {}).get("outcome"), what="the end of the job")


def out(stack, number):
    return [m for m in messages_with(stack, number) if m["direction"] == 1]


def notes(stack, number):
    """(kind, detail) of the system lines of that chat."""
    return [(m["status"], m["body"]) for m in messages_with(stack, number) if m["direction"] == 2]


def draft(stack, number):
    rows = stack.sql("SELECT d.* FROM ai_draft d JOIN conversation c ON c.tenant_id = d.tenant_id AND c.id = d.conversation_id WHERE c.peer = %s", number)
    return rows[0] if rows else None


def usage(stack, **equal):
    rows = stack.sql("SELECT * FROM ai_usage ORDER BY id")
    return [r for r in rows if all(r[k] == v for k, v in equal.items())]
