/* recur.c - what recurs: intervals, clocks that change, months of every length, quiet hours; and all of it against a search
 * minute by minute. */
#include "base/base.h"
#include "base/recur.h"
#include <setjmp.h>
#include <cmocka.h>

enum { MINUTE = 60000 };

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

static int64_t day(const char *date)
{
    return iso(date) / 86400000;
}

static struct recur rule(void **state, const char *zone_name, enum recur_kind kind, int hour, int minute)
{
    return (struct recur){ .kind = kind, .zone = zone(state, zone_name), .minute = hour * 60 + minute, .weekdays = RECUR_EVERY_DAY, .month_day = 1,
                           .interval_min = 60, .first_day = RECUR_NO_DAY, .last_day = RECUR_NO_DAY };
}

/* The next ones after `after`, which must be those, and nothing after an empty one. */
static void follows(const struct recur *r, const char *after, const char *const *expected, size_t n)
{
    int64_t at = iso(after);
    for (size_t i = 0; i < n; i++) {
        int64_t next = recur_next(r, at);
        char text[CLOCK_ISO_MAX];
        clock_iso(next, false, text);
        if (next != (*expected[i] ? iso(expected[i]) : CLOCK_NONE))
            fail_msg("number %zu after %s is %s, not %s", i + 1, after, text, expected[i]);
        at = next;
    }
}
#define FOLLOWS(r, after, ...) follows(r, after, (const char *const[]){ __VA_ARGS__ }, ARRAY_LEN(((const char *const[]){ __VA_ARGS__ })))

static void the_day_the_clocks_go_forward(void **state)
{
    struct recur r = rule(state, "Europe/Warsaw", RECUR_DAILY, 2, 30);
    FOLLOWS(&r, "2026-03-27T12:00Z", "2026-03-28T01:30Z", "2026-03-29T01:00Z", "2026-03-30T00:30Z", "2026-03-31T00:30Z");
    r.minute = 9 * 60;
    FOLLOWS(&r, "2026-03-28T07:59:59Z", "2026-03-28T08:00Z", "2026-03-29T07:00Z", "2026-03-30T07:00Z");
    r = rule(state, "America/New_York", RECUR_DAILY, 2, 30);
    FOLLOWS(&r, "2026-03-07T12:00Z", "2026-03-08T07:00Z", "2026-03-09T06:30Z");
}

static void the_day_the_clocks_go_back(void **state)
{
    struct recur r = rule(state, "Europe/Warsaw", RECUR_DAILY, 2, 30);
    FOLLOWS(&r, "2026-10-24T12:00Z", "2026-10-25T00:30Z", "2026-10-26T01:30Z");
    FOLLOWS(&r, "2026-10-25T01:15Z", "2026-10-26T01:30Z"); /* between the two half past twos */
    r.minute = 90;
    FOLLOWS(&r, "2026-10-24T12:00Z", "2026-10-24T23:30Z", "2026-10-26T00:30Z");
    r = rule(state, "America/New_York", RECUR_DAILY, 1, 30);
    FOLLOWS(&r, "2026-10-31T12:00Z", "2026-11-01T05:30Z", "2026-11-02T06:30Z");
}

static void where_clocks_never_change(void **state)
{
    struct recur r = rule(state, "America/Bogota", RECUR_DAILY, 2, 30);
    FOLLOWS(&r, "2026-03-28T08:00Z", "2026-03-29T07:30Z", "2026-03-30T07:30Z");
    FOLLOWS(&r, "2026-10-24T08:00Z", "2026-10-25T07:30Z", "2026-10-26T07:30Z");
    r.minute = 90;
    FOLLOWS(&r, "2026-10-24T08:00Z", "2026-10-25T06:30Z", "2026-10-26T06:30Z");
}

