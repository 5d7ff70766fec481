/* audit.c - the trail of changes. */
#include "base/base.h"
#include "services/audit.h"

bool audit(struct ctx *ctx, const char *action, const char *target, const char *detail)
{
    return db_audit_insert(ctx, ctx->tenant, ctx->actor.user_id, ctx->actor.name ? ctx->actor.name : "", action, target, detail);
}

struct rows audit_list(struct ctx *ctx, uint64_t before, int limit)
{
    return db_audit_page(ctx, ctx->tenant, before, limit);
}
