/* ai_settings.h - the AI of a line as a whole: the reply rule's mode and the profile. Switching the AI on switches the text
 * reply off, because a rule has one mode. */
#ifndef CENTRALA_SERVICES_AI_SETTINGS_H
#define CENTRALA_SERVICES_AI_SETTINGS_H
#include "base/base.h"
#include "base/ctx.h"
#include "services/ai_profile.h"

struct ai_settings {
    const char *mode;                      /* of the line's rule: none, text, ai, keywords, inherit */
    bool on;                               /* the AI answers there, by its own rule or the default's */
    bool own;                              /* the line has a profile of its own */
    const struct ai_profile_row *profile;  /* what holds for it */
};
/* line 0: the default. False with ctx->err: ABSENT when the line is not ours. */
bool ai_settings(struct ctx *ctx, uint64_t line, struct ai_settings *out);
/* Is there a key for that provider? Before anything is stored: INVALID at `field` when there is none. */
bool ai_key_there(struct ctx *ctx, const char *provider, const char *field);
/* "on", "off" or, of a line, "inherit"; off leaves other modes alone. INVALID at "answers" when there is no key for the
 * profile's provider. */
bool ai_switch(struct ctx *ctx, uint64_t line, const char *word);
/* Could it answer there? False with INVALID at `field` when there is no key for the profile's provider. */
bool ai_has_key(struct ctx *ctx, uint64_t line, const char *field);

#endif
