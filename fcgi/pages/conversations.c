/* conversations.c - the list of conversations. */
#include "base/base.h"
#include "base/clock.h"
#include "base/str.h"
#include "pages/parts.h"

struct conversations_in { const char *q, *before; };
static const struct form_field conversations_fields[] = {
    FORM_TEXT(struct conversations_in, q, 0, 100, 0),
    FORM_TEXT(struct conversations_in, before, 0, 60, 0),
};
const struct form conversations_query = FORM(struct conversations_in, conversations_fields);

/* "<ms>.<id>" of the last row of the page before. */
static void read_cursor(const char *s, int64_t *ms, uint64_t *id)
{
    char *end = NULL;
    *ms = s && *s ? strtoll(s, &end, 10) : 0;
    *id = end && *end == '.' ? strtoull(end + 1, NULL, 10) : 0;
    if (!*id || *ms <= 0)
        *ms = CLOCK_NONE;
}

int conversations_page(struct request *rq, struct response *rs) /* GET /conversations */
{
    const struct conversations_in *in = rq->in;
    bool searching = in->q && *in->q;
    int64_t before_ms;
    uint64_t before_id;
    read_cursor(in->before, &before_ms, &before_id);
    struct page page = inbox_conversations(&rq->ctx, in->q, before_ms, before_id, PAGE_ROWS);
    if (!page.ok)
        return fail(rq, rs);
    put_conversations(rq, &page);
    object_bool(view(rq), "searching", searching);
    if (searching)
        object_text(view(rq), "q", in->q);
    bool first = before_ms == CLOCK_NONE;
    if (first && !searching)
        put_live(rq, "/live?view=list", live_cursor(&rq->ctx, page.row, page.n));
    const struct conversation_row *last = page.n ? (const struct conversation_row *)page.row + page.n - 1 : NULL;
    put_pager(rq, page.more && last ? arena_printf(rq->ctx.arena, "/conversations?before=%" PRId64 ".%" PRIu64, last->last_ms, last->id) : NULL,
              first ? NULL : "/conversations");
    return view_page(rq, rs, "pages/conversations");
}
