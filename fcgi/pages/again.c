/* again.c - a message that failed, once more at the press of a button. */
#include "base/base.h"
#include "pages/parts.h"
#include "services/again.h"

static const char *outcome(const struct send_result *r)
{
    if (r->duplicate)
        return N_("This message has been sent again already.");
    if (strcmp(r->status, "failed") == 0)
        return N_("It could not be sent this time either. The new message says why.");
    return N_("The message is sent again. It is the newest one now.");
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
