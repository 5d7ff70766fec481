/* webhook.c - tenant of a webhook, signature, counted refusals. */
#include "base/base.h"
#include "base/conf.h"
#include "base/log.h"
#include "services/credentials.h"
#include "services/params.h"
#include "services/webhook.h"
#include "store/db.h"
#include "store/health.h"

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

bool webhook_check(struct ctx *ctx, const struct webhook *hook)
{
    const char *account = account_of(ctx, hook);
    /* The secret in the path is not logged or shown: the URL kept for the health page ends before it. */
    const char *url = arena_printf(ctx->arena, "%s%s", ctx->conf->main_public_url, hook->target);
    const char *shown = hook->secret ? arena_printf(ctx->arena, "%s/hook/…", ctx->conf->main_public_url) : url;
    db_use(ctx->db, DB_APP);
    struct account_row *row = hook->secret ? db_account_by_hook(ctx, param_ascii(ctx->arena, hook->secret))
        : account ? db_account_by_sid(ctx, param_ascii(ctx->arena, account)) : NULL;
    if (ctx->err.code)
        return false;
    if (!row)
        return refuse(ctx, 0, account, "unknown", shown);
    if (account && strcmp(account, row->account_sid) != 0)
        return refuse(ctx, row->tenant_id, account, "account", shown);
    const struct credentials *c = credentials_open(ctx, row);
    if (!c)
        return refuse(ctx, row->tenant_id, account, "sealed", shown);
    if (!hook->signature)
        return refuse(ctx, row->tenant_id, account, "missing", shown);
    const char *tokens[] = { c->token, c->second_token };
    for (size_t i = 0; i < ARRAY_LEN(tokens); i++) {
        if (tokens[i] && body_is_signed(hook) && signature_valid(ctx->arena, tokens[i], url, hook->params, hook->param_count, hook->body, hook->body_len, hook->signature)) {
            ctx->tenant = row->tenant_id;
            ctx->actor = (struct actor){ .kind = ACTOR_TWILIO, .name = "twilio" };
            return true;
        }
    }
    return refuse(ctx, row->tenant_id, account, "mismatch", shown);
}
