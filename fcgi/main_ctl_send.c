/* main_ctl_send.c - centralactl's commands that write to customers: predecessor 000's send and ai-send. */
#include "base/base.h"
#include "base/conf.h"
#include "main_ctl.h"
#include "providers/client.h"
#include "services/ai_console.h"
#include "services/error_codes.h"
#include "services/sending.h"
#include "services/tenants.h"

enum { DONE, FAILED, USAGE };

static int usage(const char *text)
{
    fprintf(stderr, "usage: centralactl %s\n", text);
    return USAGE;
}

static int failed(const struct ctx *ctx)
{
    if (ctx->err.field)
        fprintf(stderr, "centralactl: %s: %s\n", ctx->err.field, err_public(&ctx->err));
    else
        fprintf(stderr, "centralactl: %s (%s)\n", err_public(&ctx->err), ctx->err.detail ? ctx->err.detail : err_name(ctx->err.code));
    return FAILED;
}

/* The one tenant, or the one that is named. */
static bool choose_tenant(struct ctx *ctx, const char *name)
{
    const struct tenant_row *t = NULL;
    if (name) {
        t = tenant_named(ctx, name);
    } else {
        struct rows rows = db_tenants(ctx);
        if (rows.ok && rows.n == 1)
            t = rows.row;
        else if (rows.ok)
            err_set(ctx, ERR_INVALID, "%s", rows.n ? "there are several tenants: name one with --tenant" : "there is no tenant yet");
    }
    if (t)
        ctx->tenant = t->id;
    return t != NULL;
}

/* What a send needs besides the database: a client, and Twilio's error codes. */
static bool prepare(struct ctl *ctl, const char *tenant)
{
    struct ctx *ctx = &ctl->ctx;
    const char *problem = NULL;
    const struct error_codes *codes = error_codes_load(ctx->arena, arena_printf(ctx->arena, "%s/etc/error-codes", ctl->conf->main_root), &problem);
    if (!codes)
        return err_set(ctx, ERR_BUG, "%s", problem);
    error_codes_use(codes);
    ctx->client = client_new();
    return choose_tenant(ctx, tenant);
}

static int finish(struct ctl *ctl, int status)
{
    client_free(ctl->ctx.client);
    ctl->ctx.client = NULL;
    return status;
}

/* Takes a word without value out of the arguments. */
static bool take_flag(int *argc, char **argv, const char *name)
{
    for (int i = 0; i < *argc; i++) {
        if (strcmp(argv[i], name) != 0)
            continue;
        memmove(argv + i, argv + i + 1, sizeof *argv * (size_t)(*argc - i - 1));
        (*argc)--;
        return true;
    }
    return false;
}

/* "SM… queued"; a refusal is a failed message in the chat, too. */
static int tell(const struct send_result *r)
{
    if (strcmp(r->status, "failed") == 0) {
        fprintf(stderr, "centralactl: %s (%" PRId64 "); it stands in the conversation as failed\n", r->error ? r->error : "refused", r->error_code);
        return FAILED;
    }
    printf("%s %s\n", r->sid ? r->sid : "-", r->status);
    return DONE;
}

static int send(struct ctl *ctl, const char *to, const char *body, bool service)
{
    struct ctx *ctx = &ctl->ctx;
    struct send_result r;
    const char *address = console_address(ctx, to);
    if (!address)
        return ctx->err.code ? failed(ctx) : (fprintf(stderr, "centralactl: to: this is not a telephone number\n"), FAILED);
    struct send_request rq = { .to = address, .body = body, .use_messaging_service = service, .author = AUTHOR_API };
    return message_send(ctx, &rq, &r) ? tell(&r) : failed(ctx);
}

static int send_command(struct ctl *ctl, int argc, char **argv)
{
    static const char *const names[] = { "--to", "--body", "--tenant" };
    const char *values[ARRAY_LEN(names)] = { NULL };
    bool service = take_flag(&argc, argv, "--use-messaging-service");
    if (!ctl_arguments(argc, argv, names, values, ARRAY_LEN(names), NULL))
        return USAGE;
    if (!values[0] || !values[1])
        return usage("send --to NUMBER --body TEXT [--use-messaging-service] [--tenant NAME]");
    return finish(ctl, prepare(ctl, values[2]) ? send(ctl, values[0], values[1], service) : failed(&ctl->ctx));
}

static int ai_send(struct ctl *ctl, const struct console_wish *wish)
{
    struct ctx *ctx = &ctl->ctx;
    struct console c;
    struct send_result r;
    if (!console_ask(ctx, wish, &c))
        return failed(ctx);
    const char *problem = console_problem(&c);
    if (problem) {
        fprintf(stderr, "centralactl: %s\n", problem);
        return FAILED;
    }
    if (!console_send(ctx, &c, &r))
        return failed(ctx);
    int status = tell(&r);
    if (status == DONE)
        printf("%s\n", c.thought.text);
    return status;
}

static int ai_send_command(struct ctl *ctl, int argc, char **argv)
{
    static const char *const names[] = { "--to", "--latest", "--history-limit", "--tenant" };
    const char *values[ARRAY_LEN(names)] = { NULL };
    struct ctx *ctx = &ctl->ctx;
    if (!ctl_arguments(argc, argv, names, values, ARRAY_LEN(names), NULL))
        return USAGE;
    long history = values[2] ? strtol(values[2], NULL, 10) : HISTORY_DEFAULT;
    if (history < 1 || history > HISTORY_MOST)
        return usage("ai-send [--to NUMBER] [--latest TEXT] [--history-limit 1-200] [--tenant NAME]");
    const struct ai_profile_row *p = prepare(ctl, values[3]) ? ai_profile_get(ctx, 0) : NULL;
    if (!p)
        return finish(ctl, failed(ctx));
    struct console_wish wish = { .participant = values[0] ? values[0] : p->target_number, .message = values[1], .history = (int)history };
    if (!*wish.participant)
        return finish(ctl, usage("ai-send --to NUMBER: no target number is set on the AI page"));
    return finish(ctl, ai_send(ctl, &wish));
}

const struct ctl_command ctl_send[] = {
    { "send", send_command, "--to NUMBER --body TEXT [--use-messaging-service] [--tenant NAME]: one message; prints its SID and state", CTL_DB },
    { "ai-send", ai_send_command, "[--to NUMBER] [--latest TEXT] [--history-limit 20] [--tenant NAME]: what the AI answers, sent", CTL_DB },
};
const size_t ctl_send_count = ARRAY_LEN(ctl_send);
