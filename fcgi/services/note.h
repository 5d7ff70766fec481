/* note.h - system lines in a chat: what happened to a conversation besides messages. Only people of the tenant see them;
 * they are never sent, and no list, total or API of messages counts them. */
#ifndef CENTRALA_SERVICES_NOTE_H
#define CENTRALA_SERVICES_NOTE_H
#include "base/base.h"
#include "base/ctx.h"

/* A kind is a word of store; its text for people stands in pages/notes.c. `detail` is shown behind it ("" for none), as
 * text: never a secret. Live views show it at once. Kinds that ask for a person mark the conversation (attention), and are
 * added inside a transaction; others inside or outside. */
bool note_add(struct ctx *ctx, uint64_t conversation, const char *kind, const char *detail);

#endif
