/* sync.c - how far the walk through Twilio's list has come, and messages that only the list told us of. */
#include "base/base.h"
#include "store/sync.h"

#define SYNC_FIELD(kind, member, flags) FIELD_ENTRY(sync_row, kind, member, flags)
ROW_TYPE(sync_row, SYNC_ROW(SYNC_FIELD));
#define SYNC_TENANT_FIELD(kind, member, flags) FIELD_ENTRY(sync_tenant_row, kind, member, flags)
ROW_TYPE(sync_tenant_row, SYNC_TENANT_ROW(SYNC_TENANT_FIELD));

#define SYNC_SELECT                                                                                                       \
    "SELECT tenant_id,state,kind,next_uri,error,author,CAST(first_day AS DATETIME(3)),CAST(day AS DATETIME(3)),CAST(last_day AS DATETIME(3)),tries,seen,added,updated,skipped," \
    "started_at,completed_at,high_at FROM sync_state "
static const struct sql get = SQL_REPEATABLE(SYNC_SELECT "WHERE tenant_id=?", &sync_row_type);
static const struct sql seed = SQL_REPEATABLE("INSERT IGNORE INTO sync_state (tenant_id) VALUES (?)", NULL);
static const struct sql start =
    SQL("UPDATE sync_state SET state='running',kind=?,first_day=UTC_DATE(),day=UTC_DATE(),last_day=UTC_DATE()-INTERVAL ? DAY,next_uri=NULL,claim=NULL,"
        "next_at=UTC_TIMESTAMP(3),tries=0,seen=0,added=0,updated=0,skipped=0,error=NULL,author=?,started_at=UTC_TIMESTAMP(3),completed_at=NULL "
        "WHERE tenant_id=? AND state<>'running'", NULL);
/* lint: no-tenant: fcgi-cron works for all tenants; the rows name theirs */
static const struct sql tenants =
    SQL_REPEATABLE("SELECT a.tenant_id,LEAST(400,2+GREATEST(0,COALESCE(DATEDIFF(UTC_DATE(),s.high_at),0))) FROM twilio_account a JOIN tenant t ON t.id=a.tenant_id "
                   "LEFT JOIN sync_state s ON s.tenant_id=a.tenant_id WHERE t.state='active' AND COALESCE(s.state,'idle')<>'running' ORDER BY a.tenant_id LIMIT 10000",
                   &sync_tenant_row_type);
/* lint: no-tenant: fcgi-cron works for all tenants; the rows name theirs */
static const struct sql due =
    SQL_REPEATABLE(SYNC_SELECT "WHERE state='running' AND next_at<=UTC_TIMESTAMP(3) ORDER BY next_at LIMIT ?", &sync_row_type);
static const struct sql claim_one =
    SQL("UPDATE sync_state SET claim=?,next_at=UTC_TIMESTAMP(3)+INTERVAL ? SECOND WHERE tenant_id=? AND state='running' AND next_at<=UTC_TIMESTAMP(3)", NULL);
static const struct sql hold = SQL_REPEATABLE("UPDATE sync_state SET next_at=UTC_TIMESTAMP(3)+INTERVAL ? SECOND WHERE tenant_id=? AND claim=?", NULL);
/* The assignments run from left to right: `state` and `completed_at` look at the day as it was. */
static const struct sql advance =
    SQL_REPEATABLE("UPDATE sync_state SET state=IF(? IS NULL AND day<=last_day,'idle',state),completed_at=IF(state='idle',UTC_TIMESTAMP(3),NULL),"
                   "high_at=IF(state='idle',started_at,high_at),day=IF(? IS NULL AND state='running',day-INTERVAL 1 DAY,day),next_uri=?,seen=seen+?,added=added+?,"
                   "updated=updated+?,skipped=skipped+?,tries=0,error=NULL,claim=NULL,next_at=UTC_TIMESTAMP(3)+INTERVAL ?*1000 MICROSECOND "
                   "WHERE tenant_id=? AND claim=?", NULL);
static const struct sql back_off =
    SQL_REPEATABLE("UPDATE sync_state SET state=IF(?,'failed',state),tries=tries+1,error=LEFT(?,255),claim=NULL,next_at=UTC_TIMESTAMP(3)+INTERVAL ?*1000 MICROSECOND "
                   "WHERE tenant_id=? AND claim=?", NULL);
static const struct sql states_of =
    SQL_REPEATABLE("SELECT m.conversation_id,m.id,m.status,m.rank,m.error_code,m.sid,m.direction FROM message m WHERE m.tenant_id=? AND m.sid IN "
                   "(SELECT j.sid FROM JSON_TABLE(?, '$[*]' COLUMNS (sid VARCHAR(34) CHARACTER SET ascii COLLATE ascii_bin PATH '$')) j) LIMIT 1000", &state_row_type);
