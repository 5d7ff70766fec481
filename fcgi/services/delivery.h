/* delivery.h - what became of a message: Twilio's events in a ledger, a state that only rises, errors that stay.
 *
 * Ranks (Twilio's words): accepted, scheduled 10; queued 20; sending 30; sent 40; delivered, undelivered, failed,
 * canceled, received 60; read 70; our own first state ranks 5, "unknown" 6, our own "never arrived" 7; any other word 0 (kept in the ledger only).
 * Equal rank does not overwrite: of two terminal states the first stays, and the second is in the ledger and the log. */
#ifndef CENTRALA_SERVICES_DELIVERY_H
#define CENTRALA_SERVICES_DELIVERY_H
#include "base/base.h"
#include "base/ctx.h"

int status_rank(const char *status);

struct status_event {
    const char *sid, *status;
    uint64_t outbox_id;              /* from the callback URL; 0 when it carried none */
    int64_t error_code;              /* 0: none */
    const char *error_text;          /* NULL: none */
    const char *source;              /* callback, api, sync, test */
    const char *detail;              /* JSON of all parameters, may be NULL */
};
/* Stores the event, and folds it into its message if that is known by now. One transaction. */
bool delivery_apply(struct ctx *ctx, const struct status_event *event);
/* The parameters of a status callback (twilio.md 4) as an event; false with ERR_MALFORMED. */
struct pair;
bool delivery_callback(struct ctx *ctx, struct pair *params, size_t count, uint64_t outbox_id);

/* Twilio accepted: the message gets its SID, the answer's state, and every event that came before this answer. */
struct accepted { uint64_t conversation_id, message_id; const char *sid, *status; int segments; };
bool delivery_accepted(struct ctx *ctx, const struct accepted *a);
/* The message will not be sent: state failed (or "unknown") with a reason. Inside or outside a transaction. */
bool delivery_failed(struct ctx *ctx, uint64_t conversation, uint64_t message, const char *status, int64_t code, const char *text);
/* Why an open question stays open, in place of what was said before: 1, 0 when it said so already or is answered, -1 failure. */
int delivery_doubt(struct ctx *ctx, uint64_t conversation, uint64_t message, const char *text);
/* Looked for at Twilio and not found: failed for us, until a word of Twilio's says otherwise. */
bool delivery_absent(struct ctx *ctx, uint64_t conversation, uint64_t message, const char *text);

#endif
