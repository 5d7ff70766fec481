/* grapheme.c - where clusters end: each text below is written with "|" at the borders. */
#include "base/base.h"
#include "base/grapheme.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void expect(const char *marked)
{
    char text[256], got[512];
    size_t n = 0, k = 0;
    for (const char *p = marked; *p; p++)
        if (*p != '|')
            text[n++] = *p;
    for (size_t i = 0, step; i < n; i += step) {
        step = grapheme_step(text + i, n - i);
        assert_true(step > 0 && step <= n - i);
        if (i)
            got[k++] = '|';
        memcpy(got + k, text + i, step);
        k += step;
    }
    got[k] = 0;
    assert_string_equal(got, marked);
}

static void clusters(void **state)
{
    (void)state;
    expect("a|b|c");
    expect("\r\n|\n|\r|a");
    expect("e\xCC\x81|e");                                                         /* combining acute */
    expect("Z\xCD\x91\xCD\xAB\xCD\x83|a");                                         /* several marks */
    expect("\n|\xCC\x81");                                                         /* a mark does not join a line feed */
    expect("\xE2\x9D\xA4\xEF\xB8\x8F|a");                                          /* heart, variation selector */
    expect("1\xEF\xB8\x8F\xE2\x83\xA3|2");                                         /* keycap */
    expect("\xF0\x9F\x91\x8B\xF0\x9F\x8F\xBD|a");                                  /* skin tone */
    expect("\xF0\x9F\x91\xA8\xE2\x80\x8D\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x91\xA7|a"); /* family */
    expect("\xF0\x9F\x91\xA9\xF0\x9F\x8F\xBD\xE2\x80\x8D\xE2\x9D\xA4\xEF\xB8\x8F\xE2\x80\x8D\xF0\x9F\x91\xA8|a");
    expect("a\xE2\x80\x8D|\xF0\x9F\x91\xA9");                                      /* ZWJ behind a letter joins no emoji */
    expect("\xF0\x9F\x87\xB5\xF0\x9F\x87\xB1|\xF0\x9F\x87\xAA\xF0\x9F\x87\xB8|\xF0\x9F\x87\xAC"); /* flags in pairs */
    expect("\xF0\x9F\x8F\xB4\xF3\xA0\x81\xA7\xF3\xA0\x81\xA2\xF3\xA0\x81\xBF|a"); /* flag with tags */
    expect("\xED\x95\x9C|\xEA\xB8\x80");                                           /* Hangul syllables */
    expect("\xE1\x84\x92\xE1\x85\xA1\xE1\x86\xAB|\xE1\x84\x80");                   /* conjoining jamo */
    expect("\xEA\xB0\x80\xE1\x86\xA8|a");                                          /* LV and T */
    expect("\xE0\xA4\x95\xE0\xA4\xBF|\xE0\xA4\x95");                               /* Devanagari vowel sign */
    expect("\xD8\x80\xD9\xA1|a");                                                  /* Arabic number sign */
    expect("a|\xE2\x80\x8E|b");                                                    /* LRM */
    expect("a|\xFF|\x80|b");                                                       /* no UTF-8 */
    assert_int_equal(grapheme_step("", 0), 0);
    assert_int_equal(grapheme_step("\xF0\x9F", 2), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(clusters) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
