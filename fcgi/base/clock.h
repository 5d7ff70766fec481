/* clock.h - time without the process's zone: UTC milliseconds, calendar days, IANA zones read from zoneinfo.
 *
 * A moment is an int64_t of milliseconds since 1970-01-01T00:00Z; CLOCK_NONE means "no time" (NULL in the database).
 * Zones are looked up by name ("Europe/Warsaw"), loaded once (zone_load, before the fork or at first use into a table
 * the caller owns) and never put into the environment: several tenants with different zones share a worker. clock.c is
 * the calendar and the two notations, zone.c the zones. */
#ifndef CENTRALA_CLOCK_H
#define CENTRALA_CLOCK_H
#include "base/base.h"
#include "base/arena.h"

#define CLOCK_NONE INT64_MIN

struct civil { /* a wall clock reading */
    int year, month, day;     /* month 1-12 */
    int hour, minute, second, ms;
    int weekday;              /* 0 = Monday */
};

struct zone; /* one IANA zone, read-only after loading */

int64_t clock_now_ms(void);       /* wall clock, UTC */
int64_t clock_mono_ms(void);      /* for durations and deadlines */

/* Days since 1970-01-01, proleptic Gregorian. A month or day outside its range counts on: month 13 is next January. */
int64_t clock_days(int year, int month, int day);
/* 28 to 31. */
int clock_month_days(int year, int month);
int64_t clock_from_utc(const struct civil *c);              /* UTC reading to moment; the same holds for each member */
void clock_to_utc(int64_t ms, struct civil *out);

/* Loads "Europe/Warsaw" (TZif, version 2+) from /usr/share/zoneinfo; NULL when there is no such zone or the name is
 * not [A-Za-z0-9_+-/]+ or begins with "/". Dates beyond the file's table follow its POSIX rule. The arena owns it.
 * "UTC" always works. */
const struct zone *zone_load(struct arena *a, const char *name);
/* The same from another folder. */
const struct zone *zone_load_from(struct arena *a, const char *dir, const char *name);
/* The wall clock there at that moment, and the offset in seconds in force (may be NULL). */
void zone_to_civil(const struct zone *z, int64_t ms, struct civil *out, int *offset);
/* Seconds east of UTC, and until when they hold (INT64_MAX: from then on). */
int zone_offset(const struct zone *z, int64_t ms, int64_t *until_ms);
/* The moment of a wall clock reading: in a gap the first instant after it, in an overlap the first occurrence. */
int64_t zone_from_civil(const struct zone *z, const struct civil *c);
/* The start of the day (00:00 or the first instant after it) that contains `ms`, and of the day `days` later. */
int64_t zone_day_start(const struct zone *z, int64_t ms, int days);

/* "2026-11-20T13:37:00Z" (24 bytes with ms: pass ms = true). Fixed buffers: no locale, no allocation. CLOCK_NONE gives
 * ""; years outside 0 to 9999 are moved to the nearest moment that can be written. */
enum { CLOCK_ISO_MAX = 32 };
void clock_iso(int64_t ms, bool with_ms, char out[CLOCK_ISO_MAX]);
/* ISO 8601: "2026-11-20T13:37[:00[.123]]" with Z or offset (+01:00, +0100, +01), or a date alone (00:00 UTC); false when
 * it is not one. A time without zone is not one. */
bool clock_parse_iso(const char *s, int64_t *ms);
/* RFC 2822 as Twilio's 2010 API writes it ("Mon, 20 Nov 2023 13:37:00 +0000"); English names, day
 * name and seconds optional, any numeric offset or GMT, UT, UTC, Z (so HTTP's dates are read too). */
bool clock_parse_rfc2822(const char *s, int64_t *ms);

#endif
