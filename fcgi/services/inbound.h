/* inbound.h - a message comes in: stored with contact, conversation and event in one transaction before anybody is
 * answered. Replays change nothing, nor do those of a message that was deleted here. A number that is not a line of the tenant keeps the message in "unrouted". */
#ifndef CENTRALA_SERVICES_INBOUND_H
#define CENTRALA_SERVICES_INBOUND_H
#include "base/base.h"
#include "base/ctx.h"
#include "base/signature.h"
#include "store/unrouted.h"

enum inbound_outcome { INBOUND_STORED, INBOUND_DUPLICATE, INBOUND_UNROUTED, INBOUND_REMOVED };
struct inbound_result { enum inbound_outcome outcome; uint64_t conversation_id, message_id; };

/* The parameters of an inbound webhook (twilio.md 3) of ctx->tenant. `out` may be NULL: asking for the ids costs an answer of the
 * database more. False with ERR_MALFORMED or ERR_DATABASE. */
bool inbound_receive(struct ctx *ctx, struct pair *params, size_t count, struct inbound_result *out);

/* Unrouted messages, newest first; cursor = last row's time and SID (CLOCK_NONE: first page). */
struct rows unrouted_list(struct ctx *ctx, int64_t before_ms, const char *before_sid, int limit);
/* Sends the unrouted messages to that number through the same door again, now that it is a line. How many, -1 on failure. */
int64_t unrouted_route(struct ctx *ctx, const char *to_address);

/* One of them into a conversation on that line, whatever number it was sent to. */
bool unrouted_route_one(struct ctx *ctx, const char *sid, uint64_t line);

#endif
