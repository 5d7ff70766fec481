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

enum outgoing_stage {
    OUTGOING_HELD,      /* not connected yet */
    OUTGOING_CLAIMED,   /* the request was or may have been written */
    OUTGOING_REFUSED,   /* claimed, and the gate's last question closed it */
    OUTGOING_BROKEN,    /* the database did not answer (in time): nothing was written */
    OUTGOING_LOST       /* another has it, or it was canceled: nothing was written */
};
struct outgoing {
    struct ctx *ctx;
    struct outbox_row *row;
    enum outgoing_stage stage;
    const char *reason;     /* when REFUSED */
    struct call call;
};

/* How long a row is held (store/outbox.h) for preparing and connecting. Who takes longer may find it taken. */
int64_t outgoing_hold_ms(const struct ctx *ctx);
/* Behind the gate (OPEN or CLOSED), with a row that is held under ctx->id: builds the request for POST Messages.json, which
 * claims the row when it is connected and just before it is written. NULL when there is nothing to call: the row is
 * somebody else's, it was refused, or (ctx->err set) it went back into the queue. */
struct outgoing *outgoing_start(struct ctx *ctx, struct outbox_row *row, const struct gate *gate, int limit_ms);
/* Writes down what became of it: sent, failed, again later, unknown, or as before when it was not ours any more. False with
 * ctx->err. */
bool outgoing_settle(struct outgoing *o, const struct twilio_result *r);
/* Nothing was sent, because the database did not answer: back into the queue. False, and ctx->err keeps the reason. */
bool outgoing_give_back(struct ctx *ctx, const struct outbox_row *row);
/* Pause before try number `attempts` + 1: 1, 4, 16, 60 s … with a tenth of jitter. */
int64_t outgoing_backoff_ms(int64_t attempts);

#endif
