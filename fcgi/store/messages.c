/* messages.c - messages in: ingest, outbound rows, chat and history pages, totals. */
#include "base/base.h"
#include "store/db.h"
#include "store/messages.h"

#define MESSAGE_FIELD(kind, member, flags) FIELD_ENTRY(message_row, kind, member, flags)
ROW_TYPE(message_row, MESSAGE_ROW(MESSAGE_FIELD));
#define HISTORY_FIELD(kind, member, flags) FIELD_ENTRY(history_row, kind, member, flags)
ROW_TYPE(history_row, HISTORY_ROW(HISTORY_FIELD));
#define INGEST_FIELD(kind, member, flags) FIELD_ENTRY(ingest_row, kind, member, flags)
ROW_TYPE(ingest_row, INGEST_ROW(INGEST_FIELD));
ROW_TYPE_AS(arrival_row, ingest_row, INGEST_ROW(INGEST_FIELD) FIELD_ENTRY(ingest_row, U64, line_id, 0) FIELD_ENTRY(ingest_row, I64, answer_after_s, 0));
#define TOTAL_FIELD(kind, member, flags) FIELD_ENTRY(total_row, kind, member, flags)
#define TOTAL_LATEST(kind, member, flags) FIELD_ENTRY(total_row, kind, latest.member, flags)
ROW_TYPE_AS(total_row, total_row, TOTAL_ROW(TOTAL_FIELD) HISTORY_ROW(TOTAL_LATEST));
#define MARK_FIELD(kind, member, flags) FIELD_ENTRY(mark_row, kind, member, flags)
ROW_TYPE(mark_row, MARK_ROW(MARK_FIELD));

struct since_row { int64_t inbound, outbound; };
#define SINCE_ROW(F) F(I64, inbound, 0) F(I64, outbound, 0)
#define SINCE_FIELD(kind, member, flags) FIELD_ENTRY(since_row, kind, member, flags)
extern const struct row_type since_row_type;
ROW_TYPE(since_row, SINCE_ROW(SINCE_FIELD));

struct id_row { uint64_t id; };
#define ID_ROW(F) F(U64, id, 0)
#define ID_FIELD(kind, member, flags) FIELD_ENTRY(id_row, kind, member, flags)
extern const struct row_type id_row_type;
ROW_TYPE(id_row, ID_ROW(ID_FIELD));

struct cached_row { uint64_t upto_id; int64_t inbound, outbound; };
#define CACHED_ROW(F) F(U64, upto_id, 0) F(I64, inbound, 0) F(I64, outbound, 0)
#define CACHED_FIELD(kind, member, flags) FIELD_ENTRY(cached_row, kind, member, flags)
extern const struct row_type cached_row_type;
ROW_TYPE(cached_row, CACHED_ROW(CACHED_FIELD));

static const struct sql ingest = SQL_REPEATABLE("CALL message_ingest(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)", &arrival_row_type);
static const struct sql backdate = SQL_REPEATABLE("UPDATE message SET status_at=?,created_at=? WHERE tenant_id=? AND conversation_id=? AND id=?", NULL);
static const struct sql recompute_window =
    SQL_REPEATABLE("UPDATE conversation SET last_inbound_at=(SELECT MAX(m.created_at) FROM message m WHERE m.tenant_id=conversation.tenant_id "
                   "AND m.conversation_id=conversation.id AND m.direction=0) WHERE tenant_id=? AND id=?", NULL);
#define TIME_OF_ID "TIMESTAMP'2020-01-01 00:00:00'+INTERVAL (? DIV 4096)*1000 MICROSECOND"
static const struct sql insert =
    SQL("INSERT INTO message (tenant_id,conversation_id,id,direction,status,rank,simulated,author_kind,author_id,author,segments,num_media,"
        "status_at,created_at,body) VALUES (?,?,?,1,'queued',5,?,?,?,?,?,?," TIME_OF_ID "," TIME_OF_ID ",?)", NULL);
static const struct sql note_insert =
    SQL("INSERT INTO message (tenant_id,conversation_id,id,direction,status,rank,author_kind,author_id,author,segments,status_at,created_at,body) "
        "VALUES (?,?,GREATEST(time_id(),(SELECT c.last_message_id+1 FROM conversation c WHERE c.tenant_id=? AND c.id=?)),2,?,60,?,?,?,0,"
        "UTC_TIMESTAMP(3),UTC_TIMESTAMP(3),?)", NULL);

#define CHAT_SELECT                                                                                                       \
    "SELECT m.id,m.direction,m.status,m.simulated,m.author_kind,m.author,m.sid,m.segments,m.num_media," \
    "m.error_code,m.error_text,m.extra,m.body,m.status_at,m.created_at FROM message m FORCE INDEX (PRIMARY) "
