/* ai_usage.h - what models cost: every call, the day's count, its limits, prices. Days are texts ("2026-11-20"), of the
 * tenant's zone. */
#ifndef CENTRALA_STORE_AI_USAGE_H
#define CENTRALA_STORE_AI_USAGE_H
#include "store/stmt.h"

struct ai_limit_row { int64_t calls_per_day, tokens_per_day; };
#define AI_LIMIT_ROW(F) F(I64, calls_per_day, 0) F(I64, tokens_per_day, 0)
extern const struct row_type ai_limit_row_type;
struct ai_limit_row *db_ai_limit_get(struct ctx *ctx, uint64_t tenant); /* NULL: none was set */
bool db_ai_limit_put(struct ctx *ctx, uint64_t tenant, int64_t calls_per_day, int64_t tokens_per_day);

struct ai_day_row { int64_t calls, tokens; };
#define AI_DAY_ROW(F) F(I64, calls, 0) F(I64, tokens, 0)
extern const struct row_type ai_day_row_type;
struct ai_day_row *db_ai_day_get(struct ctx *ctx, uint64_t tenant, const char *day); /* NULL: nothing yet */
/* One call more unless the day's limits are reached: 1 counted, 0 reached, -1 failure. */
int db_ai_day_take(struct ctx *ctx, uint64_t tenant, const char *day, int64_t calls_most, int64_t tokens_most);
bool db_ai_day_add(struct ctx *ctx, uint64_t tenant, const char *day, int64_t tokens);

struct ai_use {
    const char *day, *purpose, *provider, *model;
    uint64_t conversation_id;  /* 0: none */
    int64_t tokens_in, tokens_out, took_ms;
    const char *request_id;
    int status;
    const char *outcome, *problem;
};
bool db_ai_usage_insert(struct ctx *ctx, uint64_t tenant, const struct ai_use *u);

/* One row for each day and model, newest day first; the price is the tenant's, NULL when there is none. */
struct ai_cost_row { const char *day, *provider, *model; int64_t calls, answered, tokens_in, tokens_out, took_ms; const char *price_in, *price_out, *cost; };
#define AI_COST_ROW(F) F(TEXT, day, 0) F(TEXT, provider, 0) F(TEXT, model, 0) F(I64, calls, 0) F(I64, answered, 0) F(I64, tokens_in, 0) F(I64, tokens_out, 0) \
    F(I64, took_ms, 0) F(TEXT, price_in, 0) F(TEXT, price_out, 0) F(TEXT, cost, 0)
extern const struct row_type ai_cost_row_type;
struct rows db_ai_costs(struct ctx *ctx, uint64_t tenant, const char *since_day, int limit);

/* What did not become an answer, newest first. */
struct ai_problem_row { int64_t created_ms; const char *purpose, *model, *outcome, *problem, *request_id; int status; uint64_t conversation_id; };
#define AI_PROBLEM_ROW(F) F(TIME, created_ms, 0) F(TEXT, purpose, 0) F(TEXT, model, 0) F(TEXT, outcome, 0) F(TEXT, problem, 0) F(TEXT, request_id, 0) \
    F(INT, status, 0) F(U64, conversation_id, 0)
extern const struct row_type ai_problem_row_type;
struct rows db_ai_problems(struct ctx *ctx, uint64_t tenant, const char *since_day, int limit);

/* Calls older than 400 days and counts older than 60, a portion of each: rows gone, -1 failure. */
int64_t db_ai_usage_purge(struct ctx *ctx);

bool db_ai_price_put(struct ctx *ctx, uint64_t tenant, const char *model, const char *price_in, const char *price_out);
int64_t db_ai_price_delete(struct ctx *ctx, uint64_t tenant, const char *model);

#endif
