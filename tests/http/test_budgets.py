"""What a request may cost: the same few statements however much there is, and memory that does not grow."""
import re

import pytest

from core_tools import PROFILE, children
from panel import another_tenant, at_once, burst, conversation_with, csrf_of, enter, logged, new_number, quoted, requests_logged, statements_in_a_burst
from stack import Browser

FEW, MANY = 10, 2000


def seed(stack, tenant, count, messages=3):
    """That many conversations more, each with some messages both ways."""
    connection = stack.database.connect(stack.env["CENTRALA_DB_NAME"])
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT id FROM line WHERE tenant_id = %s", (tenant.id,))
        line = cursor.fetchone()["id"]
        cursor.execute("SELECT COUNT(*) n FROM conversation WHERE tenant_id = %s", (tenant.id,))
        have = cursor.fetchone()["n"]
        cursor.execute("START TRANSACTION")
        cursor.execute("SELECT time_id() DIV 4096 - 100000000 AS id")
        base = cursor.fetchone()["id"]
        cursor.execute("INSERT INTO contact (tenant_id, address_key, phone, name) SELECT %s, CONCAT('+4860', 1000000 + seq), CONCAT('+4860', 1000000 + seq), "
                       f"CONCAT('Klient ', seq) FROM seq_{have + 1}_to_{have + count}", (tenant.id,))
        cursor.execute("SELECT MAX(id) + 1 - %s AS first FROM contact WHERE tenant_id = %s", (count, tenant.id))
        first = cursor.fetchone()["first"]
        cursor.execute("INSERT INTO conversation (tenant_id, line_id, contact_id, peer, channel, name, last_message_id, last_at, preview, message_count, inbound_count, changed_at) "
                       "SELECT tenant_id, %s, id, phone, 'sms', name, (%s + id * 10) * 4096, UTC_TIMESTAMP(3) - INTERVAL id SECOND, 'x', %s, 1, UTC_TIMESTAMP(3) - INTERVAL id SECOND "
                       "FROM contact WHERE tenant_id = %s AND id >= %s", (line, base, messages, tenant.id, first))
        cursor.execute("INSERT INTO message (tenant_id, conversation_id, id, direction, status, status_at, created_at, body) "
                       "SELECT tenant_id, id, last_message_id - seq, seq MOD 2, 'received', last_at, last_at, CONCAT('text ', seq) "
                       f"FROM conversation JOIN seq_0_to_{messages - 1} WHERE tenant_id = %s AND contact_id >= %s", (tenant.id, first))
        cursor.execute("COMMIT")


@pytest.fixture(scope="module")
def large(stack):
    """A tenant of its own that grows."""
    return another_tenant(stack, "Large", "+48732777000")


def statements(stack, browser, path):
    """Of a request in a burst: the session's row is kept for two seconds, so the first one costs a statement more."""
    return statements_in_a_burst(stack, lambda: browser.get(path))


def costs(stack, tenant):
    """Statements of each request."""
    browser, number = enter(stack, tenant.admin), new_number()
    stack.inbound("x", sender=number, to=tenant.line, AccountSid=tenant.sid, token=tenant.token)
    talk = stack.sql("SELECT MIN(id) AS id FROM conversation WHERE tenant_id = %s", tenant.id)[0]["id"]
    peer = stack.sql("SELECT peer FROM conversation WHERE id = %s", talk)[0]["peer"]
    found = {}
    pages = ["/", "/conversations", "/conversations?attention=1", "/live?view=attention&cursor=0-0", "/conversations?q=Klient", "/history", "/history?direction=in", "/history?direction=failed", "/history?q=text", "/unrouted", "/system",
             f"/conversations/{talk}", "/live?view=list&cursor=99999999999999-0", "/live?view=list&cursor=0-0", f"/live?view=chat&id={talk}&cursor=0-0"]
    for path in pages:
        lines = burst(stack, lambda: browser.get(path))
        assert min(float(line["ms"]) for line in lines) < 250, path
        found[re.sub(r"id=\d+|/\d+", "N", path)] = min(int(line["statements"]) for line in lines)
    for path in ("/api/messages?limit=500", "/api/messages/stats", "/api/conversations?limit=200", f"/api/conversations/{quoted(peer)}"):
        found[re.sub(r"/[^/]*%2B.*", "/N", path)] = min(int(line["statements"]) for line in burst(stack, lambda: stack.api("GET", path, tenant.admin)))
    # Tokens are kept for two seconds: the first of a burst costs one statement more.
    found["inbound"] = max(int(logged(stack, stack.inbound("x", sender=number, to=tenant.line, AccountSid=tenant.sid, token=tenant.token))["statements"]) for _ in range(2))
    found["inbound"] = max(found["inbound"], 2)
    return found


