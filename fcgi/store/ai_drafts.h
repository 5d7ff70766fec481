/* ai_drafts.h - proposals of a model that wait for a person, one a conversation. */
#ifndef CENTRALA_STORE_AI_DRAFTS_H
#define CENTRALA_STORE_AI_DRAFTS_H
#include "store/stmt.h"

struct ai_draft_row {
    uint64_t tenant_id, conversation_id, message_id; /* message_id: the newest message when it was asked for */
    const char *state, *text;
    int tries;
    int64_t created_ms;
};
#define AI_DRAFT_ROW(F) F(U64, tenant_id, 0) F(U64, conversation_id, 0) F(U64, message_id, 0) F(TEXT, state, 0) F(TEXT, text, 0) F(INT, tries, 0) F(TIME, created_ms, 0)
extern const struct row_type ai_draft_row_type;

struct ai_draft_row *db_ai_draft_get(struct ctx *ctx, uint64_t tenant, uint64_t conversation);
/* A person asks: fcgi-cron answers. Replaces what is there unless the same is under way: 1 or 2 asked, 0 under way, -1 failure. */
int64_t db_ai_draft_ask(struct ctx *ctx, uint64_t tenant, uint64_t conversation, uint64_t message);
/* What became of an automatic one; replaces what is there. */
bool db_ai_draft_put(struct ctx *ctx, uint64_t tenant, uint64_t conversation, uint64_t message, const char *state, const char *text);
/* Asked ones that are due, of all tenants, oldest first. */
struct rows db_ai_draft_due(struct ctx *ctx, int limit);
/* asked -> thinking with a lease; 1 ours, 0 somebody else's, -1 failure. Counts a try. */
int db_ai_draft_claim(struct ctx *ctx, uint64_t tenant, uint64_t conversation, const char *claim, int64_t lease_s);
/* Ends our claim; 0: it was lost, or asked for anew. */
int db_ai_draft_settle(struct ctx *ctx, uint64_t tenant, uint64_t conversation, const char *claim, const char *state, const char *text, int64_t in_ms);
/* Leases that ran out: asked again. */
int64_t db_ai_draft_expire(struct ctx *ctx);
/* Proposals that nobody wanted for a week, a portion of them: rows gone, -1 failure. */
int64_t db_ai_drafts_purge(struct ctx *ctx);
/* Answers are dropped with the message they were for; 0: there is a newer one. */
int64_t db_ai_draft_delete(struct ctx *ctx, uint64_t tenant, uint64_t conversation, uint64_t message);
/* The message that was sent came from a proposal: its label. */
bool db_message_from_draft(struct ctx *ctx, uint64_t tenant, uint64_t conversation, uint64_t message, bool edited);

#endif
