/* stmt.c - statements against a real server: every kind in and out, NULL, long texts, nesting, CALL, errors, reuse. */
#include "support.h"
#include "base/clock.h"
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

struct thing { uint64_t id; int64_t amount; int small; bool flag; const char *name; int64_t at_ms; };
#define THING(F) F(U64, id, 0) F(I64, amount, 0) F(INT, small, 0) F(BOOL, flag, 0) F(TEXT, name, 0) F(TIME, at_ms, 0)
#define THING_FIELD(kind, member, flags) FIELD_ENTRY(thing, kind, member, flags)
extern const struct row_type thing_type;
ROW_TYPE(thing, THING(THING_FIELD));

struct number { int64_t v; };
#define NUMBER(F) F(I64, v, 0)
#define NUMBER_FIELD(kind, member, flags) FIELD_ENTRY(number, kind, member, flags)
extern const struct row_type number_type;
ROW_TYPE(number, NUMBER(NUMBER_FIELD));

#define COLUMNS "id,amount,small,flag,name,at"
static const struct sql insert = SQL("INSERT INTO thing (id,amount,small,flag,name,at) VALUES (?,?,?,?,?,?)", NULL);
static const struct sql insert_auto = SQL("INSERT INTO thing (name) VALUES (?)", NULL);
static const struct sql get = SQL_REPEATABLE("SELECT " COLUMNS " FROM thing WHERE id=?", &thing_type);
static const struct sql all = SQL_REPEATABLE("SELECT " COLUMNS " FROM thing ORDER BY id", &thing_type);
static const struct sql first_of_many = SQL_REPEATABLE("SELECT " COLUMNS " FROM thing ORDER BY id LIMIT ?", &thing_type);
static const struct sql by_name = SQL_REPEATABLE("SELECT " COLUMNS " FROM thing WHERE name=?", &thing_type);
static const struct sql empty = SQL("DELETE FROM thing", NULL);
static const struct sql rename_one = SQL("UPDATE thing SET name=? WHERE id=?", NULL);
static const struct sql sum = SQL_REPEATABLE("SELECT SUM(small) FROM thing", &number_type);
static const struct sql count = SQL_REPEATABLE("SELECT COUNT(*) FROM thing", &number_type);

static struct fixture f;
static struct ctx *const ctx = &f.ctx;

static int setup(void **state)
{
    (void)state;
    fixture_open(&f);
    empty_database(&f);
    script(&f, "CREATE TABLE thing (id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, amount BIGINT NULL, small SMALLINT NULL,"
               " flag TINYINT(1) NULL, name MEDIUMTEXT NULL, at DATETIME(3) NULL, once VARCHAR(20) NULL UNIQUE, raw BINARY(32) NULL);"
               "DELIMITER //\nCREATE PROCEDURE ask(p INT) BEGIN IF p = 3 THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT='no'; END IF;"
               " INSERT INTO thing (name) VALUES ('asked'); SELECT p + 1 AS v; IF p = 4 THEN SIGNAL SQLSTATE '45000'; END IF; END //\n"
               "CREATE PROCEDURE quiet() BEGIN INSERT INTO thing (name) VALUES ('a'),('b'); END //\n"
               "CREATE PROCEDURE endless() BEGIN DECLARE i BIGINT DEFAULT 0; DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;"
               " START TRANSACTION; INSERT INTO thing (name) VALUES ('half'); WHILE i < 100000000 DO SET i = i + 1; END WHILE; END //\n"
               "CREATE PROCEDURE chatty() BEGIN SELECT 1; SELECT 2 UNION SELECT 3; END //\n");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fixture_close(&f);
    return 0;
}

static int before(void **state)
{
    (void)state;
    err_clear(ctx);
    db_rest(ctx->db);
    must_do(ctx, &empty, NO_ARGS);
    return 0;
}

