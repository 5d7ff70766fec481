/* ai_settings.c - reply rule and profile together. */
#include "base/base.h"
#include "services/ai_settings.h"
#include "services/model_keys.h"
#include "services/replies.h"
#include "store/lines.h"

bool ai_settings(struct ctx *ctx, uint64_t line, struct ai_settings *out)
{
    if (line && !db_line_get(ctx, ctx->tenant, line))
        return err_set(ctx, ERR_ABSENT, "line %" PRIu64, line);
    const struct reply_rule_row *rule = reply_rule(ctx, line), *all = rule && line ? reply_rule(ctx, 0) : rule;
    if (!all)
        return false;
    *out = (struct ai_settings){ .mode = rule->mode, .profile = ai_profile_for(ctx, line) };
    if (!out->profile)
        return false;
    out->own = out->profile->line_id == line;
    out->on = strcmp(strcmp(rule->mode, "inherit") == 0 ? all->mode : rule->mode, "ai") == 0;
    return true;
}

bool ai_key_there(struct ctx *ctx, const char *provider, const char *field)
{
    return model_key_get(ctx, provider) || (!ctx->err.code && err_field(ctx, field, N_("Store a key for this provider first.")));
}

bool ai_has_key(struct ctx *ctx, uint64_t line, const char *field)
{
    const struct ai_profile_row *p = ai_profile_for(ctx, line);
    return p && ai_key_there(ctx, p->provider, field);
}

bool ai_switch(struct ctx *ctx, uint64_t line, const char *word)
{
    const struct reply_rule_row *rule = reply_rule(ctx, line);
    bool on = strcmp(word, "on") == 0, inherit = line && strcmp(word, "inherit") == 0;
    if (!rule)
        return false;
    bool now = strcmp(rule->mode, "ai") == 0;
    if (on)
        return ai_has_key(ctx, line, "answers") && (now || reply_rule_switch(ctx, line, "ai"));
    if (inherit)
        return strcmp(rule->mode, "inherit") == 0 || reply_rule_switch(ctx, line, "inherit");
    /* A line that inherits the AI must say so that it does not. */
    struct ai_settings s;
    return ai_settings(ctx, line, &s) && (!s.on || reply_rule_switch(ctx, line, "none"));
}
