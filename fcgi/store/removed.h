/* removed.h - taking messages, conversations and people out of our tables. What is removed leaves its SID behind, so that
 * an import does not bring it back. Everything here is idempotent: what is not there any more is no error. */
#ifndef CENTRALA_STORE_REMOVED_H
#define CENTRALA_STORE_REMOVED_H
#include "store/stmt.h"

/* A message as far as removing it goes. */
struct removable_row {
    uint64_t conversation_id, id;
    int direction;
    const char *sid, *status;
    bool simulated, empty;       /* empty: no text */
    int num_media;
    const char *outbox_state;    /* NULL: none */
};
#define REMOVABLE_ROW(F) F(U64, conversation_id, 0) F(U64, id, 0) F(INT, direction, 0) F(TEXT, sid, 0) F(TEXT, status, 0) F(BOOL, simulated, 0) \
    F(BOOL, empty, 0) F(INT, num_media, 0) F(TEXT, outbox_state, 0)
extern const struct row_type removable_row_type;

/* A conversation of a contact. */
struct talk_row { uint64_t id, contact_id, last_message_id; const char *peer; };
#define TALK_ROW(F) F(U64, id, 0) F(U64, contact_id, 0) F(U64, last_message_id, 0) F(TEXT, peer, 0)
extern const struct row_type talk_row_type;

/* What a conversation's line in the list is made of. */
struct newest_row { uint64_t id; int direction; const char *status, *body; };
#define NEWEST_ROW(F) F(U64, id, 0) F(INT, direction, 0) F(TEXT, status, 0) F(TEXT, body, 0)
extern const struct row_type newest_row_type;

struct retention_row { uint64_t tenant_id; const char *action; int64_t days; const char *changed_by; int64_t changed_ms; };
#define RETENTION_ROW(F) F(U64, tenant_id, 0) F(TEXT, action, 0) F(I64, days, 0) F(TEXT, changed_by, 0) F(TIME, changed_ms, 0)
extern const struct row_type retention_row_type;

/* NULL without an error: there is none (nor a note of ours). */
struct removable_row *db_removable_by_sid(struct ctx *ctx, uint64_t tenant, const char *sid);
struct removable_row *db_removable(struct ctx *ctx, uint64_t tenant, uint64_t conversation, uint64_t id);
/* Messages without a SID whose send is under way or in question: struct removal_due_row (tenant, message). */
struct rows db_unsettled_of(struct ctx *ctx, uint64_t tenant, uint64_t conversation, int limit);
/* struct talk_row */
struct rows db_talks_of(struct ctx *ctx, uint64_t tenant, const char *address_key, int limit);
struct talk_row *db_talk(struct ctx *ctx, uint64_t tenant, uint64_t conversation);

/* Inside a transaction. The conversation first: its row orders everybody who changes it. 1, or 0 when it is gone. */
int db_talk_lock(struct ctx *ctx, uint64_t tenant, uint64_t conversation);
/* Text, extras and files go; the state stays. */
bool db_message_redact(struct ctx *ctx, uint64_t tenant, uint64_t conversation, uint64_t id);
/* Not sent yet: it never will be. */
bool db_outbox_withdraw(struct ctx *ctx, uint64_t tenant, uint64_t conversation, uint64_t id);
/* The row with all that hangs on it. The totals keep counting what was; the conversation's count of messages goes down, that
 * of inbound ones stays, because users' read marks are measured by it. 1 gone, 0 was not there, -1 failure. */
int db_message_delete(struct ctx *ctx, uint64_t tenant, const struct removable_row *m);
/* NULL without an error: no message is left. */
struct newest_row *db_newest(struct ctx *ctx, uint64_t tenant, uint64_t conversation);
/* What the list shows of it; NULL: nothing, and it stays where it stood. */
bool db_talk_shows(struct ctx *ctx, uint64_t tenant, uint64_t conversation, const struct newest_row *newest, const char *preview);
/* The ledger: an event's details are personal data, its states are not. */
bool db_events_blank(struct ctx *ctx, uint64_t tenant, const char *sid);
bool db_events_delete(struct ctx *ctx, uint64_t tenant, const char *sid);
/* Messages that never found a line; how many, -1 failure. */
int64_t db_unrouted_remove(struct ctx *ctx, uint64_t tenant, const char *sid, bool redact);
bool db_removed_put(struct ctx *ctx, uint64_t tenant, const char *sid, const char *action);
struct removed_row { const char *sid; };
#define REMOVED_ROW(F) F(TEXT, sid, 0)
extern const struct row_type removed_row_type;
/* Of a page's messages those that were removed here. `json`: ["SM…", …], a thousand at most. */
struct rows db_removed_among(struct ctx *ctx, uint64_t tenant, const char *json);
/* "redact" or "delete"; NULL without an error: it was not removed. */
const char *db_removed_action(struct ctx *ctx, uint64_t tenant, const char *sid);
int64_t db_removed_purge(struct ctx *ctx);
/* The conversation with its notes, when no message is left in it; its contact, too, when asked for and it has no other one. 1 gone. */
int db_talk_remove(struct ctx *ctx, uint64_t tenant, const struct talk_row *talk, bool contact);

/* A conversation has gone: lists on screens follow. Outside of its transaction: another row is written. */
bool db_list_touch(struct ctx *ctx, uint64_t tenant);

/* A person's traces besides messages (unrouted, played handset, places in batches …); how many rows went, -1 failure.
 * A feature that keeps an address or a number in a table of its own adds its statement in persons.c. */
int64_t db_person_contact(struct ctx *ctx, uint64_t tenant, const char *address_key);
int64_t db_person_address(struct ctx *ctx, uint64_t tenant, const char *address);
/* The audit trail keeps what was done, not to whom. */
int64_t db_person_audit(struct ctx *ctx, uint64_t tenant, const char *number);

/* Conversations without any message, last used so many days ago (struct talk_row). */
struct rows db_talks_empty(struct ctx *ctx, uint64_t tenant, int64_t days, int limit);
struct retention_row *db_retention(struct ctx *ctx, uint64_t tenant);
struct rows db_retentions(struct ctx *ctx);
bool db_retention_put(struct ctx *ctx, uint64_t tenant, const char *action, int64_t days, const char *by);

#endif
