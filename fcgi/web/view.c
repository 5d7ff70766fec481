/* view.c - the root object of a page, its times and words, and the render into the response. */
#include "base/base.h"
#include "base/conf.h"
#include "base/log.h"
#include "base/str.h"
#include "web/app.h"
#include "web/view.h"

/* --- words --- */

const char *say(struct request *rq, const char *msgid)
{
    return rq->lang ? tr(rq->lang, msgid) : msgid;
}

const char *sayf(struct request *rq, const char *msgid, ...)
{
    va_list ap;
    va_start(ap, msgid);
    const char *s = arena_vprintf(rq->ctx.arena, say(rq, msgid), ap);
    va_end(ap);
    return s;
}

const char *say_n(struct request *rq, const char *one, const char *many, int64_t n)
{
    static const char mark[] = "%lld";
    const char *text = rq->lang ? tr_n(rq->lang, one, many, n) : n == 1 ? one : many, *at = strstr(text, mark);
    if (!at)
        return text;
    struct str s;
    str_init(&s, rq->ctx.arena, strlen(text) + 24, strlen(text) + 24);
    str_add(&s, text, (size_t)(at - text));
    str_int(&s, n);
    str_puts(&s, at + sizeof mark - 1);
    return s.s;
}

/* --- the root --- */

bool view_fragment(struct request *rq)
{
    const char *header = rq->header(rq, "X-Fragment"), *param = request_param(rq, "fragment");
    return (header && *header) || (param && strcmp(param, "1") == 0);
}

/* A text the previous answer left in a cookie, shown once. */
static void put_notice(struct request *rq, struct value *root)
{
    const char *cookie = request_cookie(rq, NOTICE_COOKIE);
    const char *text = cookie && *cookie ? path_decode(rq->ctx.arena, cookie, strlen(cookie)) : NULL;
    if (!text)
        return;
    object_text(root, "notice", say(rq, text));
    rq->notice_shown = true;
}

static enum language language_of(const struct request *rq)
{
    return rq->lang ? catalog_language(rq->lang) : rq->app->language;
}

/* "history_page" -> "history" */
static const char *section(struct request *rq)
{
    const char *name = rq->route->name, *suffix = strrchr(name, '_');
    return suffix ? arena_strndup(rq->ctx.arena, name, (size_t)(suffix - name)) : name;
}

const char *view_role(struct request *rq, const char *role)
{
    static const char *const words[] = { N_("admin"), N_("manager"), N_("operator"), N_("agent") };
    for (size_t i = 0; role && i < ARRAY_LEN(words); i++)
        if (strcmp(words[i], role) == 0)
            return say(rq, words[i]);
    return role;
}

struct value *view(struct request *rq)
{
    if (rq->root)
        return rq->root;
    const struct app *app = rq->app;
    struct value *root = rq->root = object_new(rq->ctx.arena);
    object_text(root, "csrf", rq->csrf);
    object_bool(root, "test_mode", app->conf->main_test_mode);
    struct value *here = object_object(root, "here");
    if (rq->route)
        object_bool(here, section(rq), true);
    if (rq->ctx.actor.kind != ACTOR_NONE) {
        struct value *user = object_object(root, "user");
        object_text(user, "name", rq->user_name);
        object_text(user, "role", view_role(rq, rq->user_role));
        object_text(user, "tenant", rq->tenant_name);
    }
    struct value *can = object_object(root, "can");
    for (size_t i = 0; i < app->perm_count; i++)
        if (rq->ctx.actor.perms >> i & 1)
            object_bool(can, app->perm_keys[i], true);
    put_notice(rq, root);
    return root;
}

static const struct template *find(const struct request *rq, const char *name)
{
    const struct template_set *set = rq->app->templates[language_of(rq)];
    return set ? templates_get(set, name) : NULL;
}

bool view_render(struct request *rq, struct response *rs, const char *page)
{
    const struct template *t = find(rq, page);
    const char *problem = "no such template";
    if (t) {
        str_room(&rs->body, template_size_hint(t));
        if (template_render(t, view(rq), &rs->body, rq->app->strict, &problem))
            return true;
    }
    log_event(&rq->ctx, LOG_ERROR, "view.failed", "page=%s problem=%s", page, log_quote(rq->ctx.arena, problem));
    return false;
}

int view_page_status(struct request *rq, struct response *rs, const char *page, int status)
{
    if (strncmp(page, "pages/", 6) == 0 && view_fragment(rq)) {
        const char *part = arena_printf(rq->ctx.arena, "parts/%s", page + 6);
        page = find(rq, part) ? part : page;
    }
    rs->type = "text/html; charset=utf-8";
    if (!view_render(rq, rs, page)) {
        err_clear(&rq->ctx);
        err_set(&rq->ctx, ERR_BUG, "page did not render");
        return fail(rq, rs);
    }
    if (rq->notice_shown)
        response_cookie(rq, rs, NOTICE_COOKIE, "", 0);
    return rs->status = status;
}

int view_page(struct request *rq, struct response *rs, const char *page)
{
    return view_page_status(rq, rs, page, 200);
}

/* --- forms --- */

static void put_value(struct request *rq, struct value *o, const struct form_field *f, const void *in)
{
    const void *member = (const char *)in + f->offset;
    if (f->flags & RAW)
        return; /* passwords are not shown again */
    switch (f->kind) {
    case FORM_KIND_TEXT:
    case FORM_KIND_PHONE:
    case FORM_KIND_JSON: object_text(o, f->name, *(const char *const *)member); return;
    case FORM_KIND_INT:
        /* A number that could not be read is shown as it was typed. */
        if (rq->form_errors && request_param(rq, f->name))
            object_text(o, f->name, request_param(rq, f->name));
        else
            object_int(o, f->name, *(const int64_t *)member);
        return;
    case FORM_KIND_SWITCH: object_bool(o, f->name, *(const int *)member == SWITCH_ON); return;
    case FORM_KIND_BOOL: object_bool(o, f->name, *(const bool *)member); return;
    case FORM_KIND_ID: object_int(o, f->name, (int64_t)*(const uint64_t *)member); return;
    case FORM_KIND_TEXTS: {
        const struct texts *t = member;
        struct value *l = object_list(o, f->name);
        for (size_t i = 0; i < t->n; i++)
            list_text(l, t->v[i]);
    }
    }
}

void view_form(struct request *rq, const struct form *form, const void *in)
{
    struct value *o = object_object(view(rq), "form"), *value = object_object(o, "value"), *error = object_object(o, "error");
    for (size_t i = 0; in && i < form->count; i++)
        put_value(rq, value, &form->fields[i], in);
    for (const struct field_error *e = rq->form_errors; e; e = e->next) {
        if (*e->field)
            object_text(error, e->field, say(rq, e->text));
        else /* no field is at fault: the form as a whole */
            object_text(o, "problem", say(rq, e->text));
    }
    object_bool(o, "failed", rq->form_errors != NULL);
}
