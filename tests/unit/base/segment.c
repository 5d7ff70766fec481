/* segment.c - encodings, units, parts, what is never cut in two, and the conformance data. */
#include "base/base.h"
#include "base/segment.h"
#include "../vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static struct arena *arena;

#define LETTER "\xC4\x85"                                                                                     /* U+0105 */
#define SMILE "\xF0\x9F\x98\x80"                                                                              /* U+1F600 */
#define FAMILY "\xF0\x9F\x91\xA8\xE2\x80\x8D\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x91\xA7\xE2\x80\x8D\xF0\x9F\x91\xA6" /* 11 units */
#define EURO "\xE2\x82\xAC"

static struct segments count_n(const char *s, size_t n)
{
    struct segments out;
    segments_count(arena, s, n, &out);
    return out;
}

/* `times` repetitions of `unit`, then `tail`. */
static const char *text(size_t times, const char *unit, const char *tail)
{
    size_t n = strlen(unit), t = strlen(tail);
    char *out = arena_alloc(arena, times * n + t + 1);
    for (size_t i = 0; i < times; i++)
        memcpy(out + i * n, unit, n);
    memcpy(out + times * n, tail, t + 1);
    return out;
}

static void expect(const char *s, bool ucs2, int count, int units, int room)
{
    struct segments got = count_n(s, strlen(s));
    if (got.ucs2 != ucs2 || got.count != count || got.units != units || got.room != room)
        fail_msg("\"%.40s\": %s %d parts %d units %d room, expected %s %d %d %d", s, got.ucs2 ? "UCS-2" : "GSM-7", got.count, got.units, got.room,
                 ucs2 ? "UCS-2" : "GSM-7", count, units, room);
}

static void gsm_boundaries(void **state)
{
    (void)state;
    expect("", false, 1, 0, 160);
    expect("Hello", false, 1, 5, 155);
    expect(text(160, "x", ""), false, 1, 160, 0);
    expect(text(161, "x", ""), false, 2, 161, 145);
    expect(text(306, "x", ""), false, 2, 306, 0);
    expect(text(307, "x", ""), false, 3, 307, 152);
    expect(text(80, EURO, ""), false, 1, 160, 0);
    expect(text(81, EURO, ""), false, 2, 162, 153 - 10); /* 76 pairs in the first part: one septet stays empty */
    expect(text(152, "a", EURO "aaaaaaaaaaaaaaaaaaaa"), false, 2, 174, 131);
    expect("a\r\nb", false, 1, 4, 156);
}

static void ucs2_boundaries(void **state)
{
    (void)state;
    expect(text(70, LETTER, ""), true, 1, 70, 0);
    expect(text(71, LETTER, ""), true, 2, 71, 63);
    expect(text(134, LETTER, ""), true, 2, 134, 0);
    expect(text(135, LETTER, ""), true, 3, 135, 66);
    expect(text(35, SMILE, ""), true, 1, 70, 0);
    expect(text(36, SMILE, ""), true, 2, 72, 67 - 6); /* 33 pairs in the first part */
    expect(text(66, LETTER, SMILE LETTER LETTER LETTER), true, 2, 71, 62);
    expect(text(100, "a", SMILE), true, 2, 102, 32);
}

static void clusters_stay_whole(void **state)
{
    (void)state;
    expect(text(60, LETTER, FAMILY), true, 2, 71, 67 - 11);
    expect(text(66, LETTER, "e\xCC\x81" LETTER LETTER LETTER), true, 2, 71, 62);                           /* combining acute */
    expect(text(66, LETTER, "\xE2\x9D\xA4\xEF\xB8\x8F" LETTER LETTER LETTER), true, 2, 71, 62);            /* variation selector */
    expect(text(65, LETTER, "\xF0\x9F\x87\xB5\xF0\x9F\x87\xB1" LETTER LETTER), true, 2, 71, 61);           /* flag */
    expect(text(65, LETTER, "\xF0\x9F\x91\x8B\xF0\x9F\x8F\xBD" LETTER LETTER), true, 2, 71, 61);           /* skin tone */
    expect(text(66, LETTER, "\r\n" LETTER LETTER LETTER), true, 2, 71, 63);                                 /* CR LF may be cut */
    /* More marks on one letter than a part can hold: cut, because it must go somewhere. */
    expect(text(1, "e", text(200, "\xCC\x81", "")), true, 3, 201, 0);
}

