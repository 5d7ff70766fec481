/* twilio.c - Twilio's 2010-04-01 API: bodies and addresses out, JSON in. */
#include "base/base.h"
#include "providers/twilio_internal.h"
#include "base/json.h"
#include "base/str.h"
#include "base/utf8.h"

enum {
    FORM_MOST = 64 * 1024,
    PAGE_SIZE = 50,
    LIST_MOST = 4 * 1024 * 1024, /* an answer with PAGE_SIZE messages is about 100 KiB */
    SID_LENGTH = 34
};

static const char *const accept_json[] = { "Accept: application/json", NULL };

void twilio_form_add(struct str *form, const char *name, const char *value)
{
    if (!value)
        return;
    if (form->len)
        str_putc(form, '&');
    str_puts(form, name);
    str_putc(form, '=');
    str_url(form, value, strlen(value));
}

void twilio_form_int(struct str *form, const char *name, int64_t value)
{
    char b[24];
    snprintf(b, sizeof b, "%" PRId64, value);
    twilio_form_add(form, name, b);
}

/* Midnight GMT of that day. */
static void form_day(struct str *form, const char *name, int64_t ms)
{
    if (ms == CLOCK_NONE)
        return;
    enum { DAY = 24 * 3600 * 1000 };
    char iso[CLOCK_ISO_MAX];
    clock_iso(ms - (ms % DAY + DAY) % DAY, false, iso);
    twilio_form_add(form, name, iso);
}

void twilio_url_base(struct str *url, struct arena *a, const char *base)
{
    size_t n = strlen(base);
    while (n && base[n - 1] == '/')
        n--;
    str_init(url, a, 256, TWILIO_URL_MOST);
    str_add(url, base, n);
}

void twilio_url_account(struct str *url, struct arena *a, const struct twilio_account *acc)
{
    twilio_url_base(url, a, acc->api_base);
    STR_LIT(url, "/2010-04-01/Accounts/");
    str_url(url, acc->sid, strlen(acc->sid));
}

struct call twilio_authorised(const struct conf *conf, const struct twilio_account *acc, const char *method, const struct str *url, int limit_ms)
{
    BUG_IF(url->full);
    return (struct call){
        .method = method,
        .url = url->s,
        .user = acc->user,
        .password = acc->password,
        .headers = accept_json,
        .connect_limit_ms = (int)conf->twilio_connect_limit_ms,
        .limit_ms = limit_ms,
        .most = LIST_MOST,
    };
}

void twilio_send_call(struct arena *a, const struct conf *conf, const struct twilio_account *acc,
                      const struct twilio_message *m, int limit_ms, struct call *call)
{
    struct str url, form;
    twilio_url_account(&url, a, acc);
    STR_LIT(&url, "/Messages.json");
    str_init(&form, a, 512, FORM_MOST);
    twilio_form_add(&form, "To", m->to);
    twilio_form_add(&form, "StatusCallback", m->status_callback);
    if (m->validity_s)
        twilio_form_int(&form, "ValidityPeriod", m->validity_s);
    twilio_form_add(&form, "ContentVariables", m->content_variables);
    twilio_form_add(&form, "From", m->from);
    twilio_form_add(&form, "MessagingServiceSid", m->messaging_service_sid);
    twilio_form_add(&form, "Body", m->body);
    for (const char *const *media = m->media_urls; media && *media; media++)
        twilio_form_add(&form, "MediaUrl", *media);
    twilio_form_add(&form, "ContentSid", m->content_sid);
    BUG_IF(form.full); /* forms limit bodies to 1600 characters and ten media */
    *call = twilio_authorised(conf, acc, "POST", &url, limit_ms);
    call->body = form.s;
    call->body_len = form.len;
    call->content_type = "application/x-www-form-urlencoded";
}

const char *twilio_clean(struct arena *a, const char *s, size_t n)
{
    char *out = arena_alloc(a, TWILIO_WORDS_MOST + 1), *o = out;
    for (size_t i = 0, step; i < n; i += step) {
        unsigned char c = (unsigned char)s[i];
        step = utf8_step(s + i, n - i);
        if ((size_t)(o - out) + (step ? step : 1) > TWILIO_WORDS_MOST)
            break;
        if (step == 0) {
            step = 1;
            *o++ = '?';
        } else if (c < 0x20 || c == 0x7f) {
            *o++ = ' ';
        } else {
            memcpy(o, s + i, step);
            o += step;
        }
    }
    *o = 0;
    return out;
}

