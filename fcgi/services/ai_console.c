/* ai_console.c - the AI asked by a person who waits. */
#include "base/base.h"
#include "base/phone.h"
#include "base/split.h"
#include "services/ai_console.h"
#include "services/inbox.h"
#include "store/lines.h"
#include "store/tenants.h"

#define TEST_TEXT "Hello, this is a test. Please answer in one sentence."

const char *console_address(struct ctx *ctx, const char *typed)
{
    char e164[PHONE_MAX + 1];
    const struct tenant_row *t = db_tenant_get(ctx, ctx->tenant);
    const char *number = address_number(typed);
    if (!t || !phone_parse(number, t->country, e164))
        return NULL;
    return arena_printf(ctx->arena, "%.*s%s", (int)(number - typed), typed, e164);
}

static bool find_line(struct ctx *ctx, const char *typed, struct console *out)
{
    const char *address = console_address(ctx, typed);
    const struct line_row *l = address ? db_line_by_address(ctx, ctx->tenant, address) : NULL;
    if (!l)
        return !ctx->err.code && err_field(ctx, "inbound_to", N_("This is not one of your numbers."));
    out->line_id = l->id;
    return true;
}

static bool find_conversation(struct ctx *ctx, const struct console_wish *wish, struct console *out)
{
    if (!wish->participant || !*wish->participant)
        return true;
    out->to = console_address(ctx, wish->participant);
    if (!out->to)
        return !ctx->err.code && err_field(ctx, wish->line_address ? "inbound_from" : "participant", N_("This is not a telephone number."));
    if (wish->line_address) {
        if (!find_line(ctx, wish->line_address, out))
            return false;
        out->conversation = db_conversation_on_line(ctx, ctx->tenant, out->line_id, out->to);
    } else {
        out->conversation = inbox_conversation_with(ctx, out->to);
        if (out->conversation)
            out->to = out->conversation->peer;
    }
    return !ctx->err.code;
}

/* The newest text of the customer within what a model would read. */
static bool find_latest(struct ctx *ctx, struct console *out)
{
    if (!out->conversation)
        return true;
    struct rows rows = db_said(ctx, ctx->tenant, out->conversation->id, 0, HISTORY_MOST);
    const struct said_row *r = rows.row;
    for (size_t i = 0; rows.ok && i < rows.n && !out->latest; i++)
        if (r[i].direction == INBOUND && *r[i].body)
            out->latest = r[i].body;
    return rows.ok;
}

static bool choose_input(struct ctx *ctx, const struct console_wish *wish, struct console *out)
{
    if (!find_latest(ctx, out))
        return false;
    if (wish->message && *wish->message) {
        out->input = wish->message;
    } else if (out->latest) {
        out->input = out->latest;
        out->used_latest = true;
    } else if (wish->test) {
        out->input = TEST_TEXT;
        out->fallback = true;
    } else {
        return err_field(ctx, "latest", N_("There is nothing to answer yet."));
    }
    return true;
}

bool console_ask(struct ctx *ctx, const struct console_wish *wish, struct console *out)
{
    *out = (struct console){ .profile = NULL };
    if (!find_conversation(ctx, wish, out))
        return false;
    uint64_t line = wish->line ? wish->line : out->line_id ? out->line_id : out->conversation ? out->conversation->line_id : 0;
    out->profile = ai_profile_for(ctx, line);
    if (!out->profile || !choose_input(ctx, wish, out))
        return false;
    out->history = wish->history ? wish->history : out->profile->history;
    struct thought_wish t = { .profile = out->profile, .key = wish->api_key, .purpose = wish->test ? "test" : "send", .history = out->history,
                              .latest = out->used_latest ? NULL : out->input, .conversation_id = out->conversation ? out->conversation->id : 0 };
    return thought_init(ctx, &out->thought, &t) && think_now(ctx, &out->thought);
}

bool console_send(struct ctx *ctx, const struct console *c, struct send_result *out)
{
    const char **parts;
    size_t n = split_text(ctx->arena, c->thought.text, SPLIT_UNITS, &parts);
    struct send_request wish = { .to = c->to, .conversation_id = c->conversation ? c->conversation->id : 0, .line_id = c->line_id, .body = n ? parts[0] : "",
                                 .more = parts + 1, .more_count = n ? n - 1 : 0, .author = AUTHOR_MODEL };
    return message_send(ctx, &wish, out);
}

const char *console_problem(const struct console *c)
{
    const struct thought *t = &c->thought;
    if (t->text)
        return NULL;
    return t->last.error && *t->last.error ? t->last.error : t->reason;
}