static void alphabet(void **state)
{
    (void)state;
    static const char gsm[] = "\xC2\xA1\xC2\xA3\xC2\xA4\xC2\xA5\xC2\xA7\xC2\xBF\xC3\x84\xC3\x85\xC3\x86\xC3\x87\xC3\x89\xC3\x91\xC3\x96\xC3\x98\xC3\x9C"
                              "\xC3\x9F\xC3\xA0\xC3\xA4\xC3\xA5\xC3\xA6\xC3\xA8\xC3\xA9\xC3\xAC\xC3\xB1\xC3\xB2\xC3\xB6\xC3\xB8\xC3\xB9\xC3\xBC"
                              "\xCE\x93\xCE\x94\xCE\x98\xCE\x9B\xCE\x9E\xCE\xA0\xCE\xA3\xCE\xA6\xCE\xA8\xCE\xA9";
    expect(gsm, false, 1, 39, 121);
    expect("\n\r !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz", false, 1, 88, 72);
    expect("\f^{}\\[~]|" EURO, false, 1, 20, 140);
    static const char *const outside[] = { "`", "\t", "\x1b", "\x7f", "\xC3\xA7", "\xC3\xB3", "\xC3\x88", "\xC2\xA0", "\xE2\x80\x99", "\xC2\xB0" };
    for (size_t i = 0; i < ARRAY_LEN(outside); i++)
        expect(outside[i], true, 1, 1, 69);
    assert_true(count_n("\0", 1).ucs2);
}

static void costly_characters(void **state)
{
    (void)state;
    assert_string_equal(count_n("plain", 5).costly, "");
    assert_string_equal(count_n("it\xE2\x80\x99s \xE2\x80\x99 " LETTER, 13).costly, "\xE2\x80\x99" LETTER);
    assert_string_equal(count_n(FAMILY "a" FAMILY, 2 * sizeof FAMILY - 1).costly, FAMILY);
    assert_string_equal(count_n("a\0b", 3).costly, "\xE2\x90\x80");
    assert_string_equal(count_n("a\xFF\xFE", 3).costly, "\xEF\xBF\xBD");
    struct segments s = count_n("abc\xC4\x80\xC4\x81\xC4\x82\xC4\x83\xC4\x84\xC4\x85\xC4\x86\xC4\x87\xC4\x88\xC4\x89\xC4\x8A\xC4\x8B\xC4\x8C\xC4\x8D"
                                "\xC4\x8E\xC4\x8F\xC4\x90\xC4\x91\xC4\x92\xC4\x93\xC4\x94\xC4\x95", 47);
    assert_int_equal(strlen(s.costly), 40); /* twenty of twenty-two */
}

static void text_that_is_no_utf8(void **state)
{
    (void)state;
    expect("a\xFF", true, 1, 2, 68);
    expect("\xF0\x9F\x98", true, 1, 3, 67);
    expect(text(80, "\x80", ""), true, 2, 80, 54);
}

static void newlines(void **state)
{
    (void)state;
    assert_string_equal(text_normalise_newlines(arena, "a\r\nb\rc\nd\r\r\n"), "a\nb\nc\nd\n\n");
    assert_string_equal(text_normalise_newlines(arena, "plain\n"), "plain\n");
    assert_string_equal(text_normalise_newlines(arena, "\r"), "\n");
    assert_string_equal(text_normalise_newlines(arena, ""), "");
}

static void conformance(void **state)
{
    size_t bad = 0, run = 0;
    (void)state;
    const struct json *list = vectors_load(arena, "sms-segments/sms_vectors.json");
    for (const struct json *v = json_first(list); v; v = json_next(v)) {
        size_t n;
        const char *s = vector_text(arena, v, "text", &n);
        struct segments got = count_n(s, n);
        const struct json *parts = json_get(v, "segment_units"), *last = json_first(parts);
        while (json_next(last))
            last = json_next(last);
        int part = got.ucs2 ? got.count > 1 ? 67 : 70 : got.count > 1 ? 153 : 160;
        run++;
        if (got.ucs2 == (strcmp(json_get_text(v, "encoding", ""), "UCS-2") == 0) && got.count == json_get_int(v, "segments", -1) &&
            got.units == json_get_int(v, "units", -1) && part - got.room == json_int(last, -1))
            continue;
        printf("%s (%s): %d parts, %d units, %d in the last\n", json_get_text(v, "id", ""), json_get_text(v, "note", ""), got.count, got.units, part - got.room);
        bad++;
    }
    if (list)
        printf("%zu texts\n", run);
    assert_int_equal(bad, 0);
}

static int setup(void **state)
{
    (void)state;
    arena = arena_new(64 << 20);
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
        cmocka_unit_test(gsm_boundaries), cmocka_unit_test(ucs2_boundaries), cmocka_unit_test(clusters_stay_whole), cmocka_unit_test(alphabet),
        cmocka_unit_test(costly_characters), cmocka_unit_test(text_that_is_no_utf8), cmocka_unit_test(newlines), cmocka_unit_test(conformance),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
