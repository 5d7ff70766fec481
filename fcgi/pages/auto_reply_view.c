/* auto_reply_view.c - what the page of automatic answers shows. */
#include "base/base.h"
#include "base/clock.h"
#include "pages/auto_reply.h"

static const struct { const char *mode, *label, *hint, *state, *tone; } modes[] = {
    { "none", N_("Nobody"), N_("Messages wait for a person."), N_("Off"), "quiet" },
    { "text", N_("A text"), N_("Every message gets the same answer."), N_("Text"), "good" },
    { "keywords", N_("Keywords"), N_("A message that is exactly one of your keywords gets its answer."), N_("Keywords"), "good" },
    { "ai", N_("AI"), N_("A language model answers, as set up on the AI page."), N_("AI"), "good" },
};

static size_t mode_index(const char *mode)
{
    for (size_t i = 0; i < ARRAY_LEN(modes); i++)
        if (strcmp(modes[i].mode, mode) == 0)
            return i;
    return 0;
}

static const struct reply_rule_row *rule_of(const struct rows *rules, uint64_t line)
{
    const struct reply_rule_row *r = rules->row;
    for (size_t i = 0; i < rules->n; i++)
        if (r[i].line_id == line)
            return &r[i];
    return NULL;
}

static const char *default_mode(const struct rows *rules)
{
    const struct reply_rule_row *def = rule_of(rules, 0);
    return def ? def->mode : "none";
}

/* What holds there: a line without a mode of its own shows the default's. */
static void put_mode(struct request *rq, struct value *o, const struct rows *rules, const struct reply_rule_row *r)
{
    bool inherits = !r || strcmp(r->mode, "inherit") == 0;
    size_t i = mode_index(inherits ? default_mode(rules) : r->mode);
    struct value *s = object_object(o, "state");
    object_text(s, "label", say(rq, modes[i].state));
    object_text(s, "tone", modes[i].tone);
    object_bool(o, "inherits", inherits);
}

static const char *line_title(struct request *rq, const struct line_row *l)
{
    return *l->name ? l->name : shown_address(rq, l->address);
}

static void put_choices(struct request *rq, const struct rows *rules, const struct rows *lines, uint64_t chosen)
{
    struct value *list = object_list(view(rq), "rules"), *o = list_object(list);
    const struct line_row *l = lines->row;
    object_text(o, "line_url", "/auto-reply");
    object_text(o, "title", say(rq, N_("Default")));
    object_text(o, "number", say(rq, N_("for all other lines")));
    object_bool(o, "here", !chosen);
    put_mode(rq, o, rules, rule_of(rules, 0));
    object_bool(o, "inherits", false);
    for (size_t i = 0; i < lines->n; i++) {
        o = list_object(list);
        object_text(o, "line_url", arena_printf(rq->ctx.arena, "/auto-reply?line=%" PRIu64, l[i].id));
        object_text(o, "title", line_title(rq, &l[i]));
        if (*l[i].name)
            object_text(o, "number", shown_address(rq, l[i].address));
        put_channel(rq, o, l[i].channel);
        object_bool(o, "here", l[i].id == chosen);
        put_mode(rq, o, rules, rule_of(rules, l[i].id));
    }
}

static void put_modes(struct request *rq, const struct rows *rules, uint64_t line, const char *chosen)
{
    struct value *list = object_list(view(rq), "modes"), *o;
    if (line) {
        o = list_object(list);
        object_text(o, "value", "inherit");
        object_text(o, "label", say(rq, N_("As the default")));
        object_text(o, "hint", sayf(rq, N_("At present: %s."), say(rq, modes[mode_index(default_mode(rules))].state)));
        object_bool(o, "checked", strcmp(chosen, "inherit") == 0);
    }
    for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
        o = list_object(list);
        object_text(o, "value", modes[i].mode);
        object_text(o, "label", say(rq, modes[i].label));
        object_text(o, "hint", say(rq, modes[i].hint));
        object_bool(o, "checked", strcmp(chosen, modes[i].mode) == 0);
    }
}

const char *mistake_at(struct request *rq, const char *field)
{
    for (const struct field_error *e = rq->form_errors; e; e = e->next)
        if (strcmp(e->field, field) == 0)
            return say(rq, e->text);
    return NULL;
}

static void put_text(struct request *rq, struct value *o, const char *name, const char *label, const char *value, const char *hint, bool mistakes)
{
    struct value *t = object_object(o, name);
    object_text(t, "name", name);
    object_text(t, "label", say(rq, label));
    object_text(t, "value", value ? value : "");
    object_text(t, "hint", hint ? say(rq, hint) : NULL);
    object_text(t, "error", mistakes ? mistake_at(rq, name) : NULL);
}

