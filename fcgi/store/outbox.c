/* outbox.c - what is to be sent. */
#include "base/base.h"
#include "store/outbox.h"

#define OUTBOX_FIELD(kind, member, flags) FIELD_ENTRY(outbox_row, kind, member, flags)
ROW_TYPE(outbox_row, OUTBOX_ROW(OUTBOX_FIELD));
#define DUE_FIELD(kind, member, flags) FIELD_ENTRY(due_row, kind, member, flags)
ROW_TYPE(due_row, DUE_ROW(DUE_FIELD));

/* Parts of one text (services/sending.c names them "nonce+2", "nonce+3") wait for the part before to be accepted. */
#define SAME_TEXT "INSTR(o.nonce,'+')>0 AND SUBSTRING_INDEX(o.nonce,'+',1)=SUBSTRING_INDEX(e.nonce,'+',1)"
/* A later part of a text whose beginning is put off holds nobody else up. */
#define PUT_OFF                                                                                                           \
    "(INSTR(e.nonce,'+')>0 AND EXISTS(SELECT 1 FROM outbox p WHERE p.tenant_id=e.tenant_id AND p.nonce=SUBSTRING_INDEX(e.nonce,'+',1) " \
    "AND p.state='queued' AND p.attempts>0))"
/* Does an older message of the conversation, of the last ten minutes (2^12 ids are a millisecond), still wait for its first try, or one of the same text
 * for its success? */
#define EARLIER                                                                                                           \
    "EXISTS(SELECT 1 FROM outbox e WHERE e.tenant_id=o.tenant_id AND e.conversation_id=o.conversation_id AND e.message_id<o.message_id " \
    "AND e.message_id>GREATEST(o.message_id,600000*4096)-600000*4096 AND ((e.state='queued' AND e.attempts=0 AND NOT " PUT_OFF ") OR (e.state IN ('queued','claimed','unknown') AND " SAME_TEXT ")))"
/* An answer that was made by itself, and a person has written since (author_kind of store/messages.h). Of one in parts the first
 * decides: once it has left, the rest follows. */
#define TAKEN_OVER                                                                                                        \
    "((m.author_kind=3 OR (m.author_kind=4 AND o.nonce LIKE 'ai-%')) AND EXISTS(SELECT 1 FROM message h WHERE h.tenant_id=o.tenant_id " \
    "AND h.conversation_id=o.conversation_id AND h.id>o.message_id AND h.direction=1 AND h.author_kind IN (1,2)) AND (INSTR(o.nonce,'+')=0 OR " \
    "EXISTS(SELECT 1 FROM outbox f WHERE f.tenant_id=o.tenant_id AND f.nonce=SUBSTRING_INDEX(o.nonce,'+',1) AND f.state IN ('failed','canceled'))))"
#define OUTBOX_SELECT                                                                                                     \
    "SELECT o.tenant_id,o.id,o.conversation_id,o.message_id,c.line_id,o.state,l.address,c.channel,c.peer,m.body,m.simulated," \
    "o.messaging_service_sid,o.content_sid,o.content_variables,m.segments,m.num_media,o.attempts,o.looks,o.created_at,t.state," \
    "l.active,l.per_second,c.last_inbound_at,UTC_TIMESTAMP(3),m.status,m.sid,(SELECT b.state FROM bulk_batch b WHERE b.tenant_id=o.tenant_id AND b.id=o.batch_id)," EARLIER "," TAKEN_OVER ",o.next_at<=UTC_TIMESTAMP(3) FROM outbox o "                     \
    "JOIN message m ON m.tenant_id=o.tenant_id AND m.conversation_id=o.conversation_id AND m.id=o.message_id "              \
    "JOIN conversation c ON c.tenant_id=o.tenant_id AND c.id=o.conversation_id "                                           \
    "JOIN line l ON l.tenant_id=c.tenant_id AND l.id=c.line_id JOIN tenant t ON t.id=o.tenant_id "
static const struct sql outbox_get = SQL_REPEATABLE(OUTBOX_SELECT "WHERE o.tenant_id=? AND o.id=?", &outbox_row_type);
static const struct sql outbox_by_nonce = SQL_REPEATABLE(OUTBOX_SELECT "WHERE o.tenant_id=? AND o.nonce=?", &outbox_row_type);
static const struct sql outbox_insert =
    SQL("INSERT INTO outbox (tenant_id,conversation_id,message_id,state,nonce,messaging_service_sid,content_sid,content_variables,batch_id,claim,next_at) "
        "VALUES (?,?,?,?,?,?,?,?,?,?,UTC_TIMESTAMP(3)+INTERVAL ?*1000 MICROSECOND)", NULL);
