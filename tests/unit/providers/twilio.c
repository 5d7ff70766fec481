/* twilio.c - requests as the official helper library writes them, answers of every kind read without trust. */
#include "base/base.h"
#include "providers/twilio.h"
#include "base/json.h"
#include "base/signature.h"
#include <setjmp.h>
#include <unistd.h>
#include <cmocka.h>

#define AC "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define SM "SMbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define MG "MG11111111111111111111111111111111"
#define BASE "https://api.twilio.com/2010-04-01/Accounts/" AC

static const struct conf conf = { .twilio_connect_limit_ms = 5000, .twilio_limit_ms = 30000, .twilio_inline_limit_ms = 10000 };
static const struct twilio_account account = { .sid = AC, .user = "SK1", .password = "secret", .api_base = "https://api.twilio.com" };

static int open_arena(void **state)
{
    *state = arena_new(32 << 20);
    return 0;
}

static int close_arena(void **state)
{
    arena_free(*state);
    return 0;
}

static struct answer answered(enum call_class class, int status, const char *body)
{
    return (struct answer){ .class = class, .status = status, .body = body, .body_len = strlen(body), .content_type = "", .retry_after_ms = -1, .request_id = "", .problem = "" };
}

static struct call built(struct arena *a, const struct twilio_message *m)
{
    struct call call;
    twilio_send_call(a, &conf, &account, m, 10000, &call);
    return call;
}

static void test_send_call(void **state)
{
    struct call call = built(*state, &(struct twilio_message){ .to = "+48500100100", .from = "whatsapp:+15005550006", .body = "a b&c\n" "ż",
        .media_urls = (const char *const[]){ "https://a.example/1.jpg?x=1", "https://a.example/2", NULL }, .validity_s = 60,
        .status_callback = "https://h.example/cb/7", .messaging_service_sid = MG, .content_sid = "HX2", .content_variables = "{}" });
    assert_string_equal(call.method, "POST");
    assert_string_equal(call.url, BASE "/Messages.json");
    assert_string_equal(call.user, "SK1");
    assert_string_equal(call.password, "secret");
    assert_string_equal(call.content_type, "application/x-www-form-urlencoded");
    assert_string_equal(call.headers[0], "Accept: application/json");
    assert_null(call.headers[1]);
    assert_int_equal(call.connect_limit_ms, 5000);
    assert_int_equal(call.limit_ms, 10000);
    assert_int_equal(call.body_len, strlen(call.body));
    assert_string_equal(call.body, "To=%2B48500100100&StatusCallback=https%3A%2F%2Fh.example%2Fcb%2F7&ValidityPeriod=60&ContentVariables=%7B%7D"
        "&From=whatsapp%3A%2B15005550006&MessagingServiceSid=" MG "&Body=a%20b%26c%0A%C5%BC"
        "&MediaUrl=https%3A%2F%2Fa.example%2F1.jpg%3Fx%3D1&MediaUrl=https%3A%2F%2Fa.example%2F2&ContentSid=HX2");
    call = built(*state, &(struct twilio_message){ .to = "+1", .from = "+2", .body = "" }); /* empty is sent, NULL is not */
    assert_string_equal(call.body, "To=%2B1&From=%2B2&Body=");
    struct twilio_account slashed = account;
    slashed.api_base = "http://127.0.0.1:9/";
    twilio_send_call(*state, &conf, &slashed, &(struct twilio_message){ .to = "+1" }, 1, &call);
    assert_string_equal(call.url, "http://127.0.0.1:9/2010-04-01/Accounts/" AC "/Messages.json");
}

#define ACCEPTED "{\"sid\":\"" SM "\",\"status\":\"accepted\",\"from\":null,\"num_segments\":\"0\",\"error_code\":null,\"error_message\":null}"

