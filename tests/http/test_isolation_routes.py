"""Every address that names a thing: a stranger who knows its id meets nothing, and nothing of the owner's changes. A new route
with an id must be entered here."""
import re

import pytest

from core_tools import ROOT
from panel import conversation_with, csrf_of, enter, messages_with, new_number, new_sid, quoted
from test_media import at_twilio, arrive, settled
from test_ai_page import FIELDS as AI_FIELDS

# What the parameters of the routes below stand for: names of Thing's members.
PLACES = {
    "/conversations/:id": ["talk"], "/conversations/:id/messages/:message": ["talk", "message"], "/chat/:participant": ["number"],
    "/media/:conversation/:message/:position": ["picture_talk", "picture", "zero"], "/bulk/:id": ["batch"], "/opt-outs/:id": ["entry"],
    "/settings/lines/:id": ["line"], "/settings/people/:id": ["person"], "/reminders/:id": ["reminder"], "/privacy/:id": ["report"],
    "/account/sessions/:id": ["session"], "/api/messages/:sid": ["sid"], "/api/opt-outs/:address": ["opted"], "/api/conversations/:participant": ["number"],
    "/api/removals/:id": ["report"], "/api/reminders/:id": ["reminder"], "/api/multi-sms/batches/:id": ["batch"],
}
# Not a tenant's thing: the name of a key; a signed address; webhooks (test_isolation.py, test_attach.py).
ELSEWHERE = ("/api/secrets/:key", "/m/:token", "/hook/:secret")
FIELDS = {"act": "delete", "body": "stolen", "to": "+48500100100", "reason": "x", "enabled": "0", "name": "stolen", "per_second": "1", "role": "agent", "answer": "no",
          "seen": "1", "rule": "interval", "interval_minutes": "5", "draft": "1", "since": "9999999999999"}


def routes():
    for line in (ROOT / "tests/golden/routes.txt").read_text().splitlines():
        method, path, _kind, _permission = re.split(r"\s{1,}", line, maxsplit=3)
        if ":" in path and not path.startswith(ELSEWHERE):
            yield method, path


def place_of(path):
    """The longest known beginning of it."""
    found = [p for p in PLACES if path == p or path.startswith(p + "/")]
    assert found, f"{path} has an id and is not in PLACES"
    return max(found, key=len)


@pytest.fixture(scope="module")
def things(stack):
    """One of everything of the first tenant."""
    class Thing:
        number, opted, zero = new_number(), new_number(), 0
    stack.inbound("only ours", sender=Thing.number)
    stack.api("POST", "/api/send-message", json={"to": Thing.number, "body": "our answer"})
    Thing.talk = conversation_with(stack, Thing.number)["id"]
    Thing.message, Thing.sid = (messages_with(stack, Thing.number)[0][k] for k in ("id", "sid"))
    sid = new_sid("MM")
    m = arrive(stack, [at_twilio(stack, sid)], sid=sid)
    settled(stack, m, "stored")
    Thing.picture_talk, Thing.picture = m["conversation_id"], m["id"]
    Thing.batch = stack.api("POST", "/api/multi-sms/batches", json={"body": "to all", "recipients": [new_number()]}).json()["batch"]["id"]
    stack.api("POST", "/api/opt-outs", json={"address": Thing.opted, "reason": "ours"})
    Thing.entry = stack.sql("SELECT id FROM opt_out WHERE address_key = %s", Thing.opted)[0]["id"]
    Thing.line = stack.sql("SELECT id FROM line WHERE address = %s", stack.line)[0]["id"]
    Thing.person, Thing.session = (stack.sql(f"SELECT MIN(id) id FROM {t} WHERE tenant_id = %s", stack.tenant.id)[0]["id"] for t in ("user", "session"))
    Thing.reminder = stack.api("POST", "/api/reminders", json={"to": new_number(), "body": "ours", "interval_minutes": 600}).json()["id"]
    gone = stack.inbound("to be deleted", sender=new_number()).sid
    stack.api("DELETE", f"/api/messages/{gone}")
    Thing.report = stack.sql("SELECT MAX(id) id FROM removal_request WHERE tenant_id = %s", stack.tenant.id)[0]["id"]
    stack.wait(lambda: stack.sql("SELECT 1 FROM bulk_batch WHERE id = %s AND completed_at IS NOT NULL", Thing.batch), what="the batch")
    stack.wait(lambda: stack.sim.get("idle")["idle"], what="the last callback")
    return Thing


PASSING = {"session", "api_token", "message_total", "sync_state", "reply_job"} # what time alone changes


def everything(stack):
    """Each row of the first tenant."""
    tables = stack.sql("SELECT c.TABLE_NAME t FROM information_schema.COLUMNS c JOIN information_schema.TABLES b ON b.TABLE_SCHEMA = c.TABLE_SCHEMA AND b.TABLE_NAME = c.TABLE_NAME "
                       "WHERE c.TABLE_SCHEMA = DATABASE() AND c.COLUMN_NAME = 'tenant_id' AND b.TABLE_TYPE = 'BASE TABLE'")
    return {t["t"]: sorted(map(str, stack.sql(f"SELECT * FROM `{t['t']}` WHERE tenant_id = %s", stack.tenant.id))) for t in tables if t["t"] not in PASSING}


