/* bulk.c - predecessor 000's batches: one text to many numbers.
 *
 * Recipients come as a list or as one text, under any of the predecessor's names. Beside its shape a batch tells
 * duplicate_count and canceled_count; pause, resume, cancel and retry are ours. */
#include "base/base.h"
#include "base/clock.h"
#include "services/bulk.h"
#include "api/json_out.h"
#include "web/handlers.h"

struct batch_in {
    const char *body, *messaging_service_sid, *nonce;
    struct texts recipients, numbers, targets, numbers_text, recipients_text;
    uint64_t line_id;
};
static const struct form_field batch_fields[] = {
    FORM_TEXT(struct batch_in, body, 1, 1600, REQUIRED | MULTILINE),
    FORM_TEXTS(struct batch_in, recipients, 1000, MULTILINE),
    FORM_TEXTS(struct batch_in, numbers, 1000, MULTILINE),
    FORM_TEXTS(struct batch_in, targets, 1000, MULTILINE),
    FORM_TEXTS(struct batch_in, numbers_text, 1000, MULTILINE),
    FORM_TEXTS(struct batch_in, recipients_text, 1000, MULTILINE),
    FORM_TEXT(struct batch_in, messaging_service_sid, 0, 34, ASCII),
    FORM_TEXT(struct batch_in, nonce, 0, 64, ASCII),
    FORM_ID(struct batch_in, line_id, 0),
};
const struct form batch_form = FORM(struct batch_in, batch_fields);

struct batches_in { int64_t limit; bool include_recipients; uint64_t before; };
static const struct form_field batches_fields[] = {
    FORM_INT(struct batches_in, limit, 1, 200, 20, CLAMP),
    FORM_BOOL(struct batches_in, include_recipients, false),
    FORM_ID(struct batches_in, before, 0),
};
const struct form batches_query = FORM(struct batches_in, batches_fields);

struct recipients_in { const char *status; };
static const struct form_field recipients_fields[] = { FORM_TEXT(struct recipients_in, status, 0, 100, 0) };
const struct form recipients_query = FORM(struct recipients_in, recipients_fields);

/* A recipient that is in the outbox is still to come for who asks. */
static const char *state_word(const char *state)
{
    return strcmp(state, "queued") == 0 ? "pending" : state;
}

static void shape_recipient(struct str *out, const struct batch_row *b, const struct recipient_row *r)
{
    json_open(out);
    json_put_int(out, "id", (int64_t)r->id);
    json_put_int(out, "batch_id", (int64_t)b->id);
    json_put_text(out, "number_raw", r->number_raw);
    json_put_text(out, "number_normalized", r->address);
    json_put_text(out, "status", state_word(r->state));
    json_put_text(out, "sid", r->sid);
    json_put_text(out, "error", r->error ? r->error : r->error_text);
    json_put_time(out, "created_at", b->created_ms);
    json_put_time(out, "sent_at", strcmp(r->state, "sent") == 0 ? r->settled_ms : CLOCK_NONE);
    json_close(out);
}

static bool shape_recipients(struct request *rq, struct str *out, const struct batch_row *b, const char *states, size_t *count)
{
    struct rows rows = bulk_recipients(&rq->ctx, b->id, NULL, 0, BULK_MOST);
    const struct recipient_row *r = rows.row;
    const char *among = states && *states ? arena_printf(rq->ctx.arena, ",%s,", states) : NULL;
    *count = 0;
    str_putc(out, '[');
    for (size_t i = 0; i < rows.n; i++) {
        if (among && !strstr(among, arena_printf(rq->ctx.arena, ",%s,", state_word(r[i].state))))
            continue;
        if ((*count)++)
            str_putc(out, ',');
        shape_recipient(out, b, &r[i]);
    }
    str_putc(out, ']');
    return rows.ok;
}

static bool shape_batch(struct request *rq, struct str *out, const struct batch_row *b, bool recipients)
{
    size_t n;
    json_open(out);
    json_put_int(out, "id", (int64_t)b->id);
    json_put_text(out, "body", b->body);
    json_put_text(out, "sender_identity", b->messaging_service_sid ? b->messaging_service_sid : b->line_address);
    json_put_text(out, "status", b->state);
    json_put_text(out, "error", b->error);
    json_put_int(out, "total_recipients", b->total);
    json_put_int(out, "success_count", b->sent);
    json_put_int(out, "failure_count", b->failed);
    json_put_int(out, "invalid_count", b->invalid);
    json_put_int(out, "pending_count", b->pending + b->queued);
    json_put_int(out, "duplicate_count", b->duplicate);
    json_put_int(out, "canceled_count", b->canceled);
    json_put_time(out, "created_at", b->created_ms);
    json_put_time(out, "scheduled_at", b->scheduled_ms);
    json_put_time(out, "started_at", b->started_ms);
    json_put_time(out, "completed_at", b->completed_ms);
    if (recipients) {
        json_name(out, "recipients");
        if (!shape_recipients(rq, out, b, NULL, &n))
            return false;
        str_putc(out, ',');
    }
    json_close(out);
    return true;
}

