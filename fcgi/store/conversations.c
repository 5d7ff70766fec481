/* conversations.c - conversations as lists and chats show them, read marks, live changes. */
#include "base/base.h"
#include "base/clock.h"
#include "store/conversations.h"

#define CONVERSATION_FIELD(kind, member, flags) FIELD_ENTRY(conversation_row, kind, member, flags)
ROW_TYPE(conversation_row, CONVERSATION_ROW(CONVERSATION_FIELD));
ROW_TYPE_AS(conversation_listed, conversation_row, CONVERSATION_LISTED(CONVERSATION_FIELD));
#define CHANGE_FIELD(kind, member, flags) FIELD_ENTRY(change_row, kind, member, flags)
ROW_TYPE(change_row, CHANGE_ROW(CHANGE_FIELD));
#define BESIDE_FIELD(kind, member, flags) FIELD_ENTRY(beside_row, kind, member, flags)
ROW_TYPE(beside_row, BESIDE_ROW(BESIDE_FIELD));

struct last_row { uint64_t id; };
#define LAST_ROW(F) F(U64, id, 0)
#define LAST_FIELD(kind, member, flags) FIELD_ENTRY(last_row, kind, member, flags)
extern const struct row_type last_row_type;
ROW_TYPE(last_row, LAST_ROW(LAST_FIELD));

/* A new message is a change by its time; changed_at is what else changed. */
#define CHANGED(alias) "GREATEST(" alias "last_at," alias "changed_at)"
#define LISTED                                                                                                           \
    "SELECT c.id,c.peer,c.channel,c.name,c.last_message_id,c.last_at,c.last_direction,c.last_status,c.preview,c.message_count," \
    "c.inbound_count,c.last_inbound_at," CHANGED("c.") ",c.seen_by,c.attention,c.attention_at"
#define LIST LISTED " FROM conversation c "
/* No joins: each table more costs the server about as much as the conversation itself, and every look at a chat pays it. */
#define ONE LISTED ",UTC_TIMESTAMP(3),c.line_id,c.contact_id,c.beside_at FROM conversation c "
/* Every key begins with the tenant, and the server looks into each that may do before it takes one: where the right one is
 * known and the statement frequent, it is named. */
#define LIST_BY(key) LIST "FORCE INDEX (" key ") "
#define NEWEST "ORDER BY c.last_at DESC,c.id DESC LIMIT ?"
#define LATEST "ORDER BY c.attention_at DESC,c.id DESC LIMIT ?"

static const struct sql page_first = SQL_REPEATABLE(LIST_BY("ix_conversation_newest") "WHERE c.tenant_id=? " NEWEST, &conversation_listed_type);
static const struct sql page_next =
    SQL_REPEATABLE(LIST_BY("ix_conversation_newest") "WHERE c.tenant_id=? AND c.last_at<=? AND (c.last_at<? OR c.id<?) " NEWEST, &conversation_listed_type);
static const struct sql waiting_first = SQL_REPEATABLE(LIST_BY("ix_conversation_attention") "WHERE c.tenant_id=? AND c.attention_at IS NOT NULL " LATEST, &conversation_listed_type);
static const struct sql waiting_next =
    SQL_REPEATABLE(LIST_BY("ix_conversation_attention") "WHERE c.tenant_id=? AND c.attention_at<=? AND (c.attention_at<? OR c.id<?) " LATEST, &conversation_listed_type);
static const struct sql find =
    SQL_REPEATABLE(LIST "WHERE c.tenant_id=? AND (c.peer LIKE ? OR c.name LIKE ?) " NEWEST, &conversation_listed_type);
static const struct sql get = SQL_REPEATABLE(ONE "FORCE INDEX (PRIMARY) WHERE c.tenant_id=? AND c.id=?", &conversation_row_type);
static const struct sql may_have = SQL_REPEATABLE("UPDATE conversation FORCE INDEX (PRIMARY) SET beside_at=UTC_TIMESTAMP(3) WHERE tenant_id=? AND id=?", NULL);
static const struct sql all_may_have =
    SQL_REPEATABLE("UPDATE contact k JOIN conversation c ON c.tenant_id=k.tenant_id AND c.contact_id=k.id SET c.beside_at=UTC_TIMESTAMP(3) "
                   "WHERE k.tenant_id=? AND k.address_key=?", NULL);
