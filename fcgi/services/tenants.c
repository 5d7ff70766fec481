/* tenants.c - tenants and lines. */
#include "base/base.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "base/phone.h"
#include "base/utf8.h"
#include "services/audit.h"
#include "services/burst.h"
#include "services/inbound.h"
#include "services/replies.h"
#include "services/tenants.h"
#include "store/db.h"
#include "store/lines.h"

struct new_tenant {
    const char *name, *country, *zone, *language, *hook_secret;
    const struct credentials_in *credentials;
    uint64_t id;
};

static bool write_new(struct ctx *ctx, void *arg)
{
    struct new_tenant *w = arg;
    w->id = db_tenant_insert(ctx, w->name, w->country, w->zone, w->language, w->hook_secret);
    if (!w->id)
        return stmt_duplicate(ctx) ? err_field(ctx, "tenant", N_("There is already a tenant with this name.")) : false;
    return !w->credentials || credentials_put(ctx, w->id, w->credentials);
}

static const char *upper_country(struct ctx *ctx, const char *country)
{
    return arena_printf(ctx->arena, "%c%c", country[0] & ~0x20, country[1] & ~0x20);
}

uint64_t tenant_add(struct ctx *ctx, const char *name, const char *country, const char *zone, const char *language, const struct credentials_in *credentials)
{
    if (!*name || !utf8_valid(name, strlen(name)) || utf8_count(name, strlen(name)) > 80)
        return err_field(ctx, "tenant", N_("A name has 1 to 80 characters."));
    if (!phone_country_known(country))
        return err_field(ctx, "country", N_("Two letters, for example PL, ES or CO."));
    if (!zone_load(ctx->arena, zone))
        return err_field(ctx, "zone", N_("There is no such time zone."));
    if (credentials && !credentials_check(ctx, credentials))
        return 0;
    struct new_tenant w = { .name = name, .country = upper_country(ctx, country), .zone = zone, .language = language,
                            .hook_secret = crypto_token(ctx->arena, 24), .credentials = credentials };
    enum db_result r = db_transaction(ctx, write_new, &w);
    if (r == DB_AMBIGUOUS) { /* ours when it carries the secret that was made for it */
        err_clear(ctx);
        const struct tenant_row *t = db_tenant_by_name(ctx, name);
        if (t && strcmp(t->hook_secret, w.hook_secret) == 0)
            return t->id;
        if (!ctx->err.code)
            err_set(ctx, ERR_DATABASE, "the tenant was not added: the connection broke at its COMMIT");
    }
    return r == DB_OK ? w.id : 0;
}

struct tenant_row *tenant_own(struct ctx *ctx)
{
    struct tenant_row *t = db_tenant_get(ctx, ctx->tenant);
    if (!t)
        err_set(ctx, ERR_ABSENT, "tenant");
    return t;
}

struct tenant_wish { const struct tenant_row *old; const char *name, *country, *zone, *language; };

static bool write_tenant(struct ctx *ctx, void *arg)
{
    const struct tenant_wish *w = arg;
    const struct tenant_row *old = w->old;
    const char *detail = arena_printf(ctx->arena, "%s, %s, %s, %s \u2192 %s, %s, %s, %s", old->name, old->country, old->zone, old->language, w->name, w->country, w->zone, w->language);
    return db_tenant_change(ctx, ctx->tenant, w->name, w->country, w->zone, w->language) && audit(ctx, "tenant.change", w->name, detail);
}

bool tenant_change(struct ctx *ctx, const char *name, const char *country, const char *zone, const char *language)
{
    struct tenant_wish w = { .old = tenant_own(ctx), .name = name, .country = country, .zone = zone, .language = language };
    if (!w.old)
        return false;
    if (!phone_country_known(country))
        return err_field(ctx, "country", N_("Two letters, for example PL, ES or CO."));
    if (!zone_load(ctx->arena, zone))
        return err_field(ctx, "zone", N_("There is no such time zone."));
    w.country = upper_country(ctx, country);
    enum db_result r = db_transaction(ctx, write_tenant, &w);
    if (r == DB_AMBIGUOUS) { /* the same again ends in the same */
        err_clear(ctx);
        r = db_transaction(ctx, write_tenant, &w);
    }
    burst_forget_all(ctx->burst); /* sessions carry zone, country, language and name */
    return r == DB_OK || (stmt_duplicate(ctx) && err_field(ctx, "name", N_("There is already a tenant with this name.")));
}

struct tenant_row *tenant_named(struct ctx *ctx, const char *name)
{
    struct tenant_row *t = db_tenant_by_name(ctx, name);
    if (!t && !ctx->err.code)
        err_field(ctx, "tenant", N_("There is no such tenant."));
    return t;
}

bool line_add(struct ctx *ctx, uint64_t tenant, const char *number, const char *channel, const char *name, int64_t per_second)
{
    bool whatsapp = strcmp(channel, "whatsapp") == 0;
    if (!whatsapp && strcmp(channel, "sms") != 0)
        return err_field(ctx, "channel", N_("A channel is sms or whatsapp."));
    if (!phone_is_e164(address_number(number)) && !(address_is_short_code(number) && !whatsapp))
        return err_field(ctx, "line", N_("Write the number with its country code, for example +48 500 100 100."));
    const char *address = whatsapp ? arena_printf(ctx->arena, "whatsapp:%s", address_number(number)) : address_number(number);
    if (!db_line_insert(ctx, tenant, address, channel, name, per_second))
        return stmt_duplicate(ctx) ? err_field(ctx, "line", N_("This number is a line already.")) : false;
    ctx->tenant = tenant;
    return unrouted_route(ctx, address) >= 0 && reply_lines_changed(ctx); /* in this order: what waited is not answered */
}
