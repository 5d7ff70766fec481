/* request.c - the raw request taken apart: target, path, query, body, client address. */
#include "base/base.h"
#include "base/conf.h"
#include "base/str.h"
#include "base/utf8.h"
#include "web/app.h"
#include "web/cookie.h"
#include "web/multipart.h"
#include "web/request.h"
#include <strings.h>

void request_method(struct request *rq, const char *name)
{
    static const char *const names[] = { "GET", "POST", "PUT", "PATCH", "DELETE" };
    rq->method = METHOD_OTHER;
    rq->head = name && strcmp(name, "HEAD") == 0;
    if (rq->head)
        rq->method = METHOD_GET;
    for (size_t i = 0; name && i < ARRAY_LEN(names); i++)
        if (strcmp(name, names[i]) == 0)
            rq->method = (enum method)i;
}

bool request_safe(const struct request *rq)
{
    return rq->method == METHOD_GET;
}

static const char *pair_value(const struct pair *pairs, size_t count, const char *name)
{
    size_t n = strlen(name);
    for (size_t i = 0; i < count; i++)
        if (pairs[i].name_len == n && memcmp(pairs[i].name, name, n) == 0)
            return pairs[i].value;
    return NULL;
}

const char *request_param(const struct request *rq, const char *name)
{
    return pair_value(rq->params, rq->param_count, name);
}

const char *request_cookie(const struct request *rq, const char *name)
{
    const char *header = rq->header(rq, "Cookie"), *value;
    size_t n;
    if (!header || !cookie_find(header, name, &value, &n))
        return NULL;
    return arena_strndup(rq->ctx.arena, value, n);
}

uint64_t request_arg_id(const struct request *rq, size_t i)
{
    const char *s = i < ROUTE_ARGS ? rq->args[i] : NULL;
    uint64_t id = 0;
    if (!s || !*s)
        return 0;
    for (; *s; s++) {
        if (*s < '0' || *s > '9' || id > (UINT64_MAX - 9) / 10)
            return 0;
        id = id * 10 + (uint64_t)(*s - '0');
    }
    return id;
}

void request_field_error(struct request *rq, const char *field, const char *text)
{
    struct field_error *e = ARENA_NEW(rq->ctx.arena, struct field_error), **last = &rq->form_errors;
    *e = (struct field_error){ .field = field, .text = text };
    while (*last)
        last = &(*last)->next;
    *last = e;
}

/* --- target --- */

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

const char *path_decode(struct arena *a, const char *s, size_t n)
{
    char *out = arena_alloc(a, n + 1), *o = out;
    for (size_t i = 0; i < n; i++) {
        int c = (unsigned char)s[i];
        if (c == '%') {
            if (n - i < 3 || hex(s[i + 1]) < 0 || hex(s[i + 2]) < 0)
                return NULL;
            c = hex(s[i + 1]) << 4 | hex(s[i + 2]);
            i += 2;
        }
        if (c == 0)
            return NULL;
        *o++ = (char)c;
    }
    *o = 0;
    return utf8_valid(out, (size_t)(o - out)) ? out : NULL;
}

/* "/a/../b", "/..", "/./a": also when they were written with escapes. */
static bool has_dots(const char *path)
{
    for (const char *s = path; (s = strchr(s, '/')); s++) {
        size_t dots = strspn(s + 1, ".");
        if (dots >= 1 && dots <= 2 && (s[1 + dots] == '/' || s[1 + dots] == 0))
            return true;
    }
    return false;
}

bool path_is_local(const char *path)
{
    if (path[0] != '/' || path[1] == '/' || strlen(path) > TARGET_MAX)
        return false;
    for (const char *s = path; *s; s++)
        if (*s == '\\' || (unsigned char)*s <= 0x20 || *s == 0x7f)
            return false;
    return true;
}

bool request_parse_target(struct request *rq)
{
    const char *target = rq->target;
    rq->path = "/";
    rq->query = "";
    if (!target || target[0] != '/')
        return err_set(&rq->ctx, ERR_MALFORMED, "target is not a path");
    if (strlen(target) > TARGET_MAX)
        return err_set(&rq->ctx, ERR_TOO_LARGE, "target too long");
    size_t n = strcspn(target, "?#");
    if (target[n] == '?')
        rq->query = target + n + 1;
    const char *path = path_decode(rq->ctx.arena, target, n);
    if (!path || has_dots(path))
        return err_set(&rq->ctx, ERR_MALFORMED, "path not valid");
    rq->path = path;
    return true;
}

/* --- body --- */

