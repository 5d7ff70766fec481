/* sending.c - from a wish to a committed outbox row, and the inline call. */
#include "base/base.h"
#include "base/conf.h"
#include "base/crypto.h"
#include "base/json.h"
#include "base/log.h"
#include "base/phone.h"
#include "base/segment.h"
#include "base/utf8.h"
#include "services/credentials.h"
#include "services/delivery.h"
#include "services/gate.h"
#include "services/opt_out.h"
#include "services/outgoing.h"
#include "services/params.h"
#include "services/playing.h"
#include "services/sending.h"
#include "store/conversations.h"
#include "store/db.h"
#include "store/media.h"

struct draft { /* a checked wish, what the transaction writes */
    const struct send_request *rq;
    struct send_result *out;
    const struct line_row *line;
    const char *peer, *body, *service_sid;
    struct segments segments;
};

/* "HX" or "MG" and 32 hexadecimal digits. */
static bool is_sid(const char *s, const char *prefix)
{
    return strlen(s) == 34 && strncmp(s, prefix, 2) == 0 && strspn(s + 2, "0123456789abcdefABCDEF") == 32;
}

static bool check_more(struct ctx *ctx, const struct send_request *rq)
{
    bool ok = rq->more_count < SEND_PARTS_MOST;
    for (size_t i = 0; ok && i < rq->more_count; i++)
        ok = *rq->more[i] && utf8_valid(rq->more[i], strlen(rq->more[i])) && utf16_units(rq->more[i], strlen(rq->more[i])) <= BODY_MOST_UNITS;
    return ok || err_field(ctx, "body", N_("The text is longer than 1600 characters."));
}

static bool check_content(struct ctx *ctx, struct draft *d)
{
    const struct send_request *rq = d->rq;
    d->body = rq->body ? text_normalise_newlines(ctx->arena, rq->body) : "";
    size_t n = strlen(d->body);
    if (!n && !rq->content_sid && !rq->media_count && !rq->file_count)
        return err_field(ctx, "body", N_("Write a text, or choose a template or an attachment."));
    if (!utf8_valid(d->body, n))
        return err_field(ctx, "body", N_("The text is not valid UTF-8."));
    if (utf16_units(d->body, n) > BODY_MOST_UNITS)
        return err_field(ctx, "body", N_("The text is longer than 1600 characters."));
    if (!check_more(ctx, rq))
        return false;
    if (rq->content_sid && !is_sid(rq->content_sid, "HX"))
        return err_field(ctx, "content_sid", N_("A template is HX and 32 hexadecimal digits."));
    if (rq->content_variables && !rq->content_sid)
        return err_field(ctx, "content_variables", N_("Variables need a template."));
    if (rq->media_count + rq->file_count > SEND_MEDIA_MOST)
        return err_field(ctx, "media_urls", N_("At most 10 attachments."));
    for (size_t i = 0; i < rq->media_count; i++)
        if (strncmp(rq->media_urls[i], "https://", 8) != 0 || strlen(rq->media_urls[i]) > 2000)
            return err_field(ctx, "media_urls", N_("An attachment is an https address."));
    segments_count(ctx->arena, d->body, n, &d->segments);
    return true;
}

static const struct line_row *first_line(struct ctx *ctx, const char *channel)
{
    struct rows rows = db_lines(ctx, ctx->tenant);
    const struct line_row *l = rows.row;
    for (size_t i = 0; rows.ok && i < rows.n; i++)
        if (l[i].active && strcmp(l[i].channel, channel) == 0)
            return &l[i];
    return NULL;
}

static bool choose_line(struct ctx *ctx, struct draft *d, const char *channel)
{
    d->line = d->rq->line_id ? db_line_get(ctx, ctx->tenant, d->rq->line_id) : first_line(ctx, channel);
    if (d->line && strcmp(d->line->channel, channel) != 0)
        return err_field(ctx, "line", N_("This sender belongs to another channel."));
    return d->line || (!ctx->err.code && err_field(ctx, "line", N_("There is no sender for this channel yet.")));
}

/* Early, so that a person is told before anything is stored; the gate asks again at the moment of sending. */
static bool check_window(struct ctx *ctx, const struct draft *d, const struct conversation_row *c)
{
    if (strcmp(d->line->channel, "whatsapp") != 0 || d->rq->content_sid || (c && whatsapp_window_open(c->last_inbound_ms, c->now_ms)))
        return true;
    return !ctx->err.code && err_field(ctx, "body", N_("WhatsApp allows free text only within 24 hours after the customer's last message. Use an approved template."));
}

