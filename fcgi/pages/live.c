/* live.c - has anything changed? 204 from one indexed statement when not, else the fragment and the next cursor. */
#include "base/base.h"
#include "base/clock.h"
#include "pages/ai.h"
#include "pages/conversation.h"
#include "pages/dashboard.h"
#include "pages/history.h"
#include "pages/parts.h"
#include "pages/phone.h"

struct live_in { const char *view, *cursor, *direction, *from, *to; uint64_t id; };
static const struct form_field live_fields[] = {
    FORM_TEXT(struct live_in, view, 1, 20, REQUIRED),
    FORM_TEXT(struct live_in, cursor, 0, 60, 0),
    FORM_TEXT(struct live_in, direction, 0, 12, 0),
    FORM_TEXT(struct live_in, from, 0, 255, 0),
    FORM_TEXT(struct live_in, to, 0, 255, 0),
    FORM_ID(struct live_in, id, 0),
};
const struct form live_query = FORM(struct live_in, live_fields);

static bool list_fragment(struct request *rq, const struct live_in *in)
{
    struct page page = inbox_conversations(&rq->ctx, NULL, CLOCK_NONE, 0, PAGE_ROWS);
    (void)in;
    put_conversations(rq, &page);
    object_bool(view(rq), "searching", false);
    object_bool(view(rq), "waiting", false);
    return page.ok;
}

static bool attention_fragment(struct request *rq, const struct live_in *in)
{
    struct page page = inbox_attention(&rq->ctx, CLOCK_NONE, 0, PAGE_ROWS);
    (void)in;
    put_conversations(rq, &page);
    object_bool(view(rq), "searching", false);
    object_bool(view(rq), "waiting", true);
    return page.ok;
}

static bool chat_fragment(struct request *rq, const struct live_in *in)
{
    const char *cursor;
    return put_thread(rq, in->id, 0, &cursor);
}

static bool preview_fragment(struct request *rq, const struct live_in *in)
{
    return put_preview_again(rq, in->id);
}

static bool history_fragment(struct request *rq, const struct live_in *in)
{
    struct history h = inbox_history(&rq->ctx, history_filter_of(in->direction), NULL, 0, PAGE_ROWS);
    put_history(rq, &h);
    object_bool(view(rq), "searching", false);
    return h.page.ok;
}

static bool dashboard_fragment(struct request *rq, const struct live_in *in)
{
    const char *cursor;
    (void)in;
    return put_dashboard(rq, &cursor);
}

static bool handset_fragment(struct request *rq, const struct live_in *in)
{
    return put_handset_thread(rq, in->from, in->to, false);
}

static const struct {
    const char *view, *part;
    bool (*fragment)(struct request *rq, const struct live_in *in);
    bool one; /* of the conversation that `id` names */
} views[] = {
    { "list", "parts/conversation_list", list_fragment, false },  { "chat", "parts/message_list", chat_fragment, true },
    { "history", "parts/history_list", history_fragment, false }, { "dashboard", "parts/dashboard_live", dashboard_fragment, false },
    { "handset", "parts/handset_list", handset_fragment, false }, { "attention", "parts/conversation_list", attention_fragment, false },
    { "preview", "parts/preview", preview_fragment, true },
};

int live_page(struct request *rq, struct response *rs) /* GET /live?view=…&cursor=… */
{
    const struct live_in *in = rq->in;
    size_t i = rq->form_errors ? ARRAY_LEN(views) : 0;
    while (i < ARRAY_LEN(views) && strcmp(views[i].view, in->view) != 0)
        i++;
    if (i == ARRAY_LEN(views) || (views[i].one && !in->id))
        return fail_with(rq, rs, ERR_INVALID);
    struct live live = live_poll(&rq->ctx, in->cursor, views[i].one ? in->id : 0);
    if (!live.ok)
        return fail(rq, rs);
    if (!live.changed)
        return rs->status = 204;
    if (!views[i].fragment(rq, in))
        return fail(rq, rs);
    response_header(rs, "X-Cursor", live.cursor);
    return view_page(rq, rs, views[i].part);
}
