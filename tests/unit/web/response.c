/* response.c - heads, cookies, redirects, ETags and the look of errors. */
#include "base/base.h"
#include "base/json.h"
#include "web/app.h"
#include "fake.h"
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static int start(void **state)
{
    static struct fake fake;
    fake_start(&fake, NULL, 0, NULL);
    *state = &fake;
    return 0;
}

static int end(void **state)
{
    fake_end(*state);
    return 0;
}

static const char *head(struct fake *f)
{
    struct str s;
    str_init(&s, f->arena, 0, 65536);
    response_head(&f->rq, &f->rs, &s);
    return s.s;
}

static void heads(void **state)
{
    struct fake *f = *state;
    STR_LIT(&f->rs.body, "12345");
    response_header(&f->rs, "X-One", "1");
    response_header(&f->rs, "X-Two", "2");
    const char *s = head(f);
    assert_ptr_equal(strstr(s, "Status: 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: 5\r\n"), s);
    assert_non_null(strstr(s, "\r\nX-One: 1\r\nX-Two: 2\r\n"));
    assert_non_null(strstr(s, "\r\nCache-Control: no-store\r\n"));
    assert_non_null(strstr(s, "\r\nContent-Security-Policy: default-src 'none'; script-src 'self'; "));
    assert_non_null(strstr(s, arena_printf(f->arena, "\r\nX-Request-Id: %s\r\n", f->rq.ctx.id)));
    assert_string_equal(s + strlen(s) - 4, "\r\n\r\n");
    response_header(&f->rs, "Cache-Control", "private, max-age=60");
    assert_null(strstr(head(f), "no-store"));
    f->rs.status = 304;
    assert_null(strstr(head(f), "Content-Length"));
    assert_false(response_has_body(&f->rq, &f->rs));
    f->rs.status = 200;
    assert_true(response_has_body(&f->rq, &f->rs));
    f->rq.head = true;
    assert_false(response_has_body(&f->rq, &f->rs));
}

static void cookies(void **state)
{
    struct fake *f = *state;
    static const struct { const char *remote, *host; bool https, secure; } cases[] = {
        { "127.0.0.1", "127.0.0.1:8080", false, false }, { "127.0.0.1", "localhost", false, false },
        { "::1", "[::1]:8080", false, false },           { "127.0.0.1", "panel.example", false, true },
        { "127.0.0.1", NULL, false, true },              { "192.0.2.1", "localhost", false, true },
        { "127.0.0.1", "localhost.evil.example", false, true }, { "127.0.0.1", "localhost", true, true },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        fake_request(f, "GET", "/");
        f->rq.remote = cases[i].remote;
        f->rq.https = cases[i].https;
        if (cases[i].host)
            fake_header(f, "Host", cases[i].host);
        response_cookie(&f->rq, &f->rs, "a", "v", 60);
        assert_string_equal(fake_sent(f, "Set-Cookie"), cases[i].secure ? "a=v; Path=/; HttpOnly; SameSite=Lax; Max-Age=60; Secure"
                                                                        : "a=v; Path=/; HttpOnly; SameSite=Lax; Max-Age=60");
    }
    f->conf->web_secure_cookies = false;
    fake_request(f, "GET", "/");
    response_cookie(&f->rq, &f->rs, "a", "", -1);
    assert_string_equal(fake_sent(f, "Set-Cookie"), "a=; Path=/; HttpOnly; SameSite=Lax");
}

static void etags(void **state)
{
    static const struct { const char *have; bool same; } cases[] = {
        { NULL, false }, { "\"a1\"", true }, { "W/\"a1\"", true }, { "\"x\", \"a1\"", true }, { "\"x\",\"a1\",\"y\"", true },
        { "\"a12\"", false }, { "\"xa1\"", false }, { "a1", false }, { "", false },
    };
    struct fake *f = *state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        fake_request(f, "GET", "/");
        if (cases[i].have)
            fake_header(f, "If-None-Match", cases[i].have);
        assert_int_equal(not_modified(&f->rq, &f->rs, "\"a1\""), cases[i].same);
        assert_string_equal(fake_sent(f, "ETag"), "\"a1\"");
    }
}

