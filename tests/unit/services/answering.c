/* answering.c - when an arrival is answered by itself, with the database's clock set by hand. With tests/support/with-mariadb. */
#include "base/base.h"
#include <setjmp.h>
#include <cmocka.h>
#include "base/clock.h"
#include "services/answering.h"
#include "services/replies.h"
#include "support.h"

#define OFFICE "{\"mon\":[[\"09:00\",\"17:00\"]],\"tue\":[[\"09:00\",\"17:00\"]],\"wed\":[[\"09:00\",\"17:00\"]],\"thu\":[[\"09:00\",\"17:00\"]],\"fri\":[[\"09:00\",\"17:00\"]]}"

static const struct sql set_clock = SQL("SET SESSION timestamp=?/1000", NULL);
static const struct sql arrival = SQL("INSERT INTO message (tenant_id,conversation_id,id,direction,status,rank,status_at,created_at,body) VALUES (?,?,?,0,'received',60,?,?,?)", NULL);
static const struct sql said = SQL("INSERT INTO message (tenant_id,conversation_id,id,direction,status,rank,author_kind,status_at,created_at,body) VALUES (?,?,?,1,'sent',50,?,?,?,'x')", NULL);
static const struct sql job = SQL("INSERT INTO reply_job (tenant_id,conversation_id,message_id,state,next_at,claim,tries,created_at) VALUES (?,?,?,'thinking',?,'ours',1,?)", NULL);
static const struct sql talk = SQL("SELECT CAST(id AS CHAR) FROM conversation WHERE tenant_id=?", &scalar_type);
static const struct sql ended = SQL("SELECT CONCAT_WS('|',state,outcome) FROM reply_job WHERE tenant_id=? AND message_id=?", &scalar_type);
static const struct sql count_jobs = SQL("SELECT CAST(COUNT(*) AS CHAR) FROM reply_job WHERE tenant_id=?", &scalar_type);
static const struct sql bodies = SQL("SELECT GROUP_CONCAT(body) FROM message WHERE tenant_id=? AND direction=1 AND body<>'x'", &scalar_type);
static const struct sql since_of = SQL("SELECT CAST(since AS CHAR) FROM reply_rule WHERE tenant_id=? AND line_key=?", &scalar_type);
static const struct sql notes = SQL("SELECT GROUP_CONCAT(status) FROM message WHERE tenant_id=? AND direction=2", &scalar_type);
static const struct sql switched = SQL("SELECT GROUP_CONCAT(COALESCE(answer_after_s,'off') ORDER BY id) FROM line WHERE tenant_id=?", &scalar_type);

static const struct sql line_of = SQL("SELECT CAST(line_id AS CHAR) FROM conversation WHERE tenant_id=? AND id=?", &scalar_type);

static uint64_t conversation;

static int64_t at(const char *iso)
{
    int64_t ms;
    if (!clock_parse_iso(iso, &ms))
        fail_msg("%s", iso);
    return ms;
}

static uint64_t id_at(int64_t ms)
{
    return (uint64_t)(ms - INT64_C(1577836800000)) << 12;
}

static void clock_is(int64_t ms)
{
    must_do(ctx, &set_clock, ARGS(I64(ms)));
}

static void rule(uint64_t line, const char *mode, const char *body, const char *hours, const char *closed)
{
    begin(1);
    must(reply_rule_save(ctx, &(struct reply_rule_row){ .line_id = line, .mode = mode, .body = body, .hours = hours, .closed_body = closed, .fallback = "", .most = 5 }));
}

/* The rules on since long ago, and one conversation. */
static int before_answering(void **state)
{
    before_each(state);
    script(&f, "DELETE FROM reply_job; DELETE FROM reply_rule; DELETE FROM opt_out;");
    queued(CUSTOMER, "hello");
    conversation = strtoull(ask(&talk, ARGS(U64(1))), NULL, 10);
    script(&f, "SET FOREIGN_KEY_CHECKS=0; DELETE FROM outbox; DELETE FROM message; SET FOREIGN_KEY_CHECKS=1;");
    clock_is(at("2026-01-01T00:00:00Z"));
    return 0;
}

