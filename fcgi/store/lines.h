/* lines.h - our own senders and their pace. */
#ifndef CENTRALA_STORE_LINES_H
#define CENTRALA_STORE_LINES_H
#include "store/stmt.h"

struct line_row { uint64_t id; const char *address, *channel, *name; bool active, is_default; int64_t per_second; };
#define LINE_ROW(F) F(U64, id, 0) F(TEXT, address, 0) F(TEXT, channel, 0) F(TEXT, name, 0) F(BOOL, active, 0) F(BOOL, is_default, 0) F(I64, per_second, 0)
extern const struct row_type line_row_type;

/* The default senders first, then by age: the first active one of a channel is who sends when nobody chooses. */
struct rows db_lines(struct ctx *ctx, uint64_t tenant);
struct line_row *db_line_get(struct ctx *ctx, uint64_t tenant, uint64_t line);
struct line_row *db_line_by_address(struct ctx *ctx, uint64_t tenant, const char *address);
uint64_t db_line_insert(struct ctx *ctx, uint64_t tenant, const char *address, const char *channel, const char *name, int64_t per_second);
bool db_line_change(struct ctx *ctx, uint64_t tenant, uint64_t line, const char *name, bool active, int64_t per_second);
/* That line becomes the default of its channel, and the others are none any more. */
bool db_line_default(struct ctx *ctx, uint64_t tenant, const char *channel, uint64_t line);
/* Takes `cost_us` microseconds of the sender's rate when at most `burst_us` of it are used up ahead of now: 1 taken,
 * 0 not now, -1 failure. One conditional write, so several processes and hosts agree. */
int db_line_pace(struct ctx *ctx, uint64_t tenant, uint64_t line, int64_t cost_us, int64_t burst_us);

#endif
