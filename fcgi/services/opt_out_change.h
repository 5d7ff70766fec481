/* opt_out_change.h - one change of the ledger, shared by opt_out.c and opt_out_heard.c. */
#ifndef CENTRALA_SERVICES_OPT_OUT_CHANGE_H
#define CENTRALA_SERVICES_OPT_OUT_CHANGE_H
#include "services/opt_out.h"

struct opt_out_change {
    struct opt_out_new row;
    const char *only;  /* lifts entries of this source alone */
    bool changed;      /* out: what became of it */
};

/* By the context's actor. `key`: of the address. */
bool opt_out_change_make(struct ctx *ctx, struct opt_out_change *c, const char *key, const char *channel, const char *source);
/* Writes state, event, canceled sends and notes in one transaction (or in the caller's). */
bool opt_out_write(struct ctx *ctx, struct opt_out_change *c, bool out);
/* Runs it in a transaction of its own, unless there is one. */
bool opt_out_apply(struct ctx *ctx, bool (*write)(struct ctx *ctx, void *arg), void *arg);
/* A note in the person's chats. */
bool opt_out_tell(struct ctx *ctx, const struct opt_out_change *c, const char *kind);

#endif
