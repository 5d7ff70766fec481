/* anthropic.c - Messages in both API versions: the body in every variant, answers of every kind. */
#include "base/base.h"
#include "models.h"

#define USAGE "\"usage\":{\"input_tokens\":9,\"output_tokens\":12,\"cache_creation_input_tokens\":null,\"cache_read_input_tokens\":100}"
#define SAID(content, stop) "{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"claude-haiku-4-5-2025\",\"content\":[" content "]," \
    "\"stop_reason\":" stop ",\"stop_sequence\":null," USAGE "}"
#define TEXT(t) "{\"type\":\"text\",\"text\":\"" t "\"}"
#define TOOL(name, input) "{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"" name "\",\"input\":" input "}"

static void test_smallest(void **state)
{
    struct model_request rq = asking(MODEL_ANTHROPIC);
    struct call call = built(*state, &rq);
    assert_string_equal(call.url, "https://api.anthropic.com/v1/messages");
    assert_string_equal(call.body, "{\"model\":\"claude-haiku-4-5\",\"max_tokens\":256,\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}");
    assert_string_equal(header_of(&call, "anthropic-version"), "2023-06-01");
    assert_string_equal(header_of(&call, "x-api-key"), KEY);
    assert_null(header_of(&call, "Authorization"));
    rq.max_tokens = 0; /* it insists on a number */
    assert_non_null(strstr(built(*state, &rq).body, "\"max_tokens\":1024"));
}

static void test_versions(void **state)
{
    struct model_request rq = asking(MODEL_ANTHROPIC);
    rq.has_temperature = true;
    rq.temperature = 0.3;
    rq.user_hash = "abc";
    rq.system = "You help.";
    struct call call = built(*state, &rq);
    assert_string_equal(call.body, "{\"model\":\"claude-haiku-4-5\",\"max_tokens\":256,\"system\":\"You help.\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}],"
        "\"temperature\":0.30,\"metadata\":{\"user_id\":\"abc\"}}");
    rq.temperature = 1.5;
    assert_non_null(strstr(built(*state, &rq).body, "\"temperature\":1.00"));
    rq.api_version = "2026-10-21";
    call = built(*state, &rq);
    assert_string_equal(header_of(&call, "anthropic-version"), "2026-10-21");
    assert_string_equal(header_of(&call, "Authorization"), "Bearer " KEY);
    assert_null(header_of(&call, "x-api-key"));
    assert_null(strstr(call.body, "temperature"));
    rq.api_version = NULL; /* the operator's setting */
    model_call(*state, settings_with(*state, "CENTRALA_ANTHROPIC_API_VERSION=2026-10-21", NULL), &rq, &call);
    assert_non_null(header_of(&call, "Authorization"));
    assert_null(strstr(call.body, "temperature"));
}

static void test_tools(void **state)
{
    struct arena *a = *state;
    struct model_request rq = asking(MODEL_ANTHROPIC);
    assert_null(strstr(built(a, &rq).body, "tool"));
    rq.may_hand_off = true;
    const struct json *j = json_parse(a, built(a, &rq).body, built(a, &rq).body_len), *tool = json_first(json_get(j, "tools"));
    assert_string_equal(json_get_text(tool, "name", ""), "reply");
    assert_string_equal(json_get_text(json_next(tool), "name", ""), "hand_off");
    assert_string_equal(json_get_text(json_get(j, "tool_choice"), "type", ""), "any");
    assert_true(json_bool(json_get(json_get(j, "tool_choice"), "disable_parallel_tool_use"), false));
}

