/* dashboard.c - totals, latest conversations, and the form that writes to anybody. */
#include "base/base.h"
#include "base/clock.h"
#include "pages/dashboard.h"
#include "pages/parts.h"
#include "services/totals.h"

enum { LATEST = 10 };

struct send_in { const char *to, *body, *nonce; uint64_t line; };
static const struct form_field send_fields[] = {
    FORM_PHONE(struct send_in, to, REQUIRED | ADDRESS),
    FORM_TEXT(struct send_in, body, 1, BODY_MOST_UNITS, REQUIRED | MULTILINE),
    FORM_TEXT(struct send_in, nonce, 0, 64, ASCII),
    FORM_ID(struct send_in, line, 0),
};
const struct form send_form = FORM(struct send_in, send_fields);

bool put_dashboard(struct request *rq, const char **cursor)
{
    struct total_row *totals = totals_now(&rq->ctx);
    struct page page = inbox_conversations(&rq->ctx, NULL, CLOCK_NONE, 0, LATEST);
    if (!totals || !page.ok)
        return false;
    put_totals(rq, totals);
    put_conversations(rq, &page);
    object_bool(view(rq), "searching", false);
    object_bool(view(rq), "waiting", false);
    *cursor = live_cursor(&rq->ctx, page.row, page.n);
    return true;
}

static int show(struct request *rq, struct response *rs, uint64_t line, int status)
{
    const char *cursor;
    if (!put_dashboard(rq, &cursor) || !put_lines(rq, line, true))
        return fail(rq, rs);
    put_live(rq, "/live?view=dashboard", cursor);
    put_nonce(rq);
    return view_page_status(rq, rs, "pages/dashboard", status);
}

int dashboard_page(struct request *rq, struct response *rs) /* GET / */
{
    view_form(rq, &send_form, NULL);
    return show(rq, rs, 0, 200);
}

/* A number typed plainly goes out on the chosen line's channel. */
static const char *address_for(struct request *rq, const char *to, uint64_t line)
{
    struct rows rows = sending_lines(&rq->ctx);
    const struct line_row *l = rows.row;
    for (size_t i = 0; i < rows.n; i++)
        if (l[i].id == line && strcmp(l[i].channel, "whatsapp") == 0 && *to == '+')
            return arena_printf(rq->ctx.arena, "whatsapp:%s", to);
    return to;
}

int send_page(struct request *rq, struct response *rs) /* POST /send */
{
    const struct send_in *in = rq->in;
    struct send_result r;
    if (!rq->form_errors) {
        struct send_request send = { .to = address_for(rq, in->to, in->line), .line_id = in->line, .body = in->body, .nonce = in->nonce, .author = AUTHOR_USER };
        if (message_send(&rq->ctx, &send, &r))
            return redirect(rq, rs, arena_printf(rq->ctx.arena, "/conversations/%" PRIu64 "#newest", r.conversation_id));
        if (!show_again(rq))
            return fail(rq, rs);
    }
    view_form(rq, &send_form, in);
    return show(rq, rs, in->line, 422);
}
