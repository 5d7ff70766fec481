/* sending.c - from a wish to a row that is sent once: order, nonces, leases, what a person is told. With
 * tests/support/with-mariadb. */
#include "base/base.h"
#include <setjmp.h>
#include <cmocka.h>
#include "base/clock.h"
#include "services/gate.h"
#include "services/outgoing.h"
#include "services/crew.h"
#include "services/sender.h"
#include "store/conversations.h"
#include "store/outbox.h"
#include "../store/proxy.h"
#include "services/delivery.h"
#include "support.h"

static const struct sql line = SQL("SELECT CONCAT_WS('|',state,attempts,IFNULL(claim,'-'),next_at>UTC_TIMESTAMP(3)) FROM outbox WHERE tenant_id=? AND id=?", &scalar_type);
static const struct sql lease = SQL("SELECT CONCAT(TIMESTAMPDIFF(SECOND,UTC_TIMESTAMP(3),next_at)) FROM outbox WHERE tenant_id=? AND id=?", &scalar_type);
static const struct sql due = SQL("UPDATE outbox SET next_at=UTC_TIMESTAMP(3)-INTERVAL 1 SECOND,attempts=? WHERE tenant_id=? AND id=?", NULL);
static const struct sql wrong_order = SQL("SELECT CONCAT_WS('|',COUNT(*),SUM(m.id>c.last_message_id),MAX(c.message_count),SUM(m.created_at<>m.status_at)) FROM message m "
                                          "JOIN conversation c ON c.tenant_id=m.tenant_id AND c.id=m.conversation_id WHERE m.tenant_id=?", &scalar_type);
static const struct sql ahead = SQL("UPDATE conversation SET last_message_id=last_message_id+1000000000000 WHERE tenant_id=? AND id=?", NULL);
static const struct sql newest = SQL("SELECT CONCAT_WS('|',c.preview,c.last_message_id=MAX(m.id)) FROM conversation c JOIN message m ON m.tenant_id=c.tenant_id AND m.conversation_id=c.id "
                                     "WHERE c.tenant_id=? AND c.id=? GROUP BY c.id", &scalar_type);

static struct outbox_row *row_of(const struct send_result *m)
{
    struct outbox_row *row = db_outbox_get(ctx, 1, m->outbox_id);
    assert_non_null(row);
    return row;
}

static void expect(const struct send_result *m, const char *want)
{
    assert_string_equal(ask(&line, ARGS(U64(1), U64(m->outbox_id))), want);
}

static void test_what_cannot_leave_now_waits_with_its_attempt_counted(void **state)
{
    (void)state;
    struct send_result m = queued(CUSTOMER, "hello");
    assert_string_equal(m.status, "queued");
    assert_null(m.sid);
    expect(&m, "queued|1|-|1");
}

static void test_waiting_for_the_pace_is_no_attempt(void **state)
{
    (void)state;
    struct send_result m;
    script(&f, "UPDATE line SET per_second=1,free_at=UTC_TIMESTAMP(6)+INTERVAL 60 SECOND WHERE tenant_id=1 AND channel='sms'");
    m = queued(CUSTOMER, "hello");
    expect(&m, "queued|0|-|1");
    /* What was written later waits behind it, whatever the pace says now. */
    script(&f, "UPDATE line SET per_second=1000,free_at=UTC_TIMESTAMP(6) WHERE tenant_id=1 AND channel='sms'");
    struct send_result second = queued(CUSTOMER, "and this"), elsewhere = queued("+447700900124", "unconcerned");
    expect(&second, "queued|0|-|1");
    expect(&elsewhere, "queued|1|-|1");
    must_do(ctx, &due, ARGS(I64(1), U64(1), U64(m.outbox_id))); /* it has been tried: nobody waits any longer */
    assert_int_equal(gate_check(ctx, row_of(&second)).verdict, GATE_OPEN);
}

static void test_the_same_nonce_is_one_send_and_tells_its_outcome(void **state)
{
    (void)state;
    struct send_result first, again;
    struct send_request rq = { .to = CUSTOMER, .body = "hello", .nonce = "n1", .author = AUTHOR_API };
    script(&f, "UPDATE tenant SET state='suspended' WHERE id=1");
    must(message_send(ctx, &rq, &first));
    script(&f, "UPDATE tenant SET state='active' WHERE id=1");
    assert_string_equal(first.status, "failed");
    begin(1);
    must(message_send(ctx, &rq, &again));
    assert_true(again.duplicate && again.outbox_id == first.outbox_id);
    assert_non_null(again.error);
    assert_string_equal(again.error, first.error);
}