/* The same for an opt-out, but for what nobody waits for: that fails at the gate and shows why in the chat. */
static bool check_opt_out(struct ctx *ctx, const struct draft *d)
{
    struct opt_out_state state;
    if (d->rq->queued)
        return true;
    if (opt_out_is(ctx, d->peer, d->line->channel, &state))
        return err_field(ctx, d->rq->conversation_id ? "body" : "to", opt_out_text(state.source));
    return !ctx->err.code;
}

static bool check_target(struct ctx *ctx, struct draft *d)
{
    if (d->rq->conversation_id) {
        const struct conversation_row *c = db_conversation_get(ctx, ctx->tenant, ctx->actor.user_id, d->rq->conversation_id);
        if (!c)
            return err_set(ctx, ERR_ABSENT, "conversation %" PRIu64, d->rq->conversation_id);
        d->peer = c->peer;
        d->line = db_line_get(ctx, ctx->tenant, c->line_id);
        return d->line && check_window(ctx, d, c);
    }
    d->peer = d->rq->to;
    if (!d->peer || !phone_is_e164(address_number(d->peer)))
        return err_field(ctx, "to", N_("Write the number with its country code, for example +48 500 100 100."));
    if (strcmp(address_number(d->peer), d->peer) != 0 && address_channel(d->peer) != CHANNEL_WHATSAPP)
        return err_field(ctx, "to", N_("Only SMS and WhatsApp numbers can be written to."));
    return choose_line(ctx, d, channel_name(address_channel(d->peer))) &&
           check_window(ctx, d, db_conversation_on_line(ctx, ctx->tenant, d->line->id, d->peer));
}

bool sending_service_check(struct ctx *ctx, const char *sid)
{
    return !sid || is_sid(sid, "MG") || err_field(ctx, "messaging_service_sid", N_("A Messaging Service is MG and 32 hexadecimal digits."));
}

static bool check_service(struct ctx *ctx, struct draft *d)
{
    d->service_sid = d->rq->messaging_service_sid;
    if (!sending_service_check(ctx, d->service_sid))
        return false;
    if (!d->rq->use_messaging_service || d->service_sid)
        return true;
    const struct credentials *c = credentials_get(ctx);
    if (!c)
        return false;
    d->service_sid = c->messaging_service_sid;
    return d->service_sid || err_field(ctx, "use_messaging_service", N_("No Messaging Service is set up."));
}

static bool write_message(struct ctx *ctx, const struct draft *d, uint64_t conversation, uint64_t id)
{
    const struct send_request *rq = d->rq;
    struct outbound m = { .conversation_id = conversation, .id = id, .body = d->body, .author_kind = (int)rq->author, .author_id = ctx->actor.user_id,
                          .author = ctx->actor.user_id ? ctx->actor.name : NULL, .segments = d->segments.count,
                          .num_media = (int)(rq->media_count + rq->file_count), .simulated = ctx->conf->main_test_mode };
    if (!db_message_insert(ctx, ctx->tenant, &m))
        return false;
    struct media_key key = { conversation, id, 0 };
    for (size_t i = 0; i < rq->media_count; i++, key.position++) {
        struct media_row linked = { .content_type = "", .url = rq->media_urls[i], .state = "linked", .file_name = "" };
        if (!db_media_insert(ctx, ctx->tenant, &key, &linked))
            return false;
    }
    for (size_t i = 0; i < rq->file_count; i++, key.position++) {
        struct media_row kept = { .content_type = rq->files[i].type, .url = "", .state = "stored", .file_name = rq->files[i].name, .sha256 = rq->files[i].sha256 };
        if (!db_media_insert(ctx, ctx->tenant, &key, &kept))
            return false;
    }
    return true;
}

/* Who needs a person has one then. */
static bool by_person(const struct send_request *rq)
{
    return rq->author == AUTHOR_USER || rq->author == AUTHOR_API;
}

