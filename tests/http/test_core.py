"""The web core on its own: workers, guards and transports, through real web servers (no database)."""
import concurrent.futures
import contextlib
import os
import re
import signal
import socket
import subprocess
import threading
import time

import pytest
import requests

import core_tools as tools


@pytest.fixture(scope="module", autouse=True)
def host_program():
    tools.build()


@pytest.fixture(scope="module")
def core():
    with tools.running() as running:
        yield running


# --- requests and answers ---

def test_workers_answer(core):
    first = core.get("/pid").json()
    assert first["parent"] == core.host.pid
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        def at_once():
            pids = {f.result().json()["pid"] for f in [pool.submit(core.get, "/sleep?ms=300") for _ in range(2)]}
            return pids if len(pids) == 2 else None  # the first may be over before the second begins: then once more
        pids = tools.wait_until(at_once, what="two requests at once as two workers' work")
    assert pids == core.pids()


def test_every_answer_carries_the_security_headers_and_a_request_id(core):
    for path in ("/hello", "/pid", "/api/echo", "/absent", "/api/absent", "/twilio/test", "/private"):
        head = core.get(path).headers
        assert "default-src 'none'" in head["Content-Security-Policy"] and "unsafe" not in head["Content-Security-Policy"]
        assert head["X-Content-Type-Options"] == "nosniff" and head["X-Frame-Options"] == "DENY"
        assert head["Referrer-Policy"] == "same-origin" and head["Cache-Control"] == "no-store"
        assert re.fullmatch("[0-9a-f]{16}", head["X-Request-Id"])
        assert "text/plain" not in head["Content-Type"]


def test_parameters_arrive(core):
    page = core.get("/api/echo?a=1&b=%C5%82+x&a=2", headers={"User-Agent": "probe"}).json()
    assert page["params"] == [["a", "1"], ["b", "ł x"], ["a", "2"]] and page["agent"] == "probe"
    form = core.post("/api/echo?not=this", data={"text": "a&b=ż"}).json()
    assert form["params"] == [["text", "a&b=ż"]]
    upload = core.post("/api/echo", data={"note": "x"}, files={"file": ("zdjęcie.png", b"\0" * 70000)}).json()
    assert upload["params"] == [["note", "x"]] and upload["file"] == "zdjęcie.png" and upload["size"] == 70000
    assert core.get("/api/echo/whatsapp%3A%2B48500100100").json()["arg"] == "whatsapp:+48500100100"
    assert core.get("/api/echo/a%2Fb+c").json()["arg"] == "a/b+c"


def test_a_body_sent_in_chunks_arrives_whole(core):
    answer = core.post("/api/echo", data=(b"a=" + b"x" * 5000 for _ in range(3)),
                       headers={"Content-Type": "application/x-www-form-urlencoded"}).json()
    assert answer["body_len"] == 3 * 5002


def test_head_is_get_without_a_body(core):
    got, head = core.get("/hello"), requests.head(core.url + "/hello", timeout=60)
    assert head.status_code == 200 and head.content == b""
    assert head.headers["Content-Length"] == got.headers["Content-Length"]


@pytest.mark.parametrize("kb", [0, 1, 63, 64, 65, 200, 4000])
def test_answers_of_any_size_arrive_whole(core, kb):
    assert core.get(f"/big?kb={kb}").content == b"0123456789abcdef" * 64 * kb


def test_absent_wrong_method_and_broken_paths(core):
    assert core.get("/absent").status_code == 404
    wrong = core.post("/hello")
    assert wrong.status_code == 405 and wrong.headers["Allow"] == "GET, HEAD"
    assert core.get("/api/echo/a%00b").status_code in (400, 404)  # the web server may refuse it itself
    assert core.get("/api/echo/%ff").status_code == 400
    error = core.get("/api/absent")
    assert error.status_code == 404 and error.json()["request_id"] == error.headers["X-Request-Id"]
    page = core.get("/absent")
    assert page.headers["X-Request-Id"] in page.text and page.headers["Content-Type"].startswith("text/html")


