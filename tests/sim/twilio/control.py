"""/_sim/: how tests script the simulator and read what it saw. README.md describes each call."""
import concurrent.futures
import datetime
import time
import urllib.parse

from .callbacks import check_steps
from .numbers import Numbers
from .store import Account

GEO = [side + part for side in ("From", "To") for part in ("City", "State", "Zip", "Country")]


class Control:
    def __init__(self, store, scripts, callbacks, files):
        self.store, self.scripts, self.callbacks, self.numbers, self.files = store, scripts, callbacks, Numbers(store), files
        self.address = ""
        self.calls = {
            ("GET", "health"): lambda _q, _b: {"status": "ok"},
            ("GET", "counts"): self.counts,
            ("GET", "messages"): self.messages,
            ("GET", "asked"): lambda _q, _b: self.listed(self.store.asked),
            ("GET", "requests"): lambda _q, _b: self.listed(self.store.requests),
            ("GET", "callbacks"): lambda _q, _b: self.listed(self.store.deliveries),
            ("GET", "config"): lambda _q, _b: self.store.configure({}),
            ("GET", "idle"): self.idle,
            ("GET", "numbers"): lambda query, _b: self.numbers.all(self.account_of(query)),
            ("GET", "media"): lambda _q, _b: {"requests": self.files.listed("requests"), "offered": self.files.listed("offered")},
            ("POST", "media"): self.media,
            ("POST", "config"): self.config,
            ("POST", "reset"): self.reset,
            ("POST", "accounts"): self.accounts,
            ("POST", "script"): self.script,
            ("POST", "advance"): self.advance,
            ("POST", "inbound"): self.inbound,
            ("POST", "record"): self.record,
            ("POST", "callback"): self.callback,
        }

    def handle(self, method, path, query, body):
        """(HTTP status, value for JSON)."""
        call = self.calls.get((method, path.removeprefix("/_sim/")))
        if not call:
            return 404, {"error": f"no such call: {method} {path}", "calls": sorted(f"{m} /_sim/{p}" for m, p in self.calls)}
        try:
            return 200, call(query, body)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            return 400, {"error": f"{type(error).__name__}: {error}"}

    def listed(self, rows):
        with self.store.lock:
            return [dict(r) for r in rows]

    def counts(self, _query, _body):
        return {**self.store.counts(), "scripts_left": self.scripts.left(), "pending": self.callbacks.scheduler.pending()}

    def messages(self, query, _body):
        with self.store.lock:
            rows = [m.told() for m in self.store.messages.values()]
        return [r for r in rows if all(str(r.get(k)) == v for k, v in query.items())]

    def idle(self, query, _body):
        return {"idle": self.callbacks.scheduler.idle(float(query.get("timeout_s", "5")))}

    def config(self, _query, body):
        check_steps(body.get("callbacks"))
        return self.store.configure(body)

    def reset(self, _query, _body):
        self.scripts.reset()
        self.callbacks.scheduler.clear()
        self.callbacks.scheduler.idle(2)
        self.files.reset()
        self.store.reset()
        return {"reset": True}

    def accounts(self, _query, body):
        account = Account(body["sid"], body["token"], body.get("keys"), body.get("status", "active"), body.get("type", "Full"))
        with self.store.lock:
            self.store.accounts[account.sid] = account
        return {"accounts": sorted(self.store.accounts)}

    def media(self, _query, body):
        """A file that a customer attached to that message; its address for MediaUrlN."""
        return {"url": self.address + self.files.add(self.account_of(body), body["message"], body)}

    def script(self, _query, body):
        for spec in body if isinstance(body, list) else [body]:
            check_steps(spec.get("callbacks"))
            self.scripts.add(spec)
        return {"scripts_left": self.scripts.left()}

    def advance(self, _query, body):
        """Takes a message through the given steps, one after the other, and waits for the answers."""
        check_steps(body["steps"])
        message = self.store.messages[body["sid"]]
        for step in body["steps"]:
            self.callbacks.step(message, step)
        with self.store.lock:
            return message.told()

    def account_of(self, body):
        return self.store.accounts[body["account"]] if "account" in body else next(iter(self.store.accounts.values()))

    def repeated(self, body, function):
        """Runs it `repeat` times, at once when `parallel`."""
        times = int(body.get("repeat", 1))
        if not body.get("parallel"):
            return [function() for _ in range(times)]
        with concurrent.futures.ThreadPoolExecutor(times) as pool:
            return [f.result() for f in [pool.submit(function) for _ in range(times)]]

    def post(self, body, account, url, params):
        return self.callbacks.deliver(account, url, params, body.get("token"), body.get("signature", "valid"), body.get("headers"), body.get("sign_url"))

    def inbound(self, _query, body):
        """A customer writes: the message is recorded at "Twilio" and its webhook delivered."""
        account, sender, to, text = self.account_of(body), body["from"], body["to"], body.get("body", "")
        media = [(f"MediaUrl{i}", m["url"]) for i, m in enumerate(body.get("media", []))]
        asked = [("To", to), ("From", sender), ("Body", text)] + [("MediaUrl", url) for _, url in media]
        message = self.store.find(account, body.get("sid", "")) or self.store.accept(account, asked, "received", "inbound")
        with self.store.lock:
            if body.get("sid"):
                self.store.messages.pop(message.sid, None)
                message.sid = body["sid"]
                self.store.messages[message.sid] = message
            self.store.windows[(to, sender)] = time.time()
        params = {"MessageSid": message.sid, "SmsSid": message.sid, "SmsMessageSid": message.sid, "AccountSid": account.sid, "From": sender,
                  "To": to, "Body": text, "NumMedia": str(len(media)), "NumSegments": message.resource()["num_segments"],
                  "SmsStatus": "received", "ApiVersion": "2010-04-01", "MessageType": "image" if media else "text"}
        if to.startswith("whatsapp:"):
            params.update(ProfileName="Customer", WaId=sender.removeprefix("whatsapp:+"))
        else:
            params.update({name: "" for name in GEO})
        for i, item in enumerate(body.get("media", [])):
            params[f"MediaUrl{i}"], params[f"MediaContentType{i}"] = item["url"], item.get("type", "image/jpeg")
        params.update(body.get("params", {}))
        pairs = [(k, v) for k, v in params.items() if v is not None]
        url = body.get("url") or self.numbers.sms_url(account, to) or self.store.config["inbound_url"]
        results = self.repeated(body, lambda: self.post(body, account, url, pairs)) if body.get("post", True) else []
        return {"sid": message.sid, "results": results, **(results[0] if results else {})}

    def record(self, _query, body):
        """A message that Twilio has and nobody is told of: sent by another program, or its webhook was lost."""
        account = self.account_of(body)
        asked = [("To", body["to"]), ("From", body["from"]), ("Body", body.get("body", ""))]
        message = self.store.accept(account, asked, body.get("status", "received"), body.get("direction", "inbound"))
        moment = message.created - datetime.timedelta(days=body.get("days_ago", 0), seconds=body.get("seconds_ago", 0))
        message.created = message.updated = message.sent = moment
        message.error_code = body.get("error_code")
        message.media = [self.address + self.files.add(account, message.sid, spec) for spec in body.get("media", [])]
        return {"sid": message.sid}

    def callback(self, _query, body):
        """A hand-made webhook: any parameters, any signature."""
        params = body.get("params", {})
        pairs = [(k, v) for k, v in (params.items() if isinstance(params, dict) else params)]
        results = self.repeated(body, lambda: self.post(body, self.account_of(body), body["url"], pairs))
        return {"results": results, **results[0]}


def parse_query(text):
    return dict(urllib.parse.parse_qsl(text, keep_blank_values=True))
