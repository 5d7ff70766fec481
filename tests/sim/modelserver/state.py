"""Settings, behaviours for the next requests, what was asked, and the control calls below /_sim/."""
import asyncio
import collections
import time

from .errors import Refusal

CONFIG = {"latency_ms": 0, "hold": False, "keys": None, "models": None, "strict": True, "structure": "json_schema", "dialect": "openai", "max_concurrent": 0,
          "text": "Answer to: {last}", "tokens_in": 20, "tokens_out": 10}
KINDS = ("text", "hand_off", "refusal", "length", "empty", "filter", "html", "raw", "error", "quota", "hang", "cut")
MEMBERS = {"kind", "times", "match", "text", "reason", "model", "tokens_in", "tokens_out", "latency_ms", "status", "message", "type", "code", "retry_after",
           "retry_after_ms", "should_retry", "body", "content_type", "partial", "location"}


class Behaviour:
    """What happens to the next `times` requests that fit."""

    def __init__(self, spec):
        unknown = set(spec) - MEMBERS
        if unknown:
            raise ValueError(f"unknown members: {', '.join(sorted(unknown))}")
        if spec.get("kind", "text") not in KINDS:
            raise ValueError(f"kind is one of {', '.join(KINDS)}")
        if set(spec.get("match", {})) - {"provider", "model", "last"}:
            raise ValueError("match has provider, model, last")
        if spec.get("kind") == "error" and not 300 <= int(spec.get("status", 0)) <= 599:
            raise ValueError("an error has a status")
        self.spec, self.left = spec, int(spec.get("times", 1))

    def fits(self, provider, body, last):
        match = self.spec.get("match", {})
        return match.get("provider", provider) == provider and match.get("model", body.get("model")) == body.get("model") and match.get("last", "") in last

    def get(self, name, default=None):
        return self.spec.get(name, default)

    def headers(self):
        names = {"retry_after": "Retry-After", "retry_after_ms": "Retry-After-Ms", "should_retry": "X-Should-Retry", "location": "Location"}
        return {header: str(self.get(name)).lower() if name == "should_retry" else str(self.get(name)) for name, header in names.items() if self.get(name) is not None}

    def refusal(self):
        kind = "quota" if self.get("kind") == "quota" else self.get("status")
        return Refusal(kind, self.get("message"), type=self.get("type"), code=self.get("code"), headers=self.headers())


class State:
    def __init__(self, config):
        self.start = {**CONFIG}
        self.config = {**CONFIG}
        self.configure(config)
        self.start = {**self.config}
        self.released = asyncio.Event()
        self.reset()
        self.calls = {
            ("GET", "health"): lambda _b: {"status": "ok"},
            ("GET", "counts"): lambda _b: self.counts(),
            ("GET", "asked"): lambda _b: self.asked,
            ("GET", "config"): lambda _b: self.config,
            ("POST", "config"): self.configure,
            ("POST", "script"): self.script,
            ("POST", "release"): self.release,
            ("POST", "reset"): lambda _b: self.reset() or {"reset": True},
        }

    def reset(self):
        self.config = {**self.start}
        self.released.set()  # those that wait go on, under the old event
        self.released = asyncio.Event()
        self.waiting, self.asked = [], []
        self.in_flight, self.most_in_flight = getattr(self, "in_flight", 0), 0

    def configure(self, changes):
        unknown = set(changes) - set(CONFIG)
        if unknown:
            raise ValueError(f"unknown settings: {', '.join(sorted(unknown))}")
        self.config.update(changes)
        if changes.get("hold") is False:
            self.release({})
        return self.config

    def release(self, _body):
        """Lets everything go on that `hold` keeps; with "hold": false nothing is kept any more."""
        if hasattr(self, "released"):
            self.released.set()
            self.released = asyncio.Event()
        return {"released": True}

    def script(self, body):
        self.waiting += [Behaviour(spec) for spec in (body if isinstance(body, list) else [body])]
        return {"scripts_left": sum(b.left for b in self.waiting)}

    def take(self, provider, body, last):
        for behaviour in self.waiting:
            if behaviour.fits(provider, body, last):
                behaviour.left -= 1
                if behaviour.left <= 0:
                    self.waiting.remove(behaviour)
                return behaviour
        return Behaviour({})

    def record(self, provider, path, headers, body):
        row = {"provider": provider, "path": path, "headers": headers, "body": body, "at": time.time(), "outcome": "waiting", "status": None, "reason": None}
        self.asked.append(row)
        return row

    def counts(self):
        by = collections.Counter(row["outcome"] for row in self.asked)
        return {"asked": len(self.asked), "outcomes": dict(by), "statuses": dict(collections.Counter(str(row["status"]) for row in self.asked if row["status"])),
                "refused": [row["reason"] for row in self.asked if row["outcome"] == "refused"], "in_flight": self.in_flight,
                "most_in_flight": self.most_in_flight, "scripts_left": sum(b.left for b in self.waiting)}

    def control(self, method, path, body):
        """(HTTP status, value for JSON)."""
        call = self.calls.get((method, path.removeprefix("/_sim/")))
        if not call:
            return 404, {"error": f"no such call: {method} {path}", "calls": sorted(f"{m} /_sim/{p}" for m, p in self.calls)}
        try:
            return 200, call(body)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            return 400, {"error": f"{type(error).__name__}: {error}"}
