"""Many customers at once and a model that thinks for three seconds: one fcgi-cron answers them all within a minute, and
webhooks stay quick meanwhile. `make ai-load` sends 1,000 messages, the usual run 150."""
import http.client
import os
import secrets
import threading
import time
import urllib.parse

import pytest

from ai_tools import switch_on
from core_tools import PROFILE
from panel import requests_logged

MESSAGES = int(os.environ.get("AI_LOAD", "150"))
THINKS_MS, SENDERS = 3000, 4
LIMIT_S, WEBHOOK_MS = 60, 50
SPREAD_S = 15 if MESSAGES > 500 else 6 # half comes at once, half in this time, while the first are being answered


class Sender(threading.Thread):
    """Posts its share of the webhooks over one connection, and takes the time of each."""

    def __init__(self, stack, numbers):
        super().__init__()
        self.stack, self.numbers, self.times, self.sids = stack, numbers, [], []
        host = urllib.parse.urlsplit(stack.url)
        self.link = http.client.HTTPConnection(host.hostname, host.port, timeout=60)
        self.link.connect()

    def run(self):
        start, half = time.monotonic(), len(self.numbers) // 2
        for i, number in enumerate(self.numbers):
            if i > half:
                time.sleep(max(0.0, start + SPREAD_S * (i - half) / half - time.monotonic()))
            sid = "SM" + secrets.token_hex(16)
            fields = {"MessageSid": sid, "AccountSid": self.stack.tenant.sid, "From": number, "To": self.stack.line, "Body": "When do you open?", "NumMedia": "0"}
            body = urllib.parse.urlencode(fields)
            headers = {"Content-Type": "application/x-www-form-urlencoded",
                       "X-Twilio-Signature": self.stack.sign(self.stack.public_url + "/twilio/inbound", fields, self.stack.tenant.token)}
            begun = time.monotonic()
            self.link.request("POST", "/twilio/inbound", body, headers)
            answer = self.link.getresponse()
            answer.read()
            self.times.append((time.monotonic() - begun) * 1000)
            assert answer.status == 200
            self.sids.append(sid)


class Calm(threading.Thread):
    """Meanwhile fetches a file that the web server only has to send: how long this machine takes for anything at all."""

    def __init__(self, stack):
        super().__init__()
        host = urllib.parse.urlsplit(stack.url)
        self.link = http.client.HTTPConnection(host.hostname, host.port, timeout=60)
        self.times, self.over = [], threading.Event()

    def run(self):
        while not self.over.wait(0.02):
            begun = time.monotonic()
            self.link.request("GET", "/static/img/icon.svg")
            answer = self.link.getresponse()
            answer.read()
            self.times.append((time.monotonic() - begun) * 1000)
            assert answer.status == 200


def percentiles(times):
    """The 50th and the 99th."""
    times = sorted(times)
    return round(times[len(times) // 2], 1), round(times[int(len(times) * 0.99) - 1], 1)


@pytest.mark.skipif(PROFILE == "asan", reason="a sanitized program's speed says nothing")
def test_a_slow_model_and_many_customers(make_stack, models):
    stack = make_stack(workers=4, log_level="info", **models.settings)
    switch_on(stack, rest=4)
    stack.sql("REPLACE INTO ai_limit (tenant_id, calls_per_day, tokens_per_day) VALUES (%s, 1000000, 1000000000)", stack.tenant.id)
    stack.sql("UPDATE line SET per_second = 10000")
    models.config(latency_ms=THINKS_MS)
    numbers = [f"+4851{n:07d}" for n in range(MESSAGES)]
    senders = [Sender(stack, numbers[i::SENDERS]) for i in range(SENDERS)]
    begun = time.monotonic()
    calm = Calm(stack)
    calm.start()
    for s in senders:
        s.start()
    for s in senders:
        s.join()
    arrived = time.monotonic() - begun
    assert sum(len(s.sids) for s in senders) == MESSAGES, "every webhook was answered 200"

    def answered():
        return stack.sql("SELECT COUNT(*) n FROM message WHERE direction = 1 AND sid IS NOT NULL")[0]["n"]
    try:
        stack.wait(lambda: answered() == MESSAGES, timeout=10 * LIMIT_S, what=f"{MESSAGES} answers ({answered()} so far)")
    finally:
        calm.over.set()
        calm.join()
    took = time.monotonic() - begun
    stack.wait(lambda: stack.sim.get("idle", timeout_s=10)["idle"], what="the callbacks")
    callbacks = len(stack.sim.get("callbacks")) # what became of the answers: webhooks too
    outside = percentiles(t for s in senders for t in s.times)
    inside = percentiles(float(r["ms"]) for r in requests_logged(stack) if r["route"] in ("inbound_hook", "status_hook"))
    counts = models.counts()
    rest = percentiles(calm.times)[1]
    print(f"\n{MESSAGES} messages in {arrived:.1f} s, all answered after {took:.1f} s; {callbacks} callbacks; webhooks p50, p99 in ms: "
          f"arrivals as Twilio sees them {outside}, all of them in our program {inside}, a file {rest}; models at once {counts['most_in_flight']}")
    assert took < LIMIT_S * max(1, rest / WEBHOOK_MS) and callbacks >= MESSAGES
    assert outside[1] < WEBHOOK_MS + 3 * rest and inside[1] < WEBHOOK_MS + 3 * rest, "quick, beyond what the machine takes for a file"
    assert counts["asked"] == MESSAGES, "each was asked about once"
    assert stack.sim.get("counts")["accepted"] == MESSAGES and not stack.sim.get("counts")["doubled"]
    assert stack.sql("SELECT COUNT(DISTINCT conversation_id) n FROM message WHERE direction = 1")[0]["n"] == MESSAGES
    assert stack.sql("SELECT DISTINCT outcome FROM reply_job") == [{"outcome": "answered"}]
