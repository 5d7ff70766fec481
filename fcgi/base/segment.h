/* segment.h - what a text costs: GSM-7 or UCS-2, how many segments, which characters force UCS-2 (3GPP TS 23.038).
 *
 * GSM-7: 160 septets alone, 153 a part. UCS-2: 70 UTF-16 units alone, 67 a part. A part never splits an escape pair,
 * a surrogate pair or a grapheme cluster, so it is counted by walking. CR LF counts as one LF: normalise before. */
#ifndef CENTRALA_SEGMENT_H
#define CENTRALA_SEGMENT_H
#include "base/base.h"
#include "base/arena.h"

struct segments {
    bool ucs2;
    int count;       /* at least 1 */
    int units;       /* septets or UTF-16 units in all, without headers */
    int room;        /* units left in the last segment */
    const char *costly; /* the distinct characters outside GSM-7, UTF-8, at most 20 of them; "" when none */
};

void segments_count(struct arena *a, const char *s, size_t n, struct segments *out);
/* CR LF and lone CR become LF; in the arena. */
const char *text_normalise_newlines(struct arena *a, const char *s);

#endif
