/* segment.c - fuzz target: parts, units and room agree with each other, and clusters cover the text without gaps. */
#include "base/base.h"
#include "base/grapheme.h"
#include "base/segment.h"
#include "base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void count(struct arena *a, const char *s, size_t n)
{
    struct segments r;
    segments_count(a, s, n, &r);
    int alone = r.ucs2 ? 70 : 160, part = r.ucs2 ? 67 : 153;
    BUG_IF(r.count < 1 || r.units < 0 || r.room < 0);
    BUG_IF((r.count == 1) != (r.units <= alone));
    BUG_IF(r.count == 1 && r.room != alone - r.units);
    BUG_IF(r.count > 1 && (r.room >= part || r.units + r.room > r.count * part));
    BUG_IF(r.ucs2 && r.units != (int)utf16_units(s, n));
    BUG_IF(r.ucs2 != (*r.costly != 0));
    BUG_IF(!utf8_valid(r.costly, strlen(r.costly)));
    BUG_IF(!r.ucs2 && (r.units < (int)utf8_count(s, n) || r.units > 2 * (int)utf8_count(s, n)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new(64 << 20);
    char *text = malloc(size ? size : 1);
    BUG_IF(!text);
    memcpy(text, data, size);
    count(a, text, size);
    for (size_t i = 0, k; i < size; i += k) {
        k = grapheme_step(text + i, size - i);
        BUG_IF(k == 0 || k > size - i);
        BUG_IF(k > 1 && !utf8_valid(text + i, k));
    }
    const char *plain = text_normalise_newlines(a, arena_strndup(a, text, size));
    BUG_IF(strchr(plain, '\r'));
    count(a, plain, strlen(plain));
    free(text);
    arena_free(a);
    return 0;
}
