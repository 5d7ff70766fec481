/* removal.h - what is to be removed: requests (the reports), the sources in which their messages are found, and the queue
 * with a row for each message. A claim is a conditional write whose row count decides, and holds for its lease. */
#ifndef CENTRALA_STORE_REMOVAL_H
#define CENTRALA_STORE_REMOVAL_H
#include "store/stmt.h"

struct removal_row {
    uint64_t tenant_id, id, request_id, conversation_id, message_id;
    const char *sid, *action, *kind, *state;
    int64_t tries, age_s;           /* age: since it was queued */
    int64_t error_code, http_status;
    int64_t next_ms;
};
#define REMOVAL_ROW(F) F(U64, tenant_id, 0) F(U64, id, 0) F(U64, request_id, 0) F(U64, conversation_id, 0) F(U64, message_id, 0) F(TEXT, sid, 0) \
    F(TEXT, action, 0) F(TEXT, kind, 0) F(TEXT, state, 0) F(I64, tries, 0) F(I64, age_s, 0) F(I64, error_code, 0) F(I64, http_status, 0) F(TIME, next_ms, 0)
extern const struct row_type removal_row_type;

struct removal_request_row {
    uint64_t tenant_id, id;
    const char *kind, *action, *state, *subject, *actor;
    int64_t total, done, failed, other;
    int64_t created_ms, ended_ms;
};
#define REMOVAL_REQUEST_ROW(F) F(U64, tenant_id, 0) F(U64, id, 0) F(TEXT, kind, 0) F(TEXT, action, 0) F(TEXT, state, 0) F(TEXT, subject, SECRET) \
    F(TEXT, actor, 0) F(I64, total, 0) F(I64, done, 0) F(I64, failed, 0) F(I64, other, 0) F(TIME, created_ms, 0) F(TIME, ended_ms, 0)
extern const struct row_type removal_request_row_type;

struct removal_source_row {
    uint64_t tenant_id, request_id, id;
    const char *kind, *action;
    uint64_t conversation_id;
    int direction;
    const char *address;
    uint64_t cursor_id, upto_id;
    const char *next_uri;
    int64_t tries;
};
#define REMOVAL_SOURCE_ROW(F) F(U64, tenant_id, 0) F(U64, request_id, 0) F(U64, id, 0) F(TEXT, kind, 0) F(TEXT, action, 0) F(U64, conversation_id, 0) \
    F(INT, direction, 0) F(TEXT, address, SECRET) F(U64, cursor_id, 0) F(U64, upto_id, 0) F(TEXT, next_uri, SECRET) F(I64, tries, 0)
extern const struct row_type removal_source_row_type;

struct removal_due_row { uint64_t tenant_id, id; };
#define REMOVAL_DUE_ROW(F) F(U64, tenant_id, 0) F(U64, id, 0)
extern const struct row_type removal_due_row_type;

/* Requests. 0 on failure. `subject` NULL but for a person. */
uint64_t db_removal_request_add(struct ctx *ctx, uint64_t tenant, const char *kind, const char *action, const char *subject, uint64_t user, const char *actor);
struct removal_request_row *db_removal_request(struct ctx *ctx, uint64_t tenant, uint64_t id);
/* Newest first, ids below `before` (0: the newest). */
struct rows db_removal_requests(struct ctx *ctx, uint64_t tenant, uint64_t before, int limit);
bool db_removal_request_count(struct ctx *ctx, uint64_t tenant, uint64_t id, int64_t total, int64_t done, int64_t failed, int64_t other);
/* struct removal_due_row: open requests of all tenants whose time has come. */
struct rows db_removal_requests_due(struct ctx *ctx, int limit);
/* A permit to look at it: pushes its time on; 1 ours, 0 not due (any more), -1 failure. */
int db_removal_request_take(struct ctx *ctx, uint64_t tenant, uint64_t id, int64_t in_ms);
/* Sources and messages of it that are not settled; -1 failure. */
int64_t db_removal_outstanding(struct ctx *ctx, uint64_t tenant, uint64_t id);
/* open -> done: the subject goes. 1, or 0 when it was not open. */
int db_removal_request_end(struct ctx *ctx, uint64_t tenant, uint64_t id);
bool db_removal_request_reopen(struct ctx *ctx, uint64_t tenant, uint64_t id, int64_t again);
/* Rows that are done, some at a time; how many, -1 failure. */
int64_t db_removal_sweep(struct ctx *ctx, uint64_t tenant, uint64_t request, int limit);

