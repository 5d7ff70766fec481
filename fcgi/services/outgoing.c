/* outgoing.c - building one send and settling its outcome. */
#include "base/base.h"
#include "base/clock.h"
#include "base/conf.h"
#include "base/crypto.h"
#include "base/log.h"
#include "services/credentials.h"
#include "services/delivery.h"
#include "services/error_codes.h"
#include "services/media.h"
#include "services/outgoing.h"
#include "store/db.h"
#include "store/messages.h"

enum { ANSWER_MOST = 256 << 10 };

int64_t outgoing_backoff_ms(int64_t attempts)
{
    static const int steps_s[] = { 1, 4, 16, 60, 300 };
    size_t i = attempts < 1 ? 0 : attempts > (int64_t)ARRAY_LEN(steps_s) ? ARRAY_LEN(steps_s) - 1 : (size_t)attempts - 1;
    uint16_t r;
    crypto_random(&r, sizeof r);
    return (int64_t)steps_s[i] * 1000 + (int64_t)steps_s[i] * 100 * r / UINT16_MAX;
}

/* Our own files by an address that begins to expire now, not when the message was queued. */
static const char *const *media_urls(struct ctx *ctx, const struct outbox_row *row, bool *ok)
{
    *ok = true;
    if (!row->num_media)
        return NULL;
    struct rows rows = db_media_of(ctx, row->tenant_id, row->conversation_id, row->message_id, row->message_id);
    const char **urls = ARENA_ARRAY(ctx->arena, const char *, rows.n + 1);
    const struct media_row *m = rows.row;
    for (size_t i = 0, n = 0; i < rows.n; i++) {
        struct media_key key = { row->conversation_id, row->message_id, m[i].position };
        if (m[i].sha256 || *m[i].url) /* else it was removed */
            urls[n++] = m[i].sha256 ? media_link(ctx, &key) : m[i].url;
    }
    *ok = rows.ok;
    return urls;
}

/* Media come from the database. False with ctx->err. */
static bool build_call(struct ctx *ctx, const struct outbox_row *row, int limit_ms, struct call *call)
{
    const struct credentials *c = credentials_get(ctx);
    if (!c)
        return false;
    bool ok;
    struct twilio_account acc = { .sid = c->account_sid, .user = c->rest_user, .password = c->rest_password, .api_base = ctx->conf->twilio_api_base };
    struct twilio_message m = {
        .to = row->peer, .body = *row->body ? row->body : NULL, .media_urls = media_urls(ctx, row, &ok),
        .from = row->messaging_service_sid ? NULL : row->line_address, .messaging_service_sid = row->messaging_service_sid,
        .content_sid = row->content_sid, .content_variables = row->content_variables,
        /* Our own id in the path: the link between callback and row exists before Twilio's answer. */
        .status_callback = arena_printf(ctx->arena, "%s/hook/%s/status/%" PRIu64, ctx->conf->main_public_url, c->hook_secret, row->id),
    };
    if (ok) {
        twilio_send_call(ctx->arena, ctx->conf, &acc, &m, limit_ms, call);
        call->most = ANSWER_MOST;
    }
    return ok;
}

static bool settle_sent(struct ctx *ctx, const struct outbox_row *row, const char *claim, const struct twilio_result *r)
{
    struct accepted a = { .conversation_id = row->conversation_id, .message_id = row->message_id, .sid = r->sid,
                          .status = r->status ? r->status : "queued", .segments = r->segments > 0 ? r->segments : row->segments };
    return delivery_accepted(ctx, &a) && db_outbox_release(ctx, row->tenant_id, row->id, claim, "sent", 0, NULL) >= 0;
}

static bool settle_as(struct ctx *ctx, const struct outbox_row *row, const char *claim, const char *state, int64_t code, const char *text)
{
    return delivery_failed(ctx, row->conversation_id, row->message_id, state, code, text) &&
           db_outbox_release(ctx, row->tenant_id, row->id, claim, state, 0, text) >= 0;
}

static bool settle_failed(struct ctx *ctx, const struct outbox_row *row, const char *claim, int64_t code, const char *text)
{
    return settle_as(ctx, row, claim, "failed", code, text);
}

/* The message will not leave (gate closed, no credentials): state failed with the reason, canceled when nothing went wrong; the
 * claim ends. */
static bool refuse(struct ctx *ctx, const struct outbox_row *row, const char *reason)
{
    log_event(ctx, LOG_NOTICE, "send.refused", "outbox=%" PRIu64, row->id);
    return settle_as(ctx, row, ctx->id, row->taken_over ? "canceled" : "failed", 0, reason);
}

bool outgoing_give_back(struct ctx *ctx, const struct outbox_row *row)
{
    struct err why = ctx->err;
    err_clear(ctx);
    if (db_outbox_return(ctx, row->tenant_id, row->id, ctx->id, 1000) < 0)
        log_event(ctx, LOG_WARNING, "send.stuck", "outbox=%" PRIu64, row->id); /* the hold ends, or the lease, and Twilio is asked */
    ctx->err = why;
    return false;
}

int64_t outgoing_hold_ms(const struct ctx *ctx)
{
    enum { PREPARING_MS = 5000 };
    return ctx->conf->twilio_connect_limit_ms + PREPARING_MS;
}

static int claim(struct outgoing *o)
{
    int n = db_outbox_claim(o->ctx, o->row->tenant_id, o->row->id, o->ctx->id, o->call.limit_ms / 1000 + LEASE_SPARE_S);
    if (n > 0)
        o->row->attempts++;
    o->stage = n > 0 ? OUTGOING_CLAIMED : n == 0 ? OUTGOING_LOST : OUTGOING_BROKEN;
    return n;
}

