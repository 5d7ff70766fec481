/* router.c - the route table: which row is meant, and the way back from a row to its URL.
 *
 * The target is cut at its slashes before it is decoded, so that a :part may hold an escaped slash. */
#include "base/base.h"
#include "base/str.h"
#include "web/app.h"

enum { PARTS_MAX = 16 };

struct parts {
    const char *v[PARTS_MAX]; /* decoded */
    size_t n;
};

static const char *const method_names[] = { "GET", "POST", "PUT", "PATCH", "DELETE" };

/* False when there are more parts than any route has. */
static bool split(struct request *rq, struct parts *out)
{
    const char *s = rq->target + 1, *end = rq->target + strcspn(rq->target, "?#");
    bool plain = !memchr(s, '%', (size_t)(end - s));
    char *copy = plain ? arena_strndup(rq->ctx.arena, s, (size_t)(end - s)) : NULL;
    for (out->n = 0;;) {
        if (out->n == PARTS_MAX)
            return false;
        const char *slash = memchr(s, '/', (size_t)(end - s)), *stop = slash ? slash : end;
        if (plain) {
            out->v[out->n++] = copy + (s - rq->target - 1);
            copy[stop - rq->target - 1] = 0;
        } else {
            out->v[out->n++] = path_decode(rq->ctx.arena, s, (size_t)(stop - s)); /* valid: the whole was checked */
        }
        if (!slash)
            return true;
        s = slash + 1;
    }
}

/* Does the row's path fit? The values of its :parts go to `args`. Most rows differ in the first letter. */
static bool fits(const char *path, const struct parts *parts, const char *args[ROUTE_ARGS])
{
    size_t arg = 0;
    if (path[1] != parts->v[0][0] && path[1] != ':')
        return false;
    for (size_t i = 0;; i++) {
        size_t n = strcspn(++path, "/");
        if (i == parts->n)
            return false;
        const char *part = parts->v[i];
        if (*path == ':') {
            if (!*part)
                return false;
            args[arg++] = part;
        } else if (strncmp(part, path, n) != 0 || part[n] != 0) {
            return false;
        }
        path += n;
        if (!*path)
            return i + 1 == parts->n;
    }
}

static bool begins(const char *s, const char *prefix)
{
    return strncmp(s, prefix, strlen(prefix)) == 0;
}

enum route_kind route_kind_guess(const char *path)
{
    if (begins(path, "/api/"))
        return API;
    return begins(path, "/twilio/") || begins(path, "/hook/") ? TWILIO : PAGE;
}

static void allow(struct request *rq, struct response *rs, unsigned methods)
{
    struct str s;
    str_init(&s, rq->ctx.arena, 64, 256);
    for (size_t i = 0; i < ARRAY_LEN(method_names); i++) {
        if (!(methods >> i & 1))
            continue;
        if (s.len)
            STR_LIT(&s, ", ");
        str_puts(&s, method_names[i]);
        if (i == METHOD_GET)
            STR_LIT(&s, ", HEAD");
    }
    response_header(rs, "Allow", s.s);
}

bool route_match(struct request *rq, struct response *rs)
{
    const struct app *app = rq->app;
    struct parts parts;
    unsigned methods = 0;
    rq->kind = route_kind_guess(rq->path);
    if (!split(rq, &parts))
        return err_set(&rq->ctx, ERR_ABSENT, "no such route");
    for (size_t i = 0; i < app->route_count; i++) {
        const struct route *route = &app->routes[i];
        const char *args[ROUTE_ARGS] = { NULL };
        if (!fits(route->path, &parts, args))
            continue;
        if (!methods)
            rq->kind = route->kind;
        if (route->method == rq->method) {
            rq->route = route;
            rq->kind = route->kind;
            memcpy(rq->args, args, sizeof args);
            return true;
        }
        methods |= 1u << route->method;
    }
    if (!methods)
        return err_set(&rq->ctx, ERR_ABSENT, "no such route");
    allow(rq, rs, methods);
    return err_set(&rq->ctx, ERR_METHOD, "method not in the table");
}

static const struct route *route_named(struct request *rq, const char *name)
{
    if (rq->url_name == name)
        return rq->url_route;
    for (size_t i = 0; i < rq->app->route_count; i++)
        if (strcmp(rq->app->routes[i].name, name) == 0) {
            rq->url_name = name;
            return rq->url_route = &rq->app->routes[i];
        }
    return NULL;
}

const char *url_for(struct request *rq, const char *name, const char *a0, const char *a1)
{
    const struct route *route = route_named(rq, name);
    BUG_IF(!route);
    const char *values[] = { a0, a1 };
    size_t arg = 0;
    struct str url;
    str_init(&url, rq->ctx.arena, strlen(route->path) + 64, TARGET_MAX);
    for (const char *s = route->path; *s;) {
        size_t n = strcspn(s, ":");
        str_add(&url, s, n);
        s += n;
        if (!*s)
            break;
        BUG_IF(arg == ARRAY_LEN(values) || !values[arg]);
        str_url(&url, values[arg], strlen(values[arg]));
        arg++;
        s += strcspn(s, "/");
    }
    return url.s;
}