def test_a_request_costs_the_same_at_10_and_at_2000_conversations(stack, large):
    seed(stack, large, FEW)
    few = costs(stack, large)
    seed(stack, large, MANY, messages=6)
    many = costs(stack, large)
    assert {k: v for k, v in many.items() if few[k] < v} == {}
    assert max(many.values()) <= 6, many
    assert many["/live?view=list&cursor=99999999999999-0"] == 1, "one indexed statement"
    assert many["/conversations"] <= 2 and many["inbound"] <= 2
    assert many["/api/messages/stats"] <= 3, "whether the token holds, whether what is kept is old, and all of the rest"


def test_a_chat_costs_the_same_at_3_and_at_2000_messages(stack, large):
    number = new_number()
    for i in range(3):
        stack.inbound(f"{i}", sender=number, to=large.line, AccountSid=large.sid, token=large.token)
    talk = conversation_with(stack, number, large)["id"]
    browser = enter(stack, large.admin)
    short = statements(stack, browser, f"/conversations/{talk}")
    stack.sql("INSERT INTO message (tenant_id, conversation_id, id, direction, status, status_at, created_at, body) "
              "SELECT %s, %s, (time_id() DIV 4096 - 900000000 + seq) * 4096, 0, 'received', NOW(3), NOW(3), 'older' FROM seq_1_to_2000", large.id, talk)
    answer = browser.get(f"/conversations/{talk}")
    assert statements(stack, browser, f"/conversations/{talk}") == short and answer.text.count('class="bubble-text"') == 50


def test_the_first_page_is_no_slower_deep_in_the_list(stack, large):
    browser, path, times = enter(stack, large.admin), "/conversations", []
    for _ in range(30):
        answer = browser.get(path)
        line = logged(stack, answer)
        times.append(float(line["ms"]))
        assert int(line["statements"]) <= 2
        path = re.search(r'href="(/conversations\?before=[^"#]+)', answer.text).group(1)
    assert min(times[20:]) < 3 * min(times[:10]) + 3, times


def resident(pid):
    """Kilobytes."""
    with open(f"/proc/{pid}/status") as f:
        return int(re.search(r"VmRSS:\s+(\d+)", f.read()).group(1))


@pytest.mark.skipif(PROFILE == "asan", reason="a sanitized program's size says nothing")
def test_a_worker_stays_small_and_does_not_grow(make_stack):
    stack = make_stack(cron=False, web_max_requests=1000000, log_level="info")
    numbers, browser, token = [new_number() for _ in range(40)], stack.login(), stack.token()
    for n in numbers:
        stack.inbound("Dzień dobry", sender=n)
    talk = conversation_with(stack, numbers[0])["id"]
    csrf = csrf_of(browser.page("/"))

    def visitor(i, rounds):
        session = Browser(stack.url)
        session.cookies.update(browser.cookies)
        for n in range(rounds):
            session.get(("/", "/conversations", "/history", f"/conversations/{talk}", "/live?view=list&cursor=99999999999999-0", "/history?q=dobry")[n % 6])
            stack.inbound(f"message {n}", sender=numbers[(n + i) % 40])
            if n % 3 == 0:
                stack.get("/api/messages?limit=200", headers={"Authorization": f"Bearer {token}"})
                session.post(f"/conversations/{talk}/read", data={"_csrf": csrf, "seen": n}, allow_redirects=False)
            if n % 25 == 0:
                session.get("/absent")
                stack.inbound("forged", token="0" * 32)
                stack.api("POST", "/api/send-message", json={"to": numbers[n % 40], "body": "x"})
    at_once(2, visitor, 250)
    workers = children(stack.fcgi.pid)
    early = {p: resident(p) for p in workers}
    at_once(2, visitor, 750)
    late = {p: resident(p) for p in children(stack.fcgi.pid)}
    assert set(late) == set(early) and len(requests_logged(stack)) > 4500
    assert max(late.values()) <= 12 * 1024, f"{late} kB"
    assert all(late[p] <= early[p] + 512 for p in workers), f"{early} kB, then {late} kB"
