/* auto_reply.c - predecessor 000's automatic reply: the tenant's default rule. */
#include "base/base.h"
#include "services/replies.h"
#include "web/handlers.h"

struct auto_reply_in { int enabled; const char *message; };
static const struct form_field auto_reply_fields[] = {
    FORM_SWITCH(struct auto_reply_in, enabled),
    FORM_TEXT(struct auto_reply_in, message, 0, ANSWER_MOST_UNITS, MULTILINE),
};
const struct form auto_reply_api_form = FORM(struct auto_reply_in, auto_reply_fields);

static int show(struct response *rs, const struct reply_rule_row *r)
{
    str_printf(&rs->body, "{\"enabled\":%s,\"message\":", strcmp(r->mode, "text") == 0 ? "true" : "false");
    str_json(&rs->body, r->body, strlen(r->body));
    str_putc(&rs->body, '}');
    return json_done(rs, 200);
}

int auto_reply_config_api(struct request *rq, struct response *rs) /* GET /api/auto-reply/config */
{
    const struct reply_rule_row *r = reply_rule(&rq->ctx, 0);
    return r ? show(rs, r) : fail(rq, rs);
}

int auto_reply_config_set_api(struct request *rq, struct response *rs) /* POST /api/auto-reply/config */
{
    const struct auto_reply_in *in = rq->in;
    struct reply_rule_row *r = reply_rule(&rq->ctx, 0);
    if (!r)
        return fail(rq, rs);
    if (in->message)
        r->body = in->message;
    if (in->enabled == SWITCH_ON) /* one mode: this switches a model off */
        r->mode = "text";
    else if (in->enabled == SWITCH_OFF && strcmp(r->mode, "text") == 0)
        r->mode = "none";
    if (reply_rule_save(&rq->ctx, r))
        return show(rs, r);
    if (rq->ctx.err.field) /* by the name it has here */
        rq->ctx.err.field = "message";
    return fail(rq, rs);
}
