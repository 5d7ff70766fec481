/* app.c - the middle of a request: match, body, guards, handler; and what is worked out once at start. */
#include "base/base.h"
#include "base/conf.h"
#include "base/log.h"
#include "web/app.h"
#include "web/view.h"

static void check_routes(const struct app *app)
{
    for (size_t i = 0; i < app->route_count; i++) {
        const struct route *r = &app->routes[i];
        size_t args = 0;
        for (const char *s = r->path; *s; s++)
            args += *s == '/' && s[1] == ':';
        BUG_IF(r->path[0] != '/' || args > ROUTE_ARGS || !r->handler || r->method == METHOD_OTHER);
        BUG_IF(r->perm < PERM_USER || r->perm >= 64);
        for (size_t k = 0; k < i; k++)
            BUG_IF(app->routes[k].method == r->method && strcmp(app->routes[k].path, r->path) == 0);
    }
}

void app_ready(struct app *app, struct arena *a)
{
    check_routes(app);
    app->language = LANG_EN;
    language_parse(app->conf->main_language, &app->language);
    const char **keys = ARENA_ARRAY(a, const char *, app->perm_count + 1);
    for (size_t i = 0; i < app->perm_count; i++) {
        char *key = arena_strdup(a, app->perm_names[i]);
        for (char *s = key; *s; s++)
            if (*s == '.')
                *s = '_';
        keys[i] = key;
    }
    app->perm_keys = keys;
    app->zones = zones_new(a);
}

/* The language before anybody is known; identify hooks may change it to the user's own. */
static void pick_language(struct request *rq)
{
    const char *accept = rq->kind == PAGE || rq->kind == API ? rq->header(rq, "Accept-Language") : NULL;
    enum language l = rq->app->language;
    if (accept && *accept)
        l = language_accept(accept, l);
    rq->lang = rq->app->catalogs[l];
}

static size_t body_limit(const struct request *rq)
{
    const struct form *form = rq->route->form;
    return form && form->body_limit ? form->body_limit : (size_t)rq->app->conf->web_body_limit_kb * 1024;
}

static int answer(struct request *rq, struct response *rs)
{
    const struct app_hooks *hooks = rq->app->hooks;
    rq->kind = route_kind_guess(rq->target ? rq->target : ""); /* as it came: it may not be readable */
    bool found = request_parse_target(rq) && route_match(rq, rs);
    pick_language(rq);
    if (rq->progress && rq->route)
        *rq->progress = rq->route->name;
    if (!found || !request_parse_body(rq, body_limit(rq)))
        return fail(rq, rs);
    if (rq->kind != HEALTH && hooks->begin && !hooks->begin(rq, request_safe(rq)))
        return fail(rq, rs);
    int status = guards_run(rq, rs);
    return status ? status : rq->route->handler(rq, rs);
}

int app_answer(struct request *rq, struct response *rs, unsigned *statements)
{
    const struct app_hooks *hooks = rq->app->hooks;
    int status = answer(rq, rs);
    BUG_IF(status < 100 || status > 599);
    if (rs->body.full) {
        err_clear(&rq->ctx);
        err_set(&rq->ctx, ERR_BUG, "body over its ceiling");
        status = fail(rq, rs);
    }
    rs->status = status;
    if (statements)
        *statements = hooks->statements ? hooks->statements(rq) : 0;
    if (hooks->end)
        hooks->end(rq);
    return status;
}
