/* db.h - the connection: hosts, fail-over, reconnect, transactions that can be run again. mysql.h is included only by
 * db.c and stmt.c.
 *
 * A struct db holds a connection for each role, opened at first use: the app's, the reader's, whose database user may
 * only SELECT (safe requests run on it), and the owner's for migrations. Time in the database is UTC; sql_mode is strict;
 * the isolation level is READ COMMITTED; a statement of app and reader ends after db.io_limit_s. There is no automatic
 * reconnect of the library's: a lost connection closes its statements, the next statement connects, to the next host of
 * the rotated list, and prepares again, but never inside a transaction. A server that answers nowhere is not waited for:
 * ERR_DATABASE at once. */
#ifndef CENTRALA_DB_H
#define CENTRALA_DB_H
#include "base/base.h"
#include "base/conf.h"
#include "base/ctx.h"

struct db;
enum db_role { DB_APP, DB_READER, DB_OWNER };

/* Never fails and sends nothing; the handle lives until db_free(). After a fork only. */
struct db *db_new(const struct conf *conf);
void db_free(struct db *db);
/* Which connection the following statements use; not to be changed inside a transaction. */
void db_use(struct db *db, enum db_role role);
enum db_role db_used(const struct db *db);
/* Rolls back what is open, forgets the request's state, goes back to DB_APP; called at the end of each request. */
void db_rest(struct db *db);
/* Number of statements sent since db_rest(), START TRANSACTION and COMMIT among them, for the log and the budget test. */
unsigned db_statements(const struct db *db);
bool db_in_transaction(const struct db *db);
/* True when the server answers a ping, or did within the last second on a connection that is still open. */
bool db_ping(struct ctx *ctx);
/* The server we talk to, "socket" or host:port, for the health page. */
const char *db_peer(const struct db *db);

/* Runs fn(ctx, arg) in a transaction and commits when it gives true. The whole function is repeated (5 tries, with
 * jitter) on 1213, 1205, 1020, 1047 and on a connection lost before COMMIT was sent; so it must have no outside effect and
 * must reset what it counts. After such a failure every further statement of the try fails and nothing is committed, even
 * if fn does not look. Arena memory of a failed try stays until the end of the request. Transactions do not nest, and
 * with an error already in ctx->err none is begun (DB_FAILED).
 * DB_AMBIGUOUS: the connection was lost during COMMIT, ctx->err is set; the caller looks for its own unique key, decides
 * and clears the error. */
enum db_result { DB_OK, DB_FAILED, DB_AMBIGUOUS };
enum db_result db_transaction(struct ctx *ctx, bool (*fn)(struct ctx *ctx, void *arg), void *arg);

#endif
