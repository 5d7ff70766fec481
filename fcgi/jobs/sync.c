/* sync.c - the regular look through what Twilio lists. */
#include "base/base.h"
#include "jobs/jobs.h"
#include "services/sync.h"

bool sync_tail_job(struct ctx *ctx, const char **outcome)
{
    int tenants = sync_tails(ctx);
    *outcome = arena_printf(ctx->arena, "tenants=%d", tenants);
    return tenants >= 0;
}
