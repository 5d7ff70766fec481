/* transaction.c - a function in a transaction, run again when the database says so. */
#include "base/base.h"
#include "store/db.h"
#include "store/db_internal.h"
#include "base/log.h"

enum turn { TURN_DONE, TURN_FAILED, TURN_AGAIN, TURN_AMBIGUOUS };

static enum db_failure say(struct ctx *ctx, struct connection *c, const char *sql, unsigned *number, const char **words)
{
    *number = 0;
    *words = "";
    return db_text(ctx, c, sql, strlen(sql), number, words);
}

static void roll_back(struct ctx *ctx, struct connection *c)
{
    unsigned number;
    const char *words;
    ctx->db->in_transaction = false;
    ctx->db->broken = DB_FINE;
    if (c->mysql && say(ctx, c, "ROLLBACK", &number, &words) != DB_FINE)
        db_lose(ctx, c, words);
}

static bool retryable(enum db_failure f)
{
    return f == DB_AGAIN || f == DB_ELSEWHERE || f == DB_UNSENT || f == DB_LOST;
}

static enum turn commit(struct ctx *ctx, struct connection *c)
{
    struct db *db = ctx->db;
    unsigned number;
    const char *words;
    enum db_failure f = say(ctx, c, "COMMIT", &number, &words);
    if (f == DB_FINE) {
        db->in_transaction = false;
        return TURN_DONE;
    }
    db_fail(ctx, f, number, words, "COMMIT");
    if (f == DB_LOST || f == DB_UNSENT || f == DB_ELSEWHERE) {
        db->in_transaction = false;
        db_lose(ctx, c, words);
        return f == DB_LOST ? TURN_AMBIGUOUS : TURN_AGAIN;
    }
    roll_back(ctx, c);
    return f == DB_AGAIN ? TURN_AGAIN : TURN_FAILED;
}

static enum turn attempt(struct ctx *ctx, bool (*fn)(struct ctx *ctx, void *arg), void *arg)
{
    struct db *db = ctx->db;
    unsigned number;
    const char *words;
    struct connection *c = db_connection(ctx);
    if (!c)
        return TURN_FAILED; /* no host answers: not worth waiting for */
    enum db_failure f = say(ctx, c, "START TRANSACTION", &number, &words);
    if (f != DB_FINE) {
        db_fail(ctx, f, number, words, "START TRANSACTION");
        db_lose(ctx, c, words);
        return retryable(f) ? TURN_AGAIN : TURN_FAILED;
    }
    db->in_transaction = true;
    db->broken = DB_FINE;
    bool ok = fn(ctx, arg);
    f = db->broken;
    /* A failed statement may have rolled back everything before it: whatever fn says, this is not committed. */
    if (ok && f == DB_FINE)
        return commit(ctx, c);
    roll_back(ctx, c);
    if (f == DB_ELSEWHERE)
        db_lose(ctx, c, "the node does not take part");
    return retryable(f) ? TURN_AGAIN : TURN_FAILED;
}

enum db_result db_transaction(struct ctx *ctx, bool (*fn)(struct ctx *ctx, void *arg), void *arg)
{
    BUG_IF(ctx->db->in_transaction);
    if (ctx->err.code)
        return DB_FAILED;
    for (unsigned n = 1;; n++) {
        enum turn t = attempt(ctx, fn, arg);
        if (t == TURN_DONE)
            return DB_OK;
        if (t == TURN_AMBIGUOUS)
            return DB_AMBIGUOUS;
        if (t == TURN_FAILED || n == DB_TRIES)
            return DB_FAILED;
        log_event(ctx, LOG_NOTICE, "db.again", "try=%u why=%s", n, log_quote(ctx->arena, ctx->err.detail));
        err_clear(ctx);
        ctx->db->duplicate = false;
        db_pause(n);
    }
}

void db_rest(struct db *db)
{
    struct connection *c = &db->connections[db->role];
    if (db->in_transaction) {
        /* Only a function that was left by longjmp or a cleanup could get here; closing rolls back. */
        struct arena *a = arena_new(1 << 20);
        struct ctx ctx = { .arena = a, .db = db, .conf = db->conf };
        db->in_transaction = false;
        db->broken = DB_FINE;
        db_lose(&ctx, c, "a transaction was left open");
        arena_free(a);
    }
    for (size_t i = 0; i < ARRAY_LEN(db->connections); i++)
        db->connections[i].checked = false;
    db->role = DB_APP;
    db->statements = 0;
    db->insert_id = 0;
    db->duplicate = false;
}
