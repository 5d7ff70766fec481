/* again.c - a message that failed, once more at the press of a button. */
#include "base/base.h"
#include "pages/parts.h"
#include "services/again.h"
#include "services/params.h"

bool failed_of(struct request *rq, uint64_t conversation, const struct page *page, struct rows *failed)
{
    const struct message_row *m = page->row;
    uint64_t first = 0, last = 0;
    *failed = (struct rows){ .ok = true };
    for (size_t i = 0; i < page->n; i++) { /* newest first */
        if (!again_possible(&rq->ctx, &m[i]))
            continue;
        last = last ? last : m[i].id;
        first = m[i].id;
    }
    if (last)
        *failed = again_rows(&rq->ctx, conversation, first, last);
    return failed->ok;
}

bool put_again(struct request *rq, struct value *o, uint64_t conversation, const struct message_row *m, const struct rows *failed)
{
    const struct again_row *r = failed->row, *end = r + failed->n;
    while (r < end && r->id != m->id)
        r++;
    if (r == end || (!r->done && again_refusal(&rq->ctx, r)))
        return false;
    struct value *a = object_object(o, "again");
    object_bool(a, "done", r->done);
    object_text(a, "again_url", arena_printf(rq->ctx.arena, "/conversations/%" PRIu64 "/messages/%" PRIu64 "/again", conversation, m->id));
    object_text(a, "label", *m->body ? sayf(rq, N_("Send again: %s"), text_preview(rq->ctx.arena, m->body)) : say(rq, N_("Send again")));
    return true;
}

static const char *outcome(const struct send_result *r)
{
    if (r->duplicate)
        return N_("This message has been sent again already.");
    if (strcmp(r->status, "failed") == 0)
        return N_("It could not be sent this time either. The new message says why.");
    return N_("The message is being sent again. It is the newest one now.");
}

int message_again_page(struct request *rq, struct response *rs) /* POST /conversations/:id/messages/:message/again */
{
    uint64_t talk = request_arg_id(rq, 0);
    struct send_result r;
    if (again_send(&rq->ctx, talk, request_arg_id(rq, 1), &r)) {
        response_notice(rq, rs, outcome(&r));
    } else if (rq->ctx.err.code == ERR_CONFLICT || rq->ctx.err.code == ERR_INVALID) { /* nothing was typed that could be lost: the chat says why not */
        response_notice(rq, rs, err_public(&rq->ctx.err));
        err_clear(&rq->ctx);
    } else {
        return fail(rq, rs);
    }
    return redirect(rq, rs, arena_printf(rq->ctx.arena, "/conversations/%" PRIu64 "#newest", talk));
}
