/* db_internal.h - what db.c, transaction.c, stmt.c, script.c and failure.c share; nobody else includes it. */
#ifndef CENTRALA_DB_INTERNAL_H
#define CENTRALA_DB_INTERNAL_H
#include "base/base.h"
#include "base/ctx.h"
#include "store/db.h"

struct st_mysql;      /* MYSQL */
struct st_mysql_stmt; /* MYSQL_STMT */
struct sql;

/* What a failure means for the next step. */
enum db_failure {
    DB_FINE,
    DB_REFUSED,   /* the server did not like the statement or its data: the same again would fail again */
    DB_TROUBLE,   /* the server cannot just now (disk full, limit reached): not worth an immediate second try */
    DB_DUPLICATE, /* a unique key */
    DB_AGAIN,     /* deadlock, lock wait, conflict on another node: rolled back, run it again */
    DB_ELSEWHERE, /* this node does not take part: run it again on another host */
    DB_UNSENT,    /* the connection was found dead before the server got the statement */
    DB_LOST,      /* the connection went away with the statement under way: it may or may not have been done */
    DB_STALE,     /* the prepared statement is no longer known or has other columns: prepare again */
};
enum { DB_TRIES = 5 };

/* One prepared statement of one connection. */
struct prepared {
    const struct sql *sql;
    struct st_mysql_stmt *handle;
    size_t expect;   /* rows the last run gave: room made at once */
    bool call;       /* its columns are known only when it has run */
    bool verified;   /* columns agree with the row type */
};

struct connection {
    struct st_mysql *mysql; /* NULL: not connected */
    struct prepared **slots; /* open addressing by the address of the struct sql */
    size_t slot_count, prepared_count;
    int64_t used_ms;        /* monotonic, last time it was looked at */
    int64_t answered_ms;    /* monotonic, last answer to db_ping(); 0 after connecting */
    bool checked;           /* looked at since db_rest() */
};

struct host { const char *name; unsigned port; }; /* name NULL: the socket */
enum { DB_HOSTS = 9 };

struct db {
    const struct conf *conf;
    struct connection connections[3]; /* by enum db_role */
    enum db_role role;
    struct host hosts[DB_HOSTS];
    size_t host_count, host;  /* the one that is used, or tried next */
    char *host_text;          /* what hosts[] points into */
    char peer[80];
    unsigned statements;
    uint64_t insert_id;
    bool in_transaction;
    enum db_failure broken;   /* of the open transaction: it can only be rolled back now */
    bool duplicate;           /* the present ctx->err comes from a unique key */
};

/* db.c: the connection of the present role, connected; NULL with ctx->err. */
struct connection *db_connection(struct ctx *ctx);
/* Closes it and its statements; the next use connects, to the next host. */
void db_lose(struct ctx *ctx, struct connection *c, const char *why);
/* Text protocol, results are thrown away. On failure the number and, in the arena, the server's words. */
enum db_failure db_text(struct ctx *ctx, struct connection *c, const char *sql, size_t n, unsigned *number, const char **words);
/* A short random sleep that grows with the attempt (1, 2, …). */
void db_pause(unsigned attempt);

/* failure.c: what an error number means. */
enum db_failure db_failure_of(unsigned number);
/* Puts it into ctx->err (always false): `text` is the statement, `words` what server or library said. */
bool db_fail(struct ctx *ctx, enum db_failure failure, unsigned number, const char *words, const char *text);

/* stmt.c: frees the handles; the connection is closed already. */
void stmt_forget(struct connection *c);

#endif
