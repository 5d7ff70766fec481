/* model_keys.c - keys of providers are sealed, bound to tenant and provider, and go only where they were typed for. With
 * tests/support/with-mariadb. */
#include "base/base.h"
#include <setjmp.h>
#include <cmocka.h>
#include "services/model_keys.h"
#include "support.h"

#define KEY "sk-abcdefghijklmnop-WXYZ"

static const struct sql stored = SQL("SELECT sealed_key FROM model_key WHERE tenant_id=? AND provider=?", &scalar_type);
static const struct sql move = SQL("UPDATE model_key SET provider=? WHERE tenant_id=?", NULL);
static const struct sql trail = SQL("SELECT GROUP_CONCAT(action,' ',target,' ',detail ORDER BY id SEPARATOR '|') FROM audit WHERE tenant_id=?", &scalar_type);

static int none(void **state)
{
    before_each(state);
    script(&f, "DELETE FROM model_key; DELETE FROM audit;");
    f.conf.openai_api_base = "https://api.openai.com";
    f.conf.anthropic_api_base = "https://api.anthropic.com";
    return 0;
}

static void test_a_key_is_sealed_and_shown_as_bullets(void **state)
{
    (void)state;
    assert_null(model_key_get(ctx, "openai"));
    assert_int_equal(ctx->err.code, ERR_NONE);
    must(model_key_put(ctx, "openai", KEY));
    assert_string_equal(model_key_get(ctx, "openai")->key, KEY);
    assert_null(strstr(ask(&stored, ARGS(U64(1), TEXT("openai"))), "abcdefgh"));
    assert_string_equal(model_key_masked(ctx, "openai"), "••••••••WXYZ");
    assert_string_equal(ask(&trail, ARGS(U64(1))), "model_key.put openai …WXYZ");
    begin(2);
    assert_null(model_key_get(ctx, "openai"));
}

static void test_a_key_moved_to_another_provider_does_not_open(void **state)
{
    (void)state;
    must(model_key_put(ctx, "openai", KEY));
    must_do(ctx, &move, ARGS(TEXT("anthropic"), U64(1)));
    assert_null(model_key_get(ctx, "anthropic"));
    assert_int_equal(ctx->err.code, ERR_BUG);
    assert_null(strstr(ctx->err.detail, KEY));
}

static void test_what_is_no_key(void **state)
{
    (void)state;
    static const char *const bad[] = { "", "short", "with a blank in it", "żółwżółw", "line\nbreak-in-it" };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        begin(1);
        assert_false(model_key_put(ctx, "openai", bad[i]));
        assert_string_equal(ctx->err.field, "api_key");
    }
    begin(1);
    assert_false(model_key_put(ctx, "other", KEY));
}

static void test_another_address_needs_the_key_again(void **state)
{
    (void)state;
    must(model_server_put(ctx, "openai", "https://models.example/v1", NULL, false)); /* no key, nothing to lose */
    must(model_key_put(ctx, "openai", KEY));
    assert_false(model_server_put(ctx, "openai", "https://models.example/v1", NULL, false));
    assert_string_equal(ctx->err.field, "api_key");
    begin(1);
    must(model_server_put(ctx, "openai", "https://models.example/v1", NULL, true));
    assert_string_equal(model_key_get(ctx, "openai")->base_url, "https://models.example/v1");
    must(model_server_put(ctx, "openai", "https://models.example/v1", "2026-10-21", false)); /* the same address */
    must(model_server_put(ctx, "openai", "", "", false)); /* the installation's own */
    assert_null(model_key_get(ctx, "openai")->base_url);
    assert_false(model_server_put(ctx, "openai", "http://10.0.0.1", "", true));
    assert_string_equal(ctx->err.field, "base_url");
    begin(1);
    assert_false(model_server_put(ctx, "anthropic", "", "yesterday", true));
    assert_string_equal(ctx->err.field, "api_version");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_a_key_is_sealed_and_shown_as_bullets, none),
        cmocka_unit_test_setup(test_a_key_moved_to_another_provider_does_not_open, none),
        cmocka_unit_test_setup(test_what_is_no_key, none),
        cmocka_unit_test_setup(test_another_address_needs_the_key_again, none),
    };
    return cmocka_run_group_tests(tests, open_services, close_services);
}
