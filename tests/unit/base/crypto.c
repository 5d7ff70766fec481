/* crypto.c - published vectors, what is sealed and where it opens, the key file, passwords. */
#include "base/base.h"
#include "base/crypto.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static char folder[] = "/tmp/centrala-crypto-XXXXXX";

static const char *path_of(struct arena *a, const char *name)
{
    return arena_printf(a, "%s/%s", folder, name);
}

static void write_file(const char *path, const void *data, size_t n, mode_t mode)
{
    unlink(path);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(path, mode), 0);
}

static const struct keyring *keyring_of(struct arena *a, uint8_t byte)
{
    uint8_t key[32];
    const char *problem = NULL, *path = path_of(a, "some.key");
    memset(key, byte, sizeof key);
    write_file(path, key, sizeof key, 0600);
    const struct keyring *k = keyring_load(a, path, &problem);
    assert_non_null(k);
    assert_null(problem);
    return k;
}

static void hmac_sha1_rfc2202(void **state)
{
    static const struct {
        const char *key, *key_byte, *data, *data_byte;
        size_t key_len, data_len;
        const char *expected;
    } cases[] = {
        { NULL, "\x0b", "Hi There", NULL, 20, 8, "thcxhlUFcmTii8C2+zeMjvFGvgA=" },
        { "Jefe", NULL, "what do ya want for nothing?", NULL, 4, 28, "7/zfauXrL6LSdBbV8YTfnCWafHk=" },
        { NULL, "\xaa", NULL, "\xdd", 20, 50, "El1zQrmsEc2Ro5r0iqF7T2PxddM=" },
        { "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19", NULL, NULL, "\xcd", 25, 50,
          "TJAH9AJiUMa8hBT5v1DIbC1yNdo=" },
        { NULL, "\x0c", "Test With Truncation", NULL, 20, 20, "TBoDQktV4H/n8nvh1Yu5MkqaWgQ=" },
        { NULL, "\xaa", "Test Using Larger Than Block-Size Key - Hash Key First", NULL, 80, 54, "qkrl4VJy0A6VcFY3zoo7Ve1AIRI=" },
        { NULL, "\xaa", "Test Using Larger Than Block-Size Key and Larger Than One Block-Size Data", NULL, 80, 73, "6OmdD0UjfXhta7qnllx4CLv/GpE=" },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char key[80], data[80], out[32];
        for (size_t j = 0; j < cases[i].key_len; j++)
            key[j] = cases[i].key ? cases[i].key[j] : *cases[i].key_byte;
        for (size_t j = 0; j < cases[i].data_len; j++)
            data[j] = cases[i].data ? cases[i].data[j] : *cases[i].data_byte;
        const struct span parts[] = { { data, 3 }, { data + 3, 0 }, { data + 3, cases[i].data_len - 3 } };
        crypto_hmac_sha1_base64(key, cases[i].key_len, parts, 3, out);
        assert_string_equal(out, cases[i].expected);
        assert_int_equal(strlen(out), 28);
    }
}

/* libcrypto takes an empty key for "as before": the result must not depend on the call before. */
static void hmac_with_an_empty_key(void **state)
{
    char first[32], second[32];
    (void)state;
    crypto_hmac_sha1_base64("other", 5, NULL, 0, first);
    crypto_hmac_sha1_base64("", 0, NULL, 0, first);
    assert_string_equal(first, "+9sdGxiqbAgyS31ktx+3Y3BpDh0=");
    crypto_hmac_sha1_base64(NULL, 0, NULL, 0, second);
    assert_string_equal(first, second);
}

