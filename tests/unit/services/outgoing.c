/* outgoing.c - held, claimed, called: whoever dies, is slow or loses its connection, Twilio is asked once. With
 * tests/support/with-mariadb. */
#include "base/base.h"
#include <setjmp.h>
#include <cmocka.h>
#include <signal.h>
#include <sys/wait.h>
#include "../providers/server.h"
#include "../store/proxy.h"
#include "services/crew.h"
#include "services/outgoing.h"
#include "services/sender.h"
#include "store/outbox.h"
#include "support.h"

#define SID "SM00000000000000000000000000000001"
#define ANSWER(status) "HTTP/1.1 " status "\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: "
#define ACCEPTED ANSWER("201 Created") "81\r\n\r\n{\"sid\":\"" SID "\",\"status\":\"queued\",\"num_segments\":\"1\"}"
#define LATER ANSWER("429 Too Many Requests") "2\r\n\r\n{}"
#define NOTHING ANSWER("200 OK") "36\r\n\r\n{\"messages\":[],\"next_page_uri\":null}"

static const struct sql line = SQL("SELECT CONCAT_WS('|',m.status,o.state,o.attempts,IFNULL(m.sid,'-')) FROM outbox o JOIN message m ON m.tenant_id=o.tenant_id "
                                   "AND m.conversation_id=o.conversation_id AND m.id=o.message_id WHERE o.tenant_id=? AND o.id=?", &scalar_type);
static const struct sql holder_of = SQL("SELECT IFNULL(claim,'-') FROM outbox WHERE tenant_id=? AND id=?", &scalar_type);
static const struct sql newest = SQL("SELECT CONCAT(MAX(id)) FROM outbox WHERE tenant_id=?", &scalar_type);
static const struct sql over = SQL("UPDATE outbox SET next_at=UTC_TIMESTAMP(3)-INTERVAL 1 SECOND WHERE tenant_id=? AND id=?", NULL);

static struct server twilio;
static char base[64];

static void twilio_says(const char *const *script)
{
    server_start(&twilio, script);
    snprintf(base, sizeof base, "http://127.0.0.1:%d", twilio.port);
    f.conf.twilio_api_base = base;
}

static int after_each(void **state)
{
    (void)state;
    client_free(ctx->client);
    ctx->client = client_new();
    server_stop(&twilio);
    f.conf.twilio_api_base = NOBODY;
    return 0;
}

/* A process that sends: its context has a name of its own. */
struct holder {
    struct ctx ctx;
    struct outbox_row *row;
    struct outgoing *out;
};

static uint64_t waiting(void)
{
    struct send_result r;
    begin(1);
    must(message_send(ctx, &(struct send_request){ .to = CUSTOMER, .body = "hello", .author = AUTHOR_SCHEDULE, .queued = true }, &r));
    return r.outbox_id;
}

static void expect(uint64_t id, const char *want)
{
    begin(1);
    assert_string_equal(ask(&line, ARGS(U64(1), U64(id))), want);
}

/* The time of the hold, the lease or the pause has passed. */
static void time_passes(uint64_t id)
{
    begin(1);
    must_do(ctx, &over, ARGS(U64(1), U64(id)));
}

static bool take(struct holder *h, uint64_t id)
{
    begin(1);
    h->ctx = *ctx;
    h->row = db_outbox_get(&h->ctx, 1, id);
    assert_non_null(h->row);
    int held = db_outbox_hold(&h->ctx, 1, id, h->ctx.id, outgoing_hold_ms(&h->ctx));
    assert_true(held >= 0);
    if (!held)
        return false;
    h->out = outgoing_start(&h->ctx, h->row, &(struct gate){ .verdict = GATE_OPEN }, 2000);
    assert_non_null(h->out);
    return true;
}

static bool call(struct holder *h)
{
    struct answer answer;
    struct twilio_result result;
    client_call(h->ctx.client, &h->ctx, &h->out->call, &answer);
    twilio_send_result(h->ctx.arena, &answer, &result);
    return outgoing_settle(h->out, &result);
}

