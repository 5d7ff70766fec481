"""The pages of reminders: the next five before saving, mistakes, one with its history, on from a conversation."""
import re

from panel import bubbles, csrf_of, enter, mistakes, new_number
from reminder_tools import add, desk, due, row, sent
from stack import forms


def next_five(page):
    return re.findall(r'<li><time datetime="([^"]+)">', page)


def look(browser, **fields):
    """The button that shows the next five."""
    form = next(f for f in forms(browser.page("/reminders/new")) if f.action == "/reminders/new")
    data = {**{k: v[0] for k, v in form.fields.items() if v}, **fields, "preview": "1"}
    return browser.post("/reminders/new", data=data, allow_redirects=False)


def test_the_next_five_before_anything_is_saved(stack):
    browser, before = desk(stack), stack.sql("SELECT COUNT(*) n FROM reminder")[0]["n"]
    answer = look(browser, rule="daily", time="02:30", zone="Europe/Warsaw", starts_on="2030-03-30")
    assert answer.status_code == 200 and not mistakes(answer.text)
    assert next_five(answer.text) == ["2030-03-30T01:30:00Z", "2030-03-31T01:00:00Z", "2030-04-01T00:30:00Z", "2030-04-02T00:30:00Z", "2030-04-03T00:30:00Z"]
    assert "UTC+01:00" in answer.text and "UTC+02:00" in answer.text and "Europe/Warsaw" in answer.text
    assert 'value="2030-03-30"' in answer.text and 'value="02:30"' in answer.text, "nothing is lost"
    autumn = look(browser, rule="daily", time="02:30", zone="Europe/Warsaw", starts_on="2030-10-27", ends_on="2030-10-28")
    assert next_five(autumn.text) == ["2030-10-27T00:30:00Z", "2030-10-28T01:30:00Z"] and "nothing after that" in autumn.text
    bogota = look(browser, rule="monthly", month_day="31", time="08:00", zone="America/Bogota", starts_on="2030-01-31", ends_count="3")
    assert next_five(bogota.text) == ["2030-01-31T13:00:00Z", "2030-02-28T13:00:00Z", "2030-03-31T13:00:00Z"] and "UTC-05:00" in bogota.text
    weekdays = look(browser, rule="weekdays", mon="1", fri="1", time="08:00", zone="UTC", starts_on="2030-01-01")
    assert next_five(weekdays.text)[:2] == ["2030-01-04T08:00:00Z", "2030-01-07T08:00:00Z"]
    quiet = look(browser, rule="daily", time="23:00", zone="UTC", quiet_from="22:00", quiet_until="07:00", starts_on="2030-01-01")
    assert next_five(quiet.text)[0] == "2030-01-02T07:00:00Z"
    wrong = look(browser, rule="weekdays")
    assert wrong.status_code == 422 and mistakes(wrong.text) == {"": "Choose at least one day."} or "weekdays" in mistakes(wrong.text)
    fragment = browser.post("/reminders/new", data={"_csrf": csrf_of(answer.text), "rule": "daily", "time": "02:30", "zone": "UTC", "preview": "1"}, headers={"X-Fragment": "1"})
    assert fragment.status_code == 200 and len(next_five(fragment.text)) == 5 and "<html" not in fragment.text
    assert stack.sql("SELECT COUNT(*) n FROM reminder")[0]["n"] == before


def test_a_mistake_stands_at_its_field_and_nothing_is_lost(stack):
    answer = desk(stack).submit("/reminders/new", follow=False, to="12", body="My long text", rule="monthly", month_day="5", name="Rent", quiet_from="22:00")
    assert answer.status_code == 422 and set(mistakes(answer.text)) == {"to"}
    for kept in ("My long text", 'value="12"', 'value="Rent"', 'value="5"', 'value="22:00"'):
        assert kept in answer.text
    answer = desk(stack).submit("/reminders/new", follow=False, to="+48500100100", body="x", quiet_from="22:00")
    assert answer.status_code == 422 and set(mistakes(answer.text)) == {"quiet_until"}
    answer = desk(stack).submit("/reminders/new", follow=False, to="", body="")
    assert answer.status_code == 422 and "to" in mistakes(answer.text)


def test_the_page_of_one_and_its_history(stack):
    number, browser = new_number(), desk(stack)
    answer = browser.submit("/reminders/new", follow=False, to=number[3:], body="The gate opens", name="Gate keeper", rule="interval", interval_minutes="45")
    assert answer.status_code == 303
    path = answer.headers["Location"]
    reminder = int(path.split("/")[-1])
    assert row(stack, reminder)["to_address"] == number, "as people type it"
    page = browser.page(path)
    assert "Gate keeper" in page and "Every 45 minutes" in page and "Nothing yet." in page and len(next_five(page)) == 5
    due(stack, reminder)
    (slot,) = sent(stack, reminder)
    page = browser.page(path)
    link = f"/conversations/{slot['conversation_id']}"
    assert f'"{link}"' in page
    assert bubbles(browser.page(link)) == ["The gate opens"] and "Schedule" in browser.page(link)
    listed = browser.page("/reminders")
    assert path in listed and f'"{link}"' in listed
    due(stack, reminder)
    (second,) = sent(stack, reminder, 2)
    stack.inbound("meanwhile", sender=number)
    older = f"{link}?before={slot['message_id'] + 1}"
    assert f'"{older}"' in browser.page(path) and bubbles(browser.page(older)) == ["The gate opens"]
    assert second["message_id"] != slot["message_id"] and len(bubbles(browser.page(link))) == 3
    assert browser.submit("/reminders", action=f"{path}/toggle").status_code == 200 and row(stack, reminder)["enabled"] == 0
    assert "Paused" in browser.page(path) and not next_five(browser.page(path)) and len(next_five(browser.page(path + "/edit"))) == 5


def test_a_message_that_was_removed_stays_in_the_history(stack):
    reminder = add(stack)
    due(stack, reminder)
    (slot,) = sent(stack, reminder)
    stack.wait(lambda: stack.sql("SELECT 1 FROM outbox WHERE message_id = %s AND state = 'sent'", slot["message_id"]))
    stack.sql("DELETE FROM message WHERE id = %s", slot["message_id"])
    assert "The message was removed." in desk(stack).page(f"/reminders/{reminder}")


def test_from_a_conversation_to_a_reminder(stack):
    number, browser = new_number(), desk(stack)
    stack.inbound("hello", sender=number)
    talk = stack.sql("SELECT id FROM conversation WHERE peer = %s", number)[0]["id"]
    link = re.search(r'href="(/reminders/new\?to=[^"]+)"', browser.page(f"/conversations/{talk}")).group(1)
    form = next(f for f in forms(browser.page(link)) if f.action == "/reminders/new")
    assert form.fields["to"] == [number] and form.fields["rule"] == ["daily"]
    assert "/reminders/new" not in enter(stack, "agent").page(f"/conversations/{talk}")


def test_two_pages_of_history(stack):
    reminder = add(stack)
    for n in range(1, 61):
        stack.sql("INSERT INTO reminder_slot (tenant_id, reminder_id, slot, state, reason) SELECT tenant_id, id, '2026-01-01' + INTERVAL %s HOUR, 'skipped', 'Missed too long ago.' "
                  "FROM reminder WHERE id = %s", n, reminder)
    page = desk(stack).page(f"/reminders/{reminder}")
    older = re.search(r'href="(/reminders/\d+\?before=\d+)"', page).group(1)
    assert page.count("Missed too long ago.") == 50 and desk(stack).page(older).count("Missed too long ago.") == 10
