/* credentials.h - a tenant's Twilio credentials, opened. They live in the arena of one request and nowhere else. */
#ifndef CENTRALA_SERVICES_CREDENTIALS_H
#define CENTRALA_SERVICES_CREDENTIALS_H
#include "base/base.h"
#include "base/ctx.h"
#include "store/tenants.h"

struct credentials {
    const char *account_sid;
    const char *token, *second_token;    /* for signatures; the second may be NULL */
    const char *rest_user, *rest_password; /* API key and secret, else account SID and token */
    const char *messaging_service_sid;   /* NULL when none */
    const char *hook_secret;
};

/* Opens a row's sealed values; NULL with ERR_BUG when the key does not fit (wrong key file, moved row). */
const struct credentials *credentials_open(struct ctx *ctx, const struct account_row *row);
/* Of ctx->tenant; NULL with ERR_UPSTREAM and a clear public text when Twilio is not configured. */
const struct credentials *credentials_get(struct ctx *ctx);

struct credentials_in { const char *account_sid, *token, *second_token, *api_key_sid, *api_key_secret, *messaging_service_sid; };
/* The shapes alone: before something else is stored that should not be without them. */
bool credentials_check(struct ctx *ctx, const struct credentials_in *in);
/* Checks shapes, seals and stores; false with ERR_INVALID at the field. */
bool credentials_put(struct ctx *ctx, uint64_t tenant, const struct credentials_in *in);

#endif
