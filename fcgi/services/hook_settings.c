/* hook_settings.c - webhook addresses, and setting them on the account's numbers. */
#include "base/base.h"
#include "base/clock.h"
#include "base/conf.h"
#include "base/phone.h"
#include "providers/twilio_numbers.h"
#include "services/audit.h"
#include "services/hook_settings.h"
#include "services/verify.h"
#include "store/lines.h"

enum { ALL_NUMBERS_PAGE = 1000, PAGES_MOST = 5, SERVICES_MOST = 20 };

struct work {
    struct twilio_account acc;
    int64_t until_ms;            /* clock_mono_ms() */
    const char *url;
    struct twilio_number *numbers;
    size_t n;
    struct hook_report *report;
};

bool hook_urls(struct ctx *ctx, struct hook_urls *out)
{
    const struct tenant_row *t = db_tenant_get(ctx, ctx->tenant);
    if (!t)
        return err_set(ctx, ERR_ABSENT, "tenant");
    const char *base = ctx->conf->main_public_url;
    *out = (struct hook_urls){
        .public_url = base, .secure = strncmp(base, "https://", 8) == 0,
        .message = arena_printf(ctx->arena, "%s/hook/%s/message" HOOK_OVERRIDES, base, t->hook_secret),
        .status = arena_printf(ctx->arena, "%s/hook/%s/status" HOOK_OVERRIDES, base, t->hook_secret),
        .plain_message = arena_printf(ctx->arena, "%s/twilio/inbound" HOOK_OVERRIDES, base),
        .plain_status = arena_printf(ctx->arena, "%s/twilio/status" HOOK_OVERRIDES, base),
    };
    return true;
}

/* What is left of the time for one call, at most the usual; 0: none worth while. */
static int time_left(const struct work *w)
{
    int64_t left = w->until_ms - clock_mono_ms();
    return left < 500 ? 0 : left > VERIFY_LIMIT_MS ? VERIFY_LIMIT_MS : (int)left;
}

static void keep(struct ctx *ctx, struct work *w, const struct twilio_numbers *page)
{
    struct twilio_number *all = ARENA_ARRAY(ctx->arena, struct twilio_number, w->n + page->n + 1);
    if (w->n)
        memcpy(all, w->numbers, w->n * sizeof *all);
    if (page->n)
        memcpy(all + w->n, page->v, page->n * sizeof *all);
    w->numbers = all;
    w->n += page->n;
}

static bool fetch_numbers(struct ctx *ctx, struct work *w)
{
    const char *next = NULL;
    for (int i = 0; i < PAGES_MOST; i++) {
        struct call call;
        struct answer answer;
        struct twilio_numbers page;
        int left = time_left(w);
        if (!left || !twilio_numbers_call(ctx->arena, ctx->conf, &w->acc, NULL, ALL_NUMBERS_PAGE, next, &call))
            return err_set(ctx, ERR_TIMEOUT, "numbers: out of time");
        twilio_ask(ctx, &call, left, &answer);
        twilio_numbers_result(ctx->arena, &w->acc, &answer, &page);
        if (!page.ok)
            return err_text(ctx, ERR_UPSTREAM, page.message ? page.message : N_("The provider did not answer in time."), "numbers status=%d code=%d", answer.status, page.code);
        keep(ctx, w, &page);
        next = page.next;
        if (!next)
            break;
    }
    return true;
}

static struct twilio_number *number_of(const struct work *w, const char *address)
{
    for (size_t i = 0; i < w->n; i++)
        if (strcmp(w->numbers[i].number, address) == 0)
            return &w->numbers[i];
    return NULL;
}

