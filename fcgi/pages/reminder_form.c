/* reminder_form.c - a new reminder, and changing one: the form, and what it would send next before anything is saved. */
#include "base/base.h"
#include "pages/parts.h"
#include "pages/reminders.h"

struct reminder_new_in { const char *to; };
static const struct form_field reminder_new_fields[] = { FORM_PHONE(struct reminder_new_in, to, ADDRESS) };
const struct form reminder_new_query = FORM(struct reminder_new_in, reminder_new_fields);

struct reminder_in { struct reminder_wish wish; const char *nonce; bool preview; int64_t version; };
#define OF_WISH(member) offsetof(struct reminder_in, wish.member)
#define WISH_TEXT(m, most, fl) { #m, FORM_KIND_TEXT, fl, OF_WISH(m), 0, most, 0 }
#define WISH_INT(m, lo, hi, def) { #m, FORM_KIND_INT, 0, OF_WISH(m), lo, hi, def }
#define WISH_DAY(m) { #m, FORM_KIND_BOOL, 0, OF_WISH(m), 0, 0, 0 }
static const struct form_field reminder_fields[] = { /* nothing is required here: a look ahead needs neither number nor text */
    { "to", FORM_KIND_PHONE, ADDRESS, OF_WISH(to), 0, 255, 0 },
    WISH_TEXT(body, BODY_MOST_UNITS, MULTILINE),
    WISH_TEXT(name, REMINDER_NAME_MOST, 0),
    { "line", FORM_KIND_ID, 0, OF_WISH(line), 1, INT64_MAX, 0 },
    WISH_TEXT(rule, 12, 0),
    WISH_INT(interval_minutes, 1, REMINDER_INTERVAL_MOST, 0),
    WISH_TEXT(time, 8, 0),
    WISH_DAY(mon), WISH_DAY(tue), WISH_DAY(wed), WISH_DAY(thu), WISH_DAY(fri), WISH_DAY(sat), WISH_DAY(sun),
    WISH_INT(month_day, 1, 31, 0),
    WISH_TEXT(zone, 64, 0),
    WISH_TEXT(starts_on, 10, 0),
    WISH_TEXT(ends_on, 10, 0),
    WISH_INT(ends_count, 0, REMINDER_COUNT_MOST, 0),
    WISH_TEXT(catch_up, 8, 0),
    WISH_INT(max_age_minutes, 1, REMINDER_AGE_MOST, 0),
    WISH_TEXT(quiet_from, 8, 0),
    WISH_TEXT(quiet_until, 8, 0),
    FORM_TEXT(struct reminder_in, nonce, 0, 64, ASCII),
    FORM_BOOL(struct reminder_in, preview, false),
    FORM_INT(struct reminder_in, version, 0, UINT32_MAX, 0, 0),
};
const struct form reminder_form = FORM(struct reminder_in, reminder_fields);

static const char *const common_zones[] = {
    "Europe/Warsaw", "Europe/London", "Europe/Madrid", "Europe/Berlin", "Europe/Paris", "Europe/Kyiv", "Atlantic/Canary", "America/Bogota", "America/Mexico_City",
    "America/Lima", "America/Argentina/Buenos_Aires", "America/Sao_Paulo", "America/Santiago", "America/New_York", "America/Chicago", "America/Denver",
    "America/Los_Angeles", "Asia/Dubai", "Asia/Kolkata", "Asia/Singapore", "Asia/Tokyo", "Australia/Sydney", "UTC" };

static void put_choices(struct request *rq, const struct reminder_in *in)
{
    struct value *root = view(rq), *zones = object_list(root, "zones"), *chosen = object_object(root, "chosen");
    for (size_t i = 0; i < ARRAY_LEN(common_zones); i++)
        list_text(zones, common_zones[i]);
    const char *rule = in->wish.rule && *in->wish.rule ? in->wish.rule : "interval", *way = in->wish.catch_up && *in->wish.catch_up ? in->wish.catch_up : "one";
    object_bool(chosen, "interval", strcmp(rule, "interval") == 0);
    object_bool(chosen, "daily", strcmp(rule, "daily") == 0);
    object_bool(chosen, "weekdays", strcmp(rule, "weekdays") == 0);
    object_bool(chosen, "monthly", strcmp(rule, "monthly") == 0);
    object_bool(chosen, "skip", strcmp(way, "skip") == 0);
    object_bool(chosen, "one", strcmp(way, "one") == 0);
    object_bool(chosen, "all", strcmp(way, "all") == 0);
}

