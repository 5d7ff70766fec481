/* people.h - the organisation's users as its admin sees them: add, change, switch off, a new password.
 *
 * Passwords are made here and told once. Whoever is switched off, gets another role or a new password is signed out
 * everywhere. One's own row is not changed here, so there is always an admin left. */
#ifndef CENTRALA_SERVICES_PEOPLE_H
#define CENTRALA_SERVICES_PEOPLE_H
#include "base/base.h"
#include "base/ctx.h"
#include "store/users.h"

/* struct person_row: active ones first, by name. */
struct rows people_list(struct ctx *ctx);
/* NULL with ERR_ABSENT. */
struct person_row *person_get(struct ctx *ctx, uint64_t user);
/* The new password; NULL with ctx->err, ERR_INVALID at email or role. */
const char *person_add(struct ctx *ctx, const char *email, const char *name, const char *role);
bool person_change(struct ctx *ctx, uint64_t user, const char *name, const char *role, bool active);
/* The new password; bearer tokens of the API stay. */
const char *person_reset(struct ctx *ctx, uint64_t user);

#endif
