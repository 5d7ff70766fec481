/* stmt.h - statements: constants with '?', prepared once per connection, rows read into structs by their field table.
 *
 *   static const struct sql contact_by_id = SQL("SELECT id,name FROM contact WHERE tenant_id=? AND id=?", &contact_type);
 *   struct contact *c = stmt_one(ctx, &contact_by_id, ARGS(U64(ctx->tenant), U64(id)));
 *
 * The numbers of '?' and of columns and the kinds of the columns are asserted when a statement is prepared; a CALL, whose
 * columns are known only afterwards, when it has run. Results are in ctx->arena and are read completely before the call
 * returns, so calls may nest. A struct sql lives as long as the program: statements are kept by its address.
 *
 * Failures set ctx->err: DATABASE when the server cannot (gone, overloaded, timed out), BUG when it does not want to
 * (wrong SQL, a value that does not fit, a denied right), CONFLICT for a duplicate key, which can be asked for.
 * Outside a transaction a statement that was rolled back (1213, 1205, 1020, 1047) or never reached the server is repeated
 * by itself; one that was lost under way only if it is repeatable. Inside, db_transaction() repeats the whole. */
#ifndef CENTRALA_STMT_H
#define CENTRALA_STMT_H
#include "base/base.h"
#include "base/ctx.h"
#include "base/field.h"

struct sql {
    const char *text;
    const struct row_type *row; /* NULL: no result */
    bool repeatable;            /* a lost connection may repeat it: SELECT, and writes guarded by a unique key or a condition */
};
#define SQL(text_, row_) { .text = (text_), .row = (row_), .repeatable = false }
#define SQL_REPEATABLE(text_, row_) { .text = (text_), .row = (row_), .repeatable = true }

struct arg { char kind; union { uint64_t u; int64_t i; struct { const char *s; size_t n; } t; } v; };
#define U64(x) ((struct arg){ .kind = 'u', .v.u = (uint64_t)(x) })
#define I64(x) ((struct arg){ .kind = 'i', .v.i = (int64_t)(x) })
#define TEXT(x) (arg_text(x))                     /* NUL-ended, NULL is SQL NULL */
#define TEXT_N(p, len) ((struct arg){ .kind = 's', .v.t = { (p), (len) } })
#define BYTES(p, len) ((struct arg){ .kind = 'b', .v.t = { (p), (len) } }) /* binary: for BINARY and BLOB columns */
#define TIME(x) ((struct arg){ .kind = 't', .v.i = (x) })  /* milliseconds to DATETIME(3); CLOCK_NONE is NULL */
#define ID_OR_NULL(x) ((struct arg){ .kind = (x) ? 'u' : 'n', .v.u = (uint64_t)(x) })
static inline struct arg arg_text(const char *s)
{
    return (struct arg){ .kind = s ? 's' : 'n', .v.t = { s, s ? strlen(s) : 0 } };
}
#define ARGS(...) (const struct arg[]){ __VA_ARGS__ }, ARRAY_LEN(((const struct arg[]){ __VA_ARGS__ }))
#define NO_ARGS NULL, 0

struct rows { bool ok; size_t n; void *row; }; /* an array of n structs of the row type */

/* The first row, NULL when there is none (ctx->err not set) or on failure (set). */
void *stmt_one(struct ctx *ctx, const struct sql *q, const struct arg *args, size_t n) MUST_USE;
struct rows stmt_all(struct ctx *ctx, const struct sql *q, const struct arg *args, size_t n) MUST_USE;
/* Rows changed, -1 on failure. A CALL that yields one row of the row type is read with stmt_one(). */
int64_t stmt_do(struct ctx *ctx, const struct sql *q, const struct arg *args, size_t n) MUST_USE;
/* Did the condition hold? 1 rows were changed, 0 none, -1 failure: for writes whose row count decides. */
int stmt_changed(struct ctx *ctx, const struct sql *q, const struct arg *args, size_t n) MUST_USE;
/* AUTO_INCREMENT value of the last stmt_do(). */
uint64_t stmt_insert_id(const struct ctx *ctx);
/* True when ctx->err comes from a duplicate key; clears it. */
bool stmt_duplicate(struct ctx *ctx);
/* For schema files: several statements as text, DELIMITER understood; owner connection only. */
bool stmt_script(struct ctx *ctx, const char *text, const char *name);

#endif
