/* rendering.h - templates given in a test, rendered over values given as JSON, and what must come out. */
#ifndef TESTS_WEB_RENDERING_H
#define TESTS_WEB_RENDERING_H
#include "base/json.h"
#include "web/mustache.h"

enum { OUTPUT = 1024 * 1024 };

/* "name", "text", "name", "text", NULL; the first one is rendered. */
struct outcome {
    struct arena *arena;
    const char *text, *problem; /* text is NULL when it failed */
};

static inline struct outcome render_with(const char *json, bool strict, size_t ceiling, const char *const *templates)
{
    struct outcome o = { .arena = arena_new((size_t)64 * 1024 * 1024) };
    struct template_set *set = templates_new(NULL);
    const char *why = NULL;
    bool ok = true;
    for (size_t i = 0; ok && templates[i]; i += 2)
        ok = templates_add(set, templates[i], templates[i + 1], strlen(templates[i + 1]), &why);
    ok = ok && templates_link(set, strict, &why);
    if (ok) {
        const struct json *j = json_parse(o.arena, json, strlen(json));
        assert_non_null(j);
        struct str out;
        str_init(&out, o.arena, 0, ceiling);
        ok = template_render(templates_get(set, templates[0]), value_from_json(o.arena, j), &out, strict, &why);
        assert_int_equal(strlen(out.s), out.len);
        assert_true(out.len <= ceiling);
        o.text = ok ? out.s : NULL;
    }
    o.problem = ok ? NULL : arena_strdup(o.arena, why);
    templates_free(set);
    return o;
}

#define TEMPLATES(...) ((const char *const[]){ __VA_ARGS__, NULL })

static inline void expect_line(const char *json, const char *want, const char *const *templates, int line)
{
    struct outcome o = render_with(json, false, OUTPUT, templates);
    if (!o.text || strcmp(o.text, want) != 0)
        print_error("line %d: wanted [%s] got [%s] %s\n", line, want, o.text ? o.text : "", o.problem ? o.problem : "");
    assert_true(o.text && strcmp(o.text, want) == 0);
    arena_free(o.arena);
}

static inline void refuse_line(const char *json, bool strict, const char *want, const char *const *templates, int line)
{
    struct outcome o = render_with(json, strict, OUTPUT, templates);
    if (o.text || strcmp(o.problem, want) != 0)
        print_error("line %d: wanted mistake [%s] got [%s] %s\n", line, want, o.problem ? o.problem : "", o.text ? o.text : "");
    assert_true(!o.text && strcmp(o.problem, want) == 0);
    arena_free(o.arena);
}

#define EXPECT(json, want, ...) expect_line(json, want, TEMPLATES(__VA_ARGS__), __LINE__)
#define REFUSE(json, strict, want, ...) refuse_line(json, strict, want, TEMPLATES(__VA_ARGS__), __LINE__)

#endif
