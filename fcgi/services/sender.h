/* sender.h - fcgi-cron's hand on the outbox: starts what is due, many at once, and looks up what is unknown. */
#ifndef CENTRALA_SERVICES_SENDER_H
#define CENTRALA_SERVICES_SENDER_H
#include "base/base.h"
#include "base/ctx.h"

struct crew;
/* Expires leases, then starts due sends and due look-ups up to twilio.concurrency. Answers arrive in client_run().
 * The number begun, lines that only wait for their pace counted in (come back soon), -1 on failure (database). */
int sender_step(struct ctx *ctx, struct crew *crew);

#endif
