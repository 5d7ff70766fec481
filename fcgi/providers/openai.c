/* openai.c - OpenAI's Chat Completions, as OpenAI and as the many servers speak it that took over the shape. */
#include "base/base.h"
#include "providers/model_parts.h"

/* Strict mode wants every property required and nothing else allowed. */
#define DECISION \
    "{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"decision\",\"strict\":true,\"schema\":{\"type\":\"object\",\"properties\":{" \
    "\"action\":{\"type\":\"string\",\"enum\":[\"reply\",\"hand_off\"],\"description\":\"reply: " MODEL_SAY_REPLY " hand_off: " MODEL_SAY_HAND_OFF "\"}," \
    "\"text\":{\"type\":\"string\",\"description\":\"With reply: " MODEL_SAY_TEXT " With hand_off: empty.\"}," \
    "\"reason\":{\"type\":\"string\",\"description\":\"With hand_off: " MODEL_SAY_REASON " With reply: empty.\"}}," \
    "\"required\":[\"action\",\"text\",\"reason\"],\"additionalProperties\":false}}}"

/* For servers without schemas. "JSON" must be in the text: json_object is refused otherwise. */
#define SHAPE_IN_WORDS \
    "Your whole answer is one JSON object and nothing else, whatever the messages before look like: " \
    "{\"action\": \"reply\" or \"hand_off\", \"text\": \"…\", \"reason\": \"…\"}. reply: " MODEL_SAY_REPLY " text: " MODEL_SAY_TEXT \
    " hand_off: " MODEL_SAY_HAND_OFF " reason: " MODEL_SAY_REASON

/* A bare host gets /v1; a base with a path is taken as it is, as the SDKs do ("https://host/openai/v1"). */
static const char *url(struct arena *a, const char *base)
{
    const char *scheme = strstr(base, "://"), *host = scheme ? scheme + 3 : base;
    size_t n = strlen(base);
    while (n && base[n - 1] == '/')
        n--;
    bool path = memchr(host, '/', (size_t)(base + n > host ? base + n - host : 0));
    return arena_printf(a, "%.*s%s/chat/completions", (int)n, base, path ? "" : "/v1");
}

static bool in_words(const char *structure)
{
    return strcmp(structure, "json_schema") != 0;
}

static const char *system_text(struct arena *a, const struct model_request *rq, const char *structure)
{
    const char *own = model_system(a, rq);
    if (!rq->may_hand_off || !in_words(structure))
        return own;
    return own ? arena_printf(a, "%s\n\n" SHAPE_IN_WORDS, own) : SHAPE_IN_WORDS;
}

void openai_call(struct arena *a, const struct conf *conf, const struct model_request *rq, const char *base, struct call *call)
{
    const char *structure = rq->structure ? rq->structure : conf->openai_structure;
    const char *tokens = rq->tokens_param ? rq->tokens_param : conf->openai_tokens_param;
    bool older = strcmp(tokens, "max_tokens") == 0;
    const char **headers = ARENA_ARRAY(a, const char *, 3);
    size_t h = 0;
    struct str body;
    model_body(a, &body, rq);
    STR_LIT(&body, "{\"model\":");
    str_json(&body, rq->model, strlen(rq->model));
    model_messages(a, &body, rq, system_text(a, rq, structure));
    if (rq->max_tokens > 0)
        str_printf(&body, ",\"%s\":%d", older ? "max_tokens" : "max_completion_tokens", rq->max_tokens);
    model_temperature(&body, rq, 2);
    if (rq->may_hand_off && !in_words(structure))
        STR_LIT(&body, ",\"response_format\":" DECISION);
    else if (rq->may_hand_off && strcmp(structure, "json_object") == 0)
        STR_LIT(&body, ",\"response_format\":{\"type\":\"json_object\"}");
    if (rq->user_hash && *rq->user_hash && !older)
        model_member(&body, "safety_identifier", rq->user_hash);
    STR_LIT(&body, "}");
    BUG_IF(body.full); /* model_messages() keeps the ceilings */
    headers[h++] = "Accept: application/json";
    if (rq->key && *rq->key)
        headers[h++] = arena_printf(a, "Authorization: Bearer %s", rq->key);
    call->url = url(a, base);
    call->headers = headers;
    call->body = body.s;
    call->body_len = body.len;
}

