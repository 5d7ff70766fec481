/* removal.c - the queue of what is to be removed: its rows and claims. */
#include "base/base.h"
#include "store/removal.h"

#define REMOVAL_FIELD(kind, member, flags) FIELD_ENTRY(removal_row, kind, member, flags)
ROW_TYPE(removal_row, REMOVAL_ROW(REMOVAL_FIELD));
#define DUE_FIELD(kind, member, flags) FIELD_ENTRY(removal_due_row, kind, member, flags)
ROW_TYPE(removal_due_row, REMOVAL_DUE_ROW(DUE_FIELD));

#define SELECT_REMOVAL                                                                                                     \
    "SELECT r.tenant_id,r.id,r.request_id,r.conversation_id,r.message_id,r.sid,r.action,q.kind,r.state,r.tries,"            \
    "TIMESTAMPDIFF(SECOND,r.created_at,UTC_TIMESTAMP(3)),r.error_code,r.http_status,r.next_at FROM removal r "               \
    "JOIN removal_request q ON q.tenant_id=r.tenant_id AND q.id=r.request_id "
static const struct sql add =
    SQL("INSERT INTO removal (tenant_id,request_id,conversation_id,message_id,sid,action,state,tries,claim,next_at) "
        "VALUES (?,?,?,?,?,?,?,?,?,UTC_TIMESTAMP(3)+INTERVAL ? SECOND) ON DUPLICATE KEY UPDATE id=removal.id", NULL);
static const struct sql get = SQL_REPEATABLE(SELECT_REMOVAL "WHERE r.tenant_id=? AND r.id=?", &removal_row_type);
/* lint: no-tenant: fcgi-cron works for all tenants; the rows name theirs */
static const struct sql due =
    SQL_REPEATABLE("SELECT tenant_id,id FROM removal WHERE state='waiting' AND next_at<=UTC_TIMESTAMP(3) ORDER BY next_at,id LIMIT ?", &removal_due_row_type);
static const struct sql waiting =
    SQL_REPEATABLE(SELECT_REMOVAL "WHERE r.tenant_id=? AND r.request_id=? AND r.state='waiting' AND r.tries=0 ORDER BY r.id LIMIT ?", &removal_row_type);
static const struct sql troubled =
    SQL_REPEATABLE(SELECT_REMOVAL "WHERE r.tenant_id=? AND r.request_id=? AND (r.state='failed' OR (r.state='waiting' AND r.tries>0)) ORDER BY r.state,r.id LIMIT ?",
                   &removal_row_type);
static const struct sql claim_it =
    SQL("UPDATE removal SET state='claimed',claim=?,tries=tries+1,next_at=UTC_TIMESTAMP(3)+INTERVAL ? SECOND "
        "WHERE tenant_id=? AND id=? AND state='waiting' AND next_at<=UTC_TIMESTAMP(3)", NULL);
static const struct sql claim_resting =
    SQL("UPDATE removal SET state='claimed',claim=?,tries=tries+1,next_at=UTC_TIMESTAMP(3)+INTERVAL ? SECOND "
        "WHERE tenant_id=? AND id=? AND state='waiting' AND tries=0", NULL);
static const struct sql wake_rows =
    SQL_REPEATABLE("UPDATE removal SET next_at=UTC_TIMESTAMP(3) WHERE tenant_id=? AND request_id=? AND state='waiting' AND tries=0", NULL);
static const struct sql wake_sources =
    SQL_REPEATABLE("UPDATE removal_source SET next_at=UTC_TIMESTAMP(3) WHERE tenant_id=? AND request_id=? AND state='waiting'", NULL);
/* Always another value: the row count decides. */
static const struct sql hold =
    SQL("UPDATE removal SET next_at=GREATEST(UTC_TIMESTAMP(3)+INTERVAL ? SECOND,next_at+INTERVAL 1000 MICROSECOND) WHERE tenant_id=? AND id=? AND claim=? AND state='claimed'", NULL);
static const struct sql settle =
    SQL_REPEATABLE("UPDATE removal SET state=?,claim=NULL,next_at=UTC_TIMESTAMP(3)+INTERVAL ?*1000 MICROSECOND,error_code=NULLIF(?,0),http_status=? "
                   "WHERE tenant_id=? AND id=? AND claim=? AND state='claimed'", NULL);
/* lint: no-tenant: housekeeping over all tenants */
static const struct sql expire =
    SQL_REPEATABLE("UPDATE removal SET state='waiting',claim=NULL,http_status=0 WHERE state='claimed' AND next_at<=UTC_TIMESTAMP(3)", NULL);
/* lint: no-tenant: housekeeping over all tenants */
static const struct sql expire_sources =
    SQL_REPEATABLE("UPDATE removal_source SET state='waiting',claim=NULL WHERE state='claimed' AND next_at<=UTC_TIMESTAMP(3)", NULL);
static const struct sql retry =
    SQL("UPDATE removal SET state='waiting',next_at=UTC_TIMESTAMP(3),created_at=UTC_TIMESTAMP(3) WHERE tenant_id=? AND request_id=? AND state='failed'", NULL);
