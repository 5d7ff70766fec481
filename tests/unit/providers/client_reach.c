/* client_reach.c - client.c where a tenant chose the address, and what servers say about repeating. */
#include "base/base.h"
#include "providers/client.h"
#include "server.h"
#include <setjmp.h>
#include <cmocka.h>

#define SAY(status, headers) "HTTP/1.1 " status "\r\n" headers "Content-Length: 2\r\n\r\nok"
#define OK SAY("200 OK", "")

struct scene {
    struct server server;
    struct client *client;
    struct ctx ctx;
    struct answer answer;
    int done;
};

static void scene_open(struct scene *s, const char *const *script)
{
    server_start(&s->server, script);
    s->client = client_new();
    s->ctx = (struct ctx){ .arena = arena_new(16 << 20), .id = "0123456789abcdef" };
}

static void scene_close(struct scene *s)
{
    client_free(s->client);
    server_stop(&s->server);
    arena_free(s->ctx.arena);
}

static struct call call_to(struct scene *s, const char *scheme, const char *host)
{
    return (struct call){ .method = "POST", .connect_limit_ms = 500, .limit_ms = 1000, .body = "{}", .body_len = 2,
                          .url = arena_printf(s->ctx.arena, "%s://%s:%d/v1", scheme, host, s->server.port) };
}

static void on_done(const struct answer *answer, void *arg)
{
    struct scene *s = arg;
    s->answer = *answer;
    s->done++;
}

/* The same call waiting and in flight: both paths set up alike. */
static void ask(struct scene *s, const struct call *call, bool waiting)
{
    if (waiting) {
        client_call(s->client, &s->ctx, call, &s->answer);
        return;
    }
    int before = s->done;
    client_start(s->client, s->ctx.arena, call, on_done, s);
    for (int i = 0; i < 200 && s->done == before; i++)
        client_run(s->client, -1, 50);
    assert_int_equal(s->done, before + 1);
}

static void assert_forbidden(const struct scene *s, const char *why)
{
    assert_int_equal(s->answer.class, CALL_UNSENT);
    assert_int_equal(s->answer.status, 0);
    assert_true(s->answer.forbidden);
    if (why)
        assert_string_equal(s->answer.problem, why);
}

/* Every way to write this machine; the listener sees no connection at all. */
static void test_public_only(void **state UNUSED)
{
    static const char *const hosts[] = { "127.0.0.1", "localhost", "127.1", "2130706433", "0x7f.0.0.1", "0", "[::ffff:127.0.0.1]" };
    for (int waiting = 0; waiting < 2; waiting++)
        for (size_t i = 0; i < ARRAY_LEN(hosts); i++) {
            struct scene s = { 0 };
            scene_open(&s, (const char *const[]){ OK, NULL });
            struct call call = call_to(&s, "http", hosts[i]);
            ask(&s, &call, waiting); /* reaches it otherwise … */
            if (s.answer.class != CALL_OK)
                fail_msg("%s: %s", hosts[i], s.answer.problem);
            assert_int_equal(s.server.connections, 1);
            client_free(s.client); /* … and not over a new connection */
            s.client = client_new();
            call.public_only = true;
            ask(&s, &call, waiting);
            assert_forbidden(&s, "the address is not on the public internet");
            assert_int_equal(s.server.connections, 1);
            assert_int_equal(s.server.requests, 1);
            scene_close(&s);
        }
}

static void test_public_only_kept_connection(void **state UNUSED)
{
    for (int waiting = 0; waiting < 2; waiting++) {
        struct scene s = { 0 };
        scene_open(&s, (const char *const[]){ OK, NULL });
        struct call call = call_to(&s, "http", "127.0.0.1");
        ask(&s, &call, waiting);
        assert_int_equal(s.answer.class, CALL_OK);
        call.public_only = true;
        ask(&s, &call, waiting);
        assert_forbidden(&s, "the address is not on the public internet");
        assert_int_equal(s.server.requests, 1);
        call.public_only = false; /* does not stick */
        ask(&s, &call, waiting);
        assert_int_equal(s.answer.class, CALL_OK);
        assert_false(s.answer.forbidden);
        scene_close(&s);
    }
}

static void test_https_only(void **state UNUSED)
{
    for (int waiting = 0; waiting < 2; waiting++) {
        struct scene s = { 0 };
        scene_open(&s, (const char *const[]){ OK, NULL });
        struct call call = call_to(&s, "http", "127.0.0.1");
        call.https_only = true;
        ask(&s, &call, waiting);
        assert_forbidden(&s, NULL);
        assert_int_equal(s.server.connections, 0);
        call = call_to(&s, "https", "127.0.0.1");
        call.https_only = true;
        ask(&s, &call, waiting); /* tried; no TLS there */
        assert_int_equal(s.answer.class, CALL_UNSENT);
        assert_false(s.answer.forbidden);
        assert_int_equal(s.server.connections, 1);
        call.public_only = true;
        ask(&s, &call, waiting);
        assert_forbidden(&s, "the address is not on the public internet");
        assert_int_equal(s.server.connections, 1);
        scene_close(&s);
    }
}

/* A public server that says "go inside": not followed. */
static void test_redirect_stays(void **state UNUSED)
{
    struct scene s = { 0 };
    scene_open(&s, (const char *const[]){ SAY("307 Moved", "Location: http://127.0.0.1:1/\r\n"), NULL });
    struct call call = call_to(&s, "http", "127.0.0.1");
    ask(&s, &call, true);
    assert_int_equal(s.answer.status, 307);
    assert_int_equal(s.answer.class, CALL_REFUSED);
    scene_close(&s);
}

static void test_said_about_repeating(void **state UNUSED)
{
    static const struct { const char *say; int should_retry; int64_t wait_ms; } cases[] = {
        { OK, 0, -1 },
        { SAY("429 Slow", "X-Should-Retry: true\r\nRetry-After-Ms: 1250\r\nRetry-After: 9\r\n"), 1, 1250 },
        { SAY("429 Slow", "x-should-retry: FALSE\r\nretry-after: 9\r\n"), -1, 9000 },
        { SAY("500 Oops", "X-Should-Retry: maybe\r\nRetry-After-Ms: soon\r\n"), 0, -1 },
        { SAY("500 Oops", "Retry-After-Ms: 12.7\r\n"), 0, 12 },
        { SAY("500 Oops", "Retry-After-Ms: -5\r\nRetry-After: 2\r\n"), 0, 2000 },
        { SAY("500 Oops", "Retry-After-Ms: 99999999999999999999\r\n"), 0, 86400000 },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct scene s = { 0 };
        scene_open(&s, (const char *const[]){ cases[i].say, NULL });
        struct call call = call_to(&s, "http", "127.0.0.1");
        ask(&s, &call, true);
        assert_int_equal(s.answer.should_retry, cases[i].should_retry);
        assert_int_equal(s.answer.retry_after_ms, cases[i].wait_ms);
        assert_false(s.answer.forbidden);
        scene_close(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_public_only), cmocka_unit_test(test_public_only_kept_connection), cmocka_unit_test(test_https_only),
        cmocka_unit_test(test_redirect_stays), cmocka_unit_test(test_said_about_repeating),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
