/* phone.c - TEST_MODE: the customer's handset. Outside TEST_MODE it does not exist. */
#include "base/base.h"
#include "base/conf.h"
#include "base/phone.h"
#include "base/str.h"
#include "services/handset.h"
#include "services/wake.h"
#include "pages/parts.h"
#include "pages/phone.h"

static const char default_customer[] = "+48600100200";

struct phone_query_in { const char *from, *to; };
static const struct form_field phone_query_fields[] = {
    FORM_PHONE(struct phone_query_in, from, ADDRESS),
    FORM_TEXT(struct phone_query_in, to, 0, 255, 0),
};
const struct form phone_query = FORM(struct phone_query_in, phone_query_fields);

struct phone_in { const char *from, *to, *body; };
static const struct form_field phone_fields[] = {
    FORM_PHONE(struct phone_in, from, REQUIRED | ADDRESS),
    FORM_TEXT(struct phone_in, to, 1, 255, REQUIRED),
    FORM_TEXT(struct phone_in, body, 1, 1600, REQUIRED | MULTILINE),
};
const struct form phone_form = FORM(struct phone_in, phone_fields);

/* A WhatsApp line is written to from a WhatsApp address. */
static const char *customer_on(struct request *rq, const char *from, const char *to)
{
    bool whatsapp = address_channel(to) == CHANNEL_WHATSAPP;
    const char *number = address_number(from);
    return whatsapp ? arena_printf(rq->ctx.arena, "whatsapp:%s", number) : number;
}

bool put_handset_thread(struct request *rq, const char *from, const char *to, bool with_waiting)
{
    struct page page = { .ok = true };
    struct rows waiting = { .ok = true };
    const char *customer = customer_on(rq, from ? from : "", to ? to : "");
    /* First what waits: what arrives in between is then shown twice for a moment rather than not at all. */
    if (with_waiting)
        waiting = handset_waiting(&rq->ctx, customer, to ? to : "");
    struct conversation_row *c = inbox_conversation_between(&rq->ctx, customer, to ? to : "");
    if (c)
        page = inbox_messages(&rq->ctx, c->id, 0, PAGE_ROWS);
    if (rq->ctx.err.code || !page.ok || !waiting.ok)
        return false;
    put_handset(rq, &page, &waiting);
    return true;
}

static const struct line_row *line_of(struct request *rq, const char *to)
{
    struct rows rows = sending_lines(&rq->ctx);
    const struct line_row *l = rows.row;
    for (size_t i = 0; i < rows.n; i++)
        if (to && strcmp(l[i].address, to) == 0)
            return &l[i];
    return rows.n ? l : NULL;
}

static int show(struct request *rq, struct response *rs, const char *from, const char *to, int status)
{
    const struct line_row *line = line_of(rq, to);
    const char *address = line ? line->address : "";
    struct str url;
    str_init(&url, rq->ctx.arena, 128, 2048);
    STR_LIT(&url, "/live?view=handset&from=");
    str_url(&url, from, strlen(from));
    STR_LIT(&url, "&to=");
    str_url(&url, address, strlen(address));
    if (!put_lines(rq, line ? line->id : 0, true) || !put_handset_thread(rq, from, address, true))
        return fail(rq, rs);
    object_text(view(rq), "from", from);
    object_text(view(rq), "to", address);
    object_text(view(rq), "to_number", shown_address(rq, address));
    put_live(rq, url.s, "");
    return view_page_status(rq, rs, "pages/phone", status);
}

int phone_page(struct request *rq, struct response *rs) /* GET /phone */
{
    const struct phone_query_in *in = rq->in;
    if (!rq->ctx.conf->main_test_mode)
        return fail_with(rq, rs, ERR_ABSENT);
    view_form(rq, &phone_form, NULL);
    bool given = in->from && *in->from;
    return show(rq, rs, given ? address_number(in->from) : default_customer, in->to, rq->form_errors ? 422 : 200);
}

int phone_send_page(struct request *rq, struct response *rs) /* POST /phone */
{
    const struct phone_in *in = rq->in;
    if (!rq->ctx.conf->main_test_mode)
        return fail_with(rq, rs, ERR_ABSENT);
    if (!rq->form_errors && handset_type(&rq->ctx, customer_on(rq, in->from, in->to), in->to, in->body)) {
        wake_cron(&rq->ctx);
        struct str url;
        str_init(&url, rq->ctx.arena, 128, 2048);
        STR_LIT(&url, "/phone?from=");
        str_url(&url, in->from, strlen(in->from));
        STR_LIT(&url, "&to=");
        str_url(&url, in->to, strlen(in->to));
        return redirect(rq, rs, url.s);
    }
    if (!rq->form_errors && !show_again(rq))
        return fail(rq, rs);
    view_form(rq, &phone_form, in);
    return show(rq, rs, in->from ? in->from : default_customer, in->to, 422);
}
