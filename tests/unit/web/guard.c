/* guard.c - what each kind of route demands, in which order, and what the refusal looks like. */
#include "base/base.h"
#include "web/app.h"
#include "fake.h"

enum { READ, WRITE }; /* permissions */

struct in { const char *text; };
static const struct form_field fields[] = { FORM_TEXT(struct in, text, 1, 5, REQUIRED) };
static const struct form form = FORM(struct in, fields);

static int calls; /* of a handler; reset by each ask() */
static bool hook_fails, began, ended;

static int handler(struct request *rq, struct response *rs)
{
    (void)rq, (void)rs;
    calls++;
    return rq->form_errors ? 422 : 200;
}

static const struct route routes[] = {
    { METHOD_GET, "/public", PAGE, PERM_PUBLIC, handler, NULL, "public_page" },
    { METHOD_POST, "/public", PAGE, PERM_PUBLIC, handler, NULL, "public_add_page" },
    { METHOD_GET, "/user", PAGE, PERM_USER, handler, NULL, "user_page" },
    { METHOD_POST, "/user", PAGE, PERM_USER, handler, NULL, "user_add_page" },
    { METHOD_GET, "/read", PAGE, READ, handler, NULL, "read_page" },
    { METHOD_GET, "/write", PAGE, WRITE, handler, NULL, "write_page" },
    { METHOD_POST, "/form", PAGE, PERM_PUBLIC, handler, &form, "form_page" },
    { METHOD_GET, "/api/read", API, READ, handler, NULL, "read_api" },
    { METHOD_POST, "/api/read", API, READ, handler, &form, "read_add_api" },
    { METHOD_POST, "/api/public", API, PERM_PUBLIC, handler, NULL, "public_api" },
    { METHOD_GET, "/health", HEALTH, PERM_PUBLIC, handler, NULL, "health_api" },
    { METHOD_POST, "/twilio/in", TWILIO, PERM_PUBLIC, handler, NULL, "in_hook" },
};

static bool begin(struct request *rq, bool safe)
{
    began = true;
    assert_int_equal(safe, rq->method == METHOD_GET);
    return true;
}

static void finish(struct request *rq)
{
    (void)rq;
    ended = true;
}

static bool session(struct request *rq, const char *token)
{
    if (hook_fails)
        return err_set(&rq->ctx, ERR_DATABASE, "gone");
    if (strcmp(token, "alice") == 0) {
        rq->ctx.actor = (struct actor){ .kind = ACTOR_USER, .user_id = 1, .perms = 1 << READ };
        rq->session_id = 5;
        rq->csrf = "secret-token";
    }
    return true;
}

static bool bearer(struct request *rq, const char *token)
{
    if (strcmp(token, "good") == 0)
        rq->ctx.actor = (struct actor){ .kind = ACTOR_TOKEN, .perms = 1 << READ };
    return true;
}

static bool signature(struct request *rq)
{
    const char *s = rq->header(rq, "X-Twilio-Signature");
    return (s && strcmp(s, "good") == 0) || err_set(&rq->ctx, hook_fails ? ERR_DATABASE : ERR_SIGNATURE, "no");
}

static const struct app_hooks hooks = { .begin = begin, .end = finish, .identify_session = session, .identify_bearer = bearer,
                                        .check_signature = signature };

static int start(void **state)
{
    static struct fake fake;
    fake_start(&fake, routes, ARRAY_LEN(routes), &hooks);
    hook_fails = false;
    *state = &fake;
    return 0;
}

static int end(void **state)
{
    fake_end(*state);
    return 0;
}

/* Up to three headers; the handler runs exactly when the status is its own. */
static int ask(struct fake *f, const char *method, const char *target, const char *body, const struct fake_header *headers)
{
    fake_request(f, method, target);
    if (body)
        fake_body(f, *body == '{' ? TYPE_JSON : TYPE_FORM, body);
    fake_header(f, "Host", "panel.example");
    for (size_t i = 0; headers && headers[i].name; i++)
        fake_header(f, headers[i].name, headers[i].value);
    calls = 0;
    began = ended = false;
    int status = app_answer(&f->rq, &f->rs, NULL);
    assert_int_equal(calls, status == 200 || (status == 422 && f->rq.form_errors));
    assert_int_equal(f->rs.status, status);
    assert_true(ended);
    return status;
}

