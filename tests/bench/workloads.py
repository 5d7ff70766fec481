"""What is asked of the stack: for each kind of request its bytes, the right answer, its budget."""
import dataclasses
import hashlib
import http.client
import json
import random
import socket
import typing
import urllib.parse

SENDER = "+1555%07d"


@dataclasses.dataclass
class Workload:
    name: str
    title: str
    budget_us: int  # worker processor time a request; 0: none
    status: int
    mark: bytes     # in every right answer
    file: typing.Callable = None    # place -> what wrk's script reads
    samples: typing.Callable = None  # place -> requests that must cost the same number of statements
    script: str = "replay.lua"
    adds: bool = False  # every request adds a message


def exchange(place, raw):
    """One request; status and body of the answer."""
    host = urllib.parse.urlsplit(place.url)
    with socket.create_connection((host.hostname, host.port), timeout=20) as connection:
        connection.sendall(raw)
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        return answer.status, answer.read()


def _store(place, name, requests):
    path = place.folder / f"{name}.requests"
    with open(path, "wb") as out:
        for raw in requests:
            out.write(b"%d\n" % len(raw) + raw)
    return path


def seeded_sid(n):
    """seed.sql's."""
    return "SM" + hashlib.md5(str(n).encode()).hexdigest()


def _some_conversations(place, many):
    return random.Random(4).sample(range(1, place.conversations + 1), min(many, place.conversations))


def _chats(place):
    rows = place.sql("(SELECT id FROM conversation ORDER BY message_count, id LIMIT 1) UNION ALL (SELECT id FROM conversation ORDER BY message_count DESC, id LIMIT 2)")
    return [f"/conversations/{row['id']}" for row in rows]


def _second_page(place):
    row = place.sql("SELECT id, FLOOR(UNIX_TIMESTAMP(last_at) * 1000) AS ms FROM conversation ORDER BY last_at DESC, id DESC LIMIT 49, 1")[0]
    return f"/conversations?before={int(row['ms'])}.{row['id']}"


def _replays(place, many):
    bodies = place.bodies()
    return [place.webhook(seeded_sid(n), SENDER % n, bodies[n % len(bodies)]) for n in range(1, min(many, place.conversations) + 1)]


def _fresh(place, body, sender):
    """A webhook with a new SID each time it is called."""
    return lambda: place.webhook("SM" + random.randbytes(16).hex(), sender, body)


def _lua(value):
    if isinstance(value, (list, tuple)):
        return "{" + ",".join(map(_lua, value)) + "}"
    return str(value) if isinstance(value, int) else '"' + "".join(f"\\{b:03d}" for b in value.encode()) + '"'


def _plan(place):
    fields = [(k,) if v is None else (k, v, urllib.parse.quote_plus(v)) for k, v in place.webhook_fields().items()]
    plan = {"head": place.webhook_head(), "url": place.public_url + "/twilio/inbound", "token": place.tenant.token, "fields": fields,
            "bodies": [(b, urllib.parse.quote_plus(b)) for b in place.bodies()], "senders": place.conversations}
    path = place.folder / "inbound.plan"
    path.write_text("return {" + ",\n".join(f"{k}={_lua(v)}" for k, v in plan.items()) + "}\n")
    return path


WORKLOADS = [
    Workload("health", "health", 0, 200, b'"status":"ok"',
             file=lambda p: _store(p, "health", [p.plain("/api/health")]), samples=lambda p: [p.plain("/api/health")] * 3),
    Workload("idle", "idle poll", 200, 204, b"",
             file=lambda p: _store(p, "idle", [p.page(p.idle_path())]), samples=lambda p: [p.page(p.idle_path())] * 3),
    Workload("list", "conversation list", 300, 200, b'class="conversation-row',
             file=lambda p: _store(p, "list", [p.page("/conversations")]),
             samples=lambda p: [p.page("/conversations"), p.page(_second_page(p)), p.page("/conversations")]),
    Workload("chat", "chat page", 300, 200, b'class="bubble',
             file=lambda p: _store(p, "chat", [p.page(f"/conversations/{n}") for n in _some_conversations(p, 4000)]),
             samples=lambda p: [p.page(path) for path in _chats(p)]),
    Workload("stats", "stats (API)", 0, 200, b'"total":',
             file=lambda p: _store(p, "stats", [p.api("/api/messages/stats")]), samples=lambda p: [p.api("/api/messages/stats")] * 3),
    Workload("replay", "replayed webhook", 0, 200, b"<Response/>",
             file=lambda p: _store(p, "replay", _replays(p, 500)), samples=lambda p: _replays(p, 3)),
    Workload("inbound", "inbound webhook", 200, 200, b"<Response/>", script="inbound.lua", adds=True, file=_plan,
             samples=lambda p: [_fresh(p, "ok", SENDER % 1), _fresh(p, "zażółć <b>" * 100, SENDER % 2), _fresh(p, "ok", SENDER % 3)]),
]
BY_NAME = {w.name: w for w in WORKLOADS}


def mixed(place):
    """Pages, polls and webhooks in turn, none of which adds anything: for watching memory."""
    pages = [place.page(f"/conversations/{n}") for n in _some_conversations(place, 200)]
    polls = [place.page(place.idle_path()), place.plain("/api/health")] * 100
    hooks = _replays(place, 200)
    rest = [place.page("/conversations"), place.api("/api/messages/stats")]
    requests = []
    for i in range(200):
        requests += [polls[i], pages[i % len(pages)], rest[i % 2], hooks[i % len(hooks)]]
    return _store(place, "mixed", requests)


def total(place):
    status, body = exchange(place, place.api("/api/messages/stats"))
    assert status == 200, f"/api/messages/stats answers {status}"
    return json.loads(body)["total"]
