/* health.c - is it well? */
#include "base/base.h"
#include "base/conf.h"
#include "services/burst.h"
#include "services/health.h"
#include "store/db.h"
#include "store/tenants.h"
#include <unistd.h>

bool health_database(struct ctx *ctx)
{
    return db_ping(ctx) || err_set(ctx, ERR_DATABASE, "ping");
}

bool health_twilio_configured(struct ctx *ctx)
{
    return db_any_account(ctx) > 0;
}

bool health_model_configured(struct ctx *ctx)
{
    /* Monitors ask every second: kept for a burst (services/burst.h). */
    static const char name[] = "health-model";
    const bool *kept = burst_find(ctx->burst, name);
    if (kept)
        return *kept;
    int n = db_any_model(ctx);
    bool any = n > 0;
    if (n >= 0)
        burst_keep(ctx->burst, name, &any, sizeof any);
    return any;
}

bool health_read(struct ctx *ctx, struct health *out)
{
    struct tenant_row *tenant = db_tenant_get(ctx, ctx->tenant);
    *out = (struct health){ .queue = db_queue_state(ctx, ctx->tenant) };
    if (!tenant || !out->queue)
        return err_set(ctx, ERR_DATABASE, "health");
    out->rejections = db_rejections(ctx, ctx->tenant, 20);
    out->heartbeats = db_heartbeats(ctx);
    out->database = db_peer(ctx->db);
    out->hook_inbound = arena_printf(ctx->arena, "%s/hook/%s/message", ctx->conf->main_public_url, tenant->hook_secret);
    out->hook_status = arena_printf(ctx->arena, "%s/hook/%s/status", ctx->conf->main_public_url, tenant->hook_secret);
    return out->rejections.ok && out->heartbeats.ok;
}

bool health_beat(struct ctx *ctx, const char *program, const char *host, const char *detail)
{
    return db_heartbeat(ctx, program, host, getpid(), detail);
}
