/* bulk.c - one text to many numbers: write, check, send; then follow, hold, resume, try again. */
#include "base/base.h"
#include "base/clock.h"
#include "services/bulk.h"
#include "services/params.h"
#include "pages/parts.h"

struct bulk_page_in { uint64_t before; };
static const struct form_field bulk_page_fields[] = { FORM_ID(struct bulk_page_in, before, 0) };
const struct form bulk_query = FORM(struct bulk_page_in, bulk_page_fields);

struct bulk_in { const char *body, *recipients, *nonce, *act; uint64_t line; };
static const struct form_field bulk_fields[] = {
    FORM_TEXT(struct bulk_in, body, 1, BODY_MOST_UNITS, REQUIRED | MULTILINE),
    FORM_TEXT(struct bulk_in, recipients, 1, BULK_NUMBERS_MOST, REQUIRED | MULTILINE),
    FORM_TEXT(struct bulk_in, nonce, 0, 64, ASCII),
    FORM_TEXT(struct bulk_in, act, 0, 8, 0),
    FORM_ID(struct bulk_in, line, 0),
};
const struct form bulk_form = FORM(struct bulk_in, bulk_fields);

struct bulk_batch_in { uint64_t after; const char *state, *cursor; };
static const struct form_field bulk_batch_fields[] = {
    FORM_ID(struct bulk_batch_in, after, 0),
    FORM_TEXT(struct bulk_batch_in, state, 0, 12, 0),
    FORM_TEXT(struct bulk_batch_in, cursor, 0, 80, 0),
};
const struct form bulk_batch_query = FORM(struct bulk_batch_in, bulk_batch_fields);

struct bulk_act_in { const char *act; };
static const struct form_field bulk_act_fields[] = { FORM_TEXT(struct bulk_act_in, act, 1, 8, REQUIRED) };
const struct form bulk_act_form = FORM(struct bulk_act_in, bulk_act_fields);

static const struct { const char *word, *label, *tone, *icon; } states[] = {
    { "pending", N_("Waiting"), "wait", "queued" }, { "processing", N_("Sending"), "wait", "sending" }, { "paused", N_("Paused"), "quiet", "scheduled" },
    { "canceled", N_("Canceled"), "quiet", "canceled" }, { "completed", N_("Completed"), "good", "delivered" },
    { "completed_with_errors", N_("Completed with errors"), "bad", "undelivered" }, { "failed", N_("Failed"), "bad", "failed" },
    { "queued", N_("On its way"), "wait", "sending" }, { "sent", N_("Sent"), "sent", "sent" }, { "invalid", N_("Not a number"), "bad", "undelivered" },
    { "duplicate", N_("Given twice"), "quiet", "canceled" }, { "opted_out", N_("Opted out"), "bad", "canceled" },
};

/* "state" {word, label, tone} of a batch or a recipient, for parts/status. */
static void put_bulk_state(struct request *rq, struct value *o, const char *word)
{
    struct value *s = object_object(o, "state");
    for (size_t i = 0; i < ARRAY_LEN(states); i++) {
        if (strcmp(states[i].word, word) == 0) {
            object_text(s, "word", states[i].icon);
            object_text(s, "label", say(rq, states[i].label));
            object_text(s, "tone", states[i].tone);
            return;
        }
    }
}

static void put_batch(struct request *rq, struct value *o, const struct batch_row *b)
{
    int64_t reached = b->total - b->pending - b->queued;
    object_int(o, "id", (int64_t)b->id);
    object_text(o, "batch_url", arena_printf(rq->ctx.arena, "/bulk/%" PRIu64, b->id));
    object_text(o, "body", b->body);
    object_text(o, "preview", text_preview(rq->ctx.arena, b->body));
    object_text(o, "line", shown_address(rq, b->line_address));
    object_text(o, "author", b->author);
    put_bulk_state(rq, o, b->state);
    view_time(rq, o, "at", b->created_ms);
    view_time(rq, o, "completed", b->completed_ms);
    object_int(o, "total", b->total);
    object_int(o, "done", reached);
    object_int(o, "sent", b->sent);
    object_int(o, "failed", b->failed);
    object_int(o, "invalid", b->invalid);
    object_int(o, "duplicate", b->duplicate);
    object_int(o, "canceled", b->canceled);
    object_int(o, "waiting", b->pending + b->queued);
    object_text(o, "progress_text", sayf(rq, N_("%lld of %lld done"), (long long)reached, (long long)b->total));
}