static void test_send_accepted(void **state)
{
    struct twilio_result r;
    struct answer answer = answered(CALL_OK, 201, ACCEPTED);
    twilio_send_result(*state, &answer, &r);
    assert_int_equal(r.class, CALL_OK);
    assert_string_equal(r.sid, SM);
    assert_string_equal(r.status, "accepted");
    assert_null(r.from);
    assert_int_equal(r.segments, 0);
    assert_int_equal(r.code, 0);
    assert_null(r.message);
    answer = answered(CALL_OK, 201, "{\"sid\":\"" SM "\",\"status\":\"failed\",\"from\":\"+15005550006\",\"num_segments\":\"3\",\"error_code\":30007,\"error_message\":\"Filtered\"}");
    twilio_send_result(*state, &answer, &r);
    assert_string_equal(r.status, "failed");
    assert_string_equal(r.from, "+15005550006");
    assert_int_equal(r.segments, 3);
    assert_int_equal(r.code, 30007);
    assert_string_equal(r.message, "Filtered");
}

/* A 2xx that does not name a message must not count as sent, nor as refused. */
static void test_send_unclear(void **state)
{
    static const char *const bodies[] = { "", "<html>ok</html>", "[]", "null", "{}", "{\"sid\":\"" SM "\"}", "{\"sid\":7,\"status\":\"queued\"}",
        "{\"sid\":\"CA" "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\",\"status\":\"queued\"}", "{\"sid\":\"SMshort\",\"status\":\"queued\"}", "{\"sid\":\"" SM "\",\"status\":\"que" };
    for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
        struct twilio_result r;
        struct answer answer = answered(CALL_OK, 200, bodies[i]);
        twilio_send_result(*state, &answer, &r);
        assert_int_equal(r.class, CALL_UNKNOWN);
        assert_null(r.sid);
        assert_null(r.status);
        assert_string_equal(r.message, "the answer names no message");
    }
    struct twilio_result r; /* cut in the middle: the customer's text is not taken for Twilio's words */
    struct answer answer = answered(CALL_UNKNOWN, 201, "{\"body\":\"private");
    answer.problem = "transfer closed";
    twilio_send_result(*state, &answer, &r);
    assert_int_equal(r.class, CALL_UNKNOWN);
    assert_string_equal(r.message, "transfer closed");
}

static void test_send_refused(void **state)
{
    struct twilio_result r;
    struct answer answer = answered(CALL_REFUSED, 400, "{\"code\":21211,\"message\":\"The 'To' number is not valid.\",\"more_info\":\"https://x\",\"status\":400}");
    twilio_send_result(*state, &answer, &r);
    assert_int_equal(r.class, CALL_REFUSED);
    assert_int_equal(r.code, 21211);
    assert_string_equal(r.message, "The 'To' number is not valid.");
    assert_null(r.sid);
    answer = answered(CALL_LIMITED, 429, "{\"type\":\"about:blank\",\"title\":\"Too Many\",\"status\":429,\"code\":\"20429\",\"detail\":\"Slow down\"}");
    answer.retry_after_ms = 2000;
    twilio_send_result(*state, &answer, &r);
    assert_int_equal(r.class, CALL_LIMITED);
    assert_int_equal(r.code, 20429);
    assert_string_equal(r.message, "Slow down");
    assert_int_equal(r.retry_after_ms, 2000);
    answer = answered(CALL_UNKNOWN, 503, "{\"title\":\"Busy\",\"code\":20503}");
    twilio_send_result(*state, &answer, &r);
    assert_int_equal(r.code, 20503);
    assert_string_equal(r.message, "Busy");
    answer = answered(CALL_UNSENT, 0, "");
    answer.problem = "Could not resolve host: api.twilio.com";
    twilio_send_result(*state, &answer, &r);
    assert_int_equal(r.class, CALL_UNSENT);
    assert_int_equal(r.code, 0);
    assert_string_equal(r.message, "Could not resolve host: api.twilio.com");
    /* a message sid inside an error does not make it sent */
    answer = answered(CALL_UNKNOWN, 500, ACCEPTED);
    twilio_send_result(*state, &answer, &r);
    assert_int_equal(r.class, CALL_UNKNOWN);
    assert_null(r.sid);
}

