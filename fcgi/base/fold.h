/* fold.h - what a person meant by a word, however it was typed. */
#ifndef CENTRALA_FOLD_H
#define CENTRALA_FOLD_H
#include "base/base.h"
#include "base/arena.h"

/* Lower case, Latin letters without their accents ("Rezygnuję!" is "rezygnuje"), apostrophes and invisible characters
 * dropped, everything else that is neither letter nor digit one space, none at the ends. At most `most` bytes of it. */
const char *text_fold(struct arena *a, const char *s, size_t most);

#endif
