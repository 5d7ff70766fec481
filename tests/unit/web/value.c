/* Objects, lists, rows and JSON as the renderer sees them. */
#include "base/base.h"
#include <setjmp.h>
#include <cmocka.h>
#include "base/json.h"
#include "web/value.h"

struct sample {
    uint64_t id;
    int64_t offset;
    int count;
    bool open;
    const char *name;
    const char *secret_hash;
    int64_t created_ms;
};
#define SAMPLE_FIELD(kind, member, flags) FIELD_ENTRY(sample, kind, member, flags)
#define SAMPLE(F)                                                                                               \
    F(U64, id, 0) F(I64, offset, 0) F(INT, count, 0) F(BOOL, open, 0) F(TEXT, name, 0) F(TEXT, secret_hash, SECRET) \
    F(TIME, created_ms, 0)
ROW_TYPE(sample, SAMPLE(SAMPLE_FIELD));

static int setup(void **state)
{
    *state = arena_new(16 * 1024 * 1024);
    return 0;
}

static int teardown(void **state)
{
    arena_free(*state);
    return 0;
}

static struct found found;
static const struct found *get(const struct value *o, const char *name)
{
    return value_find(o, name, strlen(name), &found) ? &found : NULL;
}

static void assert_text(const struct value *o, const char *name, const char *want)
{
    const struct found *f = get(o, name);
    assert_non_null(f);
    assert_int_equal(f->kind, VALUE_TEXT);
    assert_string_equal(f->text, want);
    assert_int_equal(f->len, strlen(want));
}

static void assert_number(const struct value *o, const char *name, enum value_kind kind, int64_t want)
{
    const struct found *f = get(o, name);
    assert_non_null(f);
    assert_int_equal(f->kind, kind);
    assert_int_equal(f->number, want);
}

static void entries_of_each_kind(void **state)
{
    struct value *o = object_new(*state);
    object_text(o, "text", "a");
    object_text(o, "none", NULL);
    object_int(o, "int", INT64_MIN);
    object_bool(o, "bool", true);
    object_put(o, "nothing", NULL);
    struct value *inner = object_object(o, "object");
    object_text(inner, "deep", "d");
    struct value *list = object_list(o, "list");
    list_text(list, "x");

    assert_text(o, "text", "a");
    assert_number(o, "int", VALUE_INT, INT64_MIN);
    assert_number(o, "bool", VALUE_BOOL, 1);
    assert_int_equal(get(o, "none")->kind, VALUE_NULL);
    assert_int_equal(get(o, "nothing")->kind, VALUE_NULL);
    assert_ptr_equal(get(o, "object")->node, inner);
    assert_text(get(o, "object")->node, "deep", "d");
    assert_ptr_equal(get(o, "list")->node, list);
    assert_null(get(o, "absent"));
    assert_null(get(o, ""));
    assert_null(get(list, "x"));
    assert_null(get(NULL, "x"));
}

/* Names that agree in their first eight bytes, or in all but the length, are different names. */
static void names_are_compared_whole(void **state)
{
    struct value *o = object_new(*state);
    static const char *const names[] = { "a", "ab", "abcdefg", "abcdefgh", "abcdefghi", "abcdefghj", "abcdefghij", "" };
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        object_int(o, names[i], (int64_t)i);
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        assert_number(o, names[i], VALUE_INT, (int64_t)i);
    assert_null(get(o, "abc"));
    assert_null(get(o, "abcdefghk"));
    assert_false(value_find(o, "a\0\0", 3, &found));
    assert_true(value_find(o, "abcd", 2, &found));
    assert_int_equal(found.number, 1);
}

static void a_later_entry_wins(void **state)
{
    struct value *o = object_new(*state);
    for (int i = 0; i < 100; i++)
        object_int(o, i % 2 ? "odd" : "even", i);
    assert_number(o, "even", VALUE_INT, 98);
    assert_number(o, "odd", VALUE_INT, 99);
    object_text(o, "odd", NULL);
    assert_int_equal(get(o, "odd")->kind, VALUE_NULL);
}

static void rows_are_read_through_their_table(void **state)
{
    struct sample row = { .id = 7, .offset = -3, .count = 12, .open = true, .name = "Ann", .secret_hash = "s",
                          .created_ms = 1700487420123 };
    struct value *list = list_new(*state), *o = list_row(list, &sample_type, &row);
    assert_number(o, "id", VALUE_INT, 7);
    assert_number(o, "offset", VALUE_INT, -3);
    assert_number(o, "count", VALUE_INT, 12);
    assert_number(o, "open", VALUE_BOOL, 1);
    assert_text(o, "name", "Ann");
    assert_text(o, "created", "2023-11-20T13:37:00.123Z");
    assert_null(get(o, "created_ms"));
    assert_null(get(o, "secret_hash"));
    assert_null(get(o, "nam"));

    row.name = NULL;
    row.created_ms = CLOCK_NONE;
    row.id = UINT64_MAX;
    assert_int_equal(get(o, "name")->kind, VALUE_NULL);
    assert_int_equal(get(o, "created")->kind, VALUE_NULL);
    assert_text(o, "id", "18446744073709551615");

    object_text(o, "name", "own");
    assert_text(o, "name", "own");
}

