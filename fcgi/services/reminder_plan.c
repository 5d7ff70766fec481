/* reminder_plan.c - from what is asked for to the row of a reminder, and when its slots are. */
#include "base/base.h"
#include "base/phone.h"
#include "base/recur.h"
#include "base/utf8.h"
#include "services/reminders.h"
#include "services/sending.h"
#include "store/lines.h"
#include "store/tenants.h"

static const char *const rules[] = { [RECUR_INTERVAL] = "interval", [RECUR_DAILY] = "daily", [RECUR_WEEKDAYS] = "weekdays", [RECUR_MONTHLY] = "monthly" };

static bool given(const char *s)
{
    return s && *s;
}

static int word_in(const char *const *words, size_t n, const char *s)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(words[i], s) == 0)
            return (int)i;
    return -1;
}

/* ---- reading a wish ---- */

/* "HH:MM", as a time field gives it also with seconds. */
static bool read_clock(const char *s, int *minute)
{
    size_t n = strlen(s);
    if ((n != 5 && n != 8) || s[2] != ':' || (n == 8 && s[5] != ':') || strspn(s, "0123456789:") != n)
        return false;
    int hour = (s[0] - '0') * 10 + s[1] - '0', min = (s[3] - '0') * 10 + s[4] - '0';
    *minute = hour * 60 + min;
    return hour < 24 && min < 60 && s[0] != ':' && s[1] != ':' && s[3] != ':' && s[4] != ':';
}

/* "2026-11-20" to clock_days(). */
static bool read_day(const char *s, int64_t *day)
{
    int64_t ms;
    if (strlen(s) != 10 || !clock_parse_iso(s, &ms))
        return false;
    *day = ms / 86400000;
    return ms >= 0;
}

static bool plan_target(struct ctx *ctx, const struct reminder_wish *w, struct reminder_row *r)
{
    if (!w->to || !phone_is_e164(address_number(w->to)))
        return err_field(ctx, "to", N_("Write the number with its country code, for example +48 500 100 100."));
    r->to_address = w->to;
    r->body = given(w->body) ? w->body : "";
    if (strspn(r->body, " \t\r\n") == strlen(r->body))
        return err_field(ctx, "body", N_("Please fill this in."));
    if (utf16_units(r->body, strlen(r->body)) > BODY_MOST_UNITS)
        return err_field(ctx, "body", N_("The text is longer than 1600 characters."));
    r->name = w->name ? w->name : "";
    r->line_id = w->line;
    if (!w->line)
        return true;
    struct line_row *line = db_line_get(ctx, ctx->tenant, w->line);
    if (!line)
        return !ctx->err.code && err_field(ctx, "line", N_("Choose one of the lines."));
    return strcmp(line->channel, channel_name(address_channel(w->to))) == 0 || err_field(ctx, "line", N_("This sender belongs to another channel."));
}

static bool plan_zone(struct ctx *ctx, const struct reminder_wish *w, struct reminder_row *r)
{
    r->zone = w->zone;
    if (!given(w->zone)) {
        struct tenant_row *tenant = db_tenant_get(ctx, ctx->tenant);
        if (!tenant)
            return false;
        r->zone = tenant->zone;
    }
    return zone_load(ctx->arena, r->zone) || err_field(ctx, "zone", N_("There is no such time zone. They are named like Europe/Warsaw."));
}

