/* field.c - one table, three uses: JSON, lookup, secrecy. */
#include "base/base.h"
#include "base/clock.h"
#include "base/field.h"
#include <setjmp.h>
#include <cmocka.h>

struct sample {
    uint64_t id;
    const char *name, *note, *pin_hash;
    int64_t created_ms, ended_ms, balance;
    int rank;
    bool active, closed;
};
#define SAMPLE_FIELD(kind, member, flags) FIELD_ENTRY(sample, kind, member, flags)
#define SAMPLE(F)                                                                                                  \
    F(U64, id, 0) F(TEXT, name, 0) F(TEXT, pin_hash, SECRET) F(TEXT, note, 0) F(TIME, created_ms, 0)                \
    F(TIME, ended_ms, 0) F(I64, balance, 0) F(INT, rank, 0) F(BOOL, active, 0) F(BOOL, closed, 0)
extern const struct row_type sample_type;
ROW_TYPE(sample, SAMPLE(SAMPLE_FIELD));

struct hidden { const char *first, *second; };
#define HIDDEN_FIELD(kind, member, flags) FIELD_ENTRY(hidden, kind, member, flags)
#define HIDDEN(F) F(TEXT, first, SECRET) F(TEXT, second, SECRET)
extern const struct row_type hidden_type;
ROW_TYPE(hidden, HIDDEN(HIDDEN_FIELD));

static const struct sample row = {
    .id = UINT64_MAX, .name = "Zażółć \"</b>", .note = NULL, .pin_hash = "never", .created_ms = 1795181820123, .ended_ms = CLOCK_NONE,
    .balance = INT64_MIN, .rank = -3, .active = true, .closed = false,
};

static void rows_as_json(void **state)
{
    (void)state;
    struct arena *a = arena_new(1 << 20);
    struct str out;
    str_init(&out, a, 0, 10000);
    row_json(&out, &sample_type, &row);
    assert_string_equal(out.s, "{\"id\":\"18446744073709551615\",\"name\":\"Zażółć \\\"\\u003c/b>\",\"note\":null,"
                               "\"created\":\"2026-11-20T13:37:00.123Z\",\"ended\":null,\"balance\":-9223372036854775808,"
                               "\"rank\":-3,\"active\":true,\"closed\":false}");
    str_init(&out, a, 0, 10000);
    row_json_members(&out, &sample_type, &row);
    assert_int_equal(out.s[0], '"');
    assert_string_equal(out.s + out.len - 14, "\"closed\":false");
    arena_free(a);
}

static void secrets_never_leave(void **state)
{
    (void)state;
    struct arena *a = arena_new(1 << 20);
    struct str out;
    str_init(&out, a, 0, 10000);
    row_json(&out, &sample_type, &row);
    assert_null(strstr(out.s, "never"));
    assert_null(strstr(out.s, "pin"));
    str_init(&out, a, 0, 10000);
    row_json(&out, &hidden_type, &(struct hidden){ "a", "b" });
    assert_string_equal(out.s, "{}");
    assert_null(row_field(&sample_type, "pin_hash", 8));
    arena_free(a);
}

static void lookup(void **state)
{
    (void)state;
    const struct field *f = row_field(&sample_type, "created", 7);
    assert_non_null(f);
    assert_int_equal(f->kind, FIELD_TIME);
    assert_int_equal(f->offset, offsetof(struct sample, created_ms));
    assert_int_equal(row_field(&sample_type, "rank", 4)->offset, offsetof(struct sample, rank));
    assert_null(row_field(&sample_type, "created_ms", 10)); /* the C name is not the public one */
    assert_null(row_field(&sample_type, "ran", 3));
    assert_null(row_field(&sample_type, "ranks", 5));
    assert_null(row_field(&sample_type, "", 0));
    assert_non_null(row_field(&sample_type, "name and more", 4)); /* the length counts, not the NUL */
}

static void the_table(void **state)
{
    (void)state;
    assert_string_equal(sample_type.name, "sample");
    assert_int_equal(sample_type.size, sizeof(struct sample));
    assert_int_equal(sample_type.count, 10);
    assert_string_equal(sample_type.fields[2].name, "pin_hash");
    assert_int_equal(sample_type.fields[2].flags, SECRET);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_as_json), cmocka_unit_test(secrets_never_leave), cmocka_unit_test(lookup), cmocka_unit_test(the_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
