/* view_time.c - times and zones of a page (declared in view.h and app.h). */
#include "base/base.h"
#include "base/clock.h"
#include "base/str.h"
#include "web/app.h"
#include "web/view.h"

enum { ZONES_MAX = 64, ZONE_NAME_MAX = 63 };

struct zones {
    struct arena *arena;
    size_t n;
    struct {
        char name[ZONE_NAME_MAX + 1];
        const struct zone *zone;
    } slot[ZONES_MAX];
};

struct zones *zones_new(struct arena *a)
{
    struct zones *z = ARENA_NEW(a, struct zones);
    z->arena = a;
    return z;
}

const struct zone *zones_get(struct zones *z, const char *name)
{
    size_t len = strlen(name);
    for (size_t i = 0; i < z->n; i++)
        if (strcmp(z->slot[i].name, name) == 0)
            return z->slot[i].zone;
    if (len > ZONE_NAME_MAX || z->n == ZONES_MAX)
        return NULL;
    const struct zone *zone = zone_load(z->arena, name);
    if (!zone)
        return NULL;
    memcpy(z->slot[z->n].name, name, len + 1);
    z->slot[z->n++].zone = zone;
    return zone;
}

/* What all times of one request share. */
struct view_times {
    const struct zone *zone;
    int64_t today; /* clock_days() of today in the zone */
    const char *today_text, *yesterday_text;
    int64_t date_day; /* of date_text: rows of a list often share their day */
    const char *date_text;
    int month;        /* of month_text */
    const char *month_text;
    int64_t since, until, east_ms; /* how far from UTC the zone's clocks are between these moments */
    int64_t ago;      /* of ago_text, in its unit, and how long that unit is */
    int64_t ago_unit;
    const char *ago_text;
};

static int64_t day_number(const struct civil *c)
{
    return clock_days(c->year, c->month, c->day);
}

static struct view_times *times(struct request *rq)
{
    if (rq->times)
        return rq->times;
    struct view_times *t = rq->times = ARENA_NEW(rq->ctx.arena, struct view_times);
    struct zones *zones = rq->app->zones;
    t->zone = rq->zone ? zones_get(zones, rq->zone) : NULL;
    if (rq->zone && !t->zone)
        t->zone = zone_load(rq->ctx.arena, rq->zone);
    if (!t->zone)
        t->zone = zones_get(zones, "UTC");
    BUG_IF(!t->zone);
    struct civil now;
    zone_to_civil(t->zone, rq->ctx.now_ms, &now, NULL);
    t->today = day_number(&now);
    t->today_text = say(rq, N_("Today"));
    t->yesterday_text = say(rq, N_("Yesterday"));
    return t;
}

const struct zone *view_zone(struct request *rq)
{
    return times(rq)->zone;
}

static char *two(char *s, int v)
{
    *s++ = (char)('0' + v / 10 % 10);
    *s++ = (char)('0' + v % 10);
    return s;
}

/* "20 Nov 2026" in the request's language: day, month, year in all of ours. Made by hand: a page has a hundred of them. */
static const char *date_text(struct request *rq, struct view_times *t, const struct civil *c)
{
    static const char *const months[] = { N_("Jan"), N_("Feb"), N_("Mar"), N_("Apr"), N_("May"), N_("Jun"),
                                          N_("Jul"), N_("Aug"), N_("Sep"), N_("Oct"), N_("Nov"), N_("Dec") };
    int64_t day = day_number(c);
    if (t->date_text && t->date_day == day)
        return t->date_text;
    if (t->month != c->month)
        t->month_text = say(rq, months[(c->month - 1) % 12]);
    t->month = c->month;
    struct str s;
    str_init(&s, rq->ctx.arena, 24, 64);
    str_int(&s, c->day);
    str_putc(&s, ' ');
    str_puts(&s, t->month_text);
    str_putc(&s, ' ');
    str_int(&s, c->year);
    t->date_day = day;
    return t->date_text = s.s;
}

enum { MINUTE = 60000, HOUR = 60 * MINUTE, DAY = 24 * HOUR };

