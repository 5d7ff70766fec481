/* log.h - one key=value line an event, to standard error, with the level prefix journald reads ("<6>").
 *
 *   log_event(ctx, LOG_INFO, "message.stored", "sid=%s segments=%d", sid, n);
 *   -> <6>level=info event=message.stored id=5f0c… tenant=3 sid=SM… segments=2
 *
 * Values that may hold blanks go through log_quote(). Tokens, keys, passwords, telephone numbers and message bodies
 * are never logged: a test greps for them. */
#ifndef CENTRALA_LOG_H
#define CENTRALA_LOG_H
#include "base/base.h"

enum log_level { LOG_ERROR = 3, LOG_WARNING = 4, LOG_NOTICE = 5, LOG_INFO = 6, LOG_DEBUG = 7 };

struct ctx;
/* ctx may be NULL (start-up). */
void log_event(const struct ctx *ctx, enum log_level level, const char *event, const char *fmt, ...) PRINTF_LIKE(4, 5);
/* Lines above this level are not written; the default is LOG_INFO. Set once at start. */
void log_threshold(enum log_level most);
/* "error", "warning", "notice", "info", "debug" (the setting log.level); false for anything else. */
bool log_level_parse(const char *name, enum log_level *out) MUST_USE;
struct arena;
/* "…" with quotes and backslashes escaped and control characters as blanks; in the arena. */
const char *log_quote(struct arena *a, const char *s);

#endif
