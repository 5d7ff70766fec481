/* proposal.c - what a model proposes in a chat: asked for, shown, used, dismissed. */
#include "base/base.h"
#include "services/drafts.h"
#include "services/model_keys.h"
#include "pages/parts.h"

struct draft_in { uint64_t draft; };
static const struct form_field draft_fields[] = { FORM_ID(struct draft_in, draft, REQUIRED) };
const struct form draft_form = FORM(struct draft_in, draft_fields);

static bool in_state(const struct beside_row *b, const char *state)
{
    return b->proposal_id && strcmp(b->proposal_state, state) == 0;
}

void put_proposal(struct request *rq, struct value *o, const struct conversation_row *c, const struct beside_row *b)
{
    bool ready = in_state(b, "ready"), failed = in_state(b, "failed");
    object_bool(o, "can_ask", !b->opt_out && model_key_any(&rq->ctx) && (!b->proposal_id || failed));
    if (!b->proposal_id)
        return;
    struct value *p = object_object(o, "proposal");
    const char *id = arena_printf(rq->ctx.arena, "%" PRIu64, b->proposal_id);
    object_text(p, "id", id);
    object_bool(p, "thinking", !ready && !failed);
    object_text(p, "text", ready ? b->proposal_text : NULL);
    object_text(p, "reason", failed ? say(rq, b->proposal_text) : NULL); /* ours is a message id, the model's own words stay as they are */
    object_text(p, "use_url", arena_printf(rq->ctx.arena, "/conversations/%" PRIu64 "?draft=%s#composer", c->id, id));
}

const char *proposal_text(const struct beside_row *b, uint64_t id)
{
    return b->proposal_id == id && in_state(b, "ready") ? b->proposal_text : NULL;
}

static int back(struct request *rq, struct response *rs)
{
    return redirect(rq, rs, arena_printf(rq->ctx.arena, "/conversations/%" PRIu64 "#newest", request_arg_id(rq, 0)));
}

int conversation_ask_page(struct request *rq, struct response *rs) /* POST /conversations/:id/ask */
{
    if (!draft_ask(&rq->ctx, request_arg_id(rq, 0))) {
        if (rq->ctx.err.code != ERR_INVALID)
            return fail(rq, rs);
        response_notice(rq, rs, err_public(&rq->ctx.err));
        err_clear(&rq->ctx);
    }
    return back(rq, rs);
}

int conversation_dismiss_page(struct request *rq, struct response *rs) /* POST /conversations/:id/dismiss */
{
    const struct draft_in *in = rq->in;
    if (rq->form_errors)
        return fail_with(rq, rs, ERR_INVALID);
    return draft_dismiss(&rq->ctx, request_arg_id(rq, 0), in->draft) ? back(rq, rs) : fail(rq, rs);
}
