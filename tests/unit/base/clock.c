/* clock.c - the calendar, the clocks, and both notations. */
#include "base/base.h"
#include "base/clock.h"
#include <setjmp.h>
#include <cmocka.h>

static int64_t iso(const char *s)
{
    int64_t ms = 0;
    if (!clock_parse_iso(s, &ms))
        fail_msg("not ISO 8601: %s", s);
    return ms;
}

static void days_round_trip(void **state)
{
    (void)state;
    assert_int_equal(clock_days(1970, 1, 1), 0);
    assert_int_equal(clock_days(2000, 3, 1), 11017);
    assert_int_equal(clock_days(1969, 12, 31), -1);
    assert_int_equal(clock_days(1900, 3, 1) - clock_days(1900, 2, 28), 1);
    assert_int_equal(clock_days(2000, 3, 1) - clock_days(2000, 2, 28), 2);
    int64_t expect = clock_days(-4800, 1, 1);
    static const int lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    int weekday = -1;
    for (int year = -4800; year < 4800; year++)
        for (int month = 1; month <= 12; month++) {
            bool leap = month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            for (int day = 1; day <= lengths[month - 1] + leap; day++, expect++) {
                struct civil c;
                clock_to_utc(expect * 86400000 + 1, &c);
                if (c.year != year || c.month != month || c.day != day || c.ms != 1 || clock_days(year, month, day) != expect)
                    fail_msg("%d-%d-%d", year, month, day);
                if (weekday >= 0 && c.weekday != (weekday + 1) % 7)
                    fail_msg("weekday of %d-%d-%d", year, month, day);
                weekday = c.weekday;
            }
        }
}

static void members_out_of_range_count_on(void **state)
{
    (void)state;
    assert_int_equal(clock_days(2026, 13, 1), clock_days(2027, 1, 1));
    assert_int_equal(clock_days(2026, 0, 1), clock_days(2025, 12, 1));
    assert_int_equal(clock_days(2026, -11, 1), clock_days(2025, 1, 1));
    assert_int_equal(clock_days(2026, 3, 0), clock_days(2026, 2, 28));
    assert_int_equal(clock_days(2026, 12, 32), clock_days(2027, 1, 1));
    assert_int_equal(clock_from_utc(&(struct civil){ .year = 2026, .month = 11, .day = 20, .hour = 25, .minute = -1 }),
                     iso("2026-11-21T00:59:00Z"));
}

static void before_1970(void **state)
{
    (void)state;
    struct civil c;
    clock_to_utc(-1, &c);
    assert_int_equal(c.year, 1969);
    assert_int_equal(c.second, 59);
    assert_int_equal(c.ms, 999);
    assert_int_equal(c.weekday, 2); /* a Wednesday */
    assert_int_equal(clock_from_utc(&c), -1);
}

static void the_clocks_run(void **state)
{
    (void)state;
    assert_true(clock_now_ms() > iso("2026-01-01"));
    int64_t a = clock_mono_ms();
    assert_true(clock_mono_ms() >= a);
}

static void writes_iso(void **state)
{
    (void)state;
    char out[CLOCK_ISO_MAX];
    clock_iso(INT64_C(1795181820123), false, out);
    assert_string_equal(out, "2026-11-20T13:37:00Z");
    clock_iso(INT64_C(1795181820123), true, out);
    assert_string_equal(out, "2026-11-20T13:37:00.123Z");
    clock_iso(-1, true, out);
    assert_string_equal(out, "1969-12-31T23:59:59.999Z");
    clock_iso(CLOCK_NONE, true, out);
    assert_string_equal(out, "");
    clock_iso(INT64_MAX, true, out);
    assert_string_equal(out, "9999-12-31T23:59:59.999Z");
    clock_iso(INT64_MIN + 1, false, out);
    assert_string_equal(out, "0000-01-01T00:00:00Z");
}

