/* secrets.c - /api/secrets' keys over credentials, lines and model keys. */
#include "base/base.h"
#include "base/conf.h"
#include "base/phone.h"
#include "providers/model.h"
#include "services/account_settings.h"
#include "services/audit.h"
#include "services/line_settings.h"
#include "services/model_keys.h"
#include "services/secrets.h"

/* What the keys read: one look for all of them. */
struct known { struct account_shown account; const char *from; };

struct secret {
    const char *key;
    const char *(*masked)(struct ctx *ctx, const struct known *known);
    bool (*put)(struct ctx *ctx, const char *value, const char *country);
    bool (*test)(struct ctx *ctx, const char *value, struct secret_tested *out);
};

static bool nothing_stored(struct ctx *ctx)
{
    return err_field(ctx, "value", N_("Nothing is stored yet"));
}

/* --- the Twilio account --- */

static const char *sid_masked(struct ctx *ctx, const struct known *k)
{
    return secret_masked(ctx->arena, k->account.account_sid);
}

static const char *token_masked(struct ctx *ctx, const struct known *k)
{
    (void)ctx;
    return k->account.token;
}

static const char *service_masked(struct ctx *ctx, const struct known *k)
{
    return secret_masked(ctx->arena, k->account.messaging_service_sid);
}

/* What is stored of it; `in` keeps NULLs where there is nothing. False with ctx->err on failure only. */
static bool stored(struct ctx *ctx, struct credentials_in *in, bool *complete)
{
    *in = (struct credentials_in){ .account_sid = NULL };
    *complete = credentials_stored(ctx, in);
    if (*complete)
        return true;
    if (ctx->err.code != ERR_UPSTREAM)
        return false;
    err_clear(ctx);
    const struct account_row *row = db_account_get(ctx, ctx->tenant);
    if (row)
        in->account_sid = row->account_sid;
    return ctx->err.code == ERR_NONE;
}

static bool sid_put(struct ctx *ctx, const char *value, const char *country)
{
    struct credentials_in in;
    bool complete;
    (void)country;
    if (!stored(ctx, &in, &complete))
        return false;
    in.account_sid = value;
    if (complete)
        return account_store(ctx, &in);
    return credentials_begin(ctx, ctx->tenant, value) && audit(ctx, "credentials.put", value, "");
}

static bool token_put(struct ctx *ctx, const char *value, const char *country)
{
    struct credentials_in in;
    bool complete;
    (void)country;
    if (!stored(ctx, &in, &complete))
        return false;
    if (!in.account_sid)
        return err_field(ctx, "value", N_("Store TWILIO_ACCOUNT_SID first."));
    in.token = value;
    return account_store(ctx, &in);
}

static bool service_put(struct ctx *ctx, const char *value, const char *country)
{
    struct credentials_in in;
    bool complete;
    (void)country;
    if (!stored(ctx, &in, &complete))
        return false;
    if (!complete)
        return err_field(ctx, "value", N_("Store TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN first."));
    in.messaging_service_sid = value;
    return account_store(ctx, &in);
}

static bool told(const struct verification *v, struct secret_tested *out)
{
    static const char *const words[] = { [VERIFIED_UNASKED] = N_("In test mode nothing is asked of Twilio."), [VERIFIED_GOOD] = N_("Twilio accepts these credentials"),
                                         [VERIFIED_SUSPENDED] = N_("Right, but the account is not active"),
                                         [VERIFIED_REFUSED] = N_("Twilio refuses these credentials"), [VERIFIED_UNREACHABLE] = N_("Twilio could not be asked") };
    *out = (struct secret_tested){ .ok = v->verdict == VERIFIED_GOOD, .details = words[v->verdict], .words = v->words, .took_ms = v->took_ms };
    return true;
}

/* One value in the place of the stored one, with as much of the others as it takes. */
static bool test_with(struct ctx *ctx, const char *sid, const char *token, const char *service, struct secret_tested *out)
{
    struct credentials_in in, ask;
    struct verification v;
    bool complete;
    if (!stored(ctx, &in, &complete))
        return false;
    ask = (struct credentials_in){ .account_sid = sid ? sid : in.account_sid, .token = token ? token : in.token, .messaging_service_sid = service };
    if (!ask.account_sid || !ask.token)
        return nothing_stored(ctx);
    if (!credentials_check(ctx, &ask))
        return false;
    verify_credentials(ctx, &ask, &v);
    return told(&v, out);
}

