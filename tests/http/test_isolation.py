"""Tenants: what belongs to one does not exist for another, in pages, forms, the API, webhooks and the database itself."""
import pymysql
import pytest

from panel import (asked, bubbles, conversation_with, csrf_of, enter, events, message, messages_with, new_number, new_sid, quoted, script, texts)
from inbound_tools import is_noted, is_twiml


@pytest.fixture(scope="module")
def secret(stack):
    """A talk of the first tenant: what the other one must not see."""
    class Secret:
        number, text = new_number(), "only for the first tenant"
    is_twiml(stack.inbound(Secret.text, sender=Secret.number))
    answer = stack.api("POST", "/api/send-message", json={"to": Secret.number, "body": "our answer", "nonce": new_sid()})
    Secret.sid, Secret.talk = answer.json()["sid"], conversation_with(stack, Secret.number)["id"]
    Secret.line = conversation_with(stack, Secret.number)["line_id"]
    return Secret


@pytest.fixture
def stranger(stack, other):
    """The other tenant's admin."""
    return enter(stack, other.admin)


def test_pages_of_another_tenant_do_not_exist(stack, stranger, secret):
    assert stack.login().get(f"/conversations/{secret.talk}").status_code == 200
    for path in (f"/conversations/{secret.talk}", f"/conversations/{secret.talk}?before=999999999999999999", f"/live?view=chat&id={secret.talk}&cursor=0-0",
                 f"/chat/{quoted(secret.number)}"):
        answer = stranger.get(path)
        assert answer.status_code in (404, 204) and secret.text not in answer.text, path
    assert stranger.get(f"/conversations/{secret.talk}").status_code == stranger.get("/conversations/99999999").status_code == 404


def test_forms_do_not_reach_another_tenant(stack, stranger, secret):
    token, before = csrf_of(stranger.page("/")), messages_with(stack, secret.number)
    assert stranger.post(f"/conversations/{secret.talk}", data={"_csrf": token, "body": "x", "nonce": "n1"}).status_code == 404
    assert stranger.post(f"/conversations/{secret.talk}/read", data={"_csrf": token, "seen": 1}).status_code == 404
    assert stranger.post("/send", data={"_csrf": token, "to": secret.number, "body": "x", "line": secret.line}).status_code == 422
    assert messages_with(stack, secret.number) == before and len(asked(stack, secret.number)) == 1
    nobody = new_number()
    sid = stack.inbound("unrouted", to=nobody).sid
    line = stack.sql("SELECT l.id FROM line l JOIN tenant t ON t.id = l.tenant_id WHERE t.name = 'Other'")[0]["id"]
    assert stranger.post("/unrouted/route", data={"_csrf": token, "sid": sid, "line": line}).status_code == 404
    assert stack.sql("SELECT 1 FROM unrouted WHERE sid = %s", sid)
    ours = enter(stack)
    assert ours.post("/unrouted/route", data={"_csrf": csrf_of(ours.page("/")), "sid": sid, "line": line}).status_code == 404, "nor onto a line of another"


def test_lists_hold_only_ones_own(stack, stranger, secret):
    for path in ("/", "/conversations", "/conversations?q=" + secret.number[3:], "/history", "/history?q=first+tenant", "/history?direction=out", "/unrouted",
                 "/system", "/account", "/live?view=list&cursor=0-0", "/live?view=history&cursor=0-0", "/live?view=dashboard&cursor=0-0"):
        answer = stranger.get(path)
        assert answer.status_code in (200, 204) and secret.text not in answer.text and secret.number[1:] not in answer.text.replace(" ", ""), path
    assert stack.tenant.hook_secret not in stranger.page("/system")


def test_the_api_of_another_tenant(stack, other, secret):
    assert stack.api("GET", f"/api/messages/{secret.sid}").status_code == 200
    assert stack.api("GET", f"/api/messages/{secret.sid}", other.admin).status_code == 404
    assert stack.api("GET", f"/api/conversations/{quoted(secret.number)}", other.admin).json()["items"] == []
    for path in ("/api/messages?limit=500", "/api/conversations?limit=200"):
        assert secret.number not in stack.api("GET", path, other.admin).text


def test_the_same_number_is_two_customers(stack, other, secret):
    is_twiml(stack.inbound("to the other", sender=secret.number, to=other.line, AccountSid=other.sid, token=other.token))
    theirs, ours = conversation_with(stack, secret.number, other), conversation_with(stack, secret.number)
    assert theirs["id"] != ours["id"] and theirs["contact_id"] != ours["contact_id"]
    assert bubbles(enter(stack, other.admin).page(f"/conversations/{theirs['id']}")) == ["to the other"]
    # The same SID too: an account of Twilio cannot shut out another one's message.
    is_twiml(stack.inbound("same sid", sender=secret.number, to=other.line, sid=secret.sid, AccountSid=other.sid, token=other.token))
    assert len(stack.sql("SELECT 1 FROM message WHERE sid = %s", secret.sid)) == 2
    stack.sql("DELETE FROM message WHERE sid = %s AND tenant_id = %s", secret.sid, other.id)


