/* replies.c - the rules of automatic answers. */
#include "base/base.h"
#include "base/clock.h"
#include "base/fold.h"
#include "base/utf8.h"
#include "services/audit.h"
#include "services/burst.h"
#include "services/opt_out.h"
#include "services/replies.h"
#include "store/db.h"
#include "store/lines.h"
#include "store/tenants.h"

static bool is(const char *mode, const char *word)
{
    return strcmp(mode, word) == 0;
}

static bool is_mode(const char *s)
{
    static const char *const modes[] = { "none", "text", "ai", "keywords", "inherit" };
    for (size_t i = 0; i < ARRAY_LEN(modes); i++)
        if (is(s, modes[i]))
            return true;
    return false;
}

struct rows reply_rules(struct ctx *ctx)
{
    return db_reply_rules(ctx, ctx->tenant);
}

/* Not under a lock: two who save at once end with the later one's rule, as forms do. */
static struct reply_rule_row *rule_or_new(struct ctx *ctx, uint64_t line)
{
    struct reply_rule_row *r = db_reply_rule_get(ctx, ctx->tenant, line);
    if (r || ctx->err.code)
        return r;
    r = ARENA_NEW(ctx->arena, struct reply_rule_row);
    *r = (struct reply_rule_row){ .line_id = line, .mode = line ? "inherit" : "none", .since_ms = CLOCK_NONE, .body = "", .closed_body = "", .fallback = "",
                                  .most = 5, .updated_ms = CLOCK_NONE, .updated_by = "" };
    return r;
}

static const char *line_name(struct ctx *ctx, uint64_t line)
{
    const struct line_row *l = line ? db_line_get(ctx, ctx->tenant, line) : NULL;
    if (line && !l && !ctx->err.code)
        err_set(ctx, ERR_ABSENT, "line %" PRIu64, line);
    return l ? l->address : line ? NULL : "default";
}

struct reply_rule_row *reply_rule(struct ctx *ctx, uint64_t line)
{
    return line_name(ctx, line) ? rule_or_new(ctx, line) : NULL;
}

/* ---- saving ---- */

static bool fits(struct ctx *ctx, const char *field, const char *text)
{
    return utf16_units(text, strlen(text)) <= ANSWER_MOST_UNITS || err_field(ctx, field, N_("At most 640 characters."));
}

static bool check(struct ctx *ctx, const struct reply_rule_row *r)
{
    struct hours hours;
    if (!is_mode(r->mode) || (!r->line_id && is(r->mode, "inherit")))
        return err_field(ctx, "mode", N_("Choose one of these."));
    if (is(r->mode, "text") && !*r->body)
        return err_field(ctx, "body", N_("Write the text that is sent."));
    if (!fits(ctx, "body", r->body) || !fits(ctx, "closed_body", r->closed_body) || !fits(ctx, "fallback", r->fallback))
        return false;
    if (r->hours && !hours_parse(ctx->arena, r->hours, &hours))
        return err_field(ctx, "hours", N_("These are no business hours."));
    return (r->most >= 1 && r->most <= ANSWERS_MOST) || err_field(ctx, "most", N_("A number from 1 to 50."));
}

static bool check_days(struct ctx *ctx, const struct closed_day_row *days, size_t n)
{
    struct closed_day d;
    if (n > CLOSED_DAYS_MOST)
        return err_field(ctx, "closed_days", N_("At most 100 closed days."));
    for (size_t i = 0; i < n; i++) {
        if (!closed_day_parse(days[i].day, &d))
            return err_field(ctx, "closed_days", N_("Write the date as 2026-12-25."));
        if (utf16_units(days[i].name, strlen(days[i].name)) > DAY_NAME_MOST_UNITS)
            return err_field(ctx, "closed_days", N_("The name of a closed day has at most 60 characters."));
    }
    return true;
}

/* Of a rule as it is, with the default behind it. CLOCK_NONE: it answers nothing. */
static int64_t on_since(const struct reply_rule_row *r, const struct reply_rule_row *def)
{
    if (!is(r->mode, "inherit"))
        return is(r->mode, "none") ? CLOCK_NONE : r->since_ms;
    return is(def->mode, "none") ? CLOCK_NONE : def->since_ms > r->since_ms ? def->since_ms : r->since_ms;
}

static const char *change_words(struct ctx *ctx, const struct reply_rule_row *old, const struct reply_rule_row *r)
{
    bool texts = strcmp(old->body, r->body) != 0 || strcmp(old->closed_body, r->closed_body) != 0 || strcmp(old->fallback, r->fallback) != 0;
    struct hours hours;
    if (!r->hours || !hours_parse(ctx->arena, r->hours, &hours))
        hours = (struct hours){ .off = true };
    return arena_printf(ctx->arena, "mode %s to %s, hours %s, at most %" PRId64 "%s", old->mode, r->mode, hours_words(ctx->arena, &hours), r->most, texts ? ", text changed" : "");
}

struct saving { const struct reply_rule_row *r; const char *name; const struct closed_day_row *days; size_t day_count; };

