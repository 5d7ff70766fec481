/* replies.h - the rules of automatic answers: how each line answers by itself, and the tenant's default for the others.
 * One mode a rule: none, text, ai, keywords, or (of a line) inherit; so switching one on switches the other off. */
#ifndef CENTRALA_SERVICES_REPLIES_H
#define CENTRALA_SERVICES_REPLIES_H
#include "base/base.h"
#include "base/ctx.h"
#include "services/hours.h"
#include "store/replies.h"

enum { ANSWER_MOST_UNITS = 640, WORD_MOST_UNITS = 40, KEYWORDS_MOST = 200, ANSWERS_MOST = 50, CLOSED_DAYS_MOST = 100, DAY_NAME_MOST_UNITS = 60 };

/* Every rule that exists, the default (line 0) first. */
struct rows reply_rules(struct ctx *ctx);
/* The rule of a line (0: the default); one that does not exist is as it would begin: none, or inherit. NULL with ctx->err. */
struct reply_rule_row *reply_rule(struct ctx *ctx, uint64_t line);
/* Checks and stores it, sets what each line does with arrivals, audits. False with ctx->err: INVALID at "mode", "body",
 * "hours", "closed_body", "fallback", "most"; ABSENT for a line that is not ours. */
bool reply_rule_save(struct ctx *ctx, const struct reply_rule_row *r);
/* With all its closed days anew; INVALID also at "closed_days". */
bool reply_rule_save_with(struct ctx *ctx, const struct reply_rule_row *r, const struct closed_day_row *days, size_t n);
/* Only the mode, whatever else the rule says. */
bool reply_rule_switch(struct ctx *ctx, uint64_t line, const char *mode);
/* The zone in which the tenant's hours are meant; NULL with ctx->err. */
const char *reply_zone(struct ctx *ctx);
/* For a line that is new. */
bool reply_lines_changed(struct ctx *ctx);

struct rows reply_keywords(struct ctx *ctx); /* struct keyword_row of all rules */
/* INVALID at "word" or "answer". An existing word gets the new answer. */
bool reply_keyword_add(struct ctx *ctx, uint64_t line, const char *word, const char *answer);
bool reply_keyword_remove(struct ctx *ctx, uint64_t line, const char *word); /* folded or as it was typed */

/* The hours of a rule with its closed days; what is no JSON of hours is always open. False on failure. */
bool reply_hours(struct ctx *ctx, uint64_t rule, const char *json, struct hours *out);
struct rows reply_closed_days(struct ctx *ctx, uint64_t rule); /* struct closed_day_row of one rule, by day */
/* `date` as closed_day_parse() reads it; `yearly` leaves the year out. INVALID at "date" or "name". An existing day gets the new name. */
bool reply_closed_day_add(struct ctx *ctx, uint64_t line, const char *date, bool yearly, const char *name);
bool reply_closed_day_remove(struct ctx *ctx, uint64_t line, const char *day); /* as it is stored */
/* The day as it is stored; NULL when it is none. */
const char *reply_closed_day(const char *date, bool yearly);

/* Forgets what became of arrivals of months ago; a job. */
bool reply_jobs_purge(struct ctx *ctx);

/* How a text is compared with keywords (base/fold.h). */
const char *keyword_of(struct arena *a, const char *text);

#endif