static int after_answering(void **state)
{
    (void)state;
    clock_is(0); /* as it is */
    return 0;
}

/* The customer writes then, and our job is at once about it. */
static struct reply_case arrive(const char *iso, const char *body)
{
    int64_t ms = at(iso);
    uint64_t id = id_at(ms);
    begin(1);
    clock_is(ms + 1000);
    must_do(ctx, &arrival, ARGS(U64(1), U64(conversation), U64(id), TIME(ms), TIME(ms), TEXT(body)));
    must_do(ctx, &job, ARGS(U64(1), U64(conversation), U64(id), TIME(ms + 90000), TIME(ms)));
    return (struct reply_case){ .conversation_id = conversation, .message_id = id, .claim = "ours" };
}

/* Somebody or something of ours writes then. */
static void say(const char *iso, enum author_kind author)
{
    must_do(ctx, &said, ARGS(U64(1), U64(conversation), U64(id_at(at(iso))), I64(author), TIME(at(iso)), TIME(at(iso))));
}

static const char *judged(struct reply_case *c)
{
    struct verdict v;
    must(answering_judge(ctx, c, &v));
    return v.think ? "think" : v.outcome;
}

/* What becomes of it; the job ends so. */
static const char *becomes(const char *iso)
{
    struct reply_case c = arrive(iso, "Good evening");
    struct verdict v;
    must(answering_judge(ctx, &c, &v));
    must(answering_done(ctx, &c, v.outcome));
    return v.outcome;
}

static void test_the_closed_text_once_a_closed_period(void **state)
{
    (void)state;
    rule(0, "text", "Hello", OFFICE, "Closed");
    assert_string_equal(becomes("2026-11-20T16:59:00+01:00"), "answered");
    assert_string_equal(becomes("2026-11-20T17:00:00+01:00"), "closed-text");
    assert_string_equal(becomes("2026-11-20T23:00:00+01:00"), "closed");
    assert_string_equal(becomes("2026-11-22T12:00:00+01:00"), "closed");
    assert_string_equal(becomes("2026-11-23T08:59:00+01:00"), "closed");
    assert_string_equal(becomes("2026-11-23T09:00:00+01:00"), "answered");
    assert_string_equal(becomes("2026-11-23T17:30:00+01:00"), "closed-text");
    assert_string_equal(becomes("2026-11-24T08:30:00+01:00"), "closed");
    assert_string_equal(becomes("2026-11-24T17:30:00+01:00"), "closed-text");
}

static void test_a_holiday_and_the_nights_beside_it_are_one_closed_period(void **state)
{
    (void)state;
    rule(0, "text", "Hello", OFFICE, "Closed");
    must(reply_closed_day_add(ctx, 0, "2026-11-11", true, "Independence Day"));
    must(reply_closed_day_add(ctx, 0, "2026-11-12", false, ""));
    assert_string_equal(becomes("2026-11-10T16:59:00+01:00"), "answered");
    assert_string_equal(becomes("2026-11-10T20:00:00+01:00"), "closed-text");
    assert_string_equal(becomes("2026-11-11T10:00:00+01:00"), "closed");
    assert_string_equal(becomes("2026-11-12T10:00:00+01:00"), "closed");
    assert_string_equal(becomes("2026-11-13T08:59:00+01:00"), "closed");
    assert_string_equal(becomes("2026-11-13T09:00:00+01:00"), "answered");
    assert_string_equal(becomes("2027-11-11T10:00:00+01:00"), "closed-text");
    assert_string_equal(becomes("2027-11-12T10:00:00+01:00"), "answered");
    must(reply_closed_day_remove(ctx, 0, "11-11"));
    assert_string_equal(becomes("2028-11-10T17:00:00+01:00"), "closed-text"); /* a Friday; 2028-11-13 is not closed */
    assert_string_equal(becomes("2028-11-13T10:00:00+01:00"), "answered");
}