static int show(struct request *rq, struct response *rs, uint64_t line, uint64_t before, int status)
{
    struct rows rows = bulk_batches(&rq->ctx, before, PAGE_ROWS + 1);
    const struct batch_row *b = rows.row;
    if (!rows.ok || !put_lines(rq, line, true))
        return fail(rq, rs);
    size_t n = rows.n > PAGE_ROWS ? PAGE_ROWS : rows.n;
    struct value *list = object_list(view(rq), "batches");
    for (size_t i = 0; i < n; i++)
        put_batch(rq, list_object(list), &b[i]);
    object_bool(view(rq), "has_batches", n > 0);
    put_pager(rq, rows.n > n ? arena_printf(rq->ctx.arena, "/bulk?before=%" PRIu64, b[n - 1].id) : NULL, before ? "/bulk" : NULL);
    put_nonce(rq);
    object_bool(object_object(view(rq), "here"), "bulk", true);
    return view_page_status(rq, rs, "pages/bulk", status);
}

int bulk_page(struct request *rq, struct response *rs) /* GET /bulk */
{
    const struct bulk_page_in *in = rq->in;
    view_form(rq, &bulk_form, NULL);
    return show(rq, rs, 0, in->before, 200);
}

/* What would happen: counts, cost, and each number that is not sent to. */
static void put_plan(struct request *rq, const struct bulk_plan *plan)
{
    struct value *o = object_object(view(rq), "plan"), *list = object_list(o, "problems");
    for (size_t i = 0; i < plan->n; i++) {
        if (strcmp(plan->v[i].state, "pending") == 0)
            continue;
        struct value *p = list_object(list);
        object_int(p, "place", (int64_t)i + 1);
        object_text(p, "number", plan->v[i].raw);
        put_bulk_state(rq, p, plan->v[i].state);
    }
    object_bool(o, "has_problems", list_len(list) > 0);
    object_int(o, "valid", (int64_t)plan->valid);
    object_int(o, "invalid", (int64_t)plan->invalid);
    object_int(o, "duplicate", (int64_t)plan->duplicate);
    object_int(o, "opted_out", (int64_t)plan->opted_out);
    object_int(o, "segments", plan->segments.count);
    object_int(o, "segments_all", (int64_t)plan->valid * plan->segments.count);
    object_text(o, "send_text", say_n(rq, N_("Send to %lld number"), N_("Send to %lld numbers"), (int64_t)plan->valid));
}

int bulk_submit_page(struct request *rq, struct response *rs) /* POST /bulk: act=check looks, act=send sends */
{
    const struct bulk_in *in = rq->in;
    const struct bulk_wish wish = { .line_id = in->line, .body = in->body, .numbers = (const char *const[]){ in->recipients }, .number_count = 1,
                                    .country = rq->country, .nonce = in->nonce && *in->nonce ? in->nonce : NULL, .scheduled_ms = CLOCK_NONE };
    struct bulk_plan plan;
    bool checked = false;
    if (!rq->form_errors) {
        if (in->act && strcmp(in->act, "send") == 0) {
            uint64_t id = bulk_create(&rq->ctx, &wish);
            if (id)
                return redirect(rq, rs, arena_printf(rq->ctx.arena, "/bulk/%" PRIu64, id));
        } else {
            checked = bulk_check(&rq->ctx, &wish, &plan) && bulk_check_opt_outs(&rq->ctx, &plan);
        }
        if (!checked && !show_again(rq))
            return fail(rq, rs);
    }
    view_form(rq, &bulk_form, in);
    if (checked)
        put_plan(rq, &plan);
    return show(rq, rs, in->line, 0, checked ? 200 : 422);
}

static void put_recipient(struct request *rq, struct value *list, const struct recipient_row *r)
{
    struct value *o = list_object(list);
    object_int(o, "place", (int64_t)r->id);
    object_text(o, "number", r->address ? shown_address(rq, r->address) : r->number_raw);
    if (r->conversation_id)
        object_text(o, "chat_url", arena_printf(rq->ctx.arena, "/conversations/%" PRIu64, r->conversation_id));
    if (r->status && strcmp(r->state, "queued") != 0 && strcmp(r->state, "pending") != 0)
        put_state(rq, o, r->status);
    else
        put_bulk_state(rq, o, r->state);
    put_failure(rq, o, r->error_code, r->error ? r->error : r->error_text);
}

