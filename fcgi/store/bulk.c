/* bulk.c - batches and their recipients. */
#include "base/base.h"
#include "store/bulk.h"

#define BATCH_FIELD(kind, member, flags) FIELD_ENTRY(batch_row, kind, member, flags)
ROW_TYPE(batch_row, BATCH_ROW(BATCH_FIELD));
#define RECIPIENT_FIELD(kind, member, flags) FIELD_ENTRY(recipient_row, kind, member, flags)
ROW_TYPE(recipient_row, RECIPIENT_ROW(RECIPIENT_FIELD));
#define ACTIVE_FIELD(kind, member, flags) FIELD_ENTRY(active_row, kind, member, flags)
ROW_TYPE(active_row, ACTIVE_ROW(ACTIVE_FIELD));

#define COUNTED(state) "CAST(COALESCE(SUM(r.state='" state "'),0) AS SIGNED)"
#define BATCH_COLUMNS                                                                                                     \
    "b.tenant_id,b.id,b.line_id,l.address,b.messaging_service_sid,b.body,b.state,b.error,b.author,b.scheduled_at,b.started_at,b.completed_at," \
    "b.created_at,CAST(COALESCE(SUM(r.state<>'duplicate'),0) AS SIGNED)," COUNTED("sent") "," COUNTED("failed") "," COUNTED("invalid") "," \
    COUNTED("duplicate") "," COUNTED("canceled") "," COUNTED("queued") "," COUNTED("pending") " "
#define BATCH_JOIN                                                                                                        \
    "JOIN line l ON l.tenant_id=b.tenant_id AND l.id=b.line_id LEFT JOIN bulk_recipient r ON r.tenant_id=b.tenant_id AND r.batch_id=b.id "

static const struct sql batch_insert =
    SQL("INSERT INTO bulk_batch (tenant_id,line_id,messaging_service_sid,nonce,body,state,author_id,author,scheduled_at) VALUES (?,?,?,?,?,'pending',?,?,?)", NULL);
static const struct sql recipients_insert =
    SQL("INSERT INTO bulk_recipient (tenant_id,batch_id,id,number_raw,address,state) SELECT ?,?,j.i,j.r,j.a,j.s FROM JSON_TABLE(?, '$[*]' COLUMNS "
        "(i INT UNSIGNED PATH '$.i', r VARCHAR(255) PATH '$.r', a VARCHAR(255) PATH '$.a', s VARCHAR(12) PATH '$.s')) j", NULL);
static const struct sql batches =
    SQL_REPEATABLE("SELECT " BATCH_COLUMNS "FROM (SELECT * FROM bulk_batch WHERE tenant_id=? AND id<? ORDER BY id DESC LIMIT ?) b " BATCH_JOIN
                   "GROUP BY b.id ORDER BY b.id DESC", &batch_row_type);
static const struct sql batch_get =
    SQL_REPEATABLE("SELECT " BATCH_COLUMNS "FROM bulk_batch b " BATCH_JOIN "WHERE b.tenant_id=? AND b.id=? GROUP BY b.id", &batch_row_type);
static const struct sql batch_by_nonce = SQL_REPEATABLE("SELECT tenant_id,id,state FROM bulk_batch WHERE tenant_id=? AND nonce=?", &active_row_type);
#define RECIPIENT_SELECT                                                                                                  \
    "SELECT r.id,r.number_raw,r.address,r.state,r.error,r.attempt,r.settled_at,COALESCE(r.conversation_id,0),COALESCE(r.message_id,0),m.sid,m.status," \
    "m.error_code,m.error_text FROM bulk_recipient r LEFT JOIN message m ON m.tenant_id=r.tenant_id AND m.conversation_id=r.conversation_id AND m.id=r.message_id "
