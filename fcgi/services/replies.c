/* replies.c - the rules of automatic answers. */
#include "base/base.h"
#include "base/clock.h"
#include "base/fold.h"
#include "base/utf8.h"
#include "services/audit.h"
#include "services/hours.h"
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
        return err_field(ctx, "hours", N_("Closing must be later than opening, for example 09:00 to 17:00."));
    return (r->most >= 1 && r->most <= ANSWERS_MOST) || err_field(ctx, "most", N_("A number from 1 to 50."));
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
    return arena_printf(ctx->arena, "mode %s to %s, hours %s, at most %" PRId64 "%s", old->mode, r->mode, r->hours && !strstr(r->hours, "\"off\"") ? r->hours : "always", r->most, texts ? ", text changed" : "");
}

struct saving { const struct reply_rule_row *r; const char *name; };

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
    return db_reply_rule_put(ctx, ctx->tenant, &r, on) && db_reply_switch_lines(ctx, ctx->tenant) && audit(ctx, "reply.rule", s->name, change_words(ctx, old, &r));
}

bool reply_rule_save(struct ctx *ctx, const struct reply_rule_row *r)
{
    db_use(ctx->db, DB_APP);
    struct saving s = { .r = r, .name = line_name(ctx, r->line_id) };
    return s.name && check(ctx, r) && db_transaction(ctx, save, &s) == DB_OK;
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
    return db_reply_switch_lines(ctx, ctx->tenant);
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

bool reply_jobs_purge(struct ctx *ctx)
{
    enum { KEPT_DAYS = 60, ROUNDS = 100 }; /* each round is a small transaction */
    int64_t gone = 1;
    for (int round = 0; round < ROUNDS && gone > 0; round++)
        gone = db_reply_purge(ctx, KEPT_DAYS);
    return gone >= 0;
}
