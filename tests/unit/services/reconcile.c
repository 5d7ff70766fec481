/* reconcile.c - unknown outcomes against Twilio's list: whose message is it, and when is an absence a proof? With
 * tests/support/with-mariadb. */
#include "base/base.h"
#include <setjmp.h>
#include <cmocka.h>
#include "base/clock.h"
#include "base/log.h"
#include "services/delivery.h"
#include "services/reconcile.h"
#include "store/outbox.h"
#include "support.h"

#define WHY "Twilio is not set up yet for this account."
#define SID(n) "SM0000000000000000000000000000000" #n

static const struct sql states =
    SQL("SELECT GROUP_CONCAT(CONCAT_WS(' ',m.status,o.state,IFNULL(m.sid,'-')) ORDER BY o.id) FROM outbox o JOIN message m ON m.tenant_id=o.tenant_id AND m.id=o.message_id "
        "WHERE o.tenant_id=?", &scalar_type);
static const struct sql set_state = SQL("UPDATE outbox SET state=?,next_at=UTC_TIMESTAMP(3)-INTERVAL 1 SECOND WHERE tenant_id=? AND id=?", NULL);

static void expect(const char *want)
{
    assert_string_equal(ask(&states, ARGS(U64(1))), want);
}

static struct send_result unknown(const char *to, const char *body)
{
    struct send_result m = queued(to, body);
    must_do(ctx, &set_state, ARGS(TEXT("unknown"), U64(1), U64(m.outbox_id)));
    return m;
}

static const char *listed(const char *sid, const char *body, int64_t minutes_ago)
{
    time_t at = (time_t)(clock_now_ms() / 1000 - minutes_ago * 60);
    char date[64];
    struct tm tm;
    gmtime_r(&at, &tm);
    strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S +0000", &tm);
    return arena_printf(f.arena, "{\"sid\":\"%s\",\"status\":\"sent\",\"direction\":\"outbound-api\",\"to\":\"" CUSTOMER "\",\"body\":\"%s\",\"num_segments\":\"1\","
                                 "\"date_created\":\"%s\"}", sid, body, date);
}

/* The answer to one look at the list; true when it asks for another page. */
static bool look(const struct send_result *m, const char *messages, const char *next, int pages)
{
    struct call call;
    struct answer answer = { .class = messages ? CALL_OK : CALL_UNKNOWN, .status = messages ? 200 : 500, .content_type = "", .request_id = "", .problem = "" };
    const char *uri = next ? arena_printf(f.arena, "\"%s\"", next) : "null", *more = NULL;
    answer.body = arena_printf(f.arena, "{\"messages\":[%s],\"next_page_uri\":%s}", messages ? messages : "", uri);
    answer.body_len = strlen(answer.body);
    begin(1);
    must_do(ctx, &set_state, ARGS(TEXT("unknown"), U64(1), U64(m->outbox_id)));
    struct outbox_row *row = db_outbox_get(ctx, 1, m->outbox_id);
    assert_non_null(row);
    must(reconcile_begin(ctx, row, NULL, &call));
    bool again = reconcile_settle(ctx, row, &answer, pages, &more);
    assert_int_equal(ctx->err.code, ERR_NONE);
    if (again)
        assert_string_equal(more, next);
    return again;
}

static void test_found_however_twilio_has_tidied_it(void **state)
{
    (void)state;
    static const char *const texts[][2] = { { "  see you \xE2\x80\x9Csoon\xE2\x80\x9D \xE2\x80\x93 bye\xE2\x80\xA6 ", "see you \\\"soon\\\" - bye..." },
                                            { "za\xC5\xBC\xC3\xB3\xC5\x82\xC4\x87 \xF0\x9F\x91\x8D", "za\xC5\xBC\xC3\xB3\xC5\x82\xC4\x87 \xF0\x9F\x91\x8D" }, { "?", "?" } };
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        before_each(NULL);
        struct send_result m = unknown(CUSTOMER, texts[i][0]);
        assert_false(look(&m, listed(SID(1), texts[i][1], 0), NULL, 1));
        expect("sent sent " SID(1));
    }
}

