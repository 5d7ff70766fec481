/* sessions.c - sign-ins, bearer tokens, and the counter of attempts. */
#include "base/base.h"
#include "store/sessions.h"

#define SESSION_FIELD(kind, member, flags) FIELD_ENTRY(session_row, kind, member, flags)
ROW_TYPE(session_row, SESSION_ROW(SESSION_FIELD));
#define LISTED_FIELD(kind, member, flags) FIELD_ENTRY(session_listed, kind, member, flags)
ROW_TYPE(session_listed, SESSION_LISTED(LISTED_FIELD));

struct tries_row { int64_t tries; };
#define TRIES_ROW(F) F(I64, tries, 0)
#define TRIES_FIELD(kind, member, flags) FIELD_ENTRY(tries_row, kind, member, flags)
extern const struct row_type tries_row_type;
ROW_TYPE(tries_row, TRIES_ROW(TRIES_FIELD));

#define WHO                                                                                                    \
    "u.tenant_id,u.id,IF(u.name='',u.email,u.name),u.email,u.role,IF(u.language='',t.language,u.language),"     \
    "IF(u.zone='',t.zone,u.zone),t.country,t.name,u.password_once"
/* lint: no-tenant: the session tells who the tenant is */
static const struct sql session_identify =
    SQL_REPEATABLE("SELECT s.id," WHO ",s.seen_at FROM session s JOIN user u ON u.tenant_id=s.tenant_id AND u.id=s.user_id "
                   "JOIN tenant t ON t.id=s.tenant_id WHERE s.token_hash=? AND u.active=1 AND s.seen_at>UTC_TIMESTAMP(3)-INTERVAL ? DAY",
                   &session_row_type);
static const struct sql token_identify =
    SQL_REPEATABLE("SELECT 0," WHO ",k.created_at FROM api_token k JOIN user u ON u.tenant_id=k.tenant_id AND u.id=k.user_id "
                   "JOIN tenant t ON t.id=k.tenant_id WHERE k.tenant_id=? AND k.jti=? AND k.revoked_at IS NULL AND u.active=1",
                   &session_row_type);
static const struct sql session_insert =
    SQL("INSERT INTO session (tenant_id,user_id,token_hash,address,agent) VALUES (?,?,?,?,?)", NULL);
/* lint: no-tenant: by the hash of the secret itself */
static const struct sql session_seen = SQL_REPEATABLE("UPDATE session SET seen_at=UTC_TIMESTAMP(3) WHERE token_hash=?", NULL);
static const struct sql sessions_of =
    SQL_REPEATABLE("SELECT id,address,agent,created_at,seen_at FROM session WHERE tenant_id=? AND user_id=? ORDER BY seen_at DESC,id DESC LIMIT 100",
                   &session_listed_type);
static const struct sql session_delete = SQL_REPEATABLE("DELETE FROM session WHERE tenant_id=? AND user_id=? AND id=?", NULL);
static const struct sql sessions_delete_others = SQL_REPEATABLE("DELETE FROM session WHERE tenant_id=? AND user_id=? AND id<>?", NULL);
/* lint: no-tenant: housekeeping over all tenants */
static const struct sql sessions_purge = SQL_REPEATABLE("DELETE FROM session WHERE seen_at<UTC_TIMESTAMP(3)-INTERVAL ? DAY LIMIT 1000", NULL);
static const struct sql tokens_revoke =
    SQL_REPEATABLE("UPDATE api_token SET revoked_at=UTC_TIMESTAMP(3) WHERE tenant_id=? AND user_id=? AND revoked_at IS NULL", NULL);
static const struct sql token_insert = SQL("INSERT INTO api_token (tenant_id,user_id,jti,name) VALUES (?,?,?,?)", NULL);

static const struct sql throttle_hit =
    SQL("INSERT INTO throttle (key_hash,started_at,tries) VALUES (?,UTC_TIMESTAMP(3),1) ON DUPLICATE KEY UPDATE "
        "tries=IF(started_at<UTC_TIMESTAMP(3)-INTERVAL ? SECOND,1,tries+1),"
        "started_at=IF(started_at<UTC_TIMESTAMP(3)-INTERVAL ? SECOND,UTC_TIMESTAMP(3),started_at)", NULL);
