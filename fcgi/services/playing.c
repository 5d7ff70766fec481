/* playing.c - TEST_MODE's status sequence. */
#include "base/base.h"
#include "base/crypto.h"
#include "services/delivery.h"
#include "services/playing.h"
#include "store/outbox.h"

bool playing_begin(struct ctx *ctx, uint64_t outbox_id)
{
    struct outbox_row *row = db_outbox_get(ctx, ctx->tenant, outbox_id);
    if (!row)
        return false;
    char hex[33];
    crypto_random_hex(hex, 16);
    struct accepted a = { .conversation_id = row->conversation_id, .message_id = row->message_id, .segments = row->segments,
                          .sid = arena_printf(ctx->arena, "%s%s", row->num_media ? "MM" : "SM", hex), .status = "queued" };
    return delivery_accepted(ctx, &a) && db_outbox_move(ctx, ctx->tenant, outbox_id, "playing", "playing", PLAY_STEP_MS, NULL) >= 0;
}

static bool play_one(struct ctx *ctx, uint64_t tenant, uint64_t id)
{
    ctx->tenant = tenant;
    int ours = db_outbox_take(ctx, tenant, id, "playing", PLAY_STEP_MS);
    if (ours <= 0)
        return ours == 0;
    struct outbox_row *row = db_outbox_get(ctx, tenant, id);
    if (!row)
        return false;
    if (!row->sid) /* the worker stopped between the two commits */
        return playing_begin(ctx, id);
    bool sent = status_rank(row->status) >= status_rank("sent");
    struct status_event e = { .sid = row->sid, .status = sent ? "delivered" : "sent", .outbox_id = id, .source = "test" };
    return delivery_apply(ctx, &e) && db_outbox_move(ctx, tenant, id, "playing", sent ? "sent" : "playing", PLAY_STEP_MS, NULL) >= 0;
}

int playing_step(struct ctx *ctx, struct crew *crew)
{
    (void)crew;
    struct rows rows = db_outbox_due(ctx, "playing", 50);
    struct due_row *due = rows.row;
    for (size_t i = 0; rows.ok && i < rows.n; i++)
        if (!play_one(ctx, due[i].tenant_id, due[i].id))
            return -1;
    return rows.ok ? (int)rows.n : -1;
}
