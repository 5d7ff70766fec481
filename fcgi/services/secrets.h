/* secrets.h - predecessor 000's keys by name: where each of them lives here, what may be seen of it, how it is changed and
 * tried. Nothing is ever written to a file of the environment. */
#ifndef CENTRALA_SERVICES_SECRETS_H
#define CENTRALA_SERVICES_SECRETS_H
#include "base/base.h"
#include "base/ctx.h"

enum { SECRETS_MOST = 8 };

struct secret_shown { const char *key; bool exists; const char *masked; }; /* masked: "" when there is none */
/* All of them, in their order; how many, 0 with ctx->err. */
size_t secrets_list(struct ctx *ctx, struct secret_shown out[SECRETS_MOST]);
/* False with ERR_MALFORMED for another key, ERR_INVALID at "value" for a value that cannot be one. TWILIO_DEFAULT_FROM makes
 * the number the default line of its channel, and a line when it is none yet. */
bool secret_put(struct ctx *ctx, const char *key, const char *value, const char *country);

struct secret_tested { bool ok; const char *details; const char *words; int took_ms; }; /* details: a message id; words: the provider's, "" */
/* The stored value, or `value` without storing it. False with ctx->err as secret_put(), and when there is nothing to test. */
bool secret_test(struct ctx *ctx, const char *key, const char *value, struct secret_tested *out);

#endif
