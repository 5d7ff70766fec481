/* client.c - the classes of outcome, each produced by a real socket. */
#include "base/base.h"
#include "providers/client.h"
#include "scene.h"
#include <setjmp.h>
#include <signal.h>
#include <sys/wait.h>
#include <cmocka.h>

static void test_answer(void **state UNUSED)
{
    struct scene s;
    scene_open(&s, (const char *const[]){ SAY("201 Created", "Content-Type: application/json\r\nTwilio-Request-Id: RQ1\r\n", "4", "{\"\":") , NULL });
    struct call call = call_to(&s, "POST", "http");
    call.user = "AC1";
    call.password = "top:secret";
    call.headers = (const char *const[]){ "Accept: application/json", NULL };
    call.content_type = "application/x-www-form-urlencoded";
    call.body = "A=1&B=2";
    call.body_len = 7;
    for (int i = 0; i < 3; i++)
        client_call(s.client, &s.ctx, &call, &s.answer);
    assert_int_equal(s.answer.class, CALL_OK);
    assert_int_equal(s.answer.status, 201);
    assert_string_equal(s.answer.body, "{\"\":");
    assert_int_equal(s.answer.body_len, 4);
    assert_string_equal(s.answer.content_type, "application/json");
    assert_string_equal(s.answer.request_id, "RQ1");
    assert_string_equal(s.answer.problem, "");
    assert_int_equal(s.answer.retry_after_ms, -1);
    assert_int_equal(s.server.requests, 3);
    assert_int_equal(s.server.connections, 1); /* kept */
    const char *got = s.server.last;
    assert_ptr_equal(strstr(got, "POST /a?b=c HTTP/1.1\r\n"), got);
    assert_non_null(strstr(got, "\r\nAuthorization: Basic QUMxOnRvcDpzZWNyZXQ=\r\n"));
    assert_non_null(strstr(got, "\r\nAccept: application/json\r\n"));
    assert_non_null(strstr(got, "\r\nContent-Type: application/x-www-form-urlencoded\r\n"));
    assert_non_null(strstr(got, "\r\n\r\nA=1&B=2"));
    assert_null(strstr(got, "Expect"));
    /* what the last call carried does not stick to the handle */
    ask(&s, "GET");
    assert_ptr_equal(strstr(got, "GET /a?b=c HTTP/1.1\r\n"), got);
    assert_null(strstr(got, "Authorization"));
    assert_null(strstr(got, "application/"));
    scene_close(&s);
}

static void test_status_decides(void **state UNUSED)
{
    static const struct { const char *say; enum call_class class; int status; int64_t wait_ms; } cases[] = {
        { SAY("400 Bad", "", "2", "no"), CALL_REFUSED, 400, -1 },
        { SAY("404 Not Found", "", "2", "no"), CALL_REFUSED, 404, -1 },
        { SAY("302 Found", "Location: /elsewhere\r\n", "2", "no"), CALL_REFUSED, 302, -1 },
        { SAY("429 Slow", "Retry-After: 7\r\n", "2", "no"), CALL_LIMITED, 429, 7000 },
        { SAY("429 Slow", "Retry-After: 0\r\n", "2", "no"), CALL_LIMITED, 429, 0 },
        { SAY("429 Slow", "Retry-After: Wed, 21 Oct 2015 07:28:00 GMT\r\n", "2", "no"), CALL_LIMITED, 429, 0 },
        { SAY("429 Slow", "Retry-After: Wed, 21 Oct 2125 07:28:00 GMT\r\n", "2", "no"), CALL_LIMITED, 429, 86400000 },
        { SAY("429 Slow", "", "2", "no"), CALL_LIMITED, 429, -1 },
        { SAY("500 Oops", "", "2", "no"), CALL_UNKNOWN, 500, -1 },
        { SAY("503 Busy", "Retry-After: 3\r\n", "2", "no"), CALL_UNKNOWN, 503, 3000 },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct scene s;
        scene_open(&s, (const char *const[]){ cases[i].say, NULL });
        ask(&s, "POST");
        assert_int_equal(s.answer.class, cases[i].class);
        assert_int_equal(s.answer.status, cases[i].status);
        assert_int_equal(s.answer.retry_after_ms, cases[i].wait_ms);
        assert_string_equal(s.answer.body, "no");
        assert_int_equal(s.server.requests, 1);
        scene_close(&s);
    }
}

