/* ai_reply.h - a model answers an inbound message. */
#ifndef CENTRALA_SERVICES_AI_REPLY_H
#define CENTRALA_SERVICES_AI_REPLY_H
#include "base/base.h"
#include "services/answering.h"
#include "services/crew.h"

/* Takes the work over: ends the job (answering_done() or one of its kin) and the work (work_end()), now or when answers have
 * come. `c` lives in the work's arena. The message is the newest inbound one of its conversation and has rested; the job is
 * ours for ANSWER_LEASE_S seconds. True while calls are in flight, false when it is over already. */
bool ai_reply_begin(struct work *w, const struct reply_case *c);

#endif
