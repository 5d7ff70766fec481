/* zone.c - IANA zones: the TZif table (RFC 8536), and its POSIX rule for the years beyond the table. */
#include "base/base.h"
#include "base/clock.h"
#include <fcntl.h>
#include <unistd.h>

enum { FILE_MAX = 256 * 1024, NAME_LEN = 64, HOUR = 3600, DAY = 24 * HOUR };

static const int64_t LAST = INT64_MAX / 4000; /* no transition is later: milliseconds of it do not overflow */

struct rule_date { /* when a POSIX rule changes the clocks */
    char kind;                       /* 'M': week `week` of `month` on `day` (0 = Sunday); 'J': day 1-365 without 29 February; 'N': day 0-365 */
    int month, week, day;
    int time;                        /* seconds after 00:00 of that day by the clock in force; may be negative or over a day */
};

struct rule {
    bool present, dst;
    int standard, summer;            /* offsets in seconds east of UTC */
    struct rule_date start, end;     /* of summer time */
};

struct zone {
    size_t count;
    const int64_t *times;            /* transitions, seconds since 1970, rising */
    const int *offsets;              /* in force from times[i] on */
    int first;                       /* in force before times[0] */
    struct rule rule;                /* from the last transition on */
};

struct span_of_time { int64_t until; int offset; }; /* the offset in force, and the next transition (INT64_MAX: none) */

/* ---- the POSIX rule ---- */

static bool offset_valid(int seconds)
{
    return seconds >= -26 * HOUR && seconds <= 26 * HOUR;
}

static bool rule_int(const char **s, int most, int *out)
{
    int n = 0;
    for (*out = 0; **s >= '0' && **s <= '9' && n < 3; n++, (*s)++)
        *out = *out * 10 + (**s - '0');
    return n > 0 && *out <= most;
}

/* [+-]hh[:mm[:ss]] in seconds. */
static bool rule_time(const char **s, int *out)
{
    int sign = **s == '-' ? -1 : 1, part;
    if (**s == '-' || **s == '+')
        (*s)++;
    if (!rule_int(s, 167, &part))
        return false;
    *out = part * HOUR;
    for (int unit = 60; unit >= 1 && **s == ':'; unit /= 60) {
        (*s)++;
        if (!rule_int(s, 59, &part))
            return false;
        *out += part * unit;
    }
    *out *= sign;
    return true;
}

/* "CET" or "<-05>": only skipped. */
static bool rule_name(const char **s)
{
    const char *from = *s;
    if (**s == '<') {
        *s += strcspn(*s, ">");
        return *(*s)++ == '>';
    }
    while ((**s >= 'A' && **s <= 'Z') || (**s >= 'a' && **s <= 'z'))
        (*s)++;
    return *s - from >= 3;
}

static bool rule_date(const char **s, struct rule_date *d)
{
    *d = (struct rule_date){ .kind = 'N', .time = 2 * HOUR };
    if (*(*s)++ != ',')
        return false;
    if (**s == 'M') {
        d->kind = *(*s)++;
        if (!rule_int(s, 12, &d->month) || *(*s)++ != '.' || !rule_int(s, 5, &d->week) || *(*s)++ != '.' ||
            !rule_int(s, 6, &d->day) || d->month < 1 || d->week < 1)
            return false;
    } else {
        if (**s == 'J')
            d->kind = *(*s)++;
        if (!rule_int(s, 365, &d->day) || (d->kind == 'J' && d->day < 1))
            return false;
    }
    if (**s != '/')
        return true;
    (*s)++;
    return rule_time(s, &d->time);
}

/* "CET-1CEST,M3.5.0,M10.5.0/3"; the offsets there count west. */
static bool rule_parse(const char *s, struct rule *r)
{
    *r = (struct rule){ .present = true };
    if (!rule_name(&s) || !rule_time(&s, &r->standard))
        return false;
    r->standard = -r->standard;
    if (!*s)
        return offset_valid(r->standard);
    r->dst = true;
    r->summer = r->standard + HOUR;
    if (!rule_name(&s))
        return false;
    if (*s != ',') {
        if (!rule_time(&s, &r->summer))
            return false;
        r->summer = -r->summer;
    }
    return offset_valid(r->standard) && offset_valid(r->summer) && rule_date(&s, &r->start) && rule_date(&s, &r->end) && !*s;
}

