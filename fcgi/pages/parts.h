/* parts.h - the objects that templates/parts read, made from rows; shared by pages and live fragments. */
#ifndef CENTRALA_PAGES_PARTS_H
#define CENTRALA_PAGES_PARTS_H
#include "base/mime.h"
#include "services/attach.h"
#include "services/inbox.h"
#include "services/sending.h"
#include "web/handlers.h"
#include "web/view.h"

/* "state" {word, label, tone}, which is given back. */
struct value *put_state(struct request *rq, struct value *o, const char *status);
const char *state_tone(const char *status);
/* "channel" {word, label} */
void put_channel(struct request *rq, struct value *o, const char *channel);
/* The number of an address, grouped for reading; other addresses as they are. */
const char *shown_address(struct request *rq, const char *address);
/* "title" and "number": the name with the number beside it, or the number alone. */
void put_title(struct request *rq, struct value *o, const char *name, const char *peer);
/* "failure" {text, code, help_url} when there is an error. */
void put_failure(struct request *rq, struct value *o, int64_t code, const char *words);
/* "note" {text, tone, icon, detail?, by?}: a system line of a chat. */
void put_note(struct request *rq, struct value *o, const struct message_row *m);
/* "attention" {label, icon, since} when the conversation needs a person. */
void put_attention(struct request *rq, struct value *o, const struct conversation_row *c);
/* "window" {open, text} for WhatsApp conversations; true when free text is allowed now. */
bool put_window(struct request *rq, struct value *o, const struct conversation_row *c);

/* Whole lists, into the root: conversations/has_conversations, messages/has_messages. */
void put_conversations(struct request *rq, const struct page *page);
void put_history(struct request *rq, const struct history *history);
/* Chat, oldest first, with day separators and media. `failed` (struct again_row): those that may stand as to be sent again, NULL:
 * none. False on failure. */
bool put_chat(struct request *rq, const struct conversation_row *c, const struct page *page, const struct rows *failed);
/* Those of such a page; costs a statement only where one has failed so that it may be worth it. False on failure. */
bool failed_of(struct request *rq, uint64_t conversation, const struct page *page, struct rows *failed);
/* "again" {done, again_url, label} of a message that is among them and may be, or was, sent again; false when it has none. */
bool put_again(struct request *rq, struct value *o, uint64_t conversation, const struct message_row *m, const struct rows *failed);
/* "has_media" and "media": those of `media` (struct media_row) that belong to the message. */
void put_media(struct request *rq, struct value *o, uint64_t conversation, uint64_t message, const struct rows *media);
/* "kept": files of a form that is shown again. */
void put_kept(struct request *rq, const struct attached *files, size_t n);
/* "attach" {accept, most, picture, other, total, hint}: what may be sent on that channel. */
void put_attach(struct request *rq, struct value *o, const char *channel);
/* What an attachment is, in a word or two. */
const char *kind_label(struct request *rq, enum mime_kind kind, const char *type);
/* "340 KB", "1.2 MB" */
const char *shown_size(struct request *rq, int64_t bytes);
/* The played handset: both directions of one conversation, then what waits there (struct handset_row). */
void put_handset(struct request *rq, const struct page *page, const struct rows *waiting);
void put_totals(struct request *rq, const struct total_row *t);
/* A sender in a list to choose from: "Shop · +48 732 100 200 · SMS". */
const char *line_label(struct request *rq, const struct line_row *l);
/* "lines", "has_lines", "several_lines"; `chosen` 0: none selected. False on failure. */
bool put_lines(struct request *rq, uint64_t chosen, bool active_only);
/* "lines" and "has_lines" into `o`: those of sending_lines() on one channel. */
void put_lines_of(struct request *rq, struct value *o, const struct rows *lines, const char *channel);
/* "conversation" for pages/conversation and its fragment. False on failure. */
bool put_conversation(struct request *rq, const struct conversation_row *c);
/* "proposal" {id, text?, thinking?, reason?, use_url} and "can_ask" into the conversation's object (pages/proposal.c). */
void put_proposal(struct request *rq, struct value *o, const struct conversation_row *c, const struct beside_row *beside);
/* The proposal's text when it is that one and ready; NULL otherwise. */
const char *proposal_text(const struct beside_row *beside, uint64_t id);
/* "live" {url, cursor} */
void put_live(struct request *rq, const char *url, const char *cursor);
/* "pager" {older_url?, newest_url?} */
void put_pager(struct request *rq, const char *older_url, const char *newest_url);
/* "languages": list of {code, label = its own name, selected}. */
void put_languages(struct request *rq, const char *chosen);
/* "nonce": makes the same form sent twice one send. */
void put_nonce(struct request *rq);
/* A service's refusal becomes a mistake at its field, or the form's "problem": true, and the page is shown again.
 * False: nothing a form can show; fail(). */
bool show_again(struct request *rq);

#endif