/* The customer wrote that many hours ago, by the database's clock; this host's is `wrong` hours ahead of it. */
static bool whatsapp_allowed(int64_t hours, int64_t wrong)
{
    static const struct sql wrote = SQL("UPDATE conversation SET last_inbound_at=UTC_TIMESTAMP(3)-INTERVAL ? HOUR WHERE tenant_id=? AND peer=?", NULL);
    static const char peer[] = "whatsapp:" CUSTOMER;
    struct send_result r;
    uint64_t conversation;
    begin(1);
    must(message_send(ctx, &(struct send_request){ .to = peer, .content_sid = "HX00000000000000000000000000000000", .author = AUTHOR_API }, &r));
    conversation = r.conversation_id;
    must_do(ctx, &wrote, ARGS(I64(hours), U64(1), TEXT(peer)));
    begin(1);
    ctx->now_ms += wrong * 3600 * 1000;
    bool by_number = message_send(ctx, &(struct send_request){ .to = peer, .body = "hello", .author = AUTHOR_API }, &r);
    assert_int_equal(ctx->err.code, by_number ? ERR_NONE : ERR_INVALID);
    begin(1);
    ctx->now_ms += wrong * 3600 * 1000;
    bool in_chat = message_send(ctx, &(struct send_request){ .conversation_id = conversation, .body = "hello", .author = AUTHOR_API }, &r);
    assert_int_equal(by_number, in_chat);
    return in_chat;
}

static void test_the_whatsapp_window_is_told_by_the_databases_clock(void **state)
{
    (void)state;
    assert_true(whatsapp_allowed(23, 0));
    assert_true(whatsapp_allowed(23, 5));
    assert_false(whatsapp_allowed(25, 0));
    assert_false(whatsapp_allowed(25, -5));
}

static const struct sql parts_of = SQL("SELECT GROUP_CONCAT(m.body,'=',o.nonce,'=',o.state ORDER BY m.id SEPARATOR '|') FROM message m JOIN outbox o ON o.tenant_id=m.tenant_id "
                                       "AND o.conversation_id=m.conversation_id AND o.message_id=m.id WHERE m.tenant_id=?", &scalar_type);

static bool refuse_all(struct ctx *c, const struct send_result *stored, void *arg)
{
    (void)stored;
    (void)arg;
    return err_set(c, ERR_CONFLICT, "no");
}

static void test_parts_are_stored_together_or_not_at_all_and_leave_in_order(void **state)
{
    (void)state;
    static const char *const more[] = { "two", "three" };
    struct send_result r;
    struct send_request rq = { .to = CUSTOMER, .body = "one", .more = more, .more_count = 2, .nonce = "p", .author = AUTHOR_MODEL, .queued = true, .also = refuse_all };
    assert_false(message_send(ctx, &rq, &r));
    begin(1);
    assert_string_equal(ask(&parts_of, ARGS(U64(1))), "");
    rq.also = NULL;
    must(message_send(ctx, &rq, &r));
    assert_string_equal(ask(&parts_of, ARGS(U64(1))), "one=p=queued|two=p+2=queued|three=p+3=queued");
    struct outbox_row *second = db_outbox_by_nonce(ctx, 1, "p+2");
    assert_int_equal(gate_check(ctx, second).verdict, GATE_LATER);
    /* Also while the first is on its way: the second must not overtake it. */
    assert_int_equal(db_outbox_hold(ctx, 1, r.outbox_id, "0123456789abcdef", 60000), 1);
    assert_int_equal(gate_check(ctx, db_outbox_by_nonce(ctx, 1, "p+2")).verdict, GATE_LATER);
    assert_int_equal(db_outbox_claim(ctx, 1, r.outbox_id, "0123456789abcdef", 60), 1);
    assert_int_equal(gate_check(ctx, db_outbox_by_nonce(ctx, 1, "p+2")).verdict, GATE_LATER);
    must(db_outbox_release(ctx, 1, r.outbox_id, "0123456789abcdef", "sent", 0, NULL) == 1);
    assert_int_equal(gate_check(ctx, db_outbox_by_nonce(ctx, 1, "p+2")).verdict, GATE_OPEN);
    begin(1);
    must(message_send(ctx, &rq, &r));
    assert_true(r.duplicate);
    assert_string_equal(ask(&parts_of, ARGS(U64(1))), "one=p=sent|two=p+2=queued|three=p+3=queued");
    static const char *const bad[] = { "" };
    struct send_request empty = { .to = CUSTOMER, .body = "one", .more = bad, .more_count = 1, .author = AUTHOR_MODEL };
    begin(1);
    assert_false(message_send(ctx, &empty, &r));
    assert_string_equal(ctx->err.field, "body");
}

