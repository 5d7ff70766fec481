/* settings_lines.c - lines: list, add, change, default sender, and those of the Twilio account. */
#include "base/base.h"
#include "base/phone.h"
#include "services/line_settings.h"
#include "pages/settings.h"

struct line_in { const char *line, *channel, *name; int64_t per_second; };
static const struct form_field line_fields[] = {
    FORM_TEXT(struct line_in, line, 1, 60, REQUIRED),
    FORM_TEXT(struct line_in, channel, 1, 12, REQUIRED),
    FORM_TEXT(struct line_in, name, 0, 80, 0),
    FORM_INT(struct line_in, per_second, 0, LINE_RATE_MOST, 0, 0),
};
const struct form settings_line_form = FORM(struct line_in, line_fields);

struct change_in { const char *name; bool active; int64_t per_second; };
static const struct form_field change_fields[] = {
    FORM_TEXT(struct change_in, name, 0, 80, 0),
    FORM_BOOL(struct change_in, active, false),
    FORM_INT(struct change_in, per_second, 0, LINE_RATE_MOST, 0, 0),
};
const struct form settings_change_form = FORM(struct change_in, change_fields);

struct numbers_in { const char *next; };
static const struct form_field numbers_fields[] = { FORM_TEXT(struct numbers_in, next, 0, 2000, 0) };
const struct form settings_numbers_query = FORM(struct numbers_in, numbers_fields);

struct take_in { struct texts number; };
static const struct form_field take_fields[] = { FORM_TEXTS(struct take_in, number, TWILIO_NUMBERS_PAGE, REQUIRED) };
const struct form settings_take_form = FORM(struct take_in, take_fields);

static void put_rate(struct request *rq, struct value *o, const struct line_row *l)
{
    object_text(o, "rate", l->per_second ? say_n(rq, N_("%lld segment a second"), N_("%lld segments a second"), l->per_second) : say(rq, N_("usual")));
}

static void put_one(struct request *rq, struct value *o, const struct line_row *l, bool is_default)
{
    object_text(o, "id", arena_printf(rq->ctx.arena, "%" PRIu64, l->id));
    object_text(o, "number", shown_address(rq, l->address));
    object_text(o, "name", *l->name ? l->name : NULL);
    object_bool(o, "active", l->active);
    object_bool(o, "is_default", is_default);
    put_channel(rq, o, l->channel);
    put_rate(rq, o, l);
}

/* The first active one of a channel sends when nobody chooses. */
static bool first_of_channel(const struct line_row *l, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (l[k].active && strcmp(l[k].channel, l[i].channel) == 0)
            return false;
    return l[i].active;
}

static int show(struct request *rq, struct response *rs, const struct line_in *in, int status)
{
    struct rows rows = sending_lines(&rq->ctx);
    if (!rows.ok)
        return fail(rq, rs);
    const struct line_row *l = rows.row;
    struct value *list = object_list(view(rq), "lines");
    for (size_t i = 0; i < rows.n; i++)
        put_one(rq, list_object(list), &l[i], first_of_channel(l, i));
    object_bool(view(rq), "has_lines", rows.n > 0);
    object_bool(view(rq), "whatsapp", in && in->channel && strcmp(in->channel, "whatsapp") == 0);
    put_tab(rq, "lines");
    view_form(rq, &settings_line_form, in);
    return view_page_status(rq, rs, "pages/settings_lines", status);
}

int settings_lines_page(struct request *rq, struct response *rs) /* GET /settings/lines */
{
    return show(rq, rs, NULL, 200);
}

int settings_line_add_page(struct request *rq, struct response *rs) /* POST /settings/lines */
{
    const struct line_in *in = rq->in;
    if (!rq->form_errors) {
        if (line_new(&rq->ctx, in->line, rq->country, in->channel, in->name ? in->name : "", in->per_second)) {
            response_notice(rq, rs, N_("The line is added. Set its webhook at Twilio next."));
            return redirect(rq, rs, "/settings/lines");
        }
        if (!show_again(rq))
            return fail(rq, rs);
    }
    return show(rq, rs, in, 422);
}

static int show_line(struct request *rq, struct response *rs, const struct change_in *in, int status)
{
    const struct line_row *l = line_get(&rq->ctx, request_arg_id(rq, 0));
    if (!l)
        return fail(rq, rs);
    struct change_in values = { .name = l->name, .active = l->active, .per_second = l->per_second };
    put_one(rq, object_object(view(rq), "line"), l, l->is_default);
    put_tab(rq, "lines");
    view_form(rq, &settings_change_form, in ? in : &values);
    return view_page_status(rq, rs, "pages/settings_line", status);
}

