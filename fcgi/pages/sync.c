/* sync.c - history from Twilio: how far it has come, and the wish to fetch more. */
#include "base/base.h"
#include "base/clock.h"
#include "services/sync.h"
#include "pages/parts.h"

struct sync_page_in { const char *cursor; };
static const struct form_field sync_page_fields[] = { FORM_TEXT(struct sync_page_in, cursor, 0, 80, 0) };
const struct form sync_query = FORM(struct sync_page_in, sync_page_fields);

struct sync_in { int64_t days; };
static const struct form_field sync_fields[] = { FORM_INT(struct sync_in, days, 1, SYNC_DAYS_MOST, 30, REQUIRED) };
const struct form sync_form = FORM(struct sync_in, sync_fields);

enum { DAY_MS = 24 * 3600 * 1000 };

static const char *state_text(struct request *rq, const struct sync_row *s)
{
    if (strcmp(s->state, "running") == 0)
        return say(rq, N_("Fetching"));
    if (strcmp(s->state, "failed") == 0)
        return say(rq, N_("Stopped"));
    return say(rq, N_("Up to date"));
}

static void put_sync(struct request *rq, const struct sync_row *s)
{
    struct value *o = object_object(view(rq), "sync"), *state = object_object(o, "state");
    bool running = strcmp(s->state, "running") == 0, failed = strcmp(s->state, "failed") == 0;
    object_text(state, "word", running ? "sending" : failed ? "failed" : "delivered");
    object_text(state, "label", state_text(rq, s));
    object_text(state, "tone", running ? "wait" : failed ? "bad" : "good");
    int64_t total = (s->first_day_ms - s->last_day_ms) / DAY_MS + 1, done = (s->first_day_ms - s->day_ms) / DAY_MS + (running || failed ? 0 : 1);
    object_int(o, "total", total);
    object_int(o, "done", done);
    object_text(o, "progress_text", sayf(rq, N_("%lld of %lld days"), (long long)done, (long long)total));
    object_int(o, "seen", s->seen);
    object_int(o, "added", s->added);
    object_int(o, "updated", s->updated);
    object_int(o, "skipped", s->skipped);
    object_bool(o, "running", running);
    object_text(o, "author", s->author);
    object_text(o, "error", s->error && *s->error ? s->error : NULL);
    view_time(rq, o, "started", s->started_ms);
    view_time(rq, o, "completed", s->completed_ms);
    view_time(rq, o, "high", s->high_ms);
}

static int show(struct request *rq, struct response *rs, const char *cursor, int status)
{
    const struct sync_row *s = sync_state(&rq->ctx);
    if (rq->ctx.err.code)
        return fail(rq, rs);
    bool begun = s && s->started_ms != CLOCK_NONE;
    const char *now = begun ? arena_printf(rq->ctx.arena, "%s-%" PRId64 "-%" PRId64 "-%" PRId64, s->state, s->started_ms, s->day_ms, s->seen) : "none";
    if (cursor && view_fragment(rq) && strcmp(cursor, now) == 0)
        return rs->status = 204;
    if (begun)
        put_sync(rq, s);
    put_live(rq, "/sync", now);
    object_bool(object_object(view(rq), "here"), "sync", true);
    response_header(rs, "X-Cursor", now);
    return view_page_status(rq, rs, "pages/sync", status);
}

int sync_page(struct request *rq, struct response *rs) /* GET /sync */
{
    const struct sync_page_in *in = rq->in;
    view_form(rq, &sync_form, &(struct sync_in){ .days = 30 });
    return show(rq, rs, in->cursor, 200);
}

int sync_start_page(struct request *rq, struct response *rs) /* POST /sync */
{
    const struct sync_in *in = rq->in;
    if (!rq->form_errors && sync_start(&rq->ctx, in->days)) {
        response_notice(rq, rs, N_("History is being fetched. You can leave this page."));
        return redirect(rq, rs, "/sync");
    }
    if (!rq->form_errors && !show_again(rq))
        return fail(rq, rs);
    view_form(rq, &sync_form, in);
    return show(rq, rs, NULL, 422);
}
