/* beside.c - conversations without opt-out and proposal say so: looking at them costs less then. */
#include "base/base.h"
#include "jobs/jobs.h"
#include "services/inbox.h"

bool beside_job(struct ctx *ctx, const char **outcome)
{
    int64_t n = inbox_settle(ctx);
    *outcome = arena_printf(ctx->arena, "conversations=%" PRId64, n);
    return n >= 0;
}
