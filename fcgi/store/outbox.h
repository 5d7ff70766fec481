/* outbox.h - what is to be sent. A row is committed before Twilio is called.
 *
 * It is taken in two steps, each a conditional write whose row count decides. A hold keeps others away while the call is
 * prepared and connected; the row stays queued, and when the holder dies it is due again by itself. The claim is the last
 * thing before the first byte is written: a claimed row is one whose call may have been made, and when its lease runs out
 * it is unknown. `claim` names who holds, and who claimed. */
#ifndef CENTRALA_STORE_OUTBOX_H
#define CENTRALA_STORE_OUTBOX_H
#include "store/stmt.h"

/* Everything a send needs, in one row. */
struct outbox_row {
    uint64_t tenant_id, id, conversation_id, message_id, line_id;
    const char *state, *line_address, *channel, *peer, *body;
    bool simulated;
    const char *messaging_service_sid, *content_sid, *content_variables;
    int segments, num_media;
    int64_t attempts, looks, created_ms;
    const char *tenant_state;
    bool line_active;
    int64_t line_per_second, last_inbound_ms, now_ms;
    const char *status, *sid;   /* of the message */
    const char *batch_state;    /* of the bulk batch it belongs to, NULL: none */
    bool earlier_waits;         /* an older message of the same conversation has not been tried yet */
    bool taken_over;            /* made by itself, and a person has written since */
    bool due;                   /* nobody holds it, or not any more */
};
#define OUTBOX_ROW(F) F(U64, tenant_id, 0) F(U64, id, 0) F(U64, conversation_id, 0) F(U64, message_id, 0) F(U64, line_id, 0) F(TEXT, state, 0) \
    F(TEXT, line_address, 0) F(TEXT, channel, 0) F(TEXT, peer, 0) F(TEXT, body, 0) F(BOOL, simulated, 0) F(TEXT, messaging_service_sid, 0) \
    F(TEXT, content_sid, 0) F(TEXT, content_variables, 0) F(INT, segments, 0) F(INT, num_media, 0) F(I64, attempts, 0) F(I64, looks, 0) \
    F(TIME, created_ms, 0) F(TEXT, tenant_state, 0) F(BOOL, line_active, 0) F(I64, line_per_second, 0) F(TIME, last_inbound_ms, 0) \
    F(TIME, now_ms, 0) F(TEXT, status, 0) F(TEXT, sid, 0) F(TEXT, batch_state, 0) F(BOOL, earlier_waits, 0) F(BOOL, taken_over, 0) F(BOOL, due, 0)
extern const struct row_type outbox_row_type;

struct due_row { uint64_t tenant_id, id; };
#define DUE_ROW(F) F(U64, tenant_id, 0) F(U64, id, 0)
extern const struct row_type due_row_type;

struct outbox_new {
    uint64_t conversation_id, message_id;
    const char *state, *nonce, *messaging_service_sid, *content_sid, *content_variables; /* NULLs allowed but state */
    uint64_t batch_id; /* 0: none */
    int64_t in_ms;     /* fcgi-cron leaves it alone for so long */
    const char *claim; /* and this one holds it from the beginning: whoever stores it sends it; NULL: nobody */
};
/* 0 with a duplicate nonce: stmt_duplicate() tells. */
uint64_t db_outbox_insert(struct ctx *ctx, uint64_t tenant, const struct outbox_new *row);
struct outbox_row *db_outbox_get(struct ctx *ctx, uint64_t tenant, uint64_t id);
struct outbox_row *db_outbox_by_nonce(struct ctx *ctx, uint64_t tenant, const char *nonce);
/* Due rows of all tenants in `state`, oldest first. */
struct rows db_outbox_due(struct ctx *ctx, const char *state, int limit);
/* A queued row that is due is ours for so long; 1 ours, 0 somebody else's or not due, -1 failure. */
int db_outbox_hold(struct ctx *ctx, uint64_t tenant, uint64_t id, const char *claim, int64_t hold_ms);
/* The row that we hold -> claimed with a lease; 1 ours, 0 the hold is lost (or the row canceled), -1 failure. Counts an attempt. */
int db_outbox_claim(struct ctx *ctx, uint64_t tenant, uint64_t id, const char *claim, int64_t lease_s);
/* A queued row that we hold, or that nobody does, waits; ends our hold. */
int db_outbox_put_off(struct ctx *ctx, uint64_t tenant, uint64_t id, const char *claim, int64_t in_ms, const char *why);
/* Ends our claim: the new state, and when it is looked at next (milliseconds from now). 0 when the claim was lost. */
int db_outbox_release(struct ctx *ctx, uint64_t tenant, uint64_t id, const char *claim, const char *state, int64_t in_ms, const char *error);
/* Ends our hold or claim as if it had not been: nothing was sent, and the attempt does not count. */
int db_outbox_return(struct ctx *ctx, uint64_t tenant, uint64_t id, const char *claim, int64_t in_ms);
/* Claims whose lease has run out become unknown: the POST may have been made. */
int64_t db_outbox_expire(struct ctx *ctx);
/* Without a claim: from one state to another, conditionally; who held it does so no longer. */
int db_outbox_move(struct ctx *ctx, uint64_t tenant, uint64_t id, const char *from, const char *to, int64_t in_ms, const char *error);
/* A permit to work on a row that stays in its state: pushes a due row's time on; 1 ours, 0 not due (any more), -1 failure. */
int db_outbox_take(struct ctx *ctx, uint64_t tenant, uint64_t id, const char *state, int64_t in_ms);
/* Is a send to that address under way at this moment, without a SID yet? -1 failure. */
int db_outbox_in_the_air(struct ctx *ctx, uint64_t tenant, const char *peer);
bool db_outbox_looked(struct ctx *ctx, uint64_t tenant, uint64_t id, int64_t in_ms);
bool db_outbox_callback(struct ctx *ctx, uint64_t tenant, uint64_t id);

#endif