static void test_what_is_not_ours_stays_theirs(void **state)
{
    (void)state;
    struct send_result m = unknown(CUSTOMER, "?");
    const char *list = arena_printf(f.arena, "%s,%s,%s", listed(SID(1), "!", 0), listed(SID(2), "something else", 0), listed(SID(3), "?", 5));
    assert_false(look(&m, list, NULL, 1));
    expect("unknown unknown -");
}

static void test_two_looks_are_an_answer_and_a_failed_one_is_none(void **state)
{
    (void)state;
    struct send_result m = unknown(CUSTOMER, "hello");
    for (int i = 0; i < 3; i++)
        assert_false(look(&m, NULL, NULL, 1));
    expect("unknown unknown -");
    assert_false(look(&m, "", NULL, 1));
    expect("unknown unknown -");
    assert_false(look(&m, "", NULL, 1));
    expect("failed failed -");
}

static void test_one_look_at_a_time(void **state)
{
    (void)state;
    struct send_result m = unknown(CUSTOMER, "hello");
    struct call call;
    struct outbox_row *row = db_outbox_get(ctx, 1, m.outbox_id);
    must(reconcile_begin(ctx, row, NULL, &call));
    assert_false(reconcile_begin(ctx, row, NULL, &call)); /* the other host read the same row */
    assert_int_equal(ctx->err.code, ERR_NONE);
}

static void test_without_credentials_the_message_says_why_and_the_log_once(void **state)
{
    (void)state;
    static const struct sql reasons = SQL("SELECT CONCAT_WS('|',m.error_text,o.last_error,TIMESTAMPDIFF(SECOND,UTC_TIMESTAMP(3),o.next_at)>200) FROM outbox o "
                                          "JOIN message m ON m.tenant_id=o.tenant_id AND m.id=o.message_id WHERE o.tenant_id=?", &scalar_type);
    struct send_result m = unknown(CUSTOMER, "hello");
    struct call call;
    must(delivery_failed(ctx, m.conversation_id, m.message_id, "unknown", 0, NULL));
    script(&f, "DELETE FROM twilio_account WHERE tenant_id=1");
    char log[4096];
    size_t lines = 0;
    int ends[2], usual = dup(STDERR_FILENO);
    assert_true(pipe(ends) == 0 && dup2(ends[1], STDERR_FILENO) >= 0);
    for (int i = 0; i < 3; i++) {
        begin(1);
        must_do(ctx, &set_state, ARGS(TEXT("unknown"), U64(1), U64(m.outbox_id)));
        assert_false(reconcile_begin(ctx, db_outbox_get(ctx, 1, m.outbox_id), NULL, &call));
        assert_int_equal(ctx->err.code, ERR_NONE);
    }
    log_event(ctx, LOG_NOTICE, "end", "of the log");
    dup2(usual, STDERR_FILENO);
    ssize_t n = read(ends[0], log, sizeof log - 1);
    assert_true(n > 0);
    log[n] = 0;
    close(ends[0]), close(ends[1]), close(usual);
    for (const char *at = log; (at = strstr(at, "event=reconcile.no_account")); at++)
        lines++;
    assert_int_equal(lines, 1);
    assert_string_equal(ask(&reasons, ARGS(U64(1))), WHY "|" WHY "|1");
    const struct credentials_in account = { .account_sid = ACCOUNT_ONE, .token = "11111111111111111111111111111111" };
    must(credentials_put(ctx, 1, &account));
    assert_false(look(&m, NULL, NULL, 1));
    assert_string_equal(ask(&reasons, ARGS(U64(1))), WHY "|0"); /* the outbox keeps its last error, the message is in question only */
    script(&f, "DELETE FROM twilio_account WHERE tenant_id=1");
    begin(1);
    must_do(ctx, &set_state, ARGS(TEXT("unknown"), U64(1), U64(m.outbox_id)));
    assert_false(reconcile_begin(ctx, db_outbox_get(ctx, 1, m.outbox_id), NULL, &call));
    must(credentials_put(ctx, 1, &account));
    static const struct sql settle = SQL("UPDATE outbox SET looks=1 WHERE tenant_id=?", NULL);
    must_do(ctx, &settle, ARGS(U64(1)));
    assert_false(look(&m, "", NULL, 1));
    assert_true(strncmp(ask(&reasons, ARGS(U64(1))), "Twilio never received", 21) == 0);
    expect("failed failed -");
}

