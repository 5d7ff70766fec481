/* view.c - the root object of a page, its times and words, and the render into the response. */
#include "base/base.h"
#include "base/clock.h"
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

/* --- times --- */

enum { ZONES_MAX = 64, ZONE_NAME_MAX = 63 };

struct zones {
    struct arena *arena;
    size_t n;
    struct {
        char name[ZONE_NAME_MAX + 1];
        const struct zone *zone;
    } slot[ZONES_MAX];
};

struct zones *zones_new(struct arena *a)
{
    struct zones *z = ARENA_NEW(a, struct zones);
    z->arena = a;
    return z;
}

const struct zone *zones_get(struct zones *z, const char *name)
{
    size_t len = strlen(name);
    for (size_t i = 0; i < z->n; i++)
        if (strcmp(z->slot[i].name, name) == 0)
            return z->slot[i].zone;
    if (len > ZONE_NAME_MAX || z->n == ZONES_MAX)
        return NULL;
    const struct zone *zone = zone_load(z->arena, name);
    if (!zone)
        return NULL;
    memcpy(z->slot[z->n].name, name, len + 1);
    z->slot[z->n++].zone = zone;
    return zone;
}

/* What all times of one request share. */
struct view_times {
    const struct zone *zone;
    int64_t today; /* clock_days() of today in the zone */
    const char *today_text, *yesterday_text;
    int64_t date_day; /* of date_text: rows of a list often share their day */
    const char *date_text;
    int64_t ago;      /* of ago_text, in its unit, and how long that unit is */
    int64_t ago_unit;
    const char *ago_text;
};

static int64_t day_number(const struct civil *c)
{
    return clock_days(c->year, c->month, c->day);
}

static struct view_times *times(struct request *rq)
{
    if (rq->times)
        return rq->times;
    struct view_times *t = rq->times = ARENA_NEW(rq->ctx.arena, struct view_times);
    struct zones *zones = rq->app->zones;
    t->zone = rq->zone ? zones_get(zones, rq->zone) : NULL;
    if (rq->zone && !t->zone)
        t->zone = zone_load(rq->ctx.arena, rq->zone);
    if (!t->zone)
        t->zone = zones_get(zones, "UTC");
    BUG_IF(!t->zone);
    struct civil now;
    zone_to_civil(t->zone, rq->ctx.now_ms, &now, NULL);
    t->today = day_number(&now);
    t->today_text = say(rq, N_("Today"));
    t->yesterday_text = say(rq, N_("Yesterday"));
    return t;
}

const struct zone *view_zone(struct request *rq)
{
    return times(rq)->zone;
}

static char *two(char *s, int v)
{
    *s++ = (char)('0' + v / 10 % 10);
    *s++ = (char)('0' + v % 10);
    return s;
}

/* "20 Nov 2026" in the request's language: day, month, year in all of ours. Made by hand: a page has a hundred of them. */
static const char *date_text(struct request *rq, struct view_times *t, const struct civil *c)
{
    static const char *const months[] = { N_("Jan"), N_("Feb"), N_("Mar"), N_("Apr"), N_("May"), N_("Jun"),
                                          N_("Jul"), N_("Aug"), N_("Sep"), N_("Oct"), N_("Nov"), N_("Dec") };
    int64_t day = day_number(c);
    if (t->date_text && t->date_day == day)
        return t->date_text;
    struct str s;
    str_init(&s, rq->ctx.arena, 24, 64);
    str_int(&s, c->day);
    str_putc(&s, ' ');
    str_puts(&s, say(rq, months[(c->month - 1) % 12]));
    str_putc(&s, ' ');
    str_int(&s, c->year);
    t->date_day = day;
    return t->date_text = s.s;
}

/* "14:05" */
static const char *clock_text(struct arena *a, const struct civil *c)
{
    char *out = arena_alloc(a, 6), *s = two(out, c->hour);
    *s++ = ':';
    *two(s, c->minute) = 0;
    return out;
}