static void test_not_sent(void **state UNUSED)
{
    struct scene s;
    scene_open(&s, (const char *const[]){ OK, NULL });
    struct call call = call_to(&s, "POST", "http");
    static const char *const urls[] = { "http://no-such-host.invalid/", "http://127.0.0.1:1/", "file:///etc/hostname", "http://", "" };
    for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
        call.url = urls[i];
        client_call(s.client, &s.ctx, &call, &s.answer);
        assert_int_equal(s.answer.class, CALL_UNSENT);
        assert_int_equal(s.answer.status, 0);
        assert_string_equal(s.answer.body, "");
        assert_string_not_equal(s.answer.problem, "");
    }
    call = call_to(&s, "POST", "http");
    call.headers = (const char *const[]){ "X: a\r\nHost: other", NULL };
    client_call(s.client, &s.ctx, &call, &s.answer);
    assert_int_equal(s.answer.class, CALL_UNSENT);
    assert_int_equal(s.server.requests, 0);
    scene_close(&s);
}

static bool may_go(void *arg)
{
    int *left = arg;
    return --*left > 0;
}

/* Repeated on a new connection, what has left already is not asked for again: a no would come too late, and a yes is claimed twice. */
static void test_asked_once_when_repeated(void **state UNUSED)
{
    struct scene s;
    int left = 2;
    scene_open(&s, (const char *const[]){ OK, CUT, OK, NULL });
    assert_int_equal(ask(&s, "GET")->class, CALL_OK);
    struct call call = call_to(&s, "GET", "http");
    call.go = may_go;
    call.go_arg = &left;
    client_call(s.client, &s.ctx, &call, &s.answer);
    assert_int_equal(s.answer.class, CALL_OK);
    assert_int_equal(left, 1);
    assert_int_equal(s.server.requests, 3);
    scene_close(&s);
}

/* Asked on a new connection and on a kept one, and not at all when there is none. */
static void test_held_back(void **state UNUSED)
{
    struct scene s;
    int left = 3;
    scene_open(&s, (const char *const[]){ OK, NULL });
    struct call call = call_to(&s, "POST", "http");
    call.go = may_go;
    call.go_arg = &left;
    for (int i = 1; i <= 2; i++) {
        client_call(s.client, &s.ctx, &call, &s.answer);
        assert_int_equal(s.answer.class, CALL_OK);
        assert_int_equal(s.server.requests, i);
    }
    client_call(s.client, &s.ctx, &call, &s.answer);
    assert_int_equal(s.answer.class, CALL_UNSENT);
    assert_false(s.answer.forbidden);
    assert_string_equal(s.answer.problem, "held back at the last moment");
    assert_int_equal(s.server.requests, 2);
    assert_int_equal(s.server.connections, 1);
    call.url = "http://127.0.0.1:1/";
    client_call(s.client, &s.ctx, &call, &s.answer);
    assert_int_equal(left, 0);
    scene_close(&s);
}

/* A listener whose queue is full: the connection is never made. */
static void test_connect_limit(void **state UNUSED)
{
    struct scene s;
    scene_open(&s, (const char *const[]){ OK, NULL });
    int port, fd = server_listen(0, &port), fill[4];
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons((uint16_t)port) };
    for (size_t i = 0; i < ARRAY_LEN(fill); i++) {
        fill[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        if (connect(fill[i], (struct sockaddr *)&a, sizeof a))
            assert_true(true);
    }
    struct call call = call_to(&s, "POST", "http");
    call.url = arena_printf(s.ctx.arena, "http://127.0.0.1:%d/", port);
    client_call(s.client, &s.ctx, &call, &s.answer);
    assert_int_equal(s.answer.class, CALL_UNSENT);
    assert_in_range(s.answer.took_ms, 250, 550); /* the connect limit, not the whole one */
    for (size_t i = 0; i < ARRAY_LEN(fill); i++)
        close(fill[i]);
    close(fd);
    scene_close(&s);
}

