/* demo.c - a small tenant to look at (declared in tenants.h). Everything goes through the real doors: inbound messages
 * through inbound_receive(), answers through message_send() in TEST_MODE. Numbers are from the ranges that the British
 * regulator keeps for fiction. */
#include "base/base.h"
#include "base/conf.h"
#include "base/crypto.h"
#include "services/inbound.h"
#include "services/inbox.h"
#include "services/sending.h"
#include "services/session.h"
#include "services/tenants.h"
#include "store/lines.h"
#include "store/users.h"

static const char sms_line[] = "+447700900001", whatsapp_line[] = "whatsapp:+447700900002";

static const struct { const char *from, *name, *text, *answer; } talks[] = {
    { "+447700900101", "", "Hello, is the shop open on Saturday?", "Yes, from 9 to 14. See you!" },
    { "+447700900102", "", "Dzień dobry, czy zamówienie 4711 jest już gotowe?", "Dzień dobry! Tak, czeka na odbiór." },
    { "whatsapp:+447700900103", "Taller Norte", "Buenas tardes, ¿pueden enviar la factura de octubre?", NULL },
    { "+447700900104", "", "Please call me back after 4 pm.", NULL },
    { "whatsapp:+447700900105", "Zakład stolarski Dąb", "Poproszę sześć półek jak ostatnio, 120 × 30 cm, dąb olejowany.", "Zanotowane. Będą gotowe w piątek." },
    { "+447700900106", "", "👍", NULL },
};

static bool receive(struct ctx *ctx, const char *from, const char *name, const char *text)
{
    char hex[33];
    crypto_random_hex(hex, 16);
    const char *sid = arena_printf(ctx->arena, "SM%s", hex);
    const char *to = strncmp(from, "whatsapp:", 9) == 0 ? whatsapp_line : sms_line;
    const char *const p[][2] = { { "MessageSid", sid }, { "From", from }, { "To", to }, { "Body", text }, { "NumMedia", "0" },
                                 { "NumSegments", "1" }, { "SmsStatus", "received" }, { "ProfileName", name } };
    struct pair pairs[ARRAY_LEN(p)];
    for (size_t i = 0; i < ARRAY_LEN(p); i++)
        pairs[i] = (struct pair){ p[i][0], strlen(p[i][0]), p[i][1], strlen(p[i][1]) };
    return inbound_receive(ctx, pairs, ARRAY_LEN(pairs), NULL);
}

static bool talk(struct ctx *ctx, uint64_t user)
{
    for (size_t i = 0; i < ARRAY_LEN(talks); i++) {
        if (!receive(ctx, talks[i].from, talks[i].name, talks[i].text))
            return false;
        if (!talks[i].answer || !ctx->conf->main_test_mode)
            continue;
        struct send_result r;
        struct send_request send = { .to = talks[i].from, .body = talks[i].answer, .author = AUTHOR_USER };
        ctx->actor.user_id = user;
        ctx->actor.name = "Demo admin";
        if (!message_send(ctx, &send, &r) || !inbox_mark_read(ctx, r.conversation_id, 1))
            return false;
    }
    return true;
}

bool demo_load(struct ctx *ctx, const char **email, const char **password)
{
    static const char name[] = "Demo", address[] = "demo@centrala.example";
    char account[33], token[33];
    struct tenant_row *old = db_tenant_by_name(ctx, name);
    if (old || ctx->err.code)
        return old ? err_field(ctx, "tenant", N_("There is already a tenant with this name.")) : false;
    crypto_random_hex(account, 16);
    crypto_random_hex(token, 16);
    struct credentials_in in = { .account_sid = arena_printf(ctx->arena, "AC%s", account), .token = token };
    uint64_t tenant = tenant_add(ctx, name, "GB", "Europe/Warsaw", ctx->conf->main_language, &in);
    *email = address;
    *password = crypto_token(ctx->arena, 9);
    if (!tenant || !user_add(ctx, tenant, address, "Demo admin", "admin", *password) ||
        !line_add(ctx, tenant, sms_line, "sms", "Shop", 0) || !line_add(ctx, tenant, whatsapp_line, "whatsapp", "Shop", 0))
        return false;
    ctx->tenant = tenant;
    struct user_row *user = db_user_by_email(ctx, address);
    return user && talk(ctx, user->id);
}