static bool sid_test(struct ctx *ctx, const char *value, struct secret_tested *out)
{
    return test_with(ctx, value, NULL, NULL, out);
}

static bool token_test(struct ctx *ctx, const char *value, struct secret_tested *out)
{
    return test_with(ctx, NULL, value, NULL, out);
}

static bool service_test(struct ctx *ctx, const char *value, struct secret_tested *out)
{
    struct credentials_in in;
    bool complete;
    if (!stored(ctx, &in, &complete))
        return false;
    const char *service = value ? value : in.messaging_service_sid;
    return service ? test_with(ctx, NULL, NULL, service, out) : nothing_stored(ctx);
}

/* --- the default sender --- */

/* The first active line: what sends when nobody chooses; SMS before WhatsApp. */
static const struct line_row *default_line(struct ctx *ctx)
{
    struct rows rows = db_lines(ctx, ctx->tenant);
    const struct line_row *l = rows.row, *found = NULL;
    for (size_t i = 0; i < rows.n; i++)
        if (l[i].active && (!found || (strcmp(found->channel, "sms") != 0 && strcmp(l[i].channel, "sms") == 0)))
            found = &l[i];
    return found;
}

static const char *from_masked(struct ctx *ctx, const struct known *k)
{
    return secret_masked(ctx->arena, k->from);
}

/* "+48500100100" or "whatsapp:+48500100100"; NULL with ERR_INVALID. */
static const char *sender(struct ctx *ctx, const char *value, const char *country)
{
    char e164[PHONE_MAX + 1];
    const char *number = address_number(value);
    bool prefixed = number != value;
    if ((prefixed && address_channel(value) != CHANNEL_WHATSAPP) || (!address_is_short_code(number) && !phone_parse(number, country, e164))) {
        err_field(ctx, "value", N_("This is not a telephone number."));
        return NULL;
    }
    return arena_printf(ctx->arena, "%s%s", prefixed ? "whatsapp:" : "", address_is_short_code(number) ? number : e164);
}

static bool from_put(struct ctx *ctx, const char *value, const char *country)
{
    const char *address = sender(ctx, value, country);
    struct line_row *line = address ? db_line_by_address(ctx, ctx->tenant, address) : NULL;
    if (!address || ctx->err.code)
        return false;
    if (!line && !line_new(ctx, address, country, address_channel(address) == CHANNEL_WHATSAPP ? "whatsapp" : "sms", "", 0))
        return false;
    line = db_line_by_address(ctx, ctx->tenant, address);
    return line ? line_make_default(ctx, line->id) : ctx->err.code == ERR_NONE && err_set(ctx, ERR_BUG, "the new line is gone");
}

static bool from_test(struct ctx *ctx, const char *value, struct secret_tested *out)
{
    const struct line_row *line = value ? NULL : default_line(ctx);
    const char *address = value ? sender(ctx, value, NULL) : line ? line->address : NULL;
    if (!address)
        return ctx->err.code ? false : nothing_stored(ctx);
    *out = (struct secret_tested){ .ok = false, .words = "" };
    if (address_channel(address) == CHANNEL_WHATSAPP) {
        out->details = N_("WhatsApp senders cannot be looked up.");
        return true;
    }
    const char *words = "";
    enum line_at_twilio at = line_at_twilio(ctx, address, &words, &out->took_ms);
    static const char *const details[] = { [LINE_UNKNOWN] = N_("Twilio could not be asked"), [LINE_THERE] = N_("The account has this number."),
                                           [LINE_NOT_THERE] = N_("Not in this Twilio account"), [LINE_MUTE] = N_("Cannot text") };
    out->ok = at == LINE_THERE;
    out->details = details[at];
    out->words = words;
    return ctx->err.code == ERR_NONE;
}

/* --- OpenAI --- */

static const char *openai_masked(struct ctx *ctx, const struct known *k)
{
    (void)k;
    return model_key_masked(ctx, PROVIDER_OPENAI);
}

static const char *spare_masked(struct ctx *ctx, const struct known *k)
{
    (void)k;
    return model_key_masked(ctx, PROVIDER_OPENAI_SPARE);
}

static bool key_put(struct ctx *ctx, const char *provider, const char *value)
{
    return strncmp(value, "sk-", 3) == 0 ? model_key_put(ctx, provider, value) : err_field(ctx, "value", N_("A key of OpenAI begins with sk-"));
}

