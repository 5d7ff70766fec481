/* bulk.h - batches and their recipients. */
#ifndef CENTRALA_STORE_BULK_H
#define CENTRALA_STORE_BULK_H
#include "store/stmt.h"

struct batch_row {
    uint64_t tenant_id, id, line_id;
    const char *line_address, *messaging_service_sid, *body, *state, *error, *author;
    int64_t scheduled_ms, started_ms, completed_ms, created_ms;
    int64_t total, sent, failed, invalid, duplicate, canceled, queued, pending; /* recipients; total without duplicates */
};
#define BATCH_ROW(F) F(U64, tenant_id, 0) F(U64, id, 0) F(U64, line_id, 0) F(TEXT, line_address, 0) F(TEXT, messaging_service_sid, 0) F(TEXT, body, 0) \
    F(TEXT, state, 0) F(TEXT, error, 0) F(TEXT, author, 0) F(TIME, scheduled_ms, 0) F(TIME, started_ms, 0) F(TIME, completed_ms, 0) \
    F(TIME, created_ms, 0) F(I64, total, 0) F(I64, sent, 0) F(I64, failed, 0) F(I64, invalid, 0) F(I64, duplicate, 0) F(I64, canceled, 0) \
    F(I64, queued, 0) F(I64, pending, 0)
extern const struct row_type batch_row_type;

struct recipient_row {
    uint64_t id;
    const char *number_raw, *address, *state, *error;
    int64_t attempt, settled_ms;
    uint64_t conversation_id, message_id;      /* 0: none yet */
    const char *sid, *status;                  /* of the message, NULL: none */
    int64_t error_code;
    const char *error_text;
};
#define RECIPIENT_ROW(F) F(U64, id, 0) F(TEXT, number_raw, 0) F(TEXT, address, 0) F(TEXT, state, 0) F(TEXT, error, 0) F(I64, attempt, 0) \
    F(TIME, settled_ms, 0) F(U64, conversation_id, 0) F(U64, message_id, 0) F(TEXT, sid, 0) F(TEXT, status, 0) F(I64, error_code, 0) F(TEXT, error_text, 0)
extern const struct row_type recipient_row_type;

struct active_row { uint64_t tenant_id, id; const char *state; };
#define ACTIVE_ROW(F) F(U64, tenant_id, 0) F(U64, id, 0) F(TEXT, state, 0)
extern const struct row_type active_row_type;

struct batch_new { uint64_t line_id, author_id; const char *messaging_service_sid, *nonce, *body, *author; int64_t scheduled_ms; };
/* 0 with a duplicate nonce: stmt_duplicate() tells. */
uint64_t db_batch_insert(struct ctx *ctx, uint64_t tenant, const struct batch_new *b);
/* `json`: [{"i": place, "r": raw, "a": address or null, "s": state}], a thousand at most. */
bool db_recipients_insert(struct ctx *ctx, uint64_t tenant, uint64_t batch, const char *json);
uint64_t db_batch_by_nonce(struct ctx *ctx, uint64_t tenant, const char *nonce);
/* Newest first, ids below `before`; 0: from the newest. */
struct rows db_batches(struct ctx *ctx, uint64_t tenant, uint64_t before, int limit);
struct batch_row *db_batch_get(struct ctx *ctx, uint64_t tenant, uint64_t id);
/* In the order of the list, behind `after`; `state` NULL: all. */
struct rows db_recipients(struct ctx *ctx, uint64_t tenant, uint64_t batch, const char *state, uint64_t after, int limit);

/* Batches of all tenants that have work: pending ones that are due, processing ones, and canceled ones that still wait for an answer. */
struct rows db_batches_active(struct ctx *ctx, int limit);
/* 1 done, 0 it was not in that state, -1 failure. Sets started_at and completed_at where the state means it. */
int db_batch_move(struct ctx *ctx, uint64_t tenant, uint64_t id, const char *from, const char *to);
/* The permit to put a recipient into the outbox: pending, in a batch that is processing; 1 ours. */
int db_recipient_take(struct ctx *ctx, uint64_t tenant, uint64_t batch, uint64_t id, int64_t attempt, uint64_t conversation, uint64_t message);
/* It cannot even be stored: failed with a reason. */
bool db_recipient_fail(struct ctx *ctx, uint64_t tenant, uint64_t batch, uint64_t id, const char *error);
/* queued -> sent or failed or canceled, as their messages say by now. How many, -1 on failure. */
int64_t db_recipients_settle(struct ctx *ctx, uint64_t tenant, uint64_t batch);
int64_t db_recipients_cancel(struct ctx *ctx, uint64_t tenant, uint64_t batch);
/* failed -> pending, one by one by the caller's choice, but what was sent again by hand. 1 done. */
int db_recipient_again(struct ctx *ctx, uint64_t tenant, uint64_t batch, uint64_t id);
/* Batches that ended so many days ago: with their recipients, or only the text. How many of them, at most 100; -1 on failure. */
int64_t db_batches_age(struct ctx *ctx, uint64_t tenant, bool delete, int64_t days);

#endif
