"""Live views: a poll that finds nothing is a 204 of one indexed statement; a change brings the fragment and the next cursor."""
import re

import pytest

from panel import bubbles, burst, conversation_with, enter, in_state, message, new_number, quoted, script
from stack import Browser

VIEWS = {"/": "dashboard", "/conversations": "list", "/history": "history"}
ONES = {"/ai": "preview"}


class Live:
    """What the page's script does: asks with the cursor, takes the next one from the answer."""

    def __init__(self, browser, path):
        view = {**VIEWS, **ONES}.get(path, "chat")
        found = re.search(rf'data-live-url="(/live\?view={view}[^"]*)" data-cursor="([^"]*)"', browser.page(path))
        self.browser, self.url, self.cursor = browser, found.group(1).replace("&amp;", "&"), found.group(2)

    def poll(self):
        answer = self.browser.get(self.url, params={"cursor": self.cursor}, headers={"X-Fragment": "1"})
        assert answer.status_code in (200, 204), answer.text
        self.cursor = answer.headers.get("X-Cursor", self.cursor)
        assert answer.status_code == 200 or answer.content == b""
        return answer

    def settle(self):
        """Until nothing new: an open view has at most one answer more after each change."""
        for _ in range(3):
            if self.poll().status_code == 204:
                return self
        raise AssertionError("the view never comes to rest")


@pytest.fixture
def quiet(stack):
    """No callbacks under way from other tests."""
    stack.wait(lambda: stack.sim.get("idle")["idle"])
    stack.wait(lambda: not stack.sql("SELECT 1 FROM outbox WHERE state IN ('queued', 'claimed', 'unknown', 'playing')"))
    return stack


@pytest.mark.parametrize("path", VIEWS)
def test_a_view_is_told_of_a_new_message_once(quiet, path):
    stack, number = quiet, new_number()
    view = Live(enter(stack), path).settle()
    assert view.poll().status_code == 204
    stack.inbound("something new <b>", sender=number)
    answer = view.poll()
    assert answer.status_code == 200 and "something new &lt;b&gt;" in answer.text and "<html" not in answer.text
    assert answer.headers["Content-Type"].startswith("text/html") and answer.headers["X-Cursor"]
    assert view.poll().status_code == 204 and view.poll().status_code == 204


def test_a_chat_is_told_of_its_own_messages_and_states_only(quiet):
    stack, number = quiet, new_number()
    stack.inbound("first", sender=number)
    chat = Live(enter(stack), f"/conversations/{conversation_with(stack, number)['id']}").settle()
    stack.inbound("somebody else", sender=new_number())
    assert chat.poll().status_code == 204
    stack.inbound("second", sender=number)
    answer = chat.poll()
    assert bubbles(answer.text) == ["first", "second"]
    script(stack, number, callbacks=[])
    sid = stack.api("POST", "/api/send-message", json={"to": number, "body": "ours"}).json()["sid"]
    assert bubbles(chat.poll().text)[-1] == "ours" and chat.settle()
    for status, tone in (("sent", "sent"), ("delivered", "good")):
        stack.status(sid, status)
        answer = chat.poll()
        assert answer.status_code == 200 and f'class="badge {tone}"' in answer.text
    assert chat.poll().status_code == 204
    stack.status(sid, "sent")
    assert chat.poll().status_code == 204, "nothing that is shown has changed"


def test_the_ai_pages_conversation_is_told_of_its_own(quiet, other):
    stack, number = quiet, new_number()
    stack.inbound("first", sender=number)
    talk = conversation_with(stack, number)["id"]
    assert stack.api("POST", "/api/ai/config", json={"target_number": number}).status_code == 200
    try:
        view = Live(enter(stack), "/ai").settle()
        assert view.url == f"/live?view=preview&id={talk}"
        stack.inbound("somebody else", sender=new_number())
        assert view.poll().status_code == 204
        stack.inbound("second <b>", sender=number)
        answer = view.poll()
        assert bubbles(answer.text) == ["first", "second <b>"] and "second &lt;b&gt;" in answer.text and "<html" not in answer.text
        assert view.poll().status_code == 204
        assert enter(stack, other.admin).get(view.url).status_code in (204, 404), "nothing of another tenant's"
        assert enter(stack).get("/live?view=preview").status_code == 422
    finally:
        stack.sql("DELETE FROM ai_profile WHERE tenant_id = %s", stack.tenant.id)


