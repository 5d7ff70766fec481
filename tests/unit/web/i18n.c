/* Catalogues in both byte orders, broken ones, plural rules, Accept-Language, messages in templates. */
#include "base/base.h"
#include <setjmp.h>
#include <cmocka.h>
#include <unistd.h>
#include "web/i18n.h"
#include "web/mustache.h"

/* Ids and texts with their lengths, because plural forms hold NULs. */
struct pair {
    const char *id, *text;
    size_t id_len, text_len;
};
#define PAIR(id, text) { id, text, sizeof id - 1, sizeof text - 1 }
#define HEADER(lang, plural) "Language: " lang "\nContent-Type: text/plain; charset=UTF-8\nPlural-Forms: " plural "\n"
#define PL "nplurals=3; plural=(n==1 ? 0 : n%10>=2 && n%10<=4 && (n%100<12 || n%100>14) ? 1 : 2);"

static const struct pair polish[] = {
    PAIR("", "Project-Id-Version: x\n" HEADER("pl", PL)),
    PAIR("%lld message\0%lld messages", "%lld wiadomość\0%lld wiadomości\0%lld wiadomości."),
    PAIR("Empty", ""),
    PAIR("Say \"no\" & go", "Powiedz \"nie\" & <idź>"),
    PAIR("Settings", "Ustawienia"),
    PAIR("Two\0Twos", "Dwa\0Dwa."),
};

struct image {
    char bytes[4096];
    size_t len;
};

static void put32(struct image *m, size_t at, uint32_t v, bool swapped)
{
    v = swapped ? __builtin_bswap32(v) : v;
    memcpy(m->bytes + at, &v, 4);
}

static void build(struct image *m, const struct pair *pairs, size_t n, bool swapped)
{
    const uint32_t count = (uint32_t)n;
    const uint32_t head[] = { 0x950412de, 0, count, 28, 28 + 8 * count, 0, 28 + 16 * count };
    for (size_t i = 0; i < ARRAY_LEN(head); i++)
        put32(m, 4 * i, head[i], swapped);
    m->len = 28 + 16 * n;
    for (size_t half = 0; half < 2; half++) {
        for (size_t i = 0; i < n; i++) {
            size_t len = half ? pairs[i].text_len : pairs[i].id_len;
            put32(m, 28 + 8 * (half * n + i), (uint32_t)len, swapped);
            put32(m, 28 + 8 * (half * n + i) + 4, (uint32_t)m->len, swapped);
            memcpy(m->bytes + m->len, half ? pairs[i].text : pairs[i].id, len);
            m->bytes[m->len + len] = 0;
            m->len += len + 1;
        }
    }
}

static const struct catalog *load(struct arena *a, const struct image *m, enum language lang, const char **problem)
{
    char path[] = P_tmpdir "/i18n-test-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, m->bytes, m->len), (ssize_t)m->len);
    close(fd);
    const struct catalog *c = catalog_load(a, path, lang, problem);
    unlink(path);
    return c;
}

static int setup(void **state)
{
    *state = arena_new(64 * 1024 * 1024);
    return 0;
}

static int teardown(void **state)
{
    arena_free(*state);
    return 0;
}

static void messages_are_found_in_both_byte_orders(void **state)
{
    for (int swapped = 0; swapped < 2; swapped++) {
        struct image m;
        const char *problem = NULL;
        build(&m, polish, ARRAY_LEN(polish), swapped);
        const struct catalog *c = load(*state, &m, LANG_PL, &problem);
        assert_non_null(c);
        assert_int_equal(catalog_language(c), LANG_PL);
        assert_int_equal(catalog_len(c), 4);
        assert_string_equal(tr(c, "Settings"), "Ustawienia");
        assert_string_equal(tr(c, "Say \"no\" & go"), "Powiedz \"nie\" & <idź>");
        assert_string_equal(tr(c, "%lld message"), "%lld wiadomość");
        assert_string_equal(tr(c, "Empty"), "Empty");
        assert_string_equal(tr(c, "Absent"), "Absent");
        assert_string_equal(tr(c, "Setting"), "Setting");
        assert_string_equal(tr(c, ""), "");
        assert_null(tr(c, NULL));
        assert_true(catalog_has(c, "Settings"));
        assert_false(catalog_has(c, "Empty"));
        assert_false(catalog_has(c, ""));
        assert_string_equal(tr_n(c, "%lld message", "%lld messages", 1), "%lld wiadomość");
        assert_string_equal(tr_n(c, "%lld message", "%lld messages", 3), "%lld wiadomości");
        assert_string_equal(tr_n(c, "%lld message", "%lld messages", 5), "%lld wiadomości.");
        /* A form that the translation lacks: English, rather than the wrong one. */
        assert_string_equal(tr_n(c, "Two", "Twos", 2), "Dwa.");
        assert_string_equal(tr_n(c, "Two", "Twos", 5), "Twos");
        assert_string_equal(tr_n(c, "One", "Ones", 1), "One");
        assert_string_equal(tr_n(c, "One", "Ones", 0), "Ones");
    }
}

