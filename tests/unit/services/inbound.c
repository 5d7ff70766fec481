/* inbound.c - from parameters to rows: what does not fit, names that come later, messages that are routed later. With
 * tests/support/with-mariadb. */
#include "base/base.h"
#include <setjmp.h>
#include <cmocka.h>
#include "base/clock.h"
#include "base/json.h"
#include "services/inbound.h"
#include "services/params.h"
#include "support.h"

#define SID(n) "SM0000000000000000000000000000000" #n

static const struct sql counts = SQL("SELECT CONCAT_WS(' ',(SELECT COUNT(*) FROM message WHERE tenant_id=?),(SELECT COUNT(*) FROM unrouted WHERE tenant_id=?))", &scalar_type);
static const struct sql routed = SQL("SELECT CONCAT_WS('|',m.created_at<UTC_TIMESTAMP()-INTERVAL 2 DAY,c.last_inbound_at=m.created_at,c.last_at>UTC_TIMESTAMP()-INTERVAL 1 MINUTE,m.num_media) "
                                     "FROM message m JOIN conversation c ON c.tenant_id=m.tenant_id AND c.id=m.conversation_id WHERE m.tenant_id=?", &scalar_type);
static const struct sql names = SQL("SELECT CONCAT_WS('|',c.name,k.name) FROM conversation c JOIN contact k ON k.tenant_id=c.tenant_id AND k.id=c.contact_id WHERE c.tenant_id=?", &scalar_type);
static const struct sql media = SQL("SELECT CONCAT_WS('|',num_media,(SELECT COUNT(*) FROM message_media WHERE tenant_id=1)) FROM message WHERE tenant_id=?", &scalar_type);
static const struct sql detail = SQL("SELECT detail FROM message_event WHERE tenant_id=?", &scalar_type);

struct param { const char *name, *value; };

static bool receive(const struct param *p, size_t n, struct inbound_result *r)
{
    struct pair pairs[32];
    assert_true(n <= ARRAY_LEN(pairs));
    for (size_t i = 0; i < n; i++)
        pairs[i] = (struct pair){ p[i].name, strlen(p[i].name), p[i].value, strlen(p[i].value) };
    begin(1);
    return inbound_receive(ctx, pairs, n, r);
}
#define RECEIVE(r, ...) receive((const struct param[]){ __VA_ARGS__ }, ARRAY_LEN(((const struct param[]){ __VA_ARGS__ })), (r))

static void test_a_message_that_is_routed_later_keeps_its_time(void **state)
{
    (void)state;
    struct inbound_result r;
    must(RECEIVE(&r, { "MessageSid", SID(1) }, { "From", CUSTOMER }, { "To", "+447700900777" }, { "Body", "hi" }, { "MediaUrl0", "https://m.example/0" }));
    assert_int_equal(r.outcome, INBOUND_UNROUTED);
    script(&f, "UPDATE unrouted SET created_at=UTC_TIMESTAMP(3)-INTERVAL 3 DAY");
    must(line_add(ctx, 1, "+447700900777", "sms", "", 0));
    assert_string_equal(ask(&counts, ARGS(U64(1), U64(1))), "1 0");
    /* The customer's last word is three days old: that counts for WhatsApp's window. */
    assert_string_equal(ask(&routed, ARGS(U64(1))), "1|1|1|1");
    script(&f, "SET FOREIGN_KEY_CHECKS=0; DELETE FROM line WHERE address='+447700900777'; SET FOREIGN_KEY_CHECKS=1;");
}

static void test_many_are_routed_in_little_memory(void **state)
{
    (void)state;
    struct inbound_result r;
    must(RECEIVE(&r, { "MessageSid", SID(1) }, { "From", CUSTOMER }, { "To", "+447700900778" }, { "Body", "hi" }));
    script(&f, "INSERT INTO unrouted (tenant_id,sid,to_address,from_address,body,detail) SELECT 1,CONCAT('SM',LPAD(seq+100,32,'0')),to_address,from_address,body,"
               "CONCAT('{\"Label\":\"',REPEAT('x',20000),'\"}') FROM unrouted JOIN seq_1_to_300");
    must(line_add(ctx, 1, "+447700900778", "sms", "", 0));
    assert_string_equal(ask(&counts, ARGS(U64(1), U64(1))), "301 0");
    assert_true(arena_used(ctx->arena) < 8 << 20);
    script(&f, "SET FOREIGN_KEY_CHECKS=0; DELETE FROM line WHERE address='+447700900778'; SET FOREIGN_KEY_CHECKS=1;");
}

