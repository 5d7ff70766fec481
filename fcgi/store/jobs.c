/* jobs.c - permits of periodic work and the played handset's queue. */
#include "base/base.h"
#include "store/jobs.h"

#define HANDSET_FIELD(kind, member, flags) FIELD_ENTRY(handset_row, kind, member, flags)
ROW_TYPE(handset_row, HANDSET_ROW(HANDSET_FIELD));

#define SLOT "FROM_UNIXTIME(UNIX_TIMESTAMP() DIV ?*?)"
static const struct sql slot_take = SQL("INSERT IGNORE INTO job_slot (job,slot,host) VALUES (?," SLOT ",?)", NULL);
static const struct sql slot_end =
    SQL_REPEATABLE("UPDATE job_slot SET ended_at=UTC_TIMESTAMP(3),outcome=? WHERE job=? AND host=? AND ended_at IS NULL", NULL);
static const struct sql slots_purge = SQL_REPEATABLE("DELETE FROM job_slot WHERE slot<UTC_TIMESTAMP()-INTERVAL 7 DAY LIMIT 1000", NULL);

static const struct sql handset_insert = SQL("INSERT INTO handset (tenant_id,from_address,to_address,body) VALUES (?,?,?,?)", NULL);
/* One message of a conversation at a time, in the order they were typed. */
/* lint: no-tenant: fcgi-cron works for all tenants; the rows name theirs */
static const struct sql handset_due =
    SQL_REPEATABLE("SELECT h.tenant_id,h.id,h.from_address,h.to_address,h.body,h.state,h.result,h.created_at FROM handset h WHERE h.state='queued' "
                   "AND NOT EXISTS (SELECT 1 FROM handset e WHERE e.tenant_id=h.tenant_id AND e.from_address=h.from_address AND e.to_address=h.to_address "
                   "AND e.id<h.id AND e.state IN ('queued','sending')) ORDER BY h.id LIMIT ?", &handset_row_type);
static const struct sql handset_waiting =
    SQL_REPEATABLE("SELECT tenant_id,id,from_address,to_address,body,state,result,created_at FROM handset WHERE tenant_id=? AND from_address=? AND to_address=? "
                   "AND state<>'delivered' AND created_at>UTC_TIMESTAMP()-INTERVAL 1 HOUR ORDER BY id LIMIT 20", &handset_row_type);
/* While a row is "sending", its result is when the lease ends, as text. */
static const struct sql handset_claim =
    SQL_REPEATABLE("UPDATE handset SET state='sending',result=UTC_TIMESTAMP(3)+INTERVAL ? SECOND WHERE tenant_id=? AND id=? AND state='queued'", NULL);
/* lint: no-tenant: fcgi-cron works for all tenants */
static const struct sql handset_expire =
    SQL_REPEATABLE("UPDATE handset SET state='queued',result='' WHERE state='sending' AND result<CAST(UTC_TIMESTAMP(3) AS CHAR)", NULL);
static const struct sql handset_move = SQL_REPEATABLE("UPDATE handset SET state=?,result=? WHERE tenant_id=? AND id=? AND state=?", NULL);

int db_slot_take(struct ctx *ctx, const char *job, int64_t every_s, const char *host)
{
    int64_t n = stmt_do(ctx, &slot_take, ARGS(TEXT(job), I64(every_s), I64(every_s), TEXT(host)));
    return n < 0 ? -1 : n > 0;
}

bool db_slot_end(struct ctx *ctx, const char *job, const char *host, const char *outcome)
{
    return stmt_do(ctx, &slot_end, ARGS(TEXT(outcome), TEXT(job), TEXT(host))) >= 0;
}

int64_t db_slots_purge(struct ctx *ctx)
{
    return stmt_do(ctx, &slots_purge, NO_ARGS);
}

uint64_t db_handset_insert(struct ctx *ctx, uint64_t tenant, const char *from, const char *to, const char *body)
{
    if (stmt_do(ctx, &handset_insert, ARGS(U64(tenant), TEXT(from), TEXT(to), TEXT(body))) < 0)
        return 0;
    return stmt_insert_id(ctx);
}

struct rows db_handset_due(struct ctx *ctx, int limit)
{
    return stmt_all(ctx, &handset_due, ARGS(I64(limit)));
}

struct rows db_handset_waiting(struct ctx *ctx, uint64_t tenant, const char *from, const char *to)
{
    return stmt_all(ctx, &handset_waiting, ARGS(U64(tenant), TEXT(from), TEXT(to)));
}

int db_handset_claim(struct ctx *ctx, uint64_t tenant, uint64_t id, int64_t lease_s)
{
    int64_t n = stmt_do(ctx, &handset_claim, ARGS(I64(lease_s), U64(tenant), U64(id)));
    return n < 0 ? -1 : n > 0;
}

bool db_handset_expire(struct ctx *ctx)
{
    return stmt_do(ctx, &handset_expire, NO_ARGS) >= 0;
}

int db_handset_move(struct ctx *ctx, uint64_t tenant, uint64_t id, const char *from_state, const char *state, const char *result)
{
    int64_t n = stmt_do(ctx, &handset_move, ARGS(TEXT(state), TEXT(result), U64(tenant), U64(id), TEXT(from_state)));
    return n < 0 ? -1 : n > 0;
}