static void test_round_trip(void **state)
{
    (void)state;
    int64_t at = 1795181821123;
    must_do(ctx, &insert, ARGS(U64(UINT64_MAX), I64(INT64_MIN), I64(-7), I64(1), TEXT("Zażółć \xf0\x9f\x98\x80 '\"\\"), TIME(at)));
    struct thing *t = stmt_one(ctx, &get, ARGS(U64(UINT64_MAX)));
    assert_non_null(t);
    assert_true(t->id == UINT64_MAX && t->amount == INT64_MIN && t->small == -7 && t->flag);
    assert_string_equal(t->name, "Zażółć \xf0\x9f\x98\x80 '\"\\");
    assert_int_equal(t->at_ms, at);
    must_do(ctx, &empty, NO_ARGS);
    script(&f, "ALTER TABLE thing AUTO_INCREMENT=1");
}

static void test_null(void **state)
{
    (void)state;
    must_do(ctx, &insert, ARGS(U64(1), ID_OR_NULL(0), ID_OR_NULL(0), ID_OR_NULL(0), TEXT(NULL), TIME(CLOCK_NONE)));
    struct thing *t = stmt_one(ctx, &get, ARGS(U64(1)));
    assert_true(t && t->amount == 0 && t->small == 0 && !t->flag && !t->name && t->at_ms == CLOCK_NONE);
    static const struct sql null_column = SQL("SELECT NULL", &number_type);
    struct number *n = stmt_one(ctx, &null_column, NO_ARGS);
    assert_true(n && n->v == 0);
    /* And the same statement with values again: the types of its inputs change. */
    must_do(ctx, &insert, ARGS(U64(2), I64(5), I64(6), I64(0), TEXT(""), TIME(0)));
    t = stmt_one(ctx, &get, ARGS(U64(2)));
    assert_true(t && t->amount == 5 && t->small == 6 && t->at_ms == 0);
    assert_string_equal(t->name, "");
}

static void test_none_is_no_error(void **state)
{
    (void)state;
    assert_null(stmt_one(ctx, &get, ARGS(U64(99))));
    assert_int_equal(ctx->err.code, ERR_NONE);
    struct rows r = stmt_all(ctx, &all, NO_ARGS);
    assert_true(r.ok && r.n == 0);
}

static void test_long_texts(void **state)
{
    (void)state;
    static const size_t sizes[] = { 0, 1, 250, 251, 512, 65535, 65536, 1 << 20, 5 << 20 };
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        char *s = arena_alloc(f.arena, sizes[i] + 1);
        memset(s, 'a' + (int)i, sizes[i]);
        s[sizes[i]] = 0;
        must_do(ctx, &insert, ARGS(U64(i + 1), I64(0), I64(0), I64(0), TEXT(s), TIME(0)));
    }
    struct rows r = stmt_all(ctx, &all, NO_ARGS);
    assert_true(r.ok && r.n == ARRAY_LEN(sizes));
    struct thing *t = r.row;
    for (size_t i = 0; i < r.n; i++) {
        assert_int_equal(strlen(t[i].name), sizes[i]);
        if (sizes[i])
            assert_true(t[i].name[0] == 'a' + (int)i && t[i].name[sizes[i] - 1] == 'a' + (int)i);
    }
}

static void test_many_rows(void **state)
{
    (void)state;
    static const struct sql fill = SQL("INSERT INTO thing (id,small,name) SELECT seq, seq MOD 1000, CONCAT('n', seq) FROM seq_1_to_3000", NULL);
    assert_int_equal(must_do(ctx, &fill, NO_ARGS), 3000);
    for (int round = 0; round < 3; round++) {
        struct rows r = stmt_all(ctx, &all, NO_ARGS);
        assert_true(r.ok && r.n == 3000);
        struct thing *t = r.row;
        assert_true(t[0].id == 1 && t[2999].id == 3000 && t[1234].small == 235);
        assert_string_equal(t[2999].name, "n3000");
    }
    /* One of many: the rest is read away, and the connection stays usable. */
    struct thing *t = stmt_one(ctx, &all, NO_ARGS);
    assert_true(t && t->id == 1);
    t = stmt_one(ctx, &first_of_many, ARGS(I64(2)));
    assert_true(t && t->id == 1);
    struct number *n = stmt_one(ctx, &sum, NO_ARGS); /* DECIMAL */
    assert_true(n && n->v == 3 * 499500);
    n = stmt_one(ctx, &count, NO_ARGS);
    assert_true(n && n->v == 3000);
    /* What was read is the caller's: later statements do not touch it. */
    assert_int_equal(t->id, 1);
}

