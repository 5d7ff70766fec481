/* audit.h - the trail of changes. */
#ifndef CENTRALA_STORE_AUDIT_H
#define CENTRALA_STORE_AUDIT_H
#include "store/stmt.h"

struct audit_row { uint64_t id; const char *actor, *action, *target, *detail; int64_t created_ms; };
#define AUDIT_ROW(F) F(U64, id, 0) F(TEXT, actor, 0) F(TEXT, action, 0) F(TEXT, target, 0) F(TEXT, detail, 0) F(TIME, created_ms, 0)
extern const struct row_type audit_row_type;

bool db_audit_insert(struct ctx *ctx, uint64_t tenant, uint64_t user, const char *actor, const char *action, const char *target, const char *detail);
/* Newest first, ids below `before`; 0: from the newest. */
struct rows db_audit_page(struct ctx *ctx, uint64_t tenant, uint64_t before, int limit);

#endif
