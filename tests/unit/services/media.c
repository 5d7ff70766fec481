/* media.c (test) - which addresses may be called, and how long a link holds. With tests/support/with-mariadb. */
#include "base/base.h"
#include <setjmp.h>
#include <cmocka.h>
#include "services/media.h"
#include "services/media_files.h"
#include "store/db.h"
#include "support.h"

static const struct sql is_now = SQL("SELECT CONCAT_WS('|',state,tries,reason,IFNULL(LEFT(sha256,4),'-')) FROM message_media WHERE tenant_id=? AND message_id=?", &scalar_type);
static const struct sql lease_ends = SQL("UPDATE message_media SET next_at=UTC_TIMESTAMP(3)-INTERVAL 1 SECOND WHERE tenant_id=? AND message_id=?", NULL);
static const struct sql age = SQL("UPDATE media_file SET used_at=used_at-INTERVAL 2 DAY WHERE tenant_id=?", NULL);
static const struct sql files = SQL("SELECT CONCAT(COUNT(*)) FROM media_file WHERE tenant_id=?", &scalar_type);

/* An attachment of a message, to be fetched. */
static struct media_key pending(void)
{
    struct send_result m = queued(CUSTOMER, "x");
    struct media_key key = { m.conversation_id, m.message_id, 0 };
    must(db_media_insert(ctx, 1, &key, &(struct media_row){ .content_type = "image/png", .url = "https://api.twilio.com/x", .state = "pending", .file_name = "" }));
    must(stmt_do(ctx, &lease_ends, ARGS(U64(1), U64(key.message_id))) == 1);
    return key;
}

static void expect(const struct media_key *key, const char *want)
{
    assert_string_equal(ask(&is_now, ARGS(U64(1), U64(key->message_id))), want);
}

static const char *kept_path(const char *sha256)
{
    return arena_printf(f.arena, "%s/1/%.2s/%s", f.conf.media_folder, sha256, sha256);
}

static struct media_kept keep(const char *content)
{
    struct media_temp temp;
    struct media_kept kept;
    must(media_temp(ctx, &temp));
    assert_int_equal(write(temp.fd, content, strlen(content)), strlen(content));
    must(media_keep(ctx, &temp, "text/plain", &kept) && db_media_file_put(ctx, 1, kept.sha256, kept.mime->type, kept.size));
    return kept;
}

static void test_a_claim_is_one_hosts(void **state UNUSED)
{
    begin(1);
    struct media_key key = pending();
    assert_int_equal(db_media_due(ctx, 10).n, 1);
    assert_int_equal(db_media_claim(ctx, 1, &key, "aaaaaaaaaaaaaaaa", 60), 1);
    assert_int_equal(db_media_claim(ctx, 1, &key, "bbbbbbbbbbbbbbbb", 60), 0);
    assert_int_equal(db_media_claim(ctx, 2, &key, "bbbbbbbbbbbbbbbb", 60), 0);
    assert_int_equal(db_media_due(ctx, 10).n, 0);
    expect(&key, "fetching|1||-");
    must(stmt_do(ctx, &lease_ends, ARGS(U64(1), U64(key.message_id))) == 1);
    assert_int_equal(db_media_due(ctx, 10).n, 1);
    assert_int_equal(db_media_claim(ctx, 1, &key, "bbbbbbbbbbbbbbbb", 60), 1);
    /* the first one comes back too late */
    assert_int_equal(db_media_release(ctx, 1, &key, "aaaaaaaaaaaaaaaa", "failed", "gone", 0), 0);
    expect(&key, "fetching|2||-");
    assert_int_equal(db_media_release(ctx, 1, &key, "bbbbbbbbbbbbbbbb", "failed", "gone", 0), 1);
    expect(&key, "failed|2|gone|-");
    must(media_retry(ctx, &key) && media_retry(ctx, &key));
    expect(&key, "pending|0||-");
}

