/* hours.c - business hours: reading, opening, and since when it is closed, over nights, weekends, holidays and the days on which
 * clocks change; and all of it against a search minute by minute. */
#include "base/base.h"
#include <setjmp.h>
#include <cmocka.h>
#include "services/hours.h"

static struct arena *a;
static const struct zone *warsaw;

static int open_zone(void **state)
{
    (void)state;
    a = arena_new(4 << 20);
    warsaw = zone_load(a, "Europe/Warsaw");
    return warsaw ? 0 : -1;
}

static int close_zone(void **state)
{
    (void)state;
    arena_free(a);
    return 0;
}

static int64_t at(const char *iso)
{
    int64_t ms;
    if (!clock_parse_iso(iso, &ms))
        fail_msg("%s", iso);
    return ms;
}

static struct hours of(const char *json)
{
    struct hours h;
    if (!hours_parse(a, json, &h))
        fail_msg("%s", json);
    return h;
}

static void test_times_of_day(void **state)
{
    (void)state;
    assert_int_equal(hours_minute("00:00"), 0);
    assert_int_equal(hours_minute("9:05"), 545);
    assert_int_equal(hours_minute("24:00"), HOURS_END);
    static const char *const wrong[] = { "", "9", "09:60", "24:01", "25:00", "9:5", "09:00 ", "-1:00", "009:00", "09:000", "09.00" };
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
        if (hours_minute(wrong[i]) != -1)
            fail_msg("%s", wrong[i]);
}

static void test_spans(void **state)
{
    (void)state;
    static const struct { const char *from, *to; int begins, ends; } spans[] = {
        { "09:00", "17:00", 540, 1020 }, { "18:00", "02:00", 1080, 1560 }, { "18:00", "00:00", 1080, 1440 }, { "18:00", "24:00", 1080, 1440 },
        { "00:00", "24:00", 0, 1440 }, { "00:00", "00:00", 0, 1440 }, { "10:00", "09:59", 600, 2039 },
    };
    struct opening s;
    for (size_t i = 0; i < ARRAY_LEN(spans); i++)
        if (!opening_parse(spans[i].from, spans[i].to, &s) || s.from != spans[i].begins || s.to != spans[i].ends)
            fail_msg("%s to %s: %d to %d", spans[i].from, spans[i].to, s.from, s.to);
    assert_false(opening_parse("09:00", "09:00", &s));
    assert_false(opening_parse("24:00", "09:00", &s));
    assert_false(opening_parse("", "09:00", &s));
    assert_false(opening_parse("09:00", "soon", &s));
    assert_string_equal(hours_clock(a, 545), "09:05");
    assert_string_equal(hours_clock(a, 1440), "24:00");
    assert_string_equal(hours_clock(a, 1560), "02:00");
}

static void same_again(const char *json)
{
    struct hours h = of(json);
    assert_string_equal(hours_json(a, &h), json);
}