/* The connection stands and the request is about to be written. Whoever dies before this is as if it had never begun. */
static bool go(void *arg)
{
    struct outgoing *o = arg;
    struct ctx *ctx = o->ctx;
    int64_t began = clock_mono_ms();
    BUG_IF(db_in_transaction(ctx->db)); /* a claim that is not committed is none */
    if (claim(o) <= 0)
        return false;
    struct gate last = gate_check_claimed(ctx, o->row);
    o->stage = last.verdict == GATE_OPEN ? OUTGOING_CLAIMED : last.verdict == GATE_CLOSED ? OUTGOING_REFUSED : OUTGOING_BROKEN;
    o->reason = last.reason;
    if (o->stage == OUTGOING_CLAIMED && clock_mono_ms() - began >= LEASE_SPARE_S * 1000 / 2) {
        err_set(ctx, ERR_DATABASE, "too late for the lease");
        o->stage = OUTGOING_BROKEN;
    }
    return o->stage == OUTGOING_CLAIMED;
}

/* Claimed first, so that a death between the writes leaves a question and no second life. */
static void refuse_held(struct outgoing *o, const char *reason)
{
    if (claim(o) > 0)
        refuse(o->ctx, o->row, reason);
    else if (o->stage == OUTGOING_BROKEN)
        outgoing_give_back(o->ctx, o->row);
}

struct outgoing *outgoing_start(struct ctx *ctx, struct outbox_row *row, const struct gate *gate, int limit_ms)
{
    struct outgoing *o = ARENA_NEW(ctx->arena, struct outgoing);
    *o = (struct outgoing){ .ctx = ctx, .row = row, .stage = OUTGOING_HELD, .call.limit_ms = limit_ms };
    if (gate->verdict == GATE_CLOSED) {
        refuse_held(o, gate->reason);
        return NULL;
    }
    if (build_call(ctx, row, limit_ms, &o->call)) {
        o->call.go = go;
        o->call.go_arg = o;
        return o;
    }
    if (ctx->err.code == ERR_DATABASE) {
        outgoing_give_back(ctx, row);
        return NULL;
    }
    const char *reason = err_public(&ctx->err);
    err_clear(ctx);
    refuse_held(o, reason);
    return NULL;
}

static bool settle_again(struct ctx *ctx, const struct outbox_row *row, const char *claim, const struct twilio_result *r, const char *why)
{
    if (row->attempts >= ATTEMPTS_MOST)
        return settle_failed(ctx, row, claim, r->code, r->message ? r->message : why);
    int64_t wait = r->retry_after_ms > 0 ? r->retry_after_ms : outgoing_backoff_ms(row->attempts);
    log_event(ctx, LOG_NOTICE, "send.later", "outbox=%" PRIu64 " attempt=%" PRId64 " wait_ms=%" PRId64, row->id, row->attempts, wait);
    return db_outbox_release(ctx, row->tenant_id, row->id, claim, "queued", wait, why) >= 0;
}

static bool settle_unknown(struct ctx *ctx, const struct outbox_row *row, const char *claim)
{
    log_event(ctx, LOG_WARNING, "send.unknown", "outbox=%" PRIu64, row->id);
    /* A callback may have answered the question already: then the state has a higher rank and stays. */
    return delivery_failed(ctx, row->conversation_id, row->message_id, "unknown", 0, NULL) &&
           db_outbox_release(ctx, row->tenant_id, row->id, claim, "unknown", ctx->conf->twilio_reconcile_wait_s * 1000, "no answer from Twilio") >= 0;
}

static bool settle_call(struct ctx *ctx, const struct outbox_row *row, const char *claim, const struct twilio_result *r)
{
    log_event(ctx, LOG_INFO, "send.answered", "outbox=%" PRIu64 " class=%d code=%d", row->id, (int)r->class, r->code);
    switch (r->class) {
    case CALL_OK:
        return r->sid ? settle_sent(ctx, row, claim, r) : settle_unknown(ctx, row, claim);
    case CALL_LIMITED:
        return settle_again(ctx, row, claim, r, "Twilio asks to wait");
    case CALL_UNSENT:
        return settle_again(ctx, row, claim, r, "Twilio could not be reached");
    case CALL_UNKNOWN: /* a 5xx that says "not processed, later" (20503) is no riddle */
    case CALL_REFUSED:
        break;
    }
    enum code_verdict verdict = r->code ? error_code(ctx->arena, r->code).verdict : VERDICT_NEVER;
    if (r->class == CALL_UNKNOWN && verdict != VERDICT_LATER)
        return settle_unknown(ctx, row, claim);
    if (verdict == VERDICT_UNKNOWN)
        return settle_unknown(ctx, row, claim);
    if (verdict == VERDICT_LATER || (verdict == VERDICT_ONCE && row->attempts < 2))
        return settle_again(ctx, row, claim, r, r->message);
    return settle_failed(ctx, row, claim, r->code, r->message ? r->message : "refused");
}

bool outgoing_settle(struct outgoing *o, const struct twilio_result *r)
{
    if (o->stage == OUTGOING_HELD) /* no connection: an attempt all the same */
        claim(o);
    switch (o->stage) {
    case OUTGOING_HELD:
    case OUTGOING_CLAIMED:
        return settle_call(o->ctx, o->row, o->ctx->id, r);
    case OUTGOING_REFUSED:
        return refuse(o->ctx, o->row, o->reason);
    case OUTGOING_BROKEN:
        return outgoing_give_back(o->ctx, o->row);
    case OUTGOING_LOST:
        log_event(o->ctx, LOG_NOTICE, "send.not_ours", "outbox=%" PRIu64, o->row->id);
        break;
    }
    return true;
}
