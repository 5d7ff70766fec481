/* wire.c - the binary protocol's values, decoded. */
#include "base/base.h"
#include "store/wire.h"
#include "base/clock.h"
#include <endian.h>
#include <limits.h>

static bool is_text(unsigned type)
{
    return type == WIRE_VARCHAR || (type >= WIRE_JSON && type <= WIRE_STRING && type != WIRE_NEWDECIMAL);
}

static bool is_number(unsigned type)
{
    switch (type) {
    case WIRE_TINY: case WIRE_SHORT: case WIRE_YEAR: case WIRE_INT24: case WIRE_LONG: case WIRE_LONGLONG:
    case WIRE_FLOAT: case WIRE_DOUBLE: case WIRE_DECIMAL: case WIRE_NEWDECIMAL:
        return true;
    default:
        return false;
    }
}

bool wire_fits(enum field_kind kind, unsigned type)
{
    if (type == WIRE_NULL)
        return true;
    switch (kind) {
    case FIELD_TEXT: return is_text(type);
    case FIELD_TIME: return type == WIRE_DATE || type == WIRE_DATETIME || type == WIRE_TIMESTAMP;
    default: return is_number(type);
    }
}

/* `n` is a constant where it is called: one load. */
static inline uint64_t bytes(const unsigned char *p, size_t n)
{
    uint64_t v = 0;
    memcpy(&v, p, n);
    return le64toh(v);
}

/* The protocol's length: one byte, or 2, 3 or 8 behind a mark. */
static size_t length(const unsigned char **p)
{
    const unsigned char *s = *p;
    switch (*s) {
    case 252: *p = s + 3; return (size_t)bytes(s + 1, 2);
    case 253: *p = s + 4; return (size_t)bytes(s + 1, 3);
    case 254: *p = s + 9; return (size_t)bytes(s + 1, 8);
    default: *p = s + 1; return *s;
    }
}

static uint64_t decimal(const unsigned char **p)
{
    size_t n = length(p);
    const unsigned char *s = *p, *end = s + n;
    *p = end;
    bool minus = n && *s == '-';
    uint64_t v = 0;
    for (s += minus; s < end && *s >= '0' && *s <= '9'; s++)
        v = v * 10 + (uint64_t)(*s - '0');
    return minus ? 0 - v : v;
}

static uint64_t real(const unsigned char **p, bool is_double)
{
    double d;
    if (is_double) {
        memcpy(&d, *p, sizeof d);
    } else {
        float f;
        memcpy(&f, *p, sizeof f);
        d = (double)f;
    }
    *p += is_double ? sizeof(double) : sizeof(float);
    return d < 0 ? (uint64_t)(int64_t)d : (uint64_t)d;
}

static uint64_t number(unsigned type, bool is_unsigned, const unsigned char **p)
{
    const unsigned char *s = *p;
    switch (type) {
    case WIRE_TINY:
        *p += 1;
        return is_unsigned ? *s : (uint64_t)(int64_t)(int8_t)*s;
    case WIRE_SHORT: case WIRE_YEAR:
        *p += 2;
        return is_unsigned ? bytes(s, 2) : (uint64_t)(int64_t)(int16_t)bytes(s, 2);
    case WIRE_LONG: case WIRE_INT24:
        *p += 4;
        return is_unsigned ? bytes(s, 4) : (uint64_t)(int64_t)(int32_t)bytes(s, 4);
    case WIRE_LONGLONG:
        *p += 8;
        return bytes(s, 8);
    case WIRE_FLOAT: case WIRE_DOUBLE:
        return real(p, type == WIRE_DOUBLE);
    default:
        return decimal(p);
    }
}

static int64_t moment(const unsigned char **p)
{
    const unsigned char *s = *p;
    unsigned n = *s++;
    *p = s + n;
    if (n < 4 || (s[2] == 0 && s[3] == 0))
        return CLOCK_NONE; /* the zero date */
    int64_t ms = clock_days((int)bytes(s, 2), s[2], s[3]) * 86400000;
    if (n >= 7)
        ms += ((s[4] * 60 + s[5]) * 60 + s[6]) * INT64_C(1000);
    if (n >= 11)
        ms += (int64_t)(bytes(s + 7, 4) / 1000);
    return ms;
}

const unsigned char *wire_read(struct arena *a, enum field_kind kind, unsigned type, bool is_unsigned, const unsigned char *p, void *member)
{
    switch (kind) {
    case FIELD_TEXT: {
        size_t n = length(&p);
        *(const char **)member = arena_strndup(a, (const char *)p, n);
        return p + n;
    }
    case FIELD_TIME:
        *(int64_t *)member = moment(&p);
        return p;
    case FIELD_U64:
        *(uint64_t *)member = number(type, is_unsigned, &p);
        return p;
    case FIELD_I64:
        *(int64_t *)member = (int64_t)number(type, is_unsigned, &p);
        return p;
    case FIELD_BOOL:
        *(bool *)member = number(type, is_unsigned, &p) != 0;
        return p;
    case FIELD_INT: {
        uint64_t u = number(type, is_unsigned, &p);
        int64_t v = is_unsigned && u > INT64_MAX ? INT64_MAX : (int64_t)u;
        *(int *)member = v > INT_MAX ? INT_MAX : v < INT_MIN ? INT_MIN : (int)v;
        return p;
    }
    }
    BUG_IF(true);
}

void wire_null(enum field_kind kind, void *member)
{
    switch (kind) {
    case FIELD_TEXT: *(const char **)member = NULL; break;
    case FIELD_TIME: *(int64_t *)member = CLOCK_NONE; break;
    case FIELD_U64: *(uint64_t *)member = 0; break;
    case FIELD_I64: *(int64_t *)member = 0; break;
    case FIELD_BOOL: *(bool *)member = false; break;
    case FIELD_INT: *(int *)member = 0; break;
    }
}
