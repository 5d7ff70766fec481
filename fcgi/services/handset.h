/* handset.h - TEST_MODE: the customer's handset played in the browser. What is typed is queued and delivered by
 * fcgi-cron as a signed webhook through the real web server, exactly as Twilio would bring it. */
#ifndef CENTRALA_SERVICES_HANDSET_H
#define CENTRALA_SERVICES_HANDSET_H
#include "base/base.h"
#include "base/ctx.h"
#include "store/jobs.h"

/* `from` an E.164 number or whatsapp: address, `to` one of our lines. */
bool handset_type(struct ctx *ctx, const char *from, const char *to, const char *body);
/* struct handset_row: what was typed and has not arrived yet, or was refused. */
struct rows handset_waiting(struct ctx *ctx, const char *from, const char *to);
/* fcgi-cron: begins to post what is queued, signed, one message of a conversation at a time. What was under way when
 * fcgi-cron was killed is posted again, with the same MessageSid. How many were begun, -1 on failure. */
struct crew;
int handset_step(struct ctx *ctx, struct crew *crew);

#endif
