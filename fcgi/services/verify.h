/* verify.h - do these credentials work? Twilio is asked while an admin waits: at most three reads, short limits, nothing is
 * sent or changed. In TEST_MODE nobody is asked. */
#ifndef CENTRALA_SERVICES_VERIFY_H
#define CENTRALA_SERVICES_VERIFY_H
#include "base/base.h"
#include "base/ctx.h"
#include "providers/twilio.h"
#include "services/credentials.h"

enum verified { VERIFIED_UNASKED, VERIFIED_GOOD, VERIFIED_SUSPENDED, VERIFIED_REFUSED, VERIFIED_UNREACHABLE };

struct verification {
    enum verified verdict;
    const char *field;         /* at fault when refused, as credentials_check() names fields; else NULL */
    const char *status, *type; /* of the account: "active", "suspended", "closed"; "Full", "Trial". "" when not told */
    int code;                  /* Twilio's, 0 when none */
    const char *words;         /* Twilio's or the connection's; "" when none */
    int took_ms;               /* all questions together */
};

enum { VERIFY_LIMIT_MS = 7000 }; /* each question: three fit into a request */

/* Account SID and Auth Token, the API key when there is one, the Messaging Service when there is one; ends at the first that
 * is refused. */
void verify_credentials(struct ctx *ctx, const struct credentials_in *in, struct verification *out);
/* The stored ones of ctx->tenant, and what came of it is kept; false with ctx->err when there are none. */
bool verify_stored(struct ctx *ctx, struct verification *out);
/* "good", "suspended", "refused", "unreachable"; "" for UNASKED. */
const char *verified_word(enum verified verdict);
/* Keeps it beside the credentials, for everybody who looks at the page. */
bool verify_keep(struct ctx *ctx, const struct verification *v);

/* The account as calls need it, from opened credentials. */
struct twilio_account twilio_account_of(const struct ctx *ctx, const struct credentials *c);
/* One call with a short limit while somebody waits. */
void twilio_ask(struct ctx *ctx, struct call *call, int limit_ms, struct answer *out);

#endif
