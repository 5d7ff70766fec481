/* remote.c - predecessor 000's look at Twilio itself: a page of its list, through the same door as the regular sync. */
#include "base/base.h"
#include "base/clock.h"
#include "services/sync.h"
#include "api/shapes.h"
#include "web/handlers.h"

struct remote_in { int64_t limit; const char *to, *from, *date_sent, *date_sent_before, *date_sent_after; };
static const struct form_field remote_fields[] = {
    FORM_INT(struct remote_in, limit, 1, 100, 20, CLAMP),
    FORM_PHONE(struct remote_in, to, ADDRESS),
    FORM_PHONE(struct remote_in, from, ADDRESS),
    FORM_TEXT(struct remote_in, date_sent, 0, 40, 0),
    FORM_TEXT(struct remote_in, date_sent_before, 0, 40, 0),
    FORM_TEXT(struct remote_in, date_sent_after, 0, 40, 0),
};
const struct form remote_query = FORM(struct remote_in, remote_fields);

/* CLOCK_NONE when it is not asked for. */
static bool moment(struct request *rq, const char *field, const char *text, int64_t *ms)
{
    *ms = CLOCK_NONE;
    if (!text || !*text || clock_parse_iso(text, ms) || clock_parse_iso(arena_printf(rq->ctx.arena, "%sZ", text), ms))
        return true;
    return err_field(&rq->ctx, field, N_("A date looks like 2026-11-20 or 2026-11-20T13:37:00Z."));
}

static const char *text_or_null(const char *s)
{
    return s && *s ? s : NULL;
}

int remote_messages_api(struct request *rq, struct response *rs) /* GET /api/messages/remote */
{
    const struct remote_in *in = rq->in;
    struct twilio_filter f = { .to = text_or_null(in->to), .from = text_or_null(in->from), .page_size = (int)in->limit };
    struct twilio_page page;
    if (!moment(rq, "date_sent", in->date_sent, &f.day_ms) || !moment(rq, "date_sent_before", in->date_sent_before, &f.before_ms) ||
        !moment(rq, "date_sent_after", in->date_sent_after, &f.after_ms) || !sync_remote(&rq->ctx, &f, &page))
        return fail_at_twilio(rq, rs);
    STR_LIT(&rs->body, "{\"items\":[");
    for (size_t i = 0; i < page.n; i++) {
        if (i)
            str_putc(&rs->body, ',');
        shape_listed(&rs->body, &page.v[i]);
    }
    str_printf(&rs->body, "],\"count\":%zu}", page.n);
    return json_done(rs, 200);
}
