/* ai_profiles.c - how a model answers on a line. */
#include "base/base.h"
#include "store/ai_profiles.h"

#define AI_PROFILE_FIELD(kind, member, flags) FIELD_ENTRY(ai_profile_row, kind, member, flags)
ROW_TYPE(ai_profile_row, AI_PROFILE_ROW(AI_PROFILE_FIELD));

/* As a double the temperature has no zeros at its end. */
#define PROFILE_SELECT                                                                                                     \
    "SELECT line_id,provider,model,CAST(temperature+0E0 AS CHAR),system_prompt,tone,history,answer_limit,automatic,own_links,link_sites," \
    "target_number,tokens_param,structure,max_tokens,updated_at,updated_by FROM ai_profile "
static const struct sql profile_for = SQL_REPEATABLE(PROFILE_SELECT "WHERE tenant_id=? AND line_key IN (0,?) ORDER BY line_key DESC LIMIT 1", &ai_profile_row_type);
static const struct sql profile_get = SQL_REPEATABLE(PROFILE_SELECT "WHERE tenant_id=? AND line_key=?", &ai_profile_row_type);
static const struct sql profile_all = SQL_REPEATABLE(PROFILE_SELECT "WHERE tenant_id=? ORDER BY line_key LIMIT 1000", &ai_profile_row_type);
static const struct sql profile_put =
    SQL_REPEATABLE("INSERT INTO ai_profile (tenant_id,line_id,provider,model,temperature,system_prompt,tone,history,answer_limit,automatic,own_links,link_sites,"
                   "target_number,tokens_param,structure,max_tokens,updated_by) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?) ON DUPLICATE KEY UPDATE provider=VALUES(provider),"
                   "model=VALUES(model),temperature=VALUES(temperature),system_prompt=VALUES(system_prompt),tone=VALUES(tone),history=VALUES(history),"
                   "answer_limit=VALUES(answer_limit),automatic=VALUES(automatic),own_links=VALUES(own_links),link_sites=VALUES(link_sites),"
                   "target_number=VALUES(target_number),tokens_param=VALUES(tokens_param),structure=VALUES(structure),max_tokens=VALUES(max_tokens),updated_by=VALUES(updated_by),"
                   "updated_at=UTC_TIMESTAMP(3)", NULL);
static const struct sql profile_delete = SQL_REPEATABLE("DELETE FROM ai_profile WHERE tenant_id=? AND line_key=?", NULL);

struct ai_profile_row *db_ai_profile_for(struct ctx *ctx, uint64_t tenant, uint64_t line)
{
    return stmt_one(ctx, &profile_for, ARGS(U64(tenant), U64(line)));
}

struct ai_profile_row *db_ai_profile_get(struct ctx *ctx, uint64_t tenant, uint64_t line)
{
    return stmt_one(ctx, &profile_get, ARGS(U64(tenant), U64(line)));
}

struct rows db_ai_profiles(struct ctx *ctx, uint64_t tenant)
{
    return stmt_all(ctx, &profile_all, ARGS(U64(tenant)));
}

bool db_ai_profile_put(struct ctx *ctx, uint64_t tenant, const struct ai_profile_row *p)
{
    return stmt_do(ctx, &profile_put, ARGS(U64(tenant), ID_OR_NULL(p->line_id), TEXT(p->provider), TEXT(p->model), TEXT(p->temperature), TEXT(p->system_prompt),
                                           TEXT(p->tone), I64(p->history), I64(p->answer_limit), I64(p->automatic), I64(p->own_links), TEXT(p->link_sites),
                                           TEXT(p->target_number), TEXT(p->tokens_param), TEXT(p->structure), I64(p->max_tokens), TEXT(p->updated_by))) >= 0;
}

int64_t db_ai_profile_delete(struct ctx *ctx, uint64_t tenant, uint64_t line)
{
    return stmt_do(ctx, &profile_delete, ARGS(U64(tenant), U64(line)));
}
