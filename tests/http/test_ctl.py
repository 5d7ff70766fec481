"""centralactl: what an operator sets up with and debugs with; each command's words, output and exit code."""
import json
import re
import secrets
import subprocess

import pytest

from core_tools import ROOT
from panel import at_once, new_number, shared
from stack import BIN, clean_env


def run(*arguments, input="", env=None):
    """Without a stack: the instruments need none."""
    text = input if isinstance(input, bytes) else input.encode()
    done = subprocess.run([BIN / "centralactl", *[str(a) for a in arguments]], input=text, capture_output=True, timeout=60, env=env or clean_env())
    done.stdout, done.stderr = done.stdout.decode(), done.stderr.decode()
    return done


# ---- words ----

def test_help_and_wrong_words():
    done = run("help")
    assert done.returncode == 0 and done.stderr == ""
    for command in ("migrate", "tenant add", "user add", "line add", "token new", "routes", "config check", "doctor", "signature", "segments", "phone", "render"):
        assert f"  {command} " in done.stdout
    for words in ((), ("fly",), ("tenant",), ("tenant", "delete")):
        done = run(*words)
        assert done.returncode == 2 and "centralactl help" in done.stderr and done.stdout == ""


@pytest.mark.parametrize("words", [("tenant", "add"), ("user", "add", "a@example.com"), ("line", "add", "+48500100100"), ("token", "new")])
def test_missing_arguments_are_told(stack, words):
    done = stack.ctl(*words, check=False)
    assert done.returncode == 2 and done.stderr.startswith("usage: centralactl " + " ".join(words[:2]))


@pytest.mark.parametrize("words", [("tenant", "add", "Shop", "--sidd", "AC1"), ("tenant", "add", "Shop", "--sid"), ("tenant", "add", "Shop", "and more"), ("migrate", "now"),
                                   ("user", "add", "a@example.com", "--tenant", "Shop", "--rolle", "admin"), ("line", "add", "+48500100100", "--tenant", "Shop", "--chanel", "sms"),
                                   ("token", "new", "--user", "a@example.com", "extra"), ("token", "revoke", "a@example.com"), ("demo", "--once"), ("doctor", "all"), ("routes", "all")])
def test_what_no_command_knows_is_refused_before_anything_is_done(stack, words):
    before = stack.sql("SELECT COUNT(*) AS n FROM tenant")
    done = stack.ctl(*words, check=False)
    assert done.returncode == 2 and done.stderr.startswith("centralactl: ") and done.stdout == ""
    assert stack.sql("SELECT COUNT(*) AS n FROM tenant") == before


# ---- setting up ----

def test_migrations_run_once_whoever_starts_them(database, stack):
    env = {**stack.env, **database.create()}
    done = at_once(3, lambda _: subprocess.run([BIN / "centralactl", "migrate"], env=env, capture_output=True, text=True, timeout=120))
    assert [d.returncode for d in done] == [0, 0, 0], [d.stderr for d in done]
    counts = sorted(int(re.match(r"(\d+) migrations? applied", d.stdout).group(1)) for d in done)
    assert counts[:2] == [0, 0] and counts[2] == len(list((ROOT / "schema").glob("0*.sql")))
    again = subprocess.run([BIN / "centralactl", "migrate"], env=env, capture_output=True, text=True, timeout=120)
    assert again.stdout.startswith("0 migrations applied")


def test_migrate_makes_the_key_and_never_another_one(stack, database, tmp_path):
    env = {**stack.env, **database.create(), "CENTRALA_KEY_FILE": str(tmp_path / "key"), "CENTRALA_SETUP_CODE_FILE": str(tmp_path / "code")}
    first = stack.ctl("migrate", env=env)
    assert re.search(r"^set-up code: \S{12,}$", first.stdout, re.M) and (tmp_path / "code").read_text().strip() in first.stdout
    key = (tmp_path / "key").read_bytes()
    assert oct((tmp_path / "key").stat().st_mode & 0o777) == "0o600"
    stack.ctl("migrate", env=env)
    assert (tmp_path / "key").read_bytes() == key
    (tmp_path / "key").chmod(0o644)
    done = stack.ctl("tenant", "add", "X", env=env, check=False)
    assert done.returncode == 1 and "0600" in done.stderr, "a key that others can read is no key"