def test_the_body_has_a_limit_of_the_route(core):
    small, large = b"x" * 300_000, b"x" * (3 << 20)
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    assert core.post("/api/echo", data=small, headers=kind).status_code == 413
    assert core.post("/api/large", data=small, headers=kind).json()["body_len"] == len(small)
    assert core.post("/api/large", data=large + b"x", headers=kind).status_code == 413
    assert core.post("/api/echo", data=(small for _ in range(2)), headers=kind).status_code == 413
    assert core.get("/pid").status_code == 200


# --- guards ---

ALICE = {"Cookie": "other=1; centrala_session=alice"}
TOKEN = "0123456789abcdef"


def test_a_page_without_sign_in_leads_there(core):
    answer = core.get("/private?a=b&c")
    assert answer.status_code == 303 and answer.headers["Location"] == "/login?next=%2Fprivate%3Fa%3Db%26c"
    assert core.get("/private", headers={"X-Fragment": "1"}).status_code == 401
    assert core.post("/note", data={"text": "x"}).status_code == 401
    assert "Hello Alice" in core.get("/private", headers=ALICE).text


def test_csrf(core):
    assert core.post("/note", data={"text": "x"}, headers=ALICE).status_code == 403
    assert core.post("/note", data={"text": "x", "_csrf": TOKEN[:-1]}, headers=ALICE).status_code == 403
    assert core.post("/note", data={"text": "x", "_csrf": TOKEN}, headers=ALICE).status_code == 303
    assert core.post("/note", data={"text": "x"}, headers={**ALICE, "X-CSRF-Token": TOKEN}).status_code == 303


def test_a_notice_is_shown_once(core):
    browser = requests.Session()
    browser.cookies.set("centrala_session", "alice")
    page = browser.post(core.url + "/note", data={"text": "zażółć <b>", "_csrf": TOKEN}, timeout=60)
    assert "<p class=notice>zażółć &lt;b&gt;</p>" in page.content.decode()
    assert "<p class=notice></p>" in browser.get(core.url + "/hello", timeout=60).text


def test_form_mistakes(core):
    page = core.post("/note", data={"text": "", "_csrf": TOKEN}, headers=ALICE)
    assert page.status_code == 422 and "<b>Please fill this in.</b>" in page.text
    answer = core.post("/api/note", json={"text": "x" * 21}, headers={**ALICE, "X-CSRF-Token": TOKEN})
    assert answer.status_code == 400
    assert answer.json()["fields"] == {"text": "This is too long."} and answer.json()["error"] == "This is too long."
    assert core.post("/api/note", data=b"{", headers={**ALICE, "X-CSRF-Token": TOKEN, "Content-Type": "application/json"}
                     ).status_code == 400


def test_api_tokens(core):
    assert core.get("/api/secret").status_code == 401
    assert core.get("/api/secret", headers={"Authorization": "Bearer bad", **ALICE}).status_code == 401
    assert core.get("/api/secret", headers=ALICE).status_code == 403
    assert core.get("/api/secret", headers={"Authorization": "Bearer good"}).status_code == 200
    assert core.get("/api/secret").headers["WWW-Authenticate"] == "Bearer"


def test_webhooks_are_refused_without_a_signature(core):
    refused = core.post("/twilio/test", data={"From": "+48500100100"})
    assert refused.status_code == 403 and refused.headers["Content-Type"] == "text/xml" and "<Response/>" in refused.text
    assert core.post("/twilio/test", headers={"X-Twilio-Signature": "good"}).status_code == 200


def test_the_log_has_one_line_a_request_and_no_contents(core):
    answer = core.post("/api/echo?secret=query", data={"Body": "tajemnica"}, headers={"Authorization": "Bearer good"})
    mine = f"event=request id={answer.headers['X-Request-Id']} "
    lines = tools.wait_until(lambda: [l for l in core.host.log.splitlines() if mine in l], what="the line of the request")
    assert len(lines) == 1 and re.search(r"id=[0-9a-f]{16} tenant=0 method=POST route=echo_add_api status=200 ms=\d+\.\d statements=0$", lines[0])
    for word in ("tajemnica", "secret=query", "+48500100100", "Bearer"):
        assert word not in core.host.log


