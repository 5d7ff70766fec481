/* removing.h - one message on its way out: the calls to Twilio one after the other, then our own rows. Shared by those who
 * wait for it (removal.c) and fcgi-cron (removal_step.c). */
#ifndef CENTRALA_SERVICES_REMOVING_H
#define CENTRALA_SERVICES_REMOVING_H
#include "base/base.h"
#include "base/ctx.h"
#include "providers/twilio_remove.h"
#include "store/removal.h"
#include "store/removed.h"

enum { REMOVING_MEDIA_MOST = 10, REMOVING_SPARE_S = 30 };
enum removing_stage { REMOVING_BEGIN, REMOVING_LIST, REMOVING_MEDIA, REMOVING_CANCEL, REMOVING_TEXT, REMOVING_RECORD, REMOVING_END };

struct removing {
    const struct removal_row *row;     /* claimed by ctx->id */
    const struct removable_row *m;     /* NULL: not here */
    struct twilio_account acc;
    enum removing_stage stage;
    int limit_ms;
    const char *sid;                   /* "": Twilio never had it */
    const char *media[REMOVING_MEDIA_MOST];
    int media_count, media_at;
    struct twilio_removed last, said;  /* what Twilio said last: its end is how it ended; and before our own rows were asked */
    bool lost;                         /* the claim is somebody else's */
    bool remote, local;                /* as in removal_result */
};

/* Seconds that a claim holds when each call may take `limit_ms`. */
int64_t removing_lease_s(int limit_ms);
/* Reads the message; then the first call, or false when none is to be made: removing_settle() at once. */
bool removing_begin(struct ctx *ctx, struct removing *r, const struct removal_row *row, int limit_ms, struct call *call);
/* What the answer means, and the next call; false: settle. */
bool removing_next(struct ctx *ctx, struct removing *r, const struct answer *answer, struct call *call);
/* Our side, in one transaction: message, queue and report. False with ctx->err. */
bool removing_settle(struct ctx *ctx, struct removing *r);
/* Ends a request of which nothing is outstanding: what only makes sense at the end, then the report is closed. */
bool removal_close(struct ctx *ctx, uint64_t request);
/* The next chunk of a source in our own tables (conversation, age) goes into the queue. 1 there is more, 0 done or somebody
 * else's, -1 failure. `rest_s` as in store/removal.h. */
int removal_collect(struct ctx *ctx, const struct removal_source_row *source, int64_t rest_s);

#endif
