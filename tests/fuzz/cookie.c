/* cookie.c - fuzz target: a Cookie header. A cookie whose value may be sent is found again as it was. */
#include "base/base.h"
#include "base/arena.h"
#include "web/cookie.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new(64 << 20);
    const char *header = arena_strndup(a, (const char *)data, size), *value;
    size_t n;
    static const char *const names[] = { "centrala_session", "a", "" };
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (cookie_find(header, names[i], &value, &n))
            BUG_IF(value < header || value + n > header + strlen(header) || memchr(value, ';', n));
    if (cookie_value_ok(header)) {
        const char *sent = arena_printf(a, "x=1; centrala_session=%s; y=2", header);
        BUG_IF(!cookie_find(sent, "centrala_session", &value, &n));
        BUG_IF(n != strlen(header) || memcmp(value, header, n) != 0);
    }
    arena_free(a);
    return 0;
}
