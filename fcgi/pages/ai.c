/* ai.c - how the AI answers: switch, profile, keys, limits. */
#include "base/base.h"
#include "pages/ai.h"
#include "services/ai_usage.h"
#include "services/model_keys.h"

struct ai_line_in { uint64_t line; };
static const struct form_field ai_line_fields[] = { FORM_ID(struct ai_line_in, line, 0) };
const struct form ai_query = FORM(struct ai_line_in, ai_line_fields);

struct ai_in {
    uint64_t line;
    const char *answers, *provider, *model, *temperature, *system_prompt, *tone, *mode, *link_sites, *target_number, *tokens_param, *structure;
    int64_t history, answer_limit, max_tokens;
    bool own_links;
};
static const struct form_field ai_fields[] = {
    FORM_ID(struct ai_in, line, 0),
    FORM_TEXT(struct ai_in, answers, 0, 8, 0),
    FORM_TEXT(struct ai_in, provider, 1, 12, REQUIRED),
    FORM_TEXT(struct ai_in, model, 1, 100, REQUIRED),
    FORM_TEXT(struct ai_in, temperature, 0, 6, 0),
    FORM_TEXT(struct ai_in, system_prompt, 0, 20000, MULTILINE),
    FORM_TEXT(struct ai_in, tone, 0, 200, 0),
    FORM_INT(struct ai_in, history, 1, HISTORY_MOST, HISTORY_DEFAULT, 0),
    FORM_INT(struct ai_in, answer_limit, ANSWER_LIMIT_LEAST, ANSWER_LIMIT_MOST, ANSWER_LIMIT_DEFAULT, 0),
    FORM_TEXT(struct ai_in, mode, 0, 12, 0),
    FORM_BOOL(struct ai_in, own_links, false),
    FORM_TEXT(struct ai_in, link_sites, 0, 1000, MULTILINE),
    FORM_TEXT(struct ai_in, target_number, 0, 40, 0),
    FORM_TEXT(struct ai_in, tokens_param, 0, 24, 0),
    FORM_TEXT(struct ai_in, structure, 0, 12, 0),
    FORM_INT(struct ai_in, max_tokens, 16, 100000, MAX_TOKENS_DEFAULT, 0),
};
const struct form ai_form = FORM(struct ai_in, ai_fields);

struct ai_key_in { uint64_t line; const char *key_provider, *api_key, *base_url, *api_version; };
static const struct form_field ai_key_fields[] = {
    FORM_ID(struct ai_key_in, line, 0),
    FORM_TEXT(struct ai_key_in, key_provider, 1, 12, REQUIRED),
    FORM_TEXT(struct ai_key_in, api_key, 0, MODEL_KEY_MOST, 0),
    FORM_TEXT(struct ai_key_in, base_url, 0, 255, 0),
    FORM_TEXT(struct ai_key_in, api_version, 0, 20, 0),
};
const struct form ai_key_form = FORM(struct ai_key_in, ai_key_fields);

struct ai_limits_in { int64_t calls_per_day, tokens_per_day; };
static const struct form_field ai_limits_fields[] = {
    FORM_INT(struct ai_limits_in, calls_per_day, 0, 1000000, CALLS_PER_DAY, REQUIRED),
    FORM_INT(struct ai_limits_in, tokens_per_day, 0, INT64_C(100000000000), TOKENS_PER_DAY, REQUIRED),
};
const struct form ai_limits_form = FORM(struct ai_limits_in, ai_limits_fields);

/* ---- what the page shows ---- */

static void option(struct value *list, const char *value, const char *label, const char *chosen)
{
    struct value *o = list_object(list);
    object_text(o, "value", value);
    object_text(o, "label", label);
    object_bool(o, "selected", chosen && strcmp(chosen, value) == 0);
}

static void put_options(struct request *rq, const struct ai_in *in)
{
    struct value *v = view(rq), *list = object_list(v, "providers");
    option(list, PROVIDER_OPENAI, say(rq, N_("OpenAI, or a compatible server")), in->provider);
    option(list, PROVIDER_ANTHROPIC, "Anthropic", in->provider);
    list = object_list(v, "answer_options");
    option(list, "on", say(rq, N_("The AI answers")), in->answers);
    option(list, "off", say(rq, N_("The AI does not answer")), in->answers);
    if (in->line)
        option(list, "inherit", say(rq, N_("As set for all lines")), in->answers);
    list = object_list(v, "modes");
    option(list, "draft", say(rq, N_("Draft: an agent reads, changes and sends it")), in->mode);
    option(list, "automatic", say(rq, N_("Automatic: it is sent at once")), in->mode);
    list = object_list(v, "tokens_params");
    option(list, "", say(rq, N_("As the provider wants it")), in->tokens_param);
    option(list, "max_completion_tokens", "max_completion_tokens", in->tokens_param);
    option(list, "max_tokens", "max_tokens", in->tokens_param);
    list = object_list(v, "structures");
    option(list, "", say(rq, N_("As the provider wants it")), in->structure);
    option(list, "json_schema", "json_schema", in->structure);
    option(list, "json_object", "json_object", in->structure);
    option(list, "prompt", say(rq, N_("Told in the prompt only")), in->structure);
}

