/* removal.c - taking one message or a whole conversation away, asked twice: works without scripts. */
#include "base/base.h"
#include "services/error_codes.h"
#include "services/params.h"
#include "services/removal.h"
#include "pages/parts.h"

struct remove_in { const char *act; };
static const struct form_field remove_fields[] = { FORM_TEXT(struct remove_in, act, 0, 12, 0) };
const struct form remove_form = FORM(struct remove_in, remove_fields);

static struct message_row *message_of(struct request *rq, uint64_t conversation, uint64_t id)
{
    struct page page = inbox_messages(&rq->ctx, conversation, id + 1, 1);
    struct message_row *m = page.row;
    if (page.ok && page.n == 1 && m->id == id && m->direction != NOTE)
        return m;
    if (page.ok)
        err_set(&rq->ctx, ERR_ABSENT, "message");
    return NULL;
}

static int show_message(struct request *rq, struct response *rs, int status)
{
    uint64_t talk = request_arg_id(rq, 0), id = strtoull(rq->args[1], NULL, 10);
    const struct conversation_row *c = inbox_conversation(&rq->ctx, talk);
    const struct message_row *m = c ? message_of(rq, talk, id) : NULL;
    if (!m || !put_conversation(rq, c))
        return fail(rq, rs);
    struct value *o = object_object(view(rq), "message");
    object_text(o, "action_url", arena_printf(rq->ctx.arena, "/conversations/%" PRIu64 "/messages/%" PRIu64, talk, m->id));
    object_bool(o, "inbound", m->direction == INBOUND);
    if (*m->body)
        object_text(o, "body", m->body);
    if (m->num_media)
        object_text(o, "media", say_n(rq, N_("%lld attachment"), N_("%lld attachments"), m->num_media));
    view_time(rq, o, "at", m->created_ms);
    put_state(rq, o, m->status);
    bool redacted = m->extra && strncmp(m->extra, "{\"Redacted\"", 11) == 0;
    object_bool(o, "redactable", !redacted && (*m->body || m->num_media || m->extra));
    object_bool(object_object(view(rq), "here"), "conversations", true);
    return view_page_status(rq, rs, "pages/message_remove", status);
}

int message_remove_page(struct request *rq, struct response *rs) /* GET /conversations/:id/messages/:message */
{
    view_form(rq, &remove_form, NULL);
    return show_message(rq, rs, 200);
}

/* What Twilio said, as a mistake of the form. */
static void put_refusal(struct request *rq, const struct removal_result *r)
{
    const char *why = say(rq, N_("The provider refused or failed."));
    if (r->code) {
        struct error_code e = error_code(rq->ctx.arena, (int)r->code);
        why = error_code_words(&e, language_code(catalog_language(rq->lang)));
    }
    const char *text = arena_printf(rq->ctx.arena, "%s (%s)", say(rq, N_("Twilio refused; the message is kept")), why);
    request_field_error(rq, "", text);
}

int message_remove_submit_page(struct request *rq, struct response *rs) /* POST /conversations/:id/messages/:message: act=redact or delete */
{
    const struct remove_in *in = rq->in;
    uint64_t talk = request_arg_id(rq, 0);
    bool delete = in->act && strcmp(in->act, "delete") == 0, redact = in->act && strcmp(in->act, "redact") == 0;
    struct removal_result r;
    if (rq->form_errors || !(delete || redact))
        return fail_with(rq, rs, ERR_INVALID);
    bool ok = removal_message_id(&rq->ctx, talk, strtoull(rq->args[1], NULL, 10), delete ? REMOVAL_DELETE : REMOVAL_REDACT, &r);
    if (!ok && !show_again(rq))
        return fail(rq, rs);
    if (ok && (r.local || r.pending)) {
        response_notice(rq, rs, r.pending ? N_("Twilio cannot remove it yet. It will be tried again by itself; the report under Privacy says how far it is.")
                                : delete  ? N_("The message was deleted.") : N_("The text of the message was removed."));
        return redirect(rq, rs, arena_printf(rq->ctx.arena, "/conversations/%" PRIu64 "#newest", talk));
    }
    if (ok)
        put_refusal(rq, &r);
    view_form(rq, &remove_form, in);
    return show_message(rq, rs, 422);
}

static int show_conversation(struct request *rq, struct response *rs, int status)
{
    const struct conversation_row *c = inbox_conversation(&rq->ctx, request_arg_id(rq, 0));
    if (!c || !put_conversation(rq, c))
        return fail(rq, rs);
    object_text(view(rq), "count_text", say_n(rq, N_("%lld message"), N_("%lld messages"), c->message_count));
    object_bool(object_object(view(rq), "here"), "conversations", true);
    return view_page_status(rq, rs, "pages/conversation_remove", status);
}

int conversation_remove_page(struct request *rq, struct response *rs) /* GET /conversations/:id/delete */
{
    view_form(rq, &remove_form, NULL);
    return show_conversation(rq, rs, 200);
}

int conversation_remove_submit_page(struct request *rq, struct response *rs) /* POST /conversations/:id/delete */
{
    struct removal_report r;
    if (!removal_conversation(&rq->ctx, request_arg_id(rq, 0), &r)) {
        if (!show_again(rq))
            return fail(rq, rs);
        view_form(rq, &remove_form, rq->in);
        return show_conversation(rq, rs, 422);
    }
    if (!r.failed.n && !r.pending) {
        response_notice(rq, rs, N_("The conversation was deleted."));
        return redirect(rq, rs, "/conversations");
    }
    response_notice(rq, rs, r.failed.n ? N_("Twilio did not remove everything. What it kept is kept here, too.") : N_("The conversation is being deleted; this report follows it."));
    return redirect(rq, rs, arena_printf(rq->ctx.arena, "/privacy/%" PRIu64, r.request));
}