static void test_tls_never_up(void **state UNUSED)
{
    static const char *const says[] = { OK, CUT, STALL };
    for (size_t i = 0; i < ARRAY_LEN(says); i++) {
        struct scene s;
        scene_open(&s, (const char *const[]){ says[i], NULL });
        struct call call = call_to(&s, "POST", "https");
        client_call(s.client, &s.ctx, &call, &s.answer);
        assert_int_equal(s.answer.class, CALL_UNSENT);
        assert_int_equal(s.answer.status, 0);
        scene_close(&s);
    }
}

static void test_sent_without_answer(void **state UNUSED)
{
    static const struct { const char *say; int status; } cases[] = {
        { STALL, 0 }, { CUT, 0 }, { "HTTP/1.1 2", 0 }, { "HTTP/1.1 100 Continue\r\n\r\n", 0 },
        { SAY("201 Created", "", "100", "{\"sid\""), 201 }, /* cut in the middle */
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct scene s;
        scene_open(&s, (const char *const[]){ cases[i].say, NULL });
        s.server.close_after = true;
        ask(&s, "POST");
        assert_int_equal(s.answer.class, CALL_UNKNOWN);
        assert_int_equal(s.answer.status, cases[i].status);
        assert_string_not_equal(s.answer.problem, "");
        assert_int_equal(s.server.requests, 1);
        scene_close(&s);
    }
}

/* curl repeats by itself when a kept connection is cut: right for GET, two texts for POST. */
static void test_kept_connection_cut(void **state UNUSED)
{
    static const struct { const char *method; enum call_class class; int requests; } cases[] = {
        { "POST", CALL_UNKNOWN, 2 }, { "PATCH", CALL_UNKNOWN, 2 }, { "GET", CALL_OK, 3 }, { "DELETE", CALL_OK, 3 },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct scene s;
        scene_open(&s, (const char *const[]){ OK, CUT, OK, NULL });
        assert_int_equal(ask(&s, cases[i].method)->class, CALL_OK);
        ask(&s, cases[i].method);
        assert_int_equal(s.answer.class, cases[i].class);
        assert_int_equal(s.server.requests, cases[i].requests);
        if (cases[i].class == CALL_UNKNOWN) {
            assert_int_equal(s.answer.status, 0);
            assert_string_equal(s.answer.problem, "the connection closed without an answer");
        }
        assert_int_equal(ask(&s, cases[i].method)->class, CALL_OK);
        scene_close(&s);
    }
}

static void test_size_limit(void **state UNUSED)
{
    static const struct { const char *say; enum call_class class; } cases[] = {
        { SAY("200 OK", "", "12", "123456789012"), CALL_UNKNOWN },
        { SAY("400 Bad", "", "12", "123456789012"), CALL_REFUSED },
        { SAY("200 OK", "", "8", "12345678"), CALL_OK },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct scene s;
        scene_open(&s, (const char *const[]){ cases[i].say, NULL });
        struct call call = call_to(&s, "POST", "http");
        call.most = 8;
        client_call(s.client, &s.ctx, &call, &s.answer);
        assert_int_equal(s.answer.class, cases[i].class);
        assert_int_equal(s.answer.body_len, 8);
        assert_string_equal(s.answer.body, "12345678");
        scene_close(&s);
    }
}

static void test_no_proxy(void **state UNUSED)
{
    struct scene s;
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    scene_open(&s, (const char *const[]){ OK, NULL });
    assert_int_equal(ask(&s, "GET")->class, CALL_OK);
    unsetenv("http_proxy");
    scene_close(&s);
}

static void test_transaction_forbids(void **state UNUSED)
{
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        struct ctx ctx = { .arena = arena_new(1 << 20), .transactions = 1 };
        struct call call = { .method = "GET", .url = "http://127.0.0.1:1/", .connect_limit_ms = 100, .limit_ms = 100 };
        struct answer answer;
        close(STDERR_FILENO);
        signal(SIGABRT, SIG_DFL);
        client_call(client_new(), &ctx, &call, &answer);
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
}