static void test_reading_and_writing(void **state)
{
    (void)state;
    same_again("{\"mon\":[[\"09:00\",\"12:00\"],[\"13:00\",\"17:00\"],[\"18:00\",\"02:00\"]],\"sun\":[[\"00:00\",\"24:00\"]]}");
    same_again("{}");
    same_again("{\"off\":true,\"mon\":[[\"09:00\",\"17:00\"]]}");
    struct hours h = of("{\"off\":true,\"mon\":[[\"09:00\",\"17:00\"]]}");
    int64_t since;
    assert_true(hours_open(&h, warsaw, at("2026-11-22T12:00:00Z"), &since)); /* kept, not in use */
    h = of("{\"mon\":[[\"13:00\",\"17:00\"],[\"9:00\",\"13:00\"]],\"tue\":[]}");
    assert_string_equal(hours_json(a, &h), "{\"mon\":[[\"09:00\",\"13:00\"],[\"13:00\",\"17:00\"]]}"); /* in order; they may touch */
    assert_false(hours_empty(&h));
    h = of("{\"tue\":[]}");
    assert_true(hours_empty(&h));
    static const char *const wrong[] = {
        "", "[]", "{\"mon\":[\"09:00\",\"17:00\"]}", "{\"mon\":[[\"09:00\"]]}", "{\"mon\":[[\"09:00\",\"09:00\"]]}", "{\"mon\":[[\"09:00\",\"10:00\",\"11:00\"]]}",
        "{\"mon\":\"09:00\"}", "{\"mon\":[[9,17]]}", "{\"mon\":{\"from\":\"09:00\"}}",
        "{\"mon\":[[\"01:00\",\"02:00\"],[\"03:00\",\"04:00\"],[\"05:00\",\"06:00\"],[\"07:00\",\"08:00\"]]}",
        "{\"mon\":[[\"09:00\",\"12:00\"],[\"11:59\",\"17:00\"]]}", "{\"mon\":[[\"18:00\",\"02:00\"]],\"tue\":[[\"01:59\",\"10:00\"]]}",
        "{\"sun\":[[\"18:00\",\"02:00\"]],\"mon\":[[\"01:59\",\"10:00\"]]}", "{\"mon\":[[\"18:00\",\"02:00\"],[\"20:00\",\"21:00\"]]}",
    };
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
        if (hours_parse(a, wrong[i], &h))
            fail_msg("%s", wrong[i]);
}

static void test_the_longest_there_can_be_fits_its_column(void **state)
{
    (void)state;
    struct hours h = { .off = true };
    for (int d = 0; d < WEEK; d++) {
        h.day[d].n = SPANS;
        for (int i = 0; i < SPANS; i++)
            h.day[d].span[i] = (struct opening){ 600 + i * 60, 630 + i * 60 };
    }
    const char *json = hours_json(a, &h);
    assert_true(strlen(json) <= 500);
    assert_string_equal(hours_words(a, &h), "always");
    h.off = false;
    assert_true(strlen(hours_words(a, &h)) <= 350); /* the trail has 500 for all of it */
    h.off = true;
    same_again(json);
}

static void test_mistakes_stand_at_their_day(void **state)
{
    (void)state;
    struct hours h = { .day[1] = { { { 600, 700 }, { 500, 601 } }, 2 }, .day[4] = { { { 1080, 1500 } }, 1 }, .day[5] = { { { 59, 200 } }, 1 } };
    hours_sort(&h);
    for (int d = 0; d < WEEK; d++)
        assert_int_equal(hours_mistake(&h, d) != NULL, d == 1 || d == 5);
    assert_string_not_equal(hours_mistake(&h, 1), hours_mistake(&h, 5));
    h.day[5].span[0].from = 60; /* it may begin when the night ends */
    assert_null(hours_mistake(&h, 5));
}

#define OFFICE "{\"mon\":[[\"09:00\",\"17:00\"]],\"tue\":[[\"09:00\",\"17:00\"]],\"wed\":[[\"09:00\",\"17:00\"]],\"thu\":[[\"09:00\",\"17:00\"]],\"fri\":[[\"09:00\",\"17:00\"]]}"
#define SHOP "{\"thu\":[[\"09:00\",\"12:00\"],[\"13:00\",\"17:00\"]],\"fri\":[[\"09:00\",\"12:00\"],[\"13:00\",\"17:00\"]],\"sat\":[[\"08:00\",\"12:00\"]]}"
#define BAR "{\"fri\":[[\"18:00\",\"02:00\"]],\"sat\":[[\"18:00\",\"03:00\"]],\"sun\":[[\"16:00\",\"22:00\"]]}"

/* "" : open. */
static void closed_with(const char *json, const struct closed_day *days, size_t n, const char *ms, const char *since)
{
    struct hours h = of(json);
    int64_t found = 0;
    h.closed = days;
    h.closed_count = n;
    if (hours_open(&h, warsaw, at(ms), &found) != !*since || found != (*since ? at(since) : CLOCK_NONE)) {
        char text[CLOCK_ISO_MAX];
        clock_iso(found, false, text);
        fail_msg("at %s: since %s, not %s", ms, text, since);
    }
}

static void closed_since(const char *json, const char *ms, const char *since)
{
    closed_with(json, NULL, 0, ms, since);
}

