/* removed.c - messages and conversations out of our tables. */
#include "base/base.h"
#include "store/removal.h"
#include "store/removed.h"

#define REMOVABLE_FIELD(kind, member, flags) FIELD_ENTRY(removable_row, kind, member, flags)
ROW_TYPE(removable_row, REMOVABLE_ROW(REMOVABLE_FIELD));
#define TALK_FIELD(kind, member, flags) FIELD_ENTRY(talk_row, kind, member, flags)
ROW_TYPE(talk_row, TALK_ROW(TALK_FIELD));

#define NEWEST_FIELD(kind, member, flags) FIELD_ENTRY(newest_row, kind, member, flags)
ROW_TYPE(newest_row, NEWEST_ROW(NEWEST_FIELD));

struct word_row { const char *word; };
#define WORD_ROW(F) F(TEXT, word, 0)
#define WORD_FIELD(kind, member, flags) FIELD_ENTRY(word_row, kind, member, flags)
extern const struct row_type word_row_type;
ROW_TYPE(word_row, WORD_ROW(WORD_FIELD));
#define REMOVED_FIELD(kind, member, flags) FIELD_ENTRY(removed_row, kind, member, flags)
ROW_TYPE(removed_row, REMOVED_ROW(REMOVED_FIELD));

#define REMOVABLE                                                                                                          \
    "SELECT m.conversation_id,m.id,m.direction,m.sid,m.status,m.simulated,m.body='',m.num_media,"                           \
    "(SELECT o.state FROM outbox o WHERE o.tenant_id=m.tenant_id AND o.conversation_id=m.conversation_id AND o.message_id=m.id LIMIT 1) FROM message m "
static const struct sql removable_by_sid = SQL_REPEATABLE(REMOVABLE "WHERE m.tenant_id=? AND m.sid=?", &removable_row_type);
static const struct sql removable =
    SQL_REPEATABLE(REMOVABLE "WHERE m.tenant_id=? AND m.conversation_id=? AND m.id=? AND m.direction<2", &removable_row_type);
/* From the few rows that are in these states, not from a conversation's many. */
static const struct sql unsettled =
    SQL_REPEATABLE("SELECT o.tenant_id,o.message_id FROM outbox o FORCE INDEX (ix_outbox_due) JOIN message m ON m.tenant_id=o.tenant_id "
                   "AND m.conversation_id=o.conversation_id AND m.id=o.message_id WHERE o.tenant_id=? AND o.state IN ('claimed','unknown') AND o.conversation_id=? "
                   "AND m.sid IS NULL ORDER BY o.message_id LIMIT ?", &removal_due_row_type);
static const struct sql talks_of =
    SQL_REPEATABLE("SELECT c.id,c.contact_id,c.last_message_id,c.peer FROM conversation c WHERE c.tenant_id=? AND c.contact_id IN "
                   "(SELECT id FROM contact WHERE tenant_id=? AND address_key=?) ORDER BY c.id LIMIT ?", &talk_row_type);
static const struct sql talk_get = SQL_REPEATABLE("SELECT id,contact_id,last_message_id,peer FROM conversation WHERE tenant_id=? AND id=?", &talk_row_type);
static const struct sql talk_lock = SQL_REPEATABLE("UPDATE conversation SET changed_at=GREATEST(UTC_TIMESTAMP(3),GREATEST(last_at,changed_at)+INTERVAL 1000 MICROSECOND) WHERE tenant_id=? AND id=?", NULL);
static const struct sql redact =
    SQL_REPEATABLE("UPDATE message SET body='',extra='{\"Redacted\":\"1\"}',num_media=0,error_text=IF(error_code IS NULL,error_text,NULL) "
                   "WHERE tenant_id=? AND conversation_id=? AND id=?", NULL);
static const struct sql preview_blank = SQL_REPEATABLE("UPDATE conversation SET preview='' WHERE tenant_id=? AND id=? AND last_message_id=?", NULL);
static const struct sql media_delete = SQL_REPEATABLE("DELETE FROM message_media WHERE tenant_id=? AND conversation_id=? AND message_id=?", NULL);
static const struct sql outbox_blank =
    SQL_REPEATABLE("UPDATE outbox SET content_variables=NULL,last_error=NULL WHERE tenant_id=? AND conversation_id=? AND message_id=?", NULL);
