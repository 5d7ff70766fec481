/* hook_settings.h - the addresses by which Twilio reaches us, and setting them at Twilio.
 *
 * A number's texts go to its SmsUrl, unless an application or a Messaging Service that does not defer answers for it: then
 * the result says so. The retry overrides stand behind "#": Twilio reads them and neither sends nor signs them. */
#ifndef CENTRALA_SERVICES_HOOK_SETTINGS_H
#define CENTRALA_SERVICES_HOOK_SETTINGS_H
#include "base/base.h"
#include "base/ctx.h"

#define HOOK_OVERRIDES "#rc=3&rp=ct,rt,5xx"

struct hook_urls {
    const char *public_url;
    bool secure;                       /* https */
    const char *message, *status;      /* with this tenant's secret path: no doubt whose it is */
    const char *plain_message, *plain_status; /* the tenant is found by AccountSid */
};
/* False with ctx->err. */
bool hook_urls(struct ctx *ctx, struct hook_urls *out);

enum hook_outcome {
    HOOK_SET,      /* changed now */
    HOOK_ALREADY,  /* it was so */
    HOOK_REFUSED,  /* code and words say why */
    HOOK_ABSENT,   /* the account has no such number */
    HOOK_BY_HAND,  /* WhatsApp senders and short codes are set in Twilio's console */
    HOOK_LATER     /* no answer, or time was up before its turn: once more */
};
struct hook_result {
    const char *address, *name;        /* of the line */
    enum hook_outcome outcome;
    int code;
    const char *words;                 /* NULL when none */
    const char *application;           /* AP… that answers instead of the address; NULL */
    const char *service;               /* name of the Messaging Service that answers instead; NULL */
};
struct hook_report { size_t n; struct hook_result *v; bool services_known; };

enum { HOOK_LIMIT_MS = 20000 };        /* whole: a request may take 30 s */

/* On the number of every line. False with ctx->err when nothing could be done at all; what happened is in the audit trail. */
bool hooks_set(struct ctx *ctx, struct hook_report *out);

#endif
