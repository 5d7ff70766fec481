"""Whose webhook is it? Signatures over forms and JSON, the tenant's own path, two tokens, the public address; what is refused."""
import hashlib
import json
import secrets
import socket

import pytest

from inbound_tools import FORM, is_twiml, stored
from panel import conversation_with, enter, message, new_number, new_sid

# ---- refused ----

def test_a_wrong_signature_is_refused_counted_and_shown(stack):
    sid, probe = new_sid(), "/twilio/inbound?probe=" + secrets.token_hex(6)
    before = rejected(stack)
    is_twiml(stack.inbound("x", sid=sid, path=probe, token="0" * 32), 403)
    is_twiml(stack.inbound("x", sid=sid, path=probe, signature=""), 403)
    is_twiml(stack.inbound("x", sid=sid, path=probe, AccountSid="AC" + "0" * 32), 403)
    assert not stored(stack, sid)
    assert rejected(stack) == before + 3
    page = enter(stack).page("/system")
    assert stack.public_url + probe in page, "the URL that the signature was computed over"
    rows = stack.sql("SELECT reason FROM hook_rejection WHERE url = %s", stack.public_url + probe)
    assert {r["reason"] for r in rows} == {"mismatch", "missing", "unknown"}


def rejected(stack):
    return int(stack.sql("SELECT COALESCE(SUM(count), 0) n FROM hook_rejection")[0]["n"])


@pytest.mark.parametrize("query", ["%s=\xff\xfe", "x=" + "y" * 3000, "a=%zz&b", "'\"<script>"])
def test_refusals_are_counted_whatever_the_address_holds(stack, query):
    before = rejected(stack)
    with socket.create_connection(("127.0.0.1", int(stack.url.rsplit(":", 1)[1])), timeout=60) as s:
        body = f"AccountSid={stack.tenant.sid}".encode()
        s.sendall(f"POST /twilio/inbound?{query} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: {FORM}\r\n"
                  f"Content-Length: {len(body)}\r\n\r\n".encode("latin-1") + body)
        answer = b"".join(iter(lambda: s.recv(65536), b""))
    status = int(answer.split()[1])
    assert status in (400, 403) and b"text/plain" not in answer
    if status == 403:
        assert rejected(stack) == before + 1


def test_an_altered_body_or_address_is_refused(stack):
    sid = new_sid()
    signature = stack.sign(stack.public_url + "/twilio/inbound", {"MessageSid": sid, "Body": "pay 10"}, stack.tenant.token)
    params = {"MessageSid": sid, "Body": "pay 1000", "From": new_number(), "To": stack.line, "AccountSid": stack.tenant.sid}
    is_twiml(stack.hook("/twilio/inbound", params, signature=signature), 403)
    is_twiml(stack.inbound(sid=sid, url="https://elsewhere.example/twilio/inbound"), 403)
    is_twiml(stack.inbound(sid=sid, path="/twilio/inbound?a=1", url=stack.public_url + "/twilio/inbound"), 403)
    is_twiml(stack.inbound(sid=sid, url=stack.public_url + "/twilio/status"), 403)
    assert not stored(stack, sid)


def test_the_host_that_the_request_names_decides_nothing(stack):
    for header in ("Host", "X-Forwarded-Host", "X-Forwarded-Proto"):
        is_twiml(stack.inbound("x", headers={header: "elsewhere.example"}, sender=new_number()))
        is_twiml(stack.inbound("x", headers={header: "elsewhere.example"}, url="http://elsewhere.example/twilio/inbound"), 403)


def test_the_query_is_signed_as_it_was_sent(stack):
    is_twiml(stack.inbound("x", sender=new_number(), path="/twilio/inbound?foo=1&bar=%20a%2Bb&&empty="))


def test_repeated_and_unknown_parameters_are_part_of_the_signature(stack):
    sid, number = new_sid(), new_number()
    pairs = [("MessageSid", sid), ("From", number), ("To", stack.line), ("AccountSid", stack.tenant.sid), ("Body", "two"), ("NewThing", "b"),
             ("NewThing", "a"), ("NewThing", "a"), ("Empty", "")]
    is_twiml(stack.hook("/twilio/inbound", pairs))
    assert message(stack, sid)["body"] == "two"