static void test_log_is_discreet(void **state UNUSED)
{
    struct scene s;
    scene_open(&s, (const char *const[]){ SAY("400 Bad", "", "9", "sensitive"), NULL });
    int ends[2], old = dup(STDERR_FILENO);
    assert_int_equal(pipe(ends), 0);
    dup2(ends[1], STDERR_FILENO);
    struct call call = call_to(&s, "POST", "http");
    call.url = arena_printf(s.ctx.arena, "http://user:urlpass@127.0.0.1:%d/path/AC1?To=%%2B48500100100", s.server.port);
    call.user = "ACuser";
    call.password = "hunter2";
    call.headers = (const char *const[]){ "X-Key: headerkey", NULL };
    call.body = "Body=private";
    call.body_len = 12;
    client_call(s.client, &s.ctx, &call, &s.answer);
    dup2(old, STDERR_FILENO);
    close(old);
    close(ends[1]);
    char log[4096];
    ssize_t n = read(ends[0], log, sizeof log - 1);
    close(ends[0]);
    assert_true(n > 0);
    log[n] = 0;
    assert_non_null(strstr(log, "event=call"));
    assert_non_null(strstr(log, "class=refused status=400"));
    assert_non_null(strstr(log, "host=\"127.0.0.1:"));
    static const char *const never[] = { "urlpass", "hunter2", "headerkey", "private", "48500100100", "sensitive", "/path" };
    for (size_t i = 0; i < ARRAY_LEN(never); i++)
        assert_null(strstr(log, never[i]));
    scene_close(&s);
}

/* A good body goes to the file and nowhere else, another one into memory; both have their ceiling. */
static void test_into_a_file(void **state UNUSED)
{
    static const struct { const char *say; size_t most; enum call_class class; const char *file, *body; bool too_large; } cases[] = {
        { SAY("200 OK", "", "5", "hello"), 5, CALL_OK, "hello", "", false },
        { SAY("200 OK", "", "5", "hello"), 4, CALL_UNKNOWN, "", "", true },
        { SAY("307 Moved", "Location: https://example.org/x\r\n", "4", "gone"), 100, CALL_REFUSED, "", "gone", false },
        { SAY("404 Not Found", "", "2", "no"), 100, CALL_REFUSED, "", "no", false },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct scene s;
        char name[] = "/tmp/centrala-client-XXXXXX", got[16] = "";
        scene_open(&s, (const char *const[]){ cases[i].say, NULL });
        struct call call = call_to(&s, "GET", "http");
        call.file = mkstemp(name);
        call.most = cases[i].most;
        unlink(name);
        client_call(s.client, &s.ctx, &call, &s.answer);
        assert_true(pread(call.file, got, sizeof got - 1, 0) >= 0);
        assert_string_equal(got, cases[i].file);
        assert_string_equal(s.answer.body, cases[i].body);
        assert_int_equal(s.answer.class, cases[i].class);
        assert_int_equal(s.answer.too_large, cases[i].too_large);
        assert_string_equal(s.answer.location, cases[i].class == CALL_REFUSED && s.answer.status == 307 ? "https://example.org/x" : "");
        close(call.file);
        scene_close(&s);
    }
}

static void test_public_only(void **state UNUSED)
{
    struct scene s;
    scene_open(&s, (const char *const[]){ OK, NULL });
    ask(&s, "GET"); /* leaves a kept connection behind, which must not be used either */
    assert_int_equal(s.answer.class, CALL_OK);
    struct call call = call_to(&s, "GET", "http");
    call.public_only = true;
    client_call(s.client, &s.ctx, &call, &s.answer);
    assert_int_equal(s.answer.class, CALL_UNSENT);
    assert_int_equal(s.server.requests, 1);
    scene_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answer), cmocka_unit_test(test_into_a_file), cmocka_unit_test(test_public_only),
        cmocka_unit_test(test_status_decides),
        cmocka_unit_test(test_not_sent),
        cmocka_unit_test(test_held_back),
        cmocka_unit_test(test_asked_once_when_repeated),
        cmocka_unit_test(test_connect_limit),
        cmocka_unit_test(test_tls_never_up),
        cmocka_unit_test(test_sent_without_answer),
        cmocka_unit_test(test_kept_connection_cut),
        cmocka_unit_test(test_size_limit),
        cmocka_unit_test(test_no_proxy),
        cmocka_unit_test(test_transaction_forbids),
        cmocka_unit_test(test_log_is_discreet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
