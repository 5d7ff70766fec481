/* totals.h - how many messages a tenant has, and the newest, as of now.
 *
 * The database keeps totals up to a mark that fcgi-cron moves every five minutes; one statement adds what came after it and
 * fetches the newest message. A worker keeps that answer for a burst of requests, and each of them asks in a statement of two
 * rows when the tenant's conversations changed last, as live views do: the answer is given again only if that is
 * still the same moment. It is kept only when that moment was long enough ago for everything of it to be committed, on whichever
 * host or process, so that what somebody has just sent or received is always counted. */
#ifndef CENTRALA_SERVICES_TOTALS_H
#define CENTRALA_SERVICES_TOTALS_H
#include "base/base.h"
#include "base/ctx.h"
#include "store/messages.h"

/* Times of changes that are younger may still be joined by earlier ones: transactions do not become visible in the order of
 * their times. */
enum { TOTALS_SETTLED_MS = 5000 };

/* NULL with ctx->err. */
struct total_row *totals_now(struct ctx *ctx);

#endif
