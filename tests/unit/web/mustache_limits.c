/* mustache_limits.c - ceilings of depth, work and output; templates from a folder. */
#include "base/base.h"
#include <setjmp.h>
#include <cmocka.h>
#include <sys/stat.h>
#include <unistd.h>
#include "web/mustache.h"
#include "rendering.h"

static char *nest(struct arena *a, int n, const char *open, const char *middle, const char *close)
{
    struct str s;
    str_init(&s, a, 0, OUTPUT);
    for (int i = 0; i < n; i++)
        str_puts(&s, open);
    str_puts(&s, middle);
    for (int i = 0; i < n; i++)
        str_puts(&s, close);
    return s.s;
}

static void depth_has_a_ceiling(void **state)
{
    (void)state;
    struct arena *a = arena_new((size_t)16 * 1024 * 1024);
    EXPECT("{\"a\":true,\"v\":1}", "1", "page", nest(a, MUSTACHE_DEPTH, "{{#a}}", "{{v}}", "{{/a}}"));
    REFUSE("{\"a\":true}", false, "page:1: nested deeper than 64", "page", nest(a, MUSTACHE_DEPTH + 1, "{{#a}}", "", "{{/a}}"));
    REFUSE("{}", false, "page:1: nested deeper than 64", "page", nest(a, 30000, "{{^a}}", "", "{{/a}}"));
    REFUSE("{}", false, "page:20000: this tag is not closed", "page", nest(a, 19999, "{{a}}\n", "{{", ""));
    /* At run time, partials count as sections do: endless recursion is a failure. */
    REFUSE("{}", false, "page:1: nested too deeply: page", "page", "{{>page}}");
    REFUSE("{}", false, "page:1: nested too deeply: page", "page", "{{<page}}{{/page}}");
    REFUSE("{}", false, "l:1: nested too deeply: l", "page", "{{<l}}{{$b}}{{>l}}{{/b}}{{/l}}", "l", "{{$b}}{{>l}}{{/b}}");
    EXPECT("{\"n\":1,\"c\":{\"n\":2,\"c\":{\"n\":3,\"c\":null}}}", "1(2(3))", "page", "{{n}}{{#c}}({{>page}}){{/c}}");
    /* Recursion that indents itself. */
    REFUSE("{}", false, "page:1: indented too far: page", "page", "                              {{>page}}\n");
    arena_free(a);
}

/* Two calls a level over twenty levels: millions of rounds without a byte of output. */
static void work_has_a_ceiling(void **state)
{
    (void)state;
    struct arena *a = arena_new((size_t)16 * 1024 * 1024);
    const char *json = nest(a, 20, "{\"c\":[1,1],\"d\":", "null", "}");
    struct outcome o = render_with(json, false, OUTPUT, TEMPLATES("page", "{{#d}}{{#c}}{{>page}}{{/c}}{{/d}}"));
    assert_null(o.text);
    assert_non_null(strstr(o.problem, "too much work"));
    arena_free(o.arena);
    arena_free(a);
}

static void output_has_a_ceiling(void **state)
{
    (void)state;
    const char *const t[] = { "page", "{{#l}}0123456789{{v}}{{/l}}", NULL };
    struct outcome o = render_with("{\"l\":[1,2,3,4,5,6,7,8,9,10],\"v\":\"<>\"}", false, 180, t);
    assert_non_null(o.text);
    assert_int_equal(strlen(o.text), 180);
    arena_free(o.arena);
    o = render_with("{\"l\":[1,2,3,4,5,6,7,8,9,10],\"v\":\"<>\"}", false, 179, t);
    assert_null(o.text);
    assert_string_equal(o.problem, "the output is too large");
    arena_free(o.arena);
    o = render_with("{\"l\":[1],\"v\":1}", false, 0, t);
    assert_null(o.text);
    arena_free(o.arena);
}

static void write_file(const char *dir, const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    assert_int_equal(fclose(f), 0);
}

static void a_folder_is_a_set(void **state)
{
    (void)state;
    static const char *const names[] = { "pages/a.mustache", "parts/b.mustache", "parts/note.txt", "parts/.b.mustache" };
    char dir[] = P_tmpdir "/mustache-test-XXXXXX", path[256];
    const char *problem = NULL;
    assert_non_null(mkdtemp(dir));
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, i ? "parts" : "pages");
        assert_int_equal(mkdir(path, 0700), 0);
    }
    write_file(dir, names[0], "[{{>parts/b}}]");
    write_file(dir, names[1], "b{{v}}");
    write_file(dir, names[2], "{{broken");
    write_file(dir, names[3], "{{broken");
    struct template_set *set = templates_new(NULL);
    assert_true(templates_load_dir(set, dir, &problem));
    assert_int_equal(templates_count(set), 2);
    assert_string_equal(template_name(templates_at(set, 1)), "parts/b");
    struct arena *a = arena_new(1024 * 1024);
    struct str out;
    str_init(&out, a, 0, 100);
    assert_true(template_render(templates_get(set, "pages/a"), NULL, &out, false, NULL));
    assert_string_equal(out.s, "[b]");
    templates_free(set);

    write_file(dir, names[1], "\n{{#x}}");
    set = templates_new(NULL);
    assert_false(templates_load_dir(set, dir, &problem));
    assert_string_equal(problem, "parts/b:2: {{#x}} is not closed");
    templates_free(set);
    write_file(dir, names[1], "{{>parts/none}}");
    set = templates_new(NULL);
    assert_false(templates_load_dir(set, dir, &problem));
    assert_string_equal(problem, "parts/b:1: there is no template \"parts/none\"");
    templates_free(set);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        snprintf(path, sizeof path, "%s/%s", dir, names[i]);
        assert_int_equal(unlink(path), 0);
    }
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, i ? "parts" : "pages");
        assert_int_equal(rmdir(path), 0);
    }
    assert_int_equal(rmdir(dir), 0);
    set = templates_new(NULL);
    assert_false(templates_load_dir(set, dir, &problem));
    assert_non_null(strstr(problem, "No such file"));
    templates_free(set);
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(depth_has_a_ceiling),
        cmocka_unit_test(work_has_a_ceiling),
        cmocka_unit_test(output_has_a_ceiling),
        cmocka_unit_test(a_folder_is_a_set),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
