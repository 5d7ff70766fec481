/* response.c - the answer: headers, cookies, redirects, errors as each kind of route shows them. */
#include "base/base.h"
#include "base/conf.h"
#include "base/crypto.h"
#include "base/log.h"
#include "web/app.h"
#include "web/cookie.h"
#include "web/range.h"
#include "web/view.h"
#include <strings.h>
#include <unistd.h>

enum { BODY_EXPECT = 2048 };

void response_init(struct response *rs, struct arena *a)
{
    *rs = (struct response){ .arena = a, .status = 200, .type = "text/html; charset=utf-8" };
    str_init(&rs->body, a, BODY_EXPECT, BODY_CEILING);
}

void response_header(struct response *rs, const char *name, const char *value)
{
    for (const unsigned char *s = (const unsigned char *)value; *s; s++)
        BUG_IF(*s < 0x20 || *s == 0x7f);
    struct header *h = ARENA_NEW(rs->arena, struct header), **last = &rs->headers;
    *h = (struct header){ .name = name, .value = value };
    while (*last)
        last = &(*last)->next;
    *last = h;
}

/* "127.0.0.1:8080", "localhost", "[::1]:80" */
static bool host_is_loopback(const char *host)
{
    if (!host)
        return false;
    return strncmp(host, "127.", 4) == 0 || strncmp(host, "[::1]", 5) == 0 ||
           (strncasecmp(host, "localhost", 9) == 0 && (host[9] == 0 || host[9] == ':'));
}

/* A cookie without Secure only where both ends are this machine. */
static bool cookie_secure(const struct request *rq)
{
    if (rq->https)
        return true;
    bool here = strncmp(rq->remote ? rq->remote : "", "127.", 4) == 0 || strcmp(rq->remote ? rq->remote : "", "::1") == 0;
    return rq->app->conf->web_secure_cookies && !(here && host_is_loopback(rq->header(rq, "Host")));
}

void response_cookie(struct request *rq, struct response *rs, const char *name, const char *value, long max_age)
{
    BUG_IF(!cookie_value_ok(value));
    char age[40] = "";
    if (max_age >= 0)
        snprintf(age, sizeof age, "; Max-Age=%ld", max_age);
    response_header(rs, "Set-Cookie", arena_printf(rs->arena, "%s=%s; Path=/; HttpOnly; SameSite=Lax%s%s", name, value, age,
                                                   cookie_secure(rq) ? "; Secure" : ""));
}

void response_notice(struct request *rq, struct response *rs, const char *msgid)
{
    struct str s;
    str_init(&s, rs->arena, 64, 2048);
    str_url(&s, msgid, strlen(msgid));
    response_cookie(rq, rs, NOTICE_COOKIE, s.s, 60);
}

int redirect(struct request *rq, struct response *rs, const char *path)
{
    (void)rq;
    BUG_IF(!path_is_local(path));
    response_header(rs, "Location", path);
    rs->body.len = 0;
    rs->body.s[0] = 0;
    return rs->status = 303;
}

int json_done(struct response *rs, int status)
{
    rs->type = "application/json";
    return rs->status = status;
}

bool not_modified(struct request *rq, struct response *rs, const char *etag)
{
    response_header(rs, "ETag", etag);
    const char *have = rq->header(rq, "If-None-Match");
    size_t n = strlen(etag);
    for (const char *s = have; s && (s = strstr(s, etag)); s += n) {
        bool begin = s == have || strchr(" ,/", s[-1]), end = s[n] == 0 || strchr(" ,", s[n]);
        if (begin && end)
            return true;
    }
    return false;
}

static void close_file(void *arg)
{
    close((int)(intptr_t)arg);
}

int response_file(struct request *rq, struct response *rs, int fd, int64_t size, const char *etag)
{
    arena_defer(rs->arena, close_file, (void *)(intptr_t)fd);
    response_header(rs, "Accept-Ranges", "bytes");
    if (not_modified(rq, rs, etag))
        return rs->status = 304;
    const char *same = rq->header(rq, "If-Range");
    const char *range = same && strcmp(same, etag) != 0 ? NULL : rq->header(rq, "Range");
    switch (range_parse(range, size, &rs->file_offset, &rs->file_length)) {
    case RANGE_OUTSIDE:
        response_header(rs, "Content-Range", arena_printf(rs->arena, "bytes */%" PRId64, size));
        return rs->status = 416;
    case RANGE_PART:
        response_header(rs, "Content-Range", arena_printf(rs->arena, "bytes %" PRId64 "-%" PRId64 "/%" PRId64, rs->file_offset,
                                                          rs->file_offset + rs->file_length - 1, size));
        rs->file = fd;
        return rs->status = 206;
    case RANGE_WHOLE: break;
    }
    rs->file = fd;
    return rs->status = 200;
}

