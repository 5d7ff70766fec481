/* model_keys.c - keys of model providers. */
#include "base/base.h"
#include "store/model_keys.h"

#define MODEL_KEY_FIELD(kind, member, flags) FIELD_ENTRY(model_key_row, kind, member, flags)
ROW_TYPE(model_key_row, MODEL_KEY_ROW(MODEL_KEY_FIELD));

#define KEY_SELECT "SELECT provider,sealed_key,last4,base_url,api_version,updated_at FROM model_key "
static const struct sql key_get = SQL_REPEATABLE(KEY_SELECT "WHERE tenant_id=? AND provider=?", &model_key_row_type);
static const struct sql key_all = SQL_REPEATABLE(KEY_SELECT "WHERE tenant_id=? ORDER BY provider LIMIT 10", &model_key_row_type);
static const struct sql key_put =
    SQL_REPEATABLE("INSERT INTO model_key (tenant_id,provider,sealed_key,last4) VALUES (?,?,?,?) "
                   "ON DUPLICATE KEY UPDATE sealed_key=VALUES(sealed_key),last4=VALUES(last4),updated_at=UTC_TIMESTAMP(3)", NULL);
static const struct sql key_server =
    SQL_REPEATABLE("UPDATE model_key SET base_url=?,api_version=?,updated_at=UTC_TIMESTAMP(3) WHERE tenant_id=? AND provider=?", NULL);
static const struct sql key_delete = SQL_REPEATABLE("DELETE FROM model_key WHERE tenant_id=? AND provider=?", NULL);

struct model_key_row *db_model_key_get(struct ctx *ctx, uint64_t tenant, const char *provider)
{
    return stmt_one(ctx, &key_get, ARGS(U64(tenant), TEXT(provider)));
}

struct rows db_model_keys(struct ctx *ctx, uint64_t tenant)
{
    return stmt_all(ctx, &key_all, ARGS(U64(tenant)));
}

bool db_model_key_put(struct ctx *ctx, uint64_t tenant, const char *provider, const char *sealed_key, const char *last4)
{
    return stmt_do(ctx, &key_put, ARGS(U64(tenant), TEXT(provider), TEXT(sealed_key), TEXT(last4))) >= 0;
}

int64_t db_model_key_server(struct ctx *ctx, uint64_t tenant, const char *provider, const char *base_url, const char *api_version)
{
    return stmt_do(ctx, &key_server, ARGS(TEXT(base_url), TEXT(api_version), U64(tenant), TEXT(provider)));
}

int64_t db_model_key_delete(struct ctx *ctx, uint64_t tenant, const char *provider)
{
    return stmt_do(ctx, &key_delete, ARGS(U64(tenant), TEXT(provider)));
}
