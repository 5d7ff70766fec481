/* model.c - fuzz target: whatever a provider answers is settled with clean words, and whatever customers wrote becomes a
 * request that the providers take. The first byte chooses: provider, structure, status, answer or turns. */
#include "base/base.h"
#include "base/crypto.h"
#include "base/json.h"
#include "base/utf8.h"
#include "providers/model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Valid UTF-8 without control characters but the two that a text may hold. */
static void check_words(const char *s, size_t most, bool lines)
{
    size_t n = strlen(s);
    BUG_IF(n > most || !utf8_valid(s, n));
    for (size_t i = 0, step; i < n; i += step) {
        uint32_t c;
        step = utf8_decode(s + i, n - i, &c);
        BUG_IF((c < 0x20 && !(lines && (c == '\n' || c == '\t'))) || (c >= 0x7f && c < 0xa0));
    }
    BUG_IF(n && strchr(" \t\n", s[n - 1]));
}

static void check_answer(struct arena *a, const struct model_request *rq, int status, const char *body, size_t n)
{
    enum call_class class = status == 429 ? CALL_LIMITED : status < 300 ? CALL_OK : status < 500 ? CALL_REFUSED : CALL_UNKNOWN;
    struct answer answer = { .class = class, .status = status, .body = body, .body_len = n, .content_type = "", .location = "",
                             .retry_after_ms = -1, .request_id = "", .problem = "" };
    struct model_result r;
    model_result(a, rq, &answer, &r);
    model_outcome_name(r.outcome);
    BUG_IF((r.outcome == MODEL_ANSWERED) != (r.text != NULL));
    BUG_IF(r.text && (!*r.text || strchr(" \t\n", *r.text)));
    if (r.text)
        check_words(r.text, n, true);
    check_words(r.reason, 500, false);
    check_words(r.error, 500, false);
    check_words(r.code, 500, false);
    check_words(r.model, 500, false);
    check_words(r.request_id, 500, false);
    BUG_IF(r.tokens_in < 0 || r.tokens_out < 0);
    BUG_IF(r.retry && (status < 400 || r.outcome == MODEL_QUOTA));
    BUG_IF((status >= 300) != (r.outcome >= MODEL_BUSY && r.outcome <= MODEL_DOWN) && r.outcome != MODEL_FILTERED);
    int64_t wait = model_backoff_ms(1, &r);
    BUG_IF(r.retry ? wait < 375 || wait > 500 : wait != -1);
}

/* Each line is a turn; those that begin with > are ours. */
static void check_turns(struct arena *a, struct model_request *rq, const char *text)
{
    struct model_turn turns[64];
    size_t n = 0;
    for (const char *s = text; n < ARRAY_LEN(turns) && *s; n++) {
        size_t line = strcspn(s, "\n");
        turns[n] = (struct model_turn){ .ours = *s == '>', .text = arena_strndup(a, s, line) };
        s += line + (s[line] == '\n');
    }
    rq->turns = turns;
    rq->turn_count = n;
    rq->system = n ? turns[0].text : NULL;
    const struct conf conf = { .openai_api_base = "https://api.openai.com", .anthropic_api_base = "https://api.anthropic.com", .openai_structure = "json_schema",
                               .openai_tokens_param = "max_completion_tokens", .anthropic_api_version = "2023-06-01", .ai_connect_limit_ms = 1, .ai_limit_ms = 1 };
    struct call call;
    model_call(a, &conf, rq, &call);
    const struct json *j = json_parse(a, call.body, call.body_len);
    BUG_IF(!j || !json_get(j, "model"));
    const char *expected = "user", *role = NULL;
    for (const struct json *m = json_first(json_get(j, "messages")); m; m = json_next(m)) {
        const char *content = json_get_text(m, "content", "");
        role = json_get_text(m, "role", "");
        check_words(content, 1 << 20, true);
        BUG_IF(!*content);
        if (strcmp(role, "system") == 0)
            continue;
        BUG_IF(strcmp(role, expected) != 0);
        expected = strcmp(role, "user") == 0 ? "assistant" : "user";
    }
    BUG_IF(!role || strcmp(role, "user") != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int statuses[] = { 200, 200, 200, 400, 401, 429, 500, 529 };
    if (size == 0 || size > 256 * 1024)
        return 0;
    crypto_init();
    struct arena *a = arena_new(64 << 20);
    struct model_request rq = { .provider = data[0] & 1 ? MODEL_ANTHROPIC : MODEL_OPENAI, .may_hand_off = data[0] & 2, .model = "m", .key = "sk-key",
                                .structure = data[0] & 4 ? "json_object" : NULL };
    const char *text = arena_strndup(a, (const char *)data + 1, size - 1);
    if (data[0] & 0x80)
        check_turns(a, &rq, text);
    else
        check_answer(a, &rq, statuses[data[0] >> 3 & 7], text, strlen(text));
    arena_free(a);
    return 0;
}
