/* ai_profile.c - reading, checking and storing profiles. */
#include "base/base.h"
#include "base/clock.h"
#include "base/phone.h"
#include "base/str.h"
#include "base/utf8.h"
#include "services/ai_profile.h"
#include "services/audit.h"
#include "services/model_keys.h"
#include "store/db.h"
#include "store/lines.h"

static const struct ai_profile_row *never_saved(struct ctx *ctx)
{
    struct ai_profile_row *p = ARENA_NEW(ctx->arena, struct ai_profile_row);
    *p = (struct ai_profile_row){ .provider = PROVIDER_OPENAI, .model = MODEL_DEFAULT, .system_prompt = "", .tone = "", .history = HISTORY_DEFAULT,
                                  .answer_limit = ANSWER_LIMIT_DEFAULT, .link_sites = "", .target_number = "", .tokens_param = "", .structure = "",
                                  .max_tokens = MAX_TOKENS_DEFAULT, .updated_ms = CLOCK_NONE, .updated_by = "" };
    return p;
}

const struct ai_profile_row *ai_profile_for(struct ctx *ctx, uint64_t line)
{
    const struct ai_profile_row *p = db_ai_profile_for(ctx, ctx->tenant, line);
    return p || ctx->err.code ? p : never_saved(ctx);
}

const struct ai_profile_row *ai_profile_get(struct ctx *ctx, uint64_t line)
{
    const struct ai_profile_row *p = db_ai_profile_get(ctx, ctx->tenant, line);
    return p || line || ctx->err.code ? p : never_saved(ctx);
}

struct rows ai_profiles(struct ctx *ctx)
{
    return db_ai_profiles(ctx, ctx->tenant);
}

bool temperature_parse(struct arena *a, const char *typed, const char **out)
{
    *out = NULL;
    if (!typed || !*typed)
        return true;
    char *text = arena_strdup(a, typed), *comma = strchr(text, ','), *end;
    if (comma)
        *comma = '.';
    if (strspn(text, "0123456789.") != strlen(text) || strlen(text) > 6)
        return false;
    double v = strtod(text, &end);
    *out = arena_printf(a, "%.2f", v);
    return *end == 0 && v >= 0 && v <= 2;
}

static bool one_of(const char *s, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(s, words[i]) == 0)
            return true;
    return false;
}

/* Host names with blanks, commas or newlines between, as people paste them; NULL when one cannot be a host name. */
static const char *tidy_sites(struct ctx *ctx, const char *typed)
{
    struct str out;
    str_init(&out, ctx->arena, 128, 1000);
    for (const char *s = typed; *s;) {
        size_t gap = strspn(s, " ,;\t\n"), n = strcspn(s + gap, " ,;\t\n");
        s += gap;
        const char *scheme = memmem(s, n, "://", 3);
        size_t skip = scheme ? (size_t)(scheme + 3 - s) : 0, host = strspn(s + skip, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-");
        if (n && (host == 0 || (s[skip + host] && !strchr("/ ,;\t\n", s[skip + host]))))
            return NULL;
        if (n && out.len)
            str_putc(&out, ' ');
        if (n)
            str_add(&out, s + skip, host);
        s += n;
    }
    return out.full ? NULL : out.s;
}

static bool check_words(struct ctx *ctx, const struct ai_profile_row *p)
{
    static const char *const params[] = { "", "max_completion_tokens", "max_tokens" }, *const structures[] = { "", "json_schema", "json_object", "prompt" };
    if (!provider_known(p->provider))
        return err_field(ctx, "provider", N_("Choose one of the providers."));
    if (!*p->model || utf8_count(p->model, strlen(p->model)) > 100)
        return err_field(ctx, "model", N_("Write the model's name as the provider calls it, at most 100 characters."));
    if (utf16_units(p->system_prompt, strlen(p->system_prompt)) > 20000)
        return err_field(ctx, "system_prompt", N_("At most 20,000 characters."));
    if (utf8_count(p->tone, strlen(p->tone)) > 200)
        return err_field(ctx, "tone", N_("At most 200 characters."));
    if (!one_of(p->tokens_param, params, ARRAY_LEN(params)))
        return err_field(ctx, "tokens_param", N_("Choose one of the names."));
    if (!one_of(p->structure, structures, ARRAY_LEN(structures)))
        return err_field(ctx, "structure", N_("Choose one of the ways."));
    return utf8_count(p->target_number, strlen(p->target_number)) <= 40 || err_field(ctx, "target_number", N_("This is not a telephone number."));
}

static bool check_numbers(struct ctx *ctx, const struct ai_profile_row *p)
{
    if (p->history < 1 || p->history > HISTORY_MOST)
        return err_field(ctx, "history", N_("From 1 to 200 messages."));
    if (p->answer_limit < ANSWER_LIMIT_LEAST || p->answer_limit > ANSWER_LIMIT_MOST)
        return err_field(ctx, "answer_limit", N_("From 40 to 6000 characters."));
    return (p->max_tokens >= 16 && p->max_tokens <= 100000) || err_field(ctx, "max_tokens", N_("From 16 to 100,000 tokens."));
}

static bool write_profile(struct ctx *ctx, void *arg)
{
    const struct ai_profile_row *p = arg;
    const char *target = p->line_id ? arena_printf(ctx->arena, "line %" PRIu64, p->line_id) : "default";
    return db_ai_profile_put(ctx, ctx->tenant, p) &&
           audit(ctx, "ai_profile.put", target, arena_printf(ctx->arena, "%s %s, %s, history %d, limit %d, prompt of %zu characters", p->provider, p->model,
                                                              p->automatic ? "automatic" : "draft", p->history, p->answer_limit,
                                                              utf8_count(p->system_prompt, strlen(p->system_prompt))));
}

static bool tidy_and_check(struct ctx *ctx, struct ai_profile_row *p)
{
    if (!check_words(ctx, p) || !check_numbers(ctx, p))
        return false;
    if (!temperature_parse(ctx->arena, p->temperature, &p->temperature))
        return err_field(ctx, "temperature", N_("A number from 0 to 2, or nothing."));
    p->link_sites = tidy_sites(ctx, p->link_sites);
    return p->link_sites || err_field(ctx, "link_sites", N_("Host names such as example.com, with blanks between them."));
}

bool ai_profile_check(struct ctx *ctx, const struct ai_profile_row *in)
{
    struct ai_profile_row p = *in;
    return tidy_and_check(ctx, &p);
}

bool ai_profile_put(struct ctx *ctx, const struct ai_profile_row *in)
{
    struct ai_profile_row p = *in;
    p.updated_by = ctx->actor.name ? ctx->actor.name : "";
    if (!tidy_and_check(ctx, &p))
        return false;
    if (p.line_id && !db_line_get(ctx, ctx->tenant, p.line_id))
        return err_set(ctx, ERR_ABSENT, "line %" PRIu64, p.line_id);
    return db_transaction(ctx, write_profile, &p) == DB_OK;
}

static bool drop_profile(struct ctx *ctx, void *arg)
{
    uint64_t line = *(uint64_t *)arg;
    int64_t n = db_ai_profile_delete(ctx, ctx->tenant, line);
    return n == 0 || (n > 0 && audit(ctx, "ai_profile.delete", arena_printf(ctx->arena, "line %" PRIu64, line), ""));
}

bool ai_profile_delete(struct ctx *ctx, uint64_t line)
{
    if (!db_line_get(ctx, ctx->tenant, line))
        return err_set(ctx, ERR_ABSENT, "line %" PRIu64, line);
    return db_transaction(ctx, drop_profile, &line) == DB_OK;
}
