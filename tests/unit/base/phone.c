/* phone.c - typed numbers, grouping, addresses, and the plans behind them. */
#include "base/base.h"
#include "base/phone.h"
#include "base/country.h"
#include "../vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void expect(const char *typed, const char *country, const char *e164)
{
    char out[PHONE_MAX + 1];
    bool ok = phone_parse(typed, country, out);
    if (ok != (e164 != NULL) || (ok && strcmp(out, e164) != 0))
        fail_msg("\"%s\" in %s: %s, expected %s", typed, country ? country : "no country", ok ? out : "refused", e164 ? e164 : "refusal");
}

static void decoration_is_understood(void **state)
{
    (void)state;
    expect("500 100 100", "PL", "+48500100100");
    expect("(22) 621-00.00", "PL", "+48226210000");
    expect("+48/500/100/100", NULL, "+48500100100");
    expect("\xE2\x80\xAA+48\xC2\xA0" "500\xE2\x80\x91" "100 100\xE2\x80\xAC", NULL, "+48500100100");
    expect("\xEF\xBC\x8B\xEF\xBC\x94\xEF\xBC\x98" "500100100", NULL, "+48500100100");
    expect("\xD9\xA5\xD9\xA0\xD9\xA0 100 100", "PL", "+48500100100");
    expect(" 500100100\n", "PL", "+48500100100");
    expect("whatsapp:+48500100100", NULL, "+48500100100");
    expect("WhatsApp: +48500100100", NULL, "+48500100100");
    expect("500100100", "pl", "+48500100100");
}

static void prefixes_are_understood(void **state)
{
    (void)state;
    expect("0048 500 100 100", "DE", "+48500100100");
    expect("011 48 500 100 100", "US", "+48500100100");
    expect("8~10 48 500100100", "RU", "+48500100100");
    expect("48500100100", "PL", "+48500100100");
    expect("030 123456", "DE", "+4930123456");
    expect("8 912 345-67-89", "RU", "+79123456789");
    expect("06 20 123 4567", "HU", "+36201234567");
    expect("+44 (0)7400 123456", NULL, "+447400123456");
    expect("1 415 555 2671", "US", "+14155552671");
    expect("06 12345678", "IT", "+390612345678"); /* Italy keeps its zero */
    expect("+39 06 12345678", NULL, "+390612345678");
    expect("+52 1 55 1234 5678", NULL, "+525512345678");
    expect("01 8000 123 456", "CO", "+5718000123456");
}

static void extensions_are_cut_off(void **state)
{
    (void)state;
    expect("+1 (415) 555-2671 x123", NULL, "+14155552671");
    expect("+48500100100;ext=12", NULL, "+48500100100");
    expect("22 621 00 00 wew. 12", "PL", "+48226210000");
    expect("415-555-2671 Ext. 4", "US", "+14155552671");
    expect("415-555-2671#4", "US", "+14155552671");
    expect("+48500100100 ext", NULL, NULL);
}

static void letters_of_the_keypad(void **state)
{
    (void)state;
    expect("1-800-FLOWERS", "US", "+18003569377");
    expect("+48abc", NULL, NULL);
    expect("0x1F", NULL, NULL);
    expect("+48500100100whatsapp", NULL, NULL);
    expect("undefined", "PL", NULL);
}

static void what_is_no_number(void **state)
{
    (void)state;
    static const char *const wrong[] = { "", " ", "+", "+1", "112", "50010010", "5001001000", "0 22 621 00 00", "+480500100100", "999 999 999",
        "+48500100100,+48500100101", "+48500100100 <script>", "%2B48500100100", "sip:anyone@example.com", "500\t100\t100", "48+500100100",
        "+0123456789", "+999123456789", "-", "+48 500 100 100\xFF", "+1234567890123456" };
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
        expect(wrong[i], "PL", NULL);
    expect(NULL, "PL", NULL);
    expect("500100100", NULL, NULL);
    expect("500100100", "ZZ", NULL);
    expect("500100100", "Poland", NULL);
    expect("+1 115 555 2671", NULL, NULL);
    expect("+1 555 555 5555", NULL, NULL);
    expect("+1 211 555 2671", NULL, NULL);
    expect("01632 960001", "GB", NULL);
    expect("0740012345", "GB", NULL);
    char long_one[600];
    memset(long_one, '4', sizeof long_one);
    long_one[0] = '+';
    long_one[sizeof long_one - 1] = 0;
    expect(long_one, NULL, NULL);
}

