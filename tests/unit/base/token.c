/* token.c - bearer tokens: what is read back, and the forgeries that are not. */
#include "base/base.h"
#include "base/token.h"
#include "base/clock.h"

#include <jwt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static struct arena *arena;
static const struct keyring *keys, *other_keys;
static const int64_t now = 1763645820000; /* 2025-11-20 */

static const struct keyring *keyring_new(void)
{
    char path[] = "/tmp/centrala-token-XXXXXX";
    const char *problem;
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    unlink(path);
    assert_true(keyring_create(path, &problem));
    const struct keyring *k = keyring_load(arena, path, &problem);
    unlink(path);
    assert_non_null(k);
    return k;
}

static bool reads(const char *text, int64_t at, struct token *out)
{
    return token_read(arena, keys, text, at, out);
}

static void a_token_comes_back(void **state)
{
    (void)state;
    const struct token in = { .tenant = 3, .user = UINT64_MAX, .jti = "0123456789abcdef0123456789abcdef", .expires_ms = now + 60000 };
    struct token out;
    const char *text = token_make(arena, keys, &in);
    assert_true(reads(text, now, &out));
    assert_int_equal(out.tenant, 3);
    assert_true(out.user == UINT64_MAX);
    assert_string_equal(out.jti, in.jti);
    assert_int_equal(out.expires_ms, now + 60000);
}

static void it_ends(void **state)
{
    (void)state;
    struct token t = { .tenant = 1, .user = 2, .jti = "a", .expires_ms = now }, out;
    assert_false(reads(token_make(arena, keys, &t), now, &out));
    t.expires_ms = now + 1000;
    assert_true(reads(token_make(arena, keys, &t), now, &out));
    assert_false(reads(token_make(arena, keys, &t), now + 1000, &out));
    t.expires_ms = CLOCK_NONE;
    assert_true(reads(token_make(arena, keys, &t), INT64_MAX / 2, &out));
    assert_true(out.expires_ms == CLOCK_NONE);
}

static void another_key_or_a_changed_letter(void **state)
{
    (void)state;
    const struct token t = { .tenant = 1, .user = 2, .jti = "a", .expires_ms = CLOCK_NONE };
    struct token out;
    const char *text = token_make(arena, keys, &t);
    assert_false(token_read(arena, other_keys, text, now, &out));
    for (size_t i = 0; i + 1 < strlen(text); i++) { /* the last letter holds bits that mean nothing */
        char *copy = arena_strdup(arena, text);
        copy[i] = copy[i] == 'A' ? 'B' : 'A';
        assert_false(reads(copy, now, &out));
    }
    assert_false(reads(arena_strndup(arena, text, strlen(text) - 2), now, &out));
}

/* A token as somebody else might make it. */
static const char *forged(jwt_alg_t alg, const char *grants)
{
    uint8_t key[64] = { 0 };
    jwt_t *jwt;
    keyring_subkey(keys, "jwt", key);
    assert_int_equal(jwt_new(&jwt), 0);
    assert_int_equal(jwt_add_grants_json(jwt, grants), 0);
    assert_int_equal(jwt_set_alg(jwt, alg, alg == JWT_ALG_NONE ? NULL : key, alg == JWT_ALG_NONE ? 0 : 32), 0);
    char *text = jwt_encode_str(jwt);
    assert_non_null(text);
    const char *out = arena_strdup(arena, text);
    free(text);
    jwt_free(jwt);
    return out;
}

static void only_hs256(void **state)
{
    static const char claims[] = "{\"tid\":\"1\",\"sub\":\"2\",\"jti\":\"a\"}";
    struct token out;
    (void)state;
    assert_true(reads(forged(JWT_ALG_HS256, claims), now, &out));
    assert_false(reads(forged(JWT_ALG_NONE, claims), now, &out));
    assert_false(reads(forged(JWT_ALG_HS384, claims), now, &out));
    assert_false(reads(forged(JWT_ALG_HS512, claims), now, &out));
    /* {"alg":"none"} in front of a signature made for HS256, and without any */
    const char *good = forged(JWT_ALG_HS256, claims);
    const char *rest = strchr(good, '.');
    assert_false(reads(arena_printf(arena, "eyJhbGciOiJub25lIn0%s", rest), now, &out));
    assert_false(reads(arena_printf(arena, "eyJhbGciOiJub25lIn0%.*s", (int)(strrchr(rest, '.') + 1 - rest), rest), now, &out));
    assert_false(reads(arena_printf(arena, "eyJhbGciOiJOT05FIn0%.*s", (int)(strrchr(rest, '.') + 1 - rest), rest), now, &out));
}

static void claims_must_be_whole(void **state)
{
    static const char *const wrong[] = {
        "{}", "{\"tid\":\"1\",\"sub\":\"2\"}", "{\"tid\":\"1\",\"jti\":\"a\"}", "{\"sub\":\"2\",\"jti\":\"a\"}", "{\"tid\":\"1\",\"sub\":\"2\",\"jti\":\"\"}",
        "{\"tid\":\"-1\",\"sub\":\"2\",\"jti\":\"a\"}", "{\"tid\":\"1x\",\"sub\":\"2\",\"jti\":\"a\"}", "{\"tid\":\" 1\",\"sub\":\"2\",\"jti\":\"a\"}",
        "{\"tid\":\"1\",\"sub\":\"\",\"jti\":\"a\"}", "{\"tid\":\"99999999999999999999\",\"sub\":\"2\",\"jti\":\"a\"}", "{\"tid\":1,\"sub\":\"2\",\"jti\":\"a\"}",
        "{\"tid\":\"1\",\"sub\":\"2\",\"jti\":7}", "{\"tid\":\"1\",\"sub\":\"2\",\"jti\":\"a\",\"exp\":\"9999999999\"}",
        "{\"tid\":\"1\",\"sub\":\"2\",\"jti\":\"a\",\"exp\":-5}", "{\"tid\":\"1\",\"sub\":\"2\",\"jti\":\"a\",\"exp\":9223372036854775807}",
        "{\"tid\":\"1\",\"sub\":\"2\",\"jti\":\"a\",\"exp\":null}", "{\"tid\":\"1\",\"sub\":\"2\",\"jti\":\"a\",\"exp\":0}",
    };
    struct token out;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
        if (reads(forged(JWT_ALG_HS256, wrong[i]), now, &out))
            fail_msg("accepted %s", wrong[i]);
}

static void rubbish(void **state)
{
    static const char *const wrong[] = { "", ".", "..", "...", "a.b.c", "eyJhbGciOiJIUzI1NiJ9", "eyJhbGciOiJIUzI1NiJ9.", "eyJhbGciOiJIUzI1NiJ9.e30." };
    struct token out;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
        assert_false(reads(wrong[i], now, &out));
    assert_false(reads(NULL, now, &out));
    char long_one[5000];
    memset(long_one, 'a', sizeof long_one);
    long_one[sizeof long_one - 1] = 0;
    assert_false(reads(long_one, now, &out));
}

static int setup(void **state)
{
    (void)state;
    crypto_init();
    arena = arena_new(16 << 20);
    keys = keyring_new();
    other_keys = keyring_new();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_comes_back), cmocka_unit_test(it_ends), cmocka_unit_test(another_key_or_a_changed_letter),
        cmocka_unit_test(only_hs256), cmocka_unit_test(claims_must_be_whole), cmocka_unit_test(rubbish),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