def test_a_webhook_of_one_account_writes_nothing_into_another(stack, other, secret):
    before = message(stack, secret.sid)
    is_noted(stack.status(secret.sid, "failed", ErrorCode=30003, AccountSid=other.sid, token=other.token))
    assert message(stack, secret.sid) == before
    assert {e["tenant_id"] for e in events(stack, secret.sid) if e["error_code"]} == {other.id}
    # Our line's number, signed by the other: it is unrouted there.
    sid = is_twiml(stack.inbound("to our line", to=stack.line, AccountSid=other.sid, token=other.token)).sid
    assert stack.sql("SELECT tenant_id FROM unrouted WHERE sid = %s", sid) == [{"tenant_id": other.id}]
    assert not stack.sql("SELECT 1 FROM message WHERE sid = %s", sid)


def test_a_token_signs_only_for_its_account(stack, other):
    is_twiml(stack.inbound(AccountSid=other.sid), 403)
    is_twiml(stack.inbound(token=other.token), 403)


def test_each_tenant_sends_with_its_own_account(stack, other):
    number = new_number()
    assert stack.api("POST", "/api/send-message", other.admin, json={"to": number, "body": "theirs"}).status_code == 200
    (post,) = asked(stack, number)
    assert post["From"] == other.line and f"/hook/{other.hook_secret}/status/" in post["StatusCallback"]
    assert stack.sim.get("messages", sid=post["sid"])[0]["account_sid"] == other.sid
    script(stack, number, code=20003, status=401)
    assert stack.api("POST", "/api/send-message", other.admin, json={"to": number, "body": "x"}).status_code == 500


def test_the_database_refuses_rows_that_cross_tenants(stack, other, secret):
    connection = stack.database.connect(stack.env["CENTRALA_DB_NAME"], (stack.env["CENTRALA_DB_USER"], stack.env["CENTRALA_DB_PASSWORD"]))
    contact = conversation_with(stack, secret.number)["contact_id"]
    user = stack.sql("SELECT id FROM user WHERE tenant_id = %s", stack.tenant.id)[0]["id"]
    tries = [
        ("INSERT INTO conversation (tenant_id, line_id, contact_id, peer, channel, last_at, changed_at) VALUES (%s, %s, %s, 'x', 'sms', NOW(), NOW())",
         (other.id, secret.line, contact)),
        ("INSERT INTO message (tenant_id, conversation_id, id, direction, status, status_at, created_at, body) VALUES (%s, %s, 1, 0, 'x', NOW(), NOW(), '')",
         (other.id, secret.talk)),
        ("INSERT INTO session (tenant_id, user_id, token_hash) VALUES (%s, %s, %s)", (other.id, user, b"x" * 32)),
        ("INSERT INTO api_token (tenant_id, user_id, jti) VALUES (%s, %s, 'x')", (other.id, user)),
        ("INSERT INTO outbox (tenant_id, conversation_id, message_id, state, next_at) VALUES (%s, %s, %s, 'queued', NOW())",
         (other.id, secret.talk, message(stack, secret.sid)["id"])),
        ("UPDATE conversation SET tenant_id = %s WHERE id = %s", (other.id, secret.talk)),
    ]
    with connection, connection.cursor() as cursor:
        for statement, values in tries:
            with pytest.raises(pymysql.err.IntegrityError):
                cursor.execute(statement, values)


def test_sealed_credentials_open_only_for_their_tenant(stack):
    """Rows swapped by somebody who can write to the database."""
    sids = {}
    for name in ("Sealed A", "Sealed B"):
        sids[name] = "AC" + new_sid()[2:]
        stack.ctl("tenant", "add", name, "--sid", sids[name], "--token", "a" * 32)
    rows = stack.sql("SELECT a.tenant_id, a.auth_token, a.auth_token_last4 FROM twilio_account a JOIN tenant t ON t.id = a.tenant_id WHERE t.name LIKE 'Sealed _' ORDER BY t.name")
    first, second = rows
    assert first["auth_token"] != second["auth_token"] and first["auth_token_last4"] == "aaaa"
    assert "a" * 8 not in str([r["auth_token"] for r in rows])
    is_twiml(stack.inbound(to=new_number(), AccountSid=sids["Sealed B"], token="a" * 32))
    stack.sql("UPDATE twilio_account SET auth_token = %s WHERE tenant_id = %s", first["auth_token"], second["tenant_id"])
    stack.wait(lambda: stack.inbound(to=new_number(), AccountSid=sids["Sealed B"], token="a" * 32).status_code == 403, what="the end of the kept token")
    assert stack.sql("SELECT 1 FROM hook_rejection WHERE reason = 'sealed' AND account_sid = %s", sids["Sealed B"])
    assert stack.ctl("doctor", check=False).returncode == 1
    stack.sql("UPDATE twilio_account SET auth_token = %s WHERE tenant_id = %s", second["auth_token"], second["tenant_id"])
    assert texts(enter(stack).page("/system"), "span", "badge")[0]
