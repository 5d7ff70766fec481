/* model.c - asking a language model: what both dialects share, where calls may go, what an answer's status means, and when
 * to ask again. */
#include "base/base.h"
#include "base/crypto.h"
#include "base/utf8.h"
#include "providers/model_parts.h"
#include "providers/public.h"
#include <strings.h>

enum {
    TURNS_MOST = 400 * 1024,
    SYSTEM_MOST = 64 * 1024,
    BODY_MOST = 8 * 1024 * 1024, /* room for all of that, each byte written as six */
    TEXT_MOST = 1024 * 1024, /* no answer is larger */
    ERROR_MOST = 64 * 1024,  /* a larger one is not taken apart */
    WORDS_MOST = 500,
    BASE_MOST = 200,
    WAIT_MOST_MS = 60 * 1000,
    WAIT_FIRST_MS = 500
};

/* ---- texts ---- */

static bool is_control(uint32_t c)
{
    return (c < 0x20 && c != '\n' && c != '\t') || (c >= 0x7f && c < 0xa0);
}

const char *model_clean(struct arena *a, const char *s, size_t most)
{
    s += strspn(s, " \t\r\n");
    size_t n = strlen(s);
    char *out = arena_alloc(a, (n < most ? n : most) + 1), *o = out;
    for (size_t i = 0, step; i < n; i += step) {
        uint32_t c;
        step = utf8_decode(s + i, n - i, &c);
        const char *from = step ? s + i : "?";
        size_t width = step ? step : 1;
        step = width;
        if (from == s + i && is_control(c))
            continue;
        if ((size_t)(o - out) + width > most)
            break;
        memcpy(o, from, width);
        o += width;
    }
    while (o > out && strchr(" \t\n", o[-1]))
        o--;
    *o = 0;
    return out;
}

const char *model_words(struct arena *a, const char *s)
{
    char *words = arena_strdup(a, model_clean(a, s, WORDS_MOST));
    for (char *c = words; *c; c++)
        if (*c == '\n' || *c == '\t')
            *c = ' ';
    return words;
}

void model_answered(struct arena *a, const char *text, struct model_result *out)
{
    const char *clean = model_clean(a, text ? text : "", TEXT_MOST);
    out->outcome = *clean ? MODEL_ANSWERED : MODEL_EMPTY;
    out->text = *clean ? clean : NULL;
}

/* ---- the request ---- */

void model_member(struct str *body, const char *name, const char *text)
{
    str_printf(body, ",\"%s\":", name);
    str_json(body, text, strlen(text));
}

void model_temperature(struct str *body, const struct model_request *rq, double most)
{
    if (!rq->has_temperature)
        return;
    double t = rq->temperature > most ? most : rq->temperature > 0 ? rq->temperature : 0;
    int hundredths = (int)(t * 100 + 0.5); /* in whole numbers: no locale puts a comma there */
    str_printf(body, ",\"temperature\":%d.%02d", hundredths / 100, hundredths % 100);
}

const char *model_system(struct arena *a, const struct model_request *rq)
{
    const char *clean = model_clean(a, rq->system ? rq->system : "", SYSTEM_MOST);
    return *clean ? clean : NULL;
}

struct messages {
    struct str *body;
    struct str text; /* of the one that is being put together */
    size_t count;
    bool ours;       /* whose it is */
};

static void end_message(struct messages *m)
{
    if (m->count > 1)
        STR_LIT(m->body, ",");
    str_puts(m->body, m->ours ? "{\"role\":\"assistant\",\"content\":" : "{\"role\":\"user\",\"content\":");
    str_json(m->body, m->text.s, m->text.len);
    STR_LIT(m->body, "}");
}

/* Joins a text to the message of the same side before it, or begins the next. */
static void add_turn(struct messages *m, bool ours, const char *text)
{
    if (m->count && m->ours == ours) {
        STR_LIT(&m->text, "\n");
    } else {
        if (m->count)
            end_message(m);
        m->count++;
        m->ours = ours;
        m->text.len = 0;
    }
    str_puts(&m->text, text);
}

