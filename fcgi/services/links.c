/* links.c - host names in a text. */
#include "base/base.h"
#include "services/links.h"
#include <strings.h>

static bool host_char(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '.' || (c & 0x80);
}

/* Is it the site, or a name below it? */
static bool below(const char *host, size_t n, const char *site, size_t k)
{
    return n >= k && strncasecmp(host + n - k, site, k) == 0 && (n == k || host[n - k - 1] == '.');
}

static bool allowed(const char *host, size_t n, const char *sites)
{
    for (const char *s = sites; *s;) {
        size_t k = strcspn(s, " ");
        if (k && below(host, n, s, k))
            return true;
        s += k + (s[k] == ' ');
    }
    return false;
}

/* A dot with letters behind it, as in "example.com": the ends of sentences and numbers have none. */
static bool named(const char *host, size_t n)
{
    const char *dot = memrchr(host, '.', n);
    size_t letters = dot ? (size_t)(host + n - dot - 1) : 0;
    if (!dot || dot == host || letters < 2)
        return false;
    for (const char *s = dot + 1; s < host + n; s++)
        if (*s >= '0' && *s <= '9')
            return false;
    return true;
}

bool links_only_to(const char *text, const char *sites)
{
    for (const char *s = text; *s;) {
        if (!host_char(*s)) {
            s++;
            continue;
        }
        size_t n = 0;
        while (host_char(s[n]))
            n++;
        const char *host = s, *end = s + n;
        bool scheme = host - text >= 3 && memcmp(host - 3, "://", 3) == 0;
        while (end > host && (end[-1] == '.' || end[-1] == '-'))
            end--;
        while (host < end && (*host == '.' || *host == '-'))
            host++;
        bool link = end > host && (scheme || named(host, (size_t)(end - host)));
        if (link && !allowed(host, (size_t)(end - host), sites))
            return false;
        s += n;
        if (link && (*s == '/' || *s == '?' || *s == '#')) /* the path belongs to the host before it */
            s += strcspn(s, " \t\n");
    }
    return true;
}
