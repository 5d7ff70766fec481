"""The simulator's webhooks: signed, scripted, repeated; and the signature and segment code behind them."""
import json

import pytest

from asking import AC, CUSTOMER, LINE, SHARED, TOKEN, ask, listed, send
from twilio import segments, signature


def test_callbacks_are_signed(sim, hook):
    _, message, _ = send(sim, StatusCallback=hook.url + "/cb/7?a=b%20c#rc=2")
    assert sim.idle()
    assert [dict(p)["MessageStatus"] for _, _, p in hook.seen] == ["sent", "delivered"]
    for path, headers, params in hook.seen:
        assert path == "/cb/7?a=b%20c"
        assert headers["X-Twilio-Signature"] == signature.sign(TOKEN, hook.url + path, params)
        assert headers["Content-Type"].startswith("application/x-www-form-urlencoded") and headers["I-Twilio-Idempotency-Token"]
        values = dict(params)
        assert values["MessageSid"] == values["SmsSid"] == message["sid"]
        assert (values["AccountSid"], values["From"], values["To"], values["ApiVersion"]) == (AC, LINE, CUSTOMER, "2010-04-01")
    assert [c["status"] for c in sim.callbacks()] == [200, 200]
    assert sim.messages()[0]["history"] == ["queued", "sent", "delivered"]


def test_callbacks_as_scripted(sim, hook):
    """Before the answer, out of order, twice, late, with an error: all in one."""
    sim.script(callbacks=[
        {"status": "sending", "when": "before_answer"},
        {"status": "undelivered", "after_ms": 60, "error_code": 30003, "error_message": "Unreachable", "repeat": 2, "gap_ms": 5},
        {"status": "sent", "after_ms": 250, "params": {"ErrorCode": None, "Extra": "1"}},
    ])
    before = len(hook.seen)
    _, message, _ = send(sim, StatusCallback=hook.url + "/cb")
    assert before == 0 and [dict(p)["MessageStatus"] for _, _, p in hook.seen][:1] == ["sending"]
    assert message["status"] == "queued"
    assert sim.idle()
    seen = [dict(p) for _, _, p in hook.seen]
    assert [p["MessageStatus"] for p in seen] == ["sending", "undelivered", "undelivered", "sent"]
    assert seen[1]["ErrorCode"] == "30003" and seen[1]["ErrorMessage"] == "Unreachable" and seen[3]["Extra"] == "1"
    _, later, _ = ask(sim, "GET", message["uri"])
    assert (later["status"], later["error_code"]) == ("undelivered", 30003)  # a state never falls back


def test_callback_retries_follow_the_overrides(sim, hook):
    hook.statuses = [503, 503, 200]
    send(sim, StatusCallback=hook.url + "/a#rc=3&rp=ct,5xx")
    assert sim.idle()
    assert [c["status"] for c in sim.callbacks() if c["params"]["MessageStatus"] == "sent"] == [503, 503, 200]
    sim.reset()
    hook.statuses = [500]
    send(sim, StatusCallback=hook.url + "/a")  # by default a 500 is not repeated
    assert sim.idle()
    assert sim.counts()["callbacks"] == sim.counts()["callbacks_failed"] == 2


def test_configured_course(sim, hook):
    sim.config(callbacks=[])
    _, message, _ = send(sim, StatusCallback=hook.url + "/cb")
    assert sim.idle() and not hook.seen and sim.messages()[0]["status"] == "queued"
    told = sim.advance(message["sid"], "sent", {"status": "failed", "error_code": 30007})
    assert told["status"] == "failed" and told["error_code"] == 30007 and len(hook.seen) == 2


def test_whatsapp_window(sim, hook):
    def whatsapp(**more):
        sid = send(sim, To="whatsapp:" + CUSTOMER, From="whatsapp:" + LINE, **more)[1]["sid"]
        assert sim.idle()
        return sim.messages(sid=sid)[0]

    assert whatsapp()["status"] == "delivered"
    sim.config(whatsapp_window="closed")
    assert (whatsapp()["status"], whatsapp()["error_code"]) == ("failed", 63016)
    assert whatsapp(ContentSid="HX" + "2" * 32, Body=None)["status"] == "delivered"
    sim.config(whatsapp_window="track")
    assert whatsapp()["error_code"] == 63016
    sim.inbound(from_="whatsapp:" + CUSTOMER, to="whatsapp:" + LINE, body="hi", url=hook.url)
    assert whatsapp()["status"] == "delivered"


