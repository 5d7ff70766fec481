/* opt_out.c - the ledger: what stops a send at the last moment, who is stronger, what outlives a person. With
 * tests/support/with-mariadb. */
#include "base/base.h"
#include <setjmp.h>
#include <cmocka.h>
#include "base/phone.h"
#include "services/gate.h"
#include "services/opt_out.h"
#include "services/outgoing.h"
#include "support.h"

static const struct sql sent = SQL("SELECT CONCAT_WS('|',m.status,o.state,COALESCE(m.error_text,'')) FROM outbox o JOIN message m ON m.tenant_id=o.tenant_id AND "
                                   "m.conversation_id=o.conversation_id AND m.id=o.message_id WHERE o.tenant_id=? ORDER BY o.id DESC LIMIT 1", &scalar_type);
static const struct sql entry = SQL("SELECT CONCAT_WS('|',state,source,COALESCE(address_key,'-'),reason) FROM opt_out WHERE tenant_id=? AND channel=?", &scalar_type);
static const struct sql kinds = SQL("SELECT GROUP_CONCAT(CONCAT(kind,':',source) ORDER BY id) FROM opt_out_event WHERE tenant_id=?", &scalar_type);

static int before_opt_out(void **state)
{
    before_each(state);
    script(&f, "DELETE FROM opt_out; DELETE FROM opt_out_event");
    return 0;
}

static void hear(const char *from, const char *sid, enum opt_word word)
{
    begin(1);
    must(opt_out_heard(ctx, &(struct opt_out_heard){ .from = from, .body = "STOP", .sid = sid, .word = word }));
}

static struct outbox_row *row_of(uint64_t id)
{
    begin(1);
    script(&f, "UPDATE outbox SET next_at=UTC_TIMESTAMP(3)");
    struct outbox_row *row = db_outbox_get(ctx, 1, id);
    assert_non_null(row);
    return row;
}

/* As a sender does: it holds the row, is connected, and asks once more before it writes. */
static struct outgoing *held(struct outbox_row *row, const struct gate *gate)
{
    assert_int_equal(db_outbox_hold(ctx, 1, row->id, ctx->id, 10000), 1);
    struct outgoing *out = outgoing_start(ctx, row, gate, 1000);
    assert_non_null(out);
    return out;
}

static void expect_no_call(struct outgoing *out)
{
    assert_false(out->call.go(out->call.go_arg));
    must(outgoing_settle(out, &(struct twilio_result){ .class = CALL_UNSENT, .retry_after_ms = -1 }));
}

static void test_an_opt_out_between_the_gate_and_the_call(void **state)
{
    (void)state;
    struct send_result r = queued(CUSTOMER, "hello");
    struct outbox_row *row = row_of(r.outbox_id);
    struct gate gate = gate_check(ctx, row);
    assert_int_equal(gate.verdict, GATE_OPEN);
    /* Another connection's: it has not seen the row that is being claimed now. */
    uint8_t hash[KEY_HASH];
    crypto_keyed_hash(ctx->keys, "opt-out", 1, CUSTOMER, hash);
    assert_int_equal(db_opt_out_put(ctx, 1, &(struct opt_out_new){ .hash = hash, .channel = "sms", .source = "keyword", .address_key = CUSTOMER }), 1);
    expect_no_call(held(row, &gate));
    const char *now = ask(&sent, ARGS(U64(1)));
    assert_memory_equal(now, "failed|failed|This customer has opted out (STOP): nothing may be sent. (20", 70);
}

static void test_a_stop_takes_the_row_away_from_the_sender(void **state)
{
    (void)state;
    struct send_result r = queued(CUSTOMER, "hello");
    struct outbox_row *row = row_of(r.outbox_id);
    struct gate gate = gate_check(ctx, row);
    struct outgoing *out = held(row, &gate);
    struct ctx sender = *ctx; /* `hear` begins anew */
    out->ctx = &sender;
    hear(CUSTOMER, "SM1", OPT_STOP);
    expect_no_call(out);
    assert_memory_equal(ask(&sent, ARGS(U64(1))), "canceled|canceled|This customer", 30);
}

static void test_what_is_queued_by_itself_fails_at_the_gate(void **state)
{
    (void)state;
    hear(CUSTOMER, "SM1", OPT_STOP);
    struct send_result r;
    begin(1);
    must(message_send(ctx, &(struct send_request){ .to = CUSTOMER, .body = "reminder", .author = AUTHOR_SCHEDULE, .queued = true }, &r));
    struct gate gate = gate_check(ctx, row_of(r.outbox_id));
    assert_int_equal(gate.verdict, GATE_CLOSED);
    assert_memory_equal(gate.reason, "This customer has opted out (STOP): nothing may be sent. (", 58);
}