static void reads_iso(void **state)
{
    (void)state;
    static const struct { const char *text; int64_t ms; } good[] = {
        { "2026-11-20T13:37:00Z", 1795181820000 },      { "2026-11-20T13:37Z", 1795181820000 },
        { "2026-11-20T13:37:00.123Z", 1795181820123 },  { "2026-11-20T13:37:00.1239999Z", 1795181820123 },
        { "2026-11-20T13:37:00.5Z", 1795181820500 },    { "2026-11-20T14:37:00+01:00", 1795181820000 },
        { "2026-11-20T08:37:00-0500", 1795181820000 },  { "2026-11-20T14:37+01", 1795181820000 },
        { "2026-11-20t13:37:00z", 1795181820000 },      { "2026-11-20 13:37:00Z", 1795181820000 },
        { "2026-11-20", 1795132800000 },                { "1970-01-01", 0 },
        { "2028-02-29", 1835395200000 },                { "2026-12-31T23:59:60Z", 1798761600000 },
    };
    for (size_t i = 0; i < ARRAY_LEN(good); i++)
        assert_int_equal(iso(good[i].text), good[i].ms);
    static const char *const bad[] = {
        "", "x", "2026", "2026-11", "2026-1-20", "2026-11-20T", "2026-11-20T13", "2026-11-20T13:37", "2026-11-20T13:37:00",
        "2026-11-20T13:37:00Zx", "2026-11-20x", "2026-13-01", "2026-00-01", "2026-11-31", "2026-02-29", "2026-11-00",
        "2026-11-20T24:00Z", "2026-11-20T13:60Z", "2026-11-20T13:37:61Z", "2026-11-20T13:37:00.Z", "2026-11-20T13:37:00+24:00",
        "2026-11-20T13:37:00+1:00", "2026-11-20T13:37:00+01:", "2026-11-20T13:37:00+01:60", "+2026-11-20", " 2026-11-20", "20261120",
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        int64_t ms = 77;
        if (clock_parse_iso(bad[i], &ms))
            fail_msg("taken: \"%s\"", bad[i]);
        assert_int_equal(ms, 77);
    }
    assert_false(clock_parse_iso(NULL, &(int64_t){ 0 }));
}

static void reads_rfc2822(void **state)
{
    (void)state;
    static const char *const good[] = {
        "Fri, 20 Nov 2026 13:37:00 +0000", "20 Nov 2026 13:37:00 +0000",    "Fri, 20 Nov 2026 13:37 +0000",
        "Fri, 20 Nov 2026 13:37:00 GMT",   "Fri, 20 Nov 2026 13:37:00 UTC", "Fri, 20 Nov 2026 13:37:00 Z",
        "Fri, 20 Nov 2026 14:37:00 +0100", "Fri, 20 Nov 2026 05:37:00 -0800", "fri,  20 NOV 2026  13:37:00  UT",
    };
    int64_t ms;
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        assert_true(clock_parse_rfc2822(good[i], &ms));
        assert_int_equal(ms, 1795181820000);
    }
    assert_true(clock_parse_rfc2822("Sun, 1 Feb 2026 00:00:00 +0000", &ms));
    assert_int_equal(ms, iso("2026-02-01"));
    static const char *const bad[] = {
        "", "Fri", "Fri, ", "Fri 20 Nov 2026 13:37:00 +0000", "Fri, 20 Nov 26 13:37:00 +0000", "Fri, 20 Xxx 2026 13:37:00 +0000",
        "Fri, 20 Nov 2026 13:37:00", "Fri, 20 Nov 2026 13:37:00 +01", "Fri, 20 Nov 2026 13:37:00 +0000 x", "Fri, 31 Nov 2026 13:37:00 +0000",
        "Fri, 20 Nov 2026 25:37:00 +0000", "pią, 20 lis 2026 13:37:00 +0000", "2026-11-20T13:37:00Z", "Fri, 20 Nov 2026 13:37:00 CET",
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        if (clock_parse_rfc2822(bad[i], &ms))
            fail_msg("taken: \"%s\"", bad[i]);
    assert_false(clock_parse_rfc2822(NULL, &ms));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(days_round_trip),
        cmocka_unit_test(members_out_of_range_count_on),
        cmocka_unit_test(before_1970),
        cmocka_unit_test(the_clocks_run),
        cmocka_unit_test(writes_iso),
        cmocka_unit_test(reads_iso),
        cmocka_unit_test(reads_rfc2822),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
