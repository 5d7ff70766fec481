/* signature.c - X-Twilio-Signature: published literals, the spellings of a URL, JSON bodies, and the conformance data. */
#include "base/base.h"
#include "base/signature.h"
#include "base/crypto.h"
#include "../vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define VOICE "CallSid=CA1234567890ABCDE&Caller=%2B14158675309&Digits=1234&From=%2B14158675309&To=%2B18005551212"

static struct arena *arena;

static bool valid(const char *url, const char *body, const char *header)
{
    size_t count = 0;
    struct pair *pairs = body ? pairs_parse(arena, body, strlen(body), 1000, &count) : NULL;
    return signature_valid(arena, "12345", url, pairs, count, body, body ? strlen(body) : 0, header);
}

static const char *made(const char *url, const char *body)
{
    size_t count = 0;
    struct pair *pairs = pairs_parse(arena, body, strlen(body), 1000, &count);
    return signature_make(arena, "12345", url, pairs, count);
}

static void published_literals(void **state)
{
    static const char *const cases[][2] = {
        { "https://mycompany.com/myapp.php?foo=1&bar=2", "RSOYDt4T1cUTdK1PDd93/VVr8B8=" },
        { "https://mycompany.com:443/myapp.php?foo=1&bar=2", "kvajT1Ptam85bY51eRf/AJRuM3w=" },
        { "http://mycompany.com:80/myapp.php?foo=1&bar=2", "0ZXoZLH/DfblKGATFgpif+LLRf4=" },
        { "http://mycompany.com:1234/myapp.php?foo=1&bar=2", "Zmvh+3yNM1Phv2jhDCwEM3q5ebU=" },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_string_equal(made(cases[i][0], VOICE), cases[i][1]);
        assert_true(valid(cases[i][0], VOICE, cases[i][1]));
    }
    assert_string_equal(made("https://mycompany.com/myapp.php?foo=1&bar=2", "Sid=CA123&SidAccount=AC123&Digits=5678&Digits=1234&Digits=1234"),
                        "IK+Dwps556ElfBT0I3Rgjkr1wJU=");
    static const char body[] = "{\"property\": \"value\", \"boolean\": true}";
    assert_true(signature_valid(arena, "12345",
                                "https://mycompany.com/myapp.php?foo=1&bar=2&bodySHA256=0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620",
                                NULL, 0, body, strlen(body), "a9nBmqA0ju/hNViExpshrM61xv4="));
}

