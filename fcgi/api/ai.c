/* ai.c - predecessor 000's AI calls: settings, trying out, answering on demand. */
#include "base/base.h"
#include "base/clock.h"
#include "base/phone.h"
#include "services/ai_console.h"
#include "services/ai_settings.h"
#include "services/inbox.h"
#include "services/model_keys.h"
#include "api/json_out.h"
#include "api/shapes.h"
#include "web/handlers.h"

struct ai_config_in { int enabled; const char *api_key, *system_prompt, *target_number, *model, *temperature, *mode; };
static const struct form_field ai_config_fields[] = {
    FORM_SWITCH(struct ai_config_in, enabled),
    FORM_TEXT(struct ai_config_in, api_key, 0, MODEL_KEY_MOST, 0),
    FORM_TEXT(struct ai_config_in, system_prompt, 0, 20000, MULTILINE),
    FORM_TEXT(struct ai_config_in, target_number, 0, 40, 0),
    FORM_TEXT(struct ai_config_in, model, 0, 100, 0),
    FORM_TEXT(struct ai_config_in, temperature, 0, 24, 0),
    FORM_TEXT(struct ai_config_in, mode, 0, 12, 0), /* ours: "draft" or "automatic" */
};
const struct form ai_config_form = FORM(struct ai_config_in, ai_config_fields);

struct ai_test_api_in { const char *participant, *message, *api_key; int64_t history_limit; bool use_latest_message; };
static const struct form_field ai_test_api_fields[] = {
    FORM_TEXT(struct ai_test_api_in, participant, 0, 40, 0),
    FORM_TEXT(struct ai_test_api_in, message, 0, 4000, MULTILINE),
    FORM_TEXT(struct ai_test_api_in, api_key, 0, MODEL_KEY_MOST, 0),
    FORM_INT(struct ai_test_api_in, history_limit, 1, HISTORY_MOST, HISTORY_DEFAULT, CLAMP),
    FORM_BOOL(struct ai_test_api_in, use_latest_message, true),
};
const struct form ai_test_api_form = FORM(struct ai_test_api_in, ai_test_api_fields);

struct ai_send_in { const char *participant, *latest, *api_key; int64_t history_limit; };
static const struct form_field ai_send_fields[] = {
    FORM_TEXT(struct ai_send_in, participant, 0, 40, 0),
    FORM_TEXT(struct ai_send_in, latest, 0, 4000, MULTILINE),
    FORM_TEXT(struct ai_send_in, api_key, 0, MODEL_KEY_MOST, 0),
    FORM_INT(struct ai_send_in, history_limit, 1, HISTORY_MOST, HISTORY_DEFAULT, CLAMP),
};
const struct form ai_send_form = FORM(struct ai_send_in, ai_send_fields);

struct ai_reply_in { const char *inbound_from, *inbound_to, *latest, *api_key; int64_t history_limit; };
static const struct form_field ai_reply_fields[] = {
    FORM_TEXT(struct ai_reply_in, inbound_from, 1, 40, REQUIRED),
    FORM_TEXT(struct ai_reply_in, inbound_to, 1, 40, REQUIRED),
    FORM_TEXT(struct ai_reply_in, latest, 0, 4000, MULTILINE),
    FORM_TEXT(struct ai_reply_in, api_key, 0, MODEL_KEY_MOST, 0),
    FORM_INT(struct ai_reply_in, history_limit, 1, HISTORY_MOST, HISTORY_DEFAULT, CLAMP),
};
const struct form ai_reply_form = FORM(struct ai_reply_in, ai_reply_fields);

struct ai_conversation_in { const char *participant; int64_t limit; };
static const struct form_field ai_conversation_fields[] = {
    FORM_TEXT(struct ai_conversation_in, participant, 0, 40, 0),
    FORM_INT(struct ai_conversation_in, limit, 1, 200, 50, CLAMP),
};
const struct form ai_conversation_query = FORM(struct ai_conversation_in, ai_conversation_fields);

/* ---- JSON ---- */

/* null where the profile leaves it out. */
static void temperature(struct str *out, const struct ai_profile_row *p)
{
    json_name(out, "temperature");
    str_puts(out, p->temperature ? p->temperature : "null");
    str_putc(out, ',');
}

static const char *normalised(struct request *rq, const char *typed)
{
    char e164[PHONE_MAX + 1];
    return typed && *typed && phone_parse(address_number(typed), rq->country, e164) ? arena_strdup(rq->ctx.arena, e164) : NULL;
}

static const char *given(const char *s)
{
    return s && *s ? s : NULL;
}

/* ---- settings ---- */

