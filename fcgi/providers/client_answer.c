/* client_answer.c - what an answer says, once curl has brought it. */
#include "base/base.h"
#include "base/log.h"
#include "providers/client_internal.h"
#include <errno.h>
#include <strings.h>
#include <unistd.h>

enum { RETRY_AFTER_MOST_S = 24 * 3600 };

enum call_class answer_class(bool begun, bool whole, int status)
{
    if (!begun)
        return CALL_UNSENT;
    if (status == 429)
        return CALL_LIMITED;
    if (status >= 300 && status < 500)
        return CALL_REFUSED;
    return whole && status >= 200 && status < 300 ? CALL_OK : CALL_UNKNOWN;
}

int64_t answer_wait_ms(const char *ms, bool said, int64_t s)
{
    if (ms && *ms >= '0' && *ms <= '9') {
        long long n = strtoll(ms, NULL, 10);
        return n > RETRY_AFTER_MOST_S * 1000LL ? RETRY_AFTER_MOST_S * 1000LL : n;
    }
    if (!said)
        return -1;
    return (s < 0 ? 0 : s > RETRY_AFTER_MOST_S ? RETRY_AFTER_MOST_S : s) * 1000;
}

int answer_should_retry(const char *said)
{
    return !said ? 0 : strcasecmp(said, "true") == 0 ? 1 : strcasecmp(said, "false") == 0 ? -1 : 0;
}

bool answer_to_file(int file, const char *data, size_t n)
{
    while (n > 0) {
        ssize_t k = write(file, data, n);
        if (k < 0 && errno == EINTR)
            continue;
        if (k <= 0)
            return false;
        data += k;
        n -= (size_t)k;
    }
    return true;
}

const char *url_host(struct arena *a, const char *url)
{
    const char *s = strstr(url, "://");
    s = s ? s + 3 : url;
    size_t n = strcspn(s, "/?#");
    for (const char *at; (at = memchr(s, '@', n)); s = at + 1)
        n -= (size_t)(at + 1 - s);
    return log_quote(a, arena_strndup(a, s, n));
}

const char *call_class_name(enum call_class class)
{
    static const char *const names[] = { "ok", "refused", "limited", "unsent", "unknown" };
    return names[class];
}
