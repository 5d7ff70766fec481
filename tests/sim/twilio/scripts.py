"""Behaviours that tests ask for: what happens to the next sends, lists or fetches."""
import threading

from .rules import Refusal

KNOWN = {"times", "op", "match", "status", "code", "message", "retry_after", "format", "record", "delay_ms", "delay_before_ms",
         "cut", "location", "cut_how", "partial", "callbacks", "answer_status"}
FORMATS = ("json", "problem", "html", "empty")


class Script:
    """One behaviour; used `times` times, for requests whose parameters match."""

    def __init__(self, spec):
        unknown = set(spec) - KNOWN
        if unknown:
            raise ValueError(f"unknown members: {', '.join(sorted(unknown))}")
        if spec.get("cut") not in (None, "before", "after") or spec.get("cut_how", "fin") not in ("fin", "rst"):
            raise ValueError("cut is before or after, cut_how is fin or rst")
        if spec.get("format", "json") not in FORMATS:
            raise ValueError(f"format is one of {', '.join(FORMATS)}")
        self.spec, self.left = spec, int(spec.get("times", 1))

    def fits(self, op, params):
        values = dict(params)
        return self.spec.get("op", "send") == op and all(values.get(k) == v for k, v in self.spec.get("match", {}).items())

    def get(self, name, default=None):
        return self.spec.get(name, default)

    def refusal(self):
        """The error answer it asks for, None when it asks for none."""
        code, status = self.get("code"), self.get("status")
        if code is None and status is None:
            return None
        status = status or (429 if code == 20429 else 400)
        code = code or {429: 20429, 500: 20500, 503: 20503, 401: 20003, 404: 20404}.get(status, 20001)
        headers = {"Retry-After": str(self.get("retry_after"))} if self.get("retry_after") is not None else {}
        return Refusal(code, self.get("message", f"Simulated error {code}"), status, headers)


class Scripts:
    def __init__(self):
        self.lock, self.waiting = threading.Lock(), []

    def add(self, spec):
        script = Script(spec)
        with self.lock:
            self.waiting.append(script)

    def reset(self):
        with self.lock:
            self.waiting = []

    def take(self, op, params=()):
        """The first behaviour that fits, an empty one when there is none."""
        with self.lock:
            for script in self.waiting:
                if script.fits(op, params):
                    script.left -= 1
                    if script.left <= 0:
                        self.waiting.remove(script)
                    return script
        return Script({})

    def left(self):
        with self.lock:
            return sum(s.left for s in self.waiting)
