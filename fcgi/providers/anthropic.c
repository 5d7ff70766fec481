/* anthropic.c - Anthropic's Messages, in both API versions. */
#include "base/base.h"
#include "providers/model_parts.h"

enum { TOKENS_UNLESS_SAID = 1024 };

#define TOOL(name, say, property, about) \
    "{\"name\":\"" name "\",\"description\":\"" say "\",\"input_schema\":{\"type\":\"object\",\"properties\":{\"" property "\":{\"type\":\"string\"," \
    "\"description\":\"" about "\"}},\"required\":[\"" property "\"],\"additionalProperties\":false}}"
#define TOOLS \
    ",\"tools\":[" TOOL("reply", MODEL_SAY_REPLY, "text", MODEL_SAY_TEXT) "," TOOL("hand_off", MODEL_SAY_HAND_OFF, "reason", MODEL_SAY_REASON) "]," \
    "\"tool_choice\":{\"type\":\"any\",\"disable_parallel_tool_use\":true}"

/* Versions are dates: this one took temperature, top_p and top_k out and changed the header of the key. */
static bool is_newer(const char *version)
{
    return strcmp(version, "2026-10-21") >= 0;
}

static const char *url(struct arena *a, const char *base)
{
    size_t n = strlen(base);
    while (n && base[n - 1] == '/')
        n--;
    bool versioned = n > 3 && strncmp(base + n - 3, "/v1", 3) == 0;
    return arena_printf(a, "%.*s%s/messages", (int)n, base, versioned ? "" : "/v1");
}

void anthropic_call(struct arena *a, const struct conf *conf, const struct model_request *rq, const char *base, struct call *call)
{
    const char *version = rq->api_version ? rq->api_version : conf->anthropic_api_version, *system = model_system(a, rq);
    const char **headers = ARENA_ARRAY(a, const char *, 4);
    size_t h = 0;
    struct str body;
    model_body(a, &body, rq);
    STR_LIT(&body, "{\"model\":");
    str_json(&body, rq->model, strlen(rq->model));
    str_printf(&body, ",\"max_tokens\":%d", rq->max_tokens > 0 ? rq->max_tokens : TOKENS_UNLESS_SAID);
    if (system)
        model_member(&body, "system", system);
    model_messages(a, &body, rq, NULL);
    if (!is_newer(version))
        model_temperature(&body, rq, 1);
    if (rq->may_hand_off)
        STR_LIT(&body, TOOLS);
    if (rq->user_hash && *rq->user_hash) {
        STR_LIT(&body, ",\"metadata\":{\"user_id\":");
        str_json(&body, rq->user_hash, strlen(rq->user_hash));
        STR_LIT(&body, "}");
    }
    STR_LIT(&body, "}");
    BUG_IF(body.full); /* model_messages() keeps the ceilings */
    headers[h++] = "Accept: application/json";
    headers[h++] = arena_printf(a, "anthropic-version: %s", version);
    if (rq->key && *rq->key)
        headers[h++] = arena_printf(a, is_newer(version) ? "Authorization: Bearer %s" : "x-api-key: %s", rq->key);
    call->url = url(a, base);
    call->headers = headers;
    call->body = body.s;
    call->body_len = body.len;
}

static int64_t tokens_in(const struct json *usage)
{
    static const char *const names[] = { "input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens" };
    int64_t sum = 0;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        int64_t n = json_get_int(usage, names[i], 0);
        sum += n > 0 && n < INT32_MAX ? n : 0;
    }
    return sum;
}

static void read_text(struct arena *a, const struct json *content, struct model_result *out)
{
    struct str t;
    str_init(&t, a, 256, 2 * 1024 * 1024);
    for (const struct json *block = json_first(content); block; block = json_next(block))
        if (strcmp(json_get_text(block, "type", ""), "text") == 0)
            str_puts(&t, json_get_text(block, "text", ""));
    model_answered(a, t.s, out);
}

/* The tool that was called; both at once, against what was asked, is a hand-off. */
static void read_tool(struct arena *a, const struct json *content, struct model_result *out)
{
    const struct json *reply = NULL, *hand_off = NULL;
    for (const struct json *block = json_first(content); block; block = json_next(block)) {
        const char *name = json_get_text(block, "name", "");
        if (strcmp(json_get_text(block, "type", ""), "tool_use") != 0)
            continue;
        if (strcmp(name, "hand_off") == 0)
            hand_off = block;
        else if (strcmp(name, "reply") == 0 && !reply)
            reply = block;
    }
    if (hand_off) {
        out->outcome = MODEL_HANDED_OFF;
        out->reason = model_words(a, json_get_text(json_get(hand_off, "input"), "reason", ""));
    } else if (reply) {
        model_answered(a, json_get_text(json_get(reply, "input"), "text", NULL), out);
    } else {
        out->error = "the answer does not have the shape that was asked for";
    }
}

static bool is_one_of(const char *s, const char *one, const char *other)
{
    return strcmp(s, one) == 0 || strcmp(s, other) == 0;
}

void anthropic_read(struct arena *a, const struct model_request *rq, const struct json *j, struct model_result *out)
{
    const struct json *usage = json_get(j, "usage"), *content = json_get(j, "content");
    const char *stop = json_get_text(j, "stop_reason", "end_turn");
    out->tokens_in = tokens_in(usage);
    out->tokens_out = json_get_int(usage, "output_tokens", 0);
    out->model = json_get_text(j, "model", out->model);
    if (json_kind(content) != JSON_LIST) {
        out->error = "the answer holds no message";
    } else if (strcmp(stop, "refusal") == 0) {
        out->outcome = MODEL_REFUSED;
        out->reason = model_words(a, json_get_text(json_get(j, "stop_details"), "explanation", ""));
    } else if (is_one_of(stop, "max_tokens", "model_context_window_exceeded")) {
        out->outcome = MODEL_CUT;
    } else if (rq->may_hand_off && is_one_of(stop, "tool_use", "end_turn")) {
        if (json_len(content))
            read_tool(a, content, out);
        else
            out->outcome = MODEL_EMPTY;
    } else if (!rq->may_hand_off && is_one_of(stop, "end_turn", "stop_sequence")) {
        read_text(a, content, out);
    } else {
        out->error = arena_printf(a, "stop_reason %s", model_words(a, stop));
    }
}
