"""Reminders: predecessor 000's API, rules by the wall clock, each slot at most once whatever runs or is killed."""
import datetime
import signal
import zoneinfo

import pytest

from panel import asked, csrf_of, enter, messages_with, new_number, second_cron
from reminder_tools import add, desk, due, row, sent, slots

WARSAW = zoneinfo.ZoneInfo("Europe/Warsaw")


@pytest.fixture(scope="module")
def own(database):
    """A stack whose fcgi-cron may be stopped and killed."""
    from stack_fixtures import _run
    yield from _run(database)


@pytest.fixture
def quiet(own):
    """The same without fcgi-cron; afterwards nothing is due any more."""
    if own.cron:
        own.stop_cron()
    yield own
    own.sql("UPDATE reminder SET enabled = 0, next_at = NULL")


# ---- predecessor 000's contract ----

def test_the_api_has_the_predecessors_shapes(stack):
    number = new_number()
    answer = stack.api("POST", "/api/reminders", json={"to": number, "body": "Take the pill", "interval_minutes": 90})
    assert answer.status_code == 201
    made = answer.json()
    assert set(made) == {"id", "items", "count"} and made["count"] == len(made["items"])
    item = next(i for i in made["items"] if i["id"] == made["id"])
    assert {k: item[k] for k in ("to_number", "body", "interval_seconds", "enabled", "last_sent_at")} == {
        "to_number": number, "body": "Take the pill", "interval_seconds": 5400, "enabled": True, "last_sent_at": None}
    assert {"next_run_at", "created_at", "updated_at"} <= set(item)
    ahead = datetime.datetime.fromisoformat(item["next_run_at"]) - datetime.datetime.fromisoformat(item["created_at"])
    assert abs(ahead - datetime.timedelta(minutes=90)) < datetime.timedelta(seconds=10)
    listed = stack.api("GET", "/api/reminders").json()
    assert set(listed) == {"items", "count"} and item in listed["items"]
    path = f"/api/reminders/{made['id']}"
    off = stack.api("POST", path + "/toggle", json={"enabled": False})
    assert off.status_code == 200 and set(off.json()) == {"items", "count"}
    assert next(i for i in off.json()["items"] if i["id"] == made["id"])["enabled"] is False
    gone = stack.api("DELETE", path)
    assert gone.status_code == 200 and made["id"] not in [i["id"] for i in gone.json()["items"]]
    for answer in (stack.api("DELETE", path), stack.api("POST", path + "/toggle", json={"enabled": True})):
        assert answer.status_code == 404 and answer.json()["error"]


@pytest.mark.parametrize("wrong", [
    {"to": ""}, {"to": "12"}, {"body": ""}, {"body": "x" * 641}, {"interval_minutes": 0}, {"interval_minutes": -5}, {"interval_minutes": "soon"},
    {"interval_minutes": None}, {"rule": "yearly"}, {"rule": "weekdays", "weekdays": []}, {"rule": "weekdays", "weekdays": ["mo"]},
    {"rule": "monthly", "month_day": 32}, {"rule": "monthly"}, {"rule": "daily", "time": "25:00"}, {"rule": "daily", "time": "7"}, {"zone": "Mars/Base"},
    {"starts_on": "2026-02-31"}, {"starts_on": "tomorrow"}, {"starts_on": "2030-02-01", "ends_on": "2030-01-01"}, {"ends_on": "2020-01-01"},
    {"quiet_from": "22:00"}, {"quiet_from": "22:00", "quiet_until": "24:00"}, {"catch_up": "maybe"}, {"max_age_minutes": 0}, {"line": 999999}, {"ends_count": -1},
])
def test_mistakes_are_400_and_store_nothing(stack, wrong):
    before = stack.sql("SELECT COUNT(*) n FROM reminder")[0]["n"]
    answer = stack.api("POST", "/api/reminders", json={"to": new_number(), "body": "x", "interval_minutes": 5, **wrong})
    assert answer.status_code == 400 and answer.json()["error"], answer.text
    assert stack.sql("SELECT COUNT(*) n FROM reminder")[0]["n"] == before


