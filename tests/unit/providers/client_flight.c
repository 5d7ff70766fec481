/* client_flight.c - calls in flight: many at once, begun from an answer, woken by a descriptor. */
#include "base/base.h"
#include "providers/client.h"
#include "scene.h"
#include <setjmp.h>
#include <cmocka.h>
#include <unistd.h>

struct tally { int done, ok, unknown; struct client *client; struct arena *again; const struct call *call; };

static void on_done(const struct answer *answer, void *arg)
{
    struct tally *t = arg;
    t->done++;
    t->ok += answer->class == CALL_OK && strcmp(answer->body, "ok") == 0;
    t->unknown += answer->class == CALL_UNKNOWN;
    if (t->again) { /* a call started from inside `done` */
        struct arena *a = t->again;
        t->again = NULL;
        client_start(t->client, a, t->call, on_done, t);
    }
}

static void test_in_flight(void **state UNUSED)
{
    struct scene s;
    scene_open(&s, (const char *const[]){ OK, OK, STALL, OK, NULL });
    struct call call = call_to(&s, "POST", "http");
    struct tally t = { .client = s.client, .again = s.ctx.arena, .call = &call };
    assert_int_equal(client_run(s.client, -1, 1), 0); /* nothing started: only waits */
    for (int i = 0; i < 5; i++)
        client_start(s.client, s.ctx.arena, &call, on_done, &t);
    assert_int_equal(client_in_flight(s.client), 5);
    for (int i = 0; i < 200 && client_run(s.client, -1, 50) > 0; i++)
        ;
    assert_int_equal(client_in_flight(s.client), 0);
    assert_int_equal(t.done, 6);
    assert_int_equal(t.ok, 5);
    assert_int_equal(t.unknown, 1);
    assert_int_equal(s.server.requests, 6);
    client_start(s.client, s.ctx.arena, &call, on_done, &t);
    for (int i = 0; i < 200 && client_run(s.client, -1, 50) > 0; i++)
        ;
    assert_true(s.server.connections <= 5); /* kept between calls */
    scene_close(&s);
}

static void test_woken_by_descriptor(void **state UNUSED)
{
    struct scene s;
    scene_open(&s, (const char *const[]){ STALL, NULL });
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    struct call call = call_to(&s, "POST", "http");
    call.limit_ms = 60000;
    struct tally t = { .client = s.client };
    assert_int_equal(write(ends[1], "x", 1), 1);
    assert_int_equal(client_run(s.client, ends[0], 60000), 0); /* returns at once without calls … */
    client_start(s.client, s.ctx.arena, &call, on_done, &t);
    for (int i = 0; i < 3; i++)
        assert_int_equal(client_run(s.client, ends[0], 60000), 1); /* … and with one that never ends */
    close(ends[0]);
    close(ends[1]);
    scene_close(&s); /* drops it */
    assert_int_equal(t.done, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_in_flight),
        cmocka_unit_test(test_woken_by_descriptor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
