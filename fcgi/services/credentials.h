/* credentials.h - a tenant's Twilio credentials, opened. They live in the arena of one request and nowhere else. */
#ifndef CENTRALA_SERVICES_CREDENTIALS_H
#define CENTRALA_SERVICES_CREDENTIALS_H
#include "base/base.h"
#include "base/ctx.h"
#include "store/tenants.h"

struct credentials {
    const char *account_sid;
    const char *token, *second_token;    /* for signatures; the second may be NULL */
    const char *api_key_sid, *api_key_secret; /* NULL when none */
    const char *rest_user, *rest_password; /* API key and secret, else account SID and token */
    const char *messaging_service_sid;   /* NULL when none */
    const char *hook_secret;
};

/* Opens a row's sealed values; NULL with ERR_BUG when the key does not fit (wrong key file, moved row). */
const struct credentials *credentials_open(struct ctx *ctx, const struct account_row *row);
/* Of ctx->tenant; NULL with ERR_UPSTREAM and a clear public text when Twilio is not configured. */
const struct credentials *credentials_get(struct ctx *ctx);

struct credentials_in { const char *account_sid, *token, *second_token, *api_key_sid, *api_key_secret, *messaging_service_sid; };
/* What is stored for ctx->tenant, opened; false with ctx->err as credentials_get(). */
bool credentials_stored(struct ctx *ctx, struct credentials_in *out);
/* What people may see of a secret: bullets and its last four characters; of a short one bullets alone, "" of none. */
const char *secret_masked(struct arena *a, const char *secret);
/* The shapes alone: before something else is stored that should not be without them. */
bool credentials_check(struct ctx *ctx, const struct credentials_in *in);
/* The Account SID alone, before anything else is known; nothing works until the Auth Token is there too. */
bool credentials_begin(struct ctx *ctx, uint64_t tenant, const char *account_sid);
/* Checks shapes, seals and stores (who does it in a web worker makes burst_forget_all() known afterwards); false with ERR_INVALID at the field. */
bool credentials_put(struct ctx *ctx, uint64_t tenant, const struct credentials_in *in);

#endif
