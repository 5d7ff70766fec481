/* drafts.h - proposals of a model in the chat: asked for by a person, or made instead of an automatic answer. A proposal is
 * for the conversation as it was: with the next message of either side it is void. */
#ifndef CENTRALA_SERVICES_DRAFTS_H
#define CENTRALA_SERVICES_DRAFTS_H
#include "base/base.h"
#include "services/crew.h"
#include "services/sending.h"
#include "store/ai_drafts.h"

/* A person asks: fcgi-cron answers, live views show it. False with ctx->err: INVALID at "api_key" without a key. */
bool draft_ask(struct ctx *ctx, uint64_t conversation);
bool draft_dismiss(struct ctx *ctx, uint64_t conversation, uint64_t message);
/* For message_send()'s `also`: the message came from the proposal (its label), which is done with. `arg`: a struct draft_used. */
struct draft_used { uint64_t message_id; const char *sent; };
bool draft_used(struct ctx *ctx, const struct send_result *stored, void *arg);

int drafts_step(struct ctx *ctx, struct crew *crew);

#endif
