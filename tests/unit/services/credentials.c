/* credentials.c - sealed and bound to their tenant. With tests/support/with-mariadb. */
#include "base/base.h"
#include <setjmp.h>
#include <cmocka.h>
#include "support.h"

static void test_an_account_has_one_tenant(void **state)
{
    (void)state;
    struct credentials_in theirs = { .account_sid = ACCOUNT_ONE, .token = "33333333333333333333333333333333" };
    assert_false(credentials_put(ctx, 2, &theirs));
    assert_int_equal(ctx->err.code, ERR_INVALID);
    assert_string_equal(ctx->err.field, "sid");
    begin(1);
    const struct credentials *c = credentials_get(ctx);
    assert_non_null(c);
    assert_string_equal(c->token, "11111111111111111111111111111111");
    begin(2);
    c = credentials_get(ctx);
    assert_non_null(c);
    assert_string_equal(c->account_sid, ACCOUNT_TWO);
    /* Nor one that has none yet. */
    begin(0);
    uint64_t third = tenant_add(ctx, "three", "GB", "Europe/Warsaw", "en", NULL);
    assert_true(third > 0);
    assert_false(credentials_put(ctx, third, &theirs));
    begin(1);
    c = credentials_get(ctx);
    assert_non_null(c);
    assert_string_equal(c->token, "11111111111111111111111111111111");
}

static void test_a_change_replaces_everything(void **state)
{
    (void)state;
    struct credentials_in in = { .account_sid = ACCOUNT_ONE, .token = "44444444444444444444444444444444", .second_token = "55555555555555555555555555555555",
                                 .api_key_sid = "SK66666666666666666666666666666666", .api_key_secret = "secret" };
    must(credentials_put(ctx, 1, &in));
    const struct credentials *c = credentials_get(ctx);
    assert_non_null(c);
    assert_string_equal(c->token, in.token);
    assert_string_equal(c->second_token, in.second_token);
    assert_string_equal(c->rest_user, in.api_key_sid);
    assert_string_equal(c->rest_password, "secret");
    in = (struct credentials_in){ .account_sid = ACCOUNT_ONE, .token = "11111111111111111111111111111111" };
    must(credentials_put(ctx, 1, &in));
    c = credentials_get(ctx);
    assert_non_null(c);
    assert_null(c->second_token);
    assert_string_equal(c->rest_user, ACCOUNT_ONE);
    assert_string_equal(c->rest_password, in.token);
}

static void test_a_row_of_another_tenant_does_not_open(void **state)
{
    (void)state;
    struct account_row *row = db_account_get(ctx, 1);
    assert_non_null(row);
    row->tenant_id = 2;
    assert_null(credentials_open(ctx, row));
    assert_int_equal(ctx->err.code, ERR_BUG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_an_account_has_one_tenant, before_each),
        cmocka_unit_test_setup(test_a_change_replaces_everything, before_each),
        cmocka_unit_test_setup(test_a_row_of_another_tenant_does_not_open, before_each),
    };
    return cmocka_run_group_tests(tests, open_services, close_services);
}
