/* multipart.c - bodies as browsers send them, and as nobody should. */
#include "base/base.h"
#include "base/str.h"
#include "web/multipart.h"
#include <setjmp.h>
#include <cmocka.h>

static const char type[] = "multipart/form-data; boundary=B";

static int make_arena(void **state)
{
    *state = arena_new(64 << 20);
    return 0;
}

static int free_arena(void **state)
{
    arena_free(*state);
    return 0;
}

static bool parse(void **state, const char *with, const char *body, size_t n, struct multipart *m)
{
    const char *problem = NULL;
    /* A copy of exactly that size: a sanitizer sees every step beyond it. */
    char *copy = malloc(n ? n : 1);
    memcpy(copy, body, n);
    bool ok = multipart_parse(*state, with, copy, n, m, &problem);
    assert_true(ok || problem);
    for (struct upload *u = ok ? m->uploads : NULL; u; u = u->next)
        u->data = arena_strndup(*state, u->data, u->size);
    free(copy);
    return ok;
}

#define PARSE(with, text, m) parse(state, with, text, sizeof text - 1, m)

#define TEXT_PART(name, value) "--B\r\nContent-Disposition: form-data; name=\"" name "\"\r\n\r\n" value "\r\n"

static void texts_and_files(void **state)
{
    static const char body[] = TEXT_PART("a", "1") TEXT_PART("b", "zażółć\r\n--\r\n") TEXT_PART("a", "")
        "--B\r\ncontent-disposition: form-data; name=\"f\"; filename=\"C:\\dir\\photo \\\"x\\\".png\"\r\n"
        "Content-Type: image/png\r\n\r\n\0\1\r\n-B\r\n--\xff\r\n"
        "--B\r\nContent-Disposition: form-data; name=\"g\"; filename=\"\"\r\nContent-Type: application/octet-stream\r\n\r\n\r\n"
        "--B--\r\n";
    struct multipart m;
    assert_true(PARSE(type, body, &m));
    assert_int_equal(m.param_count, 3);
    assert_string_equal(m.params[0].name, "a");
    assert_string_equal(m.params[0].value, "1");
    assert_string_equal(m.params[1].value, "zażółć\r\n--\r\n");
    assert_string_equal(m.params[2].value, "");
    assert_non_null(m.uploads);
    assert_null(m.uploads->next);
    assert_string_equal(m.uploads->name, "f");
    assert_string_equal(m.uploads->filename, "photo \"x\".png");
    assert_string_equal(m.uploads->type, "image/png");
    assert_int_equal(m.uploads->size, 11);
    assert_memory_equal(m.uploads->data, "\0\1\r\n-B\r\n--\xff", 11);
}

static void spellings_that_clients_use(void **state)
{
    struct multipart m;
    assert_true(PARSE("multipart/form-data; charset=x; BOUNDARY=\"B\"", TEXT_PART("a", "1") "--B--", &m));
    assert_int_equal(m.param_count, 1);
    assert_true(PARSE(type, "preamble\r\n" TEXT_PART("a", "1") "--B--\r\nepilogue", &m));
    assert_string_equal(m.params[0].value, "1");
    assert_true(PARSE(type, "--B \t\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--B--", &m));
    assert_string_equal(m.params[0].name, "a");
    assert_true(PARSE(type, "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n--B--", &m)); /* no line of its own */
    assert_int_equal(m.params[0].value_len, 0);
    assert_true(PARSE(type, "--B--", &m));
    assert_int_equal(m.param_count, 0);
}

static void a_nul_is_only_data(void **state)
{
    struct multipart m;
    assert_true(PARSE(type, TEXT_PART("a", "x\0y") "--B--", &m));
    assert_int_equal(m.params[0].value_len, 3);
    assert_memory_equal(m.params[0].value, "x\0y", 4);
    assert_false(PARSE(type, "--B\r\nContent-Disposition: form-data; name=\"a\0b\"\r\n\r\n1\r\n--B--", &m));
}

static void broken_bodies_are_refused(void **state)
{
    struct multipart m;
    assert_false(PARSE("multipart/form-data", TEXT_PART("a", "1") "--B--", &m));
    assert_false(PARSE("multipart/form-data; boundary=", TEXT_PART("a", "1") "--B--", &m));
    assert_false(PARSE("multipart/form-data; boundary=\"\x01\"", TEXT_PART("a", "1") "--B--", &m));
    assert_false(PARSE(type, "", &m));
    assert_false(PARSE(type, "--C\r\n", &m));
    assert_false(PARSE(type, "--B", &m));
    assert_false(PARSE(type, "--B\r\n", &m));
    assert_false(PARSE(type, TEXT_PART("a", "1"), &m)); /* cut short before its end */
    assert_false(PARSE(type, "--B\r\nContent-Disposition: form-data\r\n\r\n1\r\n--B--", &m));
    assert_false(PARSE(type, "--B\r\n\r\n1\r\n--B--", &m));
    assert_false(PARSE(type, "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n1\r\n--B--", &m));
    assert_false(PARSE(type, TEXT_PART("a", "1") "--Bx\r\n", &m));
}

static void every_cut_is_noticed(void **state)
{
    static const char body[] = TEXT_PART("a", "1") "--B\r\nContent-Disposition: form-data; name=\"f\"; filename=\"x\"\r\n\r\n12\r\n--B--";
    struct multipart m;
    for (size_t n = 0; n < sizeof body - 1; n++)
        assert_false(parse(state, type, body, n, &m));
    assert_true(parse(state, type, body, sizeof body - 1, &m));
}

static void ceilings_hold(void **state)
{
    struct arena *a = *state;
    struct str s;
    struct multipart m;
    str_init(&s, a, 0, 8 << 20);
    for (int i = 0; i < MULTIPART_PARTS_MAX; i++)
        str_puts(&s, TEXT_PART("a", "1"));
    size_t full = s.len;
    STR_LIT(&s, "--B--");
    assert_true(parse(state, type, s.s, s.len, &m));
    assert_int_equal(m.param_count, MULTIPART_PARTS_MAX);
    s.len = full;
    STR_LIT(&s, TEXT_PART("a", "1") "--B--");
    assert_false(parse(state, type, s.s, s.len, &m));

    /* A header of nothing but parameters neither takes long nor much memory. */
    str_init(&s, a, 0, 1 << 20);
    STR_LIT(&s, "--B\r\nContent-Disposition: form-data");
    while (s.len < MULTIPART_HEAD_MAX + 100)
        STR_LIT(&s, "; a=b");
    STR_LIT(&s, "; name=x\r\n\r\n1\r\n--B--");
    size_t before = arena_used(a);
    assert_false(parse(state, type, s.s, s.len, &m));
    assert_true(arena_used(a) - before < 64 * 1024);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(texts_and_files, make_arena, free_arena),
        cmocka_unit_test_setup_teardown(spellings_that_clients_use, make_arena, free_arena),
        cmocka_unit_test_setup_teardown(a_nul_is_only_data, make_arena, free_arena),
        cmocka_unit_test_setup_teardown(broken_bodies_are_refused, make_arena, free_arena),
        cmocka_unit_test_setup_teardown(every_cut_is_noticed, make_arena, free_arena),
        cmocka_unit_test_setup_teardown(ceilings_hold, make_arena, free_arena),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