static const struct sql outbox_withdraw =
    SQL_REPEATABLE("UPDATE outbox SET state='canceled',claim=NULL WHERE tenant_id=? AND conversation_id=? AND message_id=? AND state='queued'", NULL);
/* A batch of which it is one does not wait for it any more. */
static const struct sql recipient_settle =
    SQL_REPEATABLE("UPDATE bulk_recipient r JOIN outbox o ON o.tenant_id=r.tenant_id AND o.batch_id=r.batch_id JOIN message m ON m.tenant_id=o.tenant_id "
                   "AND m.conversation_id=o.conversation_id AND m.id=o.message_id SET r.state=IF(m.sid IS NULL,'canceled','sent'),r.settled_at=UTC_TIMESTAMP(3) "
                   "WHERE o.tenant_id=? AND o.conversation_id=? AND o.message_id=? AND r.message_id=o.message_id AND r.state='queued'", NULL);
/* A model's proposal may say what was taken away. */
static const struct sql draft_delete = SQL_REPEATABLE("DELETE FROM ai_draft WHERE tenant_id=? AND conversation_id=?", NULL);
static const struct sql message_delete = SQL_REPEATABLE("DELETE FROM message WHERE tenant_id=? AND conversation_id=? AND id=?", NULL);
/* Not counted yet: counted now, because it was. Behind a refresh that is under way this waits, and then knows how far it came. */
static const struct sql totals_keep =
    SQL("INSERT INTO message_total (tenant_id,upto_id,inbound,outbound,updated_at) VALUES (?,0,?,?,UTC_TIMESTAMP(3)) "
        "ON DUPLICATE KEY UPDATE inbound=message_total.inbound+IF(upto_id<?,VALUES(inbound),0),outbound=message_total.outbound+IF(upto_id<?,VALUES(outbound),0)", NULL);
static const struct sql newest =
    SQL_REPEATABLE("SELECT id,direction,status,body FROM message WHERE tenant_id=? AND conversation_id=? AND direction<2 ORDER BY id DESC LIMIT 1", &newest_row_type);
static const struct sql talk_less =
    SQL("UPDATE conversation SET message_count=GREATEST(message_count,1)-1 WHERE tenant_id=? AND id=?", NULL);
static const struct sql talk_newest =
    SQL_REPEATABLE("UPDATE conversation SET last_message_id=?,last_at=TIMESTAMP'2020-01-01 00:00:00'+INTERVAL (? DIV 4096)*1000 MICROSECOND,last_direction=?,"
                   "last_status=?,preview=? WHERE tenant_id=? AND id=?", NULL);
/* Where it stood in the list it stays: it was used then. */
static const struct sql talk_emptied =
    SQL_REPEATABLE("UPDATE conversation SET last_message_id=0,last_direction=0,last_status='',preview='' WHERE tenant_id=? AND id=?", NULL);
static const struct sql events_blank = SQL_REPEATABLE("UPDATE message_event SET detail=NULL,error_text=NULL WHERE tenant_id=? AND sid=?", NULL);
static const struct sql events_delete = SQL_REPEATABLE("DELETE FROM message_event WHERE tenant_id=? AND sid=?", NULL);
static const struct sql unrouted_delete = SQL_REPEATABLE("DELETE FROM unrouted WHERE tenant_id=? AND sid=?", NULL);
static const struct sql unrouted_redact = SQL_REPEATABLE("UPDATE unrouted SET body='',detail='{}' WHERE tenant_id=? AND sid=?", NULL);
static const struct sql removed_put =
    SQL_REPEATABLE("INSERT INTO removed_message (tenant_id,sid,action,removed_at) VALUES (?,?,?,UTC_TIMESTAMP(3)) "
                   "ON DUPLICATE KEY UPDATE action=IF(action='delete',action,VALUES(action)),removed_at=VALUES(removed_at)", NULL);
static const struct sql removed_among =
    SQL_REPEATABLE("SELECT r.sid FROM removed_message r WHERE r.tenant_id=? AND r.sid IN (SELECT j.sid FROM JSON_TABLE(?, '$[*]' COLUMNS "
                   "(sid VARCHAR(34) CHARACTER SET ascii COLLATE ascii_bin PATH '$')) j) LIMIT 1000", &removed_row_type);