#define HEADERS(...) ((const struct fake_header[]){ __VA_ARGS__, { NULL, NULL } })
#define ALICE { "Cookie", "centrala_session=alice" }

static void pages_need_a_session(void **state)
{
    struct fake *f = *state;
    assert_int_equal(ask(f, "GET", "/public", NULL, NULL), 200);
    assert_true(began);
    assert_int_equal(ask(f, "GET", "/user?a=b&c=d", NULL, NULL), 303);
    assert_string_equal(fake_sent(f, "Location"), "/login?next=%2Fuser%3Fa%3Db%26c%3Dd");
    assert_int_equal(ask(f, "GET", "/user", NULL, HEADERS({ "Cookie", "centrala_session=mallory" })), 303);
    assert_int_equal(ask(f, "GET", "/user", NULL, HEADERS({ "Authorization", "Bearer good" })), 303);
    assert_int_equal(ask(f, "GET", "/user", NULL, HEADERS({ "X-Fragment", "1" })), 401);
    assert_int_equal(ask(f, "POST", "/user", "", NULL), 401);
    assert_int_equal(ask(f, "GET", "/user", NULL, HEADERS(ALICE)), 200);
}

static void permissions_decide(void **state)
{
    struct fake *f = *state;
    assert_int_equal(ask(f, "GET", "/read", NULL, HEADERS(ALICE)), 200);
    assert_int_equal(ask(f, "GET", "/write", NULL, HEADERS(ALICE)), 403);
    assert_int_equal(f->rq.ctx.err.code, ERR_DENIED);
    assert_int_equal(ask(f, "GET", "/write", NULL, NULL), 303);
}

static void unsafe_pages_need_the_token(void **state)
{
    struct fake *f = *state;
    static const char *const bad[] = { "", "_csrf=", "_csrf=secret-toke", "_csrf=secret-tokem", "_csrf=secret-token1", "csrf=secret-token" };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_int_equal(ask(f, "POST", "/user", bad[i], HEADERS(ALICE)), 403);
        assert_int_equal(f->rq.ctx.err.code, ERR_CSRF);
    }
    assert_int_equal(ask(f, "POST", "/user", "_csrf=secret-token", HEADERS(ALICE)), 200);
    assert_int_equal(ask(f, "POST", "/user", "", HEADERS(ALICE, { "X-CSRF-Token", "secret-token" })), 200);
    assert_int_equal(ask(f, "POST", "/user", "_csrf=secret-token", HEADERS(ALICE, { "X-CSRF-Token", "wrong" })), 403);
    assert_int_equal(ask(f, "POST", "/user?_csrf=secret-token", "", HEADERS(ALICE)), 403); /* not from the address */
}

