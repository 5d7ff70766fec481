/* conversations.c - conversations as lists and chats show them, read marks, live changes. */
#include "base/base.h"
#include "base/clock.h"
#include "store/conversations.h"

#define CONVERSATION_FIELD(kind, member, flags) FIELD_ENTRY(conversation_row, kind, member, flags)
ROW_TYPE(conversation_row, CONVERSATION_ROW(CONVERSATION_FIELD));
#define CHANGE_FIELD(kind, member, flags) FIELD_ENTRY(change_row, kind, member, flags)
ROW_TYPE(change_row, CHANGE_ROW(CHANGE_FIELD));

/* Without a mark nothing is read; a new user starts with marks on everything (db_read_all), so old messages do not count. */
#define COLUMNS(line)                                                                                                    \
    "c.id,c.line_id,c.contact_id,c.peer,c.channel,c.name," line ",c.last_message_id,c.last_at,c.last_direction,c.last_status,"     \
    "c.preview,c.message_count,c.inbound_count,CAST(c.inbound_count AS SIGNED)-COALESCE(r.seen,0),c.last_inbound_at,c.changed_at "
#define FROM_WITH_MARK                                                                                                    \
    "FROM conversation c LEFT JOIN conversation_read r ON r.tenant_id=? AND r.user_id=? AND r.conversation_id=c.id "
#define LIST "SELECT " COLUMNS("NULL") FROM_WITH_MARK
#define ONE "SELECT " COLUMNS("(SELECT l.address FROM line l WHERE l.tenant_id=c.tenant_id AND l.id=c.line_id)") FROM_WITH_MARK
#define NEWEST "ORDER BY c.last_at DESC,c.id DESC LIMIT ?"

static const struct sql page_first = SQL_REPEATABLE(LIST "WHERE c.tenant_id=? " NEWEST, &conversation_row_type);
static const struct sql page_next =
    SQL_REPEATABLE(LIST "WHERE c.tenant_id=? AND c.last_at<=? AND (c.last_at<? OR c.id<?) " NEWEST, &conversation_row_type);
static const struct sql find =
    SQL_REPEATABLE(LIST "WHERE c.tenant_id=? AND (c.peer LIKE ? OR c.name LIKE ?) " NEWEST, &conversation_row_type);
static const struct sql get = SQL_REPEATABLE(ONE "WHERE c.tenant_id=? AND c.id=?", &conversation_row_type);
static const struct sql by_peer =
    SQL_REPEATABLE(ONE "WHERE c.tenant_id=? AND c.contact_id IN (SELECT id FROM contact WHERE tenant_id=? AND address_key=?) "
                   "ORDER BY c.peer=? DESC,c.last_at DESC LIMIT 1", &conversation_row_type);
static const struct sql on_line =
    SQL_REPEATABLE("SELECT " COLUMNS("NULL") "FROM conversation c LEFT JOIN conversation_read r ON FALSE WHERE c.tenant_id=? AND c.line_id=? AND c.peer=?", &conversation_row_type);
static const struct sql contact_open =
    SQL("INSERT INTO contact (tenant_id,address_key,phone) VALUES (?,?,?) ON DUPLICATE KEY UPDATE id=LAST_INSERT_ID(id)", NULL);
static const struct sql conversation_open =
    SQL("INSERT INTO conversation (tenant_id,line_id,contact_id,peer,channel,name,last_at,changed_at) "
        "SELECT ?,?,k.id,?,?,k.name,UTC_TIMESTAMP(3),UTC_TIMESTAMP(3) FROM contact k WHERE k.tenant_id=? AND k.id=? "
        "ON DUPLICATE KEY UPDATE id=LAST_INSERT_ID(conversation.id)", NULL);
static const struct sql bump =
    SQL("UPDATE conversation SET last_direction=IF(last_message_id<?,1,last_direction),last_status=IF(last_message_id<?,?,last_status),"
        "preview=IF(last_message_id<?,?,preview),last_message_id=GREATEST(last_message_id,?),last_at=UTC_TIMESTAMP(3),"
        "message_count=message_count+1,changed_at=UTC_TIMESTAMP(3) WHERE tenant_id=? AND id=?", NULL);
