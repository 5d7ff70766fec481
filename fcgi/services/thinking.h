/* thinking.h - from a question to an answer that may be sent, or to the reason why a person has to write it.
 *
 * An answer over the profile's limit is made shorter by a second call; one that stays too long is for splitting (base/split.h).
 * Words of a model are untrusted: with the profile's own_links an answer that names another site is not one. */
#ifndef CENTRALA_SERVICES_THINKING_H
#define CENTRALA_SERVICES_THINKING_H
#include "base/base.h"
#include "services/asking.h"

struct thought {
    struct question q;        /* first: it is the work's data */
    bool whole;               /* it must fit into one message */
    void *owner;              /* the caller's */
    /* what came of it */
    const char *text;         /* the answer; NULL: a person is needed */
    const char *outcome;      /* "answered", "handed_off", "refused", …, "link", "too-long", "limit" */
    const char *reason;       /* without a text: why, a message id or the model's own words */
    struct model_result last; /* of the call that decided */
    bool broken;              /* the database did not answer: ctx->err, nothing is decided */
    /* its own */
    const char *long_text;
    void (*done)(struct work *w, struct thought *t);
};

/* Reads the conversation up to `upto` (0: all) and makes the question; `latest` and `key` may be NULL, `history` 0: the profile's.
 * False with ctx->err. */
struct thought_wish { const struct ai_profile_row *profile; const char *key, *purpose, *latest; uint64_t conversation_id, upto; int history; };
bool thought_init(struct ctx *ctx, struct thought *t, const struct thought_wish *wish);
/* In fcgi-cron; `done` comes later or at once, once. */
void think(struct work *w, struct thought *t, void (*done)(struct work *w, struct thought *t));
/* A person waits: the call, and if need be the shorter one. False with ctx->err. */
bool think_now(struct ctx *ctx, struct thought *t);

#endif
