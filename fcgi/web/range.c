/* range.c - "bytes=0-499", "bytes=500-", "bytes=-500". */
#include "base/base.h"
#include "web/range.h"
#include <strings.h>

/* Digits from *s on; -1 when there are none, too large counts as the largest. */
static int64_t number(const char **s)
{
    int64_t v = -1;
    for (; **s >= '0' && **s <= '9'; (*s)++)
        v = v > INT64_MAX / 10 - 10 ? INT64_MAX / 10 : (v < 0 ? 0 : v) * 10 + (**s - '0');
    return v;
}

enum range range_parse(const char *header, int64_t size, int64_t *offset, int64_t *length)
{
    *offset = 0;
    *length = size;
    if (!header || strncasecmp(header, "bytes=", 6) != 0)
        return RANGE_WHOLE;
    const char *s = header + 6;
    int64_t first = number(&s);
    if (*s++ != '-')
        return RANGE_WHOLE;
    int64_t last = number(&s);
    if (*s || (first < 0 && last < 0) || (first >= 0 && last >= 0 && last < first))
        return RANGE_WHOLE; /* not understood, or more than one */
    bool tail = first < 0; /* the last so many */
    if (tail)
        first = last < size ? size - last : 0;
    if (first >= size || (tail && last == 0))
        return RANGE_OUTSIDE;
    if (tail || last < 0 || last >= size)
        last = size - 1;
    *offset = first;
    *length = last - first + 1;
    return RANGE_PART;
}
