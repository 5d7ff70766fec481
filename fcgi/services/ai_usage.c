/* ai_usage.c - the day's budget, usage rows, prices. */
#include "base/base.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/utf8.h"
#include "services/ai_usage.h"
#include "services/audit.h"
#include "store/ai_drafts.h"
#include "store/db.h"
#include "store/tenants.h"

enum { ROWS_MOST = 500, PROBLEMS_MOST = 50 };

const char *ai_day(struct ctx *ctx, int days_ago)
{
    struct tenant_row *t = db_tenant_get(ctx, ctx->tenant);
    if (!t) {
        err_set(ctx, ERR_ABSENT, "tenant %" PRIu64, ctx->tenant);
        return NULL;
    }
    const struct zone *zone = zone_load(ctx->arena, t->zone);
    if (!zone)
        zone = zone_load(ctx->arena, "UTC");
    struct civil c;
    int64_t now = clock_now_ms();
    zone_to_civil(zone, days_ago ? zone_day_start(zone, now, -days_ago) : now, &c, NULL);
    return arena_printf(ctx->arena, "%04d-%02d-%02d", c.year, c.month, c.day);
}

const struct ai_limit_row *ai_limits(struct ctx *ctx)
{
    struct ai_limit_row *l = db_ai_limit_get(ctx, ctx->tenant);
    if (l || ctx->err.code)
        return l;
    l = ARENA_NEW(ctx->arena, struct ai_limit_row);
    *l = (struct ai_limit_row){ .calls_per_day = CALLS_PER_DAY, .tokens_per_day = TOKENS_PER_DAY };
    return l;
}

static bool write_limits(struct ctx *ctx, void *arg)
{
    const struct ai_limit_row *l = arg;
    return db_ai_limit_put(ctx, ctx->tenant, l->calls_per_day, l->tokens_per_day) &&
           audit(ctx, "ai_limit.put", "", arena_printf(ctx->arena, "%" PRId64 " calls, %" PRId64 " tokens a day", l->calls_per_day, l->tokens_per_day));
}

bool ai_limits_put(struct ctx *ctx, int64_t calls_per_day, int64_t tokens_per_day)
{
    struct ai_limit_row l = { .calls_per_day = calls_per_day, .tokens_per_day = tokens_per_day };
    if (calls_per_day < 0 || calls_per_day > 1000000)
        return err_field(ctx, "calls_per_day", N_("From 0 to 1,000,000 calls."));
    if (tokens_per_day < 0 || tokens_per_day > INT64_C(100000000000))
        return err_field(ctx, "tokens_per_day", N_("From 0 to 100,000,000,000 tokens."));
    const struct ai_limit_row *now = ai_limits(ctx);
    if (!now || (now->calls_per_day == calls_per_day && now->tokens_per_day == tokens_per_day))
        return now != NULL;
    return db_transaction(ctx, write_limits, &l) == DB_OK;
}

const struct ai_day_row *ai_today(struct ctx *ctx)
{
    const char *day = ai_day(ctx, 0);
    struct ai_day_row *d = day ? db_ai_day_get(ctx, ctx->tenant, day) : NULL;
    return d || ctx->err.code ? d : ARENA_NEW(ctx->arena, struct ai_day_row);
}

int ai_budget_take(struct ctx *ctx)
{
    const struct ai_limit_row *l = ai_limits(ctx);
    const char *day = l ? ai_day(ctx, 0) : NULL;
    return day ? db_ai_day_take(ctx, ctx->tenant, day, l->calls_per_day, l->tokens_per_day) : -1;
}

void ai_usage_add(struct ctx *ctx, struct ai_use *use)
{
    struct err before = ctx->err;
    err_clear(ctx);
    if (!use->day)
        use->day = ai_day(ctx, 0);
    if (!use->day || !db_ai_usage_insert(ctx, ctx->tenant, use) || !db_ai_day_add(ctx, ctx->tenant, use->day, use->tokens_in + use->tokens_out))
        log_event(ctx, LOG_ERROR, "ai.usage", "error=%s detail=%s", err_name(ctx->err.code), log_quote(ctx->arena, ctx->err.detail ? ctx->err.detail : ""));
    ctx->err = before;
}

bool ai_purge(struct ctx *ctx)
{
    enum { ROUNDS = 100 };
    for (int round = 0; round < ROUNDS; round++) {
        int64_t usage = db_ai_usage_purge(ctx), drafts = db_ai_drafts_purge(ctx);
        if (usage < 0 || drafts < 0)
            return false;
        if (usage + drafts == 0)
            break;
    }
    return true;
}

struct rows ai_costs(struct ctx *ctx, int days)
{
    const char *since = ai_day(ctx, days - 1);
    return since ? db_ai_costs(ctx, ctx->tenant, since, ROWS_MOST) : (struct rows){ .ok = false };
}

struct rows ai_problems(struct ctx *ctx, int days)
{
    const char *since = ai_day(ctx, days - 1);
    return since ? db_ai_problems(ctx, ctx->tenant, since, PROBLEMS_MOST) : (struct rows){ .ok = false };
}

/* "0,15" or "0.15", up to 100,000; NULL when it is none. */
static const char *price(struct arena *a, const char *typed)
{
    char *text = arena_strdup(a, typed), *comma = strchr(text, ','), *end;
    if (comma)
        *comma = '.';
    double v = strtod(text, &end);
    if (!*text || *end || strspn(text, "0123456789.") != strlen(text) || v > 100000)
        return NULL;
    return arena_printf(a, "%.4f", v);
}

struct price_change { const char *model, *in, *out; };

static bool write_price(struct ctx *ctx, void *arg)
{
    const struct price_change *c = arg;
    if (!c->in)
        return db_ai_price_delete(ctx, ctx->tenant, c->model) >= 0 && audit(ctx, "ai_price.delete", c->model, "");
    return db_ai_price_put(ctx, ctx->tenant, c->model, c->in, c->out) && audit(ctx, "ai_price.put", c->model, arena_printf(ctx->arena, "%s / %s", c->in, c->out));
}

bool ai_price_put(struct ctx *ctx, const char *model, const char *price_in, const char *price_out)
{
    struct price_change c = { .model = model };
    if (!*model || utf8_count(model, strlen(model)) > 100)
        return err_field(ctx, "model", N_("Write the model's name as the provider calls it, at most 100 characters."));
    if (*price_in || *price_out) {
        if (!(c.in = price(ctx->arena, price_in)))
            return err_field(ctx, "price_in", N_("A price such as 0.15."));
        if (!(c.out = price(ctx->arena, price_out)))
            return err_field(ctx, "price_out", N_("A price such as 0.15."));
    }
    return db_transaction(ctx, write_price, &c) == DB_OK;
}
