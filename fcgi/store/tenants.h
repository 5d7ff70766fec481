/* tenants.h - rows of tenant and twilio_account. */
#ifndef CENTRALA_STORE_TENANTS_H
#define CENTRALA_STORE_TENANTS_H
#include "store/stmt.h"

struct tenant_row { uint64_t id; const char *name, *state, *country, *zone, *language, *hook_secret; };
#define TENANT_ROW(F) F(U64, id, 0) F(TEXT, name, 0) F(TEXT, state, 0) F(TEXT, country, 0) F(TEXT, zone, 0) F(TEXT, language, 0) F(TEXT, hook_secret, SECRET)
extern const struct row_type tenant_row_type;

struct account_row { /* credentials are sealed: services/credentials.h opens them */
    uint64_t tenant_id;
    const char *tenant_state, *account_sid, *auth_token, *second_token, *api_key_sid, *api_key_secret, *messaging_service_sid, *hook_secret;
    const char *opt_out_words; /* hashes of the tenant's own words, NULL when there are none */
    bool removed_lately;       /* messages were deleted within the hour */
};
#define ACCOUNT_ROW(F) F(U64, tenant_id, 0) F(TEXT, tenant_state, 0) F(TEXT, account_sid, 0) F(TEXT, auth_token, SECRET) F(TEXT, second_token, SECRET) \
    F(TEXT, api_key_sid, 0) F(TEXT, api_key_secret, SECRET) F(TEXT, messaging_service_sid, 0) F(TEXT, hook_secret, SECRET) F(TEXT, opt_out_words, 0) \
    F(BOOL, removed_lately, 0)
extern const struct row_type account_row_type;

/* NULL without an error: there is none. */
struct tenant_row *db_tenant_get(struct ctx *ctx, uint64_t tenant);
struct tenant_row *db_tenant_by_name(struct ctx *ctx, const char *name);
struct rows db_tenants(struct ctx *ctx);
uint64_t db_tenant_insert(struct ctx *ctx, const char *name, const char *country, const char *zone, const char *language, const char *hook_secret);
struct account_row *db_account_get(struct ctx *ctx, uint64_t tenant);
struct account_row *db_account_by_sid(struct ctx *ctx, const char *account_sid);
struct account_row *db_account_by_hook(struct ctx *ctx, const char *hook_secret);
bool db_tenant_change(struct ctx *ctx, uint64_t tenant, const char *name, const char *country, const char *zone, const char *language);

/* What Twilio said when the credentials were last checked. */
struct account_check { int64_t at_ms; const char *state, *account; int64_t took; int64_t code; const char *words; };
#define ACCOUNT_CHECK(F) F(TIME, at_ms, 0) F(TEXT, state, 0) F(TEXT, account, 0) F(I64, took, 0) F(I64, code, 0) F(TEXT, words, 0)
extern const struct row_type account_check_type;
struct account_check *db_account_check_get(struct ctx *ctx, uint64_t tenant);
/* at_ms is not read: it is the database's now. */
bool db_account_check_put(struct ctx *ctx, uint64_t tenant, const struct account_check *check);
/* Replaces the whole row and forgets the last check. */
bool db_account_put(struct ctx *ctx, uint64_t tenant, const struct account_row *row, const char *last4);

#endif