static void test_open_from_the_first_minute_to_before_the_last(void **state)
{
    (void)state;
    closed_since(OFFICE, "2026-11-20T08:59:59+01:00", "2026-11-19T17:00:00+01:00");
    closed_since(OFFICE, "2026-11-20T09:00:00+01:00", "");
    closed_since(OFFICE, "2026-11-20T16:59:59+01:00", "");
    closed_since(OFFICE, "2026-11-20T17:00:00+01:00", "2026-11-20T17:00:00+01:00");
    closed_since(OFFICE, "2026-11-21T12:00:00+01:00", "2026-11-20T17:00:00+01:00");
    closed_since(OFFICE, "2026-07-01T09:00:00+02:00", "");
    closed_since("{\"sat\":[[\"20:00\",\"24:00\"]]}", "2026-11-21T23:59:59+01:00", "");
    closed_since("{\"sat\":[[\"20:00\",\"24:00\"]]}", "2026-11-22T00:00:00+01:00", "2026-11-22T00:00:00+01:00");
}

static void test_since_when_it_is_closed(void **state)
{
    (void)state;
    closed_since(OFFICE, "2026-11-20T23:00:00+01:00", "2026-11-20T17:00:00+01:00");
    closed_since(OFFICE, "2026-11-23T08:59:00+01:00", "2026-11-20T17:00:00+01:00");
    closed_since("{\"wed\":[[\"09:00\",\"24:00\"]]}", "2026-11-25T08:00:00+01:00", "2026-11-19T00:00:00+01:00");
    struct hours never = of("{}");
    int64_t since = 0;
    assert_false(hours_open(&never, warsaw, at("2026-11-20T12:00:00Z"), &since));
    assert_int_equal(since, CLOCK_NONE);
}

static void test_noon_and_saturday_morning(void **state)
{
    (void)state;
    closed_since(SHOP, "2026-11-20T12:00:00+01:00", "2026-11-20T12:00:00+01:00");
    closed_since(SHOP, "2026-11-20T12:59:59+01:00", "2026-11-20T12:00:00+01:00");
    closed_since(SHOP, "2026-11-20T13:00:00+01:00", "");
    closed_since(SHOP, "2026-11-21T07:00:00+01:00", "2026-11-20T17:00:00+01:00");
    closed_since(SHOP, "2026-11-21T08:00:00+01:00", "");
    closed_since(SHOP, "2026-11-22T12:00:00+01:00", "2026-11-21T12:00:00+01:00");
    static const char touching[] = "{\"fri\":[[\"09:00\",\"12:00\"],[\"12:00\",\"17:00\"]]}";
    closed_since(touching, "2026-11-20T12:00:00+01:00", "");
    closed_since(touching, "2026-11-20T18:00:00+01:00", "2026-11-20T17:00:00+01:00");
}

static void test_over_midnight(void **state)
{
    (void)state;
    closed_since(BAR, "2026-11-20T17:59:59+01:00", "2026-11-15T22:00:00+01:00");
    closed_since(BAR, "2026-11-20T23:59:59+01:00", "");
    closed_since(BAR, "2026-11-21T01:59:59+01:00", "");
    closed_since(BAR, "2026-11-21T02:00:00+01:00", "2026-11-21T02:00:00+01:00");
    closed_since(BAR, "2026-11-22T02:30:00+01:00", "");
    closed_since(BAR, "2026-11-22T15:59:00+01:00", "2026-11-22T03:00:00+01:00");
    static const char always[] = "{\"fri\":[[\"12:00\",\"00:00\"]],\"sat\":[[\"00:00\",\"10:00\"]]}";
    closed_since(always, "2026-11-21T00:00:00+01:00", "");
    closed_since(always, "2026-11-21T11:00:00+01:00", "2026-11-21T10:00:00+01:00");
}

