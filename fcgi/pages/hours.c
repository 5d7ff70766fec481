/* hours.c - business hours and closed days on the page of automatic answers. */
#include "base/base.h"
#include "base/clock.h"
#include "pages/auto_reply.h"

enum { LIKE_MONDAY = 5 }; /* Monday to Friday, where they are the same */

/* ---- between the form and JSON ---- */

/* The row of the form that holds a day's times. */
static int row_of(const struct auto_reply_in *in, int day)
{
    return in->same && day < LIKE_MONDAY ? 0 : day;
}

/* A day as it was typed; a message id at the first mistake. */
static const char *read_day(const struct auto_reply_in *in, struct hours *h, int day)
{
    for (int i = 0; i < SPANS; i++) {
        const char *from = or_empty(in->span[row_of(in, day)][i].from), *to = or_empty(in->span[row_of(in, day)][i].to);
        if (!*from && !*to)
            continue;
        if (!*from || !*to)
            return N_("Write both times, or leave both empty.");
        if (!opening_parse(from, to, &h->day[day].span[h->day[day].n]))
            return hours_minute(from) < 0 || hours_minute(to) < 0 ? N_("Write times as 09:00.") : N_("Opening and closing are the same time.");
        h->day[day].n++;
    }
    return NULL;
}

bool read_hours(struct request *rq, const struct auto_reply_in *in, const char **json)
{
    struct hours h = { .off = !in->hours };
    const char *typed[WEEK], *said[WEEK] = { 0 };
    bool right = true;
    for (int d = 0; d < WEEK; d++)
        typed[d] = read_day(in, &h, d);
    hours_sort(&h);
    for (int d = 0; d < WEEK; d++) {
        const char *mistake = typed[d] ? typed[d] : hours_mistake(&h, d), **at = &said[row_of(in, d)];
        right &= !mistake;
        if (mistake && in->hours && !*at)
            request_field_error(rq, hours_days[row_of(in, d)], *at = mistake);
    }
    if (right && !hours_empty(&h))
        *json = hours_json(rq->ctx.arena, &h);
    if (in->hours && right && !*json)
        request_field_error(rq, "hours", N_("Write the hours of at least one day."));
    return !in->hours || *json;
}

static bool like_monday(const struct hours *h)
{
    for (int d = 1; d < LIKE_MONDAY; d++) {
        if (h->day[d].n != h->day[0].n)
            return false;
        for (int i = 0; i < h->day[d].n; i++)
            if (h->day[d].span[i].from != h->day[0].span[i].from || h->day[d].span[i].to != h->day[0].span[i].to)
                return false;
    }
    return h->day[0].n > 0;
}

void fill_hours(struct request *rq, struct auto_reply_in *in, const char *json)
{
    static const char office[] = "{\"off\":true,\"mon\":[[\"09:00\",\"17:00\"]],\"tue\":[[\"09:00\",\"17:00\"]],\"wed\":[[\"09:00\",\"17:00\"]],"
                                 "\"thu\":[[\"09:00\",\"17:00\"]],\"fri\":[[\"09:00\",\"17:00\"]]}";
    struct arena *a = rq->ctx.arena;
    struct hours h;
    if ((!json || !hours_parse(a, json, &h)) && !hours_parse(a, office, &h))
        return;
    in->hours = !h.off;
    in->same = like_monday(&h);
    for (int d = 0; d < WEEK; d++)
        for (int i = 0; i < h.day[d].n; i++) {
            in->span[d][i].from = hours_clock(a, h.day[d].span[i].from);
            in->span[d][i].to = hours_clock(a, h.day[d].span[i].to % HOURS_END);
        }
}

/* ---- the week ---- */

static void put_span(struct request *rq, struct value *list, int day, int i, const char *from, const char *to, bool jump)
{
    struct value *o = list_object(list);
    const char *suffix = i ? arena_printf(rq->ctx.arena, "%d", i + 1) : "";
    struct opening span;
    object_text(o, "from_name", arena_printf(rq->ctx.arena, "%s_from%s", hours_days[day], suffix));
    object_text(o, "to_name", arena_printf(rq->ctx.arena, "%s_to%s", hours_days[day], suffix));
    object_text(o, "from", from);
    object_text(o, "to", to);
    object_text(o, "nth", i ? arena_printf(rq->ctx.arena, "nth-%d", i + 1) : NULL);
    object_bool(o, "jump", jump);
    object_bool(o, "next_day", opening_parse(from, to, &span) && span.to > HOURS_END);
}

