/* audit.c - the trail of changes. */
#include "base/base.h"
#include "store/audit.h"

#define AUDIT_FIELD(kind, member, flags) FIELD_ENTRY(audit_row, kind, member, flags)
ROW_TYPE(audit_row, AUDIT_ROW(AUDIT_FIELD));

static const struct sql insert =
    SQL("INSERT INTO audit (tenant_id,user_id,actor,action,target,detail) VALUES (?,?,LEFT(?,190),?,LEFT(?,120),LEFT(?,500))", NULL);
static const struct sql page =
    SQL_REPEATABLE("SELECT id,actor,action,target,detail,created_at FROM audit WHERE tenant_id=? AND id<? ORDER BY id DESC LIMIT ?", &audit_row_type);

bool db_audit_insert(struct ctx *ctx, uint64_t tenant, uint64_t user, const char *actor, const char *action, const char *target, const char *detail)
{
    return stmt_do(ctx, &insert, ARGS(U64(tenant), ID_OR_NULL(user), TEXT(actor), TEXT(action), TEXT(target), TEXT(detail))) >= 0;
}

struct rows db_audit_page(struct ctx *ctx, uint64_t tenant, uint64_t before, int limit)
{
    return stmt_all(ctx, &page, ARGS(U64(tenant), U64(before ? before : INT64_MAX), I64(limit)));
}
