"""Asking language models: bodies against the providers' schemas, and providers/model.h against the simulated ones."""
import http.server
import itertools
import json
import os
import pathlib
import shutil
import ssl
import subprocess
import threading
import time

import pytest

from core_tools import PROFILE, ROOT
from models import Models
from stack import clean_env

HOST = ROOT / "build" / PROFILE / "http" / "modelhost"
SHARED = pathlib.Path(os.environ.get("CENTRALA_SHARED") or ROOT.parent / "shared") / "data" / "ai-schemas"
VERSIONS = ("2023-06-01", "2026-10-21")
HI = [[False, "Hi"]]


@pytest.fixture(scope="module", autouse=True)
def host_program():
    extra = ["SANITIZE=1"] if PROFILE == "asan" else []
    subprocess.run(["make", "-s", *extra, "-f", "GNUmakefile", "-f", "tests/http/modelhost.mk", str(HOST.relative_to(ROOT))], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def host(action, requests, **settings):
    env = clean_env(ASAN_OPTIONS="detect_leaks=0", **{f"CENTRALA_{k.upper()}": v for k, v in settings.items()})
    lines = "".join(json.dumps({"turns": HI, **r}) + "\n" for r in requests)
    done = subprocess.run([HOST, action], input=lines, env=env, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


def build(requests, **settings):
    return host("build", requests, **settings)


def ask(models, *requests, **settings):
    """Results in the order of the requests."""
    return sorted(host("ask", requests, **{**models.settings, **settings}), key=lambda r: r["line"])


def ask_one(models, **request):
    return ask(models, request)[0]


# ---- bodies ----

TURNS = (
    HI,
    [[False, "Zażółć 👍 \"quoted\" \\ <b>"], [True, "Answer"], [False, "More\n\tlines\r\n"]],
    [[True, "We wrote first"], [False, "a"], [False, "b"], [True, "c "], [True, " d "]],
    [[False, ""], [False, " \n"], [True, "\x01"]],
    [],
    [[i % 3 == 0, f"message {i} " + "x" * (i * 7)] for i in range(200)],
)


def variants(provider):
    """Requests of every kind: each switch with each conversation."""
    switches = [{"may_hand_off": h, **t, **s, **m} for h, t, s, m in itertools.product(
        (False, True),
        ({}, {"temperature": 0}, {"temperature": 0.7}, {"temperature": 2}),
        ({}, {"system": "You help.\nAlways. "}),
        ({}, {"max_tokens": 1, "user_hash": "a" * 64}))]
    if provider == "openai":
        switches = [{**s, **o} for s in switches for o in (
            {}, {"structure": "json_object"}, {"structure": "prompt"}, {"tokens_param": "max_tokens"})]
    else:
        switches = [{**s, "api_version": v} for s in switches for v in VERSIONS]
    return [{"provider": provider, "turns": turns, **s} for s in switches for turns in TURNS]


def validator(name):
    jsonschema = pytest.importorskip("jsonschema")
    path = SHARED / name
    if not path.is_file():
        pytest.skip(f"{path} not present")
    schema = json.loads(path.read_text())
    return jsonschema.validators.validator_for(schema)(schema)


def check(requests, schema):
    judge = validator(schema)
    for request, built in zip(requests, build(requests), strict=True):
        errors = [e.message for e in judge.iter_errors(built["body"])]
        assert not errors, (request, built["body"], errors[:3])


def test_openai_bodies_fit_the_schema():
    check(variants("openai"), "openai_chat_request.strict.schema.json")


@pytest.mark.parametrize("version", VERSIONS)
def test_anthropic_bodies_fit_the_schema(version):
    check([r for r in variants("anthropic") if r["api_version"] == version], f"anthropic_{version}_request.schema.json")


def test_the_schemas_judge():
    """They refuse what the vectors say they refuse: a validator that takes anything would prove nothing."""
    path = SHARED / "request_vectors.json"
    if not path.is_file():
        pytest.skip(f"{path} not present")
    openai, anthropic = validator("openai_chat_request.strict.schema.json"), {v: validator(f"anthropic_{v}_request.schema.json") for v in VERSIONS}
    for vector in json.loads(path.read_text())["vectors"]:
        if vector["api"] == "openai_chat":
            assert openai.is_valid(vector["body"]) == vector["valid"], vector["note"]
        else:
            for version, judge in anthropic.items():
                assert judge.is_valid(vector["body"]) == vector["valid_" + version.replace("-", "_")], vector["note"]


def test_requests_are_the_sdks_own():
    path = SHARED / "sdk_wire_captures.json"
    if not path.is_file():
        pytest.skip(f"{path} not present")
    compared = 0
    for capture in json.loads(path.read_text())["requests"]:
        body, headers = capture["body"], {k.lower(): v for k, v in capture["headers"].items()}
        if body.get("stream"):
            continue
        version = headers.get("anthropic-version")
        key = headers.get("x-api-key") or headers["authorization"].removeprefix("Bearer ")
        ours = build([{"provider": "anthropic" if version else "openai", "api_version": version, "key": key, "model": body["model"],
                       "max_tokens": body.get("max_tokens", 0), "turns": [[False, m["content"]] for m in body["messages"]]}])[0]
        assert ours["body"] == body and ours["url"].endswith(capture["path"])
        sent = dict(h.split(": ", 1) for h in ours["headers"])
        assert {k.lower(): v for k, v in sent.items()} == {k: v for k, v in headers.items() if k != "content-type"}
        compared += 1
    assert compared == 3


# ---- over the wire ----

PROVIDERS = [{"provider": "openai"}, {"provider": "anthropic"}, {"provider": "anthropic", "api_version": VERSIONS[1]}]


def test_every_variant_is_taken(models):
    """The simulator refuses what the real ones refuse; nothing of ours is."""
    requests = variants("openai")[::7] + variants("anthropic")[::5]
    results = ask(models, *requests)
    assert {r["outcome"] for r in results} == {"answered"}, [r for r in results if r["outcome"] != "answered"][:2]
    assert models.counts()["refused"] == []


@pytest.mark.parametrize("who", PROVIDERS, ids=lambda w: w["provider"] + w.get("api_version", ""))
@pytest.mark.parametrize("may_hand_off", [False, True])
def test_outcomes(models, who, may_hand_off):
    request = {**who, "may_hand_off": may_hand_off, "model": "some-model", "turns": [[False, "When do you open?"]]}
    answered = ask_one(models, **request)
    assert answered["outcome"] == "answered" and answered["text"] == "Answer to: When do you open?" and answered["model"] == "some-model"
    assert (answered["tokens_in"], answered["tokens_out"], answered["tries"], answered["error"]) == (20, 10, 1, "")
    assert answered["request_id"].startswith("req_")
    filtered = "filtered" if who["provider"] == "openai" else "bad_request"
    for kind, outcome in (("refusal", "refused"), ("length", "cut"), ("empty", "empty"), ("filter", filtered)):
        models.script(kind=kind, reason="because")
        result = ask_one(models, **request)
        assert result["outcome"] == outcome and result["text"] is None and result["tries"] == 1
        assert result["reason"] == ("because" if kind == "refusal" else "")
    if may_hand_off:
        models.script(kind="hand_off", reason="wants a person")
        result = ask_one(models, **request)
        assert result["outcome"] == "handed_off" and result["reason"] == "wants a person" and result["text"] is None


@pytest.mark.parametrize("structure", ["json_object", "prompt"])
def test_a_server_that_knows_less(models, structure):
    models.config(structure=structure, dialect="max_tokens")
    request = {"may_hand_off": True, "max_tokens": 100, "user_hash": "x"}
    refused = ask_one(models, **request)
    assert refused["outcome"] == "bad_request" and refused["error"] == "Extra inputs are not permitted" and refused["tries"] == 1
    models.script(kind="hand_off", reason="unsure", match={"last": "refund"})
    known = {"openai_structure": structure, "openai_tokens_param": "max_tokens"}
    results = ask(models, request, {**request, "turns": [[False, "refund"]]}, **known)
    assert [r["outcome"] for r in results] == ["answered", "handed_off"]
    assert ask_one(models, **request, structure=structure, tokens_param="max_tokens")["outcome"] == "answered"


@pytest.mark.parametrize("who", PROVIDERS, ids=lambda w: w["provider"] + w.get("api_version", ""))
def test_refusals_are_not_repeated(models, who):
    models.config(keys=["right"], models=["known"])
    wrong = ask_one(models, **who, key="very-wrong-key", model="known")
    assert wrong["outcome"] == "denied" and wrong["status"] == 401 and wrong["tries"] == 1 and "very-wrong-key" not in wrong["error"]
    absent = ask_one(models, **who, key="right", model="unknown")
    assert absent["outcome"] == "bad_request" and absent["status"] == 404 and absent["tries"] == 1
    for spec, outcome, status in (({"kind": "quota"}, "quota", 429 if who["provider"] == "openai" else 402),
                                  ({"kind": "error", "status": 403}, "denied", 403), ({"kind": "error", "status": 413}, "bad_request", 413),
                                  ({"kind": "error", "status": 500, "should_retry": False}, "down", 500),
                                  ({"kind": "error", "status": 429, "retry_after": 61}, "busy", 429),
                                  ({"kind": "raw", "body": "{\"cut"}, "nonsense", 200), ({"kind": "html", "status": 200}, "nonsense", 200)):
        models.script(**spec)
        result = ask_one(models, **who, key="right", model="known")
        assert (result["outcome"], result["status"], result["tries"]) == (outcome, status, 1), spec
        assert result["error"]


@pytest.mark.parametrize("who", PROVIDERS, ids=lambda w: w["provider"] + w.get("api_version", ""))
def test_repeats_what_may_pass(models, who):
    cases = [{"kind": "error", "status": s} for s in (408, 409, 429, 500, 502, 503, 504, 529)]
    cases += [{"kind": "cut"}, {"kind": "cut", "partial": 120}, {"kind": "html"}, {"kind": "error", "status": 400, "should_retry": True}]
    for i, case in enumerate(cases):
        models.script(**case, match={"last": f"case {i}."})
    results = ask(models, *({**who, "turns": [[False, f"case {i}."]]} for i in range(len(cases))))
    for case, result in zip(cases, results):
        assert (result["outcome"], result["tries"]) == ("answered", 2), (case, result)
        assert 375 <= result["ms"] < 20000


def test_gives_up_after_two_repetitions(models):
    for spec, outcome in (({"kind": "error", "status": 529}, "busy"), ({"kind": "error", "status": 500}, "down"), ({"kind": "cut"}, "down"), ({"kind": "html"}, "down")):
        models.reset()
        models.script(**spec, times=10)
        start = time.monotonic()
        result = ask_one(models)
        assert (result["outcome"], result["tries"], models.counts()["asked"]) == (outcome, 3, 3)
        assert time.monotonic() - start >= 0.375 + 0.75
    assert "502 Bad Gateway" in result["error"], "an edge server's page is told as it came"


def test_waits_as_long_as_the_provider_asks(models):
    for spec, least, most in (({"retry_after": 1}, 1000, 2500), ({"retry_after_ms": 50}, 50, 350), ({"retry_after_ms": 50, "retry_after": 30}, 50, 350)):
        for turn in range(5):  # the machine may be busy with something else: once it is not
            models.script(kind="error", status=429, **spec)
            result = ask_one(models)
            assert result["outcome"] == "answered" and result["tries"] == 2 and least <= result["ms"], (spec, result)
            if result["ms"] <= most:
                break
        assert result["ms"] <= most, (spec, result)


def test_time_limit(models):
    models.script(kind="hang", times=3)
    result = ask_one(models, limit_ms=300)
    assert result["outcome"] == "down" and result["tries"] == 3 and result["status"] == 0 and "timed out" in result["error"].lower()
    assert 900 + 375 + 750 <= result["ms"] < 20000
    models.wait(lambda counts: counts["outcomes"].get("left") == 3)


def test_not_reached():
    with Models() as gone:
        settings = gone.settings
    result = sorted(host("ask", [{}], **settings), key=lambda r: r["line"])[0]
    assert result["outcome"] == "down" and result["tries"] == 3 and result["error"]


def test_answer_of_more_than_a_megabyte(models):
    models.script(kind="text", text="x" * (1024 * 1024 + 1))
    result = ask_one(models)
    assert result["outcome"] == "nonsense" and result["tries"] == 1 and "larger" in result["error"]
    models.script(kind="text", text="x" * 1000 * 1000)
    assert len(ask_one(models)["text"]) == 1000 * 1000


def test_a_hundred_at_once(models):
    """They think for three seconds each, and that is how long all of them take. (A machine that needs long for a hundred
    questions without any thinking gets models that think longer.)"""
    questions = [{"turns": [[False, f"question {i}"]], "provider": ("openai", "anthropic")[i % 2]} for i in range(100)]

    def answers():
        start = time.monotonic()
        results = ask(models, *questions)
        assert [r["text"] for r in results] == [f"Answer to: question {i}" for i in range(100)]
        return time.monotonic() - start
    thinking = max(3, 3 * answers())
    models.config(latency_ms=int(thinking * 1000))
    took = answers()
    assert models.counts()["most_in_flight"] == 100
    assert took < 2 * thinking, (took, thinking)


# ---- addresses that a tenant chose ----

def test_a_tenants_address_stays_outside(models):
    """Loopback under every name, and without TLS: nothing arrives; the operator's own setting may."""
    port = models.url.rsplit(":", 1)[1]
    bases = [models.url, *(f"{scheme}://{name}:{port}/v1" for scheme in ("http", "https") for name in
                           ("127.0.0.1", "localhost", "127.1", "0x7f000001", "[::ffff:127.0.0.1]", "0.0.0.0"))]
    for provider, setting in (("openai", "openai_api_base"), ("anthropic", "anthropic_api_base")):
        results = sorted(host("ask", [{"provider": provider, "api_base": base} for base in bases]), key=lambda r: r["line"])
        for base, result in zip(bases, results, strict=True):
            assert (result["outcome"], result["status"], result["tries"]) == ("bad_request", 0, 1), (base, result)
        assert models.counts()["asked"] == 0
        assert host("ask", [{"provider": provider, "api_base": models.url}], **{setting: models.url})[0]["outcome"] == "answered"
        assert host("ask", [{"provider": provider, "api_base": f"http://localhost:{port}"}], ai_allow_private=1)[0]["outcome"] == "answered"
        models.reset()


def test_a_certificate_that_nobody_vouches_for(tmp_path):
    """The key must not go to a server that is not the one it says it is."""
    if not shutil.which("openssl"):
        pytest.skip("the program openssl is not installed")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1",
                    "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", tmp_path / "key", "-out", tmp_path / "cert"], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert", tmp_path / "key")
    arrived = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            arrived.append(self.path)
            self.send_error(500)

        def log_message(self, *_args):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.handle_error = lambda *_args: None
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        base = f"https://127.0.0.1:{server.server_port}"
        results = host("ask", [{}, {"api_base": base + "/v1"}], openai_api_base=base, ai_allow_private=1)
        server.shutdown()
    assert [r["outcome"] for r in results] == ["down", "down"] and arrived == []
    assert all("certificate" in r["error"] for r in results), results


def test_redirects_are_not_followed(models):
    with Models() as other:
        for status in (307, 302):
            models.script(kind="error", status=status, location=other.url + "/v1/chat/completions")
        for _ in range(2):
            result = ask_one(models)
            assert result["outcome"] == "bad_request" and result["tries"] == 1 and "redirects" in result["error"]
        assert other.counts()["asked"] == 0
