/* vectors.h - the conformance data beside the project (../shared/data), for tests that read it where it is present. */
#ifndef CENTRALA_TEST_VECTORS_H
#define CENTRALA_TEST_VECTORS_H
#include "base/base.h"
#include "base/arena.h"
#include "base/json.h"

/* NUL in a text of the data: the JSON reader gives C strings, so it stands as U+F8FF (private use) until vector_text(). */
#define VECTOR_NUL "\xEF\xA3\xBF"

/* The "vectors" of data/<name>; NULL, and a line that says so, when the folder is not there. */
UNUSED static const struct json *vectors_load(struct arena *a, const char *name)
{
    const char *shared = getenv("CENTRALA_SHARED");
    const char *path = arena_printf(a, "%s/data/%s", shared ? shared : "../shared", name);
    FILE *f = fopen(path, "rb");
    if (!f) {
        printf("SKIP: ../shared/data/%s not present\n", name);
        return NULL;
    }
    const size_t most = 4 << 20;
    char *text = arena_alloc(a, most);
    size_t n = fread(text, 1, most, f);
    fclose(f);
    for (char *p = text; (p = memmem(p, (size_t)(text + n - p), "\\u0000", 6)); p += 6)
        memcpy(p, "\\uf8ff", 6);
    const struct json *root = json_parse(a, text, n);
    BUG_IF(!root);
    const struct json *list = json_get(root, "vectors");
    return list ? list : root;
}

/* Puts the NULs back; the length is then the only way to know the end. */
UNUSED static const char *vector_text(struct arena *a, const struct json *v, const char *key, size_t *n)
{
    const char *s = json_get_text(v, key, "");
    char *out = arena_strdup(a, s), *to = out;
    for (const char *p = s; *p;) {
        bool nul = strncmp(p, VECTOR_NUL, 3) == 0;
        *to++ = nul ? 0 : *p;
        p += nul ? 3 : 1;
    }
    *to = 0;
    *n = (size_t)(to - out);
    return out;
}

/* True for "contested": true, and for a list of other opinions. */
UNUSED static bool vector_contested(const struct json *v)
{
    const struct json *c = json_get(v, "contested");
    return json_kind(c) == JSON_LIST ? json_len(c) > 0 : json_bool(c, false);
}

#endif
