/* clock.c - the two clocks, the calendar by arithmetic, ISO 8601 and RFC 2822. */
#include "base/base.h"
#include "base/clock.h"
#include <time.h>

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, DAY = 24 * HOUR };

static int64_t read_clock(clockid_t id)
{
    struct timespec t;
    BUG_IF(clock_gettime(id, &t) != 0);
    return (int64_t)t.tv_sec * SECOND + t.tv_nsec / 1000000;
}

int64_t clock_now_ms(void)
{
    return read_clock(CLOCK_REALTIME);
}

int64_t clock_mono_ms(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* Years begin in March here, so that the leap day is the last of a year and every month has a fixed start; eras of 400
 * years repeat exactly. 719468 days lie between 0000-03-01 and 1970-01-01. */
int64_t clock_days(int year, int month, int day)
{
    int64_t months = (int64_t)year * 12 + month - 1 - 2;
    int64_t y = floor_div(months, 12), m = months - y * 12; /* 0 = March */
    int64_t era = floor_div(y, 400), of_era = y - era * 400;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + (153 * m + 2) / 5 + day - 1 - 719468;
}

int clock_month_days(int year, int month)
{
    return (int)(clock_days(year, month + 1, 1) - clock_days(year, month, 1));
}

int64_t clock_from_utc(const struct civil *c)
{
    return clock_days(c->year, c->month, c->day) * DAY + (int64_t)c->hour * HOUR + (int64_t)c->minute * MINUTE +
           (int64_t)c->second * SECOND + c->ms;
}

void clock_to_utc(int64_t ms, struct civil *out)
{
    int64_t days = floor_div(ms, DAY);
    int64_t rest = ms % DAY + (ms % DAY < 0 ? DAY : 0);
    int64_t shifted = days + 719468;
    int64_t era = floor_div(shifted, 146097), of_era = shifted - era * 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (year * 365 + year / 4 - year / 100);
    int64_t month = (5 * of_year + 2) / 153;
    *out = (struct civil){
        .year = (int)(era * 400 + year + (month >= 10)),
        .month = (int)(month < 10 ? month + 3 : month - 9),
        .day = (int)(of_year - (153 * month + 2) / 5 + 1),
        .hour = (int)(rest / HOUR),
        .minute = (int)(rest / MINUTE % 60),
        .second = (int)(rest / SECOND % 60),
        .ms = (int)(rest % SECOND),
        .weekday = (int)(days + 3 - floor_div(days + 3, 7) * 7),
    };
}

static char *put(char *p, int value, int digits)
{
    for (int i = digits - 1; i >= 0; i--, value /= 10)
        p[i] = (char)('0' + value % 10);
    return p + digits;
}

void clock_iso(int64_t ms, bool with_ms, char out[CLOCK_ISO_MAX])
{
    char *p = out;
    if (ms == CLOCK_NONE) {
        *p = 0;
        return;
    }
    static const int64_t least = INT64_C(-719528) * DAY, most = INT64_C(2932897) * DAY - 1; /* years 0 to 9999 */
    struct civil c;
    clock_to_utc(ms < least ? least : ms > most ? most : ms, &c);
    p = put(p, c.year, 4), *p++ = '-';
    p = put(p, c.month, 2), *p++ = '-';
    p = put(p, c.day, 2), *p++ = 'T';
    p = put(p, c.hour, 2), *p++ = ':';
    p = put(p, c.minute, 2), *p++ = ':';
    p = put(p, c.second, 2);
    if (with_ms)
        *p++ = '.', p = put(p, c.ms, 3);
    *p++ = 'Z';
    *p = 0;
}

/* ---- reading: each function moves *s behind what it read, and leaves the verdict to the caller ---- */

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Between `least` and `most` digits; false when there are fewer. */
static bool number(const char **s, int least, int most, int *out)
{
    int n = 0;
    for (*out = 0; n < most && digit(**s); n++, (*s)++)
        *out = *out * 10 + (**s - '0');
    return n >= least;
}

static bool sign_of(const char **s, char c)
{
    if (**s != c)
        return false;
    (*s)++;
    return true;
}

static bool civil_valid(const struct civil *c)
{
    if (c->month < 1 || c->month > 12 || c->day < 1 || c->hour > 23 || c->minute > 59 || c->second > 60)
        return false;
    return c->day <= clock_month_days(c->year, c->month);
}

/* "Z", "+hh:mm", "+hhmm" and, where `short_form` allows it, "+hh". */
static bool offset_read(const char **s, bool short_form, int64_t *ms)
{
    if (sign_of(s, 'Z') || sign_of(s, 'z')) {
        *ms = 0;
        return true;
    }
    bool minus = **s == '-';
    int hours, minutes = 0;
    if (!sign_of(s, '+') && !sign_of(s, '-'))
        return false;
    if (!number(s, 2, 2, &hours))
        return false;
    if (sign_of(s, ':') || digit(**s) || !short_form)
        if (!number(s, 2, 2, &minutes))
            return false;
    if (hours > 23 || minutes > 59)
        return false;
    *ms = (hours * (int64_t)HOUR + minutes * (int64_t)MINUTE) * (minus ? -1 : 1);
    return true;
}

/* hh:mm[:ss[.fraction]] */
static bool time_read(const char **s, struct civil *c)
{
    if (!number(s, 2, 2, &c->hour) || !sign_of(s, ':') || !number(s, 2, 2, &c->minute))
        return false;
    if (!sign_of(s, ':'))
        return true;
    if (!number(s, 2, 2, &c->second))
        return false;
    if (!sign_of(s, '.') && !sign_of(s, ','))
        return true;
    if (!digit(**s))
        return false;
    for (int unit = 100; digit(**s); unit /= 10, (*s)++)
        c->ms += (**s - '0') * unit;
    return true;
}

bool clock_parse_iso(const char *s, int64_t *ms)
{
    struct civil c = { .year = 0 };
    int64_t offset = 0;
    if (!s || !number(&s, 4, 4, &c.year) || !sign_of(&s, '-') || !number(&s, 2, 2, &c.month) || !sign_of(&s, '-') ||
        !number(&s, 2, 2, &c.day))
        return false;
    if (*s) {
        if (!sign_of(&s, 'T') && !sign_of(&s, 't') && !sign_of(&s, ' '))
            return false;
        if (!time_read(&s, &c) || !offset_read(&s, true, &offset))
            return false;
    }
    if (*s || !civil_valid(&c))
        return false;
    *ms = clock_from_utc(&c) - offset;
    return true;
}

/* One of `count` three-letter names, in any case; its place, or -1. */
static int name_read(const char **s, const char *names, int count)
{
    for (int i = 0; i < count; i++)
        if (strncasecmp(*s, names + 3 * i, 3) == 0) {
            *s += 3;
            return i;
        }
    return -1;
}

static bool blanks(const char **s)
{
    if (**s != ' ')
        return false;
    while (**s == ' ')
        (*s)++;
    return true;
}

static bool rfc2822_zone(const char **s, int64_t *ms)
{
    static const char *const utc[] = { "GMT", "UTC", "UT" };
    for (size_t i = 0; i < ARRAY_LEN(utc); i++)
        if (strncmp(*s, utc[i], strlen(utc[i])) == 0) {
            *s += strlen(utc[i]);
            *ms = 0;
            return true;
        }
    return offset_read(s, false, ms);
}

bool clock_parse_rfc2822(const char *s, int64_t *ms)
{
    struct civil c = { .year = 0 };
    int64_t offset;
    if (!s)
        return false;
    if (name_read(&s, "MonTueWedThuFriSatSun", 7) >= 0 && (!sign_of(&s, ',') || !blanks(&s)))
        return false;
    if (!number(&s, 1, 2, &c.day) || !blanks(&s))
        return false;
    c.month = name_read(&s, "JanFebMarAprMayJunJulAugSepOctNovDec", 12) + 1;
    if (!blanks(&s) || !number(&s, 4, 4, &c.year) || !blanks(&s) || !time_read(&s, &c) || !blanks(&s) ||
        !rfc2822_zone(&s, &offset))
        return false;
    if (*s || !civil_valid(&c))
        return false;
    *ms = clock_from_utc(&c) - offset;
    return true;
}