/* A round of fcgi-cron, until what it began has ended. */
static int a_round(void)
{
    begin(1);
    struct crew *crew = crew_new(f.arena, ctx);
    int begun = sender_step(ctx, crew);
    while (crew_in_flight(crew))
        client_run(ctx->client, -1, 100);
    return begun;
}

static void test_dead_before_the_claim_it_is_sent_once_by_the_next(void **state)
{
    (void)state;
    twilio_says((const char *const[]){ ACCEPTED, NULL });
    uint64_t id = waiting();
    struct holder dead;
    assert_true(take(&dead, id));
    assert_int_equal(a_round(), 0);
    expect(id, "queued|queued|0|-");
    time_passes(id);
    assert_int_equal(a_round(), 1);
    expect(id, "queued|sent|1|" SID);
    assert_int_equal(a_round(), 0);
    assert_int_equal(twilio.requests, 1);
}

static void test_dead_after_the_claim_it_is_looked_up_and_never_repeated(void **state)
{
    (void)state;
    twilio_says((const char *const[]){ NOTHING, NULL });
    uint64_t id = waiting();
    struct holder dead;
    assert_true(take(&dead, id));
    assert_true(dead.out->call.go(dead.out->call.go_arg));
    expect(id, "queued|claimed|1|-");
    assert_int_equal(a_round(), 0);
    for (int looks = 1; looks <= 2; looks++) {
        time_passes(id);
        assert_int_equal(a_round(), 1);
        assert_int_equal(twilio.requests, looks);
        assert_int_equal(strncmp(twilio.last, "GET ", 4), 0);
    }
    expect(id, "failed|failed|1|-");
    time_passes(id);
    assert_int_equal(a_round(), 0);
}

static void test_dead_after_the_request_its_sid_is_found(void **state)
{
    (void)state;
    uint64_t id = waiting();
    char date[64], body[512];
    time_t now = (time_t)(clock_now_ms() / 1000);
    struct tm tm;
    gmtime_r(&now, &tm);
    strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S +0000", &tm);
    snprintf(body, sizeof body, "{\"messages\":[{\"sid\":\"" SID "\",\"status\":\"sent\",\"direction\":\"outbound-api\",\"to\":\"" CUSTOMER "\",\"body\":\"hello\","
                                "\"num_segments\":\"1\",\"date_created\":\"%s\"}],\"next_page_uri\":null}", date);
    const char *found = arena_printf(f.arena, ANSWER("200 OK") "%zu\r\n\r\n%s", strlen(body), body);
    twilio_says((const char *const[]){ found, NULL });
    struct holder dead;
    assert_true(take(&dead, id));
    assert_true(dead.out->call.go(dead.out->call.go_arg));
    time_passes(id);
    assert_int_equal(a_round(), 1);
    expect(id, "sent|sent|1|" SID);
    assert_int_equal(twilio.requests, 1);
}

static void test_the_slow_one_does_not_call_what_another_has_sent(void **state)
{
    (void)state;
    twilio_says((const char *const[]){ ACCEPTED, NULL });
    uint64_t id = waiting();
    struct holder slow, quick;
    assert_true(take(&slow, id));
    assert_false(take(&quick, id));
    time_passes(id);
    assert_true(take(&quick, id));
    must(call(&quick));
    must(call(&slow));
    assert_int_equal(slow.out->stage, OUTGOING_LOST);
    assert_int_equal(twilio.requests, 1);
    expect(id, "queued|sent|1|" SID);
}

static void test_the_slow_one_does_not_call_what_another_is_about_to_send(void **state)
{
    (void)state;
    twilio_says((const char *const[]){ ACCEPTED, NULL });
    uint64_t id = waiting();
    struct holder slow, quick;
    assert_true(take(&slow, id));
    time_passes(id);
    assert_true(take(&quick, id));
    must(call(&slow));
    assert_int_equal(slow.out->stage, OUTGOING_LOST);
    assert_int_equal(twilio.requests, 0);
    must(call(&quick));
    assert_int_equal(twilio.requests, 1);
    expect(id, "queued|sent|1|" SID);
}