static void e164_shape(void **state)
{
    (void)state;
    assert_true(phone_is_e164("+48500100100"));
    assert_true(phone_is_e164("+12"));
    assert_true(phone_is_e164("+123456789012345"));
    static const char *const wrong[] = { "", "+", "+1", "48500100100", "+0123", "+1234567890123456", "+48 500", "+48500\n", "whatsapp:+48500100100" };
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
        assert_false(phone_is_e164(wrong[i]));
    assert_false(phone_is_e164(NULL));
}

static void display(void **state)
{
    static const char *const cases[][2] = {
        { "+48500100100", "+48 500 100 100" }, { "+48226210000", "+48 22 621 00 00" }, { "+14155552671", "+1 415 555 2671" },
        { "+442079460958", "+44 20 7946 0958" }, { "+447400123456", "+44 7400 123456" }, { "+33612345678", "+33 6 12 34 56 78" },
        { "+34612345678", "+34 612 345 678" }, { "+573001234567", "+57 300 123 4567" }, { "+5491123456789", "+54 9 11 2345 6789" },
        { "+999123456", "+999 123 456" }, { "+4812", "+48 12" }, { "+483333333333", "+48 333 333 3333" }, { "72880", "72880" }, { "ACME", "ACME" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_string_equal(phone_display(*state, cases[i][0]), cases[i][1]);
    assert_string_equal(phone_display(*state, NULL), "");
}

static void channels(void **state)
{
    (void)state;
    assert_int_equal(address_channel("+48500100100"), CHANNEL_SMS);
    assert_int_equal(address_channel("72880"), CHANNEL_SMS);
    assert_int_equal(address_channel("ACME"), CHANNEL_SMS);
    assert_int_equal(address_channel("whatsapp:+48500100100"), CHANNEL_WHATSAPP);
    assert_int_equal(address_channel("rcs:brand_agent"), CHANNEL_RCS);
    assert_int_equal(address_channel("messenger:105"), CHANNEL_MESSENGER);
    assert_int_equal(address_channel("sip:anyone@example.com"), CHANNEL_OTHER);
    assert_int_equal(address_channel(""), CHANNEL_OTHER);
    assert_int_equal(address_channel(NULL), CHANNEL_OTHER);
    assert_string_equal(channel_name(CHANNEL_SMS), "sms");
    assert_string_equal(channel_name(CHANNEL_WHATSAPP), "whatsapp");
    assert_string_equal(channel_name(CHANNEL_OTHER), "other");
    assert_string_equal(address_number("whatsapp:+48500100100"), "+48500100100");
    assert_string_equal(address_number("messenger:whatsapp:+48"), "+48");
    assert_string_equal(address_number("+48500100100"), "+48500100100");
    assert_true(address_is_short_code("72880"));
    assert_true(address_is_short_code("728800"));
    assert_false(address_is_short_code("7288"));
    assert_false(address_is_short_code("7288000"));
    assert_false(address_is_short_code("+72880"));
}

static void keys(void **state)
{
    static const char *const same[][2] = {
        { "+5511912345678", "+551112345678" }, { "whatsapp:+551112345678", "+5511912345678" }, { "whatsapp:+5215512345678", "+525512345678" },
        { "+5491123456789", "+541123456789" }, { "whatsapp:+48500100100", "+48500100100" }, { "Acme", "ACME" }, { "rcs:Brand", "RCS:brand" },
    };
    static const char *const other[][2] = {
        { "+48500100100", "+48500100101" }, { "+551134567890", "+551134567891" }, { "messenger:105", "rcs:105" }, { "72880", "+72880" },
    };
    for (size_t i = 0; i < ARRAY_LEN(same); i++)
        assert_string_equal(address_key(*state, same[i][0]), address_key(*state, same[i][1]));
    for (size_t i = 0; i < ARRAY_LEN(other); i++)
        assert_string_not_equal(address_key(*state, other[i][0]), address_key(*state, other[i][1]));
    assert_string_equal(address_key(*state, "+5511912345678"), "+551112345678");
}

static void plans_are_found(void **state)
{
    (void)state;
    assert_string_equal(plan_of_country("PL")->code, "48");
    assert_string_equal(plan_of_country("ad")->code, "376");
    assert_string_equal(plan_of_country("ZW")->code, "263");
    assert_string_equal(plan_of_country("CA")->code, "1");
    assert_null(plan_of_country("XX"));
    assert_null(plan_of_country("P"));
    assert_null(plan_of_country(NULL));
    assert_string_equal(plan_of_number("1")->code, "1");
    assert_string_equal(plan_of_number("998901234567")->code, "998");
    assert_string_equal(plan_of_number("39")->code, "39");
    assert_string_equal(plan_of_number("389")->code, "389");
    assert_null(plan_of_number("38"));
    assert_null(plan_of_number(""));
    assert_null(plan_of_number("999"));
}

static void rule_language(void **state)
{
    (void)state;
    static const struct plan p = { "99", "", "", "!55 1(20[48]|46):9=4-5 [2-47]:8-10 5:7,10=3-4" };
    assert_string_equal(plan_match(&p, "120400000"), "4-5 [2-47]:8-10 5:7,10=3-4");
    assert_non_null(plan_match(&p, "146000000"));
    assert_null(plan_match(&p, "120500000"));
    assert_null(plan_match(&p, "12040000"));
    assert_string_equal(plan_match(&p, "30000000"), "");
    assert_non_null(plan_match(&p, "7000000000"));
    assert_null(plan_match(&p, "70000000000"));
    assert_null(plan_match(&p, "5000000000000"));
    assert_string_equal(plan_match(&p, "5000000"), "3-4");
    assert_non_null(plan_match(&p, "5000000000"));
    assert_null(plan_match(&p, "50000000"));
    assert_null(plan_match(&p, "5500000"));
    assert_null(plan_match(&p, ""));
}

static void conformance(void **state)
{
    const struct json *list = vectors_load(*state, "e164/e164_vectors.json");
    size_t bad = 0, count = 0;
    for (const struct json *v = json_first(list); v; v = json_next(v)) {
        size_t n;
        char out[PHONE_MAX + 1];
        const char *typed = vector_text(*state, v, "input", &n), *expected = json_get_text(v, "e164", NULL);
        bool ok = phone_parse(typed, json_get_text(v, "default_country", NULL), out);
        count++;
        if (vector_contested(v) || (ok ? expected && strcmp(out, expected) == 0 : !expected))
            continue;
        printf("%s \"%s\": %s, expected %s\n", json_get_text(v, "id", ""), typed, ok ? out : "refused", expected ? expected : "refusal");
        bad++;
    }
    if (list)
        printf("%zu numbers\n", count);
    assert_int_equal(bad, 0);
}

static int setup(void **state)
{
    *state = arena_new(64 << 20);
    return 0;
}

static int teardown(void **state)
{
    arena_free(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decoration_is_understood), cmocka_unit_test(prefixes_are_understood), cmocka_unit_test(extensions_are_cut_off),
        cmocka_unit_test(letters_of_the_keypad), cmocka_unit_test(what_is_no_number), cmocka_unit_test(e164_shape), cmocka_unit_test(display),
        cmocka_unit_test(channels), cmocka_unit_test(keys), cmocka_unit_test(plans_are_found), cmocka_unit_test(rule_language),
        cmocka_unit_test(conformance),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
