/* migrate.c - numbered files: applied once, in order, by one migrator; changed ones refused; cut ones resumed. */
#include "support.h"
#include "base/clock.h"
#include <errno.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct number { int64_t v; };
#define NUMBER(F) F(I64, v, 0)
#define NUMBER_FIELD(kind, member, flags) FIELD_ENTRY(number, kind, member, flags)
extern const struct row_type number_type;
ROW_TYPE(number, NUMBER(NUMBER_FIELD));

static const struct sql rows_of_log = SQL_REPEATABLE("SELECT COUNT(*) FROM log", &number_type);
static const struct sql applied_count = SQL_REPEATABLE("SELECT COUNT(*) FROM schema_version WHERE applied_at IS NOT NULL", &number_type);
static const struct sql steps_of = SQL_REPEATABLE("SELECT steps FROM schema_version WHERE version=?", &number_type);
static const struct sql tables = SQL_REPEATABLE("SELECT COUNT(*) FROM information_schema.tables WHERE table_schema=DATABASE()", &number_type);
static const struct sql lease_free = SQL_REPEATABLE("SELECT holder='' FROM migration_lease", &number_type);

static struct fixture f;
static struct ctx *const ctx = &f.ctx;
static char dir[512];

static void put(const char *name, const char *text)
{
    FILE *out = fopen(arena_printf(f.arena, "%s/%s", dir, name), "we");
    assert_non_null(out);
    fputs(text, out);
    assert_int_equal(fclose(out), 0);
}

static void drop(const char *name)
{
    assert_int_equal(unlink(arena_printf(f.arena, "%s/%s", dir, name)), 0);
}

static int64_t number_of(const struct sql *q, const struct arg *args, size_t n)
{
    struct number *r = stmt_one(ctx, q, args, n);
    if (!r)
        fail_msg("%s", ctx->err.detail);
    return r->v;
}

static void migrate_fails(const char *why)
{
    int applied;
    assert_false(migrate_run(ctx, dir, &applied));
    if (!strstr(ctx->err.detail, why))
        fail_msg("\"%s\" is not in \"%s\"", why, ctx->err.detail);
    err_clear(ctx);
}

static int migrate_works(void)
{
    int applied;
    if (!migrate_run(ctx, dir, &applied))
        fail_msg("%s", ctx->err.detail);
    return applied;
}

static int setup(void **state)
{
    (void)state;
    fixture_open(&f);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fixture_close(&f);
    return 0;
}

/* An empty database, and a folder with two migrations. */
static int before(void **state)
{
    (void)state;
    err_clear(ctx);
    db_rest(ctx->db);
    empty_database(&f);
    snprintf(dir, sizeof dir, "%s/schema.XXXXXX", test_env("TEST_DB_DIR"));
    assert_non_null(mkdtemp(dir));
    put("0001_first.sql", "-- first\nCREATE TABLE log (n INT NOT NULL COMMENT 'x');\nINSERT INTO log VALUES (1);\n");
    put("0002_second.sql", "DELIMITER //\nCREATE PROCEDURE add_one()\nBEGIN\n  INSERT INTO log VALUES (2);\nEND //\nDELIMITER ;\nCALL add_one();\n");
    put("current.sql", "not a migration");
    put("README", "neither");
    return 0;
}

static void test_applies_once(void **state)
{
    (void)state;
    int pending;
    assert_true(migrate_pending(ctx, dir, &pending));
    assert_int_equal(pending, 2);
    assert_int_equal(migrate_works(), 2);
    assert_int_equal(number_of(&rows_of_log, NO_ARGS), 2);
    assert_int_equal(number_of(&applied_count, NO_ARGS), 2);
    assert_int_equal(number_of(&steps_of, ARGS(I64(2))), 2);
    assert_int_equal(migrate_works(), 0);
    put("0003_third.sql", "INSERT INTO log VALUES (3)");
    assert_true(migrate_pending(ctx, dir, &pending));
    assert_int_equal(pending, 1);
    assert_int_equal(migrate_works(), 1);
    assert_int_equal(number_of(&rows_of_log, NO_ARGS), 3);
    assert_int_equal(number_of(&lease_free, NO_ARGS), 1);
}

