"""Starts the simulated Twilio (tests/sim/twilio_sim.py) and talks to its control calls."""
import json
import pathlib
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

FOLDER = pathlib.Path(__file__).resolve().parents[1] / "sim"
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Program:
    """A running simulator of tests/sim and its control calls. As a context manager it ends with the block."""

    def __init__(self, name, *arguments):
        command = [sys.executable, str(FOLDER / name), *arguments, "--until-eof"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        first = self.process.stdout.readline().split()
        if first[:1] != ["ready"]:
            self.stop()
            raise RuntimeError(f"{name} did not start")
        self.url = first[1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    @property
    def pid(self):
        return self.process.pid

    def stop(self):
        """Ends this simulator and no other process."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()

    def call(self, name, body=None, timeout_s=60, /, **query):
        """GET /_sim/name, or POST when there is a body; the value of its JSON answer."""
        url = f"{self.url}/_sim/{name}" + ("?" + urllib.parse.urlencode(query) if query else "")
        data = None if body is None else json.dumps(body).encode()
        try:
            with OPENER.open(urllib.request.Request(url, data), timeout=timeout_s) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{name}: {error.read().decode()}") from None

    # Scripting
    def script(self, **behaviour):
        """What happens to the next `times` requests; see "Behaviours" in tests/sim/README.md."""
        return self.call("script", behaviour)

    def config(self, **changes):
        return self.call("config", changes)

    def reset(self):
        """Forgets what was asked, scripts, and settings changed since the start."""
        return self.call("reset", {})

    def counts(self):
        return self.call("counts")

    def wait(self, condition, timeout_s=60):
        """Polls condition(counts) until it holds; the counts."""
        end = time.monotonic() + timeout_s
        while True:
            counts = self.counts()
            if condition(counts):
                return counts
            if time.monotonic() > end:
                raise AssertionError(f"not reached in {timeout_s} s: {counts}")
            time.sleep(0.05)


class Simulator(Program):
    """A running simulated Twilio; several can run side by side.

        with Simulator(numbers=["+48732000001"]) as sim:
            sim.script(status=429, retry_after=2)          # the next send is answered 429
            ...                                            # CENTRALA_TWILIO_API_BASE = sim.url
            assert sim.counts()["accepted"] == 1
    """

    def __init__(self, account="AC" + "a" * 32, token="f" * 32, numbers=None, **config):
        self.account, self.token = account, token
        if numbers is not None:
            config["numbers"] = numbers
        super().__init__("twilio_sim.py", "--account", account, "--token", token, "--config", json.dumps(config))

    def add_account(self, sid, token, **more):
        return self.call("accounts", {"sid": sid, "token": token, **more})

    # What it saw
    def messages(self, **equal):
        """Messages in the order of arrival, filtered by members of their resource."""
        return self.call("messages", **equal)

    def asked(self):
        """Every POST to Messages.json whose body arrived: {params, outcome, sid}."""
        return self.call("asked")

    def callbacks(self):
        """Every attempt to deliver a webhook: {url, params, status, body, …}."""
        return self.call("callbacks")

    def idle(self, timeout_s=60):
        """Waits until no callback is planned or under way; False when some are after that time."""
        end = time.monotonic() + timeout_s
        while True:
            left = end - time.monotonic()
            if left <= 0:
                return False
            if self.call("idle", timeout_s=f"{min(left, 5):.3f}")["idle"]:
                return True

    # Webhooks
    def inbound(self, **message):
        """A customer writes: from_, to, body, media, url …; {sid, status, body, results}."""
        message["from"] = message.pop("from_", message.get("from"))
        return self.call("inbound", message)

    def callback(self, url, params, **more):
        """A hand-made signed webhook; {status, body, …}."""
        return self.call("callback", {"url": url, "params": params, **more})

    def advance(self, sid, *steps):
        """Takes a message through states at once: advance(sid, "sent", {"status": "failed", "error_code": 30003})."""
        return self.call("advance", {"sid": sid, "steps": [{"status": s} if isinstance(s, str) else s for s in steps]})
