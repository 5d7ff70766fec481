/* stats.h - cached figures and the housekeeping of bookkeeping tables; for jobs. */
#ifndef CENTRALA_SERVICES_STATS_H
#define CENTRALA_SERVICES_STATS_H
#include "base/base.h"
#include "base/ctx.h"

/* Moves every tenant's cached totals up to a minute ago; the number of tenants, -1 on failure. */
int totals_refresh_all(struct ctx *ctx);
/* Counted refusals older than 30 days and permits older than 7. */
bool ledgers_purge(struct ctx *ctx);
/* The permit for the present slot of a periodic job: 1 ours, 0 taken, -1 failure; and its end. */
int job_take(struct ctx *ctx, const char *job, int64_t every_s, const char *host);
bool job_end(struct ctx *ctx, const char *job, const char *host, const char *outcome);

#endif
