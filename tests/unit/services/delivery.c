/* delivery.c - ranks, errors that stay, and to which message an event belongs. With tests/support/with-mariadb. */
#include "base/base.h"
#include <setjmp.h>
#include <cmocka.h>
#include "base/clock.h"
#include "base/signature.h"
#include "services/delivery.h"
#include "store/outbox.h"
#include "support.h"

#define SID(n) "SM0000000000000000000000000000000" #n

static const struct sql message_line =
    SQL("SELECT CONCAT_WS('|',status,rank,IFNULL(sid,'-'),IFNULL(error_code,'-'),IFNULL(error_text,'-')) FROM message WHERE tenant_id=? AND id=?", &scalar_type);
static const struct sql list_status = SQL("SELECT last_status FROM conversation WHERE tenant_id=? AND id=?", &scalar_type);
static const struct sql outbox_state = SQL("SELECT state FROM outbox WHERE tenant_id=? AND id=?", &scalar_type);
static const struct sql ledger =
    SQL("SELECT GROUP_CONCAT(CONCAT(status,IFNULL(CONCAT(':',error_text),'')) ORDER BY id) FROM message_event WHERE tenant_id=? AND sid=?", &scalar_type);
static const struct sql make_unknown = SQL("UPDATE outbox SET state='unknown' WHERE tenant_id=? AND id=?", NULL);

static void expect(const struct send_result *m, const char *want)
{
    assert_string_equal(ask(&message_line, ARGS(U64(1), U64(m->message_id))), want);
}

static void callback(uint64_t tenant, uint64_t outbox, const char *sid, const char *status, const char *code, const char *words)
{
    const char *const p[][2] = { { "MessageSid", sid }, { "MessageStatus", status }, { "ErrorCode", code }, { "ChannelStatusMessage", words } };
    struct pair pairs[ARRAY_LEN(p)];
    for (size_t i = 0; i < ARRAY_LEN(p); i++)
        pairs[i] = (struct pair){ p[i][0], strlen(p[i][0]), p[i][1], strlen(p[i][1]) };
    begin(tenant);
    must(delivery_callback(ctx, pairs, ARRAY_LEN(pairs), outbox));
    begin(1);
}

static void accept(const struct send_result *m, const char *sid, const char *status)
{
    struct accepted a = { .conversation_id = m->conversation_id, .message_id = m->message_id, .sid = sid, .status = status, .segments = 1 };
    begin(1);
    must(delivery_accepted(ctx, &a));
}

static void test_a_callback_of_our_own_address_brings_the_sid(void **state)
{
    (void)state;
    struct send_result m = queued(CUSTOMER, "hello");
    must_do(ctx, &make_unknown, ARGS(U64(1), U64(m.outbox_id)));
    callback(1, m.outbox_id, SID(1), "sent", "", "");
    expect(&m, "sent|40|" SID(1) "|-|-");
    assert_string_equal(ask(&outbox_state, ARGS(U64(1), U64(m.outbox_id))), "sent");
    accept(&m, SID(1), "queued");
    expect(&m, "sent|40|" SID(1) "|-|-");
    assert_string_equal(ask(&list_status, ARGS(U64(1), U64(m.conversation_id))), "sent");
}

static void test_a_callback_that_names_another_message_changes_nothing(void **state)
{
    (void)state;
    struct send_result m = queued(CUSTOMER, "hello");
    callback(2, m.outbox_id, SID(2), "failed", "30003", "");
    expect(&m, "queued|5|-|-|-");
    accept(&m, SID(1), "queued");
    callback(1, m.outbox_id, SID(3), "failed", "30003", "");
    expect(&m, "queued|20|" SID(1) "|-|-");
    assert_string_equal(ask(&ledger, ARGS(U64(1), TEXT(SID(3)))), "failed");
    assert_string_equal(ask(&ledger, ARGS(U64(2), TEXT(SID(2)))), "failed");
}

static void test_what_twilio_says_overrules_our_own_conclusion(void **state)
{
    (void)state;
    struct send_result m = queued(CUSTOMER, "hello");
    must(delivery_absent(ctx, m.conversation_id, m.message_id, "never received"));
    assert_int_equal(db_outbox_move(ctx, 1, m.outbox_id, "queued", "failed", 0, NULL), 1);
    expect(&m, "failed|7|-|-|never received");
    callback(1, m.outbox_id, SID(1), "delivered", "", "");
    expect(&m, "delivered|60|" SID(1) "|-|-");
    assert_string_equal(ask(&outbox_state, ARGS(U64(1), U64(m.outbox_id))), "sent");
}

static void test_words_are_an_error_only_where_something_failed(void **state)
{
    (void)state;
    struct send_result m = queued(CUSTOMER, "hello");
    accept(&m, SID(1), "queued");
    callback(1, m.outbox_id, SID(1), "delivered", "", "handed over");
    expect(&m, "delivered|60|" SID(1) "|-|-");
    assert_string_equal(ask(&ledger, ARGS(U64(1), TEXT(SID(1)))), "queued,delivered:handed over");
}

static void test_words_join_the_code_that_came_first(void **state)
{
    (void)state;
    struct send_result m = queued(CUSTOMER, "hello");
    accept(&m, SID(1), "queued");
    callback(1, 0, SID(1), "undelivered", "30005", "");
    callback(1, 0, SID(1), "failed", "30008", "another");
    expect(&m, "undelivered|60|" SID(1) "|30005|-");
    callback(1, 0, SID(1), "undelivered", "30005", "unknown handset");
    expect(&m, "undelivered|60|" SID(1) "|30005|unknown handset");
}

static void test_a_word_longer_than_the_column_is_cut_not_refused(void **state)
{
    (void)state;
    callback(1, 0, SID(1), "teleported_to_another_planet", "", "");
    assert_string_equal(ask(&ledger, ARGS(U64(1), TEXT(SID(1)))), "teleported_to_anothe");
}

static void test_many_words_of_a_provider_end_a_send_all_the_same(void **state)
{
    (void)state;
    struct send_result m = queued(CUSTOMER, "hello");
    char words[501];
    memset(words, 'w', 500);
    words[500] = 0;
    assert_int_equal(db_outbox_move(ctx, 1, m.outbox_id, "queued", "failed", 0, words), 1);
    assert_string_equal(ask(&outbox_state, ARGS(U64(1), U64(m.outbox_id))), "failed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_a_callback_of_our_own_address_brings_the_sid, before_each),
        cmocka_unit_test_setup(test_a_callback_that_names_another_message_changes_nothing, before_each),
        cmocka_unit_test_setup(test_what_twilio_says_overrules_our_own_conclusion, before_each),
        cmocka_unit_test_setup(test_words_are_an_error_only_where_something_failed, before_each),
        cmocka_unit_test_setup(test_words_join_the_code_that_came_first, before_each),
        cmocka_unit_test_setup(test_a_word_longer_than_the_column_is_cut_not_refused, before_each),
        cmocka_unit_test_setup(test_many_words_of_a_provider_end_a_send_all_the_same, before_each),
    };
    return cmocka_run_group_tests(tests, open_services, close_services);
}