# --- workers come and go ---

def ask(core, path):
    with contextlib.suppress(requests.RequestException):
        return core.get(path)


def test_a_crashed_worker_is_replaced():
    with tools.running() as core:
        before = core.pids()
        ask(core, "/crash")
        tools.wait_until(lambda: core.board()["crashes"] == 1 and len(core.pids()) == 2, what="replacement")
        assert len(core.pids() & before) == 1
        assert "event=worker.crashed" in core.host.log and "route=crash_api" in core.host.log


def test_crashes_in_a_row_slow_the_master_down_and_end():
    with tools.running() as core:
        for _ in range(8):
            ask(core, "/crash")
        tools.wait_until(lambda: len(core.pids()) == 2, what="two workers")
        assert core.board()["crashes"] == 8 and core.get("/pid").status_code == 200


def test_a_hung_worker_is_killed_and_replaced():
    with tools.running(web_request_limit_s=1) as core:
        before = core.pids()
        began = time.monotonic()
        answer = ask(core, "/hang")
        assert answer is None or answer.status_code >= 500
        assert 1.5 < time.monotonic() - began < 20, "not before its time, and long before we would have given up"
        tools.wait_until(lambda: core.board()["hangs"] == 1 and len(core.pids()) == 2, what="replacement")
        assert len(core.pids() & before) == 1
        assert "event=worker.hung" in core.host.log and "route=hang_api" in core.host.log


@pytest.mark.skipif(tools.PROFILE == "asan", reason="a sanitized program's size says nothing")
def test_a_worker_past_its_memory_ceiling_leaves_after_its_answer():
    with tools.running(workers=1, web_max_memory_mb=64) as core:
        fat = core.get("/eat?mb=80").json()["pid"]
        answers = [core.get("/pid").json()["pid"] for _ in range(80)]
        assert fat != answers[-1] and set(answers) <= {fat, answers[-1]}
        assert core.board()["crashes"] == 0 and "event=worker.memory" in core.host.log


def test_workers_leave_after_their_number_of_requests():
    with tools.running(web_max_requests=20) as core:
        pids = [core.get("/pid").json()["pid"] for _ in range(100)]
        counts = [pids.count(p) for p in set(pids)]
        assert len(counts) > 3 and max(counts) <= 22
        assert core.board()["crashes"] == 0


@pytest.mark.skipif(tools.PROFILE == "asan", reason="a sanitized program's size says nothing")
def test_memory_stays_flat():
    with tools.running(workers=1) as core:
        browser = requests.Session()
        for n in range(2000):
            browser.get(core.url + "/big?kb=100" if n % 10 == 0 else core.url + "/hello", timeout=60)
            if n == 200:
                before = core.board()["workers"][0]["rss_kb"]
        worker = core.board()["workers"][0]
        assert worker["requests"] > 2000 and 0 < worker["rss_kb"] <= before + 300


# --- the end, and the new beginning ---

def test_term_drains_and_everything_ends():
    with tools.private_folder() as folder:
        core = tools.Core(folder)
        try:
            workers = core.pids()
            with concurrent.futures.ThreadPoolExecutor(1) as pool:
                busy = pool.submit(core.get, "/sleep?ms=2500")
                tools.wait_until(lambda: sum(w["busy"] for w in core.board()["workers"]) == 2, what="one that sleeps beside the one that tells")
                began = time.monotonic()
                core.host.tell(signal.SIGTERM)
                assert core.host.process.wait(60) == 0
                assert busy.result().status_code == 200 and busy.result().json()["pid"] in workers
            assert time.monotonic() - began < 8, "as soon as the answer is out"
            assert not any(tools.alive(p) for p in workers)
            assert not (folder / "core.sock").exists()
        finally:
            core.web.end()


