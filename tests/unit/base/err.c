/* err.c - the first reason wins, and the table says what each code means outside. */
#include "base/base.h"
#include "base/ctx.h"
#include "base/err.h"
#include "base/log.h"
#include <setjmp.h>
#include <cmocka.h>

static int setup(void **state)
{
    struct ctx *ctx = calloc(1, sizeof *ctx);
    ctx->arena = arena_new(1 << 20);
    *state = ctx;
    return 0;
}

static int teardown(void **state)
{
    struct ctx *ctx = *state;
    arena_free(ctx->arena);
    free(ctx);
    return 0;
}

static void the_first_reason_wins(void **state)
{
    struct ctx *ctx = *state;
    assert_false(err_set(ctx, ERR_ABSENT, "contact %d", 17));
    assert_false(err_set(ctx, ERR_BUG, "later"));
    assert_false(err_field(ctx, "to", "Later"));
    assert_false(err_text(ctx, ERR_LIMIT, "Later", "%s", "later"));
    assert_int_equal(ctx->err.code, ERR_ABSENT);
    assert_string_equal(ctx->err.detail, "contact 17");
    assert_null(ctx->err.field);
    assert_string_equal(err_public(&ctx->err), "This does not exist or is not yours.");
}

static void a_text_of_its_own(void **state)
{
    struct ctx *ctx = *state;
    char secret[] = "detail 1";
    assert_false(err_text(ctx, ERR_CONFLICT, "That line exists already.", "%s", secret));
    secret[0] = 'X'; /* the detail is a copy */
    assert_string_equal(err_public(&ctx->err), "That line exists already.");
    assert_string_equal(ctx->err.detail, "detail 1");
    err_clear(ctx);
    assert_int_equal(ctx->err.code, ERR_NONE);
    assert_null(ctx->err.text);
    assert_false(err_field(ctx, "body", "The text is too long."));
    assert_int_equal(ctx->err.code, ERR_INVALID);
    assert_string_equal(ctx->err.field, "body");
    assert_string_equal(err_public(&ctx->err), "The text is too long.");
}

static void the_table(void **state)
{
    (void)state;
    static const struct { enum err_code code; int status, level; const char *name; } rows[] = {
        { ERR_NONE, 200, LOG_DEBUG, "NONE" },          { ERR_MALFORMED, 400, LOG_INFO, "MALFORMED" },
        { ERR_LOGIN, 401, LOG_INFO, "LOGIN" },         { ERR_DENIED, 403, LOG_NOTICE, "DENIED" },
        { ERR_CSRF, 403, LOG_NOTICE, "CSRF" },         { ERR_SIGNATURE, 403, LOG_WARNING, "SIGNATURE" },
        { ERR_ABSENT, 404, LOG_INFO, "ABSENT" },       { ERR_METHOD, 405, LOG_INFO, "METHOD" },
        { ERR_CONFLICT, 409, LOG_INFO, "CONFLICT" },   { ERR_TOO_LARGE, 413, LOG_INFO, "TOO_LARGE" },
        { ERR_INVALID, 422, LOG_INFO, "INVALID" },     { ERR_LIMIT, 429, LOG_NOTICE, "LIMIT" },
        { ERR_BUG, 500, LOG_ERROR, "BUG" },            { ERR_UPSTREAM, 502, LOG_WARNING, "UPSTREAM" },
        { ERR_DATABASE, 503, LOG_ERROR, "DATABASE" },  { ERR_TIMEOUT, 504, LOG_WARNING, "TIMEOUT" },
    };
    assert_int_equal(ARRAY_LEN(rows), ERR_COUNT);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_int_equal(err_status(rows[i].code), rows[i].status);
        assert_int_equal(err_level(rows[i].code), rows[i].level);
        assert_string_equal(err_name(rows[i].code), rows[i].name);
        assert_true(rows[i].code == ERR_NONE || *err_public(&(struct err){ .code = rows[i].code }));
    }
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = { CASE(the_first_reason_wins), CASE(a_text_of_its_own), CASE(the_table) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
