/* asking.c - calling a model and keeping account of it. */
#include "base/base.h"
#include "base/clock.h"
#include "base/conf.h"
#include "base/crypto.h"
#include "base/log.h"
#include "base/utf8.h"
#include "services/ai_usage.h"
#include "services/asking.h"
#include "services/model_keys.h"
#include "services/params.h"

enum { WORTH_A_CALL_MS = 1000 };

/* So that the provider can tell abuse of one customer from others without knowing who it is. */
static void name_customer(struct ctx *ctx, struct question *q)
{
    char *hash = arena_alloc(ctx->arena, 33);
    crypto_keyed_hex(ctx->keys, "ai-user", arena_printf(ctx->arena, "%" PRIu64 ":%" PRIu64, ctx->tenant, q->conversation_id), hash);
    q->request.user_hash = hash;
}

static const char *or_null(const char *s)
{
    return s && *s ? s : NULL;
}

bool question_init(struct ctx *ctx, struct question *q, const struct ai_profile_row *p, const char *key, const char *purpose, uint64_t conversation)
{
    const struct model_key *k = model_key_get(ctx, p->provider);
    if (ctx->err.code)
        return false;
    if (!k && !or_null(key))
        return err_field(ctx, "api_key", N_("No key is set up for this provider."));
    *q = (struct question){ .profile = p, .purpose = purpose, .conversation_id = conversation };
    q->request = (struct model_request){
        .provider = strcmp(p->provider, PROVIDER_ANTHROPIC) == 0 ? MODEL_ANTHROPIC : MODEL_OPENAI, .api_base = k ? k->base_url : NULL,
        .key = or_null(key) ? key : k->key, .api_version = k ? k->api_version : NULL, .model = p->model, .has_temperature = p->temperature != NULL,
        .temperature = p->temperature ? strtod(p->temperature, NULL) : 0, .tokens_param = or_null(p->tokens_param), .structure = or_null(p->structure),
        .max_tokens = (int)p->max_tokens,
    };
    if (conversation)
        name_customer(ctx, q);
    return true;
}

void question_prompt(struct question *q, const struct prompt *prompt)
{
    q->request.system = prompt->system;
    q->request.turns = prompt->turns;
    q->request.turn_count = prompt->turn_count;
}

static void account(struct ctx *ctx, const struct question *q, const struct model_result *r)
{
    struct ai_use use = {
        .purpose = q->purpose, .provider = q->profile->provider, .model = q->profile->model, .conversation_id = q->conversation_id, .tokens_in = r->tokens_in,
        .tokens_out = r->tokens_out, .took_ms = r->took_ms, .request_id = param_ascii(ctx->arena, arena_strndup(ctx->arena, r->request_id, utf8_cut(r->request_id, strlen(r->request_id), 80))), .status = r->status, .outcome = model_outcome_name(r->outcome),
        .problem = *r->error ? r->error : "",
    };
    ai_usage_add(ctx, &use);
    log_event(ctx, r->outcome == MODEL_ANSWERED ? LOG_INFO : LOG_NOTICE, "ai.asked", "purpose=%s outcome=%s status=%d ms=%d tokens=%" PRId64, q->purpose,
              use.outcome, r->status, r->took_ms, r->tokens_in + r->tokens_out);
}

static bool budget(struct ctx *ctx)
{
    int taken = ai_budget_take(ctx);
    return taken > 0 || (taken == 0 && err_text(ctx, ERR_LIMIT, N_("Today's limit of AI calls or tokens is reached."), "ai budget"));
}

bool ask_now(struct ctx *ctx, struct question *q, int limit_ms, struct model_result *out)
{
    struct answer answer;
    if (!budget(ctx))
        return false;
    q->request.limit_ms = limit_ms;
    model_call(ctx->arena, ctx->conf, &q->request, &q->call);
    client_call(ctx->client, ctx, &q->call, &answer);
    model_result(ctx->arena, &q->request, &answer, out);
    account(ctx, q, out);
    return true;
}

static void call_model(struct work *w);

static void answered(struct work *w, const struct answer *answer)
{
    struct question *q = w->data;
    struct model_result r;
    model_result(w->ctx.arena, &q->request, answer, &r);
    account(&w->ctx, q, &r);
    int64_t pause = model_backoff_ms(q->tries, &r);
    if (pause >= 0 && clock_mono_ms() + pause + WORTH_A_CALL_MS < q->until_ms)
        work_later(w, pause, call_model);
    else
        q->done(w, &r);
}

static void call_model(struct work *w)
{
    struct question *q = w->data;
    int64_t left = q->until_ms - clock_mono_ms(), limit = w->ctx.conf->ai_limit_ms;
    if (!budget(&w->ctx)) {
        q->done(w, NULL);
        return;
    }
    q->tries++;
    q->request.limit_ms = (int)(left < WORTH_A_CALL_MS ? WORTH_A_CALL_MS : left < limit ? left : limit);
    model_call(w->ctx.arena, w->ctx.conf, &q->request, &q->call);
    work_call(w, &q->call, answered);
}

void ask(struct work *w, struct question *q, void (*done)(struct work *w, const struct model_result *r))
{
    w->data = q;
    q->done = done;
    q->tries = 0;
    call_model(w);
}
