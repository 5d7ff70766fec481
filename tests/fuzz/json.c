/* json.c - fuzz target: whatever is taken for JSON can be walked, printed, and read again as the same text. */
#include "base/base.h"
#include "base/json.h"
#include "base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int64_t walk(const struct json *j, int depth)
{
    BUG_IF(depth > JSON_DEPTH + 1);
    int64_t sum = json_int(j, 1) + json_bool(j, false) + (json_number(j, 0) > 0);
    const char *text = json_text(j, "");
    BUG_IF(!utf8_valid(text, strlen(text)));
    size_t n = 0;
    for (const struct json *c = json_first(j); c; c = json_next(c), n++) {
        BUG_IF((json_kind(j) == JSON_OBJECT) != (json_key(c) != NULL));
        if (json_key(c))
            BUG_IF(!json_get(j, json_key(c)));
        sum ^= walk(c, depth + 1);
    }
    BUG_IF(n != json_len(j));
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new(256 << 20);
    const struct json *j = json_parse(a, (const char *)data, size);
    if (j) {
        walk(j, 1);
        const char *once = json_print(a, j);
        const struct json *back = json_parse(a, once, strlen(once));
        BUG_IF(!back);
        BUG_IF(strcmp(json_print(a, back), once) != 0);
    }
    arena_free(a);
    return 0;
}
