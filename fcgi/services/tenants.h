/* tenants.h - setting up: tenants and their lines. Used by the command line, the set-up page and the demo. */
#ifndef CENTRALA_SERVICES_TENANTS_H
#define CENTRALA_SERVICES_TENANTS_H
#include "base/base.h"
#include "base/ctx.h"
#include "services/credentials.h"
#include "store/tenants.h"

/* The new tenant's id, 0 with ctx->err: ERR_INVALID at tenant, country, zone or as credentials_put() names. With
 * `credentials` (NULL: none yet) both are there or neither. */
uint64_t tenant_add(struct ctx *ctx, const char *name, const char *country, const char *zone, const char *language, const struct credentials_in *credentials);
/* ctx->tenant's row; NULL with ctx->err. */
struct tenant_row *tenant_own(struct ctx *ctx);
/* ctx->tenant's, in the audit trail; false with ERR_INVALID at name, country, zone. */
bool tenant_change(struct ctx *ctx, const char *name, const char *country, const char *zone, const char *language);
/* NULL with ERR_INVALID at "tenant" when there is none. */
struct tenant_row *tenant_named(struct ctx *ctx, const char *name);
/* `number` E.164; channel "sms" or "whatsapp". Messages that waited as unrouted are routed. */
bool line_add(struct ctx *ctx, uint64_t tenant, const char *number, const char *channel, const char *name, int64_t per_second);
/* A small tenant to look at: two lines, an admin, some conversations. Fills the login; false if it exists already. */
bool demo_load(struct ctx *ctx, const char **email, const char **password);

#endif
