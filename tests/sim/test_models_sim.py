"""The simulated language models: they refuse what the real ones refuse, and answer in their shapes."""
import concurrent.futures
import http.client
import json
import pathlib
import time

import pytest

from asking import SHARED
from models import Models

OPENAI, ANTHROPIC = "/v1/chat/completions", "/v1/messages"
CHAT = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Hi"}]}
MESSAGES = {"model": "claude-haiku-4-5", "max_tokens": 100, "messages": [{"role": "user", "content": "Hi"}]}
OLD, NEW = {"x-api-key": "k", "anthropic-version": "2023-06-01"}, {"Authorization": "Bearer k", "anthropic-version": "2026-10-21"}


@pytest.fixture(scope="module")
def running_models():
    with Models() as models:
        yield models


@pytest.fixture
def models(running_models):
    running_models.reset()
    return running_models


def post(models, path, body, headers=None, limit=20):
    """(status, JSON or text, headers)"""
    kept = http.client.HTTPConnection(models.url[7:], timeout=limit)
    if headers is None:
        headers = {"Authorization": "Bearer k"} if path == OPENAI else OLD
    kept.request("POST", path, body if isinstance(body, str) else json.dumps(body), {"Content-Type": "application/json", **headers})
    answer = kept.getresponse()
    text = answer.read().decode()
    kept.close()
    return answer.status, json.loads(text) if "json" in answer.headers["Content-Type"] else text, answer.headers


def schema(name):
    jsonschema = pytest.importorskip("jsonschema")
    path = pathlib.Path(SHARED) / "data" / "ai-schemas" / name
    if not path.is_file():
        pytest.skip(f"{path} not present")
    value = json.loads(path.read_text())
    return jsonschema.validators.validator_for(value)(value)


@pytest.mark.parametrize("change, words", [
    ({"model": None}, "must provide a model"), ({"messages": []}, "empty array"), ({"messages": "Hi"}, "messages"), ({"foo": 1}, "Unrecognized request argument"),
    ({"messages": [{"role": "bot", "content": "x"}]}, "role"), ({"messages": [{"role": "user", "content": None}]}, "content"),
    ({"temperature": 2.1}, "temperature"), ({"temperature": "0.7"}, "temperature"), ({"max_completion_tokens": 0}, "max_completion_tokens"),
    ({"max_tokens": 1.5}, "max_tokens"), ({"max_tokens": 1, "max_completion_tokens": 1}, "max_completion_tokens"), ({"model": "o4-mini", "max_tokens": 9}, "max_completion_tokens"),
    ({"model": "gpt-5", "temperature": 0.5}, "Only the default"), ({"safety_identifier": "x" * 65}, "too long"), ({"response_format": {"type": "xml"}}, "response_format"),
    ({"response_format": {"type": "json_object"}}, "'json'"), ({"response_format": {"type": "json_schema", "json_schema": {"schema": {}}}}, "name"),
    ({"response_format": {"type": "json_schema", "json_schema": {"name": "a", "strict": True, "schema": {"type": "object", "properties": {"a": {}}, "required": ["a"]}}}}, "additionalProperties"),
    ({"response_format": {"type": "json_schema", "json_schema": {"name": "a", "strict": True, "schema": {"type": "object", "properties": {"a": {}}, "required": [], "additionalProperties": False}}}}, "required"),
])
def test_openai_refuses(models, change, words):
    body = {k: v for k, v in {**CHAT, **change}.items() if v is not None}
    status, answer, headers = post(models, OPENAI, body)
    assert status == 400 and words in answer["error"]["message"] and headers["x-request-id"]
    assert models.asked()[0]["outcome"] == "refused"


