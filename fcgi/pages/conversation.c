/* conversation.c - the chat with one customer: messages, answer, read mark. */
#include "base/base.h"
#include "pages/conversation.h"
#include "pages/parts.h"
#include "services/drafts.h"

struct conversation_in { uint64_t before, draft; };
static const struct form_field conversation_fields[] = { FORM_ID(struct conversation_in, before, 0), FORM_ID(struct conversation_in, draft, 0) };
const struct form conversation_query = FORM(struct conversation_in, conversation_fields);

struct reply_in { const char *body, *nonce; int64_t seen; struct texts kept; uint64_t draft; };
static const struct form_field reply_fields[] = {
    FORM_TEXT(struct reply_in, body, 0, BODY_MOST_UNITS, MULTILINE), /* may be empty beside an attachment: message_send() decides */
    FORM_TEXTS(struct reply_in, kept, SEND_MEDIA_MOST, 0),
    FORM_TEXT(struct reply_in, nonce, 0, 64, ASCII),
    FORM_INT(struct reply_in, seen, 0, UINT32_MAX, 0, 0),
    FORM_ID(struct reply_in, draft, 0),
};
enum { UPLOAD_LIMIT = 17 << 20 }; /* the largest attachment, and what surrounds it; the web servers allow 20 MB */
const struct form reply_form = FORM_LARGE(struct reply_in, reply_fields, UPLOAD_LIMIT);

struct read_in { int64_t seen; };
static const struct form_field read_fields[] = { FORM_INT(struct read_in, seen, 0, UINT32_MAX, 0, REQUIRED) };
const struct form read_form = FORM(struct read_in, read_fields);

struct attention_in { int64_t since; };
static const struct form_field attention_fields[] = { FORM_INT(struct attention_in, since, 1, INT64_C(253402300799999), 0, REQUIRED) };
const struct form attention_form = FORM(struct attention_in, attention_fields);

bool put_thread(struct request *rq, uint64_t id, uint64_t before, const char **cursor)
{
    struct conversation_row *c = inbox_conversation(&rq->ctx, id);
    if (!c)
        return false;
    struct page page = inbox_messages(&rq->ctx, id, before, PAGE_ROWS);
    struct rows failed;
    if (!page.ok || !failed_of(rq, id, &page, &failed) || !put_conversation(rq, c) || !put_chat(rq, c, &page, &failed))
        return false;
    const struct message_row *oldest = page.n ? (const struct message_row *)page.row + page.n - 1 : NULL;
    put_pager(rq, page.more && oldest ? arena_printf(rq->ctx.arena, "/conversations/%" PRIu64 "?before=%" PRIu64, id, oldest->id) : NULL,
              before ? arena_printf(rq->ctx.arena, "/conversations/%" PRIu64, id) : NULL);
    *cursor = live_cursor(&rq->ctx, c, 1);
    return true;
}

static int show(struct request *rq, struct response *rs, uint64_t id, uint64_t before, int status)
{
    const char *cursor;
    if (!put_thread(rq, id, before, &cursor))
        return fail(rq, rs);
    if (!before)
        put_live(rq, arena_printf(rq->ctx.arena, "/live?view=chat&id=%" PRIu64, id), cursor);
    put_nonce(rq);
    object_bool(object_object(view(rq), "here"), "conversations", true);
    return view_page_status(rq, rs, "pages/conversation", status);
}

int conversation_page(struct request *rq, struct response *rs) /* GET /conversations/:id */
{
    const struct conversation_in *in = rq->in;
    struct reply_in reply = { .draft = in->draft };
    const struct conversation_row *c = in->draft ? inbox_conversation(&rq->ctx, request_arg_id(rq, 0)) : NULL;
    struct beside_row beside;
    reply.body = c && inbox_beside(&rq->ctx, c, &beside) ? proposal_text(&beside, in->draft) : NULL; /* the proposal in the field, for those without scripts */
    view_form(rq, &reply_form, reply.body ? &reply : NULL);
    put_kept(rq, NULL, 0);
    return show(rq, rs, request_arg_id(rq, 0), in->before, 200);
}

