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
#include "services/crew.h"
#include "services/handset.h"
#include "store/lines.h"

/* The lease is longer than a call may take. */
enum { WORK_CEILING = 1 << 20, CALLS_MOST = 20, CONNECT_LIMIT_MS = 2000, LIMIT_MS = 10000, LEASE_S = 30 };

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

/* The same at every delivery of a row, so that what arrives twice is known to be one. */
static const char *message_sid(struct ctx *ctx, const struct handset_row *row)
{
    uint8_t hash[32];
    char hex[33];
    const char *name = arena_printf(ctx->arena, "handset %" PRIu64 " %" PRIu64 " %" PRId64, row->tenant_id, row->id, row->created_ms);
    crypto_sha256(name, strlen(name), hash);
    crypto_hex(hash, 16, hex);
    return arena_printf(ctx->arena, "SM%s", hex);
}

/* The parameters of an inbound message as Twilio sends them (twilio.md 3). */
static struct pair *parameters(struct ctx *ctx, const struct handset_row *row, const struct credentials *c, size_t *count)
{
    struct segments seg;
    struct arena *a = ctx->arena;
    const char *sid = message_sid(ctx, row);
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

static void answered(struct work *w, const struct answer *answer)
{
    const struct handset_row *row = w->data;
    const char *state = answer->class == CALL_OK ? "delivered" : "failed";
    (void)db_handset_move(&w->ctx, row->tenant_id, row->id, "sending", state, arena_printf(w->ctx.arena, "HTTP %d", answer->status));
    work_end(w, "handset");
}

/* False when there is nothing to call. */
static bool deliver(struct work *w, const struct handset_row *row)
{
    struct ctx *ctx = &w->ctx;
    const struct credentials *c = credentials_get(ctx);
    if (!c && ctx->err.code != ERR_DATABASE) {
        const char *why = err_public(&ctx->err);
        err_clear(ctx);
        (void)db_handset_move(ctx, row->tenant_id, row->id, "sending", "failed", why);
    }
    if (!c)
        return false;
    size_t n;
    struct pair *p = parameters(ctx, row, c, &n);
    const char *body = form_body(ctx, p, n);
    const char *public_url = arena_printf(ctx->arena, "%s/twilio/inbound", ctx->conf->main_public_url);
    const char *base = *ctx->conf->main_internal_url ? ctx->conf->main_internal_url : ctx->conf->main_public_url;
    const char **headers = ARENA_ARRAY(ctx->arena, const char *, 2);
    headers[0] = arena_printf(ctx->arena, "X-Twilio-Signature: %s", signature_make(ctx->arena, c->token, public_url, p, n));
    struct call call = { .method = "POST", .url = arena_printf(ctx->arena, "%s/twilio/inbound", base), .headers = headers, .body = body,
                         .body_len = strlen(body), .content_type = "application/x-www-form-urlencoded; charset=UTF-8",
                         .connect_limit_ms = CONNECT_LIMIT_MS, .limit_ms = LIMIT_MS };
    work_call(w, &call, answered);
    return true;
}

/* 1 begun, 0 not, -1 failure. */
static int begin(struct crew *crew, const struct handset_row *due)
{
    struct work *w = work_new(crew, due->tenant_id, WORK_CEILING);
    struct arena *a = w->ctx.arena;
    struct handset_row *row = ARENA_NEW(a, struct handset_row);
    *row = *due;
    row->from_address = arena_strdup(a, due->from_address);
    row->to_address = arena_strdup(a, due->to_address);
    row->body = arena_strdup(a, due->body);
    w->data = row;
    int ours = db_handset_claim(&w->ctx, row->tenant_id, row->id, LEASE_S);
    if (ours > 0 && deliver(w, row))
        return 1;
    bool ok = w->ctx.err.code == ERR_NONE;
    work_end(w, "handset");
    return ok ? 0 : -1;
}

int handset_step(struct ctx *ctx, struct crew *crew)
{
    if (!ctx->conf->main_test_mode)
        return 0;
    if (!db_handset_expire(ctx))
        return -1;
    int room = CALLS_MOST - crew_in_flight(crew), begun = 0;
    if (room <= 0)
        return 0;
    struct rows rows = db_handset_due(ctx, room);
    const struct handset_row *r = rows.row;
    for (size_t i = 0; rows.ok && i < rows.n; i++) {
        int n = begin(crew, &r[i]);
        if (n < 0)
            return -1;
        begun += n;
    }
    return rows.ok ? begun : -1;
}
