/* reminders.c - predecessor 000's reminders, and what can be said beyond it.
 *
 *   GET    /api/reminders             {"items": [reminder], "count": n}
 *   POST   /api/reminders             to, body (at most 640), interval_minutes; 201 {"id", "items", "count"}
 *   POST   /api/reminders/:id/toggle  enabled; {"items", "count"}
 *   DELETE /api/reminders/:id         {"items", "count"}
 *
 * Instead of interval_minutes a rule by the wall clock: rule "daily", "weekdays" (weekdays ["mon", "fri"]) or "monthly" (month_day 1-31; a
 * day that a month does not have is its last); time "08:30" (09:00); zone "Europe/Warsaw" (the tenant's). With any rule: name; line (id of the
 * sender); starts_on and ends_on "2026-11-20"; ends_count; quiet_from and quiet_until "22:00"; catch_up "skip", "one" or "all"
 * ("one") and max_age_minutes (1440) for what was missed; nonce, which makes the same request sent twice one reminder. Items carry
 * the same names; interval_seconds is null for a rule by the wall clock, next_run_at while paused or over. */
#include "base/base.h"
#include "services/reminders.h"
#include "api/json_out.h"
#include "web/handlers.h"

enum { API_BODY_MOST = 640 };

struct reminder_add_in { struct reminder_wish wish; struct texts weekdays; const char *nonce; };
#define OF_WISH(member) offsetof(struct reminder_add_in, wish.member)
#define WISH_TEXT(m, lo, hi, fl) { #m, FORM_KIND_TEXT, fl, OF_WISH(m), lo, hi, 0 }
#define WISH_INT(m, lo, hi, def) { #m, FORM_KIND_INT, 0, OF_WISH(m), lo, hi, def }
static const struct form_field reminder_add_fields[] = {
    { "to", FORM_KIND_PHONE, REQUIRED | ADDRESS, OF_WISH(to), 0, 255, 0 },
    WISH_TEXT(body, 1, API_BODY_MOST, REQUIRED | MULTILINE),
    WISH_TEXT(name, 0, REMINDER_NAME_MOST, 0),
    { "line", FORM_KIND_ID, 0, OF_WISH(line), 1, INT64_MAX, 0 },
    WISH_TEXT(rule, 0, 12, 0),
    WISH_INT(interval_minutes, 1, REMINDER_INTERVAL_MOST, 0),
    WISH_TEXT(time, 0, 8, 0),
    FORM_TEXTS(struct reminder_add_in, weekdays, 7, 0),
    WISH_INT(month_day, 1, 31, 0),
    WISH_TEXT(zone, 0, 64, 0),
    WISH_TEXT(starts_on, 0, 10, 0),
    WISH_TEXT(ends_on, 0, 10, 0),
    WISH_INT(ends_count, 0, REMINDER_COUNT_MOST, 0),
    WISH_TEXT(catch_up, 0, 8, 0),
    WISH_INT(max_age_minutes, 1, REMINDER_AGE_MOST, 0),
    WISH_TEXT(quiet_from, 0, 8, 0),
    WISH_TEXT(quiet_until, 0, 8, 0),
    FORM_TEXT(struct reminder_add_in, nonce, 0, 64, ASCII),
};
const struct form reminder_add_form = FORM(struct reminder_add_in, reminder_add_fields);

struct reminder_toggle_in { bool enabled; };
static const struct form_field reminder_toggle_fields[] = { { "enabled", FORM_KIND_BOOL, REQUIRED, offsetof(struct reminder_toggle_in, enabled), 0, 0, 0 } };
const struct form reminder_toggle_api_form = FORM(struct reminder_toggle_in, reminder_toggle_fields);

static bool read_weekdays(struct request *rq, const struct texts *names, struct reminder_wish *wish)
{
    struct { const char *name; bool *day; } days[] = { { "mon", &wish->mon }, { "tue", &wish->tue }, { "wed", &wish->wed }, { "thu", &wish->thu },
                                                       { "fri", &wish->fri }, { "sat", &wish->sat }, { "sun", &wish->sun } };
    for (size_t i = 0; i < names->n; i++) {
        size_t d = 0;
        while (d < ARRAY_LEN(days) && strcmp(days[d].name, names->v[i]) != 0)
            d++;
        if (d == ARRAY_LEN(days))
            return err_field(&rq->ctx, "weekdays", N_("Days are mon, tue, wed, thu, fri, sat and sun."));
        *days[d].day = true;
    }
    return true;
}