static void public_forms_come_from_our_own_pages(void **state)
{
    struct fake *f = *state;
    assert_int_equal(ask(f, "POST", "/public", "", NULL), 200);
    static const struct { const char *name, *value; int status; } cases[] = {
        { "Sec-Fetch-Site", "same-origin", 200 },   { "Sec-Fetch-Site", "none", 200 },
        { "Sec-Fetch-Site", "cross-site", 403 },    { "Sec-Fetch-Site", "same-site", 403 },
        { "Origin", "https://panel.example", 200 }, { "Origin", "https://PANEL.example", 200 },
        { "Origin", "https://evil.example", 403 },  { "Origin", "null", 403 },
        { "Origin", "https://panel.example.evil.example", 403 },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_int_equal(ask(f, "POST", "/public", "", HEADERS({ cases[i].name, cases[i].value })), cases[i].status);
    assert_int_equal(ask(f, "GET", "/public", NULL, HEADERS({ "Sec-Fetch-Site", "cross-site" })), 200);
}

static void the_api_knows_bearers_and_sessions(void **state)
{
    struct fake *f = *state;
    assert_int_equal(ask(f, "GET", "/api/read", NULL, NULL), 401);
    assert_string_equal(fake_sent(f, "WWW-Authenticate"), "Bearer");
    assert_string_equal(f->rs.type, "application/json");
    assert_int_equal(ask(f, "GET", "/api/read", NULL, HEADERS(ALICE)), 200);
    assert_int_equal(ask(f, "GET", "/api/read", NULL, HEADERS({ "Authorization", "Bearer good" })), 200);
    assert_int_equal(ask(f, "GET", "/api/read", NULL, HEADERS({ "Authorization", "bearer  good" })), 200);
    assert_int_equal(ask(f, "GET", "/api/read", NULL, HEADERS(ALICE, { "Authorization", "Bearer bad" })), 401);
    assert_int_equal(ask(f, "GET", "/api/read", NULL, HEADERS(ALICE, { "Authorization", "Basic YTpi" })), 401);
    /* A session needs the token, a bearer does not: no other site can make a browser send one. */
    assert_int_equal(ask(f, "POST", "/api/read", "{\"text\":\"x\"}", HEADERS({ "Authorization", "Bearer good" })), 200);
    assert_int_equal(ask(f, "POST", "/api/read", "{\"text\":\"x\"}", HEADERS(ALICE)), 403);
    assert_int_equal(ask(f, "POST", "/api/read", "{\"text\":\"x\"}", HEADERS(ALICE, { "X-CSRF-Token", "secret-token" })), 200);
    assert_int_equal(ask(f, "POST", "/api/public", "", NULL), 200);
    assert_int_equal(ask(f, "POST", "/api/public", "", HEADERS(ALICE)), 403);
}

static void forms_come_last(void **state)
{
    struct fake *f = *state;
    assert_int_equal(ask(f, "POST", "/form", "text=", NULL), 422); /* the page is asked to show it again */
    assert_int_equal(ask(f, "POST", "/form", "text=abc", NULL), 200);
    assert_string_equal(((struct in *)f->rq.in)->text, "abc");
    assert_int_equal(ask(f, "POST", "/api/read", "{\"text\":\"too long\"}", HEADERS({ "Authorization", "Bearer good" })), 400);
    assert_non_null(strstr(f->rs.body.s, "\"fields\":{\"text\":\"This is too long.\"}"));
    assert_int_equal(ask(f, "POST", "/api/read", "{\"text\":", HEADERS({ "Authorization", "Bearer good" })), 400);
    assert_int_equal(f->rq.ctx.err.code, ERR_MALFORMED);
    assert_int_equal(ask(f, "POST", "/api/read", "{\"text\":\"too long\"}", NULL), 401); /* nobody learns of mistakes first */
}

static void webhooks_need_a_signature(void **state)
{
    struct fake *f = *state;
    assert_int_equal(ask(f, "POST", "/twilio/in", "a=b", NULL), 403);
    assert_string_equal(f->rs.type, "text/xml");
    assert_int_equal(ask(f, "POST", "/twilio/in", "a=b", HEADERS(ALICE)), 403);
    assert_int_equal(ask(f, "POST", "/twilio/in", "a=b", HEADERS({ "X-Twilio-Signature", "good" })), 200);
    hook_fails = true;
    assert_int_equal(ask(f, "POST", "/twilio/in", "a=b", NULL), 503); /* Twilio tries again */
    assert_string_equal(f->rs.type, "text/xml");
}

static void health_asks_nobody(void **state)
{
    struct fake *f = *state;
    hook_fails = true;
    assert_int_equal(ask(f, "GET", "/health", NULL, HEADERS(ALICE)), 200);
    assert_false(began);
    assert_int_equal(ask(f, "GET", "/public", NULL, HEADERS(ALICE)), 503);
    assert_int_equal(ask(f, "GET", "/public", NULL, NULL), 200); /* without a cookie nothing is asked */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(pages_need_a_session, start, end),
        cmocka_unit_test_setup_teardown(permissions_decide, start, end),
        cmocka_unit_test_setup_teardown(unsafe_pages_need_the_token, start, end),
        cmocka_unit_test_setup_teardown(public_forms_come_from_our_own_pages, start, end),
        cmocka_unit_test_setup_teardown(the_api_knows_bearers_and_sessions, start, end),
        cmocka_unit_test_setup_teardown(forms_come_last, start, end),
        cmocka_unit_test_setup_teardown(webhooks_need_a_signature, start, end),
        cmocka_unit_test_setup_teardown(health_asks_nobody, start, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
