"""What the tests of inbound webhooks share."""

EMPTY = "<Response/>"
FORM = "application/x-www-form-urlencoded"


def is_twiml(answer, status=200):
    """Twilio texts a text/plain body to the customer: whatever the status, it is XML that says nothing."""
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "text/xml"
    assert answer.text.strip().endswith(EMPTY)
    return answer


def is_noted(answer, status=200):
    """What the predecessor's address for states answers."""
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/json"
    told = answer.json()
    if status == 200:
        assert told == {"status": "ok"}
    else:
        assert told == {"status": "forbidden" if status == 403 else "error", "message": told["message"]} and told["message"]
    return answer


def stored(stack, sid):
    return len(stack.sql("SELECT 1 FROM message WHERE sid = %s", sid)) + len(stack.sql("SELECT 1 FROM unrouted WHERE sid = %s", sid))
