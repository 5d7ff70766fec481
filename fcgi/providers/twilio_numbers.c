/* twilio_numbers.c - numbers and Messaging Services: addresses and bodies out, JSON in. */
#include "base/base.h"
#include "providers/twilio_numbers.h"
#include "providers/twilio_internal.h"
#include "base/json.h"

enum { FORM_MOST = 8 * 1024, SERVICES_PAGE = 50, SERVICE_NUMBERS_PAGE = 1000 };

bool twilio_numbers_call(struct arena *a, const struct conf *conf, const struct twilio_account *acc, const char *number, int size,
                         const char *next, struct call *call)
{
    struct str query;
    str_init(&query, a, 128, TWILIO_URL_MOST / 2);
    twilio_form_add(&query, "PhoneNumber", number);
    twilio_form_int(&query, "PageSize", size);
    return twilio_page_call(a, conf, acc, "/IncomingPhoneNumbers.json", &query, next, (int)conf->twilio_inline_limit_ms, call);
}

static const char *text(struct arena *a, const struct json *j, const char *key)
{
    const char *s = json_get_text(j, key, "");
    return twilio_clean(a, s, strlen(s));
}

static bool flag(const struct json *j, const char *key)
{
    return json_bool(json_get(j, key), false);
}

static bool read_number(struct arena *a, const struct json *j, struct twilio_number *out)
{
    const struct json *can = json_get(j, "capabilities");
    *out = (struct twilio_number){
        .sid = text(a, j, "sid"), .number = text(a, j, "phone_number"), .name = text(a, j, "friendly_name"), .sms_url = json_get_text(j, "sms_url", ""),
        .sms_method = text(a, j, "sms_method"), .sms_application_sid = text(a, j, "sms_application_sid"), .sms = flag(can, "sms"), .mms = flag(can, "mms"),
    };
    return strncmp(out->sid, "PN", 2) == 0 && *out->number;
}

/* False: `out` has the reason. The body of a 2xx is not repeated: it is not a refusal. */
static bool understood(struct arena *a, const struct answer *answer, const struct json *list, struct twilio_numbers *out)
{
    if (answer->class != CALL_OK)
        twilio_read_refusal(a, answer, &out->code, &out->message);
    else if (json_kind(list) != JSON_LIST)
        out->message = "the answer is not a list";
    else
        return true;
    return false;
}

static bool read_numbers(struct arena *a, const struct json *list, struct twilio_numbers *out)
{
    out->v = ARENA_ARRAY(a, struct twilio_number, json_len(list) + 1);
    for (const struct json *j = json_first(list); j; j = json_next(j))
        if (!read_number(a, j, &out->v[out->n++])) {
            out->message = "an entry of the list is no number";
            return false;
        }
    return true;
}

void twilio_numbers_result(struct arena *a, const struct twilio_account *acc, const struct answer *answer, struct twilio_numbers *out)
{
    *out = (struct twilio_numbers){ .ok = false };
    const struct json *j = answer->class == CALL_OK ? json_parse(a, answer->body, answer->body_len) : NULL;
    const struct json *list = json_get(j, "incoming_phone_numbers");
    if (!understood(a, answer, list, out))
        return;
    out->next = json_get_text(j, "next_page_uri", NULL);
    if (out->next && !twilio_next_is_ours(a, acc, out->next)) {
        out->next = NULL;
        out->message = "the next page leaves the account";
        return;
    }
    out->ok = read_numbers(a, list, out);
}

void twilio_number_call(struct arena *a, const struct conf *conf, const struct twilio_account *acc, const char *sid, const char *sms_url,
                        struct call *call)
{
    struct str url, form;
    twilio_url_account(&url, a, acc);
    STR_LIT(&url, "/IncomingPhoneNumbers/");
    str_url(&url, sid, strlen(sid));
    STR_LIT(&url, ".json");
    str_init(&form, a, 256, FORM_MOST);
    twilio_form_add(&form, "SmsUrl", sms_url);
    twilio_form_add(&form, "SmsMethod", "POST");
    BUG_IF(form.full);
    *call = twilio_authorised(conf, acc, "POST", &url, (int)conf->twilio_inline_limit_ms);
    call->body = form.s;
    call->body_len = form.len;
    call->content_type = "application/x-www-form-urlencoded";
}