/* `old` NULL: a new one. `planned`: what the form as it stands would send next; NULL when that is not known. */
static int show(struct request *rq, struct response *rs, const struct reminder_in *in, const struct reminder_row *old, const struct reminder_row *planned, int status)
{
    struct value *root = view(rq);
    view_form(rq, &reminder_form, in);
    put_choices(rq, in);
    if (!put_lines(rq, in->wish.line, false))
        return fail(rq, rs);
    if (old) {
        object_text(root, "id", arena_printf(rq->ctx.arena, "%" PRIu64, old->id));
        object_int(root, "revision", in->version);
    }
    if (in->nonce && *in->nonce)
        object_text(root, "nonce", in->nonce);
    else
        put_nonce(rq);
    if (planned)
        put_next(rq, planned);
    object_bool(object_object(root, "here"), "reminders", true);
    if (view_fragment(rq)) {
        const struct field_error *e = rq->form_errors;
        if (e)
            object_text(root, "problem", say(rq, e->text));
        return view_page_status(rq, rs, "parts/reminder_next", 200);
    }
    return view_page_status(rq, rs, "pages/reminder_form", status);
}

int reminder_new_page(struct request *rq, struct response *rs) /* GET /reminders/new */
{
    const struct reminder_new_in *query = rq->in;
    struct reminder_in in = { .wish = { .to = query->to, .rule = "daily", .interval_minutes = 60, .time = "09:00", .month_day = 1, .zone = rq->zone,
                                        .catch_up = "one", .max_age_minutes = 1440 } };
    rq->form_errors = NULL; /* what stands in a link is a proposal */
    struct reminder_row *planned = reminder_times(&rq->ctx, &in.wish, NULL);
    return planned ? show(rq, rs, &in, NULL, planned, 200) : fail(rq, rs);
}

int reminder_add_page(struct request *rq, struct response *rs) /* POST /reminders/new */
{
    const struct reminder_in *in = rq->in;
    struct reminder_row *planned = rq->form_errors ? NULL : reminder_times(&rq->ctx, &in->wish, NULL);
    if (!rq->form_errors && planned && !in->preview) {
        uint64_t id = reminder_add(&rq->ctx, &in->wish, in->nonce);
        if (id) {
            response_notice(rq, rs, N_("The reminder is saved."));
            return redirect(rq, rs, arena_printf(rq->ctx.arena, "/reminders/%" PRIu64, id));
        }
    }
    if (rq->ctx.err.code && !show_again(rq))
        return fail(rq, rs);
    return show(rq, rs, in, NULL, planned, rq->form_errors ? 422 : 200);
}

int reminder_edit_page(struct request *rq, struct response *rs) /* GET /reminders/:id/edit */
{
    struct reminder_row *r = reminder_get(&rq->ctx, request_arg_id(rq, 0));
    if (!r)
        return fail(rq, rs);
    struct reminder_in in = { .version = r->version };
    reminder_wish_of(&rq->ctx, r, &in.wish);
    if (!in.wish.interval_minutes)
        in.wish.interval_minutes = 60; /* what another rule would begin with */
    if (!in.wish.month_day)
        in.wish.month_day = 1;
    struct reminder_row *planned = reminder_times(&rq->ctx, &in.wish, r);
    return planned ? show(rq, rs, &in, r, planned, 200) : fail(rq, rs);
}

int reminder_change_page(struct request *rq, struct response *rs) /* POST /reminders/:id/edit */
{
    const struct reminder_in *in = rq->in;
    uint64_t id = request_arg_id(rq, 0);
    struct reminder_row *old = reminder_get(&rq->ctx, id);
    if (!old)
        return fail(rq, rs);
    struct reminder_row *planned = rq->form_errors ? NULL : reminder_times(&rq->ctx, &in->wish, old);
    if (!rq->form_errors && planned && !in->preview && reminder_change(&rq->ctx, id, &in->wish, in->version)) {
        response_notice(rq, rs, N_("The reminder is saved."));
        return redirect(rq, rs, arena_printf(rq->ctx.arena, "/reminders/%" PRIu64, id));
    }
    if (rq->ctx.err.code && !show_again(rq))
        return fail(rq, rs);
    return show(rq, rs, in, old, planned, rq->form_errors ? 422 : 200);
}
