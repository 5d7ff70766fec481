/* webhook.h - which tenant does a webhook belong to, and has Twilio really sent it?
 *
 * The tenant is chosen from untrusted data (the secret in the path, else AccountSid), which may only pick a key: nothing
 * else is done before the signature has been checked with the primary or the secondary token. Refusals are counted by
 * the minute with the URL that was used, and shown on the health page. */
#ifndef CENTRALA_SERVICES_WEBHOOK_H
#define CENTRALA_SERVICES_WEBHOOK_H
#include "base/base.h"
#include "base/ctx.h"
#include "base/signature.h"

struct webhook {
    const char *secret;              /* of /hook/<secret>/…, NULL for /twilio/… */
    const char *target;              /* raw request target */
    const char *signature;           /* header, NULL when missing */
    struct pair *params;             /* of a form body, NULL for JSON */
    size_t param_count;
    const char *body;                /* raw */
    size_t body_len;
};
/* Sets ctx->tenant and ctx->actor on success; else false with ERR_SIGNATURE (counted) or ERR_DATABASE. */
bool webhook_check(struct ctx *ctx, const struct webhook *hook);

#endif
