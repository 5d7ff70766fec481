/* transaction.c - commit, roll back, run again, ambiguous commits; with real deadlocks, killed and cut connections. */
#include "support.h"
#include "proxy.h"
#include "base/clock.h"
#include <errno.h>
#include <time.h>

struct number { int64_t v; };
#define NUMBER(F) F(I64, v, 0)
#define NUMBER_FIELD(kind, member, flags) FIELD_ENTRY(number, kind, member, flags)
extern const struct row_type number_type;
ROW_TYPE(number, NUMBER(NUMBER_FIELD));

static const struct sql connection_id = SQL_REPEATABLE("SELECT CONNECTION_ID()", &number_type);
static const struct sql insert = SQL("INSERT INTO note (s) VALUES (?)", NULL);
static const struct sql insert_guarded = SQL_REPEATABLE("INSERT IGNORE INTO note (s) VALUES (?)", NULL);
static const struct sql count_of = SQL_REPEATABLE("SELECT COUNT(*) FROM note WHERE s=?", &number_type);
static const struct sql bump = SQL("UPDATE counter SET n=n+1 WHERE id=?", NULL);
static const struct sql counter = SQL_REPEATABLE("SELECT n FROM counter WHERE id=?", &number_type);
static const struct sql kill_it = SQL("KILL ?", NULL);
static const struct sql fail_with = SQL("CALL fail_with(?)", NULL);
static const struct sql short_wait = SQL("SET SESSION innodb_lock_wait_timeout=1", NULL);

static struct fixture f, other;
static struct ctx *const ctx = &f.ctx;

static int setup(void **state)
{
    (void)state;
    fixture_open(&f);
    fixture_open(&other);
    empty_database(&f);
    script(&f, "CREATE TABLE note (s VARCHAR(40) NOT NULL PRIMARY KEY);"
               "CREATE TABLE counter (id INT NOT NULL PRIMARY KEY, n INT NOT NULL); INSERT INTO counter VALUES (1,0),(2,0);"
               "DELIMITER //\nCREATE PROCEDURE fail_with(p INT) BEGIN SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO=p; END //\n");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fixture_close(&f);
    fixture_close(&other);
    return 0;
}

static int before(void **state)
{
    (void)state;
    err_clear(ctx);
    db_rest(ctx->db);
    return 0;
}

static int64_t number_of(struct ctx *c, const struct sql *q, const struct arg *args, size_t n)
{
    struct number *r = stmt_one(c, q, args, n);
    if (!r)
        fail_msg("%s", c->err.detail);
    return r->v;
}

static int64_t notes(const char *s)
{
    return number_of(&other.ctx, &count_of, ARGS(TEXT(s)));
}

static void snooze(int ms)
{
    struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L };
    nanosleep(&t, NULL);
}

static void kill_own(struct ctx *c)
{
    must_do(&other.ctx, &kill_it, ARGS(I64(number_of(c, &connection_id, NO_ARGS))));
    snooze(30);
}

/* What a transaction's function does, step by step; `tries` counts how often it was run. */
struct plan {
    const char *note, *second;
    int tries;
    int kill_first;   /* lose the connection in the first so many tries */
    int fail_number;  /* an error of that number in the first `fail_first` tries */
    int fail_first;
    bool swallow;     /* go on after a failed statement and say it went well */
    bool refuse;      /* say no at the end */
};

static bool act(struct ctx *c, void *arg)
{
    struct plan *p = arg;
    p->tries++;
    assert_true(db_in_transaction(c->db));
    if (stmt_do(c, &insert, ARGS(TEXT(p->note))) < 0)
        return false;
    if (p->tries <= p->kill_first)
        kill_own(c);
    bool ok = !(p->tries <= p->fail_first) || stmt_do(c, &fail_with, ARGS(I64(p->fail_number))) >= 0;
    if (!ok && !p->swallow)
        return false;
    if (p->second && stmt_do(c, &insert, ARGS(TEXT(p->second))) < 0 && !p->swallow)
        return false;
    return p->refuse ? err_set(c, ERR_DENIED, "no") : true;
}