/* "All lines" and every line of its own. */
static bool put_scopes(struct request *rq, uint64_t chosen)
{
    struct rows rows = sending_lines(&rq->ctx);
    struct value *list = object_list(view(rq), "scopes");
    const struct line_row *l = rows.row;
    for (size_t i = 0; rows.ok && i <= rows.n; i++) {
        uint64_t id = i ? l[i - 1].id : 0;
        struct value *o = list_object(list);
        object_text(o, "page_url", id ? arena_printf(rq->ctx.arena, "/ai?line=%" PRIu64, id) : "/ai");
        object_text(o, "label", !id ? say(rq, N_("All lines")) : line_label(rq, &l[i - 1]));
        object_bool(o, "selected", id == chosen);
    }
    return rows.ok;
}

static bool put_keys(struct request *rq, const struct ai_key_in *typed)
{
    static const char *const providers[] = { PROVIDER_OPENAI, PROVIDER_ANTHROPIC };
    struct rows rows = model_keys(&rq->ctx);
    struct value *list = object_list(view(rq), "keys");
    for (size_t i = 0; rows.ok && i < ARRAY_LEN(providers); i++) {
        const struct model_key_row *k = rows.row, *row = NULL;
        for (size_t n = 0; n < rows.n; n++)
            if (strcmp(k[n].provider, providers[i]) == 0)
                row = &k[n];
        bool mine = typed && typed->key_provider && strcmp(typed->key_provider, providers[i]) == 0;
        struct value *o = list_object(list);
        object_text(o, "provider", providers[i]);
        object_text(o, "label", i ? "Anthropic" : "OpenAI");
        object_text(o, "masked", row ? model_key_mask(rq->ctx.arena, row) : NULL);
        if (row)
            view_time(rq, o, "updated", row->updated_ms);
        object_text(o, "base_url", mine ? typed->base_url : row ? row->base_url : NULL);
        object_text(o, "api_version", mine ? typed->api_version : row ? row->api_version : NULL);
        object_bool(o, "versions", i == 1);
        object_bool(o, "mistaken", mine);
    }
    return rows.ok;
}

static bool put_today(struct request *rq, const struct ai_limits_in *typed)
{
    const struct ai_limit_row *l = ai_limits(&rq->ctx);
    const struct ai_day_row *d = l ? ai_today(&rq->ctx) : NULL;
    if (!d)
        return false;
    struct value *o = object_object(view(rq), "today");
    object_int(o, "calls", d->calls);
    object_int(o, "tokens", d->tokens);
    object_int(o, "calls_per_day", typed ? typed->calls_per_day : l->calls_per_day);
    object_int(o, "tokens_per_day", typed ? typed->tokens_per_day : l->tokens_per_day);
    object_bool(o, "spent", d->calls >= l->calls_per_day || d->tokens >= l->tokens_per_day);
    return true;
}

static const char *switch_word(const char *mode)
{
    return strcmp(mode, "ai") == 0 ? "on" : strcmp(mode, "inherit") == 0 ? "inherit" : "off";
}

static struct ai_in stored(const struct ai_profile_row *p, uint64_t line, const char *mode)
{
    return (struct ai_in){ .line = line, .answers = switch_word(mode), .provider = p->provider, .model = p->model, .temperature = p->temperature ? p->temperature : "",
                           .system_prompt = p->system_prompt, .tone = p->tone, .mode = p->automatic ? "automatic" : "draft", .link_sites = p->link_sites,
                           .target_number = p->target_number, .tokens_param = p->tokens_param, .structure = p->structure, .history = p->history,
                           .answer_limit = p->answer_limit, .max_tokens = p->max_tokens, .own_links = p->own_links };
}

static void put_switch(struct request *rq, const struct ai_settings *s, uint64_t line)
{
    struct value *o = object_object(view(rq), "ai");
    object_bool(o, "on", s->on);
    object_text(o, "state", say(rq, s->on ? N_("The AI answers") : N_("The AI does not answer")));
    object_text(o, "line", line ? arena_printf(rq->ctx.arena, "%" PRIu64, line) : NULL);
    object_bool(o, "own", line && s->own);
    object_bool(o, "text_on", strcmp(s->mode, "text") == 0 || strcmp(s->mode, "keywords") == 0);
    if (s->profile->updated_by && *s->profile->updated_by) {
        view_time(rq, o, "updated", s->profile->updated_ms);
        object_text(o, "updated_by", s->profile->updated_by);
    }
}

