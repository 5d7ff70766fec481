/* model_keys.h - keys of model providers; sealed: services/model_keys.h opens them. */
#ifndef CENTRALA_STORE_MODEL_KEYS_H
#define CENTRALA_STORE_MODEL_KEYS_H
#include "store/stmt.h"

struct model_key_row { const char *provider, *sealed_key, *last4, *base_url, *api_version; int64_t updated_ms; };
#define MODEL_KEY_ROW(F) F(TEXT, provider, 0) F(TEXT, sealed_key, SECRET) F(TEXT, last4, 0) F(TEXT, base_url, 0) F(TEXT, api_version, 0) F(TIME, updated_ms, 0)
extern const struct row_type model_key_row_type;

struct model_key_row *db_model_key_get(struct ctx *ctx, uint64_t tenant, const char *provider);
struct rows db_model_keys(struct ctx *ctx, uint64_t tenant);
/* The key alone; where it is used stays as it is. */
bool db_model_key_put(struct ctx *ctx, uint64_t tenant, const char *provider, const char *sealed_key, const char *last4);
/* Where it is used; NULLs: the installation's. Rows found, -1 failure. */
int64_t db_model_key_server(struct ctx *ctx, uint64_t tenant, const char *provider, const char *base_url, const char *api_version);
int64_t db_model_key_delete(struct ctx *ctx, uint64_t tenant, const char *provider);

#endif
