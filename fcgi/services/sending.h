/* sending.h - everything that leaves: one door for the panel, the APIs, rules, models and schedules.
 *
 * message_send() commits message and outbox row, then calls Twilio itself, because a person waits for the SID; what
 * cannot leave now (pace, a passing failure) stays in the outbox for fcgi-cron. An ambiguous outcome is "unknown" and is
 * looked up at Twilio before anything is sent again. In TEST_MODE nothing leaves: the message is marked simulated.
 * What happens by itself (answers, reminders, bulk) sets `queued`, and checks in `still` what may have changed meanwhile. */
#ifndef CENTRALA_SERVICES_SENDING_H
#define CENTRALA_SERVICES_SENDING_H
#include "base/base.h"
#include "base/ctx.h"
#include "store/lines.h"
#include "store/messages.h"
#include "store/outbox.h"

enum { BODY_MOST_UNITS = 1600, SEND_MEDIA_MOST = 10, SEND_PARTS_MOST = 10 };

struct send_result;
/* A file of ours (services/attach.h): Twilio gets a signed address of it, made when the message leaves. */
struct send_file { const char *sha256, *type, *name; };
struct send_request {
    const char *to;                       /* E.164 or with channel prefix; ignored when conversation_id is set */
    uint64_t conversation_id;             /* answer in this conversation: its line and address */
    uint64_t line_id;                     /* 0: the tenant's first active line of that channel */
    const char *body;                     /* may be NULL with content_sid or media */
    const char *const *more;              /* further parts: messages of their own behind it, in order; stored together or not at all */
    size_t more_count;
    const char *content_sid, *content_variables;
    const char *const *media_urls;
    size_t media_count;
    const struct send_file *files;        /* after those */
    size_t file_count;
    const char *messaging_service_sid;    /* send through this service */
    bool use_messaging_service;           /* through the account's own service */
    uint64_t batch_id;                    /* of a bulk batch: held while that is paused; 0: none */
    const char *nonce;                    /* the same nonce twice is one send, whatever else differs; NULL: none */
    enum author_kind author;
    bool queued;                          /* nobody waits for the SID: leave it to fcgi-cron */
    /* Asked in the transaction that stores the message, with the conversation locked: is it still wanted? `message` is the
     * id it would get. False without an error: nothing is stored, the result says withdrawn. May run more than once. */
    bool (*still)(struct ctx *ctx, uint64_t conversation, uint64_t message, void *arg);
    void *still_arg;
    /* The same transaction, after the message is stored: rows that must stand or fall with it. False with ctx->err. */
    bool (*also)(struct ctx *ctx, const struct send_result *stored, void *arg);
    void *also_arg;
};
struct send_result {
    uint64_t conversation_id, message_id, outbox_id;
    const char *sid;                      /* NULL while Twilio has not accepted */
    const char *status;                   /* of the message now */
    bool duplicate, simulated;
    bool withdrawn;                       /* `still` said no: nothing was stored */
    int64_t error_code;                   /* when the provider refused */
    const char *error;                    /* message id or the provider's words; NULL when none */
};
/* "MG" and 32 hexadecimal digits; NULL is none. Else false with ERR_INVALID at "messaging_service_sid". */
bool sending_service_check(struct ctx *ctx, const char *sid);

/* False with ctx->err: INVALID at the field ("to", "body", "line", "media_urls", "content_sid"): nothing was stored; or
 * DATABASE when it could not be stored. Once stored it is true: a refusal by Twilio with status "failed" and the error, a
 * database that went away in the middle with "queued" (fcgi-cron finds out what became of it). */
bool message_send(struct ctx *ctx, const struct send_request *rq, struct send_result *out);

struct rows sending_lines(struct ctx *ctx); /* struct line_row: what may be chosen as the sender */

#endif