#define OPT_OUTS "opt_out x FORCE INDEX (ix_opt_out_address) ON x.tenant_id=c.tenant_id AND x.address_key=k.address_key AND x.channel IN (c.channel,'all') AND x.state='out' "
static const struct sql beside =
    SQL_REPEATABLE("SELECT x.source,x.changed_at,COALESCE(d.message_id,0),d.state,d.text FROM conversation c JOIN contact k ON k.tenant_id=c.tenant_id AND k.id=c.contact_id "
                   "LEFT JOIN " OPT_OUTS "LEFT JOIN ai_draft d ON d.tenant_id=c.tenant_id AND d.conversation_id=c.id AND d.message_id=c.last_message_id "
                   "WHERE c.tenant_id=? AND c.id=? ORDER BY x.channel='all' DESC LIMIT 1", &beside_row_type);
/* What is being written at this moment is not seen here yet, but moves beside_at out of the range: no transaction lives ten
 * minutes. What has stood for eight days stays: there is an opt-out, whose end moves beside_at, too (proposals are gone by then). */
/* lint: no-tenant: fcgi-cron works for all of them */
static const struct sql beside_settle =
    SQL_REPEATABLE("UPDATE conversation c FORCE INDEX (ix_conversation_beside) SET c.beside_at=NULL WHERE c.beside_at>UTC_TIMESTAMP(3)-INTERVAL 8 DAY "
                   "AND c.beside_at<UTC_TIMESTAMP(3)-INTERVAL 10 MINUTE AND NOT EXISTS (SELECT 1 FROM ai_draft d WHERE d.tenant_id=c.tenant_id AND d.conversation_id=c.id) "
                   "AND NOT EXISTS (SELECT 1 FROM contact k JOIN opt_out x FORCE INDEX (ix_opt_out_address) ON x.tenant_id=k.tenant_id AND x.address_key=k.address_key "
                   "AND x.state='out' WHERE k.tenant_id=c.tenant_id AND k.id=c.contact_id) LIMIT ?", NULL);
static const struct sql by_peer =
    SQL_REPEATABLE(ONE "WHERE c.tenant_id=? AND c.contact_id IN (SELECT id FROM contact WHERE tenant_id=? AND address_key=?) "
                   "ORDER BY c.peer=? DESC,c.last_at DESC LIMIT 1", &conversation_row_type);
static const struct sql on_line =
    SQL_REPEATABLE(ONE "WHERE c.tenant_id=? AND c.line_id=? AND c.peer=?", &conversation_row_type);
static const struct sql contact_open =
    SQL("INSERT INTO contact (tenant_id,address_key,phone) VALUES (?,?,?) ON DUPLICATE KEY UPDATE id=LAST_INSERT_ID(id)", NULL);
static const struct sql conversation_open =
    SQL("INSERT INTO conversation (tenant_id,line_id,contact_id,peer,channel,name,last_at,changed_at) "
        "SELECT ?,?,k.id,?,?,k.name,UTC_TIMESTAMP(3),UTC_TIMESTAMP(3) FROM contact k WHERE k.tenant_id=? AND k.id=? "
        "ON DUPLICATE KEY UPDATE id=LAST_INSERT_ID(conversation.id)", NULL);
/* The id is made under the row's lock, so ids of a conversation rise in the order in which it shows them (as message_ingest does). */
static const struct sql bump =
    SQL("UPDATE conversation FORCE INDEX (PRIMARY) SET last_message_id=LAST_INSERT_ID(GREATEST(time_id(),last_message_id+1)),"
        "last_at=TIMESTAMP'2020-01-01 00:00:00'+INTERVAL (last_message_id DIV 4096)*1000 MICROSECOND,last_direction=1,last_status=?,preview=?,"
        "message_count=message_count+1,attention=IF(?,'',attention),attention_at=IF(?,NULL,attention_at) WHERE tenant_id=? AND id=?", NULL);
static const struct sql touch =
    SQL_REPEATABLE("UPDATE conversation FORCE INDEX (PRIMARY) SET last_status=IF(last_message_id=?,COALESCE(?,last_status),last_status),changed_at=UTC_TIMESTAMP(3) WHERE tenant_id=? AND id=?", NULL);
/* Nobody is needed where a person's message is the newest. A doubt waits elsewhere, too: it covers no other reason. */
static const struct sql attend =
    SQL_REPEATABLE("UPDATE conversation SET attention=?,attention_at=UTC_TIMESTAMP(3) WHERE tenant_id=? AND id=? AND (attention='' OR ?) AND NOT EXISTS ("
                   "SELECT 1 FROM message m WHERE m.tenant_id=conversation.tenant_id AND m.conversation_id=conversation.id AND m.id=conversation.last_message_id "
                   "AND m.direction=1 AND m.author_kind IN (1,2))", NULL);
static const struct sql attended =
    SQL_REPEATABLE("UPDATE conversation SET attention='',attention_at=NULL,changed_at=UTC_TIMESTAMP(3) WHERE tenant_id=? AND id=? "
                   "AND (? OR attention=?) AND attention_at<=COALESCE(?,attention_at)", NULL);