/* Uploads and what was kept before; true when there is nothing to do. */
static bool take_files(struct request *rq, uint64_t conversation, const struct reply_in *in, struct attached *out, size_t *n)
{
    struct attachment all[2 * SEND_MEDIA_MOST];
    size_t count = 0;
    for (size_t i = 0; i < in->kept.n; i++)
        all[count++] = (struct attachment){ .token = in->kept.v[i] };
    for (const struct upload *u = rq->uploads; u && count < ARRAY_LEN(all); u = u->next)
        if (strcmp(u->name, "files") == 0)
            all[count++] = (struct attachment){ .name = u->filename, .type = u->type, .data = u->data, .size = u->size };
    if (!count)
        return true;
    const struct conversation_row *c = inbox_conversation(&rq->ctx, conversation);
    return c && attach(&rq->ctx, c->channel, all, count, out, n);
}

int conversation_send_page(struct request *rq, struct response *rs) /* POST /conversations/:id */
{
    const struct reply_in *in = rq->in;
    uint64_t id = request_arg_id(rq, 0);
    struct send_result r;
    struct attached files[SEND_MEDIA_MOST];
    size_t n = 0;
    if (!take_files(rq, id, in, files, &n) && !show_again(rq))
        return fail(rq, rs);
    if (!rq->form_errors) {
        struct send_file *send_files = ARENA_ARRAY(rq->ctx.arena, struct send_file, n + 1);
        for (size_t i = 0; i < n; i++)
            send_files[i] = files[i].file;
        struct send_request send = { .conversation_id = id, .body = in->body, .nonce = in->nonce, .author = AUTHOR_USER, .files = send_files, .file_count = n };
        struct draft_used used = { .message_id = in->draft, .sent = in->body ? in->body : "" };
        if (in->draft) {
            send.also = draft_used;
            send.also_arg = &used;
        }
        if (message_send(&rq->ctx, &send, &r)) {
            /* Who answers has read what stood above the form. The message is out: a mark that fails is no error. */
            if (in->seen && !inbox_mark_read(&rq->ctx, id, in->seen))
                err_clear(&rq->ctx);
            return redirect(rq, rs, arena_printf(rq->ctx.arena, "/conversations/%" PRIu64 "#newest", id));
        }
        if (!show_again(rq))
            return fail(rq, rs);
    }
    view_form(rq, &reply_form, in);
    put_kept(rq, files, n);
    return show(rq, rs, id, 0, 422);
}

int conversation_read_page(struct request *rq, struct response *rs) /* POST /conversations/:id/read */
{
    const struct read_in *in = rq->in;
    uint64_t id = request_arg_id(rq, 0);
    if (rq->form_errors)
        return fail_with(rq, rs, ERR_INVALID);
    if (!inbox_mark_read(&rq->ctx, id, in->seen))
        return fail(rq, rs);
    return redirect(rq, rs, arena_printf(rq->ctx.arena, "/conversations/%" PRIu64, id));
}

int conversation_attention_page(struct request *rq, struct response *rs) /* POST /conversations/:id/attention */
{
    const struct attention_in *in = rq->in;
    uint64_t id = request_arg_id(rq, 0);
    if (rq->form_errors)
        return fail_with(rq, rs, ERR_INVALID);
    if (!inbox_attended(&rq->ctx, id, in->since))
        return fail(rq, rs);
    response_notice(rq, rs, N_("Marked as done."));
    return redirect(rq, rs, arena_printf(rq->ctx.arena, "/conversations/%" PRIu64, id));
}

int chat_page(struct request *rq, struct response *rs) /* GET /chat/:participant, predecessor 000's address of a chat */
{
    struct conversation_row *c = inbox_conversation_with(&rq->ctx, rq->args[0]);
    if (!c)
        return rq->ctx.err.code ? fail(rq, rs) : fail_with(rq, rs, ERR_ABSENT);
    return redirect(rq, rs, arena_printf(rq->ctx.arena, "/conversations/%" PRIu64, c->id));
}