void twilio_read_refusal(struct arena *a, const struct answer *answer, int *code, const char **message)
{
    const struct json *j = json_parse(a, answer->body, answer->body_len);
    static const char *const names[] = { "message", "detail", "title" };
    const char *words = NULL;
    for (size_t i = 0; !words && i < ARRAY_LEN(names); i++)
        words = json_get_text(j, names[i], NULL);
    int64_t n = json_get_int(j, "code", 0);
    *code = n > 0 && n < 1000000 ? (int)n : 0;
    if (words)
        *message = twilio_clean(a, words, strlen(words));
    else if (answer->body_len)
        *message = twilio_clean(a, answer->body, answer->body_len);
    else
        *message = *answer->problem ? twilio_clean(a, answer->problem, strlen(answer->problem)) : NULL;
}

static bool is_message_sid(const char *s)
{
    return s && strlen(s) == SID_LENGTH && (strncmp(s, "SM", 2) == 0 || strncmp(s, "MM", 2) == 0) &&
           strspn(s + 2, "0123456789abcdefABCDEF") == SID_LENGTH - 2;
}

static int64_t read_time(const struct json *j, const char *key)
{
    const char *s = json_get_text(j, key, NULL);
    int64_t ms;
    return s && clock_parse_rfc2822(s, &ms) ? ms : CLOCK_NONE;
}

static int read_int(const struct json *j, const char *key)
{
    int64_t n = json_get_int(j, key, 0);
    return n > 0 && n < 1000000 ? (int)n : 0;
}

/* False when it is no message of Twilio's. */
static bool read_message(struct arena *a, const struct json *j, struct twilio_listed *out)
{
    const char *words = json_get_text(j, "error_message", NULL);
    *out = (struct twilio_listed){
        .sid = json_get_text(j, "sid", NULL),
        .status = json_get_text(j, "status", NULL),
        .direction = json_get_text(j, "direction", ""),
        .from = json_get_text(j, "from", NULL),
        .to = json_get_text(j, "to", NULL),
        .body = json_get_text(j, "body", ""),
        .messaging_service_sid = json_get_text(j, "messaging_service_sid", NULL),
        .error_message = words ? twilio_clean(a, words, strlen(words)) : NULL,
        .price = json_get_text(j, "price", NULL),
        .price_unit = json_get_text(j, "price_unit", NULL),
        .error_code = read_int(j, "error_code"),
        .num_segments = read_int(j, "num_segments"),
        .num_media = read_int(j, "num_media"),
        .created_ms = read_time(j, "date_created"),
        .sent_ms = read_time(j, "date_sent"),
        .updated_ms = read_time(j, "date_updated"),
    };
    return is_message_sid(out->sid) && out->status;
}

void twilio_send_result(struct arena *a, const struct answer *answer, struct twilio_result *out)
{
    *out = (struct twilio_result){ .class = answer->class, .retry_after_ms = answer->retry_after_ms };
    struct twilio_listed m;
    if (answer->class == CALL_OK && twilio_fetch_result(a, answer, &m)) {
        out->sid = m.sid;
        out->status = m.status;
        out->code = m.error_code;
        out->message = m.error_message;
        out->segments = m.num_segments;
        out->from = m.from;
        return;
    }
    if (answer->status >= 200 && answer->status < 300) { /* accepted perhaps, but we cannot tell under which SID */
        out->class = CALL_UNKNOWN;
        out->message = *answer->problem ? answer->problem : "the answer names no message"; /* not its body: the customer's text is in it */
        return;
    }
    twilio_read_refusal(a, answer, &out->code, &out->message);
}

bool twilio_next_is_ours(struct arena *a, const struct twilio_account *acc, const char *next)
{
    const char *start = arena_printf(a, "/2010-04-01/Accounts/%s/", acc->sid);
    if (strncmp(next, start, strlen(start)) != 0 || strlen(next) > TWILIO_URL_MOST / 2)
        return false;
    size_t path = strcspn(next, "?");
    for (size_t i = 0; next[i]; i++)
        if (next[i] <= ' ' || next[i] > '~' || next[i] == '\\' || next[i] == '#' || (i < path && next[i] == '%'))
            return false;
    for (const char *s = next; s < next + path; s += strcspn(s, "/"))
        if (*++s == '.')
            return false;
    return true;
}

