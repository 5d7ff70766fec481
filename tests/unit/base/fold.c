/* fold.c - what counts as the same word. */
#include "base/base.h"
#include <setjmp.h>
#include <cmocka.h>
#include "base/fold.h"

static void test_fold(void **state)
{
    (void)state;
    struct arena *a = arena_new(1 << 20);
    static const struct { const char *typed, *folded; } cases[] = {
        { "", "" }, { "  STOP. ", "stop" }, { "\"Stop\"!!!", "stop" }, { "REZYGNUJĘ", "rezygnuje" }, { "zażółć gęślą jaźń", "zazolc gesla jazn" },
        { "ŻÓŁW", "zolw" }, { "¡Baja!", "baja" }, { "ÁÉÍÓÚÜÑ", "aeiouun" }, { "arrêt", "arret" }, { "don't", "dont" }, { "don’t", "dont" },
        { "s.t.o.p", "s t o p" }, { "STOP \xF0\x9F\x99\x8F", "stop" }, { "ＳＴＯＰ", "stop" }, { "СТОП", "стоп" }, { "st\u00ADop\u200B", "stop" },
        { "rezygnuje\u0328", "rezygnuje" }, { "STOP 12345", "stop 12345" }, { "a\n\tb", "a b" }, { "\xFF\xFE stop", "stop" }, { "…", "" }, { "ß×Þ", "s t" },
        { "日本", "日本" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_string_equal(text_fold(a, cases[i].typed, 100), cases[i].folded);
    assert_string_equal(text_fold(a, "żółw żółw żółw", 8), "zolw zo");
    assert_string_equal(text_fold(a, "日本語", 8), "日本");
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_fold) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
