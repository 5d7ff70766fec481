/* unrouted.c - signed messages to numbers that are not lines, and the way to a line. */
#include "base/base.h"
#include "base/clock.h"
#include "base/phone.h"
#include "services/inbound.h"
#include "services/params.h"
#include "pages/parts.h"

struct unrouted_in { const char *before; };
static const struct form_field unrouted_fields[] = { FORM_TEXT(struct unrouted_in, before, 0, 60, 0) };
const struct form unrouted_query = FORM(struct unrouted_in, unrouted_fields);

struct route_in { const char *sid; uint64_t line; };
static const struct form_field route_fields[] = {
    FORM_TEXT(struct route_in, sid, 1, 34, REQUIRED),
    FORM_ID(struct route_in, line, REQUIRED),
};
const struct form unrouted_form = FORM(struct route_in, route_fields);

static void put_unrouted(struct request *rq, const struct unrouted_row *r, size_t n, const struct rows *lines)
{
    struct value *list = object_list(view(rq), "messages");
    for (size_t i = 0; i < n; i++) {
        struct value *o = list_object(list);
        object_text(o, "sid", r[i].sid);
        object_text(o, "from", shown_address(rq, r[i].from_address));
        object_text(o, "to", shown_address(rq, r[i].to_address));
        const char *channel = channel_name(address_channel(r[i].from_address));
        put_channel(rq, o, channel);
        put_lines_of(rq, o, lines, channel);
        view_time(rq, o, "at", r[i].created_ms);
        object_text(o, "text", text_preview(rq->ctx.arena, r[i].body));
        object_text(o, "body", r[i].body);
    }
    object_bool(view(rq), "has_messages", n > 0);
}

int unrouted_page(struct request *rq, struct response *rs) /* GET /unrouted */
{
    const struct unrouted_in *in = rq->in;
    char *end = NULL;
    int64_t before = in->before && *in->before ? strtoll(in->before, &end, 10) : CLOCK_NONE;
    struct rows rows = unrouted_list(&rq->ctx, before, end && *end == '.' ? end + 1 : "", PAGE_ROWS + 1);
    struct rows lines = sending_lines(&rq->ctx);
    if (!rows.ok || !lines.ok)
        return fail(rq, rs);
    const struct unrouted_row *r = rows.row;
    bool more = rows.n > PAGE_ROWS;
    size_t n = more ? PAGE_ROWS : rows.n;
    put_unrouted(rq, r, n, &lines);
    put_pager(rq, more ? arena_printf(rq->ctx.arena, "/unrouted?before=%" PRId64 ".%s", r[n - 1].created_ms, r[n - 1].sid) : NULL,
              before != CLOCK_NONE ? "/unrouted" : NULL);
    return view_page(rq, rs, "pages/unrouted");
}

int unrouted_route_page(struct request *rq, struct response *rs) /* POST /unrouted/route */
{
    const struct route_in *in = rq->in;
    if (rq->form_errors)
        return fail_with(rq, rs, ERR_INVALID);
    if (!unrouted_route_one(&rq->ctx, in->sid, in->line))
        return fail(rq, rs);
    response_notice(rq, rs, N_("The message is in its conversation now."));
    return redirect(rq, rs, "/unrouted");
}