static const struct sql chat_newest =
    SQL_REPEATABLE(CHAT_SELECT "WHERE m.tenant_id=? AND m.conversation_id=? ORDER BY m.id DESC LIMIT ?", &message_row_type);
static const struct sql chat_older =
    SQL_REPEATABLE(CHAT_SELECT "WHERE m.tenant_id=? AND m.conversation_id=? AND m.id<? ORDER BY m.id DESC LIMIT ?", &message_row_type);
static const struct sql chat_plain =
    SQL_REPEATABLE(CHAT_SELECT "WHERE m.tenant_id=? AND m.conversation_id=? AND m.id<? AND m.direction<2 ORDER BY m.id DESC LIMIT ?", &message_row_type);

#define HISTORY_COLUMNS                                                                                                   \
    "m.id,m.conversation_id,m.direction,m.status,m.simulated,m.sid,m.segments,m.num_media,m.error_code,m.error_text,m.body,"           \
    "m.status_at,m.created_at,c.peer,c.channel,c.name,l.address "
/* Messages first, whatever the statistics say: they are old when a tenant has just grown. */
#define HISTORY_JOIN                                                                                                      \
    "STRAIGHT_JOIN conversation c ON c.tenant_id=m.tenant_id AND c.id=m.conversation_id "                                  \
    "STRAIGHT_JOIN line l ON l.tenant_id=c.tenant_id AND l.id=c.line_id "
#define HISTORY_PART(direction) \
    "(SELECT tenant_id,conversation_id,id FROM message FORCE INDEX (ix_message_history) WHERE tenant_id=? AND direction=" direction " AND id<? ORDER BY id DESC LIMIT ?)"
static const struct sql history_page =
    SQL_REPEATABLE("SELECT " HISTORY_COLUMNS "FROM message m FORCE INDEX (ix_message_history) " HISTORY_JOIN
                   "WHERE m.tenant_id=? AND m.direction=? AND m.id<? ORDER BY m.id DESC LIMIT ?", &history_row_type);
/* Two short ranges of one index instead of a second index that every inbound message would have to keep. Only keys are
 * merged and sorted: with the texts in them the temporary tables would go to disk. */
static const struct sql history_all =
    SQL_REPEATABLE("SELECT " HISTORY_COLUMNS "FROM (" HISTORY_PART("0") " UNION ALL " HISTORY_PART("1") " ORDER BY id DESC LIMIT ?) k "
                   "STRAIGHT_JOIN message m ON m.tenant_id=k.tenant_id AND m.conversation_id=k.conversation_id AND m.id=k.id " HISTORY_JOIN
                   "ORDER BY k.id DESC", &history_row_type);
/* Each half walks its range from the newest and stops at the limit; a half that is not asked for is an empty range. */
#define FOUND_PART(direction)                                                                                             \
    "(SELECT " HISTORY_COLUMNS "FROM message m FORCE INDEX (ix_message_history) " HISTORY_JOIN "WHERE m.tenant_id=? AND m.direction=" direction \
    " AND m.id>=? AND m.id<? AND (?=0 OR m.status IN ('failed','undelivered','unknown')) AND (m.body LIKE ? OR c.peer LIKE ? OR c.name LIKE ?) " \
    "ORDER BY m.id DESC LIMIT ?)"
static const struct sql history_find =
    SQL_REPEATABLE(FOUND_PART("0") " UNION ALL " FOUND_PART("1") " ORDER BY id DESC LIMIT ?", &history_row_type);
static const struct sql history_failed =
    SQL_REPEATABLE("SELECT " HISTORY_COLUMNS "FROM message m FORCE INDEX (ix_message_history) " HISTORY_JOIN
                   "WHERE m.tenant_id=? AND m.direction=1 AND m.id>=? AND m.id<? AND m.status IN ('failed','undelivered','unknown') "
                   "ORDER BY m.id DESC LIMIT ?", &history_row_type);
static const struct sql history_floor =
    SQL_REPEATABLE("SELECT LEAST(COALESCE((SELECT id FROM message WHERE tenant_id=? AND direction=0 AND id<? ORDER BY id DESC LIMIT 1 OFFSET ?),0),"
                   "COALESCE((SELECT id FROM message WHERE tenant_id=? AND direction=1 AND id<? ORDER BY id DESC LIMIT 1 OFFSET ?),0))", &id_row_type);
static const struct sql by_sid =
    SQL_REPEATABLE("SELECT " HISTORY_COLUMNS "FROM message m " HISTORY_JOIN "WHERE m.tenant_id=? AND m.sid=?", &history_row_type);

