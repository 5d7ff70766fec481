/* health.h - is it well? For the two public health addresses and the health page. */
#ifndef CENTRALA_SERVICES_HEALTH_H
#define CENTRALA_SERVICES_HEALTH_H
#include "base/base.h"
#include "base/ctx.h"
#include "store/health.h"

/* The database answers; false with ERR_DATABASE. */
bool health_database(struct ctx *ctx);
/* Any tenant has Twilio credentials. */
bool health_twilio_configured(struct ctx *ctx);
bool health_model_configured(struct ctx *ctx);

struct health {
    struct queue_row *queue;
    struct rows rejections;   /* struct rejection_row, newest first */
    struct rows heartbeats;   /* struct heartbeat_row */
    const char *database;     /* where it answers */
    const char *hook_inbound, *hook_status; /* the addresses to enter at Twilio; the secret path */
};
bool health_read(struct ctx *ctx, struct health *out);
/* fcgi-cron's sign of life. */
bool health_beat(struct ctx *ctx, const char *program, const char *host, const char *detail);

#endif
