/* utf8.c - UTF-8 after RFC 3629. */
#include "base/base.h"
#include "base/utf8.h"

size_t utf8_decode(const char *str, size_t n, uint32_t *code)
{
    const unsigned char *s = (const unsigned char *)str;
    if (n == 0)
        return 0;
    if (s[0] < 0x80) {
        *code = s[0];
        return 1;
    }
    size_t len = s[0] >= 0xF0 ? 4 : s[0] >= 0xE0 ? 3 : 2;
    if (s[0] < 0xC2 || s[0] > 0xF4 || n < len)
        return 0;
    uint32_t c = s[0] & (0xFFu >> (len + 1));
    for (size_t i = 1; i < len; i++) {
        if ((s[i] & 0xC0) != 0x80)
            return 0;
        c = c << 6 | (s[i] & 0x3Fu);
    }
    static const uint32_t least[5] = { 0, 0, 0x80, 0x800, 0x10000 };
    if (c < least[len] || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
        return 0;
    *code = c;
    return len;
}

size_t utf8_step(const char *s, size_t n)
{
    uint32_t c;
    return utf8_decode(s, n, &c);
}

bool utf8_valid(const char *s, size_t n)
{
    for (size_t i = 0, k; i < n; i += k)
        if ((k = utf8_step(s + i, n - i)) == 0)
            return false;
    return true;
}

static size_t count(const char *s, size_t n, size_t astral)
{
    size_t units = 0;
    for (size_t i = 0; i < n;) {
        size_t k = utf8_step(s + i, n - i);
        units += k == 4 ? astral : 1;
        i += k ? k : 1;
    }
    return units;
}

size_t utf8_count(const char *s, size_t n)
{
    return count(s, n, 1);
}

size_t utf16_units(const char *s, size_t n)
{
    return count(s, n, 2);
}

size_t utf8_cut(const char *s, size_t n, size_t max)
{
    if (n <= max)
        return n;
    for (size_t back = 1; back < 4 && back <= max; back++)
        if (utf8_step(s + max - back, n - (max - back)) > back)
            return max - back;
    return max;
}

size_t utf8_encode(uint32_t c, char out[4])
{
    if (c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
        c = 0xFFFD;
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    size_t len = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = len - 1; i > 0; i--, c >>= 6)
        out[i] = (char)(0x80 | (c & 0x3F));
    out[0] = (char)((0xF00u >> len & 0xFF) | c);
    return len;
}