def test_the_toggle_wants_a_yes_or_no(stack):
    reminder = add(stack)
    for wrong in ({}, {"enabled": "perhaps"}):
        assert stack.api("POST", f"/api/reminders/{reminder}/toggle", json=wrong).status_code == 400
    assert row(stack, reminder)["enabled"] == 1


def test_the_same_request_twice_is_one_reminder(stack):
    fields = {"to": new_number(), "body": "x", "interval_minutes": 5, "nonce": "n-" + new_number()}
    first, second = (stack.api("POST", "/api/reminders", json=fields) for _ in range(2))
    assert first.status_code == second.status_code == 201 and first.json()["id"] == second.json()["id"]


def test_only_who_may_plan(stack):
    assert stack.api("GET", "/api/reminders", role="agent").status_code == 403
    assert stack.api("POST", "/api/reminders", role="agent", json={"to": new_number(), "body": "x", "interval_minutes": 5}).status_code == 403
    assert stack.api("GET", "/api/reminders", role="operator").status_code == 200
    assert enter(stack, "agent").get("/reminders").status_code == 403 and "/reminders" not in enter(stack, "agent").page("/")
    assert "/reminders" in enter(stack, "operator").page("/")


# ---- sending ----

def test_every_n_minutes_from_the_moment_of_sending(stack):
    number = new_number()
    reminder = add(stack, number, body="Drink water ęą", interval_minutes=5)
    due(stack, reminder)
    (slot,) = sent(stack, reminder)
    (message,) = messages_with(stack, number)
    assert (message["id"], message["conversation_id"]) == (slot["message_id"], slot["conversation_id"])
    assert message["body"] == "Drink water ęą" and message["author_kind"] == 5 and message["direction"] == 1
    stack.wait(lambda: asked(stack, number))
    assert [a["Body"] for a in asked(stack, number)] == ["Drink water ęą"]
    now = row(stack, reminder)
    assert now["sent_count"] == 1 and now["last_slot"] == slot["slot"]
    assert abs((now["next_at"] - now["last_sent_at"]).total_seconds() - 300) < 5
    item = next(i for i in stack.api("GET", "/api/reminders").json()["items"] if i["id"] == str(reminder))
    assert item["last_sent_at"] and item["sent_count"] == 1


def test_what_cannot_be_sent_is_told_and_not_tried_again(stack):
    number = new_number()
    reminder = add(stack, number, name="Broken")
    stack.sql("UPDATE reminder SET body = '' WHERE id = %s", reminder)
    due(stack, reminder)
    (slot,) = stack.wait(lambda: slots(stack, reminder))
    assert slot["state"] == "failed" and slot["reason"] and not messages_with(stack, number)
    assert row(stack, reminder)["next_at"] > row(stack, reminder)["now"] and row(stack, reminder)["sent_count"] == 0
    page = desk(stack).page("/reminders")
    assert slot["reason"] in page and "Failed" in page and slot["reason"] in desk(stack).page(f"/reminders/{reminder}")
    # A number that is none, and a line that is gone.
    for change, n in (("to_address = '12'", 2), ("to_address = 'whatsapp:+48500600700'", 3)):
        stack.sql(f"UPDATE reminder SET body = 'x', {change} WHERE id = %s", reminder)
        due(stack, reminder)
        stack.wait(lambda: len(slots(stack, reminder)) == n)
        assert slots(stack, reminder)[-1]["state"] == "failed"