/* Rows of a list often share it, too. */
static const char *ago_text(struct request *rq, struct view_times *t, int64_t ms)
{
    enum { MINUTE = 60000, HOUR = 60 * MINUTE, DAY = 24 * HOUR };
    int64_t passed = rq->ctx.now_ms - ms, unit = passed < HOUR ? MINUTE : passed < DAY ? HOUR : DAY, n = passed / unit;
    if (passed < -MINUTE || passed >= 30LL * DAY)
        return t->date_text;
    if (passed < MINUTE)
        return say(rq, N_("just now"));
    if (t->ago_text && t->ago == n && t->ago_unit == unit)
        return t->ago_text;
    t->ago = n;
    t->ago_unit = unit;
    return t->ago_text = unit == MINUTE ? say_n(rq, N_("%lld minute ago"), N_("%lld minutes ago"), n)
                         : unit == HOUR ? say_n(rq, N_("%lld hour ago"), N_("%lld hours ago"), n)
                                        : say_n(rq, N_("%lld day ago"), N_("%lld days ago"), n);
}

/* Of the date made last. */
static const char *day_text(const struct view_times *t)
{
    int64_t days_ago = t->today - t->date_day;
    return days_ago == 0 ? t->today_text : days_ago == 1 ? t->yesterday_text : t->date_text;
}

const char *view_day(struct request *rq, int64_t ms)
{
    struct civil c;
    struct view_times *t = times(rq);
    zone_to_civil(t->zone, ms, &c, NULL);
    date_text(rq, t, &c);
    return day_text(t);
}

/* {clock, date}; `c` becomes the time in the zone of `t`. */
static struct value *moment(struct request *rq, struct view_times *t, struct value *o, const char *name, int64_t ms, struct civil *c)
{
    zone_to_civil(t->zone, ms, c, NULL);
    struct value *time = object_object(o, name);
    object_text(time, "clock", clock_text(rq->ctx.arena, c));
    object_text(time, "date", date_text(rq, t, c));
    return time;
}

static void put_iso(struct request *rq, struct value *time, int64_t ms)
{
    char *iso = arena_alloc(rq->ctx.arena, CLOCK_ISO_MAX);
    clock_iso(ms, false, iso);
    object_text(time, "iso", iso);
}

const char *view_moment(struct request *rq, struct value *o, const char *name, int64_t ms)
{
    struct civil c;
    struct view_times *t = times(rq);
    if (ms == CLOCK_NONE)
        return NULL;
    moment(rq, t, o, name, ms, &c);
    return day_text(t);
}

void view_time(struct request *rq, struct value *o, const char *name, int64_t ms)
{
    struct civil c;
    if (ms == CLOCK_NONE)
        return;
    struct view_times *t = times(rq);
    struct value *time = moment(rq, t, o, name, ms, &c);
    put_iso(rq, time, ms);
    object_text(time, "day", day_text(t));
    object_text(time, "ago", ago_text(rq, t, ms));
}

const char *view_weekday(struct request *rq, int weekday)
{
    static const char *const names[] = { N_("Mon"), N_("Tue"), N_("Wed"), N_("Thu"), N_("Fri"), N_("Sat"), N_("Sun") };
    return say(rq, names[(unsigned)weekday % ARRAY_LEN(names)]);
}

void view_time_in(struct request *rq, struct value *o, const char *name, int64_t ms, const struct zone *zone)
{
    struct civil c;
    int east;
    if (ms == CLOCK_NONE)
        return;
    struct value *time = moment(rq, &(struct view_times){ .zone = zone }, o, name, ms, &c);
    put_iso(rq, time, ms);
    zone_to_civil(zone, ms, &c, &east);
    int minutes = (east < 0 ? -east : east) / 60;
    object_text(time, "weekday", view_weekday(rq, c.weekday));
    object_text(time, "offset", arena_printf(rq->ctx.arena, "UTC%c%02d:%02d", east < 0 ? '-' : '+', minutes / 60, minutes % 60));
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
