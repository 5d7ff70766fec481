/* privacy.c - how long messages are kept, erasing a person, and the reports of everything that was removed. */
#include "base/base.h"
#include "services/removal.h"
#include "pages/parts.h"

struct privacy_in { uint64_t before; };
static const struct form_field privacy_fields[] = { FORM_ID(struct privacy_in, before, 0) };
const struct form privacy_query = FORM(struct privacy_in, privacy_fields);

struct retention_in { const char *what; int64_t days; };
static const struct form_field retention_fields[] = {
    FORM_TEXT(struct retention_in, what, 1, 12, REQUIRED),
    FORM_INT(struct retention_in, days, 1, 3650, 365, 0),
};
const struct form retention_form = FORM(struct retention_in, retention_fields);

struct erase_in { const char *number, *again; };
static const struct form_field erase_fields[] = {
    FORM_PHONE(struct erase_in, number, REQUIRED),
    FORM_PHONE(struct erase_in, again, REQUIRED),
};
const struct form erase_form = FORM(struct erase_in, erase_fields);

struct report_in { const char *cursor; };
static const struct form_field report_fields[] = { FORM_TEXT(struct report_in, cursor, 0, 80, 0) };
const struct form report_query = FORM(struct report_in, report_fields);

static const char *title_of(struct request *rq, const struct removal_request_row *r)
{
    bool redact = strcmp(r->action, "redact") == 0;
    if (strcmp(r->kind, "person") == 0)
        return say(rq, N_("Person erased"));
    if (strcmp(r->kind, "conversation") == 0)
        return say(rq, N_("Conversation deleted"));
    if (strcmp(r->kind, "retention") == 0)
        return redact ? say(rq, N_("Old texts removed")) : say(rq, N_("Old messages deleted"));
    return redact ? say(rq, N_("Text of a message removed")) : say(rq, N_("Message deleted"));
}

static void put_report_state(struct request *rq, struct value *o, const struct removal_request_row *r)
{
    struct value *s = object_object(o, "state");
    bool open = strcmp(r->state, "open") == 0;
    object_text(s, "word", open ? "sending" : r->failed ? "failed" : "delivered");
    object_text(s, "tone", open ? "wait" : r->failed ? "bad" : "good");
    object_text(s, "label", open ? say(rq, N_("In progress")) : r->failed ? say(rq, N_("Not everything")) : say(rq, N_("Done")));
}

static void put_report(struct request *rq, struct value *o, const struct removal_request_row *r)
{
    object_text(o, "id", arena_printf(rq->ctx.arena, "%" PRIu64, r->id));
    object_text(o, "report_url", arena_printf(rq->ctx.arena, "/privacy/%" PRIu64, r->id));
    object_text(o, "title", title_of(rq, r));
    object_text(o, "actor", *r->actor ? r->actor : say(rq, N_("By itself")));
    put_report_state(rq, o, r);
    view_time(rq, o, "at", r->created_ms);
    view_time(rq, o, "ended", r->ended_ms);
    object_int(o, "total", r->total);
    object_int(o, "done", r->done);
    object_int(o, "failed", r->failed);
    object_int(o, "waiting", r->total - r->done - r->failed);
    if (r->other)
        object_int(o, "other", r->other);
    object_text(o, "progress_text", sayf(rq, N_("%lld of %lld done"), (long long)r->done, (long long)r->total));
}

static bool put_retention(struct request *rq, const struct retention_in *in)
{
    static const struct { const char *word, *label; } choices[] = {
        { "keep", N_("Keep them") }, { "redact", N_("Remove texts and attachments") }, { "delete", N_("Delete the messages") } };
    const struct retention_row *now = retention_get(&rq->ctx);
    if (rq->ctx.err.code)
        return false;
    struct value *o = object_object(view(rq), "retention"), *list = object_list(o, "choices");
    const char *chosen = in && in->what ? in->what : now ? now->action : "keep";
    for (size_t i = 0; i < ARRAY_LEN(choices); i++) {
        struct value *c = list_object(list);
        object_text(c, "word", choices[i].word);
        object_text(c, "label", say(rq, choices[i].label));
        object_bool(c, "chosen", strcmp(choices[i].word, chosen) == 0);
    }
    object_int(o, "days", in ? in->days : now ? now->days : 365);
    if (now) {
        object_text(o, "by", now->changed_by);
        view_time(rq, o, "changed", now->changed_ms);
    }
    return true;
}

