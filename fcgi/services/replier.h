/* replier.h - fcgi-cron's hand on arrivals that are to be answered. */
#ifndef CENTRALA_SERVICES_REPLIER_H
#define CENTRALA_SERVICES_REPLIER_H
#include "base/base.h"
#include "base/ctx.h"

struct crew;
/* Takes due jobs of all tenants, asks the guards (answering.h), queues answers or lets a model think (ai_reply.h). The number
 * begun, -1 on failure (database). */
int replies_step(struct ctx *ctx, struct crew *crew);

#endif
