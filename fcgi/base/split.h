/* split.h - a long text in parts that are sent one after the other. */
#ifndef CENTRALA_SPLIT_H
#define CENTRALA_SPLIT_H
#include "base/base.h"
#include "base/arena.h"

enum { SPLIT_UNITS = 1500 };

/* Parts of at most `most` UTF-16 units, cut behind the last of these before the limit: a blank line, a line break, ". ",
 * "! ", "? ", "; " - the first kind that occurs - else between two characters as a reader sees them. Blanks at the ends of
 * parts are left out, and so are empty parts. Gives their number and the texts in `parts`. */
size_t split_text(struct arena *a, const char *s, size_t most, const char ***parts);

#endif
