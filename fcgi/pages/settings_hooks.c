/* settings_hooks.c - the addresses for Twilio's console, and setting them through its API. */
#include "base/base.h"
#include "services/hook_settings.h"
#include "pages/settings.h"

static void put_url(struct request *rq, struct value *list, const char *id, const char *label, const char *hint, const char *url)
{
    struct value *o = list_object(list);
    object_text(o, "id", id);
    object_text(o, "label", say(rq, label));
    object_text(o, "hint", say(rq, hint));
    object_text(o, "text", url);
}

static int show(struct request *rq, struct response *rs, int status)
{
    struct hook_urls urls;
    if (!hook_urls(&rq->ctx, &urls))
        return fail(rq, rs);
    struct value *list = object_list(view(rq), "hooks");
    put_url(rq, list, "hook-message", N_("A message comes in"), N_("For each number, under Messaging, method POST."), urls.message);
    put_url(rq, list, "hook-status", N_("Status callback"), N_("For Messaging Services and WhatsApp senders. Each message we send brings its own."), urls.status);
    list = object_list(view(rq), "plain_hooks");
    put_url(rq, list, "plain-message", N_("A message comes in"), N_("The organisation is found by the Account SID."), urls.plain_message);
    put_url(rq, list, "plain-status", N_("Status callback"), N_("The organisation is found by the Account SID."), urls.plain_status);
    object_text(view(rq), "public_url", urls.public_url);
    object_bool(view(rq), "insecure", !urls.secure);
    put_tab(rq, "webhooks");
    view_form(rq, &no_form, NULL);
    return view_page_status(rq, rs, "pages/settings_hooks", status);
}

int settings_hooks_page(struct request *rq, struct response *rs) /* GET /settings/webhooks */
{
    return show(rq, rs, 200);
}

static void put_result(struct request *rq, struct value *list, const struct hook_result *r)
{
    static const struct { const char *tone, *label; } outcomes[] = {
        [HOOK_SET] = { "good", N_("Set") }, [HOOK_ALREADY] = { "good", N_("Was set already") }, [HOOK_REFUSED] = { "bad", N_("Refused") },
        [HOOK_ABSENT] = { "bad", N_("Not in this Twilio account") }, [HOOK_BY_HAND] = { "quiet", N_("By hand, in Twilio's console") },
        [HOOK_LATER] = { "wait", N_("No answer yet: press again") } };
    struct value *o = list_object(list);
    object_text(o, "number", shown_address(rq, r->address));
    object_text(o, "name", *r->name ? r->name : NULL);
    object_text(o, "tone", outcomes[r->outcome].tone);
    object_text(o, "label", say(rq, outcomes[r->outcome].label));
    if (r->outcome == HOOK_REFUSED || (r->outcome == HOOK_LATER && r->words))
        object_text(o, "words", twilio_said(rq, r->words, r->code));
    if (r->application)
        object_text(o, "application", sayf(rq, N_("The application %s answers for this number: Twilio ignores the address until it is removed there."), r->application));
    if (r->service)
        object_text(o, "service", sayf(rq, N_("The Messaging Service “%s” answers for this number: Twilio ignores the address until the service defers to the sender's webhook."), r->service));
}

int settings_hooks_set_page(struct request *rq, struct response *rs) /* POST /settings/webhooks */
{
    struct hook_report report;
    if (!hooks_set(&rq->ctx, &report))
        return show_again(rq) ? show(rq, rs, 422) : fail(rq, rs);
    struct value *list = object_list(view(rq), "results");
    for (size_t i = 0; i < report.n; i++)
        put_result(rq, list, &report.v[i]);
    object_bool(view(rq), "has_results", report.n > 0);
    object_bool(view(rq), "no_lines", report.n == 0);
    object_bool(view(rq), "services_unknown", report.n > 0 && !report.services_known);
    return show(rq, rs, 200);
}
