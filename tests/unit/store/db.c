/* db.c - the connection: lazy, set up right, found again after every kind of loss, hosts in rotation. */
#include "support.h"
#include "proxy.h"
#include "base/clock.h"
#include "store/db_internal.h"
#include <fcntl.h>

struct number { int64_t v; };
#define NUMBER(F) F(I64, v, 0)
#define NUMBER_FIELD(kind, member, flags) FIELD_ENTRY(number, kind, member, flags)
extern const struct row_type number_type;
ROW_TYPE(number, NUMBER(NUMBER_FIELD));
struct text { const char *s; };
#define TEXTS(F) F(TEXT, s, 0)
#define TEXTS_FIELD(kind, member, flags) FIELD_ENTRY(text, kind, member, flags)
extern const struct row_type text_type;
ROW_TYPE(text, TEXTS(TEXTS_FIELD));

static const struct sql connection_id = SQL_REPEATABLE("SELECT CONNECTION_ID()", &number_type);
static const struct sql insert = SQL("INSERT INTO note (s) VALUES (?)", NULL);
static const struct sql insert_guarded = SQL_REPEATABLE("INSERT IGNORE INTO note (s) VALUES (?)", NULL);
static const struct sql count_of = SQL_REPEATABLE("SELECT COUNT(*) FROM note WHERE s=?", &number_type);
static const struct sql kill_it = SQL("KILL ?", NULL);
static const struct sql failing = SQL("CALL fail_with(?)", NULL);
static const struct sql failing_reset = SQL("UPDATE failing SET n=?", NULL);
static const struct sql failing_left = SQL_REPEATABLE("SELECT n FROM failing", &number_type);

static struct fixture f, other;
static struct ctx *const ctx = &f.ctx;

static int setup(void **state)
{
    (void)state;
    fixture_open(&f);
    fixture_open(&other);
    empty_database(&f);
    /* fail_with: answers with that error number as often as failing.n says, outside any transaction. */
    script(&f, "CREATE TABLE note (s VARCHAR(40) NOT NULL PRIMARY KEY); CREATE TABLE failing (n INT NOT NULL); INSERT INTO failing VALUES (0);"
               "DELIMITER //\nCREATE PROCEDURE fail_with(p INT) BEGIN UPDATE failing SET n=n-1; IF (SELECT n FROM failing) >= 0 THEN"
               " SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO=p; END IF; END //\n");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fixture_close(&f);
    fixture_close(&other);
    return 0;
}

static int64_t number_of(struct ctx *c, const struct sql *q, const struct arg *args, size_t n)
{
    struct number *r = stmt_one(c, q, args, n);
    if (!r)
        fail_msg("%s", c->err.detail);
    return r->v;
}

static void kill_connection(int64_t id)
{
    must_do(&other.ctx, &kill_it, ARGS(I64(id)));
    struct timespec t = { .tv_nsec = 30000000 };
    nanosleep(&t, NULL);
}

static void server(const char *action, bool kill_first)
{
    const char *dir = test_env("TEST_DB_DIR");
    char command[1024];
    snprintf(command, sizeof command, "%s '%s/deploy/mariadb.sh' %s '%s'", kill_first ? "kill -9 $(cat \"$TEST_DB_DIR/mysql.pid\") &&" : "",
             test_env("TEST_ROOT"), action, dir);
    assert_int_equal(system(command), 0);
}

static void test_lazy(void **state)
{
    (void)state;
    struct fixture g;
    fixture_open(&g);
    g.conf.db_socket = "/nonexistent/socket";
    db_free(g.ctx.db);
    g.ctx.db = db_new(&g.conf); /* nothing is tried yet */
    db_rest(g.ctx.db);
    assert_null(stmt_one(&g.ctx, &connection_id, NO_ARGS));
    assert_int_equal(g.ctx.err.code, ERR_DATABASE);
    assert_false(db_ping(&g.ctx));
    fixture_close(&g);
}

