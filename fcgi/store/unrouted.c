/* unrouted.c - signed messages to a number that is not a line. */
#include "base/base.h"
#include "base/clock.h"
#include "store/unrouted.h"

#define UNROUTED_FIELD(kind, member, flags) FIELD_ENTRY(unrouted_row, kind, member, flags)
ROW_TYPE(unrouted_row, UNROUTED_ROW(UNROUTED_FIELD));

#define UNROUTED_SELECT "SELECT sid,to_address,from_address,body,detail,created_at FROM unrouted "
static const struct sql page_first = SQL_REPEATABLE(UNROUTED_SELECT "WHERE tenant_id=? ORDER BY created_at DESC,sid DESC LIMIT ?", &unrouted_row_type);
static const struct sql page_next =
    SQL_REPEATABLE(UNROUTED_SELECT "WHERE tenant_id=? AND created_at<=? AND (created_at<? OR sid<?) ORDER BY created_at DESC,sid DESC LIMIT ?", &unrouted_row_type);
static const struct sql to_number = SQL_REPEATABLE(UNROUTED_SELECT "WHERE tenant_id=? AND to_address=? ORDER BY created_at,sid LIMIT ?", &unrouted_row_type);
static const struct sql get_one = SQL_REPEATABLE(UNROUTED_SELECT "WHERE tenant_id=? AND sid=?", &unrouted_row_type);
static const struct sql delete_one = SQL_REPEATABLE("DELETE FROM unrouted WHERE tenant_id=? AND sid=?", NULL);

struct rows db_unrouted_page(struct ctx *ctx, uint64_t tenant, int64_t before_ms, const char *before_sid, int limit)
{
    if (before_ms == CLOCK_NONE)
        return stmt_all(ctx, &page_first, ARGS(U64(tenant), I64(limit)));
    return stmt_all(ctx, &page_next, ARGS(U64(tenant), TIME(before_ms), TIME(before_ms), TEXT(before_sid), I64(limit)));
}

struct rows db_unrouted_to(struct ctx *ctx, uint64_t tenant, const char *to_address, int limit)
{
    return stmt_all(ctx, &to_number, ARGS(U64(tenant), TEXT(to_address), I64(limit)));
}

struct unrouted_row *db_unrouted_get(struct ctx *ctx, uint64_t tenant, const char *sid)
{
    return stmt_one(ctx, &get_one, ARGS(U64(tenant), TEXT(sid)));
}

int64_t db_unrouted_delete(struct ctx *ctx, uint64_t tenant, const char *sid)
{
    return stmt_do(ctx, &delete_one, ARGS(U64(tenant), TEXT(sid)));
}