static const struct sql removed_get = SQL_REPEATABLE("SELECT action FROM removed_message WHERE tenant_id=? AND sid=?", &word_row_type);
/* lint: no-tenant: housekeeping over all tenants */
static const struct sql removed_purge = SQL_REPEATABLE("DELETE FROM removed_message WHERE removed_at<UTC_TIMESTAMP(3)-INTERVAL 400 DAY LIMIT 1000", NULL);
/* What failed is named in its report, which stays. */
/* lint: no-tenant: the same */
static const struct sql requests_purge =
    SQL_REPEATABLE("DELETE FROM removal_request WHERE state='done' AND failed=0 AND ended_at<UTC_TIMESTAMP(3)-INTERVAL 400 DAY LIMIT 1000", NULL);
static const struct sql notes_delete = SQL_REPEATABLE("DELETE FROM message WHERE tenant_id=? AND conversation_id=? AND direction=2", NULL);
static const struct sql talk_delete = SQL_REPEATABLE("DELETE FROM conversation WHERE tenant_id=? AND id=?", NULL);
/* Live lists follow the times of the rows that are there; this one tells them to look again. */
static const struct sql list_touch =
    SQL_REPEATABLE("UPDATE conversation SET changed_at=GREATEST(UTC_TIMESTAMP(3),GREATEST(last_at,changed_at)+INTERVAL 1000 MICROSECOND) WHERE tenant_id=? ORDER BY last_at DESC,id DESC LIMIT 1", NULL);
static const struct sql contact_delete =
    SQL_REPEATABLE("DELETE FROM contact WHERE tenant_id=? AND id=? AND NOT EXISTS (SELECT 1 FROM conversation c WHERE c.tenant_id=? AND c.contact_id=?)", NULL);
static const struct sql talks_empty =
    SQL_REPEATABLE("SELECT id,contact_id,last_message_id,peer FROM conversation WHERE tenant_id=? AND last_at<UTC_TIMESTAMP(3)-INTERVAL ? DAY AND message_count=0 "
                   "ORDER BY last_at,id LIMIT ?", &talk_row_type);

struct removable_row *db_removable_by_sid(struct ctx *ctx, uint64_t tenant, const char *sid)
{
    return stmt_one(ctx, &removable_by_sid, ARGS(U64(tenant), TEXT(sid)));
}

struct removable_row *db_removable(struct ctx *ctx, uint64_t tenant, uint64_t conversation, uint64_t id)
{
    return stmt_one(ctx, &removable, ARGS(U64(tenant), U64(conversation), U64(id)));
}

struct rows db_unsettled_of(struct ctx *ctx, uint64_t tenant, uint64_t conversation, int limit)
{
    return stmt_all(ctx, &unsettled, ARGS(U64(tenant), U64(conversation), I64(limit)));
}

struct rows db_talks_of(struct ctx *ctx, uint64_t tenant, const char *address_key, int limit)
{
    return stmt_all(ctx, &talks_of, ARGS(U64(tenant), U64(tenant), TEXT(address_key), I64(limit)));
}

struct talk_row *db_talk(struct ctx *ctx, uint64_t tenant, uint64_t conversation)
{
    return stmt_one(ctx, &talk_get, ARGS(U64(tenant), U64(conversation)));
}

int db_talk_lock(struct ctx *ctx, uint64_t tenant, uint64_t conversation)
{
    int64_t n = stmt_do(ctx, &talk_lock, ARGS(U64(tenant), U64(conversation)));
    return n < 0 ? -1 : n > 0;
}

bool db_message_redact(struct ctx *ctx, uint64_t tenant, uint64_t conversation, uint64_t id)
{
    return stmt_do(ctx, &redact, ARGS(U64(tenant), U64(conversation), U64(id))) >= 0 &&
           stmt_do(ctx, &media_delete, ARGS(U64(tenant), U64(conversation), U64(id))) >= 0 &&
           stmt_do(ctx, &outbox_blank, ARGS(U64(tenant), U64(conversation), U64(id))) >= 0 &&
           stmt_do(ctx, &draft_delete, ARGS(U64(tenant), U64(conversation))) >= 0 &&
           stmt_do(ctx, &preview_blank, ARGS(U64(tenant), U64(conversation), U64(id))) >= 0;
}

bool db_outbox_withdraw(struct ctx *ctx, uint64_t tenant, uint64_t conversation, uint64_t id)
{
    return stmt_do(ctx, &outbox_withdraw, ARGS(U64(tenant), U64(conversation), U64(id))) >= 0;
}

struct newest_row *db_newest(struct ctx *ctx, uint64_t tenant, uint64_t conversation)
{
    return stmt_one(ctx, &newest, ARGS(U64(tenant), U64(conversation)));
}

