/* openai.c - Chat Completions: the body in every variant, answers of every kind. */
#include "base/base.h"
#include "models.h"

#define SAID(content, finish) "{\"id\":\"c\",\"object\":\"chat.completion\",\"model\":\"gpt-4o-mini-2024\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\"," \
    "\"content\":" content ",\"refusal\":null},\"finish_reason\":" finish "}],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":12,\"total_tokens\":21}}"
#define TEXT(json_text) SAID(json_text, "\"stop\"")

static void test_smallest(void **state)
{
    struct model_request rq = asking(MODEL_OPENAI);
    rq.max_tokens = 0;
    struct call call = built(*state, &rq);
    assert_string_equal(call.url, "https://api.openai.com/v1/chat/completions");
    assert_string_equal(call.body, "{\"model\":\"gpt-4o-mini\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}");
    assert_string_equal(header_of(&call, "Authorization"), "Bearer " KEY);
    assert_null(header_of(&call, "x-api-key"));
    rq.key = "";
    call = built(*state, &rq);
    assert_null(header_of(&call, "Authorization"));
}

static void test_whole(void **state)
{
    static const struct model_turn turns[] = { { false, "Where is \"it\"?" }, { true, "On its way" }, { false, "Thanks 👍" } };
    struct model_request rq = { .provider = MODEL_OPENAI, .key = KEY, .model = "o4", .has_temperature = true, .temperature = 0.7, .max_tokens = 300,
                                .system = "You help.", .turns = turns, .turn_count = 3, .user_hash = "abc123" };
    struct call call = built(*state, &rq);
    assert_string_equal(call.body, "{\"model\":\"o4\",\"messages\":[{\"role\":\"system\",\"content\":\"You help.\"},{\"role\":\"user\",\"content\":\"Where is \\\"it\\\"?\"},"
        "{\"role\":\"assistant\",\"content\":\"On its way\"},{\"role\":\"user\",\"content\":\"Thanks 👍\"}],\"max_completion_tokens\":300,\"temperature\":0.70,"
        "\"safety_identifier\":\"abc123\"}");
    rq.tokens_param = "max_tokens"; /* a server of the older dialect: nor does it know the other new name */
    call = built(*state, &rq);
    assert_non_null(strstr(call.body, ",\"max_tokens\":300,"));
    assert_null(strstr(call.body, "max_completion_tokens"));
    assert_null(strstr(call.body, "safety_identifier"));
    rq.temperature = 9;
    assert_non_null(strstr(built(*state, &rq).body, "\"temperature\":2.00"));
    rq.temperature = -1;
    assert_non_null(strstr(built(*state, &rq).body, "\"temperature\":0.00"));
}

static void test_structure(void **state)
{
    struct arena *a = *state;
    struct model_request rq = asking(MODEL_OPENAI);
    rq.system = "You help.";
    assert_null(strstr(built(a, &rq).body, "response_format"));
    rq.may_hand_off = true;
    const struct json *j = json_parse(a, built(a, &rq).body, built(a, &rq).body_len), *format = json_get(j, "response_format");
    assert_string_equal(json_get_text(format, "type", ""), "json_schema");
    assert_true(json_bool(json_get(json_get(format, "json_schema"), "strict"), false));
    assert_string_equal(json_get_text(json_first(json_get(j, "messages")), "content", ""), "You help.");
    rq.structure = "json_object";
    j = json_parse(a, built(a, &rq).body, built(a, &rq).body_len);
    assert_string_equal(json_get_text(json_get(j, "response_format"), "type", ""), "json_object");
    const char *system = json_get_text(json_first(json_get(j, "messages")), "content", "");
    assert_ptr_equal(strstr(system, "You help.\n\n"), system);
    assert_non_null(strstr(system, "JSON"));
    rq.structure = "prompt";
    rq.system = NULL;
    j = json_parse(a, built(a, &rq).body, built(a, &rq).body_len);
    assert_null(json_get(j, "response_format"));
    assert_non_null(strstr(json_get_text(json_first(json_get(j, "messages")), "content", ""), "hand_off"));
    /* the operator's setting, when the request says nothing */
    rq.structure = NULL;
    struct call call;
    model_call(a, settings_with(a, "CENTRALA_OPENAI_STRUCTURE=json_object", "CENTRALA_OPENAI_TOKENS_PARAM=max_tokens"), &rq, &call);
    assert_non_null(strstr(call.body, "\"json_object\""));
    assert_non_null(strstr(call.body, "\"max_tokens\":256"));
}

