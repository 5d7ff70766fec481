"""What each web server must do for the program behind it: lighttpd, Apache with mod_proxy_fcgi, Apache with mod_fcgid."""
import os
import secrets
import signal

import pytest
import requests

from stack import USERS


def test_health(server_stack):
    answer = server_stack.get("/api/health")
    assert answer.status_code == 200 and answer.json()["status"] == "ok"
    assert answer.headers["Content-Type"].startswith("application/json")


def test_signed_message_is_stored(server_stack):
    answer = server_stack.inbound(f"behind {server_stack.server}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"].startswith("text/xml") and "<Response" in answer.text
    rows = server_stack.sql("SELECT body FROM message WHERE sid = %s", answer.sid)
    assert [row["body"] for row in rows] == [f"behind {server_stack.server}"]


@pytest.mark.parametrize("query", ["?a=%41b&x=1%2F2", "?q=a+b%20c&empty=", "?%C4%85=%c4%85"])
def test_signature_is_over_the_address_as_it_was_sent(server_stack, query):
    """Decoded or written anew by the server it would not fit."""
    assert server_stack.inbound("escapes", path="/twilio/inbound" + query).status_code == 200


def test_wrong_signature_is_refused(server_stack):
    answer = server_stack.inbound("forged", token="0" * 32)
    assert answer.status_code == 403
    assert not answer.headers["Content-Type"].startswith("text/plain")
    assert server_stack.sql("SELECT 1 FROM message WHERE sid = %s", answer.sid) == []


def test_authorization_reaches_the_program(server_stack):
    assert server_stack.get("/api/messages").status_code == 401
    assert server_stack.api("GET", "/api/messages").status_code == 200
    assert server_stack.get("/api/messages", headers={"Authorization": "Bearer nonsense"}).status_code == 401


def test_sign_in_keeps_its_session(server_stack):
    page = server_stack.login("operator").page("/conversations")
    assert "logout" in page


def test_static_files_are_kept_for_long_when_their_address_has_a_version(server_stack):
    plain, versioned, absent = (server_stack.get(p) for p in ("/static/img/icon.svg", "/static/img/icon.svg?v=1", "/static/img/absent.svg?v=1"))
    assert plain.status_code == versioned.status_code == 200 and absent.status_code == 404
    assert "max-age=31" in versioned.headers["Cache-Control"]
    assert "max-age" not in plain.headers.get("Cache-Control", "") and "max-age" not in absent.headers.get("Cache-Control", "")
    assert versioned.headers["X-Content-Type-Options"] == "nosniff"
    assert server_stack.get("/static/").status_code in (403, 404), "no list of files"


def test_nothing_outside_of_static_is_served(server_stack):
    for path in ("/static/../GNUmakefile", "/static/%2e%2e/GNUmakefile", "/static/..%2fGNUmakefile", "/etc/centrala.conf.example", "/build/centralactl"):
        assert server_stack.get(path).status_code >= 300, path


def test_pages_are_compressed_for_who_asks(server_stack):
    asked = server_stack.get("/login", headers={"Accept-Encoding": "gzip"})
    assert asked.headers.get("Content-Encoding") == "gzip" and "<form" in asked.text
    assert "Content-Encoding" not in server_stack.get("/login", headers={"Accept-Encoding": "identity"}).headers


def test_too_large_body_is_refused(server_stack):
    try:
        answer = server_stack.post("/twilio/inbound", b"Body=" + b"x" * (22 << 20), headers={"Content-Type": "application/x-www-form-urlencoded"})
        # mod_fcgid has only 500 to say it with.
        assert answer.status_code in ((500,) if server_stack.server == "apache-fcgid" else (400, 413))
        assert not answer.headers.get("Content-Type", "").startswith("text/plain")
    except requests.ConnectionError:
        pass  # hung up while we were still sending: refused as well


def test_security_headers_are_the_programs(server_stack):
    headers = server_stack.get("/login").headers
    assert "default-src 'none'" in headers["Content-Security-Policy"] and "X-Request-Id" in headers


@pytest.mark.parametrize("server", ["lighttpd", "apache-proxy"])
def test_program_that_is_down_gives_an_error_that_is_no_message(make_stack, server):
    """text/plain would be texted to the customer; a 2xx would lose the message."""
    stack = make_stack(server=server, cron=False)
    stack.fcgi.end()
    answer = stack.inbound("lost?")
    assert answer.status_code == 503
    assert answer.headers["Content-Type"].startswith("text/html")
    stack.start_fcgi()
    stack.wait(lambda: stack.get("/api/health").status_code == 200)
    assert stack.inbound("again", sid="SM" + secrets.token_hex(16)).status_code == 200, "no pause after the program is back"


@pytest.mark.parametrize("server", ["lighttpd", "apache-proxy"])  # mod_fcgid manages the processes itself
def test_workers_are_replaced_without_a_failed_request(make_stack, server):
    stack = make_stack(server=server, cron=False)
    for turn in range(3):
        os.kill(stack.fcgi.pid, signal.SIGHUP)
        for _ in range(30):
            assert stack.get("/api/health").status_code == 200
        stack.wait(lambda: stack.fcgi.log.count("event=master.reload") == turn + 1)


def test_every_role_signs_in(stack):
    for role in USERS:
        assert stack.login(role).get("/").status_code == 200, role
