/* zone.c - zones: the table, the rule beyond it, gaps and overlaps, long and short days, files that are no zones. */
#include "base/base.h"
#include "base/clock.h"
#include <setjmp.h>
#include <unistd.h>
#include <cmocka.h>

static int setup(void **state)
{
    *state = arena_new(16 << 20);
    return 0;
}

static int teardown(void **state)
{
    arena_free(*state);
    return 0;
}

static int64_t iso(const char *s)
{
    int64_t ms = 0;
    if (!clock_parse_iso(s, &ms))
        fail_msg("not ISO 8601: %s", s);
    return ms;
}

static const struct zone *zone(void **state, const char *name)
{
    const struct zone *z = zone_load(*state, name);
    if (!z)
        fail_msg("no zone %s", name);
    return z;
}

/* The moments around the changes, before the first one, and far beyond the file's table; values from another
 * implementation (Python's zoneinfo). */
static const struct { const char *zone, *utc, *wall; int offset, weekday; } readings[] = {
    { "Europe/Warsaw", "1900-01-01T00:00:00Z", "1900-01-01 01:24:00", 5040, 0 },
    { "Europe/Warsaw", "2000-07-01T12:00:00Z", "2000-07-01 14:00:00", 7200, 5 },
    { "Europe/Warsaw", "2026-03-29T00:59:59Z", "2026-03-29 01:59:59", 3600, 6 },
    { "Europe/Warsaw", "2026-03-29T01:00:00Z", "2026-03-29 03:00:00", 7200, 6 },
    { "Europe/Warsaw", "2026-10-25T00:59:59Z", "2026-10-25 02:59:59", 7200, 6 },
    { "Europe/Warsaw", "2026-10-25T01:00:00Z", "2026-10-25 02:00:00", 3600, 6 },
    { "Europe/Warsaw", "2040-03-25T00:59:59Z", "2040-03-25 01:59:59", 3600, 6 },
    { "Europe/Warsaw", "2040-03-25T01:00:00Z", "2040-03-25 03:00:00", 7200, 6 },
    { "Europe/Warsaw", "2040-10-28T00:59:59Z", "2040-10-28 02:59:59", 7200, 6 },
    { "Europe/Warsaw", "2040-10-28T01:00:00Z", "2040-10-28 02:00:00", 3600, 6 },
    { "Europe/Warsaw", "2099-07-01T00:00:00Z", "2099-07-01 02:00:00", 7200, 2 },
    { "America/New_York", "1883-11-18T16:59:59Z", "1883-11-18 12:03:57", -17762, 6 },
    { "America/New_York", "2026-03-08T06:59:59Z", "2026-03-08 01:59:59", -18000, 6 },
    { "America/New_York", "2026-03-08T07:00:00Z", "2026-03-08 03:00:00", -14400, 6 },
    { "America/New_York", "2026-11-01T05:59:59Z", "2026-11-01 01:59:59", -14400, 6 },
    { "America/New_York", "2026-11-01T06:00:00Z", "2026-11-01 01:00:00", -18000, 6 },
    { "America/New_York", "2040-03-11T06:59:59Z", "2040-03-11 01:59:59", -18000, 6 },
    { "America/New_York", "2040-03-11T07:00:00Z", "2040-03-11 03:00:00", -14400, 6 },
    { "America/New_York", "2040-11-04T05:59:59Z", "2040-11-04 01:59:59", -14400, 6 },
    { "America/New_York", "2040-11-04T06:00:00Z", "2040-11-04 01:00:00", -18000, 6 },
    { "America/Bogota", "1900-01-01T00:00:00Z", "1899-12-31 19:03:44", -17776, 6 },
    { "America/Bogota", "1992-08-01T00:00:00Z", "1992-07-31 20:00:00", -14400, 4 },
    { "America/Bogota", "2026-07-01T04:59:59Z", "2026-06-30 23:59:59", -18000, 1 },
    { "America/Bogota", "2040-01-01T05:00:00Z", "2040-01-01 00:00:00", -18000, 6 },
    { "Asia/Kolkata", "1943-01-01T00:00:00Z", "1943-01-01 06:30:00", 23400, 4 },
    { "Asia/Kolkata", "2026-03-29T18:30:00Z", "2026-03-30 00:00:00", 19800, 0 },
    { "Asia/Kolkata", "2040-12-31T18:29:59Z", "2040-12-31 23:59:59", 19800, 0 },
    { "Australia/Lord_Howe", "2026-04-04T14:59:59Z", "2026-04-05 01:59:59", 39600, 6 },
    { "Australia/Lord_Howe", "2026-04-04T15:00:00Z", "2026-04-05 01:30:00", 37800, 6 },
    { "Australia/Lord_Howe", "2041-10-05T15:29:59Z", "2041-10-06 01:59:59", 37800, 6 },
    { "Australia/Lord_Howe", "2041-10-05T15:30:00Z", "2041-10-06 02:30:00", 39600, 6 },
    { "Europe/Dublin", "2040-01-01T00:00:00Z", "2040-01-01 00:00:00", 0, 6 },
    { "Europe/Dublin", "2040-07-01T00:00:00Z", "2040-07-01 01:00:00", 3600, 6 },
    { "America/Nuuk", "2040-03-25T00:59:59Z", "2040-03-24 22:59:59", -7200, 5 },
    { "America/Nuuk", "2040-03-25T01:00:00Z", "2040-03-25 00:00:00", -3600, 6 },
    { "UTC", "2026-11-20T13:37:00Z", "2026-11-20 13:37:00", 0, 4 },
};