/* What of the batch a live view shows; the same text: nothing has changed. */
static const char *cursor_of(struct request *rq, const struct batch_row *b)
{
    return arena_printf(rq->ctx.arena, "%s-%" PRId64 "-%" PRId64 "-%" PRId64 "-%" PRId64, b->state, b->pending, b->queued, b->sent, b->failed);
}

static bool put_recipients(struct request *rq, const struct batch_row *b, const struct bulk_batch_in *in)
{
    const char *state = in->state && *in->state ? in->state : NULL;
    struct rows rows = bulk_recipients(&rq->ctx, b->id, state, in->after, PAGE_ROWS + 1);
    const struct recipient_row *r = rows.row;
    size_t n = rows.n > PAGE_ROWS ? PAGE_ROWS : rows.n;
    struct value *list = object_list(view(rq), "recipients");
    for (size_t i = 0; i < n; i++)
        put_recipient(rq, list, &r[i]);
    object_bool(view(rq), "has_recipients", n > 0);
    if (state)
        put_bulk_state(rq, object_object(view(rq), "only"), state);
    const char *filter = state ? arena_printf(rq->ctx.arena, "&state=%s", state) : "";
    if (rows.n > n)
        object_text(view(rq), "next_url", arena_printf(rq->ctx.arena, "/bulk/%" PRIu64 "?after=%" PRIu64 "%s", b->id, r[n - 1].id, filter));
    return rows.ok;
}

int bulk_batch_page(struct request *rq, struct response *rs) /* GET /bulk/:id */
{
    const struct bulk_batch_in *in = rq->in;
    const struct batch_row *b = bulk_batch(&rq->ctx, request_arg_id(rq, 0));
    if (!b)
        return fail(rq, rs);
    const char *cursor = cursor_of(rq, b);
    if (view_fragment(rq) && in->cursor && strcmp(in->cursor, cursor) == 0)
        return rs->status = 204;
    struct value *o = object_object(view(rq), "batch");
    put_batch(rq, o, b);
    bool held = strcmp(b->state, "paused") == 0, ended = !held && !bulk_running(b);
    object_bool(o, "may_pause", bulk_running(b));
    object_bool(o, "may_resume", held);
    object_bool(o, "may_cancel", !ended);
    object_bool(o, "may_retry", ended && b->failed > 0 && strcmp(b->state, "canceled") != 0);
    if (!put_recipients(rq, b, in))
        return fail(rq, rs);
    object_bool(object_object(view(rq), "here"), "bulk", true);
    if (!in->after && !in->state)
        put_live(rq, arena_printf(rq->ctx.arena, "/bulk/%" PRIu64, b->id), cursor);
    response_header(rs, "X-Cursor", cursor);
    return view_page(rq, rs, "pages/bulk_batch");
}

int bulk_act_page(struct request *rq, struct response *rs) /* POST /bulk/:id: act=pause, resume, cancel or retry */
{
    static const struct { const char *act; bool (*run)(struct ctx *ctx, uint64_t id); } acts[] = {
        { "pause", bulk_pause }, { "resume", bulk_resume }, { "cancel", bulk_cancel }, { "retry", NULL } };
    const struct bulk_act_in *in = rq->in;
    uint64_t id = request_arg_id(rq, 0);
    size_t i = 0;
    while (!rq->form_errors && i < ARRAY_LEN(acts) && strcmp(acts[i].act, in->act) != 0)
        i++;
    if (rq->form_errors || i == ARRAY_LEN(acts))
        return fail_with(rq, rs, ERR_INVALID);
    int64_t n = acts[i].run ? (acts[i].run(&rq->ctx, id) ? 1 : -1) : bulk_retry(&rq->ctx, id);
    if (n < 0)
        return fail(rq, rs);
    if (n == 0)
        response_notice(rq, rs, N_("Nothing was tried again: these numbers do not exist, or their owners have opted out."));
    return redirect(rq, rs, arena_printf(rq->ctx.arena, "/bulk/%" PRIu64, id));
}
