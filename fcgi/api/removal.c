/* removal.c - predecessor 000's redact and delete: Twilio first, then here; what Twilio refused is told message by message. */
#include "base/base.h"
#include "base/clock.h"
#include "services/error_codes.h"
#include "services/removal.h"
#include "web/handlers.h"
#include "web/view.h"

static void text(struct str *out, const char *name, const char *value)
{
    str_printf(out, ",\"%s\":", name);
    if (value)
        str_json(out, value, strlen(value));
    else
        STR_LIT(out, "null");
}

static void moment(struct str *out, const char *name, int64_t ms)
{
    char iso[CLOCK_ISO_MAX];
    clock_iso(ms, true, iso);
    text(out, name, *iso ? iso : NULL);
}

/* In the request's language: what a code of Twilio's means; without one nothing was heard. */
static const char *words_of(struct request *rq, int64_t code, bool pending)
{
    if (code) {
        struct error_code e = error_code(rq->ctx.arena, (int)code);
        return error_code_words(&e, language_code(catalog_language(rq->lang)));
    }
    return say(rq, pending ? N_("Twilio did not answer in time; it will be tried again.") : N_("The provider refused or failed."));
}

static void failed_open(struct str *out, const char *sid, const char *id, int64_t code, const char *error, bool pending, int64_t retry_ms)
{
    STR_LIT(out, "{\"sid\":");
    if (sid && *sid)
        str_json(out, sid, strlen(sid));
    else
        STR_LIT(out, "null");
    text(out, "id", id);
    if (code)
        str_printf(out, ",\"code\":%" PRId64, code);
    else
        STR_LIT(out, ",\"code\":null");
    text(out, "error", error);
    str_printf(out, ",\"pending\":%s", pending ? "true" : "false");
    moment(out, "retry_at", pending ? retry_ms : CLOCK_NONE);
    str_putc(out, '}');
}

/* Twilio's words; when it will be tried again, it says when. The predecessor's status: 400 for redacting, 502 for deleting. */
static int refused(struct request *rq, struct response *rs, const char *sid, const struct removal_result *r, int status)
{
    const char *error = r->words ? r->words : words_of(rq, r->code, r->pending);
    str_printf(&rs->body, "{\"error\":");
    str_json(&rs->body, error, strlen(error));
    text(&rs->body, "sid", sid);
    str_printf(&rs->body, ",\"deleted_remote\":false,\"deleted_local\":false,\"pending\":%s,\"report\":\"%" PRIu64 "\",\"failed\":[", r->pending ? "true" : "false",
               r->request);
    failed_open(&rs->body, sid, NULL, r->code, error, r->pending, r->retry_ms);
    STR_LIT(&rs->body, "]}");
    return json_done(rs, status);
}

int message_redact_api(struct request *rq, struct response *rs) /* POST /api/messages/:sid/redact */
{
    struct removal_result r;
    const char *sid = rq->args[0];
    if (!removal_message(&rq->ctx, sid, REMOVAL_REDACT, &r))
        return fail(rq, rs);
    if (!r.remote && !r.local)
        return refused(rq, rs, sid, &r, 400);
    STR_LIT(&rs->body, "{\"sid\":");
    str_json(&rs->body, sid, strlen(sid));
    STR_LIT(&rs->body, ",\"body\":\"\"");
    text(&rs->body, "status", *r.status ? r.status : NULL);
    str_putc(&rs->body, '}');
    return json_done(rs, 200);
}

int message_delete_api(struct request *rq, struct response *rs) /* DELETE /api/messages/:sid */
{
    struct removal_result r;
    const char *sid = rq->args[0];
    if (!removal_message(&rq->ctx, sid, REMOVAL_DELETE, &r))
        return fail(rq, rs);
    if (!r.remote && !r.local)
        return refused(rq, rs, sid, &r, 502);
    STR_LIT(&rs->body, "{\"sid\":");
    str_json(&rs->body, sid, strlen(sid));
    str_printf(&rs->body, ",\"deleted_remote\":%s,\"deleted_local\":%s}", r.remote ? "true" : "false", r.local ? "true" : "false");
    return json_done(rs, 200);
}

/* 409: nothing was removed, because these may or may not have reached Twilio. */
static int unsettled(struct request *rq, struct response *rs, const struct removal_report *r)
{
    const struct removal_due_row *m = r->missing.row;
    const char *error = say(rq, err_public(&rq->ctx.err));
    STR_LIT(&rs->body, "{\"error\":");
    str_json(&rs->body, error, strlen(error));
    STR_LIT(&rs->body, ",\"missing_local_ids\":[");
    for (size_t i = 0; i < r->missing.n; i++)
        str_printf(&rs->body, "%s\"%" PRIu64 "\"", i ? "," : "", m[i].id);
    STR_LIT(&rs->body, "]}");
    return json_done(rs, 409);
}

static void put_failed(struct request *rq, struct str *out, const struct rows *failed)
{
    const struct removal_row *f = failed->row;
    STR_LIT(out, ",\"failed\":[");
    for (size_t i = 0; i < failed->n; i++) {
        bool pending = strcmp(f[i].state, "failed") != 0;
        if (i)
            str_putc(out, ',');
        failed_open(out, f[i].sid, f[i].message_id ? arena_printf(rq->ctx.arena, "%" PRIu64, f[i].message_id) : NULL, f[i].error_code,
                    words_of(rq, f[i].error_code, pending), pending, f[i].next_ms);
    }
    str_putc(out, ']');
}

int conversation_delete_api(struct request *rq, struct response *rs) /* DELETE /api/conversations/:participant */
{
    struct removal_report r;
    const char *participant = rq->args[0];
    if (!participant[strspn(participant, " \t")])
        return fail_with(rq, rs, ERR_MALFORMED);
    if (!removal_participant(&rq->ctx, participant, &r))
        return rq->ctx.err.code == ERR_CONFLICT && r.missing.n ? unsettled(rq, rs, &r) : fail(rq, rs);
    str_putc(&rs->body, '{');
    if (r.failed.n) {
        const char *error = say(rq, N_("Some messages were not removed."));
        STR_LIT(&rs->body, "\"error\":");
        str_json(&rs->body, error, strlen(error));
        str_putc(&rs->body, ',');
    }
    STR_LIT(&rs->body, "\"participant\":");
    str_json(&rs->body, participant, strlen(participant));
    str_printf(&rs->body, ",\"deleted_remote\":%" PRId64 ",\"deleted_local\":%" PRId64, r.remote, r.local);
    if (r.failed.n || r.pending)
        str_printf(&rs->body, ",\"pending\":%" PRId64 ",\"report\":\"%" PRIu64 "\"", r.pending, r.request);
    if (r.failed.n)
        put_failed(rq, &rs->body, &r.failed);
    str_putc(&rs->body, '}');
    return json_done(rs, r.failed.n ? 502 : r.pending ? 202 : 200);
}

int removal_api(struct request *rq, struct response *rs) /* GET /api/removals/:id */
{
    const struct removal_request_row *q = removal_request(&rq->ctx, request_arg_id(rq, 0));
    struct rows failed = q ? removal_troubled(&rq->ctx, q->id, 100) : (struct rows){ .ok = false };
    if (!failed.ok)
        return fail(rq, rs);
    str_putc(&rs->body, '{');
    row_json_members(&rs->body, &removal_request_row_type, q);
    put_failed(rq, &rs->body, &failed);
    str_putc(&rs->body, '}');
    return json_done(rs, 200);
}