static int answer_batch(struct request *rq, struct response *rs, uint64_t id, int status)
{
    const struct batch_row *b = bulk_batch(&rq->ctx, id);
    STR_LIT(&rs->body, "{\"batch\":");
    if (!b || !shape_batch(rq, &rs->body, b, false))
        return fail(rq, rs);
    str_putc(&rs->body, '}');
    return json_done(rs, status);
}

int batch_add_api(struct request *rq, struct response *rs) /* POST /api/multi-sms/batches */
{
    const struct batch_in *in = rq->in;
    const struct texts *const names[] = { &in->recipients, &in->numbers, &in->targets, &in->numbers_text, &in->recipients_text };
    size_t first = 0;
    while (first + 1 < ARRAY_LEN(names) && !names[first]->n)
        first++;
    const struct bulk_wish wish = {
        .line_id = in->line_id, .messaging_service_sid = in->messaging_service_sid && *in->messaging_service_sid ? in->messaging_service_sid : NULL,
        .body = in->body, .numbers = names[first]->v, .number_count = names[first]->n, .country = rq->country,
        .nonce = in->nonce && *in->nonce ? in->nonce : NULL, .scheduled_ms = CLOCK_NONE,
    };
    uint64_t id = bulk_create(&rq->ctx, &wish);
    return id ? answer_batch(rq, rs, id, 201) : fail(rq, rs);
}

int batches_api(struct request *rq, struct response *rs) /* GET /api/multi-sms/batches */
{
    const struct batches_in *in = rq->in;
    struct rows rows = bulk_batches(&rq->ctx, in->before, (int)in->limit);
    const struct batch_row *b = rows.row;
    bool ok = rows.ok;
    STR_LIT(&rs->body, "{\"items\":[");
    for (size_t i = 0; ok && i < rows.n; i++) {
        if (i)
            str_putc(&rs->body, ',');
        ok = shape_batch(rq, &rs->body, &b[i], in->include_recipients);
    }
    if (!ok)
        return fail(rq, rs);
    str_printf(&rs->body, "],\"count\":%zu}", rows.n);
    return json_done(rs, 200);
}

int batch_api(struct request *rq, struct response *rs) /* GET /api/multi-sms/batches/:id */
{
    return answer_batch(rq, rs, request_arg_id(rq, 0), 200);
}

int batch_recipients_api(struct request *rq, struct response *rs) /* GET /api/multi-sms/batches/:id/recipients */
{
    const struct recipients_in *in = rq->in;
    const struct batch_row *b = bulk_batch(&rq->ctx, request_arg_id(rq, 0));
    size_t n;
    STR_LIT(&rs->body, "{\"items\":");
    if (!b || !shape_recipients(rq, &rs->body, b, in->status, &n))
        return fail(rq, rs);
    str_printf(&rs->body, ",\"count\":%zu}", n);
    return json_done(rs, 200);
}

static int act(struct request *rq, struct response *rs, bool (*action)(struct ctx *ctx, uint64_t id))
{
    uint64_t id = request_arg_id(rq, 0);
    return action(&rq->ctx, id) ? answer_batch(rq, rs, id, 200) : fail(rq, rs);
}

int batch_pause_api(struct request *rq, struct response *rs) /* POST /api/multi-sms/batches/:id/pause */
{
    return act(rq, rs, bulk_pause);
}

int batch_resume_api(struct request *rq, struct response *rs) /* POST /api/multi-sms/batches/:id/resume */
{
    return act(rq, rs, bulk_resume);
}

int batch_cancel_api(struct request *rq, struct response *rs) /* POST /api/multi-sms/batches/:id/cancel */
{
    return act(rq, rs, bulk_cancel);
}

static bool retry(struct ctx *ctx, uint64_t id)
{
    return bulk_retry(ctx, id) >= 0;
}

int batch_retry_api(struct request *rq, struct response *rs) /* POST /api/multi-sms/batches/:id/retry */
{
    return act(rq, rs, retry);
}
