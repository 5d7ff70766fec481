/* split.c - long texts in parts. */
#include "base/base.h"
#include <setjmp.h>
#include <cmocka.h>
#include "base/split.h"
#include "base/str.h"
#include "base/utf8.h"

static struct arena *arena;

static int open_arena(void **state)
{
    (void)state;
    arena = arena_new(8 << 20);
    return 0;
}

static int close_arena(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

/* The parts, joined by a bar. */
static const char *parts(const char *s, size_t most)
{
    const char **v;
    size_t n = split_text(arena, s, most, &v);
    struct str t;
    str_init(&t, arena, 64, 1 << 20);
    for (size_t i = 0; i < n; i++) {
        str_puts(&t, i ? "|" : "");
        str_puts(&t, v[i]);
        assert_true(utf16_units(v[i], strlen(v[i])) <= most);
    }
    return t.s;
}

static void test_what_fits_stays_whole(void **state)
{
    (void)state;
    assert_string_equal(parts("One. Two.", 9), "One. Two.");
    assert_string_equal(parts("", 9), "");
    assert_string_equal(parts(" \n ", 9), "");
}

static void test_kinds_of_ends_in_their_order(void **state)
{
    (void)state;
    assert_string_equal(parts("ab\n\nc. d\ne. f g h", 14), "ab|c. d\ne. f g h");
    assert_string_equal(parts("ab. c\nd! efghijkl", 14), "ab. c|d! efghijkl");
    assert_string_equal(parts("Yes. Oh no! Really so", 15), "Yes.|Oh no!|Really so");
    assert_string_equal(parts("Oh no! Why? Really so", 15), "Oh no!|Why? Really so");
    assert_string_equal(parts("Oh why? So; this is", 15), "Oh why?|So; this is");
    assert_string_equal(parts("first; second; third", 15), "first; second;|third");
}

static void test_the_last_end_before_the_limit(void **state)
{
    (void)state;
    assert_string_equal(parts("One. Two. Three. Four.", 10), "One. Two.|Three.|Four.");
    /* The sentence ends exactly at the limit: its blank stands behind it. */
    assert_string_equal(parts("One. Two. Three", 9), "One. Two.|Three");
    assert_string_equal(parts("a.b.c.d.e.f", 4), "a.b.|c.d.|e.f");
}

static void test_a_hard_cut_keeps_characters_whole(void **state)
{
    (void)state;
    assert_string_equal(parts("abcdefghij", 4), "abcd|efgh|ij");
    /* A family (seven units and joiners), then letters: never in pieces. */
    const char *family = "👩‍👩‍👧‍👦";
    size_t units = utf16_units(family, strlen(family));
    assert_string_equal(parts(arena_printf(arena, "ab%scd", family), units + 1), arena_printf(arena, "ab|%sc|d", family));
    assert_string_equal(parts("zażółć", 3), "zaż|ółć");
}

static void test_marks_without_end_are_cut_too(void **state)
{
    (void)state;
    assert_string_equal(parts("e\u0301\u0301\u0301\u0301\u0301 a", 4), "e\u0301\u0301\u0301|\u0301\u0301 a");
}

static void test_nothing_is_lost(void **state)
{
    (void)state;
    struct str t;
    str_init(&t, arena, 1000, 1 << 20);
    for (int i = 0; i < 2000; i++)
        str_printf(&t, "w%dż%s", i, i % 17 == 16 ? ". " : i % 5 == 4 ? "\n" : "x");
    const char **v;
    size_t n = split_text(arena, t.s, SPLIT_UNITS, &v);
    assert_true(n > 8);
    struct str all, want;
    str_init(&all, arena, 1000, 1 << 20);
    str_init(&want, arena, 1000, 1 << 20);
    for (size_t i = 0; i < n; i++)
        for (const char *s = v[i]; *s; s++)
            if (*s != ' ' && *s != '\n')
                str_putc(&all, *s);
    for (const char *s = t.s; *s; s++)
        if (*s != ' ' && *s != '\n')
            str_putc(&want, *s);
    assert_string_equal(all.s, want.s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_fits_stays_whole),
        cmocka_unit_test(test_kinds_of_ends_in_their_order),
        cmocka_unit_test(test_the_last_end_before_the_limit),
        cmocka_unit_test(test_a_hard_cut_keeps_characters_whole),
        cmocka_unit_test(test_marks_without_end_are_cut_too),
        cmocka_unit_test(test_nothing_is_lost),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