/* The text of a time lies in the found itself: a copy must not point into the original. */
static void a_copy_stands_alone(void **state)
{
    struct sample row = { .created_ms = 0 };
    struct value *o = object_row(*state, &sample_type, &row);
    struct found a, b;
    assert_true(value_find(o, "created", 7, &a));
    found_copy(&b, &a);
    memset(&a, 'x', sizeof a);
    assert_string_equal(b.text, "1970-01-01T00:00:00.000Z");
}

static void lists_grow(void **state)
{
    struct value *l = list_new(*state);
    assert_false(value_truthy(l));
    for (int i = 0; i < 1000; i++)
        object_int(list_object(l), "i", i);
    list_text(l, NULL);
    list_add(l, NULL);
    assert_int_equal(list_len(l), 1002);
    for (size_t i = 0; i < 1000; i++) {
        list_found(l, i, &found);
        assert_number(found.node, "i", VALUE_INT, (int64_t)i);
    }
    list_found(l, 1000, &found);
    assert_int_equal(found.kind, VALUE_NULL);
    list_found(l, 1001, &found);
    assert_int_equal(found.kind, VALUE_NULL);
    assert_int_equal(list_len(NULL), 0);
}

static void truth(void **state)
{
    struct value *v = list_new(*state);
    list_text(v, "");
    list_text(v, "0");
    list_text(v, NULL);
    struct found f;
    static const bool want[] = { false, true, false };
    for (size_t i = 0; i < ARRAY_LEN(want); i++) {
        list_found(v, i, &f);
        assert_int_equal(found_truthy(&f), want[i]);
    }
    assert_true(value_truthy(v));
    assert_true(value_truthy(object_new(*state)));
    assert_false(value_truthy(NULL));
    assert_int_equal(value_kind(NULL), VALUE_NULL);
    static const char *const falsy[] = { "false", "null", "0", "-0", "\"\"", "[]" };
    for (size_t i = 0; i < ARRAY_LEN(falsy); i++)
        assert_false(value_truthy(value_from_json(*state, json_parse(*state, falsy[i], strlen(falsy[i])))));
    static const char *const truthy[] = { "true", "1", "-1", "0.5", "\" \"", "[0]", "{}" };
    for (size_t i = 0; i < ARRAY_LEN(truthy); i++)
        assert_true(value_truthy(value_from_json(*state, json_parse(*state, truthy[i], strlen(truthy[i])))));
}

static void json_becomes_values(void **state)
{
    static const char doc[] = "{\"t\":\"ż\",\"i\":-7,\"big\":9007199254740991,\"f\":1.21,\"e\":1e21,\"b\":false,\"n\":null,"
                              "\"l\":[1,[2],{\"x\":\"y\"}],\"o\":{\"a\":{\"b\":1}},\"twice\":1,\"twice\":2}";
    struct value *o = value_from_json(*state, json_parse(*state, doc, sizeof doc - 1));
    assert_text(o, "t", "ż");
    assert_number(o, "i", VALUE_INT, -7);
    assert_number(o, "big", VALUE_INT, 9007199254740991);
    assert_text(o, "f", "1.21");
    assert_int_equal(get(o, "e")->kind, VALUE_TEXT);
    assert_number(o, "b", VALUE_BOOL, 0);
    assert_int_equal(get(o, "n")->kind, VALUE_NULL);
    assert_number(o, "twice", VALUE_INT, 2);
    const struct value *list = get(o, "l")->node;
    assert_int_equal(list_len(list), 3);
    list_found(list, 2, &found);
    assert_text(found.node, "x", "y");
    const struct value *a = get(o, "o")->node;
    assert_number(get(a, "a")->node, "b", VALUE_INT, 1);
    assert_int_equal(value_kind(value_from_json(*state, NULL)), VALUE_NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(entries_of_each_kind, setup, teardown),
        cmocka_unit_test_setup_teardown(names_are_compared_whole, setup, teardown),
        cmocka_unit_test_setup_teardown(a_later_entry_wins, setup, teardown),
        cmocka_unit_test_setup_teardown(rows_are_read_through_their_table, setup, teardown),
        cmocka_unit_test_setup_teardown(a_copy_stands_alone, setup, teardown),
        cmocka_unit_test_setup_teardown(lists_grow, setup, teardown),
        cmocka_unit_test_setup_teardown(truth, setup, teardown),
        cmocka_unit_test_setup_teardown(json_becomes_values, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
