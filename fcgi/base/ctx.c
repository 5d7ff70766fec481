/* ctx.c - a fresh context. */
#include "base/base.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "base/ctx.h"

void ctx_init(struct ctx *ctx, struct arena *a, const struct conf *conf)
{
    *ctx = (struct ctx){ .arena = a, .conf = conf, .now_ms = clock_now_ms() };
    crypto_random_hex(ctx->id, 8);
}