/* The spans that are there, at least one; the rest stands behind a word. */
static void put_day(struct request *rq, struct value *o, const struct auto_reply_in *in, int day, bool *jumped)
{
    struct value *spans = object_list(o, "spans"), *more = object_list(o, "more");
    const char *mistake = mistake_at(rq, hours_days[day]);
    int shown = 1;
    for (int i = 1; i < SPANS; i++)
        if (*or_empty(in->span[row_of(in, day)][i].from) || *or_empty(in->span[row_of(in, day)][i].to))
            shown = i + 1;
    for (int i = 0; i < SPANS; i++)
        put_span(rq, i < shown ? spans : more, day, i, or_empty(in->span[row_of(in, day)][i].from), or_empty(in->span[row_of(in, day)][i].to), i == 0 && mistake && !*jumped);
    object_bool(o, "has_more", shown < SPANS);
    object_text(o, "error", mistake);
    *jumped |= mistake != NULL;
}

void put_week(struct request *rq, struct value *o, const struct auto_reply_in *in)
{
    static const char *const names[WEEK] = { N_("Monday"), N_("Tuesday"), N_("Wednesday"), N_("Thursday"), N_("Friday"), N_("Saturday"), N_("Sunday") };
    struct value *list = object_list(o, "days");
    bool jumped = false; /* the page opens at its first mistake */
    object_bool(o, "same", in->same);
    for (int d = 0; d < WEEK; d++) {
        struct value *day = list_object(list);
        object_text(day, "key", hours_days[d]);
        object_text(day, "name", say(rq, names[d]));
        object_bool(day, "first", d == 0);
        object_bool(day, "as_monday", d > 0 && d < LIKE_MONDAY);
        put_day(rq, day, in, d, &jumped);
    }
}

/* ---- closed days ---- */

struct coming { int64_t day; const struct closed_day_row *row; bool yearly, past; };

/* What comes first is first; what is over stands at the end, the latest first. */
static int by_coming(const void *a, const void *b)
{
    const struct coming *x = a, *y = b;
    if (x->past != y->past)
        return x->past ? 1 : -1;
    int64_t order = x->past ? y->day - x->day : x->day - y->day;
    return order < 0 ? -1 : order > 0;
}

static struct coming *in_order(struct request *rq, const struct rows *rows, const struct zone *z, size_t *n)
{
    enum { DAY_MS = 24 * 60 * 60 * 1000 };
    const struct closed_day_row *row = rows->row;
    struct coming *list = ARENA_ARRAY(rq->ctx.arena, struct coming, rows->n);
    struct closed_day d;
    struct civil c;
    zone_to_civil(z, rq->ctx.now_ms, &c, NULL);
    int64_t today = clock_days(c.year, c.month, c.day);
    *n = 0;
    for (size_t i = 0; i < rows->n; i++) {
        if (!closed_day_parse(row[i].day, &d))
            continue;
        int64_t day = closed_day_next(&d, today);
        list[(*n)++] = (struct coming){ .day = day * DAY_MS, .row = &row[i], .yearly = !d.year, .past = day < today };
    }
    if (*n)
        qsort(list, *n, sizeof *list, by_coming);
    return list;
}

bool put_closed_days(struct request *rq, const struct reply_rule_row *r, const char *zone, const struct closed_day_in *closing)
{
    struct arena *a = rq->ctx.arena;
    const struct zone *utc = zone_load(a, "UTC"), *z = zone_load(a, zone);
    struct rows rows = reply_closed_days(&rq->ctx, r->id);
    struct value *list = object_list(view(rq), "closed_days"), *form = object_object(view(rq), "closing");
    size_t n;
    const struct coming *days = in_order(rq, &rows, z ? z : utc, &n);
    for (size_t i = 0; i < n; i++) {
        struct value *o = list_object(list);
        object_text(o, "day", days[i].row->day);
        object_text(o, "name", *days[i].row->name ? days[i].row->name : NULL);
        object_bool(o, "yearly", days[i].yearly);
        object_bool(o, "past", days[i].past);
        view_time_in(rq, o, "on", days[i].day, utc);
    }
    object_bool(view(rq), "has_closed_days", n > 0);
    object_text(form, "date", closing ? or_empty(closing->date) : "");
    object_text(form, "name", closing ? or_empty(closing->name) : "");
    object_bool(form, "yearly", closing && closing->yearly);
    object_text(form, "date_error", closing ? mistake_at(rq, "date") : NULL);
    object_text(form, "name_error", closing ? mistake_at(rq, "name") : NULL);
    return rows.ok;
}
