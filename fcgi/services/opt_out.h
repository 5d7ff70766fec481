/* opt_out.h - who does not want to be written to: words of customers, the ledger, the decisions of people.
 *
 * The state is kept for each person (address key, by keyed hash) and channel; "all" stands for every channel. Whoever is
 * out gets nothing: the last gate (gate.c) asks at the moment of every send, and once more when the call is about to be
 * made. message_send() of somebody who waits (not `queued`) is refused at "to" before anything is stored; what is queued
 * is stored and fails at the gate, with the reason: rules and schedules ask opt_out_is() before they queue.
 *
 * Who is stronger keeps the entry: erased, then admin, import and api, then the customer's own word, then the provider.
 * START lifts what STOP has set, on its channel, and nothing else; what the provider said is then shown to people to decide. */
#ifndef CENTRALA_SERVICES_OPT_OUT_H
#define CENTRALA_SERVICES_OPT_OUT_H
#include "base/base.h"
#include "base/ctx.h"
#include "store/opt_out.h"

/* DOUBT: may be a request to stop, a human decides. */
enum opt_word { OPT_NONE, OPT_STOP, OPT_START, OPT_HELP, OPT_DOUBT };

/* What an inbound text means. `opt_out_type`: Twilio's OptOutType, or NULL. Asks the database only when one of the tenant's
 * own words may match (outside web workers: always). OPT_NONE too on failure, with ctx->err. */
enum opt_word opt_out_word(struct ctx *ctx, const char *body, const char *opt_out_type);
/* May nothing answer this message by itself? True for STOP, HELP and doubts, and for a START that changed or asked for
 * something ("yes" of somebody who never stopped is an ordinary answer). `sid`: of the inbound message. Check ctx->err. */
bool opt_out_silences(struct ctx *ctx, const char *body, const char *opt_out_type, const char *sid);

/* The built-in table, for the page that shows it. */
struct opt_out_builtin { const char *language; enum opt_word meaning; const char *word; };
const struct opt_out_builtin *opt_out_builtins(size_t *n);
/* Keeps which own words there are for the following webhooks of this worker; `hashes` of account_row: str_hash() of the folded words. */
void opt_out_keep_words(struct ctx *ctx, uint64_t tenant, const char *hashes);

struct opt_out_state {
    const char *channel;     /* of the entry: the one asked for, or "all" */
    const char *source;      /* keyword, provider, admin, import, api, erased */
    const char *reason, *actor;
    int64_t since_ms;
};
/* Is nothing to be sent there? `channel`: "sms", "whatsapp", …; NULL: that of the address. `out` may be NULL. False too on
 * failure, with ctx->err. */
bool opt_out_is(struct ctx *ctx, const char *address, const char *channel, struct opt_out_state *out);
/* A message id for people, by source. */
const char *opt_out_text(const char *source);
/* The same with the moment, as kept with a message: "… (2026-11-20T13:37:00Z)". */
const char *opt_out_reason(struct ctx *ctx, const struct opt_out_state *state);

/* Records an opt-out, cancels what waits for the person, tells the chats. `channel` "all" or one; source admin, import or api
 * (the actor is the context's). True also when it was so before. In one transaction, or in the caller's. */
bool opt_out_set(struct ctx *ctx, const char *address, const char *channel, const char *source, const char *reason);
/* Lifts whatever stands for that channel ("all": every entry of the person). `lifted` may be NULL. */
bool opt_out_lift(struct ctx *ctx, const char *address, const char *channel, const char *source, const char *reason, bool *lifted);
/* Erasing a person: the addresses go, the hashes stay, and one for all channels is added. */
bool opt_out_forget_address(struct ctx *ctx, const char *address_key);
/* What the provider told about the recipient of a message of ours (21610, 30004, …: feedback opt-out and suppress of
 * etc/error-codes); once for each message. Does nothing for other codes. */
bool opt_out_feedback(struct ctx *ctx, uint64_t conversation, uint64_t message, int64_t code);

/* An inbound message that is stored (again): records what its word does, once for each SID. `conversation` 0: unrouted. */
struct opt_out_heard { const char *from, *body, *sid; uint64_t conversation, message; enum opt_word word; };
bool opt_out_heard(struct ctx *ctx, const struct opt_out_heard *heard);
/* The same for a message of that time which only Twilio's list told of: what is known to be newer stands, and nobody is asked
 * about old doubts. */
bool opt_out_heard_late(struct ctx *ctx, const struct opt_out_heard *heard, int64_t at_ms);
/* A human's answer to the doubts of a conversation: did the customer ask to stop? False with ABSENT: nothing is open. */
bool opt_out_decide(struct ctx *ctx, uint64_t conversation, bool stop);

#endif
