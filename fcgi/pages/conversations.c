/* conversations.c - the list of conversations. */
#include "base/base.h"
#include "base/clock.h"
#include "base/str.h"
#include "pages/parts.h"

struct conversations_in { const char *q, *before; bool attention; };
static const struct form_field conversations_fields[] = {
    FORM_TEXT(struct conversations_in, q, 0, 100, 0),
    FORM_TEXT(struct conversations_in, before, 0, 60, 0),
    FORM_BOOL(struct conversations_in, attention, false),
};
const struct form conversations_query = FORM(struct conversations_in, conversations_fields);

/* "<ms>.<id>" of the last row of the page before: when it was last written, or since when it needs a person. */
static void read_cursor(const char *s, int64_t *ms, uint64_t *id)
{
    char *end = NULL;
    *ms = s && *s ? strtoll(s, &end, 10) : 0;
    *id = end && *end == '.' ? strtoull(end + 1, NULL, 10) : 0;
    if (!*id || *ms <= 0)
        *ms = CLOCK_NONE;
}

static void put_pages(struct request *rq, const struct page *page, bool attention, bool first)
{
    const struct conversation_row *last = page->more && page->n ? (const struct conversation_row *)page->row + page->n - 1 : NULL;
    const char *at = attention ? "/conversations?attention=1" : "/conversations";
    put_pager(rq, last ? arena_printf(rq->ctx.arena, "%s%cbefore=%" PRId64 ".%" PRIu64, at, attention ? '&' : '?', attention ? last->attention_ms : last->last_ms, last->id) : NULL,
              first ? NULL : at);
}

int conversations_page(struct request *rq, struct response *rs) /* GET /conversations */
{
    const struct conversations_in *in = rq->in;
    bool searching = in->q && *in->q, attention = in->attention && !searching;
    int64_t before_ms;
    uint64_t before_id;
    read_cursor(in->before, &before_ms, &before_id);
    struct page page = attention ? inbox_attention(&rq->ctx, before_ms, before_id, PAGE_ROWS) : inbox_conversations(&rq->ctx, in->q, before_ms, before_id, PAGE_ROWS);
    if (!page.ok)
        return fail(rq, rs);
    put_conversations(rq, &page);
    object_bool(view(rq), "searching", searching);
    object_bool(view(rq), "waiting", attention);
    if (searching)
        object_text(view(rq), "q", in->q);
    bool first = before_ms == CLOCK_NONE;
    if (first && !searching)
        put_live(rq, attention ? "/live?view=attention" : "/live?view=list", live_cursor(&rq->ctx, page.row, page.n));
    put_pages(rq, &page, attention, first);
    return view_page(rq, rs, "pages/conversations");
}
