/* media.c - attachments: rows, claims, files. */
#include "base/base.h"
#include "store/media.h"

#define MEDIA_FIELD(kind, member, flags) FIELD_ENTRY(media_row, kind, member, flags)
ROW_TYPE(media_row, MEDIA_ROW(MEDIA_FIELD));
#define MEDIA_DUE_FIELD(kind, member, flags) FIELD_ENTRY(media_due_row, kind, member, flags)
ROW_TYPE(media_due_row, MEDIA_DUE_ROW(MEDIA_DUE_FIELD));
#define MEDIA_FETCH_FIELD(kind, member, flags) FIELD_ENTRY(media_fetch_row, kind, member, flags)
ROW_TYPE(media_fetch_row, MEDIA_FETCH_ROW(MEDIA_FETCH_FIELD));
#define MEDIA_ORPHAN_FIELD(kind, member, flags) FIELD_ENTRY(media_orphan_row, kind, member, flags)
ROW_TYPE(media_orphan_row, MEDIA_ORPHAN_ROW(MEDIA_ORPHAN_FIELD));
#define MEDIA_FILE_FIELD(kind, member, flags) FIELD_ENTRY(media_file_row, kind, member, flags)
ROW_TYPE(media_file_row, MEDIA_FILE_ROW(MEDIA_FILE_FIELD));

static const struct sql insert =
    SQL("INSERT INTO message_media (tenant_id,conversation_id,message_id,position,content_type,url,state,file_name,sha256) VALUES (?,?,?,?,?,?,?,?,?)", NULL);

#define MEDIA_SELECT                                                                                                      \
    "SELECT x.message_id,x.position,x.content_type,x.url,x.state,x.reason,x.file_name,x.sha256,f.content_type,f.size FROM message_media x " \
    "LEFT JOIN media_file f ON f.tenant_id=x.tenant_id AND f.sha256=x.sha256 "
#define KEY "tenant_id=? AND conversation_id=? AND message_id=? AND position=?"
static const struct sql media_of =
    SQL_REPEATABLE(MEDIA_SELECT "WHERE x.tenant_id=? AND x.conversation_id=? AND x.message_id>=? AND x.message_id<=? "
                   "ORDER BY x.message_id,x.position LIMIT 1000", &media_row_type);
static const struct sql media_get =
    SQL_REPEATABLE(MEDIA_SELECT "WHERE x.tenant_id=? AND x.conversation_id=? AND x.message_id=? AND x.position=?", &media_row_type);

/* lint: no-tenant: fcgi-cron works for all tenants; the rows name theirs */
static const struct sql due =
    SQL_REPEATABLE("SELECT tenant_id,conversation_id,message_id,position FROM message_media WHERE state IN ('pending','fetching') "
                   "AND next_at<=UTC_TIMESTAMP(3) ORDER BY next_at LIMIT ?", &media_due_row_type);
static const struct sql claim_it =
    SQL("UPDATE message_media SET state='fetching',claim=?,tries=LEAST(tries+1,250),next_at=UTC_TIMESTAMP(3)+INTERVAL ? SECOND WHERE " KEY
        " AND state IN ('pending','fetching') AND next_at<=UTC_TIMESTAMP(3)", NULL);
static const struct sql fetch =
    SQL_REPEATABLE("SELECT x.url,x.content_type,m.sid,x.tries FROM message_media x JOIN message m ON m.tenant_id=x.tenant_id "
                   "AND m.conversation_id=x.conversation_id AND m.id=x.message_id WHERE x.tenant_id=? AND x.conversation_id=? AND x.message_id=? "
                   "AND x.position=? AND x.claim=?", &media_fetch_row_type);
static const struct sql release =
    SQL_REPEATABLE("UPDATE message_media SET state=?,reason=?,claim=NULL,next_at=UTC_TIMESTAMP(3)+INTERVAL ?*1000 MICROSECOND WHERE " KEY " AND claim=?", NULL);
static const struct sql stored =
    SQL_REPEATABLE("UPDATE message_media SET state='stored',reason='',claim=NULL,sha256=? WHERE " KEY " AND claim=?", NULL);
static const struct sql again =
    SQL_REPEATABLE("UPDATE message_media SET state='pending',reason=?,claim=NULL,tries=0,next_at=UTC_TIMESTAMP(3) WHERE " KEY " AND state=?", NULL);
static const struct sql is_lost = SQL_REPEATABLE("UPDATE message_media SET state='failed',reason='lost' WHERE " KEY " AND state='stored'", NULL);

/* The first type stays: the content is the same, so only a wish may differ. */
static const struct sql file_put =
    SQL_REPEATABLE("INSERT INTO media_file (tenant_id,sha256,content_type,size) VALUES (?,?,?,?) ON DUPLICATE KEY UPDATE used_at=UTC_TIMESTAMP(3)", NULL);
static const struct sql file_get = SQL_REPEATABLE("SELECT content_type,size FROM media_file WHERE tenant_id=? AND sha256=?", &media_file_row_type);
#define NOBODY_HAS "NOT EXISTS(SELECT 1 FROM message_media x WHERE x.tenant_id=media_file.tenant_id AND x.sha256=media_file.sha256)"
/* lint: no-tenant: housekeeping over all tenants */
static const struct sql orphans =
    SQL_REPEATABLE("SELECT tenant_id,sha256 FROM media_file WHERE used_at<UTC_TIMESTAMP(3)-INTERVAL 1 DAY AND " NOBODY_HAS " LIMIT ?", &media_orphan_row_type);
