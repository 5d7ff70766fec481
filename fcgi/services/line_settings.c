/* line_settings.c - adding and changing lines, each change in the audit trail. */
#include "base/base.h"
#include "base/conf.h"
#include "base/phone.h"
#include "services/audit.h"
#include "services/line_settings.h"
#include "services/tenants.h"
#include "services/verify.h"
#include "store/db.h"

static bool check_rest(struct ctx *ctx, const char *name, int64_t per_second)
{
    if (strlen(name) > 80 * 4)
        return err_field(ctx, "name", N_("This is too long."));
    if (per_second < 0 || per_second > LINE_RATE_MOST)
        return err_field(ctx, "per_second", N_("This number is out of range."));
    return true;
}

bool line_new(struct ctx *ctx, const char *typed, const char *country, const char *channel, const char *name, int64_t per_second)
{
    char e164[PHONE_MAX + 1];
    const char *number = address_number(typed);
    if (!address_is_short_code(number)) {
        if (!phone_parse(number, country, e164))
            return err_field(ctx, "line", N_("This is not a telephone number."));
        number = arena_strdup(ctx->arena, e164);
    }
    return check_rest(ctx, name, per_second) && line_add(ctx, ctx->tenant, number, channel, name, per_second) &&
           audit(ctx, "line.add", arena_printf(ctx->arena, "%s%s", strcmp(channel, "whatsapp") == 0 ? "whatsapp:" : "", number), name);
}

struct line_row *line_get(struct ctx *ctx, uint64_t line)
{
    struct line_row *l = db_line_get(ctx, ctx->tenant, line);
    if (!l)
        err_set(ctx, ERR_ABSENT, "line %" PRIu64, line);
    return l;
}

struct change { const struct line_row *old; const char *name; bool active; int64_t per_second; };

static bool write_change(struct ctx *ctx, void *arg)
{
    const struct change *c = arg;
    const struct line_row *old = c->old;
    const char *detail = arena_printf(ctx->arena, "%s%s, %" PRId64 "/s \u2192 %s%s, %" PRId64 "/s", old->name, old->active ? "" : " (off)", old->per_second,
                                      c->name, c->active ? "" : " (off)", c->per_second);
    return db_line_change(ctx, ctx->tenant, old->id, c->name, c->active, c->per_second) && audit(ctx, "line.change", old->address, detail);
}

static bool run(struct ctx *ctx, bool (*fn)(struct ctx *ctx, void *arg), void *arg)
{
    enum db_result r = db_transaction(ctx, fn, arg);
    if (r == DB_AMBIGUOUS) { /* the same again ends in the same */
        err_clear(ctx);
        r = db_transaction(ctx, fn, arg);
    }
    return r == DB_OK;
}

bool line_change(struct ctx *ctx, uint64_t line, const char *name, bool active, int64_t per_second)
{
    struct change c = { .old = line_get(ctx, line), .name = name, .active = active, .per_second = per_second };
    return c.old && check_rest(ctx, name, per_second) && run(ctx, write_change, &c);
}

static bool write_default(struct ctx *ctx, void *arg)
{
    const struct line_row *l = arg;
    return db_line_default(ctx, ctx->tenant, l->channel, l->id) && audit(ctx, "line.default", l->address, l->channel);
}

bool line_make_default(struct ctx *ctx, uint64_t line)
{
    struct line_row *l = line_get(ctx, line);
    return l && run(ctx, write_default, l);
}

static bool ask_page(struct ctx *ctx, const char *number, const char *next, struct answer *answer, struct twilio_numbers *out)
{
    const struct credentials *c = credentials_get(ctx);
    if (!c)
        return false;
    struct call call;
    struct twilio_account acc = twilio_account_of(ctx, c);
    if (!twilio_numbers_call(ctx->arena, ctx->conf, &acc, number, TWILIO_NUMBERS_PAGE, next, &call))
        return err_set(ctx, ERR_MALFORMED, "next page of another account");
    twilio_ask(ctx, &call, VERIFY_LIMIT_MS, answer);
    twilio_numbers_result(ctx->arena, &acc, answer, out);
    return true;
}

enum line_at_twilio line_at_twilio(struct ctx *ctx, const char *number, const char **words, int *took_ms)
{
    struct answer answer;
    struct twilio_numbers page;
    if (ctx->conf->main_test_mode || !ask_page(ctx, number, NULL, &answer, &page))
        return LINE_UNKNOWN;
    *took_ms = answer.took_ms;
    *words = page.message ? page.message : "";
    for (size_t i = 0; page.ok && i < page.n; i++)
        if (strcmp(page.v[i].number, number) == 0)
            return page.v[i].sms ? LINE_THERE : LINE_MUTE;
    return page.ok ? LINE_NOT_THERE : LINE_UNKNOWN;
}

bool line_numbers(struct ctx *ctx, const char *next, struct twilio_numbers *out)
{
    if (ctx->conf->main_test_mode)
        return err_text(ctx, ERR_UPSTREAM, N_("In test mode nothing is asked of Twilio."), "test mode");
    struct answer answer;
    if (!ask_page(ctx, NULL, next, &answer, out))
        return false;
    return out->ok || err_text(ctx, ERR_UPSTREAM, out->message ? out->message : N_("The provider did not answer in time."), "numbers status=%d code=%d", answer.status, out->code);
}
