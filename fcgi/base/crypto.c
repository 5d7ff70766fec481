/* crypto.c - random, hashes, sealed secrets and passwords over libsodium; HMAC-SHA1 over libcrypto. */
#include "base/base.h"
#include "base/crypto.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    KEY_SIZE = 32,
    NONCE_SIZE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
    TAG_SIZE = crypto_aead_xchacha20poly1305_ietf_ABYTES,
    PURPOSE_MAX = 64,
    SECRET_MAX = 64 * 1024, /* nothing that is sealed comes near this */
    BASE64URL = sodium_base64_VARIANT_URLSAFE_NO_PADDING
};

struct keyring {
    uint8_t master[KEY_SIZE];
    uint8_t seal[KEY_SIZE]; /* so that the master key itself never encrypts anything */
};

/* Fetching an algorithm takes longer than the HMAC itself, therefore the context is kept for the process's life. */
static EVP_MAC_CTX *hmac_sha1;

void crypto_init(void)
{
    if (hmac_sha1)
        return;
    BUG_IF(sodium_init() < 0);
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    BUG_IF(!mac);
    hmac_sha1 = EVP_MAC_CTX_new(mac);
    EVP_MAC_free(mac);
    BUG_IF(!hmac_sha1);
    char digest[] = "SHA1";
    const OSSL_PARAM params[] = { OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0), OSSL_PARAM_construct_end() };
    BUG_IF(!EVP_MAC_CTX_set_params(hmac_sha1, params));
}

void crypto_random(void *out, size_t n)
{
    randombytes_buf(out, n);
}

void crypto_hex(const void *in, size_t n, char *out)
{
    sodium_bin2hex(out, 2 * n + 1, in, n);
}

void crypto_random_hex(char *out, size_t n)
{
    /* In pieces, because n is the caller's and the stack is not. */
    uint8_t piece[32];
    for (size_t i = 0; i < n; i += sizeof piece) {
        size_t k = n - i < sizeof piece ? n - i : sizeof piece;
        crypto_random(piece, k);
        crypto_hex(piece, k, out + 2 * i);
    }
    out[2 * n] = 0;
}

static char *base64url(struct arena *a, const uint8_t *in, size_t n)
{
    size_t size = sodium_base64_encoded_len(n, BASE64URL);
    char *out = arena_alloc(a, size);
    sodium_bin2base64(out, size, in, n, BASE64URL);
    return out;
}

const char *crypto_token(struct arena *a, size_t n)
{
    uint8_t *raw = arena_alloc(a, n ? n : 1);
    crypto_random(raw, n);
    char *out = base64url(a, raw, n);
    sodium_memzero(raw, n);
    return out;
}

void crypto_sha256(const void *in, size_t n, uint8_t out[32])
{
    crypto_hash_sha256(out, in, n);
}

void crypto_hmac_sha1_base64(const char *key, size_t key_len, const struct span *parts, size_t count, char out[32])
{
    uint8_t mac[20];
    size_t len = 0;
    /* An empty key means "keep the previous key" to libcrypto; a single zero byte is the same key to HMAC. */
    const unsigned char *k = key_len ? (const unsigned char *)key : (const unsigned char *)"";
    BUG_IF(!hmac_sha1 || !EVP_MAC_init(hmac_sha1, k, key_len ? key_len : 1, NULL));
    for (size_t i = 0; i < count; i++)
        if (parts[i].n)
            BUG_IF(!EVP_MAC_update(hmac_sha1, (const unsigned char *)parts[i].s, parts[i].n));
    BUG_IF(!EVP_MAC_final(hmac_sha1, mac, &len, sizeof mac) || len != sizeof mac);
    sodium_bin2base64(out, 32, mac, sizeof mac, sodium_base64_VARIANT_ORIGINAL);
}

bool crypto_equal(const void *a, const void *b, size_t n)
{
    return sodium_memcmp(a, b, n) == 0;
}

/* The key of another use: keyed BLAKE2b of a name. */
static void subkey(const uint8_t master[KEY_SIZE], const char *use, uint8_t out[KEY_SIZE])
{
    char name[PURPOSE_MAX + 16];
    int n = snprintf(name, sizeof name, "centrala key %s", use);
    BUG_IF(n < 0 || (size_t)n >= sizeof name);
    BUG_IF(crypto_generichash(out, KEY_SIZE, (const uint8_t *)name, (unsigned long long)n, master, KEY_SIZE) != 0);
}

static const char *key_read(int fd, uint8_t key[KEY_SIZE + 1])
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return "the key file cannot be examined";
    if (!S_ISREG(st.st_mode))
        return "the key file is not a regular file";
    if ((st.st_mode & 07777) != 0600)
        return "the key file must have mode 0600";
    if (st.st_size != KEY_SIZE || read(fd, key, KEY_SIZE + 1) != KEY_SIZE)
        return "the key file must hold exactly 32 bytes";
    return NULL;
}

