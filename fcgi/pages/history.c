/* history.c - every message, newest first, filtered and searched. */
#include "base/base.h"
#include "base/str.h"
#include "pages/history.h"
#include "pages/parts.h"

struct history_in { const char *direction, *q; uint64_t before; };
static const struct form_field history_fields[] = {
    FORM_TEXT(struct history_in, direction, 0, 12, 0),
    FORM_TEXT(struct history_in, q, 0, 100, 0),
    FORM_ID(struct history_in, before, 0),
};
const struct form history_query = FORM(struct history_in, history_fields);

static const struct { const char *word, *view; enum history_filter filter; } filters[] = {
    { "", "all", HISTORY_ALL }, { "in", "in", HISTORY_IN }, { "out", "out", HISTORY_OUT }, { "failed", "failed", HISTORY_FAILED },
};

enum history_filter history_filter_of(const char *word)
{
    for (size_t i = 0; word && i < ARRAY_LEN(filters); i++)
        if (strcmp(filters[i].word, word) == 0)
            return filters[i].filter;
    return HISTORY_ALL;
}

static const char *url_of(struct request *rq, const char *path, const char *direction, const char *q, uint64_t before)
{
    struct str t;
    const char *sep = strchr(path, '?') ? "&" : "?";
    str_init(&t, rq->ctx.arena, 128, 2048);
    str_puts(&t, path);
    if (direction && *direction) {
        str_printf(&t, "%sdirection=%s", sep, direction);
        sep = "&";
    }
    if (q && *q) {
        str_printf(&t, "%sq=", sep);
        str_url(&t, q, strlen(q));
        sep = "&";
    }
    if (before)
        str_printf(&t, "%sbefore=%" PRIu64, sep, before);
    return t.s;
}

/* Search and the failed filter look through a bounded span: the older page begins where they stopped. */
static uint64_t older_than(const struct history *h)
{
    if (h->page.more)
        return ((const struct history_row *)h->page.row)[h->page.n - 1].id;
    return h->searched_to;
}

int history_page(struct request *rq, struct response *rs) /* GET /history */
{
    const struct history_in *in = rq->in;
    enum history_filter filter = history_filter_of(in->direction);
    const char *word = filters[filter].word;
    struct history h = inbox_history(&rq->ctx, filter, in->q, in->before, PAGE_ROWS);
    if (!h.page.ok)
        return fail(rq, rs);
    put_history(rq, &h);
    bool searching = (in->q && *in->q) || filter != HISTORY_ALL;
    object_bool(view(rq), "searching", searching);
    if (in->q && *in->q)
        object_text(view(rq), "q", in->q);
    if (*word)
        object_text(view(rq), "direction", word);
    struct value *links = object_object(view(rq), "filter");
    for (size_t i = 0; i < ARRAY_LEN(filters); i++) {
        struct value *f = object_object(links, filters[i].view);
        object_text(f, "page_url", url_of(rq, "/history", filters[i].word, in->q, 0));
        object_bool(f, "current", filters[i].filter == filter);
    }
    if (!in->before && !(in->q && *in->q))
        put_live(rq, url_of(rq, "/live?view=history", word, NULL, 0), "");
    uint64_t older = older_than(&h);
    put_pager(rq, older ? url_of(rq, "/history", word, in->q, older) : NULL, in->before ? url_of(rq, "/history", word, in->q, 0) : NULL);
    return view_page(rq, rs, "pages/history");
}