static int config(struct request *rq, struct response *rs)
{
    struct ai_settings s;
    if (!ai_settings(&rq->ctx, 0, &s))
        return fail(rq, rs);
    const struct ai_profile_row *p = s.profile;
    const char *mask = model_key_masked(&rq->ctx, p->provider);
    if (rq->ctx.err.code)
        return fail(rq, rs);
    json_open(&rs->body);
    json_put_bool(&rs->body, "enabled", s.on);
    json_put_text(&rs->body, "system_prompt", p->system_prompt);
    json_put_text(&rs->body, "target_number", p->target_number);
    json_put_text(&rs->body, "target_number_normalized", normalised(rq, p->target_number));
    json_put_text(&rs->body, "model", p->model);
    temperature(&rs->body, p);
    json_put_text(&rs->body, "provider", p->provider);
    json_put_text(&rs->body, "mode", p->automatic ? "automatic" : "draft");
    json_put_time(&rs->body, "updated_at", p->updated_ms);
    json_put_bool(&rs->body, "has_api_key", mask != NULL);
    json_put_text(&rs->body, "api_key_preview", mask ? mask : "");
    json_close(&rs->body);
    return json_done(rs, 200);
}

int ai_config_api(struct request *rq, struct response *rs) /* GET /api/ai/config */
{
    return config(rq, rs);
}

/* Who first sets the AI up by this call gets what the predecessor did, automatic answers; on the page one chooses, and what was
 * chosen stays. */
static bool read_mode(struct ctx *ctx, const struct ai_config_in *in, struct ai_profile_row *p)
{
    const char *mode = given(in->mode);
    if (mode && strcmp(mode, "draft") != 0 && strcmp(mode, "automatic") != 0)
        return err_field(ctx, "mode", N_("Choose draft or automatic."));
    if (mode)
        p->automatic = strcmp(mode, "automatic") == 0;
    else if (p->updated_ms == CLOCK_NONE)
        p->automatic = true;
    return true;
}

/* What is not sent stays as it is; a mistake stores nothing. */
static bool change(struct ctx *ctx, const struct ai_config_in *in)
{
    const struct ai_profile_row *now = ai_profile_get(ctx, 0);
    if (!now)
        return false;
    struct ai_profile_row p = *now;
    bool on = in->enabled == SWITCH_ON, key = given(in->api_key) != NULL;
    if (in->system_prompt)
        p.system_prompt = in->system_prompt;
    if (in->target_number)
        p.target_number = in->target_number;
    if (given(in->model))
        p.model = in->model;
    if (in->temperature)
        p.temperature = in->temperature;
    bool changed = in->system_prompt || in->target_number || given(in->model) || in->temperature || given(in->mode) || (on && now->updated_ms == CLOCK_NONE);
    if (!read_mode(ctx, in, &p) || !ai_profile_check(ctx, &p) || (on && !key && !ai_key_there(ctx, p.provider, "enabled")) ||
        (key && !model_key_put(ctx, p.provider, in->api_key)))
        return false;
    return (!changed || ai_profile_put(ctx, &p)) && (in->enabled == SWITCH_UNSAID || ai_switch(ctx, 0, on ? "on" : "off"));
}

int ai_config_save_api(struct request *rq, struct response *rs) /* POST /api/ai/config */
{
    return change(&rq->ctx, rq->in) ? config(rq, rs) : fail(rq, rs);
}

int openai_status_api(struct request *rq, struct response *rs) /* GET /api/openai/status */
{
    const struct ai_profile_row *p = ai_profile_get(&rq->ctx, 0);
    const char *mask = p ? model_key_masked(&rq->ctx, PROVIDER_OPENAI) : NULL;
    if (!p || rq->ctx.err.code)
        return fail(rq, rs);
    json_open(&rs->body);
    json_put_bool(&rs->body, "enabled", mask != NULL);
    json_put_text(&rs->body, "chat_model", p->model);
    json_put_text(&rs->body, "embedding_model", NULL);
    json_put_text(&rs->body, "api_key_masked", mask ? mask : "");
    json_close(&rs->body);
    return json_done(rs, 200);
}

/* ---- asking ---- */

/* 502 with the provider's words, as the predecessor did. */
static int refused(struct request *rq, struct response *rs, const char *problem)
{
    err_text(&rq->ctx, ERR_UPSTREAM, problem, "no answer of the model");
    return fail(rq, rs);
}

int ai_test_api(struct request *rq, struct response *rs) /* POST /api/ai/test: nothing is sent */
{
    const struct ai_test_api_in *in = rq->in;
    struct console c;
    struct console_wish wish = { .participant = in->participant, .message = in->message, .api_key = in->api_key, .history = (int)in->history_limit, .test = true };
    if (!given(in->message) && !in->use_latest_message)
        wish.participant = NULL;
    if (!console_ask(&rq->ctx, &wish, &c))
        return fail(rq, rs);
    const char *problem = console_problem(&c);
    if (problem)
        return refused(rq, rs, problem);
    json_open(&rs->body);
    json_put_text(&rs->body, "input", c.input);
    json_put_text(&rs->body, "reply", c.thought.text);
    json_put_text(&rs->body, "model", c.profile->model);
    temperature(&rs->body, c.profile);
    json_put_int(&rs->body, "history_limit", c.history);
    json_put_bool(&rs->body, "connection_ok", true);
    if (given(in->participant)) {
        json_put_text(&rs->body, "participant", in->participant);
        json_put_text(&rs->body, "participant_normalized", normalised(rq, in->participant));
        json_put_bool(&rs->body, "used_latest_message", c.used_latest);
        json_put_text(&rs->body, "latest_message", c.latest);
    }
    json_put_bool(&rs->body, "fallback_used", c.fallback);
    json_close(&rs->body);
    return json_done(rs, 200);
}

