"""fcgi-cron and workers are killed (-9) at random moments, again and again: whatever Twilio accepted, it accepted once, and we know it.

A short run belongs to `make check`; `make chaos` does 200 kills of each (CHAOS_KILLS). The seed is printed, CHAOS_SEED repeats a run."""
import concurrent.futures
import os
import random
import signal
import time

import pytest

from core_tools import PROFILE, children
from panel import new_number

KILLS = int(os.environ.get("CHAOS_KILLS", "12"))
SEED = int(os.environ.get("CHAOS_SEED", random.SystemRandom().randrange(10**6)))
EACH = 2          # messages a kill


@pytest.fixture
def chaos(make_stack):
    """Twilio answers 30 ms after it has accepted: that is where most kills fall. A claim of a dead process is over at once."""
    print(f"CHAOS_SEED={SEED} CHAOS_KILLS={KILLS}")
    stack = make_stack(own_database=True, cron=False, cron_poll_ms=20, workers=4)
    stack.sim.post("config", {"delay_ms": 30})
    answer = stack.api("POST", "/api/auto-reply/config", json={"enabled": True, "message": "We will write back."})
    assert answer.status_code == 200, answer.text
    return stack


class Dead:
    """What dead processes left: `held`, whose call they had not begun, and `called`, which were claimed for it."""

    def __init__(self):
        self.held, self.called = set(), set()

    def __bool__(self):
        return bool(self.held or self.called)

    def forget(self, stack):
        """As if the time of their holds and claims had passed."""
        left = stack.sql("SELECT o.state, c.peer FROM outbox o JOIN conversation c ON c.tenant_id = o.tenant_id AND c.id = o.conversation_id "
                         "WHERE o.state = 'claimed' OR (o.state = 'queued' AND o.claim IS NOT NULL)")
        self.held |= {r["peer"] for r in left if r["state"] == "queued"}
        self.called |= {r["peer"] for r in left if r["state"] == "claimed"}
        stack.sql("UPDATE outbox SET next_at = UTC_TIMESTAMP(3) WHERE state = 'claimed' OR (state = 'queued' AND claim IS NOT NULL)")
        stack.sql("UPDATE reply_job SET next_at = UTC_TIMESTAMP(3) WHERE state = 'thinking'")


def settled(stack):
    return not stack.sql("SELECT 1 FROM outbox WHERE state IN ('queued', 'claimed', 'unknown') LIMIT 1") and not stack.sql(
        "SELECT 1 FROM reply_job WHERE state <> 'done' LIMIT 1")


def accepted(stack):
    count = {}
    for asked in stack.sim.get("asked"):
        if asked["outcome"] == "accepted":
            to = dict(asked["params"])["To"]
            count[to] = count.get(to, 0) + 1
    return count


def check(stack, numbers, dead):
    """Nobody has two. What was only held is sent once, by itself. Who has none was claimed by a process that died between that
    and the first byte: Twilio was asked, does not know it, and the message says so to a person, who decides; it is not sent again
    blindly."""
    count = accepted(stack)
    assert set(count) <= set(numbers) and set(count.values()) <= {1}, f"seed {SEED}: somebody has two"
    rows = {r["peer"]: r for r in stack.sql(
        "SELECT c.peer, COUNT(*) n, MIN(m.sid) sid, MIN(m.status) status, MIN(m.error_text) why FROM message m "
        "JOIN conversation c ON c.tenant_id = m.tenant_id AND c.id = m.conversation_id WHERE m.direction = 1 GROUP BY c.peer")}
    # Whoever was killed three times over the same answer leaves it to a person, in the chat.
    left = {r["peer"] for r in stack.sql(
        "SELECT c.peer FROM reply_job j JOIN conversation c ON c.tenant_id = j.tenant_id AND c.id = j.conversation_id JOIN message m ON m.tenant_id = j.tenant_id "
        "AND m.conversation_id = j.conversation_id AND m.direction = 2 AND m.status = 'handed-off' WHERE j.outcome = 'given-up'")}
    assert set(rows) | left == set(numbers) and not set(rows) & left and all(r["n"] == 1 for r in rows.values())
    numbers = [n for n in numbers if n not in left]
    for number in numbers:
        if number in count:
            assert rows[number]["sid"], f"seed {SEED}: sent, and we do not know it"
        else:
            assert rows[number]["status"] == "failed" and rows[number]["why"], f"seed {SEED}: not sent, and nobody is told"
    missing = set(numbers) - set(count)
    print(f"sent once: {len(count)}, not sent and shown: {len(missing)}; of dead processes: {len(dead.held)} held, {len(dead.called)} called")
    assert missing <= dead.called, f"seed {SEED}: only what was claimed when its process died may be missing"
    tries = stack.sql("SELECT MIN(attempts) fewest, MAX(attempts) most FROM outbox")[0]
    assert (tries["fewest"], tries["most"]) == (1, 1), f"seed {SEED}: each was claimed once, whatever died"


def test_fcgi_cron_killed_at_random_moments_answers_nobody_twice(chaos):
    dice, numbers, dead = random.Random(SEED), [new_number()], Dead()
    assert chaos.inbound("Is anybody there?", sender=numbers[0]).status_code == 200
    chaos.start_cron()
    began = time.monotonic()
    chaos.wait(lambda: accepted(chaos), what="the first answer")
    whole = time.monotonic() - began  # from the start of the program to an answer at Twilio, on this machine
    chaos.stop_cron()
    kills = 0
    while kills < KILLS or (not dead and kills < 6 * KILLS):  # on until one falls between a claim and its settlement
        kills += 1
        for _ in range(EACH):
            numbers.append(new_number())
            assert chaos.inbound("Is anybody there?", sender=numbers[-1]).status_code == 200
        chaos.start_cron()
        time.sleep(dice.uniform(0.1, 1.2) * whole)  # the moment is what the test is about
        chaos.cron.process.kill()
        chaos.cron.process.wait()
        dead.forget(chaos)
    assert dead, "no kill fell between a hold and its settlement"
    chaos.start_cron()
    chaos.wait(lambda: settled(chaos), timeout=60 + 3 * KILLS, what="the reconciler")
    check(chaos, numbers, dead)


def send_until_answered(stack, number):
    """As a careful program does: the same nonce until there is an answer."""
    message = {"to": number, "body": "Once.", "nonce": f"kill-{number}"}
    stack.wait(lambda: stack.api("POST", "/api/send-message", json=message).status_code == 200, what="an answer")


def test_workers_killed_at_random_moments_send_nothing_twice(chaos):
    dice, numbers, done = random.Random(SEED), [new_number() for _ in range(KILLS * EACH)], []
    chaos.expect_crashes = True
    chaos.start_cron()
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        sends = [pool.submit(send_until_answered, chaos, number) for number in numbers]
        while not all(s.done() for s in sends):
            time.sleep(dice.uniform(0.01, 0.12))
            alive = children(chaos.fcgi.pid)
            if alive and len(done) < KILLS:
                os.kill(dice.choice(alive), signal.SIGKILL)
                done.append(1)
        for s in sends:
            s.result()
    assert done, "nobody was killed"
    chaos.stop_cron()  # what is claimed now is a dead worker's
    dead = Dead()
    dead.forget(chaos)
    chaos.start_cron()
    chaos.wait(lambda: settled(chaos), timeout=60 + 3 * KILLS, what="the reconciler")
    check(chaos, numbers, dead)