/* lint: no-tenant: fcgi-cron works for all tenants; the rows name theirs */
static const struct sql outbox_due =
    SQL_REPEATABLE("SELECT tenant_id,id FROM outbox WHERE state=? AND next_at<=UTC_TIMESTAMP(3) ORDER BY next_at,id LIMIT ?", &due_row_type);
static const struct sql outbox_hold =
    SQL("UPDATE outbox SET claim=?,next_at=UTC_TIMESTAMP(3)+INTERVAL ?*1000 MICROSECOND "
        "WHERE tenant_id=? AND id=? AND state='queued' AND next_at<=UTC_TIMESTAMP(3)", NULL);
/* Who was slow and lost its hold to another, or to a gate that closed meanwhile, must not get it. */
static const struct sql outbox_claim =
    SQL("UPDATE outbox SET state='claimed',attempts=attempts+1,next_at=UTC_TIMESTAMP(3)+INTERVAL ? SECOND "
        "WHERE tenant_id=? AND id=? AND state='queued' AND claim=?", NULL);
static const struct sql outbox_put_off =
    SQL_REPEATABLE("UPDATE outbox SET claim=NULL,next_at=UTC_TIMESTAMP(3)+INTERVAL ?*1000 MICROSECOND,last_error=LEFT(?,255) "
                   "WHERE tenant_id=? AND id=? AND state='queued' AND (claim=? OR next_at<=UTC_TIMESTAMP(3))", NULL);
/* A provider's words may be longer than the column. */
static const struct sql outbox_release =
    SQL_REPEATABLE("UPDATE outbox SET state=?,claim=NULL,next_at=UTC_TIMESTAMP(3)+INTERVAL ?*1000 MICROSECOND,last_error=LEFT(?,255) "
                   "WHERE tenant_id=? AND id=? AND claim=?", NULL);
static const struct sql outbox_return =
    SQL_REPEATABLE("UPDATE outbox SET attempts=attempts-(state='claimed'),state='queued',claim=NULL,next_at=UTC_TIMESTAMP(3)+INTERVAL ?*1000 MICROSECOND "
                   "WHERE tenant_id=? AND id=? AND claim=? AND state IN ('queued','claimed')", NULL);
/* lint: no-tenant: housekeeping over all tenants */
static const struct sql outbox_expire =
    SQL_REPEATABLE("UPDATE outbox SET state='unknown',claim=NULL,last_error='the sender stopped in the middle' "
                   "WHERE state='claimed' AND next_at<=UTC_TIMESTAMP(3)", NULL);
static const struct sql outbox_move =
    SQL_REPEATABLE("UPDATE outbox SET state=?,claim=NULL,next_at=UTC_TIMESTAMP(3)+INTERVAL ?*1000 MICROSECOND,last_error=COALESCE(LEFT(?,255),last_error) "
                   "WHERE tenant_id=? AND id=? AND state=?", NULL);
static const struct sql outbox_take =
    SQL("UPDATE outbox SET next_at=UTC_TIMESTAMP(3)+INTERVAL ?*1000 MICROSECOND WHERE tenant_id=? AND id=? AND state=? AND next_at<=UTC_TIMESTAMP(3)", NULL);
/* From the claimed rows, which are few. */
static const struct sql outbox_sibling =
    SQL_REPEATABLE("SELECT o.tenant_id,o.id FROM outbox o FORCE INDEX (ix_outbox_due) JOIN message m ON m.tenant_id=o.tenant_id AND m.conversation_id=o.conversation_id "
                   "AND m.id=o.message_id JOIN conversation c ON c.tenant_id=o.tenant_id AND c.id=o.conversation_id "
                   "WHERE o.tenant_id=? AND o.state='claimed' AND c.peer=? AND m.sid IS NULL LIMIT 1", &due_row_type);
static const struct sql outbox_looked =
    SQL("UPDATE outbox SET looks=looks+1,next_at=UTC_TIMESTAMP(3)+INTERVAL ?*1000 MICROSECOND WHERE tenant_id=? AND id=? AND state='unknown'", NULL);
