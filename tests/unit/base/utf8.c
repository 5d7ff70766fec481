/* utf8.c - the borders of RFC 3629, counting, cutting. */
#include "base/base.h"
#include "base/utf8.h"
#include <setjmp.h>
#include <cmocka.h>

static void every_code_point_goes_round(void **state)
{
    (void)state;
    for (uint32_t c = 0; c <= 0x10FFFF; c++) {
        if (c >= 0xD800 && c <= 0xDFFF)
            continue;
        char out[4];
        uint32_t back = 1;
        size_t n = utf8_encode(c, out);
        assert_int_equal(n, c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4);
        assert_int_equal(utf8_decode(out, n, &back), n);
        assert_int_equal(back, c);
        if (n > 1)
            assert_int_equal(utf8_step(out, n - 1), 0); /* cut short */
    }
}

static void what_is_no_character_is_written_as_fffd(void **state)
{
    (void)state;
    static const uint32_t codes[] = { 0xD800, 0xDFFF, 0x110000, UINT32_MAX };
    for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
        char out[4];
        assert_int_equal(utf8_encode(codes[i], out), 3);
        assert_memory_equal(out, "\xEF\xBF\xBD", 3);
    }
}

static void invalid_sequences(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xE0\x80\x80", "\xE0\x9F\xBF", "\xF0\x80\x80\x80", "\xF0\x8F\xBF\xBF", /* overlong */
        "\xED\xA0\x80", "\xED\xBF\xBF",                                                                                /* surrogates */
        "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFE", "\xFF",                                                        /* too large */
        "\xC5", "\xC5" "a", "\xE2\x82", "\xE2\x82" "a", "\xF0\x9F\x8E", "\xF0\x9F\x8E" "a",                            /* cut */
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_int_equal(utf8_step(bad[i], strlen(bad[i])), 0);
        assert_false(utf8_valid(bad[i], strlen(bad[i])));
    }
    assert_int_equal(utf8_step("", 0), 0);
    assert_true(utf8_valid("", 0));
    assert_true(utf8_valid("zażółć gęślą 🎉\0x", sizeof "zażółć gęślą 🎉\0x" - 1));
    assert_false(utf8_valid("abc\xFF", 4));
}

static void counting(void **state)
{
    (void)state;
    static const char text[] = "aż🎉€"; /* 1 + 2 + 4 + 3 bytes */
    assert_int_equal(utf8_count(text, sizeof text - 1), 4);
    assert_int_equal(utf16_units(text, sizeof text - 1), 5);
    assert_int_equal(utf8_count("\xFF\xC5z", 3), 3);
    assert_int_equal(utf16_units("\xF0\x9F", 2), 2);
    assert_int_equal(utf8_count("", 0), 0);
}

static void cutting(void **state)
{
    (void)state;
    static const char text[] = "aż🎉€"; /* characters begin at 0, 1, 3, 7 */
    static const size_t expect[] = { 0, 1, 1, 3, 3, 3, 3, 7, 7, 7, 10, 10 };
    for (size_t max = 0; max < ARRAY_LEN(expect); max++)
        assert_int_equal(utf8_cut(text, sizeof text - 1, max), expect[max]);
    /* Bytes that are no characters do not drag the cut to the front. */
    assert_int_equal(utf8_cut("\x80\x80\x80\x80\x80\x80", 6, 5), 5);
    assert_int_equal(utf8_cut("ab\xC5\xC5\xC5", 5, 4), 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_point_goes_round),
        cmocka_unit_test(what_is_no_character_is_written_as_fffd),
        cmocka_unit_test(invalid_sequences),
        cmocka_unit_test(counting),
        cmocka_unit_test(cutting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
