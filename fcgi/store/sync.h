/* sync.h - how far the walk through Twilio's list has come, and messages that only the list told us of. */
#ifndef CENTRALA_STORE_SYNC_H
#define CENTRALA_STORE_SYNC_H
#include "store/messages.h"
#include "store/outbox.h"

struct sync_row {
    uint64_t tenant_id;
    const char *state, *kind, *next_uri, *error, *author;
    int64_t first_day_ms, day_ms, last_day_ms;   /* 00:00 UTC of the day; CLOCK_NONE before the first walk */
    int64_t tries, seen, added, updated, skipped;
    int64_t started_ms, completed_ms, high_ms;
};
#define SYNC_ROW(F) F(U64, tenant_id, 0) F(TEXT, state, 0) F(TEXT, kind, 0) F(TEXT, next_uri, 0) F(TEXT, error, 0) F(TEXT, author, 0) F(TIME, first_day_ms, 0) \
    F(TIME, day_ms, 0) F(TIME, last_day_ms, 0) F(I64, tries, 0) F(I64, seen, 0) F(I64, added, 0) F(I64, updated, 0) F(I64, skipped, 0) \
    F(TIME, started_ms, 0) F(TIME, completed_ms, 0) F(TIME, high_ms, 0)
extern const struct row_type sync_row_type;

struct sync_tenant_row { uint64_t tenant_id; int64_t days; }; /* days back that the regular look needs */
#define SYNC_TENANT_ROW(F) F(U64, tenant_id, 0) F(I64, days, 0)
extern const struct row_type sync_tenant_row_type;

/* NULL without an error: never begun. */
struct sync_row *db_sync_get(struct ctx *ctx, uint64_t tenant);
/* Begins a walk from today back over `days` days, unless one runs: 1 begun, 0 one runs, -1 failure. */
int db_sync_start(struct ctx *ctx, uint64_t tenant, const char *kind, int64_t days, const char *author);
/* Tenants with Twilio credentials that nobody walks for, and how far back they were seen last (two days' overlap). */
struct rows db_sync_tenants(struct ctx *ctx);
/* Walks of all tenants whose next page is due. */
struct rows db_sync_due(struct ctx *ctx, int limit);
/* 1 ours for `lease_s`. */
int db_sync_claim(struct ctx *ctx, uint64_t tenant, const char *claim, int64_t lease_s);
struct sync_counts { int64_t seen, added, updated, skipped; };
/* Ours for as long again; 0 when it was lost. */
int db_sync_hold(struct ctx *ctx, uint64_t tenant, const char *claim, int64_t lease_s);
/* Moves on: to the day's next page (`next_uri`), else to the day before; behind the last day the walk ends. */
int db_sync_advance(struct ctx *ctx, uint64_t tenant, const char *claim, const char *next_uri, const struct sync_counts *c, int64_t pause_ms);
/* Again later, or failed for good. */
bool db_sync_back_off(struct ctx *ctx, uint64_t tenant, const char *claim, int64_t wait_ms, bool failed, const char *error);

/* Of a page's messages, those that we have: struct state_row. `json`: ["SM…", …], a thousand at most. */
struct rows db_states_of(struct ctx *ctx, uint64_t tenant, const char *json);
/* Of the same list: inbound messages whose attachments nobody has named to us yet. struct state_row, a few. */
struct rows db_media_unlisted(struct ctx *ctx, uint64_t tenant, const char *json);
/* Is one of ours to that address on its way or unknown, without a SID yet? -1 failure. */
int db_outbox_unsettled(struct ctx *ctx, uint64_t tenant, const char *peer);

struct imported {
    const char *line, *peer, *key, *phone, *channel, *sid, *status, *body, *preview, *error_text;
    int direction, rank, segments, num_media;
    int64_t error_code, at_ms;
};
/* outcome: added, known, or foreign (not one of our lines). */
struct ingest_row *db_message_import(struct ctx *ctx, uint64_t tenant, const struct imported *m);

#endif