static void test_commit_and_roll_back(void **state)
{
    (void)state;
    struct plan good = { .note = "good", .second = "better" }, bad = { .note = "bad", .refuse = true };
    assert_int_equal(db_transaction(ctx, act, &good), DB_OK);
    assert_int_equal(good.tries, 1);
    assert_false(db_in_transaction(ctx->db));
    assert_int_equal(db_statements(ctx->db), 4);
    assert_int_equal(notes("good") + notes("better"), 2);
    assert_int_equal(db_transaction(ctx, act, &bad), DB_FAILED);
    assert_int_equal(ctx->err.code, ERR_DENIED);
    assert_int_equal(bad.tries, 1);
    assert_int_equal(notes("bad"), 0);
    /* With an error pending nothing is begun. */
    assert_int_equal(db_transaction(ctx, act, &good), DB_FAILED);
    assert_int_equal(good.tries, 1);
}

static bool insert_or_note(struct ctx *c, void *arg)
{
    (void)arg;
    if (stmt_do(c, &insert, ARGS(TEXT("good"))) >= 0 || !stmt_duplicate(c))
        return false;
    return stmt_do(c, &insert, ARGS(TEXT("after a duplicate"))) == 1;
}

static void test_duplicate_inside(void **state)
{
    (void)state;
    struct plan again = { .note = "good" };
    assert_int_equal(db_transaction(ctx, insert_or_note, NULL), DB_OK);
    assert_int_equal(notes("after a duplicate"), 1);
    assert_int_equal(db_transaction(ctx, act, &again), DB_FAILED);
    assert_int_equal(again.tries, 1);
    assert_true(stmt_duplicate(ctx));
}

static void test_again_on_conflicts(void **state)
{
    (void)state;
    static const int numbers[] = { 1213, 1205, 1020, 1047 };
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        struct plan p = { .note = arena_printf(f.arena, "conflict %d", numbers[i]), .second = arena_printf(f.arena, "second %d", numbers[i]),
                          .fail_number = numbers[i], .fail_first = 2 };
        assert_int_equal(db_transaction(ctx, act, &p), DB_OK);
        assert_int_equal(p.tries, 3);
        assert_int_equal(notes(p.note), 1);
        /* A function that does not look at its statements does not commit half of itself. */
        struct plan careless = { .note = arena_printf(f.arena, "careless %d", numbers[i]), .second = arena_printf(f.arena, "half %d", numbers[i]),
                                 .fail_number = numbers[i], .fail_first = 1, .swallow = true };
        assert_int_equal(db_transaction(ctx, act, &careless), DB_OK);
        assert_int_equal(careless.tries, 2);
        assert_int_equal(notes(careless.note) + notes(careless.second), 2);
        /* There is an end to it. */
        struct plan hopeless = { .note = "hopeless", .fail_number = numbers[i], .fail_first = 100 };
        assert_int_equal(db_transaction(ctx, act, &hopeless), DB_FAILED);
        assert_int_equal(hopeless.tries, 5);
        assert_int_equal(ctx->err.code, ERR_DATABASE);
        err_clear(ctx);
        assert_int_equal(notes("hopeless"), 0);
        assert_false(db_in_transaction(ctx->db));
    }
    struct plan wrong = { .note = "wrong", .fail_number = 1644, .fail_first = 100 };
    assert_int_equal(db_transaction(ctx, act, &wrong), DB_FAILED);
    assert_int_equal(wrong.tries, 1);
}

static void test_connection_lost_inside(void **state)
{
    (void)state;
    struct plan p = { .note = "lost once", .second = "and found", .kill_first = 1 };
    assert_int_equal(db_transaction(ctx, act, &p), DB_OK);
    assert_int_equal(p.tries, 2);
    assert_int_equal(notes("lost once") + notes("and found"), 2);
    /* Killed before COMMIT, which is the next thing said: nothing was sent, so it is run again. */
    struct plan end = { .note = "lost at the end", .kill_first = 2 };
    assert_int_equal(db_transaction(ctx, act, &end), DB_OK);
    assert_int_equal(end.tries, 3);
    assert_int_equal(notes("lost at the end"), 1);
    struct plan always = { .note = "always lost", .second = "never", .kill_first = 100 };
    assert_int_equal(db_transaction(ctx, act, &always), DB_FAILED);
    assert_int_equal(always.tries, 5);
    assert_int_equal(notes("always lost") + notes("never"), 0);
    err_clear(ctx);
    assert_int_equal(number_of(ctx, &count_of, ARGS(TEXT("never"))), 0);
}

