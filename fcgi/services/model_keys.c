/* model_keys.c - sealing and opening the keys of model providers. */
#include "base/base.h"
#include "base/crypto.h"
#include "providers/model.h"
#include "services/audit.h"
#include "services/burst.h"
#include "services/model_keys.h"
#include "store/db.h"

bool provider_known(const char *provider)
{
    return strcmp(provider, PROVIDER_OPENAI) == 0 || strcmp(provider, PROVIDER_ANTHROPIC) == 0;
}

/* The provider is part of what the key is sealed for: one moved to another provider's row does not open. */
static const char *purpose(struct ctx *ctx, const char *provider)
{
    return arena_printf(ctx->arena, "model_key:%s", provider);
}

const struct model_key *model_key_get(struct ctx *ctx, const char *provider)
{
    const struct model_key_row *row = db_model_key_get(ctx, ctx->tenant, provider);
    if (!row && !ctx->err.code && strcmp(provider, PROVIDER_OPENAI) == 0)
        row = db_model_key_get(ctx, ctx->tenant, PROVIDER_OPENAI_SPARE);
    if (!row)
        return NULL;
    struct model_key *k = ARENA_NEW(ctx->arena, struct model_key);
    k->provider = row->provider;
    k->base_url = row->base_url;
    k->api_version = row->api_version;
    k->key = ctx->keys ? crypto_open(ctx->arena, ctx->keys, ctx->tenant, purpose(ctx, row->provider), row->sealed_key) : NULL;
    if (k->key)
        return k;
    err_set(ctx, ERR_BUG, "the sealed %s key of tenant %" PRIu64 " does not open: wrong key file?", provider, ctx->tenant);
    return NULL;
}

/* It travels in a header: one line of printable ASCII. */
static bool key_shape(const char *key)
{
    size_t n = strlen(key);
    for (const char *s = key; *s; s++)
        if (*s < 0x21 || *s > 0x7e)
            return false;
    return n >= MODEL_KEY_LEAST && n <= MODEL_KEY_MOST;
}

struct change { const char *provider, *sealed, *last4, *base_url, *api_version; int64_t found; };

static bool write_key(struct ctx *ctx, void *arg)
{
    const struct change *c = arg;
    return db_model_key_put(ctx, ctx->tenant, c->provider, c->sealed, c->last4) &&
           audit(ctx, "model_key.put", c->provider, arena_printf(ctx->arena, "…%s", c->last4));
}

bool model_key_put(struct ctx *ctx, const char *provider, const char *key)
{
    if (!provider_known(provider) && strcmp(provider, PROVIDER_OPENAI_SPARE) != 0)
        return err_field(ctx, "provider", N_("Choose one of the providers."));
    if (!key || !key_shape(key))
        return err_field(ctx, "api_key", N_("A key is 8 to 400 letters, digits and signs without blanks."));
    struct change c = { .provider = provider, .last4 = key + strlen(key) - 4,
                        .sealed = crypto_seal(ctx->arena, ctx->keys, ctx->tenant, purpose(ctx, provider), key) };
    bool ok = db_transaction(ctx, write_key, &c) == DB_OK;
    burst_forget_all(ctx->burst);
    return ok;
}

static bool drop_key(struct ctx *ctx, void *arg)
{
    struct change *c = arg;
    c->found = db_model_key_delete(ctx, ctx->tenant, c->provider);
    return c->found == 0 || (c->found > 0 && audit(ctx, "model_key.delete", c->provider, ""));
}

int64_t model_key_delete(struct ctx *ctx, const char *provider)
{
    struct change c = { .provider = provider };
    bool ok = db_transaction(ctx, drop_key, &c) == DB_OK;
    burst_forget_all(ctx->burst);
    return ok ? c.found : -1;
}

bool model_key_any(struct ctx *ctx)
{
    const char *name = arena_printf(ctx->arena, "model-key:%" PRIu64, ctx->tenant);
    const bool *kept = burst_find(ctx->burst, name);
    if (kept)
        return *kept;
    struct rows rows = model_keys(ctx);
    bool any = rows.n > 0;
    if (rows.ok)
        burst_keep(ctx->burst, name, &any, sizeof any);
    return any;
}

static bool version_shape(const char *version)
{
    return strlen(version) == 10 && strspn(version, "0123456789-") == 10;
}

static bool write_server(struct ctx *ctx, void *arg)
{
    const struct change *c = arg;
    int64_t n = db_model_key_server(ctx, ctx->tenant, c->provider, c->base_url, c->api_version);
    return n == 0 || (n > 0 && audit(ctx, "model_key.server", c->provider,
                                     arena_printf(ctx->arena, "%s %s", c->base_url ? c->base_url : "-", c->api_version ? c->api_version : "-")));
}

static const char *or_null(const char *s)
{
    return s && *s ? s : NULL;
}

static bool same_text(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

bool model_server_check(struct ctx *ctx, const char *base_url, const char *api_version)
{
    const char *problem = or_null(base_url) ? model_base_problem(ctx->conf, base_url) : NULL;
    if (problem)
        return err_field(ctx, "base_url", problem);
    return !or_null(api_version) || version_shape(api_version) || err_field(ctx, "api_version", N_("A version is a date such as 2023-06-01."));
}

bool model_server_put(struct ctx *ctx, const char *provider, const char *base_url, const char *api_version, bool key_is_new)
{
    struct change c = { .provider = provider, .base_url = or_null(base_url), .api_version = or_null(api_version) };
    if (!model_server_check(ctx, base_url, api_version))
        return false;
    const struct model_key_row *row = db_model_key_get(ctx, ctx->tenant, provider);
    if (!row)
        return ctx->err.code == ERR_NONE;
    bool same_url = same_text(row->base_url, c.base_url);
    if (!same_url && c.base_url && !key_is_new)
        return err_field(ctx, "api_key", N_("Type the key again: it goes only to an address it was entered for."));
    return (same_url && same_text(row->api_version, c.api_version)) || db_transaction(ctx, write_server, &c) == DB_OK;
}

const char *model_key_mask(struct arena *a, const struct model_key_row *row)
{
    return arena_printf(a, "••••••••%s", row->last4);
}

const char *model_key_masked(struct ctx *ctx, const char *provider)
{
    const struct model_key_row *row = db_model_key_get(ctx, ctx->tenant, provider);
    return row ? model_key_mask(ctx->arena, row) : NULL;
}

struct rows model_keys(struct ctx *ctx)
{
    return db_model_keys(ctx, ctx->tenant);
}