static void test_refusal_is_cleaned(void **state)
{
    static const struct { const char *body, *message; int code; } cases[] = {
        { "<html>\r\n<h1>502</h1>\x01\xff", "<html>  <h1>502</h1> ?", 0 },
        { "{\"code\":-5,\"message\":\"a\\nb\"}", "a b", 0 },
        { "{\"code\":99999999,\"message\":\"m\"}", "m", 0 },
        { "{\"code\":{},\"message\":[1]}", "{\"code\":{},\"message\":[1]}", 0 },
        { "", NULL, 0 },
    };
    struct twilio_result r;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct answer answer = answered(CALL_REFUSED, 400, cases[i].body);
        twilio_send_result(*state, &answer, &r);
        assert_int_equal(r.code, cases[i].code);
        if (cases[i].message)
            assert_string_equal(r.message, cases[i].message);
        else
            assert_null(r.message);
    }
    char *long_one = arena_alloc(*state, 2001); /* 499 bytes and a two-byte character over the edge */
    memset(long_one, 'x', 2000);
    memcpy(long_one + 499, "\xc5\xbc", 2);
    long_one[2000] = 0;
    struct answer answer = answered(CALL_REFUSED, 502, long_one);
    twilio_send_result(*state, &answer, &r);
    assert_int_equal(strlen(r.message), 499);
}

static const char *list_url(struct arena *a, const char *to, const char *from, int64_t since, const char *next)
{
    struct call call = { 0 };
    if (!twilio_list_call(a, &conf, &account, to, from, since, next, &call))
        return NULL;
    assert_string_equal(call.method, "GET");
    assert_null(call.body);
    assert_int_equal(call.limit_ms, 30000);
    return call.url;
}

static void test_list_call(void **state)
{
    /* 2024-05-01T07:08:09Z: asked by the day */
    assert_string_equal(list_url(*state, "+48500100100", "+15005550006", 1714547289000, NULL),
                        BASE "/Messages.json?To=%2B48500100100&From=%2B15005550006&DateSent%3E=2024-05-01T00%3A00%3A00Z&PageSize=50");
    assert_string_equal(list_url(*state, "whatsapp:+48500100100", NULL, CLOCK_NONE, NULL), BASE "/Messages.json?To=whatsapp%3A%2B48500100100&PageSize=50");
    const char *next = "/2010-04-01/Accounts/" AC "/Messages.json?To=%2B1&DateSent%3E=2024-05-01&PageSize=50&Page=1&PageToken=PASM1..";
    assert_string_equal(list_url(*state, NULL, NULL, CLOCK_NONE, next), arena_printf(*state, "https://api.twilio.com%s", next));
    static const char *const foreign[] = {
        "", "/", "https://api.twilio.com/2010-04-01/Accounts/" AC "/Messages.json", "//evil.example/2010-04-01/Accounts/" AC "/Messages.json",
        "/2010-04-01/Accounts/ACbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb/Messages.json", "/2010-04-01/Accounts/" AC, "/2010-04-01/Accounts/" AC ".json",
        "/2010-04-01/Accounts/" AC "/../ACb/Messages.json", "/2010-04-01/Accounts/" AC "/./Messages.json", "/2010-04-01/Accounts/" AC "/%2e%2e/x",
        "/2010-04-01/Accounts/" AC "/a/../../x", "/2010-04-01/Accounts/" AC "/x\\y", "/2010-04-01/Accounts/" AC "/x y", "/2010-04-01/Accounts/" AC "/x\r\nHost: y",
        "/2010-04-01/Accounts/" AC "/Messages.json?a#b", "@evil.example/2010-04-01/Accounts/" AC "/Messages.json",
    };
    for (size_t i = 0; i < ARRAY_LEN(foreign); i++)
        assert_null(list_url(*state, NULL, NULL, CLOCK_NONE, foreign[i]));
    struct call call;
    twilio_fetch_call(*state, &conf, &account, SM, &call);
    assert_string_equal(call.url, BASE "/Messages/" SM ".json");
    twilio_account_call(*state, &conf, &account, &call);
    assert_string_equal(call.url, BASE ".json");
}

#define ROW "{\"sid\":\"" SM "\",\"status\":\"undelivered\",\"direction\":\"outbound-api\",\"from\":\"+15005550006\",\"to\":\"+48500100100\",\"body\":\"ż\"," \
            "\"messaging_service_sid\":null,\"error_code\":30003,\"error_message\":\"Unreachable\",\"price\":\"-0.00750\",\"price_unit\":\"USD\"," \
            "\"num_segments\":\"2\",\"num_media\":\"1\",\"date_created\":\"Mon, 20 Nov 2023 13:37:00 +0000\",\"date_sent\":null,\"date_updated\":\"Mon, 20 Nov 2023 13:37:05 +0000\"}"
