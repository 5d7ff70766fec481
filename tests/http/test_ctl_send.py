"""centralactl send and ai-send, as predecessor 000 had them."""
import secrets

import pytest

from ai_tools import configure, out, switch_on
from panel import asked, new_number, script
from stack import Tenant


@pytest.fixture(scope="module")
def own(database, running_models):
    from stack_fixtures import _run
    yield from _run(database, **running_models.settings)


def test_send(own):
    number = new_number()
    done = own.ctl("send", "--to", number.removeprefix("+48"), "--body", "From the command line: żółw")
    sid, state = done.stdout.split()
    assert sid.startswith("SM") and state in ("queued", "sent", "delivered")
    assert [(a["To"], a["Body"], a["From"]) for a in asked(own, number)] == [(number, "From the command line: żółw", own.line)]
    assert out(own, number)[0]["sid"] == sid


def test_send_through_the_service(own):
    number = new_number()
    done = own.ctl("send", "--to", number, "--body", "x", "--use-messaging-service", check=False)
    assert done.returncode == 1 and "use_messaging_service" in done.stderr and asked(own, number) == []
    own.sql("UPDATE twilio_account SET messaging_service_sid = %s", "MG" + "a" * 32)
    own.ctl("send", "--use-messaging-service", "--to", number, "--body", "x")
    assert asked(own, number)[0]["MessagingServiceSid"] == "MG" + "a" * 32
    own.sql("UPDATE twilio_account SET messaging_service_sid = NULL")


def test_send_that_is_refused(own):
    number = new_number()
    script(own, number, code=21610)
    done = own.ctl("send", "--to", number, "--body", "x", check=False)
    assert done.returncode == 1 and "21610" in done.stderr and out(own, number)[0]["status"] == "failed"
    assert own.ctl("send", "--to", "soup", "--body", "x", check=False).returncode == 1
    assert own.ctl("send", "--to", number, check=False).returncode == 2
    assert own.ctl("send", "--to", number, "--body", "x", "--tenant", "Nobody", check=False).returncode == 1


def test_ai_send(own, models):
    switch_on(own)
    configure(own, enabled=False)
    number = new_number()
    assert own.ctl("ai-send", check=False).returncode == 2, "nobody to send to"
    assert own.ctl("ai-send", "--to", number, check=False).returncode == 1, "nothing to answer"
    own.inbound("Do you deliver?", sender=number)
    done = own.ctl("ai-send", "--to", number, "--history-limit", "3")
    assert "Answer to: Do you deliver?" in done.stdout
    assert [m["body"] for m in out(own, number)] == ["Answer to: Do you deliver?"]
    configure(own, target_number=number)
    assert "Answer to: A joke" in own.ctl("ai-send", "--latest", "A joke").stdout
    models.script(kind="error", status=401, message="Incorrect API key")
    failed = own.ctl("ai-send", check=False)
    assert failed.returncode == 1 and "Incorrect API key" in failed.stderr
    assert own.ctl("ai-send", "--history-limit", "201", check=False).returncode == 2


def test_several_tenants_must_be_told_apart(own):
    tenant = own.add_tenant(Tenant("Second", "AC" + secrets.token_hex(16), secrets.token_hex(16)))
    own.sim.post("accounts", {"sid": tenant.sid, "token": tenant.token})
    own.ctl("line", "add", "+48732555000", "--tenant", "Second", "--channel", "sms")
    number = new_number()
    done = own.ctl("send", "--to", number, "--body", "x", check=False)
    assert done.returncode == 1 and "--tenant" in done.stderr
    own.ctl("send", "--to", number, "--body", "x", "--tenant", "Second")
    assert asked(own, number)[0]["From"] == "+48732555000"
