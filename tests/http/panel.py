"""What the HTTP tests of the main job share: numbers of their own, rows by SID, text of pages, log lines."""
import concurrent.futures
import contextlib
import html.parser
import itertools
import json
import os
import pathlib
import re
import secrets
import time
import urllib.parse

import pytest

from core_tools import PROFILE, ROOT, wait_until
from stack import Process, Tenant

DATA = pathlib.Path(os.environ.get("CENTRALA_SHARED") or ROOT.parent / "shared") / "data"
_numbers = itertools.count(secrets.randbelow(10**5) * 1000)


def new_number():
    """A Polish mobile number that no other test uses."""
    return f"+4850{next(_numbers) % 10**7:07d}"


def new_sid(prefix="SM"):
    return prefix + secrets.token_hex(16)


def shared(path):
    """A file of ../shared/data as JSON; the test is skipped where it is not present."""
    file = DATA / path
    if not file.exists():
        pytest.skip(f"../shared/data/{path} not present")
    return json.loads(file.read_text(encoding="utf-8"))


def at_once(count, function, *arguments):
    """The results of `count` calls that run at the same time; function(i, …)."""
    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        return [f.result() for f in [pool.submit(function, i, *arguments) for i in range(count)]]


@contextlib.contextmanager
def second_cron(stack):
    """Another fcgi-cron beside, as a second host has one: at work when the block begins, ended with it. Its `log` tells what it did."""
    name = f"second-{secrets.token_hex(3)}"
    socket = stack.folder / "var" / f"{name}.sock"
    process = Process(stack.folder, name, [stack.bin / "fcgi-cron", "--daemon"], env={**stack.env, "CENTRALA_CRON_SOCKET": str(socket)})
    try:
        wait_until(socket.exists, what="the second fcgi-cron")
        yield process
    finally:
        process.end()


# ---- rows ----

def message(stack, sid):
    rows = stack.sql("SELECT * FROM message WHERE sid = %s", sid)
    assert len(rows) == 1, f"{len(rows)} messages with {sid}"
    return rows[0]


def messages_with(stack, number):
    """Messages of every conversation with that address, oldest first, with their outbox state."""
    return stack.sql("SELECT m.*, o.state AS outbox_state, o.attempts, o.id AS outbox_id, o.looks, o.last_error, c.peer, c.line_id FROM message m "
                     "JOIN conversation c ON c.tenant_id = m.tenant_id AND c.id = m.conversation_id "
                     "LEFT JOIN outbox o ON o.tenant_id = m.tenant_id AND o.conversation_id = m.conversation_id AND o.message_id = m.id "
                     "WHERE c.peer IN (%s, %s) ORDER BY m.id", number, "whatsapp:" + number)


def conversation_with(stack, number, tenant=None):
    rows = stack.sql("SELECT * FROM conversation WHERE peer = %s AND tenant_id = %s", number, (tenant or stack.tenant).id)
    assert len(rows) == 1, f"{len(rows)} conversations with {number}"
    return rows[0]


def events(stack, sid):
    return stack.sql("SELECT * FROM message_event WHERE sid = %s ORDER BY id", sid)


def asked(stack, number):
    """The POSTs to Twilio for that recipient, as dictionaries with their outcome."""
    found = [{**dict(a["params"]), "outcome": a["outcome"], "sid": a["sid"], "all": a["params"]} for a in stack.sim.get("asked")]
    return [a for a in found if a.get("To", "").removeprefix("whatsapp:") == number]


def script(stack, number, **behaviour):
    """What the simulated Twilio does with the next send to that number."""
    stack.sim.post("script", {"match": {"To": number, **behaviour.pop("match", {})}, **behaviour})


def in_state(stack, sid, status):
    return stack.wait(lambda: message(stack, sid)["status"] == status, what=f"the state {status}")


# ---- pages ----

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


