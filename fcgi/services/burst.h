/* burst.h - answers that a burst of requests would ask the database for again and again (who is this session, which
 * tokens has this account), kept by a worker for two seconds at most.
 *
 * What is kept is a copy without pointers. All workers of a host share an epoch: burst_forget_all() makes every kept
 * answer of every worker void at once (sign-out, revoked session, changed password); other hosts follow when their
 * two seconds are over. A table that is NULL keeps nothing: command line, fcgi-cron, tests. */
#ifndef CENTRALA_SERVICES_BURST_H
#define CENTRALA_SERVICES_BURST_H
#include "base/base.h"
#include "base/arena.h"
#include "base/field.h"

enum { BURST_MS = 2000, BURST_NAME = 79, BURST_DATA = 2000 };

struct burst;
struct burst_host;
/* What the workers of this host share, in memory of all processes forked later; once, in the master. */
struct burst_host *burst_host_new(void);
/* A worker's table, as long as `life`. */
struct burst *burst_new(struct arena *life, struct burst_host *host);
/* NULL when not kept (any more). Valid until the next burst_keep(). */
const void *burst_find(struct burst *b, const char *name);
/* After a burst_find() that found nothing and the question to the database: kept for the epoch of that moment, so that an
 * answer read before somebody else's burst_forget_all() is void. Does nothing when `name` or `data` is too large. */
void burst_keep(struct burst *b, const char *name, const void *data, size_t size);
/* The same for a row with its texts: what is found is a copy in the arena. */
void *burst_find_row(struct burst *b, struct arena *a, const char *name, const struct row_type *type);
void burst_keep_row(struct burst *b, const char *name, const struct row_type *type, const void *row);
void burst_forget_all(struct burst *b);
/* Was that name given before, on this host and not long ago? From now on it was. A hint in either direction: old
 * ones are pushed out, and two names may be taken for one. */
bool burst_seen(struct burst *b, const char *name);

#endif