/* `form` is the one that was sent, NULL: none; `retention` its values when it was that one. */
static int show(struct request *rq, struct response *rs, uint64_t before, const struct retention_in *retention, int status)
{
    struct rows rows = removal_requests(&rq->ctx, before, PAGE_ROWS + 1);
    const struct removal_request_row *r = rows.row;
    if (!rows.ok || !put_retention(rq, retention))
        return fail(rq, rs);
    size_t n = rows.n > PAGE_ROWS ? PAGE_ROWS : rows.n;
    struct value *list = object_list(view(rq), "reports");
    for (size_t i = 0; i < n; i++)
        put_report(rq, list_object(list), &r[i]);
    object_bool(view(rq), "has_reports", n > 0);
    put_pager(rq, rows.n > n ? arena_printf(rq->ctx.arena, "/privacy?before=%" PRIu64, r[n - 1].id) : NULL, before ? "/privacy" : NULL);
    object_bool(object_object(view(rq), "here"), "privacy", true);
    return view_page_status(rq, rs, "pages/privacy", status);
}

int privacy_page(struct request *rq, struct response *rs) /* GET /privacy */
{
    const struct privacy_in *in = rq->in;
    view_form(rq, &erase_form, NULL);
    return show(rq, rs, in->before, NULL, 200);
}

int privacy_retention_page(struct request *rq, struct response *rs) /* POST /privacy/retention */
{
    const struct retention_in *in = rq->in;
    if (!rq->form_errors && retention_put(&rq->ctx, in->what, in->days)) {
        response_notice(rq, rs, N_("Saved. Old messages are looked for once a day."));
        return redirect(rq, rs, "/privacy");
    }
    if (!rq->form_errors && !show_again(rq))
        return fail(rq, rs);
    view_form(rq, &retention_form, in);
    return show(rq, rs, 0, in, 422);
}

int privacy_erase_page(struct request *rq, struct response *rs) /* POST /privacy/erase */
{
    const struct erase_in *in = rq->in;
    uint64_t request = rq->form_errors ? 0 : removal_person(&rq->ctx, in->number, in->again);
    if (request) {
        response_notice(rq, rs, N_("The person is being erased; this report follows it."));
        return redirect(rq, rs, arena_printf(rq->ctx.arena, "/privacy/%" PRIu64, request));
    }
    if (!rq->form_errors && !show_again(rq))
        return fail(rq, rs);
    view_form(rq, &erase_form, in);
    return show(rq, rs, 0, NULL, 422);
}

static void put_troubled(struct request *rq, const struct rows *rows)
{
    const struct removal_row *r = rows->row;
    struct value *list = object_list(view(rq), "messages");
    for (size_t i = 0; i < rows->n; i++) {
        struct value *o = list_object(list);
        bool waits = strcmp(r[i].state, "failed") != 0;
        object_text(o, "id", arena_printf(rq->ctx.arena, "%" PRIu64, r[i].id));
        object_text(o, "sid", *r[i].sid ? r[i].sid : arena_printf(rq->ctx.arena, "%" PRIu64, r[i].message_id));
        put_failure(rq, o, r[i].error_code, r[i].error_code ? NULL : waits ? N_("Twilio did not answer in time; it will be tried again.") : N_("The provider refused or failed."));
        object_bool(o, "waits", waits);
        if (waits)
            view_time(rq, o, "next", r[i].next_ms);
    }
    object_bool(view(rq), "has_messages", rows->n > 0);
}

int privacy_report_page(struct request *rq, struct response *rs) /* GET /privacy/:id */
{
    const struct report_in *in = rq->in;
    const struct removal_request_row *r = removal_request(&rq->ctx, request_arg_id(rq, 0));
    struct rows rows = r ? removal_troubled(&rq->ctx, r->id, PAGE_ROWS) : (struct rows){ .ok = false };
    if (!rows.ok)
        return fail(rq, rs);
    const char *cursor = arena_printf(rq->ctx.arena, "%s-%" PRId64 "-%" PRId64 "-%" PRId64 "-%zu", r->state, r->total, r->done, r->failed, rows.n);
    if (view_fragment(rq) && in->cursor && strcmp(in->cursor, cursor) == 0)
        return rs->status = 204;
    bool open = strcmp(r->state, "open") == 0;
    struct value *o = object_object(view(rq), "report");
    put_report(rq, o, r);
    object_bool(o, "may_retry", r->failed > 0);
    put_troubled(rq, &rows);
    object_bool(object_object(view(rq), "here"), "privacy", true);
    if (open || view_fragment(rq))
        put_live(rq, arena_printf(rq->ctx.arena, "/privacy/%" PRIu64, r->id), cursor);
    response_header(rs, "X-Cursor", cursor);
    return view_page(rq, rs, "pages/removal_report");
}

int privacy_retry_page(struct request *rq, struct response *rs) /* POST /privacy/:id/retry */
{
    uint64_t id = request_arg_id(rq, 0);
    if (!removal_retry(&rq->ctx, id))
        return fail(rq, rs);
    return redirect(rq, rs, arena_printf(rq->ctx.arena, "/privacy/%" PRIu64, id));
}
