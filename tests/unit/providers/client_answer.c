/* client_answer.c - what an answer says, without a server. */
#include "base/base.h"
#include "providers/client_internal.h"
#include <setjmp.h>
#include <cmocka.h>

static void the_class_is_told_by_what_left_and_what_came(void **state UNUSED)
{
    static const struct { bool begun, whole; int status; enum call_class want; } cases[] = {
        { false, false, 0, CALL_UNSENT }, { true, false, 0, CALL_UNKNOWN }, { true, true, 200, CALL_OK }, { true, true, 299, CALL_OK },
        { true, false, 201, CALL_UNKNOWN }, { true, true, 301, CALL_REFUSED }, { true, false, 404, CALL_REFUSED }, { true, true, 429, CALL_LIMITED },
        { true, true, 499, CALL_REFUSED }, { true, true, 500, CALL_UNKNOWN }, { true, true, 503, CALL_UNKNOWN },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_int_equal(answer_class(cases[i].begun, cases[i].whole, cases[i].status), cases[i].want);
}

static void milliseconds_come_before_seconds_and_a_day_is_the_most(void **state UNUSED)
{
    static const struct { const char *ms; bool said; int64_t s, want; } cases[] = {
        { NULL, false, 0, -1 }, { NULL, true, 3, 3000 }, { NULL, true, -5, 0 }, { "250", true, 3, 250 }, { "250", false, 0, 250 },
        { "soon", true, 3, 3000 }, { "-1", false, 0, -1 }, { "99999999999", false, 0, 86400000 }, { NULL, true, INT64_MAX, 86400000 },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_int_equal(answer_wait_ms(cases[i].ms, cases[i].said, cases[i].s), cases[i].want);
    assert_int_equal(answer_should_retry(NULL), 0);
    assert_int_equal(answer_should_retry("True"), 1);
    assert_int_equal(answer_should_retry("false"), -1);
    assert_int_equal(answer_should_retry("perhaps"), 0);
}

static void the_log_gets_the_host_alone(void **state UNUSED)
{
    static const char *const cases[][2] = {
        { "https://api.example/a/b?c", "\"api.example\"" }, { "http://user:secret@api.example:81/x", "\"api.example:81\"" },
        { "https://api.example?q=@else", "\"api.example\"" }, { "api.example/a@b", "\"api.example\"" },
    };
    struct arena *a = arena_new(1 << 20);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_string_equal(url_host(a, cases[i][0]), cases[i][1]);
    arena_free(a);
}

static void a_file_that_takes_nothing_is_told(void **state UNUSED)
{
    assert_false(answer_to_file(-1, "x", 1));
    assert_true(answer_to_file(-1, "", 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_class_is_told_by_what_left_and_what_came),
        cmocka_unit_test(milliseconds_come_before_seconds_and_a_day_is_the_most),
        cmocka_unit_test(the_log_gets_the_host_alone),
        cmocka_unit_test(a_file_that_takes_nothing_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
