/* model_keys.h - a tenant's keys for model providers: sealed at rest, opened for the length of a call, shown as bullets. */
#ifndef CENTRALA_SERVICES_MODEL_KEYS_H
#define CENTRALA_SERVICES_MODEL_KEYS_H
#include "base/base.h"
#include "base/ctx.h"
#include "store/model_keys.h"

#define PROVIDER_OPENAI "openai"
#define PROVIDER_ANTHROPIC "anthropic"
#define PROVIDER_OPENAI_SPARE "openai-2" /* predecessor 000's SECOND_OPENAI: used while there is no first key */
enum { MODEL_KEY_LEAST = 8, MODEL_KEY_MOST = 400 };

bool provider_known(const char *provider);

struct model_key { const char *provider, *key, *base_url, *api_version; }; /* base_url, api_version NULL: the installation's */
/* Of ctx->tenant, opened; NULL without an error: there is none. ERR_BUG when it does not open. */
const struct model_key *model_key_get(struct ctx *ctx, const char *provider);
/* Checks, seals, stores and audits; where the key is used stays as it is. False with ERR_INVALID at "api_key". */
bool model_key_put(struct ctx *ctx, const char *provider, const char *key);
/* 1 gone, 0 there was none, -1 failure; audited. */
int64_t model_key_delete(struct ctx *ctx, const char *provider);
/* Where the key is used and which version is spoken; "" or NULL: the installation's. A stored key is never sent to an
 * address it was not typed for: another base_url needs the key again (`key_is_new`). ERR_INVALID at "base_url",
 * "api_key" or "api_version"; nothing happens without a key. */
bool model_server_put(struct ctx *ctx, const char *provider, const char *base_url, const char *api_version, bool key_is_new);
/* The shapes alone, before something else is stored. */
bool model_server_check(struct ctx *ctx, const char *base_url, const char *api_version);
/* "••••••••abcd"; NULL: none (ctx->err tells a failure). */
const char *model_key_masked(struct ctx *ctx, const char *provider);
/* The same for a row that is here already. */
const char *model_key_mask(struct arena *a, const struct model_key_row *row);
/* Could a model be asked at all? For every look at a chat: kept for a burst (services/burst.h). */
bool model_key_any(struct ctx *ctx);
/* struct model_key_row: those the tenant has. */
struct rows model_keys(struct ctx *ctx);

#endif