static void test_files_come_and_go(void **state UNUSED)
{
    begin(1);
    struct media_key one = pending(), two = pending();
    struct media_kept shared = keep("shared"), alone = keep("alone");
    struct media_file file;
    assert_int_equal(db_media_claim(ctx, 1, &one, "aaaaaaaaaaaaaaaa", 60), 1);
    assert_int_equal(db_media_claim(ctx, 1, &two, "aaaaaaaaaaaaaaaa", 60), 1);
    assert_int_equal(db_media_stored(ctx, 1, &one, "aaaaaaaaaaaaaaaa", shared.sha256), 1);
    assert_int_equal(db_media_stored(ctx, 1, &two, "aaaaaaaaaaaaaaaa", shared.sha256), 1);
    must(media_open(ctx, &one, &file));
    close(file.fd);
    assert_int_equal(file.size, 6);
    assert_string_equal(file.mime->type, "text/plain");

    assert_int_equal(media_sweep(ctx), 0); /* too young */
    must(stmt_do(ctx, &age, ARGS(U64(1))) == 2);
    assert_int_equal(media_sweep(ctx), 1); /* that which no message has */
    assert_int_equal(access(kept_path(alone.sha256), F_OK), -1);
    assert_int_equal(access(kept_path(shared.sha256), F_OK), 0);

    must(media_forget(ctx, one.conversation_id, one.message_id)); /* the other message has it still */
    expect(&one, "removed|1||-");
    assert_int_equal(access(kept_path(shared.sha256), F_OK), 0);
    assert_false(media_open(ctx, &one, &file));
    err_clear(ctx);
    must(media_forget(ctx, two.conversation_id, two.message_id));
    assert_int_equal(access(kept_path(shared.sha256), F_OK), -1);
    assert_string_equal(ask(&files, ARGS(U64(1))), "0");
}

static void test_one_that_the_disk_lost_is_fetched_again(void **state UNUSED)
{
    begin(1);
    struct media_key key = pending();
    struct media_kept kept = keep("lost");
    struct media_file file;
    assert_int_equal(db_media_claim(ctx, 1, &key, "aaaaaaaaaaaaaaaa", 60), 1);
    assert_int_equal(db_media_stored(ctx, 1, &key, "aaaaaaaaaaaaaaaa", kept.sha256), 1);
    unlink(kept_path(kept.sha256));
    assert_false(media_open(ctx, &key, &file));
    err_clear(ctx);
    expect(&key, arena_printf(f.arena, "pending|0|lost|%.4s", kept.sha256));

    struct send_result m; /* our own is nowhere else */
    kept = keep("ours");
    must(message_send(ctx, &(struct send_request){ .to = CUSTOMER, .author = AUTHOR_API, .file_count = 1,
                                                   .files = &(struct send_file){ .sha256 = kept.sha256, .type = "text/plain", .name = "a.txt" } }, &m));
    unlink(kept_path(kept.sha256));
    key = (struct media_key){ m.conversation_id, m.message_id, 0 };
    assert_false(media_open(ctx, &key, &file));
    err_clear(ctx);
    expect(&key, arena_printf(f.arena, "failed|0|lost|%.4s", kept.sha256));
}

#define BASE "https://api.twilio.com"
#define AC "AC11111111111111111111111111111111"
#define MM "MM22222222222222222222222222222222"
#define ME "ME33333333333333333333333333333333"
#define PATH "/2010-04-01/Accounts/" AC "/Messages/" MM "/Media/" ME

static void test_only_our_own_message(void **state UNUSED)
{
    static const char *const forged[] = {
        "", "/", PATH, BASE, BASE PATH "/", BASE PATH "?a=b", BASE PATH "#x", BASE PATH "0", BASE "/" PATH, BASE "." PATH, BASE ":8443" PATH, BASE "@example.org" PATH,
        "http://api.twilio.com" PATH, "https://example.org" PATH, "https://api.twilio.com.example.org" PATH, "https://user@api.twilio.com" PATH, "HTTPS://api.twilio.com" PATH,
        BASE "/2010-04-01/Accounts/AC11111111111111111111111111111112/Messages/" MM "/Media/" ME,
        BASE "/2010-04-01/Accounts/" AC "/Messages/MM22222222222222222222222222222223/Media/" ME,
        BASE "/2010-04-01/Accounts/" AC "/Messages/" MM "/Media/ME3333333333333333333333333333333",
        BASE "/2010-04-01/Accounts/" AC "/Messages/" MM "/Media/../../../../" ME,
        BASE "/2010-04-01/Accounts/" AC "/Messages/" MM "/Media/MM33333333333333333333333333333333",
        BASE "/2010-04-01/Accounts/" AC "/Messages/" MM "/Media/ME333333333333333333333333333333 3",
    };
    assert_true(media_url_is_ours(BASE, AC, MM, BASE PATH));
    assert_true(media_url_is_ours(BASE "/", AC, MM, BASE PATH));
    for (size_t i = 0; i < ARRAY_LEN(forged); i++)
        if (media_url_is_ours(BASE, AC, MM, forged[i]))
            fail_msg("%s passes", forged[i]);
    assert_false(media_url_is_ours(BASE, "", "", BASE "/2010-04-01/Accounts//Messages//Media/" ME));
    assert_false(media_url_is_ours("", AC, MM, PATH));
}

