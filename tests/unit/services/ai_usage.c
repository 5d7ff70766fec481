/* ai_usage.c - the day's budget of model calls: counted before the call, in the tenant's day, exact under competition. With
 * tests/support/with-mariadb. */
#include "base/base.h"
#include <setjmp.h>
#include <cmocka.h>
#include "services/ai_usage.h"
#include <sys/wait.h>
#include "support.h"

static const struct sql rows_of = SQL("SELECT CONCAT_WS('|',COUNT(*),SUM(tokens_in),MAX(outcome)) FROM ai_usage WHERE tenant_id=?", &scalar_type);

static int none(void **state)
{
    before_each(state);
    script(&f, "DELETE FROM ai_day; DELETE FROM ai_limit; DELETE FROM ai_usage; DELETE FROM ai_price;");
    return 0;
}

static void use(int64_t in, int64_t out, const char *outcome)
{
    struct ai_use u = { .purpose = "test", .provider = "openai", .model = "m", .tokens_in = in, .tokens_out = out, .request_id = "", .outcome = outcome, .problem = "" };
    ai_usage_add(ctx, &u);
    must(ctx->err.code == ERR_NONE);
}

static void test_calls_are_counted_before_they_are_made(void **state)
{
    (void)state;
    must(ai_limits_put(ctx, 2, 1000));
    assert_int_equal(ai_budget_take(ctx), 1);
    assert_int_equal(ai_budget_take(ctx), 1);
    assert_int_equal(ai_budget_take(ctx), 0);
    assert_int_equal(ai_today(ctx)->calls, 2);
    begin(2);
    assert_int_equal(ai_budget_take(ctx), 1); /* of its own */
}

static void test_tokens_end_the_day_too(void **state)
{
    (void)state;
    must(ai_limits_put(ctx, 100, 50));
    assert_int_equal(ai_budget_take(ctx), 1);
    use(30, 19, "answered");
    assert_int_equal(ai_budget_take(ctx), 1);
    use(1, 0, "refused");
    assert_int_equal(ai_budget_take(ctx), 0);
    assert_int_equal(ai_today(ctx)->tokens, 50);
    assert_string_equal(ask(&rows_of, ARGS(U64(1))), "2|31|refused");
}

static void test_nothing_a_day_is_nothing(void **state)
{
    (void)state;
    must(ai_limits_put(ctx, 0, 1000));
    assert_int_equal(ai_budget_take(ctx), 0);
    must(ai_limits_put(ctx, 1000, 0));
    assert_int_equal(ai_budget_take(ctx), 0);
}

static void test_many_at_once_take_no_more_than_there_is(void **state)
{
    (void)state;
    enum { TAKERS = 6, EACH = 10, MOST = 25 };
    must(ai_limits_put(ctx, MOST, 1000));
    pid_t child[TAKERS];
    int taken = 0;
    for (int i = 0; i < TAKERS; i++) {
        child[i] = fork();
        assert_true(child[i] >= 0);
        if (child[i] == 0) {
            int n = 0;
            ctx->db = db_new(&f.conf);
            for (int k = 0; k < EACH; k++) {
                begin(1);
                n += ai_budget_take(ctx) == 1;
            }
            _exit(n);
        }
    }
    for (int i = 0; i < TAKERS; i++) {
        int status;
        assert_int_equal(waitpid(child[i], &status, 0), child[i]);
        assert_true(WIFEXITED(status));
        taken += WEXITSTATUS(status);
    }
    assert_int_equal(taken, MOST);
    assert_int_equal(ai_today(ctx)->calls, MOST);
}

static void test_costs_by_day_and_model(void **state)
{
    (void)state;
    use(1000000, 500000, "answered");
    use(0, 0, "down");
    must(ai_price_put(ctx, "m", "0,15", "0.6"));
    struct rows rows = ai_costs(ctx, 31);
    const struct ai_cost_row *c = rows.row;
    assert_true(rows.ok && rows.n == 1);
    assert_int_equal(c->calls, 2);
    assert_int_equal(c->answered, 1);
    assert_string_equal(c->cost, "0.4500");
    rows = ai_problems(ctx, 31);
    assert_true(rows.ok && rows.n == 1);
    must(ai_price_put(ctx, "m", "", ""));
    rows = ai_costs(ctx, 31);
    assert_null(((const struct ai_cost_row *)rows.row)->cost);
    assert_false(ai_price_put(ctx, "m", "cheap", "1"));
    assert_string_equal(ctx->err.field, "price_in");
    begin(2);
    assert_int_equal(ai_costs(ctx, 31).n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_calls_are_counted_before_they_are_made, none),
        cmocka_unit_test_setup(test_tokens_end_the_day_too, none),
        cmocka_unit_test_setup(test_nothing_a_day_is_nothing, none),
        cmocka_unit_test_setup(test_many_at_once_take_no_more_than_there_is, none),
        cmocka_unit_test_setup(test_costs_by_day_and_model, none),
    };
    return cmocka_run_group_tests(tests, open_services, close_services);
}
