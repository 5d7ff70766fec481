"""What the simulator's tests share: how to ask it as a client of Twilio would."""
import base64
import http.client
import json
import os
import pathlib
import urllib.parse

AC, TOKEN, MG = "AC" + "a" * 32, "f" * 32, "MG" + "1" * 32
LINE, CUSTOMER = "+48732000001", "+48500100100"
SHARED = pathlib.Path(os.environ.get("CENTRALA_SHARED") or pathlib.Path(__file__).resolve().parents[3] / "shared")


def ask(sim, method, path, params=None, user=AC, password=TOKEN, connection=None, headers=None):
    """(status, JSON value or text, headers)."""
    kept = connection or http.client.HTTPConnection(sim.url[7:], timeout=20)
    sent = {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode(), **(headers or {})}
    body = None
    if params is not None:
        body = urllib.parse.urlencode(params, quote_via=urllib.parse.quote)
        sent.setdefault("Content-Type", "application/x-www-form-urlencoded")
    kept.request(method, path, body, sent)
    answer = kept.getresponse()
    text = answer.read().decode()
    if not connection:
        kept.close()
    return answer.status, json.loads(text) if "json" in answer.headers.get("Content-Type", "") and text else text, answer.headers


def send(sim, **params):
    base = {"To": CUSTOMER, "From": LINE, "Body": "Hello"}
    base.update(params)
    pairs = [(k, v) for k, value in base.items() if value is not None for v in (value if isinstance(value, list) else [value])]
    return ask(sim, "POST", f"/2010-04-01/Accounts/{AC}/Messages.json", pairs)


def listed(sim, **query):
    return ask(sim, "GET", f"/2010-04-01/Accounts/{AC}/Messages.json?" + urllib.parse.urlencode(query))