struct status_row {
    int status;
    const char *text, *title; /* for the status line; for the error page (a message id) */
};

static const struct status_row statuses[] = {
    { 200, "OK", "" },
    { 201, "Created", "" },
    { 202, "Accepted", "" },
    { 204, "No Content", "" },
    { 206, "Partial Content", "" },
    { 303, "See Other", "" },
    { 304, "Not Modified", "" },
    { 400, "Bad Request", N_("The request was not understood") },
    { 401, "Unauthorized", N_("Please sign in") },
    { 403, "Forbidden", N_("Not allowed") },
    { 404, "Not Found", N_("Not found") },
    { 405, "Method Not Allowed", N_("Not allowed") },
    { 409, "Conflict", N_("Changed in the meantime") },
    { 413, "Content Too Large", N_("Too large") },
    { 416, "Range Not Satisfiable", "" },
    { 422, "Unprocessable Content", N_("Something is missing") },
    { 429, "Too Many Requests", N_("Too many attempts") },
    { 500, "Internal Server Error", N_("Something went wrong") },
    { 502, "Bad Gateway", N_("The provider did not accept this") },
    { 503, "Service Unavailable", N_("Temporarily not available") },
    { 504, "Gateway Timeout", N_("The provider did not answer") },
};

static const struct status_row *status_row(int status)
{
    for (size_t i = 0; i < ARRAY_LEN(statuses); i++)
        if (statuses[i].status == status)
            return &statuses[i];
    return NULL;
}

const char *status_text(int status)
{
    const struct status_row *row = status_row(status);
    return row ? row->text : "Status";
}

/* --- errors --- */

static void clear(struct response *rs)
{
    struct header **h = &rs->headers;
    while (*h) {
        const char *name = (*h)->name;
        bool keep = strcmp(name, "Allow") == 0 || strcmp(name, "Retry-After") == 0 || strcmp(name, "WWW-Authenticate") == 0;
        if (keep)
            h = &(*h)->next;
        else
            *h = (*h)->next;
    }
    rs->body.len = 0;
    rs->body.s[0] = 0;
    rs->body.full = false;
    rs->file = 0;
}

static void plain_error_page(struct request *rq, struct response *rs, const char *title, const char *text)
{
    struct str *b = &rs->body;
    STR_LIT(b, "<!doctype html><html><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>");
    str_html(b, title, strlen(title));
    STR_LIT(b, "</title></head><body><h1>");
    str_html(b, title, strlen(title));
    STR_LIT(b, "</h1><p>");
    str_html(b, text, strlen(text));
    STR_LIT(b, "</p><p>");
    str_puts(b, rq->ctx.id);
    STR_LIT(b, "</p></body></html>\n");
}

static void error_page(struct request *rq, struct response *rs, const struct err *err, int status)
{
    const struct status_row *row = status_row(status);
    const char *title = say(rq, row ? row->title : "Something went wrong"), *text = say(rq, err_public(err));
    rs->type = "text/html; charset=utf-8";
    struct value *root = view(rq);
    object_int(root, "status", status);
    object_text(root, "title", title);
    object_text(root, "text", text);
    object_text(root, "request_id", rq->ctx.id);
    object_bool(root, "signed_out", status == 401 && rq->ctx.actor.kind == ACTOR_NONE);
    if (view_render(rq, rs, "pages/error"))
        return;
    clear(rs);
    plain_error_page(rq, rs, title, text);
}

static void add_fields(struct request *rq, struct str *b, const struct err *err)
{
    STR_LIT(b, ",\"fields\":{");
    if (!rq->form_errors && err->field) {
        const char *text = say(rq, err_public(err));
        str_json(b, err->field, strlen(err->field));
        str_putc(b, ':');
        str_json(b, text, strlen(text));
    }
    for (const struct field_error *e = rq->form_errors; e; e = e->next) {
        const char *text = say(rq, e->text);
        if (e != rq->form_errors)
            str_putc(b, ',');
        str_json(b, e->field, strlen(e->field));
        str_putc(b, ':');
        str_json(b, text, strlen(text));
    }
    str_putc(b, '}');
}

static enum envelope envelope(const struct request *rq)
{
    return rq->route && rq->route->form ? rq->route->form->envelope : ENVELOPE_OF_KIND;
}

