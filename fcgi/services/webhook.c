/* webhook.c - tenant of a webhook, signature, counted refusals. */
#include "base/base.h"
#include "base/conf.h"
#include "base/log.h"
#include "services/credentials.h"
#include "services/webhook.h"
#include "store/db.h"
#include "store/health.h"

static const char *param(const struct webhook *hook, const char *name)
{
    size_t n = strlen(name);
    for (size_t i = 0; i < hook->param_count; i++)
        if (hook->params[i].name_len == n && memcmp(hook->params[i].name, name, n) == 0)
            return hook->params[i].value;
    return NULL;
}

/* The counter is a write of its own: the request itself may be gone before it, that is allowed. */
static bool refuse(struct ctx *ctx, uint64_t tenant, const char *account, const char *reason, const char *url)
{
    char sid[35] = "";
    if (account && strlen(account) < sizeof sid)
        for (size_t i = 0; account[i] && (unsigned char)account[i] < 0x7f; i++)
            sid[i] = account[i];
    db_rejection_count(ctx, tenant, sid, reason, arena_strndup(ctx->arena, url, strnlen(url, 500)));
    log_event(ctx, LOG_WARNING, "webhook.refused", "reason=%s account=%s", reason, log_quote(ctx->arena, sid));
    err_clear(ctx);
    return err_set(ctx, ERR_SIGNATURE, "webhook refused: %s", reason);
}

bool webhook_check(struct ctx *ctx, const struct webhook *hook)
{
    const char *account = param(hook, "AccountSid");
    /* The secret in the path is not logged or shown: the URL kept for the health page ends before it. */
    const char *url = arena_printf(ctx->arena, "%s%s", ctx->conf->main_public_url, hook->target);
    const char *shown = hook->secret ? arena_printf(ctx->arena, "%s/hook/…", ctx->conf->main_public_url) : url;
    db_use(ctx->db, DB_APP);
    struct account_row *row = hook->secret ? db_account_by_hook(ctx, hook->secret) : account ? db_account_by_sid(ctx, account) : NULL;
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
        if (tokens[i] && signature_valid(ctx->arena, tokens[i], url, hook->params, hook->param_count, hook->body, hook->body_len, hook->signature)) {
            ctx->tenant = row->tenant_id;
            ctx->actor = (struct actor){ .kind = ACTOR_TWILIO, .name = "twilio" };
            return true;
        }
    }
    return refuse(ctx, row->tenant_id, account, "mismatch", shown);
}
