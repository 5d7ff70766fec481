"""/api/secrets as predecessor 000 had it, for admins alone."""
import secrets

import pytest

from models import models, running_models  # noqa: F401 (fixtures)
from panel import asked, new_number
from stack import Tenant

KEYS = ["TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_DEFAULT_FROM", "TWILIO_MESSAGING_SERVICE_SID", "OPENAI_API_KEY", "SECOND_OPENAI"]
BULLETS = "•" * 8


@pytest.fixture(scope="module")
def shop(stack):
    """An organisation that is set up by these calls alone."""
    tenant = Tenant("Secrets", "AC" + secrets.token_hex(16), secrets.token_hex(16))
    stack.sim.post("accounts", {"sid": tenant.sid, "token": tenant.token})
    stack.ctl("tenant", "add", tenant.name, "--language", "en")
    tenant.id = stack.sql("SELECT id FROM tenant WHERE name = %s", tenant.name)[0]["id"]
    tenant.admin = "secrets.admin@example.com"
    stack.add_user(tenant.admin, "admin", tenant)
    return tenant


@pytest.fixture
def call(stack, shop):
    def call(method, path="", role=shop.admin, **body):
        return stack.api(method, "/api/secrets" + path, role, **({"json": body} if method == "POST" else {}))
    return call


def put(call, key, value, **more):
    return call("POST", "/" + key, value=value, **more)


def test_nothing_yet(call):
    assert call("GET").json() == {key: {**call("GET").json()[key], "key": key, "exists": False, "masked": "", "source": None} for key in call("GET").json()}
    assert set(KEYS) <= set(call("GET").json())
    for key in KEYS:
        answer = call("POST", f"/{key}/test")
        assert answer.status_code == 400 and answer.json()["error"], key


def test_the_account_is_made_key_by_key(stack, shop, call):
    answer = put(call, "TWILIO_AUTH_TOKEN", shop.token)
    assert answer.status_code == 400 and "TWILIO_ACCOUNT_SID" in answer.json()["error"]
    assert put(call, "TWILIO_ACCOUNT_SID", shop.sid).json() == {"status": "ok"}
    assert call("GET").json()["TWILIO_ACCOUNT_SID"] == {"key": "TWILIO_ACCOUNT_SID", "exists": True, "masked": BULLETS + shop.sid[-4:], "source": "db"}
    assert not call("GET").json()["TWILIO_AUTH_TOKEN"]["exists"]
    send = stack.api("POST", "/api/send-message", shop.admin, json={"to": new_number(), "body": "too early"})
    assert send.status_code in (400, 500), "half an account sends nothing"
    answer = put(call, "TWILIO_AUTH_TOKEN", "0" * 32, test=True)
    assert answer.status_code == 200 and answer.json()["test"]["ok"] == "false" and "Authenticate" in answer.json()["test"]["details"]
    answer = put(call, "TWILIO_AUTH_TOKEN", shop.token, test=True, persist_env=True)
    assert answer.status_code == 200 and answer.json()["status"] == "ok" and answer.json()["test"]["ok"] == "true" and "never written" in answer.json()["note"]
    assert call("GET").json()["TWILIO_AUTH_TOKEN"]["masked"] == BULLETS + shop.token[-4:]
    assert shop.token not in call("GET").text + stack.program_logs() + str(stack.sql("SELECT * FROM audit WHERE tenant_id = %s", shop.id))


def test_the_default_sender_becomes_a_line(stack, shop, call):
    first, second, number = new_number(), new_number(), new_number()
    for sender in (first, second):
        assert put(call, "TWILIO_DEFAULT_FROM", sender).status_code == 200
        assert call("GET").json()["TWILIO_DEFAULT_FROM"]["masked"] == BULLETS + sender[-4:]
    assert stack.api("POST", "/api/send-message", shop.admin, json={"to": number, "body": "x"}).status_code == 200
    assert asked(stack, number)[0]["From"] == second
    assert put(call, "TWILIO_DEFAULT_FROM", first).status_code == 200
    assert stack.api("POST", "/api/send-message", shop.admin, json={"to": number, "body": "y"}).status_code == 200
    assert [a["From"] for a in asked(stack, number)] == [second, first]
    assert len(stack.sql("SELECT 1 FROM line WHERE tenant_id = %s", shop.id)) == 2


def test_a_number_is_looked_up_at_twilio(stack, call):
    mine = new_number()
    stack.sim.post("config", {"numbers": [mine]})
    try:
        assert call("POST", "/TWILIO_DEFAULT_FROM/test", value=mine).json()["ok"] == "true"
        assert call("POST", "/TWILIO_DEFAULT_FROM/test", value=new_number()).json()["ok"] == "false"
        assert call("POST", "/TWILIO_DEFAULT_FROM/test", value="whatsapp:" + mine).json()["ok"] == "false"
    finally:
        stack.sim.post("config", {"numbers": None})