static void weekdays(void **state)
{
    struct recur r = rule(state, "Europe/Warsaw", RECUR_WEEKDAYS, 8, 0);
    r.weekdays = 1 << 0 | 1 << 4; /* Monday, Friday */
    FOLLOWS(&r, "2026-11-20T13:00Z", "2026-11-23T07:00Z", "2026-11-27T07:00Z", "2026-11-30T07:00Z"); /* from a Friday */
    r.weekdays = 1 << 6;
    FOLLOWS(&r, "2026-11-20T13:00Z", "2026-11-22T07:00Z", "2026-11-29T07:00Z");
    r = rule(state, "America/Bogota", RECUR_WEEKDAYS, 22, 0); /* Monday there is Tuesday in UTC */
    r.weekdays = 1;
    FOLLOWS(&r, "2026-11-20T13:00Z", "2026-11-24T03:00Z", "2026-12-01T03:00Z");
}

static void months_of_every_length(void **state)
{
    struct recur r = rule(state, "UTC", RECUR_MONTHLY, 12, 0);
    r.month_day = 31;
    FOLLOWS(&r, "2027-12-31T12:00Z", "2028-01-31T12:00Z", "2028-02-29T12:00Z", "2028-03-31T12:00Z", "2028-04-30T12:00Z", "2028-05-31T12:00Z");
    r.month_day = 29;
    FOLLOWS(&r, "2027-01-29T12:00Z", "2027-02-28T12:00Z", "2027-03-29T12:00Z");
    FOLLOWS(&r, "2028-01-29T12:00Z", "2028-02-29T12:00Z", "2028-03-29T12:00Z");
    r.month_day = 1;
    FOLLOWS(&r, "2026-11-01T11:59:59Z", "2026-11-01T12:00Z", "2026-12-01T12:00Z", "2027-01-01T12:00Z");
    r = rule(state, "Europe/Warsaw", RECUR_MONTHLY, 2, 30);
    r.month_day = 29;
    FOLLOWS(&r, "2026-03-01T00:00Z", "2026-03-29T01:00Z", "2026-04-29T00:30Z");
}

static void intervals(void **state)
{
    struct recur r = rule(state, "Europe/Warsaw", RECUR_INTERVAL, 9, 0);
    FOLLOWS(&r, "2026-10-25T00:20Z", "2026-10-25T01:20Z", "2026-10-25T02:20Z"); /* an hour is an hour */
    r.first_day = day("2026-10-26");
    FOLLOWS(&r, "2026-10-25T00:20Z", "2026-10-26T08:00Z", "2026-10-26T09:00Z");
    FOLLOWS(&r, "2026-10-27T00:20Z", "2026-10-27T01:20Z");
}

static void first_and_last_day(void **state)
{
    struct recur r = rule(state, "Europe/Warsaw", RECUR_DAILY, 0, 0);
    r.first_day = day("2027-05-01");
    r.last_day = day("2027-05-03");
    FOLLOWS(&r, "2026-11-20T13:00Z", "2027-04-30T22:00Z", "2027-05-01T22:00Z", "2027-05-02T22:00Z", "");
    r.quiet_from = 22 * 60, r.quiet_until = 7 * 60;
    FOLLOWS(&r, "2026-11-20T13:00Z", "2027-05-01T05:00Z", "2027-05-02T05:00Z", "2027-05-03T05:00Z", "");
    r.minute = 23 * 60; /* the last day's is moved beyond it */
    FOLLOWS(&r, "2026-11-20T13:00Z", "2027-05-02T05:00Z", "2027-05-03T05:00Z", "");
    r = rule(state, "UTC", RECUR_INTERVAL, 0, 0);
    r.last_day = day("2026-11-20");
    FOLLOWS(&r, "2026-11-20T22:30Z", "2026-11-20T23:30Z", "");
}