/* Sources. */
/* `rest_s`: fcgi-cron leaves it alone so long, because somebody waits for it. */
bool db_removal_source_conversation(struct ctx *ctx, uint64_t tenant, uint64_t request, uint64_t conversation, int64_t rest_s);
bool db_removal_source_age(struct ctx *ctx, uint64_t tenant, uint64_t request, int direction, int64_t days);
bool db_removal_source_list(struct ctx *ctx, uint64_t tenant, uint64_t request, const char *kind, const char *address);
struct rows db_removal_sources_due(struct ctx *ctx, int limit);
/* Those of one request that wait. */
struct rows db_removal_sources_of(struct ctx *ctx, uint64_t tenant, uint64_t request, int limit);
struct removal_source_row *db_removal_source(struct ctx *ctx, uint64_t tenant, uint64_t id);
int db_removal_source_claim(struct ctx *ctx, uint64_t tenant, uint64_t id, const char *claim, int64_t lease_s);
/* Not now: somewhat later. */
bool db_removal_source_rest(struct ctx *ctx, uint64_t tenant, uint64_t id, int64_t in_ms);
/* Is a retention request of the tenant's still finding or has not yet tried what it found? -1 failure. */
int db_removal_retention_busy(struct ctx *ctx, uint64_t tenant);
/* The next chunk of our messages goes into the queue; inside a transaction. How many rows were looked at (less than
 * `chunk`: that was the last), how many are new, and the cursor behind them. */
struct removal_chunk { int64_t looked, added; uint64_t cursor; };
bool db_removal_collect(struct ctx *ctx, const struct removal_source_row *source, int chunk, int64_t rest_s, struct removal_chunk *out);
/* Ends our claim. 0 when it was lost. `state` waiting (with where to go on), done or failed. */
int db_removal_source_settle(struct ctx *ctx, uint64_t tenant, uint64_t id, const char *claim, const char *state, uint64_t cursor, const char *next_uri,
                             int64_t tries, int64_t in_ms);
/* Conversations named by a request. */
struct rows db_removal_conversations(struct ctx *ctx, uint64_t tenant, uint64_t request, uint64_t after, int limit);

/* The queue. `claim` NULL: waits for fcgi-cron. Ids; 0 failure, or already there (nothing changed, no error). */
uint64_t db_removal_add(struct ctx *ctx, uint64_t tenant, uint64_t request, uint64_t conversation, uint64_t message, const char *sid, const char *action,
                        const char *claim, int64_t lease_s);
struct removal_row *db_removal(struct ctx *ctx, uint64_t tenant, uint64_t id);
struct rows db_removals_due(struct ctx *ctx, int limit);
/* struct removal_row of one request that wait for their first try, oldest first. */
struct rows db_removals_waiting(struct ctx *ctx, uint64_t tenant, uint64_t request, int limit);
/* struct removal_row of one request that failed, or wait after a failure. */
struct rows db_removals_troubled(struct ctx *ctx, uint64_t tenant, uint64_t request, int limit);
/* Is that SID in this request already, whatever became of it? -1 failure. */
int db_removal_known(struct ctx *ctx, uint64_t tenant, uint64_t request, const char *sid);
/* How many of a request wait, at most `most`; -1 failure. */
int64_t db_removal_queue(struct ctx *ctx, uint64_t tenant, uint64_t request, int most);
int db_removal_claim(struct ctx *ctx, uint64_t tenant, uint64_t id, const char *claim, int64_t lease_s);
/* The same of one that rests for us. */
int db_removal_claim_resting(struct ctx *ctx, uint64_t tenant, uint64_t id, const char *claim, int64_t lease_s);
/* What still rests is fcgi-cron's now. */
bool db_removal_wake(struct ctx *ctx, uint64_t tenant, uint64_t request);
/* Our claim holds on for another call; 0 when it was lost. */
int db_removal_hold(struct ctx *ctx, uint64_t tenant, uint64_t id, const char *claim, int64_t lease_s);
int db_removal_settle(struct ctx *ctx, uint64_t tenant, uint64_t id, const char *claim, const char *state, int64_t in_ms, int64_t code, int64_t http);
/* Claims whose lease has run out wait again: every step may be repeated. */
bool db_removal_expire(struct ctx *ctx);
/* failed -> waiting; how many. */
int64_t db_removal_retry(struct ctx *ctx, uint64_t tenant, uint64_t request);

#endif
