/* housekeeping.c - old sessions, counters, permits and files that no message has any more go. */
#include "base/base.h"
#include "jobs/jobs.h"
#include "services/ai_usage.h"
#include "services/media.h"
#include "services/reminders.h"
#include "services/replies.h"
#include "services/session.h"
#include "services/stats.h"

bool housekeeping_job(struct ctx *ctx, const char **outcome)
{
    *outcome = "done";
    return sessions_purge(ctx) && ledgers_purge(ctx) && reminders_purge(ctx) && reply_jobs_purge(ctx) && ai_purge(ctx) && media_sweep(ctx) >= 0;
}