static void wall_clocks(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(readings); i++) {
        struct civil c;
        int offset;
        zone_to_civil(zone(state, readings[i].zone), iso(readings[i].utc) + 7, &c, &offset);
        const char *wall = arena_printf(*state, "%04d-%02d-%02d %02d:%02d:%02d", c.year, c.month, c.day, c.hour, c.minute, c.second);
        if (strcmp(wall, readings[i].wall) != 0 || offset != readings[i].offset || c.weekday != readings[i].weekday || c.ms != 7)
            fail_msg("%s %s: %s %d %d", readings[i].zone, readings[i].utc, wall, offset, c.weekday);
    }
}

/* "2026-03-29T02:30" read as wall clock. */
static int64_t moment(const struct zone *z, const char *wall)
{
    struct civil c;
    char text[40];
    snprintf(text, sizeof text, "%sZ", wall);
    clock_to_utc(iso(text), &c);
    return zone_from_civil(z, &c);
}

static void gaps_and_overlaps(void **state)
{
    static const struct { const char *zone, *wall, *utc; } cases[] = {
        { "Europe/Warsaw", "2026-03-29T01:59:59", "2026-03-29T00:59:59Z" },
        { "Europe/Warsaw", "2026-03-29T02:00", "2026-03-29T01:00Z" },   /* gap: the first instant after it */
        { "Europe/Warsaw", "2026-03-29T02:30", "2026-03-29T01:00Z" },
        { "Europe/Warsaw", "2026-03-29T02:59:59", "2026-03-29T01:00Z" },
        { "Europe/Warsaw", "2026-03-29T03:00", "2026-03-29T01:00Z" },
        { "Europe/Warsaw", "2026-10-25T02:00", "2026-10-25T00:00Z" },   /* overlap: the first occurrence */
        { "Europe/Warsaw", "2026-10-25T02:30", "2026-10-25T00:30Z" },
        { "Europe/Warsaw", "2026-10-25T02:59:59", "2026-10-25T00:59:59Z" },
        { "Europe/Warsaw", "2026-10-25T03:00", "2026-10-25T02:00Z" },
        { "Europe/Warsaw", "2040-03-25T02:30", "2040-03-25T01:00Z" },
        { "Europe/Warsaw", "2040-10-28T02:30", "2040-10-28T00:30Z" },
        { "America/New_York", "2026-03-08T02:30", "2026-03-08T07:00Z" },
        { "America/New_York", "2026-11-01T01:30", "2026-11-01T05:30Z" },
        { "America/New_York", "2040-11-04T01:30", "2040-11-04T05:30Z" },
        { "Australia/Lord_Howe", "2041-10-06T02:15", "2041-10-05T15:30Z" }, /* half an hour */
        { "Australia/Lord_Howe", "2026-04-05T01:45", "2026-04-04T14:45Z" },
        { "Pacific/Apia", "2011-12-30T12:00", "2011-12-30T10:00Z" },       /* a day that never was */
        { "America/Bogota", "2026-03-29T02:30", "2026-03-29T07:30Z" },
        { "Asia/Kolkata", "2040-06-01T00:00", "2040-05-31T18:30Z" },
        { "UTC", "2026-03-29T02:30", "2026-03-29T02:30Z" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        if (moment(zone(state, cases[i].zone), cases[i].wall) != iso(cases[i].utc))
            fail_msg("%s %s", cases[i].zone, cases[i].wall);
}

static void days_of_23_24_and_25_hours(void **state)
{
    static const struct { const char *zone, *within, *start; int hours; } cases[] = {
        { "Europe/Warsaw", "2026-03-29T21:59:59.999Z", "2026-03-28T23:00Z", 23 },
        { "Europe/Warsaw", "2026-10-25T22:59:59.999Z", "2026-10-24T22:00Z", 25 },
        { "Europe/Warsaw", "2026-11-20T13:37Z", "2026-11-19T23:00Z", 24 },
        { "Europe/Warsaw", "2040-03-25T12:00Z", "2040-03-24T23:00Z", 23 },
        { "Europe/Warsaw", "2040-10-28T12:00Z", "2040-10-27T22:00Z", 25 },
        { "America/New_York", "2026-03-08T05:00Z", "2026-03-08T05:00Z", 23 },
        { "America/New_York", "2026-11-01T12:00Z", "2026-11-01T04:00Z", 25 },
        { "America/New_York", "2040-11-04T12:00Z", "2040-11-04T04:00Z", 25 },
        { "America/Bogota", "2026-03-29T04:59Z", "2026-03-28T05:00Z", 24 },
        { "Asia/Kolkata", "2026-03-28T18:30Z", "2026-03-28T18:30Z", 24 },
        { "America/Sao_Paulo", "2018-02-18T02:30Z", "2018-02-17T02:00Z", 25 }, /* midnight falls back to 23:00 */
        { "America/Sao_Paulo", "2018-11-04T12:00Z", "2018-11-04T03:00Z", 23 }, /* the day begins at 01:00 */
        { "UTC", "2026-03-29T12:00Z", "2026-03-29", 24 },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct zone *z = zone(state, cases[i].zone);
        int64_t start = zone_day_start(z, iso(cases[i].within), 0);
        if (start != iso(cases[i].start))
            fail_msg("%s %s", cases[i].zone, cases[i].within);
        assert_int_equal(zone_day_start(z, iso(cases[i].within), 1) - start, cases[i].hours * INT64_C(3600000));
        assert_int_equal(zone_day_start(z, start, 0), start);
        assert_int_equal(zone_day_start(z, start - 1, 1), start);
    }
    const struct zone *warsaw = zone(state, "Europe/Warsaw");
    assert_int_equal(zone_day_start(warsaw, iso("2026-03-01T12:00Z"), 31), iso("2026-03-31T22:00Z"));
    assert_int_equal(zone_day_start(warsaw, iso("2026-03-01T12:00Z"), -1), iso("2026-02-27T23:00Z"));
}

static void every_day_goes_on_where_the_last_one_ended(void **state)
{
    static const char *const names[] = { "Europe/Warsaw", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "America/Nuuk" };
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        const struct zone *z = zone(state, names[i]);
        int64_t at = zone_day_start(z, iso("2030-01-01T12:00Z"), 0);
        for (int day = 0; day < 366 * 15; day++) { /* over the end of the table in 2037 */
            int64_t next = zone_day_start(z, at, 1);
            assert_in_range(next - at, 23 * 3600000, 25 * 3600000);
            assert_int_equal(zone_day_start(z, next - 1, 0), at);
            at = next;
        }
    }
}

static void extreme_moments_do_no_harm(void **state)
{
    static const int64_t moments[] = { INT64_MIN, INT64_MIN + 1, INT64_MIN / 4, INT64_MAX / 4, INT64_MAX - 1 };
    const struct zone *z = zone(state, "Europe/Warsaw");
    for (size_t i = 0; i < ARRAY_LEN(moments); i++) {
        struct civil c;
        zone_to_civil(z, moments[i], &c, NULL);
        assert_in_range(c.month, 1, 12);
        if (moments[i] > INT64_MIN / 2) /* the first day of all begins before the first moment */
            zone_from_civil(z, &c);
    }
}

static void names_that_are_no_zones(void **state)
{
    static const char *const names[] = {
        "", "Europe", "Europe/Nowhere", "/etc/localtime", "../zoneinfo/UTC", "Europe/../UTC", "Europe/Warsaw\n", "zone.tab", "leap-seconds.list",
        "Europe/Warsaw ", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    };
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (zone_load(*state, names[i]))
            fail_msg("taken: \"%s\"", names[i]);
    assert_null(zone_load(*state, NULL));
    assert_non_null(zone_load_from(*state, "/nonexistent", "UTC"));
}

/* ---- files of our own ---- */

/* A version 2 file with one type of local time at `offset`, the rule `footer` and so many leap seconds. */
static size_t make_tzif(uint8_t *out, int offset, const char *footer, uint8_t leap)
{
    uint8_t *p = out;
    for (int block = 0; block < 2; block++) {
        memset(p, 0, 44);
        memcpy(p, "TZif2", 5);
        p[31] = block ? leap : 0;
        p[39] = 1; /* types */
        p[43] = 4; /* characters */
        p += 44;
        for (int i = 3; i >= 0; i--)
            *p++ = (uint8_t)((uint32_t)offset >> (8 * i));
        *p++ = 0, *p++ = 0;
        memcpy(p, "XXX", 4);
        p += 4;
    }
    memset(p, 0, leap * 12u);
    p += leap * 12u;
    return (size_t)(p - out) + (size_t)snprintf((char *)p, 200, "\n%s\n", footer);
}

static const struct zone *load_bytes(struct arena *a, const uint8_t *bytes, size_t n)
{
    char dir[] = "/tmp/centrala-zone-XXXXXX";
    assert_non_null(mkdtemp(dir));
    const char *path = arena_printf(a, "%s/Test", dir);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
    const struct zone *z = zone_load_from(a, dir, "Test");
    unlink(path);
    rmdir(dir);
    return z;
}

static const struct zone *load_rule(struct arena *a, const char *footer)
{
    uint8_t file[512];
    return load_bytes(a, file, make_tzif(file, 3600, footer, 0));
}

static int offset_at(const struct zone *z, const char *utc)
{
    struct civil c;
    int offset;
    zone_to_civil(z, iso(utc), &c, &offset);
    return offset;
}

static void rules_of_every_form(void **state)
{
    static const struct { const char *rule, *utc; int offset; } cases[] = {
        { "", "2026-07-01", 3600 },
        { "<-0330>3:30", "2026-07-01", -12600 },
        { "ABC-1:02:03", "2026-07-01", 3723 },
        { "CET-1CEST,M3.5.0,M10.5.0/3", "2026-03-29T00:59:59Z", 3600 },
        { "CET-1CEST,M3.5.0,M10.5.0/3", "2026-03-29T01:00Z", 7200 },
        { "AAA0BBB-2,J60,J300", "2024-03-01T01:59Z", 0 }, /* J counts no 29 February: 1 March in every year */
        { "AAA0BBB-2,J60,J300", "2024-03-01T02:00Z", 7200 },
        { "AAA0BBB-2,J60,J300", "2026-03-01T02:00Z", 7200 },
        { "AAA0BBB,60,300", "2024-03-01T01:59Z", 0 }, /* a plain number does: 1 March, in common years the 2nd */
        { "AAA0BBB,60,300", "2024-03-01T02:00Z", 3600 },
        { "AAA0BBB,60,300", "2026-03-01T02:00Z", 0 },
        { "AAA0BBB,60,300", "2026-03-02T02:00Z", 3600 },
        { "IST-2IDT,M3.4.4/26,M10.5.0", "2026-03-27T00:00Z", 10800 }, /* 26 h after Thursday 00:00 is Friday 02:00 */
        { "IST-2IDT,M3.4.4/26,M10.5.0", "2026-03-26T23:59Z", 7200 },
        { "<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2026-03-29T00:59Z", -7200 }, /* -1: Saturday 23:00 */
        { "<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2026-03-29T01:00Z", -3600 },
        { "XXX3EDT4,0/0,J365/23", "2026-01-01T02:59Z", -14400 }, /* summer time all year */
        { "XXX3EDT4,0/0,J365/23", "2026-07-01", -14400 },
        { "XXX3EDT4,0/0,J365/23", "2027-01-01T03:00Z", -14400 },
        { "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", "2026-01-01", 39600 }, /* summer over the new year */
        { "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", "2026-07-01", 37800 },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct zone *z = load_rule(*state, cases[i].rule);
        if (!z || offset_at(z, cases[i].utc) != cases[i].offset)
            fail_msg("%s at %s: %d", cases[i].rule, cases[i].utc, z ? offset_at(z, cases[i].utc) : -1);
    }
    static const char *const bad[] = {
        "CET", "-1", "C-1", "CET-1CEST", "CET-1CEST,M3.5.0", "CET-1CEST,M3.5.0,M10.5.0/3x", "CET-1CEST,M0.5.0,M10.5.0", "CET-1CEST,M3.6.0,M10.5.0",
        "CET-1CEST,M3.5.7,M10.5.0", "CET-1CEST,J0,J365", "CET-1CEST,M3.5,M10.5.0", "<-05", "CET-30", "CET-1:60", "CET-1CEST,M3.5.0/168,M10.5.0", "CET-1CEST,,",
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        if (load_rule(*state, bad[i]))
            fail_msg("taken: %s", bad[i]);
}

static void damaged_files(void **state)
{
    uint8_t file[512];
    assert_null(load_bytes(*state, file, make_tzif(file, 3600, "CET-1", 2))); /* its seconds are not ours */
    size_t n = make_tzif(file, 3600, "CET-1", 0);
    assert_non_null(load_bytes(*state, file, n));
    for (size_t cut = 0; cut < n; cut++)
        assert_null(load_bytes(*state, file, cut));
    static const struct { size_t at; uint8_t value; } changes[] = {
        { 0, 'X' }, { 4, 0 }, { 4, '1' }, { 36, 0x7F }, { 39, 0 }, { 54 + 0, 'X' }, { 54 + 4, 0 }, { 54 + 31, 1 }, { 54 + 32, 0x7F }, { 54 + 39, 0 }, { 54 + 44, 0x7F },
    };
    for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
        uint8_t copy[512];
        memcpy(copy, file, n);
        copy[changes[i].at] = changes[i].value;
        if (load_bytes(*state, copy, n))
            fail_msg("taken: byte %zu = %d", changes[i].at, changes[i].value);
    }
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(wall_clocks), CASE(gaps_and_overlaps), CASE(days_of_23_24_and_25_hours), CASE(every_day_goes_on_where_the_last_one_ended),
        CASE(extreme_moments_do_no_harm), CASE(names_that_are_no_zones), CASE(rules_of_every_form), CASE(damaged_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
