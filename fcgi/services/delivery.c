/* delivery.c - the ledger and the rank rule. */
#include "base/base.h"
#include "base/log.h"
#include "base/signature.h"
#include "services/delivery.h"
#include "services/params.h"
#include "store/conversations.h"
#include "store/db.h"
#include "store/messages.h"
#include "store/outbox.h"

static const struct { const char *status; int rank; } ranks[] = {
    { "unknown", 6 }, { "accepted", 10 }, { "scheduled", 10 }, { "queued", 20 }, { "sending", 30 }, { "sent", 40 },
    { "delivered", 60 }, { "undelivered", 60 }, { "failed", 60 }, { "canceled", 60 }, { "received", 60 }, { "read", 70 },
};

int status_rank(const char *status)
{
    for (size_t i = 0; i < ARRAY_LEN(ranks); i++)
        if (strcmp(ranks[i].status, status) == 0)
            return ranks[i].rank;
    return 0;
}

/* The rule itself, on a message that is known. */
static bool fold(struct ctx *ctx, uint64_t conversation, uint64_t message, const char *status, int64_t code, const char *text)
{
    int rank = status_rank(status);
    int raised = rank ? db_message_raise(ctx, ctx->tenant, conversation, message, status, rank) : 0;
    if (raised < 0)
        return false;
    if (!raised && rank >= 60)
        log_event(ctx, LOG_NOTICE, "delivery.second_terminal", "message=%" PRIu64 " status=%s", message, status);
    if ((code || text) && !db_message_error(ctx, ctx->tenant, conversation, message, code, text))
        return false;
    if (!raised && !code && !text)
        return true;
    return db_conversation_touch(ctx, ctx->tenant, conversation, message, raised ? status : NULL);
}

static bool adopt_by_outbox(struct ctx *ctx, const struct status_event *e, struct state_row **state)
{
    struct outbox_row *row = db_outbox_get(ctx, ctx->tenant, e->outbox_id);
    if (!row)
        return ctx->err.code == ERR_NONE;
    if (!row->sid && !db_message_adopt(ctx, ctx->tenant, row->conversation_id, row->message_id, e->sid, 1))
        return false;
    /* The callback proves that Twilio has it: an open question is answered. */
    if (db_outbox_move(ctx, ctx->tenant, e->outbox_id, "unknown", "sent", 0, NULL) < 0)
        return false;
    *state = db_message_state(ctx, ctx->tenant, row->conversation_id, row->message_id);
    return ctx->err.code == ERR_NONE;
}

static bool apply(struct ctx *ctx, void *arg)
{
    const struct status_event *e = arg;
    if (!db_event_insert(ctx, ctx->tenant, e->sid, e->status, e->error_code, e->error_text, e->source, e->detail))
        return false;
    struct state_row *state = db_message_state_by_sid(ctx, ctx->tenant, e->sid);
    if (ctx->err.code)
        return false;
    if (!state && e->outbox_id && !adopt_by_outbox(ctx, e, &state))
        return false;
    if (e->outbox_id && !db_outbox_callback(ctx, ctx->tenant, e->outbox_id))
        return false;
    return !state || fold(ctx, state->conversation_id, state->id, e->status, e->error_code, e->error_text);
}

bool delivery_apply(struct ctx *ctx, const struct status_event *event)
{
    struct status_event copy = *event;
    /* An ambiguous commit may have stored the event: a second ledger row is harmless, a lost one is not. */
    enum db_result r = db_transaction(ctx, apply, &copy);
    if (r == DB_AMBIGUOUS) {
        err_clear(ctx);
        r = db_transaction(ctx, apply, &copy);
    }
    return r == DB_OK;
}

/* Twilio's codes have five digits; what is no number is no code. */
static int64_t code_of(const char *s)
{
    long long n = s ? strtoll(s, NULL, 10) : 0;
    return n > 0 && n < 1000000 ? n : 0;
}

/* Parameters that the ledger's own columns, or the message, have. */
static const char *const columns[] = { "MessageSid", "SmsSid", "MessageStatus", "SmsStatus", "ErrorCode", "ErrorMessage", "AccountSid", "ApiVersion", "From", "To", NULL };

bool delivery_callback(struct ctx *ctx, struct pair *params, size_t count, uint64_t outbox_id)
{
    const char *sid = param_text(params, count, "MessageSid");
    const char *status = param_text(params, count, "MessageStatus");
    const char *code = param_text(params, count, "ErrorCode");
    if (!sid)
        sid = param_text(params, count, "SmsSid");
    if (!status)
        status = param_text(params, count, "SmsStatus");
    if (!sid || !*sid || strlen(sid) > 34 || !status || !*status || strlen(status) > 20)
        return err_set(ctx, ERR_MALFORMED, "status callback without MessageSid or MessageStatus");
    const char *text = param_text(params, count, "ErrorMessage");
    if (!text || !*text)
        text = param_text(params, count, "ChannelStatusMessage");
    struct status_event e = {
        .sid = param_ascii(ctx->arena, sid), .status = param_ascii(ctx->arena, status), .outbox_id = outbox_id,
        .error_code = code_of(code),
        .error_text = text && *text ? param_clean(ctx->arena, text, strlen(text), 500) : NULL,
        .source = "callback", .detail = params_json(ctx->arena, params, count, columns),
    };
    return delivery_apply(ctx, &e);
}

static bool accepted(struct ctx *ctx, void *arg)
{
    const struct accepted *a = arg;
    if (!db_message_adopt(ctx, ctx->tenant, a->conversation_id, a->message_id, a->sid, a->segments) ||
        !db_event_insert(ctx, ctx->tenant, a->sid, a->status, 0, NULL, "api", NULL))
        return false;
    struct rows events = db_events_of(ctx, ctx->tenant, a->sid);
    if (!events.ok)
        return false;
    struct event_row *e = events.row;
    for (size_t i = 0; i < events.n; i++)
        if (!fold(ctx, a->conversation_id, a->message_id, e[i].status, e[i].error_code, e[i].error_text))
            return false;
    return true;
}

bool delivery_accepted(struct ctx *ctx, const struct accepted *a)
{
    struct accepted copy = *a;
    enum db_result r = db_transaction(ctx, accepted, &copy);
    if (r == DB_AMBIGUOUS) { /* repeating adds a ledger row at most */
        err_clear(ctx);
        r = db_transaction(ctx, accepted, &copy);
    }
    return r == DB_OK;
}

bool delivery_failed(struct ctx *ctx, uint64_t conversation, uint64_t message, const char *status, int64_t code, const char *text)
{
    return fold(ctx, conversation, message, status, code, text);
}
