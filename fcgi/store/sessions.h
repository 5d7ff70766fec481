/* sessions.h - sign-ins, bearer tokens, and the counter of attempts. */
#ifndef CENTRALA_STORE_SESSIONS_H
#define CENTRALA_STORE_SESSIONS_H
#include "store/stmt.h"

/* Everything a request needs to know about who makes it: one row, one statement. */
struct session_row {
    uint64_t session_id, tenant_id, user_id;
    const char *name, *email, *role, *language, *zone, *country, *tenant_name; /* language and zone: the user's, else the tenant's */
    bool password_once; /* an admin made the password */
    int64_t seen_ms;
};
#define SESSION_ROW(F) F(U64, session_id, 0) F(U64, tenant_id, 0) F(U64, user_id, 0) F(TEXT, name, 0) F(TEXT, email, 0) F(TEXT, role, 0) \
    F(TEXT, language, 0) F(TEXT, zone, 0) F(TEXT, country, 0) F(TEXT, tenant_name, 0) F(BOOL, password_once, 0) F(TIME, seen_ms, 0)
extern const struct row_type session_row_type;

struct session_listed { uint64_t id; const char *address, *agent; int64_t created_ms, seen_ms; };
#define SESSION_LISTED(F) F(U64, id, 0) F(TEXT, address, 0) F(TEXT, agent, 0) F(TIME, created_ms, 0) F(TIME, seen_ms, 0)
extern const struct row_type session_listed_type;

/* By the SHA-256 of the cookie's token; sessions older than `days` without use do not count. NULL: nobody. */
struct session_row *db_session_identify(struct ctx *ctx, const uint8_t hash[32], int64_t days);
struct session_row *db_token_identify(struct ctx *ctx, uint64_t tenant, const char *jti); /* session_id = 0 */
bool db_session_insert(struct ctx *ctx, uint64_t tenant, uint64_t user, const uint8_t hash[32], const char *address, const char *agent);
bool db_session_seen(struct ctx *ctx, const uint8_t hash[32]);
struct rows db_sessions_of(struct ctx *ctx, uint64_t tenant, uint64_t user);
/* Rows deleted, -1 on failure. */
int64_t db_session_delete(struct ctx *ctx, uint64_t tenant, uint64_t user, uint64_t session);
int64_t db_sessions_delete_others(struct ctx *ctx, uint64_t tenant, uint64_t user, uint64_t keep);
int64_t db_sessions_purge(struct ctx *ctx, int64_t days);
bool db_token_insert(struct ctx *ctx, uint64_t tenant, uint64_t user, const char *jti, const char *name);
/* Revokes a user's tokens; how many, -1 on failure. */
int64_t db_tokens_revoke(struct ctx *ctx, uint64_t tenant, uint64_t user);
/* Counts one attempt; the number in the present window, -1 on failure. */
int64_t db_throttle_hit(struct ctx *ctx, const char *key_hash, int64_t window_s);
/* Takes one attempt back. */
bool db_throttle_forgive(struct ctx *ctx, const char *key_hash);
bool db_throttle_clear(struct ctx *ctx, const char *key_hash);
int64_t db_throttle_purge(struct ctx *ctx);

#endif