class _Texts(html.parser.HTMLParser):
    def __init__(self, tag, css):
        super().__init__()
        self.tag, self.css, self.depth, self.found, self.tags = tag, css, 0, [], []

    def handle_starttag(self, tag, attrs):
        if self.depth:
            self.tags.append(tag)
            self.depth += tag not in VOID
        elif tag == self.tag and self.css in (dict(attrs).get("class") or "").split():
            self.depth = 1
            self.found.append("")

    def handle_endtag(self, tag):
        if self.depth and tag not in VOID:
            self.depth -= 1

    def handle_data(self, data):
        if self.depth:
            self.found[-1] += data


def texts(page, tag, css):
    """The text of every such element, and the tags seen inside them."""
    reader = _Texts(tag, css)
    reader.feed(page)
    reader.close()
    return reader.found, reader.tags


def bubbles(page):
    return texts(page, "p", "bubble-text")[0]


def badges(page):
    return [t.strip() for t in texts(page, "span", "badge")[0]]


def mistakes(page):
    """Mistakes by the field they stand at; "" is the form's own."""
    return {field: re.sub("<[^>]*>", "", text) for field, text in re.findall(r'<p class="mistake"[^>]*?(?:id="([\w-]*?)(?:-error)?")?>(.*?)</p>', page, re.S)}


def csrf_of(page):
    return re.search(r'name="_csrf" value="([^"]+)"', page).group(1)


def enter(stack, role="admin"):
    """A signed-in browser of that role, kept for the next test: signing in is made slow on purpose."""
    kept = stack.__dict__.setdefault("browsers", {})
    if role not in kept:
        kept[role] = stack.login(role)
    return kept[role]


def answer_after(stack, seconds):
    """How long an arrival rests before it is answered, on all lines of the tenant; None: nothing answers. Written past the
    program, so workers are made to forget what they know of lines (as every ended session does)."""
    stack.sql("UPDATE line SET answer_after_s = %s WHERE tenant_id = %s", seconds, stack.tenant.id)
    browser = enter(stack)
    assert browser.post("/account/sessions/999999999/revoke", data={"_csrf": csrf_of(browser.get("/account").text)}).status_code == 404


def quoted(number):
    return urllib.parse.quote(number, safe="")


# ---- the log ----

def requests_logged(stack, route=None, after=0):
    """Lines about requests as dictionaries."""
    log = stack.logs("web" if stack.server == "apache-fcgid" else "centrala.fcgi")[after:]
    found = [dict(re.findall(r"(\w+)=(\S+)", line)) for line in log.splitlines() if "event=request " in line]
    return [f for f in found if route in (None, f["route"])]


def logged(stack, answer):
    """The line of that answer's request."""
    rid = answer.headers["X-Request-Id"]

    def look():
        return [line for line in requests_logged(stack) if line["id"] == rid]
    return stack.wait(look, what=f"the log line of {rid}")[0]


def burst(stack, ask, count=3):
    """The log lines of `count` requests, or a few more, that follow on each other at once: a worker keeps what it knows for two
    seconds (services/burst.h), and of three two go to the same of two workers."""
    for _ in range(10):
        began = time.monotonic()
        answers = [ask() for _ in range(count)]
        if time.monotonic() - began < 2:
            break
    return [logged(stack, answer) for answer in answers]


def statements_in_a_burst(stack, ask, count=3):
    """What such a request costs when it is not the first."""
    return min(int(line["statements"]) for line in burst(stack, ask, count))


# ---- fixtures ----

def another_tenant(stack, name, line):
    """With an account at Twilio, that line and an admin of its own."""
    tenant = stack.add_tenant(Tenant(name, "AC" + secrets.token_hex(16), secrets.token_hex(16)))
    stack.sim.post("accounts", {"sid": tenant.sid, "token": tenant.token})
    tenant.line, tenant.admin = line, f"admin@{name.lower()}.example"
    stack.ctl("line", "add", tenant.line, "--tenant", tenant.name, "--channel", "sms")
    stack.add_user(tenant.admin, "admin", tenant)
    return tenant


@pytest.fixture(scope="session")
def other(stack):
    """A second tenant on the usual stack."""
    return another_tenant(stack, "Other", "+48732900900")
