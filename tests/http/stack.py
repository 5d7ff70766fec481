"""A whole private Centrala for tests: MariaDB, a simulated Twilio, centrala.fcgi, fcgi-cron and a web server in front.

    with Database() as database, Stack(database) as stack:
        answer = stack.inbound("Hello", sender="+48600100200")
        stack.wait(lambda: stack.sql("SELECT * FROM message"))

One MariaDB serves a pytest session, with a database of its own for each stack. Every port is ephemeral, every path below
a fresh folder, and everything is ended by the pid it was started with."""
import base64
import dataclasses
import hashlib
import hmac
import os
import pathlib
import pwd
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
import urllib.parse

import pymysql
import pymysql.cursors
import requests
import urllib3.connectionpool

from core_tools import PATIENCE, PROFILE, ROOT, Process, start_web, tool, wait_until, within
from visitor import TIMEOUT, Browser, forms  # noqa: F401 (forms: for tests that read a page)

BIN = ROOT / "build" / "asan" / "bin" if PROFILE == "asan" else ROOT / "build"
PYTHON = "/usr/bin/python3"
SERVERS = ("lighttpd", "apache-proxy", "apache-fcgid")
APACHE_USER = "www-data"  # as root Apache insists on another user
USERS = {"admin": "admin@example.com", "manager": "manager@example.com", "operator": "operator@example.com", "agent": "agent@example.com"}

# Everything is on this machine, whatever the environment says about proxies.
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1"
# Addresses go out as tests write them: the library would tidy escapes, over which signatures are computed.
urllib3.connectionpool._encode_target = str


def new_folder(prefix, short=False):
    """Below build/, or in the system's temporary folder when the tree's own name is long (socket paths are short)."""
    base = ROOT / "build"
    base.mkdir(exist_ok=True)
    if short or len(str(base)) > 60:
        base = tempfile.gettempdir()
        prefix = f"centrala-{prefix}"
    return pathlib.Path(tempfile.mkdtemp(prefix=f"{prefix}.", dir=base))