/* What the stored hours say at this moment: "now" {open, since? (time)}; nothing while they are not in use. */
static void put_now(struct request *rq, struct value *o, const struct reply_rule_row *r, const char *zone)
{
    struct hours hours;
    int64_t since;
    const struct zone *z = zone_load(rq->ctx.arena, zone);
    bool answers = strcmp(r->mode, "none") != 0 && strcmp(r->mode, "inherit") != 0;
    if (!answers || !z || !reply_hours(&rq->ctx, r->id, r->hours, &hours) || hours.off)
        return;
    struct value *now = object_object(o, "now");
    object_bool(now, "open", hours_open(&hours, z, rq->ctx.now_ms, &since));
    if (since != CLOCK_NONE)
        view_time_in(rq, now, "since", since, z);
}

static void put_rule(struct request *rq, const struct rows *rules, const struct rows *lines, const struct reply_rule_row *r, const struct auto_reply_in *in,
                     const char *zone, bool mistakes)
{
    struct value *o = object_object(view(rq), "rule");
    const struct line_row *l = lines->row;
    size_t i = 0;
    while (i < lines->n && l[i].id != r->line_id)
        i++;
    object_text(o, "title", i < lines->n ? line_title(rq, &l[i]) : say(rq, N_("Default for all lines")));
    if (i < lines->n) {
        object_text(o, "line", arena_printf(rq->ctx.arena, "%" PRIu64, r->line_id));
        object_text(o, "number", *l[i].name ? shown_address(rq, l[i].address) : NULL);
        put_channel(rq, o, l[i].channel);
    }
    put_mode(rq, o, rules, r->id || r->line_id ? r : NULL);
    view_time(rq, o, "since", r->since_ms);
    if (r->id)
        view_time(rq, o, "updated", r->updated_ms);
    object_text(o, "by", *r->updated_by ? r->updated_by : NULL);
    put_text(rq, o, "body", N_("Text of the automatic reply"), in->body, NULL, mistakes);
    put_text(rq, o, "closed_body", N_("Text outside these hours"), in->closed_body,
             N_("Sent once until you open again, and not within half an hour after a person has written. Empty: nothing is sent."), mistakes);
    put_text(rq, o, "fallback", N_("Answer to anything else"), in->fallback, N_("For messages that are no keyword. Empty: nothing is sent."), mistakes);
    object_bool(o, "hours", in->hours);
    object_text(o, "zone", zone);
    object_int(o, "most", in->most);
    put_week(rq, o, in);
    put_now(rq, o, r, zone);
}

static bool put_keywords(struct request *rq, const struct reply_rule_row *r, const struct keyword_in *word)
{
    struct rows rows = reply_keywords(&rq->ctx);
    const struct keyword_row *k = rows.row;
    struct value *list = object_list(view(rq), "keywords"), *added = object_object(view(rq), "added");
    for (size_t i = 0; i < rows.n; i++) {
        if (k[i].rule_id != r->id)
            continue;
        struct value *o = list_object(list);
        object_text(o, "word", k[i].word);
        object_text(o, "label", k[i].label);
        object_text(o, "answer", k[i].answer);
    }
    object_bool(view(rq), "has_keywords", list_len(list) > 0);
    object_text(added, "word", word && word->word ? word->word : "");
    object_text(added, "word_error", word ? mistake_at(rq, "word") : NULL);
    put_text(rq, added, "answer", N_("Answer"), word ? word->answer : "", NULL, word != NULL);
    return rows.ok;
}

bool put_auto_reply(struct request *rq, const struct reply_rule_row *r, const struct auto_reply_in *in, const struct keyword_in *word,
                    const struct closed_day_in *closing)
{
    struct rows rules = reply_rules(&rq->ctx), lines = sending_lines(&rq->ctx);
    const char *zone = reply_zone(&rq->ctx);
    if (!rules.ok || !lines.ok || !zone)
        return false;
    object_bool(object_object(view(rq), "here"), "auto_reply", true);
    put_choices(rq, &rules, &lines, r->line_id);
    put_modes(rq, &rules, r->line_id, in->mode ? in->mode : "none");
    put_rule(rq, &rules, &lines, r, in, zone, !word && !closing);
    view_form(rq, &auto_reply_form, NULL);
    return put_keywords(rq, r, word) && put_closed_days(rq, r, zone, closing);
}
