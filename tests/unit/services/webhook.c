/* webhook.c - refusals are counted, and nobody can fill the table with invented names. With tests/support/with-mariadb. */
#include "base/base.h"
#include <setjmp.h>
#include <cmocka.h>
#include "support.h"
#include "services/webhook.h"
#include "store/health.h"

static const struct sql rows_of_strangers = SQL("SELECT CAST(COUNT(*) AS CHAR) FROM hook_rejection WHERE tenant_id IS NULL", &scalar_type);
static const struct sql requests_of_strangers = SQL("SELECT CAST(SUM(count) AS CHAR) FROM hook_rejection WHERE tenant_id IS NULL", &scalar_type);
static const struct sql count_of = SQL("SELECT CAST(SUM(count) AS CHAR) FROM hook_rejection WHERE account_sid=? AND reason=?", &scalar_type);
static const struct sql forget = SQL("DELETE FROM hook_rejection", NULL);

static void refused(const char *account)
{
    struct pair params[] = { { "AccountSid", 10, account, strlen(account) } };
    struct webhook hook = { .target = "/twilio/inbound", .signature = "AAAAAAAAAAAAAAAAAAAAAAAAAAA=", .params = params, .param_count = 1, .body = "" };
    begin(0);
    assert_false(webhook_check(ctx, &hook));
    assert_int_equal(ctx->err.code, ERR_SIGNATURE);
    assert_int_equal(ctx->tenant, 0);
    begin(0);
}

static void test_a_known_account_is_counted_under_its_name(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++)
        refused(ACCOUNT_ONE);
    assert_string_equal(ask(&count_of, ARGS(TEXT(ACCOUNT_ONE), TEXT("mismatch"))), "3");
}

static void test_invented_accounts_take_a_bounded_number_of_rows(void **state)
{
    (void)state;
    must(stmt_do(ctx, &forget, NO_ARGS) >= 0);
    for (int i = 0; i < 100; i++)
        refused(arena_printf(ctx->arena, "AC%032d", i));
    assert_string_equal(ask(&requests_of_strangers, NO_ARGS), "100");
    assert_in_range(strtol(ask(&rows_of_strangers, NO_ARGS), NULL, 10), 20, 42); /* a minute, or two when it changes meanwhile */
    refused(ACCOUNT_TWO);
    assert_string_equal(ask(&count_of, ARGS(TEXT(ACCOUNT_TWO), TEXT("mismatch"))), "1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_a_known_account_is_counted_under_its_name, before_each),
        cmocka_unit_test_setup(test_invented_accounts_take_a_bounded_number_of_rows, before_each),
    };
    crypto_init();
    return cmocka_run_group_tests(tests, open_services, close_services);
}
