/* models.h - what the tests of model.c, openai.c and anthropic.c share: settings, a request, answers as they arrive. */
#ifndef CENTRALA_TEST_MODELS_H
#define CENTRALA_TEST_MODELS_H
#include "base/base.h"
#include "base/json.h"
#include "providers/model.h"
#include "../vectors.h"
#include <setjmp.h>
#include <cmocka.h>

#define KEY "sk-test-0123456789"

static const struct model_turn one_turn[] = { { false, "Hi" } };

UNUSED static int open_arena(void **state)
{
    *state = arena_new(MODEL_MEMORY * 2);
    return 0;
}

UNUSED static int close_arena(void **state)
{
    arena_free(*state);
    return 0;
}

/* The defaults, but for one variable or two (NULL: none). */
UNUSED static struct conf *settings_with(struct arena *a, const char *one, const char *two)
{
    const char *problems = "";
    char *env[] = { arena_strdup(a, one), one ? arena_strdup(a, two) : NULL, NULL };
    struct conf *conf = conf_load(a, NULL, false, env, &problems);
    assert_string_equal(problems ? problems : "", "");
    assert_non_null(conf);
    return conf;
}

UNUSED static struct model_request asking(enum model_provider provider)
{
    return (struct model_request){ .provider = provider, .key = KEY, .model = provider == MODEL_OPENAI ? "gpt-4o-mini" : "claude-haiku-4-5",
                                   .turns = one_turn, .turn_count = 1, .max_tokens = 256 };
}

UNUSED static struct call built(struct arena *a, const struct model_request *rq)
{
    struct call call;
    model_call(a, settings_with(a, NULL, NULL), rq, &call);
    assert_string_equal(call.method, "POST");
    assert_string_equal(call.content_type, "application/json");
    assert_int_equal(call.body_len, strlen(call.body));
    assert_non_null(json_parse(a, call.body, call.body_len));
    assert_null(strstr(call.body, KEY));
    assert_null(strstr(call.url, KEY));
    return call;
}

/* The value of a header, NULL when it is not sent. */
UNUSED static const char *header_of(const struct call *call, const char *name)
{
    size_t n = strlen(name);
    for (const char *const *h = call->headers; *h; h++)
        if (strncmp(*h, name, n) == 0 && strncmp(*h + n, ": ", 2) == 0)
            return *h + n + 2;
    return NULL;
}

/* As the client classes it. */
UNUSED static struct answer answered(int status, const char *body)
{
    enum call_class class = status == 0 ? CALL_UNKNOWN : status == 429 ? CALL_LIMITED : status < 300 ? CALL_OK : status < 500 ? CALL_REFUSED : CALL_UNKNOWN;
    return (struct answer){ .class = class, .status = status, .body = body, .body_len = strlen(body), .content_type = "application/json",
                            .retry_after_ms = -1, .request_id = "req_7", .took_ms = 1234, .problem = status ? "" : "Timeout was reached" };
}

UNUSED static struct model_result result_of(struct arena *a, const struct model_request *rq, int status, const char *body)
{
    struct model_result r;
    struct answer answer = answered(status, body);
    model_result(a, rq, &answer, &r);
    assert_true((r.outcome == MODEL_ANSWERED) == (r.text != NULL));
    assert_non_null(r.reason);
    assert_non_null(r.error);
    assert_non_null(r.code);
    assert_non_null(r.model);
    assert_true(strlen(r.error) <= 500 && strlen(r.reason) <= 500);
    return r;
}

/* One canned answer of ../shared/data: "status body" as text, NULL where the data is not present. */
UNUSED static const char *canned(struct arena *a, const char *provider, const char *name, int *status)
{
    const struct json *all = vectors_load(a, "ai-schemas/canned_responses.json");
    const struct json *pair = json_get(json_get(json_get(all, "responses"), provider), name);
    if (!all)
        return NULL;
    assert_int_equal(json_len(pair), 2);
    *status = (int)json_int(json_first(pair), 0);
    const struct json *body = json_next(json_first(pair));
    return json_kind(body) == JSON_TEXT ? json_text(body, "") : json_print(a, body);
}

struct canned_case { const char *name; enum model_outcome outcome; bool retry; const char *code, *error; };

/* Each canned answer of a provider has its row, and reads as the row says. */
UNUSED static void check_canned(struct arena *a, const struct model_request *rq, const char *provider, const struct canned_case *cases, size_t count)
{
    const struct json *all = vectors_load(a, "ai-schemas/canned_responses.json");
    if (!all)
        return;
    assert_int_equal(json_len(json_get(json_get(all, "responses"), provider)), count);
    for (size_t i = 0; i < count; i++) {
        int status = 0;
        const char *body = canned(a, provider, cases[i].name, &status);
        struct model_result r = result_of(a, rq, status, body);
        if (r.outcome != cases[i].outcome)
            fail_msg("%s %s: %s", provider, cases[i].name, model_outcome_name(r.outcome));
        assert_int_equal(r.retry, cases[i].retry);
        assert_string_equal(r.code, cases[i].code);
        assert_string_equal(r.error, cases[i].error);
    }
}

#endif
