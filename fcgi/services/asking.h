/* asking.h - one question to a model: with what it is asked (profile, key, prompt), the day's limits before each call, the
 * usage row after it, the repetitions in between. */
#ifndef CENTRALA_SERVICES_ASKING_H
#define CENTRALA_SERVICES_ASKING_H
#include "base/base.h"
#include "providers/model.h"
#include "services/ai_profile.h"
#include "services/crew.h"
#include "services/prompt.h"

struct question {
    const struct ai_profile_row *profile;
    const char *purpose;             /* reply, draft, shorten, test, send: of the usage row */
    uint64_t conversation_id;        /* 0: none */
    struct model_request request;
    int64_t until_ms;                /* clock_mono_ms() by which the answer is worth something */
    int tries;
    struct call call;
    void (*done)(struct work *w, const struct model_result *r);
};

/* Fills the question; `key` (NULL: the tenant's own) is one that came with the request. False with ctx->err: INVALID at
 * "api_key" when there is none. */
bool question_init(struct ctx *ctx, struct question *q, const struct ai_profile_row *p, const char *key, const char *purpose, uint64_t conversation);
void question_prompt(struct question *q, const struct prompt *prompt);

/* A person waits: one call. False with ctx->err: LIMIT when the day's budget is used up. */
bool ask_now(struct ctx *ctx, struct question *q, int limit_ms, struct model_result *out);

/* In fcgi-cron: calls and, while it makes sense before `until_ms`, repeats. `done` comes later, once; its result is NULL when the
 * budget is used up or could not be asked (ctx->err). `q` must live as long as the work. */
void ask(struct work *w, struct question *q, void (*done)(struct work *w, const struct model_result *r));

#endif
