/* ai_usage.h - what models may cost and did cost. A day is a day of the tenant's zone. */
#ifndef CENTRALA_SERVICES_AI_USAGE_H
#define CENTRALA_SERVICES_AI_USAGE_H
#include "base/base.h"
#include "base/ctx.h"
#include "store/ai_usage.h"

enum { CALLS_PER_DAY = 2000, TOKENS_PER_DAY = 5000000 }; /* until the tenant says otherwise */

/* The tenant's day at the present, or that many days before: "2026-11-20". NULL: ctx->err. */
const char *ai_day(struct ctx *ctx, int days_ago);
const struct ai_limit_row *ai_limits(struct ctx *ctx); /* NULL: ctx->err */
/* False with ERR_INVALID at "calls_per_day" or "tokens_per_day"; audited. */
bool ai_limits_put(struct ctx *ctx, int64_t calls_per_day, int64_t tokens_per_day);
const struct ai_day_row *ai_today(struct ctx *ctx); /* NULL: ctx->err */

/* Before each call: 1 counted, 0 today's limit is reached, -1 failure. */
int ai_budget_take(struct ctx *ctx);
/* After it: the row and the day's tokens. A failure is logged: the answer is not lost for it. `day` NULL: today. */
void ai_usage_add(struct ctx *ctx, struct ai_use *use);

/* Housekeeping: old calls, counts and proposals of all tenants. */
bool ai_purge(struct ctx *ctx);

struct rows ai_costs(struct ctx *ctx, int days);    /* struct ai_cost_row */
struct rows ai_problems(struct ctx *ctx, int days); /* struct ai_problem_row */
/* Both texts empty: forgotten. ERR_INVALID at "model", "price_in", "price_out"; audited. */
bool ai_price_put(struct ctx *ctx, const char *model, const char *price_in, const char *price_out);

#endif