def test_the_last_gate_stops_it_with_its_reason(stack):
    number = new_number()
    stack.ctl("line", "add", "+48732100797", "--tenant", stack.tenant.name, "--channel", "sms")
    line = stack.sql("SELECT id FROM line WHERE address = '+48732100797'")[0]["id"]
    reminder = add(stack, number, line=line)
    stack.sql("UPDATE line SET active = 0 WHERE id = %s", line)
    due(stack, reminder)
    sent(stack, reminder)
    stack.wait(lambda: messages_with(stack, number)[0]["status"] == "failed")
    assert not asked(stack, number)
    reason = messages_with(stack, number)[0]["error_text"]
    assert reason and reason in desk(stack).page(f"/reminders/{reminder}")
    stack.sql("UPDATE line SET active = 1 WHERE id = %s", line)


def test_who_has_opted_out_is_not_reminded(stack):
    number = new_number()
    stack.inbound("STOP", sender=number)
    reminder = add(stack, number)
    assert 'class="warning"' in desk(stack).page(f"/reminders/{reminder}"), "said before the first one is due"
    due(stack, reminder)
    (slot,) = sent(stack, reminder)
    stack.wait(lambda: stack.sql("SELECT 1 FROM message WHERE id = %s AND status = 'failed'", slot["message_id"]))
    assert not asked(stack, number)
    assert "has opted out" in desk(stack).page(f"/reminders/{reminder}")


def test_nothing_leaves_in_test_mode(test_mode_stack):
    number = new_number()
    reminder = add(test_mode_stack, number)
    due(test_mode_stack, reminder)
    sent(test_mode_stack, reminder)
    test_mode_stack.wait(lambda: messages_with(test_mode_stack, number)[0]["status"] == "delivered")
    assert messages_with(test_mode_stack, number)[0]["simulated"] == 1 and not asked(test_mode_stack, number)
    assert "Simulated" in desk(test_mode_stack).page(f"/reminders/{reminder}")


def test_an_end_by_number_of_messages(stack):
    number = new_number()
    reminder = add(stack, number, ends_count=2)
    for n in (1, 2):
        due(stack, reminder)
        sent(stack, reminder, n)
    assert row(stack, reminder)["next_at"] is None and row(stack, reminder)["enabled"] == 1
    assert "Ended" in desk(stack).page(f"/reminders/{reminder}")


# ---- at most once ----

def test_two_of_them_send_each_slot_once(quiet):
    numbers = [new_number() for _ in range(40)]
    reminders = [add(quiet, n, body="once", interval_minutes=600) for n in numbers]
    rounds = 0
    quiet.start_cron()
    with second_cron(quiet) as other_cron:
        while rounds < 3 or (rounds < 30 and "event=send.answered" not in other_cron.log):  # on until the second one took its share
            rounds += 1
            quiet.sql(f"UPDATE reminder SET next_at = UTC_TIMESTAMP() - INTERVAL {31 - rounds} SECOND WHERE id IN %s", tuple(reminders))
            quiet.wait(lambda: quiet.sql("SELECT COUNT(*) n FROM reminder_slot WHERE reminder_id IN %s", tuple(reminders))[0]["n"] == 40 * rounds)
        quiet.wait(lambda: all(len(asked(quiet, number)) >= rounds for number in numbers), what="every message at Twilio")
    assert all(len(asked(quiet, n)) == rounds for n in numbers), "never more"
    assert all(len(messages_with(quiet, n)) == rounds for n in numbers)
    for log in (quiet.logs("fcgi-cron"), other_cron.log):
        assert "error=BUG" not in log
    assert other_cron.log.count("event=send.answered") > 0, "the second one took its share"


