/* assets.h - the version of the static files, appended to their addresses so that browsers may keep them for ever. */
#ifndef CENTRALA_ASSETS_H
#define CENTRALA_ASSETS_H
#include "base/base.h"
#include "base/arena.h"

/* Twelve hex digits over the names and bytes of everything below `dir`: the same on every host with the same files.
 * "0" when the folder cannot be read. */
const char *assets_version(struct arena *a, const char *dir);

#endif
