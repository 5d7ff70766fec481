"""Outgoing webhooks: signed, at their scripted time, from background threads; every attempt is recorded."""
import heapq
import http.client
import itertools
import socket
import ssl
import threading
import time
import urllib.parse
import uuid

from .signature import sign

WORKERS = 8
BY_DEFAULT = [{"status": "sent", "after_ms": 20}, {"status": "delivered", "after_ms": 60}]
BY_DEFAULT_SERVICE = [{"status": "queued", "after_ms": 5}] + BY_DEFAULT
NO_WINDOW = [{"status": "failed", "after_ms": 20, "error_code": 63016,
              "error_message": "Failed to send freeform message because you are outside the allowed window."}]
STEP_KEYS = {"status", "after_ms", "error_code", "error_message", "repeat", "gap_ms", "when", "params", "send", "token"}


def check_steps(steps):
    for step in steps or []:
        unknown = set(step) - STEP_KEYS
        if unknown or "status" not in step:
            raise ValueError(f"a callback step has status and of {sorted(STEP_KEYS)} only, not {sorted(unknown)}")


class Scheduler:
    """Runs functions at their time; idle() waits until nothing is left to do."""

    def __init__(self):
        self.changed, self.heap, self.running, self.order = threading.Condition(), [], 0, itertools.count()
        self.generation = 0
        for _ in range(WORKERS):
            threading.Thread(target=self.work, daemon=True).start()

    def at(self, when, function):
        with self.changed:
            heapq.heappush(self.heap, (when, next(self.order), function))
            self.changed.notify()

    def clear(self):
        with self.changed:
            self.heap.clear()
            self.generation += 1
            self.changed.notify_all()

    def work(self):
        while True:
            with self.changed:
                while not self.heap or self.heap[0][0] > time.monotonic():
                    self.changed.wait(self.heap[0][0] - time.monotonic() if self.heap else None)
                _, _, function = heapq.heappop(self.heap)
                self.running += 1
                self.changed.notify()
            try:
                function()
            finally:
                with self.changed:
                    self.running -= 1
                    self.changed.notify_all()

    def pending(self):
        with self.changed:
            return len(self.heap) + self.running

    def idle(self, timeout_s):
        """False when something was still to be done after that time."""
        with self.changed:
            return self.changed.wait_for(lambda: not self.heap and not self.running, timeout_s)


def overrides(fragment):
    """Connection overrides of a webhook URL ("#rc=3&rp=ct,5xx"): retry count and policies."""
    values = dict(urllib.parse.parse_qsl(fragment))
    count = values.get("rc", "1")
    return min(int(count), 5) if count.isdigit() else 1, set(values.get("rp", "ct").split(","))


def retried(policies, status, error):
    return ("all" in policies or (error == "connect" and "ct" in policies) or (error == "read" and "rt" in policies)
            or (status and status // 100 == 4 and "4xx" in policies) or (status and status // 100 == 5 and "5xx" in policies))


def post(url, body, headers, timeout_s):
    """One POST without redirects: a dict with status, body and content type, or the error ("connect" or "read")."""
    parts = urllib.parse.urlsplit(url)
    started, error = time.monotonic(), "connect"
    if parts.scheme == "https":
        connection = http.client.HTTPSConnection(parts.hostname, parts.port, timeout=timeout_s, context=ssl._create_unverified_context())
    else:
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=timeout_s)
    result = {"status": None, "body": "", "content_type": "", "error": None}
    try:
        connection.connect()
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        error = "read"
        target = (parts.path or "/") + ("?" + parts.query if parts.query else "")
        connection.request("POST", target, body, headers)
        answer = connection.getresponse()
        result.update(status=answer.status, body=answer.read().decode("utf-8", "replace"), content_type=answer.getheader("Content-Type", ""))
    except (OSError, http.client.HTTPException):
        result["error"] = error
    finally:
        connection.close()
    result["ms"] = round((time.monotonic() - started) * 1000)
    return result


class Callbacks:
    def __init__(self, store):
        self.store, self.scheduler = store, Scheduler()

    def deliver(self, account, url, params, token=None, signature="valid", headers=None, sign_url=None):
        """Signs and posts a webhook as Twilio would, with its repetitions; the record of the last attempt.

        `signature`: valid, missing, or a text to send as it is. `sign_url`: what to sign when it is not the URL itself."""
        plain, _, fragment = url.partition("#")
        count, policies = overrides(fragment)
        sent = {"Content-Type": "application/x-www-form-urlencoded; charset=UTF-8", "User-Agent": "TwilioProxy/1.1", "Accept": "*/*",
                "I-Twilio-Idempotency-Token": str(uuid.uuid4())}
        if signature == "valid":
            sent["X-Twilio-Signature"] = sign(token or account.token, sign_url or plain, params)
        elif signature != "missing":
            sent["X-Twilio-Signature"] = signature
        sent.update(headers or {})
        body = urllib.parse.urlencode(params, errors="surrogateescape")
        for attempt in range(1 + count):
            result = {"url": plain, "params": dict(params), "attempt": attempt + 1, "at": time.time(),
                      **post(plain, body, sent, self.store.config["callback_timeout_s"])}
            with self.store.lock:
                self.store.deliveries.append(result)
            if not retried(policies, result["status"], result["error"]):
                break
        return result

    def status_params(self, message, step):
        params = {"MessageSid": message.sid, "SmsSid": message.sid, "MessageStatus": step["status"], "SmsStatus": step["status"],
                  "AccountSid": message.account.sid, "From": message.sender or "", "To": message.to, "ApiVersion": "2010-04-01"}
        if message.service:
            params["MessagingServiceSid"] = message.service
        if step.get("error_code"):
            params["ErrorCode"] = str(step["error_code"])
            if step.get("error_message"):
                params["ErrorMessage"] = step["error_message"]
        elif step["status"] == "delivered" and not message.to.startswith("whatsapp:"):
            params["RawDlrDoneDate"] = time.strftime("%y%m%d%H%M", time.gmtime())
        if step["status"] == "read":
            params["EventType"] = "READ"
        params.update(step.get("params", {}))
        return [(k, v) for k, v in params.items() if v is not None]

    def step(self, message, step):
        """The message reaches a state; its callback goes out `repeat` times."""
        if not self.store.advance(message, step):
            return
        for i in range(step.get("repeat", 1) if message.callback and step.get("send", True) else 0):
            if i:
                time.sleep(step.get("gap_ms", 0) / 1000)
            self.deliver(message.account, message.callback, self.status_params(message, step), step.get("token"))

    def plan(self, message, steps=None):
        """The course of a message: as scripted, as configured, or sent and delivered. Steps before the answer run now."""
        steps = steps if steps is not None else self.store.config["callbacks"]
        if message.to.startswith("whatsapp:") and not message.one("ContentSid") and not self.store.window_open(message):
            steps = NO_WINDOW
        elif steps is None:
            steps = BY_DEFAULT_SERVICE if message.service else BY_DEFAULT
        start, generation = time.monotonic(), self.scheduler.generation
        for step in steps:
            if step.get("when") == "before_answer":
                self.step(message, step)
        for step in steps:
            if step.get("when") != "before_answer" and generation == self.scheduler.generation:
                self.scheduler.at(start + step.get("after_ms", 0) / 1000, lambda step=step: self.step(message, step))