static void sha256_and_hex(void **state)
{
    uint8_t hash[32];
    char hex[65];
    (void)state;
    crypto_sha256("abc", 3, hash);
    crypto_hex(hash, sizeof hash, hex);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    crypto_sha256("", 0, hash);
    crypto_hex(hash, sizeof hash, hex);
    assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

static void random_texts(void **state)
{
    char one[129], two[129], none[1] = { 'x' };
    crypto_random_hex(one, 64);
    crypto_random_hex(two, 64);
    assert_int_equal(strlen(one), 128);
    assert_int_equal(strspn(one, "0123456789abcdef"), 128);
    assert_string_not_equal(one, two);
    crypto_random_hex(none, 0);
    assert_string_equal(none, "");
    const char *token = crypto_token(*state, 32), *other = crypto_token(*state, 32);
    assert_int_equal(strlen(token), 43);
    assert_int_equal(strspn(token, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"), 43);
    assert_string_not_equal(token, other);
}

static void comparison(void **state)
{
    (void)state;
    assert_true(crypto_equal("abcd", "abcd", 4));
    assert_false(crypto_equal("abcd", "abce", 4));
    assert_false(crypto_equal("abcd", "Abcd", 4));
    assert_true(crypto_equal("abcX", "abcY", 3));
}

static void sealed_opens_only_where_it_was_sealed(void **state)
{
    struct arena *a = *state;
    const struct keyring *k = keyring_of(a, 1);
    const char *secret = "0123456789abcdef0123456789abcdef";
    const char *sealed = crypto_seal(a, k, 7, "auth_token", secret);
    assert_int_equal(strspn(sealed, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"), strlen(sealed));
    assert_true(strlen(sealed) < 255);
    assert_null(strstr(sealed, secret));
    assert_string_equal(crypto_open(a, k, 7, "auth_token", sealed), secret);
    assert_null(crypto_open(a, k, 8, "auth_token", sealed));
    assert_null(crypto_open(a, k, 7ULL << 32, "auth_token", sealed));
    assert_null(crypto_open(a, k, 7, "second_token", sealed));
    assert_null(crypto_open(a, k, 7, "auth_toke", sealed));
    assert_null(crypto_open(a, k, 7, "", sealed));
    assert_null(crypto_open(a, keyring_of(a, 2), 7, "auth_token", sealed));
    assert_string_not_equal(crypto_seal(a, k, 7, "auth_token", secret), sealed); /* a fresh nonce each time */
}

static void sealed_texts_of_any_length(void **state)
{
    struct arena *a = *state;
    const struct keyring *k = keyring_of(a, 1);
    char plain[301];
    for (size_t n = 0; n < sizeof plain; n++) {
        memset(plain, 'x', n);
        plain[n] = 0;
        assert_string_equal(crypto_open(a, k, 1, "p", crypto_seal(a, k, 1, "p", plain)), plain);
    }
}

static void damaged_seals_do_not_open(void **state)
{
    struct arena *a = *state;
    const struct keyring *k = keyring_of(a, 1);
    const char *sealed = crypto_seal(a, k, 7, "auth_token", "secret");
    char copy[256];
    for (size_t i = 0; i < strlen(sealed); i++) {
        assert_true(strlen(sealed) < sizeof copy - 1);
        memcpy(copy, sealed, strlen(sealed) + 1);
        copy[i] = copy[i] == 'A' ? 'B' : 'A';
        assert_null(crypto_open(a, k, 7, "auth_token", copy));
        memcpy(copy, sealed, i);
        copy[i] = 0;
        assert_null(crypto_open(a, k, 7, "auth_token", copy));
    }
    memcpy(copy, sealed, strlen(sealed));
    memcpy(copy + strlen(sealed), "A", 2);
    assert_null(crypto_open(a, k, 7, "auth_token", copy));
    assert_null(crypto_open(a, k, 7, "auth_token", ""));
    assert_null(crypto_open(a, k, 7, "auth_token", NULL));
    assert_null(crypto_open(a, k, 7, "auth_token", "not base64 !"));
}

static void key_file_is_made_once(void **state)
{
    const char *problem = NULL, *path = path_of(*state, "made.key");
    struct stat st;
    mode_t before = umask(0277);
    assert_true(keyring_create(path, &problem));
    umask(before);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(st.st_size, 32);
    const struct keyring *k = keyring_load(*state, path, &problem);
    assert_non_null(k);
    const char *sealed = crypto_seal(*state, k, 1, "p", "kept");
    assert_false(keyring_create(path, &problem));
    assert_non_null(strstr(problem, "exists"));
    assert_string_equal(crypto_open(*state, keyring_load(*state, path, &problem), 1, "p", sealed), "kept");
    problem = NULL;
    assert_false(keyring_create(path_of(*state, "absent/made.key"), &problem));
    assert_non_null(problem);
}

static void key_file_is_refused(void **state)
{
    static const mode_t open_modes[] = { 0640, 0604, 0644, 0660, 0700, 0400, 04600 };
    const char *problem = NULL, *path = path_of(*state, "bad.key");
    char data[64] = "";
    for (size_t i = 0; i < ARRAY_LEN(open_modes); i++) {
        write_file(path, data, 32, open_modes[i]);
        assert_null(keyring_load(*state, path, &problem));
        assert_non_null(strstr(problem, "0600"));
    }
    static const size_t sizes[] = { 0, 1, 31, 33, 64 };
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        write_file(path, data, sizes[i], 0600);
        assert_null(keyring_load(*state, path, &problem));
        assert_non_null(strstr(problem, "32 bytes"));
    }
    assert_null(keyring_load(*state, path_of(*state, "absent.key"), &problem));
    assert_non_null(strstr(problem, "not exist"));
    assert_null(keyring_load(*state, folder, &problem));
    assert_non_null(strstr(problem, "regular"));
}

static void subkeys_differ(void **state)
{
    const struct keyring *k = keyring_of(*state, 1), *other = keyring_of(*state, 2);
    uint8_t one[32], two[32], three[32];
    char hex[33], again[33], different[33];
    keyring_subkey(k, "jwt", one);
    keyring_subkey(k, "csrf", two);
    keyring_subkey(other, "jwt", three);
    assert_memory_not_equal(one, two, 32);
    assert_memory_not_equal(one, three, 32);
    keyring_subkey(k, "jwt", two);
    assert_memory_equal(one, two, 32);
    crypto_keyed_hex(k, "csrf", "session", hex);
    crypto_keyed_hex(k, "csrf", "session", again);
    assert_string_equal(hex, again);
    assert_int_equal(strspn(hex, "0123456789abcdef"), 32);
    assert_int_equal(strlen(hex), 32);
    crypto_keyed_hex(k, "csrf", "sessioN", different);
    assert_string_not_equal(hex, different);
    crypto_keyed_hex(k, "throttle", "session", different);
    assert_string_not_equal(hex, different);
    crypto_keyed_hex(other, "csrf", "session", different);
    uint8_t mine[32], again_mine[32], theirs[32], elsewhere[32];
    crypto_keyed_hash(k, "opt-out", 1, "+447700900123", mine);
    crypto_keyed_hash(k, "opt-out", 1, "+447700900123", again_mine);
    crypto_keyed_hash(k, "opt-out", 2, "+447700900123", theirs);
    crypto_keyed_hash(other, "opt-out", 1, "+447700900123", elsewhere);
    assert_memory_equal(mine, again_mine, 32);
    assert_memory_not_equal(mine, theirs, 32);
    assert_memory_not_equal(mine, elsewhere, 32);
    assert_string_not_equal(hex, different);
}

static void passwords(void **state)
{
    const char *hash = password_hash(*state, "correct horse");
    assert_memory_equal(hash, "$argon2id$", 10);
    assert_true(strlen(hash) <= 128);
    assert_true(password_verify(hash, "correct horse"));
    assert_false(password_verify(hash, "correct horsE"));
    assert_false(password_verify(hash, ""));
    assert_false(password_verify("", "correct horse"));
    assert_false(password_verify("$argon2id$rubbish", "correct horse"));
    assert_false(password_verify(NULL, "correct horse"));
    assert_false(password_verify(hash, NULL));
    assert_string_not_equal(hash, password_hash(*state, "correct horse")); /* salted */
}

static int setup(void **state)
{
    crypto_init();
    crypto_init(); /* a second call changes nothing */
    *state = arena_new(16 << 20);
    return mkdtemp(folder) ? 0 : -1;
}

static int teardown(void **state)
{
    static const char *const names[] = { "some.key", "made.key", "bad.key" };
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        unlink(path_of(*state, names[i]));
    arena_free(*state);
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hmac_sha1_rfc2202), cmocka_unit_test(hmac_with_an_empty_key), cmocka_unit_test(sha256_and_hex),
        cmocka_unit_test(random_texts), cmocka_unit_test(comparison), cmocka_unit_test(sealed_opens_only_where_it_was_sealed),
        cmocka_unit_test(sealed_texts_of_any_length), cmocka_unit_test(damaged_seals_do_not_open), cmocka_unit_test(key_file_is_made_once),
        cmocka_unit_test(key_file_is_refused), cmocka_unit_test(subkeys_differ), cmocka_unit_test(passwords),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