def test_killed_in_the_middle_nothing_is_sent_twice(quiet):
    numbers, reminders, middle = [], [], 0

    def taken():
        return quiet.sql("SELECT COUNT(*) n FROM reminder_slot WHERE reminder_id IN %s", tuple(reminders))[0]["n"]
    while not middle:  # on until one falls in the middle, not only at the end
        assert len(numbers) < 20 * 60, "no kill in the middle"
        more = [new_number() for _ in range(60)]
        fresh = [add(quiet, n, body="once", interval_minutes=600) for n in more]
        numbers, reminders = numbers + more, reminders + fresh
        quiet.sql("UPDATE reminder SET next_at = UTC_TIMESTAMP() - INTERVAL 1 SECOND WHERE id IN %s", tuple(fresh))
        while taken() < len(reminders):
            before = taken()
            quiet.start_cron()
            quiet.wait(lambda: taken() > before)
            quiet.cron.process.send_signal(signal.SIGKILL)
            quiet.cron.process.wait()
            quiet.cron = None
            middle += taken() < len(reminders)
    for reminder, number in zip(reminders, numbers):
        assert len(slots(quiet, reminder)) == 1 and len(messages_with(quiet, number)) == 1, "slot, message and next time stand or fall together"
        assert row(quiet, reminder)["sent_count"] == 1
    quiet.start_cron()
    quiet.wait(lambda: not quiet.sql("SELECT 1 FROM outbox WHERE state = 'queued'"), what="the rest of the queue")
    quiet.sql("UPDATE outbox SET next_at = UTC_TIMESTAMP(3) - INTERVAL 1 SECOND WHERE state = 'claimed'")
    quiet.wait(lambda: not quiet.sql("SELECT 1 FROM outbox WHERE state NOT IN ('sent', 'failed')"), what="an empty outbox")
    assert all(len([a for a in asked(quiet, n) if a["outcome"] == "accepted"]) <= 1 for n in numbers), "never twice"


def test_a_slot_that_was_used_is_not_used_again(quiet):
    """The clock goes back, or somebody restores a backup of the reminders: the permit is still there."""
    number = new_number()
    reminder = add(quiet, number, rule="daily", time="09:00")
    due(quiet, reminder)
    slot = row(quiet, reminder)["next_at"]
    quiet.sql("INSERT INTO reminder_slot (tenant_id, reminder_id, slot, state) SELECT tenant_id, id, next_at, 'sent' FROM reminder WHERE id = %s", reminder)
    quiet.start_cron()
    quiet.wait(lambda: row(quiet, reminder)["next_at"] != slot, what="it to go on")
    assert not messages_with(quiet, number) and len(slots(quiet, reminder)) == 1


# ---- what was missed ----

def missed(stack, reminder, days):
    """It was last at work so many days ago: the daily slots since then are due."""
    at = row(stack, reminder)["next_at"] - datetime.timedelta(days=days + (row(stack, reminder)["next_at"] - row(stack, reminder)["now"]).days)
    while at > row(stack, reminder)["now"] - datetime.timedelta(days=days - 1):
        at -= datetime.timedelta(days=1)
    stack.sql("UPDATE reminder SET next_at = %s WHERE id = %s", at, reminder)


def daily(stack, number, **more):
    """At a time of day that is hours away on both sides, in a zone without daylight saving."""
    now = stack.sql("SELECT UTC_TIMESTAMP() AS now")[0]["now"]
    return add(stack, number, rule="daily", zone="UTC", time=(now - datetime.timedelta(hours=8)).strftime("%H:%M"), **more)


@pytest.mark.parametrize("rule, age, states", [
    ("skip", 10000, ["skipped", "skipped", "skipped"]), ("one", 10000, ["skipped", "skipped", "sent"]), ("all", 10000, ["sent", "sent", "sent"]),
    ("all", 48 * 60, ["skipped", "sent", "sent"]), ("one", 60, ["skipped", "skipped", "skipped"]),
])
def test_three_missed_slots(quiet, rule, age, states):
    number = new_number()
    reminder = daily(quiet, number, catch_up=rule, max_age_minutes=age)
    missed(quiet, reminder, 3)
    quiet.start_cron()
    quiet.wait(lambda: len(slots(quiet, reminder)) == 3, what="three slots decided")
    found = slots(quiet, reminder)
    assert [s["state"] for s in found] == states
    assert all(s["reason"] for s in found if s["state"] == "skipped")
    assert (found[2]["slot"] - found[1]["slot"], found[1]["slot"] - found[0]["slot"]) == (datetime.timedelta(days=1),) * 2
    quiet.wait(lambda: len(asked(quiet, number)) == states.count("sent"))
    now = row(quiet, reminder)
    assert now["next_at"] > now["now"] and now["next_at"] - found[2]["slot"] == datetime.timedelta(days=1)
    assert now["sent_count"] == states.count("sent")


