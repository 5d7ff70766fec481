/* again.h - a message that failed, sent once more because a person says so.
 *
 * The new attempt is a message of its own, by that person, with the same text, template and attachments, through the same gate
 * as every other. Its nonce names the failed one: whoever presses twice, or at the same time as somebody else, makes one
 * attempt, and the failed message is known as sent again. A later failure can be sent again in its turn. What a bulk batch
 * sends once more by itself is not sent by hand, too, nor the other way round.
 *
 * Allowed after a final failure: when the verdict of its code (error_codes.h) is "later", "one more try" or "look it up
 * first" (which Twilio's last word did), and without a code, where we ourselves gave the reason and the gate decides anew. Never
 * while the outcome is being looked up, not after a redaction, and for three days: what failed before that is hardly what anybody
 * wants to say now, and a chat with nothing newer need not ask. Simulated messages stay with TEST_MODE, real ones outside. */
#ifndef CENTRALA_SERVICES_AGAIN_H
#define CENTRALA_SERVICES_AGAIN_H
#include "base/base.h"
#include "base/ctx.h"
#include "services/sending.h"
#include "store/again.h"

enum { AGAIN_DAYS = 3 };

/* NULL when it may be sent again, else why not: a message id. */
const char *again_refusal(struct ctx *ctx, const struct again_row *m);
/* Is that worth asking about such a message at all? Costs nothing. */
bool again_possible(struct ctx *ctx, const struct message_row *m);
/* struct again_row, newest first: of the messages with ids in [from, to] those that failed. */
struct rows again_rows(struct ctx *ctx, uint64_t conversation, uint64_t from, uint64_t to);

/* False with ERR_ABSENT; ERR_CONFLICT with the reason; or what message_send() says, its `duplicate` when somebody was quicker by an instant. */
bool again_send(struct ctx *ctx, uint64_t conversation, uint64_t message, struct send_result *out);

#endif
