/* gate.c - may this leave now? Cheap questions first; the pace last, because asking it uses it up. */
#include "base/base.h"
#include "base/clock.h"
#include "base/conf.h"
#include "services/gate.h"
#include "services/opt_out.h"
#include "store/lines.h"

bool whatsapp_window_open(int64_t last_inbound_ms, int64_t now_ms)
{
    return last_inbound_ms != CLOCK_NONE && now_ms < last_inbound_ms + WHATSAPP_WINDOW_MS;
}

static struct gate closed(const char *reason)
{
    return (struct gate){ .verdict = GATE_CLOSED, .reason = reason };
}

static struct gate check_tenant(struct ctx *ctx, const struct outbox_row *row)
{
    (void)ctx;
    if (strcmp(row->tenant_state, "active") != 0)
        return closed(N_("This account is suspended: it receives but does not send."));
    return (struct gate){ .verdict = GATE_OPEN };
}

static struct gate check_line(struct ctx *ctx, const struct outbox_row *row)
{
    (void)ctx;
    if (!row->line_active)
        return closed(N_("This line is switched off."));
    return (struct gate){ .verdict = GATE_OPEN };
}

static struct gate check_window(struct ctx *ctx, const struct outbox_row *row)
{
    (void)ctx;
    if (strcmp(row->channel, "whatsapp") == 0 && !row->content_sid && !whatsapp_window_open(row->last_inbound_ms, row->now_ms))
        return closed(N_("WhatsApp allows free text only within 24 hours after the customer's last message. Use an approved template."));
    return (struct gate){ .verdict = GATE_OPEN };
}

/* Bulk, schedules, rules, models and people alike. */
static struct gate check_opt_out(struct ctx *ctx, const struct outbox_row *row)
{
    struct opt_out_state state;
    if (opt_out_is(ctx, row->peer, row->channel, &state))
        return closed(opt_out_reason(ctx, &state));
    return (struct gate){ .verdict = ctx->err.code ? GATE_ERROR : GATE_OPEN };
}

struct gate gate_check_claimed(struct ctx *ctx, const struct outbox_row *row)
{
    return check_opt_out(ctx, row);
}

static struct gate check_batch(struct ctx *ctx, const struct outbox_row *row)
{
    enum { HELD_MS = 3000 };
    (void)ctx;
    if (row->batch_state && strcmp(row->batch_state, "canceled") == 0)
        return closed(N_("The batch was canceled."));
    if (row->batch_state && strcmp(row->batch_state, "paused") == 0)
        return (struct gate){ .verdict = GATE_LATER, .reason = N_("The batch is paused."), .wait_ms = HELD_MS };
    return (struct gate){ .verdict = GATE_OPEN };
}

/* What a rule or a model wanted to say waited, for Twilio or for its turn, and a person was quicker. */
static struct gate check_person(struct ctx *ctx, const struct outbox_row *row)
{
    (void)ctx;
    return row->taken_over ? closed(N_("A person answered first.")) : (struct gate){ .verdict = GATE_OPEN };
}

/* Answers arrive in the order in which they were written. */
static struct gate check_order(struct ctx *ctx, const struct outbox_row *row)
{
    enum { SOON_MS = 200 };
    (void)ctx;
    if (row->earlier_waits)
        return (struct gate){ .verdict = GATE_LATER, .reason = "waiting for an earlier message of the conversation", .wait_ms = SOON_MS };
    return (struct gate){ .verdict = GATE_OPEN };
}

static struct gate check_pace(struct ctx *ctx, const struct outbox_row *row)
{
    /* The burst lets fcgi-cron keep up with a fast sender although it comes round only ten times a second. */
    enum { WHATSAPP_PER_SECOND = 80, BURST_US = 200000, ROUND_MS = 100 };
    bool whatsapp = strcmp(row->channel, "whatsapp") == 0;
    int64_t rate = row->line_per_second ? row->line_per_second : whatsapp ? WHATSAPP_PER_SECOND : ctx->conf->twilio_sms_per_second;
    if (rate <= 0)
        return (struct gate){ .verdict = GATE_OPEN };
    int64_t cost = (int64_t)1000000 * (whatsapp ? 1 : row->segments) / rate;
    int64_t cost_ms = cost / 1000;
    switch (db_line_pace(ctx, row->tenant_id, row->line_id, cost, BURST_US)) {
    case 1: return (struct gate){ .verdict = GATE_OPEN };
    case 0: return (struct gate){ .verdict = GATE_LATER, .reason = N_("Waiting for this sender's rate."), .cost_ms = cost_ms,
                                  .wait_ms = cost_ms < ROUND_MS ? ROUND_MS : cost_ms };
    default: return (struct gate){ .verdict = GATE_ERROR };
    }
}

struct gate gate_check(struct ctx *ctx, const struct outbox_row *row)
{
    static struct gate (*const checks[])(struct ctx *, const struct outbox_row *) = { check_tenant, check_line, check_window, check_batch, check_person, check_order,
                                                                                                    check_opt_out, check_pace };
    for (size_t i = 0; i < ARRAY_LEN(checks); i++) {
        struct gate g = checks[i](ctx, row);
        if (g.verdict != GATE_OPEN)
            return g;
    }
    return (struct gate){ .verdict = GATE_OPEN };
}
