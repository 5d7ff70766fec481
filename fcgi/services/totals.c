/* totals.c - totals and newest message, kept by a worker while nothing changes. */
#include "base/base.h"
#include "services/burst.h"
#include "services/totals.h"

static bool settled(const struct total_row *t)
{
    int64_t upto = t->now_ms - TOTALS_SETTLED_MS;
    return t->mark.last_ms < upto && t->mark.changed_ms < upto;
}

struct total_row *totals_now(struct ctx *ctx)
{
    char name[32];
    snprintf(name, sizeof name, "totals:%" PRIu64, ctx->tenant);
    struct total_row *kept = burst_find_row(ctx->burst, ctx->arena, name, &total_row_type);
    if (kept) {
        const struct mark_row *now = db_totals_mark(ctx, ctx->tenant);
        if (!now || (now->last_ms == kept->mark.last_ms && now->changed_ms == kept->mark.changed_ms))
            return now ? kept : NULL;
    }
    struct total_row *fresh = db_totals(ctx, ctx->tenant);
    if (fresh && settled(fresh))
        burst_keep_row(ctx->burst, name, &total_row_type, fresh);
    return fresh;
}
