/* path.c - fuzz target: a request target through decoding and the route table. A URL made from what was matched matches
 * again with the same values. */
#include "base/base.h"
#include "base/utf8.h"
#include "web/app.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int handler(struct request *rq, struct response *rs)
{
    (void)rq, (void)rs;
    return 200;
}

static const struct route routes[] = {
    { METHOD_GET, "/", PAGE, PERM_PUBLIC, handler, NULL, "root" },
    { METHOD_GET, "/a", PAGE, PERM_PUBLIC, handler, NULL, "a" },
    { METHOD_GET, "/a/:x", PAGE, PERM_PUBLIC, handler, NULL, "ax" },
    { METHOD_POST, "/a/:x/b", PAGE, PERM_PUBLIC, handler, NULL, "axb" },
    { METHOD_GET, "/a/:x/c/:y", PAGE, PERM_PUBLIC, handler, NULL, "axcy" },
};

static const char *no_header(const struct request *rq, const char *name)
{
    (void)rq, (void)name;
    return NULL;
}

static struct request request(const struct app *app, struct arena *a, const char *target)
{
    struct request rq = { .app = app, .header = no_header, .target = target, .method = METHOD_GET };
    rq.ctx.arena = a;
    return rq;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new(64 << 20);
    const struct app app = { .routes = routes, .route_count = ARRAY_LEN(routes) };
    struct response rs;
    struct request rq = request(&app, a, arena_strndup(a, (const char *)data, size));
    response_init(&rs, a);
    if (request_parse_target(&rq)) {
        BUG_IF(rq.path[0] != '/' || strstr(rq.path, "/../") || !utf8_valid(rq.path, strlen(rq.path)));
        if (route_match(&rq, &rs)) {
            struct request again = request(&app, a, url_for(&rq, rq.route->name, rq.args[0], rq.args[1]));
            bool dots = rq.args[0] && (strcmp(rq.args[0], ".") == 0 || strcmp(rq.args[0], "..") == 0);
            BUG_IF(dots || !request_parse_target(&again) || !route_match(&again, &rs) || again.route != rq.route);
            for (size_t i = 0; i < ROUTE_ARGS; i++)
                BUG_IF(!rq.args[i] != !again.args[i] || (rq.args[i] && strcmp(rq.args[i], again.args[i]) != 0));
        } else {
            BUG_IF(!rq.ctx.err.code);
        }
        if (path_is_local(rq.target))
            redirect(&rq, &rs, rq.target); /* must not be a header injection */
    }
    arena_free(a);
    return 0;
}
