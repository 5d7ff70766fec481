/* settings.c - the tenant's Twilio account: credentials that are asked about before they are kept. */
#include "base/base.h"
#include "services/account_settings.h"
#include "pages/settings.h"

struct account_in {
    const char *sid, *token, *second_token, *api_key_sid, *api_key_secret, *messaging_service_sid;
    bool drop_second, unchecked;
};
static const struct form_field account_fields[] = {
    FORM_TEXT(struct account_in, sid, 1, 34, REQUIRED),
    FORM_TEXT(struct account_in, token, 0, 64, 0),
    FORM_TEXT(struct account_in, second_token, 0, 64, 0),
    FORM_TEXT(struct account_in, api_key_sid, 0, 34, 0),
    FORM_TEXT(struct account_in, api_key_secret, 0, 64, 0),
    FORM_TEXT(struct account_in, messaging_service_sid, 0, 34, ASCII),
    FORM_BOOL(struct account_in, drop_second, false),
    FORM_BOOL(struct account_in, unchecked, false),
};
const struct form settings_account_form = FORM(struct account_in, account_fields);

void put_tab(struct request *rq, const char *tab)
{
    object_bool(object_object(view(rq), "here"), "settings", true);
    object_bool(object_object(view(rq), "tab"), tab, true);
}

const char *twilio_said(struct request *rq, const char *words, int64_t code)
{
    const char *said = words && *words ? say(rq, words) : say(rq, N_("The provider did not answer in time."));
    return code ? arena_printf(rq->ctx.arena, "%s (%" PRId64 ")", said, code) : said;
}

static void put_check(struct request *rq, const struct account_shown *shown)
{
    static const struct { const char *state, *tone, *label; } states[] = {
        { "good", "good", N_("Twilio accepts these credentials") }, { "suspended", "bad", N_("Right, but the account is not active") },
        { "refused", "bad", N_("Twilio refuses these credentials") }, { "unreachable", "wait", N_("Twilio could not be asked") } };
    const struct account_check *c = shown->check;
    struct value *o = object_object(view(rq), "check");
    object_text(o, "tone", "quiet");
    object_text(o, "label", say(rq, shown->complete ? N_("Not checked yet") : N_("Nothing is stored yet")));
    if (!c)
        return;
    for (size_t i = 0; i < ARRAY_LEN(states); i++)
        if (strcmp(states[i].state, c->state) == 0) {
            object_text(o, "tone", states[i].tone);
            object_text(o, "label", say(rq, states[i].label));
        }
    if (*c->account)
        object_text(o, "account", c->account);
    object_text(o, "took", arena_printf(rq->ctx.arena, "%" PRId64 " ms", c->took));
    if (*c->words)
        object_text(o, "words", twilio_said(rq, c->words, c->code));
    view_time(rq, o, "at", c->at_ms);
}

static int show(struct request *rq, struct response *rs, const struct account_in *in, int status)
{
    struct account_shown shown;
    if (!account_shown(&rq->ctx, &shown))
        return fail(rq, rs);
    struct account_in values = { .sid = shown.account_sid, .api_key_sid = shown.api_key_sid, .messaging_service_sid = shown.messaging_service_sid };
    if (in) { /* as it was typed, but for the secrets */
        values = *in;
        values.token = values.second_token = values.api_key_secret = NULL;
    }
    struct value *o = object_object(view(rq), "account");
    object_bool(o, "complete", shown.complete);
    object_text(o, "token", *shown.token ? shown.token : NULL);
    object_text(o, "second_token", *shown.second_token ? shown.second_token : NULL);
    object_text(o, "api_key_secret", *shown.api_key_secret ? shown.api_key_secret : NULL);
    put_check(rq, &shown);
    put_tab(rq, "account");
    view_form(rq, &settings_account_form, &values);
    return view_page_status(rq, rs, "pages/settings", status);
}

int settings_page(struct request *rq, struct response *rs) /* GET /settings */
{
    return show(rq, rs, NULL, 200);
}

/* Not stored: why, at the field or above the form. */
static bool explain(struct request *rq, const struct verification *v)
{
    if (v->verdict != VERIFIED_REFUSED && v->verdict != VERIFIED_UNREACHABLE)
        return show_again(rq);
    const char *said = twilio_said(rq, v->words, v->code);
    err_clear(&rq->ctx);
    if (v->verdict == VERIFIED_REFUSED) {
        request_field_error(rq, v->field ? v->field : "", sayf(rq, N_("Twilio refused this: %s"), said));
        return true;
    }
    object_bool(view(rq), "offer_unchecked", true);
    request_field_error(rq, "", sayf(rq, N_("Twilio could not be asked: %s. Nothing was saved."), said));
    return true;
}

int settings_account_page(struct request *rq, struct response *rs) /* POST /settings */
{
    const struct account_in *in = rq->in;
    struct verification v = { .verdict = VERIFIED_UNASKED };
    if (!rq->form_errors) {
        struct account_wish wish = { .account_sid = in->sid, .token = in->token, .second_token = in->second_token, .api_key_sid = in->api_key_sid,
                                     .api_key_secret = in->api_key_secret, .messaging_service_sid = in->messaging_service_sid,
                                     .drop_second = in->drop_second, .unchecked = in->unchecked };
        if (account_save(&rq->ctx, &wish, &v)) {
            response_notice(rq, rs, v.verdict == VERIFIED_GOOD ? N_("Saved. Twilio accepts these credentials.") : N_("Saved."));
            return redirect(rq, rs, "/settings");
        }
        if (!explain(rq, &v))
            return fail(rq, rs);
    }
    return show(rq, rs, in, 422);
}

int settings_verify_page(struct request *rq, struct response *rs) /* POST /settings/verify */
{
    struct verification v;
    if (verify_stored(&rq->ctx, &v)) {
        response_notice(rq, rs, v.verdict == VERIFIED_UNASKED ? N_("In test mode nothing is asked of Twilio.") : N_("Twilio was asked; the answer is on this page."));
        return redirect(rq, rs, "/settings");
    }
    return show_again(rq) ? show(rq, rs, NULL, 422) : fail(rq, rs);
}

int secrets_page(struct request *rq, struct response *rs) /* GET /secrets: where predecessor 000 kept its keys */
{
    return redirect(rq, rs, "/settings");
}