def clean_env(**more):
    """The environment without settings of whoever runs the tests."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("CENTRALA_")}
    env.update({k: str(v) for k, v in more.items()})
    return env


def process_mark(pid):
    """Tells a process from a later one with its number; empty when there is none."""
    try:
        return f"{pid} {pathlib.Path(f'/proc/{pid}/stat').read_text().rsplit(')', 1)[1].split()[19]}"
    except OSError:
        return ""


class Database:
    """A private MariaDB in a folder of its own; create() makes one database with the installation's three users."""

    def __init__(self):
        self._remove_abandoned()
        # As root some stacks work as another user, who must reach the socket.
        self.folder = new_folder("db", short=os.geteuid() == 0)
        self.folder.chmod(0o711)
        (self.folder / "owner").write_text(process_mark(os.getpid()))
        self.count = 0
        self.start()

    @staticmethod
    def _remove_abandoned():
        """Servers of test runs that were killed."""
        for owner in [*(ROOT / "build").glob("db.*/owner"), *pathlib.Path(tempfile.gettempdir()).glob("centrala-db.*/owner")]:
            if owner.stat().st_uid != os.geteuid():
                continue
            mark = owner.read_text()
            if mark and process_mark(mark.split()[0]) != mark:
                subprocess.run([ROOT / "deploy/mariadb.sh", "stop", owner.parent], check=False, timeout=120)
                shutil.rmtree(owner.parent, ignore_errors=True)

    def _script(self, action, check=True):
        # Temporary tables in a folder of its own: a server that starts removes what it finds in a shared one.
        (self.folder / "tmp").mkdir(exist_ok=True)
        env = dict(os.environ, TMPDIR=str(self.folder / "tmp"), MARIADB_FLUSH=os.environ.get("MARIADB_FLUSH", "2"), MARIADB_LOG_SIZE="32M", MARIADB_CONNECTIONS="300")
        return subprocess.run([ROOT / "deploy/mariadb.sh", action, self.folder], env=env, check=check, stdin=subprocess.DEVNULL, timeout=180)

    def start(self):
        self._script("start")
        lines = (self.folder / "db.env").read_text().splitlines()
        self.env = dict(line.split("=", 1) for line in lines if "=" in line)

    def stop(self):
        self._script("stop")

    def pid(self):
        return int((self.folder / "mysql.pid").read_text())

    def connect(self, name=None, env=None):
        """As the administrator, or as one of the users when `env` names one (CENTRALA_DB_USER and so on)."""
        user, password = (pwd.getpwuid(os.geteuid()).pw_name, "") if env is None else env
        return pymysql.connect(unix_socket=self.env["CENTRALA_DB_SOCKET"], user=user, password=password, database=name, charset="utf8mb4",
                               autocommit=True, cursorclass=pymysql.cursors.DictCursor, connect_timeout=PATIENCE)

    def create(self, name=None):
        """A new empty database with the same grants as the installation's own; gives its settings."""
        self.count += 1
        name = name or f"stack{self.count}"
        original = self.env["CENTRALA_DB_NAME"]
        connection = self.connect()
        with connection, connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS `{name}`")
            cursor.execute(f"CREATE DATABASE `{name}` CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci")
            for key in ("CENTRALA_DB_USER", "CENTRALA_DB_READER_USER", "CENTRALA_DB_OWNER_USER"):
                cursor.execute("SHOW GRANTS FOR %s@localhost", (self.env[key],))
                for row in cursor.fetchall():
                    grant = next(iter(row.values()))
                    if f"ON `{original}`.*" in grant:
                        cursor.execute(grant.replace(f"ON `{original}`.*", f"ON `{name}`.*"))
        return dict(self.env, CENTRALA_DB_NAME=name)

    def close(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Simulator:
    """tests/sim/twilio_sim.py as a process; its control calls are get("counts"), post("config", …) and so on."""

    def __init__(self, folder, account, token, user=None):
        self.process = Process(folder, "twilio", as_user(user, [PYTHON, "-B", "-u", ROOT / "tests/sim/twilio_sim.py", "--account", account, "--token", token]))
        line = wait_until(lambda: re.search(r"^ready (http://\S+)", self.process.log, re.M), what="the simulated Twilio")
        self.url = line.group(1)

    def get(self, call, **query):
        answer = requests.get(f"{self.url}/_sim/{call}", params=query, timeout=TIMEOUT)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, call, body=None):
        answer = requests.post(f"{self.url}/_sim/{call}", json=body or {}, timeout=TIMEOUT)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def end(self):
        self.process.end()


def as_user(user, command):
    if not user:
        return command
    who = pwd.getpwnam(user)
    return ["setpriv", f"--reuid={who.pw_uid}", f"--regid={who.pw_gid}", "--clear-groups", "--", *command]


@dataclasses.dataclass
class Tenant:
    name: str
    sid: str
    token: str
    id: int = 0
    hook_secret: str = ""


