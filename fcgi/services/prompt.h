/* prompt.h - what a model is asked: the tenant's words as the system text, the conversation as turns, oldest first.
 *
 * What a customer wrote stands in turns only, never in the system text. Notes of ours are not part of it. The newest text
 * comes last and once. Turns are bounded in number and characters: the oldest are left out. */
#ifndef CENTRALA_SERVICES_PROMPT_H
#define CENTRALA_SERVICES_PROMPT_H
#include "base/base.h"
#include "base/ctx.h"
#include "providers/model.h"
#include "services/ai_profile.h"
#include "store/ai_history.h"

enum { PROMPT_CHARACTERS = 24000 };

struct prompt {
    const char *system;
    struct model_turn *turns;
    size_t turn_count;
};

/* The tenant's prompt, its tone, and our rules. */
const char *prompt_system(struct arena *a, const struct ai_profile_row *p);
/* From rows newest first. `latest` (NULL: none) is what is to be answered: the last turn, once, even where it is the newest row too. */
void prompt_turns(struct arena *a, const struct said_row *newest_first, size_t n, int history, const char *latest, struct prompt *out);
/* Both, of a conversation up to message `upto` (0: all of it; conversation 0: only `latest`). False with ctx->err. */
bool prompt_of(struct ctx *ctx, const struct ai_profile_row *p, uint64_t conversation, uint64_t upto, int history, const char *latest, struct prompt *out);
/* To make an answer of the model shorter. */
void prompt_shorten(struct arena *a, const char *text, int characters, struct prompt *out);

#endif