def test_a_messaging_service(stack, shop, call):
    mine = "MG" + secrets.token_hex(16)
    stack.sim.post("config", {"services": {mine: []}})
    try:
        assert put(call, "TWILIO_MESSAGING_SERVICE_SID", mine, test=True).json()["test"]["ok"] == "true"
        assert call("POST", "/TWILIO_MESSAGING_SERVICE_SID/test", value="MG" + "9" * 32).json()["ok"] == "false"
    finally:
        stack.sim.post("config", {"services": None})
    assert stack.sql("SELECT messaging_service_sid FROM twilio_account WHERE tenant_id = %s", shop.id)[0]["messaging_service_sid"] == mine


def test_a_test_with_a_value_stores_nothing(stack, shop, call):
    before = stack.sql("SELECT * FROM twilio_account WHERE tenant_id = %s", shop.id)
    answer = call("POST", "/TWILIO_AUTH_TOKEN/test", value="0" * 32)
    assert answer.status_code == 200 and answer.json()["ok"] == "false" and "Authenticate" in answer.json()["details"]
    good = call("POST", "/TWILIO_AUTH_TOKEN/test").json()
    assert good["ok"] == "true" and good["details"]
    assert stack.sql("SELECT * FROM twilio_account WHERE tenant_id = %s", shop.id) == before


@pytest.mark.parametrize("key, value", [
    ("PATH", "x"), ("twilio_auth_token", "x" * 32), ("TWILIO_ACCOUNT_SID", ""), ("TWILIO_ACCOUNT_SID", "SK" + "1" * 32), ("TWILIO_ACCOUNT_SID", "AC1"),
    ("TWILIO_AUTH_TOKEN", "short"), ("TWILIO_AUTH_TOKEN", None), ("TWILIO_DEFAULT_FROM", "12"), ("TWILIO_DEFAULT_FROM", "messenger:1"), ("TWILIO_MESSAGING_SERVICE_SID", "AC" + "1" * 32),
    ("OPENAI_API_KEY", "pk-123456789"), ("SECOND_OPENAI", "sk-"), ("SECOND_OPENAI", "sk-with a blank")])
def test_what_cannot_be_a_value_is_refused(stack, shop, call, key, value):
    before = stack.sql("SELECT * FROM twilio_account"), stack.sql("SELECT * FROM line")
    answer = call("POST", "/" + key, **({"value": value} if value is not None else {}))
    assert answer.status_code == 400 and answer.json()["error"]
    assert before == (stack.sql("SELECT * FROM twilio_account"), stack.sql("SELECT * FROM line"))


def test_every_change_is_in_the_trail(stack, shop):
    trail = stack.sql("SELECT action, target, detail, actor FROM audit WHERE tenant_id = %s ORDER BY id", shop.id)
    assert {"credentials.put", "line.add", "line.default"} <= {t["action"] for t in trail} and {t["actor"] for t in trail} == {shop.admin}


@pytest.mark.parametrize("role", ["manager", "operator", "agent"])
def test_only_admins(stack, role):
    for method, path in (("GET", ""), ("POST", "/TWILIO_AUTH_TOKEN"), ("POST", "/TWILIO_AUTH_TOKEN/test")):
        answer = stack.api(method, "/api/secrets" + path, role, **({"json": {"value": "x" * 32}} if method == "POST" else {}))
        assert answer.status_code == 403 and answer.json()["error"]
    assert stack.get("/api/secrets").status_code == 401


def test_keys_of_openai(models, make_stack):
    stack = make_stack(**models.settings)
    good, spare = "sk-" + secrets.token_hex(16), "sk-" + secrets.token_hex(16)
    models.config(keys=[good, spare])

    def call(method, path="", **body):
        return stack.api(method, "/api/secrets" + path, **({"json": body} if method == "POST" else {})).json()
    assert call("POST", "/OPENAI_API_KEY/test", value="sk-wrong0000")["ok"] == "false"
    answer = call("POST", "/OPENAI_API_KEY", value="sk-wrong0000", test=True)
    assert answer["status"] == "ok" and answer["test"]["ok"] == "false" and "sk-wrong0000" not in str(answer), "even when the provider quotes it"
    answer = call("POST", "/OPENAI_API_KEY", value=good, test=True)
    assert answer["test"]["ok"] == "true"
    assert call("POST", "/SECOND_OPENAI", value=spare, test=True)["test"]["ok"] == "true"
    known = call("GET")
    assert known["OPENAI_API_KEY"]["masked"] == BULLETS + good[-4:] and known["SECOND_OPENAI"]["masked"] == BULLETS + spare[-4:]
    seen = stack.program_logs() + str(known) + str(stack.sql("SELECT * FROM audit")) + str(stack.sql("SELECT * FROM model_key"))
    assert good not in seen and spare not in seen
