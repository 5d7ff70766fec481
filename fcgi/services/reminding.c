/* reminding.c - fcgi-cron's part of reminders: each due slot is sent, skipped or failed, once. */
#include "base/base.h"
#include "base/clock.h"
#include "base/log.h"
#include "services/crew.h"
#include "services/reminders.h"
#include "services/sending.h"
#include "store/db.h"
#include "store/outbox.h"

struct slot {
    const struct reminder_row *r; /* its next_ms is the slot */
    int64_t next_ms, after_sent_ms; /* where it goes on without a message, and with one */
    const char *state, *reason;
};

/* In the message's transaction: the permit, and the reminder goes on. Whoever comes second finds one of them gone. */
static bool take(struct ctx *ctx, uint64_t conversation, uint64_t message, void *arg)
{
    const struct slot *s = arg;
    return db_reminder_slot_claim(ctx, ctx->tenant, s->r->id, s->r->next_ms, "sent", NULL, conversation, message) > 0 &&
           db_reminder_advance(ctx, ctx->tenant, s->r, s->after_sent_ms, true) > 0;
}

static bool pass_over(struct ctx *ctx, void *arg)
{
    const struct slot *s = arg;
    return db_reminder_advance(ctx, ctx->tenant, s->r, s->next_ms, false) > 0 &&
           db_reminder_slot_claim(ctx, ctx->tenant, s->r->id, s->r->next_ms, s->state, s->reason, 0, 0) >= 0;
}

/* Goes on without a message. That somebody else was quicker is no failure. */
static bool leave_out(struct ctx *ctx, struct slot *s, const char *state, const char *reason)
{
    s->state = state;
    s->reason = reason;
    bool done = db_transaction(ctx, pass_over, s) == DB_OK;
    if (done)
        log_event(ctx, LOG_INFO, "reminder.left_out", "reminder=%" PRIu64 " state=%s", s->r->id, state);
    return done || !ctx->err.code;
}

/* Why a late slot is not sent; NULL when it is. */
static const char *why_not(const struct slot *s)
{
    const struct reminder_row *r = s->r;
    int64_t late = r->now_ms - r->next_ms;
    if (late <= REMINDER_LATE_MS)
        return NULL;
    if (late > r->max_age_min * 60000)
        return N_("Missed too long ago.");
    if (strcmp(r->catch_up, "skip") == 0)
        return N_("Missed; what was missed is skipped.");
    bool another = strcmp(r->rule, "interval") != 0 && s->next_ms != CLOCK_NONE && s->next_ms <= r->now_ms;
    return another && strcmp(r->catch_up, "one") == 0 ? N_("Missed; only the latest is sent.") : NULL;
}

/* False when the database is away. Everything else that goes wrong is told in the slot, and not tried again. */
static bool send(struct ctx *ctx, struct slot *s)
{
    const struct reminder_row *r = s->r;
    struct send_result result;
    struct send_request wish = {
        .to = r->to_address, .line_id = r->line_id, .body = r->body, .author = AUTHOR_SCHEDULE, .queued = true, .still = take, .still_arg = s,
        .nonce = arena_printf(ctx->arena, "reminder-%" PRIu64 "-%" PRId64, r->id, r->next_ms / 1000),
    };
    if (message_send(ctx, &wish, &result)) {
        if (!result.withdrawn && !result.duplicate)
            return true;
        /* Another host was quicker, or a person has changed it: then this changes nothing. Or the permit was used before and
         * the clock went back: then it goes on. */
        return leave_out(ctx, s, "skipped", N_("This time was used before."));
    }
    if (ctx->err.code == ERR_DATABASE)
        return false;
    const char *reason = err_public(&ctx->err);
    log_event(ctx, LOG_NOTICE, "reminder.failed", "reminder=%" PRIu64 " error=%s detail=%s", r->id, err_name(ctx->err.code),
              log_quote(ctx->arena, ctx->err.detail ? ctx->err.detail : ""));
    err_clear(ctx);
    return leave_out(ctx, s, "failed", reason);
}

static bool run(struct ctx *ctx, uint64_t id)
{
    struct reminder_row *r = db_reminder_get(ctx, ctx->tenant, id);
    if (!r || !r->enabled || r->next_ms == CLOCK_NONE || r->next_ms > r->now_ms)
        return !ctx->err.code; /* paused, deleted or done meanwhile */
    int64_t from = strcmp(r->rule, "interval") == 0 ? r->now_ms : r->next_ms;
    struct slot s = { .r = r, .next_ms = reminder_slot_after(ctx, r, from, r->sent_count), .after_sent_ms = reminder_slot_after(ctx, r, from, r->sent_count + 1) };
    const char *reason = why_not(&s);
    return reason ? leave_out(ctx, &s, "skipped", reason) : send(ctx, &s);
}

int reminders_step(struct ctx *ctx, struct crew *crew)
{
    enum { AT_ONCE = 50, FAILURES_MOST = 5 };
    (void)crew;
    struct rows rows = db_reminders_due(ctx, AT_ONCE);
    const struct due_row *due = rows.row;
    struct err kept = { .code = ERR_NONE };
    int done = 0, failed = 0;
    for (size_t i = 0; rows.ok && i < rows.n; i++) { /* one that cannot be decided now holds up no other */
        ctx->tenant = due[i].tenant_id;
        if (run(ctx, due[i].id)) {
            done++;
            continue;
        }
        log_event(ctx, LOG_ERROR, "reminder.postponed", "reminder=%" PRIu64 " error=%s detail=%s", due[i].id, err_name(ctx->err.code),
                  log_quote(ctx->arena, ctx->err.detail ? ctx->err.detail : ""));
        kept = ctx->err;
        err_clear(ctx);
        if (++failed == FAILURES_MOST) /* the database is away, most likely */
            break;
    }
    ctx->tenant = 0;
    if (!done)
        ctx->err = kept;
    return rows.ok && (done || !rows.n) ? done : -1;
}
