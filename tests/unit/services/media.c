/* media.c (test) - which addresses may be called, and how long a link holds. With tests/support/with-mariadb. */
#include "base/base.h"
#include <setjmp.h>
#include <cmocka.h>
#include "services/media.h"
#include "support.h"

#define BASE "https://api.twilio.com"
#define AC "AC11111111111111111111111111111111"
#define MM "MM22222222222222222222222222222222"
#define ME "ME33333333333333333333333333333333"
#define PATH "/2010-04-01/Accounts/" AC "/Messages/" MM "/Media/" ME

static void test_only_our_own_message(void **state UNUSED)
{
    static const char *const forged[] = {
        "", "/", PATH, BASE, BASE PATH "/", BASE PATH "?a=b", BASE PATH "#x", BASE PATH "0", BASE "/" PATH, BASE "." PATH, BASE ":8443" PATH, BASE "@example.org" PATH,
        "http://api.twilio.com" PATH, "https://example.org" PATH, "https://api.twilio.com.example.org" PATH, "https://user@api.twilio.com" PATH, "HTTPS://api.twilio.com" PATH,
        BASE "/2010-04-01/Accounts/AC11111111111111111111111111111112/Messages/" MM "/Media/" ME,
        BASE "/2010-04-01/Accounts/" AC "/Messages/MM22222222222222222222222222222223/Media/" ME,
        BASE "/2010-04-01/Accounts/" AC "/Messages/" MM "/Media/ME3333333333333333333333333333333",
        BASE "/2010-04-01/Accounts/" AC "/Messages/" MM "/Media/../../../../" ME,
        BASE "/2010-04-01/Accounts/" AC "/Messages/" MM "/Media/MM33333333333333333333333333333333",
        BASE "/2010-04-01/Accounts/" AC "/Messages/" MM "/Media/ME333333333333333333333333333333 3",
    };
    assert_true(media_url_is_ours(BASE, AC, MM, BASE PATH));
    assert_true(media_url_is_ours(BASE "/", AC, MM, BASE PATH));
    for (size_t i = 0; i < ARRAY_LEN(forged); i++)
        if (media_url_is_ours(BASE, AC, MM, forged[i]))
            fail_msg("%s passes", forged[i]);
    assert_false(media_url_is_ours(BASE, "", "", BASE "/2010-04-01/Accounts//Messages//Media/" ME));
    assert_false(media_url_is_ours("", AC, MM, PATH));
}

static void test_redirects(void **state UNUSED)
{
    static const struct { const char *base, *url; bool allowed, inside; } cases[] = {
        { BASE, "https://mms.twiliocdn.com/x?y=z", true, false },
        { BASE, "https://api.twilio.com/x", true, true },
        { BASE, "HTTPS://API.twilio.com:444/x", true, true },
        { BASE, "https://10.0.0.1/x", true, false }, /* the client refuses the address: public_only */
        { BASE, "http://mms.twiliocdn.com/x", false, false },
        { BASE, "http://api.twilio.com/x", false, false },
        { BASE, "https://api.twilio.com@example.org/x", false, false },
        { BASE, "https://api.twilio.com.example.org/x", true, false },
        { BASE, "https:///x", false, false },
        { BASE, "https://", false, false },
        { BASE, "https://a b/", false, false },
        { BASE, "https://a\\b/", false, false },
        { BASE, "ftp://api.twilio.com/", false, false },
        { BASE, "//api.twilio.com/", false, false },
        { BASE, "", false, false },
        { "http://127.0.0.1:5000", "http://127.0.0.1:6000/x", true, true },
        { "http://127.0.0.1:5000", "http://127.0.0.2:6000/x", false, false },
        { "http://127.0.0.1:5000", "https://127.0.0.1:6000/x", true, false },
        { "http://[::1]:5000", "http://[::1]:6000/x", true, true },
        { "http://[::1]:5000", "http://[::2]:6000/x", false, false },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        bool inside = !cases[i].inside, allowed = media_redirect_allowed(cases[i].base, cases[i].url, &inside);
        if (allowed != cases[i].allowed || (allowed && inside != cases[i].inside))
            fail_msg("%s from %s", cases[i].url, cases[i].base);
    }
}

/* What is told of it: the signature is good, but there is no such file; or it is not valid. */
static const char *opened(const char *token)
{
    struct media_file file;
    err_clear(ctx);
    assert_false(media_link_open(ctx, token, &file));
    assert_int_equal(ctx->err.code, ERR_ABSENT);
    return ctx->err.detail;
}

static void test_a_link_ends(void **state UNUSED)
{
    begin(1);
    const struct media_key key = { 5, 6, 7 };
    const char *token = strrchr(media_link(ctx, &key), '/') + 1;
    int64_t made = ctx->now_ms / 1000 * 1000;
    static const struct { int64_t after_s; const char *told; } cases[] = {
        { 0, "no such file" }, { 24 * 3600 - 1, "no such file" }, { 24 * 3600, "media link not valid" }, { 30 * 24 * 3600, "media link not valid" } };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        ctx->now_ms = made + cases[i].after_s * 1000;
        assert_string_equal(opened(token), cases[i].told);
        assert_int_equal(ctx->tenant, 1);
    }
    begin(2); /* it is the token that says whose it is */
    opened(token);
    assert_int_equal(ctx->tenant, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_only_our_own_message), cmocka_unit_test(test_redirects), cmocka_unit_test(test_a_link_ends) };
    return cmocka_run_group_tests(tests, open_services, close_services);
}
