/* ai_usage.c - calls of models, the day's count, limits and prices. */
#include "base/base.h"
#include "store/ai_usage.h"

#define AI_LIMIT_FIELD(kind, member, flags) FIELD_ENTRY(ai_limit_row, kind, member, flags)
ROW_TYPE(ai_limit_row, AI_LIMIT_ROW(AI_LIMIT_FIELD));
#define AI_DAY_FIELD(kind, member, flags) FIELD_ENTRY(ai_day_row, kind, member, flags)
ROW_TYPE(ai_day_row, AI_DAY_ROW(AI_DAY_FIELD));
#define AI_COST_FIELD(kind, member, flags) FIELD_ENTRY(ai_cost_row, kind, member, flags)
ROW_TYPE(ai_cost_row, AI_COST_ROW(AI_COST_FIELD));
#define AI_PROBLEM_FIELD(kind, member, flags) FIELD_ENTRY(ai_problem_row, kind, member, flags)
ROW_TYPE(ai_problem_row, AI_PROBLEM_ROW(AI_PROBLEM_FIELD));

static const struct sql limit_get = SQL_REPEATABLE("SELECT calls_per_day,tokens_per_day FROM ai_limit WHERE tenant_id=?", &ai_limit_row_type);
static const struct sql limit_put =
    SQL_REPEATABLE("INSERT INTO ai_limit (tenant_id,calls_per_day,tokens_per_day) VALUES (?,?,?) "
                   "ON DUPLICATE KEY UPDATE calls_per_day=VALUES(calls_per_day),tokens_per_day=VALUES(tokens_per_day),updated_at=UTC_TIMESTAMP(3)", NULL);
static const struct sql day_get = SQL_REPEATABLE("SELECT calls,tokens FROM ai_day WHERE tenant_id=? AND day=?", &ai_day_row_type);
static const struct sql day_open = SQL_REPEATABLE("INSERT IGNORE INTO ai_day (tenant_id,day) VALUES (?,?)", NULL);
static const struct sql day_take = SQL("UPDATE ai_day SET calls=calls+1 WHERE tenant_id=? AND day=? AND calls<? AND tokens<?", NULL);
static const struct sql day_add = SQL("UPDATE ai_day SET tokens=tokens+? WHERE tenant_id=? AND day=?", NULL);
static const struct sql usage_insert =
    SQL("INSERT INTO ai_usage (tenant_id,day,purpose,provider,model,conversation_id,tokens_in,tokens_out,took_ms,request_id,status,outcome,problem) "
        "VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)", NULL);
static const struct sql costs =
    SQL_REPEATABLE("SELECT CAST(u.day AS CHAR),u.provider,u.model,u.calls,u.answered,u.tokens_in,u.tokens_out,u.took_ms,CAST(p.price_in+0E0 AS CHAR),CAST(p.price_out+0E0 AS CHAR),"
                   "CAST(ROUND((u.tokens_in*p.price_in+u.tokens_out*p.price_out)/1000000,4) AS CHAR) FROM "
                   "(SELECT day,provider,model,COUNT(*) calls,SUM(outcome='answered') answered,SUM(tokens_in) tokens_in,SUM(tokens_out) tokens_out,"
                   "ROUND(AVG(took_ms)) took_ms FROM ai_usage WHERE tenant_id=? AND day>=? GROUP BY day,provider,model ORDER BY day DESC,provider,model LIMIT ?) u "
                   "LEFT JOIN ai_price p ON p.tenant_id=? AND p.model=u.model ORDER BY u.day DESC,u.provider,u.model", &ai_cost_row_type);
static const struct sql problems =
    SQL_REPEATABLE("SELECT created_at,purpose,model,outcome,problem,request_id,status,conversation_id FROM ai_usage "
                   "WHERE tenant_id=? AND day>=? AND outcome<>'answered' ORDER BY id DESC LIMIT ?", &ai_problem_row_type);
static const struct sql price_put =
    SQL_REPEATABLE("INSERT INTO ai_price (tenant_id,model,price_in,price_out) VALUES (?,?,?,?) "
                   "ON DUPLICATE KEY UPDATE price_in=VALUES(price_in),price_out=VALUES(price_out)", NULL);