static const struct sql sweep = SQL_REPEATABLE("DELETE FROM removal WHERE tenant_id=? AND request_id=? AND state='done' LIMIT ?", NULL);

struct number_row { int64_t n; };
#define NUMBER_ROW(F) F(I64, n, 0)
#define NUMBER_FIELD(kind, member, flags) FIELD_ENTRY(number_row, kind, member, flags)
extern const struct row_type number_row_type;
ROW_TYPE(number_row, NUMBER_ROW(NUMBER_FIELD));

static const struct sql known = SQL_REPEATABLE("SELECT COUNT(*) FROM (SELECT 1 FROM removal WHERE tenant_id=? AND request_id=? AND sid=? LIMIT 1) r", &number_row_type);
static const struct sql queue =
    SQL_REPEATABLE("SELECT COUNT(*) FROM (SELECT 1 FROM removal WHERE tenant_id=? AND request_id=? AND state='waiting' LIMIT ?) r", &number_row_type);

uint64_t db_removal_add(struct ctx *ctx, uint64_t tenant, uint64_t request, uint64_t conversation, uint64_t message, const char *sid, const char *action,
                        const char *claim, int64_t lease_s)
{
    int64_t n = stmt_do(ctx, &add, ARGS(U64(tenant), U64(request), U64(conversation), U64(message), TEXT(sid), TEXT(action),
                                        TEXT(claim ? "claimed" : "waiting"), I64(claim ? 1 : 0), TEXT(claim), I64(claim ? lease_s : 0)));
    return n > 0 ? stmt_insert_id(ctx) : 0;
}

struct removal_row *db_removal(struct ctx *ctx, uint64_t tenant, uint64_t id)
{
    return stmt_one(ctx, &get, ARGS(U64(tenant), U64(id)));
}

struct rows db_removals_due(struct ctx *ctx, int limit)
{
    return stmt_all(ctx, &due, ARGS(I64(limit)));
}

struct rows db_removals_waiting(struct ctx *ctx, uint64_t tenant, uint64_t request, int limit)
{
    return stmt_all(ctx, &waiting, ARGS(U64(tenant), U64(request), I64(limit)));
}

struct rows db_removals_troubled(struct ctx *ctx, uint64_t tenant, uint64_t request, int limit)
{
    return stmt_all(ctx, &troubled, ARGS(U64(tenant), U64(request), I64(limit)));
}

int db_removal_known(struct ctx *ctx, uint64_t tenant, uint64_t request, const char *sid)
{
    const struct number_row *r = stmt_one(ctx, &known, ARGS(U64(tenant), U64(request), TEXT(sid)));
    return r ? r->n > 0 : -1;
}

int64_t db_removal_queue(struct ctx *ctx, uint64_t tenant, uint64_t request, int most)
{
    const struct number_row *r = stmt_one(ctx, &queue, ARGS(U64(tenant), U64(request), I64(most)));
    return r ? r->n : -1;
}

int db_removal_claim(struct ctx *ctx, uint64_t tenant, uint64_t id, const char *claim, int64_t lease_s)
{
    return stmt_changed(ctx, &claim_it, ARGS(TEXT(claim), I64(lease_s), U64(tenant), U64(id)));
}

int db_removal_claim_resting(struct ctx *ctx, uint64_t tenant, uint64_t id, const char *claim, int64_t lease_s)
{
    return stmt_changed(ctx, &claim_resting, ARGS(TEXT(claim), I64(lease_s), U64(tenant), U64(id)));
}

bool db_removal_wake(struct ctx *ctx, uint64_t tenant, uint64_t request)
{
    return stmt_do(ctx, &wake_rows, ARGS(U64(tenant), U64(request))) >= 0 && stmt_do(ctx, &wake_sources, ARGS(U64(tenant), U64(request))) >= 0;
}

int db_removal_hold(struct ctx *ctx, uint64_t tenant, uint64_t id, const char *claim, int64_t lease_s)
{
    return stmt_changed(ctx, &hold, ARGS(I64(lease_s), U64(tenant), U64(id), TEXT(claim)));
}

int db_removal_settle(struct ctx *ctx, uint64_t tenant, uint64_t id, const char *claim, const char *state, int64_t in_ms, int64_t code, int64_t http)
{
    return stmt_changed(ctx, &settle, ARGS(TEXT(state), I64(in_ms), I64(code), I64(http), U64(tenant), U64(id), TEXT(claim)));
}

bool db_removal_expire(struct ctx *ctx)
{
    return stmt_do(ctx, &expire, NO_ARGS) >= 0 && stmt_do(ctx, &expire_sources, NO_ARGS) >= 0;
}

int64_t db_removal_retry(struct ctx *ctx, uint64_t tenant, uint64_t request)
{
    return stmt_do(ctx, &retry, ARGS(U64(tenant), U64(request)));
}

int64_t db_removal_sweep(struct ctx *ctx, uint64_t tenant, uint64_t request, int limit)
{
    return stmt_do(ctx, &sweep, ARGS(U64(tenant), U64(request), I64(limit)));
}
