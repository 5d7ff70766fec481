/* conversations.c - predecessor 000's conversations: threads by participant. */
#include "base/base.h"
#include "services/inbox.h"
#include "api/shapes.h"
#include "web/handlers.h"

struct conversations_api_in { int64_t limit; };
static const struct form_field conversations_api_fields[] = { FORM_INT(struct conversations_api_in, limit, 1, 200, 30, CLAMP) };
const struct form conversations_api_query = FORM(struct conversations_api_in, conversations_api_fields);

struct conversation_api_in { int64_t limit; uint64_t before; };
static const struct form_field conversation_api_fields[] = {
    FORM_INT(struct conversation_api_in, limit, 1, 500, 200, CLAMP),
    FORM_ID(struct conversation_api_in, before, 0),
};
const struct form conversation_api_query = FORM(struct conversation_api_in, conversation_api_fields);

static const struct last_error_row *error_of(const struct rows *errors, uint64_t message)
{
    const struct last_error_row *e = errors->row;
    for (size_t i = 0; i < errors->n; i++)
        if (e[i].message_id == message)
            return &e[i];
    return NULL;
}

int conversations_api(struct request *rq, struct response *rs) /* GET /api/conversations */
{
    const struct conversations_api_in *in = rq->in;
    struct page page = inbox_conversations(&rq->ctx, NULL, INT64_MIN, 0, (int)in->limit);
    struct rows errors = inbox_last_errors(&rq->ctx, (int)in->limit);
    if (!page.ok || !errors.ok)
        return fail(rq, rs);
    const struct conversation_row *c = page.row;
    STR_LIT(&rs->body, "{\"items\":[");
    for (size_t i = 0; i < page.n; i++) {
        if (i)
            str_putc(&rs->body, ',');
        shape_conversation(&rs->body, &c[i], error_of(&errors, c[i].last_message_id));
    }
    str_printf(&rs->body, "],\"count\":%zu}", page.n);
    return json_done(rs, 200);
}

int conversation_api(struct request *rq, struct response *rs) /* GET /api/conversations/:participant, oldest first */
{
    const struct conversation_api_in *in = rq->in;
    const char *participant = rq->args[0];
    if (!participant[strspn(participant, " \t")]) {
        err_field(&rq->ctx, "participant", N_("Please fill this in."));
        return fail(rq, rs);
    }
    const struct conversation_row *c = inbox_conversation_with(&rq->ctx, participant);
    struct page page = { .ok = true };
    if (c)
        page = inbox_messages_without_notes(&rq->ctx, c->id, in->before, (int)in->limit);
    const char *line = c ? inbox_line_address(&rq->ctx, c) : NULL;
    if (rq->ctx.err.code || !page.ok)
        return fail(rq, rs);
    const struct message_row *m = page.row;
    STR_LIT(&rs->body, "{\"participant\":");
    str_json(&rs->body, participant, strlen(participant));
    STR_LIT(&rs->body, ",\"items\":[");
    for (size_t i = page.n; i-- > 0;) {
        if (i + 1 < page.n)
            str_putc(&rs->body, ',');
        shape_chat_message(&rs->body, &m[i], c, line);
    }
    str_printf(&rs->body, "],\"count\":%zu}", page.n);
    return json_done(rs, 200);
}