#define PAGE(rows, next) "{\"messages\":[" rows "],\"page\":0,\"next_page_uri\":" next "}"

static void test_list_result(void **state)
{
    struct twilio_page page;
    struct answer answer = answered(CALL_OK, 200, PAGE(ROW "," ROW, "\"/2010-04-01/Accounts/" AC "/Messages.json?PageToken=x\""));
    twilio_list_result(*state, &account, &answer, &page);
    assert_true(page.ok);
    assert_int_equal(page.n, 2);
    assert_string_equal(page.next, "/2010-04-01/Accounts/" AC "/Messages.json?PageToken=x");
    const struct twilio_listed *m = &page.v[1];
    assert_string_equal(m->sid, SM);
    assert_string_equal(m->status, "undelivered");
    assert_string_equal(m->direction, "outbound-api");
    assert_string_equal(m->body, "ż");
    assert_null(m->messaging_service_sid);
    assert_int_equal(m->error_code, 30003);
    assert_string_equal(m->error_message, "Unreachable");
    assert_string_equal(m->price, "-0.00750");
    assert_int_equal(m->num_segments, 2);
    assert_int_equal(m->num_media, 1);
    assert_true(m->created_ms == 1700487420000);
    assert_true(m->sent_ms == CLOCK_NONE);
    assert_true(m->updated_ms == 1700487425000);
    answer = answered(CALL_OK, 200, PAGE("", "null"));
    twilio_list_result(*state, &account, &answer, &page);
    assert_true(page.ok);
    assert_int_equal(page.n, 0);
    assert_null(page.next);
    answer = answered(CALL_OK, 200, ROW);
    struct twilio_listed one;
    assert_true(twilio_fetch_result(*state, &answer, &one));
    assert_string_equal(one.sid, SM);
    answer = answered(CALL_REFUSED, 404, "{\"code\":20404,\"message\":\"x\"}");
    assert_false(twilio_fetch_result(*state, &answer, &one));
}

/* What was not understood must not look like "there is no such message". */
static void test_list_not_understood(void **state)
{
    static const char *const bodies[] = { "", "<html>", "{}", "{\"messages\":[],\"page\":0}", "{\"next_page_uri\":null}", "{\"messages\":{},\"next_page_uri\":null}",
        PAGE("", "7"), PAGE(ROW ",{}", "null"), PAGE("null", "null"), PAGE("", "\"https://evil.example/\""), PAGE("", "\"/2010-04-01/Accounts/ACb/Messages.json\"") };
    for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
        struct twilio_page page;
        struct answer answer = answered(CALL_OK, 200, bodies[i]);
        twilio_list_result(*state, &account, &answer, &page);
        assert_false(page.ok);
        assert_null(page.next);
    }
    struct twilio_page page;
    struct answer answer = answered(CALL_UNKNOWN, 500, PAGE("", "null"));
    twilio_list_result(*state, &account, &answer, &page);
    assert_false(page.ok);
}

static void test_account(void **state)
{
    struct twilio_account_state r;
    struct answer answer = answered(CALL_OK, 200, "{\"sid\":\"" AC "\",\"status\":\"active\",\"type\":\"Full\",\"auth_token\":\"x\"}");
    twilio_account_result(*state, &answer, &r);
    assert_true(r.ok);
    assert_string_equal(r.status, "active");
    assert_string_equal(r.type, "Full");
    answer = answered(CALL_REFUSED, 401, "{\"code\":20003,\"message\":\"Authenticate\",\"status\":401}");
    twilio_account_result(*state, &answer, &r);
    assert_false(r.ok);
    assert_int_equal(r.code, 20003);
    assert_string_equal(r.message, "Authenticate");
}

