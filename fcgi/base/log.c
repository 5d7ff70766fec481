/* log.c - one line an event, written at once so that lines of several workers do not mix. */
#include "base/base.h"
#include "base/arena.h"
#include "base/ctx.h"
#include "base/log.h"
#include "base/utf8.h"
#include <errno.h>
#include <unistd.h>

static enum log_level threshold = LOG_INFO; /* set once at start, before the fork */

static const char *const level_names[] = { "fatal", "fatal", "fatal", "error", "warning", "notice", "info", "debug" };

void log_threshold(enum log_level most)
{
    threshold = most;
}

void log_event(const struct ctx *ctx, enum log_level level, const char *event, const char *fmt, ...)
{
    if (level > threshold)
        return;
    char line[2048];
    size_t n = 0, most = sizeof line - 1;
    int k = snprintf(line, most, "<%d>level=%s event=%s", (int)level, level_names[level], event);
    n += (size_t)k;
    if (ctx && n < most) {
        k = snprintf(line + n, most - n, " id=%s tenant=%" PRIu64, ctx->id, ctx->tenant);
        n += (size_t)k;
    }
    if (*fmt && n < most) {
        line[n++] = ' ';
        va_list ap;
        va_start(ap, fmt);
        k = vsnprintf(line + n, most - n, fmt, ap);
        va_end(ap);
        n += k > 0 ? (size_t)k : 0;
    }
    if (n >= most) /* cut: not in the middle of a character */
        n = utf8_cut(line, strlen(line), most - 5);
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
            line[i] = ' ';
    line[n++] = '\n';
    while (write(STDERR_FILENO, line, n) < 0 && errno == EINTR)
        ;
}

bool log_level_parse(const char *name, enum log_level *out)
{
    for (int i = LOG_ERROR; i <= LOG_DEBUG; i++)
        if (strcmp(name, level_names[i]) == 0) {
            *out = (enum log_level)i;
            return true;
        }
    return false;
}

const char *log_quote(struct arena *a, const char *s)
{
    if (!s)
        return "\"\"";
    size_t len = strlen(s);
    char *out = arena_alloc(a, 2 * len + 3), *o = out;
    *o++ = '"';
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)s[i];
        if (c == '"' || c == '\\')
            *o++ = '\\';
        *o++ = c < 0x20 || c == 0x7f ? ' ' : (char)c;
    }
    *o++ = '"';
    *o = 0;
    return out;
}
