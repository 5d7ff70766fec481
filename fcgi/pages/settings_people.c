/* settings_people.c - the organisation, its people, and the trail of what they changed. */
#include "base/base.h"
#include "base/clock.h"
#include "services/audit.h"
#include "services/people.h"
#include "services/session.h"
#include "services/tenants.h"
#include "pages/settings.h"

struct organisation_in { const char *name, *country, *zone, *language; };
static const struct form_field organisation_fields[] = {
    FORM_TEXT(struct organisation_in, name, 1, 80, REQUIRED),
    FORM_TEXT(struct organisation_in, country, 2, 2, REQUIRED),
    FORM_TEXT(struct organisation_in, zone, 1, 64, REQUIRED),
    FORM_TEXT(struct organisation_in, language, 2, 2, REQUIRED),
};
const struct form settings_organisation_form = FORM(struct organisation_in, organisation_fields);

struct person_in { const char *email, *name, *role; };
static const struct form_field person_fields[] = {
    FORM_TEXT(struct person_in, email, 1, 190, REQUIRED),
    FORM_TEXT(struct person_in, name, 0, 120, 0),
    FORM_TEXT(struct person_in, role, 1, 12, REQUIRED),
};
const struct form settings_person_form = FORM(struct person_in, person_fields);

struct change_in { const char *name, *role; bool active; };
static const struct form_field change_fields[] = {
    FORM_TEXT(struct change_in, name, 0, 120, 0),
    FORM_TEXT(struct change_in, role, 1, 12, REQUIRED),
    FORM_BOOL(struct change_in, active, false),
};
const struct form settings_person_change_form = FORM(struct change_in, change_fields);

struct audit_in { uint64_t before; };
static const struct form_field audit_fields[] = { FORM_ID(struct audit_in, before, 0) };
const struct form settings_audit_query = FORM(struct audit_in, audit_fields);

/* --- the organisation --- */

static int show_organisation(struct request *rq, struct response *rs, const struct organisation_in *in, int status)
{
    const struct tenant_row *t = tenant_own(&rq->ctx);
    if (!t)
        return fail(rq, rs);
    struct organisation_in values = { .name = t->name, .country = t->country, .zone = t->zone, .language = t->language };
    const char *chosen = in && in->language ? in->language : t->language;
    put_languages(rq, chosen);
    put_tab(rq, "organisation");
    view_form(rq, &settings_organisation_form, in ? in : &values);
    return view_page_status(rq, rs, "pages/settings_organisation", status);
}

int settings_organisation_page(struct request *rq, struct response *rs) /* GET /settings/organisation */
{
    return show_organisation(rq, rs, NULL, 200);
}

int settings_organisation_change_page(struct request *rq, struct response *rs) /* POST /settings/organisation */
{
    const struct organisation_in *in = rq->in;
    enum language language;
    if (!rq->form_errors && !language_parse(in->language, &language))
        request_field_error(rq, "language", N_("pl, en or es"));
    if (!rq->form_errors) {
        if (tenant_change(&rq->ctx, in->name, in->country, in->zone, in->language)) {
            response_notice(rq, rs, N_("Saved."));
            return redirect(rq, rs, "/settings/organisation");
        }
        if (!show_again(rq))
            return fail(rq, rs);
    }
    return show_organisation(rq, rs, in, 422);
}

/* --- people --- */

static void put_roles(struct request *rq, const char *chosen)
{
    static const char *const roles[] = { "agent", "operator", "manager", "admin" };
    struct value *list = object_list(view(rq), "roles");
    for (size_t i = 0; i < ARRAY_LEN(roles); i++) {
        struct value *o = list_object(list);
        object_text(o, "word", roles[i]);
        object_text(o, "label", view_role(rq, roles[i]));
        object_bool(o, "selected", chosen && strcmp(chosen, roles[i]) == 0);
    }
}

static void put_person(struct request *rq, struct value *o, const struct person_row *p)
{
    object_text(o, "id", arena_printf(rq->ctx.arena, "%" PRIu64, p->id));
    object_text(o, "name", *p->name ? p->name : NULL);
    object_text(o, "email", p->email);
    object_text(o, "role", view_role(rq, p->role));
    object_bool(o, "active", p->active);
    object_bool(o, "me", p->id == rq->ctx.actor.user_id);
    view_time(rq, o, "seen", p->seen_ms);
}

