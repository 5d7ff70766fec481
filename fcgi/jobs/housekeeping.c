/* housekeeping.c - old sessions, counters and permits go. */
#include "base/base.h"
#include "jobs/jobs.h"
#include "services/reminders.h"
#include "services/session.h"
#include "services/stats.h"

bool housekeeping_job(struct ctx *ctx, const char **outcome)
{
    *outcome = "done";
    return sessions_purge(ctx) && ledgers_purge(ctx) && reminders_purge(ctx);
}
