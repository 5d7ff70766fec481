/* ai_profiles.h - how a model answers: the tenant's default and lines that differ. */
#ifndef CENTRALA_STORE_AI_PROFILES_H
#define CENTRALA_STORE_AI_PROFILES_H
#include "store/stmt.h"

struct ai_profile_row {
    uint64_t line_id;             /* 0: the default */
    const char *provider, *model;
    const char *temperature;      /* "0.7"; NULL: left out of the request */
    const char *system_prompt, *tone;
    int history, answer_limit;
    bool automatic, own_links;
    const char *link_sites, *target_number, *tokens_param, *structure;
    int64_t max_tokens, updated_ms;
    const char *updated_by;
};
#define AI_PROFILE_ROW(F) F(U64, line_id, 0) F(TEXT, provider, 0) F(TEXT, model, 0) F(TEXT, temperature, 0) F(TEXT, system_prompt, 0) F(TEXT, tone, 0) \
    F(INT, history, 0) F(INT, answer_limit, 0) F(BOOL, automatic, 0) F(BOOL, own_links, 0) F(TEXT, link_sites, 0) F(TEXT, target_number, 0) \
    F(TEXT, tokens_param, 0) F(TEXT, structure, 0) F(I64, max_tokens, 0) F(TIME, updated_ms, 0) F(TEXT, updated_by, 0)
extern const struct row_type ai_profile_row_type;

/* The line's own, else the default; NULL: neither was ever saved. */
struct ai_profile_row *db_ai_profile_for(struct ctx *ctx, uint64_t tenant, uint64_t line);
/* Exactly that one; line 0: the default. */
struct ai_profile_row *db_ai_profile_get(struct ctx *ctx, uint64_t tenant, uint64_t line);
/* The default first, then lines in their order. */
struct rows db_ai_profiles(struct ctx *ctx, uint64_t tenant);
bool db_ai_profile_put(struct ctx *ctx, uint64_t tenant, const struct ai_profile_row *p);
int64_t db_ai_profile_delete(struct ctx *ctx, uint64_t tenant, uint64_t line);

#endif
