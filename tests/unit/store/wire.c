/* wire.c - the binary protocol's values: every integer width and sign, decimals, floats, texts, times, limits of INT. */
#include "base/base.h"
#include <setjmp.h>
#include <cmocka.h>
#include "store/wire.h"
#include "base/clock.h"

static struct arena *arena;

static int setup(void **state)
{
    (void)state;
    arena = arena_new(1 << 20);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

#define BYTES_OF(...) ((const unsigned char[]){ __VA_ARGS__ }), sizeof((const unsigned char[]){ __VA_ARGS__ })

static int64_t read_i64(unsigned type, bool is_unsigned, const unsigned char *p, size_t n)
{
    int64_t v = 77;
    assert_ptr_equal(wire_read(arena, FIELD_I64, type, is_unsigned, p, &v), p + n);
    return v;
}

static void test_integers(void **state)
{
    (void)state;
    assert_int_equal(read_i64(WIRE_TINY, false, BYTES_OF(0xff)), -1);
    assert_int_equal(read_i64(WIRE_TINY, true, BYTES_OF(0xff)), 255);
    assert_int_equal(read_i64(WIRE_SHORT, false, BYTES_OF(0xfe, 0xff)), -2);
    assert_int_equal(read_i64(WIRE_SHORT, true, BYTES_OF(0xfe, 0xff)), 65534);
    assert_int_equal(read_i64(WIRE_YEAR, true, BYTES_OF(0xea, 0x07)), 2026);
    assert_int_equal(read_i64(WIRE_LONG, false, BYTES_OF(0xfd, 0xff, 0xff, 0xff)), -3);
    assert_int_equal(read_i64(WIRE_LONG, true, BYTES_OF(0xfd, 0xff, 0xff, 0xff)), 4294967293LL);
    assert_int_equal(read_i64(WIRE_INT24, false, BYTES_OF(0xfc, 0xff, 0xff, 0xff)), -4);
    assert_int_equal(read_i64(WIRE_LONGLONG, false, BYTES_OF(1, 2, 3, 4, 5, 6, 7, 8)), 0x0807060504030201);
    uint64_t u;
    wire_read(arena, FIELD_U64, WIRE_LONGLONG, true, (const unsigned char *)"\xff\xff\xff\xff\xff\xff\xff\xff", &u);
    assert_true(u == UINT64_MAX);
}

static void test_decimals_and_reals(void **state)
{
    (void)state;
    assert_int_equal(read_i64(WIRE_NEWDECIMAL, false, BYTES_OF(7, '1', '2', '3', '4', '.', '9', '9')), 1234);
    assert_int_equal(read_i64(WIRE_NEWDECIMAL, false, BYTES_OF(3, '-', '4', '2')), -42);
    assert_int_equal(read_i64(WIRE_NEWDECIMAL, false, BYTES_OF(0)), 0);
    double d = -1234567890123.0;
    unsigned char p[8];
    memcpy(p, &d, 8);
    assert_int_equal(read_i64(WIRE_DOUBLE, false, p, 8), -1234567890123);
    float f = 2.5f;
    memcpy(p, &f, 4);
    assert_int_equal(read_i64(WIRE_FLOAT, false, p, 4), 2);
}

static void test_int_is_limited(void **state)
{
    (void)state;
    int v;
    wire_read(arena, FIELD_INT, WIRE_LONGLONG, true, (const unsigned char *)"\xff\xff\xff\xff\xff\xff\xff\xff", &v);
    assert_int_equal(v, INT32_MAX);
    wire_read(arena, FIELD_INT, WIRE_LONGLONG, false, (const unsigned char *)"\0\0\0\0\0\0\0\x80", &v);
    assert_int_equal(v, INT32_MIN);
    wire_read(arena, FIELD_INT, WIRE_TINY, false, (const unsigned char *)"\xf0", &v);
    assert_int_equal(v, -16);
    bool b = false;
    wire_read(arena, FIELD_BOOL, WIRE_TINY, false, (const unsigned char *)"\x02", &b);
    assert_true(b);
    wire_read(arena, FIELD_BOOL, WIRE_LONGLONG, false, (const unsigned char *)"\0\0\0\0\0\0\0\0", &b);
    assert_false(b);
}

static void check_text(size_t n)
{
    unsigned char *p = arena_alloc(arena, n + 9), *s = p;
    if (n < 251) {
        *s++ = (unsigned char)n;
    } else if (n < 65536) {
        *s++ = 252;
        *s++ = (unsigned char)n;
        *s++ = (unsigned char)(n >> 8);
    } else {
        *s++ = 253;
        *s++ = (unsigned char)n;
        *s++ = (unsigned char)(n >> 8);
        *s++ = (unsigned char)(n >> 16);
    }
    memset(s, 'x', n);
    const char *out = NULL;
    assert_ptr_equal(wire_read(arena, FIELD_TEXT, WIRE_BLOB, false, p, &out), s + n);
    assert_int_equal(strlen(out), n);
}

static void test_texts(void **state)
{
    (void)state;
    check_text(0);
    check_text(250);
    check_text(251);
    check_text(65535);
    check_text(65536);
    const char *s;
    wire_read(arena, FIELD_TEXT, WIRE_VAR_STRING, false, (const unsigned char *)"\x03" "a\0b", &s);
    assert_memory_equal(s, "a\0b", 4);
}

static int64_t read_time(const unsigned char *p, size_t n)
{
    int64_t v = 77;
    assert_ptr_equal(wire_read(arena, FIELD_TIME, WIRE_DATETIME, false, p, &v), p + n);
    return v;
}

static void test_times(void **state)
{
    (void)state;
    assert_true(read_time(BYTES_OF(0)) == CLOCK_NONE);
    assert_true(read_time(BYTES_OF(4, 0, 0, 0, 0)) == CLOCK_NONE);
    assert_int_equal(read_time(BYTES_OF(4, 0xb2, 0x07, 1, 1)), 0);                        /* 1970-01-01 */
    assert_int_equal(read_time(BYTES_OF(4, 0xb1, 0x07, 12, 31)), -86400000);
    assert_int_equal(read_time(BYTES_OF(7, 0xea, 0x07, 11, 20, 13, 37, 1)), 1795181821000); /* 2026-11-20T13:37:01 */
    assert_int_equal(read_time(BYTES_OF(11, 0xea, 0x07, 11, 20, 13, 37, 1, 0x78, 0xe0, 0x01, 0x00)), 1795181821123);
}

static void test_null_and_fit(void **state)
{
    (void)state;
    uint64_t u = 1;
    int64_t i = 1, t = 1;
    int n = 1;
    bool b = true;
    const char *s = "x";
    wire_null(FIELD_U64, &u);
    wire_null(FIELD_I64, &i);
    wire_null(FIELD_INT, &n);
    wire_null(FIELD_BOOL, &b);
    wire_null(FIELD_TEXT, &s);
    wire_null(FIELD_TIME, &t);
    assert_true(u == 0 && i == 0 && n == 0 && !b && s == NULL && t == CLOCK_NONE);
    assert_true(wire_fits(FIELD_TEXT, WIRE_BLOB));
    assert_true(wire_fits(FIELD_TEXT, WIRE_NULL));
    assert_false(wire_fits(FIELD_TEXT, WIRE_LONG));
    assert_false(wire_fits(FIELD_TEXT, WIRE_NEWDECIMAL));
    assert_true(wire_fits(FIELD_U64, WIRE_NEWDECIMAL));
    assert_false(wire_fits(FIELD_U64, WIRE_VAR_STRING));
    assert_true(wire_fits(FIELD_TIME, WIRE_TIMESTAMP));
    assert_false(wire_fits(FIELD_TIME, WIRE_LONGLONG));
    assert_false(wire_fits(FIELD_BOOL, WIRE_DATETIME));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_integers),      cmocka_unit_test(test_decimals_and_reals), cmocka_unit_test(test_int_is_limited),
        cmocka_unit_test(test_texts),         cmocka_unit_test(test_times),              cmocka_unit_test(test_null_and_fit),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
