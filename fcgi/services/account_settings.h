/* account_settings.h - the tenant's Twilio account as the settings page and /api/secrets see and change it.
 *
 * A secret never leaves: what is shown are bullets and the last four characters, and so it stands in the audit trail. An
 * empty secret in a wish keeps the stored one. Nothing that Twilio refuses is stored. */
#ifndef CENTRALA_SERVICES_ACCOUNT_SETTINGS_H
#define CENTRALA_SERVICES_ACCOUNT_SETTINGS_H
#include "base/base.h"
#include "base/ctx.h"
#include "services/verify.h"

struct account_shown {
    bool exists;               /* an account is stored, maybe only its SID */
    bool complete;             /* with an Auth Token that opens */
    const char *account_sid, *api_key_sid, *messaging_service_sid; /* "" when none */
    const char *token, *second_token, *api_key_secret;             /* masked, "" when none */
    const struct account_check *check; /* NULL: never asked since the last change */
};
bool account_shown(struct ctx *ctx, struct account_shown *out);

struct account_wish {
    const char *account_sid, *token, *second_token, *api_key_sid, *api_key_secret, *messaging_service_sid; /* NULL or "": see above */
    bool drop_second;          /* the secondary token is forgotten */
    bool unchecked;            /* stored although Twilio cannot be reached */
};
/* Merges with what is stored, checks, asks Twilio, stores, writes the audit trail. False with ERR_INVALID at the field when a
 * shape is wrong; ERR_UPSTREAM when Twilio refused or did not answer: then `out` says which and why. */
bool account_save(struct ctx *ctx, const struct account_wish *wish, struct verification *out);
/* The same without asking: for one value of /api/secrets. */
bool account_store(struct ctx *ctx, const struct credentials_in *in);

#endif
