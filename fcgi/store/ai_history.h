/* ai_history.h - what a model reads of a conversation. */
#ifndef CENTRALA_STORE_AI_HISTORY_H
#define CENTRALA_STORE_AI_HISTORY_H
#include "store/stmt.h"

struct said_row { uint64_t id; int direction; const char *body, *media, *extra; }; /* media: content types with commas between, NULL: none */
#define SAID_ROW(F) F(U64, id, 0) F(INT, direction, 0) F(TEXT, body, 0) F(TEXT, media, 0) F(TEXT, extra, 0)
extern const struct row_type said_row_type;

/* Messages both ways up to `upto` (0: all), newest first; without notes and without what never reached the customer. */
struct rows db_said(struct ctx *ctx, uint64_t tenant, uint64_t conversation, uint64_t upto, int limit);

#endif
