/* opt_out.c - one entry: what happened to it, and how it is lifted. */
#include "base/base.h"
#include "base/phone.h"
#include "base/str.h"
#include "pages/opt_outs.h"

struct opt_out_lift_in { const char *number, *reason; };
static const struct form_field opt_out_lift_fields[] = {
    FORM_PHONE(struct opt_out_lift_in, number, 0),
    FORM_TEXT(struct opt_out_lift_in, reason, 1, OPT_OUT_REASON_MOST, REQUIRED),
};
const struct form opt_out_lift_form = FORM(struct opt_out_lift_in, opt_out_lift_fields);

static void put_history_of(struct request *rq, const struct rows *rows)
{
    static const struct { const char *kind, *label, *tone; } kinds[] = {
        { "out", N_("Opted out"), "bad" }, { "in", N_("Lifted"), "good" }, { "kept", N_("Asked for; nothing changed"), "quiet" }, { "confirm", N_("Looked at and confirmed"), "bad" },
    };
    struct value *list = object_list(view(rq), "events");
    const struct opt_out_event_row *e = rows->row;
    for (size_t i = 0; i < rows->n; i++) {
        struct value *o = list_object(list);
        size_t k = 0;
        while (k + 1 < ARRAY_LEN(kinds) && strcmp(kinds[k].kind, e[i].kind) != 0)
            k++;
        object_text(o, "what", say(rq, kinds[k].label));
        object_text(o, "tone", kinds[k].tone);
        object_text(o, "channel_label", opt_out_channel_label(rq, e[i].channel));
        object_text(o, "source", opt_out_source_label(rq, e[i].source));
        if (*e[i].reason)
            object_text(o, "reason", e[i].reason);
        if (*e[i].actor)
            object_text(o, "by", e[i].actor);
        if (e[i].message_sid)
            object_text(o, "sid", e[i].message_sid);
        view_time(rq, o, "at", e[i].created_ms);
    }
}

static const char *chat_url(struct request *rq, const char *address)
{
    struct str t;
    str_init(&t, rq->ctx.arena, 64, 1024);
    STR_LIT(&t, "/chat/");
    str_url(&t, address, strlen(address));
    return t.s;
}

static int show(struct request *rq, struct response *rs, const struct opt_out_lift_in *in, int status)
{
    struct opt_out_row *r = opt_out_get(&rq->ctx, request_arg_id(rq, 0));
    if (!r)
        return fail(rq, rs);
    struct rows events = opt_out_history(&rq->ctx, r->id);
    if (!events.ok)
        return fail(rq, rs);
    struct value *o = object_object(view(rq), "entry");
    put_opt_out(rq, o, r);
    object_bool(o, "out", strcmp(r->state, "out") == 0);
    object_bool(o, "erased", r->address_key == NULL);
    object_bool(o, "review", r->review && strcmp(r->state, "out") == 0);
    if (r->address_key)
        object_text(o, "chat_url", chat_url(rq, r->address_key));
    put_history_of(rq, &events);
    put_opt_out_tab(rq, "list");
    view_form(rq, &opt_out_lift_form, in);
    return view_page_status(rq, rs, "pages/opt_out", status);
}

int opt_out_page(struct request *rq, struct response *rs) /* GET /opt-outs/:id */
{
    return show(rq, rs, NULL, 200);
}

int opt_out_lift_page(struct request *rq, struct response *rs) /* POST /opt-outs/:id/lift */
{
    const struct opt_out_lift_in *in = rq->in;
    if (!rq->form_errors) {
        if (opt_out_lift_id(&rq->ctx, request_arg_id(rq, 0), in->number, in->reason)) {
            response_notice(rq, rs, N_("Lifted. This customer may be written to again."));
            return redirect(rq, rs, arena_printf(rq->ctx.arena, "/opt-outs/%" PRIu64, request_arg_id(rq, 0)));
        }
        if (!show_again(rq))
            return fail(rq, rs);
    }
    return show(rq, rs, in, 422);
}

int opt_out_confirm_page(struct request *rq, struct response *rs) /* POST /opt-outs/:id/confirm */
{
    if (!opt_out_confirm(&rq->ctx, request_arg_id(rq, 0)))
        return fail(rq, rs);
    response_notice(rq, rs, N_("Confirmed. It stays until somebody lifts it."));
    return redirect(rq, rs, "/opt-outs");
}