static bool plan_rule(struct ctx *ctx, const struct reminder_wish *w, struct reminder_row *r)
{
    int kind = given(w->rule) ? word_in(rules, ARRAY_LEN(rules), w->rule) : RECUR_INTERVAL;
    if (kind < 0)
        return err_field(ctx, "rule", N_("Choose how often."));
    r->rule = rules[kind];
    if (kind == RECUR_INTERVAL && (w->interval_minutes < 1 || w->interval_minutes > REMINDER_INTERVAL_MOST))
        return err_field(ctx, "interval_minutes", N_("At least one minute, at most a year."));
    r->interval_min = kind == RECUR_INTERVAL ? w->interval_minutes : 0;
    const bool days[] = { w->mon, w->tue, w->wed, w->thu, w->fri, w->sat, w->sun };
    for (int i = 0; i < 7 && kind == RECUR_WEEKDAYS; i++)
        r->weekdays |= days[i] << i;
    if (kind == RECUR_WEEKDAYS && !r->weekdays)
        return err_field(ctx, "weekdays", N_("Choose at least one day."));
    if (kind == RECUR_MONTHLY && (w->month_day < 1 || w->month_day > 31))
        return err_field(ctx, "month_day", N_("A day from 1 to 31."));
    r->month_day = kind == RECUR_MONTHLY ? (int)w->month_day : 0;
    r->at_minute = 9 * 60;
    return !given(w->time) || read_clock(w->time, &r->at_minute) || err_field(ctx, "time", N_("A time like 09:30."));
}

static bool plan_limits(struct ctx *ctx, const struct reminder_wish *w, struct reminder_row *r)
{
    static const char *const ways[] = { "skip", "one", "all" };
    int64_t first = 0, last = INT64_MAX;
    if (given(w->starts_on) && !read_day(w->starts_on, &first))
        return err_field(ctx, "starts_on", N_("A day like 2026-11-20."));
    if (given(w->ends_on) && !read_day(w->ends_on, &last))
        return err_field(ctx, "ends_on", N_("A day like 2026-11-20."));
    if (last < first)
        return err_field(ctx, "ends_on", N_("The last day is before the first."));
    r->starts_on = given(w->starts_on) ? w->starts_on : NULL;
    r->ends_on = given(w->ends_on) ? w->ends_on : NULL;
    if (w->ends_count < 0 || w->ends_count > REMINDER_COUNT_MOST)
        return err_field(ctx, "ends_count", N_("This number is out of range."));
    r->ends_count = w->ends_count;
    r->catch_up = given(w->catch_up) ? w->catch_up : "one";
    if (word_in(ways, ARRAY_LEN(ways), r->catch_up) < 0)
        return err_field(ctx, "catch_up", N_("Choose what happens to those that were missed."));
    r->max_age_min = w->max_age_minutes ? w->max_age_minutes : 1440;
    if (r->max_age_min < 1 || r->max_age_min > REMINDER_AGE_MOST)
        return err_field(ctx, "max_age_minutes", N_("At least one minute, at most a year."));
    if (given(w->quiet_from) != given(w->quiet_until))
        return err_field(ctx, given(w->quiet_from) ? "quiet_until" : "quiet_from", N_("Quiet hours have a beginning and an end."));
    if (given(w->quiet_from) && !read_clock(w->quiet_from, &r->quiet_from))
        return err_field(ctx, "quiet_from", N_("A time like 09:30."));
    return !given(w->quiet_until) || read_clock(w->quiet_until, &r->quiet_until) || err_field(ctx, "quiet_until", N_("A time like 09:30."));
}