static const struct sql cached = SQL_REPEATABLE("SELECT upto_id,inbound,outbound FROM message_total WHERE tenant_id=?", &cached_row_type);
/* The bounds are given, not joined: only then are they a range of the index. */
static const struct sql counted =
    SQL_REPEATABLE("SELECT (SELECT COUNT(*) FROM message WHERE tenant_id=? AND direction=0 AND id>? AND id<=?),"
                   "(SELECT COUNT(*) FROM message WHERE tenant_id=? AND direction=1 AND id>? AND id<=?)", &since_row_type);
#define MARK "(SELECT MAX(last_at) FROM conversation WHERE tenant_id=?),(SELECT MAX(changed_at) FROM conversation WHERE tenant_id=?)"
static const struct sql mark = SQL_REPEATABLE("SELECT " MARK, &mark_row_type);
/* The row of the tenant is there whatever else is not. Rows by primary key are read before the rest is planned: so upto_id
 * is a bound of a range here, too. The newest message as in history_all. */
#define SINCE(direction) "(SELECT COUNT(*) FROM message FORCE INDEX (ix_message_history) WHERE tenant_id=? AND direction=" direction " AND id>COALESCE(k.upto_id,0))"
#define NEWEST(direction) \
    "(SELECT tenant_id,conversation_id,id FROM message FORCE INDEX (ix_message_history) WHERE tenant_id=? AND direction=" direction " ORDER BY id DESC LIMIT 1)"
static const struct sql totals =
    SQL_REPEATABLE("SELECT COALESCE(k.inbound,0)+" SINCE("0") ",COALESCE(k.outbound,0)+" SINCE("1") "," MARK ",UTC_TIMESTAMP(3)," HISTORY_COLUMNS
                   "FROM tenant t LEFT JOIN message_total k ON k.tenant_id=t.id "
                   "LEFT JOIN (" NEWEST("0") " UNION ALL " NEWEST("1") " ORDER BY id DESC LIMIT 1) n ON 1 "
                   "LEFT JOIN message m ON m.tenant_id=n.tenant_id AND m.conversation_id=n.conversation_id AND m.id=n.id "
                   "LEFT JOIN conversation c ON c.tenant_id=m.tenant_id AND c.id=m.conversation_id "
                   "LEFT JOIN line l ON l.tenant_id=c.tenant_id AND l.id=c.line_id WHERE t.id=?", &total_row_type);
/* Up to a minute ago: ids are times, so nothing older than that can still appear below the mark. */
#define HORIZON "(CAST(UNIX_TIMESTAMP(UTC_TIMESTAMP(3))*1000 AS UNSIGNED)-1577836860000)*4096"
static const struct sql totals_seed =
    SQL_REPEATABLE("INSERT IGNORE INTO message_total (tenant_id,upto_id,inbound,outbound,updated_at) VALUES (?,0,0,0,UTC_TIMESTAMP(3))", NULL);
static const struct sql totals_lock = SQL("UPDATE message_total SET updated_at=UTC_TIMESTAMP(3) WHERE tenant_id=?", NULL);
static const struct sql totals_move =
    SQL("UPDATE message_total SET inbound=inbound+?,outbound=outbound+?,upto_id=? WHERE tenant_id=?", NULL);
static const struct sql totals_horizon = SQL_REPEATABLE("SELECT " HORIZON, &id_row_type);

struct ingest_row *db_message_ingest(struct ctx *ctx, uint64_t tenant, const struct inbound *in)
{
    return stmt_one(ctx, &ingest, ARGS(U64(tenant), ID_OR_NULL(in->line), in->answer_after_s < 0 ? TEXT(NULL) : I64(in->answer_after_s), TEXT(in->to),
                                       TEXT(in->from), TEXT(in->key), TEXT(in->phone), TEXT(*in->name ? in->name : NULL), TEXT(in->channel), TEXT(in->sid), TEXT(in->body), TEXT(in->preview), I64(in->segments),
                                       I64(in->num_media), TEXT(in->media), TEXT(in->extra), TEXT(in->detail)));
}

bool db_message_backdate(struct ctx *ctx, uint64_t tenant, uint64_t conversation, uint64_t id, int64_t created_ms)
{
    return stmt_do(ctx, &backdate, ARGS(TIME(created_ms), TIME(created_ms), U64(tenant), U64(conversation), U64(id))) >= 0 &&
           stmt_do(ctx, &recompute_window, ARGS(U64(tenant), U64(conversation))) >= 0;
}

bool db_message_insert(struct ctx *ctx, uint64_t tenant, const struct outbound *m)
{
    return stmt_do(ctx, &insert, ARGS(U64(tenant), U64(m->conversation_id), U64(m->id), I64(m->simulated), I64(m->author_kind),
                                      ID_OR_NULL(m->author_id), TEXT(m->author), I64(m->segments), I64(m->num_media), U64(m->id), U64(m->id), TEXT(m->body))) >= 0;
}