static void test_start_lifts_what_stop_has_set_and_nothing_else(void **state)
{
    (void)state;
    hear(CUSTOMER, "SM1", OPT_STOP);
    hear(CUSTOMER, "SM2", OPT_START);
    assert_false(opt_out_is(ctx, CUSTOMER, NULL, NULL));
    must(opt_out_set(ctx, CUSTOMER, "all", "admin", "a complaint"));
    hear(CUSTOMER, "SM3", OPT_START);
    struct opt_out_state s;
    assert_true(opt_out_is(ctx, CUSTOMER, NULL, &s) && opt_out_is(ctx, "whatsapp:" CUSTOMER, NULL, NULL));
    assert_string_equal(s.source, "admin");
    hear(CUSTOMER, "SM4", OPT_STOP);
    hear(CUSTOMER, "SM5", OPT_START);
    assert_true(opt_out_is(ctx, CUSTOMER, NULL, NULL));
    assert_string_equal(ask(&kinds, ARGS(U64(1))), "out:keyword,in:keyword,out:admin,kept:keyword,out:keyword,in:keyword");
    bool lifted;
    must(opt_out_lift(ctx, CUSTOMER, "all", "admin", "settled", &lifted));
    assert_true(lifted && !opt_out_is(ctx, CUSTOMER, NULL, NULL));
    must(opt_out_lift(ctx, CUSTOMER, "all", "admin", "again", &lifted));
    assert_false(lifted);
}

static void test_the_stronger_keeps_the_entry(void **state)
{
    (void)state;
    must(opt_out_set(ctx, CUSTOMER, "sms", "admin", "mine"));
    hear(CUSTOMER, "SM1", OPT_STOP);
    assert_string_equal(ask(&entry, ARGS(U64(1), TEXT("sms"))), "out|admin|" CUSTOMER "|mine");
    hear(CUSTOMER, "SM2", OPT_START);
    assert_true(opt_out_is(ctx, CUSTOMER, NULL, NULL));
    must(opt_out_lift(ctx, CUSTOMER, "sms", "admin", "", NULL));
    hear(CUSTOMER, "SM3", OPT_STOP);
    must(opt_out_set(ctx, CUSTOMER, "sms", "import", "list"));
    assert_string_equal(ask(&entry, ARGS(U64(1), TEXT("sms"))), "out|import|" CUSTOMER "|list");
}

static void test_variants_of_a_number_are_one_person(void **state)
{
    (void)state;
    hear("+5511987654321", "SM1", OPT_STOP);
    assert_true(opt_out_is(ctx, "+551187654321", NULL, NULL));
    assert_false(opt_out_is(ctx, "+5511987654322", NULL, NULL));
}

static void test_the_opt_out_outlives_the_person(void **state)
{
    (void)state;
    hear(CUSTOMER, "SM1", OPT_STOP);
    must(opt_out_forget_address(ctx, address_key(ctx->arena, CUSTOMER)));
    assert_string_equal(ask(&entry, ARGS(U64(1), TEXT("sms"))), "out|keyword|-|");
    assert_string_equal(ask(&entry, ARGS(U64(1), TEXT("all"))), "out|erased|-|");
    assert_true(opt_out_is(ctx, CUSTOMER, NULL, NULL) && opt_out_is(ctx, "whatsapp:" CUSTOMER, NULL, NULL));
    hear(CUSTOMER, "SM2", OPT_START);
    assert_true(opt_out_is(ctx, CUSTOMER, NULL, NULL));
    begin(2);
    assert_false(opt_out_is(ctx, CUSTOMER, NULL, NULL));
}

static void test_what_silences_an_automatic_answer(void **state)
{
    (void)state;
    begin(1);
    assert_false(opt_out_silences(ctx, "Yes", NULL, "SM1") || opt_out_silences(ctx, "Hello", NULL, "SM1"));
    assert_true(opt_out_silences(ctx, "STOP", NULL, "SM1") && opt_out_silences(ctx, "HELP", NULL, "SM1") && opt_out_silences(ctx, "please stop texting me", NULL, "SM1"));
    hear(CUSTOMER, "SM2", OPT_STOP);
    hear(CUSTOMER, "SM3", OPT_START);
    assert_true(opt_out_silences(ctx, "Yes", NULL, "SM3"));
    assert_false(opt_out_silences(ctx, "Yes", NULL, "SM4"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_an_opt_out_between_the_gate_and_the_call, before_opt_out),
        cmocka_unit_test_setup(test_a_stop_takes_the_row_away_from_the_sender, before_opt_out),
        cmocka_unit_test_setup(test_what_is_queued_by_itself_fails_at_the_gate, before_opt_out),
        cmocka_unit_test_setup(test_start_lifts_what_stop_has_set_and_nothing_else, before_opt_out),
        cmocka_unit_test_setup(test_the_stronger_keeps_the_entry, before_opt_out),
        cmocka_unit_test_setup(test_variants_of_a_number_are_one_person, before_opt_out),
        cmocka_unit_test_setup(test_the_opt_out_outlives_the_person, before_opt_out),
        cmocka_unit_test_setup(test_what_silences_an_automatic_answer, before_opt_out),
    };
    return cmocka_run_group_tests(tests, open_services, close_services);
}
