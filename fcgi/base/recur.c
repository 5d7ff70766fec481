/* recur.c - recurrence: intervals, and wall-clock rules day by day. */
#include "base/base.h"
#include "base/recur.h"

enum { MINUTE_MS = 60000, DAY_MS = 86400000, LOOK_BACK = 2, LOOK_AHEAD = 70 };

/* The zone's date at that moment, as clock_days(). */
static int64_t day_of(const struct recur *r, int64_t ms)
{
    struct civil c;
    zone_to_civil(r->zone, ms, &c, NULL);
    return clock_days(c.year, c.month, c.day);
}

/* The moment of a minute of that day by the wall clock. */
static int64_t moment(const struct recur *r, int64_t day, int minute)
{
    struct civil c;
    clock_to_utc(day * DAY_MS, &c);
    c.minute = minute;
    return zone_from_civil(r->zone, &c);
}

int64_t recur_awake(const struct recur *r, int64_t ms)
{
    int from = r->quiet_from, until = r->quiet_until;
    struct civil c;
    zone_to_civil(r->zone, ms, &c, NULL);
    int minute = c.hour * 60 + c.minute;
    bool over_midnight = from > until, late = minute >= from;
    if (from == until || (over_midnight ? !late && minute >= until : !late || minute >= until))
        return ms;
    int64_t end = moment(r, clock_days(c.year, c.month, c.day) + (over_midnight && late), until);
    if (end > ms)
        return end;
    return ms - (ms % MINUTE_MS) + (int64_t)(until - minute) * MINUTE_MS; /* the hour that comes twice, the second time */
}

static bool falls_on(const struct recur *r, const struct civil *c)
{
    if (r->kind == RECUR_DAILY)
        return true;
    if (r->kind == RECUR_WEEKDAYS)
        return r->weekdays >> c->weekday & 1;
    int days = clock_month_days(c->year, c->month);
    return c->day == (r->month_day < days ? r->month_day : days);
}

/* Days before `after` are looked at too: quiet hours may have moved theirs beyond it. */
static int64_t next_by_wall_clock(const struct recur *r, int64_t after)
{
    int64_t day = day_of(r, after) - LOOK_BACK;
    if (r->first_day != RECUR_NO_DAY && day < r->first_day)
        day = r->first_day;
    for (int64_t end = day + LOOK_BACK + LOOK_AHEAD; day < end; day++) {
        struct civil c;
        clock_to_utc(day * DAY_MS, &c);
        if (!falls_on(r, &c))
            continue;
        int64_t at = recur_awake(r, moment(r, day, r->minute));
        if (at > after)
            return at;
    }
    return CLOCK_NONE;
}

static int64_t next_by_interval(const struct recur *r, int64_t after)
{
    int64_t first = r->first_day == RECUR_NO_DAY ? CLOCK_NONE : moment(r, r->first_day, r->minute);
    return recur_awake(r, first > after ? first : after + r->interval_min * MINUTE_MS);
}

int64_t recur_next(const struct recur *r, int64_t after_ms)
{
    int64_t at = r->kind == RECUR_INTERVAL ? next_by_interval(r, after_ms) : next_by_wall_clock(r, after_ms);
    return at == CLOCK_NONE || (r->last_day != RECUR_NO_DAY && day_of(r, at) > r->last_day) ? CLOCK_NONE : at;
}
