/* ai_reply.c - a model answers: while none is set up, every message goes to a person, visibly. */
#include "base/base.h"
#include "services/ai_reply.h"

bool ai_reply_begin(struct work *w, const struct reply_case *c)
{
    answering_done_noted(&w->ctx, c, "no-model", "handed-off", "no model is set up");
    work_end(w, "ai reply");
    return false;
}
