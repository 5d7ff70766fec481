/* outgoing.h - one outbox row on its way: the call to Twilio and what its answer means. Shared by the inline send
 * (sending.c), fcgi-cron's sender (sender.c) and the reconciler (reconcile.c). */
#ifndef CENTRALA_SERVICES_OUTGOING_H
#define CENTRALA_SERVICES_OUTGOING_H
#include "base/base.h"
#include "base/ctx.h"
#include "providers/twilio.h"
#include "services/gate.h"
#include "store/outbox.h"

/* A claim holds as long as the call may take, and this much longer: half of it may pass before the call is begun. */
enum { LEASE_SPARE_S = 30, ATTEMPTS_MOST = 5 };

/* Behind the gate (OPEN or CLOSED): claims a queued row and builds the request for POST Messages.json, which is to be made
 * at once. False when there is nothing to call: the row is somebody else's, it was refused, or (ctx->err set) it went back
 * into the queue. */
bool outgoing_start(struct ctx *ctx, struct outbox_row *row, const struct gate *gate, int limit_ms, struct call *call);
/* Writes down what the answer means: sent, failed, again later, or unknown. `claim` is ours. */
bool outgoing_settle(struct ctx *ctx, const struct outbox_row *row, const char *claim, const struct twilio_result *r);
/* Pause before try number `attempts` + 1: 1, 4, 16, 60 s … with a tenth of jitter. */
int64_t outgoing_backoff_ms(int64_t attempts);

#endif