static void open_through(struct fixture *g, struct proxy *p)
{
    proxy_start(p, f.conf.db_socket);
    fixture_open(g);
    g->conf.db_hosts = arena_printf(g->arena, "127.0.0.1:%u", p->port);
    db_free(g->ctx.db);
    g->ctx.db = db_new(&g->conf);
    number_of(&g->ctx, &connection_id, NO_ARGS);
}

/* The connection is cut in the middle of COMMIT: made or not made, nobody repeats it, and the caller is told. */
static void test_ambiguous_commit(void **state)
{
    (void)state;
    struct proxy p;
    struct fixture g;
    open_through(&g, &p);
    struct plan made = { .note = "made" }, lost = { .note = "not made" };
    proxy_arm(&p, PROXY_CUT_AFTER, "COMMIT");
    assert_int_equal(db_transaction(&g.ctx, act, &made), DB_AMBIGUOUS);
    assert_int_equal(p.shared->cuts, 1);
    assert_int_equal(made.tries, 1);
    assert_int_equal(g.ctx.err.code, ERR_DATABASE);
    err_clear(&g.ctx);
    assert_false(db_in_transaction(g.ctx.db));
    assert_int_equal(number_of(&g.ctx, &count_of, ARGS(TEXT("made"))), 1);
    proxy_arm(&p, PROXY_CUT_BEFORE, "COMMIT");
    assert_int_equal(db_transaction(&g.ctx, act, &lost), DB_AMBIGUOUS);
    assert_int_equal(lost.tries, 1);
    err_clear(&g.ctx);
    assert_int_equal(number_of(&g.ctx, &count_of, ARGS(TEXT("not made"))), 0);
    /* Cut at the start or in between: run again. */
    struct plan begin = { .note = "cut at the start" }, between = { .note = "cut between" };
    proxy_arm(&p, PROXY_CUT_AFTER, "START TRANSACTION");
    assert_int_equal(db_transaction(&g.ctx, act, &begin), DB_OK);
    assert_int_equal(begin.tries, 1);
    proxy_arm(&p, PROXY_CUT_AFTER, "cut between");
    assert_int_equal(db_transaction(&g.ctx, act, &between), DB_OK);
    assert_int_equal(between.tries, 2);
    assert_int_equal(notes("cut at the start") + notes("cut between"), 2);
    fixture_close(&g);
    proxy_stop(&p);
}

/* A statement that may be repeated alone must not be repeated alone inside a transaction. */
static bool guarded_inside(struct ctx *c, void *arg)
{
    int *tries = arg;
    ++*tries;
    return stmt_do(c, &insert, ARGS(TEXT("part one"))) >= 0 && stmt_do(c, &insert_guarded, ARGS(TEXT("part two"))) >= 0;
}

static void test_no_single_repeat_inside(void **state)
{
    (void)state;
    struct proxy p;
    struct fixture g;
    int tries = 0;
    open_through(&g, &p);
    proxy_arm(&p, PROXY_CUT_AFTER, "part two");
    assert_int_equal(db_transaction(&g.ctx, guarded_inside, &tries), DB_OK);
    assert_int_equal(tries, 2);
    assert_int_equal(notes("part one") + notes("part two"), 2);
    fixture_close(&g);
    proxy_stop(&p);
}

/* Two processes take two rows in opposite order; they wait for each other in the first try, so one must lose. */
struct crossing { int first, second, say, hear, tries; };

static bool cross(struct ctx *c, void *arg)
{
    struct crossing *x = arg;
    char b = 'x';
    if (stmt_do(c, &bump, ARGS(I64(x->first))) != 1)
        return false;
    if (++x->tries == 1 && (write(x->say, &b, 1) != 1 || read(x->hear, &b, 1) != 1))
        return err_set(c, ERR_BUG, "pipe");
    return stmt_do(c, &bump, ARGS(I64(x->second))) == 1;
}

