/* stats.c - the 5-minute refresh of cached totals. */
#include "base/base.h"
#include "jobs/jobs.h"
#include "services/stats.h"

bool stats_refresh_job(struct ctx *ctx, const char **outcome)
{
    int tenants = totals_refresh_all(ctx);
    *outcome = arena_printf(ctx->arena, "tenants=%d", tenants);
    return tenants >= 0;
}
