/* conversation.h - what the chat's live fragment shares with the page. */
#ifndef CENTRALA_PAGES_CONVERSATION_H
#define CENTRALA_PAGES_CONVERSATION_H
#include "web/request.h"

/* Conversation, messages and pager into the root; false on failure (absent, database). `before` 0: the newest page. */
bool put_thread(struct request *rq, uint64_t id, uint64_t before, const char **cursor);

#endif