static const struct sql recipients_all = SQL_REPEATABLE(RECIPIENT_SELECT "WHERE r.tenant_id=? AND r.batch_id=? AND r.id>? ORDER BY r.id LIMIT ?", &recipient_row_type);
static const struct sql recipients_in =
    SQL_REPEATABLE(RECIPIENT_SELECT "WHERE r.tenant_id=? AND r.batch_id=? AND r.state=? AND r.id>? ORDER BY r.id LIMIT ?", &recipient_row_type);
/* lint: no-tenant: fcgi-cron works for all tenants; the rows name theirs */
static const struct sql active =
    SQL_REPEATABLE("SELECT b.tenant_id,b.id,b.state FROM bulk_batch b WHERE b.state IN ('processing','pending','paused','canceled') AND (b.state='processing' "
                   "OR (b.state='pending' AND COALESCE(b.scheduled_at,b.created_at)<=UTC_TIMESTAMP(3)) OR (b.state IN ('paused','canceled') AND EXISTS("
                   "SELECT 1 FROM bulk_recipient r WHERE r.tenant_id=b.tenant_id AND r.batch_id=b.id AND r.state='queued'))) ORDER BY b.id LIMIT ?", &active_row_type);
static const struct sql batch_move =
    SQL_REPEATABLE("UPDATE bulk_batch SET state=?,started_at=IF(state='processing',COALESCE(started_at,UTC_TIMESTAMP(3)),started_at),"
                   "completed_at=IF(state IN ('completed','completed_with_errors','failed','canceled'),UTC_TIMESTAMP(3),NULL) WHERE tenant_id=? AND id=? AND state=?", NULL);
static const struct sql take =
    SQL("UPDATE bulk_recipient r JOIN bulk_batch b ON b.tenant_id=r.tenant_id AND b.id=r.batch_id SET r.state='queued',r.attempt=r.attempt+1,r.conversation_id=?,"
        "r.message_id=?,r.error=NULL,r.settled_at=NULL WHERE r.tenant_id=? AND r.batch_id=? AND r.id=? AND r.attempt=? AND r.state='pending' AND b.state='processing'", NULL);
static const struct sql fail_one =
    SQL_REPEATABLE("UPDATE bulk_recipient SET state='failed',error=LEFT(?,500),settled_at=UTC_TIMESTAMP(3) WHERE tenant_id=? AND batch_id=? AND id=? AND state='pending'", NULL);
static const struct sql settle =
    SQL_REPEATABLE("UPDATE bulk_recipient r JOIN message m ON m.tenant_id=r.tenant_id AND m.conversation_id=r.conversation_id AND m.id=r.message_id "
                   "SET r.state=IF(m.status='canceled','canceled',IF(m.status IN ('failed','undelivered'),'failed','sent')),r.settled_at=UTC_TIMESTAMP(3) "
                   "WHERE r.tenant_id=? AND r.batch_id=? AND r.state='queued' AND (m.sid IS NOT NULL OR m.status IN ('failed','undelivered','canceled'))", NULL);
static const struct sql cancel_all =
    SQL_REPEATABLE("UPDATE bulk_recipient SET state='canceled',settled_at=UTC_TIMESTAMP(3) WHERE tenant_id=? AND batch_id=? AND state='pending'", NULL);
/* Not what somebody has sent again by hand (store/again.h). */
static const struct sql again =
    SQL("UPDATE bulk_recipient SET state='pending',error=NULL,settled_at=NULL WHERE tenant_id=? AND batch_id=? AND id=? AND state='failed' AND NOT EXISTS("
        "SELECT 1 FROM outbox a WHERE a.tenant_id=bulk_recipient.tenant_id AND a.nonce=CONCAT('again-',bulk_recipient.conversation_id,'-',bulk_recipient.message_id))", NULL);

static const struct sql age_delete =
    SQL_REPEATABLE("DELETE FROM bulk_batch WHERE tenant_id=? AND completed_at<UTC_TIMESTAMP(3)-INTERVAL ? DAY ORDER BY id LIMIT 100", NULL);
