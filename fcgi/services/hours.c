/* hours.c - business hours. */
#include "base/base.h"
#include "base/json.h"
#include "base/str.h"
#include "services/hours.h"
#include <ctype.h>

enum { DAY_MS = 24 * 60 * 60 * 1000 };

const char *const hours_days[WEEK] = { "mon", "tue", "wed", "thu", "fri", "sat", "sun" };

/* ---- times of day ---- */

int hours_minute(const char *s)
{
    int hour = 0, minute = 0, n = 0;
    while (isdigit((unsigned char)*s) && n++ < 2)
        hour = hour * 10 + *s++ - '0';
    if (!n || *s != ':' || !isdigit((unsigned char)s[1]) || !isdigit((unsigned char)s[2]) || s[3])
        return -1;
    minute = (s[1] - '0') * 10 + s[2] - '0';
    return minute < 60 && hour * 60 + minute <= HOURS_END ? hour * 60 + minute : -1;
}

const char *hours_clock(struct arena *a, int minute)
{
    minute -= minute > HOURS_END ? HOURS_END : 0;
    return arena_printf(a, "%02d:%02d", minute / 60, minute % 60);
}

bool opening_parse(const char *from, const char *to, struct opening *out)
{
    *out = (struct opening){ hours_minute(from), hours_minute(to) };
    if (out->from < 0 || out->from == HOURS_END || out->to < 0)
        return false;
    if (out->to == 0)
        out->to = HOURS_END;
    if (out->to < out->from)
        out->to += HOURS_END;
    return out->to != out->from;
}

/* ---- the week ---- */

static int by_begin(const void *a, const void *b)
{
    return ((const struct opening *)a)->from - ((const struct opening *)b)->from;
}

void hours_sort(struct hours *h)
{
    for (int d = 0; d < WEEK; d++)
        qsort(h->day[d].span, (size_t)h->day[d].n, sizeof *h->day[d].span, by_begin);
}

const char *hours_mistake(const struct hours *h, int day)
{
    const struct opening *s = h->day[day].span;
    int n = h->day[day].n, before = (day + WEEK - 1) % WEEK, late = h->day[before].n - 1;
    for (int i = 1; i < n; i++)
        if (s[i].from < s[i - 1].to)
            return N_("These times overlap.");
    return n && late >= 0 && s[0].from < h->day[before].span[late].to - HOURS_END ? N_("This begins before the hours of the evening before have ended.") : NULL;
}

static bool parse_day(struct hours *h, int d, const struct json *list)
{
    if (list && (json_kind(list) != JSON_LIST || json_len(list) > SPANS))
        return false;
    for (const struct json *span = json_first(list); span; span = json_next(span)) {
        const struct json *from = json_first(span);
        if (json_kind(span) != JSON_LIST || json_len(span) != 2 || !opening_parse(json_text(from, ""), json_text(json_next(from), ""), &h->day[d].span[h->day[d].n++]))
            return false;
    }
    return true;
}

bool hours_parse(struct arena *a, const char *json, struct hours *out)
{
    *out = (struct hours){ 0 };
    const struct json *j = json_parse(a, json, strlen(json));
    if (json_kind(j) != JSON_OBJECT)
        return false;
    out->off = json_bool(json_get(j, "off"), false);
    for (int d = 0; d < WEEK; d++)
        if (!parse_day(out, d, json_get(j, hours_days[d])))
            return false;
    hours_sort(out);
    for (int d = 0; d < WEEK; d++)
        if (hours_mistake(out, d))
            return false;
    return true;
}

