"""What tests of reminders share: one made through the API, its slots, a time that comes at once."""
from panel import enter, new_number


def add(stack, number=None, **more):
    fields = {"to": number or new_number(), "body": "Remember", **more}
    if "rule" not in more:
        fields.setdefault("interval_minutes", 60)
    answer = stack.api("POST", "/api/reminders", json=fields)
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


def row(stack, reminder):
    return stack.sql("SELECT *, UTC_TIMESTAMP(3) AS now FROM reminder WHERE id = %s", reminder)[0]


def slots(stack, reminder):
    return stack.sql("SELECT * FROM reminder_slot WHERE reminder_id = %s ORDER BY slot", reminder)


def due(stack, reminder, ago="1 SECOND"):
    """As if its time had come so long ago; never the same slot again."""
    stack.sql(f"UPDATE reminder SET next_at = GREATEST(UTC_TIMESTAMP() - INTERVAL {ago}, COALESCE(last_slot + INTERVAL 1 SECOND, '2000-01-01')) WHERE id = %s", reminder)


def desk(stack, role="operator"):
    """A browser of that role that reads English."""
    email = f"{role}-reminders@example.com"
    if email not in stack.passwords:
        stack.add_user(email, role)
        stack.sql("UPDATE user SET language = 'en' WHERE email = %s", email)
    return enter(stack, email)


def sent(stack, reminder, n=1):
    return stack.wait(lambda: [s for s in slots(stack, reminder) if s["state"] == "sent"][n - 1:], what=f"{n} sent slots")
