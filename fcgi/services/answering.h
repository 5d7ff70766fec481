/* answering.h - may this arrival be answered by itself, and with what? The guards of automatic answers, asked when a job is
 * taken and again in the transaction that queues the answer.
 *
 * Nothing is answered that arrived before its rule was switched on or more than ten minutes ago, that came from a short
 * code, a name or one of our own numbers, that is a word of the opt-out family, that a person has answered meanwhile, or
 * that would be one too many: `most` automatic answers in a conversation without a person's message or a new day. Outside
 * business hours the closed text goes out once a closed period, and not within half an hour of a person's message. */
#ifndef CENTRALA_SERVICES_ANSWERING_H
#define CENTRALA_SERVICES_ANSWERING_H
#include "base/base.h"
#include "base/ctx.h"
#include "store/replies.h"

enum { ANSWER_LEASE_S = 90, ANSWER_TRIES = 3 };

/* An inbound message that is to be answered; its job is ours until the lease ends. */
struct reply_case {
    uint64_t conversation_id, message_id, line_id;
    const char *claim;   /* our hold on the job */
    int64_t arrived_ms, now_ms; /* by the database's clock; now: when it was judged last */
    const char *body;    /* what the customer wrote */
    const char *refused; /* set by answering_still(): the outcome when it said no; NULL: the database could not tell */
};

/* What is to be done: `answer` to be sent and the job's outcome then; `think`: a model is to be asked; else just the outcome. */
struct verdict {
    const char *outcome; /* answered, closed-text; off, before, too-old, no-address, own-number, opt-word, opted-out, human, superseded, closed, no-keyword, loop; later: ask again */
    const char *answer;
    bool think;
};
/* Reads the present state; fills the case's line, time and text. False with ctx->err. */
bool answering_judge(struct ctx *ctx, struct reply_case *c, struct verdict *out);

/* Sends the verdict's answer (queued) and ends the job in the same transaction; a job that must not be answered any more is
 * ended with why. False with ctx->err: the lease will run out and the job be taken again. */
bool answering_send(struct ctx *ctx, struct reply_case *c, const struct verdict *v);

/* For message_send()'s `still` of a model's answer; `arg` is the struct reply_case (or a copy). True while nobody wrote since the case's
 * message (neither the customer nor a person of ours), the line still answers by model, and no guard says no. */
bool answering_still(struct ctx *ctx, uint64_t conversation, uint64_t message, void *arg);
/* Ends the job; also inside a transaction (message_send()'s `also`). CONFLICT when the lease went to somebody else: nothing of
 * the transaction must stay then. `outcome`: at most 40 letters. */
bool answering_done(struct ctx *ctx, const struct reply_case *c, const char *outcome);
/* Ends the job and leaves a note (services/note.h) in the chat, both or none. */
bool answering_done_noted(struct ctx *ctx, const struct reply_case *c, const char *outcome, const char *note, const char *detail);
/* Another lease's length for one who needs longer. CONFLICT as above. */
bool answering_hold(struct ctx *ctx, const struct reply_case *c);

#endif
