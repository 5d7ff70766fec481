/* account.c - one's own password, language and sessions. */
#include "base/base.h"
#include "services/session.h"
#include "pages/parts.h"

struct password_in { const char *current, *password, *again; };
static const struct form_field password_fields[] = {
    FORM_TEXT(struct password_in, current, 1, PASSWORD_MOST, REQUIRED | RAW),
    FORM_TEXT(struct password_in, password, 1, PASSWORD_MOST, REQUIRED | RAW),
    FORM_TEXT(struct password_in, again, 1, PASSWORD_MOST, REQUIRED | RAW),
};
const struct form password_form = FORM(struct password_in, password_fields);

struct language_in { const char *language; };
static const struct form_field language_fields[] = { FORM_TEXT(struct language_in, language, 2, 2, REQUIRED) };
const struct form language_form = FORM(struct language_in, language_fields);

/* "Firefox · Linux" from a User-Agent; programs and unknown ones as they call themselves. */
static const char *browser_words(struct request *rq, const char *agent)
{
    static const struct { const char *mark, *name; } browsers[] = {
        { "Edg", "Edge" }, { "OPR/", "Opera" }, { "SamsungBrowser/", "Samsung Internet" }, { "Firefox/", "Firefox" }, { "FxiOS/", "Firefox" },
        { "Chromium/", "Chromium" }, { "Chrome/", "Chrome" }, { "CriOS/", "Chrome" }, { "Safari/", "Safari" } };
    static const struct { const char *mark, *name; } systems[] = {
        { "Windows", "Windows" }, { "iPhone", "iPhone" }, { "iPad", "iPad" }, { "Android", "Android" }, { "CrOS", "ChromeOS" },
        { "Mac OS X", "macOS" }, { "Linux", "Linux" } };
    const char *browser = NULL, *os = NULL;
    for (size_t i = 0; !browser && i < ARRAY_LEN(browsers); i++)
        browser = strstr(agent, browsers[i].mark) ? browsers[i].name : NULL;
    for (size_t i = 0; !os && i < ARRAY_LEN(systems); i++)
        os = strstr(agent, systems[i].mark) ? systems[i].name : NULL;
    if (!browser)
        return *agent ? agent : say(rq, N_("Unknown browser"));
    return os ? arena_printf(rq->ctx.arena, "%s · %s", browser, os) : browser;
}

static bool put_sessions(struct request *rq)
{
    struct rows rows = session_list(&rq->ctx);
    struct value *list = object_list(view(rq), "sessions");
    const struct session_listed *s = rows.row;
    for (size_t i = 0; i < rows.n; i++) {
        struct value *o = list_object(list);
        object_text(o, "id", arena_printf(rq->ctx.arena, "%" PRIu64, s[i].id));
        object_text(o, "agent", browser_words(rq, s[i].agent));
        object_text(o, "agent_full", s[i].agent);
        object_text(o, "address", s[i].address);
        view_time(rq, o, "created", s[i].created_ms);
        view_time(rq, o, "seen", s[i].seen_ms);
        object_bool(o, "current", s[i].id == rq->session_id);
    }
    return rows.ok;
}

static int show(struct request *rq, struct response *rs, int status)
{
    struct value *account = object_object(view(rq), "account");
    object_text(account, "email", rq->user_email);
    object_text(account, "name", rq->user_name);
    object_text(account, "role", view_role(rq, rq->user_role));
    object_text(account, "tenant", rq->tenant_name);
    object_bool(account, "password_once", rq->password_once);
    put_languages(rq, language_code(catalog_language(rq->lang)));
    if (!put_sessions(rq))
        return fail(rq, rs);
    return view_page_status(rq, rs, "pages/account", status);
}

int account_page(struct request *rq, struct response *rs) /* GET /account */
{
    view_form(rq, &password_form, NULL);
    return show(rq, rs, 200);
}

int account_password_page(struct request *rq, struct response *rs) /* POST /account/password */
{
    const struct password_in *in = rq->in;
    if (!rq->form_errors && strcmp(in->password, in->again) != 0)
        request_field_error(rq, "again", N_("The two passwords differ."));
    if (!rq->form_errors && password_change(&rq->ctx, in->current, in->password, rq->session_id)) {
        response_notice(rq, rs, N_("The password is changed. Other sessions are signed out."));
        return redirect(rq, rs, "/account");
    }
    if (!rq->form_errors && !show_again(rq))
        return fail(rq, rs);
    view_form(rq, &password_form, NULL);
    return show(rq, rs, 422);
}

int account_language_page(struct request *rq, struct response *rs) /* POST /account/language */
{
    const struct language_in *in = rq->in;
    enum language language;
    if (rq->form_errors || !language_parse(in->language, &language))
        return fail_with(rq, rs, ERR_INVALID);
    if (!language_change(&rq->ctx, in->language))
        return fail(rq, rs);
    return redirect(rq, rs, "/account");
}

int account_revoke_page(struct request *rq, struct response *rs) /* POST /account/sessions/:id/revoke */
{
    if (!session_revoke(&rq->ctx, request_arg_id(rq, 0)))
        return fail(rq, rs);
    response_notice(rq, rs, N_("The session is revoked."));
    return redirect(rq, rs, "/account");
}

int help_page(struct request *rq, struct response *rs) /* GET /help */
{
    return view_page(rq, rs, "pages/help");
}