/* The date is that of `t` then. Rows come in the order of their times, so the offset is looked up once. */
static struct view_clock clock_of(struct request *rq, struct view_times *t, int64_t ms)
{
    if (ms < t->since || ms >= t->until) {
        t->since = ms;
        t->east_ms = zone_offset(t->zone, ms, &t->until) * INT64_C(1000);
    }
    int64_t local = ms + t->east_ms, day = (local - (local < 0 ? DAY - 1 : 0)) / DAY;
    int minutes = (int)((local - day * DAY) / MINUTE);
    if (!t->date_text || t->date_day != day) {
        struct civil c;
        clock_to_utc(local, &c);
        date_text(rq, t, &c);
    }
    char *clock = arena_alloc(rq->ctx.arena, 6), *s = two(clock, minutes / 60); /* "14:05" */
    *s++ = ':';
    *two(s, minutes % 60) = 0;
    return (struct view_clock){ .clock = clock, .date = t->date_text };
}

/* Rows of a list often share it, too. */
static const char *ago_text(struct request *rq, struct view_times *t, int64_t ms)
{
    int64_t passed = rq->ctx.now_ms - ms, unit = passed < HOUR ? MINUTE : passed < DAY ? HOUR : DAY, n = passed / unit;
    if (passed < -MINUTE || passed >= 30LL * DAY)
        return t->date_text;
    if (passed < MINUTE)
        return say(rq, N_("just now"));
    if (t->ago_text && t->ago == n && t->ago_unit == unit)
        return t->ago_text;
    t->ago = n;
    t->ago_unit = unit;
    return t->ago_text = unit == MINUTE ? say_n(rq, N_("%lld minute ago"), N_("%lld minutes ago"), n)
                         : unit == HOUR ? say_n(rq, N_("%lld hour ago"), N_("%lld hours ago"), n)
                                        : say_n(rq, N_("%lld day ago"), N_("%lld days ago"), n);
}

/* Of the date made last. */
static const char *day_text(const struct view_times *t)
{
    int64_t days_ago = t->today - t->date_day;
    return days_ago == 0 ? t->today_text : days_ago == 1 ? t->yesterday_text : t->date_text;
}

const char *view_day(struct request *rq, int64_t ms)
{
    struct view_times *t = times(rq);
    clock_of(rq, t, ms);
    return day_text(t);
}

/* {clock, date} */
static struct value *moment(struct request *rq, struct view_times *t, struct value *o, const char *name, int64_t ms)
{
    struct view_clock c = clock_of(rq, t, ms);
    struct value *time = object_object(o, name);
    object_text(time, "clock", c.clock);
    object_text(time, "date", c.date);
    return time;
}

static void put_iso(struct request *rq, struct value *time, int64_t ms)
{
    char *iso = arena_alloc(rq->ctx.arena, CLOCK_ISO_MAX);
    clock_iso(ms, false, iso);
    object_text(time, "iso", iso);
}

struct view_clock view_clock(struct request *rq, int64_t ms)
{
    if (ms == CLOCK_NONE)
        return (struct view_clock){ .clock = NULL };
    struct view_times *t = times(rq);
    struct view_clock c = clock_of(rq, t, ms);
    c.day = day_text(t);
    return c;
}

void view_time(struct request *rq, struct value *o, const char *name, int64_t ms)
{
    if (ms == CLOCK_NONE)
        return;
    struct view_times *t = times(rq);
    struct value *time = moment(rq, t, o, name, ms);
    put_iso(rq, time, ms);
    object_text(time, "day", day_text(t));
    object_text(time, "ago", ago_text(rq, t, ms));
}

const char *view_weekday(struct request *rq, int weekday)
{
    static const char *const names[] = { N_("Mon"), N_("Tue"), N_("Wed"), N_("Thu"), N_("Fri"), N_("Sat"), N_("Sun") };
    return say(rq, names[(unsigned)weekday % ARRAY_LEN(names)]);
}

void view_time_in(struct request *rq, struct value *o, const char *name, int64_t ms, const struct zone *zone)
{
    struct civil c;
    int east;
    if (ms == CLOCK_NONE)
        return;
    struct value *time = moment(rq, &(struct view_times){ .zone = zone }, o, name, ms);
    put_iso(rq, time, ms);
    zone_to_civil(zone, ms, &c, &east);
    int minutes = (east < 0 ? -east : east) / 60;
    object_text(time, "weekday", view_weekday(rq, c.weekday));
    object_text(time, "offset", arena_printf(rq->ctx.arena, "UTC%c%02d:%02d", east < 0 ? '-' : '+', minutes / 60, minutes % 60));
}
