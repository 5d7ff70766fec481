/* failure.c - what error numbers mean, and that data in the server's messages stays out of the log. */
#include "base/base.h"
#include <setjmp.h>
#include <cmocka.h>
#include "store/db_internal.h"

static void test_meaning(void **state)
{
    (void)state;
    static const struct { unsigned number; enum db_failure want; } rows[] = {
        { 0, DB_FINE },          { 1062, DB_DUPLICATE },  { 1586, DB_DUPLICATE }, { 1213, DB_AGAIN },   { 1205, DB_AGAIN },
        { 1020, DB_AGAIN },      { 1047, DB_ELSEWHERE },  { 2006, DB_UNSENT },    { 2013, DB_LOST },    { 2055, DB_LOST },
        { 1053, DB_LOST },       { 1927, DB_LOST },       { 1158, DB_LOST },      { 1180, DB_LOST },    { 1243, DB_STALE },
        { 1615, DB_STALE },      { 2057, DB_STALE },      { 1040, DB_TROUBLE },   { 1969, DB_TROUBLE }, { 1290, DB_TROUBLE },
        { 2002, DB_TROUBLE },    { 2003, DB_TROUBLE },    { 1064, DB_REFUSED },   { 1142, DB_REFUSED }, { 1406, DB_REFUSED },
        { 1452, DB_REFUSED },    { 1155, DB_REFUSED },    { 1162, DB_REFUSED },   { 3000, DB_REFUSED },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (db_failure_of(rows[i].number) != rows[i].want)
            fail_msg("%u: %d instead of %d", rows[i].number, db_failure_of(rows[i].number), rows[i].want);
}

static void expect(enum db_failure failure, unsigned number, const char *words, enum err_code code, bool duplicate, const char *detail)
{
    struct db db = { .statements = 0 };
    struct ctx ctx = { .arena = arena_new(1 << 16), .db = &db };
    assert_false(db_fail(&ctx, failure, number, words, "INSERT INTO t VALUES (?)"));
    assert_int_equal(ctx.err.code, code);
    assert_int_equal(db.duplicate, duplicate);
    assert_string_equal(ctx.err.detail, detail);
    arena_free(ctx.arena);
}

static void test_telling(void **state)
{
    (void)state;
    expect(DB_DUPLICATE, 1062, "Duplicate entry '1-+48500100100' for key 'k'", ERR_CONFLICT, true,
           "1062 (message withheld) in: INSERT INTO t VALUES (?)");
    expect(DB_REFUSED, 1366, "Incorrect string value: 'secret'", ERR_BUG, false, "1366 (message withheld) in: INSERT INTO t VALUES (?)");
    expect(DB_REFUSED, 1406, "Data too long for column 'name' at row 1", ERR_BUG, false,
           "1406 Data too long for column 'name' at row 1 in: INSERT INTO t VALUES (?)");
    expect(DB_LOST, 2013, "Lost connection", ERR_DATABASE, false, "2013 Lost connection in: INSERT INTO t VALUES (?)");
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_meaning), cmocka_unit_test(test_telling) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
