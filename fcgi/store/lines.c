/* lines.c - our own senders and their pace. */
#include "base/base.h"
#include "store/lines.h"

#define LINE_FIELD(kind, member, flags) FIELD_ENTRY(line_row, kind, member, flags)
ROW_TYPE(line_row, LINE_ROW(LINE_FIELD));

#define LINE_COLUMNS "id,address,channel,name,active,is_default,per_second"
static const struct sql lines_all = SQL_REPEATABLE("SELECT " LINE_COLUMNS " FROM line WHERE tenant_id=? ORDER BY is_default DESC,id LIMIT 1000", &line_row_type);
static const struct sql line_get = SQL_REPEATABLE("SELECT " LINE_COLUMNS " FROM line WHERE tenant_id=? AND id=?", &line_row_type);
static const struct sql line_by_address = SQL_REPEATABLE("SELECT " LINE_COLUMNS " FROM line WHERE tenant_id=? AND address=?", &line_row_type);
static const struct sql line_insert = SQL("INSERT INTO line (tenant_id,address,channel,name,per_second) VALUES (?,?,?,?,?)", NULL);
static const struct sql line_change = SQL_REPEATABLE("UPDATE line SET name=?,active=?,per_second=? WHERE tenant_id=? AND id=?", NULL);
static const struct sql line_default = SQL_REPEATABLE("UPDATE line SET is_default=(id=?) WHERE tenant_id=? AND channel=?", NULL);
static const struct sql line_pace =
    SQL("UPDATE line SET free_at=GREATEST(free_at,UTC_TIMESTAMP(6))+INTERVAL ? MICROSECOND WHERE tenant_id=? AND id=? "
        "AND free_at<=UTC_TIMESTAMP(6)+INTERVAL ? MICROSECOND", NULL);

struct rows db_lines(struct ctx *ctx, uint64_t tenant)
{
    return stmt_all(ctx, &lines_all, ARGS(U64(tenant)));
}

struct line_row *db_line_get(struct ctx *ctx, uint64_t tenant, uint64_t line)
{
    return stmt_one(ctx, &line_get, ARGS(U64(tenant), U64(line)));
}

struct line_row *db_line_by_address(struct ctx *ctx, uint64_t tenant, const char *address)
{
    return stmt_one(ctx, &line_by_address, ARGS(U64(tenant), TEXT(address)));
}

uint64_t db_line_insert(struct ctx *ctx, uint64_t tenant, const char *address, const char *channel, const char *name, int64_t per_second)
{
    if (stmt_do(ctx, &line_insert, ARGS(U64(tenant), TEXT(address), TEXT(channel), TEXT(name), I64(per_second))) < 0)
        return 0;
    return stmt_insert_id(ctx);
}

bool db_line_change(struct ctx *ctx, uint64_t tenant, uint64_t line, const char *name, bool active, int64_t per_second)
{
    return stmt_do(ctx, &line_change, ARGS(TEXT(name), I64(active), I64(per_second), U64(tenant), U64(line))) >= 0;
}

bool db_line_default(struct ctx *ctx, uint64_t tenant, const char *channel, uint64_t line)
{
    return stmt_do(ctx, &line_default, ARGS(U64(line), U64(tenant), TEXT(channel))) >= 0;
}

int db_line_pace(struct ctx *ctx, uint64_t tenant, uint64_t line, int64_t cost_us, int64_t burst_us)
{
    int64_t n = stmt_do(ctx, &line_pace, ARGS(I64(cost_us), U64(tenant), U64(line), I64(burst_us)));
    return n < 0 ? -1 : n > 0;
}