def test_an_interval_has_one_missed_slot_at_most(quiet):
    numbers = {rule: new_number() for rule in ("skip", "one", "all")}
    reminders = {rule: add(quiet, n, interval_minutes=10, catch_up=rule) for rule, n in numbers.items()}
    for reminder in reminders.values():
        due(quiet, reminder, ago="3 HOUR")
    began = quiet.sql("SELECT UTC_TIMESTAMP() AS now")[0]["now"]
    quiet.start_cron()
    for rule, reminder in reminders.items():
        quiet.wait(lambda: slots(quiet, reminder))
        assert [s["state"] for s in slots(quiet, reminder)] == ["skipped" if rule == "skip" else "sent"], rule
        now = row(quiet, reminder)
        interval = datetime.timedelta(minutes=10)
        assert began + interval <= now["next_at"] <= now["now"] + interval + datetime.timedelta(seconds=1), "from now on"


# ---- pause, resume, change, delete ----

def test_a_pause_is_not_made_up_for(quiet):
    number = new_number()
    reminder = daily(quiet, number, catch_up="all", max_age_minutes=100000)
    missed(quiet, reminder, 3)
    assert quiet.api("POST", f"/api/reminders/{reminder}/toggle", json={"enabled": False}).status_code == 200
    quiet.start_cron()
    marker = add(quiet, new_number())
    due(quiet, marker)
    sent(quiet, marker)
    assert not slots(quiet, reminder), "paused"
    item = next(i for i in quiet.api("POST", f"/api/reminders/{reminder}/toggle", json={"enabled": True}).json()["items"] if i["id"] == str(reminder))
    assert item["enabled"] is True and item["next_run_at"] > row(quiet, reminder)["now"].isoformat()
    due(quiet, marker)
    sent(quiet, marker, 2)
    assert not slots(quiet, reminder), "nothing is sent for the time of the pause"


def save(stack, path, role="admin", **fields):
    return desk(stack, role).submit(path, action=path, follow=False, **fields)


def test_a_change_of_the_text_leaves_the_next_time_and_one_of_the_times_does_not(stack):
    reminder = add(stack, interval_minutes=600)
    before = row(stack, reminder)
    path = f"/reminders/{reminder}/edit"
    assert save(stack, path, body="Another text").status_code == 303
    after = row(stack, reminder)
    assert after["body"] == "Another text" and after["next_at"] == before["next_at"] and after["version"] == before["version"] + 1
    assert save(stack, path, interval_minutes="30").status_code == 303
    assert row(stack, reminder)["next_at"] < before["next_at"] and row(stack, reminder)["interval_min"] == 30
    trail = stack.sql("SELECT action, actor, detail FROM audit WHERE target = %s ORDER BY id", f"reminder {reminder}")
    assert [t["action"] for t in trail] == ["reminder.add", "reminder.change", "reminder.change"] and all(t["actor"] for t in trail)
    assert [t["detail"].split(",")[0] for t in trail] == ["every 600 minutes", "every 600 minutes", "every 30 minutes"]
    assert not any("Another" in t["detail"] or "+48" in t["detail"] for t in trail), "neither text nor number"


