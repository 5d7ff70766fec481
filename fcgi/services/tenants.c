/* tenants.c - tenants and lines. */
#include "base/base.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "base/phone.h"
#include "services/audit.h"
#include "services/burst.h"
#include "services/inbound.h"
#include "services/replies.h"
#include "services/tenants.h"
#include "store/db.h"
#include "store/lines.h"

uint64_t tenant_add(struct ctx *ctx, const char *name, const char *country, const char *zone, const char *language)
{
    if (!*name || strlen(name) > 80)
        return err_field(ctx, "tenant", N_("A name has 1 to 80 characters."));
    if (!zone_load(ctx->arena, zone))
        return err_field(ctx, "zone", N_("There is no such time zone."));
    uint64_t id = db_tenant_insert(ctx, name, country, zone, language, crypto_token(ctx->arena, 24));
    if (!id && stmt_duplicate(ctx))
        err_field(ctx, "tenant", N_("There is already a tenant with this name."));
    return id;
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
    char upper[3] = { (char)(country[0] & ~0x20), (char)(country[1] & ~0x20), 0 };
    w.country = upper;
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