bool db_talk_shows(struct ctx *ctx, uint64_t tenant, uint64_t conversation, const struct newest_row *n, const char *preview)
{
    if (!n)
        return stmt_do(ctx, &talk_emptied, ARGS(U64(tenant), U64(conversation))) >= 0;
    return stmt_do(ctx, &talk_newest, ARGS(U64(n->id), U64(n->id), I64(n->direction), TEXT(n->status), TEXT(preview), U64(tenant), U64(conversation))) >= 0;
}

int db_message_delete(struct ctx *ctx, uint64_t tenant, const struct removable_row *m)
{
    if (stmt_do(ctx, &recipient_settle, ARGS(U64(tenant), U64(m->conversation_id), U64(m->id))) < 0 ||
        stmt_do(ctx, &draft_delete, ARGS(U64(tenant), U64(m->conversation_id))) < 0)
        return -1;
    int64_t n = stmt_do(ctx, &message_delete, ARGS(U64(tenant), U64(m->conversation_id), U64(m->id)));
    if (n <= 0)
        return n < 0 ? -1 : 0;
    int64_t in = m->direction == 0, out = m->direction == 1;
    return stmt_do(ctx, &totals_keep, ARGS(U64(tenant), I64(in), I64(out), U64(m->id), U64(m->id))) >= 0 &&
           stmt_do(ctx, &talk_less, ARGS(U64(tenant), U64(m->conversation_id))) >= 0 ? 1 : -1;
}

bool db_events_blank(struct ctx *ctx, uint64_t tenant, const char *sid)
{
    return stmt_do(ctx, &events_blank, ARGS(U64(tenant), TEXT(sid))) >= 0;
}

bool db_events_delete(struct ctx *ctx, uint64_t tenant, const char *sid)
{
    return stmt_do(ctx, &events_delete, ARGS(U64(tenant), TEXT(sid))) >= 0;
}

int64_t db_unrouted_remove(struct ctx *ctx, uint64_t tenant, const char *sid, bool redact_only)
{
    return stmt_do(ctx, redact_only ? &unrouted_redact : &unrouted_delete, ARGS(U64(tenant), TEXT(sid)));
}

bool db_removed_put(struct ctx *ctx, uint64_t tenant, const char *sid, const char *action)
{
    return stmt_do(ctx, &removed_put, ARGS(U64(tenant), TEXT(sid), TEXT(action))) >= 0;
}

struct rows db_removed_among(struct ctx *ctx, uint64_t tenant, const char *json)
{
    return stmt_all(ctx, &removed_among, ARGS(U64(tenant), TEXT(json)));
}

const char *db_removed_action(struct ctx *ctx, uint64_t tenant, const char *sid)
{
    const struct word_row *w = stmt_one(ctx, &removed_get, ARGS(U64(tenant), TEXT(sid)));
    return w ? w->word : NULL;
}

int64_t db_removed_purge(struct ctx *ctx)
{
    int64_t messages = stmt_do(ctx, &removed_purge, NO_ARGS), reports = stmt_do(ctx, &requests_purge, NO_ARGS);
    return messages < 0 || reports < 0 ? -1 : messages + reports;
}

int db_talk_remove(struct ctx *ctx, uint64_t tenant, const struct talk_row *talk, bool contact)
{
    int there = db_talk_lock(ctx, tenant, talk->id);
    if (there <= 0)
        return there;
    if (stmt_one(ctx, &newest, ARGS(U64(tenant), U64(talk->id))) || ctx->err.code)
        return ctx->err.code ? -1 : 0;
    if (stmt_do(ctx, &notes_delete, ARGS(U64(tenant), U64(talk->id))) < 0 || stmt_do(ctx, &talk_delete, ARGS(U64(tenant), U64(talk->id))) < 0)
        return -1;
    return !contact || stmt_do(ctx, &contact_delete, ARGS(U64(tenant), U64(talk->contact_id), U64(tenant), U64(talk->contact_id))) >= 0 ? 1 : -1;
}

bool db_list_touch(struct ctx *ctx, uint64_t tenant)
{
    return stmt_do(ctx, &list_touch, ARGS(U64(tenant))) >= 0;
}

struct rows db_talks_empty(struct ctx *ctx, uint64_t tenant, int64_t days, int limit)
{
    return stmt_all(ctx, &talks_empty, ARGS(U64(tenant), I64(days), I64(limit)));
}