static void test_closed_days(void **state)
{
    (void)state;
    static const struct closed_day friday[] = { { 2026, 11, 20 } }, yearly[] = { { 0, 12, 25 }, { 0, 12, 26 } }, other[] = { { 2025, 11, 20 } };
    closed_with(SHOP, friday, 1, "2026-11-20T10:00:00+01:00", "2026-11-19T17:00:00+01:00"); /* one with the night before */
    closed_with(SHOP, friday, 1, "2026-11-21T07:59:00+01:00", "2026-11-19T17:00:00+01:00"); /* and the one after */
    closed_with(SHOP, friday, 1, "2026-11-21T08:00:00+01:00", "");
    closed_with(SHOP, other, 1, "2026-11-20T10:00:00+01:00", "");
    closed_with(SHOP, yearly, 2, "2026-12-25T10:00:00+01:00", "2026-12-24T17:00:00+01:00"); /* Friday and Saturday */
    closed_with(SHOP, yearly, 2, "2026-12-31T08:00:00+01:00", "2026-12-24T17:00:00+01:00");
    closed_with(SHOP, yearly, 2, "2027-12-25T10:00:00+01:00", "2027-12-24T17:00:00+01:00");
    /* A night belongs to the day on which it begins. */
    closed_with(BAR, (struct closed_day[]){ { 2026, 11, 21 } }, 1, "2026-11-21T01:00:00+01:00", "");
    closed_with(BAR, (struct closed_day[]){ { 2026, 11, 21 } }, 1, "2026-11-22T01:00:00+01:00", "2026-11-21T02:00:00+01:00");
    closed_with(BAR, friday, 1, "2026-11-21T01:00:00+01:00", "2026-11-15T22:00:00+01:00");
}

static void test_a_long_closed_time_is_looked_through(void **state)
{
    (void)state;
    struct closed_day fridays[100];
    struct civil c;
    for (int i = 0; i < 100; i++) { /* Fridays back from 2026-11-20 */
        clock_to_utc(at("2026-11-20") - i * INT64_C(7 * 86400000), &c);
        fridays[i] = (struct closed_day){ c.year, c.month, c.day };
    }
    static const char only[] = "{\"fri\":[[\"09:00\",\"17:00\"]]}";
    closed_with(only, fridays, 50, "2026-11-20T10:00:00+01:00", "2025-12-05T17:00:00+01:00");
    struct hours h = of(only);
    int64_t since = 0;
    h.closed = fridays;
    h.closed_count = ARRAY_LEN(fridays);
    assert_false(hours_open(&h, warsaw, at("2026-11-20T10:00:00+01:00"), &since));
    assert_int_equal(since, CLOCK_NONE);
}

static void test_reading_closed_days(void **state)
{
    (void)state;
    struct closed_day d;
    assert_true(closed_day_parse("2026-12-25", &d) && d.year == 2026 && d.month == 12 && d.day == 25);
    assert_true(closed_day_parse("12-25", &d) && d.year == 0 && d.month == 12 && d.day == 25);
    assert_true(closed_day_parse("02-29", &d) && closed_day_parse("2028-02-29", &d));
    static const char *const wrong[] = { "", "2026", "2026-13-01", "2026-02-29", "2026-02-30", "2026-00-10", "2026-01-00", "13-01", "02-30", "2026/12/25", "26-12-25",
                                         "2026-12-2x", "2026-12-255", "1969-12-31", "25.12.2026", "12/25", "x2-25" };
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
        if (closed_day_parse(wrong[i], &d))
            fail_msg("%s", wrong[i]);
    int64_t today = at("2026-11-20") / 86400000;
    assert_int_equal(closed_day_next(&(struct closed_day){ 0, 11, 20 }, today), today);
    assert_int_equal(closed_day_next(&(struct closed_day){ 0, 11, 19 }, today), at("2027-11-19") / 86400000);
    assert_int_equal(closed_day_next(&(struct closed_day){ 0, 2, 29 }, today), at("2028-02-29") / 86400000);
    assert_int_equal(closed_day_next(&(struct closed_day){ 2026, 1, 1 }, today), at("2026-01-01") / 86400000);
}