bool request_type_is(const struct request *rq, const char *type)
{
    const char *s = rq->content_type ? rq->content_type : "";
    size_t n = strlen(type);
    return strncasecmp(s, type, n) == 0 && (s[n] == 0 || s[n] == ';' || s[n] == ' ' || s[n] == '\t');
}

static bool split_pairs(struct request *rq, const char *s, size_t n)
{
    rq->params = pairs_parse(rq->ctx.arena, s, n, REQUEST_PARAMS_MAX, &rq->param_count);
    if (!rq->params)
        rq->param_count = 0;
    if (!rq->params && n > 0)
        return err_set(&rq->ctx, ERR_TOO_LARGE, "too many parameters");
    return true;
}

static bool split_multipart(struct request *rq)
{
    struct multipart m;
    const char *problem;
    if (!multipart_parse(rq->ctx.arena, rq->content_type, rq->body, rq->body_len, &m, &problem))
        return err_set(&rq->ctx, ERR_MALFORMED, "multipart: %s", problem);
    rq->params = m.params;
    rq->param_count = m.param_count;
    rq->uploads = m.uploads;
    return true;
}

bool request_parse_body(struct request *rq, size_t limit)
{
    if (rq->read_body && !rq->read_body(rq, limit))
        return false;
    if (rq->body_len > limit)
        return err_set(&rq->ctx, ERR_TOO_LARGE, "body of %zu bytes", rq->body_len);
    if (!rq->body)
        rq->body = "";
    if (request_safe(rq))
        return split_pairs(rq, rq->query, strlen(rq->query));
    if (rq->body_len == 0)
        return true;
    if (request_type_is(rq, TYPE_FORM))
        return split_pairs(rq, rq->body, rq->body_len);
    if (request_type_is(rq, TYPE_MULTIPART))
        return split_multipart(rq);
    return true; /* JSON is form_fill()'s; another type is refused there when the route has a form */
}

bool request_parse(struct request *rq)
{
    return request_parse_target(rq) && request_parse_body(rq, (size_t)rq->ctx.conf->web_body_limit_kb * 1024);
}

/* --- client --- */

/* Is `address` one of the comma-separated list? */
static bool in_list(const char *list, const char *address, size_t n)
{
    for (const char *s = list; *s;) {
        s += strspn(s, ", \t");
        size_t k = strcspn(s, ", \t");
        if (k == n && k > 0 && strncasecmp(s, address, n) == 0)
            return true;
        s += k;
    }
    return false;
}

void request_client(struct request *rq, const char *address, bool https)
{
    const char *trusted = rq->ctx.conf->web_trusted_proxies;
    rq->remote = address ? address : "";
    rq->https = https;
    if (!trusted || !*trusted || !in_list(trusted, rq->remote, strlen(rq->remote)))
        return;
    const char *proto = rq->header(rq, "X-Forwarded-Proto");
    if (proto)
        rq->https = strcasecmp(proto, "https") == 0;
    /* From the right: each proxy appended whom it saw; the first one we do not trust is the client. */
    const char *list = rq->header(rq, "X-Forwarded-For");
    for (const char *end = list ? list + strlen(list) : NULL; list && end > list;) {
        const char *from = end;
        while (from > list && from[-1] != ',')
            from--;
        const char *s = from + strspn(from, " \t");
        size_t n = s < end ? (size_t)(end - s) : 0;
        while (n > 0 && (s[n - 1] == ' ' || s[n - 1] == '\t'))
            n--;
        if (n == 0 || n > 64)
            return;
        rq->remote = arena_strndup(rq->ctx.arena, s, n);
        if (!in_list(trusted, s, n) || from == list)
            return;
        end = from - 1;
    }
}

/* --- where to go back to --- */

/* The path of a Referer of this host, NULL for another one. */
static const char *own_referer(const struct request *rq)
{
    const char *referer = rq->header(rq, "Referer"), *host = rq->header(rq, "Host");
    if (!referer || !host)
        return NULL;
    const char *s = strstr(referer, "://");
    if (!s)
        return NULL;
    s += 3;
    size_t n = strlen(host);
    return strncasecmp(s, host, n) == 0 && s[n] == '/' ? s + n : NULL;
}

const char *request_return_path(const struct request *rq, const char *def)
{
    const char *next = request_param(rq, "next");
    if (!next && !request_safe(rq) && rq->query[0]) {
        size_t count;
        struct pair *query = pairs_parse(rq->ctx.arena, rq->query, strlen(rq->query), REQUEST_PARAMS_MAX, &count);
        next = query ? pair_value(query, count, "next") : NULL;
    }
    if (!next)
        next = own_referer(rq);
    return next && path_is_local(next) ? next : def;
}