@pytest.mark.parametrize("missing", ["MessageSid", "From", "To"])
def test_a_form_without_what_is_needed_is_a_400(stack, missing):
    params = {"MessageSid": new_sid(), "From": new_number(), "To": stack.line, "AccountSid": stack.tenant.sid, "Body": "x"}
    lacking = {k: v for k, v in params.items() if k != missing}
    is_twiml(stack.hook("/twilio/inbound", lacking), 400)
    is_twiml(stack.hook("/twilio/inbound", {**params, missing: ""}), 400)
    assert not stored(stack, params["MessageSid"])


def test_other_methods_and_addresses_are_never_answered_in_plain_text(stack):
    assert is_twiml(stack.get("/twilio/inbound"), 405).headers["Allow"] == "POST"
    is_twiml(stack.get("/twilio/absent"), 404)
    is_twiml(stack.post("/hook/"), 404)
    is_twiml(stack.post(f"/hook/{stack.tenant.hook_secret}/absent"), 404)
    is_twiml(stack.post("/twilio/inbound"), 403)
    is_twiml(stack.post("/hook/%C5%82%C4%85/message"), 403)
    is_twiml(stack.inbound(AccountSid="AĆ" + "0" * 32), 403)
    is_twiml(stack.post("/twilio/inbound", b"{", headers={"Content-Type": "text/plain"}), 403)


# ---- the tenant's own path, two tokens, JSON ----

def test_the_secret_path_names_the_tenant(stack):
    path, number = f"/hook/{stack.tenant.hook_secret}/message", new_number()
    is_twiml(stack.inbound("by secret", sender=number, path=path))
    params = {"MessageSid": new_sid(), "From": number, "To": stack.line, "Body": "no AccountSid"}
    is_twiml(stack.hook(path, params))
    assert conversation_with(stack, number)["message_count"] == 2
    is_twiml(stack.inbound(path="/hook/" + "A" * 32 + "/message"), 403)


def test_the_secret_path_of_one_tenant_takes_no_account_of_another(stack, other):
    sid = new_sid()
    path = f"/hook/{stack.tenant.hook_secret}/message"
    is_twiml(stack.inbound(sid=sid, path=path, AccountSid=other.sid), 403)
    is_twiml(stack.inbound(sid=sid, path=path, AccountSid=other.sid, token=other.token), 403)
    assert not stored(stack, sid)
    assert not [r for r in stack.sql("SELECT url FROM hook_rejection") if stack.tenant.hook_secret in r["url"]], "a secret is not shown"


def test_a_refusal_by_a_wrong_secret_is_shown_to_the_accounts_own_tenant_alone(stack, other):
    is_twiml(stack.inbound(path="/hook/" + "B" * 32 + "/message", AccountSid=other.sid, token=other.token), 403)
    assert other.sid in enter(stack, other.admin).page("/system")
    rows = stack.sql("SELECT r.tenant_id, t.name FROM hook_rejection r LEFT JOIN tenant t ON t.id = r.tenant_id WHERE r.account_sid = %s AND r.reason = 'unknown'", other.sid)
    assert [row["name"] for row in rows] == [other.name]


def test_the_primary_or_the_secondary_token_signs(stack):
    first, second, sid = secrets.token_hex(16), secrets.token_hex(16), "AC" + secrets.token_hex(16)
    stack.ctl("tenant", "add", "Rotating", "--sid", sid, "--token", first, "--second-token", second)
    stack.ctl("line", "add", "+48732555001", "--tenant", "Rotating", "--channel", "sms")
    number = new_number()
    for token in (first, second):
        is_twiml(stack.inbound("x", sender=number, to="+48732555001", AccountSid=sid, token=token))
    is_twiml(stack.inbound("x", sender=number, to="+48732555001", AccountSid=sid, token=secrets.token_hex(16)), 403)
    is_twiml(stack.inbound("x", sender=number, to="+48732555001", AccountSid=sid, token=""), 403)
    rows = stack.sql("SELECT COUNT(*) n FROM message m JOIN conversation c ON c.id = m.conversation_id WHERE c.peer = %s", number)
    assert rows[0]["n"] == 2