static void test_changes_and_ids(void **state)
{
    (void)state;
    assert_int_equal(must_do(ctx, &insert_auto, ARGS(TEXT("a"))), 1);
    uint64_t first = stmt_insert_id(ctx);
    assert_true(first > 0);
    must_do(ctx, &insert_auto, ARGS(TEXT("b")));
    assert_true(stmt_insert_id(ctx) > first);
    assert_int_equal(must_do(ctx, &rename_one, ARGS(TEXT("c"), U64(first))), 1);
    assert_int_equal(must_do(ctx, &rename_one, ARGS(TEXT("c"), U64(first))), 0); /* changed, not found */
    assert_int_equal(must_do(ctx, &rename_one, ARGS(TEXT("c"), U64(0))), 0);
}

static void test_injection_is_data(void **state)
{
    (void)state;
    const char *evil = "x' OR '1'='1'; DROP TABLE thing; -- ";
    must_do(ctx, &insert_auto, ARGS(TEXT("innocent")));
    assert_null(stmt_one(ctx, &by_name, ARGS(TEXT(evil))));
    must_do(ctx, &insert_auto, ARGS(TEXT(evil)));
    struct thing *t = stmt_one(ctx, &by_name, ARGS(TEXT(evil)));
    assert_non_null(t);
    assert_string_equal(t->name, evil);
}

static void test_bytes(void **state)
{
    (void)state;
    static const struct sql set = SQL("INSERT INTO thing (id,raw) VALUES (1,?)", NULL);
    static const struct sql find = SQL("SELECT id FROM thing WHERE raw=?", &number_type);
    char raw[32];
    for (size_t i = 0; i < sizeof raw; i++)
        raw[i] = (char)(i * 37 + 128); /* no UTF-8, with NUL inside */
    raw[5] = 0;
    must_do(ctx, &set, ARGS(BYTES(raw, sizeof raw)));
    struct number *n = stmt_one(ctx, &find, ARGS(BYTES(raw, sizeof raw)));
    assert_true(n && n->v == 1);
    raw[31]++;
    assert_null(stmt_one(ctx, &find, ARGS(BYTES(raw, sizeof raw))));
    /* Part of a text. */
    must_do(ctx, &insert_auto, ARGS(TEXT_N("abcdef", 3)));
    assert_non_null(stmt_one(ctx, &by_name, ARGS(TEXT("ABC")))); /* a text: the column's collation compares */
    assert_int_equal(ctx->err.code, ERR_NONE);
}

static void test_call(void **state)
{
    (void)state;
    static const struct sql ask = SQL_REPEATABLE("CALL ask(?)", &number_type);
    static const struct sql quiet = SQL("CALL quiet()", NULL);
    static const struct sql chatty = SQL("CALL chatty()", &number_type);
    for (int i = 10; i < 15; i++) {
        struct number *n = stmt_one(ctx, &ask, ARGS(I64(i)));
        assert_true(n && n->v == i + 1);
        n = stmt_one(ctx, &count, NO_ARGS);
        assert_true(n && n->v == i - 9);
    }
    assert_null(stmt_one(ctx, &ask, ARGS(I64(3))));
    assert_int_equal(ctx->err.code, ERR_BUG);
    err_clear(ctx);
    assert_null(stmt_one(ctx, &ask, ARGS(I64(4)))); /* fails after its rows */
    assert_int_equal(ctx->err.code, ERR_BUG);
    err_clear(ctx);
    struct number *n = stmt_one(ctx, &ask, ARGS(I64(7)));
    assert_true(n && n->v == 8);
    must_do(ctx, &quiet, NO_ARGS);
    must_do(ctx, &quiet, NO_ARGS);
    for (int i = 0; i < 3; i++) { /* further results are read away */
        n = stmt_one(ctx, &chatty, NO_ARGS);
        assert_true(n && n->v == 1);
        assert_non_null(stmt_one(ctx, &count, NO_ARGS));
    }
}

