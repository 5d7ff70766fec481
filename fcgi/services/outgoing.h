/* outgoing.h - one outbox row on its way: the call to Twilio and what its answer means. Shared by the inline send
 * (sending.c), fcgi-cron's sender (sender.c) and the reconciler (reconcile.c). */
#ifndef CENTRALA_SERVICES_OUTGOING_H
#define CENTRALA_SERVICES_OUTGOING_H
#include "base/base.h"
#include "base/ctx.h"
#include "providers/twilio.h"
#include "store/outbox.h"

enum { LEASE_S = 60, ATTEMPTS_MOST = 5 };

/* The request for POST Messages.json; media come from the database. False with ctx->err. */
bool outgoing_call(struct ctx *ctx, const struct outbox_row *row, int limit_ms, struct call *call);
/* Writes down what the answer means: sent, failed, again later, or unknown. `claim` is ours. */
bool outgoing_settle(struct ctx *ctx, const struct outbox_row *row, const char *claim, const struct twilio_result *r);
/* The message will not leave (gate closed, no credentials): state failed with the reason; the claim ends. */
bool outgoing_refuse(struct ctx *ctx, const struct outbox_row *row, const char *claim, const char *reason);
/* Pause before try number `attempts` + 1: 1, 4, 16, 60 s … with a tenth of jitter. */
int64_t outgoing_backoff_ms(int64_t attempts);

#endif