bool twilio_page_call(struct arena *a, const struct conf *conf, const struct twilio_account *acc, const char *path, const struct str *query, const char *next,
                      int limit_ms, struct call *call)
{
    struct str url;
    if (next) {
        if (!twilio_next_is_ours(a, acc, next))
            return false;
        twilio_url_base(&url, a, acc->api_base);
        str_puts(&url, next);
    } else {
        twilio_url_account(&url, a, acc);
        str_puts(&url, path);
        str_putc(&url, '?');
        str_add(&url, query->s, query->len);
    }
    *call = twilio_authorised(conf, acc, "GET", &url, limit_ms);
    return true;
}

bool twilio_find_call(struct arena *a, const struct conf *conf, const struct twilio_account *acc, const struct twilio_filter *f, const char *next, struct call *call)
{
    struct str query;
    str_init(&query, a, 256, TWILIO_URL_MOST / 2);
    twilio_form_add(&query, "To", f->to);
    twilio_form_add(&query, "From", f->from);
    form_day(&query, "DateSent", f->day_ms);
    form_day(&query, "DateSent%3C", f->before_ms);
    form_day(&query, "DateSent%3E", f->after_ms);
    twilio_form_int(&query, "PageSize", f->page_size > 0 ? f->page_size : PAGE_SIZE);
    return twilio_page_call(a, conf, acc, "/Messages.json", &query, next, (int)conf->twilio_limit_ms, call);
}

bool twilio_list_call(struct arena *a, const struct conf *conf, const struct twilio_account *acc, const char *to,
                      const char *from, int64_t since_ms, const char *next, struct call *call)
{
    const struct twilio_filter filter = { .to = to, .from = from, .day_ms = CLOCK_NONE, .before_ms = CLOCK_NONE, .after_ms = since_ms };
    return twilio_find_call(a, conf, acc, &filter, next, call);
}

void twilio_list_result(struct arena *a, const struct twilio_account *acc, const struct answer *answer, struct twilio_page *out)
{
    *out = (struct twilio_page){ .ok = false };
    if (answer->class != CALL_OK)
        return;
    const struct json *j = json_parse(a, answer->body, answer->body_len);
    const struct json *list = json_get(j, "messages"), *next = json_get(j, "next_page_uri");
    if (json_kind(list) != JSON_LIST || !next || (json_kind(next) != JSON_NULL && json_kind(next) != JSON_TEXT))
        return;
    out->next = json_text(next, NULL);
    if (out->next && !twilio_next_is_ours(a, acc, out->next)) {
        out->next = NULL;
        return;
    }
    size_t n = json_len(list);
    out->v = ARENA_ARRAY(a, struct twilio_listed, n);
    for (const struct json *m = json_first(list); m; m = json_next(m))
        if (!read_message(a, m, &out->v[out->n++]))
            return;
    out->ok = true;
}

void twilio_fetch_call(struct arena *a, const struct conf *conf, const struct twilio_account *acc, const char *sid, struct call *call)
{
    struct str url;
    twilio_url_account(&url, a, acc);
    STR_LIT(&url, "/Messages/");
    str_url(&url, sid, strlen(sid));
    STR_LIT(&url, ".json");
    *call = twilio_authorised(conf, acc, "GET", &url, (int)conf->twilio_limit_ms);
}

bool twilio_fetch_result(struct arena *a, const struct answer *answer, struct twilio_listed *out)
{
    *out = (struct twilio_listed){ .created_ms = CLOCK_NONE, .sent_ms = CLOCK_NONE, .updated_ms = CLOCK_NONE };
    return answer->class == CALL_OK && read_message(a, json_parse(a, answer->body, answer->body_len), out);
}

void twilio_account_call(struct arena *a, const struct conf *conf, const struct twilio_account *acc, struct call *call)
{
    struct str url;
    twilio_url_account(&url, a, acc);
    STR_LIT(&url, ".json");
    *call = twilio_authorised(conf, acc, "GET", &url, (int)conf->twilio_inline_limit_ms);
}

void twilio_account_result(struct arena *a, const struct answer *answer, struct twilio_account_state *out)
{
    *out = (struct twilio_account_state){ .status = "", .type = "" };
    const struct json *j = answer->class == CALL_OK ? json_parse(a, answer->body, answer->body_len) : NULL;
    const char *status = json_get_text(j, "status", NULL);
    if (!status && answer->class == CALL_OK) { /* not repeated: the Auth Token is in it */
        out->message = "the answer is no account";
        return;
    }
    if (!status) {
        twilio_read_refusal(a, answer, &out->code, &out->message);
        return;
    }
    out->ok = true;
    out->status = status;
    out->type = json_get_text(j, "type", "");
}
