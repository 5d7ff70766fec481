/* drafts.c - proposals that people ask for, and what becomes of them. */
#include "base/base.h"
#include "base/clock.h"
#include "base/conf.h"
#include "services/drafts.h"
#include "services/model_keys.h"
#include "services/thinking.h"
#include "services/wake.h"
#include "store/conversations.h"
#include "store/db.h"

enum { WORK_CEILING = 64 << 20, LEASE_S = 90, WORTH_MS = 60 * 1000, TRIES_MOST = 3, ROUND_MOST = 20 };

/* ---- people ---- */

static bool write_wish(struct ctx *ctx, void *arg)
{
    const struct conversation_row *c = arg;
    return db_ai_draft_ask(ctx, ctx->tenant, c->id, c->last_message_id) >= 0 && db_conversation_touch(ctx, ctx->tenant, c->id, 0, NULL);
}

bool draft_ask(struct ctx *ctx, uint64_t conversation)
{
    struct conversation_row *c = db_conversation_get(ctx, ctx->tenant, 0, conversation);
    if (!c)
        return err_set(ctx, ERR_ABSENT, "conversation %" PRIu64, conversation);
    const struct ai_profile_row *p = ai_profile_for(ctx, c->line_id);
    if (!p || (!model_key_get(ctx, p->provider) && !ctx->err.code && !err_field(ctx, "api_key", N_("No key is set up for this provider."))) || ctx->err.code)
        return false;
    if (db_transaction(ctx, write_wish, c) != DB_OK)
        return false;
    wake_cron(ctx);
    return true;
}

static bool drop(struct ctx *ctx, void *arg)
{
    const struct ai_draft_row *d = arg;
    return db_ai_draft_delete(ctx, ctx->tenant, d->conversation_id, d->message_id) >= 0 && db_conversation_touch(ctx, ctx->tenant, d->conversation_id, 0, NULL);
}

bool draft_dismiss(struct ctx *ctx, uint64_t conversation, uint64_t message)
{
    struct ai_draft_row d = { .conversation_id = conversation, .message_id = message };
    if (!db_conversation_get(ctx, ctx->tenant, 0, conversation))
        return err_set(ctx, ERR_ABSENT, "conversation %" PRIu64, conversation);
    return db_transaction(ctx, drop, &d) == DB_OK;
}

bool draft_used(struct ctx *ctx, const struct send_result *stored, void *arg)
{
    const struct draft_used *used = arg;
    const struct ai_draft_row *d = db_ai_draft_get(ctx, ctx->tenant, stored->conversation_id);
    if (!d) /* dismissed meanwhile, or used by another window */
        return !ctx->err.code;
    if (d->message_id != used->message_id || strcmp(d->state, "ready") != 0)
        return true;
    return db_message_from_draft(ctx, ctx->tenant, stored->conversation_id, stored->message_id, strcmp(d->text, used->sent) != 0) &&
           db_ai_draft_delete(ctx, ctx->tenant, stored->conversation_id, d->message_id) >= 0;
}

/* ---- fcgi-cron ---- */

struct ending { const struct ai_draft_row *d; const char *state, *text; };

static bool write_end(struct ctx *ctx, void *arg)
{
    const struct ending *e = arg;
    return db_ai_draft_settle(ctx, ctx->tenant, e->d->conversation_id, ctx->id, e->state, e->text, 0) >= 0 &&
           db_conversation_touch(ctx, ctx->tenant, e->d->conversation_id, 0, NULL);
}

static void end(struct ctx *ctx, const struct ai_draft_row *d, const char *state, const char *text)
{
    struct ending e = { .d = d, .state = state, .text = text };
    db_transaction(ctx, write_end, &e);
}

static void thought_out(struct work *w, struct thought *t)
{
    if (!t->broken)
        end(&w->ctx, t->owner, t->text ? "ready" : "failed", t->text ? t->text : t->reason);
    work_end(w, "draft");
}

/* False when nothing was begun and the work can go. */
static bool begin(struct work *w, struct ai_draft_row *due)
{
    struct ctx *ctx = &w->ctx;
    struct ai_draft_row *d = ARENA_NEW(ctx->arena, struct ai_draft_row);
    *d = *due; /* its texts are the round's: not used */
    if (db_ai_draft_claim(ctx, d->tenant_id, d->conversation_id, ctx->id, LEASE_S) <= 0)
        return false;
    if (d->tries >= TRIES_MOST) {
        end(ctx, d, "failed", N_("Three attempts broke off."));
        return false;
    }
    const struct conversation_row *c = db_conversation_get(ctx, ctx->tenant, 0, d->conversation_id);
    const struct ai_profile_row *p = c ? ai_profile_for(ctx, c->line_id) : NULL;
    struct thought *t = ARENA_NEW(ctx->arena, struct thought);
    struct thought_wish wish = { .profile = p, .purpose = "draft", .conversation_id = d->conversation_id };
    if (p && thought_init(ctx, t, &wish)) {
        t->owner = d;
        t->whole = true;
        t->q.until_ms = clock_mono_ms() + WORTH_MS;
        think(w, t, thought_out);
        return true;
    }
    if (ctx->err.code == ERR_INVALID) {
        const char *why = err_public(&ctx->err);
        err_clear(ctx);
        end(ctx, d, "failed", why);
    }
    return false;
}

int drafts_step(struct ctx *ctx, struct crew *crew)
{
    int begun = 0;
    if (db_ai_draft_expire(ctx) < 0)
        return -1;
    if (crew_in_flight(crew) + crew_resting(crew) >= ctx->conf->ai_concurrency)
        return 0;
    struct rows rows = db_ai_draft_due(ctx, ROUND_MOST);
    struct ai_draft_row *due = rows.row;
    for (size_t i = 0; rows.ok && i < rows.n; i++) {
        struct work *w = work_new(crew, due[i].tenant_id, WORK_CEILING);
        if (begin(w, &due[i]))
            begun++;
        else
            work_end(w, "draft");
    }
    return rows.ok ? begun : -1;
}
