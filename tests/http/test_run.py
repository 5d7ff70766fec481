"""`make run`: starts everything, says one line, survives the death of any part, stops what it started and nothing else."""
import os
import re
import signal
import subprocess
import threading
import time

import pytest
import requests

from core_tools import PROFILE, ROOT, alive, free_port, wait_until
from stack import clean_env, new_folder

pytestmark = pytest.mark.skipif(PROFILE == "asan", reason="deploy/run starts the programs of the release build")
READY = re.compile(r"^Centrala is ready: (http://127\.0\.0\.1:\d+/)(.*)$", re.M)


class Run:
    """`make run` over a folder of its own."""

    def __init__(self, var, interrupt=signal.SIG_DFL, **env):
        self.var, self.text = var, ""
        env = {k: v for k, v in clean_env(CENTRALA_VAR=var, **env).items() if not k.startswith("MAKE") and k != "MFLAGS"}
        self.began = time.monotonic()
        self.make = subprocess.Popen(["make", "run"], cwd=ROOT, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                     text=True, start_new_session=True,
                                     preexec_fn=lambda: signal.signal(signal.SIGINT, interrupt))
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.make.stdout:
            self.text += line

    def ready(self, limit=300):
        def look():
            assert self.make.poll() is None, self.text
            return READY.search(self.text)
        found = wait_until(look, limit=limit, what="the ready line")
        self.seconds = time.monotonic() - self.began
        self.url, self.hint = found.groups()
        return self

    def end(self, limit=120):
        status = self.make.wait(limit)
        self.reader.join(60)
        return status

    def parts(self):
        """Name to pid of what is running, the database included."""
        pids = {p.stem: int(p.read_text().split()[0]) for p in (self.var / "run").glob("*.pid")}
        if (self.var / "mysql.pid").exists():
            pids["mariadb"] = int((self.var / "mysql.pid").read_text())
        return {name: pid for name, pid in pids.items() if alive(pid)}

    def script(self):
        return int((self.var / "run" / "state").read_text().split()[0])

    def healthy(self):
        try:
            return requests.get(self.url + "api/health", timeout=60).status_code == 200
        except requests.RequestException:
            return False


@pytest.fixture
def folder():
    var = new_folder("run")
    yield var
    subprocess.run([ROOT / "deploy/mariadb.sh", "stop", var], check=False)
    subprocess.run(["rm", "-rf", var], check=True)


@pytest.fixture
def start(folder):
    runs = []
    port = free_port()

    def start(interrupt=signal.SIG_DFL, **env):
        runs.append(Run(env.pop("CENTRALA_VAR", folder), interrupt, **{"CENTRALA_PORT": port, "CENTRALA_WORKERS": 2, **env}))
        return runs[-1]
    yield start
    for run in runs:
        if run.make.poll() is None:
            run.make.terminate()
            run.end()


def started_here(folder):
    """Processes whose environment names this folder."""
    mark = f"CENTRALA_RUN_VAR={folder}".encode()
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/environ", "rb") as f:
                if mark in f.read().split(b"\0") and alive(int(pid)):
                    found.append(int(pid))
        except OSError:
            pass
    return found


def test_demonstration_starts_and_stops_without_a_trace(start, folder):
    stranger = subprocess.Popen(["sleep", "300"])
    try:
        run = start().ready()
        login = re.fullmatch(r"  \(demo: (\S+@\S+) / (\S+)\)", run.hint)
        assert login, run.hint
        assert run.text.splitlines()[-1].startswith("Centrala is ready: ")
        assert run.healthy() and requests.get(run.url + "login", timeout=60).status_code == 200
        assert set(run.parts()) == {"lighttpd", "centrala.fcgi", "fcgi-cron", "mariadb"}
        run.make.terminate()
        run.end()
        assert started_here(folder) == [] and run.parts() == {}
        for _ in range(3):  # the machine may be busy with something else: once it is not
            again = start().ready()
            assert again.hint == run.hint, "data and login survive a restart"
            if again.seconds < 5:
                break
            again.make.terminate()
            again.end()
        assert again.seconds < 5, (run.seconds, again.seconds)
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


