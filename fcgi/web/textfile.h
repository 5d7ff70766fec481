/* textfile.h - a whole file into the arena at start: templates, catalogues. */
#ifndef CENTRALA_TEXTFILE_H
#define CENTRALA_TEXTFILE_H
#include "base/base.h"
#include "base/arena.h"

/* The bytes of `path`, ended by NUL, `len` without it. NULL and a reason when it cannot be read or has more than
 * `most` bytes. */
char *textfile_read(struct arena *a, const char *path, size_t most, size_t *len, const char **problem);

#endif