static void test_deadlock(void **state)
{
    (void)state;
    int there[2], back[2], result[2];
    assert_true(pipe(there) == 0 && pipe(back) == 0 && pipe(result) == 0);
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        struct fixture g;
        fixture_open(&g);
        struct crossing x = { .first = 2, .second = 1, .say = back[1], .hear = there[0] };
        bool ok = db_transaction(&g.ctx, cross, &x) == DB_OK;
        _exit(ok && write(result[1], &x.tries, sizeof x.tries) == sizeof x.tries ? 0 : 1);
    }
    struct crossing x = { .first = 1, .second = 2, .say = there[1], .hear = back[0] };
    assert_int_equal(db_transaction(ctx, cross, &x), DB_OK);
    int status, tries = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_int_equal(read(result[0], &tries, sizeof tries), sizeof tries);
    assert_int_equal(x.tries + tries, 3); /* one of them ran twice */
    assert_int_equal(number_of(ctx, &counter, ARGS(I64(1))), 2); /* and each counted once */
    assert_int_equal(number_of(ctx, &counter, ARGS(I64(2))), 2);
    for (int i = 0; i < 2; i++) {
        close(there[i]);
        close(back[i]);
        close(result[i]);
    }
}

static bool hold(struct ctx *c, void *arg)
{
    int *pipes = arg;
    char b = 'x';
    return stmt_do(c, &bump, ARGS(I64(1))) == 1 && write(pipes[1], &b, 1) == 1 && (snooze(1600), true);
}

static bool wait_for_row(struct ctx *c, void *arg)
{
    int *tries = arg;
    ++*tries;
    if (stmt_do(c, &short_wait, NO_ARGS) < 0 || stmt_do(c, &insert, ARGS(TEXT("waited"))) < 0)
        return false;
    return stmt_do(c, &bump, ARGS(I64(1))) == 1;
}

/* A lock that is not given in time rolls back the whole transaction here, not only the statement. */
static void test_lock_wait(void **state)
{
    (void)state;
    int pipes[2], tries = 0;
    char b;
    int64_t was = number_of(ctx, &counter, ARGS(I64(1)));
    assert_int_equal(pipe(pipes), 0);
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        struct fixture g;
        fixture_open(&g);
        _exit(db_transaction(&g.ctx, hold, pipes) == DB_OK ? 0 : 1);
    }
    assert_int_equal(read(pipes[0], &b, 1), 1);
    assert_int_equal(db_transaction(ctx, wait_for_row, &tries), DB_OK);
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_int_equal(tries, 2);
    assert_int_equal(notes("waited"), 1);
    assert_int_equal(number_of(ctx, &counter, ARGS(I64(1))), was + 2);
    close(pipes[0]);
    close(pipes[1]);
}

static jmp_buf out;

static bool leave(struct ctx *c, void *arg)
{
    (void)arg;
    if (stmt_do(c, &insert, ARGS(TEXT("left behind"))) < 0)
        return false;
    longjmp(out, 1);
}

static void test_rest_ends_what_is_open(void **state)
{
    (void)state;
    if (!setjmp(out))
        db_transaction(ctx, leave, NULL);
    assert_true(db_in_transaction(ctx->db));
    db_rest(ctx->db);
    assert_false(db_in_transaction(ctx->db));
    assert_int_equal(notes("left behind"), 0);
    struct plan next = { .note = "the next request" };
    assert_int_equal(db_transaction(ctx, act, &next), DB_OK);
}

static void test_nobody_there(void **state)
{
    (void)state;
    struct fixture g;
    struct plan p = { .note = "nobody" };
    fixture_open(&g);
    g.conf.db_socket = "/nonexistent/socket";
    int64_t start = clock_mono_ms();
    assert_int_equal(db_transaction(&g.ctx, act, &p), DB_FAILED);
    assert_int_equal(g.ctx.err.code, ERR_DATABASE);
    assert_int_equal(p.tries, 0);
    assert_true(clock_mono_ms() - start < 500);
    fixture_close(&g);
}

#define TEST(name) cmocka_unit_test_setup(name, before)

int main(void)
{
    log_threshold(0);
    const struct CMUnitTest tests[] = {
        TEST(test_commit_and_roll_back), TEST(test_duplicate_inside), TEST(test_again_on_conflicts), TEST(test_connection_lost_inside),
        TEST(test_ambiguous_commit), TEST(test_no_single_repeat_inside), TEST(test_deadlock), TEST(test_lock_wait),
        TEST(test_rest_ends_what_is_open), TEST(test_nobody_there),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