static const struct sql age_redact =
    SQL_REPEATABLE("UPDATE bulk_batch SET body='' WHERE tenant_id=? AND completed_at<UTC_TIMESTAMP(3)-INTERVAL ? DAY AND body<>'' ORDER BY id LIMIT 100", NULL);

int64_t db_batches_age(struct ctx *ctx, uint64_t tenant, bool delete, int64_t days)
{
    return stmt_do(ctx, delete ? &age_delete : &age_redact, ARGS(U64(tenant), I64(days)));
}

uint64_t db_batch_insert(struct ctx *ctx, uint64_t tenant, const struct batch_new *b)
{
    if (stmt_do(ctx, &batch_insert, ARGS(U64(tenant), U64(b->line_id), TEXT(b->messaging_service_sid), TEXT(b->nonce), TEXT(b->body), ID_OR_NULL(b->author_id),
                                         TEXT(b->author), TIME(b->scheduled_ms))) < 0)
        return 0;
    return stmt_insert_id(ctx);
}

bool db_recipients_insert(struct ctx *ctx, uint64_t tenant, uint64_t batch, const char *json)
{
    return stmt_do(ctx, &recipients_insert, ARGS(U64(tenant), U64(batch), TEXT(json))) >= 0;
}

uint64_t db_batch_by_nonce(struct ctx *ctx, uint64_t tenant, const char *nonce)
{
    const struct active_row *row = stmt_one(ctx, &batch_by_nonce, ARGS(U64(tenant), TEXT(nonce)));
    return row ? row->id : 0;
}

struct rows db_batches(struct ctx *ctx, uint64_t tenant, uint64_t before, int limit)
{
    return stmt_all(ctx, &batches, ARGS(U64(tenant), U64(before ? before : INT64_MAX), I64(limit)));
}

struct batch_row *db_batch_get(struct ctx *ctx, uint64_t tenant, uint64_t id)
{
    return stmt_one(ctx, &batch_get, ARGS(U64(tenant), U64(id)));
}

struct rows db_recipients(struct ctx *ctx, uint64_t tenant, uint64_t batch, const char *state, uint64_t after, int limit)
{
    if (state)
        return stmt_all(ctx, &recipients_in, ARGS(U64(tenant), U64(batch), TEXT(state), U64(after), I64(limit)));
    return stmt_all(ctx, &recipients_all, ARGS(U64(tenant), U64(batch), U64(after), I64(limit)));
}

struct rows db_batches_active(struct ctx *ctx, int limit)
{
    return stmt_all(ctx, &active, ARGS(I64(limit)));
}

int db_batch_move(struct ctx *ctx, uint64_t tenant, uint64_t id, const char *from, const char *to)
{
    return stmt_changed(ctx, &batch_move, ARGS(TEXT(to), U64(tenant), U64(id), TEXT(from)));
}

int db_recipient_take(struct ctx *ctx, uint64_t tenant, uint64_t batch, uint64_t id, int64_t attempt, uint64_t conversation, uint64_t message)
{
    return stmt_changed(ctx, &take, ARGS(U64(conversation), U64(message), U64(tenant), U64(batch), U64(id), I64(attempt)));
}

bool db_recipient_fail(struct ctx *ctx, uint64_t tenant, uint64_t batch, uint64_t id, const char *error)
{
    return stmt_do(ctx, &fail_one, ARGS(TEXT(error), U64(tenant), U64(batch), U64(id))) >= 0;
}

int64_t db_recipients_settle(struct ctx *ctx, uint64_t tenant, uint64_t batch)
{
    return stmt_do(ctx, &settle, ARGS(U64(tenant), U64(batch)));
}

int64_t db_recipients_cancel(struct ctx *ctx, uint64_t tenant, uint64_t batch)
{
    return stmt_do(ctx, &cancel_all, ARGS(U64(tenant), U64(batch)));
}

int db_recipient_again(struct ctx *ctx, uint64_t tenant, uint64_t batch, uint64_t id)
{
    return stmt_changed(ctx, &again, ARGS(U64(tenant), U64(batch), U64(id)));
}