static void test_wrong_password(void **state)
{
    (void)state;
    struct fixture g;
    fixture_open(&g);
    g.conf.db_password = "not-the-password";
    assert_false(db_ping(&g.ctx));
    assert_int_equal(g.ctx.err.code, ERR_DATABASE);
    assert_non_null(strstr(g.ctx.err.detail, "1045"));
    assert_null(strstr(g.ctx.err.detail, "not-the-password"));
    fixture_close(&g);
}

static void test_session(void **state)
{
    (void)state;
    static const struct sql settings_of = SQL(
        "SELECT CONCAT_WS('|',@@time_zone,@@tx_isolation,@@character_set_client,@@character_set_results,@@collation_connection,"
        "@@sql_mode LIKE '%STRICT_TRANS_TABLES%',@@tx_read_only+0,@@autocommit+0,@@max_statement_time)", &text_type);
    struct text *t = stmt_one(ctx, &settings_of, NO_ARGS);
    assert_non_null(t);
    assert_string_equal(t->s, "+00:00|READ-COMMITTED|utf8mb4|utf8mb4|utf8mb4_unicode_ci|1|0|1|10.000000");
    db_use(ctx->db, DB_READER);
    t = stmt_one(ctx, &settings_of, NO_ARGS);
    assert_non_null(t);
    assert_string_equal(t->s, "+00:00|READ-COMMITTED|utf8mb4|utf8mb4|utf8mb4_unicode_ci|1|1|1|10.000000");
    db_rest(ctx->db);
    assert_string_equal(db_peer(ctx->db), "socket");
    assert_true(db_ping(ctx));
}

static void test_roles_have_their_own_connection(void **state)
{
    (void)state;
    int64_t app = number_of(ctx, &connection_id, NO_ARGS);
    db_use(ctx->db, DB_READER);
    int64_t reader = number_of(ctx, &connection_id, NO_ARGS);
    assert_true(app != reader);
    db_rest(ctx->db);
    assert_int_equal(number_of(ctx, &connection_id, NO_ARGS), app);
    db_use(ctx->db, DB_READER);
    assert_int_equal(number_of(ctx, &connection_id, NO_ARGS), reader);
    db_rest(ctx->db);
}

/* The connection dies between two requests: no statement fails, not even one that must not be repeated. */
static void test_killed_while_idle(void **state)
{
    (void)state;
    int64_t id = number_of(ctx, &connection_id, NO_ARGS);
    kill_connection(id);
    db_rest(ctx->db);
    must_do(ctx, &insert, ARGS(TEXT("after a kill")));
    assert_int_equal(number_of(ctx, &count_of, ARGS(TEXT("after a kill"))), 1);
    assert_true(number_of(ctx, &connection_id, NO_ARGS) != id);
    /* And in the middle of a request. */
    kill_connection(number_of(ctx, &connection_id, NO_ARGS));
    must_do(ctx, &insert, ARGS(TEXT("after another kill")));
    kill_connection(number_of(ctx, &connection_id, NO_ARGS));
    assert_true(db_ping(ctx));
}

static void test_server_killed_and_back(void **state)
{
    (void)state;
    must_do(ctx, &insert, ARGS(TEXT("before the crash")));
    server("start", true);
    db_rest(ctx->db);
    must_do(ctx, &insert, ARGS(TEXT("after the crash")));
    assert_int_equal(number_of(ctx, &count_of, ARGS(TEXT("before the crash"))), 1);
    assert_true(number_of(&other.ctx, &connection_id, NO_ARGS) > 0);
}

static void test_server_down(void **state)
{
    (void)state;
    number_of(ctx, &connection_id, NO_ARGS);
    server("stop", false);
    int64_t start = clock_mono_ms();
    for (int i = 0; i < 3; i++) {
        assert_int_equal(stmt_do(ctx, &insert, ARGS(TEXT("while down"))), -1);
        assert_int_equal(ctx->err.code, ERR_DATABASE);
        err_clear(ctx);
        db_rest(ctx->db);
    }
    assert_false(db_ping(ctx));
    err_clear(ctx);
    assert_true(clock_mono_ms() - start < 1000);
    server("start", false);
    must_do(ctx, &insert, ARGS(TEXT("up again")));
    assert_int_equal(number_of(ctx, &count_of, ARGS(TEXT("while down"))), 0);
    number_of(&other.ctx, &connection_id, NO_ARGS);
}

