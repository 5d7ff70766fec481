/* segment.c - GSM-7 or UCS-2, and into how many parts a text falls. */
#include "base/base.h"
#include "base/segment.h"
#include "base/grapheme.h"
#include "base/str.h"
#include "base/utf8.h"

enum { COSTLY_MAX = 20, COSTLY_BYTES = 64, GSM_ALONE = 160, GSM_PART = 153, UCS2_ALONE = 70, UCS2_PART = 67 };

/* The default alphabet of TS 23.038 outside ASCII, in order. */
static const uint16_t gsm_other[] = {
    0x00A1, 0x00A3, 0x00A4, 0x00A5, 0x00A7, 0x00BF, 0x00C4, 0x00C5, 0x00C6, 0x00C7, 0x00C9, 0x00D1, 0x00D6, 0x00D8, 0x00DC,
    0x00DF, 0x00E0, 0x00E4, 0x00E5, 0x00E6, 0x00E8, 0x00E9, 0x00EC, 0x00F1, 0x00F2, 0x00F6, 0x00F8, 0x00F9, 0x00FC, 0x0393,
    0x0394, 0x0398, 0x039B, 0x039E, 0x03A0, 0x03A3, 0x03A6, 0x03A8, 0x03A9,
};

/* Septets of a character, 0 when GSM-7 has it not. */
static int septets(uint32_t c)
{
    if (c < 0x80) {
        if (c < ' ')
            return c == '\n' || c == '\r' ? 1 : c == '\f' ? 2 : 0;
        return strchr("^{}\\[~]|", (int)c) ? 2 : c == '`' || c == 0x7F ? 0 : 1;
    }
    if (c == 0x20AC)
        return 2;
    for (size_t i = 0; i < ARRAY_LEN(gsm_other) && gsm_other[i] <= c; i++)
        if (gsm_other[i] == c)
            return 1;
    return 0;
}

/* Bytes of what must not be split at `s`. CR LF may be: each is a character of its own on the air. */
static size_t step(const char *s, size_t n)
{
    if ((unsigned char)s[0] < 0x80 && (n == 1 || (unsigned char)s[1] < 0x80))
        return 1;
    return grapheme_step(s, n);
}

/* Septets of a cluster; 0 when it is not one GSM-7 character. */
static int gsm_cost(const char *s, size_t n)
{
    uint32_t c;
    return utf8_decode(s, n, &c) == n ? septets(c) : 0;
}

/* The list of distinct characters that made the text expensive. */
struct costly {
    struct str text;
    size_t at[COSTLY_MAX], len[COSTLY_MAX], count;
};

static void costly_add(struct costly *c, const char *s, size_t n)
{
    if (utf8_step(s, n) == 0) {
        s = "\xEF\xBF\xBD"; /* U+FFFD for a byte that is no text */
        n = 3;
    } else if (*s == 0) {
        s = "\xE2\x90\x80"; /* U+2400, the picture of NUL: the list is a C string */
        n = 3;
    }
    n = utf8_cut(s, n, COSTLY_BYTES);
    if (c->count == COSTLY_MAX)
        return;
    for (size_t i = 0; i < c->count; i++)
        if (c->len[i] == n && memcmp(c->text.s + c->at[i], s, n) == 0)
            return;
    c->at[c->count] = c->text.len;
    c->len[c->count++] = n;
    str_add(&c->text, s, n);
}

/* One pass in the given encoding. `part` is the room of each part, INT_MAX to count units only. */
static void walk(const char *s, size_t n, bool ucs2, int part, struct segments *out)
{
    int used = 0;
    out->units = 0;
    out->count = 1;
    for (size_t i = 0, k; i < n; i += k) {
        k = step(s + i, n - i);
        int cost = ucs2 ? (int)utf16_units(s + i, k) : gsm_cost(s + i, k);
        if (cost > part) { /* no part can hold this heap of marks: it is cut between two of them */
            size_t first = utf8_step(s + i, k);
            k = first ? first : 1;
            cost = (int)utf16_units(s + i, k);
        }
        if (cost > part - used) {
            out->count++;
            used = 0;
        }
        used += cost;
        out->units += cost;
    }
    out->room = part - used;
}

void segments_count(struct arena *a, const char *s, size_t n, struct segments *out)
{
    struct costly costly = { .count = 0 };
    str_init(&costly.text, a, 0, COSTLY_MAX * COSTLY_BYTES);
    BUG_IF(n > INT32_MAX / 4);
    *out = (struct segments){ .ucs2 = false };
    for (size_t i = 0, k; i < n; i += k) {
        k = step(s + i, n - i);
        if (gsm_cost(s + i, k) == 0) {
            out->ucs2 = true;
            costly_add(&costly, s + i, k);
        }
    }
    int alone = out->ucs2 ? UCS2_ALONE : GSM_ALONE;
    walk(s, n, out->ucs2, INT32_MAX, out);
    if (out->units <= alone)
        out->room = alone - out->units;
    else
        walk(s, n, out->ucs2, out->ucs2 ? UCS2_PART : GSM_PART, out);
    out->costly = costly.text.s;
}

const char *text_normalise_newlines(struct arena *a, const char *s)
{
    const char *cr = strchr(s, '\r');
    size_t n = strlen(s);
    char *out = arena_strndup(a, s, n);
    if (!cr)
        return out;
    char *to = out + (cr - s);
    for (const char *from = cr; *from; from++) {
        if (*from == '\r') {
            *to++ = '\n';
            if (from[1] == '\n')
                from++;
        } else {
            *to++ = *from;
        }
    }
    *to = 0;
    return out;
}