static void test_redirects(void **state UNUSED)
{
    static const struct { const char *base, *url; bool allowed, inside; } cases[] = {
        { BASE, "https://mms.twiliocdn.com/x?y=z", true, false },
        { BASE, "https://api.twilio.com/x", true, true },
        { BASE, "HTTPS://API.twilio.com:444/x", true, true },
        { BASE, "https://10.0.0.1/x", true, false }, /* the client refuses the address: public_only */
        { BASE, "http://mms.twiliocdn.com/x", false, false },
        { BASE, "http://api.twilio.com/x", false, false },
        { BASE, "https://api.twilio.com@example.org/x", false, false },
        { BASE, "https://api.twilio.com.example.org/x", true, false },
        { BASE, "https:///x", false, false },
        { BASE, "https://", false, false },
        { BASE, "https://a b/", false, false },
        { BASE, "https://a\\b/", false, false },
        { BASE, "ftp://api.twilio.com/", false, false },
        { BASE, "//api.twilio.com/", false, false },
        { BASE, "", false, false },
        { "http://127.0.0.1:5000", "http://127.0.0.1:6000/x", true, true },
        { "http://127.0.0.1:5000", "http://127.0.0.2:6000/x", false, false },
        { "http://127.0.0.1:5000", "https://127.0.0.1:6000/x", true, false },
        { "http://[::1]:5000", "http://[::1]:6000/x", true, true },
        { "http://[::1]:5000", "http://[::2]:6000/x", false, false },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        bool inside = !cases[i].inside, allowed = media_redirect_allowed(cases[i].base, cases[i].url, &inside);
        if (allowed != cases[i].allowed || (allowed && inside != cases[i].inside))
            fail_msg("%s from %s", cases[i].url, cases[i].base);
    }
}

/* What is told of it: the signature is good, but there is no such file; or it is not valid. */
static const char *opened(const char *token)
{
    struct media_file file;
    err_clear(ctx);
    assert_false(media_link_open(ctx, token, &file));
    assert_int_equal(ctx->err.code, ERR_ABSENT);
    return ctx->err.detail;
}

static void test_a_link_ends(void **state UNUSED)
{
    begin(1);
    const struct media_key key = { 5, 6, 7 };
    const char *token = strrchr(media_link(ctx, &key), '/') + 1;
    int64_t made = ctx->now_ms / 1000 * 1000;
    static const struct { int64_t after_s; const char *told; } cases[] = {
        { 0, "no such file" }, { 24 * 3600 - 1, "no such file" }, { 24 * 3600, "media link not valid" }, { 30 * 24 * 3600, "media link not valid" } };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        ctx->now_ms = made + cases[i].after_s * 1000;
        assert_string_equal(opened(token), cases[i].told);
        assert_int_equal(ctx->tenant, 1);
    }
    begin(2); /* it is the token that says whose it is */
    opened(token);
    assert_int_equal(ctx->tenant, 1);
}

static int open_with_folder(void **state)
{
    open_services(state);
    f.conf.cron_socket = "/nowhere";
    f.conf.media_folder = arena_printf(f.arena, "%s/media", test_env("TEST_DB_DIR"));
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_only_our_own_message), cmocka_unit_test(test_redirects), cmocka_unit_test(test_a_link_ends),
        cmocka_unit_test_setup(test_a_claim_is_one_hosts, before_each), cmocka_unit_test_setup(test_files_come_and_go, before_each),
        cmocka_unit_test_setup(test_one_that_the_disk_lost_is_fetched_again, before_each) };
    return cmocka_run_group_tests(tests, open_with_folder, close_services);
}
