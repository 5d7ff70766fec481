"""The simulator's attachments: redirected to a storage that wants no credentials, and fetched from where we offer them."""
import base64
import http.client
import urllib.parse

from asking import AC, ask, send

SID = "MM" + "7" * 32


def fetch(url, headers=None):
    target = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(target.netloc, timeout=20)
    connection.request("GET", target.path + ("?" + target.query if target.query else ""), headers=headers or {})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, body, answer.headers


def test_an_attachment_is_redirected_to_signed_storage(sim):
    url = sim.call("media", {"message": SID, "type": "image/png", "data": base64.b64encode(b"picture").decode()})["url"]
    path = url[len(sim.url):]
    assert path.startswith(f"/2010-04-01/Accounts/{AC}/Messages/{SID}/Media/ME")
    assert fetch(url)[0] == 401
    status, _, headers = ask(sim, "GET", path)
    location = headers["Location"]
    assert status == 307 and not location.startswith(sim.url)
    status, body, headers = fetch(location)
    assert (status, body, headers["Content-Type"]) == (200, b"picture", "image/png")
    assert fetch(location, {"Authorization": "Basic eDp5"})[0] == 400
    assert fetch(location[:-1] + ("0" if location[-1] != "0" else "1"))[0] == 403
    assert ask(sim, "GET", path.replace(SID, "MM" + "8" * 32))[0] == 404
    told = [(r["where"], r["authorization"], r["status"]) for r in sim.call("media")["requests"]]
    assert told == [("api", True, 307), ("storage", False, 200), ("storage", True, 400), ("storage", False, 403), ("api", True, 404)]


def test_scripts_for_attachments(sim):
    url = sim.call("media", {"message": SID, "size": 1000, "head": base64.b64encode(b"head").decode()})["url"]
    path = url[len(sim.url):]
    sim.script(op="media", status=404)
    sim.script(op="media", location="http://127.0.0.1:1/elsewhere")
    sim.script(op="storage", status=503)
    assert ask(sim, "GET", path)[0] == 404
    assert ask(sim, "GET", path)[2]["Location"] == "http://127.0.0.1:1/elsewhere"
    location = ask(sim, "GET", path)[2]["Location"]
    assert fetch(location)[0] == 503
    assert fetch(location)[1] == b"head" + bytes(996)


def test_what_is_offered_is_fetched(sim):
    offered = f"{sim.url}/_sim/health"
    _, message, _ = send(sim, MediaUrl=[offered, "https://example.org/never"])
    assert message["num_media"] == "2"
    sim.wait(lambda _counts: sim.call("media")["offered"])
    told = sim.call("media")["offered"]
    assert [(o["message"], o["url"], o["status"], o["type"]) for o in told] == [(message["sid"], offered, 200, "application/json")]
