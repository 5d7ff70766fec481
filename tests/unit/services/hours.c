/* hours.c - business hours: reading, opening, and since when it is closed, over nights, weekends and the days on which clocks change. */
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

static void test_reading_and_writing(void **state)
{
    (void)state;
    static const char week[] = "{\"mon\":[\"09:00\",\"17:00\"],\"sun\":[\"00:00\",\"24:00\"]}";
    struct hours h = of(week);
    assert_string_equal(hours_json(a, &h), week);
    h = of("{}");
    assert_string_equal(hours_json(a, &h), "{}");
    h = of("{\"off\":true,\"mon\":[\"09:00\",\"17:00\"]}");
    assert_string_equal(hours_json(a, &h), "{\"off\":true,\"mon\":[\"09:00\",\"17:00\"]}");
    assert_true(hours_open(&h, warsaw, at("2026-11-22T12:00:00Z"))); /* kept, not in use */
    static const char *const wrong[] = { "", "[]", "{\"mon\":[\"09:00\"]}", "{\"mon\":[\"17:00\",\"09:00\"]}", "{\"mon\":[\"09:00\",\"09:00\"]}",
                                         "{\"mon\":[\"09:00\",\"10:00\",\"11:00\"]}", "{\"mon\":\"09:00\"}", "{\"mon\":[9,17]}" };
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
        if (hours_parse(a, wrong[i], &h))
            fail_msg("%s", wrong[i]);
}

#define OFFICE "{\"mon\":[\"09:00\",\"17:00\"],\"tue\":[\"09:00\",\"17:00\"],\"wed\":[\"09:00\",\"17:00\"],\"thu\":[\"09:00\",\"17:00\"],\"fri\":[\"09:00\",\"17:00\"]}"

static void test_open_from_the_first_minute_to_before_the_last(void **state)
{
    (void)state;
    struct hours h = of(OFFICE);
    assert_false(hours_open(&h, warsaw, at("2026-11-20T08:59:59+01:00")));
    assert_true(hours_open(&h, warsaw, at("2026-11-20T09:00:00+01:00")));
    assert_true(hours_open(&h, warsaw, at("2026-11-20T16:59:59+01:00")));
    assert_false(hours_open(&h, warsaw, at("2026-11-20T17:00:00+01:00")));
    assert_false(hours_open(&h, warsaw, at("2026-11-21T12:00:00+01:00")));
    assert_true(hours_open(&h, warsaw, at("2026-07-01T09:00:00+02:00")));
    h = of("{\"sat\":[\"20:00\",\"24:00\"]}");
    assert_true(hours_open(&h, warsaw, at("2026-11-21T23:59:59+01:00")));
    assert_false(hours_open(&h, warsaw, at("2026-11-22T00:00:00+01:00")));
}

static void closed_since(const char *json, const char *ms, const char *since)
{
    struct hours h = of(json);
    assert_int_equal(hours_closed_since(&h, warsaw, at(ms)), at(since));
}

static void test_since_when_it_is_closed(void **state)
{
    (void)state;
    closed_since(OFFICE, "2026-11-20T17:00:00+01:00", "2026-11-20T17:00:00+01:00");
    closed_since(OFFICE, "2026-11-20T23:00:00+01:00", "2026-11-20T17:00:00+01:00");
    closed_since(OFFICE, "2026-11-20T08:59:00+01:00", "2026-11-19T17:00:00+01:00");
    closed_since(OFFICE, "2026-11-23T08:59:00+01:00", "2026-11-20T17:00:00+01:00");
    closed_since("{\"wed\":[\"09:00\",\"24:00\"]}", "2026-11-25T08:00:00+01:00", "2026-11-19T00:00:00+01:00");
    struct hours never = of("{}");
    assert_int_equal(hours_closed_since(&never, warsaw, at("2026-11-20T12:00:00Z")), CLOCK_NONE);
}

static void test_days_on_which_clocks_change(void **state)
{
    (void)state;
    static const char early[] = "{\"sun\":[\"01:30\",\"02:30\"]}";
    struct hours h = of(early);
    /* 2026-03-29: 02:00 is 03:00. It opens at 01:30 and closes with the gap. */
    assert_true(hours_open(&h, warsaw, at("2026-03-29T01:59:59+01:00")));
    assert_false(hours_open(&h, warsaw, at("2026-03-29T03:00:00+02:00")));
    closed_since(early, "2026-03-29T03:00:00+02:00", "2026-03-29T03:00:00+02:00");
    closed_since(OFFICE, "2026-03-30T08:00:00+02:00", "2026-03-27T17:00:00+01:00");
    closed_since(OFFICE, "2026-10-26T08:00:00+01:00", "2026-10-23T17:00:00+02:00");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_times_of_day), cmocka_unit_test(test_reading_and_writing),
        cmocka_unit_test(test_open_from_the_first_minute_to_before_the_last), cmocka_unit_test(test_since_when_it_is_closed),
        cmocka_unit_test(test_days_on_which_clocks_change),
    };
    return cmocka_run_group_tests(tests, open_zone, close_zone);
}