static void minute_of_day(struct str *out, const char *name, int minute)
{
    json_put_text(out, name, arena_printf(out->arena, "%02d:%02d", minute / 60, minute % 60));
}

static void weekday_names(struct str *out, int weekdays)
{
    static const char *const names[] = { "mon", "tue", "wed", "thu", "fri", "sat", "sun" };
    const char *sep = "";
    json_name(out, "weekdays");
    str_putc(out, '[');
    for (int i = 0; i < 7; i++) {
        if (weekdays >> i & 1) {
            str_printf(out, "%s\"%s\"", sep, names[i]);
            sep = ",";
        }
    }
    STR_LIT(out, "],");
}

static void put_item(struct str *out, const struct reminder_row *r)
{
    bool quiet = r->quiet_from != r->quiet_until;
    json_open(out);
    json_put_text(out, "id", arena_printf(out->arena, "%" PRIu64, r->id));
    json_put_text(out, "to_number", r->to_address);
    json_put_text(out, "body", r->body);
    if (r->interval_min)
        json_put_int(out, "interval_seconds", r->interval_min * 60);
    else
        json_put_text(out, "interval_seconds", NULL);
    json_put_bool(out, "enabled", r->enabled);
    json_put_time(out, "last_sent_at", r->last_sent_ms);
    json_put_time(out, "next_run_at", r->next_ms);
    json_put_time(out, "created_at", r->created_ms);
    json_put_time(out, "updated_at", r->updated_ms);
    json_put_text(out, "name", r->name);
    json_put_text(out, "line", r->line_id ? arena_printf(out->arena, "%" PRIu64, r->line_id) : NULL);
    json_put_text(out, "rule", r->rule);
    minute_of_day(out, "time", r->at_minute);
    weekday_names(out, r->weekdays);
    json_put_int(out, "month_day", r->month_day);
    json_put_text(out, "zone", r->zone);
    json_put_text(out, "starts_on", r->starts_on);
    json_put_text(out, "ends_on", r->ends_on);
    json_put_int(out, "ends_count", r->ends_count);
    json_put_int(out, "sent_count", r->sent_count);
    if (quiet) {
        minute_of_day(out, "quiet_from", r->quiet_from);
        minute_of_day(out, "quiet_until", r->quiet_until);
    }
    json_put_text(out, "catch_up", r->catch_up);
    json_put_int(out, "max_age_minutes", r->max_age_min);
    json_close(out);
}

/* {"items", "count"}, with the id of the one that was made in front unless it is 0. */
static int answer(struct request *rq, struct response *rs, uint64_t id, int status)
{
    struct page page = reminder_list(&rq->ctx, 0, REMINDERS_MOST);
    if (!page.ok)
        return fail(rq, rs);
    const struct reminder_row *r = page.row;
    str_putc(&rs->body, '{');
    if (id)
        str_printf(&rs->body, "\"id\":\"%" PRIu64 "\",", id);
    STR_LIT(&rs->body, "\"items\":[");
    for (size_t i = 0; i < page.n; i++) {
        if (i)
            str_putc(&rs->body, ',');
        put_item(&rs->body, &r[i]);
    }
    str_printf(&rs->body, "],\"count\":%zu}", page.n);
    return json_done(rs, status);
}

int reminders_api(struct request *rq, struct response *rs) /* GET /api/reminders */
{
    return answer(rq, rs, 0, 200);
}

int reminder_add_api(struct request *rq, struct response *rs) /* POST /api/reminders */
{
    const struct reminder_add_in *in = rq->in;
    struct reminder_wish wish = in->wish;
    uint64_t id = read_weekdays(rq, &in->weekdays, &wish) ? reminder_add(&rq->ctx, &wish, in->nonce) : 0;
    return id ? answer(rq, rs, id, 201) : fail(rq, rs);
}

int reminder_toggle_api(struct request *rq, struct response *rs) /* POST /api/reminders/:id/toggle */
{
    const struct reminder_toggle_in *in = rq->in;
    if (!reminder_enable(&rq->ctx, request_arg_id(rq, 0), in->enabled))
        return fail(rq, rs);
    return answer(rq, rs, 0, 200);
}

int reminder_delete_api(struct request *rq, struct response *rs) /* DELETE /api/reminders/:id */
{
    return reminder_delete(&rq->ctx, request_arg_id(rq, 0)) ? answer(rq, rs, 0, 200) : fail(rq, rs);
}
