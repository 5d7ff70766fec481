"""What the simulated Twilio knows: accounts, settings, messages, and what it was asked."""
import copy
import datetime
import email.utils
import itertools
import secrets
import threading
import time

from . import segments

RANK = {"accepted": 10, "scheduled": 10, "queued": 20, "sending": 30, "sent": 40, "delivered": 60, "undelivered": 60,
        "failed": 60, "canceled": 60, "read": 70, "partially_delivered": 60, "received": 60, "receiving": 20}
FINAL = {"delivered", "undelivered", "failed", "canceled", "read", "received", "partially_delivered"}

# Each of them can be changed by POST /_sim/config; README.md says what they mean.
CONFIG = {
    "strict": True,
    "numbers": None,
    "services": None,
    "number_details": {},
    "service_details": {},
    "opted_out": [],
    "whatsapp_window": "open",
    "callbacks": None,
    "delay_ms": 0,
    "max_concurrent": 0,
    "callback_timeout_s": 15,
    "inbound_url": None,
    "removable_after_s": 0,
}


def now():
    return datetime.datetime.now(datetime.timezone.utc)


def rfc2822(moment):
    return email.utils.format_datetime(moment.replace(microsecond=0)) if moment else None


def new_sid(prefix):
    return prefix + secrets.token_hex(16)


class Account:
    def __init__(self, sid, token, keys=None, status="active", kind="Full"):
        self.sid, self.token, self.keys, self.status, self.kind = sid, token, dict(keys or {}), status, kind

    def admits(self, user, password):
        """None when the pair is wrong, else "token" or "key"."""
        if user == self.sid and password == self.token:
            return "token"
        return "key" if user in self.keys and self.keys[user] == password else None

    def resource(self):
        uri = f"/2010-04-01/Accounts/{self.sid}"
        return {"sid": self.sid, "owner_account_sid": self.sid, "friendly_name": "Simulated account", "status": self.status,
                "type": self.kind, "auth_token": self.token, "date_created": "Thu, 30 Jul 2015 20:00:00 +0000",
                "date_updated": "Thu, 30 Jul 2015 20:00:00 +0000", "uri": uri + ".json",
                "subresource_uris": {"messages": uri + "/Messages.json", "incoming_phone_numbers": uri + "/IncomingPhoneNumbers.json"}}


class Message:
    """One message; `sender` is None until the messaging service has picked one."""

    def __init__(self, account, seq, params, status, direction="outbound-api"):
        self.account, self.seq, self.params, self.direction = account, seq, params, direction
        self.media = [v for k, v in params if k == "MediaUrl"]
        self.sid = new_sid("MM" if self.media else "SM")
        self.to, self.body = self.one("To"), self.one("Body") or ""
        self.service, self.sender = self.one("MessagingServiceSid"), self.one("From")
        self.callback = self.one("StatusCallback")
        self.status, self.error_code, self.error_message = status, None, None
        self.created = self.updated = now()
        self.sent = self.created if direction == "inbound" else None
        self.history = [status]

    def one(self, name):
        return next((v for k, v in self.params if k == name), None)

    def advance(self, status, error_code=None, error_message=None, pool=()):
        """Takes over a state unless that would be a step back."""
        self.history.append(status)
        if RANK.get(status, 0) <= RANK.get(self.status, 0):
            return
        self.status, self.updated = status, now()
        if error_code:
            self.error_code, self.error_message = error_code, error_message
        if not self.sender and status not in ("accepted", "scheduled", "canceled"):
            self.sender = next(iter(pool), "+15005550006")
        if RANK.get(status, 0) >= RANK["sent"] and status not in ("failed", "canceled"):
            self.sent = self.sent or now()

    def resource(self):
        uri = f"/2010-04-01/Accounts/{self.account.sid}/Messages/{self.sid}"
        waits = self.service and self.status in ("accepted", "scheduled")
        billed = self.status in ("delivered", "undelivered", "read", "received")
        return {"account_sid": self.account.sid, "api_version": "2010-04-01", "body": self.body, "date_created": rfc2822(self.created),
                "date_sent": rfc2822(self.sent), "date_updated": rfc2822(self.updated), "direction": self.direction,
                "error_code": self.error_code, "error_message": self.error_message, "from": self.sender,
                "messaging_service_sid": self.service, "num_media": str(len(self.media)),
                "num_segments": "0" if waits else str(segments.count(self.body)), "price": "-0.00750" if billed else None,
                "price_unit": "USD", "sid": self.sid, "status": self.status, "to": self.to, "uri": uri + ".json",
                "subresource_uris": {"media": uri + "/Media.json"}}

    def told(self):
        """For /_sim/messages: the resource and what happened to it."""
        return {**self.resource(), "asked": self.params, "status_callback": self.callback, "history": list(self.history)}