def test_idle_workers_end_at_once():
    with tools.running(workers=4) as core:
        workers, began = core.pids(), time.monotonic()
        assert core.host.end() == 0
        assert time.monotonic() - began < 4 and not any(tools.alive(p) for p in workers)


def test_a_rolling_restart_under_load_loses_no_request():
    with tools.running(workers=4, web_max_requests=200) as core:
        before, stop, failures, served = core.pids(), threading.Event(), [], []

        def client():
            browser = requests.Session()
            while not stop.is_set():
                try:
                    answer = browser.get(core.url + "/sleep?ms=2", timeout=60)
                    served.append(answer.json()["pid"])
                    if answer.status_code != 200:
                        failures.append(answer.status_code)
                except (requests.RequestException, ValueError) as error:
                    failures.append(repr(error))
        threads = [threading.Thread(target=client) for _ in range(8)]
        for t in threads:
            t.start()
        for turn in range(1, 4):
            more = len(served) + 200
            tools.wait_until(lambda: len(served) > more or failures, what="requests under way")
            core.host.tell(signal.SIGHUP)
            tools.wait_until(lambda: core.host.log.count("event=master.reload") == turn, what="the reload")
        more = len(served) + 200
        tools.wait_until(lambda: len(served) > more or failures, what="requests after the last reload")
        stop.set()
        for t in threads:
            t.join()
        assert failures == []
        tools.wait_until(lambda: len(core.pids()) == 4, what="four workers")
        assert not core.pids() & before, "the old generation has gone"
        assert core.board()["crashes"] == 0
        assert core.host.log.count("event=master.reload") == 3


def test_a_rolling_restart_replaces_one_by_one():
    """No worker is told to leave before its successor is ready: as many as configured answer at every moment."""
    with tools.running(workers=4) as core:
        before, master, hold = core.pids(), core.host.pid, core.folder / "hold"
        try:
            hold.touch()
            core.host.tell(signal.SIGHUP)
            tools.wait_until(lambda: len(tools.children(master)) > 4, what="the first new worker")
            for _ in range(20):
                assert core.get("/sleep?ms=1").json()["pid"] in before
            assert before <= set(tools.children(master)) and len(tools.children(master)) == 5
        finally:
            hold.unlink()
        tools.wait_until(lambda: len(core.pids()) == 4 and not core.pids() & before, what="the new generation")


@pytest.mark.parametrize("number", [1, 5])
def test_a_reload_may_change_the_number_of_workers(number):
    with tools.running(workers=3) as core:
        before = core.pids()
        (core.folder / "workers").write_text(str(number))
        core.host.tell(signal.SIGHUP)
        tools.wait_until(lambda: len(core.pids()) == number and not core.pids() & before, what="the new number")


def test_workers_end_with_a_killed_master_and_a_new_one_takes_over():
    with tools.private_folder() as folder:
        core = tools.Core(folder)
        try:
            workers = core.pids()
            second = tools.Process(folder, "second", [tools.HOST], tools.host_env(folder))
            assert second.process.wait(60) == 1 and "another master" in second.log
            core.host.process.kill()
            core.host.process.wait()
            tools.wait_until(lambda: not any(tools.alive(p) for p in workers), what="the workers' end")
            core.host = tools.Process(folder, "host", [tools.HOST], tools.host_env(folder))
            tools.wait_until(lambda: (ask(core, "/pid") or requests.Response()).status_code == 200, what="a new master's answer")
        finally:
            core.end()


# --- other transports ---

def test_lighttpd_starts_the_program_with_the_socket_on_descriptor_0():
    with tools.private_folder() as folder:
        env = "\n".join(f'"{k}" => "{v}",' for k, v in tools.host_env(folder).items() if k.startswith("CENTRALA_"))
        web, url = tools.lighttpd(folder, f'"bin-path" => "{tools.HOST}", "socket" => "{folder}/auto.sock", "max-procs" => 1, '
                                          f'"bin-environment" => ( {env} )')
        try:
            answer = requests.get(url + "/pid", timeout=60).json()
            assert web.pid in tools.children(os.getpid()) and answer["parent"] in tools.children(web.pid)
            assert not (folder / "core.sock").exists()
        finally:
            web.end()
        tools.wait_until(lambda: not tools.alive(answer["parent"]) and not tools.alive(answer["pid"]), what="the program's end")


