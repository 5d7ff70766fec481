/* cookie.c - reading the Cookie header without copying it. */
#include "base/base.h"
#include "web/cookie.h"

static void trim(const char **s, const char **end)
{
    while (*s < *end && (**s == ' ' || **s == '\t'))
        ++*s;
    while (*end > *s && ((*end)[-1] == ' ' || (*end)[-1] == '\t'))
        --*end;
}

bool cookie_find(const char *header, const char *name, const char **value, size_t *len)
{
    size_t name_len = strlen(name);
    for (const char *s = header; s && *s;) {
        const char *end = s + strcspn(s, ";"), *next = *end ? end + 1 : end;
        const char *equals = memchr(s, '=', (size_t)(end - s));
        if (equals) {
            const char *name_end = equals, *v = equals + 1;
            trim(&s, &name_end);
            trim(&v, &end);
            if ((size_t)(name_end - s) == name_len && memcmp(s, name, name_len) == 0) {
                if (end - v >= 2 && *v == '"' && end[-1] == '"')
                    v++, end--;
                *value = v;
                *len = (size_t)(end - v);
                return true;
            }
        }
        s = next;
    }
    return false;
}

bool cookie_value_ok(const char *value)
{
    for (const unsigned char *s = (const unsigned char *)value; *s; s++)
        if (*s <= 0x20 || *s >= 0x7f || *s == '"' || *s == ',' || *s == ';' || *s == '\\')
            return false;
    return true;
}