class Store:
    """All of it behind one lock; everything handed out is a copy or immutable."""

    def __init__(self, accounts, config=None):
        self.lock = threading.RLock()
        self.accounts = {a.sid: a for a in accounts}
        self.start_config = {**copy.deepcopy(CONFIG), **(config or {})}
        self.reset()

    def reset(self):
        with self.lock:
            self.config = copy.deepcopy(self.start_config)
            self.messages, self.seq = {}, itertools.count(1)
            self.asked, self.requests, self.deliveries = [], [], []
            self.windows = {}
            self.numbers = {}

    def configure(self, changes):
        unknown = set(changes) - set(CONFIG)
        if unknown:
            raise ValueError(f"unknown settings: {', '.join(sorted(unknown))}")
        with self.lock:
            self.config.update(changes)
            return copy.deepcopy(self.config)

    def ask(self, account, params):
        """Remembers a POST whose body arrived, whatever becomes of it; the entry's outcome is filled in later."""
        entry = {"account": account.sid, "params": params, "outcome": "under way", "sid": None, "at": time.time()}
        with self.lock:
            self.asked.append(entry)
        return entry

    def accept(self, account, params, status, direction="outbound-api"):
        with self.lock:
            message = Message(account, next(self.seq), params, status, direction)
            self.messages[message.sid] = message
            return message

    def pool(self, service):
        return (self.config["services"] or {}).get(service) or self.config["numbers"] or []

    def advance(self, message, step):
        with self.lock:
            if message.status == "canceled":
                return False
            message.advance(step["status"], step.get("error_code"), step.get("error_message"), self.pool(message.service))
            return True

    def find(self, account, sid):
        with self.lock:
            message = self.messages.get(sid)
            return message if message and message.account is account else None

    def newest_first(self, account):
        with self.lock:
            return sorted((m for m in self.messages.values() if m.account is account), key=lambda m: -m.seq)

    def window_open(self, message):
        """May a free-form WhatsApp text be sent to them now?"""
        mode = self.config["whatsapp_window"]
        if mode == "track":
            return time.time() - self.windows.get((message.sender, message.to), 0) < 24 * 3600
        return mode != "closed"

    def counts(self):
        """The numbers tests ask for."""
        with self.lock:
            outbound = [m for m in self.messages.values() if m.direction != "inbound"]
            refused, answered, same = {}, {}, {}
            for entry in self.asked:
                if entry["outcome"].isdigit():
                    refused[entry["outcome"]] = refused.get(entry["outcome"], 0) + 1
            for request in self.requests:
                key = f"{request['what']} {request['answer']}"
                answered[key] = answered.get(key, 0) + 1
            for m in outbound:
                same.setdefault((m.account.sid, m.service or m.sender, m.to, m.body, tuple(m.media)), []).append(m.sid)
            return {"asked": len(self.asked), "accepted": len(outbound), "refused": refused, "answered": answered,
                    "cut": sum(1 for r in self.requests if r["answer"] == "cut"),
                    "doubled": [sids for sids in same.values() if len(sids) > 1],
                    "inbound": len(self.messages) - len(outbound), "callbacks": len(self.deliveries),
                    "callbacks_failed": sum(1 for d in self.deliveries if not 200 <= (d["status"] or 0) < 300)}