/* {"status": "forbidden", "message": text} */
static void status_json(struct request *rq, struct response *rs, const struct err *err, int status)
{
    const char *text = say(rq, err_public(err));
    rs->type = "application/json";
    str_printf(&rs->body, "{\"status\":\"%s\",\"message\":", status == 403 ? "forbidden" : "error");
    str_json(&rs->body, text, strlen(text));
    STR_LIT(&rs->body, "}\n");
}

static void error_json(struct request *rq, struct response *rs, const struct err *err)
{
    struct str *b = &rs->body;
    const char *text = say(rq, err_public(err));
    rs->type = "application/json";
    str_puts(b, envelope(rq) == ENVELOPE_SUCCESS ? "{\"success\":false,\"error\":" : "{\"error\":");
    str_json(b, text, strlen(text));
    if (err->code == ERR_INVALID)
        add_fields(rq, b, err);
    STR_LIT(b, ",\"request_id\":");
    str_json(b, rq->ctx.id, strlen(rq->ctx.id));
    STR_LIT(b, "}\n");
}

static void log_reason(const struct request *rq, const struct err *err)
{
    enum log_level level = (enum log_level)err_level(err->code);
    if (level <= LOG_NOTICE)
        log_event(&rq->ctx, level, "request.failed", "code=%s detail=%s", err_name(err->code), log_quote(rq->ctx.arena, err->detail));
}

int fail(struct request *rq, struct response *rs)
{
    if (!rq->ctx.err.code)
        err_set(&rq->ctx, ERR_BUG, "failed without a reason");
    struct err err = rq->ctx.err;
    int status = err_status(err.code);
    if (err.code == ERR_INVALID && rq->kind != PAGE)
        status = 400;
    log_reason(rq, &err);
    clear(rs);
    switch (rq->kind) {
    case PAGE: error_page(rq, rs, &err, status); break;
    case API:
        if (status == 401)
            response_header(rs, "WWW-Authenticate", "Bearer");
        error_json(rq, rs, &err);
        break;
    case HEALTH: error_json(rq, rs, &err); break;
    case TWILIO:
        if (envelope(rq) == ENVELOPE_STATUS) {
            status_json(rq, rs, &err, status);
            break;
        }
        rs->type = "text/xml";
        STR_LIT(&rs->body, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response/>\n");
        break;
    }
    return rs->status = status;
}

int fail_with(struct request *rq, struct response *rs, enum err_code code)
{
    err_clear(&rq->ctx);
    err_set(&rq->ctx, code, "refused");
    return fail(rq, rs);
}

/* --- the head --- */

bool response_has_body(const struct request *rq, const struct response *rs)
{
    return !rq->head && rs->status != 204 && rs->status != 304;
}

#define PAGE_POLICY                                                                                                  \
    "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "       \
    "media-src 'self'; connect-src 'self'; font-src 'self'; form-action 'self'; frame-ancestors 'none'; "            \
    "base-uri 'none'\r\n"
#define SECURITY_HEADERS                                                                                             \
    "X-Content-Type-Options: nosniff\r\n"                                                                            \
    "Referrer-Policy: same-origin\r\n"                                                                               \
    "X-Frame-Options: DENY\r\n"

void response_head(const struct request *rq, const struct response *rs, struct str *out)
{
    STR_LIT(out, "Status: ");
    str_int(out, rs->status);
    str_putc(out, ' ');
    str_puts(out, status_text(rs->status));
    if (rs->status != 204 && rs->status != 304) {
        STR_LIT(out, "\r\nContent-Type: ");
        str_puts(out, rs->type);
        STR_LIT(out, "\r\nContent-Length: ");
        str_int(out, rs->file > 0 ? rs->file_length : (int64_t)rs->body.len);
    }
    STR_LIT(out, "\r\nX-Request-Id: ");
    str_puts(out, rq->ctx.id);
    STR_LIT(out, "\r\n" SECURITY_HEADERS);
    bool cache = false, policy = false;
    for (const struct header *h = rs->headers; h; h = h->next) {
        cache |= strcasecmp(h->name, "Cache-Control") == 0;
        policy |= strcmp(h->name, POLICY_HEADER) == 0;
        str_puts(out, h->name);
        STR_LIT(out, ": ");
        str_puts(out, h->value);
        STR_LIT(out, "\r\n");
    }
    if (!policy)
        STR_LIT(out, PAGE_POLICY);
    if (!cache)
        STR_LIT(out, "Cache-Control: no-store\r\n");
    STR_LIT(out, "\r\n");
}