static const struct sql price_delete = SQL_REPEATABLE("DELETE FROM ai_price WHERE tenant_id=? AND model=?", NULL);

/* Old rows of all tenants, in portions: a large transaction would hold up everybody on a cluster. */
/* lint: no-tenant: housekeeping over all tenants */
static const struct sql usage_purge = SQL_REPEATABLE("DELETE FROM ai_usage WHERE created_at<UTC_TIMESTAMP(3)-INTERVAL 400 DAY LIMIT 1000", NULL);
/* lint: no-tenant: the same */
static const struct sql day_purge = SQL_REPEATABLE("DELETE FROM ai_day WHERE day<UTC_DATE()-INTERVAL 60 DAY LIMIT 1000", NULL);

int64_t db_ai_usage_purge(struct ctx *ctx)
{
    int64_t calls = stmt_do(ctx, &usage_purge, NO_ARGS), days = stmt_do(ctx, &day_purge, NO_ARGS);
    return calls < 0 || days < 0 ? -1 : calls + days;
}

struct ai_limit_row *db_ai_limit_get(struct ctx *ctx, uint64_t tenant)
{
    return stmt_one(ctx, &limit_get, ARGS(U64(tenant)));
}

bool db_ai_limit_put(struct ctx *ctx, uint64_t tenant, int64_t calls_per_day, int64_t tokens_per_day)
{
    return stmt_do(ctx, &limit_put, ARGS(U64(tenant), I64(calls_per_day), I64(tokens_per_day))) >= 0;
}

struct ai_day_row *db_ai_day_get(struct ctx *ctx, uint64_t tenant, const char *day)
{
    return stmt_one(ctx, &day_get, ARGS(U64(tenant), TEXT(day)));
}

int db_ai_day_take(struct ctx *ctx, uint64_t tenant, const char *day, int64_t calls_most, int64_t tokens_most)
{
    int64_t n = stmt_do(ctx, &day_take, ARGS(U64(tenant), TEXT(day), I64(calls_most), I64(tokens_most)));
    if (n != 0)
        return n < 0 ? -1 : 1;
    if (stmt_do(ctx, &day_open, ARGS(U64(tenant), TEXT(day))) < 0) /* the day's first call, or the limit */
        return -1;
    n = stmt_do(ctx, &day_take, ARGS(U64(tenant), TEXT(day), I64(calls_most), I64(tokens_most)));
    return n < 0 ? -1 : n > 0;
}

bool db_ai_day_add(struct ctx *ctx, uint64_t tenant, const char *day, int64_t tokens)
{
    return tokens <= 0 || stmt_do(ctx, &day_add, ARGS(I64(tokens), U64(tenant), TEXT(day))) >= 0;
}

bool db_ai_usage_insert(struct ctx *ctx, uint64_t tenant, const struct ai_use *u)
{
    return stmt_do(ctx, &usage_insert, ARGS(U64(tenant), TEXT(u->day), TEXT(u->purpose), TEXT(u->provider), TEXT(u->model), ID_OR_NULL(u->conversation_id),
                                            I64(u->tokens_in), I64(u->tokens_out), I64(u->took_ms), TEXT(u->request_id), I64(u->status), TEXT(u->outcome),
                                            TEXT(u->problem))) >= 0;
}

struct rows db_ai_costs(struct ctx *ctx, uint64_t tenant, const char *since_day, int limit)
{
    return stmt_all(ctx, &costs, ARGS(U64(tenant), TEXT(since_day), I64(limit), U64(tenant)));
}

struct rows db_ai_problems(struct ctx *ctx, uint64_t tenant, const char *since_day, int limit)
{
    return stmt_all(ctx, &problems, ARGS(U64(tenant), TEXT(since_day), I64(limit)));
}

bool db_ai_price_put(struct ctx *ctx, uint64_t tenant, const char *model, const char *price_in, const char *price_out)
{
    return stmt_do(ctx, &price_put, ARGS(U64(tenant), TEXT(model), TEXT(price_in), TEXT(price_out))) >= 0;
}

int64_t db_ai_price_delete(struct ctx *ctx, uint64_t tenant, const char *model)
{
    return stmt_do(ctx, &price_delete, ARGS(U64(tenant), TEXT(model)));
}
