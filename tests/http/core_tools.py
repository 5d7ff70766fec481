"""Starts the web core's test host behind a real web server, in a private folder, on an ephemeral port; ends by pid only
what it started."""
import contextlib
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import requests

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROFILE = "asan" if os.environ.get("SANITIZE") else "release"
HOST = ROOT / "build" / PROFILE / "http" / "corehost"
PATIENCE = 60  # seconds for what must come about at some time: measures nothing, and no slow machine reaches it
LOOK_S = 0.04  # one look at a thing and the pause after it, on a machine that has time for us


def build():
    subprocess.run(
        ["make", "-s", "-f", "GNUmakefile", "-f", "tests/http/corehost.mk", str(HOST.relative_to(ROOT))],
        cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def tool(name):
    """Web servers stand in /usr/sbin, which an ordinary user's PATH may lack."""
    path = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    assert path, f"{name} is not installed"
    return path


def free_port():
    """Of those that the system gives to nobody by itself: nothing that connects meanwhile takes it away."""
    for port in random.SystemRandom().sample(range(12000, 32000), 200):
        with socket.socket() as s, contextlib.suppress(OSError):
            s.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no free port")


def wait_until(check, limit=PATIENCE, what="it"):
    end = time.monotonic() + limit
    while True:
        result = check()
        if result:
            return result
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not happen within {limit} s")
        time.sleep(0.02)


def within(check, seconds, what="it"):
    """wait_until() for what is promised within so many seconds. They are counted at the pace of this machine: a look that
    takes longer than LOOK_S counts as LOOK_S, so whatever stops us for a moment, or makes everything slower, stops the
    clock as well. On a machine that has time it is the clock on the wall."""
    began = at = time.monotonic()
    spent = 0.0
    while True:
        result = check()
        if result:
            return result
        if spent > seconds:
            raise AssertionError(f"{what} did not happen within {seconds} s ({at - began:.1f} by the clock)")
        time.sleep(0.02)
        now = time.monotonic()
        spent, at = spent + min(now - at, LOOK_S), now


def alive(pid):
    """Running, and not a zombie somebody else has to collect."""
    try:
        with open(f"/proc/{pid}/stat") as f:
            return f.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def children(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as f:
            return [int(p) for p in f.read().split()]
    except FileNotFoundError:
        return []


class Process:
    """A child of ours: its output in a file, ended by its pid."""

    def __init__(self, folder, name, command, env=None, stdin=subprocess.DEVNULL):
        self.log_path = folder / f"{name}.log"
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [str(c) for c in command], env=env, stdin=stdin, stdout=log, stderr=log, cwd=folder)
        self.pid = self.process.pid

    @property
    def log(self):
        return self.log_path.read_text(errors="replace")

    def tell(self, number):
        self.process.send_signal(number)

    def end(self, limit=PATIENCE):
        """TERM, and the exit code; KILL only as the last resort, which fails the test."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            return self.process.wait(limit)
        except subprocess.TimeoutExpired:
            for pid in children(self.pid):
                os.kill(pid, signal.SIGKILL)
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"did not end: {self.log[-2000:]}")


@contextlib.contextmanager
def private_folder():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="centrala-core-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def host_env(folder, **settings):
    env = {k: v for k, v in os.environ.items() if not k.startswith("CENTRALA_")}
    env["CORE_WORKERS_FILE"] = str(folder / "workers")
    env.update(CENTRALA_WEB_SOCKET=str(folder / "core.sock"), CENTRALA_WORKERS="2", CENTRALA_WEB_MAX_REQUESTS="100000",
               CENTRALA_WEB_MAX_MEMORY_MB="0" if PROFILE == "asan" else "64")
    env.update({f"CENTRALA_{k.upper()}": str(v) for k, v in settings.items()})
    return env


LIGHTTPD = """
server.document-root = "{folder}"
server.bind = "127.0.0.1"
server.port = {port}
server.pid-file = "{folder}/lighttpd.pid"
server.errorlog = "{folder}/lighttpd-error.log"
server.modules = ( "mod_fastcgi" )
server.upload-dirs = ( "{folder}" )
fastcgi.server = ( "/" => (( {backend}, "check-local" => "disable" )) )
"""


def start_web(folder, name, make_command):
    """A web server on a free port; another port when somebody took it in between."""
    for _ in range(5):
        port = free_port()
        web = Process(folder, name, make_command(port))

        def ready():
            if web.process.poll() is not None:
                return "gone"
            with socket.socket() as s:
                return s.connect_ex(("127.0.0.1", port)) == 0
        if wait_until(ready, what=f"{name} listening") is True:
            return web, f"http://127.0.0.1:{port}"
    raise AssertionError(web.log)


def lighttpd(folder, backend):
    def command(port):
        path = folder / f"lighttpd-{port}.conf"
        path.write_text(LIGHTTPD.format(folder=folder, port=port, backend=backend))
        return [tool("lighttpd"), "-D", "-f", path]
    return start_web(folder, "lighttpd", command)


class Core:
    """The host on a socket of its own and lighttpd in front of it."""

    def __init__(self, folder, **settings):
        self.folder = folder
        self.host = Process(folder, "host", [HOST], host_env(folder, **settings))
        wait_until(lambda: (folder / "core.sock").exists() or self.host.process.poll() is not None, what="socket")
        self.web, self.url = lighttpd(folder, f'"socket" => "{folder}/core.sock"')
        wait_until(lambda: len(self.pids()) == int(settings.get("workers", 2)), what="all workers")

    def get(self, path, **more):
        return requests.get(self.url + path, timeout=PATIENCE, allow_redirects=False, **more)

    def post(self, path, **more):
        return requests.post(self.url + path, timeout=PATIENCE, allow_redirects=False, **more)

    def board(self):
        return self.get("/board").json()

    def pids(self):
        return {w["pid"] for w in self.board()["workers"]}

    def end(self):
        try:
            return self.host.end()
        finally:
            self.web.end()


@contextlib.contextmanager
def running(**settings):
    with private_folder() as folder:
        core = Core(folder, **settings)
        try:
            yield core
        finally:
            core.end()


# --- Apache with mod_fcgid, which starts the program itself and hands the socket over on descriptor 0 ---

APACHE = """
ServerRoot "{folder}"
DefaultRuntimeDir "{folder}"
Mutex "file:{folder}" default
PidFile "{folder}/apache.pid"
ErrorLog "{folder}/apache-error.log"
ServerName 127.0.0.1
Listen 127.0.0.1:{port}
{user}
LoadModule mpm_event_module {modules}/mod_mpm_event.so
LoadModule authz_core_module {modules}/mod_authz_core.so
LoadModule fcgid_module {modules}/mod_fcgid.so
DocumentRoot "{folder}/www"
FcgidIPCDir "{folder}/fcgid"
FcgidProcessTableFile "{folder}/fcgid/table"
FcgidInitialEnv CENTRALA_WORKERS 2
FcgidMaxProcesses 1
FcgidMinProcessesPerClass 0
FcgidPassHeader Authorization
<Location "/">
    SetHandler fcgid-script
    Options +ExecCGI
    Require all granted
    FcgidWrapper "{folder}/corehost" virtual
</Location>
"""


def apache_fcgid(folder):
    """As root Apache changes to an ordinary user, who must reach the folder."""
    shutil.copy(HOST, folder / "corehost")
    (folder / "www").mkdir()
    (folder / "fcgid").mkdir()
    user = ""
    if os.geteuid() == 0:
        folder.chmod(0o755)
        shutil.chown(folder / "fcgid", "www-data")
        user = "User www-data\nGroup www-data"

    def command(port):
        path = folder / f"apache-{port}.conf"
        path.write_text(APACHE.format(folder=folder, port=port, user=user, modules="/usr/lib/apache2/modules"))
        return [tool("apache2"), "-f", path, "-D", "FOREGROUND"]
    return start_web(folder, "apache", command)
