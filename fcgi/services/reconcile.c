/* reconcile.c - looking up unknown outcomes in Twilio's list. */
#include "base/base.h"
#include "base/clock.h"
#include "base/conf.h"
#include "base/log.h"
#include "services/credentials.h"
#include "services/delivery.h"
#include "services/reconcile.h"
#include "store/messages.h"

enum { CLOCK_SLACK_MS = 120 * 1000 }; /* Twilio's clock and ours may differ */

static bool account_of(struct ctx *ctx, struct twilio_account *acc)
{
    const struct credentials *c = credentials_get(ctx);
    if (!c)
        return false;
    *acc = (struct twilio_account){ .sid = c->account_sid, .user = c->rest_user, .password = c->rest_password, .api_base = ctx->conf->twilio_api_base };
    return true;
}

bool reconcile_begin(struct ctx *ctx, const struct outbox_row *row, struct call *call)
{
    struct twilio_account acc;
    int64_t wait = ctx->conf->twilio_reconcile_wait_s * 1000;
    /* A callback may have brought the SID: then there is no question any more. */
    if (row->sid) {
        db_outbox_move(ctx, row->tenant_id, row->id, "unknown", "sent", 0, NULL);
        return false;
    }
    if (!delivery_failed(ctx, row->conversation_id, row->message_id, "unknown", 0, NULL) ||
        db_outbox_move(ctx, row->tenant_id, row->id, "unknown", "unknown", wait, NULL) <= 0 || !account_of(ctx, &acc))
        return false;
    /* No date filter: a message that still waits has no DateSent and would not be listed. Newest first is enough. */
    return twilio_list_call(ctx->arena, ctx->conf, &acc, row->peer, row->messaging_service_sid ? NULL : row->line_address, CLOCK_NONE, NULL, call);
}

static bool is_ours(struct ctx *ctx, const struct outbox_row *row, const struct twilio_listed *m)
{
    if (!m->sid || !m->direction || strncmp(m->direction, "outbound", 8) != 0)
        return false;
    if (!row->content_sid && (!m->body || strcmp(m->body, row->body) != 0)) /* a template's text is made by Twilio */
        return false;
    if (m->created_ms < row->created_ms - CLOCK_SLACK_MS)
        return false;
    return !db_message_state_by_sid(ctx, row->tenant_id, m->sid);
}

static void adopt(struct ctx *ctx, const struct outbox_row *row, const struct twilio_listed *m)
{
    struct accepted a = { .conversation_id = row->conversation_id, .message_id = row->message_id, .sid = m->sid,
                          .status = m->status ? m->status : "queued", .segments = m->num_segments > 0 ? m->num_segments : row->segments };
    if (delivery_accepted(ctx, &a) && db_outbox_move(ctx, row->tenant_id, row->id, "unknown", "sent", 0, NULL) >= 0)
        log_event(ctx, LOG_NOTICE, "reconcile.found", "outbox=%" PRIu64 " sid=%s", row->id, m->sid);
}

static void give_up(struct ctx *ctx, const struct outbox_row *row)
{
    const char *text = N_("Twilio never received this message. You can send it again.");
    if (db_outbox_move(ctx, row->tenant_id, row->id, "unknown", "failed", 0, text) > 0 &&
        delivery_failed(ctx, row->conversation_id, row->message_id, "failed", 0, text))
        log_event(ctx, LOG_WARNING, "reconcile.absent", "outbox=%" PRIu64, row->id);
}

void reconcile_settle(struct ctx *ctx, const struct outbox_row *row, const struct answer *answer)
{
    struct twilio_page page;
    struct twilio_account acc;
    if (!account_of(ctx, &acc))
        return;
    twilio_list_result(ctx->arena, &acc, answer, &page);
    if (!page.ok) /* no answer is no proof: the question stays open and is asked again */
        return;
    for (size_t i = page.n; i-- > 0;) {
        if (is_ours(ctx, row, &page.v[i])) {
            adopt(ctx, row, &page.v[i]);
            return;
        }
    }
    if (row->looks + 1 >= LOOKS_MOST)
        give_up(ctx, row);
    else
        db_outbox_looked(ctx, row->tenant_id, row->id, ctx->conf->twilio_reconcile_wait_s * 1000);
}
