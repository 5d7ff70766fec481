/* totals.c - what is kept between requests is never older than what is there: two workers, two tenants, changes that become
 * visible late, rows read. With tests/support/with-mariadb. */
#include "base/base.h"
#include <setjmp.h>
#include <cmocka.h>
#include "services/burst.h"
#include "services/removal.h"
#include "services/stats.h"
#include "services/totals.h"
#include "store/conversations.h"
#include "support.h"

#define AGED "UPDATE conversation SET last_at=last_at-INTERVAL 60 SECOND,changed_at=changed_at-INTERVAL 60 SECOND;"
#define COUNTERS "FROM information_schema.session_status WHERE variable_name IN ('Handler_read_key','Handler_read_next','Handler_read_prev')"

/* lint: no-tenant: counters of this connection */
static const struct sql rows_read = SQL("SELECT CAST(SUM(variable_value) AS CHAR) " COUNTERS, &scalar_type);

static struct burst_host *host;
static struct burst *worker[2];

static int fresh(void **state)
{
    before_each(state);
    script(&f, "DELETE FROM message_total;");
    host = burst_host_new();
    for (size_t i = 0; i < ARRAY_LEN(worker); i++)
        worker[i] = burst_new(f.arena, host);
    return 0;
}

static struct total_row *told(uint64_t tenant, size_t w)
{
    begin(tenant);
    ctx->burst = worker[w];
    struct total_row *t = totals_now(ctx);
    if (!t)
        fail_msg("%s", ctx->err.detail);
    ctx->burst = NULL;
    return t;
}

static void expect(uint64_t tenant, size_t w, int64_t inbound, int64_t outbound, const char *latest, unsigned statements)
{
    const struct total_row *t = told(tenant, w);
    assert_int_equal(t->inbound, inbound);
    assert_int_equal(t->outbound, outbound);
    assert_int_equal(t->latest.id != 0, latest != NULL);
    if (latest)
        assert_string_equal(t->latest.body, latest);
    assert_int_equal(db_statements(ctx->db), statements);
}

static void expect_everywhere(uint64_t tenant, int64_t inbound, int64_t outbound, const char *latest)
{
    for (size_t w = 0; w < ARRAY_LEN(worker); w++) {
        const struct total_row *t = told(tenant, w);
        assert_int_equal(t->inbound, inbound);
        assert_int_equal(t->outbound, outbound);
        assert_string_equal(t->latest.id ? t->latest.body : "", latest);
    }
}

static void received(uint64_t tenant, const char *sid, const char *body)
{
    begin(tenant);
    struct inbound in = { .to = LINE_ONE, .from = CUSTOMER, .key = CUSTOMER, .phone = CUSTOMER, .name = "", .channel = "sms", .sid = sid, .body = body, .preview = body, .segments = 1 };
    const struct ingest_row *r = db_message_ingest(ctx, tenant, &in);
    assert_true(r && r->message_id);
}

static void test_nothing_and_the_first(void **state)
{
    (void)state;
    expect(1, 0, 0, 0, NULL, 1);
    expect(1, 0, 0, 0, NULL, 1);
    received(1, "SM00000000000000000000000000000001", "first");
    expect(1, 0, 1, 0, "first", 2);
    expect(1, 1, 1, 0, "first", 1);
}

static void test_every_change_is_told_at_once(void **state)
{
    (void)state;
    struct removal_result removed;
    struct send_result sent = queued(CUSTOMER, "hello");
    script(&f, AGED);
    expect_everywhere(1, 0, 1, "hello");
    received(1, "SM00000000000000000000000000000001", "hi");
    expect_everywhere(1, 1, 1, "hi");
    script(&f, AGED);
    expect_everywhere(1, 1, 1, "hi");
    queued(CUSTOMER, "and again");
    expect_everywhere(1, 1, 2, "and again");
    script(&f, AGED);
    expect_everywhere(1, 1, 2, "and again");
    begin(1);
    must(totals_refresh_all(ctx) >= 0);
    expect_everywhere(1, 1, 2, "and again");
    /* A state, of the newest message. */
    const struct total_row *t = told(1, 0);
    script(&f, arena_printf(f.arena, "UPDATE outbox SET state='done' WHERE message_id=%" PRIu64, t->latest.id));
    begin(1);
    must(db_message_raise(ctx, 1, t->latest.conversation_id, t->latest.id, "delivered", 40) == 1 &&
         db_conversation_touch(ctx, 1, t->latest.conversation_id, t->latest.id, "delivered"));
    for (size_t w = 0; w < ARRAY_LEN(worker); w++)
        assert_string_equal(told(1, w)->latest.status, "delivered");
    script(&f, AGED);
    expect_everywhere(1, 1, 2, "and again");
    /* What is removed stays counted, and shows no more. */
    begin(1);
    must(removal_message_id(ctx, t->latest.conversation_id, t->latest.id, REMOVAL_DELETE, &removed));
    expect_everywhere(1, 1, 2, "hi");
    assert_true(sent.message_id);
}