static void test_bases(void **state)
{
    static const struct { const char *base, *url; } cases[] = {
        { "https://gate.example", "https://gate.example/v1/messages" },
        { "https://gate.example/", "https://gate.example/v1/messages" },
        { "https://gate.example/v1/", "https://gate.example/v1/messages" },
        { "https://gate.example/anthropic", "https://gate.example/anthropic/v1/messages" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct model_request rq = asking(MODEL_ANTHROPIC);
        rq.api_base = cases[i].base;
        assert_string_equal(built(*state, &rq).url, cases[i].url);
    }
}

static void test_canned(void **state)
{
    static const struct canned_case cases[] = {
        { "ok", MODEL_ANSWERED, false, "", "" },
        { "stream", MODEL_NONSENSE, false, "", "the answer is not JSON" }, /* never asked for */
        { "bad_key", MODEL_DENIED, false, "authentication_error", "invalid x-api-key" },
        { "rate", MODEL_BUSY, true, "rate_limit_error", "rate limited" },
        { "bad", MODEL_BAD_REQUEST, false, "invalid_request_error", "max_tokens: Field required" },
        { "server", MODEL_DOWN, true, "api_error", "Internal server error" },
        { "overloaded", MODEL_BUSY, true, "overloaded_error", "Overloaded" },
    };
    struct model_request rq = asking(MODEL_ANTHROPIC);
    check_canned(*state, &rq, "anthropic", cases, ARRAY_LEN(cases));
}

static void test_answered(void **state)
{
    struct model_request rq = asking(MODEL_ANTHROPIC);
    struct model_result r = result_of(*state, &rq, 200, SAID("{\"type\":\"thinking\",\"thinking\":\"hm\",\"text\":\"no\"}," TEXT("Cze\\u015b\\u0107 ") "," TEXT("\\ud83d\\udc4d\\n"), "\"end_turn\""));
    assert_int_equal(r.outcome, MODEL_ANSWERED);
    assert_string_equal(r.text, "Cześć 👍");
    assert_int_equal(r.tokens_in, 109);
    assert_int_equal(r.tokens_out, 12);
    assert_string_equal(r.model, "claude-haiku-4-5-2025");
    assert_string_equal(r.request_id, "req_7");
}

static void test_outcomes(void **state)
{
    static const struct { bool may_hand_off; const char *body; enum model_outcome outcome; const char *text, *reason; } cases[] = {
        { false, SAID("", "\"end_turn\""), MODEL_EMPTY, NULL, "" },
        { false, SAID(TEXT(" \\n"), "\"end_turn\""), MODEL_EMPTY, NULL, "" },
        { false, SAID("{\"type\":\"thinking\",\"thinking\":\"x\"}", "\"end_turn\""), MODEL_EMPTY, NULL, "" },
        { false, SAID(TEXT("a"), "\"stop_sequence\""), MODEL_ANSWERED, "a", "" },
        { false, SAID(TEXT("a"), "null"), MODEL_ANSWERED, "a", "" },
        { false, SAID(TEXT("half"), "\"max_tokens\""), MODEL_CUT, NULL, "" },
        { false, SAID("", "\"max_tokens\""), MODEL_CUT, NULL, "" },
        { false, SAID(TEXT("half"), "\"model_context_window_exceeded\""), MODEL_CUT, NULL, "" },
        { false, SAID(TEXT("half"), "\"refusal\""), MODEL_REFUSED, NULL, "" },
        { false, "{\"content\":[],\"stop_reason\":\"refusal\",\"stop_details\":{\"type\":\"refusal\",\"category\":\"bio\",\"explanation\":\"Not\\nthis\"}}", MODEL_REFUSED, NULL, "Not this" },
        { false, SAID(TEXT("a"), "\"pause_turn\""), MODEL_NONSENSE, NULL, "" },
        { false, SAID(TOOL("f", "{}"), "\"tool_use\""), MODEL_NONSENSE, NULL, "" },
        { false, SAID(TEXT("a"), "\"something new\""), MODEL_NONSENSE, NULL, "" },
        { false, "{\"content\":\"a\"}", MODEL_NONSENSE, NULL, "" },
        { false, "{}", MODEL_NONSENSE, NULL, "" },
        { false, "{\"type\":\"error\",\"error\":{\"type\":\"api_error\",\"message\":\"m\"}}", MODEL_NONSENSE, NULL, "" },
        { true, SAID(TEXT("Let me see") "," TOOL("reply", "{\"text\":\"We open at 9 \"}"), "\"tool_use\""), MODEL_ANSWERED, "We open at 9", "" },
        { true, SAID(TOOL("reply", "{\"text\":\" \"}"), "\"tool_use\""), MODEL_EMPTY, NULL, "" },
        { true, SAID(TOOL("reply", "{}"), "\"tool_use\""), MODEL_EMPTY, NULL, "" },
        { true, SAID(TOOL("reply", "\"text\""), "\"tool_use\""), MODEL_EMPTY, NULL, "" },
        { true, SAID(TOOL("hand_off", "{\"reason\":\"wants\\na person\"}"), "\"tool_use\""), MODEL_HANDED_OFF, NULL, "wants a person" },
        { true, SAID(TOOL("hand_off", "{}"), "\"tool_use\""), MODEL_HANDED_OFF, NULL, "" },
        { true, SAID(TOOL("reply", "{\"text\":\"a\"}") "," TOOL("hand_off", "{\"reason\":\"b\"}"), "\"tool_use\""), MODEL_HANDED_OFF, NULL, "b" },
        { true, SAID(TOOL("delete_all", "{\"text\":\"a\"}"), "\"tool_use\""), MODEL_NONSENSE, NULL, "" },
        { true, SAID(TOOL("reply", "{\"text\":\"hal\"}"), "\"max_tokens\""), MODEL_CUT, NULL, "" },
        { true, SAID(TEXT("hand_off"), "\"end_turn\""), MODEL_NONSENSE, NULL, "" }, /* words do not decide */
        { true, SAID(TEXT("a"), "\"stop_sequence\""), MODEL_NONSENSE, NULL, "" },
        { true, SAID("{\"type\":\"server_tool_use\",\"name\":\"reply\",\"input\":{\"text\":\"a\"}}", "\"tool_use\""), MODEL_NONSENSE, NULL, "" },
        { true, SAID("", "\"end_turn\""), MODEL_EMPTY, NULL, "" },
        { true, SAID("", "\"refusal\""), MODEL_REFUSED, NULL, "" },
    };
    struct model_request rq = asking(MODEL_ANTHROPIC);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        rq.may_hand_off = cases[i].may_hand_off;
        struct model_result r = result_of(*state, &rq, 200, cases[i].body);
        if (r.outcome != cases[i].outcome)
            fail_msg("%s: %s", cases[i].body, model_outcome_name(r.outcome));
        if (cases[i].text)
            assert_string_equal(r.text, cases[i].text);
        assert_string_equal(r.reason, cases[i].reason);
        assert_true((*r.error != 0) == (r.outcome == MODEL_NONSENSE));
        assert_false(r.retry);
    }
}

static void test_error_has_request_id(void **state)
{
    struct model_request rq = asking(MODEL_ANTHROPIC);
    struct answer answer = answered(529, "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"},\"request_id\":\"req_1\"}");
    struct model_result r;
    model_result(*state, &rq, &answer, &r);
    assert_string_equal(r.request_id, "req_7"); /* the header's */
    answer.request_id = "";
    model_result(*state, &rq, &answer, &r);
    assert_string_equal(r.request_id, "req_1");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, open_arena, close_arena)
    const struct CMUnitTest tests[] = {
        TEST(test_smallest), TEST(test_versions), TEST(test_tools), TEST(test_bases), TEST(test_canned), TEST(test_answered), TEST(test_outcomes),
        TEST(test_error_has_request_id),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
