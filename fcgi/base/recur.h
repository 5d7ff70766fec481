/* recur.h - when something that recurs comes next: every n minutes, or by the wall clock of a zone. Pure arithmetic.
 *
 * Rules of the wall clock (daily, on weekdays, monthly) name a time of day in a zone and are computed anew for each day, so they
 * stay at that time when the clocks change. A reading that falls into a gap (02:30 where 02:00 becomes 03:00) is the first
 * instant after it; one that comes twice is its first occurrence, once. Monthly on a day that a month does not have is that
 * month's last day: 31 is always the last one, 29 in February of a common year the 28th.
 * Quiet hours: what falls inside them is moved to their end; several that are moved to the same moment are one. They may cross
 * midnight. The first day is the day of the rule before it was moved, nothing is sent after the last day. */
#ifndef CENTRALA_RECUR_H
#define CENTRALA_RECUR_H
#include "base/base.h"
#include "base/clock.h"

enum recur_kind { RECUR_INTERVAL, RECUR_DAILY, RECUR_WEEKDAYS, RECUR_MONTHLY };
#define RECUR_NO_DAY INT64_MIN
enum { RECUR_DAY_MINUTES = 1440, RECUR_EVERY_DAY = 0x7f };

struct recur {
    enum recur_kind kind;
    const struct zone *zone;
    int64_t interval_min;         /* INTERVAL: counted from the moment asked about, not from a grid */
    unsigned weekdays;            /* WEEKDAYS: bit 0 Monday to bit 6 Sunday; at least one */
    int month_day;                /* MONTHLY: 1 to 31 */
    int minute;                   /* of the day by the wall clock; INTERVAL: of the first one, on first_day */
    int quiet_from, quiet_until;  /* minutes of the day, the end excluded; the same: no quiet hours */
    int64_t first_day, last_day;  /* clock_days() of the zone's dates, or RECUR_NO_DAY */
};

/* The first moment after `after_ms`, CLOCK_NONE when there is none any more. */
int64_t recur_next(const struct recur *r, int64_t after_ms);
/* The same moment, or the end of the quiet hours it lies in. */
int64_t recur_awake(const struct recur *r, int64_t ms);

#endif
