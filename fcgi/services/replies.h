/* replies.h - the rules of automatic answers: how each line answers by itself, and the tenant's default for the others.
 * One mode a rule: none, text, ai, keywords, or (of a line) inherit; so switching one on switches the other off. */
#ifndef CENTRALA_SERVICES_REPLIES_H
#define CENTRALA_SERVICES_REPLIES_H
#include "base/base.h"
#include "base/ctx.h"
#include "store/replies.h"

enum { ANSWER_MOST_UNITS = 640, WORD_MOST_UNITS = 40, KEYWORDS_MOST = 200, ANSWERS_MOST = 50 };

/* Every rule that exists, the default (line 0) first. */
struct rows reply_rules(struct ctx *ctx);
/* The rule of a line (0: the default); one that does not exist is as it would begin: none, or inherit. NULL with ctx->err. */
struct reply_rule_row *reply_rule(struct ctx *ctx, uint64_t line);
/* Checks and stores it, sets what each line does with arrivals, audits. False with ctx->err: INVALID at "mode", "body",
 * "hours", "closed_body", "fallback", "most"; ABSENT for a line that is not ours. */
bool reply_rule_save(struct ctx *ctx, const struct reply_rule_row *r);
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

/* Forgets what became of arrivals of months ago; a job. */
bool reply_jobs_purge(struct ctx *ctx);

/* How a text is compared with keywords (base/fold.h). */
const char *keyword_of(struct arena *a, const char *text);

#endif