@pytest.mark.parametrize("headers, change, status, words", [
    (OLD, {"max_tokens": None}, 400, "max_tokens: Field required"), (OLD, {"max_tokens": 0}, 400, "greater than"), (OLD, {"messages": []}, 400, "at least one"),
    (OLD, {"messages": [{"role": "assistant", "content": "x"}]}, 400, "first message"), (OLD, {"messages": [{"role": "system", "content": "x"}]}, 400, "Unexpected role"),
    (OLD, {"messages": [{"role": "user", "content": ""}]}, 400, "non-empty"), (OLD, {"messages": [{"role": "user", "content": " "}]}, 400, "non-whitespace"),
    (OLD, {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b "}]}, 400, "trailing whitespace"),
    (OLD, {"temperature": 1.5}, 400, "temperature"), (OLD, {"foo": 1}, 400, "Extra inputs"), (OLD, {"metadata": {"a": "b"}}, 400, "Extra inputs"),
    (OLD, {"tool_choice": {"type": "any"}}, 400, "providing tools"), (OLD, {"tools": [{"name": "f"}]}, 400, "input_schema"),
    (NEW, {"temperature": 0.5}, 400, "temperature: Extra inputs"), (NEW, {"top_p": 1}, 400, "top_p"), (NEW, {"top_k": 1}, 400, "top_k"),
    ({**OLD, "anthropic-version": "2026-10-21"}, {}, 401, "Authorization"), ({**NEW, "anthropic-version": "2023-06-01"}, {}, 401, "x-api-key"),
    ({"x-api-key": "k"}, {}, 400, "anthropic-version"), ({**OLD, "anthropic-version": "2020-01-01"}, {}, 400, "anthropic-version"),
])
def test_anthropic_refuses(models, headers, change, status, words):
    body = {k: v for k, v in {**MESSAGES, **change}.items() if v is not None}
    got, answer, sent = post(models, ANTHROPIC, body, headers)
    assert got == status and words in answer["error"]["message"] and answer["request_id"] == sent["request-id"]


def test_refuses_what_is_no_request(models):
    assert post(models, OPENAI, CHAT, {})[0] == 401
    assert post(models, OPENAI, "{", None)[0] == 400
    assert post(models, OPENAI, "[]", None)[0] == 400
    assert post(models, "/v1/embeddings", CHAT)[0] == 404
    models.config(keys=["right"], models=["one"])
    assert post(models, OPENAI, CHAT)[0] == 401
    assert post(models, OPENAI, CHAT, {"Authorization": "Bearer right"})[0] == 404
    assert post(models, OPENAI, {**CHAT, "model": "one"}, {"Authorization": "Bearer right"})[0] == 200


@pytest.mark.parametrize("path, good, error", [
    (OPENAI, "openai_chat_response.schema.json", "openai_error.schema.json"), (ANTHROPIC, "anthropic_2023-06-01_response.schema.json", "anthropic_2023-06-01_error.schema.json"),
    (ANTHROPIC, "anthropic_2026-10-21_response.schema.json", "anthropic_2026-10-21_error.schema.json")])
def test_answers_fit_the_schemas(models, path, good, error):
    answers, errors = schema(good), schema(error)
    body = dict(CHAT if path == OPENAI else MESSAGES)
    headers = NEW if "2026" in good else None
    for kind in ("text", "hand_off", "refusal", "length", "empty"):
        models.script(kind=kind)
        status, answer, _ = post(models, path, body, headers)
        assert status == 200 and not [e.message for e in answers.iter_errors(answer)], (kind, answer)
    for status in (400, 401, 403, 404, 429, 500, 529):
        models.script(kind="error", status=status)
        got, answer, _ = post(models, path, body, headers)
        assert got == status and not [e.message for e in errors.iter_errors(answer)], answer
    models.script(kind="quota")
    assert errors.is_valid(post(models, path, body, headers)[1])


def test_behaviours_are_used_in_order_and_by_match(models):
    models.script(kind="text", text="one", match={"last": "special"})
    models.script(kind="text", text="two", times=2)
    said = [post(models, OPENAI, CHAT)[1]["choices"][0]["message"]["content"] for _ in range(3)]
    assert said == ["two", "two", "Answer to: Hi"] and models.counts()["scripts_left"] == 1
    special = {**CHAT, "messages": [{"role": "user", "content": [{"type": "text", "text": "very special"}]}]}
    assert post(models, OPENAI, special)[1]["choices"][0]["message"]["content"] == "one"
    with pytest.raises(AssertionError, match="unknown members"):
        models.script(knd="text")
    with pytest.raises(AssertionError, match="kind is one of"):
        models.script(kind="txt")
    with pytest.raises(AssertionError, match="unknown settings"):
        models.config(latency=1)


def test_headers_cuts_and_leaving(models):
    models.script(kind="error", status=429, retry_after=2, retry_after_ms=1500, should_retry=True)
    headers = post(models, OPENAI, CHAT)[2]
    assert (headers["Retry-After"], headers["Retry-After-Ms"], headers["X-Should-Retry"]) == ("2", "1500", "true")
    for partial in (0, 300):
        models.script(kind="cut", partial=partial)
        with pytest.raises((http.client.HTTPException, ConnectionError)):
            post(models, OPENAI, CHAT)
    models.script(kind="hang")
    with pytest.raises(TimeoutError):
        post(models, OPENAI, CHAT, limit=0.2)
    models.wait(lambda counts: counts["outcomes"].get("left") == 1 and counts["in_flight"] == 0)


def test_hold_and_release(models):
    models.config(hold=True)
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        waiting = [pool.submit(post, models, OPENAI, CHAT) for _ in range(3)]
        models.wait(lambda counts: counts["in_flight"] == 3)
        assert not any(w.done() for w in waiting)
        models.call("release", {})
        assert all(w.result()[0] == 200 for w in waiting)
        last = pool.submit(post, models, OPENAI, CHAT)
        models.wait(lambda counts: counts["in_flight"] == 1)
        models.config(hold=False)
        assert last.result()[0] == 200


def test_latency(models):
    models.config(latency_ms=200)
    start = time.monotonic()
    assert post(models, OPENAI, CHAT)[0] == 200 and time.monotonic() - start >= 0.2


def test_many_at_once(models):
    models.config(hold=True, max_concurrent=150)
    with concurrent.futures.ThreadPoolExecutor(150) as pool:
        waiting = [pool.submit(post, models, OPENAI, CHAT, limit=90) for _ in range(150)]
        models.wait(lambda counts: counts["in_flight"] == 150, 60)
        models.config(hold=False)
        models.call("release", {})
        assert {w.result()[0] for w in waiting} == {200}
    assert models.counts()["most_in_flight"] == 150