@pytest.mark.parametrize("whom", ["make alone", "the terminal's group", "the group of a shell's background program, where it is ignored at first"])
def test_interrupt_stops_everything(start, folder, whom):
    run = start(CENTRALA_DEMO=0, interrupt=signal.SIG_IGN if "ignored" in whom else signal.SIG_DFL).ready()
    if whom == "make alone":
        run.make.send_signal(signal.SIGINT)
    else:
        os.killpg(run.make.pid, signal.SIGINT)
    run.end()
    assert started_here(folder) == []


def test_empty_installation_names_the_set_up_page(start):
    run = start(CENTRALA_DEMO=0).ready()
    hint = re.fullmatch(r"  \(first sign-in: (http://\S+/setup) with the code (\S+)\)", run.hint)
    assert hint, run.hint
    assert requests.get(hint.group(1), timeout=60).status_code == 200
    run.make.terminate()
    run.end()
    again = start().ready()
    assert again.hint == run.hint, "what the first start decided and printed holds until somebody has signed up"


def test_a_folder_with_users_names_no_set_up_page(start, folder):
    run = start().ready()
    run.make.terminate()
    run.end()
    again = start(CENTRALA_DEMO=0).ready()
    assert again.hint == "" and not (folder / "setup.code").exists()


@pytest.mark.parametrize("env", [{"CENTRALA_PORT": "0"}, {"CENTRALA_PORT": "70000"}, {"CENTRALA_PORT": "http"}, {"CENTRALA_DEMO": "maybe"}])
def test_an_environment_without_sense_is_refused_at_once(start, folder, env):
    run = start(**env)
    assert run.end() != 0
    assert f"{next(iter(env))} is " in run.text and not (folder / "db").exists()


@pytest.mark.parametrize("locale", ["C.UTF-8", "C"])
def test_a_folder_of_any_name(start, folder, locale):
    folder = folder / "mój folder, drugi"
    run = start(CENTRALA_VAR=folder, LC_ALL=locale).ready()
    env = clean_env(CENTRALA_VAR=folder, LC_ALL=locale)
    done = subprocess.run([ROOT / "build/centralactl", "token", "new", "--user", "demo@centrala.example"], env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert requests.get(run.url + "api/messages", headers={"Authorization": "Bearer " + done.stdout.strip()}, timeout=60).json()["items"]
    run.make.terminate()
    run.end()
    assert started_here(folder) == []


def test_second_run_over_the_same_folder_is_refused(start):
    first = start(CENTRALA_DEMO=0).ready()
    second = start(CENTRALA_DEMO=0)
    assert second.end() != 0
    assert "already runs" in second.text
    assert first.healthy()


def test_taken_port_is_named(start):
    import socket
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        run = start(CENTRALA_DEMO=0, CENTRALA_PORT=port)
        assert run.end() != 0
        assert f"port {port} is taken" in run.text


def test_part_that_is_killed_comes_back(start):
    run = start(CENTRALA_DEMO=0).ready()
    for name in ("centrala.fcgi", "lighttpd", "fcgi-cron", "mariadb"):
        before = run.parts()[name]
        os.kill(before, signal.SIGKILL)
        wait_until(lambda: run.parts().get(name, before) != before, what=f"a new {name}")
        wait_until(run.healthy, what=f"health after the death of {name}")
    run.make.terminate()
    run.end()


@pytest.mark.parametrize("victims", ["the script", "make", "both and a part"])
def test_killed_run_is_taken_over_by_the_next(start, folder, victims):
    run = start(CENTRALA_DEMO=0).ready()
    before = run.parts()
    pids = {"the script": [run.script()], "make": [run.make.pid], "both and a part": [run.make.pid, run.script(), before["centrala.fcgi"]]}[victims]
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    run.end()
    again = start(CENTRALA_DEMO=0).ready()
    wait_until(lambda: not any(alive(pid) for pid in before.values()), what="the end of the old parts")
    assert again.healthy() and len(again.parts()) == 4
    again.make.terminate()
    again.end()
    assert started_here(folder) == []