static int show_people(struct request *rq, struct response *rs, const struct person_in *in, int status)
{
    struct rows rows = people_list(&rq->ctx);
    if (!rows.ok)
        return fail(rq, rs);
    const struct person_row *p = rows.row;
    struct value *list = object_list(view(rq), "people");
    for (size_t i = 0; i < rows.n; i++)
        put_person(rq, list_object(list), &p[i]);
    put_roles(rq, in ? in->role : NULL);
    put_tab(rq, "people");
    view_form(rq, &settings_person_form, in);
    return view_page_status(rq, rs, "pages/settings_people", status);
}

/* The only time that it is told: not by a redirect, which would have to carry it. */
static int show_password(struct request *rq, struct response *rs, const char *email, const char *password)
{
    object_text(view(rq), "email", email);
    object_text(view(rq), "password", password);
    put_tab(rq, "people");
    return view_page(rq, rs, "pages/settings_password");
}

int settings_people_page(struct request *rq, struct response *rs) /* GET /settings/people */
{
    return show_people(rq, rs, NULL, 200);
}

int settings_person_add_page(struct request *rq, struct response *rs) /* POST /settings/people */
{
    const struct person_in *in = rq->in;
    const char *password = rq->form_errors ? NULL : person_add(&rq->ctx, in->email, in->name ? in->name : "", in->role);
    if (password)
        return show_password(rq, rs, in->email, password);
    if (!rq->form_errors && !show_again(rq))
        return fail(rq, rs);
    return show_people(rq, rs, in, 422);
}

static int show_person(struct request *rq, struct response *rs, const struct change_in *in, int status)
{
    const struct person_row *p = person_get(&rq->ctx, request_arg_id(rq, 0));
    if (!p)
        return fail(rq, rs);
    struct change_in values = { .name = p->name, .role = p->role, .active = p->active };
    put_person(rq, object_object(view(rq), "person"), p);
    put_roles(rq, in && in->role ? in->role : p->role);
    put_tab(rq, "people");
    view_form(rq, &settings_person_change_form, in ? in : &values);
    return view_page_status(rq, rs, "pages/settings_person", status);
}

int settings_person_page(struct request *rq, struct response *rs) /* GET /settings/people/:id */
{
    return show_person(rq, rs, NULL, 200);
}

int settings_person_change_page(struct request *rq, struct response *rs) /* POST /settings/people/:id */
{
    const struct change_in *in = rq->in;
    if (!rq->form_errors) {
        if (person_change(&rq->ctx, request_arg_id(rq, 0), in->name ? in->name : "", in->role, in->active)) {
            response_notice(rq, rs, N_("Saved."));
            return redirect(rq, rs, "/settings/people");
        }
        if (!show_again(rq))
            return fail(rq, rs);
    }
    return show_person(rq, rs, in, 422);
}

int settings_person_reset_page(struct request *rq, struct response *rs) /* POST /settings/people/:id/password */
{
    const struct person_row *p = person_get(&rq->ctx, request_arg_id(rq, 0));
    const char *password = p ? person_reset(&rq->ctx, p->id) : NULL;
    if (password)
        return show_password(rq, rs, p->email, password);
    return show_again(rq) ? show_person(rq, rs, NULL, 422) : fail(rq, rs);
}

/* --- the trail --- */

int settings_audit_page(struct request *rq, struct response *rs) /* GET /settings/audit */
{
    const struct audit_in *in = rq->in;
    struct rows rows = audit_list(&rq->ctx, in->before, PAGE_ROWS + 1);
    if (!rows.ok)
        return fail(rq, rs);
    const struct audit_row *a = rows.row;
    size_t n = rows.n > PAGE_ROWS ? PAGE_ROWS : rows.n;
    struct value *list = object_list(view(rq), "trail");
    for (size_t i = 0; i < n; i++) {
        struct value *o = list_object(list);
        view_time(rq, o, "at", a[i].created_ms);
        object_text(o, "actor", a[i].actor);
        object_text(o, "what", action_words(rq, a[i].action));
        object_text(o, "action", a[i].action);
        object_text(o, "target", *a[i].target ? a[i].target : NULL);
        object_text(o, "detail", *a[i].detail ? a[i].detail : NULL);
    }
    object_bool(view(rq), "has_trail", n > 0);
    put_pager(rq, rows.n > n ? arena_printf(rq->ctx.arena, "/settings/audit?before=%" PRIu64, a[n - 1].id) : NULL, in->before ? "/settings/audit" : NULL);
    put_tab(rq, "audit");
    return view_page(rq, rs, "pages/settings_audit");
}
