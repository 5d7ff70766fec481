"""OpenAI's Chat Completions: what it takes, what it refuses, how it answers."""
import json
import re

from .errors import Refusal

FIELDS = {"model", "messages", "max_completion_tokens", "max_tokens", "temperature", "top_p", "stop", "response_format", "tools", "tool_choice", "n",
          "store", "metadata", "safety_identifier", "user", "seed", "stream", "stream_options", "reasoning_effort", "presence_penalty",
          "frequency_penalty", "logit_bias", "parallel_tool_calls", "service_tier"}
ROLES = ("developer", "system", "user", "assistant", "tool")
SHAPES = ("json_schema", "json_object", "prompt")  # a server knows its own and those behind it
HEADER = "authorization"


def bad(message, param=None, code=None):
    raise Refusal(400, message, param, code=code)


def number(body, name, low, high, whole=False):
    value = body.get(name)
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
        bad(f"Invalid type for '{name}': expected {'an integer' if whole else 'a decimal'}.", name, "invalid_type")
    if not low <= value <= high:
        bad(f"Invalid '{name}': {value} is out of range.", name, "decimal_above_max_value" if value > high else "decimal_below_min_value")


def text_of(content):
    """The text of a message's content; None when it is neither text nor parts."""
    if isinstance(content, list) and content:
        return "".join(p.get("text", "") for p in content if isinstance(p, dict))
    return content if isinstance(content, str) else None


def check_messages(body):
    messages = body.get("messages")
    if not isinstance(messages, list):
        bad("Missing required parameter: 'messages'.", "messages", "missing_required_parameter")
    if not messages:
        bad("Invalid 'messages': empty array. Expected an array with minimum length 1.", "messages", "empty_array")
    for i, message in enumerate(messages):
        if not isinstance(message, dict) or message.get("role") not in ROLES:
            bad(f"Invalid value for 'messages[{i}].role'.", f"messages[{i}].role", "invalid_value")
        if set(message) - {"role", "content", "name", "refusal", "tool_calls", "tool_call_id"}:
            bad(f"Unrecognized request argument supplied in messages[{i}].", f"messages[{i}]")
        if text_of(message.get("content")) is None and not message.get("tool_calls"):
            bad(f"Invalid value for 'content': expected a string, got {json.dumps(message.get('content'))}.", f"messages.[{i}].content")
    return messages


def check_schema(schema, path="schema"):
    """What strict mode wants of each object."""
    if schema.get("type") == "object":
        names = set(schema.get("properties", {}))
        if schema.get("additionalProperties") is not False:
            bad(f"Invalid schema for response_format: in {path}, 'additionalProperties' is required to be supplied and to be false.", "response_format")
        if set(schema.get("required", [])) != names:
            bad(f"Invalid schema for response_format: in {path}, 'required' must include every key in properties.", "response_format")
    for name, part in schema.get("properties", {}).items():
        check_schema(part, f"{path}.{name}")


def check_format(body, messages, shape):
    form = body.get("response_format")
    if form is None:
        return
    if not isinstance(form, dict) or form.get("type") not in ("text", "json_object", "json_schema"):
        bad("Invalid value for 'response_format.type'.", "response_format.type", "invalid_value")
    if form["type"] != "text" and SHAPES.index(form["type"]) < SHAPES.index(shape):
        bad(f"Invalid parameter: 'response_format' of type '{form['type']}' is not supported with this model.", "response_format")
    if form["type"] == "json_object" and not any("json" in (text_of(m.get("content")) or "").lower() for m in messages):
        bad("'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.", "messages")
    if form["type"] == "json_schema":
        inner = form.get("json_schema")
        if not isinstance(inner, dict) or not re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", str(inner.get("name", ""))):
            bad("Missing required parameter: 'response_format.json_schema.name'.", "response_format.json_schema.name", "missing_required_parameter")
        if inner.get("strict"):
            check_schema(inner.get("schema", {}))


def check(headers, body, config):
    """Raises Refusal; gives the text of the last message of the user."""
    kind, _, key = headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not key:
        raise Refusal(401, "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth.")
    if config["keys"] is not None and key not in config["keys"]:
        raise Refusal(401, f"Incorrect API key provided: {key[:4]}***{key[-4:]}.")
    unknown = sorted(set(body) - FIELDS)
    if config["strict"] and unknown:
        bad(f"Unrecognized request argument supplied: {unknown[0]}", unknown[0])
    if not isinstance(body.get("model"), str) or not body["model"]:
        bad("you must provide a model parameter")
    if config["models"] is not None and body["model"] not in config["models"]:
        raise Refusal(404, f"The model `{body['model']}` does not exist or you do not have access to it.")
    messages = check_messages(body)
    number(body, "temperature", 0, 2)
    number(body, "top_p", 0, 1)
    number(body, "max_tokens", 1, 10**9, whole=True)
    number(body, "max_completion_tokens", 1, 10**9, whole=True)
    reasons = re.match(r"(o\d|gpt-5)", body["model"])
    if "max_tokens" in body and ("max_completion_tokens" in body or reasons):
        bad("Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.", "max_tokens", "unsupported_parameter")
    if reasons and body.get("temperature", 1) != 1:
        bad("Unsupported value: 'temperature' does not support that value with this model. Only the default (1) value is supported.", "temperature", "unsupported_value")
    if config["dialect"] == "max_tokens" and {"max_completion_tokens", "safety_identifier"} & set(body):
        bad("Extra inputs are not permitted")
    if len(body.get("safety_identifier") or "") > 64:
        bad("Invalid 'safety_identifier': string too long.", "safety_identifier", "string_above_max_length")
    check_format(body, messages, config["structure"])
    return [text_of(m.get("content")) for m in messages if m["role"] == "user"][-1:] or [""]


def wants_decision(body):
    """Was it asked for {action, text, reason}, by schema or in words?"""
    schema = (body.get("response_format") or {}).get("json_schema", {}).get("schema", {})
    return "action" in schema.get("properties", {}) or any(
        m["role"] == "system" and "JSON object" in (text_of(m.get("content")) or "") for m in body["messages"])


def answer(kind, body, said, number_of):
    """(status, body) of a 2xx."""
    finish, refusal, text = "stop", None, said["text"]
    if wants_decision(body) and kind in ("text", "hand_off"):
        off = kind == "hand_off"
        text = json.dumps({"action": "hand_off" if off else "reply", "text": "" if off else text, "reason": said["reason"] if off else ""}, ensure_ascii=False)
    elif kind == "hand_off":
        text = said["reason"]
    if kind == "refusal":
        refusal, text = said["reason"], None
    elif kind == "length":
        finish, text = "length", said["text"][:max(1, len(said["text"]) // 2)]
    elif kind == "empty":
        text = ""
    elif kind == "filter":
        finish, text = "content_filter", ""
    return 200, {"id": f"chatcmpl-{number_of}", "object": "chat.completion", "created": 1700000000, "model": said["model"] or body["model"],
                 "choices": [{"index": 0, "message": {"role": "assistant", "content": text, "refusal": refusal, "annotations": []}, "logprobs": None,
                              "finish_reason": finish}],
                 "usage": {"prompt_tokens": said["tokens_in"], "completion_tokens": said["tokens_out"], "total_tokens": said["tokens_in"] + said["tokens_out"]}}