/* A client that goes through the proxies, in this order. */
static void open_through(struct fixture *g, const char *hosts)
{
    fixture_open(g);
    g->conf.db_hosts = hosts;
    db_free(g->ctx.db);
    g->ctx.db = db_new(&g->conf);
}

static void test_lost_with_a_statement_under_way(void **state)
{
    (void)state;
    struct proxy p;
    struct fixture g;
    proxy_start(&p, f.conf.db_socket);
    open_through(&g, arena_printf(f.arena, "127.0.0.1:%u", p.port));
    number_of(&g.ctx, &connection_id, NO_ARGS);
    /* Done, but nobody heard: an unguarded write is not repeated, the caller is told. */
    proxy_arm(&p, PROXY_CUT_AFTER, "CUT-1");
    assert_int_equal(stmt_do(&g.ctx, &insert, ARGS(TEXT("CUT-1"))), -1);
    assert_int_equal(g.ctx.err.code, ERR_DATABASE);
    assert_int_equal(p.shared->cuts, 1);
    err_clear(&g.ctx);
    assert_int_equal(number_of(&g.ctx, &count_of, ARGS(TEXT("CUT-1"))), 1);
    proxy_arm(&p, PROXY_CUT_BEFORE, "CUT-2");
    assert_int_equal(stmt_do(&g.ctx, &insert, ARGS(TEXT("CUT-2"))), -1);
    err_clear(&g.ctx);
    assert_int_equal(number_of(&g.ctx, &count_of, ARGS(TEXT("CUT-2"))), 0);
    /* A guarded one is. */
    proxy_arm(&p, PROXY_CUT_AFTER, "CUT-3");
    assert_int_equal(must_do(&g.ctx, &insert_guarded, ARGS(TEXT("CUT-3"))), 0);
    proxy_arm(&p, PROXY_CUT_BEFORE, "CUT-4");
    assert_int_equal(must_do(&g.ctx, &insert_guarded, ARGS(TEXT("CUT-4"))), 1);
    proxy_arm(&p, PROXY_CUT_AFTER, "CUT-5");
    assert_int_equal(number_of(&g.ctx, &count_of, ARGS(TEXT("CUT-5"))), 0);
    assert_int_equal(p.shared->cuts, 1);
    fixture_close(&g);
    proxy_stop(&p);
}

static void test_hosts(void **state)
{
    (void)state;
    struct proxy a, b;
    struct fixture g;
    proxy_start(&a, f.conf.db_socket);
    proxy_start(&b, f.conf.db_socket);
    open_through(&g, arena_printf(f.arena, " 127.0.0.1:1, 127.0.0.1:%u ,,localhost:%u", a.port, b.port));
    number_of(&g.ctx, &connection_id, NO_ARGS);
    const char *first = arena_printf(f.arena, "127.0.0.1:%u", a.port), *second = arena_printf(f.arena, "localhost:%u", b.port);
    assert_string_equal(db_peer(g.ctx.db), first); /* the one before does not answer */
    assert_true(a.shared->connections == 1 && b.shared->connections == 0);
    /* Its host goes away: the next one, without a failed statement. */
    kill_connection(number_of(&g.ctx, &connection_id, NO_ARGS));
    a.shared->mode = PROXY_REFUSE;
    assert_int_equal(must_do(&g.ctx, &insert_guarded, ARGS(TEXT("next host"))), 1);
    assert_string_equal(db_peer(g.ctx.db), second);
    /* And on to the first again. */
    a.shared->mode = PROXY_PASS;
    b.shared->mode = PROXY_REFUSE;
    kill_connection(number_of(&g.ctx, &connection_id, NO_ARGS));
    number_of(&g.ctx, &connection_id, NO_ARGS);
    assert_string_equal(db_peer(g.ctx.db), first);
    /* No host at all. */
    a.shared->mode = PROXY_REFUSE;
    kill_connection(number_of(&g.ctx, &connection_id, NO_ARGS));
    assert_null(stmt_one(&g.ctx, &connection_id, NO_ARGS));
    assert_int_equal(g.ctx.err.code, ERR_DATABASE);
    fixture_close(&g);
    proxy_stop(&a);
    proxy_stop(&b);
}

