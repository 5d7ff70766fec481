/* err.c - the error list's table and the first-reason-wins setters. */
#include "base/base.h"
#include "base/ctx.h"
#include "base/err.h"
#include "base/log.h"

struct err_row {
    int status, level;
    const char *name, *text;
};

#define ERR_ROW(name, status, level, text) { status, LOG_##level, #name, text },
static const struct err_row rows[] = { ERR_LIST(ERR_ROW) };
#undef ERR_ROW

PRINTF_LIKE(4, 0)
static void set(struct ctx *ctx, enum err_code code, const char *text, const char *fmt, va_list ap)
{
    if (ctx->err.code)
        return;
    ctx->err = (struct err){ .code = code, .text = text, .detail = arena_vprintf(ctx->arena, fmt, ap) };
}

bool err_set(struct ctx *ctx, enum err_code code, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    set(ctx, code, NULL, fmt, ap);
    va_end(ap);
    return false;
}

bool err_text(struct ctx *ctx, enum err_code code, const char *text, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    set(ctx, code, text, fmt, ap);
    va_end(ap);
    return false;
}

bool err_field(struct ctx *ctx, const char *field, const char *text)
{
    if (!ctx->err.code)
        ctx->err = (struct err){ .code = ERR_INVALID, .text = text, .field = field, .detail = field };
    return false;
}

void err_clear(struct ctx *ctx)
{
    ctx->err = (struct err){ .code = ERR_NONE };
}

int err_status(enum err_code code)
{
    return rows[code].status;
}

int err_level(enum err_code code)
{
    return rows[code].level;
}

const char *err_name(enum err_code code)
{
    return rows[code].name;
}

const char *err_public(const struct err *e)
{
    return e->text ? e->text : rows[e->code].text;
}