static bool same(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

static bool same_times(const struct reminder_row *a, const struct reminder_row *b)
{
    return same(a->rule, b->rule) && a->interval_min == b->interval_min && a->weekdays == b->weekdays && a->month_day == b->month_day &&
           a->at_minute == b->at_minute && same(a->zone, b->zone) && same(a->starts_on, b->starts_on) && same(a->ends_on, b->ends_on) &&
           a->ends_count == b->ends_count && a->quiet_from == b->quiet_from && a->quiet_until == b->quiet_until;
}

/* An existing one: what it has sent counts, and its next slot stays where the times do not change. */
static void carry_on(struct ctx *ctx, const struct reminder_row *old, struct reminder_row *r)
{
    r->id = old->id;
    r->version = old->version;
    r->enabled = old->enabled;
    r->sent_count = old->sent_count;
    r->next_ms = old->enabled && same_times(old, r) ? old->next_ms : reminder_slot_after(ctx, r, old->now_ms, old->sent_count);
}

struct reminder_row *reminder_times(struct ctx *ctx, const struct reminder_wish *wish, const struct reminder_row *old)
{
    struct reminder_row *r = ARENA_NEW(ctx->arena, struct reminder_row);
    r->enabled = true;
    if (!plan_rule(ctx, wish, r) || !plan_zone(ctx, wish, r) || !plan_limits(ctx, wish, r))
        return NULL;
    if (old)
        carry_on(ctx, old, r);
    else
        r->next_ms = reminder_slot_after(ctx, r, ctx->now_ms, 0);
    return r;
}

struct reminder_row *reminder_plan(struct ctx *ctx, const struct reminder_wish *wish, const struct reminder_row *old)
{
    struct reminder_row target = { 0 };
    struct reminder_row *r = plan_target(ctx, wish, &target) ? reminder_times(ctx, wish, old) : NULL;
    if (!r)
        return NULL;
    r->to_address = target.to_address;
    r->body = target.body;
    r->name = target.name;
    r->line_id = target.line_id;
    return r;
}

static const char *clock_text(struct arena *a, int minute)
{
    return arena_printf(a, "%02d:%02d", minute / 60, minute % 60);
}

void reminder_wish_of(struct ctx *ctx, const struct reminder_row *r, struct reminder_wish *out)
{
    bool quiet = r->quiet_from != r->quiet_until;
    *out = (struct reminder_wish){
        .name = r->name, .to = r->to_address, .body = r->body, .line = r->line_id, .rule = r->rule, .interval_minutes = r->interval_min,
        .time = clock_text(ctx->arena, r->at_minute), .mon = r->weekdays & 1, .tue = r->weekdays & 2, .wed = r->weekdays & 4, .thu = r->weekdays & 8,
        .fri = r->weekdays & 16, .sat = r->weekdays & 32, .sun = r->weekdays & 64, .month_day = r->month_day, .zone = r->zone, .starts_on = r->starts_on,
        .ends_on = r->ends_on, .ends_count = r->ends_count, .catch_up = r->catch_up, .max_age_minutes = r->max_age_min,
        .quiet_from = quiet ? clock_text(ctx->arena, r->quiet_from) : NULL, .quiet_until = quiet ? clock_text(ctx->arena, r->quiet_until) : NULL,
    };
}

/* ---- when ---- */

bool reminder_rule(struct ctx *ctx, const struct reminder_row *r, struct recur *out)
{
    *out = (struct recur){
        .kind = (enum recur_kind)word_in(rules, ARRAY_LEN(rules), r->rule), .zone = zone_load(ctx->arena, r->zone), .interval_min = r->interval_min,
        .weekdays = (unsigned)r->weekdays, .month_day = r->month_day, .minute = r->at_minute, .quiet_from = r->quiet_from, .quiet_until = r->quiet_until,
        .first_day = RECUR_NO_DAY, .last_day = RECUR_NO_DAY,
    };
    if (r->starts_on && !read_day(r->starts_on, &out->first_day))
        out->first_day = RECUR_NO_DAY;
    if (r->ends_on && !read_day(r->ends_on, &out->last_day))
        out->last_day = RECUR_NO_DAY;
    return out->zone != NULL;
}

int64_t reminder_slot_after(struct ctx *ctx, const struct reminder_row *r, int64_t after_ms, int64_t sent)
{
    struct recur rule;
    if ((r->ends_count && sent >= r->ends_count) || !reminder_rule(ctx, r, &rule))
        return CLOCK_NONE;
    int64_t at = recur_next(&rule, after_ms);
    return at == CLOCK_NONE ? at : (at + 999) / 1000 * 1000; /* slots are whole seconds, never earlier than asked for */
}

size_t reminder_next(struct ctx *ctx, const struct reminder_row *r, int64_t *out, size_t most)
{
    size_t n = 0;
    for (int64_t at = r->next_ms; n < most && at != CLOCK_NONE; at = reminder_slot_after(ctx, r, at, r->sent_count + (int64_t)n))
        out[n++] = at;
    return n;
}
