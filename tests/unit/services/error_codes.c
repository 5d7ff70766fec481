/* error_codes.c - the loader, and the shipped table against the rules of Twilio's documentation. */
#include "base/base.h"
#include "services/error_codes.h"
#include <setjmp.h>
#include <unistd.h>
#include <cmocka.h>

static int open_arena(void **state)
{
    *state = arena_new(8 << 20);
    return 0;
}

static int close_arena(void **state)
{
    error_codes_use(NULL);
    arena_free(*state);
    return 0;
}

/* The tree's root: tests run there, or CENTRALA_ROOT says where it is. */
static const char *shipped(struct arena *a)
{
    const char *root = getenv("CENTRALA_ROOT");
    return arena_printf(a, "%s/etc/error-codes", root ? root : ".");
}

static void test_parse(void **state)
{
    const char *problems;
    const struct error_codes *t = error_codes_parse(*state,
        "# comment\n\n  30003 | L | - | off | wyłączony | apagado  \r\n21610|N|opt-out|opted out|rezygnacja|baja\n", &problems);
    assert_non_null(t);
    assert_string_equal(problems, "");
    assert_int_equal(error_codes_count(t), 2);
    error_codes_use(t);
    struct error_code e = error_code(*state, 21610);
    assert_int_equal(e.verdict, VERDICT_NEVER);
    assert_int_equal(e.feedback, FEEDBACK_OPT_OUT);
    assert_string_equal(error_code_words(&e, "en"), "opted out");
    assert_string_equal(error_code_words(&e, "es"), "baja");
    e = error_code(*state, 30003);
    assert_int_equal(e.verdict, VERDICT_LATER);
    assert_int_equal(e.feedback, FEEDBACK_NONE);
    assert_string_equal(error_code_words(&e, "pl"), "wyłączony");
    assert_string_equal(error_code_words(&e, "es"), "apagado");
    assert_string_equal(error_code_words(&e, "de"), "off");
    assert_string_equal(error_code_words(&e, NULL), "off");
}

static void test_unknown(void **state)
{
    for (int round = 0; round < 2; round++) {
        struct error_code e = error_code(*state, 99999);
        assert_int_equal(e.code, 99999);
        assert_int_equal(e.verdict, VERDICT_NEVER);
        assert_int_equal(e.feedback, FEEDBACK_NONE);
        assert_string_equal(error_code_words(&e, "en"), "failed, code 99999");
        assert_string_equal(error_code_words(&e, "pl"), "niepowodzenie, kod 99999");
        assert_string_equal(error_code_words(&e, "es"), "ha fallado, código 99999");
        const char *problems; /* without a table, and with one that has not the code */
        error_codes_use(error_codes_parse(*state, "1 | N | - | a | b | c", &problems));
    }
    assert_string_equal(error_code_link(*state, 30007), "https://www.twilio.com/docs/api/errors/30007");
    assert_string_equal(feedback_name(FEEDBACK_STOP_TENANT), "stop-tenant");
}

static void test_mistakes(void **state)
{
    static const struct { const char *text, *says; } cases[] = {
        { "1 | N | - | a | b", "line 1:" },
        { "1 | N | - | a | b | c | d", "line 1:" },
        { "\n\nx | N | - | a | b | c", "line 3: the code" },
        { "-1 | N | - | a | b | c", "line 1: the code" },
        { "1000000 | N | - | a | b | c", "line 1: the code" },
        { "1 | X | - | a | b | c", "line 1: the verdict" },
        { "1 |  | - | a | b | c", "line 1: the verdict" },
        { "1 | N | typo | a | b | c", "line 1: the feedback" },
        { "1 | N | - | a |  | c", "line 1: words" },
        { "1 | N | - | \xff | b | c", "line 1: not UTF-8" },
        { "1 | N | - | a | b | c\n2 | N | - | a | b | c\n1 | L | - | a | b | c", "code 1 is there twice" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const char *problems;
        assert_null(error_codes_parse(*state, cases[i].text, &problems));
        assert_non_null(strstr(problems, cases[i].says));
    }
    const char *problems;
    assert_null(error_codes_load(*state, "/nonexistent/error-codes", &problems));
    assert_non_null(strstr(problems, "/nonexistent/error-codes"));
}

static void test_shipped(void **state)
{
    static const struct { int code; char verdict; enum feedback feedback; } rows[] = {
        { 20003, 'C', FEEDBACK_STOP_TENANT },   { 20429, 'L', FEEDBACK_SLOW_ACCOUNT },   { 20500, 'U', FEEDBACK_RECONCILE },
        { 20503, 'L', FEEDBACK_NONE },          { 21211, 'N', FEEDBACK_NUMBER_INVALID }, { 21606, 'C', FEEDBACK_DISABLE_SENDER },
        { 21610, 'N', FEEDBACK_OPT_OUT },       { 21611, 'L', FEEDBACK_SLOW_SENDER },    { 21617, 'C', FEEDBACK_OUR_BUG },
        { 30003, 'L', FEEDBACK_NONE },          { 30005, 'N', FEEDBACK_NUMBER_DEAD },    { 30007, 'N', FEEDBACK_FILTERED },
        { 30008, '1', FEEDBACK_NONE },          { 30009, '-', FEEDBACK_INCOMPLETE },     { 30410, 'U', FEEDBACK_RECONCILE },
        { 30500, '1', FEEDBACK_NONE },          { 30610, 'L', FEEDBACK_QUIET_HOURS },    { 35118, 'C', FEEDBACK_OUR_BUG },
        { 63016, 'C', FEEDBACK_CLOSE_WINDOW },  { 63049, 'N', FEEDBACK_COOL_DOWN },      { 11200, '-', FEEDBACK_HEALTH },
    };
    const char *problems;
    const struct error_codes *t = error_codes_load(*state, shipped(*state), &problems);
    if (!t)
        print_error("%s", problems);
    assert_non_null(t);
    assert_true(error_codes_count(t) >= 99);
    error_codes_use(t);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct error_code e = error_code(*state, rows[i].code);
        assert_int_equal(e.verdict, rows[i].verdict);
        assert_int_equal(e.feedback, rows[i].feedback);
        assert_null(strstr(e.en, "failed, code"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_parse, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(test_unknown, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(test_mistakes, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(test_shipped, open_arena, close_arena),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
