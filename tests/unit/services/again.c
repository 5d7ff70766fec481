/* again.c - which failed message may be sent again, and that it is sent once. With tests/support/with-mariadb. */
#include "base/base.h"
#include <setjmp.h>
#include <cmocka.h>
#include "services/again.h"
#include "services/error_codes.h"
#include "support.h"

static const char codes[] = "1001 | L | - | a | b | c\n1002 | 1 | - | a | b | c\n1003 | U | reconcile | a | b | c\n"
                            "1004 | N | opt-out | a | b | c\n1005 | C | - | a | b | c\n1006 | - | health | a | b | c\n";
static const struct sql how_many = SQL("SELECT CONCAT(COUNT(*)) FROM outbox WHERE tenant_id=?", &scalar_type);
static const struct sql copy = SQL("SELECT CONCAT_WS('|',m.body,m.author_kind,m.num_media,o.nonce=CONCAT('again-',?,'-',?),o.content_sid,o.content_variables,o.messaging_service_sid) FROM message m "
                                   "JOIN outbox o ON o.tenant_id=m.tenant_id AND o.message_id=m.id WHERE m.tenant_id=? ORDER BY m.id DESC LIMIT 1", &scalar_type);
static const struct sql set_outbox = SQL("UPDATE outbox SET state=? WHERE tenant_id=? AND id=?", NULL);
static const struct sql set_message = SQL("UPDATE message SET status=?,error_code=NULLIF(?,0) WHERE tenant_id=? AND id=?", NULL);

static int open_codes(void **state)
{
    const char *problems = NULL;
    open_services(state);
    const struct error_codes *table = error_codes_parse(f.arena, codes, &problems);
    if (!table)
        fail_msg("%s", problems);
    error_codes_use(table);
    return 0;
}

static void test_the_verdict_of_the_code_decides(void **state)
{
    (void)state;
    static const struct { int64_t code; bool allowed; } cases[] = { { 0, true }, { 1001, true }, { 1002, true }, { 1003, true }, { 1004, false },
                                                                    { 1005, false }, { 1006, false }, { 999999, false } };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct again_row m = { .id = INT64_MAX, .error_code = cases[i].code, .body = "x", .settled = true };
        struct message_row shown = { .id = INT64_MAX, .error_code = cases[i].code, .body = "x", .direction = OUTBOUND, .status = "undelivered" };
        assert_int_equal(again_refusal(ctx, &m) == NULL, cases[i].allowed);
        assert_int_equal(again_possible(ctx, &shown), cases[i].allowed);
    }
}

static void refused(struct again_row m, const char *part)
{
    const char *why = again_refusal(ctx, &m);
    assert_non_null(why);
    if (!strstr(why, part))
        fail_msg("%s", why);
}

static void test_what_is_open_removed_simulated_or_sent_again_is_refused(void **state)
{
    (void)state;
    const struct again_row fine = { .id = INT64_MAX, .body = "x", .settled = true };
    struct again_row m = fine;
    m.settled = false;
    refused(m, "not certain yet");
    m = fine;
    m.redacted = true;
    refused(m, "removed");
    m = fine;
    m.body = "";
    refused(m, "removed");
    m.num_media = 1;
    assert_null(again_refusal(ctx, &m));
    m = fine;
    m.done = true;
    refused(m, "already");
    m = fine;
    m.simulated = true;
    refused(m, "simulated");
    f.conf.main_test_mode = true;
    assert_null(again_refusal(ctx, &m));
    refused(fine, "test mode");
}

static void test_after_three_days_it_is_written_anew(void **state)
{
    (void)state;
    begin(1);
    int64_t limit = ctx->now_ms - AGAIN_DAYS * INT64_C(86400000);
    for (int late = 0; late < 2; late++) {
        uint64_t id = message_id_at(limit + (late ? -1 : 1));
        struct again_row m = { .id = id, .body = "x", .settled = true };
        struct message_row shown = { .id = id, .body = "x", .direction = OUTBOUND, .status = "failed" };
        assert_int_equal(again_possible(ctx, &shown), !late);
        if (late)
            refused(m, "three days ago");
        else
            assert_null(again_refusal(ctx, &m));
    }
}

static void test_only_ours_that_failed_is_possible(void **state)
{
    (void)state;
    static const struct { int direction; const char *status; bool possible; } cases[] = {
        { OUTBOUND, "failed", true }, { OUTBOUND, "undelivered", true }, { OUTBOUND, "unknown", false }, { OUTBOUND, "canceled", false }, { OUTBOUND, "sent", false },
        { OUTBOUND, "queued", false }, { INBOUND, "failed", false }, { NOTE, "failed", false } };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct message_row m = { .id = INT64_MAX, .direction = cases[i].direction, .status = cases[i].status, .body = "x" };
        assert_int_equal(again_possible(ctx, &m), cases[i].possible);
    }
}