/* Asks and sends; false when the answer is made already. */
static bool ask_and_send(struct request *rq, struct response *rs, const struct console_wish *wish, struct console *c, struct send_result *sent, int *status)
{
    if (!console_ask(&rq->ctx, wish, c)) {
        *status = fail(rq, rs);
        return false;
    }
    const char *problem = console_problem(c);
    if (problem) {
        *status = refused(rq, rs, problem);
        return false;
    }
    if (!console_send(&rq->ctx, c, sent)) {
        *status = fail(rq, rs);
        return false;
    }
    if (strcmp(sent->status, "failed") == 0) { /* stored, with Twilio's words */
        *status = refused(rq, rs, sent->error ? sent->error : N_("The provider refused or failed."));
        return false;
    }
    return true;
}

static int sent_answer(struct request *rq, struct response *rs, const struct console *c, const struct send_result *sent, bool reply)
{
    const struct conversation_row *to = inbox_conversation(&rq->ctx, sent->conversation_id);
    const char *from = to ? inbox_line_address(&rq->ctx, to) : NULL;
    err_clear(&rq->ctx); /* it is out: what cannot be shown is left away */
    json_open(&rs->body);
    json_put_text(&rs->body, "to", c->to);
    if (reply)
        json_put_text(&rs->body, "from", from);
    else
        json_put_text(&rs->body, "to_normalized", address_number(c->to));
    json_put_text(&rs->body, "body", c->thought.text);
    json_put_text(&rs->body, "sid", sent->sid);
    json_put_text(&rs->body, "status", sent->status);
    json_put_text(&rs->body, "model", c->profile->model);
    temperature(&rs->body, c->profile);
    json_put_int(&rs->body, "history_limit", c->history);
    if (!reply)
        json_put_text(&rs->body, "origin_number", from);
    json_close(&rs->body);
    return json_done(rs, 201);
}

int ai_send_api(struct request *rq, struct response *rs) /* POST /api/ai/send */
{
    const struct ai_send_in *in = rq->in;
    const struct ai_profile_row *p = ai_profile_get(&rq->ctx, 0);
    struct console c;
    struct send_result sent;
    int status;
    if (!p)
        return fail(rq, rs);
    struct console_wish wish = { .participant = given(in->participant) ? in->participant : p->target_number, .message = in->latest, .api_key = in->api_key,
                                 .history = (int)in->history_limit };
    if (!given(wish.participant)) {
        err_field(&rq->ctx, "participant", N_("Write the number with its country code, for example +48 500 100 100."));
        return fail(rq, rs);
    }
    return ask_and_send(rq, rs, &wish, &c, &sent, &status) ? sent_answer(rq, rs, &c, &sent, false) : status;
}

int ai_reply_api(struct request *rq, struct response *rs) /* POST /api/ai/reply */
{
    const struct ai_reply_in *in = rq->in;
    struct console c;
    struct send_result sent;
    int status;
    struct console_wish wish = { .participant = in->inbound_from, .line_address = in->inbound_to, .message = in->latest, .api_key = in->api_key,
                                 .history = (int)in->history_limit };
    return ask_and_send(rq, rs, &wish, &c, &sent, &status) ? sent_answer(rq, rs, &c, &sent, true) : status;
}

int ai_conversation_api(struct request *rq, struct response *rs) /* GET /api/ai/conversation, oldest first */
{
    const struct ai_conversation_in *in = rq->in;
    const struct ai_profile_row *p = ai_profile_get(&rq->ctx, 0);
    const char *participant = given(in->participant) ? in->participant : p ? p->target_number : "";
    const struct conversation_row *c = given(participant) ? inbox_conversation_with(&rq->ctx, participant) : NULL;
    struct page page = { .ok = true };
    if (c)
        page = inbox_messages(&rq->ctx, c->id, 0, (int)in->limit);
    const char *line = c ? inbox_line_address(&rq->ctx, c) : NULL;
    if (rq->ctx.err.code || !page.ok)
        return fail(rq, rs);
    const struct message_row *m = page.row;
    json_open(&rs->body);
    json_put_text(&rs->body, "participant", participant);
    json_name(&rs->body, "items");
    str_putc(&rs->body, '[');
    size_t shown = 0;
    for (size_t i = page.n; i-- > 0;) {
        if (m[i].direction == NOTE)
            continue;
        if (shown++)
            str_putc(&rs->body, ',');
        shape_chat_message(&rs->body, &m[i], c, line);
    }
    STR_LIT(&rs->body, "],");
    json_close(&rs->body);
    return json_done(rs, 200);
}