static bool openai_put(struct ctx *ctx, const char *value, const char *country)
{
    (void)country;
    return key_put(ctx, PROVIDER_OPENAI, value);
}

static bool spare_put(struct ctx *ctx, const char *value, const char *country)
{
    (void)country;
    return key_put(ctx, PROVIDER_OPENAI_SPARE, value);
}

/* A typed key goes to the operator's address only; a stored one to that it was entered for. */
static bool key_test(struct ctx *ctx, const char *provider, const char *value, struct secret_tested *out)
{
    const struct model_key *k = value || !model_key_masked(ctx, provider) ? NULL : model_key_get(ctx, provider);
    if (ctx->err.code)
        return false;
    if (!value && !k)
        return nothing_stored(ctx);
    struct model_request rq = { .provider = MODEL_OPENAI, .key = value ? value : k->key, .api_base = k ? k->base_url : NULL, .model = "" };
    struct call call;
    struct answer answer;
    struct model_result r;
    *out = (struct secret_tested){ .ok = false, .words = "", .details = N_("In test mode nobody is asked.") };
    if (ctx->conf->main_test_mode)
        return true;
    model_probe_call(ctx->arena, ctx->conf, &rq, &call);
    twilio_ask(ctx, &call, VERIFY_LIMIT_MS, &answer);
    model_probe_result(ctx->arena, &rq, &answer, &r);
    out->ok = r.outcome == MODEL_ANSWERED;
    out->details = out->ok ? N_("OpenAI accepts this key.") : r.outcome == MODEL_DENIED ? N_("OpenAI refuses this key") : N_("OpenAI could not be asked");
    out->words = r.error;
    out->took_ms = r.took_ms;
    return true;
}

static bool openai_test(struct ctx *ctx, const char *value, struct secret_tested *out)
{
    return key_test(ctx, PROVIDER_OPENAI, value, out);
}

static bool spare_test(struct ctx *ctx, const char *value, struct secret_tested *out)
{
    return key_test(ctx, PROVIDER_OPENAI_SPARE, value, out);
}

/* --- the table --- */

static const struct secret secrets[] = {
    { "TWILIO_ACCOUNT_SID", sid_masked, sid_put, sid_test },
    { "TWILIO_AUTH_TOKEN", token_masked, token_put, token_test },
    { "TWILIO_DEFAULT_FROM", from_masked, from_put, from_test },
    { "TWILIO_MESSAGING_SERVICE_SID", service_masked, service_put, service_test },
    { "OPENAI_API_KEY", openai_masked, openai_put, openai_test },
    { "SECOND_OPENAI", spare_masked, spare_put, spare_test },
};
_Static_assert(ARRAY_LEN(secrets) <= SECRETS_MOST, "secrets");

static const struct secret *secret_of(struct ctx *ctx, const char *key)
{
    for (size_t i = 0; i < ARRAY_LEN(secrets); i++)
        if (strcmp(secrets[i].key, key) == 0)
            return &secrets[i];
    err_text(ctx, ERR_MALFORMED, N_("This key is not supported."), "unsupported secret");
    return NULL;
}

size_t secrets_list(struct ctx *ctx, struct secret_shown out[SECRETS_MOST])
{
    struct known known;
    if (!account_shown(ctx, &known.account))
        return 0;
    const struct line_row *line = default_line(ctx);
    known.from = line ? line->address : "";
    for (size_t i = 0; i < ARRAY_LEN(secrets); i++) {
        const char *masked = secrets[i].masked(ctx, &known);
        out[i] = (struct secret_shown){ .key = secrets[i].key, .masked = masked ? masked : "", .exists = masked && *masked };
    }
    return ctx->err.code ? 0 : ARRAY_LEN(secrets);
}

/* Whatever the services call the field, here there is one. */
static bool at_value(struct ctx *ctx, bool ok)
{
    if (!ok && ctx->err.code == ERR_INVALID)
        ctx->err.field = "value";
    return ok;
}

bool secret_put(struct ctx *ctx, const char *key, const char *value, const char *country)
{
    const struct secret *s = secret_of(ctx, key);
    return s && at_value(ctx, s->put(ctx, value, country));
}

bool secret_test(struct ctx *ctx, const char *key, const char *value, struct secret_tested *out)
{
    const struct secret *s = secret_of(ctx, key);
    return s && at_value(ctx, s->test(ctx, value && *value ? value : NULL, out));
}
