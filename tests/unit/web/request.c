/* request.c - target, parameters, client address, where to go back to. */
#include "base/base.h"
#include "web/request.h"
#include "fake.h"

static int start(void **state)
{
    static struct fake fake;
    fake_start(&fake, NULL, 0, NULL);
    *state = &fake;
    return 0;
}

static int end(void **state)
{
    fake_end(*state);
    return 0;
}

static bool target(struct fake *f, const char *text)
{
    fake_request(f, "GET", text);
    return request_parse(&f->rq);
}

static void targets_are_split_and_decoded(void **state)
{
    struct fake *f = *state;
    assert_true(target(f, "/a/b?x=1&y=a%20b+c#frag"));
    assert_string_equal(f->rq.path, "/a/b");
    assert_string_equal(request_param(&f->rq, "x"), "1");
    assert_true(target(f, "/"));
    assert_string_equal(f->rq.query, "");
    assert_int_equal(f->rq.param_count, 0);
    assert_true(target(f, "/a+b/whatsapp%3A%2B48/%C5%82"));
    assert_string_equal(f->rq.path, "/a+b/whatsapp:+48/ł"); /* a plus is a plus in a path */
    assert_true(target(f, "/a%252e"));
    assert_string_equal(f->rq.path, "/a%2e"); /* decoded once */
    assert_true(target(f, "/.well-known/...a/..b/b.."));
}

static void bad_targets_are_refused(void **state)
{
    static const char *const bad[] = { "", "a", "*", "http://host/x", "/%", "/%4", "/%zz", "/a%00b", "/%ff", "/%c0%af", "/../a", "/a/..",
                                       "/a/../b", "/a/%2e%2E/b", "/a/..%2fb", "/./a", "/a/.", "/%ed%a0%80" };
    struct fake *f = *state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_false(target(f, bad[i]));
        assert_int_equal(f->rq.ctx.err.code, ERR_MALFORMED);
    }
    assert_false(target(f, NULL));
    char *large = arena_alloc(f->arena, TARGET_MAX + 2);
    memset(large, 'a', TARGET_MAX + 1);
    large[0] = '/';
    large[TARGET_MAX + 1] = 0;
    assert_false(target(f, large));
    assert_int_equal(f->rq.ctx.err.code, ERR_TOO_LARGE);
}

static bool post(struct fake *f, const char *type, const char *body)
{
    fake_request(f, "POST", "/x?query=1");
    fake_body(f, type, body);
    return request_parse(&f->rq);
}

static void bodies_become_parameters(void **state)
{
    struct fake *f = *state;
    assert_true(post(f, "application/x-www-form-urlencoded; charset=UTF-8", "a=1&b=x+y%21&a=2&c"));
    assert_int_equal(f->rq.param_count, 4);
    assert_string_equal(request_param(&f->rq, "a"), "1");
    assert_string_equal(request_param(&f->rq, "b"), "x y!");
    assert_string_equal(request_param(&f->rq, "c"), "");
    assert_null(request_param(&f->rq, "query")); /* the query of a POST is no input */
    assert_null(request_param(&f->rq, "A"));
    assert_true(post(f, "multipart/form-data; boundary=B", "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--B--"));
    assert_string_equal(request_param(&f->rq, "a"), "1");
    assert_false(post(f, "multipart/form-data; boundary=B", "--C"));
    assert_int_equal(f->rq.ctx.err.code, ERR_MALFORMED);
    assert_true(post(f, "application/json", "{}"));
    assert_int_equal(f->rq.param_count, 0);
    assert_true(post(f, NULL, ""));
}

static void too_much_is_refused(void **state)
{
    struct fake *f = *state;
    struct str s;
    str_init(&s, f->arena, 0, 1 << 20);
    for (int i = 0; i <= REQUEST_PARAMS_MAX; i++)
        STR_LIT(&s, "a=1&");
    assert_false(post(f, TYPE_FORM, s.s));
    assert_int_equal(f->rq.ctx.err.code, ERR_TOO_LARGE);
    s.s[4 * REQUEST_PARAMS_MAX - 1] = 0;
    assert_true(post(f, TYPE_FORM, s.s));
    assert_int_equal(f->rq.param_count, REQUEST_PARAMS_MAX);

    fake_request(f, "POST", "/");
    fake_body(f, TYPE_FORM, "a=12345");
    assert_true(request_parse_body(&f->rq, 7));
    assert_false(request_parse_body(&f->rq, 6));
    assert_int_equal(f->rq.ctx.err.code, ERR_TOO_LARGE);
}

static void methods(void **state)
{
    static const struct { const char *name; enum method method; bool head, safe; } cases[] = {
        { "GET", METHOD_GET, false, true }, { "HEAD", METHOD_GET, true, true }, { "POST", METHOD_POST, false, false },
        { "PUT", METHOD_PUT, false, false }, { "PATCH", METHOD_PATCH, false, false }, { "DELETE", METHOD_DELETE, false, false },
        { "get", METHOD_OTHER, false, false }, { "TRACE", METHOD_OTHER, false, false }, { "", METHOD_OTHER, false, false },
    };
    struct fake *f = *state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        request_method(&f->rq, cases[i].name);
        assert_int_equal(f->rq.method, cases[i].method);
        assert_int_equal(f->rq.head, cases[i].head);
        assert_int_equal(request_safe(&f->rq), cases[i].safe);
    }
    request_method(&f->rq, NULL);
    assert_int_equal(f->rq.method, METHOD_OTHER);
}

