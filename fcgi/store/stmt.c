/* stmt.c - prepared statements: kept per connection, inputs bound where they lie, rows read from the network's buffer. */
#include "base/base.h"
#include "store/stmt.h"
#include "store/db_internal.h"
#include "store/wire.h"
#include "base/clock.h"
#include "base/log.h"
#include <mysql.h>

enum { ARGS_MAX = 64, FIRST_SLOTS = 128, SLOW_MS = 1000 };
_Static_assert((int)WIRE_LONGLONG == (int)MYSQL_TYPE_LONGLONG && (int)WIRE_STRING == (int)MYSQL_TYPE_STRING &&
                   (int)WIRE_DATETIME == (int)MYSQL_TYPE_DATETIME && (int)WIRE_NEWDECIMAL == (int)MYSQL_TYPE_NEWDECIMAL,
               "the protocol's numbers");

/* Where the rows of the statement under way go; the library calls read_column() for each value. */
struct reader {
    struct arena *arena;
    const struct row_type *type;
    const MYSQL_FIELD *columns;
    char *rows, *row;
    size_t n, room;
};

struct outcome {
    struct reader reader;
    int64_t changed;
    uint64_t insert_id;
    unsigned number;   /* of the error */
    const char *words;
};

/* A statement that does not agree with its description: nothing a running program could handle. */
static void must(bool holds, const struct sql *q, const char *what)
{
    if (__builtin_expect(holds, 1))
        return;
    log_event(NULL, LOG_ERROR, "bug", "what=\"%s\" row=%s sql=\"%.300s\"", what, q->row ? q->row->name : "none", q->text);
    abort();
}

static size_t slot_of(const struct connection *c, const struct sql *q)
{
    size_t i = (size_t)(((uintptr_t)q >> 4) * UINT64_C(0x9E3779B97F4A7C15) >> 32) & (c->slot_count - 1);
    while (c->slots[i] && c->slots[i]->sql != q)
        i = (i + 1) & (c->slot_count - 1);
    return i;
}

static void make_slots(struct connection *c)
{
    if (c->slot_count && c->prepared_count < c->slot_count / 2)
        return;
    struct prepared **old = c->slots;
    size_t count = c->slot_count;
    c->slot_count = count ? count * 2 : FIRST_SLOTS;
    c->slots = calloc(c->slot_count, sizeof *c->slots);
    BUG_IF(!c->slots);
    for (size_t i = 0; i < count; i++)
        if (old[i])
            c->slots[slot_of(c, old[i]->sql)] = old[i];
    free(old);
}

void stmt_forget(struct connection *c)
{
    for (size_t i = 0; i < c->slot_count; i++)
        if (c->slots[i]) {
            mysql_stmt_close(c->slots[i]->handle);
            free(c->slots[i]);
        }
    free(c->slots);
    c->slots = NULL;
    c->slot_count = c->prepared_count = 0;
}

/* One value; NULL for `at` is SQL NULL. */
static void read_column(void *data, unsigned column, unsigned char **at)
{
    struct reader *r = data;
    const struct field *f = &r->type->fields[column];
    void *member = r->row + f->offset;
    if (!at)
        wire_null((enum field_kind)f->kind, member);
    else
        *at = (unsigned char *)wire_read(r->arena, (enum field_kind)f->kind, (unsigned)r->columns[column].type,
                                         r->columns[column].flags & UNSIGNED_FLAG, *at, member);
}

/* Columns against the row type: number and kinds, once per statement and connection; for a CALL when it has run. */
static void verify(struct prepared *p, size_t count, const MYSQL_FIELD *columns)
{
    const struct row_type *type = p->sql->row;
    must(count == (type ? type->count : 0), p->sql, "number of columns");
    for (size_t i = 0; i < count; i++)
        must(wire_fits((enum field_kind)type->fields[i].kind, (unsigned)columns[i].type), p->sql, type->fields[i].name);
    p->verified = true;
}

static bool is_call(const char *text)
{
    return strncasecmp(text, "CALL", 4) == 0;
}

static struct prepared *prepare(struct connection *c, const struct sql *q, struct outcome *out)
{
    make_slots(c);
    size_t slot = slot_of(c, q);
    if (c->slots[slot])
        return c->slots[slot];
    MYSQL_STMT *handle = mysql_stmt_init(c->mysql);
    BUG_IF(!handle);
    if (mysql_stmt_prepare(handle, q->text, (unsigned long)strlen(q->text))) {
        out->number = mysql_stmt_errno(handle);
        out->words = arena_strdup(out->reader.arena, mysql_stmt_error(handle));
        mysql_stmt_close(handle);
        return NULL;
    }
    struct prepared *p = calloc(1, sizeof *p);
    BUG_IF(!p);
    *p = (struct prepared){ .sql = q, .handle = handle, .call = is_call(q->text) };
    mysql_stmt_attr_set(handle, STMT_ATTR_CB_RESULT, (const void *)(uintptr_t)read_column);
    if (!p->call)
        verify(p, mysql_stmt_field_count(handle), mariadb_stmt_fetch_fields(handle));
    c->slots[slot] = p;
    c->prepared_count++;
    return p;
}

