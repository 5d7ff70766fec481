/* retention.c - once a day: what is older than its tenant wants goes into the removal queue. */
#include "base/base.h"
#include "jobs/jobs.h"
#include "services/removal.h"

bool retention_job(struct ctx *ctx, const char **outcome)
{
    int tenants = retention_run(ctx);
    *outcome = arena_printf(ctx->arena, "tenants=%d", tenants);
    return tenants >= 0 && removed_purge(ctx);
}
