/* verify.c - asking Twilio whether credentials belong together. */
#include "base/base.h"
#include "base/conf.h"
#include "base/log.h"
#include "providers/twilio_numbers.h"
#include "services/verify.h"

struct twilio_account twilio_account_of(const struct ctx *ctx, const struct credentials *c)
{
    return (struct twilio_account){ .sid = c->account_sid, .user = c->rest_user, .password = c->rest_password, .api_base = ctx->conf->twilio_api_base };
}

void twilio_ask(struct ctx *ctx, struct call *call, int limit_ms, struct answer *out)
{
    if (call->limit_ms > limit_ms)
        call->limit_ms = limit_ms;
    if (call->connect_limit_ms > call->limit_ms)
        call->connect_limit_ms = call->limit_ms;
    client_call(ctx->client, ctx, call, out);
}

/* True when Twilio agreed. A refusal is one of the credentials; anything else says nothing about them. */
static bool judge(struct verification *v, const struct answer *answer, bool understood, const char *field, int code, const char *words)
{
    v->took_ms += answer->took_ms;
    if (understood)
        return true;
    bool refused = answer->class == CALL_REFUSED;
    v->verdict = refused ? VERIFIED_REFUSED : VERIFIED_UNREACHABLE;
    v->field = refused ? field : NULL;
    v->code = code;
    v->words = words ? words : "";
    return false;
}

static bool ask_account(struct ctx *ctx, const struct twilio_account *acc, struct verification *v)
{
    struct call call;
    struct answer answer;
    struct twilio_account_state state;
    twilio_account_call(ctx->arena, ctx->conf, acc, &call);
    twilio_ask(ctx, &call, VERIFY_LIMIT_MS, &answer);
    twilio_account_result(ctx->arena, &answer, &state);
    v->status = state.status;
    v->type = state.type;
    return judge(v, &answer, state.ok, answer.status == 404 ? "sid" : "token", state.code, state.message);
}

static bool ask_numbers(struct ctx *ctx, const struct twilio_account *acc, struct verification *v)
{
    struct call call;
    struct answer answer;
    struct twilio_numbers page;
    if (!twilio_numbers_call(ctx->arena, ctx->conf, acc, NULL, 1, NULL, &call))
        return false;
    twilio_ask(ctx, &call, VERIFY_LIMIT_MS, &answer);
    twilio_numbers_result(ctx->arena, acc, &answer, &page);
    return judge(v, &answer, page.ok, "api_key_sid", page.code, page.message);
}

static bool ask_service(struct ctx *ctx, const struct twilio_account *acc, const char *sid, struct verification *v)
{
    struct call call;
    struct answer answer;
    struct twilio_services one;
    twilio_services_call(ctx->arena, ctx->conf, acc, sid, &call);
    twilio_ask(ctx, &call, VERIFY_LIMIT_MS, &answer);
    twilio_services_result(ctx->arena, &answer, &one);
    return judge(v, &answer, one.ok, "messaging_service_sid", one.code, one.message);
}

void verify_credentials(struct ctx *ctx, const struct credentials_in *in, struct verification *out)
{
    *out = (struct verification){ .verdict = VERIFIED_UNASKED, .status = "", .type = "", .words = "" };
    if (ctx->conf->main_test_mode)
        return;
    struct twilio_account acc = { .sid = in->account_sid, .user = in->account_sid, .password = in->token, .api_base = ctx->conf->twilio_api_base };
    bool good = ask_account(ctx, &acc, out);
    if (good && in->api_key_sid) {
        acc.user = in->api_key_sid;
        acc.password = in->api_key_secret;
        good = ask_numbers(ctx, &acc, out);
    }
    if (good && in->messaging_service_sid)
        good = ask_service(ctx, &acc, in->messaging_service_sid, out);
    if (good)
        out->verdict = strcmp(out->status, "active") == 0 ? VERIFIED_GOOD : VERIFIED_SUSPENDED;
    log_event(ctx, LOG_NOTICE, "credentials.verified", "verdict=%s field=%s code=%d ms=%d", verified_word(out->verdict), out->field ? out->field : "-", out->code, out->took_ms);
}

const char *verified_word(enum verified verdict)
{
    static const char *const words[] = { [VERIFIED_UNASKED] = "", [VERIFIED_GOOD] = "good", [VERIFIED_SUSPENDED] = "suspended", [VERIFIED_REFUSED] = "refused",
                                         [VERIFIED_UNREACHABLE] = "unreachable" };
    return words[verdict];
}

bool verify_keep(struct ctx *ctx, const struct verification *v)
{
    if (v->verdict == VERIFIED_UNASKED)
        return true;
    const char *account = *v->status ? arena_printf(ctx->arena, "%s %s", v->status, v->type) : "";
    struct account_check check = { .state = verified_word(v->verdict), .account = account, .took = v->took_ms, .code = v->code, .words = v->words };
    return db_account_check_put(ctx, ctx->tenant, &check);
}

bool verify_stored(struct ctx *ctx, struct verification *out)
{
    struct credentials_in in;
    if (!credentials_stored(ctx, &in))
        return false;
    verify_credentials(ctx, &in, out);
    return verify_keep(ctx, out);
}