static void test_bases(void **state)
{
    static const struct { const char *base, *url; } cases[] = {
        { "https://llm.example", "https://llm.example/v1/chat/completions" },
        { "https://llm.example///", "https://llm.example/v1/chat/completions" },
        { "https://llm.example:8443/v1", "https://llm.example:8443/v1/chat/completions" },
        { "https://llm.example/openai/v1/", "https://llm.example/openai/v1/chat/completions" },
        { "https://llm.example/v1beta/openai", "https://llm.example/v1beta/openai/chat/completions" },
        { "", "https://api.openai.com/v1/chat/completions" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct model_request rq = asking(MODEL_OPENAI);
        rq.api_base = cases[i].base;
        assert_string_equal(built(*state, &rq).url, cases[i].url);
    }
}

static void test_canned(void **state)
{
    static const struct canned_case cases[] = {
        { "ok", MODEL_ANSWERED, false, "", "" },
        { "stream", MODEL_NONSENSE, false, "", "the answer is not JSON" }, /* never asked for */
        { "bad_key", MODEL_DENIED, false, "invalid_api_key", "Incorrect API key provided: sk-x." },
        { "rate", MODEL_BUSY, true, "rate_limit_exceeded", "Rate limit reached" },
        { "quota", MODEL_QUOTA, false, "insufficient_quota", "You exceeded your current quota" },
        { "bad", MODEL_BAD_REQUEST, false, "invalid_request_error", "Unrecognized request argument supplied: foo" },
        { "server", MODEL_DOWN, true, "server_error", "The server had an error" },
    };
    struct model_request rq = asking(MODEL_OPENAI);
    check_canned(*state, &rq, "openai", cases, ARRAY_LEN(cases));
}

static void test_answered(void **state)
{
    struct model_request rq = asking(MODEL_OPENAI);
    struct model_result r = result_of(*state, &rq, 200, TEXT("\"  Cze\\u015b\\u0107! \\\"quoted\\\" \\\\ \\ud83d\\udc4d\\r\\nline2\\u0007\\u0000 \\n\""));
    assert_int_equal(r.outcome, MODEL_ANSWERED);
    assert_string_equal(r.text, "Cześć! \"quoted\" \\ 👍\nline2\xEF\xBF\xBD");
    assert_int_equal(r.tokens_in, 9);
    assert_int_equal(r.tokens_out, 12);
    assert_string_equal(r.model, "gpt-4o-mini-2024");
    assert_string_equal(r.request_id, "req_7");
    assert_int_equal(r.status, 200);
    assert_int_equal(r.took_ms, 1234);
    assert_string_equal(r.error, "");
    assert_false(r.retry);
    r = result_of(*state, &rq, 200, "{\"choices\":[{\"message\":{\"content\":[{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"x\"},{\"type\":\"text\",\"text\":\"b\"}]}}]}");
    assert_string_equal(r.text, "ab"); /* no usage, no model, no finish_reason: smaller servers */
    assert_string_equal(r.model, "gpt-4o-mini");
    assert_int_equal(r.tokens_in, 0);
    r = result_of(*state, &rq, 200, TEXT("\"<think>He is a fool</think>\\n\\nGladly\""));
    assert_string_equal(r.text, "Gladly");
    r = result_of(*state, &rq, 200, TEXT("\"He is a fool</think>Gladly\""));
    assert_string_equal(r.text, "Gladly");
}

static void test_not_answered(void **state)
{
    static const struct { const char *body; enum model_outcome outcome; const char *reason; } cases[] = {
        { TEXT("\"\""), MODEL_EMPTY, "" },
        { TEXT("\" \\n\\t\\u0001\""), MODEL_EMPTY, "" },
        { TEXT("null"), MODEL_EMPTY, "" },
        { TEXT("\"<think>and so on\""), MODEL_EMPTY, "" },
        { SAID("\"half a sen\"", "\"length\""), MODEL_CUT, "" },
        { SAID("null", "\"length\""), MODEL_CUT, "" }, /* all of it was thinking */
        { SAID("\"half a sen\"", "\"model_length\""), MODEL_CUT, "" },
        { SAID("\"\"", "\"content_filter\""), MODEL_FILTERED, "" },
        { SAID("\"text\"", "\"content_filter\""), MODEL_FILTERED, "" },
        { SAID("null", "\"tool_calls\""), MODEL_NONSENSE, "" },
        { SAID("\"text\"", "\"something new\""), MODEL_NONSENSE, "" },
        { "{\"choices\":[{\"message\":{\"content\":null,\"refusal\":\"I can\\u0027t help\\nwith that\"},\"finish_reason\":\"stop\"}]}", MODEL_REFUSED, "I can't help with that" },
        { "{\"choices\":[]}", MODEL_NONSENSE, "" },
        { "{\"choices\":[{}]}", MODEL_NONSENSE, "" },
        { "{\"choices\":{\"message\":1}}", MODEL_NONSENSE, "" },
        { "{}", MODEL_NONSENSE, "" },
        { "[]", MODEL_NONSENSE, "" },
        { "null", MODEL_NONSENSE, "" },
        { "", MODEL_NONSENSE, "" },
        { "<html>hello</html>", MODEL_NONSENSE, "" },
        { "{\"choices\":[{\"message\":{\"content\":\"cut in the mid", MODEL_NONSENSE, "" },
        { "{\"error\":{\"message\":\"Upstream is down\",\"code\":502}}", MODEL_NONSENSE, "" },
    };
    struct model_request rq = asking(MODEL_OPENAI);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct model_result r = result_of(*state, &rq, 200, cases[i].body);
        if (r.outcome != cases[i].outcome)
            fail_msg("%s: %s", cases[i].body, model_outcome_name(r.outcome));
        assert_string_equal(r.reason, cases[i].reason);
        assert_false(r.retry);
        assert_true((*r.error != 0) == (r.outcome == MODEL_NONSENSE));
    }
    assert_string_equal(result_of(*state, &rq, 200, cases[ARRAY_LEN(cases) - 1].body).error, "Upstream is down");
    assert_int_equal(result_of(*state, &rq, 200, SAID("\"half\"", "\"length\"")).tokens_out, 12); /* paid for all the same */
}