static void without_a_catalogue_ids_stay(void **state)
{
    assert_string_equal(tr(NULL, "Settings"), "Settings");
    assert_string_equal(tr_n(NULL, "day", "days", 1), "day");
    assert_string_equal(tr_n(NULL, "day", "days", 2), "days");
    const struct catalog *c = catalog_identity(*state, LANG_ES);
    assert_int_equal(catalog_language(c), LANG_ES);
    assert_int_equal(catalog_len(c), 0);
    assert_string_equal(tr(c, "Settings"), "Settings");
    assert_string_equal(tr_n(c, "day", "days", -1), "day");
    const char *problem = NULL;
    assert_null(catalog_load(*state, "no-such-catalogue.mo", LANG_EN, &problem));
    assert_non_null(strstr(problem, "no-such-catalogue.mo"));
}

static void refuse(struct arena *a, const struct image *m, enum language lang, const char *want)
{
    const char *problem = NULL;
    assert_null(load(a, m, lang, &problem));
    if (!strstr(problem, want))
        print_error("wanted \"%s\", got \"%s\"\n", want, problem);
    assert_non_null(strstr(problem, want));
}

static void broken_catalogues_are_refused(void **state)
{
    struct image m, good;
    build(&good, polish, ARRAY_LEN(polish), false);
    refuse(*state, &good, LANG_ES, "another language");
    m = good;
    m.bytes[0] ^= 1;
    refuse(*state, &m, LANG_PL, "not a catalogue");
    m = good;
    put32(&m, 4, 2 << 16, false);
    refuse(*state, &m, LANG_PL, "revision");
    for (size_t at = 8; at <= 16; at += 4) {
        static const uint32_t wild[] = { 0xffffffff, 0x7fffffff, 4096, 0xfffffff8 };
        for (size_t i = 0; i < ARRAY_LEN(wild); i++) {
            m = good;
            put32(&m, at, wild[i], false);
            refuse(*state, &m, LANG_PL, "leave");
        }
    }
    for (size_t at = 28; at < 28 + 16 * ARRAY_LEN(polish); at += 4) {
        m = good;
        put32(&m, at, 0xffffffff, false);
        refuse(*state, &m, LANG_PL, "leaves the file");
    }
    struct pair wrong[2] = { PAIR("b", "1"), PAIR("a", "2") };
    build(&m, wrong, 2, false);
    refuse(*state, &m, LANG_PL, "not in order");
    build(&m, wrong + 1, 1, false);
    refuse(*state, &m, LANG_PL, "no header");
    build(&m, polish, 0, false);
    refuse(*state, &m, LANG_PL, "no header");
    struct pair latin[] = { PAIR("", "Content-Type: text/plain; charset=ISO-8859-2\n") };
    build(&m, latin, 1, false);
    refuse(*state, &m, LANG_PL, "charset");
    struct pair bytes[] = { PAIR("", HEADER("pl", PL)), PAIR("a", "\xff") };
    build(&m, bytes, 2, false);
    refuse(*state, &m, LANG_PL, "UTF-8");
    struct pair plural[] = { PAIR("", HEADER("pl", "nplurals=2; plural=n!=1;")) };
    build(&m, plural, 1, false);
    refuse(*state, &m, LANG_PL, "plural");
}

/* Cut anywhere, nothing is read beyond the end (the sanitizer sees it). */
static void cut_catalogues_are_refused(void **state)
{
    struct image good;
    build(&good, polish, ARRAY_LEN(polish), false);
    for (size_t len = 0; len < good.len; len++) {
        struct image m = good;
        m.len = len;
        const char *problem = NULL;
        assert_null(load(*state, &m, LANG_PL, &problem));
        assert_non_null(problem);
    }
}