static void test_closed_days_are_those_of_the_rule_that_answers(void **state)
{
    (void)state;
    uint64_t line = strtoull(ask(&line_of, ARGS(U64(1), U64(conversation))), NULL, 10);
    rule(0, "text", "Hello", OFFICE, "Closed");
    must(reply_closed_day_add(ctx, 0, "2026-11-18", false, ""));
    assert_string_equal(becomes("2026-11-18T10:00:00+01:00"), "closed-text"); /* of the default */
    rule(line, "text", "Hello", OFFICE, "Closed");
    assert_string_equal(becomes("2026-11-18T11:00:00+01:00"), "answered");
    must(reply_closed_day_add(ctx, line, "2026-11-19", false, ""));
    assert_string_equal(becomes("2026-11-19T10:00:00+01:00"), "closed-text");
    rule(line, "inherit", "", OFFICE, "");
    assert_string_equal(becomes("2026-11-19T12:00:00+01:00"), "answered");
    rule(0, "text", "Hello", NULL, "Closed");
    assert_string_equal(becomes("2026-11-18T12:00:00+01:00"), "answered"); /* no hours: always open */
}

static void test_not_within_half_an_hour_after_a_person(void **state)
{
    (void)state;
    rule(0, "text", "Hello", OFFICE, "Closed");
    say("2026-11-20T17:10:00+01:00", AUTHOR_USER);
    assert_string_equal(becomes("2026-11-20T17:39:59+01:00"), "human");
    assert_string_equal(becomes("2026-11-20T17:40:01+01:00"), "closed-text");
    say("2026-11-21T12:00:00+01:00", AUTHOR_AUTO);
    assert_string_equal(becomes("2026-11-23T17:01:00+01:00"), "closed-text");
}

static void test_hours_are_those_of_the_tenants_zone(void **state)
{
    (void)state;
    rule(0, "ai", "", OFFICE, "Closed");
    script(&f, "UPDATE tenant SET zone='America/Bogota' WHERE id=1");
    assert_string_equal(becomes("2026-11-20T13:59:00Z"), "closed-text");
    struct reply_case c = arrive("2026-11-20T14:00:00Z", "Hello");
    assert_string_equal(judged(&c), "think");
    script(&f, "UPDATE tenant SET zone='Europe/Warsaw' WHERE id=1");
    assert_string_equal(becomes("2026-11-20T16:00:00Z"), "closed-text");
}

static void test_a_new_day_begins_the_count_anew(void **state)
{
    (void)state;
    rule(0, "text", "Hello", NULL, "");
    for (int i = 0; i < 5; i++) {
        char iso[CLOCK_ISO_MAX];
        clock_iso(at("2026-11-20T22:40:00Z") + i * 60000, false, iso);
        say(iso, i % 2 ? AUTHOR_AUTO : AUTHOR_MODEL);
    }
    assert_string_equal(becomes("2026-11-20T22:59:00Z"), "loop");
    assert_string_equal(becomes("2026-11-20T23:00:30Z"), "answered"); /* past midnight in Warsaw */
}

static void test_a_person_begins_the_count_anew(void **state)
{
    (void)state;
    rule(0, "text", "Hello", NULL, "");
    for (int i = 0; i < 5; i++) {
        char iso[CLOCK_ISO_MAX];
        clock_iso(at("2026-11-20T12:00:00Z") + i * 60000, false, iso);
        say(iso, AUTHOR_AUTO);
    }
    say("2026-11-20T12:10:00Z", AUTHOR_SCHEDULE); /* a reminder is no person */
    struct reply_case c = arrive("2026-11-20T12:20:00Z", "hi");
    struct verdict v;
    must(answering_judge(ctx, &c, &v));
    assert_string_equal(v.outcome, "loop");
    must(answering_send(ctx, &c, &v));
    assert_string_equal(ask(&ended, ARGS(U64(1), U64(c.message_id))), "done|loop");
    assert_string_equal(ask(&notes, ARGS(U64(1))), "answers-stopped");
    say("2026-11-20T12:30:00Z", AUTHOR_API);
    assert_string_equal(becomes("2026-11-20T12:40:00Z"), "answered");
}

