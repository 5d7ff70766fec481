/* login.c - signing in and out. */
#include "base/base.h"
#include "base/conf.h"
#include "services/session.h"
#include "pages/parts.h"

struct login_query_in { const char *next; };
static const struct form_field login_query_fields[] = { FORM_TEXT(struct login_query_in, next, 0, 500, 0) };
const struct form login_query = FORM(struct login_query_in, login_query_fields);

struct login_in { const char *email, *password, *next; };
static const struct form_field login_fields[] = {
    FORM_TEXT(struct login_in, email, 1, 190, REQUIRED),
    FORM_TEXT(struct login_in, password, 1, PASSWORD_MOST, REQUIRED | RAW),
    FORM_TEXT(struct login_in, next, 0, 500, 0),
};
const struct form login_form = FORM(struct login_in, login_fields);

int login_page(struct request *rq, struct response *rs) /* GET /login */
{
    const struct login_query_in *in = rq->in;
    if (rq->ctx.actor.kind != ACTOR_NONE)
        return redirect(rq, rs, "/");
    if (setup_open(&rq->ctx))
        return redirect(rq, rs, "/setup");
    if (in->next && *in->next)
        object_text(view(rq), "next", in->next);
    view_form(rq, &login_query, NULL);
    return view_page(rq, rs, "pages/login");
}

static int again(struct request *rq, struct response *rs, int status)
{
    const struct login_in *in = rq->in;
    if (in->next && *in->next)
        object_text(view(rq), "next", in->next);
    view_form(rq, &login_form, in);
    return view_page_status(rq, rs, "pages/login", status);
}

int login_submit_page(struct request *rq, struct response *rs) /* POST /login */
{
    const struct login_in *in = rq->in;
    if (rq->form_errors)
        return again(rq, rs, 422);
    const char *token = session_sign_in(&rq->ctx, in->email, in->password, rq->remote, rq->header(rq, "User-Agent"));
    if (!token) {
        int status = err_status(rq->ctx.err.code);
        return show_again(rq) ? again(rq, rs, status) : fail(rq, rs);
    }
    response_cookie(rq, rs, SESSION_COOKIE, token, (long)rq->ctx.conf->auth_session_days * 86400);
    /* Where the visitor wanted to go. Not request_return_path(): the form's referer is the sign-in page itself. */
    return redirect(rq, rs, in->next && path_is_local(in->next) ? in->next : "/");
}

int logout_page(struct request *rq, struct response *rs) /* POST /logout */
{
    if (!session_sign_out(&rq->ctx, rq->session_id))
        return fail(rq, rs);
    response_cookie(rq, rs, SESSION_COOKIE, "", 0);
    return redirect(rq, rs, "/login");
}
