/* multipart.c - fuzz target: the first line is the Content-Type, the rest the body. Whatever is taken must lie within it. */
#include "base/base.h"
#include "web/multipart.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data, *eol = size ? memchr(text, '\n', size) : NULL;
    if (!eol)
        return 0;
    struct arena *a = arena_new(64 << 20);
    const char *type = arena_strndup(a, text, (size_t)(eol - text)), *body = eol + 1, *problem = NULL;
    size_t n = size - (size_t)(body - text), kept = 0;
    struct multipart m;
    if (multipart_parse(a, type, body, n, &m, &problem)) {
        BUG_IF(m.param_count > MULTIPART_PARTS_MAX);
        for (size_t i = 0; i < m.param_count; i++) {
            BUG_IF(strlen(m.params[i].name) != m.params[i].name_len || m.params[i].value[m.params[i].value_len] != 0);
            kept += m.params[i].value_len;
        }
        for (const struct upload *u = m.uploads; u; u = u->next) {
            BUG_IF(u->data < body || u->data + u->size > body + n || !u->type || strpbrk(u->filename, "/\\"));
            kept += u->size;
        }
        BUG_IF(kept > n);
    } else {
        BUG_IF(!problem);
    }
    arena_free(a);
    return 0;
}