bool db_note_insert(struct ctx *ctx, uint64_t tenant, uint64_t conversation, const char *kind, const char *detail, uint64_t user, const char *author)
{
    return stmt_do(ctx, &note_insert, ARGS(U64(tenant), U64(conversation), U64(tenant), U64(conversation), TEXT(kind), I64(user ? AUTHOR_USER : AUTHOR_AUTO), ID_OR_NULL(user),
                                            TEXT(author), TEXT(detail))) >= 0;
}

static uint64_t below(uint64_t before)
{
    return before ? before : INT64_MAX;
}

struct rows db_messages_page(struct ctx *ctx, uint64_t tenant, uint64_t conversation, uint64_t before, int limit)
{
    if (!before)
        return stmt_all(ctx, &chat_newest, ARGS(U64(tenant), U64(conversation), I64(limit)));
    return stmt_all(ctx, &chat_older, ARGS(U64(tenant), U64(conversation), U64(before), I64(limit)));
}

struct rows db_messages_without_notes(struct ctx *ctx, uint64_t tenant, uint64_t conversation, uint64_t before, int limit)
{
    return stmt_all(ctx, &chat_plain, ARGS(U64(tenant), U64(conversation), U64(below(before)), I64(limit)));
}

struct rows db_history_page(struct ctx *ctx, uint64_t tenant, enum direction direction, uint64_t before, int limit)
{
    return stmt_all(ctx, &history_page, ARGS(U64(tenant), I64(direction), U64(below(before)), I64(limit)));
}

struct rows db_history_all(struct ctx *ctx, uint64_t tenant, uint64_t before, int limit)
{
    uint64_t b = below(before);
    return stmt_all(ctx, &history_all, ARGS(U64(tenant), U64(b), I64(limit), U64(tenant), U64(b), I64(limit), I64(limit)));
}

struct rows db_history_find(struct ctx *ctx, uint64_t tenant, const struct history_search *s, uint64_t floor, uint64_t before, int limit)
{
    uint64_t b = below(before), in = s->inbound ? b : 0, out = s->outbound ? b : 0;
    return stmt_all(ctx, &history_find, ARGS(U64(tenant), U64(floor), U64(in), I64(s->failed), TEXT(s->like), TEXT(s->like_peer), TEXT(s->like), I64(limit),
                                             U64(tenant), U64(floor), U64(out), I64(s->failed), TEXT(s->like), TEXT(s->like_peer), TEXT(s->like), I64(limit), I64(limit)));
}

struct rows db_history_failed(struct ctx *ctx, uint64_t tenant, uint64_t floor, uint64_t before, int limit)
{
    return stmt_all(ctx, &history_failed, ARGS(U64(tenant), U64(floor), U64(below(before)), I64(limit)));
}

uint64_t db_history_floor(struct ctx *ctx, uint64_t tenant, uint64_t before, int n)
{
    uint64_t b = below(before);
    struct id_row *r = stmt_one(ctx, &history_floor, ARGS(U64(tenant), U64(b), I64(n), U64(tenant), U64(b), I64(n)));
    return r ? r->id : 0;
}

struct history_row *db_message_by_sid(struct ctx *ctx, uint64_t tenant, const char *sid)
{
    return stmt_one(ctx, &by_sid, ARGS(U64(tenant), TEXT(sid)));
}

struct total_row *db_totals(struct ctx *ctx, uint64_t tenant)
{
    struct arg t = U64(tenant);
    return stmt_one(ctx, &totals, ARGS(t, t, t, t, t, t, t));
}

struct mark_row *db_totals_mark(struct ctx *ctx, uint64_t tenant)
{
    return stmt_one(ctx, &mark, ARGS(U64(tenant), U64(tenant)));
}

static bool refresh(struct ctx *ctx, void *arg)
{
    uint64_t tenant = *(uint64_t *)arg;
    if (stmt_do(ctx, &totals_seed, ARGS(U64(tenant))) < 0 || stmt_do(ctx, &totals_lock, ARGS(U64(tenant))) < 0)
        return false;
    const struct cached_row *c = stmt_one(ctx, &cached, ARGS(U64(tenant)));
    const struct id_row *upto = c ? stmt_one(ctx, &totals_horizon, NO_ARGS) : NULL;
    if (!upto || upto->id <= c->upto_id) /* a clock set back must not count anything twice */
        return upto != NULL;
    const struct since_row *t = stmt_one(ctx, &counted, ARGS(U64(tenant), U64(c->upto_id), U64(upto->id), U64(tenant), U64(c->upto_id), U64(upto->id)));
    return t && stmt_do(ctx, &totals_move, ARGS(I64(t->inbound), I64(t->outbound), U64(upto->id), U64(tenant))) >= 0;
}

bool db_totals_refresh(struct ctx *ctx, uint64_t tenant)
{
    return db_transaction(ctx, refresh, &tenant) == DB_OK;
}
