"""The simulator's REST side: what Centrala's tests rely on. Run with pytest; needs only Debian packages."""
import base64
import email.utils
import http.client
import json
import os
import signal
import socket
import threading
import time
import urllib.parse

import pytest

from asking import AC, CUSTOMER, LINE, MG, SHARED, TOKEN, ask, listed, send
from sim import Simulator
from twilio import rules


def test_accepts(sim):
    status, message, headers = send(sim, Body="Zażółć 👍")
    assert status == 201 and headers["Content-Type"] == "application/json"
    assert message["sid"].startswith("SM") and len(message["sid"]) == 34
    assert (message["status"], message["direction"], message["from"], message["to"]) == ("queued", "outbound-api", LINE, CUSTOMER)
    assert message["body"] == "Zażółć 👍" and message["num_segments"] == "1" and message["num_media"] == "0"
    assert message["price"] is None and message["date_sent"] is None and message["error_code"] is None
    assert abs(email.utils.parsedate_to_datetime(message["date_created"]).timestamp() - time.time()) < 60
    assert message["date_created"].endswith(" +0000")
    assert sim.counts()["asked"] == sim.counts()["accepted"] == 1
    assert sim.messages(body="Zażółć 👍")[0]["asked"][0] == ["To", CUSTOMER]


def test_service_picks_the_sender_later(sim):
    status, message, _ = send(sim, From=None, MessagingServiceSid=MG)
    assert status == 201 and message["from"] is None and message["num_segments"] == "0"
    assert message["status"] == "accepted" and message["messaging_service_sid"] == MG
    assert sim.idle()
    _, later, _ = ask(sim, "GET", message["uri"])
    assert later["from"] == LINE and later["status"] == "delivered" and later["num_segments"] == "1"
    assert later["price"] == "-0.00750" and later["date_sent"]


def test_answers_fit_the_openapi_document(sim):
    path = SHARED / "data" / "twilio-openapi" / "twilio_api_v2010.reduced.strict.json"
    if not path.is_file():
        pytest.skip(f"{path} not present")
    jsonschema = pytest.importorskip("jsonschema")
    document = json.loads(path.read_text())

    def nullable(node):
        """OpenAPI's nullable as JSON Schema."""
        if isinstance(node, list):
            return [nullable(n) for n in node]
        if not isinstance(node, dict):
            return node
        node = {k: nullable(v) for k, v in node.items()}
        return {"anyOf": [node, {"type": "null"}]} if node.pop("nullable", False) else node

    schemas = nullable(document["components"])
    message = {**schemas["schemas"]["api.v2010.account.message"], "components": schemas}
    answers = [send(sim)[1], send(sim, From=None, MessagingServiceSid=MG)[1], send(sim, MediaUrl="https://a.example/1.jpg", Body="")[1]]
    assert sim.idle()
    answers += listed(sim)[1]["messages"]
    assert len(answers) == 6
    for value in answers:
        jsonschema.validate(value, message)
        assert set(value) == set(message["properties"])
    assert rules.openapi_names() == set(rules.PARAMETERS)