static const struct sql touch =
    SQL_REPEATABLE("UPDATE conversation SET last_status=IF(last_message_id=?,COALESCE(?,last_status),last_status),changed_at=UTC_TIMESTAMP(3) WHERE tenant_id=? AND id=?", NULL);
static const struct sql seen =
    SQL_REPEATABLE("INSERT INTO conversation_read (tenant_id,user_id,conversation_id,seen) VALUES (?,?,?,?) "
                   "ON DUPLICATE KEY UPDATE seen=GREATEST(seen,VALUES(seen))", NULL);
static const struct sql read_all =
    SQL_REPEATABLE("INSERT IGNORE INTO conversation_read (tenant_id,user_id,conversation_id,seen) SELECT ?,?,id,inbound_count FROM conversation WHERE tenant_id=?", NULL);
static const struct sql changes =
    SQL_REPEATABLE("SELECT id,changed_at,UTC_TIMESTAMP(3) FROM conversation WHERE tenant_id=? AND changed_at>? ORDER BY changed_at DESC LIMIT 200", &change_row_type);
static const struct sql change_of =
    SQL_REPEATABLE("SELECT id,changed_at,UTC_TIMESTAMP(3) FROM conversation WHERE tenant_id=? AND id=? AND changed_at>?", &change_row_type);

struct rows db_conversations_page(struct ctx *ctx, uint64_t tenant, uint64_t user, int64_t before_ms, uint64_t before_id, int limit)
{
    if (before_ms == CLOCK_NONE)
        return stmt_all(ctx, &page_first, ARGS(U64(tenant), U64(user), U64(tenant), I64(limit)));
    return stmt_all(ctx, &page_next, ARGS(U64(tenant), U64(user), U64(tenant), TIME(before_ms), TIME(before_ms), U64(before_id), I64(limit)));
}

struct rows db_conversations_find(struct ctx *ctx, uint64_t tenant, uint64_t user, const char *like, int limit)
{
    return stmt_all(ctx, &find, ARGS(U64(tenant), U64(user), U64(tenant), TEXT(like), TEXT(like), I64(limit)));
}

struct conversation_row *db_conversation_get(struct ctx *ctx, uint64_t tenant, uint64_t user, uint64_t id)
{
    return stmt_one(ctx, &get, ARGS(U64(tenant), U64(user), U64(tenant), U64(id)));
}

struct conversation_row *db_conversation_by_peer(struct ctx *ctx, uint64_t tenant, uint64_t user, const char *key, const char *peer)
{
    return stmt_one(ctx, &by_peer, ARGS(U64(tenant), U64(user), U64(tenant), U64(tenant), TEXT(key), TEXT(peer)));
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

bool db_conversation_bump(struct ctx *ctx, uint64_t tenant, uint64_t id, uint64_t message, const char *status, const char *preview)
{
    return stmt_do(ctx, &bump, ARGS(U64(message), U64(message), TEXT(status), U64(message), TEXT(preview), U64(message), U64(tenant), U64(id))) >= 0;
}

bool db_conversation_touch(struct ctx *ctx, uint64_t tenant, uint64_t id, uint64_t message, const char *status)
{
    return stmt_do(ctx, &touch, ARGS(U64(message), TEXT(status), U64(tenant), U64(id))) >= 0;
}

bool db_conversation_seen(struct ctx *ctx, uint64_t tenant, uint64_t user, uint64_t id, int64_t count)
{
    return stmt_do(ctx, &seen, ARGS(U64(tenant), U64(user), U64(id), I64(count))) >= 0;
}

bool db_read_all(struct ctx *ctx, uint64_t tenant, uint64_t user)
{
    return stmt_do(ctx, &read_all, ARGS(U64(tenant), U64(user), U64(tenant))) >= 0;
}

struct rows db_conversation_changes(struct ctx *ctx, uint64_t tenant, int64_t since_ms, uint64_t id)
{
    if (id)
        return stmt_all(ctx, &change_of, ARGS(U64(tenant), U64(id), TIME(since_ms)));
    return stmt_all(ctx, &changes, ARGS(U64(tenant), TIME(since_ms)));
}
