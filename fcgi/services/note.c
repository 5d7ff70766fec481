/* note.c - a note and the sign for live views. */
#include "base/base.h"
#include "services/note.h"
#include "store/conversations.h"
#include "store/messages.h"

/* What only a person can go on with. */
static bool needs_person(const char *kind)
{
    return strcmp(kind, "handed-off") == 0 || strcmp(kind, "opt-out-doubt") == 0 || strcmp(kind, "answers-stopped") == 0;
}

bool note_add(struct ctx *ctx, uint64_t conversation, const char *kind, const char *detail)
{
    return db_note_insert(ctx, ctx->tenant, conversation, kind, detail, ctx->actor.user_id, ctx->actor.user_id ? ctx->actor.name : NULL) &&
           db_conversation_touch(ctx, ctx->tenant, conversation, 0, NULL) &&
           (!needs_person(kind) || db_conversation_attend(ctx, ctx->tenant, conversation, kind));
}