def test_a_tenant_is_added_or_nothing(stack):
    name, sid = "Zakład " + secrets.token_hex(3), "AC" + secrets.token_hex(16)
    for wrong, field in ((["--sid", "AC12", "--token", "x" * 32], "sid"), (["--sid", sid, "--token", "short"], "token"), (["--sid", sid], "token"),
                         (["--sid", sid, "--token", "x" * 32, "--api-key", "XX"], "api_key_sid"), (["--zone", "Europe/Atlantis"], "zone"),
                         (["--sid", sid, "--token", "x" * 32, "--messaging-service", "MG1"], "messaging_service_sid"), (["--token", "x" * 32], "sid"),
                         (["--country", "XX"], "country"), (["--language", "fr"], "language"), ([f"--sid={stack.tenant.sid}", "--token=" + "x" * 32], "sid")):
        done = stack.ctl("tenant", "add", name, *wrong, check=False)
        assert done.returncode == 1 and done.stderr.startswith(f"centralactl: {field}: "), done.stderr
        assert not stack.sql("SELECT id FROM tenant WHERE name = %s", name), wrong
    done = stack.ctl("tenant", "add", name, f"--sid={sid}", "--token", "x" * 32, "--api-key", "SK" + "1" * 32, "--api-secret", "s" * 32, "--language", "es")
    secret = stack.sql("SELECT hook_secret FROM tenant WHERE name = %s", name)[0]["hook_secret"]
    assert f"/hook/{secret}/" in done.stdout and "x" * 32 not in done.stdout
    done = stack.ctl("tenant", "add", name, check=False)
    assert done.returncode == 1 and done.stderr.startswith("centralactl: tenant: ")


def test_users(stack):
    email = f"user{secrets.token_hex(3)}@example.com"
    tenant = ["--tenant", stack.tenant.name]
    for arguments, text, field in (([email, *tenant, "--role", "king"], "a long password\n", "role"), ([email, *tenant, "--role", "agent"], "short\n", "password"),
                                   (["nobody", *tenant, "--role", "agent"], "a long password\n", "email"), ([email, "--tenant", "Absent", "--role", "agent"], "a long password\n", "tenant"),
                                   (["agent@example.com", *tenant, "--role", "agent"], "a long password\n", "email")):
        done = stack.ctl("user", "add", *arguments, input=text, check=False)
        assert done.returncode == 1 and done.stderr.startswith(f"centralactl: {field}: "), done.stderr
    done = stack.ctl("user", "add", email, *tenant, "--role", "agent", "--name", "Ewa", input="")
    password = re.search(r"password: (\S+)$", done.stdout.strip()).group(1)
    assert len(password) >= 12
    assert stack.login(email, password=password).page("/account").count("Ewa") >= 1
    stack.ctl("user", "add", "given" + email, *tenant, "--role", "agent", input="hasło z ogonkami ąę\n")
    assert stack.login("given" + email, password="hasło z ogonkami ąę").get("/account").status_code == 200


def test_lines(stack):
    tenant, number = ["--tenant", stack.tenant.name], new_number()
    for arguments, field in ((["12", *tenant, "--channel", "sms"], "line"), ([number, *tenant, "--channel", "fax"], "channel"), ([stack.line, *tenant, "--channel", "sms"], "line"),
                             ([number, "--tenant", "Absent", "--channel", "sms"], "tenant"), ([number, *tenant, "--channel", "sms", "--per-second", "fast"], "--per-second is")):
        done = stack.ctl("line", "add", *arguments, check=False)
        assert done.returncode == 1 and done.stderr.startswith(f"centralactl: {field}"), done.stderr
    assert stack.ctl("line", "add", number, *tenant, "--channel", "whatsapp", "--name", "Sklep", "--per-second", "7").stdout == f"line {number} added\n"
    (row,) = stack.sql("SELECT * FROM line WHERE address = %s", "whatsapp:" + number)
    assert (row["channel"], row["name"], row["per_second"]) == ("whatsapp", "Sklep", 7)


def test_tokens_are_revoked(stack):
    stack.add_user("leaving@example.com", "agent")
    ask = {"headers": {"Authorization": "Bearer " + stack.ctl("token", "new", "--user", "leaving@example.com").stdout.split()[-1]}}
    assert stack.get("/api/conversations", **ask).status_code == 200
    assert stack.ctl("token", "revoke", "--user", "leaving@example.com").stdout == "1 token revoked\n"
    assert stack.get("/api/conversations", **ask).status_code == 401
    assert stack.ctl("token", "revoke", "--user", "leaving@example.com").stdout == "0 tokens revoked\n"
    assert stack.ctl("token", "revoke", "--user", "nobody@example.com", check=False).returncode == 1
    assert stack.ctl("token", "revoke", check=False).returncode == 2


def test_tokens(stack):
    done = stack.ctl("token", "new", "--user", "agent@example.com", "--name", "till")
    assert re.fullmatch(r"[\w-]+\.[\w-]+\.[\w-]+\n", done.stdout), "only the token: it is used in scripts"
    assert stack.get("/api/messages", headers={"Authorization": "Bearer " + done.stdout.strip()}).status_code == 200
    done = stack.ctl("token", "new", "--user", "nobody@example.com", check=False)
    assert done.returncode == 1 and done.stderr.startswith("centralactl: user: ")