/* On TCP the end of an idle connection is noticed before a statement is risked. */
static void test_closed_while_idle_on_tcp(void **state)
{
    (void)state;
    struct proxy p;
    struct fixture g;
    proxy_start(&p, f.conf.db_socket);
    open_through(&g, arena_printf(f.arena, "127.0.0.1:%u", p.port));
    kill_connection(number_of(&g.ctx, &connection_id, NO_ARGS));
    db_rest(g.ctx.db);
    g.ctx.db->connections[DB_APP].used_ms -= 2000; /* it has rested */
    must_do(&g.ctx, &insert, ARGS(TEXT("after a rest on TCP")));
    db_rest(g.ctx.db);
    g.ctx.db->connections[DB_APP].used_ms -= 100000; /* long enough to be asked */
    must_do(&g.ctx, &insert, ARGS(TEXT("after a long rest on TCP")));
    fixture_close(&g);
    proxy_stop(&p);
}

static int64_t try_failing(struct ctx *c, int number, int times, int64_t *changed)
{
    must_do(&other.ctx, &failing_reset, ARGS(I64(times)));
    *changed = stmt_do(c, &failing, ARGS(I64(number)));
    return times - number_of(&other.ctx, &failing_left, NO_ARGS);
}

/* Rolled back by the server: run again at once, even what must not be repeated after a lost connection. */
static void test_again(void **state)
{
    (void)state;
    static const int numbers[] = { 1213, 1205, 1020, 1047 };
    int64_t changed;
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        assert_int_equal(try_failing(ctx, numbers[i], 3, &changed), 4); /* three failures and the one that worked */
        assert_true(changed >= 0);
        assert_int_equal(try_failing(ctx, numbers[i], 100, &changed), 5);
        assert_int_equal(changed, -1);
        assert_int_equal(ctx->err.code, ERR_DATABASE);
        err_clear(ctx);
    }
    assert_int_equal(try_failing(ctx, 1644, 3, &changed), 1); /* refused: once is enough */
    assert_int_equal(ctx->err.code, ERR_BUG);
    err_clear(ctx);
    assert_int_equal(try_failing(ctx, 1180, 3, &changed), 1); /* may have been done */
    assert_int_equal(changed, -1);
    err_clear(ctx);
}

static void test_node_that_does_not_take_part(void **state)
{
    (void)state;
    struct proxy a, b;
    struct fixture g;
    proxy_start(&a, f.conf.db_socket);
    proxy_start(&b, f.conf.db_socket);
    open_through(&g, arena_printf(f.arena, "127.0.0.1:%u,127.0.0.1:%u", a.port, b.port));
    int64_t changed;
    assert_int_equal(try_failing(&g.ctx, 1047, 1, &changed), 2);
    assert_true(changed >= 0);
    assert_string_equal(db_peer(g.ctx.db), arena_printf(f.arena, "127.0.0.1:%u", b.port));
    fixture_close(&g);
    proxy_stop(&a);
    proxy_stop(&b);
}

static int before(void **state)
{
    (void)state;
    err_clear(ctx);
    db_rest(ctx->db);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup(name, before)

int main(void)
{
    log_threshold(LOG_ERROR);
    const struct CMUnitTest tests[] = {
        TEST(test_lazy), TEST(test_wrong_password), TEST(test_session), TEST(test_roles_have_their_own_connection),
        TEST(test_killed_while_idle), TEST(test_server_killed_and_back), TEST(test_server_down),
        TEST(test_lost_with_a_statement_under_way), TEST(test_hosts), TEST(test_closed_while_idle_on_tcp), TEST(test_again),
        TEST(test_node_that_does_not_take_part),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