/* A part behind the first: its own message, and its own row in the outbox, where order is kept. */
static bool write_part(struct ctx *ctx, const struct draft *d, size_t i)
{
    struct segments segments;
    const char *body = text_normalise_newlines(ctx->arena, d->rq->more[i]);
    segments_count(ctx->arena, body, strlen(body), &segments);
    uint64_t conversation = d->out->conversation_id;
    uint64_t id = db_conversation_bump(ctx, ctx->tenant, conversation, by_person(d->rq), "queued", text_preview(ctx->arena, body));
    struct outbound m = { .conversation_id = conversation, .id = id, .body = body, .author_kind = (int)d->rq->author, .author_id = ctx->actor.user_id,
                          .author = ctx->actor.user_id ? ctx->actor.name : NULL, .segments = segments.count, .simulated = ctx->conf->main_test_mode };
    struct outbox_new row = { .conversation_id = conversation, .message_id = id, .state = ctx->conf->main_test_mode ? "playing" : "queued",
                              .nonce = arena_printf(ctx->arena, "%s+%zu", d->rq->nonce, i + 2), .messaging_service_sid = d->service_sid, .batch_id = d->rq->batch_id };
    return id && db_message_insert(ctx, ctx->tenant, &m) && db_outbox_insert(ctx, ctx->tenant, &row);
}

static const char *preview_of(struct ctx *ctx, const struct draft *d)
{
    const struct send_request *rq = d->rq;
    if (*d->body || rq->media_count + rq->file_count == 0)
        return text_preview(ctx->arena, d->body);
    return media_preview(rq->media_count ? "" : rq->files[0].type);
}

static bool write_rows(struct ctx *ctx, void *arg)
{
    struct draft *d = arg;
    const struct send_request *rq = d->rq;
    uint64_t conversation = rq->conversation_id;
    if (!conversation)
        conversation = db_conversation_open(ctx, ctx->tenant, d->line->id, d->line->channel, d->peer, address_key(ctx->arena, d->peer), address_number(d->peer));
    uint64_t id = conversation ? db_conversation_bump(ctx, ctx->tenant, conversation, by_person(rq), "queued", preview_of(ctx, d)) : 0;
    if (!id)
        return false;
    d->out->withdrawn = rq->still && !rq->still(ctx, conversation, id, rq->still_arg) && !ctx->err.code;
    if (d->out->withdrawn || ctx->err.code || !write_message(ctx, d, conversation, id))
        return false;
    bool inline_send = !ctx->conf->main_test_mode && !rq->queued;
    struct outbox_new row = { .conversation_id = conversation, .message_id = id, .state = ctx->conf->main_test_mode ? "playing" : "queued", .nonce = rq->nonce, .in_ms = inline_send ? outgoing_hold_ms(ctx) : 0,
                              .claim = inline_send ? ctx->id : NULL, .messaging_service_sid = d->service_sid, .content_sid = rq->content_sid, .content_variables = rq->content_variables, .batch_id = rq->batch_id };
    d->out->outbox_id = db_outbox_insert(ctx, ctx->tenant, &row);
    d->out->conversation_id = conversation;
    d->out->message_id = id;
    bool ok = d->out->outbox_id != 0;
    for (size_t i = 0; ok && i < rq->more_count; i++)
        ok = write_part(ctx, d, i);
    return ok && (!rq->also || rq->also(ctx, d->out, rq->also_arg));
}

static bool check_nonce(struct ctx *ctx, const char *nonce)
{
    for (const char *s = nonce; s && *s; s++)
        if (*s < 0x21 || *s > 0x7e)
            return err_field(ctx, "nonce", N_("This text has characters that are not allowed."));
    return true;
}

/* True when the nonce has been seen: the result is the first send's. */
static bool seen_before(struct ctx *ctx, const struct send_request *rq, struct send_result *out)
{
    struct outbox_row *row = rq->nonce ? db_outbox_by_nonce(ctx, ctx->tenant, rq->nonce) : NULL;
    if (!row)
        return false;
    *out = (struct send_result){ .conversation_id = row->conversation_id, .message_id = row->message_id, .outbox_id = row->id,
                                 .sid = row->sid, .status = row->status, .simulated = row->simulated, .duplicate = true };
    return true;
}

/* Whether a commit that got no answer was made tells the nonce, which every send has: so it may be tried again. */
static bool store(struct ctx *ctx, struct draft *d)
{
    for (int try = 1;; try++) {
        enum db_result r = db_transaction(ctx, write_rows, d);
        if (r == DB_OK)
            return true;
        if (d->out->withdrawn && r == DB_FAILED && !ctx->err.code)
            return true;
        bool twin = r == DB_FAILED && stmt_duplicate(ctx);
        if (r == DB_FAILED && !twin)
            return false;
        err_clear(ctx);
        if (seen_before(ctx, d->rq, d->out)) {
            d->out->duplicate = twin; /* else it is our own and goes on */
            return true;
        }
        if (ctx->err.code || try == 2)
            return err_set(ctx, ERR_DATABASE, "outcome of the commit is not known");
    }
}

