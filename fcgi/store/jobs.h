/* jobs.h - permits of periodic work and the played handset's queue. */
#ifndef CENTRALA_STORE_JOBS_H
#define CENTRALA_STORE_JOBS_H
#include "store/stmt.h"

struct handset_row { uint64_t tenant_id, id; const char *from_address, *to_address, *body, *state, *result; int64_t created_ms; };
#define HANDSET_ROW(F) F(U64, tenant_id, 0) F(U64, id, 0) F(TEXT, from_address, 0) F(TEXT, to_address, 0) F(TEXT, body, 0) F(TEXT, state, 0) \
    F(TEXT, result, 0) F(TIME, created_ms, 0)
extern const struct row_type handset_row_type;

/* The row is the permit: 1 ours, 0 somebody has it, -1 failure. The slot is the present moment cut to `every_s`. */
int db_slot_take(struct ctx *ctx, const char *job, int64_t every_s, const char *host);
bool db_slot_end(struct ctx *ctx, const char *job, const char *host, const char *outcome);
int64_t db_slots_purge(struct ctx *ctx);

uint64_t db_handset_insert(struct ctx *ctx, uint64_t tenant, const char *from, const char *to, const char *body);
/* The oldest of each conversation that has nothing under way. */
struct rows db_handset_due(struct ctx *ctx, int limit);
/* What was typed in the last hour from there to there and has not arrived, oldest first. */
struct rows db_handset_waiting(struct ctx *ctx, uint64_t tenant, const char *from, const char *to);
/* queued -> sending for the length of a lease: 1 ours, 0 somebody else's, -1 failure. */
int db_handset_claim(struct ctx *ctx, uint64_t tenant, uint64_t id, int64_t lease_s);
/* What is "sending" longer than its lease is queued again: whoever sent it has stopped in the middle. */
bool db_handset_expire(struct ctx *ctx);
/* Conditionally; 1 ours. */
int db_handset_move(struct ctx *ctx, uint64_t tenant, uint64_t id, const char *from_state, const char *state, const char *result);

#endif