/* Handlers do not run then: what it began must not take in what is written afterwards. */
static void test_an_interrupted_procedure_leaves_nothing_open(void **state)
{
    (void)state;
    static const struct sql endless = SQL_REPEATABLE("CALL endless()", &number_type);
    static const struct sql limit = SQL("SET SESSION max_statement_time=0.1", NULL);
    must_do(ctx, &limit, NO_ARGS);
    assert_null(stmt_one(ctx, &endless, NO_ARGS));
    assert_int_equal(ctx->err.code, ERR_DATABASE);
    assert_non_null(strstr(ctx->err.detail, "1969"));
    err_clear(ctx);
    must_do(ctx, &insert_auto, ARGS(TEXT("whole")));
    struct fixture g;
    fixture_open(&g);
    struct rows r = stmt_all(&g.ctx, &all, NO_ARGS);
    assert_true(r.ok && r.n == 1);
    assert_string_equal(((struct thing *)r.row)->name, "whole");
    fixture_close(&g);
}

static void test_duplicate(void **state)
{
    (void)state;
    static const struct sql once = SQL("INSERT INTO thing (once) VALUES (?)", NULL);
    must_do(ctx, &once, ARGS(TEXT("+48500100100")));
    assert_int_equal(stmt_do(ctx, &once, ARGS(TEXT("+48500100100"))), -1);
    assert_int_equal(ctx->err.code, ERR_CONFLICT);
    assert_null(strstr(ctx->err.detail, "48500")); /* data stays out of the log */
    assert_true(stmt_duplicate(ctx));
    assert_int_equal(ctx->err.code, ERR_NONE);
    assert_false(stmt_duplicate(ctx));
    /* Somebody else's conflict is not a duplicate key. */
    err_set(ctx, ERR_CONFLICT, "other");
    assert_int_equal(stmt_do(ctx, &once, ARGS(TEXT("+48500100100"))), -1);
    assert_false(stmt_duplicate(ctx));
}

static void test_refused(void **state)
{
    (void)state;
    static const struct sql no_table = SQL("SELECT id FROM nowhere", &number_type);
    static const struct sql short_column = SQL("INSERT INTO thing (once) VALUES (?)", NULL);
    static const struct sql slow = SQL("SELECT SLEEP(?)", &number_type);
    assert_null(stmt_one(ctx, &no_table, NO_ARGS));
    assert_int_equal(ctx->err.code, ERR_BUG);
    assert_non_null(strstr(ctx->err.detail, "1146"));
    err_clear(ctx);
    assert_int_equal(stmt_do(ctx, &short_column, ARGS(TEXT("longer than twenty characters"))), -1); /* strict mode */
    assert_non_null(strstr(ctx->err.detail, "1406"));
    err_clear(ctx);
    struct fixture g;
    fixture_open(&g);
    g.conf.db_io_limit_s = 1;
    assert_null(stmt_one(&g.ctx, &slow, ARGS(I64(5))));
    assert_int_equal(g.ctx.err.code, ERR_DATABASE);
    fixture_close(&g);
    /* An invalid character is refused, not stored as something else. */
    assert_int_equal(stmt_do(ctx, &insert_auto, ARGS(TEXT("bad \xff\xfe"))), -1);
    assert_null(strstr(ctx->err.detail, "bad"));
}

static void test_first_error_wins(void **state)
{
    (void)state;
    err_set(ctx, ERR_LIMIT, "first");
    static const struct sql no_table = SQL("SELECT id FROM nowhere", &number_type);
    assert_null(stmt_one(ctx, &no_table, NO_ARGS));
    assert_int_equal(ctx->err.code, ERR_LIMIT);
}

static void test_table_changes_under_a_statement(void **state)
{
    (void)state;
    must_do(ctx, &insert_auto, ARGS(TEXT("a")));
    assert_non_null(stmt_one(ctx, &by_name, ARGS(TEXT("a"))));
    script(&f, "ALTER TABLE thing ADD COLUMN later INT NOT NULL DEFAULT 3 FIRST, MODIFY small INT NULL");
    assert_non_null(stmt_one(ctx, &by_name, ARGS(TEXT("a"))));
    script(&f, "ALTER TABLE thing DROP COLUMN later, MODIFY small SMALLINT NULL");
    struct thing *t = stmt_one(ctx, &by_name, ARGS(TEXT("a")));
    assert_non_null(t);
    assert_string_equal(t->name, "a");
}