static void redirects(void **state)
{
    struct fake *f = *state;
    STR_LIT(&f->rs.body, "something");
    assert_int_equal(redirect(&f->rq, &f->rs, "/a?b=c"), 303);
    assert_string_equal(fake_sent(f, "Location"), "/a?b=c");
    assert_int_equal(f->rs.body.len, 0);
    response_notice(&f->rq, &f->rs, "Sent; \"ok\" ż");
    assert_int_equal(strncmp(fake_sent(f, "Set-Cookie"), "centrala_notice=Sent%3B%20%22ok%22%20%C5%BC; ", 45), 0);
}

/* Runs in a child: the process must abort. */
static void expect_abort(struct fake *f, void (*fn)(struct fake *f))
{
    pid_t pid = fork();
    if (pid == 0) {
        if (!freopen("/dev/null", "w", stderr))
            _exit(1);
        signal(SIGABRT, SIG_DFL);
        fn(f);
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

static void inject(struct fake *f)
{
    response_header(&f->rs, "X", "a\r\nSet-Cookie: b=c");
}

static void leave(struct fake *f)
{
    redirect(&f->rq, &f->rs, "//evil.example/");
}

static void injections_end_the_process(void **state)
{
    expect_abort(*state, inject);
    expect_abort(*state, leave);
}

static int failed(struct fake *f, enum route_kind kind, enum err_code code)
{
    fake_request(f, "POST", "/");
    f->rq.kind = kind;
    STR_LIT(&f->rs.body, "half a page");
    response_header(&f->rs, "ETag", "\"x\"");
    response_header(&f->rs, "Set-Cookie", "a=b");
    response_header(&f->rs, "Allow", "GET");
    return fail_with(&f->rq, &f->rs, code);
}

static void errors_replace_everything(void **state)
{
    struct fake *f = *state;
    assert_int_equal(failed(f, API, ERR_ABSENT), 404);
    assert_null(strstr(f->rs.body.s, "half"));
    assert_null(fake_sent(f, "ETag"));
    assert_null(fake_sent(f, "Set-Cookie"));
    assert_string_equal(fake_sent(f, "Allow"), "GET");
}

static void errors_as_each_kind_wants_them(void **state)
{
    struct fake *f = *state;
    assert_int_equal(failed(f, API, ERR_DATABASE), 503);
    assert_string_equal(f->rs.type, "application/json");
    const struct json *j = json_parse(f->arena, f->rs.body.s, f->rs.body.len);
    assert_string_equal(json_get_text(j, "error", ""), "The database does not answer. Nothing was lost; please try again.");
    assert_string_equal(json_get_text(j, "request_id", ""), f->rq.ctx.id);
    assert_null(json_get(j, "fields"));
    assert_int_equal(failed(f, TWILIO, ERR_BUG), 500);
    assert_string_equal(f->rs.type, "text/xml");
    assert_string_equal(f->rs.body.s, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response/>\n");
    assert_int_equal(failed(f, TWILIO, ERR_INVALID), 400);
    assert_int_equal(failed(f, PAGE, ERR_INVALID), 422);
    /* No templates here: the built-in page. */
    assert_int_equal(failed(f, PAGE, ERR_ABSENT), 404);
    assert_string_equal(f->rs.type, "text/html; charset=utf-8");
    assert_non_null(strstr(f->rs.body.s, "<h1>Not found</h1>"));
    assert_non_null(strstr(f->rs.body.s, f->rq.ctx.id));
}

static void a_services_mistake_names_its_field(void **state)
{
    struct fake *f = *state;
    f->rq.kind = API;
    err_field(&f->rq.ctx, "to", "This is <not> good.");
    assert_int_equal(fail(&f->rq, &f->rs), 400);
    const struct json *j = json_parse(f->arena, f->rs.body.s, f->rs.body.len);
    assert_string_equal(json_get_text(json_get(j, "fields"), "to", ""), "This is <not> good.");
    assert_string_equal(json_get_text(j, "error", ""), "This is <not> good.");
}

static void a_failure_without_a_reason_is_a_bug(void **state)
{
    struct fake *f = *state;
    f->rq.kind = API;
    assert_int_equal(fail(&f->rq, &f->rs), 500);
    assert_int_equal(f->rq.ctx.err.code, ERR_BUG);
}

static void files(void **state)
{
    struct fake *f = *state;
    static const struct { const char *name, *value; int status; int64_t offset, length; const char *range; } cases[] = {
        { "X", "", 200, 0, 100, NULL },
        { "Range", "bytes=10-19", 206, 10, 10, "bytes 10-19/100" },
        { "Range", "bytes=100-", 416, 0, 0, "bytes */100" },
        { "Range", "bytes=0-1,5-6", 200, 0, 100, NULL },
        { "If-None-Match", "\"hash\"", 304, 0, 0, NULL },
        { "If-None-Match", "\"other\"", 200, 0, 100, NULL },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        for (int with = 0; with < 3; with++) { /* If-Range: none, the same, another */
            fake_request(f, "GET", "/f");
            fake_header(f, cases[i].name, cases[i].value);
            if (with)
                fake_header(f, "If-Range", with == 1 ? "\"hash\"" : "\"old\"");
            bool whole = with == 2 && strcmp(cases[i].name, "Range") == 0; /* the part would be of another content */
            assert_int_equal(response_file(&f->rq, &f->rs, dup(0), 100, "\"hash\""), whole ? 200 : cases[i].status);
            if (!whole && cases[i].status < 300)
                assert_int_equal(f->rs.file_offset, cases[i].offset);
            if (f->rs.status < 300)
                assert_non_null(strstr(head(f), arena_printf(f->arena, "\r\nContent-Length: %d\r\n", whole ? 100 : (int)cases[i].length)));
            assert_int_equal(strstr(head(f), "\r\nContent-Range: ") != NULL, cases[i].range && !whole);
            if (cases[i].range && !whole)
                assert_non_null(strstr(head(f), arena_printf(f->arena, "\r\nContent-Range: %s\r\n", cases[i].range)));
            assert_non_null(strstr(head(f), "\r\nETag: \"hash\"\r\n"));
            assert_non_null(strstr(head(f), "\r\nAccept-Ranges: bytes\r\n"));
        }
}

/* A handler's own policy takes the place of the pages'. */
static void own_policy(void **state)
{
    struct fake *f = *state;
    fake_request(f, "GET", "/f");
    response_header(&f->rs, POLICY_HEADER, "sandbox; default-src 'none'");
    const char *s = strstr(head(f), "Content-Security-Policy: sandbox");
    assert_non_null(s);
    assert_null(strstr(s + 1, "Content-Security-Policy"));
    assert_non_null(strstr(head(f), "\r\nX-Content-Type-Options: nosniff\r\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(heads, start, end), cmocka_unit_test_setup_teardown(files, start, end), cmocka_unit_test_setup_teardown(own_policy, start, end),
        cmocka_unit_test_setup_teardown(cookies, start, end),
        cmocka_unit_test_setup_teardown(etags, start, end),
        cmocka_unit_test_setup_teardown(redirects, start, end),
        cmocka_unit_test_setup_teardown(injections_end_the_process, start, end),
        cmocka_unit_test_setup_teardown(errors_replace_everything, start, end),
        cmocka_unit_test_setup_teardown(errors_as_each_kind_wants_them, start, end),
        cmocka_unit_test_setup_teardown(a_services_mistake_names_its_field, start, end),
        cmocka_unit_test_setup_teardown(a_failure_without_a_reason_is_a_bug, start, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
