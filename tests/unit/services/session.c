/* session.c - sign-in, passwords, the first administrator, old rows. With tests/support/with-mariadb. */
#include "base/base.h"
#include <setjmp.h>
#include <cmocka.h>
#include "base/clock.h"
#include "services/session.h"
#include "support.h"
#include <sys/wait.h>

#define PASSWORD "correct horse battery"

static const struct sql users = SQL("SELECT CONCAT_WS(' ',(SELECT COUNT(*) FROM user WHERE tenant_id>?),(SELECT COUNT(*) FROM session),(SELECT COUNT(*) FROM throttle))", &scalar_type);

static const char *sign_in(const char *email, const char *password)
{
    begin(0);
    return session_sign_in(ctx, email, password, "192.0.2.1", "agent");
}

static uint64_t identify(const char *token)
{
    struct identity who;
    begin(0);
    must(session_identify_cookie(ctx, token, &who));
    return who.row ? who.row->session_id : 0;
}

static int with_user(void **state)
{
    before_each(state);
    script(&f, "DELETE FROM session; DELETE FROM throttle; DELETE FROM user;");
    must(user_add(ctx, 1, "ada@example.com", "Ada", "admin", PASSWORD));
    return 0;
}

static void test_a_new_password_ends_the_other_sessions(void **state)
{
    (void)state;
    const char *mine = sign_in("ada@example.com", PASSWORD), *other = sign_in("ada@example.com", PASSWORD);
    assert_true(mine && other);
    uint64_t keep = identify(mine);
    assert_true(keep && identify(other));
    identify(mine);
    assert_false(password_change(ctx, "wrong", "another good password", keep));
    assert_string_equal(ctx->err.field, "current");
    assert_true(identify(other) && identify(mine));
    must(password_change(ctx, PASSWORD, "another good password", keep));
    assert_int_equal(identify(other), 0);
    assert_int_equal(identify(mine), keep);
    assert_null(sign_in("ada@example.com", PASSWORD));
    assert_non_null(sign_in("ada@example.com", "another good password"));
}

static void test_an_inactive_user_has_neither_session_nor_token(void **state)
{
    (void)state;
    struct identity who;
    const char *cookie = sign_in("ada@example.com", PASSWORD), *bearer = token_issue(ctx, "ada@example.com", "test");
    assert_true(cookie && bearer && identify(cookie));
    begin(0);
    must(session_identify_bearer(ctx, bearer, &who));
    assert_non_null(who.row);
    script(&f, "UPDATE user SET active=0");
    assert_int_equal(identify(cookie), 0);
    must(session_identify_bearer(ctx, bearer, &who));
    assert_null(who.row);
    assert_null(sign_in("ada@example.com", PASSWORD));
    assert_int_equal(ctx->err.code, ERR_LOGIN);
}

static void test_attempts_are_limited_for_the_account_in_any_spelling(void **state)
{
    (void)state;
    for (int i = 0; i < 10; i++) {
        assert_null(sign_in(i % 2 ? "ADA@example.com" : "ada@example.com", "wrong password"));
        assert_int_equal(ctx->err.code, ERR_LOGIN);
    }
    assert_null(sign_in("ada@example.com", PASSWORD));
    assert_int_equal(ctx->err.code, ERR_LIMIT);
}

static void test_the_set_up_code_works_once(void **state)
{
    (void)state;
    struct first_admin in = { .tenant = "First", .name = "Ada", .email = "no address", .password = PASSWORD };
    script(&f, "DELETE FROM user");
    begin(0);
    in.code = setup_code_make(ctx);
    assert_non_null(in.code);
    assert_null(setup_code_make(ctx)); /* the one that was printed stays in force */
    assert_false(setup_first_admin(ctx, &in));
    assert_string_equal(ctx->err.field, "email");
    in.email = "first@example.com";
    pid_t child[2];
    for (size_t i = 0; i < ARRAY_LEN(child); i++) {
        child[i] = fork();
        assert_true(child[i] >= 0);
        if (child[i] == 0) {
            ctx->db = db_new(&f.conf);
            begin(0);
            in.tenant = i ? "Second" : "First";
            in.email = i ? "second@example.com" : "first@example.com";
            _exit(setup_first_admin(ctx, &in) ? 0 : 1);
        }
    }
    int done = 0;
    for (size_t i = 0; i < ARRAY_LEN(child); i++) {
        int status;
        assert_int_equal(waitpid(child[i], &status, 0), child[i]);
        assert_true(WIFEXITED(status));
        done += WEXITSTATUS(status) == 0;
    }
    assert_int_equal(done, 1);
    begin(0);
    assert_false(setup_first_admin(ctx, &in));
    assert_int_equal(ctx->err.code, ERR_ABSENT);
    begin(0);
    assert_string_equal(ask(&users, ARGS(U64(0))), "1 0 1");
}

static void test_more_old_rows_than_one_statement_takes_go_too(void **state)
{
    (void)state;
    script(&f, "INSERT INTO throttle (key_hash,started_at,tries) SELECT LPAD(seq,32,'0'),UTC_TIMESTAMP(3)-INTERVAL 2 DAY,1 FROM seq_1_to_2500;"
               "INSERT INTO session (token_hash,tenant_id,user_id,seen_at) SELECT UNHEX(SHA2(seq,256)),tenant_id,user.id,UTC_TIMESTAMP(3)-INTERVAL 20 DAY "
               "FROM user JOIN seq_1_to_1500");
    begin(0);
    must(sessions_purge(ctx));
    assert_string_equal(ask(&users, ARGS(U64(0))), "1 0 0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_a_new_password_ends_the_other_sessions, with_user),
        cmocka_unit_test_setup(test_an_inactive_user_has_neither_session_nor_token, with_user),
        cmocka_unit_test_setup(test_attempts_are_limited_for_the_account_in_any_spelling, with_user),
        cmocka_unit_test_setup(test_the_set_up_code_works_once, with_user),
        cmocka_unit_test_setup(test_more_old_rows_than_one_statement_takes_go_too, with_user),
    };
    return cmocka_run_group_tests(tests, open_services, close_services);
}
