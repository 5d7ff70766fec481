/* guard.c - what a route's row declares is enforced here, in one fixed order, before the handler runs. */
#include "base/base.h"
#include "base/crypto.h"
#include "base/str.h"
#include "web/app.h"
#include "web/view.h"
#include <strings.h>

static int guard_signature(struct request *rq, struct response *rs)
{
    if (rq->kind != TWILIO || rq->app->hooks->check_signature(rq))
        return 0;
    return rq->ctx.err.code ? fail(rq, rs) : fail_with(rq, rs, ERR_SIGNATURE);
}

static int by_session(struct request *rq, struct response *rs)
{
    const char *token = request_cookie(rq, SESSION_COOKIE);
    if (!token || !*token || rq->app->hooks->identify_session(rq, token))
        return 0;
    return fail(rq, rs);
}

/* PAGE: the session. API: the bearer token if one was sent (a wrong one is not rescued by a cookie), else the session. */
static int guard_identity(struct request *rq, struct response *rs)
{
    if (rq->kind == PAGE)
        return by_session(rq, rs);
    if (rq->kind != API)
        return 0;
    const char *authorization = rq->header(rq, "Authorization");
    if (!authorization || !*authorization)
        return by_session(rq, rs);
    if (strncasecmp(authorization, "Bearer ", 7) != 0)
        return fail_with(rq, rs, ERR_LOGIN);
    const char *token = authorization + 7 + strspn(authorization + 7, " ");
    if (!rq->app->hooks->identify_bearer(rq, token))
        return fail(rq, rs);
    return rq->ctx.actor.kind == ACTOR_NONE ? fail_with(rq, rs, ERR_LOGIN) : 0;
}

static int to_login(struct request *rq, struct response *rs)
{
    struct str url;
    str_init(&url, rq->ctx.arena, 256, 4 * TARGET_MAX);
    STR_LIT(&url, "/login?next=");
    str_url(&url, rq->target, strlen(rq->target));
    return redirect(rq, rs, url.s);
}

static int guard_permission(struct request *rq, struct response *rs)
{
    int perm = rq->route->perm;
    if (perm == PERM_PUBLIC || rq->kind == TWILIO)
        return 0;
    if (rq->ctx.actor.kind == ACTOR_NONE) {
        if (rq->kind == PAGE && request_safe(rq) && !view_fragment(rq))
            return to_login(rq, rs);
        return fail_with(rq, rs, ERR_LOGIN);
    }
    if (perm == PERM_USER || rq->ctx.actor.perms >> perm & 1)
        return 0;
    if (rq->password_once && rq->kind == PAGE && request_safe(rq) && !view_fragment(rq))
        return redirect(rq, rs, "/account");
    return fail_with(rq, rs, ERR_DENIED);
}

/* Where there is no session to hold a token (the sign-in form): the browser itself says whether another site sends. */
static bool same_origin(const struct request *rq)
{
    const char *site = rq->header(rq, "Sec-Fetch-Site");
    if (site)
        return strcmp(site, "same-origin") == 0 || strcmp(site, "none") == 0;
    const char *origin = rq->header(rq, "Origin"), *host = rq->header(rq, "Host");
    if (!origin)
        return true;
    const char *s = strstr(origin, "://");
    return s && host && strcasecmp(s + 3, host) == 0;
}

static bool token_matches(const struct request *rq)
{
    const char *sent = rq->header(rq, "X-CSRF-Token");
    if (!sent || !*sent)
        sent = request_param(rq, "_csrf");
    size_t n = rq->csrf ? strlen(rq->csrf) : 0;
    return n > 0 && sent && strlen(sent) == n && crypto_equal(sent, rq->csrf, n);
}

static int guard_csrf(struct request *rq, struct response *rs)
{
    if (request_safe(rq) || (rq->kind != PAGE && rq->kind != API))
        return 0;
    bool ok = true;
    if (rq->kind == PAGE && rq->route->perm == PERM_PUBLIC)
        ok = same_origin(rq);
    else if (rq->session_id || rq->kind == PAGE)
        ok = token_matches(rq);
    return ok ? 0 : fail_with(rq, rs, ERR_CSRF);
}

static int guard_form(struct request *rq, struct response *rs)
{
    if (!rq->route->form || !rq->route->form->size)
        return 0;
    if (!form_fill(rq, rq->route->form))
        return fail(rq, rs);
    if (!rq->form_errors || rq->kind == PAGE)
        return 0;
    err_field(&rq->ctx, rq->form_errors->field, rq->form_errors->text);
    return fail(rq, rs);
}

static int (*const guards[])(struct request *rq, struct response *rs) = {
    guard_signature, guard_identity, guard_permission, guard_csrf, guard_form,
};

int guards_run(struct request *rq, struct response *rs)
{
    for (size_t i = 0; i < ARRAY_LEN(guards); i++) {
        int status = guards[i](rq, rs);
        if (status)
            return status;
    }
    return 0;
}
