/* line_settings.h - the tenant's numbers: add, rename, switch, pace, default sender; and what Twilio's account holds. */
#ifndef CENTRALA_SERVICES_LINE_SETTINGS_H
#define CENTRALA_SERVICES_LINE_SETTINGS_H
#include "base/base.h"
#include "base/ctx.h"
#include "providers/twilio_numbers.h"
#include "store/lines.h"

enum { LINE_RATE_MOST = 10000 };

/* `typed` as people of `country` write numbers, or a short code. False with ERR_INVALID at line, channel, name, per_second. */
bool line_new(struct ctx *ctx, const char *typed, const char *country, const char *channel, const char *name, int64_t per_second);
/* NULL with ERR_ABSENT when it is not ours. */
struct line_row *line_get(struct ctx *ctx, uint64_t line);
bool line_change(struct ctx *ctx, uint64_t line, const char *name, bool active, int64_t per_second);
/* The sender of its channel when nobody chooses one. */
bool line_make_default(struct ctx *ctx, uint64_t line);

/* A page of the account's numbers; `next` NULL: the first. False with ERR_UPSTREAM (Twilio's words in the public text) or
 * ERR_INVALID when `next` leaves the account. */
bool line_numbers(struct ctx *ctx, const char *next, struct twilio_numbers *out);

enum line_at_twilio { LINE_UNKNOWN, LINE_THERE, LINE_NOT_THERE, LINE_MUTE };
/* Has the account that number? UNKNOWN with Twilio's words when it could not be asked. */
enum line_at_twilio line_at_twilio(struct ctx *ctx, const char *number, const char **words, int *took_ms);

#endif
