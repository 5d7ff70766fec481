/* token.h - bearer tokens of the API: JWT (HS256, libjwt) that carries a user and a revocable id. */
#ifndef CENTRALA_TOKEN_H
#define CENTRALA_TOKEN_H
#include "base/base.h"
#include "base/arena.h"
#include "base/crypto.h"

struct token { uint64_t tenant, user; const char *jti; int64_t expires_ms; /* CLOCK_NONE: never */ };

const char *token_make(struct arena *a, const struct keyring *k, const struct token *t);
/* Checks algorithm (HS256 only), signature and expiry; whether `jti` is still valid is the database's to say. */
bool token_read(struct arena *a, const struct keyring *k, const char *jwt, int64_t now_ms, struct token *out);

#endif
