/* reminders.c - the list of reminders, one reminder with its history, pause, resume, delete. */
#include "base/base.h"
#include "base/clock.h"
#include "base/phone.h"
#include "base/str.h"
#include "services/opt_out.h"
#include "services/params.h"
#include "pages/parts.h"
#include "pages/reminders.h"

struct reminders_in { uint64_t before; };
static const struct form_field reminders_fields[] = { FORM_ID(struct reminders_in, before, 0) };
const struct form reminders_query = FORM(struct reminders_in, reminders_fields);

struct reminder_page_in { int64_t before; };
static const struct form_field reminder_page_fields[] = { FORM_INT(struct reminder_page_in, before, 0, INT64_MAX / 2000, 0, 0) };
const struct form reminder_query = FORM(struct reminder_page_in, reminder_page_fields);

struct toggle_in { bool enabled; const char *back; };
static const struct form_field toggle_fields[] = {
    { "enabled", FORM_KIND_BOOL, REQUIRED, offsetof(struct toggle_in, enabled), 0, 0, 0 },
    FORM_TEXT(struct toggle_in, back, 0, 8, 0),
};
const struct form reminder_toggle_form = FORM(struct toggle_in, toggle_fields);

const struct zone *reminder_zone(struct request *rq, const char *name)
{
    const struct zone *zone = zones_get(rq->app->zones, name);
    if (!zone) /* the worker's table is full */
        zone = zone_load(rq->ctx.arena, name);
    return zone ? zone : view_zone(rq);
}

static const char *clock_of(struct request *rq, int minute)
{
    return arena_printf(rq->ctx.arena, "%02d:%02d", minute / 60, minute % 60);
}

static const char *interval_words(struct request *rq, int64_t minutes)
{
    if (minutes % 1440 == 0)
        return say_n(rq, N_("Every day, 24 hours apart"), N_("Every %lld days"), minutes / 1440);
    if (minutes % 60 == 0)
        return say_n(rq, N_("Every hour"), N_("Every %lld hours"), minutes / 60);
    return say_n(rq, N_("Every minute"), N_("Every %lld minutes"), minutes);
}

static const char *length_words(struct request *rq, int64_t minutes)
{
    if (minutes % 1440 == 0)
        return say_n(rq, N_("%lld day"), N_("%lld days"), minutes / 1440);
    return minutes % 60 == 0 ? say_n(rq, N_("%lld hour"), N_("%lld hours"), minutes / 60) : say_n(rq, N_("%lld minute"), N_("%lld minutes"), minutes);
}

static const char *rule_words(struct request *rq, const struct reminder_row *r)
{
    const char *at = clock_of(rq, r->at_minute);
    if (strcmp(r->rule, "interval") == 0)
        return interval_words(rq, r->interval_min);
    if (strcmp(r->rule, "daily") == 0)
        return sayf(rq, N_("Every day at %s"), at);
    if (strcmp(r->rule, "monthly") == 0)
        return r->month_day == 31 ? sayf(rq, N_("On the last day of the month at %s"), at) : sayf(rq, N_("On day %d of the month at %s"), r->month_day, at);
    struct str days;
    str_init(&days, rq->ctx.arena, 64, 256);
    for (int i = 0; i < 7; i++) {
        if (r->weekdays >> i & 1) {
            str_puts(&days, days.len ? ", " : "");
            str_puts(&days, view_weekday(rq, i));
        }
    }
    return sayf(rq, N_("%s at %s"), days.s, at);
}