static void test_age_and_the_moment_of_switching_on(void **state)
{
    (void)state;
    clock_is(at("2026-11-20T12:00:00Z"));
    rule(0, "text", "Hello", NULL, "");
    assert_string_equal(becomes("2026-11-20T11:59:59Z"), "before");
    struct reply_case c = arrive("2026-11-20T12:00:01Z", "hi");
    assert_string_equal(judged(&c), "answered");
    clock_is(at("2026-11-20T12:10:01Z"));
    assert_string_equal(judged(&c), "answered");
    clock_is(at("2026-11-20T12:10:02Z"));
    assert_string_equal(judged(&c), "too-old");
}

static void test_since_changes_only_between_off_and_on(void **state)
{
    (void)state;
    clock_is(at("2026-11-20T12:00:00Z"));
    rule(0, "text", "Hello", NULL, "");
    assert_string_equal(ask(&since_of, ARGS(U64(1), U64(0))), "2026-11-20 12:00:00.000");
    clock_is(at("2026-11-20T13:00:00Z"));
    rule(0, "ai", "Hello", NULL, "");
    assert_string_equal(ask(&since_of, ARGS(U64(1), U64(0))), "2026-11-20 12:00:00.000");
    assert_string_equal(ask(&switched, ARGS(U64(1))), "4,4");
    rule(1, "text", "Front desk", NULL, "");
    assert_string_equal(ask(&since_of, ARGS(U64(1), U64(1))), "2026-11-20 12:00:00.000"); /* it was on, by the default */
    assert_string_equal(ask(&switched, ARGS(U64(1))), "0,4");
    rule(0, "none", "Hello", NULL, "");
    assert_string_equal(ask(&since_of, ARGS(U64(1), U64(0))), "");
    assert_string_equal(ask(&switched, ARGS(U64(1))), "0,off");
    rule(1, "inherit", "Front desk", NULL, "");
    assert_string_equal(ask(&since_of, ARGS(U64(1), U64(1))), "");
    assert_string_equal(ask(&switched, ARGS(U64(1))), "off,off");
    clock_is(at("2026-11-20T14:00:00Z"));
    rule(1, "keywords", "", NULL, "");
    assert_string_equal(ask(&since_of, ARGS(U64(1), U64(1))), "2026-11-20 14:00:00.000");
    assert_string_equal(ask(&switched, ARGS(U64(1))), "0,off");
}

static void test_a_model_stops_when_anybody_was_quicker(void **state)
{
    (void)state;
    rule(0, "ai", "", NULL, "");
    struct reply_case c = arrive("2026-11-20T12:00:00Z", "Question one");
    assert_true(answering_still(ctx, conversation, 0, &c));
    struct reply_case newer = arrive("2026-11-20T12:00:05Z", "Question two");
    assert_false(answering_still(ctx, conversation, 0, &c));
    assert_string_equal(c.refused, "superseded");
    assert_true(answering_still(ctx, conversation, 0, &newer));
    say("2026-11-20T12:00:07Z", AUTHOR_USER);
    assert_false(answering_still(ctx, conversation, 0, &newer));
    assert_string_equal(newer.refused, "human");
    struct reply_case last = arrive("2026-11-20T12:01:00Z", "Question three");
    assert_true(answering_still(ctx, conversation, 0, &last));
    rule(0, "text", "Hello", NULL, "");
    assert_false(answering_still(ctx, conversation, 0, &last));
    assert_string_equal(last.refused, "off");
}

