/* conversations.h - conversations as lists and chats show them, read marks, live changes. */
#ifndef CENTRALA_STORE_CONVERSATIONS_H
#define CENTRALA_STORE_CONVERSATIONS_H
#include "store/stmt.h"

struct conversation_row {
    uint64_t id;
    const char *peer, *channel, *name;
    uint64_t last_message_id;
    int64_t last_ms;
    int last_direction;
    const char *last_status, *preview;
    int64_t message_count, inbound_count;
    int64_t last_inbound_ms, changed_ms;
    const char *seen_by;
    const char *attention;              /* why a person is needed: handed-off, opt-out-doubt, answers-stopped; "": nobody is */
    int64_t attention_ms;               /* since when */
    int64_t now_ms;                     /* the database's clock when it was read; in lists this host's */
    int64_t unread;                     /* not a column: made from seen_by for the asking user, 0 when nobody asks */
    /* Not in lists: */
    uint64_t line_id, contact_id;
    int64_t beside_ms;                  /* CLOCK_NONE: nothing of a beside_row */
};
#define CONVERSATION_LISTED(F) F(U64, id, 0) F(TEXT, peer, 0) F(TEXT, channel, 0) F(TEXT, name, 0) F(U64, last_message_id, 0) F(TIME, last_ms, 0) \
    F(INT, last_direction, 0) F(TEXT, last_status, 0) F(TEXT, preview, 0) F(I64, message_count, 0) F(I64, inbound_count, 0) F(TIME, last_inbound_ms, 0) \
    F(TIME, changed_ms, 0) F(TEXT, seen_by, SECRET) F(TEXT, attention, 0) F(TIME, attention_ms, 0)
#define CONVERSATION_ROW(F) CONVERSATION_LISTED(F) F(TIME, now_ms, 0) F(U64, line_id, 0) F(U64, contact_id, 0) F(TIME, beside_ms, 0)
extern const struct row_type conversation_row_type, conversation_listed_type;

/* What may stand beside a conversation. */
struct beside_row {
    const char *opt_out;                /* source of the opt-out in force (services/opt_out.h), NULL: none */
    int64_t opt_out_ms;
    uint64_t proposal_id;               /* the model's (store/ai_drafts.h), while no message came after it; 0: none */
    const char *proposal_state, *proposal_text;
};
#define BESIDE_ROW(F) F(TEXT, opt_out, 0) F(TIME, opt_out_ms, 0) F(U64, proposal_id, 0) F(TEXT, proposal_state, 0) F(TEXT, proposal_text, 0)
extern const struct row_type beside_row_type;

struct change_row { uint64_t id; int64_t changed_ms, now_ms; };
#define CHANGE_ROW(F) F(U64, id, 0) F(TIME, changed_ms, 0) F(TIME, now_ms, 0)
extern const struct row_type change_row_type;

/* Newest first; `before_ms`/`before_id` = the last row of the page before (CLOCK_NONE: the first page). */
struct rows db_conversations_page(struct ctx *ctx, uint64_t tenant, uint64_t user, int64_t before_ms, uint64_t before_id, int limit);
/* Those that need a person, the latest first; `before_ms`/`before_id`: attention_ms and id of the last row of the page before. */
struct rows db_conversations_waiting(struct ctx *ctx, uint64_t tenant, uint64_t user, int64_t before_ms, uint64_t before_id, int limit);
/* Whose address or name is like that (LIKE patterns), newest first. */
struct rows db_conversations_find(struct ctx *ctx, uint64_t tenant, uint64_t user, const char *like_peer, const char *like, int limit);
struct conversation_row *db_conversation_get(struct ctx *ctx, uint64_t tenant, uint64_t user, uint64_t id);
/* Of the contact with that address key: the one with exactly that address first, else the newest. */
struct conversation_row *db_conversation_by_peer(struct ctx *ctx, uint64_t tenant, uint64_t user, const char *key, const char *peer);
struct conversation_row *db_conversation_on_line(struct ctx *ctx, uint64_t tenant, uint64_t line, const char *peer);
/* Finds or makes contact and conversation for an outgoing message; inside a transaction. 0 on failure. */
uint64_t db_conversation_open(struct ctx *ctx, uint64_t tenant, uint64_t line, const char *channel, const char *peer, const char *key, const char *phone);
/* A new outgoing message is the newest of the conversation: gives its id, above every other of the conversation; 0 on
 * failure. The first write of a transaction: inserting first would share the row, and two senders would then deadlock here.
 * `person`: one of ours writes, so none is needed any more. */
uint64_t db_conversation_bump(struct ctx *ctx, uint64_t tenant, uint64_t id, bool person, const char *status, const char *preview);
/* A message changed: live views follow; the list's badge too when it is the newest. `status` NULL: not its state. */
bool db_conversation_touch(struct ctx *ctx, uint64_t tenant, uint64_t id, uint64_t message, const char *status);
/* What stands beside it, asked for where beside_ms says that there may be something; false on failure. */
bool db_conversation_beside(struct ctx *ctx, uint64_t tenant, uint64_t id, struct beside_row *out);
/* In the transaction of whatever makes or ends an opt-out or a proposal: there may be something. */
bool db_conversation_may_have(struct ctx *ctx, uint64_t tenant, uint64_t id);
bool db_conversations_may_have(struct ctx *ctx, uint64_t tenant, const char *address_key);
/* Of all tenants: where there is neither, the conversations say so. How many at once (at most SETTLED_MOST), -1 failure. */
enum { SETTLED_MOST = 1000 };
int64_t db_conversations_settle(struct ctx *ctx);
/* A person is needed, unless one wrote the newest message. Behind the touch, whose lock shows what others wrote; live views
 * follow that. A reason that is there already is replaced, but not by a doubt: opt_out_doubt keeps that by itself. */
bool db_conversation_attend(struct ctx *ctx, uint64_t tenant, uint64_t id, const char *why);
/* None is needed any more. `why` NULL: whatever it was; else only if that; `upto_ms`: nor what came later, CLOCK_NONE: that, too. */
bool db_conversation_attended(struct ctx *ctx, uint64_t tenant, uint64_t id, const char *why, int64_t upto_ms);
/* Marks read up to `seen` inbound messages; only rises. */
bool db_conversation_seen(struct ctx *ctx, uint64_t tenant, uint64_t user, uint64_t id, int64_t seen);
/* Marks everything read for a user who has no marks yet. */
bool db_read_all(struct ctx *ctx, uint64_t tenant, uint64_t user);
/* Conversations changed after `since_ms`: the newest 200 that have a new message, and the newest 200 that changed otherwise; one
 * indexed statement. `id` 0: any conversation. */
struct rows db_conversation_changes(struct ctx *ctx, uint64_t tenant, int64_t since_ms, uint64_t id);

#endif