def test_a_new_token_is_in_force_at_once(stack):
    """Workers keep tokens for a moment; one that does not fit is read again."""
    old, new, sid = secrets.token_hex(16), secrets.token_hex(16), "AC" + secrets.token_hex(16)
    stack.ctl("tenant", "add", "Turning", "--sid", sid, "--token", old)
    stack.ctl("tenant", "add", "Turned", "--sid", "AC" + secrets.token_hex(16), "--token", new)
    for _ in range(4):
        is_twiml(stack.inbound("x", to=new_number(), AccountSid=sid, token=old))
    stack.sql("DELETE FROM twilio_account WHERE account_sid = %s", sid)
    stack.sql("UPDATE twilio_account a JOIN tenant t ON t.id = a.tenant_id SET a.account_sid = %s WHERE t.name = 'Turned'", sid)
    for _ in range(4):
        is_twiml(stack.inbound("x", to=new_number(), AccountSid=sid, token=new))
    stack.wait(lambda: stack.inbound("x", to=new_number(), AccountSid=sid, token=old).status_code == 403, what="the old token's end")


def json_hook(stack, path, document, alter=b"", token=None):
    body = json.dumps(document).encode()
    target = f"{path}?bodySHA256={hashlib.sha256(body).hexdigest()}"
    signature = stack.sign(stack.public_url + target, (), token or stack.tenant.token)
    return stack.post(target, body + alter, headers={"Content-Type": "application/json", "X-Twilio-Signature": signature})


def test_a_json_body_is_checked_by_its_hash(stack):
    sid, number = new_sid(), new_number()
    document = {"MessageSid": sid, "From": number, "To": stack.line, "AccountSid": stack.tenant.sid, "Body": "w JSON ł", "NumMedia": 0}
    path = f"/hook/{stack.tenant.hook_secret}/message"
    is_twiml(json_hook(stack, path, document, alter=b" "), 403)
    is_twiml(json_hook(stack, path, document, token="0" * 32), 403)
    # The address alone is signed: that says nothing about the body.
    unsigned = stack.post(path, json.dumps(document).encode(), headers={"Content-Type": "application/json",
                                                                        "X-Twilio-Signature": stack.sign(stack.public_url + path, (), stack.tenant.token)})
    is_twiml(unsigned, 403)
    assert not stored(stack, sid)
    is_twiml(json_hook(stack, path, document))
    assert message(stack, sid)["body"] == "w JSON ł"
    is_twiml(json_hook(stack, "/twilio/inbound", {**document, "MessageSid": new_sid()}))
    is_twiml(json_hook(stack, path, {"Body": "x"}), 400)
    is_twiml(json_hook(stack, path, ["x"]), 400)


PUBLIC = "https://panel.example.test"


@pytest.fixture(scope="module")
def public_stack(database):
    from stack_fixtures import _run
    yield from _run(database, main_public_url=PUBLIC, public_url=PUBLIC, cron=False)


@pytest.mark.parametrize("spelling", [PUBLIC, PUBLIC + ":443"])
def test_the_public_address_counts_in_each_spelling_of_its_port(public_stack, spelling):
    is_twiml(public_stack.inbound("x", sender=new_number(), url=spelling + "/twilio/inbound"))


@pytest.mark.parametrize("spelling", ["http://panel.example.test", PUBLIC + ":444", "https://panel.example.test.", "https://other.example.test"])
def test_another_public_address_is_refused(public_stack, spelling):
    is_twiml(public_stack.inbound("x", url=spelling + "/twilio/inbound"), 403)


def test_the_servers_own_address_is_not_the_public_one(public_stack):
    is_twiml(public_stack.inbound("x", url=public_stack.url + "/twilio/inbound"), 403)
    assert PUBLIC + "/twilio/inbound" in enter(public_stack).page("/system")
