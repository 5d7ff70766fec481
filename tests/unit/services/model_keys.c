/* model_keys.c - the keys of model providers, and the spare one of OpenAI. With tests/support/with-mariadb. */
#include "base/base.h"
#include <setjmp.h>
#include <cmocka.h>
#include "services/model_keys.h"
#include "support.h"

static void test_the_spare_key_is_used_while_there_is_no_first(void **state)
{
    (void)state;
    begin(1);
    assert_null(model_key_get(ctx, PROVIDER_OPENAI));
    must(model_key_put(ctx, PROVIDER_OPENAI_SPARE, "sk-spare-0001"));
    const struct model_key *k = model_key_get(ctx, PROVIDER_OPENAI);
    assert_non_null(k);
    assert_string_equal(k->key, "sk-spare-0001");
    assert_null(model_key_get(ctx, PROVIDER_ANTHROPIC));
    must(model_key_put(ctx, PROVIDER_OPENAI, "sk-first-0002"));
    k = model_key_get(ctx, PROVIDER_OPENAI);
    assert_non_null(k);
    assert_string_equal(k->key, "sk-first-0002");
    assert_string_equal(model_key_get(ctx, PROVIDER_OPENAI_SPARE)->key, "sk-spare-0001");
    begin(2);
    assert_null(model_key_get(ctx, PROVIDER_OPENAI));
    assert_int_equal(ctx->err.code, ERR_NONE);
    assert_false(model_key_put(ctx, "openai-3", "sk-other-0003"));
    assert_int_equal(ctx->err.code, ERR_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_the_spare_key_is_used_while_there_is_no_first) };
    return cmocka_run_group_tests(tests, open_services, close_services);
}