static const struct sql throttle_get = SQL_REPEATABLE("SELECT tries FROM throttle WHERE key_hash=?", &tries_row_type);
static const struct sql throttle_forgive = SQL("UPDATE throttle SET tries=tries-1 WHERE key_hash=? AND tries>0", NULL);
static const struct sql throttle_clear = SQL_REPEATABLE("DELETE FROM throttle WHERE key_hash=?", NULL);
static const struct sql throttle_purge = SQL_REPEATABLE("DELETE FROM throttle WHERE started_at<UTC_TIMESTAMP(3)-INTERVAL 1 DAY LIMIT 1000", NULL);

struct session_row *db_session_identify(struct ctx *ctx, const uint8_t hash[32], int64_t days)
{
    return stmt_one(ctx, &session_identify, ARGS(BYTES((const char *)hash, 32), I64(days)));
}

struct session_row *db_token_identify(struct ctx *ctx, uint64_t tenant, const char *jti)
{
    return stmt_one(ctx, &token_identify, ARGS(U64(tenant), TEXT(jti)));
}

bool db_session_insert(struct ctx *ctx, uint64_t tenant, uint64_t user, const uint8_t hash[32], const char *address, const char *agent)
{
    return stmt_do(ctx, &session_insert, ARGS(U64(tenant), U64(user), BYTES((const char *)hash, 32), TEXT(address), TEXT(agent))) >= 0;
}

bool db_session_seen(struct ctx *ctx, const uint8_t hash[32])
{
    return stmt_do(ctx, &session_seen, ARGS(BYTES((const char *)hash, 32))) >= 0;
}

struct rows db_sessions_of(struct ctx *ctx, uint64_t tenant, uint64_t user)
{
    return stmt_all(ctx, &sessions_of, ARGS(U64(tenant), U64(user)));
}

int64_t db_session_delete(struct ctx *ctx, uint64_t tenant, uint64_t user, uint64_t session)
{
    return stmt_do(ctx, &session_delete, ARGS(U64(tenant), U64(user), U64(session)));
}

int64_t db_sessions_delete_others(struct ctx *ctx, uint64_t tenant, uint64_t user, uint64_t keep)
{
    return stmt_do(ctx, &sessions_delete_others, ARGS(U64(tenant), U64(user), U64(keep)));
}

int64_t db_sessions_purge(struct ctx *ctx, int64_t days)
{
    return stmt_do(ctx, &sessions_purge, ARGS(I64(days)));
}

int64_t db_tokens_revoke(struct ctx *ctx, uint64_t tenant, uint64_t user)
{
    return stmt_do(ctx, &tokens_revoke, ARGS(U64(tenant), U64(user)));
}

bool db_token_insert(struct ctx *ctx, uint64_t tenant, uint64_t user, const char *jti, const char *name)
{
    return stmt_do(ctx, &token_insert, ARGS(U64(tenant), U64(user), TEXT(jti), TEXT(name))) >= 0;
}

int64_t db_throttle_hit(struct ctx *ctx, const char *key_hash, int64_t window_s)
{
    if (stmt_do(ctx, &throttle_hit, ARGS(TEXT(key_hash), I64(window_s), I64(window_s))) < 0)
        return -1;
    struct tries_row *r = stmt_one(ctx, &throttle_get, ARGS(TEXT(key_hash)));
    return r ? r->tries : -1;
}

bool db_throttle_clear(struct ctx *ctx, const char *key_hash)
{
    return stmt_do(ctx, &throttle_clear, ARGS(TEXT(key_hash))) >= 0;
}

bool db_throttle_forgive(struct ctx *ctx, const char *key_hash)
{
    return stmt_do(ctx, &throttle_forgive, ARGS(TEXT(key_hash))) >= 0;
}

int64_t db_throttle_purge(struct ctx *ctx)
{
    return stmt_do(ctx, &throttle_purge, NO_ARGS);
}
