/* health.c - what the health page shows. */
#include "base/base.h"
#include "store/health.h"

#define REJECTION_FIELD(kind, member, flags) FIELD_ENTRY(rejection_row, kind, member, flags)
ROW_TYPE(rejection_row, REJECTION_ROW(REJECTION_FIELD));
#define HEARTBEAT_FIELD(kind, member, flags) FIELD_ENTRY(heartbeat_row, kind, member, flags)
ROW_TYPE(heartbeat_row, HEARTBEAT_ROW(HEARTBEAT_FIELD));
#define QUEUE_FIELD(kind, member, flags) FIELD_ENTRY(queue_row, kind, member, flags)
ROW_TYPE(queue_row, QUEUE_ROW(QUEUE_FIELD));

struct count_row { int64_t n; };
#define COUNT_ROW(F) F(I64, n, 0)
#define COUNT_FIELD(kind, member, flags) FIELD_ENTRY(count_row, kind, member, flags)
extern const struct row_type count_row_type;
ROW_TYPE(count_row, COUNT_ROW(COUNT_FIELD));

/* Strangers may invent names: after twenty in a minute theirs are no longer told apart. */
/* lint: no-tenant: a refused request belongs to nobody yet */
static const struct sql rejection_count =
    SQL("INSERT INTO hook_rejection (minute,account_sid,tenant_id,reason,url) SELECT s.minute,IF(? IS NULL AND s.strangers>=20,'',?),?,?,? "
        "FROM (SELECT FROM_UNIXTIME(UNIX_TIMESTAMP() DIV 60*60) AS minute,COUNT(*) AS strangers FROM hook_rejection "
        "WHERE minute=FROM_UNIXTIME(UNIX_TIMESTAMP() DIV 60*60) AND tenant_id IS NULL) s "
        "ON DUPLICATE KEY UPDATE count=hook_rejection.count+1,url=VALUES(url)", NULL);
static const struct sql rejections =
    SQL_REPEATABLE("SELECT minute,account_sid,reason,url,count FROM hook_rejection WHERE (tenant_id=? OR tenant_id IS NULL) "
                   "AND minute>UTC_TIMESTAMP()-INTERVAL 7 DAY ORDER BY minute DESC LIMIT ?", &rejection_row_type);
/* lint: no-tenant: housekeeping over all tenants */
static const struct sql rejections_purge = SQL_REPEATABLE("DELETE FROM hook_rejection WHERE minute<UTC_TIMESTAMP()-INTERVAL 30 DAY LIMIT 1000", NULL);
static const struct sql heartbeat =
    SQL_REPEATABLE("INSERT INTO heartbeat (program,host,pid,seen_at,detail) VALUES (?,?,?,UTC_TIMESTAMP(3),?) "
                   "ON DUPLICATE KEY UPDATE pid=VALUES(pid),seen_at=VALUES(seen_at),detail=VALUES(detail)", NULL);
static const struct sql heartbeats = SQL_REPEATABLE("SELECT program,host,pid,seen_at,detail FROM heartbeat ORDER BY program,host LIMIT 100", &heartbeat_row_type);
static const struct sql queue_state =
    SQL_REPEATABLE("SELECT (SELECT COUNT(*) FROM (SELECT 1 FROM outbox WHERE state='queued' AND tenant_id=? LIMIT 1000) w),"
                   "(SELECT COUNT(*) FROM (SELECT 1 FROM outbox WHERE state='unknown' AND tenant_id=? LIMIT 1000) k),"
                   "(SELECT MIN(created_at) FROM outbox WHERE state='queued' AND tenant_id=?),"
                   "(SELECT created_at FROM message WHERE tenant_id=? AND direction=0 ORDER BY id DESC LIMIT 1),"
                   "(SELECT MAX(callback_at) FROM (SELECT callback_at FROM outbox WHERE tenant_id=? ORDER BY id DESC LIMIT 200) x),"
                   "(SELECT COALESCE(SUM(count),0) FROM hook_rejection WHERE minute>UTC_TIMESTAMP()-INTERVAL 1 HOUR AND (tenant_id=? OR tenant_id IS NULL)),"
                   "(SELECT COUNT(*) FROM (SELECT 1 FROM unrouted WHERE tenant_id=? LIMIT 1000) u),UTC_TIMESTAMP(3)", &queue_row_type);
/* lint: no-tenant: is anything configured at all? */
static const struct sql any_account = SQL_REPEATABLE("SELECT COUNT(*) FROM (SELECT 1 FROM twilio_account LIMIT 1) a", &count_row_type);

/* lint: no-tenant: the same */
static const struct sql any_model = SQL_REPEATABLE("SELECT COUNT(*) FROM (SELECT 1 FROM model_key LIMIT 1) a", &count_row_type);

bool db_rejection_count(struct ctx *ctx, uint64_t tenant, const char *account_sid, const char *reason, const char *url)
{
    return stmt_do(ctx, &rejection_count, ARGS(ID_OR_NULL(tenant), TEXT(account_sid), ID_OR_NULL(tenant), TEXT(reason), TEXT(url))) >= 0;
}

struct rows db_rejections(struct ctx *ctx, uint64_t tenant, int limit)
{
    return stmt_all(ctx, &rejections, ARGS(U64(tenant), I64(limit)));
}

int64_t db_rejections_purge(struct ctx *ctx)
{
    return stmt_do(ctx, &rejections_purge, NO_ARGS);
}

bool db_heartbeat(struct ctx *ctx, const char *program, const char *host, int64_t pid, const char *detail)
{
    return stmt_do(ctx, &heartbeat, ARGS(TEXT(program), TEXT(host), I64(pid), TEXT(detail))) >= 0;
}

struct rows db_heartbeats(struct ctx *ctx)
{
    return stmt_all(ctx, &heartbeats, NO_ARGS);
}

struct queue_row *db_queue_state(struct ctx *ctx, uint64_t t)
{
    return stmt_one(ctx, &queue_state, ARGS(U64(t), U64(t), U64(t), U64(t), U64(t), U64(t), U64(t)));
}

static int any(struct ctx *ctx, const struct sql *sql)
{
    struct count_row *r = stmt_one(ctx, sql, NO_ARGS);
    return r ? r->n > 0 : -1;
}

int db_any_account(struct ctx *ctx)
{
    return any(ctx, &any_account);
}

int db_any_model(struct ctx *ctx)
{
    return any(ctx, &any_model);
}