/* Two hosts have both looked before either has answered. */
static void test_the_guards_are_asked_again_when_the_answer_is_queued(void **state)
{
    (void)state;
    char iso[CLOCK_ISO_MAX];
    struct verdict v, w;
    rule(0, "text", "Hello", NULL, "");
    clock_iso(clock_now_ms() - 5000, true, iso);
    for (int i = 0; i < 4; i++, clock_iso(at(iso) + 10, true, iso))
        say(iso, AUTHOR_AUTO);
    struct reply_case one = arrive(iso, "hi");
    clock_iso(at(iso) + 10, true, iso);
    struct reply_case two = arrive(iso, "hello");
    must(answering_judge(ctx, &one, &v) && answering_judge(ctx, &two, &w));
    assert_string_equal(v.outcome, "answered");
    assert_string_equal(w.outcome, "answered");
    must(answering_send(ctx, &one, &v));
    begin(1);
    must(answering_send(ctx, &two, &w));
    assert_string_equal(ask(&ended, ARGS(U64(1), U64(one.message_id))), "done|answered");
    assert_string_equal(ask(&ended, ARGS(U64(1), U64(two.message_id))), "done|loop");
    assert_string_equal(ask(&bodies, ARGS(U64(1))), "Hello");
    rule(0, "text", "Another text", NULL, "");
    say((clock_iso(clock_now_ms() + 1000, true, iso), iso), AUTHOR_USER);
    clock_iso(clock_now_ms() + 1001, true, iso);
    struct reply_case three = arrive(iso, "still there?");
    must(answering_judge(ctx, &three, &v));
    rule(0, "text", "Yet another", NULL, "");
    must(answering_send(ctx, &three, &v));
    assert_string_equal(ask(&ended, ARGS(U64(1), U64(three.message_id))), "due"); /* begun anew with the new text */
}

static void test_only_the_holder_of_the_lease_ends_the_job(void **state)
{
    (void)state;
    rule(0, "text", "Hello", NULL, "");
    struct reply_case c = arrive("2026-11-20T12:00:00Z", "hi"), other = c;
    other.claim = "theirs";
    assert_false(answering_done(ctx, &other, "answered"));
    assert_int_equal(ctx->err.code, ERR_CONFLICT);
    err_clear(ctx);
    assert_false(answering_hold(ctx, &other));
    err_clear(ctx);
    assert_false(answering_done_noted(ctx, &other, "answered", "handed-off", ""));
    assert_string_equal((err_clear(ctx), ask(&notes, ARGS(U64(1)))), "");
    must(answering_hold(ctx, &c) && answering_done(ctx, &c, "answered"));
    assert_false(answering_done(ctx, &c, "answered"));
    err_clear(ctx);
}

static void test_jobs_of_months_ago_are_forgotten(void **state)
{
    (void)state;
    rule(0, "text", "Hello", NULL, "");
    becomes("2026-01-10T12:00:00Z");
    struct reply_case recent = arrive("2026-03-01T12:00:00Z", "hi"), open = arrive("2026-01-10T13:00:00Z", "never ended");
    clock_is(at("2026-03-01T12:00:01Z"));
    must(answering_done(ctx, &recent, "answered"));
    clock_is(at("2026-03-20T12:00:00Z"));
    must(reply_jobs_purge(ctx));
    assert_string_equal(ask(&count_jobs, ARGS(U64(1))), "2");
    assert_string_equal(ask(&ended, ARGS(U64(1), U64(recent.message_id))), "done|answered");
    assert_string_equal(ask(&ended, ARGS(U64(1), U64(open.message_id))), "thinking");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, before_answering, after_answering)
    const struct CMUnitTest tests[] = {
        TEST(test_the_closed_text_once_a_closed_period), TEST(test_a_holiday_and_the_nights_beside_it_are_one_closed_period),
        TEST(test_closed_days_are_those_of_the_rule_that_answers), TEST(test_not_within_half_an_hour_after_a_person), TEST(test_hours_are_those_of_the_tenants_zone),
        TEST(test_a_new_day_begins_the_count_anew), TEST(test_a_person_begins_the_count_anew), TEST(test_age_and_the_moment_of_switching_on),
        TEST(test_since_changes_only_between_off_and_on), TEST(test_a_model_stops_when_anybody_was_quicker), TEST(test_only_the_holder_of_the_lease_ends_the_job), TEST(test_the_guards_are_asked_again_when_the_answer_is_queued),
        TEST(test_jobs_of_months_ago_are_forgotten),
    };
    return cmocka_run_group_tests(tests, open_services, close_services);
}