/* The mark only rises, not above what there is; the key is the user's id as JSON writes it. */
#define MARK "CONCAT('$.\"',?,'\"')"
static const struct sql seen =
    SQL_REPEATABLE("UPDATE conversation FORCE INDEX (PRIMARY) SET seen_by=JSON_SET(seen_by," MARK ",GREATEST(CAST(COALESCE(JSON_VALUE(seen_by," MARK "),0) AS SIGNED),LEAST(CAST(? AS SIGNED),CAST(inbound_count AS SIGNED)))) "
                   "WHERE tenant_id=? AND id=?", NULL);
static const struct sql read_all =
    SQL_REPEATABLE("UPDATE conversation SET seen_by=JSON_SET(seen_by," MARK ",inbound_count) WHERE tenant_id=? AND id>? ORDER BY id LIMIT 1000", NULL);
static const struct sql read_upto =
    SQL_REPEATABLE("SELECT COALESCE(MAX(id),0) FROM (SELECT id FROM conversation WHERE tenant_id=? AND id>? ORDER BY id LIMIT 1000) c", &last_row_type);
/* Two short ranges, each from its newest end, however old the cursor is; what is in both is told once. */
#define CHANGES(key) "(SELECT id," CHANGED("") ",UTC_TIMESTAMP(3) FROM conversation FORCE INDEX (" key ") WHERE tenant_id=? AND "
static const struct sql changes =
    SQL_REPEATABLE(CHANGES("ix_conversation_newest") "last_at>? ORDER BY last_at DESC LIMIT 200) UNION ALL "
                   CHANGES("ix_conversation_changed") "changed_at>? AND last_at<=? ORDER BY changed_at DESC LIMIT 200)", &change_row_type);
static const struct sql change_of =
    SQL_REPEATABLE("SELECT id," CHANGED("") ",UTC_TIMESTAMP(3) FROM conversation WHERE tenant_id=? AND id=? AND " CHANGED("") ">?", &change_row_type);

/* The user's mark stands in {"7": 12, "9": 15}; there is none when nothing was read. */
static void put_unread(struct conversation_row *c, size_t n, uint64_t user)
{
    char key[26];
    int len = snprintf(key, sizeof key, "\"%" PRIu64 "\":", user);
    for (size_t i = 0; user && i < n; i++) {
        const char *at = c[i].seen_by ? strstr(c[i].seen_by, key) : NULL;
        c[i].unread = c[i].inbound_count - (at ? strtoll(at + len, NULL, 10) : 0);
    }
}

static struct conversation_row *with_unread(struct conversation_row *c, uint64_t user)
{
    put_unread(c, c != NULL, user);
    return c;
}

static struct rows listed(struct ctx *ctx, struct rows rows, uint64_t user)
{
    struct conversation_row *c = rows.row;
    put_unread(c, rows.n, user);
    for (size_t i = 0; i < rows.n; i++)
        c[i].now_ms = ctx->now_ms;
    return rows;
}

struct rows db_conversations_page(struct ctx *ctx, uint64_t tenant, uint64_t user, int64_t before_ms, uint64_t before_id, int limit)
{
    if (before_ms == CLOCK_NONE)
        return listed(ctx, stmt_all(ctx, &page_first, ARGS(U64(tenant), I64(limit))), user);
    return listed(ctx, stmt_all(ctx, &page_next, ARGS(U64(tenant), TIME(before_ms), TIME(before_ms), U64(before_id), I64(limit))), user);
}

struct rows db_conversations_waiting(struct ctx *ctx, uint64_t tenant, uint64_t user, int64_t before_ms, uint64_t before_id, int limit)
{
    if (before_ms == CLOCK_NONE)
        return listed(ctx, stmt_all(ctx, &waiting_first, ARGS(U64(tenant), I64(limit))), user);
    return listed(ctx, stmt_all(ctx, &waiting_next, ARGS(U64(tenant), TIME(before_ms), TIME(before_ms), U64(before_id), I64(limit))), user);
}

struct rows db_conversations_find(struct ctx *ctx, uint64_t tenant, uint64_t user, const char *like_peer, const char *like, int limit)
{
    return listed(ctx, stmt_all(ctx, &find, ARGS(U64(tenant), TEXT(like_peer), TEXT(like), I64(limit))), user);
}

struct conversation_row *db_conversation_get(struct ctx *ctx, uint64_t tenant, uint64_t user, uint64_t id)
{
    return with_unread(stmt_one(ctx, &get, ARGS(U64(tenant), U64(id))), user);
}

