/* stats.c - cached figures and permits. */
#include "base/base.h"
#include "services/stats.h"
#include "store/health.h"
#include "store/jobs.h"
#include "store/messages.h"
#include "store/tenants.h"

int totals_refresh_all(struct ctx *ctx)
{
    struct rows rows = db_tenants(ctx);
    const struct tenant_row *t = rows.row;
    for (size_t i = 0; rows.ok && i < rows.n; i++)
        if (!db_totals_refresh(ctx, t[i].id))
            return -1;
    return rows.ok ? (int)rows.n : -1;
}

bool ledgers_purge(struct ctx *ctx)
{
    enum { ROUNDS = 100 };
    for (int round = 0; round < ROUNDS; round++) {
        int64_t rejections = db_rejections_purge(ctx), slots = db_slots_purge(ctx);
        if (rejections < 0 || slots < 0)
            return false;
        if (rejections + slots == 0)
            break;
    }
    return true;
}

int job_take(struct ctx *ctx, const char *job, int64_t every_s, const char *host)
{
    return db_slot_take(ctx, job, every_s, host);
}

bool job_end(struct ctx *ctx, const char *job, const char *host, const char *outcome)
{
    return db_slot_end(ctx, job, host, outcome);
}
