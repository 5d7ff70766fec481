/* ai_profile.h - how a model answers on a line: the tenant's default, and lines that differ. Whether it answers at all is
 * the line's reply mode (services/answering.h). */
#ifndef CENTRALA_SERVICES_AI_PROFILE_H
#define CENTRALA_SERVICES_AI_PROFILE_H
#include "base/base.h"
#include "base/ctx.h"
#include "store/ai_profiles.h"

#define MODEL_DEFAULT "gpt-4o-mini"
enum { HISTORY_DEFAULT = 20, HISTORY_MOST = 200, ANSWER_LIMIT_DEFAULT = 480, ANSWER_LIMIT_LEAST = 40, ANSWER_LIMIT_MOST = 6000, MAX_TOKENS_DEFAULT = 1000 };

/* Of ctx->tenant: the line's own, else the default, else what a tenant that never saved one gets. NULL: ctx->err. */
const struct ai_profile_row *ai_profile_for(struct ctx *ctx, uint64_t line);
/* Exactly that one (0: the default, perhaps as never saved); NULL without an error: the line has none of its own. */
const struct ai_profile_row *ai_profile_get(struct ctx *ctx, uint64_t line);
struct rows ai_profiles(struct ctx *ctx); /* struct ai_profile_row: those saved */
/* What ai_profile_put() refuses, without storing. */
bool ai_profile_check(struct ctx *ctx, const struct ai_profile_row *p);
/* Checks, stores, audits. False with ERR_INVALID at the field. "0,7" is a temperature too; "" is none. */
bool ai_profile_put(struct ctx *ctx, const struct ai_profile_row *p);
/* The line follows the default again; audited. */
bool ai_profile_delete(struct ctx *ctx, uint64_t line);
/* "0,7" and "0.7" to "0.7"; "" to NULL; false when it is no number from 0 to 2. */
bool temperature_parse(struct arena *a, const char *typed, const char **out);

#endif