class Stack:
    """See the top of the file. `settings` are further settings as test_mode=1 or db_io_limit_s=2 (CENTRALA_<NAME>).

    server     lighttpd, apache-proxy or apache-fcgid
    seed       False: no tenant, users or lines, just the migrated installation
    cron       False: fcgi-cron is not started (start_cron() later)
    """

    def __init__(self, database, server="lighttpd", test_mode=False, seed=True, cron=True, workers=2, **settings):
        assert server in SERVERS
        self.database, self.server = database, server
        # Apache started by root works as another user: what it reaches lies outside of a possibly closed checkout.
        self.user = APACHE_USER if server != "lighttpd" and os.geteuid() == 0 else None
        self.folder = new_folder("stack", short=bool(self.user))
        self.root = self._install_copy() if self.user else ROOT
        self.bin = self.root / "build" if self.user else BIN
        self.tenant = Tenant("Test", "AC" + secrets.token_hex(16), secrets.token_hex(16))
        self.line, self.whatsapp_line = "+48732100200", "whatsapp:+48732100201"
        self.passwords, self.tokens = {}, {}
        self.fcgi = self.cron = self.web = self.sim = None
        self.expect_crashes = False
        try:
            self._start(test_mode, seed, cron, workers, settings)
        except BaseException:
            print(self.logs(), file=sys.stderr)
            self.stop(check=False)
            raise

    # ---- starting ----

    def _install_copy(self):
        self.folder.chmod(0o755)
        root = self.folder / "root"
        (root / "build").mkdir(parents=True)
        for name in ("templates", "static", "etc", "schema", "deploy/apache"):
            if (ROOT / name).exists():
                shutil.copytree(ROOT / name, root / name, dirs_exist_ok=True)
        for name in ("centrala.fcgi", "fcgi-cron", "centralactl"):
            shutil.copy(BIN / name, root / "build" / name)
        if (ROOT / "build/locale").exists():
            shutil.copytree(ROOT / "build/locale", root / "build/locale")
        return root

    def _start(self, test_mode, seed, cron, workers, settings):
        (self.folder / "var").mkdir()
        (self.folder / "tmp").mkdir()
        if self.user:
            for path in (self.folder, self.folder / "var", self.folder / "tmp"):
                shutil.chown(path, self.user, pwd.getpwnam(self.user).pw_gid)
        self.sim = Simulator(self.folder, self.tenant.sid, self.tenant.token)
        var = self.folder / "var"
        self.env = clean_env(
            **self.database.create(), CENTRALA_ROOT=self.root, CENTRALA_KEY_FILE=var / "centrala.key", CENTRALA_SETUP_CODE_FILE=var / "setup.code",
            CENTRALA_WEB_SOCKET=var / "centrala.sock", CENTRALA_CRON_SOCKET=var / "cron.sock", CENTRALA_CRON_POLL_MS=200,
            CENTRALA_MEDIA_FOLDER=var / "media", CENTRALA_MEDIA_RETRY_MS=50, CENTRALA_MEDIA_TRIES=4,
            CENTRALA_TWILIO_API_BASE=self.sim.url, CENTRALA_TWILIO_MESSAGING_BASE=self.sim.url, CENTRALA_TWILIO_RECONCILE_WAIT_S=1, CENTRALA_SYNC_REGULARLY=0, CENTRALA_SYNC_PAGE_PAUSE_MS=20, CENTRALA_TWILIO_SMS_PER_SECOND=10000,
            CENTRALA_TEST_MODE=int(test_mode), CENTRALA_WORKERS=workers, CENTRALA_ENV="test", CENTRALA_LOG_LEVEL="debug",
            CENTRALA_WEB_MAX_MEMORY_MB=0 if PROFILE == "asan" else 64, CENTRALA_TMP=self.folder / "tmp",
            ASAN_OPTIONS=f"log_path={self.folder}/var/sanitizer:detect_leaks=1:abort_on_error=0:exitcode=99",
            UBSAN_OPTIONS=f"log_path={self.folder}/var/sanitizer:print_stacktrace=1")
        self.settings = {f"CENTRALA_{k.upper()}": str(v) for k, v in settings.items()}
        self.env.update(self.settings)
        self.web, self.url = start_web(self.folder, "web", getattr(self, "_" + self.server.replace("-", "_")))
        self._set_urls(self.url)
        self.ctl("migrate")
        if seed:
            self._seed()
        if self.server != "apache-fcgid":
            self.start_fcgi()
        if cron:
            self.start_cron()
        wait_until(lambda: self.get("/api/health").status_code == 200, what="/api/health")

    def _set_urls(self, url):
        for name in ("CENTRALA_PUBLIC_URL", "CENTRALA_INTERNAL_URL"):
            if name not in self.settings:
                self.env[name] = url
        self.public_url = self.env["CENTRALA_PUBLIC_URL"].rstrip("/")

    def _seed(self):
        self.add_tenant(self.tenant)
        for role, email in USERS.items():
            self.add_user(email, role)
        self.ctl("line", "add", self.line, "--tenant", self.tenant.name, "--channel", "sms")
        self.ctl("line", "add", self.whatsapp_line.removeprefix("whatsapp:"), "--tenant", self.tenant.name, "--channel", "whatsapp", "--per-second", "10000")

    def add_tenant(self, tenant):
        self.ctl("tenant", "add", tenant.name, "--sid", tenant.sid, "--token", tenant.token)
        row = self.sql("SELECT id, hook_secret FROM tenant WHERE name = %s", tenant.name)[0]
        tenant.id, tenant.hook_secret = row["id"], row["hook_secret"]
        return tenant

    def add_user(self, email, role, tenant=None):
        self.passwords[email] = secrets.token_urlsafe(12)
        self.ctl("user", "add", email, "--tenant", (tenant or self.tenant).name, "--role", role, input=self.passwords[email] + "\n")
        return self.passwords[email]

    def _process(self, name, command):
        return Process(self.folder, name, as_user(self.user, command), env=self.env)

    def start_fcgi(self):
        self.fcgi = self._process("centrala.fcgi", [self.bin / "centrala.fcgi"])

    def start_cron(self):
        self.cron = self._process("fcgi-cron", [self.bin / "fcgi-cron", "--daemon"])

    def stop_cron(self):
        self.cron.end()
        self.cron = None

    def ctl(self, *arguments, input=None, check=True, env=None):
        """build/centralactl with this stack's settings; text in and out."""
        done = subprocess.run([str(c) for c in as_user(self.user, [self.bin / "centralactl", *arguments])], env={**self.env, **(env or {})}, input=input,
                              capture_output=True, text=True, timeout=TIMEOUT * 3, cwd=self.folder)
        assert not check or done.returncode == 0, f"centralactl {arguments[0]}: exit {done.returncode}\n{done.stdout}{done.stderr}"
        return done

    # ---- web servers ----

    def _lighttpd(self, port):
        self.env["CENTRALA_PORT"] = str(port)
        # lighttpd takes its settings from its environment; this process's own stays as it is.
        pairs = [f"{k}={self.env[k]}" for k in ("CENTRALA_ROOT", "CENTRALA_WEB_SOCKET", "CENTRALA_PORT", "CENTRALA_TMP")]
        return ["env", *pairs, tool("lighttpd"), "-D", "-f", ROOT / "deploy/lighttpd/run.conf"]

    def _apache(self, port, body):
        modules = "mpm_event authz_core alias mime filter deflate expires headers".split()
        user = f"User {self.user}\nGroup {self.user}\n" if self.user else ""
        loads = [f"LoadModule {m}_module /usr/lib/apache2/modules/mod_{m}.so" for m in [*modules, *body[0]]]
        path = self.folder / f"apache-{port}.conf"
        path.write_text("\n".join([
            f'ServerRoot "{self.folder}"', f'DefaultRuntimeDir "{self.folder}"', f'Mutex "file:{self.folder}" default', f'PidFile "{self.folder}/apache.pid"',
            f'ErrorLog "{self.folder}/web.log"', "ServerName 127.0.0.1", f"Listen 127.0.0.1:{port}", "TypesConfig /etc/mime.types", user,
            "ThreadsPerChild 32\nMaxRequestWorkers 64\nStartServers 1\nMinSpareThreads 8\nMaxSpareThreads 64", *loads,
            f'Define CENTRALA_ROOT "{self.root}"', f'Define CENTRALA_SOCKET "{self.env["CENTRALA_WEB_SOCKET"]}"', *body[1]]) + "\n")
        return [tool("apache2"), "-f", path, "-D", "FOREGROUND"]

    def _apache_proxy(self, port):
        return self._apache(port, (["proxy", "proxy_fcgi"], [f'Include "{self.root}/deploy/apache/proxy_fcgi.conf"']))

    def _apache_fcgid(self, port):
        """Apache starts the programs: all settings must be in its configuration before it is up."""
        self._set_urls(f"http://127.0.0.1:{port}")
        env = [f'FcgidInitialEnv {k} "{v}"' for k, v in self.env.items()
               if k.startswith(("CENTRALA_", "ASAN_", "UBSAN_")) and v and k not in ("CENTRALA_ROOT", "CENTRALA_WORKERS")]
        ipc = self.folder / "var" / "fcgid"
        ipc.mkdir(exist_ok=True)
        if self.user:
            shutil.chown(ipc, self.user)
        own = [f'FcgidIPCDir "{ipc}"', f'FcgidProcessTableFile "{ipc}/table"', *env]
        return self._apache(port, (["fcgid"], [*own, f'Include "{self._fcgid_conf()}"']))

    def _fcgid_conf(self):
        """deploy/apache/fcgid.conf, on the sanitizer build's programs where those are asked for."""
        path = self.root / "deploy/apache/fcgid.conf"
        if self.bin == self.root / "build":
            return path
        other = self.folder / "fcgid.conf"
        other.write_text(path.read_text().replace("${CENTRALA_ROOT}/build", str(self.bin)))
        return other

    # ---- people and programs that use it ----

    def request(self, method, path, timeout=TIMEOUT, allow_redirects=False, **more):
        """One request by nobody in particular. The path goes out as it is written, escapes and dots included."""
        with requests.Session() as session:
            session.trust_env = False
            prepared = session.prepare_request(requests.Request(method, self.url + path, **more))
            if not more.get("params"):
                prepared.url = self.url + path
            return session.send(prepared, timeout=timeout, allow_redirects=allow_redirects)

    def get(self, path, **more):
        return self.request("GET", path, **more)

    def post(self, path, data=None, **more):
        return self.request("POST", path, data=data, **more)

    def api(self, method, path, role="admin", **more):
        """With the bearer token of that role's user."""
        headers = {"Authorization": f"Bearer {self.token(role)}", **more.pop("headers", {})}
        return self.request(method, path, headers=headers, **more)

    def token(self, role="admin"):
        if role not in self.tokens:
            self.tokens[role] = self.ctl("token", "new", "--user", USERS.get(role, role)).stdout.split()[-1]
        return self.tokens[role]

    def login(self, role="admin", password=None):
        """A signed-in Browser of that role's user (or of an e-mail address)."""
        browser = Browser(self.url)
        email = USERS.get(role, role)
        browser.submit("/login", email=email, password=password or self.passwords[email])
        return browser

    # ---- Twilio ----

    @staticmethod
    def sign(url, params=(), token=""):
        """X-Twilio-Signature of a form POST: distinct values, sorted by name and value."""
        pairs = params.items() if isinstance(params, dict) else params
        text = url + "".join(k + v for k, v in sorted({(str(k), str(v)) for k, v in pairs}))
        return base64.b64encode(hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()).decode()

    def hook(self, path, params, token=None, signature=None, headers=None, url=None, **more):
        """A signed webhook through the web server. `url`: what was signed when it is not the public address."""
        pairs = list(params.items()) if isinstance(params, dict) else list(params)
        if signature is None:
            signature = self.sign((url or self.public_url + path), pairs, self.tenant.token if token is None else token)
        headers = {"Content-Type": "application/x-www-form-urlencoded; charset=UTF-8", "X-Twilio-Signature": signature, **(headers or {})}
        return self.post(path, urllib.parse.urlencode(pairs), headers={k: v for k, v in headers.items() if v}, **more)

    def inbound(self, body="Hello", sender="+48600100200", to=None, sid=None, path="/twilio/inbound", **params):
        """What Twilio posts when a customer writes; further parameters by name. The answer has `.sid`."""
        sid = sid or "SM" + secrets.token_hex(16)
        fields = {"ToCountry": "PL", "ToState": "", "SmsMessageSid": sid, "NumMedia": "0", "ToCity": "", "FromZip": "", "SmsSid": sid, "FromState": "",
                  "SmsStatus": "received", "FromCity": "", "Body": body, "FromCountry": "PL", "To": to or self.line, "ToZip": "", "NumSegments": "1",
                  "MessageSid": sid, "AccountSid": self.tenant.sid, "From": sender, "ApiVersion": "2010-04-01"}
        more = {k: params.pop(k) for k in ("token", "signature", "headers", "url") if k in params}
        fields.update({k: str(v) for k, v in params.items()})
        answer = self.hook(path, fields, **more)
        answer.sid = sid
        return answer

    def status(self, sid, status, path="/twilio/status", **params):
        """A status callback for a message; ErrorCode=30003 and the like by name."""
        more = {k: params.pop(k) for k in ("token", "signature", "headers", "url") if k in params}
        fields = {"SmsSid": sid, "SmsStatus": status, "MessageStatus": status, "MessageSid": sid, "AccountSid": self.tenant.sid, "ApiVersion": "2010-04-01",
                  "From": self.line, "To": "+48600100200", **{k: str(v) for k, v in params.items()}}
        return self.hook(path, fields, **more)

    # ---- looking ----

    def sql(self, query, *values):
        """Rows as dictionaries, as the database's administrator."""
        connection = self.database.connect(self.env["CENTRALA_DB_NAME"])
        with connection, connection.cursor() as cursor:
            cursor.execute(query, values or None)
            return list(cursor.fetchall())

    @staticmethod
    def wait(predicate, what="it", timeout=PATIENCE):
        """What the predicate gives as soon as it is true, whenever that is. `timeout` is for what may take minutes by its nature."""
        return wait_until(predicate, limit=timeout, what=what)

    @staticmethod
    def within(seconds, predicate, what="it"):
        """The same for what is promised within so many seconds."""
        return within(predicate, seconds, what=what)

    def logs(self, name=None):
        """The text of all logs, or of one: centrala.fcgi, fcgi-cron, web, twilio. Under mod_fcgid the workers' is in web."""
        paths = sorted(self.folder.glob("*.log")) if name is None else [self.folder / f"{name}.log"]
        return "\n".join(f"--- {p.name}\n{p.read_text(errors='replace')}" for p in paths if p.exists())

    def program_logs(self):
        return "".join(self.logs(n) for n in ("centrala.fcgi", "fcgi-cron", "web"))

    def told(self):
        """Lines of the programs' logs with a customer's number or a secret of this stack's in them."""
        secrets_of = [self.env[k] for k in ("CENTRALA_DB_PASSWORD", "CENTRALA_DB_READER_PASSWORD", "CENTRALA_DB_OWNER_PASSWORD")] + list(self.passwords.values())
        secrets_of += [self.tenant.token, self.tenant.hook_secret] if self.tenant else []
        found = [re.escape(s) for s in secrets_of if s and len(s) > 7] + [r"(?<![\da-f])\+?48[5-7]\d{8}(?![\da-f])"]  # not a part of a request's id
        return [f"told in a log: {line}" for line in re.findall(rf"^.*(?:{'|'.join(found)}).*$", self.logs("centrala.fcgi") + self.logs("fcgi-cron"), re.M)][:5]

    # ---- the end ----

    def stop(self, check=True):
        """Ends what was started; fails when a sanitizer or an assertion spoke."""
        problems = []
        for name in ("web", "cron", "fcgi", "sim"):
            part = getattr(self, name)
            setattr(self, name, None)
            try:
                if part:
                    (part.process if name == "sim" else part).end()
            except AssertionError as error:
                problems.append(f"{name}: {error}")
        for report in sorted((self.folder / "var").glob("sanitizer*")):
            problems.append(f"{report.name}: {report.read_text(errors='replace')[:6000]}")
        words = [r"event=bug\b"] + ([] if self.expect_crashes else [r"event=worker\.(?:crashed|hung)\b"])
        problems += re.findall(rf"^.*(?:{'|'.join(words)}).*$", self.program_logs(), re.M) + self.told()
        shutil.rmtree(self.folder, ignore_errors=True)
        assert not check or not problems, "\n".join(problems)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        self.stop(check=kind is None)
