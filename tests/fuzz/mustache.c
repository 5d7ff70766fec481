/* Fuzz target: a template, a partial "p", a parent "l" and the view as JSON, divided by lines of "---". */
#include "base/base.h"
#include "base/json.h"
#include "web/mustache.h"

enum { PARTS = 4, INPUT_MAX = 64 * 1024, OUTPUT_MAX = 64 * 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct part {
    const char *s;
    size_t len;
};

static void divide(const char *s, size_t len, struct part parts[PARTS])
{
    static const char line[] = "\n---\n";
    for (int i = 0; i < PARTS; i++) {
        const char *end = i < PARTS - 1 ? memmem(s, len, line, sizeof line - 1) : NULL;
        parts[i] = (struct part){ s, end ? (size_t)(end - s) : len };
        if (!end) {
            s += len;
            len = 0;
        } else {
            len -= parts[i].len + sizeof line - 1;
            s = end + sizeof line - 1;
        }
    }
}

/* Twice the same, within the ceiling, ended by NUL; and a failure has a reason. */
static void render(struct arena *a, const struct template *t, struct value *view, bool strict)
{
    struct str out[2];
    bool ok[2];
    for (int i = 0; i < 2; i++) {
        const char *problem = NULL;
        str_init(&out[i], a, i ? 0 : template_size_hint(t), OUTPUT_MAX);
        ok[i] = template_render(t, view, &out[i], strict, &problem);
        BUG_IF(!ok[i] && !problem);
        BUG_IF(out[i].len > OUTPUT_MAX || out[i].s[out[i].len] != 0);
    }
    BUG_IF(ok[0] != ok[1]);
    BUG_IF(ok[0] && (out[0].len != out[1].len || memcmp(out[0].s, out[1].s, out[0].len) != 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = { "t", "p", "l" };
    if (size > INPUT_MAX)
        return 0;
    struct part parts[PARTS];
    divide((const char *)data, size, parts);
    struct template_set *set = templates_new(NULL);
    struct arena *a = arena_new((size_t)64 * 1024 * 1024);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        const char *problem = NULL;
        bool ok = templates_add(set, names[i], parts[i].s, parts[i].len, &problem);
        BUG_IF(ok != !problem);
    }
    templates_link(set, false, NULL);
    const struct template *t = templates_get(set, "t");
    if (t) {
        struct value *view = value_from_json(a, json_parse(a, parts[3].s, parts[3].len));
        render(a, t, view, false);
        render(a, t, view, true);
    }
    arena_free(a);
    templates_free(set);
    return 0;
}