/* state?, failure?, reason?, text?, chat_url?, simulated. An older message is shown as the last one of its page of the chat. */
static void put_slot(struct request *rq, struct value *o, const struct slot_row *s, bool newest)
{
    if (strcmp(s->state, "sent") != 0) {
        struct value *state = object_object(o, "state");
        bool failed = strcmp(s->state, "failed") == 0;
        object_text(state, "word", failed ? "failed" : "canceled");
        object_text(state, "label", failed ? say(rq, N_("Failed")) : say(rq, N_("Skipped")));
        object_text(state, "tone", failed ? "bad" : "quiet");
        if (s->reason)
            object_text(o, "reason", say(rq, s->reason));
        return;
    }
    if (!s->status) {
        object_text(o, "reason", say(rq, N_("The message was removed.")));
        return;
    }
    put_state(rq, o, s->status);
    put_failure(rq, o, s->error_code, s->error_text);
    object_bool(o, "simulated", s->simulated);
    object_text(o, "text", text_preview(rq->ctx.arena, s->body));
    struct arena *a = rq->ctx.arena;
    object_text(o, "chat_url", newest ? arena_printf(a, "/conversations/%" PRIu64, s->conversation_id)
                                      : arena_printf(a, "/conversations/%" PRIu64 "?before=%" PRIu64, s->conversation_id, s->message_id + 1));
}

/* What a list and its own page say of a reminder. */
static void put_reminder(struct request *rq, struct value *o, const struct reminder_row *r)
{
    object_text(o, "id", arena_printf(rq->ctx.arena, "%" PRIu64, r->id));
    put_title(rq, o, r->name, r->to_address);
    put_channel(rq, o, channel_name(address_channel(r->to_address)));
    object_text(o, "text", text_preview(rq->ctx.arena, r->body));
    object_text(o, "body", r->body);
    object_text(o, "rule", rule_words(rq, r));
    object_bool(o, "wall_clock", strcmp(r->rule, "interval") != 0);
    object_text(o, "zone", r->zone);
    object_bool(o, "enabled", r->enabled);
    struct value *status = object_object(o, "status");
    bool over = reminder_over(r);
    object_text(status, "label", !r->enabled ? say(rq, N_("Paused")) : over ? say(rq, N_("Ended")) : say(rq, N_("Active")));
    object_text(status, "tone", !r->enabled ? "wait" : over ? "quiet" : "good");
    view_time_in(rq, o, "next", r->next_ms, reminder_zone(rq, r->zone));
    object_int(o, "sent", r->sent_count);
}

int reminders_page(struct request *rq, struct response *rs) /* GET /reminders */
{
    const struct reminders_in *in = rq->in;
    struct page page = reminder_list(&rq->ctx, in->before, PAGE_ROWS);
    struct rows last = page.ok ? reminder_last_slots(&rq->ctx, &page) : (struct rows){ .ok = false };
    if (!last.ok)
        return fail(rq, rs);
    const struct reminder_row *r = page.row;
    const struct slot_row *s = last.row, *end = s + last.n;
    struct value *list = object_list(view(rq), "reminders");
    for (size_t i = 0; i < page.n; i++) {
        struct value *o = list_object(list);
        put_reminder(rq, o, &r[i]);
        if (s < end && s->reminder_id == r[i].id) {
            struct value *result = object_object(o, "last");
            view_time(rq, result, "at", s->created_ms);
            put_slot(rq, result, s++, true);
        }
    }
    object_bool(view(rq), "has_reminders", page.n > 0);
    put_pager(rq, page.more ? arena_printf(rq->ctx.arena, "/reminders?before=%" PRIu64, r[page.n - 1].id) : NULL, in->before ? "/reminders" : NULL);
    return view_page(rq, rs, "pages/reminders");
}

void put_next(struct request *rq, const struct reminder_row *r)
{
    int64_t next[REMINDERS_SHOWN_NEXT];
    const struct zone *zone = reminder_zone(rq, r->zone);
    struct value *o = object_object(view(rq), "ahead"), *list = object_list(o, "times");
    size_t n = reminder_next(&rq->ctx, r, next, REMINDERS_SHOWN_NEXT);
    for (size_t i = 0; i < n; i++)
        view_time_in(rq, list_object(list), "at", next[i], zone);
    object_bool(o, "any", n > 0);
    object_bool(o, "paused", !r->enabled);
    object_bool(o, "ends", n > 0 && n < REMINDERS_SHOWN_NEXT);
    object_text(o, "zone", r->zone);
}

