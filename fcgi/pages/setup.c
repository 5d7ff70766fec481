/* setup.c - the first administrator of an empty installation, with a code printed at the start. */
#include "base/base.h"
#include "services/session.h"
#include "pages/parts.h"

struct setup_in { const char *code, *tenant, *name, *email, *password; };
static const struct form_field setup_fields[] = {
    FORM_TEXT(struct setup_in, code, 1, 100, REQUIRED),
    FORM_TEXT(struct setup_in, tenant, 1, 80, REQUIRED),
    FORM_TEXT(struct setup_in, name, 1, 120, REQUIRED),
    FORM_TEXT(struct setup_in, email, 3, 190, REQUIRED),
    FORM_TEXT(struct setup_in, password, 1, PASSWORD_MOST, REQUIRED | RAW),
};
const struct form setup_form = FORM(struct setup_in, setup_fields);

int setup_page(struct request *rq, struct response *rs) /* GET /setup */
{
    if (!setup_open(&rq->ctx))
        return rq->ctx.err.code ? fail(rq, rs) : fail_with(rq, rs, ERR_ABSENT);
    view_form(rq, &setup_form, NULL);
    return view_page(rq, rs, "pages/setup");
}

int setup_submit_page(struct request *rq, struct response *rs) /* POST /setup */
{
    const struct setup_in *in = rq->in;
    struct first_admin first = { .code = in->code, .tenant = in->tenant, .name = in->name, .email = in->email, .password = in->password };
    if (!rq->form_errors && setup_first_admin(&rq->ctx, &first)) {
        response_notice(rq, rs, N_("The administrator is made. Please sign in."));
        return redirect(rq, rs, "/login");
    }
    if (!rq->form_errors && !show_again(rq))
        return fail(rq, rs);
    view_form(rq, &setup_form, in);
    return view_page_status(rq, rs, "pages/setup", 422);
}