def test_mod_fcgid_starts_the_program():
    with tools.private_folder() as folder:
        web, url = tools.apache_fcgid(folder)
        try:
            answer = requests.get(url + "/pid", timeout=60)
            assert answer.status_code == 200, (folder / "apache-error.log").read_text()
            pids = answer.json()
            echo = requests.post(url + "/api/echo/", data={"a": "ż"}, timeout=60)
            assert echo.status_code == 404
            assert requests.post(url + "/api/echo", data={"a": "ż"}, timeout=60).json()["params"] == [["a", "ż"]]
            assert requests.get(url + "/api/echo/whatsapp%3A%2B48?x=1", timeout=60).json()["arg"] == "whatsapp:+48"
            assert requests.get(url + "/api/secret", headers={"Authorization": "Bearer good"}, timeout=60).status_code == 200
        finally:
            web.end()
        tools.wait_until(lambda: not tools.alive(pids["parent"]) and not tools.alive(pids["pid"]), what="the program's end")


def test_closed_descriptors_are_not_taken_for_the_log():
    with tools.private_folder() as folder:
        host = tools.Process(folder, "host", ["sh", "-c", f"exec {tools.HOST} <&- >&- 2>&-"], tools.host_env(folder))
        tools.wait_until((folder / "core.sock").exists, what="socket")
        web, url = tools.lighttpd(folder, f'"socket" => "{folder}/core.sock"')
        try:
            for _ in range(5):
                assert set(requests.get(url + "/pid", timeout=60).json()) == {"pid", "parent"}
        finally:
            web.end()
            assert host.end() == 0


def test_rubbish_on_the_socket_harms_nobody(core):
    crashes = core.board()["crashes"]
    for rubbish in (b"", b"GET / HTTP/1.0\r\n\r\n", b"\1\1\0\1\0\10\0\0", b"\1\1\0\1\0\10\0\0\0\1\0\0\0\0\0\0\1\4\0\1\377\377\0\0", b"\377" * 5000):
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(str(core.folder / "core.sock"))
            s.sendall(rubbish)
    assert core.get("/pid").status_code == 200
    assert core.board()["crashes"] == crashes and len(core.pids()) == 2


def direct(core, **env):
    """A request without a web server: cgi-fcgi speaks FastCGI to the socket."""
    out = subprocess.run(["cgi-fcgi", "-bind", "-connect", str(core.folder / "core.sock")], env=env, timeout=60,
                         input=env.get("BODY", "").encode(), stdout=subprocess.PIPE, check=True).stdout.decode()
    head, _, body = out.partition("\r\n\r\n")
    return head, body


def test_cgi_fcgi(core):
    head, body = direct(core, REQUEST_METHOD="GET", REQUEST_URI="/api/echo?a=b", REMOTE_ADDR="192.0.2.7")
    assert head.startswith("Status: 200 OK\r\n") and '"remote":"192.0.2.7"' in body and '["a","b"]' in body
    head, body = direct(core, REQUEST_METHOD="POST", REQUEST_URI="/api/echo", BODY="a=b", CONTENT_LENGTH="3",
                        CONTENT_TYPE="application/x-www-form-urlencoded")
    assert '["a","b"]' in body
    head, _ = direct(core, REQUEST_METHOD="POST", REQUEST_URI="/api/echo", BODY="a=b", CONTENT_LENGTH="30",
                     CONTENT_TYPE="application/x-www-form-urlencoded")
    assert head.startswith("Status: 400 "), "a body cut short is not half a form"
    head, body = direct(core, REQUEST_METHOD="GET", SCRIPT_NAME="/api", PATH_INFO="/echo/a b", QUERY_STRING="c=d")
    assert '"arg":"a b"' in body and '["c","d"]' in body
