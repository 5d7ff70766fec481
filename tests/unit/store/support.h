/* support.h - what the store tests share: settings from with-mariadb's environment, an empty database, the real schema. */
#ifndef TESTS_STORE_SUPPORT_H
#define TESTS_STORE_SUPPORT_H
#include "base/base.h"
#include <setjmp.h>
#include <cmocka.h>
#include "base/conf.h"
#include "base/crypto.h"
#include "base/ctx.h"
#include "base/log.h"
#include "store/db.h"
#include "store/migrate.h"
#include "store/stmt.h"

struct fixture {
    struct conf conf;
    struct arena *arena;
    struct ctx ctx;
};

static inline const char *test_env(const char *name)
{
    const char *v = getenv(name);
    if (!v) {
        fprintf(stderr, "%s is not set: run this through tests/support/with-mariadb\n", name);
        exit(2);
    }
    return v;
}

static inline const char *test_path(struct fixture *f, const char *name)
{
    return arena_printf(f->arena, "%s/%s", test_env("TEST_ROOT"), name);
}

/* A second, third … client of the same server. */
static inline void fixture_open(struct fixture *f)
{
    *f = (struct fixture){ .arena = arena_new(256 << 20) };
    f->conf = (struct conf){
        .db_hosts = "", .db_socket = test_env("CENTRALA_DB_SOCKET"), .db_name = test_env("CENTRALA_DB_NAME"),
        .db_user = test_env("CENTRALA_DB_USER"), .db_password = test_env("CENTRALA_DB_PASSWORD"),
        .db_reader_user = test_env("CENTRALA_DB_READER_USER"), .db_reader_password = test_env("CENTRALA_DB_READER_PASSWORD"),
        .db_owner_user = test_env("CENTRALA_DB_OWNER_USER"), .db_owner_password = test_env("CENTRALA_DB_OWNER_PASSWORD"),
        .db_connect_limit_s = 2, .db_io_limit_s = 10,
    };
    ctx_init(&f->ctx, f->arena, &f->conf);
    f->ctx.db = db_new(&f->conf);
}

static inline void fixture_close(struct fixture *f)
{
    db_free(f->ctx.db);
    arena_free(f->arena);
}

/* The statement must work; tells why when it does not. */
static inline int64_t must_do(struct ctx *ctx, const struct sql *q, const struct arg *args, size_t n)
{
    int64_t changed = stmt_do(ctx, q, args, n);
    if (changed < 0)
        fail_msg("%s", ctx->err.detail);
    return changed;
}

/* Several statements as the owner. */
static inline void script(struct fixture *f, const char *text)
{
    db_use(f->ctx.db, DB_OWNER);
    if (!stmt_script(&f->ctx, text, "test"))
        fail_msg("%s", f->ctx.err.detail);
    db_use(f->ctx.db, DB_APP);
}

/* An empty database of the same name: the grants stay. */
static inline void empty_database(struct fixture *f)
{
    script(f, "DROP DATABASE IF EXISTS centrala; CREATE DATABASE centrala CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci; USE centrala;");
}

static inline void with_schema(struct fixture *f)
{
    int applied;
    empty_database(f);
    if (!migrate_run(&f->ctx, test_path(f, "schema"), &applied))
        fail_msg("%s", f->ctx.err.detail);
}

#endif