static size_t length(const char *s)
{
    return s ? strlen(s) : 0;
}

/* Room at once: growing by doubling would leave the smaller copies in the arena, for each of a hundred in flight. */
void model_body(struct arena *a, struct str *body, const struct model_request *rq)
{
    size_t sum = length(rq->system);
    for (size_t i = 0; i < rq->turn_count; i++)
        sum += length(rq->turns[i].text) + 40;
    sum = sum < TURNS_MOST ? sum : TURNS_MOST;
    str_init(body, a, sum + sum / 8 + 4096, BODY_MOST);
}

/* The first turn of those that fit: the newest ones. */
static size_t first_turn(const struct model_request *rq)
{
    size_t sum = 0, i = rq->turn_count;
    while (i > 0 && (sum += length(rq->turns[i - 1].text) + 1) <= TURNS_MOST)
        i--;
    return i == rq->turn_count && i > 0 ? i - 1 : i; /* the last one always, cut if need be */
}

void model_messages(struct arena *a, struct str *body, const struct model_request *rq, const char *system)
{
    struct messages m = { .body = body };
    str_init(&m.text, a, 1024, TURNS_MOST + 1024);
    STR_LIT(body, ",\"messages\":[");
    if (system) {
        STR_LIT(body, "{\"role\":\"system\",\"content\":");
        str_json(body, system, strlen(system));
        STR_LIT(body, "},");
    }
    for (size_t i = first_turn(rq); i < rq->turn_count; i++) {
        const char *text = model_clean(a, rq->turns[i].text ? rq->turns[i].text : "", TURNS_MOST);
        if (!*text)
            continue;
        if (m.count == 0 && rq->turns[i].ours) /* a customer speaks first: Anthropic and many templates insist */
            add_turn(&m, false, "[conversation begins]");
        add_turn(&m, rq->turns[i].ours, text);
    }
    if (m.count == 0)
        add_turn(&m, false, "[no text]");
    else if (m.ours) /* else the model would go on with our own sentence, or refuse to */
        add_turn(&m, false, "[no new message]");
    end_message(&m);
    STR_LIT(body, "]");
}

static const char *operators_base(const struct conf *conf, enum model_provider provider)
{
    return provider == MODEL_ANTHROPIC ? conf->anthropic_api_base : conf->openai_api_base;
}

void model_call(struct arena *a, const struct conf *conf, const struct model_request *rq, struct call *call)
{
    const char *own = operators_base(conf, rq->provider), *base = rq->api_base && *rq->api_base ? rq->api_base : own;
    bool foreign = strcmp(base, own) != 0 && !conf->ai_allow_private;
    *call = (struct call){
        .method = "POST",
        .content_type = "application/json",
        .connect_limit_ms = (int)conf->ai_connect_limit_ms,
        .limit_ms = rq->limit_ms > 0 ? rq->limit_ms : (int)conf->ai_limit_ms,
        .https_only = foreign,
        .public_only = foreign,
    };
    if (rq->provider == MODEL_ANTHROPIC)
        anthropic_call(a, conf, rq, base, call);
    else
        openai_call(a, conf, rq, base, call);
}

const char *model_base_problem(const struct conf *conf, const char *api_base)
{
    static const char plain[] = "http://", safe[] = "https://";
    if (strcmp(api_base, conf->openai_api_base) == 0 || strcmp(api_base, conf->anthropic_api_base) == 0)
        return NULL;
    bool is_plain = strncmp(api_base, plain, strlen(plain)) == 0;
    if (strncmp(api_base, safe, strlen(safe)) != 0 && !(is_plain && conf->ai_allow_private))
        return N_("The address must begin with https://");
    const char *host = strstr(api_base, "://") + 3;
    bool bracket = *host == '[';
    size_t n = bracket ? strspn(host + 1, "0123456789abcdefABCDEF:.") : strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-");
    char name[BASE_MOST + 1];
    if (n == 0 || strlen(api_base) > BASE_MOST)
        return N_("This is not a web address");
    snprintf(name, sizeof name, "%.*s", (int)n, host + bracket);
    const char *rest = host + n + (bracket ? 1 : 0);
    if (bracket && *rest++ != ']')
        return N_("This is not a web address");
    if (*rest == ':')
        rest += 1 + strspn(rest + 1, "0123456789");
    if ((*rest && *rest != '/') || rest[strspn(rest, "/abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._~-")])
        return N_("This is not a web address");
    if ((bracket || address_text_valid(name)) && !address_text_is_public(name) && !conf->ai_allow_private)
        return N_("This address is not on the public internet");
    return NULL;
}

