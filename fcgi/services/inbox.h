/* inbox.h - what the panel reads: conversation list, chat, history, read marks, and whether anything has changed.
 * Every list is keyset-paged and costs a constant number of statements, whatever the size. */
#ifndef CENTRALA_SERVICES_INBOX_H
#define CENTRALA_SERVICES_INBOX_H
#include "base/base.h"
#include "base/ctx.h"
#include "store/conversations.h"
#include "store/media.h"
#include "store/messages.h"

enum { PAGE_ROWS = 50 };

/* A page of rows, newest first; `more`: there is an older page, which begins after the last row. */
struct page { bool ok; size_t n; void *row; bool more; };

/* struct conversation_row. `q`: name or number contains it (then one page only). */
struct page inbox_conversations(struct ctx *ctx, const char *q, int64_t before_ms, uint64_t before_id, int limit);
/* struct conversation_row: those that need a person, the latest first (before_ms: attention_ms of the last row). */
struct page inbox_attention(struct ctx *ctx, int64_t before_ms, uint64_t before_id, int limit);
/* A person has seen to it: the mark goes, unless it is newer than what that person saw. */
bool inbox_attended(struct ctx *ctx, uint64_t conversation, int64_t upto_ms);
/* struct last_error_row: what went wrong with the newest messages of the first page of that length. */
struct rows inbox_last_errors(struct ctx *ctx, int limit);
struct conversation_row *inbox_conversation(struct ctx *ctx, uint64_t id); /* NULL with ERR_ABSENT */
/* What stands beside it; false on failure. Costs a statement only where there may be something. */
bool inbox_beside(struct ctx *ctx, const struct conversation_row *c, struct beside_row *out);
/* Our address in it, kept between requests of a burst; NULL on failure. */
const char *inbox_line_address(struct ctx *ctx, const struct conversation_row *c);
/* fcgi-cron: conversations beside which nothing stands any more say so; how many, -1 failure. */
int64_t inbox_settle(struct ctx *ctx);
/* By an address in any spelling ("+48…", "whatsapp:+48…", "48…", "0048…"); NULL without error when there is none yet. */
struct conversation_row *inbox_conversation_with(struct ctx *ctx, const char *participant);
/* Exactly that customer address on exactly that line; NULL without error when there is none. */
struct conversation_row *inbox_conversation_between(struct ctx *ctx, const char *peer, const char *line_address);
/* struct message_row; before 0: the newest. */
struct page inbox_messages(struct ctx *ctx, uint64_t conversation, uint64_t before, int limit);
/* The same without notes: for APIs. */
struct page inbox_messages_without_notes(struct ctx *ctx, uint64_t conversation, uint64_t before, int limit);
/* struct media_row: attachments of the messages of such a page (any order). */
struct rows inbox_media(struct ctx *ctx, uint64_t conversation, const struct page *messages);
bool inbox_mark_read(struct ctx *ctx, uint64_t conversation, int64_t seen);

enum history_filter { HISTORY_ALL, HISTORY_IN, HISTORY_OUT, HISTORY_FAILED };
struct history { struct page page; uint64_t searched_to; }; /* searched_to: a search looked down to this id; 0 = to the end */
/* struct history_row. A search looks through the newest SEARCH_SPAN messages below `before` and says how far it came. */
enum { SEARCH_SPAN = 20000 };
struct history inbox_history(struct ctx *ctx, enum history_filter filter, const char *q, uint64_t before, int limit);
struct history_row *inbox_message(struct ctx *ctx, const char *sid); /* NULL with ERR_ABSENT */

/* Live views. A cursor is "<ms>-<hash>": changes after ms (less an overlap, because rows do not become visible in the
 * order of their times), and what of them was seen already. Text in the arena. */
const char *live_cursor(struct ctx *ctx, const struct conversation_row *rows, size_t n);
struct live { bool ok, changed; const char *cursor; };
/* `conversation` 0: any of the tenant's. One indexed statement. */
struct live live_poll(struct ctx *ctx, const char *cursor, uint64_t conversation);

#endif