static void set_one(struct ctx *ctx, struct work *w, const struct line_row *line, struct hook_result *r)
{
    const struct twilio_number *n = number_of(w, line->address);
    *r = (struct hook_result){ .address = line->address, .name = line->name };
    if (strcmp(line->channel, "sms") != 0 || address_is_short_code(line->address)) {
        r->outcome = HOOK_BY_HAND;
        return;
    }
    if (!n) {
        r->outcome = HOOK_ABSENT;
        return;
    }
    r->application = *n->sms_application_sid ? n->sms_application_sid : NULL;
    if (strcmp(n->sms_url, w->url) == 0 && strcmp(n->sms_method, "POST") == 0) {
        r->outcome = HOOK_ALREADY;
        return;
    }
    struct call call;
    struct answer answer;
    struct twilio_numbers changed;
    int left = time_left(w);
    r->outcome = HOOK_LATER;
    if (!left)
        return;
    twilio_number_call(ctx->arena, ctx->conf, &w->acc, n->sid, w->url, &call);
    twilio_ask(ctx, &call, left, &answer);
    twilio_number_result(ctx->arena, &answer, &changed);
    r->outcome = changed.ok ? HOOK_SET : answer.class == CALL_REFUSED ? HOOK_REFUSED : HOOK_LATER;
    r->code = changed.code;
    r->words = changed.message;
}

/* Marks the results of numbers that this service answers for. */
static bool mark_service(struct ctx *ctx, struct work *w, const struct twilio_service *s)
{
    struct call call;
    struct answer answer;
    struct twilio_numbers held;
    int left = time_left(w);
    if (!left)
        return false;
    twilio_service_numbers_call(ctx->arena, ctx->conf, &w->acc, s->sid, &call);
    twilio_ask(ctx, &call, left, &answer);
    twilio_service_numbers_result(ctx->arena, &answer, &held);
    for (size_t i = 0; held.ok && i < held.n; i++)
        for (size_t k = 0; k < w->report->n; k++)
            if (strcmp(w->report->v[k].address, held.v[i].number) == 0)
                w->report->v[k].service = *s->name ? s->name : s->sid;
    return held.ok;
}

/* Which numbers have an address that Twilio ignores. A key that may not see services leaves it unknown. */
static bool mark_services(struct ctx *ctx, struct work *w)
{
    struct call call;
    struct answer answer;
    struct twilio_services list;
    int left = time_left(w);
    if (!left)
        return false;
    twilio_services_call(ctx->arena, ctx->conf, &w->acc, NULL, &call);
    twilio_ask(ctx, &call, left, &answer);
    twilio_services_result(ctx->arena, &answer, &list);
    bool ok = list.ok && list.n <= SERVICES_MOST;
    for (size_t i = 0; list.ok && i < list.n && i < SERVICES_MOST; i++)
        if (!list.v[i].defers && strcmp(list.v[i].inbound_url, w->url) != 0)
            ok = mark_service(ctx, w, &list.v[i]) && ok;
    return ok;
}

static bool record(struct ctx *ctx, const struct hook_report *report)
{
    static const char *const words[] = { [HOOK_SET] = "set", [HOOK_ALREADY] = "already set", [HOOK_REFUSED] = "refused", [HOOK_ABSENT] = "not in the account",
                                         [HOOK_BY_HAND] = "by hand", [HOOK_LATER] = "no answer" };
    for (size_t i = 0; i < report->n; i++) {
        const struct hook_result *r = &report->v[i];
        if (r->outcome != HOOK_SET && r->outcome != HOOK_REFUSED)
            continue;
        const char *detail = r->code ? arena_printf(ctx->arena, "%s %d", words[r->outcome], r->code) : words[r->outcome];
        if (!audit(ctx, "webhook.set", r->address, detail))
            return false;
    }
    return true;
}

bool hooks_set(struct ctx *ctx, struct hook_report *out)
{
    struct hook_urls urls;
    *out = (struct hook_report){ .n = 0 };
    if (ctx->conf->main_test_mode)
        return err_text(ctx, ERR_UPSTREAM, N_("In test mode nothing is asked of Twilio."), "test mode");
    const struct credentials *c = credentials_get(ctx);
    if (!c || !hook_urls(ctx, &urls))
        return false;
    struct work w = { .acc = twilio_account_of(ctx, c), .until_ms = clock_mono_ms() + HOOK_LIMIT_MS, .url = urls.message, .report = out };
    struct rows rows = db_lines(ctx, ctx->tenant);
    if (!rows.ok || !fetch_numbers(ctx, &w))
        return false;
    const struct line_row *line = rows.row;
    out->v = ARENA_ARRAY(ctx->arena, struct hook_result, rows.n + 1);
    for (size_t i = 0; i < rows.n; i++)
        set_one(ctx, &w, &line[i], &out->v[out->n++]);
    out->services_known = mark_services(ctx, &w);
    return record(ctx, out);
}
