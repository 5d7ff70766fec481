/* reconcile.h - the question "did Twilio get it?", asked before anything is sent again.
 *
 * Twilio's create has no idempotency key, so after a time-out or a cut connection its list of messages is searched for
 * ours: same recipient, same sender, same text, made after our row, and not already known under another row. While another
 * message to that recipient is on its way, a find may be that one's, and is left for the next look. Found: the
 * SID is adopted. Not found after two looks: the message is marked failed with a clear word, and a person may resend.
 * Without credentials the question stays open, the message says why, and it is asked again every five minutes. */
#ifndef CENTRALA_SERVICES_RECONCILE_H
#define CENTRALA_SERVICES_RECONCILE_H
#include "base/base.h"
#include "base/ctx.h"
#include "providers/twilio.h"
#include "store/outbox.h"

enum { LOOKS_MOST = 2 };
/* Takes the look-up (so that another host does not) and builds the request; false when there is nothing to do. `next` is
 * NULL, or the page that reconcile_settle() asks for. */
bool reconcile_begin(struct ctx *ctx, const struct outbox_row *row, const char *next, struct call *call);
/* True when the list does not reach back to our message yet and `next` page (the `pages` + 1st) must be looked at, too. */
bool reconcile_settle(struct ctx *ctx, const struct outbox_row *row, const struct answer *answer, int pages, const char **next);

#endif
