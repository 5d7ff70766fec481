/* db.h - the connection: hosts, fail-over, reconnect, transactions that can be run again. mysql.h is included only by
 * db.c and stmt.c.
 *
 * A struct db holds up to two connections, both opened at first use: the writer, and the reader whose database user may
 * only SELECT (safe requests run on it). Time in the database is UTC; sql_mode is strict; the isolation level is READ
 * COMMITTED. There is no automatic reconnect of the library's: a lost connection closes the statements, the next
 * statement reconnects (next host of the rotated list) and prepares again, but only outside a transaction. */
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
/* Which connection the following statements use. */
void db_use(struct db *db, enum db_role role);
enum db_role db_used(const struct db *db);
/* Rolls back what is open and forgets the request's state; called at the end of each request. */
void db_rest(struct db *db);
/* Number of statements sent since db_rest(), for the log and the budget test. */
unsigned db_statements(const struct db *db);
bool db_in_transaction(const struct db *db);
/* True when the server answers a trivial statement. */
bool db_ping(struct ctx *ctx);
/* The server we talk to, "socket" or host:port, for the health page. */
const char *db_peer(const struct db *db);

/* Runs fn(ctx, arg) in a transaction and commits. The whole function is repeated (at most 5 times, with jitter) on
 * 1213, 1205, 1047 and on a connection lost before COMMIT was sent; so it must have no outside effect and must reset
 * what it counts. Arena memory of a failed try stays until the end of the request.
 * DB_AMBIGUOUS: the connection was lost during COMMIT; the caller looks for its own unique key and decides. */
enum db_result { DB_OK, DB_FAILED, DB_AMBIGUOUS };
enum db_result db_transaction(struct ctx *ctx, bool (*fn)(struct ctx *ctx, void *arg), void *arg);

#endif