/* Forgets one statement of a living connection. */
static void unprepare(struct connection *c, const struct sql *q)
{
    if (!c->slot_count)
        return;
    size_t i = slot_of(c, q);
    if (!c->slots[i])
        return;
    mysql_stmt_close(c->slots[i]->handle);
    free(c->slots[i]);
    c->slots[i] = NULL;
    c->prepared_count--;
    /* What stood behind it in the same run may have to move up. */
    for (size_t k = (i + 1) & (c->slot_count - 1); c->slots[k]; k = (k + 1) & (c->slot_count - 1)) {
        struct prepared *p = c->slots[k];
        c->slots[k] = NULL;
        c->slots[slot_of(c, p->sql)] = p;
    }
}

static void to_time(MYSQL_TIME *t, int64_t ms)
{
    struct civil c;
    clock_to_utc(ms, &c);
    *t = (MYSQL_TIME){ .year = (unsigned)c.year, .month = (unsigned)c.month, .day = (unsigned)c.day, .hour = (unsigned)c.hour,
                       .minute = (unsigned)c.minute, .second = (unsigned)c.second, .second_part = (unsigned long)c.ms * 1000,
                       .time_type = MYSQL_TIMESTAMP_DATETIME };
}

static void bind_one(MYSQL_BIND *b, MYSQL_TIME *time, const struct arg *a)
{
    *b = (MYSQL_BIND){ .buffer_type = MYSQL_TYPE_NULL };
    switch (a->kind) {
    case 'u':
    case 'i':
        b->buffer_type = MYSQL_TYPE_LONGLONG;
        b->buffer = (void *)(uintptr_t)&a->v;
        b->is_unsigned = a->kind == 'u';
        break;
    case 's':
    case 'b':
        b->buffer_type = a->kind == 's' ? MYSQL_TYPE_STRING : MYSQL_TYPE_BLOB;
        b->buffer = (void *)(uintptr_t)a->v.t.s;
        b->buffer_length = (unsigned long)a->v.t.n;
        break;
    case 't':
        if (a->v.i == CLOCK_NONE)
            break;
        to_time(time, a->v.i);
        b->buffer_type = MYSQL_TYPE_DATETIME;
        b->buffer = time;
        break;
    default:
        BUG_IF(a->kind != 'n');
    }
}

static bool execute(MYSQL_STMT *handle, const struct arg *args, size_t n)
{
    MYSQL_BIND binds[ARGS_MAX];
    MYSQL_TIME times[ARGS_MAX];
    for (size_t i = 0; i < n; i++)
        bind_one(&binds[i], &times[i], &args[i]);
    /* The library copies what is bound; the values themselves are read from where they are while it executes. */
    return (n == 0 || mysql_stmt_bind_param(handle, binds) == 0) && mysql_stmt_execute(handle) == 0;
}

static void next_row(struct reader *r)
{
    if (r->n == r->room) {
        size_t room = r->room ? r->room * 2 : 1;
        char *rows = arena_zalloc(r->arena, room * r->type->size);
        if (r->n)
            memcpy(rows, r->rows, r->n * r->type->size);
        r->rows = rows;
        r->room = room;
    }
    r->row = r->rows + r->n * r->type->size;
}

/* Reads to the end, where errors may still come, and keeps `most` rows. A procedure may have had nothing to tell. */
static bool fetch(struct prepared *p, struct reader *r, size_t most)
{
    if (p->call && mysql_stmt_field_count(p->handle) == 0)
        return true;
    r->type = p->sql->row;
    r->columns = mariadb_stmt_fetch_fields(p->handle);
    if (!p->verified)
        verify(p, mysql_stmt_field_count(p->handle), r->columns);
    if (!r->type)
        return true;
    mysql_stmt_attr_set(p->handle, STMT_ATTR_CB_USER_DATA, r);
    r->room = p->expect;
    if (r->room)
        r->rows = arena_zalloc(r->arena, r->room * r->type->size);
    int rc;
    for (next_row(r); (rc = mysql_stmt_fetch(p->handle)) == 0; next_row(r))
        if (r->n < most)
            r->n++;
    p->expect = r->n + 1;
    return rc == MYSQL_NO_DATA;
}

/* A CALL ends with a result without rows, and may bring errors with it. */
static bool drain(MYSQL_STMT *handle)
{
    while (mysql_stmt_more_results(handle)) {
        if (mysql_stmt_next_result(handle) != 0)
            return false;
        if (mysql_stmt_field_count(handle))
            mysql_stmt_free_result(handle);
    }
    return true;
}