const char *hours_json(struct arena *a, const struct hours *h)
{
    struct str out;
    bool any = h->off;
    str_init(&out, a, 256, 500);
    str_puts(&out, h->off ? "{\"off\":true" : "{");
    for (int d = 0; d < WEEK; d++) {
        for (int i = 0; i < h->day[d].n; i++) {
            str_printf(&out, "%s", i ? "," : any ? ",\"" : "\"");
            if (!i)
                str_printf(&out, "%s\":[", hours_days[d]);
            str_printf(&out, "[\"%s\",\"%s\"]", hours_clock(a, h->day[d].span[i].from), hours_clock(a, h->day[d].span[i].to));
        }
        if (h->day[d].n)
            str_putc(&out, ']');
        any |= h->day[d].n > 0;
    }
    str_putc(&out, '}');
    return out.s;
}

const char *hours_words(struct arena *a, const struct hours *h)
{
    struct str out;
    if (h->off)
        return "always";
    str_init(&out, a, 256, 500);
    for (int d = 0; d < WEEK; d++) {
        if (h->day[d].n)
            str_printf(&out, "%s%s", out.len ? ", " : "", hours_days[d]);
        for (int i = 0; i < h->day[d].n; i++)
            str_printf(&out, " %s-%s", hours_clock(a, h->day[d].span[i].from), hours_clock(a, h->day[d].span[i].to));
    }
    return out.s;
}

bool hours_empty(const struct hours *h)
{
    for (int d = 0; d < WEEK; d++)
        if (h->day[d].n)
            return false;
    return true;
}

/* ---- closed days ---- */

bool closed_day_parse(const char *s, struct closed_day *out)
{
    static const char leap[] = "2000-"; /* 29 February of every year is there in some */
    char date[16];
    struct civil c;
    int64_t ms;
    size_t n = strlen(s), every_year = n == strlen("12-25");
    if (n != strlen("2000-12-25") && !every_year)
        return false;
    snprintf(date, sizeof date, "%s%s", every_year ? leap : "", s);
    if (!clock_parse_iso(date, &ms) || ms < 0)
        return false;
    clock_to_utc(ms, &c);
    *out = (struct closed_day){ .year = every_year ? 0 : c.year, .month = c.month, .day = c.day };
    return true;
}

int64_t closed_day_next(const struct closed_day *d, int64_t today)
{
    struct civil c;
    if (d->year)
        return clock_days(d->year, d->month, d->day);
    clock_to_utc(today * DAY_MS, &c);
    while (d->day > clock_month_days(c.year, d->month) || clock_days(c.year, d->month, d->day) < today)
        c.year++;
    return clock_days(c.year, d->month, d->day);
}

static bool closed_on(const struct hours *h, const struct civil *date)
{
    for (size_t i = 0; i < h->closed_count; i++) {
        const struct closed_day *d = &h->closed[i];
        if (d->day == date->day && d->month == date->month && (!d->year || d->year == date->year))
            return true;
    }
    return false;
}

/* ---- open or closed ---- */

static int64_t moment(const struct zone *z, const struct civil *date, int minute)
{
    return zone_from_civil(z, &(struct civil){ .year = date->year, .month = date->month, .day = date->day, .minute = minute });
}

/* Spans do not overlap, so going back in time the first one that has begun decides. From tomorrow, for clocks that are put
 * back over midnight. */
bool hours_open(const struct hours *h, const struct zone *z, int64_t ms, int64_t *since)
{
    enum { LOOK_BACK = 400 };
    struct civil today, date;
    *since = CLOCK_NONE;
    zone_to_civil(z, ms, &today, NULL);
    for (int back = -1; back <= LOOK_BACK && !h->off; back++) {
        clock_to_utc(clock_days(today.year, today.month, today.day - back) * DAY_MS, &date);
        if (closed_on(h, &date))
            continue;
        for (int i = h->day[date.weekday].n; i-- > 0;) {
            const struct opening *s = &h->day[date.weekday].span[i];
            int64_t from = moment(z, &date, s->from), to = moment(z, &date, s->to);
            if (from > ms || from >= to) /* not yet; in a gap of the clock */
                continue;
            *since = ms < to ? CLOCK_NONE : to;
            return ms < to;
        }
    }
    return h->off;
}