@pytest.mark.parametrize("code, changes", [
    (21604, {"To": None}), (21211, {"To": "500100100"}), (21211, {"To": "+0123"}), (21211, {"To": "whatsapp:500"}), (21211, {"To": "+15005550001"}),
    (21612, {"To": "+15005550002"}), (21408, {"To": "+15005550003"}), (21610, {"To": "+15005550004"}), (21614, {"To": "+15005550009"}),
    (21603, {"From": None}), (21212, {"From": "+1"}), (21212, {"From": "too long to be one"}), (21606, {"From": "+48732999999"}),
    (21212, {"From": "+15005550001"}), (21606, {"From": "+15005550007"}), (21611, {"From": "+15005550008"}),
    (63007, {"From": "whatsapp:+48732999999", "To": "whatsapp:" + CUSTOMER}), (21910, {"From": "whatsapp:" + LINE}), (21266, {"To": LINE}),
    (63031, {"To": "whatsapp:" + LINE, "From": "whatsapp:" + LINE}),
    (21602, {"Body": None}), (21619, {"Body": ""}), (21617, {"Body": "x" * 1601}), (21617, {"Body": "👍" * 801}),
    (21620, {"MediaUrl": "ftp://a.example/1"}), (21623, {"MediaUrl": ["https://a.example/1"] * 11}),
    (21609, {"StatusCallback": "callback"}), (21609, {"StatusCallback": "http://bad_host.example/"}), (21609, {"StatusCallback": "http://a.example/" + "x" * 4000}),
    (21654, {"ContentVariables": "{}"}), (21655, {"ContentSid": "HX1"}), (21656, {"ContentSid": "HX" + "2" * 32, "ContentVariables": "[]"}),
    (21705, {"From": None, "MessagingServiceSid": "MG" + "9" * 32}), (21705, {"MessagingServiceSid": "MG1"}), (21704, {"MessagingServiceSid": "MG" + "2" * 32}),
    (35118, {"ScheduleType": "fixed", "SendAt": "2030-01-02T03:04:05Z"}), (35111, {"ScheduleType": "fixed", "MessagingServiceSid": MG}),
    (35114, {"ScheduleType": "fixed", "SendAt": "tomorrow", "MessagingServiceSid": MG}), (35115, {"SendAt": "2030-01-02T03:04:05Z", "MessagingServiceSid": MG}),
    (20001, {"Bodyy": "x"}), (20001, {"Body": ["a", "b"]}), (20001, {"ValidityPeriod": "0"}), (20001, {"ValidityPeriod": "soon"}), (20001, {"SmartEncoded": "yes"}),
    (20001, {"RiskCheck": "maybe"}),
])
def test_refuses(sim, code, changes):
    status, error, _ = send(sim, **changes)
    assert (status, error["code"], error["status"]) == (400, code, 400)
    assert error["message"] and error["more_info"].endswith(str(code))
    assert sim.counts()["refused"] == {str(code): 1} and sim.counts()["accepted"] == 0


def test_takes_what_twilio_takes(sim):
    assert send(sim, Body="x" * 1600)[0] == 201
    assert send(sim, MediaUrl=[f"https://a.example/{i}" for i in range(10)], Body=None)[1]["sid"].startswith("MM")
    assert send(sim, ContentSid="HX" + "2" * 32, ContentVariables='{"1":"a"}', Body=None)[0] == 201
    assert send(sim, ValidityPeriod="60", SmartEncoded="true", ProvideFeedback="false", MaxPrice="0.5")[0] == 201
    assert send(sim, To="whatsapp:" + CUSTOMER, From="whatsapp:" + LINE)[0] == 201
    assert send(sim, MessagingServiceSid=MG)[1]["from"] == LINE


def test_unknown_senders_pass_without_a_list(sim):
    sim.config(numbers=None)
    assert send(sim, From="+48732999999")[0] == 201
    assert send(sim, From="Shop")[0] == 201


def test_opted_out(sim):
    sim.config(opted_out=[CUSTOMER, f"{LINE} +48500200200"])
    assert send(sim)[1]["code"] == 21610
    assert send(sim, To="+48500200200")[1]["code"] == 21610
    assert send(sim, To="+48500200200", From="+15005550006")[0] == 201


def test_authentication(sim):
    path = f"/2010-04-01/Accounts/{AC}.json"
    status, account, _ = ask(sim, "GET", path)
    assert (status, account["sid"], account["status"], account["type"]) == (200, AC, "active", "Full")
    for user, password in ((AC, "wrong"), ("AC" + "b" * 32, TOKEN), ("", "")):
        status, error, headers = ask(sim, "GET", path, user=user, password=password)
        assert (status, error["code"]) == (401, 20003) and "Basic" in headers["WWW-Authenticate"]
    other, key = "AC" + "b" * 32, "SK" + "c" * 32
    sim.add_account(other, "t" * 32, keys={key: "secret"}, status="suspended")
    assert ask(sim, "GET", f"/2010-04-01/Accounts/{other}/IncomingPhoneNumbers.json?PageSize=1", user=key, password="secret")[0] == 200
    assert ask(sim, "GET", f"/2010-04-01/Accounts/{other}.json", user=key, password="secret")[0] == 401
    assert ask(sim, "POST", f"/2010-04-01/Accounts/{other}/Messages.json", [("To", CUSTOMER)], key, "secret")[0] == 403
    assert ask(sim, "GET", f"/2010-04-01/Accounts/{AC}/Messages/SM{'0' * 32}.json")[1]["code"] == 20404
    assert ask(sim, "GET", f"/2010-04-01/Accounts/{AC}/Nothing.json")[0] == 404
    assert ask(sim, "DELETE", f"/2010-04-01/Accounts/{AC}/Messages.json")[0] == 405