/* Between them lies only the moment at which the hold ran out. */
static void test_the_slow_one_may_still_call_what_nobody_else_took(void **state)
{
    (void)state;
    twilio_says((const char *const[]){ ACCEPTED, NULL });
    uint64_t id = waiting();
    struct holder slow, quick;
    assert_true(take(&slow, id));
    time_passes(id);
    must(call(&slow));
    assert_false(take(&quick, id));
    assert_int_equal(twilio.requests, 1);
    expect(id, "queued|sent|1|" SID);
}

static void test_the_slow_one_does_not_call_what_twilio_has_put_off(void **state)
{
    (void)state;
    twilio_says((const char *const[]){ LATER, ACCEPTED, NULL });
    uint64_t id = waiting();
    struct holder slow, quick;
    assert_true(take(&slow, id));
    time_passes(id);
    assert_true(take(&quick, id));
    must(call(&quick));
    must(call(&slow));
    assert_int_equal(twilio.requests, 1);
    expect(id, "queued|queued|1|-");
    time_passes(id);
    assert_int_equal(a_round(), 1);
    assert_int_equal(twilio.requests, 2);
    expect(id, "queued|sent|2|" SID);
}

static void test_what_is_canceled_while_connecting_does_not_leave(void **state)
{
    (void)state;
    twilio_says((const char *const[]){ ACCEPTED, NULL });
    uint64_t id = waiting();
    struct holder h;
    assert_true(take(&h, id));
    assert_int_equal(db_outbox_move(ctx, 1, id, "queued", "canceled", 0, "an opt-out"), 1);
    must(call(&h));
    assert_int_equal(twilio.requests, 0);
    expect(id, "queued|canceled|0|-");
}

/* Another host has read it while it was due, and its gate says later. */
static void test_what_is_held_is_not_put_off_by_another(void **state)
{
    (void)state;
    twilio_says((const char *const[]){ ACCEPTED, NULL });
    uint64_t id = waiting();
    struct holder h;
    assert_true(take(&h, id));
    begin(1);
    assert_int_equal(db_outbox_put_off(ctx, 1, id, ctx->id, 1000, "pace"), 0);
    must(call(&h));
    assert_int_equal(twilio.requests, 1);
    id = waiting();
    assert_true(take(&h, id));
    assert_int_equal(db_outbox_put_off(ctx, 1, id, h.ctx.id, 1000, "pace"), 1);
    assert_int_equal(db_outbox_claim(ctx, 1, id, h.ctx.id, 30), 0);
    begin(1);
    assert_string_equal(ask(&holder_of, ARGS(U64(1), U64(id))), "-");
}

/* Both have listed what is due, and the other is one row ahead: what it holds costs this one nothing of the sender's rate. */
static void test_what_another_holds_does_not_use_up_the_pace(void **state)
{
    (void)state;
    static const struct sql paces = SQL("SELECT GROUP_CONCAT(name) FROM line WHERE tenant_id=? AND name<>''", &scalar_type);
    twilio_says((const char *const[]){ ACCEPTED, NULL });
    struct send_result other;
    uint64_t ours = waiting();
    must(message_send(ctx, &(struct send_request){ .to = "+447700900124", .body = "hello", .author = AUTHOR_SCHEDULE, .queued = true }, &other));
    script(&f, arena_printf(f.arena, "DELIMITER //\nCREATE TRIGGER ahead BEFORE UPDATE ON line FOR EACH ROW BEGIN SET NEW.name=CONCAT(NEW.name,'+');"
                                     "UPDATE outbox SET claim='another',next_at=UTC_TIMESTAMP(3)+INTERVAL 1 MINUTE WHERE id=%" PRIu64 "; END //\n", other.outbox_id));
    int begun = a_round();
    const char *asked = ask(&paces, ARGS(U64(1)));
    script(&f, "DROP TRIGGER ahead; UPDATE line SET name=''");
    assert_int_equal(begun, 1);
    expect(ours, "queued|sent|1|" SID);
    expect(other.outbox_id, "queued|queued|0|-");
    assert_string_equal(asked, "+");
}