static const struct sql unlisted =
    SQL_REPEATABLE("SELECT m.conversation_id,m.id,m.status,m.rank,m.error_code,m.sid,m.direction FROM message m WHERE m.tenant_id=? AND m.direction=0 AND m.num_media>0 "
                   "AND m.sid IN (SELECT j.sid FROM JSON_TABLE(?, '$[*]' COLUMNS (sid VARCHAR(34) CHARACTER SET ascii COLLATE ascii_bin PATH '$')) j) AND NOT EXISTS("
                   "SELECT 1 FROM message_media x WHERE x.tenant_id=m.tenant_id AND x.conversation_id=m.conversation_id AND x.message_id=m.id) LIMIT 200", &state_row_type);
static const struct sql unsettled =
    SQL_REPEATABLE("SELECT o.tenant_id,o.id FROM outbox o JOIN message m ON m.tenant_id=o.tenant_id AND m.conversation_id=o.conversation_id AND m.id=o.message_id "
                   "JOIN conversation c ON c.tenant_id=o.tenant_id AND c.id=o.conversation_id "
                   "WHERE o.tenant_id=? AND o.state IN ('claimed','unknown') AND c.peer=? AND m.sid IS NULL LIMIT 1", &due_row_type);
static const struct sql import = SQL_REPEATABLE("CALL message_import(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)", &ingest_row_type);

struct sync_row *db_sync_get(struct ctx *ctx, uint64_t tenant)
{
    return stmt_one(ctx, &get, ARGS(U64(tenant)));
}

int db_sync_start(struct ctx *ctx, uint64_t tenant, const char *kind, int64_t days, const char *author)
{
    if (stmt_do(ctx, &seed, ARGS(U64(tenant))) < 0)
        return -1;
    return stmt_changed(ctx, &start, ARGS(TEXT(kind), I64(days), TEXT(author), U64(tenant)));
}

struct rows db_sync_tenants(struct ctx *ctx)
{
    return stmt_all(ctx, &tenants, NO_ARGS);
}

struct rows db_sync_due(struct ctx *ctx, int limit)
{
    return stmt_all(ctx, &due, ARGS(I64(limit)));
}

int db_sync_claim(struct ctx *ctx, uint64_t tenant, const char *claim, int64_t lease_s)
{
    return stmt_changed(ctx, &claim_one, ARGS(TEXT(claim), I64(lease_s), U64(tenant)));
}

int db_sync_hold(struct ctx *ctx, uint64_t tenant, const char *claim, int64_t lease_s)
{
    return stmt_changed(ctx, &hold, ARGS(I64(lease_s), U64(tenant), TEXT(claim)));
}

int db_sync_advance(struct ctx *ctx, uint64_t tenant, const char *claim, const char *next_uri, const struct sync_counts *c, int64_t pause_ms)
{
    return stmt_changed(ctx, &advance, ARGS(TEXT(next_uri), TEXT(next_uri), TEXT(next_uri), I64(c->seen), I64(c->added), I64(c->updated), I64(c->skipped),
                                               I64(pause_ms), U64(tenant), TEXT(claim)));
}

bool db_sync_back_off(struct ctx *ctx, uint64_t tenant, const char *claim, int64_t wait_ms, bool failed, const char *error)
{
    return stmt_do(ctx, &back_off, ARGS(I64(failed), TEXT(error), I64(wait_ms), U64(tenant), TEXT(claim))) >= 0;
}

struct rows db_states_of(struct ctx *ctx, uint64_t tenant, const char *json)
{
    return stmt_all(ctx, &states_of, ARGS(U64(tenant), TEXT(json)));
}

struct rows db_media_unlisted(struct ctx *ctx, uint64_t tenant, const char *json)
{
    return stmt_all(ctx, &unlisted, ARGS(U64(tenant), TEXT(json)));
}

int db_outbox_unsettled(struct ctx *ctx, uint64_t tenant, const char *peer)
{
    struct due_row *row = stmt_one(ctx, &unsettled, ARGS(U64(tenant), TEXT(peer)));
    return row ? 1 : ctx->err.code ? -1 : 0;
}

struct ingest_row *db_message_import(struct ctx *ctx, uint64_t tenant, const struct imported *m)
{
    return stmt_one(ctx, &import, ARGS(U64(tenant), TEXT(m->line), TEXT(m->peer), TEXT(m->key), TEXT(m->phone), TEXT(m->channel), TEXT(m->sid), I64(m->direction),
                                       TEXT(m->status), I64(m->rank), TEXT(m->body), TEXT(m->preview), I64(m->segments), I64(m->num_media), I64(m->error_code),
                                       TEXT(m->error_text), TIME(m->at_ms)));
}