def test_faults(sim):
    sim.script(status=429, retry_after=3)
    status, error, headers = send(sim)
    assert (status, error["code"], headers["Retry-After"]) == (429, 20429, "3")
    sim.script(status=503, format="html")
    status, text, headers = send(sim)
    assert status == 503 and text.startswith("<html>") and headers["Content-Type"] == "text/html"
    sim.script(status=500, format="problem")
    status, error, headers = send(sim)
    assert (status, error["code"]) == (500, 20500) and headers["Content-Type"] == "application/problem+json"
    sim.script(code=21408, times=2, match={"To": CUSTOMER})
    assert send(sim, To="+48500200200")[0] == 201
    assert send(sim)[1]["code"] == send(sim)[1]["code"] == 21408
    assert sim.counts()["scripts_left"] == 0 and send(sim)[0] == 201
    assert sim.counts()["accepted"] == 2 and sim.counts()["asked"] == 7
    sim.script(status=500, record=True)  # accepted all the same
    assert send(sim)[0] == 500 and sim.counts()["accepted"] == 3
    assert sim.counts()["doubled"] and sim.asked()[-1]["outcome"] == "accepted"


@pytest.mark.parametrize("how", ["fin", "rst"])
def test_cuts(sim, how):
    for cut, accepted in (("before", 0), ("after", 1)):
        sim.script(cut=cut, cut_how=how)
        with pytest.raises((http.client.HTTPException, ConnectionError)):
            send(sim)
        assert sim.counts()["accepted"] == accepted and sim.counts()["asked"] == sim.counts()["cut"] == accepted + 1
    assert [a["outcome"] for a in sim.asked()] == ["cut before", "accepted"]