static void quiet_hours(void **state)
{
    struct recur r = rule(state, "Europe/Warsaw", RECUR_DAILY, 23, 15);
    r.quiet_from = 22 * 60, r.quiet_until = 7 * 60;
    FOLLOWS(&r, "2026-11-20T13:00Z", "2026-11-21T06:00Z", "2026-11-22T06:00Z");
    FOLLOWS(&r, "2026-11-20T23:00Z", "2026-11-21T06:00Z"); /* asked within them: the evening's is still to come */
    FOLLOWS(&r, "2026-11-21T06:00Z", "2026-11-22T06:00Z");
    r.minute = 7 * 60; /* the end is not quiet any more */
    FOLLOWS(&r, "2026-11-20T13:00Z", "2026-11-21T06:00Z");
    r.minute = 6 * 60 + 59;
    FOLLOWS(&r, "2026-11-20T13:00Z", "2026-11-21T06:00Z");
    r.minute = 22 * 60;
    FOLLOWS(&r, "2026-11-20T13:00Z", "2026-11-21T06:00Z");
    r.minute = 21 * 60 + 59;
    FOLLOWS(&r, "2026-11-20T13:00Z", "2026-11-20T20:59Z");
    r.quiet_from = 12 * 60, r.quiet_until = 14 * 60; /* not over midnight */
    r.minute = 13 * 60;
    FOLLOWS(&r, "2026-11-20T13:00Z", "2026-11-21T13:00Z");
    r = rule(state, "Europe/Warsaw", RECUR_INTERVAL, 0, 0);
    r.quiet_from = 22 * 60, r.quiet_until = 7 * 60;
    FOLLOWS(&r, "2026-11-20T20:30Z", "2026-11-21T06:00Z", "2026-11-21T07:00Z"); /* what the night would have had is one */
}

static void quiet_hours_on_the_days_the_clocks_change(void **state)
{
    struct recur r = rule(state, "Europe/Warsaw", RECUR_DAILY, 1, 0);
    r.quiet_from = 23 * 60, r.quiet_until = 2 * 60 + 30;
    FOLLOWS(&r, "2026-03-28T12:00Z", "2026-03-29T01:00Z", "2026-03-30T00:30Z");
    FOLLOWS(&r, "2026-10-24T12:00Z", "2026-10-25T00:30Z", "2026-10-26T01:30Z");
    r = rule(state, "Europe/Warsaw", RECUR_INTERVAL, 0, 0);
    r.quiet_from = 23 * 60, r.quiet_until = 2 * 60 + 30;
    FOLLOWS(&r, "2026-10-25T00:15Z", "2026-10-25T01:30Z"); /* 02:15 the second time: the second half past two, not the first */
}

/* ---- against a search ---- */

static bool quiet(const struct recur *r, const struct civil *c)
{
    int m = c->hour * 60 + c->minute;
    if (r->quiet_from <= r->quiet_until)
        return m >= r->quiet_from && m < r->quiet_until;
    return m >= r->quiet_from || m < r->quiet_until;
}

static bool on_this_day(const struct recur *r, const struct civil *date)
{
    struct civil tomorrow;
    clock_to_utc(clock_days(date->year, date->month, date->day + 1) * 86400000, &tomorrow);
    switch (r->kind) {
    case RECUR_WEEKDAYS: return r->weekdays & 1u << date->weekday;
    case RECUR_MONTHLY: return date->day == r->month_day || (tomorrow.day == 1 && date->day < r->month_day);
    default: return true;
    }
}

/* Walks through the minutes from days before: for each date the first minute whose reading is the rule's or later, then on
 * to the first that is not quiet. */