def test_changes_within_one_overlap_are_neither_lost_nor_repeated_for_ever(quiet):
    stack = quiet
    view = Live(enter(stack), "/conversations").settle()
    for i in range(20):
        stack.inbound(f"burst {i}", sender=new_number())
        if i % 4 == 3:
            answer = view.poll()
            assert answer.status_code == 200 and f"burst {i}" in answer.text
    assert view.settle().poll().status_code == 204


@pytest.mark.parametrize("kind, other", [("last_at", "changed_at"), ("changed_at", "last_at")])
def test_a_change_that_becomes_visible_late_is_not_missed(quiet, kind, other):
    """Rows do not appear in the order of their times: one that was 2 s older when a view already knew a newer one."""
    stack, number, newest = quiet, new_number(), new_number()
    stack.inbound("old talk", sender=number)
    stack.inbound("newest talk", sender=newest)
    view = Live(enter(stack), "/conversations").settle()
    stack.sql("UPDATE conversation late JOIN conversation new ON new.peer = %s SET late.preview = 'changed late', "
              f"late.{kind} = new.last_at - INTERVAL 2 SECOND, late.{other} = new.last_at - INTERVAL 3 SECOND WHERE late.peer = %s", newest, number)
    answer = view.poll()
    assert answer.status_code == 200 and "changed late" in answer.text
    assert view.poll().status_code == 204


def test_another_tenants_change_is_none(quiet, other):
    stack = quiet
    theirs = Live(enter(stack, other.admin), "/conversations").settle()
    ours = Live(enter(stack), "/conversations").settle()
    stack.inbound("not for them", sender=new_number())
    assert theirs.poll().status_code == 204 and ours.poll().status_code == 200
    stack.inbound("not for us", sender=new_number(), to=other.line, AccountSid=other.sid, token=other.token)
    assert ours.poll().status_code == 204 and "not for us" in theirs.poll().text


def test_an_idle_poll_is_one_statement_besides_the_session(quiet):
    stack, number = quiet, new_number()
    stack.inbound("x", sender=number)
    for path in (*VIEWS, f"/conversations/{conversation_with(stack, number)['id']}"):
        live = Live(enter(stack), path).settle()
        lines = burst(stack, live.poll)
        counts = [int(line["statements"]) for line in lines]
        assert {line["status"] for line in lines} == {"204"}, path
        # The session's row is kept for two seconds: within them the poll's own statement is the only one.
        assert min(counts) == 1 and max(counts) <= 2, (path, counts)


def test_polls_without_sense(stack):
    browser = enter(stack)
    for query in ("", "view=", "view=absent", "view=chat", "view=chat&id=0", "view=chat&id=x", "view=list&cursor=" + "9" * 100):
        assert browser.get("/live?" + query).status_code == 422, query
    assert browser.get("/live?view=chat&id=99999999&cursor=0-0").status_code in (204, 404)
    for cursor in ("", "x", "-", "0-0", "99999999999999-0", "-5-zz", quoted("<script>")):
        assert browser.get(f"/live?view=list&cursor={cursor}").status_code in (200, 204)


def test_who_is_signed_out_is_told_so(stack):
    answer = Browser(stack.url).get("/live?view=list&cursor=", headers={"X-Fragment": "1"}, allow_redirects=False)
    assert answer.status_code == 401


def test_within_three_seconds_a_message_is_on_the_page(quiet):
    stack, number = quiet, new_number()
    view = Live(enter(stack), "/").settle()
    sid = stack.api("POST", "/api/send-message", json={"to": number, "body": "soon"}).json()["sid"]
    stack.within(3, lambda: message(stack, sid)["status"] == "delivered" and "soon" in view.poll().text, what="the message on the page")