static const struct sql only_of =
    SQL_REPEATABLE("SELECT DISTINCT x.tenant_id,x.sha256 FROM message_media x WHERE x.tenant_id=? AND x.conversation_id=? AND x.message_id=? AND x.sha256 IS NOT NULL "
                   "AND NOT EXISTS(SELECT 1 FROM message_media o WHERE o.tenant_id=x.tenant_id AND o.sha256=x.sha256 AND o.message_id<>x.message_id) LIMIT 20",
                   &media_orphan_row_type);
static const struct sql remove_all =
    SQL_REPEATABLE("UPDATE message_media SET state='removed',reason='',claim=NULL,sha256=NULL,url='',file_name='' "
                   "WHERE tenant_id=? AND conversation_id=? AND message_id=?", NULL);
static const struct sql file_forget = SQL_REPEATABLE("DELETE FROM media_file WHERE tenant_id=? AND sha256=? AND " NOBODY_HAS, NULL);

#define KEY_ARGS U64(tenant), U64(key->conversation_id), U64(key->message_id), I64(key->position)

bool db_media_insert(struct ctx *ctx, uint64_t tenant, const struct media_key *key, const struct media_row *m)
{
    return stmt_do(ctx, &insert, ARGS(KEY_ARGS, TEXT(m->content_type), TEXT(m->url), TEXT(m->state), TEXT(m->file_name), TEXT(m->sha256))) >= 0;
}

struct rows db_media_of(struct ctx *ctx, uint64_t tenant, uint64_t conversation, uint64_t from, uint64_t to)
{
    return stmt_all(ctx, &media_of, ARGS(U64(tenant), U64(conversation), U64(from), U64(to)));
}

struct media_row *db_media_get(struct ctx *ctx, uint64_t tenant, const struct media_key *key)
{
    return stmt_one(ctx, &media_get, ARGS(KEY_ARGS));
}

struct rows db_media_due(struct ctx *ctx, int limit)
{
    return stmt_all(ctx, &due, ARGS(I64(limit)));
}

int db_media_claim(struct ctx *ctx, uint64_t tenant, const struct media_key *key, const char *claim, int64_t lease_s)
{
    return stmt_changed(ctx, &claim_it, ARGS(TEXT(claim), I64(lease_s), KEY_ARGS));
}

struct media_fetch_row *db_media_fetch(struct ctx *ctx, uint64_t tenant, const struct media_key *key, const char *claim)
{
    return stmt_one(ctx, &fetch, ARGS(KEY_ARGS, TEXT(claim)));
}

int db_media_release(struct ctx *ctx, uint64_t tenant, const struct media_key *key, const char *claim, const char *state, const char *reason, int64_t in_ms)
{
    return stmt_changed(ctx, &release, ARGS(TEXT(state), TEXT(reason), I64(in_ms), KEY_ARGS, TEXT(claim)));
}

int db_media_stored(struct ctx *ctx, uint64_t tenant, const struct media_key *key, const char *claim, const char *sha256)
{
    return stmt_changed(ctx, &stored, ARGS(TEXT(sha256), KEY_ARGS, TEXT(claim)));
}

int db_media_again(struct ctx *ctx, uint64_t tenant, const struct media_key *key, const char *from, const char *reason)
{
    return stmt_changed(ctx, &again, ARGS(TEXT(reason), KEY_ARGS, TEXT(from)));
}

bool db_media_lost(struct ctx *ctx, uint64_t tenant, const struct media_key *key)
{
    return stmt_do(ctx, &is_lost, ARGS(KEY_ARGS)) >= 0;
}

bool db_media_file_put(struct ctx *ctx, uint64_t tenant, const char *sha256, const char *type, int64_t size)
{
    return stmt_do(ctx, &file_put, ARGS(U64(tenant), TEXT(sha256), TEXT(type), I64(size))) >= 0;
}

struct media_file_row *db_media_file_get(struct ctx *ctx, uint64_t tenant, const char *sha256)
{
    return stmt_one(ctx, &file_get, ARGS(U64(tenant), TEXT(sha256)));
}

struct rows db_media_orphans(struct ctx *ctx, int limit)
{
    return stmt_all(ctx, &orphans, ARGS(I64(limit)));
}

struct rows db_media_only_of(struct ctx *ctx, uint64_t tenant, uint64_t conversation, uint64_t message)
{
    return stmt_all(ctx, &only_of, ARGS(U64(tenant), U64(conversation), U64(message)));
}

bool db_media_remove(struct ctx *ctx, uint64_t tenant, uint64_t conversation, uint64_t message)
{
    return stmt_do(ctx, &remove_all, ARGS(U64(tenant), U64(conversation), U64(message))) >= 0;
}

int db_media_file_forget(struct ctx *ctx, uint64_t tenant, const char *sha256)
{
    return stmt_changed(ctx, &file_forget, ARGS(U64(tenant), TEXT(sha256)));
}