/* ---- the answer ---- */

/* Some servers quote the key that they refuse. */
static const char *without_key(struct arena *a, const char *words, const char *key)
{
    size_t n = key ? strlen(key) : 0;
    if (n < 4 || !strstr(words, key))
        return words;
    struct str t;
    str_init(&t, a, 256, 1024 * 1024);
    for (const char *found; (found = strstr(words, key)); words = found + n) {
        str_add(&t, words, (size_t)(found - words));
        STR_LIT(&t, "***");
    }
    str_puts(&t, words);
    return t.s;
}

/* {"error": {message, type, code}}, and what others write: {"error": "…"}, {"message": "…"}, {"detail": "…"}; else the
 * bytes as they came, which may be an edge server's page. */
static void read_error(struct arena *a, const struct model_request *rq, const struct json *j, const char *body, struct model_result *out)
{
    const struct json *error = json_get(j, "error");
    const char *words = json_get_text(error, "message", json_text(error, NULL));
    static const char *const names[] = { "message", "detail" };
    for (size_t i = 0; !words && i < ARRAY_LEN(names); i++)
        words = json_get_text(j, names[i], NULL);
    out->error = model_words(a, without_key(a, words ? words : body, rq->key));
    out->code = model_words(a, json_get_text(error, "code", json_get_text(error, "type", "")));
    if (!*out->request_id)
        out->request_id = model_words(a, json_get_text(j, "request_id", ""));
}

static bool is_about(const struct json *j, const char *what)
{
    const struct json *error = json_get(j, "error");
    return strcmp(json_get_text(error, "code", ""), what) == 0 || strcmp(json_get_text(error, "type", ""), what) == 0;
}

static enum model_outcome outcome_of(int status, const struct json *j)
{
    static const char *const quota[] = { "insufficient_quota", "billing_error", "billing_hard_limit_reached", "billing_not_active" };
    static const char *const filter[] = { "content_filter", "content_policy_violation" };
    for (size_t i = 0; i < ARRAY_LEN(quota); i++)
        if (is_about(j, quota[i]))
            return MODEL_QUOTA;
    for (size_t i = 0; status == 400 && i < ARRAY_LEN(filter); i++)
        if (is_about(j, filter[i]))
            return MODEL_FILTERED;
    switch (status) {
    case 402:
        return MODEL_QUOTA;
    case 401:
    case 403:
        return MODEL_DENIED;
    case 408:
    case 409:
    case 429:
    case 529:
        return MODEL_BUSY;
    default:
        return status >= 500 ? MODEL_DOWN : MODEL_BAD_REQUEST;
    }
}

static void read_refusal(struct arena *a, const struct model_request *rq, const struct answer *answer, struct model_result *out)
{
    const struct json *j = answer->body_len <= ERROR_MOST ? json_parse(a, answer->body, answer->body_len) : NULL;
    out->outcome = outcome_of(answer->status, j);
    out->retry = out->outcome == MODEL_BUSY || out->outcome == MODEL_DOWN;
    if (answer->should_retry && out->outcome != MODEL_QUOTA)
        out->retry = answer->should_retry > 0;
    read_error(a, rq, j, answer->body, out);
    if (answer->status < 400)
        out->error = "the address redirects elsewhere";
    else if (!*out->error)
        out->error = arena_printf(a, "HTTP %d", answer->status);
}

