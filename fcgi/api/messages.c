/* messages.c - predecessor 000's messages: send, list, one, totals. */
#include "base/base.h"
#include "base/clock.h"
#include "base/phone.h"
#include "base/split.h"
#include "services/inbox.h"
#include "services/sending.h"
#include "services/sync.h"
#include "services/totals.h"
#include "api/json_out.h"
#include "api/shapes.h"
#include "web/handlers.h"
#include "web/view.h"

struct send_message_in {
    const char *to, *body, *content_sid, *content_variables, *messaging_service_sid, *nonce;
    struct texts media_urls;
    bool use_messaging_service;
};
static const struct form_field send_message_fields[] = {
    FORM_PHONE(struct send_message_in, to, REQUIRED | ADDRESS),
    FORM_TEXT(struct send_message_in, body, 0, 1600, MULTILINE),
    FORM_TEXT(struct send_message_in, content_sid, 0, 34, ASCII),
    FORM_JSON(struct send_message_in, content_variables, 4000, 0),
    FORM_TEXTS(struct send_message_in, media_urls, 10, 0),
    FORM_TEXT(struct send_message_in, messaging_service_sid, 0, 34, ASCII),
    FORM_BOOL(struct send_message_in, use_messaging_service, false),
    FORM_TEXT(struct send_message_in, nonce, 0, 64, ASCII),
};
const struct form send_message_form = FORM(struct send_message_in, send_message_fields);

struct message_add_in { const char *to, *body, *nonce; };
static const struct form_field message_add_fields[] = {
    FORM_PHONE(struct message_add_in, to, REQUIRED | ADDRESS),
    FORM_TEXT(struct message_add_in, body, 1, SPLIT_UNITS * SEND_PARTS_MOST, REQUIRED | MULTILINE),
    FORM_TEXT(struct message_add_in, nonce, 0, 60, ASCII), /* room for the number of a part */
};
const struct form message_add_form = FORM_SUCCESS(struct message_add_in, message_add_fields);

struct messages_in { int64_t limit; const char *direction; uint64_t before; };
static const struct form_field messages_fields[] = {
    FORM_INT(struct messages_in, limit, 1, 500, 50, CLAMP),
    FORM_TEXT(struct messages_in, direction, 0, 16, 0),
    FORM_ID(struct messages_in, before, 0),
};
const struct form messages_query = FORM(struct messages_in, messages_fields);

static const char *text_or_null(const char *s)
{
    return s && *s ? s : NULL;
}

/* A refusal by Twilio is stored as a failed message and reported as the predecessor did: 500 with its words. */
static int refused(struct request *rq, struct response *rs, const struct send_result *r)
{
    err_text(&rq->ctx, ERR_UPSTREAM, r->error ? r->error : N_("The provider refused or failed."), "send failed code=%" PRId64, r->error_code);
    return fail_at_twilio(rq, rs);
}

int send_message_api(struct request *rq, struct response *rs) /* POST /api/send-message */
{
    const struct send_message_in *in = rq->in;
    struct send_result r;
    struct send_request send = {
        .to = in->to, .body = in->body, .content_sid = text_or_null(in->content_sid), .content_variables = text_or_null(in->content_variables),
        .media_urls = in->media_urls.v, .media_count = in->media_urls.n, .messaging_service_sid = text_or_null(in->messaging_service_sid),
        .use_messaging_service = in->use_messaging_service, .nonce = text_or_null(in->nonce), .author = AUTHOR_API,
    };
    if (!message_send(&rq->ctx, &send, &r))
        return fail_at_twilio(rq, rs);
    if (strcmp(r.status, "failed") == 0)
        return refused(rq, rs, &r);
    shape_sent(&rs->body, &r);
    return json_done(rs, 200);
}

/* The same in this address's own shape. */
static int not_added(struct request *rq, struct response *rs, const struct send_result *refusal, size_t sent)
{
    int status = refusal ? refused(rq, rs, refusal) : fail_at_twilio(rq, rs);
    const char *words = say(rq, err_public(&rq->ctx.err));
    str_init(&rs->body, rq->ctx.arena, 256, BODY_CEILING);
    STR_LIT(&rs->body, "{\"success\":false,\"error\":");
    str_json(&rs->body, words, strlen(words));
    str_printf(&rs->body, ",\"parts_sent\":%zu,\"request_id\":\"%s\"}\n", sent, rq->ctx.id);
    return json_done(rs, status);
}