static void test_kept_while_nothing_changes(void **state)
{
    (void)state;
    queued(CUSTOMER, "hello");
    expect(1, 0, 0, 1, "hello", 1);
    expect(1, 0, 0, 1, "hello", 1); /* too young to be kept: asked anew */
    script(&f, AGED);
    expect(1, 0, 0, 1, "hello", 1);
    /* What no change of a conversation tells shows that the answer is indeed a kept one. */
    script(&f, "UPDATE message SET body='elsewhere'");
    expect(1, 0, 0, 1, "hello", 1);
    expect(1, 1, 0, 1, "elsewhere", 1);
    burst_forget_all(worker[1]);
    expect(1, 0, 0, 1, "elsewhere", 1);
}

static void test_tenants_are_apart(void **state)
{
    (void)state;
    queued(CUSTOMER, "ours");
    received(2, "SM00000000000000000000000000000002", "theirs");
    script(&f, AGED);
    expect_everywhere(1, 0, 1, "ours");
    expect_everywhere(2, 1, 0, "theirs");
    received(2, "SM00000000000000000000000000000003", "more of theirs");
    script(&f, "UPDATE message SET body='elsewhere' WHERE tenant_id=1");
    expect(1, 0, 0, 1, "ours", 1);
    expect_everywhere(2, 2, 0, "more of theirs");
    expect(1, 1, 0, 1, "ours", 1);
}

/* Its time is earlier than that of the newest change, and it is committed after somebody has asked. */
static void test_a_change_that_becomes_visible_late(void **state)
{
    (void)state;
    struct send_result early = queued(CUSTOMER, "early"), late = queued("+447700900124", "late");
    script(&f, "UPDATE conversation SET last_at=UTC_TIMESTAMP(3)-INTERVAL 2 SECOND,changed_at=last_at");
    script(&f, arena_printf(f.arena, "UPDATE conversation SET last_at=last_at-INTERVAL 1 SECOND WHERE id=%" PRIu64, early.conversation_id));
    script(&f, arena_printf(f.arena, "CREATE TABLE aside AS SELECT * FROM message WHERE id=%" PRIu64 "; DELETE FROM message WHERE id=%" PRIu64, early.message_id, early.message_id));
    expect(1, 0, 0, 1, "late", 1);
    script(&f, "INSERT INTO message SELECT * FROM aside; DROP TABLE aside");
    expect(1, 0, 0, 2, "late", 1);
    assert_true(late.message_id > early.message_id);
}

static void test_a_text_too_long_to_keep(void **state)
{
    (void)state;
    queued(CUSTOMER, "hello");
    script(&f, AGED "UPDATE message SET body=REPEAT('ł',1500)");
    assert_int_equal(strlen(told(1, 0)->latest.body), 3000);
    script(&f, "UPDATE message SET body='short'");
    expect(1, 0, 0, 1, "short", 1);
}

static int64_t counter(void)
{
    return strtoll(ask(&rows_read, NO_ARGS), NULL, 10);
}

/* The same few rows however much there is, with and without kept totals, and also when a statement runs again: it is planned anew. */
static void test_few_rows(void **state)
{
    (void)state;
    queued(CUSTOMER, "hello");
    script(&f, "INSERT INTO message (tenant_id,conversation_id,id,direction,status,status_at,created_at,body) SELECT 1,conversation_id,id-4096*3600000-seq,seq MOD 2,'received',NOW(3),NOW(3),'old' "
               "FROM message JOIN seq_1_to_3000");
    for (int i = 0; i < 3; i++)
        expect(1, 0, 1500, 1501, "hello", 1);
    begin(1);
    must(totals_refresh_all(ctx) >= 0);
    int64_t cost = counter();
    cost = counter() - cost;
    for (int i = 0; i < 6; i++) {
        int64_t before = counter();
        expect(1, 0, 1500, 1501, "hello", 1);
        assert_in_range(counter() - before - cost, 1, 14);
    }
    script(&f, AGED);
    expect(1, 0, 1500, 1501, "hello", 1);
    for (int i = 0; i < 6; i++) {
        int64_t before = counter();
        expect(1, 0, 1500, 1501, "hello", 1);
        assert_in_range(counter() - before - cost, 1, 2);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_nothing_and_the_first, fresh),
        cmocka_unit_test_setup(test_every_change_is_told_at_once, fresh),
        cmocka_unit_test_setup(test_kept_while_nothing_changes, fresh),
        cmocka_unit_test_setup(test_tenants_are_apart, fresh),
        cmocka_unit_test_setup(test_a_change_that_becomes_visible_late, fresh),
        cmocka_unit_test_setup(test_a_text_too_long_to_keep, fresh),
        cmocka_unit_test_setup(test_few_rows, fresh),
    };
    return cmocka_run_group_tests(tests, open_services, close_services);
}
