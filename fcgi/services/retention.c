/* retention.c - how long messages are kept (declared in removal.h). */
#include "base/base.h"
#include "services/audit.h"
#include "services/removal.h"
#include "store/bulk.h"
#include "store/db.h"

enum { DAYS_MOST = 3650, EMPTY_MOST = 500, PURGES_MOST = 100 };

struct retention_row *retention_get(struct ctx *ctx)
{
    return db_retention(ctx, ctx->tenant);
}

struct wish { const char *action; int64_t days; const char *was; };

static bool put(struct ctx *ctx, void *arg)
{
    const struct wish *w = arg;
    return db_retention_put(ctx, ctx->tenant, w->action, w->days, ctx->actor.name ? ctx->actor.name : "") &&
           audit(ctx, "retention.set", "", arena_printf(ctx->arena, "%s -> %s %" PRId64, w->was, w->action, w->days));
}

bool retention_put(struct ctx *ctx, const char *action, int64_t days)
{
    if (!action || (strcmp(action, "keep") != 0 && strcmp(action, "redact") != 0 && strcmp(action, "delete") != 0))
        return err_field(ctx, "what", N_("Choose what happens to old messages."));
    if (days < 1 || days > DAYS_MOST)
        return err_field(ctx, "days", N_("From 1 to 3650 days."));
    const struct retention_row *was = db_retention(ctx, ctx->tenant);
    if (ctx->err.code)
        return false;
    struct wish w = { .action = action, .days = days, .was = was ? arena_printf(ctx->arena, "%s %" PRId64, was->action, was->days) : "keep" };
    return db_transaction(ctx, put, &w) == DB_OK;
}

static bool ask(struct ctx *ctx, void *arg)
{
    const struct retention_row *r = arg;
    uint64_t request = db_removal_request_add(ctx, ctx->tenant, "retention", r->action, NULL, 0, "");
    return request && db_removal_source_age(ctx, ctx->tenant, request, 0, r->days) && db_removal_source_age(ctx, ctx->tenant, request, 1, r->days);
}

static bool end_talk(struct ctx *ctx, void *arg)
{
    return db_talk_remove(ctx, ctx->tenant, arg, true) >= 0;
}

/* What earlier runs have emptied. */
static bool remove_empty(struct ctx *ctx, int64_t days)
{
    struct rows rows = db_talks_empty(ctx, ctx->tenant, days, EMPTY_MOST);
    struct talk_row *t = rows.row;
    for (size_t i = 0; i < rows.n; i++)
        if (db_transaction(ctx, end_talk, &t[i]) != DB_OK)
            return false;
    return rows.ok;
}

/* What batches keep of the same messages: the text, and whom it went to. */
static bool age_batches(struct ctx *ctx, const struct retention_row *r)
{
    int64_t n = 1;
    for (int i = 0; i < PURGES_MOST && n > 0; i++)
        n = db_batches_age(ctx, ctx->tenant, strcmp(r->action, "delete") == 0, r->days);
    return n >= 0;
}

int retention_run(struct ctx *ctx)
{
    struct rows rows = db_retentions(ctx);
    struct retention_row *r = rows.row;
    uint64_t outer = ctx->tenant;
    bool ok = rows.ok;
    for (size_t i = 0; ok && i < rows.n; i++) {
        ctx->tenant = r[i].tenant_id;
        int busy = db_removal_retention_busy(ctx, ctx->tenant); /* the day before was not enough: it goes on */
        ok = busy > 0 || (busy == 0 && db_transaction(ctx, ask, &r[i]) == DB_OK);
        ok = ok && (strcmp(r[i].action, "delete") != 0 || remove_empty(ctx, r[i].days)) && age_batches(ctx, &r[i]);
    }
    ctx->tenant = outer;
    return ok ? (int)rows.n : -1;
}

bool removed_purge(struct ctx *ctx)
{
    int64_t n = 1;
    for (int i = 0; i < PURGES_MOST && n > 0; i++)
        n = db_removed_purge(ctx);
    return n >= 0;
}
