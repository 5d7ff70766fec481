/* removal.h - taking messages away, at Twilio and here: redacting (text and files go, the message stays) and deleting.
 *
 * Twilio first, then here: what Twilio did not confirm is kept. Every message is a row of a queue before Twilio is asked,
 * so whatever stops in between is finished by fcgi-cron; all steps may be repeated, and what is not there any more counts
 * as removed. Too early (20009) or no answer: again later, for 14 days. A request is what somebody asked for and its
 * report. The order is files, text, record. What is simulated, or has never been at Twilio, is removed here alone.
 *
 * A removed message leaves its SID (removed_sid): imports ask for it. Webhooks do not, their path is one statement:
 * Twilio repeats those within minutes only, and a message that is deleted in these minutes and then arrived again would be
 * stored again. Totals count what was. */
#ifndef CENTRALA_SERVICES_REMOVAL_H
#define CENTRALA_SERVICES_REMOVAL_H
#include "base/base.h"
#include "base/ctx.h"
#include "store/removal.h"
#include "store/removed.h"

enum removal_action { REMOVAL_REDACT, REMOVAL_DELETE };
enum { REMOVAL_DAYS = 14 };

/* One message. */
struct removal_result {
    uint64_t request;      /* its report */
    bool remote, local;    /* gone at Twilio; gone here (false, too, when we never had it) */
    bool pending;          /* neither, but it will be tried again at retry_ms */
    int64_t retry_ms;
    int64_t code, http;    /* of Twilio's refusal */
    const char *words;     /* Twilio's, NULL when none */
    const char *status;    /* the message's, "" when we never had it */
};
/* ctx->actor removes the message with that SID now. False with ctx->err: MALFORMED (no SID), ABSENT (neither here nor at
 * Twilio), CONFLICT (it has not left yet), DATABASE. Otherwise see the result. */
bool removal_message(struct ctx *ctx, const char *sid, enum removal_action action, struct removal_result *out);
/* The same by our own id, also of a message that has no SID. */
bool removal_message_id(struct ctx *ctx, uint64_t conversation, uint64_t message, enum removal_action action, struct removal_result *out);

/* All of a conversation: a few messages at once, the rest by fcgi-cron. */
struct removal_report {
    uint64_t request;
    int64_t remote, local, pending; /* messages: gone at Twilio, gone here, waiting */
    struct rows failed;             /* struct removal_row: refused, or tried and waiting */
    struct rows missing;            /* struct removal_due_row: ids of messages in question (CONFLICT) */
};
/* False with ctx->err: ABSENT, CONFLICT (`missing` says which messages may or may not have reached Twilio), DATABASE. */
bool removal_conversation(struct ctx *ctx, uint64_t conversation, struct removal_report *out);
/* Every conversation with that participant, in any spelling. */
bool removal_participant(struct ctx *ctx, const char *participant, struct removal_report *out);

/* Erases a person: messages both ways on all lines, here and in Twilio's lists, contact, drafts and the like. Opted-out
 * persons stay so. 0 with ctx->err (INVALID at "number" or "again"); else the request. */
uint64_t removal_person(struct ctx *ctx, const char *number, const char *again);

/* Reports. struct removal_request_row, newest first; struct removal_row of one. */
struct rows removal_requests(struct ctx *ctx, uint64_t before, int limit);
struct removal_request_row *removal_request(struct ctx *ctx, uint64_t id); /* NULL with ERR_ABSENT */
struct rows removal_troubled(struct ctx *ctx, uint64_t request, int limit);
/* What failed is tried again. */
bool removal_retry(struct ctx *ctx, uint64_t request);

/* Was that message removed here? An import leaves a deleted one out and a redacted one without its text. */
enum removed { REMOVED_NOT, REMOVED_TEXT, REMOVED_ALL, REMOVED_UNKNOWN };
enum removed removed_sid(struct ctx *ctx, const char *sid); /* UNKNOWN with ctx->err */

/* How long messages are kept. NULL without an error: nobody has said, they are kept. */
struct retention_row *retention_get(struct ctx *ctx);
/* "keep", "redact" or "delete"; false with INVALID at "what" or "days". */
bool retention_put(struct ctx *ctx, const char *action, int64_t days);
/* The daily job: a request for each tenant that wants one; how many, -1 on failure. */
int retention_run(struct ctx *ctx);
/* SIDs that no list of Twilio's can name any more go. */
bool removed_purge(struct ctx *ctx);

#endif
