/* json.c - what is JSON and what is not, the getters, and the way back to text. */
#include "base/base.h"
#include "base/json.h"
#include <setjmp.h>
#include <cmocka.h>

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

static const struct json *parse(void **state, const char *s)
{
    return json_parse(*state, s, strlen(s));
}

/* Text to text through the tree. */
static const char *again(void **state, const char *s)
{
    const struct json *j = parse(state, s);
    if (!j)
        fail_msg("refused: %s", s);
    return json_print(*state, j);
}

static void taken(void **state)
{
    static const struct { const char *in, *out; } cases[] = {
        { "null", "null" }, { " true ", "true" }, { "\t\r\nfalse\n", "false" }, { "0", "0" }, { "-0", "0" }, { "12", "12" },
        { "-1.5e2", "-150" }, { "1E+2", "100" }, { "0.1", "0.1" }, { "1e-7", "1e-07" }, { "9007199254740991", "9007199254740991" },
        { "1e400", "null" }, { "123456789012345680000", "1.2345678901234568e+20" }, { "3.0000000000000004", "3.0000000000000004" },
        { "\"\"", "\"\"" }, { "\"a\\u0041\\/\\b\\f\\n\\r\\t\\\\\\\"\"", "\"aA/\\u0008\\u000c\\n\\r\\t\\\\\\\"\"" },
        { "\"\\u017c\\ud83c\\uDF89ż🎉\"", "\"ż🎉ż🎉\"" }, { "\"\x7f\"", "\"\\u007f\"" },
        { "[]", "[]" }, { "{}", "{}" }, { "[ 1 , [ ] , { } ]", "[1,[],{}]" }, { "{ \"a\" : 1 , \"b\":[2,{\"c\":null}]}", "{\"a\":1,\"b\":[2,{\"c\":null}]}" },
        { "{\"\":1}", "{\"\":1}" }, { "{\"a\":1,\"a\":2}", "{\"a\":1,\"a\":2}" }, { "\"</script>\"", "\"\\u003c/script>\"" },
        { "\"\\u0000x\"", "\"\xEF\xBF\xBDx\"" }, { "{\"a\\u0000b\":1}", "{\"a\xEF\xBF\xBD" "b\":1}" },       /* what no C text can hold */
        { "\"\\ud800\"", "\"\xEF\xBF\xBD\"" }, { "\"\\udc00x\"", "\"\xEF\xBF\xBDx\"" }, { "\"\\ud800\\u0041\"", "\"\xEF\xBF\xBD" "A\"" },
        { "\"\\ud800\\ud83c\\udf89\"", "\"\xEF\xBF\xBD🎉\"" }, { "\"\\ud800\\n\"", "\"\xEF\xBF\xBD\\n\"" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const char *out = again(state, cases[i].in);
        if (strcmp(out, cases[i].out) != 0)
            fail_msg("%s gave %s", cases[i].in, out);
        /* and what was written is read again as the same */
        assert_string_equal(again(state, out), out);
    }
}

static void refused(void **state)
{
    static const char *const bad[] = {
        "", " ", "x", "nul", "nulll", "True", "NaN", "Infinity", "'a'", "undefined",
        "1 2", "{} {}", "[] x", "1,", "\"a\" \"b\"", "null\v", "1\f", "{\"a\":1}}", "[1]]",
        "01", "-", "-01", "+1", "1.", ".5", "1e", "1e+", "0x10", "1.e1", "--1", "1a", "-a",
        "[", "]", "[1", "[1,", "[1,]", "[,1]", "[1 2]", "[1,,2]", "{", "}", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,", "{\"a\":1,}",
        "{a:1}", "{1:2}", "{\"a\" 1}", "{\"a\",1}", "{,}", "[}", "{]", "[1}", "{\"a\":1]",
        "\"", "\"a", "\"\\\"", "\"\\x\"", "\"\\u12\"", "\"\\u12G4\"", "\"\\", "\"\\u", "\"\\ud83c\\u12", "\"a\nb\"", "\"a\tb\"", "\"\x01\"", "\"\x1f\"",
        "\"\xFF\"", "\"\xC5\"", "\"\xED\xA0\x80\"", "\"\xC0\x80\"", "\xEF\xBB\xBF{}", "// c\n1", "/* c */1", "[1]//", ("\xC2\xA0" "1"),
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        if (parse(state, bad[i]))
            fail_msg("taken: %s", bad[i]);
    assert_null(json_parse(*state, "1\0", 2));
    assert_null(json_parse(*state, "\"a\0b\"", 5));
    assert_null(json_parse(*state, "[1]\0[2]", 7));
}

static void only_the_given_length_is_read(void **state)
{
    assert_int_equal(json_int(json_parse(*state, "12345", 2), 0), 12);
    assert_int_equal(json_len(json_parse(*state, "[1,2]garbage", 5)), 2);
    assert_null(json_parse(*state, "[1,2]", 4));
    assert_null(json_parse(*state, NULL, 0));
}

static void the_document_does_not_need_the_source(void **state)
{
    char text[] = "{\"a\":\"b\"}";
    const struct json *j = json_parse(*state, text, sizeof text - 1);
    memset(text, 'x', sizeof text - 1);
    assert_string_equal(json_get_text(j, "a", ""), "b");
}

/* "[1,1,…,1]" */
static const struct json *list_of(struct arena *a, size_t n)
{
    char *text = arena_alloc(a, 2 * n + 1);
    for (size_t i = 0; i < n; i++)
        memcpy(text + 2 * i, ",1", 2);
    text[0] = '[';
    text[2 * n] = ']';
    return json_parse(a, text, 2 * n + 1);
}

static void depth_and_number_of_values_have_a_ceiling(void **state)
{
    char text[200];
    for (int depth = 1; depth <= 40; depth++) {
        memset(text, '[', (size_t)depth);
        memset(text + depth, ']', (size_t)depth);
        assert_int_equal(json_parse(*state, text, (size_t)depth * 2) != NULL, depth <= JSON_DEPTH);
    }
    assert_int_equal(json_len(list_of(*state, JSON_VALUES - 1)), JSON_VALUES - 1); /* the list itself is one more */
    assert_null(list_of(*state, JSON_VALUES));
    size_t flood = 1 << 20; /* a million brackets cost no stack */
    char *deep = arena_alloc(*state, flood);
    memset(deep, '[', flood);
    assert_null(json_parse(*state, deep, flood));
}

static void numbers_of_any_length(void **state)
{
    assert_true(json_number(parse(state, "0.00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000001"), 7) < 1e-90);
    assert_true(json_number(parse(state, "[1]"), 7) == 7);
    char digits[400];
    memset(digits, '9', sizeof digits);
    assert_true(json_number(json_parse(*state, digits, 100), 7) == 1e100);
    assert_true(json_number(json_parse(*state, digits, 400), 7) == 7); /* no double is that large */
    const struct json *j = parse(state, "[0.100000000000000000000000000000000000000000000000000000000000000000000000000,-2]");
    assert_true(json_number(json_first(j), 0) == 0.1);
    assert_int_equal(json_int(json_next(json_first(j)), 0), -2);
}

static void members_and_elements(void **state)
{
    const struct json *j = parse(state, "{\"a\":1,\"B\":[10,20,30],\"c\":{\"d\":\"e\"}}");
    assert_int_equal(json_kind(j), JSON_OBJECT);
    assert_int_equal(json_len(j), 3);
    assert_int_equal(json_get_int(j, "a", 0), 1);
    assert_null(json_get(j, "A")); /* case counts */
    assert_null(json_get(j, "b"));
    assert_null(json_get(json_get(j, "B"), "0"));
    assert_null(json_get(json_get(j, "a"), "x"));
    assert_null(json_get(NULL, "x"));
    assert_string_equal(json_get_text(json_get(j, "c"), "d", "?"), "e");
    int64_t sum = 0;
    for (const struct json *c = json_first(json_get(j, "B")); c; c = json_next(c)) {
        assert_null(json_key(c));
        sum += json_int(c, 0);
    }
    assert_int_equal(sum, 60);
    assert_string_equal(json_key(json_first(j)), "a");
    assert_string_equal(json_key(json_next(json_first(j))), "B");
    assert_null(json_first(json_get(j, "a")));
    assert_null(json_first(NULL));
    assert_null(json_next(NULL));
    assert_int_equal(json_len(NULL), 0);
}

static void values_and_their_defaults(void **state)
{
    const struct json *j = parse(state, "{\"t\":\"x\",\"n\":1.5,\"y\":true,\"z\":null,\"l\":[],\"five\":\"5\",\"neg\":\"-17\",\"big\":1e30,"
                                        "\"half\":\"1.5\",\"blank\":\" 5\",\"empty\":\"\",\"minus\":\"-\",\"max\":\"9223372036854775807\","
                                        "\"min\":\"-9223372036854775808\",\"over\":\"9223372036854775808\",\"far\":\"99999999999999999999\"}");
    assert_string_equal(json_get_text(j, "t", "d"), "x");
    assert_string_equal(json_get_text(j, "n", "d"), "d");
    assert_string_equal(json_get_text(j, "absent", "d"), "d");
    assert_null(json_get_text(j, "z", NULL));
    assert_true(json_number(json_get(j, "n"), 0) == 1.5);
    assert_true(json_number(json_get(j, "t"), 9) == 9);
    assert_true(json_bool(json_get(j, "y"), false));
    assert_true(json_bool(json_get(j, "n"), true));
    assert_int_equal(json_kind(json_get(j, "z")), JSON_NULL);
    assert_int_equal(json_kind(json_get(j, "l")), JSON_LIST);
    assert_int_equal(json_kind(NULL), JSON_NULL);
    assert_int_equal(json_get_int(j, "five", 0), 5);
    assert_int_equal(json_get_int(j, "neg", 0), -17);
    assert_int_equal(json_get_int(j, "max", 0), INT64_MAX);
    assert_int_equal(json_get_int(j, "min", 0), INT64_MIN);
    static const char *const no_int[] = { "t", "n", "y", "z", "l", "big", "half", "blank", "empty", "minus", "over", "far", "absent" };
    for (size_t i = 0; i < ARRAY_LEN(no_int); i++)
        assert_int_equal(json_get_int(j, no_int[i], 77), 77);
    assert_int_equal(json_int(parse(state, "1e3"), 0), 1000);
    assert_int_equal(json_int(parse(state, "9223372036854775808"), 77), 77);
    assert_int_equal(json_int(parse(state, "-9223372036854775808"), 0), INT64_MIN);
}

static void printing_costs_little_more_than_its_text(void **state)
{
    struct arena *a = arena_new(64 << 20);
    char *text = arena_alloc(*state, 300000), *p = text;
    *p++ = '[';
    for (int i = 0; i < 2000; i++)
        p += snprintf(p, 300, "%s{\"name\":\"a text of some length, number %d, as messages have it\",\"id\":%d}", i ? "," : "", i, i);
    *p++ = ']';
    const struct json *j = json_parse(a, text, (size_t)(p - text));
    size_t before = arena_used(a);
    const char *out = json_print(a, j);
    assert_int_equal(strlen(out), p - text);
    assert_memory_equal(out, text, (size_t)(p - text));
    assert_true(arena_used(a) - before < 2 * strlen(out));
    arena_free(a);
}

static void documents_of_several_arenas(void **state)
{
    (void)state;
    struct arena *a = arena_new(1 << 20), *b = arena_new(1 << 20);
    const struct json *x = json_parse(a, "[1]", 3), *y = json_parse(b, "[2]", 3);
    assert_null(json_parse(a, "[3", 2));
    assert_int_equal(json_int(json_first(x), 0), 1);
    arena_free(a);
    assert_int_equal(json_int(json_first(y), 0), 2);
    arena_free(b);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(taken), CASE(refused), CASE(only_the_given_length_is_read), CASE(the_document_does_not_need_the_source),
        CASE(depth_and_number_of_values_have_a_ceiling), CASE(numbers_of_any_length), CASE(members_and_elements),
        CASE(values_and_their_defaults), CASE(printing_costs_little_more_than_its_text), CASE(documents_of_several_arenas),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
