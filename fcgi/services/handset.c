/* handset.c - from the played handset to a signed webhook. */
#include "base/base.h"
#include "base/conf.h"
#include "base/crypto.h"
#include "base/phone.h"
#include "base/segment.h"
#include "base/signature.h"
#include "base/str.h"
#include "providers/client.h"
#include "services/credentials.h"
#include "services/handset.h"
#include "store/lines.h"

bool handset_type(struct ctx *ctx, const char *from, const char *to, const char *body)
{
    if (!phone_is_e164(address_number(from)))
        return err_field(ctx, "from", N_("Write the number with its country code, for example +48 500 100 100."));
    if (!db_line_by_address(ctx, ctx->tenant, to))
        return ctx->err.code ? false : err_field(ctx, "to", N_("Choose one of the lines."));
    return db_handset_insert(ctx, ctx->tenant, from, to, text_normalise_newlines(ctx->arena, body)) != 0;
}

struct rows handset_waiting(struct ctx *ctx, const char *from, const char *to)
{
    return db_handset_waiting(ctx, ctx->tenant, from, to);
}

/* The parameters of an inbound message as Twilio sends them (twilio.md 3). */
static struct pair *parameters(struct ctx *ctx, const struct handset_row *row, const struct credentials *c, size_t *count)
{
    char hex[33];
    struct segments seg;
    struct arena *a = ctx->arena;
    crypto_random_hex(hex, 16);
    const char *sid = arena_printf(a, "SM%s", hex);
    segments_count(a, row->body, strlen(row->body), &seg);
    const char *const names[][2] = {
        { "AccountSid", c->account_sid }, { "ApiVersion", "2010-04-01" }, { "Body", row->body }, { "From", row->from_address },
        { "MessageSid", sid }, { "NumMedia", "0" }, { "NumSegments", arena_printf(a, "%d", seg.count) }, { "SmsMessageSid", sid },
        { "SmsSid", sid }, { "SmsStatus", "received" }, { "To", row->to_address },
    };
    struct pair *p = ARENA_ARRAY(a, struct pair, ARRAY_LEN(names));
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        p[i] = (struct pair){ names[i][0], strlen(names[i][0]), names[i][1], strlen(names[i][1]) };
    *count = ARRAY_LEN(names);
    return p;
}

static const char *form_body(struct ctx *ctx, const struct pair *p, size_t n)
{
    struct str t;
    str_init(&t, ctx->arena, 512, 1 << 17);
    for (size_t i = 0; i < n; i++) {
        if (i)
            str_putc(&t, '&');
        str_url(&t, p[i].name, p[i].name_len);
        str_putc(&t, '=');
        str_url(&t, p[i].value, p[i].value_len);
    }
    return t.s;
}

static bool deliver(struct ctx *ctx, const struct handset_row *row)
{
    const struct credentials *c = credentials_get(ctx);
    if (!c && ctx->err.code == ERR_DATABASE)
        return false;
    if (!c) {
        const char *why = err_public(&ctx->err);
        err_clear(ctx);
        return db_handset_move(ctx, row->tenant_id, row->id, "sending", "failed", why) >= 0;
    }
    size_t n;
    struct pair *p = parameters(ctx, row, c, &n);
    const char *body = form_body(ctx, p, n);
    const char *public_url = arena_printf(ctx->arena, "%s/twilio/inbound", ctx->conf->main_public_url);
    const char *base = *ctx->conf->main_internal_url ? ctx->conf->main_internal_url : ctx->conf->main_public_url;
    const char *headers[] = { arena_printf(ctx->arena, "X-Twilio-Signature: %s", signature_make(ctx->arena, c->token, public_url, p, n)), NULL };
    struct call call = { .method = "POST", .url = arena_printf(ctx->arena, "%s/twilio/inbound", base), .headers = headers, .body = body,
                         .body_len = strlen(body), .content_type = "application/x-www-form-urlencoded; charset=UTF-8",
                         .connect_limit_ms = 2000, .limit_ms = 10000 };
    struct answer answer;
    client_call(ctx->client, ctx, &call, &answer);
    const char *state = answer.class == CALL_OK ? "delivered" : "failed";
    return db_handset_move(ctx, row->tenant_id, row->id, "sending", state, arena_printf(ctx->arena, "HTTP %d", answer.status)) >= 0;
}

int handset_step(struct ctx *ctx, struct crew *crew)
{
    (void)crew;
    if (!ctx->conf->main_test_mode)
        return 0;
    struct rows rows = db_handset_due(ctx, 20);
    const struct handset_row *r = rows.row;
    for (size_t i = 0; rows.ok && i < rows.n; i++) {
        ctx->tenant = r[i].tenant_id;
        int ours = db_handset_move(ctx, r[i].tenant_id, r[i].id, "queued", "sending", "");
        if (ours < 0 || (ours && !deliver(ctx, &r[i])))
            return -1;
    }
    return rows.ok ? (int)rows.n : -1;
}