def test_who_changes_what_somebody_else_has_changed_is_told(stack):
    reminder = add(stack, interval_minutes=600)
    path = f"/reminders/{reminder}/edit"
    browser = desk(stack)
    token, version = csrf_of(browser.page(path)), row(stack, reminder)["version"]
    assert save(stack, path, role="manager", body="Quicker").status_code == 303
    late = browser.post(path, data={"_csrf": token, "version": version, "to": "+48500100100", "body": "Slower", "rule": "interval", "interval_minutes": 5})
    assert late.status_code == 422 and "Somebody else changed this" in late.text and "Slower" in late.text
    assert row(stack, reminder)["body"] == "Quicker"


def test_a_deleted_one_is_gone_and_its_messages_stay(stack):
    number = new_number()
    reminder = add(stack, number)
    due(stack, reminder)
    sent(stack, reminder)
    browser = desk(stack)
    assert browser.post(f"/reminders/{reminder}/delete", data={"_csrf": csrf_of(browser.page("/reminders"))}, allow_redirects=False).status_code == 303
    assert not stack.sql("SELECT 1 FROM reminder WHERE id = %s", reminder) and not slots(stack, reminder)
    assert len(messages_with(stack, number)) == 1
    assert browser.get(f"/reminders/{reminder}").status_code == 404


def test_erasing_a_person_takes_their_reminders_along(stack):
    number, another = new_number(), new_number()
    gone = [add(stack, number), add(stack, number), add(stack, "whatsapp:" + number)]
    stays = add(stack, another)
    due(stack, gone[0])
    sent(stack, gone[0])
    stack.wait(lambda: asked(stack, number))
    enter(stack).submit("/privacy", "/privacy/erase", number=number, again=number)
    stack.wait(lambda: not stack.sql("SELECT 1 FROM reminder WHERE id IN %s", tuple(gone)), what="reminders that are gone")
    assert not slots(stack, gone[0]) and row(stack, stays)["enabled"] == 1
    assert not stack.sql("SELECT 1 FROM audit WHERE detail LIKE %s OR target LIKE %s", f"%{number[1:]}%", f"%{number[1:]}%")


# ---- tenants ----

def test_another_tenants_reminders_do_not_exist(stack, other):
    reminder = add(stack, name="Ours alone")
    stranger = enter(stack, other.admin)
    token = csrf_of(stranger.page("/reminders"))
    assert "Ours alone" not in stranger.page("/reminders")
    assert stack.api("GET", "/api/reminders", role=other.admin).json()["count"] == 0
    for path in (f"/reminders/{reminder}", f"/reminders/{reminder}/edit"):
        assert stranger.get(path).status_code == 404
    for path, more in ((f"/reminders/{reminder}/edit", {"body": "x", "to": "+48500100100"}), (f"/reminders/{reminder}/toggle", {"enabled": 0}), (f"/reminders/{reminder}/delete", {})):
        assert stranger.post(path, data={"_csrf": token, **more}, allow_redirects=False).status_code == 404
    assert stack.api("POST", f"/api/reminders/{reminder}/toggle", role=other.admin, json={"enabled": False}).status_code == 404
    assert stack.api("DELETE", f"/api/reminders/{reminder}", role=other.admin).status_code == 404
    line = stack.sql("SELECT id FROM line WHERE address = %s", stack.line)[0]["id"]
    assert stack.api("POST", "/api/reminders", role=other.admin, json={"to": new_number(), "body": "x", "interval_minutes": 5, "line": line}).status_code == 400
    assert row(stack, reminder)["enabled"] == 1


def test_housekeeping_forgets_old_slots(own):
    if not own.cron:
        own.start_cron()
    reminder = add(own)
    own.sql("INSERT INTO reminder_slot (tenant_id, reminder_id, slot, state, created_at) SELECT tenant_id, id, '2020-01-01', 'sent', '2020-01-01' FROM reminder WHERE id = %s", reminder)
    own.sql("DELETE FROM job_slot WHERE job = 'housekeeping'")
    own.stop_cron()
    own.start_cron()
    own.wait(lambda: not slots(own, reminder))
