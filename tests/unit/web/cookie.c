/* cookie.c - finding one cookie in headers as browsers and attackers write them. */
#include "base/base.h"
#include "web/cookie.h"
#include <setjmp.h>
#include <cmocka.h>

static void expect(const char *header, const char *name, const char *value)
{
    const char *v = NULL;
    size_t n = 0;
    bool found = cookie_find(header, name, &v, &n);
    assert_int_equal(found, value != NULL);
    if (!value)
        return;
    assert_int_equal(n, strlen(value));
    assert_memory_equal(v, value, n);
}

static void values_are_found(void **state)
{
    (void)state;
    expect("a=1", "a", "1");
    expect("a=1; b=2;c=3", "b", "2");
    expect("a=1; b=2;c=3", "c", "3");
    expect("a=1;  b = 2 ; c=3", "b", "2");
    expect("a=\"1 2\"", "a", "1 2");
    expect("a=", "a", "");
    expect("a=b=c", "a", "b=c");
    expect("a=1; a=2", "a", "1");
    expect("a=\"", "a", "\"");
    expect("a=\"\"", "a", "");
}

static void others_are_not(void **state)
{
    (void)state;
    expect(NULL, "a", NULL);
    expect("", "a", NULL);
    expect("aa=1", "a", NULL);
    expect("A=1", "a", NULL);
    expect("b; a", "a", NULL);
    expect(";;;=;==", "a", NULL);
    expect("b=a=1", "a", NULL);
    expect("xa=1; ya=2", "a", NULL);
}

static void only_safe_values_are_sent(void **state)
{
    (void)state;
    assert_true(cookie_value_ok("abc-_.~%20=="));
    assert_true(cookie_value_ok(""));
    static const char *const bad[] = { "a b", "a;b", "a,b", "a\"b", "a\\b", "a\r\nSet-Cookie: x", "\x7f", "ż" };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_false(cookie_value_ok(bad[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_found),
        cmocka_unit_test(others_are_not),
        cmocka_unit_test(only_safe_values_are_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