const struct keyring *keyring_load(struct arena *a, const char *path, const char **problem)
{
    uint8_t key[KEY_SIZE + 1];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    const char *why = fd < 0 ? (errno == ENOENT ? "the key file does not exist" : "the key file cannot be opened") : key_read(fd, key);
    if (fd >= 0)
        close(fd);
    if (why) {
        *problem = why;
        return NULL;
    }
    struct keyring *k = ARENA_NEW(a, struct keyring);
    memcpy(k->master, key, KEY_SIZE);
    subkey(k->master, "seal", k->seal);
    sodium_memzero(key, sizeof key);
    return k;
}

bool keyring_create(const char *path, const char **problem)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) {
        *problem = errno == EEXIST ? "the key file exists already" : "the key file cannot be made";
        return false;
    }
    uint8_t key[KEY_SIZE];
    crypto_random(key, sizeof key);
    /* fchmod: the umask may have taken the owner's bits away. */
    bool ok = fchmod(fd, 0600) == 0 && write(fd, key, sizeof key) == (ssize_t)sizeof key && fsync(fd) == 0;
    ok = close(fd) == 0 && ok;
    sodium_memzero(key, sizeof key);
    if (!ok) {
        unlink(path);
        *problem = "the key file cannot be written";
    }
    return ok;
}

/* Additional data: tenant, eight bytes with the lowest first, then the purpose. */
struct bound {
    uint8_t data[8 + PURPOSE_MAX];
    size_t n;
};

static struct bound bind_to(uint64_t tenant, const char *purpose)
{
    struct bound b = { .n = 8 + strlen(purpose) };
    BUG_IF(b.n > sizeof b.data);
    for (size_t i = 0; i < 8; i++)
        b.data[i] = (uint8_t)(tenant >> (8 * i));
    memcpy(b.data + 8, purpose, b.n - 8);
    return b;
}

const char *crypto_seal(struct arena *a, const struct keyring *k, uint64_t tenant, const char *purpose, const char *plain)
{
    struct bound b = bind_to(tenant, purpose);
    size_t n = strlen(plain);
    BUG_IF(n > SECRET_MAX);
    uint8_t *raw = arena_alloc(a, NONCE_SIZE + n + TAG_SIZE);
    crypto_random(raw, NONCE_SIZE);
    unsigned long long sealed = 0;
    BUG_IF(crypto_aead_xchacha20poly1305_ietf_encrypt(raw + NONCE_SIZE, &sealed, (const uint8_t *)plain, n, b.data, b.n, NULL, raw,
                                                      k->seal) != 0);
    return base64url(a, raw, NONCE_SIZE + (size_t)sealed);
}

const char *crypto_open(struct arena *a, const struct keyring *k, uint64_t tenant, const char *purpose, const char *sealed)
{
    struct bound b = bind_to(tenant, purpose);
    size_t len = sealed ? strlen(sealed) : 0, n = 0;
    if (len == 0 || len > 2 * SECRET_MAX)
        return NULL;
    uint8_t *raw = arena_alloc(a, len);
    if (sodium_base642bin(raw, len, sealed, len, NULL, &n, NULL, BASE64URL) != 0 || n < NONCE_SIZE + TAG_SIZE)
        return NULL;
    char *plain = arena_alloc(a, n - NONCE_SIZE - TAG_SIZE + 1);
    unsigned long long out = 0;
    if (crypto_aead_xchacha20poly1305_ietf_decrypt((uint8_t *)plain, &out, NULL, raw + NONCE_SIZE, n - NONCE_SIZE, b.data, b.n, raw,
                                                   k->seal) != 0)
        return NULL;
    plain[out] = 0;
    return plain;
}

void keyring_subkey(const struct keyring *k, const char *use, uint8_t out[32])
{
    subkey(k->master, use, out);
}

void crypto_keyed_hex(const struct keyring *k, const char *use, const char *text, char out[33])
{
    uint8_t key[KEY_SIZE], hash[16];
    subkey(k->master, use, key);
    BUG_IF(crypto_generichash(hash, sizeof hash, (const uint8_t *)text, strlen(text), key, sizeof key) != 0);
    sodium_memzero(key, sizeof key);
    crypto_hex(hash, sizeof hash, out);
}

void crypto_keyed_hash(const struct keyring *k, const char *use, uint64_t tenant, const char *text, uint8_t out[32])
{
    crypto_generichash_state state;
    uint8_t key[KEY_SIZE], owner[8];
    for (size_t i = 0; i < sizeof owner; i++)
        owner[i] = (uint8_t)(tenant >> (8 * i));
    subkey(k->master, use, key);
    BUG_IF(crypto_generichash_init(&state, key, sizeof key, 32) != 0 || crypto_generichash_update(&state, owner, sizeof owner) != 0 ||
           crypto_generichash_update(&state, (const uint8_t *)text, strlen(text)) != 0 || crypto_generichash_final(&state, out, 32) != 0);
    sodium_memzero(key, sizeof key);
}

const char *password_hash(struct arena *a, const char *password)
{
    char *out = arena_alloc(a, crypto_pwhash_STRBYTES);
    BUG_IF(crypto_pwhash_str(out, password, strlen(password), crypto_pwhash_OPSLIMIT_INTERACTIVE, crypto_pwhash_MEMLIMIT_INTERACTIVE) != 0);
    return out;
}

bool password_verify(const char *hash, const char *password)
{
    return hash && password && crypto_pwhash_str_verify(hash, password, strlen(password)) == 0;
}
