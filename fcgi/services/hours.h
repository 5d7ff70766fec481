/* hours.h - business hours: up to three spans a weekday on the wall clock of a zone, and days on which none begins.
 *
 * Kept as JSON by weekday, {"mon":[["09:00","12:00"],["13:00","17:00"]],"fri":[["18:00","02:00"]]}: a closing that is not
 * later than the opening is on the next day; absent days are closed; no hours at all (NULL) is always open. "off":true
 * keeps them for later. A span belongs to the day on which it begins: on a closed day none begins, and what began the
 * evening before still ends as usual. Where clocks change, a time that is skipped is the first moment after the gap, one
 * that comes twice is the first. */
#ifndef CENTRALA_SERVICES_HOURS_H
#define CENTRALA_SERVICES_HOURS_H
#include "base/base.h"
#include "base/clock.h"
#include "base/ctx.h"

enum { WEEK = 7, SPANS = 3, HOURS_END = 24 * 60 };

struct opening { int from, to; };                      /* minutes after midnight; `to` beyond HOURS_END: on the next day */
struct closed_day { int year, month, day; };        /* year 0: every year */
struct hours {
    struct { struct opening span[SPANS]; int n; } day[WEEK]; /* 0 = Monday; rising, none over another */
    bool off;                                       /* not in use: always open */
    const struct closed_day *closed;
    size_t closed_count;
};

extern const char *const hours_days[WEEK]; /* "mon" … "sun" */

/* "9:00", "09:00", "24:00" to minutes; -1 when it is no time of day. */
int hours_minute(const char *s);
/* "09:00" of such minutes; "24:00" at the end of a day, what lies behind it as on the next day. */
const char *hours_clock(struct arena *a, int minute);
/* False when one is no time of day or both are the same. A closing at 00:00 is midnight at the end of the day. */
bool opening_parse(const char *from, const char *to, struct opening *out);
/* Puts the spans of each day in order. */
void hours_sort(struct hours *h);
/* What is wrong with a day of sorted hours: a message id, NULL when nothing is. Spans may touch, not overlap. */
const char *hours_mistake(const struct hours *h, int day);
/* False when it is not such JSON. Without closed days. */
bool hours_parse(struct arena *a, const char *json, struct hours *out);
const char *hours_json(struct arena *a, const struct hours *h);
/* For the trail: "mon 09:00-12:00 13:00-17:00, fri 18:00-02:00", or "always". */
const char *hours_words(struct arena *a, const struct hours *h);
/* No day has a span. */
bool hours_empty(const struct hours *h);

/* "2026-12-25", or "12-25": every year. */
bool closed_day_parse(const char *s, struct closed_day *out);
/* As days since 1970, the first one not before `today`, or the last that was; every year: always one to come. */
int64_t closed_day_next(const struct closed_day *d, int64_t today);

/* Open at that moment? When it is not, `since` is when this closed period began: the last closing before, over however many
 * nights and closed days; CLOCK_NONE when it was not open for more than a year. */
bool hours_open(const struct hours *h, const struct zone *z, int64_t ms, int64_t *since);

#endif
