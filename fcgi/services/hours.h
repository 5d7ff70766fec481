/* hours.h - business hours: one span a weekday on the wall clock of a zone. Kept as JSON by weekday,
 * {"mon":["09:00","17:00"]}: absent days are closed; no hours at all (NULL) is always open. "off":true keeps them for later. */
#ifndef CENTRALA_SERVICES_HOURS_H
#define CENTRALA_SERVICES_HOURS_H
#include "base/base.h"
#include "base/clock.h"
#include "base/ctx.h"

enum { WEEK = 7, HOURS_END = 24 * 60 };

struct hours {
    struct { int from, to; } day[WEEK]; /* minutes since midnight, 0 = Monday; from == to: closed */
    bool off;                           /* not in use: always open */
};

extern const char *const hours_days[WEEK]; /* "mon" … "sun" */

/* "9:00", "09:00", "24:00" to minutes; -1 when it is no time of day. */
int hours_minute(const char *s);
/* False when it is not such JSON. */
bool hours_parse(struct arena *a, const char *json, struct hours *out);
const char *hours_json(struct arena *a, const struct hours *h);

bool hours_open(const struct hours *h, const struct zone *z, int64_t ms);
/* When the closed time that contains `ms` began: the last closing before; CLOCK_NONE when it was never open in a week. */
int64_t hours_closed_since(const struct hours *h, const struct zone *z, int64_t ms);

#endif
