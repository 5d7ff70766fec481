/* ai.h - the AI page, shown by ai.c and, with what a test brought, by ai_console.c. */
#ifndef CENTRALA_PAGES_AI_H
#define CENTRALA_PAGES_AI_H
#include "pages/parts.h"
#include "services/ai_settings.h"

struct ai_in;
struct ai_key_in;
struct ai_limits_in;
/* Which line (0: all), and what was typed into the form that did not pass; NULLs: what is stored. */
struct ai_view {
    uint64_t line;
    const struct ai_in *form;
    const struct ai_key_in *key;
    const struct ai_limits_in *limits;
    bool tested;               /* "test" is there already */
};
bool put_ai(struct request *rq, const struct ai_view *shown);
/* "preview" {title, chat_url}, "live" and "messages" of the conversation with that number; nothing when there is none. */
bool put_preview(struct request *rq, const char *number);
/* "messages" alone, for the fragment. */
bool put_preview_again(struct request *rq, uint64_t conversation);

#endif