#define DECIDED(action, text, reason) TEXT("\"{\\\"action\\\":\\\"" action "\\\",\\\"text\\\":\\\"" text "\\\",\\\"reason\\\":\\\"" reason "\\\"}\"")

static void test_decision(void **state)
{
    static const struct { const char *body; enum model_outcome outcome; const char *text, *reason; } cases[] = {
        { DECIDED("reply", "We open at 9", ""), MODEL_ANSWERED, "We open at 9", "" },
        { DECIDED("reply", "hand_off", "not sure"), MODEL_ANSWERED, "hand_off", "" }, /* words do not decide */
        { DECIDED("reply", " ", ""), MODEL_EMPTY, NULL, "" },
        { DECIDED("hand_off", "", "wants a person"), MODEL_HANDED_OFF, NULL, "wants a person" },
        { DECIDED("hand_off", "Someone will write", ""), MODEL_HANDED_OFF, NULL, "" },
        { DECIDED("HAND_OFF", "x", ""), MODEL_NONSENSE, NULL, "" },
        { DECIDED("", "x", ""), MODEL_NONSENSE, NULL, "" },
        { TEXT("\"We open at 9\""), MODEL_NONSENSE, NULL, "" },
        { TEXT("\"{\\\"text\\\":\\\"x\\\"}\""), MODEL_NONSENSE, NULL, "" },
        { TEXT("\"{\\\"action\\\":\\\"reply\\\"}\""), MODEL_EMPTY, NULL, "" },
        { TEXT("\"{\\\"action\\\":\\\"reply\\\",\\\"text\\\":\\\"cut\""), MODEL_NONSENSE, NULL, "" },
        { TEXT("\"\""), MODEL_EMPTY, NULL, "" },
        { TEXT("\"```json\\n{\\\"action\\\":\\\"reply\\\",\\\"text\\\":\\\"a\\\"}\\n```\\n\""), MODEL_ANSWERED, "a", "" },
        { TEXT("\"<think>{}</think>{\\\"action\\\":\\\"reply\\\",\\\"text\\\":\\\"b\\\"}\""), MODEL_ANSWERED, "b", "" },
        { SAID("\"{\\\"action\\\":\\\"reply\\\",\\\"text\\\":\\\"a\\\"}\"", "\"length\""), MODEL_CUT, NULL, "" },
    };
    struct model_request rq = asking(MODEL_OPENAI);
    rq.may_hand_off = true;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct model_result r = result_of(*state, &rq, 200, cases[i].body);
        if (r.outcome != cases[i].outcome)
            fail_msg("%s: %s", cases[i].body, model_outcome_name(r.outcome));
        if (cases[i].text)
            assert_string_equal(r.text, cases[i].text);
        assert_string_equal(r.reason, cases[i].reason);
    }
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, open_arena, close_arena)
    const struct CMUnitTest tests[] = {
        TEST(test_smallest), TEST(test_whole), TEST(test_structure), TEST(test_bases), TEST(test_canned), TEST(test_answered), TEST(test_not_answered), TEST(test_decision),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
