/* public.c (test) - addresses that a URL from outside may and may not make us call. */
#include "base/base.h"
#include "providers/public.h"
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static bool is_public(const char *text)
{
    struct sockaddr_in v4 = { .sin_family = AF_INET };
    struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
    if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
        return address_is_public((const struct sockaddr *)(const void *)&v4);
    assert_int_equal(inet_pton(AF_INET6, text, &v6.sin6_addr), 1);
    return address_is_public((const struct sockaddr *)(const void *)&v6);
}

static void test_closed(void **state UNUSED)
{
    static const char *const closed[] = {
        "127.0.0.1", "127.255.0.9", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254", "100.64.0.1",
        "100.127.255.255", "192.0.0.8", "192.0.2.1", "198.18.0.1", "198.19.255.255", "198.51.100.7", "203.0.113.9", "224.0.0.1", "240.0.0.1", "255.255.255.255",
        "::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "fe80::1", "fc00::1", "fd12:3456::1", "ff02::1", "2001:db8::1", "2001::1",
        "2002:7f00:1::", "2002:c0a8:101::1", "100::1", "::7f00:1",
    };
    for (size_t i = 0; i < ARRAY_LEN(closed); i++)
        if (is_public(closed[i]))
            fail_msg("%s passes", closed[i]);
}

static void test_open(void **state UNUSED)
{
    static const char *const open[] = {
        "1.1.1.1", "8.8.8.8", "172.15.0.1", "172.32.0.1", "100.63.0.1", "100.128.0.1", "192.1.0.1", "198.17.0.1", "198.20.0.1", "223.255.255.1",
        "2606:4700::1111", "2a00:1450::1", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1",
    };
    for (size_t i = 0; i < ARRAY_LEN(open); i++)
        if (!is_public(open[i]))
            fail_msg("%s is refused", open[i]);
    struct sockaddr other = { .sa_family = AF_UNIX };
    assert_false(address_is_public(&other));
}

static void test_text(void **state UNUSED)
{
    static const char *const wrong[] = { "", "8.8.8", "8.8.8.8.8", "8.8.8.8 ", "example.com", "[2606:4700::1]", "2606:4700::1%eth0", "8.8.8.8:80", "0x8.8.8.8" };
    assert_true(address_text_is_public("8.8.8.8"));
    assert_true(address_text_is_public("2606:4700::1111"));
    assert_false(address_text_is_public("10.0.0.1"));
    assert_false(address_text_is_public("::1"));
    assert_true(address_text_valid("10.0.0.1") && address_text_valid("::1"));
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        assert_false(address_text_is_public(wrong[i]));
        assert_false(address_text_valid(wrong[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_closed), cmocka_unit_test(test_open), cmocka_unit_test(test_text) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