# ---- settings, doctor ----

def test_config_check(tmp_path):
    assert run("config", "check").returncode == 0
    path = tmp_path / "centrala.conf"
    path.write_text(run("config", "example").stdout)
    assert run("config", "check", "--config", path).returncode == 0
    path.write_text("[main]\nworkers = many\n[db]\npasword = geheim\n[nowhere]\nx = 1\n")
    done = run("config", "check", "--config", path)
    assert done.returncode == 1 and "geheim" not in done.stderr
    for mistake in ("workers", "pasword", "nowhere"):
        assert mistake in done.stderr, done.stderr
    done = run("config", "check", env=clean_env(CENTRALA_WORKERS="x", CENTRALA_DB_PASSWORD="geheim", CENTRALA_DB_PASWORD="geheim"))
    assert done.returncode == 1 and "CENTRALA_WORKERS" in done.stderr and "CENTRALA_DB_PASWORD" in done.stderr and "geheim" not in done.stderr
    assert run("config", "check", "--config", tmp_path / "absent").returncode == 1
    assert run("config", "check", "--config").returncode == 2 and run("config", "check", "x").returncode == 2


def test_doctor(make_stack):
    stack = make_stack(cron=False, test_mode=True)
    done = stack.ctl("doctor", check=False)
    assert done.returncode == 0 and "BAD" not in done.stdout, done.stdout
    assert stack.tenant.name in done.stdout and stack.tenant.token not in done.stdout
    for env, word in (({"CENTRALA_DB_SOCKET": "/absent.sock"}, "database"), ({"CENTRALA_KEY_FILE": "/absent.key"}, "key file"),
                      ({"CENTRALA_TEST_MODE": "0"}, "https"), ({"CENTRALA_ROOT": "/absent"}, "templates")):
        done = stack.ctl("doctor", check=False, env=env)
        assert done.returncode == 1 and re.search(rf"^BAD .*{word}", done.stdout, re.M), (env, done.stdout)
    assert stack.ctl("doctor", check=False, env={"CENTRALA_TEST_MODE": "0", "CENTRALA_PUBLIC_URL": "https://panel.example.com"}).returncode == 0


def test_the_demo_tenant_once(make_stack):
    stack = make_stack(seed=False, cron=False, test_mode=True)
    email, password = stack.ctl("demo").stdout.split()
    browser = stack.login(email, password=password)
    assert browser.page("/conversations").count('class="conversation-row') >= 4
    assert stack.ctl("demo", check=False).returncode == 1
    assert stack.sim.get("counts")["asked"] == 0


# ---- instruments ----

URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
BODY = "CallSid=CA1234567890ABCDE&Caller=%2B14158675309&Digits=1234&From=%2B14158675309&To=%2B18005551212"


def test_signature_says_valid_or_invalid():
    arguments = ("signature", "--url", URL, "--token", "12345", "--header")
    done = run(*arguments, "RSOYDt4T1cUTdK1PDd93/VVr8B8=", input=BODY)
    assert (done.returncode, done.stdout, done.stderr) == (0, "valid\n", "")
    for header, body in (("RSOYDt4T1cUTdK1PDd93/VVr8B9=", BODY), ("RSOYDt4T1cUTdK1PDd93/VVr8B8=", BODY + "x"), ("", BODY), ("x" * 28, "")):
        done = run(*arguments, header, input=body)
        assert (done.returncode, done.stdout) == (1, "invalid\n")
    assert run("signature", "--url", URL, "--token", "12345").returncode == 2
    done = run("signature", "12345", "--url", URL, "--token", "12345", "--header", "x", "another-secret")
    assert done.returncode == 2 and "another-secret" not in done.stderr


def signed_url(vector):
    """What the library makes of a request and its options."""
    given = vector.get("opts") or {}
    made = "{}://{}{}".format(*(given.get(k) or vector.get(k) for k in ("protocol", "host", "original_url")))
    return given.get("url") or vector.get("url") or made


def test_signature_agrees_with_the_official_library():
    differing = []
    for v in shared("twilio-signature/signature_vectors.json")["vectors"]:
        url, body = signed_url(v), v["body"] if v["kind"] == "body" else v["raw_body"]
        if v["contested"] or "\0" in url + v["token"] + (v["header"] or ""):
            continue
        done = run("signature", "--url", url, "--token", v["token"], "--header=" + (v["header"] or ""), input=body or "")
        if (done.returncode == 0) != v["expected_valid"] or done.stdout != ("valid\n" if v["expected_valid"] else "invalid\n"):
            differing.append((v["id"], v["note"], done.stdout, done.stderr))
    assert differing == []