struct conversation_row *db_conversation_by_peer(struct ctx *ctx, uint64_t tenant, uint64_t user, const char *key, const char *peer)
{
    return with_unread(stmt_one(ctx, &by_peer, ARGS(U64(tenant), U64(tenant), TEXT(key), TEXT(peer))), user);
}

struct conversation_row *db_conversation_on_line(struct ctx *ctx, uint64_t tenant, uint64_t line, const char *peer)
{
    return stmt_one(ctx, &on_line, ARGS(U64(tenant), U64(line), TEXT(peer)));
}

uint64_t db_conversation_open(struct ctx *ctx, uint64_t tenant, uint64_t line, const char *channel, const char *peer, const char *key, const char *phone)
{
    if (stmt_do(ctx, &contact_open, ARGS(U64(tenant), TEXT(key), TEXT(phone))) < 0)
        return 0;
    uint64_t contact = stmt_insert_id(ctx);
    if (stmt_do(ctx, &conversation_open, ARGS(U64(tenant), U64(line), TEXT(peer), TEXT(channel), U64(tenant), U64(contact))) < 0)
        return 0;
    return stmt_insert_id(ctx);
}

uint64_t db_conversation_bump(struct ctx *ctx, uint64_t tenant, uint64_t id, bool person, const char *status, const char *preview)
{
    int64_t n = stmt_do(ctx, &bump, ARGS(TEXT(status), TEXT(preview), I64(person), I64(person), U64(tenant), U64(id)));
    if (n == 0)
        err_set(ctx, ERR_ABSENT, "conversation %" PRIu64, id);
    return n > 0 ? stmt_insert_id(ctx) : 0;
}

bool db_conversation_touch(struct ctx *ctx, uint64_t tenant, uint64_t id, uint64_t message, const char *status)
{
    return stmt_do(ctx, &touch, ARGS(U64(message), TEXT(status), U64(tenant), U64(id))) >= 0;
}

bool db_conversation_beside(struct ctx *ctx, uint64_t tenant, uint64_t id, struct beside_row *out)
{
    const struct beside_row *row = stmt_one(ctx, &beside, ARGS(U64(tenant), U64(id)));
    *out = row ? *row : (struct beside_row){ .opt_out = NULL };
    return !ctx->err.code;
}

bool db_conversation_may_have(struct ctx *ctx, uint64_t tenant, uint64_t id)
{
    return stmt_do(ctx, &may_have, ARGS(U64(tenant), U64(id))) >= 0;
}

bool db_conversations_may_have(struct ctx *ctx, uint64_t tenant, const char *address_key)
{
    return stmt_do(ctx, &all_may_have, ARGS(U64(tenant), TEXT(address_key))) >= 0;
}

int64_t db_conversations_settle(struct ctx *ctx)
{
    return stmt_do(ctx, &beside_settle, ARGS(I64(SETTLED_MOST)));
}

bool db_conversation_attend(struct ctx *ctx, uint64_t tenant, uint64_t id, const char *why)
{
    return stmt_do(ctx, &attend, ARGS(TEXT(why), U64(tenant), U64(id), I64(strcmp(why, "opt-out-doubt") != 0))) >= 0;
}

bool db_conversation_attended(struct ctx *ctx, uint64_t tenant, uint64_t id, const char *why, int64_t upto_ms)
{
    return stmt_do(ctx, &attended, ARGS(U64(tenant), U64(id), I64(!why), TEXT(why), TIME(upto_ms))) >= 0;
}

bool db_conversation_seen(struct ctx *ctx, uint64_t tenant, uint64_t user, uint64_t id, int64_t count)
{
    return stmt_do(ctx, &seen, ARGS(U64(user), U64(user), I64(count), U64(tenant), U64(id))) >= 0;
}

bool db_read_all(struct ctx *ctx, uint64_t tenant, uint64_t user)
{
    for (uint64_t after = 0;;) { /* chunks: a large transaction would hold up everybody on a cluster */
        struct last_row *last = stmt_one(ctx, &read_upto, ARGS(U64(tenant), U64(after)));
        if (!last || !last->id)
            return last != NULL;
        if (stmt_do(ctx, &read_all, ARGS(U64(user), U64(tenant), U64(after))) < 0)
            return false;
        after = last->id;
    }
}

struct rows db_conversation_changes(struct ctx *ctx, uint64_t tenant, int64_t since_ms, uint64_t id)
{
    if (id)
        return stmt_all(ctx, &change_of, ARGS(U64(tenant), U64(id), TIME(since_ms)));
    return stmt_all(ctx, &changes, ARGS(U64(tenant), TIME(since_ms), U64(tenant), TIME(since_ms), TIME(since_ms)));
}
