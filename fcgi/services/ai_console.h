/* ai_console.h - asking the AI while a person waits: the test console, and predecessor 000's calls that answer or send. */
#ifndef CENTRALA_SERVICES_AI_CONSOLE_H
#define CENTRALA_SERVICES_AI_CONSOLE_H
#include "base/base.h"
#include "base/ctx.h"
#include "services/sending.h"
#include "services/thinking.h"

struct console_wish {
    uint64_t line;             /* whose profile, 0: the conversation's or the default */
    const char *participant;   /* NULL or "": nobody; the message stands alone */
    const char *line_address;  /* with a participant: the conversation on exactly that line of ours (then it must be one) */
    const char *message;       /* to be answered; NULL or "": the customer's newest */
    const char *api_key;       /* NULL or "": the tenant's own */
    int history;               /* 0: the profile's */
    bool test;                 /* no customer will see it: a fixed text when there is nothing to answer */
};
struct console {
    const struct ai_profile_row *profile;
    const struct conversation_row *conversation; /* NULL: none yet */
    const char *to;            /* the participant's address; NULL without one */
    uint64_t line_id;          /* of line_address */
    const char *input, *latest; /* what is answered; the customer's newest text, NULL: none */
    bool used_latest, fallback;
    int history;
    struct thought thought;
};
/* False with ctx->err: INVALID at "api_key" (no key), "participant", "inbound_to" (not our line), "latest" (nothing to answer);
 * LIMIT. Else thought.text, or why there is none. */
bool console_ask(struct ctx *ctx, const struct console_wish *wish, struct console *out);
/* A number as people of the tenant's country type it to E.164, a channel's prefix stays. NULL without an error: it is none. */
const char *console_address(struct ctx *ctx, const char *typed);
/* Sends the answer, split if need be, as the AI's, in the name of who asked. */
bool console_send(struct ctx *ctx, const struct console *c, struct send_result *out);
/* What went wrong, in the provider's own words where it said any; NULL: nothing. A message id or such words. */
const char *console_problem(const struct console *c);

#endif
