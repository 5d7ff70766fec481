/* urlencoded.c - fuzz target: pairs stay within the text, and written again they read the same. */
#include "base/base.h"
#include "base/signature.h"
#include "base/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new(64 << 20);
    /* A copy without NUL behind it: reading past the end is seen. */
    char *text = malloc(size ? size : 1);
    BUG_IF(!text);
    memcpy(text, data, size);
    size_t count = 0, again = 0, total = 0, few;
    const struct pair *p = pairs_parse(a, text, size, size, &count);
    BUG_IF(!p || count > size);
    struct str out;
    str_init(&out, a, 64, 4 * size + 64);
    for (size_t i = 0; i < count; i++) {
        total += p[i].name_len + p[i].value_len + 1;
        BUG_IF(p[i].name[p[i].name_len] != 0 || p[i].value[p[i].value_len] != 0);
        if (i)
            str_putc(&out, '&');
        str_url(&out, p[i].name, p[i].name_len);
        str_putc(&out, '=');
        str_url(&out, p[i].value, p[i].value_len);
    }
    BUG_IF(out.full || total > size + count);
    const struct pair *q = pairs_parse(a, out.s, out.len, count, &again);
    BUG_IF(!q || again != count);
    for (size_t i = 0; i < count; i++) {
        BUG_IF(p[i].name_len != q[i].name_len || memcmp(p[i].name, q[i].name, p[i].name_len) != 0);
        BUG_IF(p[i].value_len != q[i].value_len || memcmp(p[i].value, q[i].value, p[i].value_len) != 0);
    }
    BUG_IF(count > 0 && pairs_parse(a, text, size, count - 1, &few));
    free(text);
    arena_free(a);
    return 0;
}