static void ids_in_paths(void **state)
{
    static const struct { const char *text; uint64_t id; } cases[] = {
        { "17", 17 }, { "0", 0 }, { "", 0 }, { NULL, 0 }, { "-1", 0 }, { "1a", 0 }, { " 1", 0 },
        { "18446744073709551600", 18446744073709551600U }, { "18446744073709551616", 0 }, { "99999999999999999999", 0 },
    };
    struct fake *f = *state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        f->rq.args[0] = cases[i].text;
        assert_true(request_arg_id(&f->rq, 0) == cases[i].id);
    }
    assert_true(request_arg_id(&f->rq, ROUTE_ARGS) == 0);
}

static void client(struct fake *f, const char *trusted, const char *peer, const char *forwarded, const char *expect)
{
    f->conf->web_trusted_proxies = trusted;
    f->header_count = 0;
    if (forwarded)
        fake_header(f, "X-Forwarded-For", forwarded);
    fake_header(f, "X-Forwarded-Proto", "https");
    request_client(&f->rq, peer, false);
    assert_string_equal(f->rq.remote, expect);
}

static void only_a_trusted_proxy_names_the_client(void **state)
{
    struct fake *f = *state;
    client(f, "", "192.0.2.1", "198.51.100.1", "192.0.2.1");
    assert_false(f->rq.https);
    client(f, "10.0.0.1", "192.0.2.1", "198.51.100.1", "192.0.2.1");
    assert_false(f->rq.https);
    client(f, "10.0.0.1", "10.0.0.1", "198.51.100.1", "198.51.100.1");
    assert_true(f->rq.https);
    client(f, "10.0.0.1", "10.0.0.1", "1.1.1.1, 198.51.100.1", "198.51.100.1"); /* what the client claims itself is not believed */
    client(f, "10.0.0.1, 10.0.0.2", "10.0.0.1", "1.1.1.1, 198.51.100.1 ,10.0.0.2", "198.51.100.1");
    client(f, "10.0.0.1", "10.0.0.1", NULL, "10.0.0.1");
    client(f, "10.0.0.1", "10.0.0.1", "", "10.0.0.1");
    client(f, "10.0.0.1", "10.0.0.1", ",,", "10.0.0.1");
    client(f, "10.0.0.1", "10.0.0.1", "10.0.0.1", "10.0.0.1");
    client(f, "10.0.0.1", "10.0.0.11", "198.51.100.1", "10.0.0.11");
    client(f, "10.0.0.1", "10.0.0.1", "2001:db8::1", "2001:db8::1");
}

static void expect_return(struct fake *f, const char *next, const char *referer, const char *path)
{
    fake_request(f, "GET", next ? arena_printf(f->arena, "/x?next=%s", next) : "/x");
    fake_header(f, "Host", "panel.example:8080");
    if (referer)
        fake_header(f, "Referer", referer);
    assert_true(request_parse(&f->rq));
    assert_string_equal(request_return_path(&f->rq, "/def"), path);
}

static void one_goes_back_to_this_site_only(void **state)
{
    struct fake *f = *state;
    expect_return(f, "/history?q=1", NULL, "/history?q=1");
    expect_return(f, "%2Fhistory%3Fq%3D1", NULL, "/history?q=1");
    expect_return(f, NULL, NULL, "/def");
    expect_return(f, NULL, "http://panel.example:8080/a?b", "/a?b");
    expect_return(f, NULL, "http://evil.example/a", "/def");
    expect_return(f, NULL, "http://panel.example:8080.evil.example/a", "/def");
    static const char *const bad[] = { "//evil.example", "http://evil.example", "/%5Cevil.example", "%5C%5Cevil", "evil", "/a%0d%0aX:y",
                                       "/%09/evil.example", "/a b", "" };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        expect_return(f, bad[i], NULL, "/def");
    fake_request(f, "POST", "/login?next=%2Fa");
    fake_body(f, TYPE_FORM, "email=x");
    assert_true(request_parse(&f->rq));
    assert_string_equal(request_return_path(&f->rq, "/def"), "/a");
}

static void mistakes_keep_their_order(void **state)
{
    struct fake *f = *state;
    request_field_error(&f->rq, "a", "one");
    request_field_error(&f->rq, "b", "two");
    assert_string_equal(f->rq.form_errors->field, "a");
    assert_string_equal(f->rq.form_errors->next->text, "two");
    assert_null(f->rq.form_errors->next->next);
}

static void cookies_are_read_from_the_header(void **state)
{
    struct fake *f = *state;
    assert_null(request_cookie(&f->rq, "a"));
    fake_header(f, "Cookie", "b=2; a=1");
    assert_string_equal(request_cookie(&f->rq, "a"), "1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(targets_are_split_and_decoded, start, end),
        cmocka_unit_test_setup_teardown(bad_targets_are_refused, start, end),
        cmocka_unit_test_setup_teardown(bodies_become_parameters, start, end),
        cmocka_unit_test_setup_teardown(too_much_is_refused, start, end),
        cmocka_unit_test_setup_teardown(methods, start, end),
        cmocka_unit_test_setup_teardown(ids_in_paths, start, end),
        cmocka_unit_test_setup_teardown(only_a_trusted_proxy_names_the_client, start, end),
        cmocka_unit_test_setup_teardown(one_goes_back_to_this_site_only, start, end),
        cmocka_unit_test_setup_teardown(mistakes_keep_their_order, start, end),
        cmocka_unit_test_setup_teardown(cookies_are_read_from_the_header, start, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
