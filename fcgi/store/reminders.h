/* reminders.h - texts that are sent again and again, and what became of each slot. */
#ifndef CENTRALA_STORE_REMINDERS_H
#define CENTRALA_STORE_REMINDERS_H
#include "store/stmt.h"

struct reminder_row {
    uint64_t id, line_id;                     /* line 0: the first active one */
    const char *name, *to_address, *body, *rule;
    int64_t interval_min;
    int weekdays, month_day, at_minute;
    const char *zone, *starts_on, *ends_on;   /* days as 2026-11-20, NULL when open */
    int64_t ends_count;
    const char *catch_up;
    int64_t max_age_min;
    int quiet_from, quiet_until;
    bool enabled;
    int64_t next_ms, sent_count, last_sent_ms, last_slot_ms, version;
    const char *created_by, *updated_by;
    int64_t created_ms, updated_ms;
    int64_t now_ms;                           /* the database's clock when it was read */
};
#define REMINDER_ROW(F) F(U64, id, 0) F(U64, line_id, 0) F(TEXT, name, 0) F(TEXT, to_address, 0) F(TEXT, body, 0) F(TEXT, rule, 0) F(I64, interval_min, 0) \
    F(INT, weekdays, 0) F(INT, month_day, 0) F(INT, at_minute, 0) F(TEXT, zone, 0) F(TEXT, starts_on, 0) F(TEXT, ends_on, 0) F(I64, ends_count, 0) \
    F(TEXT, catch_up, 0) F(I64, max_age_min, 0) F(INT, quiet_from, 0) F(INT, quiet_until, 0) F(BOOL, enabled, 0) F(TIME, next_ms, 0) F(I64, sent_count, 0) \
    F(TIME, last_sent_ms, 0) F(TIME, last_slot_ms, 0) F(I64, version, 0) F(TEXT, created_by, 0) F(TEXT, updated_by, 0) F(TIME, created_ms, 0) F(TIME, updated_ms, 0) \
    F(TIME, now_ms, 0)
extern const struct row_type reminder_row_type;

struct reminder_id_row { uint64_t id; };
#define REMINDER_ID_ROW(F) F(U64, id, 0)
extern const struct row_type reminder_id_row_type;

/* A slot with its message as it is now. status NULL: there is no message (any more). */
struct slot_row {
    uint64_t reminder_id;
    int64_t slot_ms;
    const char *state, *reason;
    uint64_t conversation_id, message_id;
    int64_t created_ms;
    const char *status, *body, *error_text;
    int64_t error_code;
    bool simulated;
};
#define SLOT_ROW(F) F(U64, reminder_id, 0) F(TIME, slot_ms, 0) F(TEXT, state, 0) F(TEXT, reason, 0) F(U64, conversation_id, 0) F(U64, message_id, 0) \
    F(TIME, created_ms, 0) F(TEXT, status, 0) F(TEXT, body, 0) F(TEXT, error_text, 0) F(I64, error_code, 0) F(BOOL, simulated, 0)
extern const struct row_type slot_row_type;

/* 0 with a nonce that was there before: stmt_duplicate() tells. `by`: whose work it is. */
uint64_t db_reminder_insert(struct ctx *ctx, uint64_t tenant, const struct reminder_row *r, const char *nonce, const char *by);
uint64_t db_reminder_by_nonce(struct ctx *ctx, uint64_t tenant, const char *nonce);
struct reminder_row *db_reminder_get(struct ctx *ctx, uint64_t tenant, uint64_t id);
/* Newest first, ids below `before` (0: from the newest). */
struct rows db_reminders(struct ctx *ctx, uint64_t tenant, uint64_t before, int limit);
/* The last slot of each of them: those of the page that db_reminders() gives. */
struct rows db_reminder_last_slots(struct ctx *ctx, uint64_t tenant, uint64_t newest, uint64_t oldest, int limit);
/* struct reminder_id_row: those to exactly that address. */
struct rows db_reminders_to(struct ctx *ctx, uint64_t tenant, const char *address, int limit);
/* Everything a person decides, and next_ms; where `r->version` is still the row's. 1 changed, 0 somebody else was quicker. */
int db_reminder_update(struct ctx *ctx, uint64_t tenant, const struct reminder_row *r, bool new_next, const char *by);
int db_reminder_enable(struct ctx *ctx, uint64_t tenant, uint64_t id, int64_t version, bool enabled, int64_t next_ms, const char *by);
/* Slots in chunks first, then the reminder, which must be paused; rows deleted, -1 on failure. */
int64_t db_reminder_slots_delete(struct ctx *ctx, uint64_t tenant, uint64_t id, int limit);
int db_reminder_delete(struct ctx *ctx, uint64_t tenant, uint64_t id);

/* struct due_row (store/outbox.h): of all tenants, the most overdue first. */
struct rows db_reminders_due(struct ctx *ctx, int limit);
/* The reminder goes on from its slot r->next_ms to `next_ms`, if nobody has moved, changed or paused it since it was read: 1
 * it was ours, 0 not, -1 failure. `sent`: a message was made for it. */
int db_reminder_advance(struct ctx *ctx, uint64_t tenant, const struct reminder_row *r, int64_t next_ms, bool sent);
/* The permit: 1 the slot is ours, 0 it was used before, -1 failure. */
int db_reminder_slot_claim(struct ctx *ctx, uint64_t tenant, uint64_t id, int64_t slot_ms, const char *state, const char *reason, uint64_t conversation, uint64_t message);
/* Newest first, slots before `before_ms` (CLOCK_NONE: from the newest). */
struct rows db_reminder_slots(struct ctx *ctx, uint64_t tenant, uint64_t id, int64_t before_ms, int limit);
/* Slots of all tenants that are older than 400 days; at most a thousand. */
int64_t db_reminder_slots_purge(struct ctx *ctx);

#endif