/* Seconds since 1970 of that date and time of day in `year`, by a clock that stands at `offset`. */
static int64_t rule_moment(const struct rule_date *d, int year, int offset)
{
    int64_t day;
    if (d->kind == 'M') {
        int64_t first = clock_days(year, d->month, 1), next = clock_days(year, d->month + 1, 1);
        int64_t weekday = ((first + 4) % 7 + 7) % 7; /* 0 = Sunday; 1970-01-01 was a Thursday */
        day = first + (d->day - weekday + 7) % 7 + (d->week - 1) * 7;
        if (day >= next)
            day -= 7;
    } else {
        day = clock_days(year, 1, 1) + d->day - (d->kind == 'J');
        if (d->kind == 'J' && day >= clock_days(year, 2, 29) && clock_days(year, 3, 1) - clock_days(year, 2, 1) == 29)
            day++;
    }
    return day * DAY + d->time - offset;
}

/* Of the rule's changes in the years around `t` the last one not after `t` is in force. Where summer time lasts all year,
 * its end in one year and its start in the next coincide, and the start wins. */
static struct span_of_time rule_at(const struct rule *r, int64_t t)
{
    if (!r->dst)
        return (struct span_of_time){ INT64_MAX, r->standard };
    struct civil c;
    clock_to_utc(t * 1000, &c);
    int64_t since = INT64_MIN;
    struct span_of_time in_force = { INT64_MAX, r->standard };
    for (int year = c.year - 1; year <= c.year + 1; year++) {
        struct { int64_t at; int offset; } changes[2] = {
            { rule_moment(&r->start, year, r->standard), r->summer },
            { rule_moment(&r->end, year, r->summer), r->standard },
        };
        for (int i = 0; i < 2; i++) {
            if (changes[i].at <= t && changes[i].at >= since) {
                since = changes[i].at;
                in_force.offset = changes[i].offset;
            } else if (changes[i].at > t && changes[i].at < in_force.until) {
                in_force.until = changes[i].at;
            }
        }
    }
    return in_force;
}

/* ---- the TZif file ---- */

static uint32_t be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static int64_t be64(const uint8_t *p)
{
    return (int64_t)((uint64_t)be32(p) << 32 | be32(p + 4));
}

struct tzif_head { uint32_t isut, isstd, leap, time, type, chars; };

/* Reads the 44 bytes of a header; false when it is none or its counts cannot be. */
static bool head_read(const uint8_t *p, size_t n, struct tzif_head *h)
{
    if (n < 44 || memcmp(p, "TZif", 4) != 0 || p[4] < '2')
        return false;
    *h = (struct tzif_head){ be32(p + 20), be32(p + 24), be32(p + 28), be32(p + 32), be32(p + 36), be32(p + 40) };
    return h->isut <= 256 && h->isstd <= 256 && h->leap <= 1000 && h->time <= 10000 && h->type >= 1 && h->type <= 256 && h->chars <= 1000;
}

static size_t block_size(const struct tzif_head *h, size_t width)
{
    return h->time * (width + 1) + h->type * 6 + h->chars + h->leap * (width + 4) + h->isstd + h->isut;
}

/* Transition times (8 bytes each), their types (1 byte each), the types (6 bytes each: offset, dst, name). */
static bool table_read(struct arena *a, struct zone *z, const uint8_t *p, const struct tzif_head *h)
{
    const uint8_t *types = p + h->time * 8, *infos = types + h->time;
    int64_t *times = ARENA_ARRAY(a, int64_t, h->time);
    int *offsets = ARENA_ARRAY(a, int, h->time);
    for (size_t i = 0; i < h->time; i++) {
        if (types[i] >= h->type)
            return false;
        times[i] = be64(p + i * 8);
        offsets[i] = (int)be32(infos + types[i] * 6);
        if ((i && times[i] <= times[i - 1]) || times[i] > LAST || !offset_valid(offsets[i]))
            return false;
    }
    *z = (struct zone){ .count = h->time, .times = times, .offsets = offsets, .first = (int)be32(infos) };
    return offset_valid(z->first);
}