static enum db_failure once(struct connection *c, const struct sql *q, const struct arg *args, size_t n, size_t most, struct outcome *out)
{
    struct prepared *p = prepare(c, q, out);
    if (!p)
        return db_failure_of(out->number);
    must(mysql_stmt_param_count(p->handle) == n && n <= ARGS_MAX, q, "number of arguments");
    if (!execute(p->handle, args, n) || !fetch(p, &out->reader, most) || (p->call && !drain(p->handle))) {
        out->number = mysql_stmt_errno(p->handle);
        out->words = arena_strdup(out->reader.arena, mysql_stmt_error(p->handle));
        return out->number ? db_failure_of(out->number) : DB_LOST;
    }
    if (!q->row) {
        out->changed = (int64_t)mysql_stmt_affected_rows(p->handle);
        out->insert_id = mysql_stmt_insert_id(p->handle);
    }
    return DB_FINE;
}

/* Outside a transaction a statement stands alone: rolled back means nothing has happened. */
static bool may_repeat(const struct db *db, const struct sql *q, enum db_failure f, unsigned attempt)
{
    if (attempt >= DB_TRIES)
        return false;
    if (f == DB_STALE)
        return true;
    if (db->in_transaction)
        return false;
    return f == DB_AGAIN || f == DB_ELSEWHERE || f == DB_UNSENT || (f == DB_LOST && q->repeatable);
}

/* A procedure that is interrupted (time limit, KILL QUERY) ends without its handlers, and its transaction stays open: what
 * the connection is given next would be told as done, and not be committed. */
static bool may_be_open(const struct db *db, const struct sql *q, enum db_failure f)
{
    return f == DB_TROUBLE && !db->in_transaction && is_call(q->text);
}

/* What a failure does to connection and transaction. */
static void suffer(struct ctx *ctx, struct connection *c, const struct sql *q, enum db_failure f, const char *words)
{
    struct db *db = ctx->db;
    if (f == DB_STALE)
        unprepare(c, q);
    if (db->in_transaction && (f == DB_AGAIN || f == DB_ELSEWHERE || f == DB_UNSENT || f == DB_LOST))
        db->broken = f;
    if (f == DB_LOST || f == DB_UNSENT || (f == DB_ELSEWHERE && !db->in_transaction) || may_be_open(db, q, f))
        db_lose(ctx, c, words);
}

static bool run(struct ctx *ctx, const struct sql *q, const struct arg *args, size_t n, size_t most, struct outcome *out)
{
    struct db *db = ctx->db;
    int64_t start = clock_mono_ms();
    for (unsigned attempt = 1;; attempt++) {
        struct connection *c = db_connection(ctx);
        if (!c)
            return false;
        *out = (struct outcome){ .reader.arena = ctx->arena, .changed = -1, .words = "" };
        db->statements++;
        enum db_failure f = once(c, q, args, n, most, out);
        if (f == DB_FINE)
            break;
        suffer(ctx, c, q, f, out->words);
        if (!may_repeat(db, q, f, attempt))
            return db_fail(ctx, f, out->number, out->words, q->text);
        log_event(ctx, LOG_NOTICE, "db.repeat", "try=%u number=%u", attempt, out->number);
        if (f == DB_AGAIN)
            db_pause(attempt);
    }
    int64_t ms = clock_mono_ms() - start;
    if (ms >= SLOW_MS)
        log_event(ctx, LOG_WARNING, "db.slow", "ms=%" PRId64 " sql=\"%.120s\"", ms, q->text);
    return true;
}

void *stmt_one(struct ctx *ctx, const struct sql *q, const struct arg *args, size_t n)
{
    struct outcome out;
    must(q->row, q, "a row type is needed");
    return run(ctx, q, args, n, 1, &out) && out.reader.n ? out.reader.rows : NULL;
}

struct rows stmt_all(struct ctx *ctx, const struct sql *q, const struct arg *args, size_t n)
{
    struct outcome out;
    must(q->row, q, "a row type is needed");
    if (!run(ctx, q, args, n, SIZE_MAX, &out))
        return (struct rows){ .ok = false };
    return (struct rows){ .ok = true, .n = out.reader.n, .row = out.reader.rows };
}

int64_t stmt_do(struct ctx *ctx, const struct sql *q, const struct arg *args, size_t n)
{
    struct outcome out;
    must(!q->row, q, "rows would be lost");
    if (!run(ctx, q, args, n, 0, &out))
        return -1;
    ctx->db->insert_id = out.insert_id;
    return out.changed;
}

int stmt_changed(struct ctx *ctx, const struct sql *q, const struct arg *args, size_t n)
{
    int64_t rows = stmt_do(ctx, q, args, n);
    return rows < 0 ? -1 : rows > 0;
}

uint64_t stmt_insert_id(const struct ctx *ctx)
{
    return ctx->db->insert_id;
}

bool stmt_duplicate(struct ctx *ctx)
{
    if (ctx->err.code != ERR_CONFLICT || !ctx->db->duplicate)
        return false;
    ctx->db->duplicate = false;
    err_clear(ctx);
    return true;
}
