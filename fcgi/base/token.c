/* token.c - JSON Web Tokens through libjwt: HS256 under a subkey of the installation's key, nothing else. */
#include "base/base.h"
#include "base/token.h"
#include "base/clock.h"

#include <errno.h>
#include <jwt.h>

enum { TOKEN_MAX = 2048 };

/* 64-bit ids travel as text: other JSON readers keep 53 bits. */
static bool claim_u64(jwt_t *jwt, const char *name, uint64_t *out)
{
    const char *s = jwt_get_grant(jwt, name);
    if (!s || *s < '0' || *s > '9')
        return false;
    char *end;
    errno = 0;
    *out = strtoull(s, &end, 10);
    return errno == 0 && *end == 0;
}

static void set_u64(jwt_t *jwt, const char *name, uint64_t v)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRIu64, v);
    BUG_IF(jwt_add_grant(jwt, name, text) != 0);
}

const char *token_make(struct arena *a, const struct keyring *k, const struct token *t)
{
    uint8_t key[32];
    jwt_t *jwt = NULL;
    BUG_IF(!t->jti || !*t->jti);
    keyring_subkey(k, "jwt", key);
    BUG_IF(jwt_new(&jwt) != 0 || jwt_set_alg(jwt, JWT_ALG_HS256, key, sizeof key) != 0);
    set_u64(jwt, "tid", t->tenant);
    set_u64(jwt, "sub", t->user);
    BUG_IF(jwt_add_grant(jwt, "jti", t->jti) != 0);
    /* Rounded down: a token never lives longer than it was given. */
    if (t->expires_ms != CLOCK_NONE)
        BUG_IF(jwt_add_grant_int(jwt, "exp", (long)(t->expires_ms / 1000)) != 0);
    char *text = jwt_encode_str(jwt);
    BUG_IF(!text);
    const char *out = arena_strdup(a, text);
    free(text);
    jwt_free(jwt);
    return out;
}

static bool claims_read(struct arena *a, jwt_t *jwt, int64_t now_ms, struct token *out)
{
    struct token t = { .expires_ms = CLOCK_NONE };
    const char *jti = jwt_get_grant(jwt, "jti");
    if (jwt_get_alg(jwt) != JWT_ALG_HS256 || !jti || !*jti || !claim_u64(jwt, "tid", &t.tenant) || !claim_u64(jwt, "sub", &t.user))
        return false;
    errno = 0;
    long exp = jwt_get_grant_int(jwt, "exp");
    if (errno == 0) {
        if (exp > INT64_MAX / 1000 || exp < 0 || (int64_t)exp * 1000 <= now_ms)
            return false;
        t.expires_ms = (int64_t)exp * 1000;
    } else if (errno != ENOENT) {
        return false; /* an "exp" that is no number */
    }
    t.jti = arena_strdup(a, jti);
    *out = t;
    return true;
}

bool token_read(struct arena *a, const struct keyring *k, const char *text, int64_t now_ms, struct token *out)
{
    uint8_t key[32];
    jwt_t *jwt = NULL;
    if (!text || strnlen(text, TOKEN_MAX + 1) > TOKEN_MAX)
        return false;
    keyring_subkey(k, "jwt", key);
    /* The check of the algorithm is ours as well: with a key, libjwt accepts whatever HMAC the header names. */
    if (jwt_decode(&jwt, text, key, sizeof key) != 0)
        return false;
    bool ok = claims_read(a, jwt, now_ms, out);
    jwt_free(jwt);
    return ok;
}
