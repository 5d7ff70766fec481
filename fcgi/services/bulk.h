/* bulk.h - one text to many numbers: a batch with a row for each recipient, worked off by fcgi-cron through the outbox.
 *
 * A batch is checked as a whole before it is made (what is no number, what is there twice, what it costs) and frozen then.
 * Only a few of its messages stand in the outbox at a time, so that answers of people go out between them, and the gate
 * holds those while the batch is paused. States: pending, processing, paused, canceled, completed, completed_with_errors
 * (some failed, or nothing but invalid numbers), failed (all failed). */
#ifndef CENTRALA_SERVICES_BULK_H
#define CENTRALA_SERVICES_BULK_H
#include "base/base.h"
#include "base/ctx.h"
#include "base/segment.h"
#include "store/bulk.h"

enum { BULK_MOST = 250, BULK_NUMBERS_MOST = 64000 };

struct bulk_wish {
    uint64_t line_id;                  /* 0: the tenant's first active SMS line */
    const char *messaging_service_sid; /* NULL: from the line */
    const char *body;
    const char *const *numbers;        /* each may hold several, separated by commas, semicolons or new lines */
    size_t number_count;
    const char *country;               /* how numbers without + are read */
    const char *nonce;
    int64_t scheduled_ms;              /* CLOCK_NONE: at once */
};
struct bulk_number { const char *raw, *address, *key, *state; }; /* state: pending, invalid, duplicate, opted_out; address and key NULL when invalid */
struct bulk_plan {
    const struct line_row *line;
    struct bulk_number *v;             /* in the order given */
    size_t n, valid, invalid, duplicate, opted_out;
    struct segments segments;          /* of one message */
};

/* Looks without storing. False with ERR_INVALID at "body", "recipients" or "line". */
bool bulk_check(struct ctx *ctx, const struct bulk_wish *wish, struct bulk_plan *out);
/* For people who look first: who has opted out is no longer valid. (In a batch the gate decides, when it is sent.) */
bool bulk_check_opt_outs(struct ctx *ctx, struct bulk_plan *plan);
/* Checks and makes it: the batch's id, of the first one when the nonce was used before; 0 with ctx->err. */
uint64_t bulk_create(struct ctx *ctx, const struct bulk_wish *wish);

struct rows bulk_batches(struct ctx *ctx, uint64_t before, int limit);       /* struct batch_row, newest first */
struct batch_row *bulk_batch(struct ctx *ctx, uint64_t id);                  /* NULL with ERR_ABSENT */
struct rows bulk_recipients(struct ctx *ctx, uint64_t batch, const char *state, uint64_t after, int limit); /* struct recipient_row */
/* Neither ended nor held. */
bool bulk_running(const struct batch_row *b);

/* False with ERR_CONFLICT when the batch is not in a state that allows it. */
bool bulk_pause(struct ctx *ctx, uint64_t id);
bool bulk_resume(struct ctx *ctx, uint64_t id);
bool bulk_cancel(struct ctx *ctx, uint64_t id);
/* Failed recipients again, but those whose error says never (no such number, opted out). How many, -1 on failure. */
int64_t bulk_retry(struct ctx *ctx, uint64_t id);

struct crew;
int bulk_step(struct ctx *ctx, struct crew *crew);

#endif
