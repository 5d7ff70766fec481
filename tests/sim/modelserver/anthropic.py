"""Anthropic's Messages in both API versions: what it takes, what it refuses, how it answers."""
from .errors import Refusal

FIELDS = {"model", "max_tokens", "messages", "system", "stop_sequences", "metadata", "tools", "tool_choice", "thinking", "stream", "service_tier"}
OLD_FIELDS = {"temperature", "top_p", "top_k"}  # gone in 2026-10-21
VERSIONS = ("2023-06-01", "2026-10-21")


def bad(message):
    raise Refusal(400, message)


def key_of(headers, version):
    """Each version has its header; the other one is as good as none."""
    if version == VERSIONS[0]:
        key = headers.get("x-api-key")
        if not key:
            raise Refusal(401, "x-api-key header is required")
        return key
    kind, _, key = headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not key:
        raise Refusal(401, "Authorization header is required")
    return key


def blocks_of(content, where):
    """The text of a message's content, which may not be empty."""
    if isinstance(content, str):
        content = [{"type": "text", "text": content}]
    if not isinstance(content, list) or not all(isinstance(b, dict) and b.get("type") for b in content):
        bad(f"{where}.content: Input should be a valid string or a valid list")
    if not content or any(b["type"] == "text" and not b.get("text") for b in content):
        bad(f"{where}: text content blocks must be non-empty")
    if any(b["type"] == "text" and not b["text"].strip() for b in content):
        bad(f"{where}: text content blocks must contain non-whitespace text")
    return "".join(b.get("text", "") for b in content)


def check_messages(messages):
    if not isinstance(messages, list):
        bad("messages: Field required")
    if not messages:
        bad("messages: at least one message is required")
    texts = []
    for i, message in enumerate(messages):
        if not isinstance(message, dict) or set(message) - {"role", "content"}:
            bad(f"messages.{i}: Extra inputs are not permitted")
        if message.get("role") not in ("user", "assistant"):
            bad(f'messages: Unexpected role "{message.get("role")}". The Messages API accepts a top-level `system` parameter, not "system" as an input message role.')
        texts.append(blocks_of(message.get("content"), f"messages.{i}"))
    if messages[0]["role"] != "user":
        bad('messages: first message must use the "user" role')
    if messages[-1]["role"] == "assistant" and texts[-1] != texts[-1].rstrip():
        bad("messages: final assistant content cannot end with trailing whitespace")
    return [t for t, m in zip(texts, messages) if m["role"] == "user"][-1:]


def check_tools(body):
    tools, choice = body.get("tools"), body.get("tool_choice")
    for i, tool in enumerate(tools or []):
        if not isinstance(tool, dict) or not tool.get("name") or not isinstance(tool.get("input_schema"), dict) or tool["input_schema"].get("type") != "object":
            bad(f"tools.{i}.input_schema: Field required")
    if choice is not None:
        if not isinstance(choice, dict) or choice.get("type") not in ("auto", "any", "tool", "none"):
            bad("tool_choice: Input should be a valid dictionary")
        if not tools:
            bad("tool_choice may only be specified while providing tools.")


def check(headers, body, config):
    """Raises Refusal; gives the text of the last message of the user."""
    version = headers.get("anthropic-version")
    if not version:
        bad("anthropic-version: header is required")
    if version not in VERSIONS:
        bad(f"anthropic-version: {version!r} is not a valid version")
    key = key_of(headers, version)
    if config["keys"] is not None and key not in config["keys"]:
        raise Refusal(401, "invalid x-api-key" if version == VERSIONS[0] else "invalid bearer token")
    known = FIELDS | (OLD_FIELDS if version == VERSIONS[0] else set())
    unknown = sorted(set(body) - known)
    if unknown:
        bad(f"{unknown[0]}: Extra inputs are not permitted")
    if not isinstance(body.get("model"), str) or not body["model"]:
        bad("model: Field required")
    tokens = body.get("max_tokens")
    if tokens is None:
        bad("max_tokens: Field required")
    if isinstance(tokens, bool) or not isinstance(tokens, int) or tokens < 1:
        bad("max_tokens: Input should be greater than or equal to 1")
    temperature = body.get("temperature", 0)
    if isinstance(temperature, bool) or not isinstance(temperature, (int, float)) or not 0 <= temperature <= 1:
        bad("temperature: range: 0..1")
    if not isinstance(body.get("system", ""), (str, list)):
        bad("system: Input should be a valid string or list")
    if set(body.get("metadata") or {}) - {"user_id"}:
        bad("metadata: Extra inputs are not permitted")
    if config["models"] is not None and body["model"] not in config["models"]:
        raise Refusal(404, f"model: {body['model']}")
    check_tools(body)
    return check_messages(body.get("messages"))


def answer(kind, body, said, number_of):
    """(status, body) of a 2xx."""
    stop, details = "end_turn", None
    content = [{"type": "text", "text": said["reason"] if kind == "hand_off" else said["text"], "citations": None}]
    if body.get("tools") and kind in ("text", "hand_off"):
        stop = "tool_use"
        given = {"name": "hand_off", "input": {"reason": said["reason"]}} if kind == "hand_off" else {"name": "reply", "input": {"text": said["text"]}}
        content = [{"type": "tool_use", "id": f"toolu_{number_of}", **given}]
    elif kind == "refusal":
        stop, content = "refusal", []
        details = {"type": "refusal", "category": None, "explanation": said["reason"]}
    elif kind == "length":
        stop = "max_tokens"
        content[0]["text"] = said["text"][:max(1, len(said["text"]) // 2)]
    elif kind == "empty":
        content = []
    elif kind == "filter":
        raise Refusal(400, "Output blocked by content filtering policy", code="content_filter")
    return 200, {"id": f"msg_{number_of}", "type": "message", "role": "assistant", "model": said["model"] or body["model"], "content": content,
                 "container": None, "diagnostics": None, "stop_details": details, "stop_reason": stop, "stop_sequence": None,
                 "usage": {"input_tokens": said["tokens_in"], "output_tokens": said["tokens_out"], "cache_creation": None,
                           "cache_creation_input_tokens": None, "cache_read_input_tokens": None, "inference_geo": None, "server_tool_use": None,
                           "service_tier": "standard", "output_tokens_details": None, "speed": None}}
