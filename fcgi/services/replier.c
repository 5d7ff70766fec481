/* replier.c - fcgi-cron's hand on arrivals that are to be answered. */
#include "base/base.h"
#include "base/conf.h"
#include "base/log.h"
#include "services/ai_reply.h"
#include "services/answering.h"
#include "services/crew.h"
#include "services/note.h"
#include "services/replier.h"
#include "store/conversations.h"
#include "store/db.h"

enum { WORK_CEILING = 64 << 20, ROUND_MOST = 50 };

static bool end_spent(struct ctx *ctx, void *arg)
{
    const struct reply_due_row *job = arg;
    int ours = db_conversation_touch(ctx, ctx->tenant, job->conversation_id, 0, NULL) ? db_reply_give_up(ctx, job, ANSWER_TRIES) : -1;
    return ours == 0 || (ours > 0 && note_add(ctx, job->conversation_id, "handed-off", N_("Three attempts broke off.")));
}

/* Whoever began them did not come to an end, three times: a person has to look. */
static bool give_up_spent(struct ctx *ctx, struct crew *crew)
{
    struct rows rows = db_reply_spent(ctx, ANSWER_TRIES, ROUND_MOST);
    struct reply_due_row *job = rows.row;
    for (size_t i = 0; rows.ok && i < rows.n; i++) {
        struct work *w = work_new(crew, job[i].tenant_id, WORK_CEILING);
        db_transaction(&w->ctx, end_spent, &job[i]);
        work_end(w, "reply given up");
    }
    return rows.ok;
}

/* Something failed: the lease ends soon instead of late, and the try counts. */
static void try_again(struct ctx *ctx, const struct reply_due_row *job, const char *claim)
{
    enum { AGAIN_S = 5 };
    const struct err why = ctx->err;
    err_clear(ctx);
    db_reply_hold(ctx, job, claim, AGAIN_S);
    ctx->err = why; /* for the log */
}

/* False when another host was quicker, or the database does not answer. */
static bool begin(struct work *w, const struct reply_due_row *job)
{
    struct ctx *ctx = &w->ctx;
    struct reply_case *c = ARENA_NEW(ctx->arena, struct reply_case);
    struct verdict v;
    *c = (struct reply_case){ .conversation_id = job->conversation_id, .message_id = job->message_id, .claim = ctx->id };
    bool ours = db_reply_claim(ctx, job, c->claim, ANSWER_LEASE_S) > 0, judged = ours && answering_judge(ctx, c, &v);
    if (judged)
        log_event(ctx, LOG_INFO, "reply.judged", "message=%" PRIu64 " outcome=%s", c->message_id, v.think ? "think" : v.outcome);
    if (judged && v.think) {
        ai_reply_begin(w, c);
        return true;
    }
    if (ours && (!judged || !answering_send(ctx, c, &v)))
        try_again(ctx, job, c->claim);
    work_end(w, "reply");
    return ours;
}

int replies_step(struct ctx *ctx, struct crew *crew)
{
    if (db_reply_expire(ctx, ANSWER_TRIES) < 0 || !give_up_spent(ctx, crew))
        return -1;
    int begun = 0;
    int64_t room = ctx->conf->ai_concurrency - crew_in_flight(crew) - crew_resting(crew);
    struct rows rows = db_reply_due(ctx, room <= 0, room <= 0 || room > ROUND_MOST ? ROUND_MOST : (int)room);
    const struct reply_due_row *job = rows.row;
    for (size_t i = 0; rows.ok && i < rows.n; i++) {
        begun += begin(work_new(crew, job[i].tenant_id, WORK_CEILING), &job[i]);
    }
    return rows.ok ? begun : -1;
}