static void plural_rules(void **state)
{
    (void)state;
    static const int64_t one[] = { 1, -1 };
    static const int64_t few[] = { 2, 3, 4, 22, 23, 24, 32, 102, 104, 122, 1002, -2 };
    static const int64_t many[] = { 0, 5, 9, 10, 11, 12, 13, 14, 15, 20, 21, 25, 31, 100, 101, 111, 112, 113, 114, 1012, 1000000 };
    for (size_t i = 0; i < ARRAY_LEN(one); i++)
        for (int l = 0; l < LANG_COUNT; l++)
            assert_int_equal(plural_form((enum language)l, one[i]), 0);
    for (size_t i = 0; i < ARRAY_LEN(few); i++) {
        assert_int_equal(plural_form(LANG_PL, few[i]), 1);
        assert_int_equal(plural_form(LANG_ES, few[i]), 1);
    }
    for (size_t i = 0; i < ARRAY_LEN(many); i++) {
        assert_int_equal(plural_form(LANG_PL, many[i]), 2);
        assert_int_equal(plural_form(LANG_EN, many[i]), 1);
    }
    assert_int_equal(plural_form(LANG_PL, INT64_MIN), 2); /* ...808 */
}

static void languages_by_code(void **state)
{
    (void)state;
    enum language l = LANG_ES;
    assert_string_equal(language_code(LANG_PL), "pl");
    assert_true(language_parse("en", &l));
    assert_int_equal(l, LANG_EN);
    assert_true(language_parse("PL-pl", &l));
    assert_int_equal(l, LANG_PL);
    assert_true(language_parse("es_MX", &l));
    assert_int_equal(l, LANG_ES);
    static const char *const unknown[] = { "", "e", "de", "eng", "esx", "-en" };
    for (size_t i = 0; i < ARRAY_LEN(unknown); i++)
        assert_false(language_parse(unknown[i], &l));
    assert_false(language_parse(NULL, &l));
    assert_int_equal(l, LANG_ES);
}

static void the_visitor_is_understood(void **state)
{
    (void)state;
    static const struct {
        const char *header;
        enum language want;
    } cases[] = {
        { NULL, LANG_EN }, { "", LANG_EN }, { "pl", LANG_PL }, { "pl-PL,pl;q=0.9,en-US;q=0.8,en;q=0.7", LANG_PL },
        { "de,es;q=0.7,pl;q=0.8", LANG_PL }, { "en;q=0.1, es ; q=0.2", LANG_ES }, { "ES", LANG_ES },
        { "de-DE,de;q=0.9", LANG_EN }, { "pl;q=0,es;q=0.001", LANG_ES }, { "pl;q=0", LANG_EN }, { "*", LANG_EN },
        { "es;q=0.5,*;q=0.1", LANG_ES }, { "*;q=0.9,pl;q=0.5", LANG_EN }, { "es,pl", LANG_ES }, { "pl;q=0.8,es;q=0.8", LANG_PL },
        { "pl;q=1.000,es", LANG_PL }, { "pl;q=x,es;q=0.1", LANG_ES }, { "pl;q=", LANG_EN }, { ",,, ,pl", LANG_PL },
        { "plx,spanish,es-419", LANG_ES }, { "pl;level=1", LANG_EN }, { ";", LANG_EN }, { "e", LANG_EN },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        enum language got = language_accept(cases[i].header, LANG_EN);
        if (got != cases[i].want)
            print_error("\"%s\" gives %s\n", cases[i].header, language_code(got));
        assert_int_equal(got, cases[i].want);
    }
    assert_int_equal(language_accept("de", LANG_PL), LANG_PL);
}

/* Translated when compiled, and escaped then. */
static void templates_speak_the_language(void **state)
{
    struct image m;
    const char *problem = NULL, text[] = "{{\"Settings\"}}|{{\"Say \\\"no\\\" & go\"}}|{{&\"Say \\\"no\\\" & go\"}}|{{\"Absent\"}}";
    build(&m, polish, ARRAY_LEN(polish), false);
    struct template_set *set = templates_new(load(*state, &m, LANG_PL, &problem));
    assert_true(templates_add(set, "t", text, sizeof text - 1, &problem));
    struct str out;
    str_init(&out, *state, 0, 1000);
    assert_true(template_render(templates_get(set, "t"), NULL, &out, true, &problem));
    assert_string_equal(out.s, "Ustawienia|Powiedz &quot;nie&quot; &amp; &lt;idź&gt;|Powiedz \"nie\" & <idź>|Absent");
    templates_free(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(messages_are_found_in_both_byte_orders, setup, teardown),
        cmocka_unit_test_setup_teardown(without_a_catalogue_ids_stay, setup, teardown),
        cmocka_unit_test_setup_teardown(broken_catalogues_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(cut_catalogues_are_refused, setup, teardown),
        cmocka_unit_test(plural_rules),
        cmocka_unit_test(languages_by_code),
        cmocka_unit_test(the_visitor_is_understood),
        cmocka_unit_test_setup_teardown(templates_speak_the_language, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
