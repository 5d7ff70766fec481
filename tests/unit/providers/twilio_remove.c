/* twilio_remove.c - redacting and deleting as the official helper library asks for it, and what answers mean. */
#include "base/base.h"
#include "providers/twilio_remove.h"
#include "../vectors.h"
#include <setjmp.h>
#include <cmocka.h>

#define AC "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define SM "SMbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define ME "MEffffffffffffffffffffffffffffffff"
#define BASE "https://api.twilio.com/2010-04-01/Accounts/" AC "/Messages/" SM

static const struct conf conf = { .twilio_connect_limit_ms = 5000, .twilio_limit_ms = 30000 };
static const struct twilio_account account = { .sid = AC, .user = "SK1", .password = "secret", .api_base = "https://api.twilio.com/" };

static int open_arena(void **state)
{
    *state = arena_new(32 << 20);
    return 0;
}

static int close_arena(void **state)
{
    arena_free(*state);
    return 0;
}

enum { REDACT, CANCEL, RECORD, LIST, FILE_OF, CALLS };

static struct call made(struct arena *a, int what)
{
    struct call call;
    switch (what) {
    case REDACT: twilio_redact_call(a, &conf, &account, SM, 7000, &call); break;
    case CANCEL: twilio_cancel_call(a, &conf, &account, SM, 7000, &call); break;
    case RECORD: twilio_delete_call(a, &conf, &account, SM, 7000, &call); break;
    case LIST: twilio_media_list_call(a, &conf, &account, SM, 7000, &call); break;
    default: twilio_media_delete_call(a, &conf, &account, SM, ME, 7000, &call); break;
    }
    return call;
}

static void test_requests(void **state)
{
    static const struct { const char *method, *url, *body; } want[CALLS] = {
        [REDACT] = { "POST", BASE ".json", "Body=" }, [CANCEL] = { "POST", BASE ".json", "Status=canceled" }, [RECORD] = { "DELETE", BASE ".json", NULL },
        [LIST] = { "GET", BASE "/Media.json", NULL }, [FILE_OF] = { "DELETE", BASE "/Media/" ME ".json", NULL } };
    for (int i = 0; i < CALLS; i++) {
        struct call call = made(*state, i);
        assert_string_equal(call.method, want[i].method);
        assert_string_equal(call.url, want[i].url);
        assert_string_equal(call.user, "SK1");
        assert_int_equal(call.limit_ms, 7000);
        assert_true((call.body == NULL) == (want[i].body == NULL));
        if (want[i].body)
            assert_true(call.body_len == strlen(want[i].body) && strcmp(call.body, want[i].body) == 0);
    }
}

static void test_the_helper_library_asks_the_same(void **state)
{
    static const char *const labels[CALLS] = { [REDACT] = "message: redact", [CANCEL] = "message: cancel", [RECORD] = "message: delete", [LIST] = "media: list",
                                               [FILE_OF] = "media: delete" };
    int seen = 0;
    const struct json *all = json_get(vectors_load(*state, "twilio-client/golden_requests.json"), "requests");
    for (const struct json *v = json_first(all); v; v = json_next(v))
        for (int i = 0; i < CALLS; i++) {
            if (strcmp(json_get_text(v, "label", ""), labels[i]) != 0)
                continue;
            struct call call = made(*state, i);
            const char *body = json_get_text(v, "body", "");
            assert_string_equal(call.method, json_get_text(v, "method", ""));
            assert_string_equal(call.url, json_get_text(v, "url", ""));
            assert_string_equal(call.body ? call.body : "", body);
            seen++;
        }
    assert_true(!all || seen == CALLS);
}

static struct answer answered(enum call_class class, int status, const char *body)
{
    return (struct answer){ .class = class, .status = status, .body = body, .body_len = strlen(body), .content_type = "", .retry_after_ms = -1, .request_id = "", .problem = "" };
}

static void test_answers(void **state)
{
    static const struct { enum call_class class; int status; const char *body; enum twilio_removal end; bool absent; int code; } table[] = {
        { CALL_OK, 200, "{}", TWILIO_REMOVED, false, 0 },
        { CALL_OK, 204, "", TWILIO_REMOVED, false, 0 },
        { CALL_REFUSED, 404, "{\"code\":20404,\"message\":\"not found\"}", TWILIO_REMOVED, true, 20404 },
        { CALL_REFUSED, 404, "<html>", TWILIO_REMOVED, true, 0 },
        { CALL_REFUSED, 409, "{\"code\":20009,\"message\":\"too early\"}", TWILIO_LATER, false, 20009 },
        { CALL_REFUSED, 400, "{\"code\":20009,\"message\":\"too early\"}", TWILIO_LATER, false, 20009 },
        { CALL_REFUSED, 400, "{\"code\":30400,\"message\":\"both\"}", TWILIO_REFUSED, false, 30400 },
        { CALL_REFUSED, 401, "{\"code\":20003,\"message\":\"no\"}", TWILIO_REFUSED, false, 20003 },
        { CALL_LIMITED, 429, "{\"code\":20429}", TWILIO_LATER, false, 20429 },
        { CALL_UNKNOWN, 503, "", TWILIO_LATER, false, 0 },
        { CALL_UNKNOWN, 0, "", TWILIO_LATER, false, 0 },
        { CALL_UNSENT, 0, "", TWILIO_LATER, false, 0 },
    };
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        struct twilio_removed r;
        struct answer a = answered(table[i].class, table[i].status, table[i].body);
        twilio_removed_result(*state, &a, &r);
        assert_int_equal(r.end, table[i].end);
        assert_int_equal(r.absent, table[i].absent);
        assert_int_equal(r.code, table[i].code);
        assert_int_equal(r.http, table[i].status);
    }
}

static void test_lists_of_files(void **state)
{
    static const struct { const char *body; int n; } table[] = {
        { "{\"media_list\":[]}", 0 }, { "{\"media_list\":[{\"sid\":\"" ME "\"},{\"sid\":\"" ME "\"}]}", 2 },
        { "{\"media_list\":[{\"sid\":\"../../x\"}]}", -1 }, { "{\"media_list\":[{}]}", -1 }, { "{}", -1 }, { "<html>", -1 },
        { "{\"media_list\":[{\"sid\":\"" ME "\"},{\"sid\":\"" ME "\"},{\"sid\":\"" ME "\"}]}", 2 } };
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        const char *sids[2];
        struct answer a = answered(CALL_OK, 200, table[i].body);
        assert_int_equal(twilio_media_list_result(*state, &a, sids, 2), table[i].n);
        if (table[i].n > 0)
            assert_string_equal(sids[0], ME);
    }
    const char *sids[1];
    struct answer refused = answered(CALL_REFUSED, 401, "{\"media_list\":[]}");
    assert_int_equal(twilio_media_list_result(*state, &refused, sids, 1), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_requests, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(test_the_helper_library_asks_the_same, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(test_answers, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(test_lists_of_files, open_arena, close_arena),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
