/* fold.c - case, accents and punctuation away. */
#include "base/base.h"
#include "base/fold.h"
#include "base/utf8.h"

/* U+00C0 to U+00FF and U+0100 to U+017F. */
static const char latin1[] = "aaaaaaaceeeeiiiidnooooo ouuuuytsaaaaaaaceeeeiiiidnooooo ouuuuyty";
static const char latin_a[] = "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiiiijjkkkllllllllllnnnnnnnnnoooooooorrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";
_Static_assert(sizeof latin1 == 0x40 + 1 && sizeof latin_a == 0x80 + 1, "one letter for each code point");

/* Apostrophes (don't), soft hyphens, joiners, combining accents, variation selectors. */
static bool is_nothing(uint32_t c)
{
    return c == '\'' || c == '`' || c == 0xAD || c == 0xB4 || c == 0x2BC || (c >= 0x300 && c <= 0x36F) || (c >= 0x200B && c <= 0x200F) || c == 0x2018 || c == 0x2019 ||
           c == 0x2060 || (c >= 0xFE00 && c <= 0xFE0F) || c == 0xFEFF || (c >= 0x1F3FB && c <= 0x1F3FF);
}

/* Punctuation, symbols, pictures, private use. */
static bool is_gap(uint32_t c)
{
    return c < 0xC0 || (c >= 0x2000 && c < 0x2C00) || (c >= 0x2E00 && c < 0x2E80) || (c >= 0x3000 && c < 0x3040) || (c >= 0xD800 && c < 0xF900) ||
           (c >= 0xFF00 && c < 0xFF66) || c >= 0xFFF0;
}

/* 0: a gap. */
static uint32_t folded(uint32_t c)
{
    if (c >= 0xFF01 && c <= 0xFF5E) /* full width */
        c -= 0xFEE0;
    if (c >= 'A' && c <= 'Z')
        return c + 32;
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
        return c;
    if (c >= 0xC0 && c < 0x180) {
        char letter = c < 0x100 ? latin1[c - 0xC0] : latin_a[c - 0x100];
        return letter == ' ' ? 0 : (unsigned char)letter;
    }
    if (c >= 0x410 && c <= 0x42F)
        return c + 32;
    if (c >= 0x400 && c <= 0x40F)
        return c + 80;
    return is_gap(c) ? 0 : c;
}

const char *text_fold(struct arena *a, const char *s, size_t most)
{
    size_t n = strlen(s), len = 0;
    bool gap = false;
    char *out = arena_alloc(a, (n < most ? n : most) + 1); /* nothing becomes longer by folding */
    for (size_t i = 0; i < n;) {
        char c = (char)(s[i] | 0x20);
        if (c >= 'a' && c <= 'z' && len + 2 < most) { /* most of most texts */
            if (gap && len)
                out[len++] = ' ';
            gap = false;
            out[len++] = c;
            i++;
            continue;
        }
        uint32_t code;
        size_t step = utf8_decode(s + i, n - i, &code);
        i += step ? step : 1;
        if (step && is_nothing(code))
            continue;
        code = step ? folded(code) : 0;
        if (!code) {
            gap = true;
            continue;
        }
        char bytes[4];
        size_t k = utf8_encode(code, bytes);
        if (len + k + 1 > most)
            break;
        if (gap && len)
            out[len++] = ' ';
        gap = false;
        memcpy(out + len, bytes, k);
        len += k;
    }
    out[len] = 0;
    return out;
}
