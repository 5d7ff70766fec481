/* twilio.c - Twilio's webhooks: verify (done by the guards), store, commit, answer. Nothing outside is waited for. */
#include "base/base.h"
#include "services/delivery.h"
#include "services/inbound.h"
#include "web/handlers.h"

static int nothing_to_say(struct response *rs)
{
    rs->type = "text/xml";
    STR_LIT(&rs->body, "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response/>");
    return 200;
}

int inbound_hook(struct request *rq, struct response *rs) /* POST /twilio/inbound, /hook/:secret/message */
{
    struct inbound_result result;
    if (!inbound_receive(&rq->ctx, rq->params, rq->param_count, &result))
        return fail(rq, rs);
    return nothing_to_say(rs);
}

int status_hook(struct request *rq, struct response *rs) /* POST /twilio/status, /hook/:secret/status[/:outbox] */
{
    if (!delivery_callback(&rq->ctx, rq->params, rq->param_count, rq->args[1] ? request_arg_id(rq, 1) : 0))
        return fail(rq, rs);
    return nothing_to_say(rs);
}