/* The official helper's own requests, where they are at hand. */
static const char *golden_text(struct arena *a)
{
    const char *shared = getenv("CENTRALA_SHARED");
    const char *path = arena_printf(a, "%s/data/twilio-client/golden_requests.json", shared ? shared : "../shared");
    FILE *f = fopen(path, "r");
    if (!f) {
        print_message("SKIP: %s not present\n", path);
        return NULL;
    }
    char *text = arena_alloc(a, 1 << 20);
    size_t n = fread(text, 1, (1 << 20) - 1, f);
    fclose(f);
    text[n] = 0;
    return text;
}

/* Reads a helper's body back into our struct; false when it uses a parameter that we do not send. */
static bool understood(struct arena *a, const char *body, struct twilio_message *m)
{
    struct { const char *name, **to; } texts[] = {
        { "To", &m->to }, { "From", &m->from }, { "Body", &m->body }, { "MessagingServiceSid", &m->messaging_service_sid },
        { "StatusCallback", &m->status_callback }, { "ContentSid", &m->content_sid }, { "ContentVariables", &m->content_variables },
    };
    const char **media = ARENA_ARRAY(a, const char *, 11);
    size_t count, medias = 0;
    struct pair *pairs = pairs_parse(a, body, strlen(body), 40, &count);
    m->media_urls = media;
    for (size_t i = 0; i < count; i++) {
        const char *name = arena_strndup(a, pairs[i].name, pairs[i].name_len), *value = arena_strndup(a, pairs[i].value, pairs[i].value_len);
        size_t k = 0;
        while (k < ARRAY_LEN(texts) && strcmp(texts[k].name, name) != 0)
            k++;
        if (k < ARRAY_LEN(texts))
            *texts[k].to = value;
        else if (strcmp(name, "MediaUrl") == 0)
            media[medias++] = value;
        else if (strcmp(name, "ValidityPeriod") == 0)
            m->validity_s = atoi(value);
        else
            return false;
    }
    return true;
}

static void test_golden(void **state)
{
    const char *text = golden_text(*state);
    if (!text)
        return;
    const struct json *all = json_get(json_parse(*state, text, strlen(text)), "requests");
    int sends = 0, pieces = 0;
    const char *filter = list_url(*state, "+48500100100", "+15005550006", CLOCK_NONE, NULL), *since = list_url(*state, NULL, NULL, 1714547289000, NULL);
    struct call fetch, check;
    twilio_fetch_call(*state, &conf, &account, SM, &fetch);
    twilio_account_call(*state, &conf, &account, &check);
    for (const struct json *g = json_first(all); g; g = json_next(g)) {
        const char *label = json_get_text(g, "label", ""), *url = json_get_text(g, "url", ""), *body = json_get_text(g, "body", NULL);
        struct twilio_message m = { 0 };
        if (strcmp(url, BASE "/Messages.json") == 0 && body && understood(*state, body, &m)) {
            assert_string_equal(built(*state, &m).body, body);
            sends++;
        } else if (strcmp(label, "messages: filter") == 0) {
            size_t common = strcspn(filter, "?") + strlen("?To=%2B48500100100&From=%2B15005550006&");
            assert_memory_equal(url, filter, common);
            assert_non_null(strstr(url, "&PageSize=50"));
            assert_non_null(strstr(filter, "&PageSize=50"));
            pieces++;
        } else if (strcmp(label, "messages: date range") == 0) {
            assert_non_null(strstr(url, "DateSent%3E=2024-05-01T00%3A00%3A00Z"));
            assert_non_null(strstr(since, "DateSent%3E=2024-05-01T00%3A00%3A00Z"));
            pieces++;
        } else if (strcmp(label, "message: get") == 0) {
            assert_string_equal(url, fetch.url);
            pieces++;
        } else if (strcmp(label, "account: get") == 0) {
            assert_string_equal(url, check.url);
            pieces++;
        }
    }
    assert_true(sends >= 6);
    assert_int_equal(pieces, 4);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, open_arena, close_arena)
    const struct CMUnitTest tests[] = {
        TEST(test_send_call), TEST(test_send_accepted), TEST(test_send_unclear), TEST(test_send_refused), TEST(test_refusal_is_cleaned),
        TEST(test_list_call), TEST(test_list_result), TEST(test_list_not_understood), TEST(test_account), TEST(test_golden),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