/* The person waits: gate, call, settle. The row was stored held by us; what is not ours any more is fcgi-cron's. */
static bool send_inline(struct ctx *ctx, uint64_t outbox_id)
{
    struct outbox_row *row = db_outbox_get(ctx, ctx->tenant, outbox_id);
    if (!row || strcmp(row->state, "queued") != 0)
        return row != NULL;
    struct gate gate = gate_check(ctx, row);
    if (gate.verdict == GATE_ERROR)
        return outgoing_give_back(ctx, row);
    if (gate.verdict == GATE_LATER)
        return db_outbox_put_off(ctx, ctx->tenant, outbox_id, ctx->id, gate.wait_ms, gate.reason) >= 0;
    struct outgoing *out = outgoing_start(ctx, row, &gate, (int)ctx->conf->twilio_inline_limit_ms);
    if (!out)
        return ctx->err.code == ERR_NONE;
    struct answer answer;
    struct twilio_result result;
    client_call(ctx->client, ctx, &out->call, &answer);
    twilio_send_result(ctx->arena, &answer, &result);
    return outgoing_settle(out, &result);
}

/* TEST_MODE: the same gate but for the pace, and nobody is called. */
static bool play(struct ctx *ctx, uint64_t outbox_id)
{
    int ours = db_outbox_take(ctx, ctx->tenant, outbox_id, "playing", PLAY_STEP_MS);
    struct outbox_row *row = ours > 0 ? db_outbox_get(ctx, ctx->tenant, outbox_id) : NULL;
    if (!row)
        return ours == 0; /* fcgi-cron was quicker */
    struct gate gate = gate_check(ctx, row);
    if (gate.verdict == GATE_ERROR)
        return false;
    if (gate.verdict != GATE_CLOSED)
        return playing_begin(ctx, outbox_id);
    return delivery_failed(ctx, row->conversation_id, row->message_id, "failed", 0, gate.reason) &&
           db_outbox_move(ctx, ctx->tenant, outbox_id, "playing", "failed", 0, gate.reason) >= 0;
}

/* What the message is now: also what a callback has made of it in the meantime. */
static bool report(struct ctx *ctx, struct send_result *out)
{
    struct message_report *m = db_message_report(ctx, ctx->tenant, out->conversation_id, out->message_id);
    if (!m)
        return false;
    out->sid = m->sid;
    out->status = m->status;
    out->simulated = m->simulated;
    out->error_code = m->error_code;
    out->error = m->error_text;
    return true;
}

/* The message is stored, and fcgi-cron takes it from here: to say that it failed would invite a second one. */
static bool still_queued(struct ctx *ctx, struct send_result *out)
{
    log_event(ctx, LOG_ERROR, "send.interrupted", "outbox=%" PRIu64 " error=%s detail=%s", out->outbox_id, err_name(ctx->err.code),
              log_quote(ctx->arena, ctx->err.detail ? ctx->err.detail : ""));
    err_clear(ctx);
    out->status = "queued";
    return true;
}

static const char *own_nonce(struct ctx *ctx)
{
    char hex[33];
    crypto_random_hex(hex, 16);
    return arena_printf(ctx->arena, "own-%s", hex);
}

static bool begin(struct ctx *ctx, const struct send_request *rq, uint64_t outbox_id)
{
    if (ctx->conf->main_test_mode)
        return play(ctx, outbox_id);
    return rq->queued || send_inline(ctx, outbox_id);
}

bool message_send(struct ctx *ctx, const struct send_request *rq, struct send_result *out)
{
    struct send_request wish = *rq;
    struct draft d = { .rq = &wish, .out = out };
    *out = (struct send_result){ 0 };
    if (wish.nonce && !*wish.nonce)
        wish.nonce = NULL;
    db_use(ctx->db, DB_APP);
    if (!check_nonce(ctx, wish.nonce))
        return false;
    if (seen_before(ctx, &wish, out))
        return report(ctx, out);
    if (!wish.nonce)
        wish.nonce = own_nonce(ctx);
    if (ctx->err.code || !check_content(ctx, &d) || !check_target(ctx, &d) || !check_opt_out(ctx, &d) || !check_service(ctx, &d) || !store(ctx, &d))
        return false;
    if (out->withdrawn) {
        *out = (struct send_result){ .withdrawn = true, .status = "withdrawn" };
        return true;
    }
    bool begun = out->duplicate || begin(ctx, &wish, out->outbox_id);
    return (begun && report(ctx, out)) || still_queued(ctx, out);
}

struct rows sending_lines(struct ctx *ctx)
{
    return db_lines(ctx, ctx->tenant);
}
