/* ai_reply.c - a model answers an arrival: sent, proposed to the agents, or handed to a person, visibly. */
#include "base/base.h"
#include "base/clock.h"
#include "base/split.h"
#include "services/ai_reply.h"
#include "services/note.h"
#include "services/sending.h"
#include "services/thinking.h"
#include "store/ai_drafts.h"
#include "store/conversations.h"
#include "store/db.h"

enum { WORTH_MS = 60 * 1000, LEAST_MS = 3000 }; /* an answer later than this after the question is none */

/* The job's outcomes are "ai-refused", "ai-empty" and so on; the chat shows the reason. */
static void hand_off(struct ctx *ctx, const struct reply_case *c, const char *outcome, const char *reason)
{
    char word[40];
    snprintf(word, sizeof word, "ai-%s", outcome);
    answering_done_noted(ctx, c, word, "handed-off", reason);
}

/* Somebody was quicker, or the rule says no by now. */
static void drop(struct ctx *ctx, struct reply_case *c)
{
    if (!c->refused)
        return; /* the database could not tell: the lease runs out and the job is taken again */
    const char *why = strcmp(c->refused, "human") == 0 ? N_("A person answered first.") : strcmp(c->refused, "superseded") == 0 ? N_("The customer wrote again.") : NULL;
    if (why)
        answering_done_noted(ctx, c, c->refused, "answer-dropped", why);
    else
        answering_send(ctx, c, &(struct verdict){ .outcome = c->refused });
}

/* ---- automatic ---- */

static bool job_too(struct ctx *ctx, const struct send_result *stored, void *arg)
{
    (void)stored;
    return answering_done(ctx, arg, "answered");
}

static void send(struct ctx *ctx, struct reply_case *c, const char *text)
{
    const char **parts;
    size_t n = split_text(ctx->arena, text, SPLIT_UNITS, &parts);
    struct send_result sent;
    struct send_request wish = {
        .conversation_id = c->conversation_id, .body = n ? parts[0] : text, .more = parts + 1, .more_count = n ? n - 1 : 0, .author = AUTHOR_MODEL, .queued = true,
        .nonce = arena_printf(ctx->arena, "ai-%" PRIu64 "-%" PRIu64, c->conversation_id, c->message_id),
        .still = answering_still, .still_arg = c, .also = job_too, .also_arg = c,
    };
    if (message_send(ctx, &wish, &sent)) {
        if (sent.withdrawn)
            drop(ctx, c);
    } else if (ctx->err.code == ERR_INVALID || ctx->err.code == ERR_ABSENT) { /* it cannot be sent, now or later: WhatsApp's window, a line that is gone */
        const char *why = err_public(&ctx->err);
        err_clear(ctx);
        hand_off(ctx, c, "unsendable", why);
    }
}

/* ---- a proposal ---- */

struct proposal { struct reply_case *c; const char *text; };

/* The touch locks the conversation as a send does: nobody can answer in between. */
static bool write_proposal(struct ctx *ctx, void *arg)
{
    const struct proposal *p = arg;
    uint64_t id = p->c->conversation_id;
    if (!db_conversation_touch(ctx, ctx->tenant, id, 0, NULL) || !answering_still(ctx, id, 0, p->c))
        return false;
    const struct conversation_row *now = db_conversation_get(ctx, ctx->tenant, 0, id);
    return now && db_ai_draft_put(ctx, ctx->tenant, id, now->last_message_id, "ready", p->text) && answering_done(ctx, p->c, "drafted");
}

static void propose(struct ctx *ctx, struct reply_case *c, const char *text)
{
    struct proposal p = { .c = c, .text = text };
    c->refused = NULL;
    if (db_transaction(ctx, write_proposal, &p) == DB_FAILED && !ctx->err.code)
        drop(ctx, c);
}

/* ---- */

static void thought_out(struct work *w, struct thought *t)
{
    struct ctx *ctx = &w->ctx;
    struct reply_case *c = t->owner;
    if (t->broken)
        ; /* the lease runs out */
    else if (!t->text)
        hand_off(ctx, c, t->outcome, t->reason);
    else if (t->q.profile->automatic)
        send(ctx, c, t->text);
    else
        propose(ctx, c, t->text);
    work_end(w, "ai reply");
}

bool ai_reply_begin(struct work *w, const struct reply_case *given)
{
    struct ctx *ctx = &w->ctx;
    struct reply_case *c = ARENA_NEW(ctx->arena, struct reply_case);
    *c = *given;
    struct thought *t = ARENA_NEW(ctx->arena, struct thought);
    const struct ai_profile_row *p = ai_profile_for(ctx, c->line_id);
    struct thought_wish wish = { .profile = p, .purpose = "reply", .conversation_id = c->conversation_id, .upto = c->message_id };
    int64_t left = c->arrived_ms + WORTH_MS - c->now_ms;
    if (p && left < LEAST_MS) {
        hand_off(ctx, c, "late", N_("There was no time left for an answer."));
    } else if (p && thought_init(ctx, t, &wish)) {
        t->owner = c;
        t->whole = !p->automatic;
        t->q.until_ms = clock_mono_ms() + left;
        think(w, t, thought_out);
        return true;
    } else if (ctx->err.code == ERR_INVALID) {
        const char *why = err_public(&ctx->err);
        err_clear(ctx);
        hand_off(ctx, c, "no-key", why);
    }
    work_end(w, "ai reply");
    return false;
}
