/* delivery.c - the ledger and the rank rule. */
#include "base/base.h"
#include "base/log.h"
#include "base/signature.h"
#include "services/delivery.h"
#include "services/opt_out.h"
#include "services/params.h"
#include "store/conversations.h"
#include "store/db.h"
#include "store/messages.h"
#include "store/outbox.h"
#include "store/removed.h"

/* The column's width; longer words than Twilio's are cut. ABSENT_RANK is our own conclusion: any word of Twilio's is more. */
enum { STATUS_MOST = 20, ABSENT_RANK = 7 };

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

/* Words alone are an error only where something went wrong: channels also comment on what went well. */
static bool is_failure(const char *status)
{
    return strcmp(status, "failed") == 0 || strcmp(status, "undelivered") == 0 || strcmp(status, "canceled") == 0;
}

/* The rule itself, on a message that is known. */
static bool fold_rank(struct ctx *ctx, uint64_t conversation, uint64_t message, const char *status, int rank, int64_t code, const char *text)
{
    int raised = rank ? db_message_raise(ctx, ctx->tenant, conversation, message, status, rank) : 0;
    if (raised < 0)
        return false;
    if (!code && !is_failure(status))
        text = NULL;
    if ((code || text) && !db_message_error(ctx, ctx->tenant, conversation, message, code, text))
        return false;
    if (!raised && !code && !text)
        return true;
    if (code && !opt_out_feedback(ctx, conversation, message, code))
        return false;
    return db_conversation_touch(ctx, ctx->tenant, conversation, message, raised ? status : NULL);
}

static bool fold(struct ctx *ctx, uint64_t conversation, uint64_t message, const char *status, int64_t code, const char *text)
{
    return fold_rank(ctx, conversation, message, status, status_rank(status), code, text);
}

/* The link is our own id in the callback's path. The SID must agree with it: one address is given to one message. */
static bool adopt_by_outbox(struct ctx *ctx, const struct status_event *e, struct state_row **state)
{
    struct outbox_row *row = db_outbox_get(ctx, ctx->tenant, e->outbox_id);
    if (!row)
        return ctx->err.code == ERR_NONE;
    if (!row->sid && !db_message_adopt(ctx, ctx->tenant, row->conversation_id, row->message_id, e->sid, 1))
        return false;
    struct state_row *m = db_message_state(ctx, ctx->tenant, row->conversation_id, row->message_id);
    if (!m || !m->sid || strcmp(m->sid, e->sid) != 0) {
        log_event(ctx, LOG_WARNING, "delivery.other_sid", "outbox=%" PRIu64, e->outbox_id);
        return ctx->err.code == ERR_NONE;
    }
    *state = m;
    /* It proves that Twilio has the message: an open question is answered, and so is one that we answered wrongly. */
    bool open = strcmp(row->state, "unknown") == 0 || strcmp(row->state, "failed") == 0;
    return !open || db_outbox_move(ctx, ctx->tenant, e->outbox_id, row->state, "sent", 0, NULL) >= 0;
}

/* Two last words that differ: the first one counts. */
static void note_conflict(struct ctx *ctx, const struct state_row *m, const char *status)
{
    if (status_rank(status) >= 60 && status_rank(status) == m->rank && strcmp(status, m->status) != 0)
        log_event(ctx, LOG_NOTICE, "delivery.second_terminal", "message=%" PRIu64 " status=%s", m->id, status);
}

/* A receipt that comes after the message was deleted here leaves no trace: it may name the person. */
static bool forget_if_removed(struct ctx *ctx, const struct status_event *e)
{
    const char *action = db_removed_action(ctx, ctx->tenant, e->sid);
    return action && strcmp(action, "delete") == 0 ? db_events_delete(ctx, ctx->tenant, e->sid) : !ctx->err.code;
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
    if (!state)
        return forget_if_removed(ctx, e);
    if (state->direction != OUTBOUND)
        return true;
    note_conflict(ctx, state, e->status);
    return fold(ctx, state->conversation_id, state->id, e->status, e->error_code, e->error_text);
}

bool delivery_apply(struct ctx *ctx, const struct status_event *event)
{
    struct status_event copy = *event;
    /* An ambiguous commit may have stored the event: a second ledger row is harmless, a lost one is not. A duplicate key
     * means that the SID was given to a message at this very moment: now it is found by it. */
    enum db_result r = db_transaction(ctx, apply, &copy);
    if (r == DB_AMBIGUOUS || (r == DB_FAILED && stmt_duplicate(ctx))) {
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

static const char *status_word(struct ctx *ctx, const char *status)
{
    return param_ascii(ctx->arena, arena_strndup(ctx->arena, status, strnlen(status, STATUS_MOST)));
}

bool delivery_callback(struct ctx *ctx, struct pair *params, size_t count, uint64_t outbox_id)
{
    const char *sid = param_text(params, count, "MessageSid");
    const char *status = param_text(params, count, "MessageStatus");
    const char *code = param_text(params, count, "ErrorCode");
    if (!sid)
        sid = param_text(params, count, "SmsSid");
    if (!status)
        status = param_text(params, count, "SmsStatus");
    if (!sid || !*sid || strlen(sid) > 34 || !status || !*status)
        return err_set(ctx, ERR_MALFORMED, "status callback without MessageSid or MessageStatus");
    const char *text = param_text(params, count, "ErrorMessage");
    if (!text || !*text)
        text = param_text(params, count, "ChannelStatusMessage");
    struct status_event e = {
        .sid = param_ascii(ctx->arena, sid), .status = status_word(ctx, status), .outbox_id = outbox_id,
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
    copy.status = status_word(ctx, a->status);
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

int delivery_doubt(struct ctx *ctx, uint64_t conversation, uint64_t message, const char *text)
{
    int said = db_message_doubt(ctx, ctx->tenant, conversation, message, text);
    return said > 0 && !db_conversation_touch(ctx, ctx->tenant, conversation, message, NULL) ? -1 : said;
}

bool delivery_absent(struct ctx *ctx, uint64_t conversation, uint64_t message, const char *text)
{
    return db_message_doubt(ctx, ctx->tenant, conversation, message, text) >= 0 &&
           fold_rank(ctx, conversation, message, "failed", ABSENT_RANK, 0, text);
}