static void test_the_same_text_twice_gets_a_sid_each(void **state)
{
    (void)state;
    struct send_result one = unknown(CUSTOMER, "same"), two = unknown(CUSTOMER, "same");
    const char *list = arena_printf(f.arena, "%s,%s", listed(SID(2), "same", 0), listed(SID(1), "same", 0));
    assert_false(look(&one, list, NULL, 1));
    assert_false(look(&two, list, NULL, 1));
    expect("sent sent " SID(1) ",sent sent " SID(2));
}

static void test_a_find_may_belong_to_a_send_that_is_under_way(void **state)
{
    (void)state;
    struct send_result lost = unknown(CUSTOMER, "same"), other = queued(CUSTOMER, "same");
    must_do(ctx, &set_state, ARGS(TEXT("claimed"), U64(1), U64(other.outbox_id)));
    assert_false(look(&lost, listed(SID(1), "same", 0), NULL, 1));
    expect("unknown unknown -,queued claimed -");
    struct accepted a = { .conversation_id = other.conversation_id, .message_id = other.message_id, .sid = SID(1), .status = "queued", .segments = 1 };
    begin(1);
    must(delivery_accepted(ctx, &a));
    must_do(ctx, &set_state, ARGS(TEXT("sent"), U64(1), U64(other.outbox_id)));
    assert_false(look(&lost, listed(SID(1), "same", 0), NULL, 1));
    assert_false(look(&lost, listed(SID(1), "same", 0), NULL, 1));
    expect("failed failed -,queued sent " SID(1));
}

static void test_a_page_that_does_not_reach_back_proves_nothing(void **state)
{
    (void)state;
    struct send_result m = unknown(CUSTOMER, "hello");
    static const char next[] = "/2010-04-01/Accounts/" ACCOUNT_ONE "/Messages.json?Page=1&PageToken=x";
    for (int i = 0; i < 3; i++)
        assert_true(look(&m, listed(SID(1), "newer", 0), next, 1));
    expect("unknown unknown -");
    assert_false(look(&m, listed(SID(2), "hello", 0), NULL, 2));
    expect("sent sent " SID(2));
    struct send_result late = unknown(CUSTOMER, "late");
    assert_false(look(&late, listed(SID(3), "long before", 9), next, 1)); /* far enough: this was a look */
    assert_false(look(&late, listed(SID(3), "long before", 9), next, 1));
    expect("sent sent " SID(2) ",failed failed -");
}

static void test_a_sid_that_came_meanwhile_ends_the_question(void **state)
{
    (void)state;
    struct send_result m = unknown(CUSTOMER, "hello");
    struct accepted a = { .conversation_id = m.conversation_id, .message_id = m.message_id, .sid = SID(1), .status = "queued", .segments = 1 };
    struct call call;
    must(delivery_accepted(ctx, &a));
    assert_false(reconcile_begin(ctx, db_outbox_get(ctx, 1, m.outbox_id), NULL, &call));
    expect("queued sent " SID(1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_found_however_twilio_has_tidied_it, before_each),
        cmocka_unit_test_setup(test_what_is_not_ours_stays_theirs, before_each),
        cmocka_unit_test_setup(test_two_looks_are_an_answer_and_a_failed_one_is_none, before_each),
        cmocka_unit_test_setup(test_one_look_at_a_time, before_each),
        cmocka_unit_test_setup(test_without_credentials_the_message_says_why_and_the_log_once, before_each),
        cmocka_unit_test_setup(test_the_same_text_twice_gets_a_sid_each, before_each),
        cmocka_unit_test_setup(test_a_find_may_belong_to_a_send_that_is_under_way, before_each),
        cmocka_unit_test_setup(test_a_page_that_does_not_reach_back_proves_nothing, before_each),
        cmocka_unit_test_setup(test_a_sid_that_came_meanwhile_ends_the_question, before_each),
    };
    return cmocka_run_group_tests(tests, open_services, close_services);
}
