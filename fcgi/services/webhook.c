/* webhook.c - tenant of a webhook, signature, counted refusals. */
#include "base/base.h"
#include "base/conf.h"
#include "base/log.h"
#include "services/burst.h"
#include "services/credentials.h"
#include "services/opt_out.h"
#include "services/params.h"
#include "services/webhook.h"
#include "store/db.h"
#include "store/health.h"

/* What is kept of an account while a burst of its webhooks comes in; a changed token is in force two seconds later. */
struct hook_key {
    uint64_t tenant;
    char account_sid[35];
    char token[2][72]; /* primary and secondary; empty when there is none */
    bool removed_lately;
};

/* As the request claims it. */
static const char *account_of(struct ctx *ctx, const struct webhook *hook)
{
    size_t count;
    if (hook->param_count || !hook->body_len)
        return param_text(hook->params, hook->param_count, "AccountSid");
    const struct pair *pairs = params_from_json(ctx->arena, hook->body, hook->body_len, &count);
    return param_text(pairs, count, "AccountSid");
}

/* A body that is no form is covered by its hash in the address, else by nothing. */
static bool body_is_signed(const struct webhook *hook)
{
    return hook->param_count || !hook->body_len || strstr(hook->target, "bodySHA256=");
}

/* The counter is a write of its own: the request itself may be gone before it, that is allowed. */
static bool refuse(struct ctx *ctx, uint64_t tenant, const char *account, const char *reason, const char *url)
{
    char sid[35] = "";
    if (account && strlen(account) < sizeof sid)
        for (size_t i = 0; account[i] && (unsigned char)account[i] < 0x7f; i++)
            sid[i] = account[i];
    db_rejection_count(ctx, tenant, sid, reason, param_clean(ctx->arena, url, strlen(url), 500));
    log_event(ctx, LOG_WARNING, "webhook.refused", "reason=%s account=%s", reason, log_quote(ctx->arena, sid));
    err_clear(ctx);
    return err_set(ctx, ERR_SIGNATURE, "webhook refused: %s", reason);
}

/* A path's secret and an Account SID never stand for one another. */
static const char *kept_as(struct ctx *ctx, const struct webhook *hook, const char *name)
{
    return arena_printf(ctx->arena, "%s%s", hook->secret ? "hook:" : "account:", name);
}

/* Who is shown a refusal by a secret that is nobody's: the account's own tenant, so that no other one reads its SID. */
static uint64_t whose(struct ctx *ctx, const struct webhook *hook, const char *account)
{
    const struct account_row *row = hook->secret && account ? db_account_by_sid(ctx, param_ascii(ctx->arena, account)) : NULL;
    return row ? row->tenant_id : 0;
}

/* The account's row, its tokens opened; kept for the next webhooks. NULL when it was refused or the database failed. */
static const struct hook_key *load_key(struct ctx *ctx, const struct webhook *hook, const char *account, const char *name, const char *shown)
{
    struct account_row *row = !name ? NULL : hook->secret ? db_account_by_hook(ctx, name) : db_account_by_sid(ctx, name);
    if (ctx->err.code)
        return NULL;
    const struct credentials *c = row ? credentials_open(ctx, row) : NULL;
    if (!c || strlen(c->token) >= sizeof ((struct hook_key *)0)->token[0]) {
        uint64_t tenant = row ? row->tenant_id : whose(ctx, hook, account);
        if (row || !ctx->err.code) /* credentials that do not open are a refusal; a database that does not answer is none */
            refuse(ctx, tenant, account, row && *row->auth_token ? "sealed" : "unknown", shown);
        return NULL;
    }
    struct hook_key *key = ARENA_NEW(ctx->arena, struct hook_key);
    key->tenant = row->tenant_id;
    key->removed_lately = row->removed_lately;
    snprintf(key->account_sid, sizeof key->account_sid, "%s", row->account_sid);
    snprintf(key->token[0], sizeof key->token[0], "%s", c->token);
    snprintf(key->token[1], sizeof key->token[1], "%s", c->second_token ? c->second_token : "");
    burst_keep(ctx->burst, kept_as(ctx, hook, name), key, sizeof *key);
    opt_out_keep_words(ctx, row->tenant_id, row->opt_out_words);
    return key;
}

static bool signed_by(struct ctx *ctx, const struct webhook *hook, const struct hook_key *key, const char *url)
{
    for (size_t i = 0; i < ARRAY_LEN(key->token); i++)
        if (*key->token[i] && signature_valid(ctx->arena, key->token[i], url, hook->params, hook->param_count, hook->body, hook->body_len, hook->signature))
            return body_is_signed(hook);
    return false;
}

bool webhook_check(struct ctx *ctx, const struct webhook *hook)
{
    const char *account = account_of(ctx, hook);
    /* The secret in the path is not logged or shown: the URL kept for the health page ends before it. */
    const char *url = arena_printf(ctx->arena, "%s%s", ctx->conf->main_public_url, hook->target);
    const char *shown = hook->secret ? arena_printf(ctx->arena, "%s/hook/…", ctx->conf->main_public_url) : url;
    const char *claimed = hook->secret ? hook->secret : account, *name = claimed ? param_ascii(ctx->arena, claimed) : NULL;
    db_use(ctx->db, DB_APP);
    const struct hook_key *kept = name ? burst_find(ctx->burst, kept_as(ctx, hook, name)) : NULL;
    const struct hook_key *key = kept ? kept : load_key(ctx, hook, account, name, shown);
    if (!key)
        return false;
    if (account && strcmp(account, key->account_sid) != 0)
        return refuse(ctx, key->tenant, account, "account", shown);
    if (!hook->signature)
        return refuse(ctx, key->tenant, account, "missing", shown);
    bool valid = signed_by(ctx, hook, key, url);
    if (!valid && kept) { /* the token may have been changed just now */
        key = load_key(ctx, hook, account, name, shown);
        if (!key)
            return false;
        valid = signed_by(ctx, hook, key, url);
    }
    if (!valid)
        return refuse(ctx, key->tenant, account, "mismatch", shown);
    ctx->tenant = key->tenant;
    ctx->removed_lately = key->removed_lately;
    ctx->actor = (struct actor){ .kind = ACTOR_TWILIO, .name = "twilio" };
    return true;
}