bool put_ai(struct request *rq, const struct ai_view *shown)
{
    struct ai_settings s;
    if (!ai_settings(&rq->ctx, shown->line, &s))
        return false;
    struct ai_in in = stored(s.profile, shown->line, s.mode);
    const struct ai_in *form = shown->form ? shown->form : &in;
    object_bool(object_object(view(rq), "here"), "ai", true);
    put_switch(rq, &s, shown->line);
    put_options(rq, form);
    view_form(rq, &ai_form, form);
    if (!shown->tested)
        object_text(object_object(view(rq), "test"), "number", s.profile->target_number);
    return put_scopes(rq, shown->line) && put_keys(rq, shown->key) && put_today(rq, shown->limits) && put_preview(rq, s.profile->target_number);
}

static int show(struct request *rq, struct response *rs, const struct ai_view *shown, int status)
{
    return put_ai(rq, shown) ? view_page_status(rq, rs, "pages/ai", status) : fail(rq, rs);
}

static int back(struct request *rq, struct response *rs, uint64_t line, const char *notice)
{
    response_notice(rq, rs, notice);
    return redirect(rq, rs, line ? arena_printf(rq->ctx.arena, "/ai?line=%" PRIu64, line) : "/ai");
}

int ai_page(struct request *rq, struct response *rs) /* GET /ai */
{
    const struct ai_line_in *in = rq->in;
    return show(rq, rs, &(struct ai_view){ .line = in->line }, 200);
}

/* ---- changes ---- */

static bool save(struct request *rq, const struct ai_in *in)
{
    struct ai_profile_row p = {
        .line_id = in->line, .provider = in->provider, .model = in->model, .temperature = in->temperature, .system_prompt = in->system_prompt, .tone = in->tone,
        .history = (int)in->history, .answer_limit = (int)in->answer_limit, .automatic = in->mode && strcmp(in->mode, "automatic") == 0, .own_links = in->own_links,
        .link_sites = in->link_sites, .target_number = in->target_number, .tokens_param = in->tokens_param, .structure = in->structure, .max_tokens = in->max_tokens,
    };
    const char **texts[] = { &p.temperature, &p.system_prompt, &p.tone, &p.link_sites, &p.target_number, &p.tokens_param, &p.structure };
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        if (!*texts[i])
            *texts[i] = "";
    if (in->answers && strcmp(in->answers, "on") == 0 && provider_known(in->provider) && !ai_key_there(&rq->ctx, in->provider, "answers"))
        return false;
    return ai_profile_put(&rq->ctx, &p) && (!in->answers || !*in->answers || ai_switch(&rq->ctx, in->line, in->answers));
}

int ai_save_page(struct request *rq, struct response *rs) /* POST /ai */
{
    const struct ai_in *in = rq->in;
    if (!rq->form_errors) {
        if (save(rq, in))
            return back(rq, rs, in->line, N_("Saved."));
        if (!show_again(rq))
            return fail(rq, rs);
    }
    return show(rq, rs, &(struct ai_view){ .line = in->line, .form = in }, 422);
}

int ai_follow_page(struct request *rq, struct response *rs) /* POST /ai/follow: the line goes with the default again */
{
    const struct ai_line_in *in = rq->in;
    if (rq->form_errors || !in->line)
        return fail_with(rq, rs, ERR_INVALID);
    if (!ai_profile_delete(&rq->ctx, in->line))
        return fail(rq, rs);
    return back(rq, rs, in->line, N_("This line follows the settings for all lines."));
}

int ai_key_page(struct request *rq, struct response *rs) /* POST /ai/key */
{
    const struct ai_key_in *in = rq->in;
    bool typed = in->api_key && *in->api_key;
    if (!rq->form_errors) {
        if ((typed ? model_server_check(&rq->ctx, in->base_url, in->api_version) && model_key_put(&rq->ctx, in->key_provider, in->api_key) : true) &&
            model_server_put(&rq->ctx, in->key_provider, in->base_url, in->api_version, typed))
            return back(rq, rs, in->line, typed ? N_("The key is stored. Try it below.") : N_("Saved."));
        if (!show_again(rq))
            return fail(rq, rs);
    }
    return show(rq, rs, &(struct ai_view){ .line = in->line, .key = in }, 422);
}

int ai_key_delete_page(struct request *rq, struct response *rs) /* POST /ai/key/delete */
{
    const struct ai_key_in *in = rq->in;
    if (!in->key_provider || !provider_known(in->key_provider))
        return fail_with(rq, rs, ERR_INVALID);
    if (model_key_delete(&rq->ctx, in->key_provider) < 0)
        return fail(rq, rs);
    return back(rq, rs, in->line, N_("The key is removed. The AI does not answer through it any more."));
}

int ai_limits_page(struct request *rq, struct response *rs) /* POST /ai/limits */
{
    const struct ai_limits_in *in = rq->in;
    if (!rq->form_errors) {
        if (ai_limits_put(&rq->ctx, in->calls_per_day, in->tokens_per_day))
            return back(rq, rs, 0, N_("Saved."));
        if (!show_again(rq))
            return fail(rq, rs);
    }
    return show(rq, rs, &(struct ai_view){ .limits = in }, 422);
}