/* Skips the 32-bit block of version 1, reads the 64-bit one and the rule behind it. Leap seconds are not ours. */
static struct zone *tzif_parse(struct arena *a, const uint8_t *p, size_t n)
{
    struct tzif_head h;
    if (!head_read(p, n, &h) || n - 44 < block_size(&h, 4))
        return NULL;
    size_t skip = 44 + block_size(&h, 4);
    p += skip, n -= skip;
    if (!head_read(p, n, &h) || h.leap || n - 44 < block_size(&h, 8))
        return NULL;
    struct zone *z = ARENA_NEW(a, struct zone);
    if (!table_read(a, z, p + 44, &h))
        return NULL;
    const char *footer = (const char *)p + 44 + block_size(&h, 8), *end = (const char *)p + n;
    if (end - footer < 2 || *footer != '\n' || end[-1] != '\n')
        return NULL;
    size_t len = (size_t)(end - footer) - 2;
    if (len && !rule_parse(arena_strndup(a, footer + 1, len), &z->rule))
        return NULL;
    return z;
}

static bool name_valid(const char *name)
{
    size_t n = strlen(name);
    return n > 0 && n <= NAME_LEN && name[0] != '/' &&
           strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/") == n;
}

const struct zone *zone_load_from(struct arena *a, const char *dir, const char *name)
{
    if (!name || !name_valid(name))
        return NULL;
    if (strcmp(name, "UTC") == 0)
        return ARENA_NEW(a, struct zone);
    int fd = open(arena_printf(a, "%s/%s", dir, name), O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    static const size_t step = 4096; /* nearly all files are smaller */
    size_t n = 0, room = step;
    uint8_t *data = arena_alloc(a, room);
    ssize_t k;
    while ((k = read(fd, data + n, room - n)) > 0 && n < FILE_MAX) {
        n += (size_t)k;
        if (n < room)
            continue;
        uint8_t *more = arena_alloc(a, room * 2);
        memcpy(more, data, n);
        data = more;
        room *= 2;
    }
    close(fd);
    return k == 0 ? tzif_parse(a, data, n) : NULL;
}

const struct zone *zone_load(struct arena *a, const char *name)
{
    return zone_load_from(a, "/usr/share/zoneinfo", name);
}

/* ---- asking ---- */

static struct span_of_time zone_at(const struct zone *z, int64_t t)
{
    size_t low = 0, high = z->count; /* the first transition after t */
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (z->times[mid] <= t)
            low = mid + 1;
        else
            high = mid;
    }
    if (low == z->count && z->rule.present)
        return rule_at(&z->rule, t);
    return (struct span_of_time){ low < z->count ? z->times[low] : INT64_MAX, low ? z->offsets[low - 1] : z->first };
}

static int64_t seconds_of(int64_t ms)
{
    return ms / 1000 - (ms % 1000 < 0);
}

/* Beyond these the calendar arithmetic itself would overflow; there is no zone there. */
static bool reachable(int64_t ms)
{
    return ms > INT64_MIN / 4 && ms < INT64_MAX / 4;
}

int zone_offset(const struct zone *z, int64_t ms, int64_t *until_ms)
{
    struct span_of_time s = { .until = INT64_MAX };
    if (reachable(ms))
        s = zone_at(z, seconds_of(ms));
    *until_ms = s.until < LAST ? s.until * 1000 : INT64_MAX;
    return s.offset;
}

void zone_to_civil(const struct zone *z, int64_t ms, struct civil *out, int *offset)
{
    int64_t until;
    int east = zone_offset(z, ms, &until);
    clock_to_utc(ms + (int64_t)east * 1000, out);
    if (offset)
        *offset = east;
}

/* The earliest moment whose wall clock shows the reading or more. That is the first instant after a gap and the first
 * occurrence in an overlap, and it needs no special case. Offsets are under 26 h, so it lies within 27 h of the reading
 * taken as UTC. */
int64_t zone_from_civil(const struct zone *z, const struct civil *c)
{
    int64_t local = clock_from_utc(c);
    if (!reachable(local))
        return local;
    int64_t from = local - 27 * HOUR * INT64_C(1000);
    for (;;) {
        struct span_of_time s = zone_at(z, seconds_of(from));
        int64_t at = local - (int64_t)s.offset * 1000;
        if (at < from)
            at = from;
        if (s.until == INT64_MAX || at < s.until * 1000)
            return at;
        from = s.until * 1000;
    }
}

int64_t zone_day_start(const struct zone *z, int64_t ms, int days)
{
    struct civil c;
    zone_to_civil(z, ms, &c, NULL);
    return zone_from_civil(z, &(struct civil){ .year = c.year, .month = c.month, .day = c.day + days });
}