static void read_success(struct arena *a, const struct model_request *rq, const struct answer *answer, struct model_result *out)
{
    const struct json *j = json_parse(a, answer->body, answer->body_len);
    if (json_get(j, "error") && !json_get(j, "choices") && !json_get(j, "content")) {
        read_error(a, rq, j, "", out); /* some brokers answer 200 with the error of the server behind them */
    } else if (!j) {
        out->error = "the answer is not JSON";
    } else if (rq->provider == MODEL_ANTHROPIC) {
        anthropic_read(a, rq, j, out);
    } else {
        openai_read(a, rq, j, out);
    }
    out->model = model_words(a, out->model);
    out->tokens_in = out->tokens_in > 0 ? out->tokens_in : 0;
    out->tokens_out = out->tokens_out > 0 ? out->tokens_out : 0;
}

void model_result(struct arena *a, const struct model_request *rq, const struct answer *answer, struct model_result *out)
{
    *out = (struct model_result){
        .outcome = MODEL_NONSENSE,
        .reason = "",
        .request_id = model_words(a, answer->request_id),
        .model = rq->model,
        .status = answer->status,
        .took_ms = answer->took_ms,
        .code = "",
        .error = "",
        .retry_after_ms = answer->retry_after_ms,
    };
    if (answer->class == CALL_OK) {
        read_success(a, rq, answer, out);
    } else if (answer->status >= 300) {
        read_refusal(a, rq, answer, out);
    } else { /* no answer, or not the whole of one */
        out->outcome = answer->forbidden ? MODEL_BAD_REQUEST : answer->too_large ? MODEL_NONSENSE : MODEL_DOWN;
        out->retry = out->outcome == MODEL_DOWN;
        out->error = model_words(a, without_key(a, answer->problem, rq->key));
    }
}

void model_probe_call(struct arena *a, const struct conf *conf, const struct model_request *rq, struct call *call)
{
    static const char path[] = "/chat/completions";
    model_call(a, conf, rq, call);
    BUG_IF(rq->provider != MODEL_OPENAI || strlen(call->url) < strlen(path));
    call->url = arena_printf(a, "%.*s/models", (int)(strlen(call->url) - strlen(path)), call->url);
    call->method = "GET";
    call->body = NULL;
    call->body_len = 0;
    call->content_type = NULL;
}

void model_probe_result(struct arena *a, const struct model_request *rq, const struct answer *answer, struct model_result *out)
{
    model_result(a, rq, answer, out);
    const struct json *j = answer->class == CALL_OK ? json_parse(a, answer->body, answer->body_len) : NULL;
    if (json_kind(json_get(j, "data")) != JSON_LIST)
        return;
    out->outcome = MODEL_ANSWERED;
    out->error = "";
}

int64_t model_backoff_ms(int tries, const struct model_result *r)
{
    if (!r->retry || tries < 1 || tries >= MODEL_TRIES)
        return -1;
    if (r->retry_after_ms > WAIT_MOST_MS)
        return -1;
    if (r->retry_after_ms >= 0)
        return r->retry_after_ms;
    uint32_t dice;
    int64_t wait = (int64_t)WAIT_FIRST_MS << (tries - 1);
    crypto_random(&dice, sizeof dice);
    return wait - (int64_t)(dice % (uint32_t)(wait / 4 + 1));
}

const char *model_outcome_name(enum model_outcome outcome)
{
    static const char *const names[] = {
        [MODEL_ANSWERED] = "answered", [MODEL_HANDED_OFF] = "handed_off", [MODEL_REFUSED] = "refused", [MODEL_EMPTY] = "empty", [MODEL_CUT] = "cut",
        [MODEL_FILTERED] = "filtered", [MODEL_BUSY] = "busy", [MODEL_QUOTA] = "quota", [MODEL_DENIED] = "denied", [MODEL_BAD_REQUEST] = "bad_request",
        [MODEL_DOWN] = "down", [MODEL_NONSENSE] = "nonsense",
    };
    BUG_IF((size_t)outcome >= ARRAY_LEN(names));
    return names[outcome];
}
