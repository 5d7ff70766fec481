/* account_settings.c - showing, checking and changing the tenant's Twilio account. */
#include "base/base.h"
#include "services/account_settings.h"
#include "services/audit.h"
#include "services/burst.h"
#include "store/db.h"

static const char *text(const char *s)
{
    return s ? s : "";
}

static const char *text_or_null(const char *s)
{
    return s && *s ? s : NULL;
}

bool account_shown(struct ctx *ctx, struct account_shown *out)
{
    *out = (struct account_shown){ .account_sid = "", .api_key_sid = "", .messaging_service_sid = "", .token = "", .second_token = "", .api_key_secret = "" };
    const struct account_row *row = db_account_get(ctx, ctx->tenant);
    if (!row)
        return ctx->err.code == ERR_NONE;
    out->exists = true;
    out->account_sid = row->account_sid;
    out->api_key_sid = text(row->api_key_sid);
    out->messaging_service_sid = text(row->messaging_service_sid);
    const struct credentials *c = credentials_open(ctx, row);
    if (!c) {
        err_clear(ctx); /* incomplete, or another key file: then they are to be entered again */
        return true;
    }
    out->complete = true;
    out->token = secret_masked(ctx->arena, c->token);
    out->second_token = secret_masked(ctx->arena, c->second_token);
    out->api_key_secret = secret_masked(ctx->arena, c->api_key_secret);
    out->check = db_account_check_get(ctx, ctx->tenant);
    return ctx->err.code == ERR_NONE;
}

/* What would be stored. */
static bool merge(struct ctx *ctx, const struct account_wish *w, struct credentials_in *out)
{
    struct credentials_in old = { .account_sid = NULL };
    if (!credentials_stored(ctx, &old)) {
        if (ctx->err.code != ERR_UPSTREAM && ctx->err.code != ERR_BUG)
            return false;
        err_clear(ctx);
    }
    bool same_key = old.api_key_sid && text_or_null(w->api_key_sid) && strcmp(old.api_key_sid, w->api_key_sid) == 0;
    *out = (struct credentials_in){
        .account_sid = w->account_sid,
        .token = text_or_null(w->token) ? w->token : old.token,
        .second_token = w->drop_second ? NULL : text_or_null(w->second_token) ? w->second_token : old.second_token,
        .api_key_sid = text_or_null(w->api_key_sid),
        .api_key_secret = text_or_null(w->api_key_secret) ? w->api_key_secret : same_key ? old.api_key_secret : NULL,
        .messaging_service_sid = text_or_null(w->messaging_service_sid),
    };
    return true;
}

/* "account …cdef, token …1234, second token none, key none, service …7890" */
static const char *outline(struct ctx *ctx, const struct credentials_in *in)
{
    const struct { const char *name, *value; } parts[] = {
        { "account", in->account_sid }, { "token", in->token }, { "second token", in->second_token }, { "key", in->api_key_sid },
        { "secret", in->api_key_secret }, { "service", in->messaging_service_sid } };
    struct str s;
    str_init(&s, ctx->arena, 256, 1024);
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        const char *v = text(parts[i].value);
        size_t n = strlen(v);
        str_printf(&s, "%s%s %s%s", i ? ", " : "", parts[i].name, n ? "\u2026" : "-", n >= 12 ? v + n - 4 : "");
    }
    return s.s;
}

static bool write_account(struct ctx *ctx, void *arg)
{
    const struct credentials_in *in = arg;
    return credentials_put(ctx, ctx->tenant, in) && audit(ctx, "credentials.put", in->account_sid, outline(ctx, in));
}

bool account_store(struct ctx *ctx, const struct credentials_in *in)
{
    struct credentials_in copy = *in;
    enum db_result r = db_transaction(ctx, write_account, &copy);
    if (r == DB_AMBIGUOUS) { /* the same again ends in the same */
        err_clear(ctx);
        r = db_transaction(ctx, write_account, &copy);
    }
    burst_forget_all(ctx->burst); /* signatures are checked with the new tokens from now on */
    return r == DB_OK;
}

bool account_save(struct ctx *ctx, const struct account_wish *wish, struct verification *out)
{
    struct credentials_in in;
    *out = (struct verification){ .verdict = VERIFIED_UNASKED, .status = "", .type = "", .words = "" };
    if (!merge(ctx, wish, &in) || !credentials_check(ctx, &in))
        return false;
    verify_credentials(ctx, &in, out);
    if (out->verdict == VERIFIED_REFUSED || (out->verdict == VERIFIED_UNREACHABLE && !wish->unchecked))
        return err_set(ctx, ERR_UPSTREAM, "credentials not stored: %s", verified_word(out->verdict));
    return account_store(ctx, &in) && verify_keep(ctx, out);
}
