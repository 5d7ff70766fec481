/* links.c - sites that a text names. */
#include "base/base.h"
#include <setjmp.h>
#include <cmocka.h>
#include "services/links.h"

static void test_texts_without_links(void **state)
{
    (void)state;
    assert_true(links_only_to("", ""));
    assert_true(links_only_to("We open at 9.30. See you! It costs 12.50 zł... Tel. +48 500 100 100", ""));
    assert_true(links_only_to("Dr. A. B. - v1.2.3", ""));
}

static void test_links_of_others(void **state)
{
    (void)state;
    assert_false(links_only_to("See https://evil.example/x", "shop.example"));
    assert_false(links_only_to("See http://10.0.0.1/", "shop.example"));
    assert_false(links_only_to("See http://localhost", "shop.example"));
    assert_false(links_only_to("Go to evil.example.", "shop.example"));
    assert_false(links_only_to("www.evil.example", ""));
    assert_false(links_only_to("a@evil.example", "shop.example"));
    assert_false(links_only_to("https://shop.example.evil.com", "shop.example"));
    assert_false(links_only_to("https://shop.example:x@evil.com/", "shop.example"));
    assert_false(links_only_to("and/evil.com", "shop.example"));
    assert_false(links_only_to("notshop.example", "shop.example"));
    assert_false(links_only_to("https://shop.example@evil.com/", "shop.example"));
    assert_false(links_only_to("sklép.example", "shop.example"));
}

static void test_links_of_ours(void **state)
{
    (void)state;
    assert_true(links_only_to("See https://shop.example/hours?x=1.", "shop.example"));
    assert_true(links_only_to("See WWW.Shop.Example, or mail a@shop.example", "other.example shop.example"));
    assert_true(links_only_to("https://shop.example/a.html and shop.example/b.pdf", "shop.example"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts_without_links),
        cmocka_unit_test(test_links_of_others),
        cmocka_unit_test(test_links_of_ours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