def test_segments_agree_with_the_official_calculator():
    differing = []
    for v in shared("sms-segments/sms_vectors.json")["vectors"]:
        told = json.loads(run("segments", input=v["text"].encode("utf-8", "surrogatepass")).stdout)
        if not v["contested"] and (told["encoding"], told["segments"], told["units"]) != (v["encoding"], v["segments"], v["units"]):
            differing.append((v["id"], v["note"], told))
    assert differing == []


@pytest.mark.parametrize("text, encoding, segments, units", [("x" * 160, "GSM-7", 1, 160), ("x" * 161, "GSM-7", 2, 161), ("ł" * 70, "UCS-2", 1, 70), ("ł" * 71, "UCS-2", 2, 71),
                                                             ("x" * 152 + "€" + "x" * 8, "GSM-7", 2, 162), ("ł" * 66 + "👍" + "ł" * 3, "UCS-2", 2, 71)])
def test_segments_at_the_borders(text, encoding, segments, units):
    done = run("segments", input=text)
    told = json.loads(done.stdout)
    assert done.returncode == 0 and (told["encoding"], told["segments"], told["units"]) == (encoding, segments, units)
    assert run("segments", "x").returncode == 2


def test_phone_reads_a_number_a_line():
    done = run("phone", "--country", "PL", input="500 100 100\n+1 415 555 2671\nabc\n\n0048500100100")
    assert done.returncode == 0 and done.stdout.splitlines() == ["+48500100100", "+14155552671", "invalid", "invalid", "+48500100100"]
    assert run("phone", input="500100100\n+48500100100\n").stdout.splitlines() == ["invalid", "+48500100100"]
    assert run("phone", input="").stdout == ""
    assert run("phone", "--country", "XX", input="1").returncode == 2 and run("phone", "--country").returncode == 2


def test_phone_agrees_with_the_vectors():
    rows = [v for v in shared("e164/e164_vectors.json")["vectors"] if not v["contested"] and not re.search("[\n\r\0]", v["input"])]
    differing = []
    for country in {v["default_country"] for v in rows}:
        own = [v for v in rows if v["default_country"] == country]
        done = run("phone", *(["--country", country] if country else []), input="".join(v["input"] + "\n" for v in own))
        differing += [(v["id"], v["input"], told) for v, told in zip(own, done.stdout.splitlines(), strict=True) if told != (v["e164"] or "invalid")]
    assert differing == []


def test_render(tmp_path):
    (tmp_path / "parts").mkdir()
    (tmp_path / "page.mustache").write_text("{{#items}}{{> parts/one}}\n{{/items}}{{^items}}none{{/items}}")
    (tmp_path / "parts/one.mustache").write_text("<{{name}}>")
    data = json.dumps({"items": [{"name": "a & <b>"}, {"name": "ł"}]})
    done = run("render", tmp_path / "page.mustache", "--partials", tmp_path, input=data)
    assert done.returncode == 0, done.stderr
    assert done.stdout.replace("\n", "") == "<a &amp; &lt;b&gt;><ł>"
    assert run("render", tmp_path / "page.mustache", "--partials", tmp_path, input="{}").stdout == "none"
    (tmp_path / "broken.mustache").write_text("{{#a}}")
    for arguments, text, status in ((["render", tmp_path / "broken.mustache"], "{}", 1), (["render", tmp_path / "absent.mustache"], "{}", 1),
                                    (["render", tmp_path / "page.mustache", "--partials", tmp_path / "parts"], "not JSON", 1), (["render"], "{}", 2),
                                    (["render", tmp_path / "page.mustache", "--partials", tmp_path / "absent"], "{}", 1)):
        done = run(*arguments, input=text)
        assert done.returncode == status and done.stderr and done.stdout == "", arguments


def test_render_passes_the_specification():
    ran, differing = 0, []
    import pathlib
    import tempfile
    for name in ("comments", "delimiters", "interpolation", "inverted", "partials", "sections", "optional-inheritance"):
        for case in shared(f"mustache-spec/{name}.json")["tests"]:
            with tempfile.TemporaryDirectory() as folder:
                folder = pathlib.Path(folder)
                (folder / "partials").mkdir()
                (folder / "t").write_text(case["template"], newline="")
                for partial, text in case.get("partials", {}).items():
                    (folder / "partials" / f"{partial}.mustache").write_text(text, newline="")
                done = subprocess.run([BIN / "centralactl", "render", folder / "t", "--partials", folder / "partials"], input=json.dumps(case["data"]).encode(),
                                      capture_output=True, timeout=60)
                ran += 1
                if done.stdout.decode() != case["expected"]:
                    differing.append((name, case["name"], done.stdout.decode(), done.stderr.decode()))
    assert differing == [] and ran == 163


def test_results_reach_a_full_disk_loudly():
    done = subprocess.run([BIN / "centralactl", "routes"], stdout=open("/dev/full", "w"), stderr=subprocess.PIPE, text=True, timeout=60)
    assert done.returncode == 1 and "standard output" in done.stderr
