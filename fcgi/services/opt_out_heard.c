/* opt_out_heard.c - what customers write about it, and what people decide about what they wrote. */
#include "base/base.h"
#include "base/clock.h"
#include "base/phone.h"
#include "base/utf8.h"
#include "services/audit.h"
#include "services/note.h"
#include "services/opt_out_change.h"
#include "services/params.h"
#include "store/ai_history.h"
#include "store/conversations.h"
#include "store/messages.h"

enum { WORD_SHOWN = 60, LATER_MOST = 200, DOUBT_MS = 48 * 3600 * 1000 };

/* The customer's word: SID and text of the message go with it. */
static bool make(struct ctx *ctx, const struct opt_out_heard *h, struct opt_out_change *c)
{
    if (!opt_out_change_make(ctx, c, address_key(ctx->arena, h->from), channel_name(address_channel(h->from)), "keyword"))
        return false;
    c->row.message_sid = h->sid;
    c->row.cause = arena_printf(ctx->arena, "in:%s", h->sid);
    const char *line = text_preview(ctx->arena, h->body);
    c->row.reason = arena_strndup(ctx->arena, line, utf8_cut(line, strlen(line), WORD_SHOWN));
    return true;
}

struct question { const struct opt_out_heard *heard; bool stop; uint64_t conversation; struct opt_out_change change; };

static bool ask(struct ctx *ctx, void *arg)
{
    const struct opt_out_heard *h = ((struct question *)arg)->heard;
    int new = db_opt_out_doubt_insert(ctx, ctx->tenant, h->conversation, h->message);
    return new >= 0 && (!new || note_add(ctx, h->conversation, "opt-out-doubt", ""));
}

bool opt_out_heard(struct ctx *ctx, const struct opt_out_heard *h)
{
    struct opt_out_change c;
    if (h->word == OPT_NONE || h->word == OPT_HELP || (h->word == OPT_DOUBT && !h->conversation))
        return true;
    if (!make(ctx, h, &c))
        return false;
    if (h->word == OPT_STOP)
        return opt_out_write(ctx, &c, true);
    bool out = opt_out_is(ctx, h->from, c.row.channel, NULL);
    if (ctx->err.code || out != (h->word == OPT_START)) /* "yes" of somebody who never stopped; a doubt about what is settled */
        return !ctx->err.code;
    if (h->word == OPT_DOUBT)
        return opt_out_apply(ctx, ask, &(struct question){ .heard = h });
    c.only = "keyword";
    return opt_out_write(ctx, &c, false);
}

/* A START that found nothing to lift is in the chat only. */
static bool started_later(struct ctx *ctx, const struct opt_out_heard *h)
{
    struct rows rows = db_said(ctx, ctx->tenant, h->conversation, 0, LATER_MOST);
    const struct said_row *r = rows.row;
    for (size_t i = 0; i < rows.n && r[i].id > h->message; i++)
        if (r[i].direction == INBOUND && opt_out_word(ctx, r[i].body, NULL) == OPT_START)
            return true;
    return false;
}

bool opt_out_heard_late(struct ctx *ctx, const struct opt_out_heard *h, int64_t at_ms)
{
    struct opt_out_change c;
    if (h->word == OPT_NONE || h->word == OPT_HELP || (h->word == OPT_DOUBT && at_ms < ctx->now_ms - DOUBT_MS))
        return true;
    if (!make(ctx, h, &c))
        return false;
    bool newer = db_opt_out_since(ctx, ctx->tenant, c.row.hash, c.row.channel, at_ms) || (h->word != OPT_START && started_later(ctx, h));
    return !ctx->err.code && (newer || opt_out_heard(ctx, h));
}

static bool decide(struct ctx *ctx, void *arg)
{
    struct question *q = arg;
    const char *answer = q->stop ? "yes" : "no";
    int64_t n = db_opt_out_decide(ctx, ctx->tenant, q->conversation, answer, ctx->actor.user_id, ctx->actor.name ? ctx->actor.name : "");
    if (n < 0)
        return false;
    if (!n)
        return err_text(ctx, ERR_CONFLICT, N_("This has been decided already."), "no open doubt in conversation %" PRIu64, q->conversation);
    /* To whom nothing may be sent nobody has to answer. */
    return db_conversation_touch(ctx, ctx->tenant, q->conversation, 0, NULL) &&
           db_conversation_attended(ctx, ctx->tenant, q->conversation, q->stop ? NULL : "opt-out-doubt", CLOCK_NONE) &&
           audit(ctx, "opt_out.decide", arena_printf(ctx->arena, "conversation %" PRIu64, q->conversation), answer) &&
           (!q->stop || opt_out_write(ctx, &q->change, true));
}

bool opt_out_decide(struct ctx *ctx, uint64_t conversation, bool stop)
{
    const struct conversation_row *talk = db_conversation_get(ctx, ctx->tenant, 0, conversation);
    struct question q = { .stop = stop, .conversation = conversation };
    if (!talk)
        return ctx->err.code ? false : err_set(ctx, ERR_ABSENT, "conversation %" PRIu64, conversation);
    /* The customer's own wish, so the customer's START lifts it. */
    return opt_out_change_make(ctx, &q.change, address_key(ctx->arena, talk->peer), talk->channel, "keyword") && opt_out_apply(ctx, decide, &q);
}