/* The rule's id; it is made when it is not there yet. 0 on failure. */
static uint64_t rule_id(struct ctx *ctx, uint64_t line)
{
    struct reply_rule_row *r = rule_or_new(ctx, line);
    if (!r || r->id)
        return r ? r->id : 0;
    if (!db_reply_rule_put(ctx, ctx->tenant, r, false))
        return 0;
    r = db_reply_rule_get(ctx, ctx->tenant, line);
    return r ? r->id : 0;
}

static bool save_days(struct ctx *ctx, const struct saving *s)
{
    uint64_t rule = rule_id(ctx, s->r->line_id);
    const char *list = "none";
    if (!rule || !db_reply_closed_days_clear(ctx, ctx->tenant, rule))
        return false;
    for (size_t i = 0; i < s->day_count; i++) {
        if (!db_reply_closed_day_put(ctx, ctx->tenant, rule, &s->days[i]))
            return false;
        list = i ? arena_printf(ctx->arena, "%s, %s", list, s->days[i].day) : s->days[i].day;
    }
    return audit(ctx, "reply.closed_day", s->name, arena_printf(ctx->arena, "all: %s", list));
}

static bool save(struct ctx *ctx, void *arg)
{
    const struct saving *s = arg;
    struct reply_rule_row r = *s->r;
    const struct reply_rule_row *old = rule_or_new(ctx, r.line_id), *def = old ? rule_or_new(ctx, 0) : NULL;
    if (!def)
        return false;
    bool on = is(r.mode, "inherit") ? !is(def->mode, "none") : !is(r.mode, "none");
    r.since_ms = on_since(old, def);
    r.updated_by = ctx->actor.name ? ctx->actor.name : "";
    return db_reply_rule_put(ctx, ctx->tenant, &r, on) && db_reply_switch_lines(ctx, ctx->tenant) && audit(ctx, "reply.rule", s->name, change_words(ctx, old, &r)) &&
           (!s->days || save_days(ctx, s));
}

/* Workers know for two seconds whether a line answers: those of this host ask anew from now on. */
static bool save_now(struct ctx *ctx, struct saving *s)
{
    bool ok = db_transaction(ctx, save, s) == DB_OK;
    burst_forget_all(ctx->burst);
    return ok;
}

bool reply_rule_save(struct ctx *ctx, const struct reply_rule_row *r)
{
    db_use(ctx->db, DB_APP);
    struct saving s = { .r = r, .name = line_name(ctx, r->line_id) };
    return s.name && check(ctx, r) && save_now(ctx, &s);
}

bool reply_rule_save_with(struct ctx *ctx, const struct reply_rule_row *r, const struct closed_day_row *days, size_t n)
{
    static const struct closed_day_row none[1];
    db_use(ctx->db, DB_APP);
    struct saving s = { .r = r, .name = line_name(ctx, r->line_id), .days = n ? days : none, .day_count = n };
    return s.name && check(ctx, r) && check_days(ctx, days, n) && save_now(ctx, &s);
}

bool reply_rule_switch(struct ctx *ctx, uint64_t line, const char *mode)
{
    struct reply_rule_row *r = reply_rule(ctx, line);
    if (!r)
        return false;
    r->mode = mode;
    return reply_rule_save(ctx, r);
}

const char *reply_zone(struct ctx *ctx)
{
    const struct tenant_row *t = db_tenant_get(ctx, ctx->tenant);
    return t ? t->zone : NULL;
}

bool reply_lines_changed(struct ctx *ctx)
{
    bool ok = db_reply_switch_lines(ctx, ctx->tenant);
    burst_forget_all(ctx->burst);
    return ok;
}

/* ---- keywords ---- */

/* Beyond this nothing is equal to a keyword, however it is folded. */
const char *keyword_of(struct arena *a, const char *text)
{
    enum { FOLDED_MOST = 100 };
    return text_fold(a, text, FOLDED_MOST);
}

struct rows reply_keywords(struct ctx *ctx)
{
    return db_reply_keywords(ctx, ctx->tenant);
}

struct wording { uint64_t line; const char *name; struct keyword_row k; };

static bool add(struct ctx *ctx, void *arg)
{
    const struct wording *w = arg;
    uint64_t rule = rule_id(ctx, w->line);
    if (!rule || !db_reply_keyword_put(ctx, ctx->tenant, rule, &w->k))
        return false;
    int64_t n = db_reply_keyword_count(ctx, ctx->tenant, rule);
    if (n < 0 || n > KEYWORDS_MOST)
        return n >= 0 && err_field(ctx, "word", N_("There are 200 keywords already: remove one first."));
    return audit(ctx, "reply.keyword", w->name, arena_printf(ctx->arena, "added or changed: %s", w->k.word));
}

static bool drop(struct ctx *ctx, void *arg)
{
    const struct wording *w = arg;
    uint64_t rule = rule_id(ctx, w->line);
    return rule && db_reply_keyword_delete(ctx, ctx->tenant, rule, w->k.word) && audit(ctx, "reply.keyword", w->name, arena_printf(ctx->arena, "removed: %s", w->k.word));
}