static const struct sql outbox_callback = SQL_REPEATABLE("UPDATE outbox SET callback_at=UTC_TIMESTAMP(3) WHERE tenant_id=? AND id=?", NULL);

uint64_t db_outbox_insert(struct ctx *ctx, uint64_t tenant, const struct outbox_new *r)
{
    if (stmt_do(ctx, &outbox_insert, ARGS(U64(tenant), U64(r->conversation_id), U64(r->message_id), TEXT(r->state), TEXT(r->nonce),
                                          TEXT(r->messaging_service_sid), TEXT(r->content_sid), TEXT(r->content_variables), ID_OR_NULL(r->batch_id), TEXT(r->claim), I64(r->in_ms))) < 0)
        return 0;
    return stmt_insert_id(ctx);
}

struct outbox_row *db_outbox_get(struct ctx *ctx, uint64_t tenant, uint64_t id)
{
    return stmt_one(ctx, &outbox_get, ARGS(U64(tenant), U64(id)));
}

struct outbox_row *db_outbox_by_nonce(struct ctx *ctx, uint64_t tenant, const char *nonce)
{
    return stmt_one(ctx, &outbox_by_nonce, ARGS(U64(tenant), TEXT(nonce)));
}

struct rows db_outbox_due(struct ctx *ctx, const char *state, int limit)
{
    return stmt_all(ctx, &outbox_due, ARGS(TEXT(state), I64(limit)));
}

int db_outbox_hold(struct ctx *ctx, uint64_t tenant, uint64_t id, const char *claim, int64_t hold_ms)
{
    return stmt_changed(ctx, &outbox_hold, ARGS(TEXT(claim), I64(hold_ms), U64(tenant), U64(id)));
}

int db_outbox_claim(struct ctx *ctx, uint64_t tenant, uint64_t id, const char *claim, int64_t lease_s)
{
    return stmt_changed(ctx, &outbox_claim, ARGS(I64(lease_s), U64(tenant), U64(id), TEXT(claim)));
}

int db_outbox_put_off(struct ctx *ctx, uint64_t tenant, uint64_t id, const char *claim, int64_t in_ms, const char *why)
{
    return stmt_changed(ctx, &outbox_put_off, ARGS(I64(in_ms), TEXT(why), U64(tenant), U64(id), TEXT(claim)));
}

int db_outbox_release(struct ctx *ctx, uint64_t tenant, uint64_t id, const char *claim, const char *state, int64_t in_ms, const char *error)
{
    return stmt_changed(ctx, &outbox_release, ARGS(TEXT(state), I64(in_ms), TEXT(error), U64(tenant), U64(id), TEXT(claim)));
}

int db_outbox_return(struct ctx *ctx, uint64_t tenant, uint64_t id, const char *claim, int64_t in_ms)
{
    return stmt_changed(ctx, &outbox_return, ARGS(I64(in_ms), U64(tenant), U64(id), TEXT(claim)));
}

int64_t db_outbox_expire(struct ctx *ctx)
{
    return stmt_do(ctx, &outbox_expire, NO_ARGS);
}

int db_outbox_move(struct ctx *ctx, uint64_t tenant, uint64_t id, const char *from, const char *to, int64_t in_ms, const char *error)
{
    return stmt_changed(ctx, &outbox_move, ARGS(TEXT(to), I64(in_ms), TEXT(error), U64(tenant), U64(id), TEXT(from)));
}

int db_outbox_take(struct ctx *ctx, uint64_t tenant, uint64_t id, const char *state, int64_t in_ms)
{
    return stmt_changed(ctx, &outbox_take, ARGS(I64(in_ms), U64(tenant), U64(id), TEXT(state)));
}

int db_outbox_in_the_air(struct ctx *ctx, uint64_t tenant, const char *peer)
{
    struct due_row *row = stmt_one(ctx, &outbox_sibling, ARGS(U64(tenant), TEXT(peer)));
    return row ? 1 : ctx->err.code ? -1 : 0;
}

bool db_outbox_looked(struct ctx *ctx, uint64_t tenant, uint64_t id, int64_t in_ms)
{
    return stmt_do(ctx, &outbox_looked, ARGS(I64(in_ms), U64(tenant), U64(id))) >= 0;
}

bool db_outbox_callback(struct ctx *ctx, uint64_t tenant, uint64_t id)
{
    return stmt_do(ctx, &outbox_callback, ARGS(U64(tenant), U64(id))) >= 0;
}
