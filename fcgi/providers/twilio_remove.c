/* twilio_remove.c - redact, cancel, delete: addresses out, verdicts in. */
#include "base/base.h"
#include "base/json.h"
#include "base/str.h"
#include "providers/twilio_remove.h"

enum { URL_MOST = 1024, SID_LENGTH = 34, TOO_EARLY = 20009 };

/* …/Messages/{sid}{tail}, {media} and .json behind it. */
static struct call call_to(struct arena *a, const struct conf *conf, const struct twilio_account *acc, const char *method, const char *sid, const char *tail,
                           const char *media, int limit_ms)
{
    static const char *const accept_json[] = { "Accept: application/json", NULL };
    struct str url;
    size_t base = strlen(acc->api_base);
    while (base && acc->api_base[base - 1] == '/')
        base--;
    str_init(&url, a, 256, URL_MOST);
    str_add(&url, acc->api_base, base);
    STR_LIT(&url, "/2010-04-01/Accounts/");
    str_url(&url, acc->sid, strlen(acc->sid));
    STR_LIT(&url, "/Messages/");
    str_url(&url, sid, strlen(sid));
    str_puts(&url, tail);
    if (media)
        str_url(&url, media, strlen(media));
    STR_LIT(&url, ".json");
    BUG_IF(url.full);
    return (struct call){ .method = method, .url = url.s, .user = acc->user, .password = acc->password, .headers = accept_json,
                          .connect_limit_ms = (int)conf->twilio_connect_limit_ms, .limit_ms = limit_ms };
}

static void form(struct call *call, const char *body)
{
    call->body = body;
    call->body_len = strlen(body);
    call->content_type = "application/x-www-form-urlencoded";
}

void twilio_redact_call(struct arena *a, const struct conf *conf, const struct twilio_account *acc, const char *sid, int limit_ms, struct call *call)
{
    *call = call_to(a, conf, acc, "POST", sid, "", NULL, limit_ms);
    form(call, "Body=");
}

void twilio_cancel_call(struct arena *a, const struct conf *conf, const struct twilio_account *acc, const char *sid, int limit_ms, struct call *call)
{
    *call = call_to(a, conf, acc, "POST", sid, "", NULL, limit_ms);
    form(call, "Status=canceled");
}

void twilio_delete_call(struct arena *a, const struct conf *conf, const struct twilio_account *acc, const char *sid, int limit_ms, struct call *call)
{
    *call = call_to(a, conf, acc, "DELETE", sid, "", NULL, limit_ms);
}

void twilio_media_list_call(struct arena *a, const struct conf *conf, const struct twilio_account *acc, const char *sid, int limit_ms, struct call *call)
{
    *call = call_to(a, conf, acc, "GET", sid, "/Media", NULL, limit_ms);
}

void twilio_media_delete_call(struct arena *a, const struct conf *conf, const struct twilio_account *acc, const char *sid, const char *media, int limit_ms,
                              struct call *call)
{
    *call = call_to(a, conf, acc, "DELETE", sid, "/Media/", media, limit_ms);
}

void twilio_removed_result(struct arena *a, const struct answer *answer, struct twilio_removed *out)
{
    *out = (struct twilio_removed){ .end = TWILIO_REMOVED, .http = answer->status, .retry_after_ms = answer->retry_after_ms };
    if (answer->class == CALL_OK)
        return;
    struct twilio_result r;
    twilio_send_result(a, answer, &r);
    out->code = r.code;
    out->words = r.message;
    out->absent = answer->class == CALL_REFUSED && answer->status == 404;
    if (out->absent)
        return;
    out->end = answer->class == CALL_REFUSED && r.code != TOO_EARLY ? TWILIO_REFUSED : TWILIO_LATER;
}

static bool is_media_sid(const char *s)
{
    return s && strlen(s) == SID_LENGTH && strncmp(s, "ME", 2) == 0 && strspn(s + 2, "0123456789abcdefABCDEF") == SID_LENGTH - 2;
}

int twilio_media_list_result(struct arena *a, const struct answer *answer, const char **sids, int most)
{
    const struct json *list = answer->class == CALL_OK ? json_get(json_parse(a, answer->body, answer->body_len), "media_list") : NULL;
    if (json_kind(list) != JSON_LIST)
        return -1;
    int n = 0;
    for (const struct json *m = json_first(list); m && n < most; m = json_next(m)) {
        const char *sid = json_get_text(m, "sid", NULL);
        if (!is_media_sid(sid))
            return -1;
        sids[n++] = sid;
    }
    return n;
}