bool reply_keyword_add(struct ctx *ctx, uint64_t line, const char *word, const char *answer)
{
    db_use(ctx->db, DB_APP);
    struct wording w = { .line = line, .name = line_name(ctx, line), .k = { .word = keyword_of(ctx->arena, word), .label = word, .answer = answer } };
    if (!w.name)
        return false;
    if (!*w.k.word || utf16_units(word, strlen(word)) > WORD_MOST_UNITS)
        return err_field(ctx, "word", N_("A keyword is 1 to 40 letters or digits."));
    if (opt_out_word(ctx, word, NULL) != OPT_NONE)
        return !ctx->err.code && err_field(ctx, "word", N_("This word belongs to the opt-outs and is never answered by itself."));
    if (!*answer)
        return err_field(ctx, "answer", N_("Write the text that is sent."));
    return !ctx->err.code && fits(ctx, "answer", answer) && db_transaction(ctx, add, &w) == DB_OK;
}

bool reply_keyword_remove(struct ctx *ctx, uint64_t line, const char *word)
{
    db_use(ctx->db, DB_APP);
    struct wording w = { .line = line, .name = line_name(ctx, line), .k = { .word = keyword_of(ctx->arena, word) } };
    return w.name && db_transaction(ctx, drop, &w) == DB_OK;
}

/* ---- closed days ---- */

struct rows reply_closed_days(struct ctx *ctx, uint64_t rule)
{
    return db_reply_closed_days(ctx, ctx->tenant, rule);
}

bool reply_hours(struct ctx *ctx, uint64_t rule, const char *json, struct hours *out)
{
    if (!json || !hours_parse(ctx->arena, json, out))
        *out = (struct hours){ .off = true };
    if (out->off)
        return true;
    struct rows rows = reply_closed_days(ctx, rule);
    struct closed_day *days = ARENA_ARRAY(ctx->arena, struct closed_day, rows.n);
    const struct closed_day_row *row = rows.row;
    out->closed = days;
    for (size_t i = 0; i < rows.n; i++)
        if (closed_day_parse(row[i].day, &days[out->closed_count]))
            out->closed_count++;
    return rows.ok;
}

const char *reply_closed_day(const char *date, bool yearly)
{
    struct closed_day d;
    return !closed_day_parse(date, &d) ? NULL : yearly && d.year ? date + strlen("2026-") : date;
}

struct closing { uint64_t line; const char *name; struct closed_day_row day; };

static bool add_day(struct ctx *ctx, void *arg)
{
    const struct closing *c = arg;
    uint64_t rule = rule_id(ctx, c->line);
    if (!rule || !db_reply_closed_day_put(ctx, ctx->tenant, rule, &c->day))
        return false;
    struct rows rows = reply_closed_days(ctx, rule);
    if (!rows.ok || rows.n > CLOSED_DAYS_MOST)
        return rows.ok && err_field(ctx, "date", N_("There are 100 closed days already: remove one first."));
    return audit(ctx, "reply.closed_day", c->name, arena_printf(ctx->arena, "added or changed: %s%s%s", c->day.day, *c->day.name ? " " : "", c->day.name));
}

static bool drop_day(struct ctx *ctx, void *arg)
{
    const struct closing *c = arg;
    uint64_t rule = rule_id(ctx, c->line);
    return rule && db_reply_closed_day_delete(ctx, ctx->tenant, rule, c->day.day) && audit(ctx, "reply.closed_day", c->name, arena_printf(ctx->arena, "removed: %s", c->day.day));
}

bool reply_closed_day_add(struct ctx *ctx, uint64_t line, const char *date, bool yearly, const char *name)
{
    db_use(ctx->db, DB_APP);
    struct closing c = { .line = line, .name = line_name(ctx, line), .day = { .day = reply_closed_day(date, yearly), .name = name } };
    if (!c.name)
        return false;
    if (!c.day.day)
        return err_field(ctx, "date", N_("Write the date as 2026-12-25."));
    if (utf16_units(name, strlen(name)) > DAY_NAME_MOST_UNITS)
        return err_field(ctx, "name", N_("The name of a closed day has at most 60 characters."));
    return db_transaction(ctx, add_day, &c) == DB_OK;
}

bool reply_closed_day_remove(struct ctx *ctx, uint64_t line, const char *day)
{
    db_use(ctx->db, DB_APP);
    struct closing c = { .line = line, .name = line_name(ctx, line), .day = { .day = day } };
    return c.name && db_transaction(ctx, drop_day, &c) == DB_OK;
}

bool reply_jobs_purge(struct ctx *ctx)
{
    enum { KEPT_DAYS = 60, ROUNDS = 100 }; /* each round is a small transaction */
    int64_t gone = 1;
    for (int round = 0; round < ROUNDS && gone > 0; round++)
        gone = db_reply_purge(ctx, KEPT_DAYS);
    return gone >= 0;
}