static int64_t searched(const struct recur *r, int64_t after)
{
    int64_t best = CLOCK_NONE, from = after / MINUTE * MINUTE - 3 * 1440LL * MINUTE;
    int64_t reached = INT64_MIN; /* the latest reading seen so far, in minutes */
    bool waiting = false;
    for (int64_t i = from; i < after + 75 * 1440LL * MINUTE; i += MINUTE) {
        struct civil c;
        zone_to_civil(r->zone, i, &c, NULL);
        int64_t reading = clock_days(c.year, c.month, c.day) * 1440 + c.hour * 60 + c.minute;
        for (int64_t m = reached == INT64_MIN ? reading : reached + 1; m <= reading; m++) { /* readings that came, or were jumped over */
            struct civil date;
            int64_t d = m / 1440;
            clock_to_utc(d * 86400000, &date);
            waiting |= m % 1440 == r->minute && on_this_day(r, &date) && (r->first_day == RECUR_NO_DAY || d >= r->first_day);
        }
        if (reading > reached)
            reached = reading;
        if (waiting && !quiet(r, &c)) {
            waiting = false;
            if (i > after) {
                best = i;
                break;
            }
        }
    }
    struct civil c;
    if (best == CLOCK_NONE)
        return best;
    zone_to_civil(r->zone, best, &c, NULL);
    return r->last_day != RECUR_NO_DAY && clock_days(c.year, c.month, c.day) > r->last_day ? CLOCK_NONE : best;
}

static uint32_t seed = 20261120;
static int random_below(int n)
{
    seed = seed * 1664525 + 1013904223;
    return (int)((seed >> 8) % (uint32_t)n);
}

static void a_search_finds_the_same(void **state)
{
    static const char *const names[] = { "Europe/Warsaw", "America/Bogota", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "America/Nuuk" };
    static const char *const near[] = { "2026-03-27", "2026-10-23", "2026-03-06", "2026-10-30", "2028-02-26", "2026-04-03", "2026-10-02", "2026-12-29" };
    for (int i = 0; i < 600; i++) {
        struct recur r = rule(state, names[random_below(ARRAY_LEN(names))], RECUR_DAILY + (enum recur_kind)random_below(3), 0, 0);
        r.minute = random_below(2) ? random_below(1440) : 60 + random_below(120);
        r.weekdays = 1 + (unsigned)random_below(RECUR_EVERY_DAY);
        r.month_day = 1 + random_below(31);
        if (random_below(2))
            r.quiet_from = random_below(1440), r.quiet_until = random_below(2) ? random_below(1440) : 60 + random_below(120);
        int64_t after = iso(near[random_below(ARRAY_LEN(near))]) + random_below(4 * 1440) * (int64_t)MINUTE;
        if (random_below(4) == 0)
            r.first_day = after / 86400000 + random_below(5);
        if (random_below(4) == 0)
            r.last_day = after / 86400000 + random_below(20);
        int64_t found = recur_next(&r, after), wanted = searched(&r, after);
        if (found != wanted)
            fail_msg("case %d: kind %d minute %d weekdays %x day %d quiet %d-%d after %" PRId64 ": %" PRId64 ", searched %" PRId64, i, r.kind, r.minute, r.weekdays,
                     r.month_day, r.quiet_from, r.quiet_until, after, found, wanted);
    }
}

static void it_always_goes_forward(void **state)
{
    for (int i = 0; i < 40; i++) {
        struct recur r = rule(state, i % 2 ? "Europe/Warsaw" : "Australia/Lord_Howe", (enum recur_kind)(i % 4), 0, random_below(1440));
        r.interval_min = 1 + random_below(3000);
        r.month_day = 1 + random_below(31);
        r.quiet_from = random_below(1440), r.quiet_until = random_below(1440);
        int64_t at = iso("2026-01-01") + random_below(1440) * (int64_t)MINUTE;
        for (int n = 0; n < 500; n++) {
            int64_t next = recur_next(&r, at);
            assert_true(next > at && recur_awake(&r, next) == next);
            at = next;
        }
    }
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(the_day_the_clocks_go_forward), CASE(the_day_the_clocks_go_back), CASE(where_clocks_never_change), CASE(weekdays),
        CASE(months_of_every_length), CASE(intervals), CASE(first_and_last_day), CASE(quiet_hours),
        CASE(quiet_hours_on_the_days_the_clocks_change), CASE(a_search_finds_the_same), CASE(it_always_goes_forward),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
