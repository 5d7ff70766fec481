/* bulk_step.c - fcgi-cron's hand on batches: a few messages of each in the outbox at a time, until all have settled. */
#include "base/base.h"
#include "base/log.h"
#include "services/bulk.h"
#include "services/crew.h"
#include "services/sending.h"

enum { BATCHES = 20, WINDOW = 20 }; /* messages of one batch that wait in the outbox */

struct taking { uint64_t batch, recipient; int64_t attempt; };

/* In the transaction of the message: the recipient's row is the permit, so two hosts cannot both have it, and a batch
 * that was paused a moment ago gives none. */
static bool still_pending(struct ctx *ctx, uint64_t conversation, uint64_t message, void *arg)
{
    const struct taking *t = arg;
    return db_recipient_take(ctx, ctx->tenant, t->batch, t->recipient, t->attempt, conversation, message) > 0;
}

/* 1 queued, 0 not (any more), -1 the database is away. */
static int queue(struct ctx *ctx, const struct batch_row *b, const struct recipient_row *r)
{
    struct taking t = { .batch = b->id, .recipient = r->id, .attempt = r->attempt };
    struct send_result out;
    const struct send_request rq = {
        .to = r->address, .line_id = b->line_id, .body = b->body, .messaging_service_sid = b->messaging_service_sid, .batch_id = b->id,
        .nonce = arena_printf(ctx->arena, "bulk-%" PRIu64 "-%" PRIu64 "-%" PRId64, b->id, r->id, r->attempt),
        .author = AUTHOR_BULK, .queued = true, .still = still_pending, .still_arg = &t,
    };
    if (message_send(ctx, &rq, &out))
        return !out.withdrawn;
    if (ctx->err.code != ERR_INVALID) /* one that cannot be sent stops nobody else */
        return -1;
    const char *why = err_public(&ctx->err);
    err_clear(ctx);
    return db_recipient_fail(ctx, ctx->tenant, b->id, r->id, why) ? 0 : -1;
}

static int feed(struct ctx *ctx, const struct batch_row *b)
{
    int queued = 0;
    if (b->queued >= WINDOW || !b->pending)
        return 0;
    struct rows rows = db_recipients(ctx, ctx->tenant, b->id, "pending", 0, (int)(WINDOW - b->queued));
    const struct recipient_row *r = rows.row;
    for (size_t i = 0; rows.ok && i < rows.n; i++) {
        int n = queue(ctx, b, &r[i]);
        if (n < 0)
            return -1;
        queued += n;
    }
    return rows.ok ? queued : -1;
}

/* All sent: completed. All failed: failed. Anything between, or nothing but invalid numbers: with errors. */
static const char *final_state(const struct batch_row *b)
{
    if (!b->sent)
        return b->failed ? "failed" : "completed_with_errors";
    return b->failed || b->canceled ? "completed_with_errors" : "completed";
}

static int work_on(struct ctx *ctx, const struct active_row *a)
{
    ctx->tenant = a->tenant_id;
    if (db_recipients_settle(ctx, a->tenant_id, a->id) < 0)
        return -1;
    if (strcmp(a->state, "pending") == 0 && db_batch_move(ctx, a->tenant_id, a->id, "pending", "processing") < 0)
        return -1;
    const struct batch_row *b = db_batch_get(ctx, a->tenant_id, a->id);
    if (!b)
        return ctx->err.code ? -1 : 0;
    if (strcmp(b->state, "processing") != 0)
        return 0;
    if (b->pending || b->queued)
        return feed(ctx, b);
    log_event(ctx, LOG_INFO, "bulk.done", "batch=%" PRIu64 " sent=%" PRId64 " failed=%" PRId64, b->id, b->sent, b->failed);
    return db_batch_move(ctx, a->tenant_id, a->id, "processing", final_state(b)) < 0 ? -1 : 0;
}

int bulk_step(struct ctx *ctx, struct crew *crew)
{
    int begun = 0;
    (void)crew;
    struct rows rows = db_batches_active(ctx, BATCHES);
    const struct active_row *a = rows.row;
    for (size_t i = 0; rows.ok && i < rows.n; i++) {
        int n = work_on(ctx, &a[i]);
        if (n < 0)
            return -1;
        begun += n;
    }
    return rows.ok ? begun : -1;
}
