/* script.c - SQL files cut into statements: DELIMITER, quotes, comments, lines. */
#include "base/base.h"
#include <setjmp.h>
#include <cmocka.h>
#include "store/script.h"

static void expect(struct script *s, unsigned line, const char *want)
{
    const char *text;
    size_t n;
    assert_true(script_next(s, &text, &n));
    if (strlen(want) != n || memcmp(text, want, n) != 0)
        fail_msg("got \"%.*s\", want \"%s\"", (int)n, text, want);
    assert_int_equal(s->line, line);
}

static void expect_end(struct script *s)
{
    const char *text;
    size_t n;
    assert_false(script_next(s, &text, &n));
}

static void test_plain(void **state)
{
    (void)state;
    struct script s;
    script_init(&s, "SELECT 1;\n\n  SELECT 2 ;;\nSELECT 3");
    expect(&s, 1, "SELECT 1");
    expect(&s, 3, "SELECT 2");
    expect(&s, 4, "SELECT 3");
    expect_end(&s);
    script_init(&s, "");
    expect_end(&s);
    script_init(&s, " -- nothing\n/* here */ # at all\n;");
    expect_end(&s);
}

static void test_quotes(void **state)
{
    (void)state;
    struct script s;
    script_init(&s, "SELECT ';', \"a;b\", `c;d`, 'it''s;', 'a\\';b', `e\\`; SELECT 'open; to the end");
    expect(&s, 1, "SELECT ';', \"a;b\", `c;d`, 'it''s;', 'a\\';b', `e\\`");
    expect(&s, 1, "SELECT 'open; to the end");
    expect_end(&s);
}

static void test_comments(void **state)
{
    (void)state;
    struct script s;
    script_init(&s, "-- one; two\nSELECT 1 -- three; four's\n+1;# a;\n/* b; */SELECT 2-/* c; */-1;/*!50003 SET x=1 */;SELECT 5--1;");
    expect(&s, 2, "SELECT 1 -- three; four's\n+1");
    expect(&s, 4, "SELECT 2-/* c; */-1");
    expect(&s, 4, "/*!50003 SET x=1 */");
    expect(&s, 4, "SELECT 5--1");
    expect_end(&s);
}

static void test_delimiter(void **state)
{
    (void)state;
    struct script s;
    script_init(&s, "SELECT 1;\nDELIMITER //\nCREATE PROCEDURE p()\nBEGIN\n  SELECT 1; -- a // b\nEND //\ndelimiter ;\nSELECT 2;\n"
                    "DELIMITER $$\nDELIMITER ;\nSELECT 3;");
    expect(&s, 1, "SELECT 1");
    expect(&s, 3, "CREATE PROCEDURE p()\nBEGIN\n  SELECT 1; -- a // b\nEND");
    expect(&s, 8, "SELECT 2");
    expect(&s, 11, "SELECT 3");
    expect_end(&s);
    /* A column of that name is no directive. */
    script_init(&s, "SELECT 1 AS\ndelimiter_x;");
    expect(&s, 1, "SELECT 1 AS\ndelimiter_x");
    expect_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain), cmocka_unit_test(test_quotes), cmocka_unit_test(test_comments), cmocka_unit_test(test_delimiter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
