/* jobs.h - the prototypes of all periodic jobs, made from jobs.def. A job works for all tenants; it sets ctx->tenant
 * itself. `outcome` is one line for the job's row. */
#ifndef CENTRALA_JOBS_H
#define CENTRALA_JOBS_H
#include "base/base.h"
#include "base/ctx.h"

#define JOB(name, every_s, function, limit_s) bool function(struct ctx *ctx, const char **outcome);
#include "jobs.def"
#undef JOB

#endif