/* The content as text: a string, or a list of parts of which those of text count. */
static const char *content_text(struct arena *a, const struct json *content)
{
    if (json_kind(content) != JSON_LIST)
        return json_text(content, "");
    struct str t;
    str_init(&t, a, 256, 2 * 1024 * 1024);
    for (const struct json *part = json_first(content); part; part = json_next(part))
        if (strcmp(json_get_text(part, "type", ""), "text") == 0)
            str_puts(&t, json_get_text(part, "text", ""));
    return t.s;
}

/* What a model without schemas puts around its JSON: a fence of backquotes. */
static const struct json *decision(struct arena *a, const char *text)
{
    const char *s = text + strspn(text, " \t\r\n");
    size_t n = strlen(s);
    if (strncmp(s, "```", 3) == 0) {
        size_t head = strcspn(s, "\n");
        s += head;
        n -= head;
        while (n && strchr(" \t\r\n`", s[n - 1]))
            n--;
    }
    return json_parse(a, s, n);
}

static void read_decision(struct arena *a, const char *text, struct model_result *out)
{
    const struct json *j = decision(a, text);
    const char *action = json_get_text(j, "action", "");
    if (strcmp(action, "reply") == 0) {
        model_answered(a, json_get_text(j, "text", NULL), out);
    } else if (strcmp(action, "hand_off") == 0) {
        out->outcome = MODEL_HANDED_OFF;
        out->reason = model_words(a, json_get_text(j, "reason", ""));
    } else {
        out->error = *text ? "the answer does not have the shape that was asked for" : "";
        if (!*text)
            out->outcome = MODEL_EMPTY;
    }
}

/* Some servers leave the model's thinking in the text; it is not for customers. An end tag alone happens too: the start was
 * put there by the server's template. */
static const char *without_thinking(const char *text)
{
    static const char end[] = "</think>";
    const char *s = text + strspn(text, " \t\r\n");
    for (const char *found; (found = strstr(s, end));)
        s = text = found + sizeof end - 1;
    return strncmp(s, "<think>", 7) == 0 ? "" : text;
}

void openai_read(struct arena *a, const struct model_request *rq, const struct json *j, struct model_result *out)
{
    const struct json *usage = json_get(j, "usage"), *choice = json_first(json_get(j, "choices")), *message = json_get(choice, "message");
    const char *finish = json_get_text(choice, "finish_reason", "stop"), *refusal = json_get_text(message, "refusal", "");
    out->tokens_in = json_get_int(usage, "prompt_tokens", 0);
    out->tokens_out = json_get_int(usage, "completion_tokens", 0);
    out->model = json_get_text(j, "model", out->model);
    if (json_kind(message) != JSON_OBJECT) {
        out->error = "the answer holds no message";
    } else if (*refusal) {
        out->outcome = MODEL_REFUSED;
        out->reason = model_words(a, refusal);
    } else if (strcmp(finish, "content_filter") == 0) {
        out->outcome = MODEL_FILTERED;
    } else if (strcmp(finish, "length") == 0 || strcmp(finish, "model_length") == 0) {
        out->outcome = MODEL_CUT;
    } else if (strcmp(finish, "stop") != 0) {
        out->error = arena_printf(a, "finish_reason %s", model_words(a, finish));
    } else {
        const char *text = without_thinking(content_text(a, json_get(message, "content")));
        if (rq->may_hand_off)
            read_decision(a, text + strspn(text, " \t\r\n"), out);
        else
            model_answered(a, text, out);
    }
}