def test_inbound(sim, hook):
    told = sim.inbound(from_=CUSTOMER, to=LINE, body="Cześć", url=hook.url + "/twilio/inbound", media=[{"url": "https://a.example/1", "type": "image/png"}],
                       params={"ButtonText": "Yes", "FromCity": None})
    assert told["status"] == 200 and told["body"] == "<Response/>" and told["content_type"] == "text/xml"
    path, headers, params = hook.seen[0]
    values = dict(params)
    assert headers["X-Twilio-Signature"] == signature.sign(TOKEN, hook.url + path, params)
    assert values["MessageSid"] == values["SmsMessageSid"] == told["sid"] and told["sid"].startswith("MM")
    assert values["NumMedia"] == "1" and values["MediaUrl0"] == "https://a.example/1" and values["MediaContentType0"] == "image/png"
    assert values["Body"] == "Cześć" and values["ButtonText"] == "Yes" and "FromCity" not in values and values["ToCity"] == ""
    again = sim.inbound(from_=CUSTOMER, to=LINE, body="Cześć", url=hook.url, sid=told["sid"], repeat=5, parallel=True)
    assert again["sid"] == told["sid"] and len(again["results"]) == 5 and sim.counts()["inbound"] == 1
    forged = sim.inbound(from_=CUSTOMER, to=LINE, url=hook.url, signature="missing")
    assert forged["status"] == 200 and "X-Twilio-Signature" not in hook.seen[-1][1]
    sim.inbound(from_=CUSTOMER, to=LINE, url=hook.url + "/x", token="other", sign_url="https://public.example/x")
    assert hook.seen[-1][1]["X-Twilio-Signature"] == signature.sign("other", "https://public.example/x", hook.seen[-1][2])
    unheard = sim.inbound(from_=CUSTOMER, to=LINE, body="kept at Twilio only", post=False)
    assert unheard["results"] == [] and listed(sim, From=CUSTOMER)[1]["messages"][0]["direction"] == "inbound"


def test_hand_made_callback(sim, hook):
    told = sim.callback(hook.url + "/s", {"MessageSid": "SM1", "MessageStatus": "delivered"}, repeat=2)
    assert [r["status"] for r in told["results"]] == [200, 200]
    assert dict(hook.seen[0][2]) == {"MessageSid": "SM1", "MessageStatus": "delivered"}
    closed = sim.callback("http://127.0.0.1:1/", {})
    assert closed["status"] is None and closed["error"] == "connect"


def test_signature_vectors():
    assert signature.sign("12345", "https://mycompany.com/myapp.php?foo=1&bar=2", [
        ("To", "+18005551212"), ("CallSid", "CA1234567890ABCDE"), ("Caller", "+14158675309"), ("Digits", "1234"), ("From", "+14158675309"),
    ]) == "RSOYDt4T1cUTdK1PDd93/VVr8B8="
    path = SHARED / "data" / "twilio-signature" / "signature_vectors.json"
    if not path.is_file():
        pytest.skip(f"{path} not present")
    checked = 0
    for vector in json.loads(path.read_text())["vectors"]:
        if vector["contested"] or vector["kind"] not in ("form", "body"):
            continue
        params = [(k, v) for k, value in vector.get("params", {}).items() for v in (value if isinstance(value, list) else [value])]
        assert signature.sign(vector["token"], vector["url"], params) == vector["expected_signature"], vector["id"]
        checked += 1
    assert checked > 50


def test_segments():
    for text, count in (("", 1), ("a" * 160, 1), ("a" * 161, 2), ("a" * 306, 2), ("a" * 307, 3), ("€" * 80, 1), ("€" * 81, 2), ("ż" * 70, 1), ("ż" * 71, 2)):
        assert segments.count(text) == count
    path = SHARED / "data" / "sms-segments" / "sms_vectors.json"
    if not path.is_file():
        pytest.skip(f"{path} not present")
    data = json.loads(path.read_text())
    for vector in data["vectors"] if isinstance(data, dict) else data:
        if not vector.get("contested"):
            assert segments.count(vector["text"]) == vector["segments"] or vector["segments"] == 0, vector
