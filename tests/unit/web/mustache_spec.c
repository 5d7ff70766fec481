/* The mustache specification's own cases and the application-like ones, read from the shared data where present. */
#include "base/base.h"
#include <setjmp.h>
#include <cmocka.h>
#include "base/json.h"
#include "web/mustache.h"
#include "web/textfile.h"

enum { FILE_MAX = 4 * 1024 * 1024, OUTPUT_MAX = 1024 * 1024 };

struct tally {
    size_t ran, failed, contested;
};

static const char *rendered(struct arena *a, const struct json *test, const char **problem)
{
    struct template_set *set = templates_new(NULL);
    const char *text = json_get_text(test, "template", ""), *why = NULL, *result = NULL;
    bool ok = templates_add(set, " test", text, strlen(text), &why);
    for (const struct json *p = json_first(json_get(test, "partials")); ok && p; p = json_next(p)) {
        const char *partial = json_text(p, "");
        ok = templates_add(set, json_key(p), partial, strlen(partial), &why);
    }
    ok = ok && templates_link(set, false, &why);
    if (ok) {
        struct str out;
        const struct template *t = templates_get(set, " test");
        str_init(&out, a, template_size_hint(t), OUTPUT_MAX);
        if (template_render(t, value_from_json(a, json_get(test, "data")), &out, false, &why))
            result = out.s;
    }
    *problem = arena_strdup(a, why);
    templates_free(set);
    return result;
}

static void run_case(struct arena *a, const char *file, const struct json *test, struct tally *tally)
{
    const struct json *contested = json_get(test, "contested");
    if (json_kind(contested) == JSON_OBJECT || json_bool(contested, false)) {
        tally->contested++;
        return;
    }
    const char *problem = NULL, *got = rendered(a, test, &problem), *want = json_get_text(test, "expected", "");
    tally->ran++;
    if (got && strcmp(got, want) == 0)
        return;
    tally->failed++;
    print_error("%s: %s: %s\n", file, json_get_text(test, "name", "?"), got ? "differs" : problem);
    if (got)
        print_error("--- wanted\n%s\n--- got\n%s\n---\n", want, got);
}

/* False when the file is not there. */
static bool run_file(const char *name, struct tally *tally)
{
    struct arena *a = arena_new((size_t)256 * 1024 * 1024);
    const char *shared = getenv("CENTRALA_SHARED"), *problem = NULL;
    const char *path = arena_printf(a, "%s/data/mustache-spec/%s.json", shared ? shared : "../shared", name);
    size_t len;
    const char *text = textfile_read(a, path, FILE_MAX, &len, &problem);
    if (text) {
        const struct json *doc = json_parse(a, text, len);
        assert_non_null(doc);
        for (const struct json *t = json_first(json_get(doc, "tests")); t; t = json_next(t))
            run_case(a, name, t, tally);
    }
    arena_free(a);
    return text != NULL;
}

static void run_files(const char *what, const char *const *files, size_t count, size_t least)
{
    struct tally tally = { 0 };
    for (size_t i = 0; i < count; i++) {
        if (!run_file(files[i], &tally)) {
            print_message("SKIP: ../shared/data/mustache-spec/%s.json not present\n", files[i]);
            return;
        }
    }
    print_message("%s: %zu cases ran, %zu failed, %zu contested left out\n", what, tally.ran, tally.failed, tally.contested);
    assert_int_equal(tally.failed, 0);
    assert_true(tally.ran >= least);
}

static void core_modules(void **state)
{
    (void)state;
    static const char *const files[] = { "comments", "delimiters", "interpolation", "inverted", "partials", "sections" };
    run_files("mustache specification, core", files, ARRAY_LEN(files), 136);
}

static void inheritance(void **state)
{
    (void)state;
    static const char *const files[] = { "optional-inheritance" };
    run_files("mustache specification, inheritance", files, ARRAY_LEN(files), 27);
}

static void application_cases(void **state)
{
    (void)state;
    static const char *const files[] = { "extra_app_cases" };
    run_files("mustache, application cases", files, ARRAY_LEN(files), 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(core_modules),
        cmocka_unit_test(inheritance),
        cmocka_unit_test(application_cases),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