static void test_reader_cannot_write(void **state)
{
    (void)state;
    must_do(ctx, &insert_auto, ARGS(TEXT("a")));
    db_use(ctx->db, DB_READER);
    assert_non_null(stmt_one(ctx, &by_name, ARGS(TEXT("a"))));
    assert_int_equal(stmt_do(ctx, &insert_auto, ARGS(TEXT("b"))), -1);
    assert_int_equal(ctx->err.code, ERR_BUG);
    err_clear(ctx);
    static const struct sql temporary = SQL("CALL ask(?)", &number_type);
    assert_null(stmt_one(ctx, &temporary, ARGS(I64(1))));
    err_clear(ctx);
    db_rest(ctx->db); /* back to the app */
    must_do(ctx, &insert_auto, ARGS(TEXT("b")));
}

static void test_counts_statements(void **state)
{
    (void)state;
    db_rest(ctx->db);
    assert_int_equal(db_statements(ctx->db), 0);
    assert_non_null(stmt_one(ctx, &count, NO_ARGS));
    must_do(ctx, &insert_auto, ARGS(TEXT("a")));
    assert_int_equal(db_statements(ctx->db), 2);
}

static void test_many_statements(void **state)
{
    (void)state;
    enum { N = 400 };
    struct sql *q = arena_alloc(f.arena, N * sizeof *q);
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < N; i++) {
            if (round == 0) {
                struct sql made = SQL(arena_printf(f.arena, "SELECT %d+?", i), &number_type);
                memcpy(&q[i], &made, sizeof made);
            }
            struct number *n = stmt_one(ctx, &q[i], ARGS(I64(1000)));
            assert_true(n && n->v == 1000 + i);
        }
    db_free(ctx->db); /* all of them are freed with the connection */
    ctx->db = db_new(&f.conf);
}

/* A wrong description ends the process when the statement is prepared. */
static void dies(const struct sql *q, const struct arg *args, size_t n)
{
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        if (!freopen("/dev/null", "w", stderr))
            _exit(3);
        struct fixture g;
        signal(SIGABRT, SIG_DFL);
        fixture_open(&g);
        if (!stmt_one(&g.ctx, q, args, n))
            _exit(1);
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

static void test_wrong_descriptions(void **state)
{
    (void)state;
    static const struct sql column_missing = SQL("SELECT id,amount FROM thing", &thing_type);
    static const struct sql column_extra = SQL("SELECT 1,2", &number_type);
    static const struct sql wrong_kind = SQL("SELECT name FROM thing", &number_type);
    static const struct sql call_wrong = SQL("CALL ask(1)", &thing_type);
    dies(&column_missing, NO_ARGS);
    dies(&column_extra, NO_ARGS);
    dies(&wrong_kind, NO_ARGS);
    dies(&call_wrong, NO_ARGS);
    dies(&get, NO_ARGS);
    dies(&get, ARGS(U64(1), U64(2)));
}

static void test_memory_is_flat(void **state)
{
    (void)state;
    must_do(ctx, &insert_auto, ARGS(TEXT("a")));
    struct arena *own = arena_new(1 << 20), *was = ctx->arena;
    ctx->arena = own;
    for (int i = 0; i < 2000; i++) {
        assert_non_null(stmt_one(ctx, &by_name, ARGS(TEXT("a"))));
        assert_true(stmt_all(ctx, &all, NO_ARGS).ok);
        assert_true(arena_used(own) < 4096);
        arena_reset(own);
    }
    ctx->arena = was;
    arena_free(own);
}

#define TEST(name) cmocka_unit_test_setup(name, before)

int main(void)
{
    log_threshold(LOG_ERROR);
    const struct CMUnitTest tests[] = {
        TEST(test_round_trip), TEST(test_null), TEST(test_none_is_no_error), TEST(test_long_texts), TEST(test_many_rows),
        TEST(test_changes_and_ids), TEST(test_injection_is_data), TEST(test_bytes), TEST(test_call), TEST(test_an_interrupted_procedure_leaves_nothing_open), TEST(test_duplicate),
        TEST(test_refused), TEST(test_first_error_wins), TEST(test_table_changes_under_a_statement), TEST(test_reader_cannot_write),
        TEST(test_counts_statements), TEST(test_many_statements), TEST(test_wrong_descriptions), TEST(test_memory_is_flat),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
