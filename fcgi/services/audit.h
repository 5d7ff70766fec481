/* audit.h - who changed what: one row a change, only ever added to. */
#ifndef CENTRALA_SERVICES_AUDIT_H
#define CENTRALA_SERVICES_AUDIT_H
#include "base/base.h"
#include "base/ctx.h"
#include "store/audit.h"

/* In the transaction of the change where there is one. `action` is "thing.verb", `target` names the thing, `detail` says from
 * what to what; secrets at most as their last four characters. The tenant and the actor are the context's. */
bool audit(struct ctx *ctx, const char *action, const char *target, const char *detail);
/* struct audit_row, newest first, ids below `before` (0: from the newest). */
struct rows audit_list(struct ctx *ctx, uint64_t before, int limit);

#endif