static void test_refuses(void **state)
{
    (void)state;
    put("0004_gap.sql", "SELECT 1");
    migrate_fails("0004_gap.sql");
    drop("0004_gap.sql");
    put("0002_twice.sql", "SELECT 1");
    migrate_fails("0002_twice.sql");
    drop("0002_twice.sql");
    assert_int_equal(number_of(&tables, NO_ARGS), 0); /* nothing was touched */
    migrate_works();
    put("0001_first.sql", "CREATE TABLE log (n BIGINT NOT NULL);\n");
    migrate_fails("0001_first.sql was changed after it was applied");
    put("0001_first.sql", "-- first\nCREATE TABLE log (n INT NOT NULL COMMENT 'x');\nINSERT INTO log VALUES (1);\n");
    assert_int_equal(migrate_works(), 0);
    drop("0002_second.sql");
    migrate_fails("newer program");
    int applied;
    assert_false(migrate_run(ctx, "/nonexistent", &applied));
}

static void test_failure_names_the_line_and_is_resumed(void **state)
{
    (void)state;
    put("0003_broken.sql", "INSERT INTO log VALUES (3);\n\n\nINSERT INTO nowhere VALUES (4);\nINSERT INTO log VALUES (5);\n");
    migrate_fails("0003_broken.sql:4: 1146");
    assert_int_equal(number_of(&lease_free, NO_ARGS), 1);
    assert_int_equal(number_of(&steps_of, ARGS(I64(3))), 1);
    /* The cause is put right, and it goes on behind what was done. */
    script(&f, "CREATE TABLE nowhere (n INT)");
    assert_int_equal(migrate_works(), 1);
    assert_int_equal(number_of(&rows_of_log, NO_ARGS), 4);
    /* A file that has begun must stay as it is. */
    put("0004_broken.sql", "INSERT INTO log VALUES (6);\nINSERT INTO elsewhere VALUES (4);\n");
    migrate_fails("0004_broken.sql:2");
    put("0004_broken.sql", "INSERT INTO log VALUES (7);\n");
    migrate_fails("was changed after it was begun");
}

/* Cut after the server had done a statement and before that was noted. */
static void test_statement_in_doubt(void **state)
{
    (void)state;
    migrate_works();
    put("0003_tables.sql", "CREATE TABLE a (n INT);\nCREATE TABLE b (n INT);\nALTER TABLE a ADD COLUMN m INT, ADD KEY k (n);\n");
    assert_int_equal(migrate_works(), 1);
    script(&f, "UPDATE schema_version SET steps=0, applied_at=NULL WHERE version=3; DROP TABLE b; ALTER TABLE a DROP COLUMN m, DROP KEY k");
    assert_int_equal(migrate_works(), 1);
    script(&f, "UPDATE schema_version SET steps=2, applied_at=NULL WHERE version=3");
    assert_int_equal(migrate_works(), 1);
    /* Only the one in doubt may be there already. */
    script(&f, "UPDATE schema_version SET steps=0, applied_at=NULL WHERE version=3");
    migrate_fails("0003_tables.sql:2: 1050");
}

/* The migrator, or the server, dies in the middle of it: kill -9, at moments spread over the run. */
static void test_killed(void **state)
{
    (void)state;
    char *text = arena_alloc(f.arena, 8192);
    size_t n = (size_t)snprintf(text, 8192, "CREATE TABLE t0 (n INT);\n");
    for (int i = 1; i <= 30; i++)
        n += (size_t)snprintf(text + n, 8192 - n, "CREATE TABLE t%d (n INT);\nINSERT INTO log VALUES (100);\n", i);
    put("0003_many.sql", text);
    int done = 0, kills = 0;
    for (int ms = 15; !done; ms += 20) {
        fflush(NULL);
        pid_t pid = fork();
        if (pid == 0) {
            struct fixture g;
            int applied;
            fixture_open(&g);
            _exit(migrate_run(&g.ctx, dir, &applied) ? 0 : 1);
        }
        struct timespec t = { .tv_nsec = ms * 1000000L };
        nanosleep(&t, NULL);
        kill(pid, SIGKILL);
        int status;
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
        done = WIFEXITED(status);
        kills += !done;
    }
    assert_true(kills > 0);
    assert_int_equal(migrate_works(), 0);
    assert_int_equal(number_of(&rows_of_log, NO_ARGS), 32); /* every row once */
}