static void test_ids_of_a_conversation_rise_even_when_a_clock_does_not(void **state)
{
    (void)state;
    struct send_result m = queued(CUSTOMER, "one");
    must_do(ctx, &ahead, ARGS(U64(1), U64(m.conversation_id)));
    struct send_result n = queued(CUSTOMER, "two");
    assert_true(n.message_id > m.message_id + UINT64_C(1000000000000));
    assert_string_equal(ask(&newest, ARGS(U64(1), U64(m.conversation_id))), "two|1");
}

static void test_many_senders_to_one_customer_at_once(void **state)
{
    (void)state;
    enum { SENDERS = 6, EACH = 15 };
    queued(CUSTOMER, "first");
    pid_t child[SENDERS];
    for (int i = 0; i < SENDERS; i++) {
        child[i] = fork();
        assert_true(child[i] >= 0);
        if (child[i] == 0) {
            struct send_result r;
            int failures = 0;
            ctx->db = db_new(&f.conf);
            ctx->client = client_new();
            for (int k = 0; k < EACH; k++) {
                begin(1);
                failures += !message_send(ctx, &(struct send_request){ .to = CUSTOMER, .body = "at once", .author = AUTHOR_API }, &r);
            }
            _exit(failures);
        }
    }
    for (int i = 0; i < SENDERS; i++) {
        int status;
        assert_int_equal(waitpid(child[i], &status, 0), child[i]);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    assert_string_equal(ask(&wrong_order, ARGS(U64(1))), "91|0|91|0");
}

static void test_a_claim_outlives_the_call_that_it_is_for(void **state)
{
    (void)state;
    struct send_result m = queued(CUSTOMER, "hello");
    struct gate open = { .verdict = GATE_OPEN };
    must_do(ctx, &due, ARGS(I64(0), U64(1), U64(m.outbox_id)));
    struct outbox_row *row = row_of(&m);
    assert_int_equal(db_outbox_hold(ctx, 1, m.outbox_id, ctx->id, outgoing_hold_ms(ctx)), 1);
    struct outgoing *out = outgoing_start(ctx, row, &open, 120000);
    assert_non_null(out);
    must(out->call.go(out->call.go_arg));
    int left = atoi(ask(&lease, ARGS(U64(1), U64(m.outbox_id))));
    assert_true(left > 120 + 15);
    assert_int_equal(out->call.limit_ms, 120000);
}

static void test_a_claim_that_nothing_came_of_is_no_attempt(void **state)
{
    (void)state;
    struct send_result m = queued(CUSTOMER, "hello");
    must_do(ctx, &due, ARGS(I64(2), U64(1), U64(m.outbox_id)));
    assert_int_equal(db_outbox_hold(ctx, 1, m.outbox_id, "aaaaaaaaaaaaaaaa", 30000), 1);
    assert_int_equal(db_outbox_claim(ctx, 1, m.outbox_id, "bbbbbbbbbbbbbbbb", 30), 0);
    assert_int_equal(db_outbox_claim(ctx, 1, m.outbox_id, "aaaaaaaaaaaaaaaa", 30), 1);
    assert_int_equal(db_outbox_return(ctx, 1, m.outbox_id, "bbbbbbbbbbbbbbbb", 1000), 0);
    assert_int_equal(db_outbox_return(ctx, 1, m.outbox_id, "aaaaaaaaaaaaaaaa", 1000), 1);
    expect(&m, "queued|2|-|1");
    must_do(ctx, &due, ARGS(I64(2), U64(1), U64(m.outbox_id)));
    assert_int_equal(db_outbox_hold(ctx, 1, m.outbox_id, "aaaaaaaaaaaaaaaa", 30000), 1);
    assert_int_equal(db_outbox_return(ctx, 1, m.outbox_id, "aaaaaaaaaaaaaaaa", 1000), 1);
    expect(&m, "queued|2|-|1");
}

static void test_a_long_reason_ends_the_claim_all_the_same(void **state)
{
    (void)state;
    struct send_result m = queued(CUSTOMER, "hello");
    char words[501];
    memset(words, 'w', 500);
    words[500] = 0;
    must_do(ctx, &due, ARGS(I64(0), U64(1), U64(m.outbox_id)));
    assert_int_equal(db_outbox_hold(ctx, 1, m.outbox_id, ctx->id, 30000), 1);
    struct outgoing *out = outgoing_start(ctx, row_of(&m), &(struct gate){ .verdict = GATE_OPEN }, 2000);
    struct twilio_result r = { .class = CALL_REFUSED, .code = 21211, .message = words, .retry_after_ms = -1 };
    must(out && outgoing_settle(out, &r));
    expect(&m, "failed|1|-|0");
}

static void test_test_mode_holds_what_was_queued_before(void **state)
{
    (void)state;
    struct send_result m = queued(CUSTOMER, "hello");
    struct crew *crew = crew_new(f.arena, ctx);
    must_do(ctx, &due, ARGS(I64(1), U64(1), U64(m.outbox_id)));
    f.conf.main_test_mode = true;
    assert_int_equal(sender_step(ctx, crew), 0);
    expect(&m, "queued|1|-|0");
    f.conf.main_test_mode = false;
    assert_int_equal(sender_step(ctx, crew), 1);
    while (crew_in_flight(crew))
        client_run(ctx->client, -1, 100);
    expect(&m, "queued|2|-|1");
}

/* Through a proxy that loses the answer to COMMIT, or COMMIT itself. */
static void with_lost_commits(void (*run)(struct proxy *p, enum proxy_mode mode))
{
    struct proxy p;
    struct db *direct = ctx->db;
    proxy_start(&p, f.conf.db_socket);
    struct conf through = f.conf;
    through.db_hosts = arena_printf(f.arena, "127.0.0.1:%u", p.port);
    ctx->db = db_new(&through);
    run(&p, PROXY_CUT_AFTER);
    run(&p, PROXY_CUT_BEFORE);
    db_free(ctx->db);
    ctx->db = direct;
    proxy_stop(&p);
}

static const struct sql how_many = SQL("SELECT CONCAT_WS(' ',(SELECT COUNT(*) FROM message WHERE tenant_id=?),(SELECT COUNT(*) FROM outbox),(SELECT MAX(message_count) FROM conversation))", &scalar_type);

static void send_and_lose(struct proxy *p, enum proxy_mode mode)
{
    before_each(NULL);
    struct send_result r = { 0 };
    must(db_conversation_on_line(ctx, 1, 1, CUSTOMER) == NULL); /* connected */
    proxy_arm(p, mode, "COMMIT");
    must(message_send(ctx, &(struct send_request){ .to = CUSTOMER, .body = "once", .author = AUTHOR_API }, &r));
    assert_int_equal(p->shared->cuts, 1);
    assert_false(r.duplicate);
    assert_string_equal(r.status, "queued");
    assert_string_equal(ask(&how_many, ARGS(U64(1))), "1 1 1");
    expect(&r, "queued|1|-|1"); /* and it was tried at once */
}

static void test_a_commit_without_an_answer_is_one_message(void **state)
{
    (void)state;
    with_lost_commits(send_and_lose);
}

static const struct sql accepted_once = SQL("SELECT CONCAT_WS('|',status,sid) FROM message WHERE tenant_id=?", &scalar_type);

static void accept_and_lose(struct proxy *p, enum proxy_mode mode)
{
    before_each(NULL);
    struct send_result r = queued(CUSTOMER, "hello");
    struct accepted a = { .conversation_id = r.conversation_id, .message_id = r.message_id, .sid = "SM00000000000000000000000000000001", .status = "queued", .segments = 1 };
    begin(1);
    proxy_arm(p, mode, "COMMIT");
    must(delivery_accepted(ctx, &a));
    assert_int_equal(p->shared->cuts, 1);
    assert_string_equal(ask(&accepted_once, ARGS(U64(1))), "queued|SM00000000000000000000000000000001");
}

static void test_an_acceptance_without_an_answer_is_not_lost(void **state)
{
    (void)state;
    with_lost_commits(accept_and_lose);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_what_cannot_leave_now_waits_with_its_attempt_counted, before_each),
        cmocka_unit_test_setup(test_waiting_for_the_pace_is_no_attempt, before_each),
        cmocka_unit_test_setup(test_the_same_nonce_is_one_send_and_tells_its_outcome, before_each),
        cmocka_unit_test_setup(test_the_whatsapp_window_is_told_by_the_databases_clock, before_each),
        cmocka_unit_test_setup(test_parts_are_stored_together_or_not_at_all_and_leave_in_order, before_each),
        cmocka_unit_test_setup(test_ids_of_a_conversation_rise_even_when_a_clock_does_not, before_each),
        cmocka_unit_test_setup(test_many_senders_to_one_customer_at_once, before_each),
        cmocka_unit_test_setup(test_a_claim_outlives_the_call_that_it_is_for, before_each),
        cmocka_unit_test_setup(test_a_claim_that_nothing_came_of_is_no_attempt, before_each),
        cmocka_unit_test_setup(test_a_long_reason_ends_the_claim_all_the_same, before_each),
        cmocka_unit_test_setup(test_a_commit_without_an_answer_is_one_message, before_each),
        cmocka_unit_test_setup(test_an_acceptance_without_an_answer_is_not_lost, before_each),
        cmocka_unit_test_setup(test_test_mode_holds_what_was_queued_before, before_each),
    };
    return cmocka_run_group_tests(tests, open_services, close_services);
}