/* The gate is closed for it. */
static struct send_result failed(struct send_request rq)
{
    struct send_result r;
    begin(1);
    rq.to = CUSTOMER;
    rq.author = AUTHOR_API;
    script(&f, "UPDATE tenant SET state='suspended' WHERE id=1");
    must(message_send(ctx, &rq, &r));
    script(&f, "UPDATE tenant SET state='active' WHERE id=1");
    assert_string_equal(r.status, "failed");
    return r;
}

static void again(const struct send_result *m, enum err_code want)
{
    struct send_result r;
    begin(1);
    bool ok = again_send(ctx, m->conversation_id, m->message_id, &r);
    if (ok != (want == ERR_NONE) || ctx->err.code != want)
        fail_msg("%s: %s", err_name(ctx->err.code), ctx->err.detail ? ctx->err.detail : "");
    err_clear(ctx);
}

static void sends(const char *want)
{
    assert_string_equal(ask(&how_many, ARGS(U64(1))), want);
}

static void test_it_is_sent_once_as_it_was(void **state)
{
    (void)state;
    struct send_result text = failed((struct send_request){ .body = "hello", .messaging_service_sid = "MG22222222222222222222222222222222" });
    again(&text, ERR_NONE);
    assert_string_equal(ask(&copy, ARGS(U64(text.conversation_id), U64(text.message_id), U64(1))), "hello|1|0|1|MG22222222222222222222222222222222");
    again(&text, ERR_CONFLICT);
    sends("2");
    struct send_result template = failed((struct send_request){ .content_sid = "HX11111111111111111111111111111111", .content_variables = "{\"1\":\"Ania\"}" });
    again(&template, ERR_NONE);
    assert_string_equal(ask(&copy, ARGS(U64(template.conversation_id), U64(template.message_id), U64(1))), "|1|0|1|HX11111111111111111111111111111111|{\"1\":\"Ania\"}");
    const char *const urls[] = { "https://media.example/1.jpg", "https://media.example/2.jpg" };
    struct send_result media = failed((struct send_request){ .media_urls = urls, .media_count = 2 });
    again(&media, ERR_NONE);
    assert_string_equal(ask(&copy, ARGS(U64(media.conversation_id), U64(media.message_id), U64(1))), "|1|2|1");
    sends("6");
}

static void test_attachments_that_were_removed_stop_it(void **state)
{
    (void)state;
    const char *const urls[] = { "https://media.example/1.jpg" };
    struct send_result m = failed((struct send_request){ .body = "look", .media_urls = urls, .media_count = 1 });
    script(&f, "UPDATE message_media SET url='',state='removed'");
    again(&m, ERR_CONFLICT);
    sends("1");
}

static void test_an_open_question_is_no_failure(void **state)
{
    (void)state;
    static const char *const open[] = { "queued", "claimed", "unknown" };
    struct send_result m = failed((struct send_request){ .body = "hello" });
    for (size_t i = 0; i < ARRAY_LEN(open); i++) {
        must_do(ctx, &set_outbox, ARGS(TEXT(open[i]), U64(1), U64(m.outbox_id)));
        again(&m, ERR_CONFLICT);
    }
    must_do(ctx, &set_outbox, ARGS(TEXT("sent"), U64(1), U64(m.outbox_id)));
    must_do(ctx, &set_message, ARGS(TEXT("unknown"), I64(0), U64(1), U64(m.message_id)));
    again(&m, ERR_CONFLICT);
    must_do(ctx, &set_message, ARGS(TEXT("delivered"), I64(0), U64(1), U64(m.message_id)));
    again(&m, ERR_CONFLICT);
    must_do(ctx, &set_message, ARGS(TEXT("undelivered"), I64(1004), U64(1), U64(m.message_id)));
    again(&m, ERR_CONFLICT);
    sends("1");
    must_do(ctx, &set_message, ARGS(TEXT("undelivered"), I64(1001), U64(1), U64(m.message_id)));
    again(&m, ERR_NONE);
    sends("2");
}

static void test_a_stranger_and_a_wrong_conversation_find_nothing(void **state)
{
    (void)state;
    struct send_result m = failed((struct send_request){ .body = "hello" }), r;
    begin(2);
    assert_false(again_send(ctx, m.conversation_id, m.message_id, &r));
    assert_int_equal(ctx->err.code, ERR_ABSENT);
    err_clear(ctx);
    m.conversation_id++;
    again(&m, ERR_ABSENT);
    sends("1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_the_verdict_of_the_code_decides, before_each),
        cmocka_unit_test_setup(test_what_is_open_removed_simulated_or_sent_again_is_refused, before_each),
        cmocka_unit_test_setup(test_after_three_days_it_is_written_anew, before_each),
        cmocka_unit_test_setup(test_only_ours_that_failed_is_possible, before_each),
        cmocka_unit_test_setup(test_it_is_sent_once_as_it_was, before_each),
        cmocka_unit_test_setup(test_attachments_that_were_removed_stop_it, before_each),
        cmocka_unit_test_setup(test_an_open_question_is_no_failure, before_each),
        cmocka_unit_test_setup(test_a_stranger_and_a_wrong_conversation_find_nothing, before_each),
    };
    return cmocka_run_group_tests(tests, open_codes, close_services);
}