int settings_line_page(struct request *rq, struct response *rs) /* GET /settings/lines/:id */
{
    return show_line(rq, rs, NULL, 200);
}

int settings_line_change_page(struct request *rq, struct response *rs) /* POST /settings/lines/:id */
{
    const struct change_in *in = rq->in;
    if (!rq->form_errors) {
        if (line_change(&rq->ctx, request_arg_id(rq, 0), in->name ? in->name : "", in->active, in->per_second)) {
            response_notice(rq, rs, N_("Saved."));
            return redirect(rq, rs, "/settings/lines");
        }
        if (!show_again(rq))
            return fail(rq, rs);
    }
    return show_line(rq, rs, in, 422);
}

int settings_line_default_page(struct request *rq, struct response *rs) /* POST /settings/lines/:id/default */
{
    if (!line_make_default(&rq->ctx, request_arg_id(rq, 0)))
        return fail(rq, rs);
    response_notice(rq, rs, N_("Messages leave from this line now when nobody chooses one."));
    return redirect(rq, rs, "/settings/lines");
}

/* --- the account's own --- */

static bool is_line(const struct rows *lines, const char *number)
{
    const struct line_row *l = lines->row;
    for (size_t i = 0; i < lines->n; i++)
        if (strcmp(l[i].address, number) == 0)
            return true;
    return false;
}

static bool put_numbers(struct request *rq, const struct twilio_numbers *page)
{
    struct rows lines = sending_lines(&rq->ctx);
    struct value *list = object_list(view(rq), "numbers");
    bool any = false;
    for (size_t i = 0; i < page->n; i++) {
        const struct twilio_number *n = &page->v[i];
        struct value *o = list_object(list);
        bool known = is_line(&lines, n->number), named = strcmp(n->name, n->number) != 0;
        object_text(o, "sid", n->sid);
        object_text(o, "value", named ? arena_printf(rq->ctx.arena, "%s %s", n->number, n->name) : n->number);
        object_text(o, "number", shown_address(rq, n->number));
        object_text(o, "name", named ? n->name : NULL);
        object_bool(o, "known", known);
        object_bool(o, "offered", n->sms && !known);
        object_bool(o, "mute", !n->sms);
        any |= n->sms && !known;
    }
    object_bool(view(rq), "has_numbers", page->n > 0);
    object_bool(view(rq), "any_offered", any);
    return lines.ok;
}

static int show_numbers(struct request *rq, struct response *rs, const char *next, int status)
{
    struct twilio_numbers page = { .n = 0 };
    if (!line_numbers(&rq->ctx, next, &page) && !show_again(rq))
        return fail(rq, rs);
    if (!put_numbers(rq, &page))
        return fail(rq, rs);
    if (page.next) {
        struct str url;
        str_init(&url, rq->ctx.arena, 256, 8000);
        STR_LIT(&url, "/settings/lines/twilio?next=");
        str_url(&url, page.next, strlen(page.next));
        put_pager(rq, url.s, next ? "/settings/lines/twilio" : NULL);
    } else {
        put_pager(rq, NULL, next ? "/settings/lines/twilio" : NULL);
    }
    put_tab(rq, "lines");
    view_form(rq, &settings_take_form, NULL);
    return view_page_status(rq, rs, "pages/settings_numbers", status);
}

int settings_numbers_page(struct request *rq, struct response *rs) /* GET /settings/lines/twilio */
{
    const struct numbers_in *in = rq->in;
    return show_numbers(rq, rs, in->next && *in->next ? in->next : NULL, 200);
}

int settings_numbers_add_page(struct request *rq, struct response *rs) /* POST /settings/lines/twilio */
{
    const struct take_in *in = rq->in;
    for (size_t i = 0; !rq->form_errors && i < in->number.n; i++) {
        const char *text = in->number.v[i], *blank = strchr(text, ' ');
        const char *number = blank ? arena_strndup(rq->ctx.arena, text, (size_t)(blank - text)) : text;
        if (!line_new(&rq->ctx, number, NULL, "sms", blank ? blank + 1 : "", 0) && !show_again(rq))
            return fail(rq, rs);
    }
    if (rq->form_errors)
        return show_numbers(rq, rs, NULL, 422);
    response_notice(rq, rs, N_("The lines are added. Set their webhooks at Twilio next."));
    return redirect(rq, rs, "/settings/lines");
}
