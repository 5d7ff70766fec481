/* credentials.c - opening and sealing Twilio credentials. */
#include "base/base.h"
#include "base/crypto.h"
#include "services/credentials.h"
#include <ctype.h>

static const char *open_one(struct ctx *ctx, uint64_t tenant, const char *purpose, const char *sealed, bool *bad)
{
    if (!sealed || !*sealed)
        return NULL;
    const char *plain = crypto_open(ctx->arena, ctx->keys, tenant, purpose, sealed);
    if (!plain)
        *bad = true;
    return plain;
}

const struct credentials *credentials_open(struct ctx *ctx, const struct account_row *row)
{
    struct credentials *c = ARENA_NEW(ctx->arena, struct credentials);
    bool bad = false;
    if (!ctx->keys) {
        err_set(ctx, ERR_BUG, "no key file");
        return NULL;
    }
    if (!*row->auth_token) {
        err_text(ctx, ERR_UPSTREAM, N_("Twilio is not set up yet for this account."), "no auth token yet");
        return NULL;
    }
    const char *secret = open_one(ctx, row->tenant_id, "api_key_secret", row->api_key_secret, &bad);
    c->account_sid = row->account_sid;
    c->api_key_sid = row->api_key_sid;
    c->api_key_secret = secret;
    c->token = open_one(ctx, row->tenant_id, "auth_token", row->auth_token, &bad);
    c->second_token = open_one(ctx, row->tenant_id, "second_token", row->second_token, &bad);
    c->messaging_service_sid = row->messaging_service_sid;
    c->hook_secret = row->hook_secret;
    if (bad || !c->token) {
        err_set(ctx, ERR_BUG, "sealed credentials of tenant %" PRIu64 " do not open: wrong key file?", row->tenant_id);
        return NULL;
    }
    bool key = secret && row->api_key_sid;
    c->rest_user = key ? row->api_key_sid : row->account_sid;
    c->rest_password = key ? secret : c->token;
    return c;
}

const struct credentials *credentials_get(struct ctx *ctx)
{
    struct account_row *row = db_account_get(ctx, ctx->tenant);
    if (row)
        return credentials_open(ctx, row);
    err_text(ctx, ERR_UPSTREAM, N_("Twilio is not set up yet for this account."), "no twilio account");
    return NULL;
}

bool credentials_stored(struct ctx *ctx, struct credentials_in *out)
{
    const struct credentials *c = credentials_get(ctx);
    if (!c)
        return false;
    *out = (struct credentials_in){ .account_sid = c->account_sid, .token = c->token, .second_token = c->second_token, .api_key_sid = c->api_key_sid,
                                    .api_key_secret = c->api_key_secret, .messaging_service_sid = c->messaging_service_sid };
    return true;
}

const char *secret_masked(struct arena *a, const char *secret)
{
#define BULLETS "\u2022\u2022\u2022\u2022\u2022\u2022\u2022\u2022"
    size_t n = secret ? strlen(secret) : 0;
    return !n ? "" : n < 12 ? BULLETS : arena_printf(a, BULLETS "%s", secret + n - 4);
#undef BULLETS
}

static bool sid_shape(const char *s, const char *prefix)
{
    if (!s || strlen(s) != 34 || strncmp(s, prefix, 2) != 0)
        return false;
    for (const char *p = s + 2; *p; p++)
        if (!isxdigit((unsigned char)*p))
            return false;
    return true;
}

static const char *seal(struct ctx *ctx, uint64_t tenant, const char *purpose, const char *plain)
{
    return plain && *plain ? crypto_seal(ctx->arena, ctx->keys, tenant, purpose, plain) : NULL;
}

bool credentials_check(struct ctx *ctx, const struct credentials_in *in)
{
    if (!sid_shape(in->account_sid, "AC"))
        return err_field(ctx, "sid", N_("An Account SID is AC and 32 hexadecimal digits."));
    if (!in->token || strlen(in->token) < 16 || strlen(in->token) > 64)
        return err_field(ctx, "token", N_("An Auth Token has 32 characters."));
    if (in->second_token && *in->second_token && (strlen(in->second_token) < 16 || strlen(in->second_token) > 64))
        return err_field(ctx, "second_token", N_("An Auth Token has 32 characters."));
    if (in->api_key_sid && !sid_shape(in->api_key_sid, "SK"))
        return err_field(ctx, "api_key_sid", N_("An API key is SK and 32 hexadecimal digits."));
    if (in->api_key_sid && (!in->api_key_secret || !*in->api_key_secret))
        return err_field(ctx, "api_key_secret", N_("An API key needs its secret."));
    if (in->messaging_service_sid && !sid_shape(in->messaging_service_sid, "MG"))
        return err_field(ctx, "messaging_service_sid", N_("A Messaging Service is MG and 32 hexadecimal digits."));
    return true;
}

static bool taken(struct ctx *ctx)
{
    return stmt_duplicate(ctx) ? err_field(ctx, "sid", N_("This Twilio account belongs to another tenant already.")) : false;
}

bool credentials_begin(struct ctx *ctx, uint64_t tenant, const char *account_sid)
{
    if (!sid_shape(account_sid, "AC"))
        return err_field(ctx, "sid", N_("An Account SID is AC and 32 hexadecimal digits."));
    struct account_row row = { .account_sid = account_sid, .auth_token = "" };
    return db_account_put(ctx, tenant, &row, "") || taken(ctx);
}

bool credentials_put(struct ctx *ctx, uint64_t tenant, const struct credentials_in *in)
{
    if (!credentials_check(ctx, in))
        return false;
    struct account_row row = {
        .account_sid = in->account_sid,
        .auth_token = seal(ctx, tenant, "auth_token", in->token),
        .second_token = seal(ctx, tenant, "second_token", in->second_token),
        .api_key_sid = in->api_key_sid,
        .api_key_secret = seal(ctx, tenant, "api_key_secret", in->api_key_secret),
        .messaging_service_sid = in->messaging_service_sid,
    };
    return db_account_put(ctx, tenant, &row, in->token + strlen(in->token) - 4) || taken(ctx);
}
