/* health.h - rejections of webhooks, signs of life, age of the queue: what the health page shows. */
#ifndef CENTRALA_STORE_HEALTH_H
#define CENTRALA_STORE_HEALTH_H
#include "store/stmt.h"

struct rejection_row { int64_t minute_ms; const char *account_sid, *reason, *url; int64_t count; };
#define REJECTION_ROW(F) F(TIME, minute_ms, 0) F(TEXT, account_sid, 0) F(TEXT, reason, 0) F(TEXT, url, 0) F(I64, count, 0)
extern const struct row_type rejection_row_type;

struct heartbeat_row { const char *program, *host; int64_t pid, seen_ms; const char *detail; };
#define HEARTBEAT_ROW(F) F(TEXT, program, 0) F(TEXT, host, 0) F(I64, pid, 0) F(TIME, seen_ms, 0) F(TEXT, detail, 0)
extern const struct row_type heartbeat_row_type;

struct queue_row { int64_t waiting, unknown, oldest_ms, last_inbound_ms, last_callback_ms, rejected_hour, unrouted, now_ms; };
#define QUEUE_ROW(F) F(I64, waiting, 0) F(I64, unknown, 0) F(TIME, oldest_ms, 0) F(TIME, last_inbound_ms, 0) F(TIME, last_callback_ms, 0) \
    F(I64, rejected_hour, 0) F(I64, unrouted, 0) F(TIME, now_ms, 0)
extern const struct row_type queue_row_type;

/* Counts a refused webhook; `tenant` 0 when unknown. */
bool db_rejection_count(struct ctx *ctx, uint64_t tenant, const char *account_sid, const char *reason, const char *url);
/* Newest first: the tenant's own, and those of no known tenant. */
struct rows db_rejections(struct ctx *ctx, uint64_t tenant, int limit);
int64_t db_rejections_purge(struct ctx *ctx);
bool db_heartbeat(struct ctx *ctx, const char *program, const char *host, int64_t pid, const char *detail);
struct rows db_heartbeats(struct ctx *ctx);
/* Counts stop at 1000: "1000" means "1000 or more". */
struct queue_row *db_queue_state(struct ctx *ctx, uint64_t tenant);
/* Any Twilio account in the installation? 1, 0, -1. */
int db_any_account(struct ctx *ctx);
int db_any_model(struct ctx *ctx); /* a key of a provider of models */

#endif