/* A long text leaves in parts, each a message of its own behind the one before; the first that is refused ends it. The same
 * nonce again goes on where it ended. */
int message_add_api(struct request *rq, struct response *rs) /* POST /api/messages */
{
    const struct message_add_in *in = rq->in;
    const char *nonce = text_or_null(in->nonce), **parts;
    struct send_result r[SEND_PARTS_MOST];
    size_t n = split_text(rq->ctx.arena, in->body, SPLIT_UNITS, &parts);
    if (n > SEND_PARTS_MOST) {
        err_field(&rq->ctx, "body", N_("This is too long."));
        return fail(rq, rs);
    }
    for (size_t i = 0; i < n; i++) {
        struct send_request send = { .to = in->to, .body = parts[i], .nonce = nonce && i ? arena_printf(rq->ctx.arena, "%s+%zu", nonce, i + 1) : nonce, .author = AUTHOR_API };
        if (!message_send(&rq->ctx, &send, &r[i]))
            return i ? not_added(rq, rs, NULL, i) : fail_at_twilio(rq, rs);
        if (strcmp(r[i].status, "failed") == 0)
            return not_added(rq, rs, &r[i], i);
    }
    shape_added(&rs->body, r, n, in->body);
    return json_done(rs, 200);
}

int messages_api(struct request *rq, struct response *rs) /* GET /api/messages */
{
    const struct messages_in *in = rq->in;
    enum history_filter filter = !in->direction ? HISTORY_ALL : strcmp(in->direction, "inbound") == 0 ? HISTORY_IN
        : strcmp(in->direction, "outbound") == 0 ? HISTORY_OUT : HISTORY_ALL;
    struct history h = inbox_history(&rq->ctx, filter, NULL, in->before, (int)in->limit);
    if (!h.page.ok)
        return fail(rq, rs);
    const struct history_row *m = h.page.row;
    STR_LIT(&rs->body, "{\"items\":[");
    for (size_t i = 0; i < h.page.n; i++) {
        if (i)
            str_putc(&rs->body, ',');
        shape_message(&rs->body, &m[i]);
    }
    str_printf(&rs->body, "],\"count\":%zu}", h.page.n);
    return json_done(rs, 200);
}

int message_stats_api(struct request *rq, struct response *rs) /* GET /api/messages/stats */
{
    struct total_row *t = totals_now(&rq->ctx);
    if (!t)
        return fail(rq, rs);
    json_open(&rs->body);
    json_put_int(&rs->body, "total", t->inbound + t->outbound);
    json_put_int(&rs->body, "inbound", t->inbound);
    json_put_int(&rs->body, "outbound", t->outbound);
    STR_LIT(&rs->body, "\"latest\":");
    if (t->latest.id)
        shape_message(&rs->body, &t->latest);
    else
        STR_LIT(&rs->body, "null");
    str_putc(&rs->body, '}');
    return json_done(rs, 200);
}

/* What is not here may be at Twilio: it is fetched and kept. One that belongs to none of our lines is only shown. */
int message_api(struct request *rq, struct response *rs) /* GET /api/messages/:sid */
{
    struct twilio_listed remote;
    struct history_row *m = inbox_message(&rq->ctx, rq->args[0]);
    bool fetched = false;
    if (!m && rq->ctx.err.code == ERR_ABSENT) {
        err_clear(&rq->ctx);
        fetched = sync_one(&rq->ctx, rq->args[0], &remote);
        m = fetched ? inbox_message(&rq->ctx, rq->args[0]) : NULL;
    }
    if (!m && !fetched)
        return fail(rq, rs);
    if (!m && rq->ctx.err.code == ERR_ABSENT)
        err_clear(&rq->ctx);
    if (rq->ctx.err.code)
        return fail(rq, rs);
    STR_LIT(&rs->body, "{\"item\":");
    if (m)
        shape_twilio_message(&rs->body, m);
    else
        shape_listed(&rs->body, &remote);
    str_putc(&rs->body, '}');
    return json_done(rs, 200);
}
