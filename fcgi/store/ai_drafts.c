/* ai_drafts.c - proposals of a model that wait for a person. */
#include "base/base.h"
#include "store/ai_drafts.h"
#include "store/conversations.h"

#define AI_DRAFT_FIELD(kind, member, flags) FIELD_ENTRY(ai_draft_row, kind, member, flags)
ROW_TYPE(ai_draft_row, AI_DRAFT_ROW(AI_DRAFT_FIELD));

#define DRAFT_SELECT "SELECT tenant_id,conversation_id,message_id,state,text,tries,created_at FROM ai_draft "
static const struct sql draft_get = SQL_REPEATABLE(DRAFT_SELECT "WHERE tenant_id=? AND conversation_id=?", &ai_draft_row_type);
#define UNDER_WAY "(state IN ('asked','thinking') AND message_id=VALUES(message_id))"
static const struct sql draft_ask =
    SQL_REPEATABLE("INSERT INTO ai_draft (tenant_id,conversation_id,message_id,state,next_at,created_at) VALUES (?,?,?,'asked',UTC_TIMESTAMP(3),UTC_TIMESTAMP(3)) "
                   "ON DUPLICATE KEY UPDATE next_at=IF(" UNDER_WAY ",next_at,UTC_TIMESTAMP(3)),created_at=IF(" UNDER_WAY ",created_at,UTC_TIMESTAMP(3)),"
                   "tries=IF(" UNDER_WAY ",tries,0),claim=IF(" UNDER_WAY ",claim,NULL),text=IF(" UNDER_WAY ",text,''),state=IF(" UNDER_WAY ",state,'asked'),"
                   "message_id=VALUES(message_id)", NULL);
static const struct sql draft_put =
    SQL_REPEATABLE("INSERT INTO ai_draft (tenant_id,conversation_id,message_id,state,next_at,text,created_at) VALUES (?,?,?,?,UTC_TIMESTAMP(3),?,UTC_TIMESTAMP(3)) "
                   "ON DUPLICATE KEY UPDATE message_id=VALUES(message_id),state=VALUES(state),next_at=VALUES(next_at),text=VALUES(text),created_at=VALUES(created_at),"
                   "claim=NULL,tries=0", NULL);
/* lint: no-tenant: fcgi-cron works for all of them */
static const struct sql draft_due =
    SQL_REPEATABLE(DRAFT_SELECT "WHERE state='asked' AND next_at<=UTC_TIMESTAMP(3) ORDER BY next_at LIMIT ?", &ai_draft_row_type);
static const struct sql draft_claim =
    SQL("UPDATE ai_draft SET state='thinking',claim=?,next_at=UTC_TIMESTAMP(3)+INTERVAL ? SECOND,tries=tries+1 WHERE tenant_id=? AND conversation_id=? "
        "AND state='asked' AND next_at<=UTC_TIMESTAMP(3)", NULL);
static const struct sql draft_settle =
    SQL("UPDATE ai_draft SET state=?,text=?,claim=NULL,next_at=UTC_TIMESTAMP(3)+INTERVAL ?*1000 MICROSECOND WHERE tenant_id=? AND conversation_id=? "
        "AND state='thinking' AND claim=?", NULL);
/* lint: no-tenant: fcgi-cron works for all of them */
static const struct sql draft_expire =
    SQL_REPEATABLE("UPDATE ai_draft SET state='asked',claim=NULL WHERE state='thinking' AND next_at<=UTC_TIMESTAMP(3)", NULL);
/* lint: no-tenant: housekeeping over all tenants */
static const struct sql draft_purge = SQL_REPEATABLE("DELETE FROM ai_draft WHERE next_at<UTC_TIMESTAMP(3)-INTERVAL 7 DAY LIMIT 1000", NULL);
static const struct sql draft_delete = SQL_REPEATABLE("DELETE FROM ai_draft WHERE tenant_id=? AND conversation_id=? AND message_id<=?", NULL);
static const struct sql from_draft =
    SQL_REPEATABLE("UPDATE message SET extra=JSON_SET(COALESCE(extra,'{}'),'$.AiDraft',?) WHERE tenant_id=? AND conversation_id=? AND id=?", NULL);

struct ai_draft_row *db_ai_draft_get(struct ctx *ctx, uint64_t tenant, uint64_t conversation)
{
    return stmt_one(ctx, &draft_get, ARGS(U64(tenant), U64(conversation)));
}

int64_t db_ai_draft_ask(struct ctx *ctx, uint64_t tenant, uint64_t conversation, uint64_t message)
{
    return db_conversation_may_have(ctx, tenant, conversation) ? stmt_do(ctx, &draft_ask, ARGS(U64(tenant), U64(conversation), U64(message))) : -1;
}

bool db_ai_draft_put(struct ctx *ctx, uint64_t tenant, uint64_t conversation, uint64_t message, const char *state, const char *text)
{
    return db_conversation_may_have(ctx, tenant, conversation) &&
           stmt_do(ctx, &draft_put, ARGS(U64(tenant), U64(conversation), U64(message), TEXT(state), TEXT(text))) >= 0;
}

struct rows db_ai_draft_due(struct ctx *ctx, int limit)
{
    return stmt_all(ctx, &draft_due, ARGS(I64(limit)));
}

int db_ai_draft_claim(struct ctx *ctx, uint64_t tenant, uint64_t conversation, const char *claim, int64_t lease_s)
{
    int64_t n = stmt_do(ctx, &draft_claim, ARGS(TEXT(claim), I64(lease_s), U64(tenant), U64(conversation)));
    return n < 0 ? -1 : n > 0;
}

int db_ai_draft_settle(struct ctx *ctx, uint64_t tenant, uint64_t conversation, const char *claim, const char *state, const char *text, int64_t in_ms)
{
    int64_t n = stmt_do(ctx, &draft_settle, ARGS(TEXT(state), TEXT(text), I64(in_ms), U64(tenant), U64(conversation), TEXT(claim)));
    return n < 0 ? -1 : n > 0;
}

int64_t db_ai_draft_expire(struct ctx *ctx)
{
    return stmt_do(ctx, &draft_expire, NO_ARGS);
}

int64_t db_ai_drafts_purge(struct ctx *ctx)
{
    return stmt_do(ctx, &draft_purge, NO_ARGS);
}

int64_t db_ai_draft_delete(struct ctx *ctx, uint64_t tenant, uint64_t conversation, uint64_t message)
{
    return stmt_do(ctx, &draft_delete, ARGS(U64(tenant), U64(conversation), U64(message)));
}

bool db_message_from_draft(struct ctx *ctx, uint64_t tenant, uint64_t conversation, uint64_t message, bool edited)
{
    return stmt_do(ctx, &from_draft, ARGS(TEXT(edited ? "edited" : "as-is"), U64(tenant), U64(conversation), U64(message))) >= 0;
}