def test_partial_answer(sim):
    sim.script(cut="after", partial=40)
    with socket.create_connection(tuple(sim.url[7:].split(":"))) as raw:
        body = urllib.parse.urlencode({"To": CUSTOMER, "From": LINE, "Body": "x"})
        auth = base64.b64encode(f"{AC}:{TOKEN}".encode()).decode()
        raw.sendall((f"POST /2010-04-01/Accounts/{AC}/Messages.json HTTP/1.1\r\nHost: x\r\nAuthorization: Basic {auth}\r\n"
                     f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n{body}").encode())
        got = b""
        while chunk := raw.recv(4096):
            got += chunk
    assert len(got) == 40 and got.startswith(b"HTTP/1.1 201 ")


def test_delay_and_concurrency(sim):
    sim.script(delay_ms=300)
    started = time.monotonic()
    send(sim)
    assert time.monotonic() - started >= 0.3
    sim.config(max_concurrent=2)
    sim.script(delay_ms=1500, times=2)
    threads = [threading.Thread(target=send, args=(sim,)) for _ in range(2)]
    for t in threads:
        t.start()
    while sim.counts()["asked"] < 3:  # both are in the middle now
        time.sleep(0.01)
    status, error, headers = send(sim)
    assert (status, error["code"]) == (429, 20429) and headers["Retry-After"] and headers["Twilio-Concurrent-Requests"] == "3"
    for t in threads:
        t.join()
    assert sim.counts()["asked"] == 3


def test_list_pages(sim):
    sids = [send(sim, Body=str(i), To=CUSTOMER if i % 2 else "+48500200200")[1]["sid"] for i in range(7)]
    assert sim.idle()
    seen, path = [], f"/2010-04-01/Accounts/{AC}/Messages.json?PageSize=3"
    while path:
        _, page, _ = ask(sim, "GET", path)
        seen += [m["sid"] for m in page["messages"]]
        assert page["page_size"] == 3 and page["first_page_uri"].startswith("/2010-04-01/")
        path = page["next_page_uri"]
        if len(seen) == 3:
            send(sim, Body="comes in between")  # does not shift the pages
            assert "PageToken=PASM" in path
    assert seen == sids[::-1]
    _, page, _ = listed(sim, To=CUSTOMER, PageSize=2)
    assert [m["body"] for m in page["messages"]] == ["comes in between", "5"]
    assert "To=%2B48500100100" in page["next_page_uri"]
    assert len(listed(sim, From=LINE)[1]["messages"]) == 8 and listed(sim, From="+15005550006")[1]["messages"] == []
    for bad in ({"PageSize": "0"}, {"PageSize": "1001"}, {"Page": "1"}, {"PageToken": "x"}, {"Sent": "1"}, {"DateSent": "today"}):
        assert listed(sim, **bad)[0] == 400


def test_list_by_day(sim):
    send(sim)
    assert sim.idle()
    sim.config(callbacks=[])
    send(sim, Body="waits")
    day = time.strftime("%Y-%m-%d", time.gmtime())

    def bodies(**query):
        return [m["body"] for m in listed(sim, **query)[1]["messages"]]

    assert bodies() == ["waits", "Hello"]
    assert bodies(DateSent=day) == bodies(**{"DateSent>": day + "T00:00:00Z"}) == ["Hello"]  # what waits has no DateSent
    assert bodies(**{"DateSent<": day}) == bodies(DateSent="2020-01-01") == []
    assert bodies(**{"DateSent>": "2020-01-01", "DateSent<": "2099-01-01"}) == ["Hello"]


def test_list_faults(sim):
    sim.script(op="list", status=500)
    assert listed(sim)[0] == 500 and listed(sim)[0] == 200
    sim.script(op="list", cut="before")
    with pytest.raises((http.client.HTTPException, ConnectionError)):
        listed(sim)
    sim.script(op="fetch", status=429)
    message = send(sim)[1]
    assert ask(sim, "GET", message["uri"])[0] == 429 and ask(sim, "GET", message["uri"])[0] == 200


def test_change_and_delete(sim):
    sim.config(callbacks=[])
    message = send(sim)[1]
    path = message["uri"]
    assert ask(sim, "POST", path, [("Body", "")])[1]["code"] == 20009 and ask(sim, "DELETE", path)[1]["code"] == 20009
    sim.advance(message["sid"], "delivered")
    assert ask(sim, "POST", path, [("Status", "canceled")])[1]["code"] == 30409
    assert ask(sim, "POST", path, [("Status", "canceled"), ("Body", "")])[1]["code"] == 30400
    assert ask(sim, "POST", path, [("Body", "other")])[1]["code"] == 30400
    assert ask(sim, "POST", path, [("Body", "")])[1]["body"] == ""
    assert ask(sim, "DELETE", path)[0] == 204 and ask(sim, "GET", path)[0] == 404
    soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
    planned = send(sim, MessagingServiceSid=MG, ScheduleType="fixed", SendAt=soon)[1]
    assert planned["status"] == "scheduled"
    assert ask(sim, "POST", planned["uri"], [("Status", "canceled")])[1]["status"] == "canceled"


def test_control_refuses_nonsense(sim):
    for name, body in (("script", {"typo": 1}), ("script", {"cut": "maybe"}), ("config", {"typo": 1}), ("script", {"callbacks": [{"state": "sent"}]}),
                       ("advance", {"sid": "SM1", "steps": []}), ("nothing", {})):
        with pytest.raises(AssertionError):
            sim.call(name, body)


def test_kept_connections(sim):
    kept = http.client.HTTPConnection(sim.url[7:], timeout=20)
    for _ in range(3):
        assert ask(sim, "GET", f"/2010-04-01/Accounts/{AC}.json", connection=kept)[0] == 200
    first = kept.sock
    assert first is not None
    assert ask(sim, "GET", f"/2010-04-01/Accounts/{AC}.json", connection=kept)[0] == 200 and kept.sock is first
    kept.close()


def test_side_by_side():
    with Simulator() as one, Simulator() as two:
        assert one.url != two.url and one.pid != two.pid
        send(one, From=LINE)
        assert one.counts()["accepted"] == 1 and two.counts()["accepted"] == 0


def test_ends_with_its_parent():
    """A test run that is killed leaves no simulator behind."""
    with Simulator() as sim:
        sim.process.stdin.close()
        assert sim.process.wait(5) == 0
    with Simulator() as sim:
        os.kill(sim.pid, signal.SIGTERM)
        assert sim.process.wait(5) == 0