static void ports_may_differ(void **state)
{
    static const struct {
        const char *received, *signed_url;
        bool ok;
    } cases[] = {
        { "https://h.example/x", "https://h.example:443/x", true },   { "https://h.example:443/x", "https://h.example/x", true },
        { "http://h.example/x", "http://h.example:80/x", true },      { "http://h.example:8080/x", "http://h.example/x", true },
        { "https://h.example", "https://h.example:443/", true },      { "http://[::1]/x", "http://[::1]:80/x", true },
        { "http://[::1]:8080/x", "http://[::1]/x", true },            { "https://u:p@h.example/x", "https://u:p@h.example:443/x", true },
        { "https://h.example/x", "https://h.example:80/x", false },   { "https://h.example/x", "http://h.example/x", false },
        { "https://h.example/x", "https://h.example:8443/x", false }, { "https://h.example:8443/x", "https://h.example:443/x", false },
        { "https://h.example/x?u=a:1/", "https://h.example/x?u=a/", false },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        if (valid(cases[i].received, "A=1", made(cases[i].signed_url, "A=1")) != cases[i].ok)
            fail_msg("received %s, signed %s", cases[i].received, cases[i].signed_url);
}

static void spellings_of_the_query(void **state)
{
    static const struct {
        const char *received, *signed_url;
        bool ok;
    } cases[] = {
        { "https://h.example/x?t=it's", "https://h.example/x?t=it%27s", true },
        { "https://h.example/x?t=It's+here", "https://h.example/x?t=It's%20here", true },
        { "https://h.example/x?t=It's+here", "https://h.example:443/x?t=It's%20here", true },
        { "https://h.example/x?a=1&b=2&a=3", "https://h.example/x?a=1&a=3&b=2", true },
        { "https://H.Example/x", "https://h.example/x", true },
        { "https://h.example/x?a=%2b", "https://h.example/x?a=%2B", true },
        { "https://h.example/x?a=1", "https://h.example/x?a=2", false },
        { "https://h.example/x?a=1", "https://h.example/x", false },
        { "https://h.example/X", "https://h.example/x", false },
        { "https://h.example/x/", "https://h.example/x", false },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        if (valid(cases[i].received, "A=1", made(cases[i].signed_url, "A=1")) != cases[i].ok)
            fail_msg("received %s, signed %s", cases[i].received, cases[i].signed_url);
}

static void parameters_are_sorted_and_distinct(void **state)
{
    const char *url = "https://h.example/x";
    (void)state;
    assert_string_equal(made(url, "b=2&a=1&B=3"), made(url, "B=3&a=1&b=2"));
    assert_string_equal(made(url, "x=2&x=1&x=2"), made(url, "x=1&x=2"));
    assert_string_not_equal(made(url, "x=1&x=2"), made(url, "x=12"));
    assert_string_equal(made(url, "a=+%20"), made(url, "a=%20+"));
    assert_string_not_equal(made(url, "a=%2B"), made(url, "a=+"));
    assert_string_equal(made(url, "a"), made(url, "a="));
    assert_string_not_equal(made(url, "a=1&b="), made(url, "a=1"));
    assert_string_equal(made(url, ""), signature_make(arena, "12345", url, NULL, 0));
    /* UTF-16 order: U+1F600 before U+FF21 */
    char direct[32];
    const char *text = "https://h.example/xX\xF0\x9F\x98\x80X\xEF\xBC\xA1";
    const struct span whole = { text, strlen(text) };
    crypto_hmac_sha1_base64("12345", 5, &whole, 1, direct);
    assert_string_equal(made(url, "X=%EF%BC%A1&X=%F0%9F%98%80"), direct);
}

static void wrong_headers(void **state)
{
    const char *url = "https://h.example/x", *good = made(url, "A=1");
    (void)state;
    assert_true(valid(url, "A=1", good));
    assert_false(valid(url, "A=1", NULL));
    assert_false(valid(url, "A=1", ""));
    assert_false(valid(url, "A=1", arena_printf(arena, " %s", good)));
    assert_false(valid(url, "A=1", arena_printf(arena, "%s ", good)));
    assert_false(valid(url, "A=1", arena_printf(arena, "%s%s", good, good)));
    for (size_t i = 0; i < 28; i++) {
        char *copy = arena_strdup(arena, good);
        copy[i] = copy[i] == 'A' ? 'B' : 'A';
        assert_false(valid(url, "A=1", copy));
        assert_false(valid(url, "A=1", arena_strndup(arena, good, i)));
    }
    assert_false(valid(url, "A=2", good));
    assert_false(valid(url, "A=1&B=1", good));
    assert_false(valid(url, "", good));
    assert_false(signature_valid(arena, "", url, NULL, 0, NULL, 0, signature_make(arena, "", url, NULL, 0)));
    assert_false(signature_valid(arena, NULL, url, NULL, 0, NULL, 0, good));
    assert_false(signature_valid(arena, "12345", NULL, NULL, 0, NULL, 0, good));
    assert_true(valid("no url", NULL, signature_make(arena, "12345", "no url", NULL, 0)));
    assert_false(valid("no url", NULL, good));
}

static bool body_valid(const char *query, const char *body)
{
    const char *url = arena_printf(arena, "https://h.example/x?%s", query);
    return signature_valid(arena, "12345", url, NULL, 0, body, strlen(body), signature_make(arena, "12345", url, NULL, 0));
}

static void json_bodies(void **state)
{
#define HASH "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a" /* of {} */
    (void)state;
    assert_true(body_valid("bodySHA256=" HASH, "{}"));
    assert_true(body_valid("a=1&bodySHA256=" HASH "&b=2", "{}"));
    assert_false(body_valid("bodySHA256=" HASH, "{} "));
    assert_false(body_valid("bodySHA256=" HASH, ""));
    assert_false(body_valid("bodySHA256=", "{}"));
    assert_false(body_valid("bodySHA256", "{}"));
    assert_false(body_valid("bodySHA256=44136FA355B3678A1146AD16F7E8649E94FB4FC21FE77E8310C060F61CAAFF8A", "{}"));
    assert_false(body_valid("bodySHA256=0&bodySHA256=" HASH, "{}"));
    assert_true(body_valid("bodySHA256=" HASH "&bodySHA256=0", "{}"));
    /* The hash alone is not enough, and no fragment or path can bring one along. */
    assert_false(signature_valid(arena, "12345", "https://h.example/x?bodySHA256=" HASH, NULL, 0, "{}", 2, made("https://h.example/x", "")));
    assert_true(valid("https://h.example/bodySHA256/x?a=1", "A=1", made("https://h.example/bodySHA256/x?a=1", "A=1")));
    /* The form is not part of what is signed then. */
    struct pair pair = { "a", 1, "b", 1 };
    const char *url = "https://h.example/x?bodySHA256=" HASH;
    assert_true(signature_valid(arena, "12345", url, &pair, 1, "{}", 2, signature_make(arena, "12345", url, NULL, 0)));
}

static void pairs(void **state)
{
    static const struct {
        const char *text;
        size_t count;
        const char *name, *value; /* of the last one */
    } cases[] = {
        { "a=1", 1, "a", "1" }, { "a=1&b=2", 2, "b", "2" }, { "a", 1, "a", "" }, { "=", 1, "", "" }, { "=v", 1, "", "v" }, { "a=b=c", 1, "a", "b=c" },
        { "&&a=1&&", 1, "a", "1" }, { "%41%3d=%26+x", 1, "A=", "& x" }, { "a=%", 1, "a", "%" }, { "a=%4", 1, "a", "%4" }, { "a=%zz%41", 1, "a", "%zzA" },
        { "a+b=c+d", 1, "a b", "c d" }, { "a=%c3%A9", 1, "a", "\xC3\xA9" }, { "a=%4g", 1, "a", "%4g" },
    };
    (void)state;
    size_t count;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct pair *p = pairs_parse(arena, cases[i].text, strlen(cases[i].text), 10, &count);
        assert_non_null(p);
        assert_int_equal(count, cases[i].count);
        assert_string_equal(p[count - 1].name, cases[i].name);
        assert_string_equal(p[count - 1].value, cases[i].value);
        assert_int_equal(p[count - 1].name_len, strlen(cases[i].name));
        assert_int_equal(p[count - 1].value_len, strlen(cases[i].value));
    }
    assert_non_null(pairs_parse(arena, "", 0, 10, &count));
    assert_int_equal(count, 0);
    assert_non_null(pairs_parse(arena, "&&&", 3, 0, &count));
    assert_int_equal(count, 0);
    assert_non_null(pairs_parse(arena, "a&b&c", 5, 3, &count));
    assert_int_equal(count, 3);
    assert_null(pairs_parse(arena, "a&b&c", 5, 2, &count));
    const struct pair *p = pairs_parse(arena, "a=x%00y", 7, 10, &count); /* NUL is a byte like any other */
    assert_int_equal(p[0].value_len, 3);
    assert_memory_equal(p[0].value, "x\0y", 4);
    p = pairs_parse(arena, "a=12345", 4, 10, &count); /* nothing behind the length is read */
    assert_string_equal(p[0].value, "12");
}

static const char *url_of(const struct json *v)
{
    if (strcmp(json_get_text(v, "kind", ""), "incoming") != 0)
        return json_get_text(v, "url", "");
    const struct json *opts = json_get(v, "opts");
    const char *url = json_get_text(opts, "url", NULL);
    return url ? url
               : arena_printf(arena, "%s://%s%s", json_get_text(opts, "protocol", json_get_text(v, "protocol", "")),
                              json_get_text(opts, "host", json_get_text(v, "host", "")), json_get_text(v, "original_url", ""));
}

static void conformance(void **state)
{
    size_t bad = 0, run = 0, contested = 0, agreed = 0;
    (void)state;
    const struct json *list = vectors_load(arena, "twilio-signature/signature_vectors.json");
    for (const struct json *v = json_first(list); v; v = json_next(v)) {
        size_t n, header_len, count;
        bool is_body = strcmp(json_get_text(v, "kind", ""), "body") == 0;
        const char *raw = vector_text(arena, v, is_body ? "body" : "raw_body", &n), *header = vector_text(arena, v, "header", &header_len);
        if (strlen(header) != header_len)
            continue; /* a header with a NUL: the server refuses it before we see a C string */
        struct pair *p = pairs_parse(arena, raw, n, 10000, &count);
        bool expected = json_bool(json_get(v, "expected_valid"), false);
        bool ok = signature_valid(arena, json_get_text(v, "token", ""), url_of(v), p, count, raw, n, header);
        run++;
        if (vector_contested(v)) {
            contested++;
            agreed += ok == expected;
        } else if (ok != expected) {
            printf("%s (%s): %s\n", json_get_text(v, "id", ""), json_get_text(v, "note", ""), ok ? "valid" : "invalid");
            bad++;
        }
        if (!is_body && json_get(v, "url") && strcmp(signature_make(arena, json_get_text(v, "token", ""), url_of(v), p, count), json_get_text(v, "expected_signature", "")) != 0) {
            printf("%s (%s): another signature\n", json_get_text(v, "id", ""), json_get_text(v, "note", ""));
            bad++;
        }
    }
    if (list)
        printf("%zu vectors; of %zu contested ones %zu as the official library has them\n", run, contested, agreed);
    assert_int_equal(bad, 0);
}

static int setup(void **state)
{
    (void)state;
    crypto_init();
    arena = arena_new(256 << 20);
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
        cmocka_unit_test(published_literals), cmocka_unit_test(ports_may_differ), cmocka_unit_test(spellings_of_the_query),
        cmocka_unit_test(parameters_are_sorted_and_distinct), cmocka_unit_test(wrong_headers), cmocka_unit_test(json_bodies), cmocka_unit_test(pairs),
        cmocka_unit_test(conformance),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
