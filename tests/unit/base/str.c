/* str.c - growth up to the ceiling, numbers, and each writer that escapes. */
#include "base/base.h"
#include "base/str.h"
#include <setjmp.h>
#include <cmocka.h>

static int setup(void **state)
{
    *state = arena_new(4 << 20);
    return 0;
}

static int teardown(void **state)
{
    arena_free(*state);
    return 0;
}

typedef void writer(struct str *t, const char *s, size_t n);

static const char *written(struct arena *a, writer *w, const char *s, size_t n)
{
    struct str t;
    str_init(&t, a, 0, 100000);
    w(&t, s, n);
    assert_int_equal(strlen(t.s), t.len);
    assert_false(t.full);
    return t.s;
}

#define WRITTEN(w, lit) written(*state, w, "" lit, sizeof(lit) - 1)

static void starts_empty_and_grows(void **state)
{
    struct str t;
    str_init(&t, *state, 0, 1 << 20);
    assert_string_equal(t.s, "");
    for (int i = 0; i < 50000; i++)
        str_putc(&t, (char)('a' + i % 26));
    assert_int_equal(t.len, 50000);
    for (int i = 0; i < 50000; i++)
        assert_int_equal(t.s[i], 'a' + i % 26);
    assert_int_equal(t.s[50000], 0);
}

static void stops_at_the_ceiling(void **state)
{
    struct str t;
    str_init(&t, *state, 0, 10);
    str_add(&t, "12345", 5);
    str_add(&t, "67890", 5);
    assert_false(t.full);
    assert_string_equal(t.s, "1234567890");
    str_putc(&t, 'x');
    assert_true(t.full);
    assert_string_equal(t.s, "1234567890");

    str_init(&t, *state, 0, 10);
    str_add(&t, "1234567", 7);
    str_add(&t, "89AB", 4); /* does not fit: nothing of it is added */
    assert_true(t.full);
    str_putc(&t, 'x'); /* would fit, but the text is no longer whole */
    str_printf(&t, "%d", 1);
    assert_string_equal(t.s, "1234567");
    assert_int_equal(t.len, 7);
}

static void the_ceiling_bounds_the_memory(void **state)
{
    struct str t;
    str_init(&t, *state, 0, 3000);
    for (int i = 0; i < 3000; i++)
        str_putc(&t, 'x');
    assert_false(t.full);
    assert_true(t.cap <= 3001);
}

static void an_empty_piece_may_be_null(void **state)
{
    struct str t;
    str_init(&t, *state, 0, 10);
    str_add(&t, NULL, 0);
    str_puts(&t, NULL);
    str_html(&t, NULL, 0);
    assert_string_equal(t.s, "");
    assert_false(t.full);
}

static void integers(void **state)
{
    struct str t;
    str_init(&t, *state, 0, 1000);
    static const int64_t v[] = { 0, 7, -7, 1234567890123, INT64_MAX, INT64_MIN };
    for (size_t i = 0; i < ARRAY_LEN(v); i++) {
        str_int(&t, v[i]);
        str_putc(&t, ' ');
    }
    assert_string_equal(t.s, "0 7 -7 1234567890123 9223372036854775807 -9223372036854775808 ");
}

static void printf_in_place_grown_and_refused(void **state)
{
    struct str t;
    str_init(&t, *state, 0, 200);
    str_printf(&t, "%s-%d", "a", 1);
    str_printf(&t, "%0100d", 7);
    assert_int_equal(t.len, 103);
    assert_int_equal(t.s[102], '7');
    assert_false(t.full);
    str_printf(&t, "%097d", 8);
    assert_int_equal(t.len, 200);
    assert_false(t.full);
    str_printf(&t, "%d", 9);
    assert_true(t.full);
    assert_int_equal(t.len, 200);
    assert_int_equal(strlen(t.s), 200);

    str_init(&t, *state, 0, 5); /* more room in memory than the ceiling allows */
    str_printf(&t, "%s", "123456");
    assert_true(t.full);
    assert_string_equal(t.s, "");
}

static void html(void **state)
{
    assert_string_equal(WRITTEN(str_html, "a<b>&\"c'd"), "a&lt;b&gt;&amp;&quot;c&#x27;d");
    assert_string_equal(WRITTEN(str_html, "<<"), "&lt;&lt;");
    assert_string_equal(WRITTEN(str_html, "zażółć 🎉"), "zażółć 🎉");
    assert_string_equal(WRITTEN(str_html, ""), "");
}

static void xml_is_always_well_formed(void **state)
{
    assert_string_equal(WRITTEN(str_xml, "a\x01\x1f<\tb\nc\r"), "a&lt;\tb\nc\r");
    assert_string_equal(WRITTEN(str_xml, "ą\xFFz\xC5"), "ą\xEF\xBF\xBDz\xEF\xBF\xBD");
    assert_string_equal(WRITTEN(str_xml, "a\xEF\xBF\xBE\xEF\xBF\xBF\0b"), "ab"); /* U+FFFE, U+FFFF, NUL */
    assert_string_equal(WRITTEN(str_xml, "&\x02&"), "&amp;&amp;");
}

static void url(void **state)
{
    assert_string_equal(WRITTEN(str_url, "Az09-._~"), "Az09-._~");
    assert_string_equal(WRITTEN(str_url, "+48 a/b?c&d=e%"), "%2B48%20a%2Fb%3Fc%26d%3De%25");
    assert_string_equal(WRITTEN(str_url, "ą\0\xFF"), "%C4%85%00%FF");
}

static void json(void **state)
{
    assert_string_equal(WRITTEN(str_json, ""), "\"\"");
    assert_string_equal(WRITTEN(str_json, "a\"b\\c/d"), "\"a\\\"b\\\\c/d\"");
    assert_string_equal(WRITTEN(str_json, "\n\r\t\x01\x1f\x7f\0"), "\"\\n\\r\\t\\u0001\\u001f\\u007f\\u0000\"");
    assert_string_equal(WRITTEN(str_json, "</script>"), "\"\\u003c/script>\"");
    assert_string_equal(WRITTEN(str_json, "ż🎉"), "\"ż🎉\"");
    assert_string_equal(WRITTEN(str_json, "a\xFF\xC5\"\xED\xA0\x80"), "\"a\xEF\xBF\xBD\xEF\xBF\xBD\\\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
    assert_string_equal(WRITTEN(str_json, "x\xF0\x9F"), "\"x\xEF\xBF\xBD\xEF\xBF\xBD\"");
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(starts_empty_and_grows), CASE(stops_at_the_ceiling), CASE(the_ceiling_bounds_the_memory),
        CASE(an_empty_piece_may_be_null), CASE(integers), CASE(printf_in_place_grown_and_refused), CASE(html),
        CASE(xml_is_always_well_formed), CASE(url), CASE(json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
