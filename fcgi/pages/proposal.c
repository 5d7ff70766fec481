/* proposal.c - what a model proposes in a chat: asked for, shown, used, dismissed. */
#include "base/base.h"
#include "base/json.h"
#include "services/drafts.h"
#include "services/model_keys.h"
#include "pages/parts.h"

struct draft_in { uint64_t draft; };
static const struct form_field draft_fields[] = { FORM_ID(struct draft_in, draft, REQUIRED) };
const struct form draft_form = FORM(struct draft_in, draft_fields);

static const struct json *parsed(struct request *rq, const struct conversation_row *c)
{
    return c->proposal ? json_parse(rq->ctx.arena, c->proposal, strlen(c->proposal)) : NULL;
}

void put_proposal(struct request *rq, struct value *o, const struct conversation_row *c)
{
    const struct json *j = parsed(rq, c);
    const char *state = json_get_text(j, "state", ""), *id = json_get_text(j, "message", ""), *text = json_get_text(j, "text", "");
    bool ready = strcmp(state, "ready") == 0, failed = strcmp(state, "failed") == 0;
    object_bool(o, "can_ask", !c->opt_out && model_key_any(&rq->ctx) && (!j || failed));
    if (!j)
        return;
    struct value *p = object_object(o, "proposal");
    object_text(p, "id", id);
    object_bool(p, "thinking", !ready && !failed);
    object_text(p, "text", ready ? text : NULL);
    object_text(p, "reason", failed ? say(rq, text) : NULL); /* ours is a message id, the model's own words stay as they are */
    object_text(p, "use_url", arena_printf(rq->ctx.arena, "/conversations/%" PRIu64 "?draft=%s#composer", c->id, id));
}

const char *proposal_text(struct request *rq, const struct conversation_row *c, uint64_t id)
{
    const struct json *j = parsed(rq, c);
    bool ready = strcmp(json_get_text(j, "state", ""), "ready") == 0 && strtoull(json_get_text(j, "message", "0"), NULL, 10) == id;
    return ready ? json_get_text(j, "text", NULL) : NULL;
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