/* The claim's answer is lost, whether it was made or not: nothing is written, and it is as if it had not been. */
static void claim_and_lose(enum proxy_mode mode)
{
    before_each(NULL);
    uint64_t id = waiting();
    struct proxy p;
    struct holder h;
    proxy_start(&p, f.conf.db_socket);
    struct conf through = f.conf;
    through.db_hosts = arena_printf(f.arena, "127.0.0.1:%u", p.port);
    assert_true(take(&h, id));
    h.ctx.db = db_new(&through);
    proxy_arm(&p, mode, h.ctx.id);
    assert_false(call(&h));
    assert_int_equal(h.ctx.err.code, ERR_DATABASE);
    assert_int_equal(p.shared->cuts, 1);
    db_free(h.ctx.db);
    proxy_stop(&p);
    expect(id, "queued|queued|0|-");
    assert_int_equal(twilio.requests, 0);
    time_passes(id);
    assert_int_equal(a_round(), 1);
    expect(id, "queued|sent|1|" SID);
}

static void test_a_claim_without_an_answer_is_no_call(void **state)
{
    (void)state;
    twilio_says((const char *const[]){ ACCEPTED, NULL });
    claim_and_lose(PROXY_CUT_AFTER);
    assert_int_equal(twilio.requests, 1);
    twilio.requests = 0;
    claim_and_lose(PROXY_CUT_BEFORE);
    assert_int_equal(twilio.requests, 1);
}

/* The worker's row is held from the commit on; it dies while Twilio does not take the connection. */
static void test_a_worker_that_dies_while_connecting_leaves_it_to_fcgi_cron(void **state)
{
    (void)state;
    int port, full = server_listen(0, &port), fill[4];
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons((uint16_t)port) };
    for (size_t i = 0; i < ARRAY_LEN(fill); i++) {
        fill[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        (void)!connect(fill[i], (struct sockaddr *)&a, sizeof a);
    }
    f.conf.twilio_connect_limit_ms = 60000;
    f.conf.twilio_api_base = arena_printf(f.arena, "http://127.0.0.1:%d", port);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        ctx->db = db_new(&f.conf);
        ctx->client = client_new();
        queued(CUSTOMER, "hello");
        _exit(0);
    }
    uint64_t id = 0;
    for (int i = 0; i < 500 && !id; i++, poll(NULL, 0, 20)) {
        begin(1);
        id = strtoull(ask(&newest, ARGS(U64(1))), NULL, 10);
    }
    assert_true(id > 0);
    begin(1);
    assert_int_equal(strlen(ask(&holder_of, ARGS(U64(1), U64(id)))), 16);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    for (size_t i = 0; i < ARRAY_LEN(fill); i++)
        close(fill[i]);
    close(full);
    f.conf.twilio_connect_limit_ms = 2000;
    twilio_says((const char *const[]){ ACCEPTED, NULL });
    expect(id, "queued|queued|0|-");
    assert_int_equal(a_round(), 0);
    time_passes(id);
    assert_int_equal(a_round(), 1);
    expect(id, "queued|sent|1|" SID);
    assert_int_equal(twilio.requests, 1);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, before_each, after_each)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_dead_before_the_claim_it_is_sent_once_by_the_next),
        TEST(test_dead_after_the_claim_it_is_looked_up_and_never_repeated),
        TEST(test_dead_after_the_request_its_sid_is_found),
        TEST(test_the_slow_one_does_not_call_what_another_has_sent),
        TEST(test_the_slow_one_does_not_call_what_another_is_about_to_send),
        TEST(test_the_slow_one_may_still_call_what_nobody_else_took),
        TEST(test_the_slow_one_does_not_call_what_twilio_has_put_off),
        TEST(test_what_is_canceled_while_connecting_does_not_leave),
        TEST(test_what_is_held_is_not_put_off_by_another),
        TEST(test_what_another_holds_does_not_use_up_the_pace),
        TEST(test_a_claim_without_an_answer_is_no_call),
        TEST(test_a_worker_that_dies_while_connecting_leaves_it_to_fcgi_cron),
    };
    return cmocka_run_group_tests(tests, open_services, close_services);
}
