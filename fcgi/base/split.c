/* split.c - where to cut a long text. */
#include "base/base.h"
#include "base/grapheme.h"
#include "base/split.h"
#include "base/utf8.h"

/* Bytes of the longest beginning of whole graphemes that has at most `most` UTF-16 units. One that is longer by itself
 * (marks without end) is cut between code points. */
static size_t window(const char *s, size_t n, size_t most)
{
    size_t at = 0, units = 0;
    bool whole = utf16_units(s, grapheme_step(s, n)) <= most;
    while (at < n) {
        size_t step = whole ? grapheme_step(s + at, n - at) : utf8_step(s + at, n - at);
        step = step ? step : 1;
        units += utf16_units(s + at, step);
        if (units > most && at)
            break;
        at += step;
    }
    return at;
}

/* Behind the last `mark` that begins within the first `n` bytes, 0 when there is none. */
static size_t behind_last(const char *s, size_t n, const char *mark)
{
    size_t k = strlen(mark), best = 0;
    for (size_t i = 1; i + k <= n; i++)
        if (memcmp(s + i, mark, k) == 0)
            best = i + k;
    return best;
}

static size_t cut(const char *s, size_t n, size_t most)
{
    static const char *const marks[] = { "\n\n", "\n", ". ", "! ", "? ", "; " };
    size_t fits = window(s, n, most);
    if (fits == n)
        return n;
    size_t seen = fits + (s[fits] == ' ' || s[fits] == '\n'); /* the blank behind the last sentence may stand just outside */
    for (size_t i = 0; i < ARRAY_LEN(marks); i++) {
        size_t at = behind_last(s, seen, marks[i]);
        if (at)
            return at;
    }
    return fits;
}

static bool blank(char c)
{
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

size_t split_text(struct arena *a, const char *s, size_t most, const char ***parts)
{
    size_t n = strlen(s), count = 0, room = 8;
    const char **out = ARENA_ARRAY(a, const char *, room);
    while (n) {
        while (n && blank(*s))
            s++, n--;
        size_t take = cut(s, n, most), end = take;
        while (end && blank(s[end - 1]))
            end--;
        if (end && count == room) {
            const char **more = ARENA_ARRAY(a, const char *, room * 2);
            memcpy(more, out, sizeof *out * count);
            out = more;
            room *= 2;
        }
        if (end)
            out[count++] = arena_strndup(a, s, end);
        s += take;
        n -= take;
    }
    *parts = out;
    return count;
}
