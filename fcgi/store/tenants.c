/* tenants.c - tenants and their Twilio credentials. */
#include "base/base.h"
#include "store/tenants.h"

#define TENANT_FIELD(kind, member, flags) FIELD_ENTRY(tenant_row, kind, member, flags)
ROW_TYPE(tenant_row, TENANT_ROW(TENANT_FIELD));
#define ACCOUNT_FIELD(kind, member, flags) FIELD_ENTRY(account_row, kind, member, flags)
ROW_TYPE(account_row, ACCOUNT_ROW(ACCOUNT_FIELD));

#define CHECK_FIELD(kind, member, flags) FIELD_ENTRY(account_check, kind, member, flags)
ROW_TYPE(account_check, ACCOUNT_CHECK(CHECK_FIELD));

#define TENANT_COLUMNS "id,name,state,country,zone,language,hook_secret"
static const struct sql tenant_get = SQL_REPEATABLE("SELECT " TENANT_COLUMNS " FROM tenant WHERE id=?", &tenant_row_type);
static const struct sql tenant_by_name = SQL_REPEATABLE("SELECT " TENANT_COLUMNS " FROM tenant WHERE name=?", &tenant_row_type);
static const struct sql tenant_all = SQL_REPEATABLE("SELECT " TENANT_COLUMNS " FROM tenant ORDER BY id LIMIT 1000", &tenant_row_type);
static const struct sql tenant_insert = SQL("INSERT INTO tenant (name,country,zone,language,hook_secret) VALUES (?,?,?,?,?)", NULL);

static const struct sql tenant_change = SQL_REPEATABLE("UPDATE tenant SET name=?,country=?,zone=?,language=? WHERE id=?", NULL);
static const struct sql check_get =
    SQL_REPEATABLE("SELECT checked_at,checked_state,checked_account,checked_ms,checked_code,checked_words FROM twilio_account "
                   "WHERE tenant_id=? AND checked_at IS NOT NULL", &account_check_type);
static const struct sql check_put =
    SQL_REPEATABLE("UPDATE twilio_account SET checked_at=UTC_TIMESTAMP(3),checked_state=?,checked_account=LEFT(?,40),checked_ms=?,checked_code=?,"
                   "checked_words=LEFT(?,500) WHERE tenant_id=?", NULL);

#define ACCOUNT_SELECT                                                                                              \
    "SELECT a.tenant_id,t.state,a.account_sid,a.auth_token,a.second_token,a.api_key_sid,a.api_key_secret,"           \
    "a.messaging_service_sid,t.hook_secret,(SELECT GROUP_CONCAT(w.hash) FROM opt_out_word w WHERE w.tenant_id=a.tenant_id),"               \
    "EXISTS(SELECT 1 FROM removed_message r FORCE INDEX (ix_removed_message_latest) WHERE r.tenant_id=a.tenant_id "            \
    "AND r.removed_at>UTC_TIMESTAMP(3)-INTERVAL 1 HOUR) FROM twilio_account a JOIN tenant t ON t.id=a.tenant_id "
static const struct sql account_get = SQL_REPEATABLE(ACCOUNT_SELECT "WHERE a.tenant_id=?", &account_row_type);
/* lint: no-tenant: a webhook names its tenant by the account */
static const struct sql account_by_sid = SQL_REPEATABLE(ACCOUNT_SELECT "WHERE a.account_sid=?", &account_row_type);
/* lint: no-tenant: a webhook names its tenant by the secret in its path */
static const struct sql account_by_hook = SQL_REPEATABLE(ACCOUNT_SELECT "WHERE t.hook_secret=?", &account_row_type);
/* Two statements, because ON DUPLICATE KEY UPDATE would also take the row of another tenant that has the same account_sid. */
static const struct sql account_update =
    SQL_REPEATABLE("UPDATE twilio_account SET account_sid=?,auth_token=?,auth_token_last4=?,second_token=?,api_key_sid=?,api_key_secret=?,"
                   "messaging_service_sid=?,checked_at=NULL,updated_at=UTC_TIMESTAMP(3) WHERE tenant_id=?", NULL);
static const struct sql account_insert =
    SQL("INSERT INTO twilio_account (tenant_id,account_sid,auth_token,auth_token_last4,second_token,api_key_sid,api_key_secret,"
        "messaging_service_sid) VALUES (?,?,?,?,?,?,?,?)", NULL);

struct tenant_row *db_tenant_get(struct ctx *ctx, uint64_t tenant)
{
    return stmt_one(ctx, &tenant_get, ARGS(U64(tenant)));
}

struct tenant_row *db_tenant_by_name(struct ctx *ctx, const char *name)
{
    return stmt_one(ctx, &tenant_by_name, ARGS(TEXT(name)));
}

struct rows db_tenants(struct ctx *ctx)
{
    return stmt_all(ctx, &tenant_all, NO_ARGS);
}

uint64_t db_tenant_insert(struct ctx *ctx, const char *name, const char *country, const char *zone, const char *language,
                          const char *hook_secret)
{
    if (stmt_do(ctx, &tenant_insert, ARGS(TEXT(name), TEXT(country), TEXT(zone), TEXT(language), TEXT(hook_secret))) < 0)
        return 0;
    return stmt_insert_id(ctx);
}

struct account_row *db_account_get(struct ctx *ctx, uint64_t tenant)
{
    return stmt_one(ctx, &account_get, ARGS(U64(tenant)));
}

struct account_row *db_account_by_sid(struct ctx *ctx, const char *account_sid)
{
    return stmt_one(ctx, &account_by_sid, ARGS(TEXT(account_sid)));
}

struct account_row *db_account_by_hook(struct ctx *ctx, const char *hook_secret)
{
    return stmt_one(ctx, &account_by_hook, ARGS(TEXT(hook_secret)));
}

bool db_tenant_change(struct ctx *ctx, uint64_t tenant, const char *name, const char *country, const char *zone, const char *language)
{
    return stmt_do(ctx, &tenant_change, ARGS(TEXT(name), TEXT(country), TEXT(zone), TEXT(language), U64(tenant))) >= 0;
}

struct account_check *db_account_check_get(struct ctx *ctx, uint64_t tenant)
{
    return stmt_one(ctx, &check_get, ARGS(U64(tenant)));
}

bool db_account_check_put(struct ctx *ctx, uint64_t tenant, const struct account_check *c)
{
    return stmt_do(ctx, &check_put, ARGS(TEXT(c->state), TEXT(c->account), I64(c->took), I64(c->code), TEXT(c->words), U64(tenant))) >= 0;
}

bool db_account_put(struct ctx *ctx, uint64_t tenant, const struct account_row *r, const char *last4)
{
    int64_t n = stmt_do(ctx, &account_update, ARGS(TEXT(r->account_sid), TEXT(r->auth_token), TEXT(last4), TEXT(r->second_token), TEXT(r->api_key_sid),
                                                   TEXT(r->api_key_secret), TEXT(r->messaging_service_sid), U64(tenant)));
    if (n != 0) /* there was one: the sealed texts differ each time */
        return n > 0;
    return stmt_do(ctx, &account_insert, ARGS(U64(tenant), TEXT(r->account_sid), TEXT(r->auth_token), TEXT(last4), TEXT(r->second_token),
                                              TEXT(r->api_key_sid), TEXT(r->api_key_secret), TEXT(r->messaging_service_sid))) >= 0;
}