static void test_days_on_which_clocks_change(void **state)
{
    (void)state;
    static const char early[] = "{\"sun\":[[\"01:30\",\"02:30\"]]}", gone[] = "{\"sun\":[[\"00:30\",\"01:00\"],[\"02:10\",\"02:50\"]]}";
    /* 2026-03-29: 02:00 is 03:00. It opens at 01:30 and closes with the gap; what lies within does not open. */
    closed_since(early, "2026-03-29T01:59:59+01:00", "");
    closed_since(early, "2026-03-29T03:00:00+02:00", "2026-03-29T03:00:00+02:00");
    closed_since(gone, "2026-03-29T03:00:00+02:00", "2026-03-29T01:00:00+01:00");
    closed_since(OFFICE, "2026-03-30T08:00:00+02:00", "2026-03-27T17:00:00+01:00");
    /* 2026-10-25: 03:00 is 02:00 again. The first half past two closes. */
    closed_since(early, "2026-10-25T02:29:59+02:00", "");
    closed_since(early, "2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+02:00");
    closed_since(early, "2026-10-25T02:15:00+01:00", "2026-10-25T02:30:00+02:00");
    closed_since(OFFICE, "2026-10-26T08:00:00+01:00", "2026-10-23T17:00:00+02:00");
    /* A night of nine hours, and one of seven. */
    closed_since(BAR, "2026-10-25T02:59:00+01:00", "");
    closed_since(BAR, "2026-10-25T03:00:00+01:00", "2026-10-25T03:00:00+01:00");
    closed_since(BAR, "2026-03-29T03:00:00+02:00", "2026-03-29T03:00:00+02:00");
    closed_since(BAR, "2026-03-29T01:59:00+01:00", "");
}

static void test_clocks_put_back_over_midnight(void **state)
{
    (void)state;
    /* 2010-11-07 in St. John's: 00:01 is 23:01 of Saturday again. Sunday has begun all the same. */
    const struct zone *z = zone_load(a, "America/St_Johns");
    struct hours h = of("{\"sun\":[[\"00:00\",\"00:30\"]]}");
    int64_t since;
    assert_true(z && hours_open(&h, z, at("2010-11-07T02:30:00Z"), &since));
    assert_true(hours_open(&h, z, at("2010-11-07T03:00:00Z"), &since));
    assert_false(hours_open(&h, z, at("2010-11-07T04:00:00Z"), &since));
    assert_int_equal(since, at("2010-11-07T04:00:00Z"));
}

/* ---- against a search ---- */

enum { MINUTE = 60000 };

/* Does one of the spans of that date begin (or end) at that minute of it, counted from its midnight? */
static bool changes(const struct hours *h, int64_t date, int64_t minute, bool end)
{
    struct civil c;
    clock_to_utc(date * 86400000, &c);
    for (size_t i = 0; i < h->closed_count; i++)
        if (h->closed[i].month == c.month && h->closed[i].day == c.day && (!h->closed[i].year || h->closed[i].year == c.year))
            return false;
    for (int i = 0; i < h->day[c.weekday].n; i++)
        if (minute == (end ? h->day[c.weekday].span[i].to : h->day[c.weekday].span[i].from))
            return true;
    return false;
}

/* Walks through the minutes from a month before. Each reading of the wall clock counts when it is shown for the first time, or
 * jumped over: first what ends there, then what begins. */
static bool searched(const struct hours *h, const struct zone *z, int64_t ms, int64_t *since)
{
    bool open = false;
    int64_t reached = INT64_MIN;
    *since = CLOCK_NONE;
    for (int64_t i = ms / MINUTE * MINUTE - 30 * 1440LL * MINUTE; i <= ms; i += MINUTE) {
        struct civil c;
        bool before = open;
        zone_to_civil(z, i, &c, NULL);
        int64_t reading = clock_days(c.year, c.month, c.day) * 1440 + c.hour * 60 + c.minute;
        for (int64_t m = reached == INT64_MIN ? reading : reached + 1; m <= reading; m++) {
            if (changes(h, m / 1440, m % 1440, true) || changes(h, m / 1440 - 1, m % 1440 + 1440, true))
                open = false;
            if (changes(h, m / 1440, m % 1440, false))
                open = true;
        }
        if (reading > reached)
            reached = reading;
        if (before && !open)
            *since = i;
    }
    *since = open ? CLOCK_NONE : *since;
    return open;
}

