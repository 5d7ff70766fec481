"""Where the benchmark happens: a private MariaDB with seeded databases, and the stack of tests/http over one of them.

The server of `make bench` lives in build/bench-data and keeps its databases for the next run, one for each number of
messages, named after the schema and the seed they were made from. A quick run has a server of its own that goes away."""
import fcntl
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time
import urllib.parse

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "http"))
os.environ.pop("SANITIZE", None)  # figures are those of the release build
os.environ["MARIADB_FLUSH"] = "1"  # a COMMIT is on disk when it answers, as in an installation

from core_tools import ROOT, children  # noqa: E402
from stack import USERS, Database, Stack, Tenant, new_folder  # noqa: E402

KEPT = ROOT / "build" / "bench-data"
PER_CONVERSATION = 50
PASSWORD = "bench-password-1"
LINE = "+15005550006"


def conversations_of(messages):
    """20,000 for a million; as many a conversation when there are fewer."""
    return max(60, messages // PER_CONVERSATION)


class Server(Database):
    """kept=True: build/bench-data, one user at a time; else a fresh folder that goes away."""

    def __init__(self, kept):
        self.kept, self.wanted = kept, None
        os.environ["MARIADB_BUFFER_POOL"] = "512M" if kept else "64M"
        if kept:
            self._take()
            self.start()
        else:
            super().__init__()
        self.programs = new_folder("bench-programs")
        for name in ("centrala.fcgi", "fcgi-cron", "centralactl"):
            shutil.copy(ROOT / "build" / name, self.programs)

    def _take(self):
        try:
            KEPT.mkdir(parents=True, exist_ok=True)
            self.lock = open(KEPT / "lock", "w")
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.exit(f"tests/bench/run: another run is using {KEPT}")
        except PermissionError:
            sys.exit(f"tests/bench/run: {KEPT} belongs to another user; remove it first")
        self.folder, self.count = KEPT, 0

    def _script(self, action, check=True):
        (self.folder / "tmp").mkdir(exist_ok=True)
        env = dict(os.environ, TMPDIR=str(self.folder / "tmp"), MARIADB_LOG_SIZE="256M" if self.kept else "32M", MARIADB_CONNECTIONS="100")
        return subprocess.run([ROOT / "deploy/mariadb.sh", action, self.folder], env=env, check=check, stdin=subprocess.DEVNULL, timeout=300)

    def close(self):
        shutil.rmtree(self.programs, ignore_errors=True)
        if self.kept:
            self.stop()
        else:
            super().close()

    def create(self, name=None):
        """The database that was wanted: as it stands when its seed is complete, else a new empty one."""
        if not self.wanted:
            return super().create(name)
        if self.rows(None, "SELECT 1 FROM information_schema.tables WHERE table_schema = %s AND table_name = 'bench_seed'", self.wanted):
            return dict(self.env, CENTRALA_DB_NAME=self.wanted)
        kind = self.wanted.rsplit("_", 1)[0]
        for row in self.rows(None, "SELECT schema_name AS name FROM information_schema.schemata WHERE schema_name LIKE %s", kind + "\\_%"):
            self.rows(None, f"DROP DATABASE `{row['name']}`")
        return super().create(self.wanted)

    def rows(self, database, query, *values):
        connection = self.connect(database)
        with connection, connection.cursor() as cursor:
            cursor.execute(query, values or None)
            return list(cursor.fetchall())

    def script(self, database, path, **variables):
        """A file of statements through the client, after SET @name = number."""
        text = "".join(f"SET @{k} = {v:d};\n" for k, v in variables.items()) + path.read_text()
        done = subprocess.run([ROOT / "deploy/mariadb.sh", "sql", self.folder, database], input=text, text=True, capture_output=True, timeout=1800)
        if done.returncode:
            sys.exit(f"tests/bench/run: {path.name}: {done.stderr.strip()}")

    def settle(self, limit=60):
        """Waits until the server has cleared up behind changed and deleted rows."""
        end, quiet = time.monotonic() + limit, 0
        while time.monotonic() < end and quiet < 3:
            waiting = int(self.rows(None, "SHOW GLOBAL STATUS LIKE 'Innodb_history_list_length'")[0]["Value"])
            quiet = quiet + 1 if waiting == 0 else 0
            time.sleep(0.2)


def name_of(messages):
    made_of = hashlib.sha256(str(messages).encode())
    for path in [*sorted((ROOT / "schema").glob("[0-9]*.sql")), HERE / "seed.sql"]:
        made_of.update(path.read_bytes())
    return f"bench_{messages}_{made_of.hexdigest()[:12]}"


class Place(Stack):
    """A stack over a database with that many messages. Settings as for Stack; web.max_requests is the installation's."""

    def __init__(self, server, messages, say=lambda text: None, **settings):
        self.programs = server.programs
        self.messages, self.conversations, self.say = messages, conversations_of(messages), say
        server.wanted = name_of(messages) if server.kept else None
        key = {"key_file": KEPT / "centrala.key"} if server.kept else {}
        super().__init__(server, cron=False, **{"workers": 4, "log_level": "notice", "env": "bench", **key, **settings})

    def _start(self, *settings):
        self.bin = self.programs  # copies: a build meanwhile does not change what is measured
        super()._start(*settings)

    def _seed(self):
        """Called by Stack before the workers start."""
        self.tenant = Tenant("Bench", "AC" + "1".zfill(32), "0123456789abcdef" * 2)
        self.line = LINE
        self.passwords = {USERS["admin"]: PASSWORD}
        name = self.env["CENTRALA_DB_NAME"]
        if not self.sql("SELECT 1 FROM tenant"):
            self.say(f"seeding {self.conversations:,} conversations and {self.messages:,} messages")
            self.add_tenant(self.tenant)
            self.ctl("user", "add", USERS["admin"], "--tenant", "Bench", "--role", "admin", input=PASSWORD + "\n")
            self.ctl("line", "add", self.line, "--tenant", "Bench", "--channel", "sms")
            self.database.script(name, HERE / "seed.sql", messages=self.messages, conversations=self.conversations)
            if self.database.kept:  # what is still to be written is written now, not during the first round
                self.database.stop()
                self.database.start()
        self.tenant.id = self.sql("SELECT id FROM tenant")[0]["id"]
        self.reset()

    def reset(self):
        self.database.script(self.env["CENTRALA_DB_NAME"], HERE / "reset.sql")
        self.database.settle()

    def refresh_totals(self):
        """`fcgi-cron --once` as crontab would run it, in a slot that is free."""
        self.sql("DELETE FROM job_slot")
        self.sql("DELETE FROM message_total")
        done = subprocess.run([self.bin / "fcgi-cron", "--once"], env=self.env, cwd=self.folder, capture_output=True, text=True, timeout=120)
        row = self.sql("SELECT outcome FROM job_slot WHERE job = 'stats_refresh'")
        assert done.returncode == 0 and row and row[0]["outcome"] == "tenants=1", f"fcgi-cron --once: {done.returncode} {row} {done.stderr}"

    def added(self):
        """Messages and events since the seed."""
        row = self.sql("SELECT (SELECT COUNT(*) FROM message WHERE tenant_id = b.tenant_id AND direction = 0 AND id > b.message_max) AS messages, "
                       "(SELECT COUNT(*) FROM message_event WHERE id > b.event_max) AS events FROM bench_seed b")[0]
        return row["messages"], row["events"]

    # ---- requests as bytes ----

    def _get(self, path, *headers):
        host = urllib.parse.urlsplit(self.url).netloc
        return "\r\n".join([f"GET {path} HTTP/1.1", f"Host: {host}", "User-Agent: bench", *headers, "", ""]).encode()

    def sign_in(self):
        self.browser = self.login("admin")
        self.cookie = "Cookie: " + "; ".join(f"{c.name}={c.value}" for c in self.browser.cookies)
        self.bearer = f"Authorization: Bearer {self.token('admin')}"

    def page(self, path):
        return self._get(path, self.cookie)

    def api(self, path):
        return self._get(path, self.bearer)

    def plain(self, path):
        return self._get(path)

    def idle_path(self):
        """An address of the live view that answers 204 until something happens."""
        url, cursor = re.search(r'data-live-url="([^"]+)" data-cursor="([^"]+)"', self.browser.page("/conversations")).groups()
        for _ in range(5):
            path = f"{url.replace('&amp;', '&')}&cursor={urllib.parse.quote(cursor)}"
            answer = self.browser.get(path)
            if answer.status_code == 204:
                return path
            cursor = answer.headers["X-Cursor"]
        raise AssertionError(f"{path} answers {answer.status_code}, not 204")

    def webhook_fields(self):
        """The parameters of an inbound text in order of name; None for what each request has of its own."""
        fields = {"ToCountry": "US", "ToState": "CA", "SmsMessageSid": None, "NumMedia": "0", "ToCity": "SAN FRANCISCO", "FromZip": "94105", "SmsSid": None,
                  "FromState": "CA", "SmsStatus": "received", "FromCity": "OAKLAND", "Body": None, "FromCountry": "US", "To": self.line,
                  "MessagingServiceSid": "MG" + "2".zfill(32), "ToZip": "94107", "NumSegments": "1", "MessageSid": None, "AccountSid": self.tenant.sid,
                  "From": None, "ApiVersion": "2010-04-01"}
        return dict(sorted(fields.items()))

    def webhook_head(self):
        host = urllib.parse.urlsplit(self.url).netloc
        return "\r\n".join(["POST /twilio/inbound HTTP/1.1", f"Host: {host}", "User-Agent: TwilioProxy/1.1", "I-Twilio-Idempotency-Token: bench",
                            "Content-Type: application/x-www-form-urlencoded; charset=UTF-8", "X-Twilio-Signature: "])

    def webhook(self, sid, sender, body):
        """A signed one, ready to be sent."""
        own = {"MessageSid": sid, "SmsSid": sid, "SmsMessageSid": sid, "From": sender, "Body": body}
        params = {k: own.get(k, v) for k, v in self.webhook_fields().items()}
        form = urllib.parse.urlencode(params).encode()
        signature = self.sign(self.public_url + "/twilio/inbound", params, self.tenant.token)
        return (self.webhook_head() + f"{signature}\r\nContent-Length: {len(form)}\r\n\r\n").encode() + form

    def bodies(self, many=64):
        return [row["body"] for row in self.sql("SELECT body FROM message ORDER BY tenant_id, conversation_id, id LIMIT %s", many)]

    def worker_pids(self):
        return children(self.fcgi.pid)