static void test_server_killed(void **state)
{
    (void)state;
    put("0003_slow.sql", "CREATE TABLE s1 (n INT);\nINSERT INTO log VALUES (3);\nDO SLEEP(1);\nINSERT INTO log VALUES (4);\n");
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        struct timespec t = { .tv_nsec = 500000000 };
        nanosleep(&t, NULL);
        _exit(system("kill -9 $(cat \"$TEST_DB_DIR/mysql.pid\")") ? 1 : 0);
    }
    int applied;
    assert_false(migrate_run(ctx, dir, &applied));
    err_clear(ctx);
    waitpid(pid, NULL, 0);
    assert_int_equal(system("\"$TEST_ROOT/deploy/mariadb.sh\" start \"$TEST_DB_DIR\""), 0);
    assert_int_equal(migrate_works(), 1);
    assert_int_equal(number_of(&rows_of_log, NO_ARGS), 4);
}

static void test_two_migrators(void **state)
{
    (void)state;
    put("0003_slow.sql", "INSERT INTO log VALUES (3);\nDO SLEEP(0.3);\nCREATE TABLE slow (n INT);\nINSERT INTO log VALUES (4);\n");
    pid_t pids[4];
    int total = 0;
    fflush(NULL);
    for (size_t i = 0; i < ARRAY_LEN(pids); i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            struct fixture g;
            int applied;
            fixture_open(&g);
            _exit(migrate_run(&g.ctx, dir, &applied) ? applied : 100);
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(pids); i++) {
        int status;
        waitpid(pids[i], &status, 0);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) < 100);
        total += WEXITSTATUS(status);
    }
    assert_int_equal(total, 3); /* each file by one of them */
    assert_int_equal(number_of(&rows_of_log, NO_ARGS), 4);
}

/* A lease on another server counts until it ends; a lost one stops the holder. */
static void test_lease(void **state)
{
    (void)state;
    migrate_works();
    put("0003_third.sql", "INSERT INTO log VALUES (3)");
    script(&f, "UPDATE migration_lease SET holder='somebody', server='another host', connection=1, until_at=UTC_TIMESTAMP(3)+INTERVAL 1 SECOND");
    int64_t start = clock_mono_ms();
    assert_int_equal(migrate_works(), 1);
    assert_true(clock_mono_ms() - start > 700);
    put("0004_steals.sql", "INSERT INTO log VALUES (4);\nUPDATE migration_lease SET epoch=epoch+1;\nINSERT INTO log VALUES (5);\n");
    migrate_fails("lease was lost");
    assert_int_equal(number_of(&rows_of_log, NO_ARGS), 4);
}

/* The project's own schema, and what the three users may do there. */
static void test_own_schema(void **state)
{
    (void)state;
    int applied, pending;
    empty_database(&f);
    assert_true(migrate_run(ctx, test_path(&f, "schema"), &applied));
    assert_true(applied >= 1);
    assert_true(migrate_pending(ctx, test_path(&f, "schema"), &pending));
    assert_int_equal(pending, 0);
    db_use(ctx->db, DB_READER);
    assert_true(migrate_pending(ctx, test_path(&f, "schema"), &pending));
    db_rest(ctx->db);
    static const struct sql ddl = SQL("ALTER TABLE tenant ADD COLUMN x INT", NULL);
    assert_int_equal(stmt_do(ctx, &ddl, NO_ARGS), -1); /* the app changes rows, not tables */
    assert_int_equal(ctx->err.code, ERR_BUG);
    err_clear(ctx);
}

#define TEST(name) cmocka_unit_test_setup(name, before)

int main(void)
{
    log_threshold(0);
    const struct CMUnitTest tests[] = {
        TEST(test_applies_once), TEST(test_refuses), TEST(test_failure_names_the_line_and_is_resumed), TEST(test_statement_in_doubt),
        TEST(test_killed), TEST(test_server_killed), TEST(test_two_migrators), TEST(test_lease), TEST(test_own_schema),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