static uint32_t seed = 20261120;
static int random_below(int n)
{
    seed = seed * 1664525 + 1013904223;
    return (int)((seed >> 8) % (uint32_t)n);
}

/* Small hours more often than others: there the clocks change. */
static int some_minute(void)
{
    return random_below(3) ? random_below(4) ? random_below(24) * 60 : random_below(1440) : random_below(240);
}

/* Spans thrown at the week; what would overlap is not taken. */
static struct hours some_hours(void)
{
    struct hours h = { 0 };
    for (int i = 1 + random_below(40); i > 0 || hours_empty(&h); i--) {
        struct hours more = h;
        struct opening s = { some_minute(), some_minute() };
        bool right = true;
        int day = random_below(WEEK);
        if (s.to <= s.from)
            s.to += HOURS_END;
        if (h.day[day].n == SPANS || (s.to - s.from == HOURS_END && s.from))
            continue;
        more.day[day].span[more.day[day].n++] = s;
        hours_sort(&more);
        for (int d = 0; d < WEEK; d++)
            right &= !hours_mistake(&more, d);
        if (right)
            h = more;
    }
    return h;
}

static void test_a_search_finds_the_same(void **state)
{
    static const char *const names[] = { "Europe/Warsaw", "Europe/Warsaw", "America/Bogota", "America/New_York", "Australia/Lord_Howe", "America/Nuuk", "America/St_Johns", "America/Havana" };
    static const char *const near[] = { "2026-03-27", "2026-10-23", "2026-03-06", "2026-10-30", "2026-04-03", "2026-10-02", "2010-11-05", "2010-03-12", "2026-12-29", "2028-02-26" };
    int opened = 0;
    (void)state;
    for (int i = 0; i < 400; i++) {
        const char *name = names[random_below(ARRAY_LEN(names))];
        const struct zone *z = zone_load(a, name);
        struct hours h = some_hours();
        struct closed_day days[5];
        int64_t ms = at(near[random_below(ARRAY_LEN(near))]) + random_below(4 * 1440) * (int64_t)MINUTE + random_below(MINUTE), found, wanted;
        h.closed = days;
        h.closed_count = (size_t)random_below(6);
        for (size_t k = 0; k < h.closed_count; k++) {
            struct civil c;
            clock_to_utc(ms - (random_below(7) - 1) * INT64_C(86400000), &c);
            days[k] = (struct closed_day){ random_below(3) ? c.year : random_below(2) ? 0 : c.year - 1, c.month, c.day };
        }
        bool open = hours_open(&h, z, ms, &found), really = searched(&h, z, ms, &wanted);
        opened += open;
        if (open != really || found != wanted)
            fail_msg("case %d: %s in %s, %zu closed, at %" PRId64 ": open %d since %" PRId64 ", searched %d since %" PRId64, i, hours_json(a, &h), name, h.closed_count, ms,
                     open, found, really, wanted);
    }
    assert_in_range(opened, 100, 300); /* both are tried */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_times_of_day), cmocka_unit_test(test_spans), cmocka_unit_test(test_reading_and_writing),
        cmocka_unit_test(test_the_longest_there_can_be_fits_its_column), cmocka_unit_test(test_mistakes_stand_at_their_day),
        cmocka_unit_test(test_open_from_the_first_minute_to_before_the_last), cmocka_unit_test(test_since_when_it_is_closed),
        cmocka_unit_test(test_noon_and_saturday_morning), cmocka_unit_test(test_over_midnight), cmocka_unit_test(test_closed_days),
        cmocka_unit_test(test_a_long_closed_time_is_looked_through), cmocka_unit_test(test_reading_closed_days),
        cmocka_unit_test(test_days_on_which_clocks_change), cmocka_unit_test(test_clocks_put_back_over_midnight), cmocka_unit_test(test_a_search_finds_the_same),
    };
    return cmocka_run_group_tests(tests, open_zone, close_zone);
}
