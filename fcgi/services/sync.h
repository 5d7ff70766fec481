/* sync.h - Twilio's list of messages as a second source beside the webhooks: nothing that Twilio has is missing here.
 *
 * A walk goes back in time, a UTC day after the other and page by page; after a stop it goes on where it was. A person
 * starts it for up to 400 days (as far as Twilio keeps them), and fcgi-cron starts one regularly over what came since the
 * last one and the two days before that. One walk a tenant, a page at a time.
 *
 * A message we have only gets news of its state (by the rank rule); its text is never touched: Twilio lists redacted and
 * aged ones with an empty one. A message we do not have is added at its own time, without an answer by rule or model, and
 * counts as unread when it is of the last two days. Not added: what was removed here, other numbers than our lines', and
 * what may be one of ours that is still on its way. */
#ifndef CENTRALA_SERVICES_SYNC_H
#define CENTRALA_SERVICES_SYNC_H
#include "base/base.h"
#include "base/ctx.h"
#include "providers/twilio.h"
#include "store/sync.h"

enum { SYNC_DAYS_MOST = 400 };

/* Messages of a list page through the rules above; false with ctx->err when the database is away. */
bool sync_upsert(struct ctx *ctx, const struct twilio_listed *v, size_t n, struct sync_counts *out);

/* Of those messages: struct state_row, inbound ones whose attachments are still to be listed; a webhook would have named them. */
struct rows sync_media_unlisted(struct ctx *ctx, const struct twilio_listed *v, size_t n);
/* What Twilio lists for one of them: fetched by media_step then (services/media.h). */
bool sync_media_listed(struct ctx *ctx, const struct state_row *m, const struct twilio_account *acc, const char *const *sids, int n);

/* Asks Twilio now (a person waits) and upserts what it lists. False with ERR_UPSTREAM. */
bool sync_remote(struct ctx *ctx, const struct twilio_filter *filter, struct twilio_page *out);

/* The same for one message. False with ERR_ABSENT when Twilio does not give it, whyever, and when it was removed here. */
bool sync_one(struct ctx *ctx, const char *sid, struct twilio_listed *out);

/* False with ERR_CONFLICT when a walk is under way, ERR_INVALID at "days". */
bool sync_start(struct ctx *ctx, int64_t days);
struct sync_row *sync_state(struct ctx *ctx);   /* NULL without an error: never begun */
/* The regular walk for every tenant that has credentials; how many were begun, -1 on failure. */
int sync_tails(struct ctx *ctx);

struct crew;
int sync_step(struct ctx *ctx, struct crew *crew);

#endif
