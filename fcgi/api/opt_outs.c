/* opt_outs.c - who does not want to be written to: list, state of one, record, lift, export. */
#include "base/base.h"
#include "base/clock.h"
#include "base/phone.h"
#include "base/str.h"
#include "services/opt_out_book.h"
#include "web/handlers.h"

struct opt_outs_api_in { int64_t limit; const char *before, *q; };
static const struct form_field opt_outs_api_fields[] = {
    FORM_INT(struct opt_outs_api_in, limit, 1, 500, 50, CLAMP),
    FORM_TEXT(struct opt_outs_api_in, before, 0, 60, 0),
    FORM_TEXT(struct opt_outs_api_in, q, 0, 60, 0),
};
const struct form opt_outs_api_query = FORM(struct opt_outs_api_in, opt_outs_api_fields);

struct opt_out_add_api_in { const char *address, *channel, *reason; };
static const struct form_field opt_out_add_api_fields[] = {
    FORM_PHONE(struct opt_out_add_api_in, address, REQUIRED),
    FORM_TEXT(struct opt_out_add_api_in, channel, 0, 12, 0),
    FORM_TEXT(struct opt_out_add_api_in, reason, 0, OPT_OUT_REASON_MOST, 0),
};
const struct form opt_out_add_api_form = FORM(struct opt_out_add_api_in, opt_out_add_api_fields);

static void text(struct str *out, const char *name, const char *value)
{
    str_printf(out, "\"%s\":", name);
    if (value)
        str_json(out, value, strlen(value));
    else
        STR_LIT(out, "null");
}

static void shape_entry(struct str *out, const struct opt_out_row *r)
{
    char iso[CLOCK_ISO_MAX];
    clock_iso(r->changed_ms, true, iso);
    str_printf(out, "{\"id\":\"%" PRIu64 "\",", r->id);
    text(out, "address", r->address_key);
    str_putc(out, ',');
    text(out, "channel", r->channel);
    str_putc(out, ',');
    text(out, "source", r->source);
    str_putc(out, ',');
    text(out, "reason", r->reason);
    str_putc(out, ',');
    text(out, "by", *r->actor ? r->actor : NULL);
    str_putc(out, ',');
    text(out, "message_sid", r->message_sid);
    str_printf(out, ",\"review\":%s,\"since\":\"%s\"}", r->review ? "true" : "false", iso);
}

static void shape_entries(struct str *out, const struct opt_out_row *r, size_t n)
{
    STR_LIT(out, "\"items\":[");
    for (size_t i = 0; i < n; i++) {
        if (i)
            str_putc(out, ',');
        shape_entry(out, &r[i]);
    }
    str_printf(out, "],\"count\":%zu", n);
}

int opt_outs_api(struct request *rq, struct response *rs) /* GET /api/opt-outs */
{
    const struct opt_outs_api_in *in = rq->in;
    char *end = NULL;
    int64_t before_ms = in->before && *in->before ? strtoll(in->before, &end, 10) : CLOCK_NONE;
    uint64_t before_id = end && *end == '.' ? strtoull(end + 1, NULL, 10) : 0;
    struct rows rows = opt_out_list(&rq->ctx, in->q, rq->country, before_ms, before_id, (int)in->limit + 1);
    if (!rows.ok)
        return fail(rq, rs);
    const struct opt_out_row *r = rows.row;
    bool more = rows.n > (size_t)in->limit;
    size_t n = more ? (size_t)in->limit : rows.n;
    str_putc(&rs->body, '{');
    shape_entries(&rs->body, r, n);
    if (more)
        str_printf(&rs->body, ",\"next\":\"%" PRId64 ".%" PRIu64 "\"}", r[n - 1].changed_ms, r[n - 1].id);
    else
        STR_LIT(&rs->body, ",\"next\":null}");
    return json_done(rs, 200);
}

/* As people or Twilio write it; NULL with the mistake. */
static const char *address_of(struct request *rq)
{
    char e164[PHONE_MAX + 1];
    if (phone_parse(rq->args[0], rq->country, e164))
        return arena_strdup(rq->ctx.arena, e164);
    err_set(&rq->ctx, ERR_ABSENT, "not a number");
    return NULL;
}

/* {"address", "opted_out", "items"} */
static int answer(struct request *rq, struct response *rs, const char *address)
{
    struct rows rows = opt_out_list(&rq->ctx, address, rq->country, CLOCK_NONE, 0, 1);
    if (!rows.ok)
        return fail(rq, rs);
    str_putc(&rs->body, '{');
    text(&rs->body, "address", address);
    str_printf(&rs->body, ",\"opted_out\":%s,", rows.n ? "true" : "false");
    shape_entries(&rs->body, rows.row, rows.n);
    str_putc(&rs->body, '}');
    return json_done(rs, 200);
}

int opt_out_api(struct request *rq, struct response *rs) /* GET /api/opt-outs/:address */
{
    const char *address = address_of(rq);
    return address ? answer(rq, rs, address) : fail(rq, rs);
}

int opt_out_add_api(struct request *rq, struct response *rs) /* POST /api/opt-outs */
{
    const struct opt_out_add_api_in *in = rq->in;
    if (!opt_out_add(&rq->ctx, in->address, in->channel && *in->channel ? in->channel : "all", "api", in->reason)) {
        if (rq->ctx.err.field && strcmp(rq->ctx.err.field, "number") == 0)
            rq->ctx.err.field = "address";
        return fail(rq, rs);
    }
    return answer(rq, rs, in->address);
}

int opt_out_lift_api(struct request *rq, struct response *rs) /* DELETE /api/opt-outs/:address: of every channel */
{
    const char *address = address_of(rq);
    bool lifted;
    if (!address || !opt_out_lift(&rq->ctx, address, "all", "api", "", &lifted))
        return fail(rq, rs);
    if (!lifted)
        return fail_with(rq, rs, ERR_ABSENT);
    return answer(rq, rs, address);
}

int opt_out_export_api(struct request *rq, struct response *rs) /* GET /api/opt-outs/export */
{
    if (!opt_out_export(&rq->ctx, &rs->body))
        return fail(rq, rs);
    rs->type = "text/csv; charset=utf-8";
    return 200;
}
