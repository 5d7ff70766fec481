"""Totals and the newest message: whoever asks sees what has just happened, whichever worker answers, and a burst of questions
costs a statement of two rows each."""
import re
import time

import pytest

from panel import another_tenant, burst, csrf_of, enter, in_state, logged, new_number

PATH = "/api/messages/stats"


@pytest.fixture(scope="module")
def counting(stack):
    """A tenant whose messages are only those of this file."""
    return another_tenant(stack, "Counting", "+48732777555")


def receive(stack, tenant, body, number):
    return stack.inbound(body, sender=number, to=tenant.line, AccountSid=tenant.sid, token=tenant.token).sid


def age(stack, tenant):
    """As if the last change had been a minute ago: what is younger than five seconds is not kept."""
    stack.sql("UPDATE conversation SET last_at = last_at - INTERVAL 1 MINUTE, changed_at = changed_at - INTERVAL 1 MINUTE WHERE tenant_id = %s", tenant.id)


def told(stack, browser, count=6):
    """What so many questions in a row are told: both workers, and the same answer."""
    pages = [browser.get(PATH).json() for _ in range(count)]
    assert all(page == pages[0] for page in pages), pages
    return pages[0]["inbound"], pages[0]["outbound"], pages[0]["latest"] and pages[0]["latest"]["body"]


def test_every_change_is_seen_at_once(stack, counting, other):
    browser, number = enter(stack, counting.admin), new_number()
    counted = dict(stack.sql("SELECT COALESCE(SUM(direction = 0), 0) AS i, COALESCE(SUM(direction = 1), 0) AS o FROM message WHERE tenant_id = %s", counting.id)[0])
    i, o = int(counted["i"]), int(counted["o"])
    assert told(stack, browser)[:2] == (i, o)
    for round in range(3):
        receive(stack, counting, f"in {round}", number)
        assert told(stack, browser) == (i + round + 1, o + round, f"in {round}")
        age(stack, counting)
        assert told(stack, browser) == (i + round + 1, o + round, f"in {round}")
        sid = stack.api("POST", "/api/send-message", counting.admin, json={"to": number, "body": f"out {round}"}).json()["sid"]
        assert told(stack, browser)[:2] == (i + round + 1, o + round + 1)
        in_state(stack, sid, "delivered")
        age(stack, counting)
        page = browser.get(PATH).json()["latest"]
        assert (page["sid"], page["status"]) == (sid, "delivered")
    told(stack, browser)
    assert stack.inbound("theirs", sender=number, to=other.line, AccountSid=other.sid, token=other.token).status_code == 200
    assert told(stack, browser) == (i + 3, o + 3, "out 2")
    assert enter(stack, other.admin).get(PATH).json()["latest"]["body"] == "theirs"
    assert browser.delete(f"/api/messages/{sid}", headers={"X-CSRF-Token": csrf_of(browser.page("/account"))}).status_code == 200
    assert told(stack, browser) == (i + 3, o + 3, "in 2"), "what is removed stays counted"
    cards = re.search(r'data-key="cards".*?</ul>', browser.page("/"), re.S).group()
    assert re.findall(r"<b>(\d+)</b>", cards) == [str(i + o + 6), str(i + 3), str(o + 3)]


def test_a_burst_costs_one_small_statement_each(stack, counting):
    browser, number = enter(stack, counting.admin), new_number()
    receive(stack, counting, "x", number)
    cold = [int(line["statements"]) for line in burst(stack, lambda: browser.get(PATH), 5)]
    assert min(cold) == 1 and max(cold) <= 2, "all of it in one statement; the session is the other"
    age(stack, counting)
    warm = [int(line["statements"]) for line in burst(stack, lambda: browser.get(PATH), 7)]
    assert min(warm) == 1 and max(warm) <= 3, "asked, changed, asked anew, and the session"
    token = {"Authorization": f"Bearer {stack.token(counting.admin)}"}
    assert sorted(int(line["statements"]) for line in burst(stack, lambda: stack.get(PATH, headers=token), 7))[:4] == [2] * 4, "whether the token holds is asked each time"


def test_what_is_kept_is_kept_for_two_seconds(stack, counting):
    """What no conversation tells, an edit of the table by hand, is seen when they are over."""
    browser, number = enter(stack, counting.admin), new_number()
    receive(stack, counting, "before", number)
    age(stack, counting)
    began = time.monotonic()
    told(stack, browser)
    stack.sql("UPDATE message SET body = 'after' WHERE tenant_id = %s", counting.id)
    bodies = {browser.get(PATH).json()["latest"]["body"] for _ in range(4)}
    assert bodies == {"before"} or time.monotonic() - began > 1.5
    stack.within(5, lambda: {browser.get(PATH).json()["latest"]["body"] for _ in range(6)} == {"after"})


def test_a_token_that_is_revoked_in_a_burst_is_refused_at_once(stack, counting):
    email = "burst@counting.example"
    stack.add_user(email, "agent", counting)
    token = stack.ctl("token", "new", "--user", email, "--name", "burst").stdout.split()[-1]
    headers = {"Authorization": f"Bearer {token}"}
    assert {stack.get(PATH, headers=headers).status_code for _ in range(6)} == {200}
    wrong = {"Authorization": f"Bearer {token[:-3]}{'AAA' if token[-3:] != 'AAA' else 'BBB'}"}
    assert {stack.get(PATH, headers=wrong).status_code for _ in range(4)} == {401}
    stack.ctl("token", "revoke", "--user", email)
    assert {stack.get(PATH, headers=headers).status_code for _ in range(6)} == {401}
    assert int(logged(stack, stack.get(PATH, headers=headers))["statements"]) == 1
