/* fake.h - a request without a web server: headers from a list, an app with a few routes, hooks that know one user. */
#ifndef CENTRALA_TESTS_FAKE_H
#define CENTRALA_TESTS_FAKE_H
#include "base/base.h"
#include "base/conf.h"
#include "base/log.h"
#include "web/app.h"
#include "web/view.h"
#include <setjmp.h>
#include <strings.h>
#include <cmocka.h>
#undef fail /* ours is response.h's */

struct fake_header { const char *name, *value; };

struct fake {
    struct arena *arena;
    struct conf *conf;
    struct app app;
    struct request rq;
    struct response rs;
    struct fake_header headers[16];
    size_t header_count;
};

static const char *fake_header_get(const struct request *rq, const char *name)
{
    const struct fake *f = rq->transport;
    for (size_t i = 0; i < f->header_count; i++)
        if (strcasecmp(f->headers[i].name, name) == 0)
            return f->headers[i].value;
    return NULL;
}

static UNUSED void fake_header(struct fake *f, const char *name, const char *value)
{
    assert_true(f->header_count < ARRAY_LEN(f->headers));
    f->headers[f->header_count++] = (struct fake_header){ name, value };
}

/* A fresh request in the same app. */
static UNUSED void fake_request(struct fake *f, const char *method, const char *target)
{
    f->header_count = 0;
    f->rq = (struct request){ .app = &f->app, .transport = f, .header = fake_header_get, .target = target };
    ctx_init(&f->rq.ctx, f->arena, f->conf);
    request_method(&f->rq, method);
    request_client(&f->rq, "127.0.0.1", false);
    response_init(&f->rs, f->arena);
}

static UNUSED void fake_body(struct fake *f, const char *type, const char *body)
{
    f->rq.content_type = type;
    f->rq.body = body;
    f->rq.body_len = strlen(body);
}

static UNUSED const char *fake_sent(const struct fake *f, const char *name)
{
    for (const struct header *h = f->rs.headers; h; h = h->next)
        if (strcasecmp(h->name, name) == 0)
            return h->value;
    return NULL;
}

static UNUSED void fake_start(struct fake *f, const struct route *routes, size_t count, const struct app_hooks *hooks)
{
    static const char *const perms[] = { "note.read", "note.write" };
    static char *const no_env[] = { NULL };
    static const struct app_hooks no_hooks = { .begin = NULL };
    const char *problems;
    memset(f, 0, sizeof *f);
    log_threshold((enum log_level)0); /* refusals are what is tested: no lines */
    f->arena = arena_new(64 << 20);
    f->conf = conf_load(f->arena, NULL, false, no_env, &problems);
    assert_non_null(f->conf);
    f->app = (struct app){ .conf = f->conf, .routes = routes, .route_count = count, .hooks = hooks ? hooks : &no_hooks,
                           .perm_names = perms, .perm_count = ARRAY_LEN(perms) };
    app_ready(&f->app, f->arena);
    fake_request(f, "GET", "/");
}

static UNUSED void fake_end(struct fake *f)
{
    arena_free(f->arena);
}

#endif
