/* unrouted.h - signed messages to a number that is not a line. */
#ifndef CENTRALA_STORE_UNROUTED_H
#define CENTRALA_STORE_UNROUTED_H
#include "store/stmt.h"

struct unrouted_row { const char *sid, *to_address, *from_address, *body, *detail; int64_t created_ms; };
#define UNROUTED_ROW(F) F(TEXT, sid, 0) F(TEXT, to_address, 0) F(TEXT, from_address, 0) F(TEXT, body, 0) F(TEXT, detail, 0) F(TIME, created_ms, 0)
extern const struct row_type unrouted_row_type;

/* Newest first; `before_ms`/`before_sid` = last row of the page before (CLOCK_NONE: first page). */
struct rows db_unrouted_page(struct ctx *ctx, uint64_t tenant, int64_t before_ms, const char *before_sid, int limit);
/* Oldest first, those to one number. */
struct rows db_unrouted_to(struct ctx *ctx, uint64_t tenant, const char *to_address, int limit);
struct unrouted_row *db_unrouted_get(struct ctx *ctx, uint64_t tenant, const char *sid);
int64_t db_unrouted_delete(struct ctx *ctx, uint64_t tenant, const char *sid);

#endif
