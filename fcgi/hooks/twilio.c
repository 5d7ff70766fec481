/* twilio.c - Twilio's webhooks: verify (done by the guards), store, commit, answer. Nothing outside is waited for. */
#include "base/base.h"
#include "services/delivery.h"
#include "services/inbound.h"
#include "services/params.h"
#include "web/handlers.h"

static int nothing_to_say(struct response *rs)
{
    rs->type = "text/xml";
    STR_LIT(&rs->body, "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response/>");
    return 200;
}

/* A form's, or the members of a JSON object whose hash was signed. */
static struct pair *parameters(struct request *rq, size_t *count)
{
    *count = rq->param_count;
    return rq->param_count || !rq->body_len ? rq->params : params_from_json(rq->ctx.arena, rq->body, rq->body_len, count);
}

int inbound_hook(struct request *rq, struct response *rs) /* POST /twilio/inbound, /hook/:secret/message */
{
    size_t count;
    struct pair *params = parameters(rq, &count);
    if (!inbound_receive(&rq->ctx, params, count, NULL))
        return fail(rq, rs);
    return nothing_to_say(rs);
}

/* The predecessor's address for states answers in JSON, mistakes too; Twilio reads neither. */
const struct form status_form = { .envelope = ENVELOPE_STATUS };

int status_hook(struct request *rq, struct response *rs) /* POST /twilio/status, /hook/:secret/status[/:outbox] */
{
    size_t count;
    struct pair *params = parameters(rq, &count);
    if (!delivery_callback(&rq->ctx, params, count, rq->args[1] ? request_arg_id(rq, 1) : 0))
        return fail(rq, rs);
    if (rq->args[0])
        return nothing_to_say(rs);
    STR_LIT(&rs->body, "{\"status\":\"ok\"}");
    return json_done(rs, 200);
}