void twilio_number_result(struct arena *a, const struct answer *answer, struct twilio_numbers *out)
{
    *out = (struct twilio_numbers){ .ok = false };
    const struct json *j = answer->class == CALL_OK ? json_parse(a, answer->body, answer->body_len) : NULL;
    out->v = ARENA_NEW(a, struct twilio_number);
    if (j && read_number(a, j, out->v)) {
        out->ok = true;
        out->n = 1;
    } else if (answer->class == CALL_OK) {
        out->message = "the answer is no number";
    } else {
        twilio_read_refusal(a, answer, &out->code, &out->message);
    }
}

static void url_services(struct str *url, struct arena *a, const struct conf *conf, const char *sid)
{
    twilio_url_base(url, a, conf->twilio_messaging_base);
    STR_LIT(url, "/v1/Services");
    if (sid) {
        str_putc(url, '/');
        str_url(url, sid, strlen(sid));
    }
}

void twilio_services_call(struct arena *a, const struct conf *conf, const struct twilio_account *acc, const char *sid, struct call *call)
{
    struct str url;
    url_services(&url, a, conf, sid);
    if (!sid)
        str_printf(&url, "?PageSize=%d", SERVICES_PAGE);
    *call = twilio_authorised(conf, acc, "GET", &url, (int)conf->twilio_inline_limit_ms);
}

static bool read_service(struct arena *a, const struct json *j, struct twilio_service *out)
{
    *out = (struct twilio_service){ .sid = text(a, j, "sid"), .name = text(a, j, "friendly_name"), .inbound_url = json_get_text(j, "inbound_request_url", ""),
                                    .defers = flag(j, "use_inbound_webhook_on_number") };
    return strncmp(out->sid, "MG", 2) == 0;
}

void twilio_services_result(struct arena *a, const struct answer *answer, struct twilio_services *out)
{
    *out = (struct twilio_services){ .ok = false };
    if (answer->class != CALL_OK) {
        twilio_read_refusal(a, answer, &out->code, &out->message);
        return;
    }
    const struct json *j = json_parse(a, answer->body, answer->body_len), *list = json_get(j, "services");
    bool one = json_kind(list) != JSON_LIST;
    out->v = ARENA_ARRAY(a, struct twilio_service, (one ? 1 : json_len(list)) + 1);
    for (const struct json *s = one ? j : json_first(list); s; s = one ? NULL : json_next(s))
        if (read_service(a, s, &out->v[out->n]))
            out->n++;
    out->ok = one ? out->n == 1 : out->n == json_len(list);
    if (!out->ok)
        out->message = "the answer is no service";
}

void twilio_service_numbers_call(struct arena *a, const struct conf *conf, const struct twilio_account *acc, const char *sid, struct call *call)
{
    struct str url;
    url_services(&url, a, conf, sid);
    str_printf(&url, "/PhoneNumbers?PageSize=%d", SERVICE_NUMBERS_PAGE);
    *call = twilio_authorised(conf, acc, "GET", &url, (int)conf->twilio_inline_limit_ms);
}

void twilio_service_numbers_result(struct arena *a, const struct answer *answer, struct twilio_numbers *out)
{
    *out = (struct twilio_numbers){ .ok = false };
    const struct json *j = answer->class == CALL_OK ? json_parse(a, answer->body, answer->body_len) : NULL;
    const struct json *list = json_get(j, "phone_numbers");
    out->ok = understood(a, answer, list, out) && read_numbers(a, list, out);
}
