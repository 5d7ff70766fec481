/* signature.c - fuzz target. The input is URL, header and body, each but the last ended by a newline: whatever was
 * signed for exactly this URL is valid, and one wrong letter is not. */
#include "base/base.h"
#include "base/crypto.h"
#include "base/signature.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    crypto_init();
    return 0;
}

/* The next line as a C string; moves `*s` behind it. */
static char *line(struct arena *a, const char **s, const char *end)
{
    const char *stop = memchr(*s, '\n', (size_t)(end - *s));
    char *out = arena_strndup(a, *s, (size_t)((stop ? stop : end) - *s));
    *s = stop ? stop + 1 : end;
    return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new(64 << 20);
    const char *s = (const char *)data, *end = s + size;
    const char *url = line(a, &s, end), *header = line(a, &s, end);
    size_t count, n = (size_t)(end - s);
    struct pair *pairs = pairs_parse(a, s, n, n, &count);
    BUG_IF(!pairs);
    char made[32];
    snprintf(made, sizeof made, "%s", signature_make(a, "token", url, pairs, count));
    BUG_IF(strlen(made) != 28);
    bool valid = signature_valid(a, "token", url, pairs, count, s, n, header);
    BUG_IF(valid && strlen(header) != 28);
    BUG_IF(signature_valid(a, "", url, pairs, count, s, n, header));
    if (!strstr(url, "bodySHA256") && strlen(url) < 4096) {
        BUG_IF(!signature_valid(a, "token", url, pairs, count, s, n, made));
        made[n % 27] = made[n % 27] == 'A' ? 'B' : 'A'; /* the last letter before "=" holds two bits that mean nothing */
        BUG_IF(signature_valid(a, "token", url, pairs, count, s, n, made));
    }
    arena_free(a);
    return 0;
}
