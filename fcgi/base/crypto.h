/* crypto.h - random, hashes, sealed secrets, passwords. libsodium and libcrypto appear only in crypto.c and token.c. */
#ifndef CENTRALA_CRYPTO_H
#define CENTRALA_CRYPTO_H
#include "base/base.h"
#include "base/arena.h"

/* Once per process, before anything else here; aborts when the libraries do not start. */
void crypto_init(void);

void crypto_random(void *out, size_t n);
/* 2n hex digits and NUL. */
void crypto_random_hex(char *out, size_t n);
/* `n` random bytes as unpadded URL-safe base64, for tokens and secret paths; in the arena. */
const char *crypto_token(struct arena *a, size_t n);
void crypto_hex(const void *in, size_t n, char *out); /* lower case, NUL-ended, 2n+1 bytes */

void crypto_sha256(const void *in, size_t n, uint8_t out[32]);
/* base64(HMAC-SHA1(key, parts joined)): 28 characters and NUL. Uses a kept EVP_MAC context. */
struct span { const char *s; size_t n; };
void crypto_hmac_sha1_base64(const char *key, size_t key_len, const struct span *parts, size_t count, char out[32]);
/* Constant time. */
bool crypto_equal(const void *a, const void *b, size_t n);

/* The installation's key, read from a file that must have mode 0600 (NULL and a reason otherwise). */
struct keyring;
const struct keyring *keyring_load(struct arena *a, const char *path, const char **problem);
/* Makes the file (mode 0600, never over an existing one). */
bool keyring_create(const char *path, const char **problem);
/* XChaCha20-Poly1305 with the tenant and the purpose as additional data, so that a sealed value moved to another
 * tenant or column does not open. Sealed values are base64 text; NULL when it does not open. */
const char *crypto_seal(struct arena *a, const struct keyring *k, uint64_t tenant, const char *purpose, const char *plain);
const char *crypto_open(struct arena *a, const struct keyring *k, uint64_t tenant, const char *purpose, const char *sealed);
/* A 32-byte subkey for another use ("jwt", "csrf", "media"), derived from the installation's key. */
void keyring_subkey(const struct keyring *k, const char *use, uint8_t out[32]);
/* Keyed BLAKE2b of a text with such a subkey, as 32 hex digits: CSRF tokens, throttle keys, hashed numbers. */
void crypto_keyed_hex(const struct keyring *k, const char *use, const char *text, char out[33]);
/* The same at full length and bound to a tenant: the same text of two tenants has nothing in common. */
void crypto_keyed_hash(const struct keyring *k, const char *use, uint64_t tenant, const char *text, uint8_t out[32]);

/* Argon2id ("interactive" limits); the result fits VARCHAR(128). */
const char *password_hash(struct arena *a, const char *password);
bool password_verify(const char *hash, const char *password);

#endif