def test_a_stranger_with_the_right_ids_meets_nothing(stack, other, things):
    stranger = enter(stack, other.admin)
    token, before, seen = csrf_of(stranger.page("/")), everything(stack), 0
    for method, path in routes():
        place = place_of(path)
        target = path
        for name in PLACES[place]:
            target = re.sub(r":\w+", quoted(str(getattr(things, name))), target, count=1)
        if path.startswith("/api/"):
            answer = stack.api(method, target, other.admin, **({"json": {"enabled": False}} if method == "POST" else {}))
        elif method == "GET":
            answer = stranger.get(target, allow_redirects=False)
        else:
            fields = {**FIELDS, "act": "cancel"} if path == "/bulk/:id" else FIELDS
            answer = stranger.post(target, data={"_csrf": token, **fields}, allow_redirects=False)
        assert "only ours" not in answer.text and "our answer" not in answer.text and "to all" not in answer.text, path
        if method == "GET" and path in ("/api/conversations/:participant", "/api/opt-outs/:address"): # by number: to the stranger somebody unknown
            assert answer.status_code == 200 and answer.json()["items"] == [], path
        else:
            assert answer.status_code == 404, (method, path, answer.status_code)
        seen += 1
    assert seen > 40
    after = everything(stack)
    assert {t: sorted(set(before[t]) ^ set(after[t])) for t in before if before[t] != after[t]} == {}


def test_the_owner_reaches_each_of_them(stack, things):
    """That the ids above are the right ones."""
    owner = enter(stack)
    for method, path in routes():
        target = path
        for name in PLACES[place_of(path)]:
            target = re.sub(r":\w+", quoted(str(getattr(things, name))), target, count=1)
        if method == "GET":
            answer = stack.api("GET", target) if path.startswith("/api/") else owner.get(target, allow_redirects=False)
            assert answer.status_code in (200, 303), (path, answer.status_code)


def test_ids_inside_of_forms_are_ones_own(stack, other, things):
    """A stranger's forms and calls that name the first tenant's line, message or conversation."""
    stranger = enter(stack, other.admin)
    stack.sql("INSERT INTO reply_rule (tenant_id, line_id, mode) VALUES (%s, %s, 'inherit')", stack.tenant.id, things.line)
    stack.sql("INSERT INTO reply_closed_day (tenant_id, rule_id, day) SELECT tenant_id, id, '2026-12-24' FROM reply_rule WHERE line_id = %s", things.line)
    token, before = csrf_of(stranger.page("/")), everything(stack)
    own = stack.sql("SELECT COUNT(*) n FROM message WHERE tenant_id = %s", other.id)
    hours = {f"{d}_{end}": "" for d in ("mon", "tue", "wed", "thu", "fri", "sat", "sun") for end in ("from", "to")}
    forms = [
        ("/send", {"to": "+48500100100", "body": "x", "line": things.line}),
        ("/auto-reply", {"line": things.line, "mode": "text", "body": "x", "most": "5", "closed_body": "", "fallback": "", **hours}),
        ("/auto-reply/keywords", {"line": things.line, "word": "good", "answer": "x"}),
        ("/auto-reply/keywords/remove", {"line": things.line, "word": "good"}),
        ("/auto-reply/closed-days", {"line": things.line, "date": "2026-12-25", "name": "stolen"}),
        ("/auto-reply/closed-days/remove", {"line": things.line, "day": "2026-12-24"}),
        ("/ai", {"line": things.line, **AI_FIELDS}), ("/ai/follow", {"line": things.line}),
        ("/bulk", {"line": things.line, "body": "x", "recipients": "+48500100100", "act": "send", "nonce": "foreign"}),
        ("/reminders/new", {"line": things.line, "to": "+48500100100", "body": "x", "rule": "interval", "interval_minutes": "5", "zone": "UTC"}),
        ("/opt-outs/doubts", {"conversation": things.talk, "answer": "yes"}),
    ]
    for path, fields in forms:
        answer = stranger.post(path, data={"_csrf": token, **fields}, allow_redirects=False)
        assert answer.status_code in (404, 409, 422), (path, answer.status_code)
    calls = [
        ("/api/multi-sms/batches", {"body": "x", "recipients": ["+48500100100"], "line_id": things.line}),
        ("/api/reminders", {"to": "+48500100100", "body": "x", "interval_minutes": 5, "line": things.line}),
        ("/api/ai/reply", {"inbound_from": things.number, "inbound_to": stack.line, "latest": "x", "api_key": "sk-foreign"}),
        ("/api/ai/test", {"participant": things.number, "api_key": "sk-foreign"}),
    ]
    for path, fields in calls:
        answer = stack.api("POST", path, other.admin, json=fields)
        assert answer.status_code in (400, 404, 502) and "only ours" not in answer.text, (path, answer.status_code)
    assert {t: sorted(set(before[t]) ^ set(now)) for t, now in everything(stack).items() if before[t] != now} == {}
    assert stack.sql("SELECT COUNT(*) n FROM message WHERE tenant_id = %s", other.id) == own
    assert not stack.sql("SELECT 1 FROM reply_rule WHERE tenant_id = %s AND line_id = %s", other.id, things.line)
    stack.sql("DELETE FROM reply_rule WHERE line_id = %s", things.line)