static void test_a_name_that_comes_after_our_own_first_message(void **state)
{
    (void)state;
    struct inbound_result r;
    queued(CUSTOMER, "hello, this is the shop");
    assert_string_equal(ask(&names, ARGS(U64(1))), "|");
    must(RECEIVE(&r, { "MessageSid", SID(1) }, { "From", CUSTOMER }, { "To", LINE_ONE }, { "Body", "hi" }, { "ProfileName", "Ada" }));
    assert_string_equal(ask(&names, ARGS(U64(1))), "Ada|Ada");
    must(RECEIVE(&r, { "MessageSid", SID(2) }, { "From", CUSTOMER }, { "To", LINE_ONE }, { "Body", "hi" }, { "ProfileName", "Somebody else" }));
    assert_string_equal(ask(&names, ARGS(U64(1))), "Ada|Ada");
}

static void test_addresses_that_do_not_fit_lose_no_message(void **state)
{
    (void)state;
    struct inbound_result r;
    char url[2001];
    memset(url, '<', sizeof url - 1); /* six bytes each in JSON */
    url[sizeof url - 1] = 0;
    struct param p[4 + 10] = { { "MessageSid", SID(1) }, { "From", CUSTOMER }, { "To", LINE_ONE }, { "Body", "" } };
    for (size_t i = 0; i < 10; i++)
        p[4 + i] = (struct param){ arena_printf(f.arena, "MediaUrl%zu", i), url };
    must(receive(p, ARRAY_LEN(p), &r));
    assert_int_equal(r.outcome, INBOUND_STORED);
    assert_string_equal(ask(&media, ARGS(U64(1))), "0|0");
    assert_non_null(strstr(ask(&detail, ARGS(U64(1))), "MediaUrl9"));
}

static void test_kept_parameters_are_json_whatever_their_size(void **state)
{
    (void)state;
    static const char *const none[] = { NULL };
    size_t n = 300 * 1024;
    char *huge = arena_alloc(f.arena, n + 1);
    memset(huge, '<', n);
    huge[n] = 0;
    struct pair p[] = { { "First", 5, "1", 1 }, { "Huge", 4, huge, n }, { "Last", 4, "3", 1 } };
    const char *json = params_json(f.arena, p, ARRAY_LEN(p), none);
    assert_string_equal(json, "{\"First\":\"1\",\"Last\":\"3\"}");
}

static void test_a_form_without_the_least_is_malformed(void **state)
{
    (void)state;
    struct inbound_result r;
    assert_false(RECEIVE(&r, { "From", CUSTOMER }, { "To", LINE_ONE }, { "Body", "hi" }));
    assert_int_equal(ctx->err.code, ERR_MALFORMED);
    assert_false(RECEIVE(&r, { "MessageSid", SID(1) }, { "From", "" }, { "To", LINE_ONE }, { "Body", "hi" }));
    assert_int_equal(ctx->err.code, ERR_MALFORMED);
    assert_false(RECEIVE(&r, { "MessageSid", "SM000000000000000000000000000000001" }, { "From", CUSTOMER }, { "To", LINE_ONE }));
    assert_int_equal(ctx->err.code, ERR_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_a_message_that_is_routed_later_keeps_its_time, before_each),
        cmocka_unit_test_setup(test_many_are_routed_in_little_memory, before_each),
        cmocka_unit_test_setup(test_a_name_that_comes_after_our_own_first_message, before_each),
        cmocka_unit_test_setup(test_addresses_that_do_not_fit_lose_no_message, before_each),
        cmocka_unit_test_setup(test_kept_parameters_are_json_whatever_their_size, before_each),
        cmocka_unit_test_setup(test_a_form_without_the_least_is_malformed, before_each),
    };
    return cmocka_run_group_tests(tests, open_services, close_services);
}
