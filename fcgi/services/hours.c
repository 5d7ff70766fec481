/* hours.c - business hours. */
#include "base/base.h"
#include "base/json.h"
#include "base/str.h"
#include "services/hours.h"
#include <ctype.h>

const char *const hours_days[WEEK] = { "mon", "tue", "wed", "thu", "fri", "sat", "sun" };

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

bool hours_parse(struct arena *a, const char *json, struct hours *out)
{
    *out = (struct hours){ 0 };
    const struct json *j = json_parse(a, json, strlen(json));
    if (json_kind(j) != JSON_OBJECT)
        return false;
    out->off = json_bool(json_get(j, "off"), false);
    for (int d = 0; d < WEEK; d++) {
        const struct json *span = json_get(j, hours_days[d]);
        if (!span)
            continue;
        const struct json *from = json_first(span);
        int begins = hours_minute(json_text(from, "")), ends = hours_minute(json_text(json_next(from), ""));
        if (json_len(span) != 2 || begins < 0 || ends <= begins)
            return false;
        out->day[d].from = begins;
        out->day[d].to = ends;
    }
    return true;
}

const char *hours_json(struct arena *a, const struct hours *h)
{
    struct str out;
    bool any = h->off;
    str_init(&out, a, 256, 500);
    str_puts(&out, h->off ? "{\"off\":true" : "{");
    for (int d = 0; d < WEEK; d++) {
        if (h->day[d].from == h->day[d].to)
            continue;
        str_printf(&out, "%s\"%s\":[\"%02d:%02d\",\"%02d:%02d\"]", any ? "," : "", hours_days[d], h->day[d].from / 60, h->day[d].from % 60,
                   h->day[d].to / 60, h->day[d].to % 60);
        any = true;
    }
    str_putc(&out, '}');
    return out.s;
}

bool hours_open(const struct hours *h, const struct zone *z, int64_t ms)
{
    struct civil c;
    zone_to_civil(z, ms, &c, NULL);
    int minute = c.hour * 60 + c.minute;
    return h->off || (minute >= h->day[c.weekday].from && minute < h->day[c.weekday].to);
}

int64_t hours_closed_since(const struct hours *h, const struct zone *z, int64_t ms)
{
    struct civil c;
    zone_to_civil(z, ms, &c, NULL);
    for (int back = 0; back <= WEEK; back++) {
        int d = (c.weekday - back % WEEK + WEEK) % WEEK;
        if (h->day[d].from == h->day[d].to)
            continue;
        int64_t closing = zone_from_civil(z, &(struct civil){ .year = c.year, .month = c.month, .day = c.day - back, .hour = h->day[d].to / 60, .minute = h->day[d].to % 60 });
        if (closing <= ms)
            return closing;
    }
    return CLOCK_NONE;
}