/* The facts that only its own page tells. */
static void put_details(struct request *rq, struct value *o, const struct reminder_row *r)
{
    object_text(o, "to", shown_address(rq, r->to_address));
    if (r->quiet_from != r->quiet_until)
        object_text(o, "quiet", arena_printf(rq->ctx.arena, "%s–%s", clock_of(rq, r->quiet_from), clock_of(rq, r->quiet_until)));
    object_text(o, "starts_on", r->starts_on);
    object_text(o, "ends_on", r->ends_on);
    if (r->ends_count)
        object_int(o, "ends_count", r->ends_count);
    object_text(o, "catch_up", strcmp(r->catch_up, "skip") == 0 ? say(rq, N_("Skip them")) : strcmp(r->catch_up, "all") == 0 ? say(rq, N_("Send all of them"))
                                                                                                                     : say(rq, N_("Send only the latest")));
    object_text(o, "max_age", length_words(rq, r->max_age_min));
    object_text(o, "updated_by", r->updated_by);
    view_time(rq, o, "updated", r->updated_ms);
    struct rows lines = sending_lines(&rq->ctx);
    const struct line_row *l = lines.row;
    for (size_t i = 0; r->line_id && i < lines.n; i++)
        if (l[i].id == r->line_id)
            object_text(o, "line", arena_printf(rq->ctx.arena, "%s%s%s", l[i].name, *l[i].name ? " · " : "", shown_address(rq, l[i].address)));
}

int reminder_page(struct request *rq, struct response *rs) /* GET /reminders/:id */
{
    const struct reminder_page_in *in = rq->in;
    uint64_t id = request_arg_id(rq, 0);
    struct reminder_row *r = reminder_get(&rq->ctx, id);
    struct page page = r ? reminder_history(&rq->ctx, id, in->before ? in->before * 1000 : CLOCK_NONE, PAGE_ROWS) : (struct page){ .ok = false };
    if (!page.ok)
        return fail(rq, rs);
    struct value *o = object_object(view(rq), "reminder");
    put_reminder(rq, o, r);
    put_details(rq, o, r);
    struct opt_out_state out;
    if (opt_out_is(&rq->ctx, r->to_address, NULL, &out))
        object_text(o, "blocked", say(rq, opt_out_text(out.source)));
    put_next(rq, r);
    struct value *list = object_list(view(rq), "slots");
    const struct slot_row *s = page.row;
    for (size_t i = 0; i < page.n; i++) {
        struct value *row = list_object(list);
        view_time_in(rq, row, "at", s[i].slot_ms, reminder_zone(rq, r->zone));
        put_slot(rq, row, &s[i], !in->before && i == 0);
    }
    object_bool(view(rq), "has_slots", page.n > 0);
    const char *self = arena_printf(rq->ctx.arena, "/reminders/%" PRIu64, id);
    put_pager(rq, page.more ? arena_printf(rq->ctx.arena, "%s?before=%" PRId64, self, s[page.n - 1].slot_ms / 1000) : NULL, in->before ? self : NULL);
    object_bool(object_object(view(rq), "here"), "reminders", true);
    return rq->ctx.err.code ? fail(rq, rs) : view_page(rq, rs, "pages/reminder");
}

int reminder_toggle_page(struct request *rq, struct response *rs) /* POST /reminders/:id/toggle */
{
    const struct toggle_in *in = rq->in;
    uint64_t id = request_arg_id(rq, 0);
    if (rq->form_errors)
        return fail_with(rq, rs, ERR_INVALID);
    if (!reminder_enable(&rq->ctx, id, in->enabled))
        return fail(rq, rs);
    response_notice(rq, rs, in->enabled ? N_("The reminder goes on from now.") : N_("The reminder is paused."));
    bool list = in->back && strcmp(in->back, "list") == 0;
    return redirect(rq, rs, list ? "/reminders" : arena_printf(rq->ctx.arena, "/reminders/%" PRIu64, id));
}

int reminder_delete_page(struct request *rq, struct response *rs) /* POST /reminders/:id/delete */
{
    if (!reminder_delete(&rq->ctx, request_arg_id(rq, 0)))
        return fail(rq, rs);
    response_notice(rq, rs, N_("The reminder is deleted. What it sent stays in the conversations."));
    return redirect(rq, rs, "/reminders");
}
