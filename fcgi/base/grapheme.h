/* grapheme.h - what a reader takes for one character (Unicode's extended grapheme clusters, UAX 29).
 *
 * Kept whole: a letter with its combining marks, a Hangul syllable, a flag, a keycap, an emoji with its skin tone, an
 * emoji sequence joined by ZWJ, and CR LF. Marks are those of Unicode 14; a newer mark counts as a character. */
#ifndef CENTRALA_GRAPHEME_H
#define CENTRALA_GRAPHEME_H
#include "base/base.h"

/* Bytes of the cluster at `s`, 0 only when n is 0. An invalid byte is a cluster of its own. */
size_t grapheme_step(const char *s, size_t n);

#endif
