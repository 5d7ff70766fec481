/* migrate.c - numbered migrations: what is there, what is recorded, one migrator at a time, resumable. */
#include "base/base.h"
#include "store/migrate.h"
#include "store/db_internal.h"
#include "store/script.h"
#include "store/stmt.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "base/log.h"
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>
#include <time.h>

enum { MOST_FILES = 9999, MOST_BYTES = 8 << 20, LEASE_WAIT_MS = 60000, LEASE_POLL_MS = 25 };

struct version { uint64_t version; const char *name, *sha256; uint64_t steps; int64_t applied_ms; };
#define VERSION(F) F(U64, version, 0) F(TEXT, name, 0) F(TEXT, sha256, 0) F(U64, steps, 0) F(TIME, applied_ms, 0)
#define VERSION_FIELD(kind, member, flags) FIELD_ENTRY(version, kind, member, flags)
extern const struct row_type version_type;
ROW_TYPE(version, VERSION(VERSION_FIELD));

struct lease { const char *holder; uint64_t epoch; };
#define LEASE(F) F(TEXT, holder, 0) F(U64, epoch, 0)
#define LEASE_FIELD(kind, member, flags) FIELD_ENTRY(lease, kind, member, flags)
extern const struct row_type lease_type;
ROW_TYPE(lease, LEASE(LEASE_FIELD));

static const struct sql version_table = SQL_REPEATABLE(
    "CREATE TABLE IF NOT EXISTS schema_version ("
    "version INT UNSIGNED NOT NULL PRIMARY KEY COMMENT 'number of the file', "
    "name VARCHAR(120) CHARACTER SET ascii NOT NULL COMMENT 'its name', "
    "sha256 CHAR(64) CHARACTER SET ascii NOT NULL COMMENT 'of its bytes: a changed file is refused', "
    "steps INT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'statements done so far', "
    "started_at DATETIME(3) NOT NULL DEFAULT UTC_TIMESTAMP(3) COMMENT 'first statement', "
    "applied_at DATETIME(3) NULL COMMENT 'when it was done; NULL: not yet, or cut short'"
    ") ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Schema files that were applied here.'", NULL);
static const struct sql lease_table = SQL_REPEATABLE(
    "CREATE TABLE IF NOT EXISTS migration_lease ("
    "id TINYINT UNSIGNED NOT NULL PRIMARY KEY COMMENT 'always 1', "
    "holder CHAR(32) CHARACTER SET ascii NOT NULL DEFAULT '' COMMENT 'who migrates; empty: nobody', "
    "epoch BIGINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'rises with each holder', "
    "beat BIGINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'rises with each renewal', "
    "server VARCHAR(200) NOT NULL DEFAULT '' COMMENT 'the server the holder is connected to', "
    "connection BIGINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'its connection there: gone means the holder is gone', "
    "until_at DATETIME(3) NOT NULL DEFAULT '2000-01-01' COMMENT 'end of the lease'"
    ") ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='One row: keeps two migrators apart.'", NULL);
static const struct sql lease_row = SQL_REPEATABLE("INSERT IGNORE INTO migration_lease (id) VALUES (1)", NULL);

/* A lease is free when nobody holds it, when it has run out, or when the holder's connection to this very server is gone
 * (a statement that outlives its client keeps the connection until it ends). */
#define SERVER "CONCAT(@@hostname,':',@@port,':',@@datadir)"
static const struct sql lease_take = SQL(
    "UPDATE migration_lease SET holder=?,epoch=epoch+1,server=" SERVER ",connection=CONNECTION_ID(),until_at=UTC_TIMESTAMP(3)+INTERVAL 600 SECOND "
    "WHERE id=1 AND (holder='' OR until_at<UTC_TIMESTAMP(3) OR (server=" SERVER " AND (connection=CONNECTION_ID() OR connection NOT IN "
    "(SELECT id FROM information_schema.processlist))))", NULL);
static const struct sql lease_get = SQL_REPEATABLE("SELECT holder,epoch FROM migration_lease WHERE id=1", &lease_type);
static const struct sql lease_beat = SQL(
    "UPDATE migration_lease SET beat=beat+1,until_at=UTC_TIMESTAMP(3)+INTERVAL 600 SECOND WHERE id=1 AND holder=? AND epoch=?", NULL);
static const struct sql lease_drop = SQL_REPEATABLE("UPDATE migration_lease SET holder='' WHERE id=1 AND holder=? AND epoch=?", NULL);

static const struct sql versions_there = SQL_REPEATABLE(
    "SELECT 0,'','',COUNT(*),NULL FROM information_schema.tables WHERE table_schema=DATABASE() AND table_name='schema_version'", &version_type);
static const struct sql versions = SQL_REPEATABLE(
    "SELECT version,name,sha256,steps,applied_at FROM schema_version ORDER BY version LIMIT 10000", &version_type);
static const struct sql version_begin = SQL_REPEATABLE(
    "INSERT INTO schema_version (version,name,sha256) VALUES (?,?,?) ON DUPLICATE KEY UPDATE name=VALUES(name),sha256=VALUES(sha256)", NULL);
static const struct sql version_step = SQL("UPDATE schema_version SET steps=? WHERE version=?", NULL);
static const struct sql version_end = SQL_REPEATABLE("UPDATE schema_version SET applied_at=UTC_TIMESTAMP(3) WHERE version=?", NULL);

struct file { unsigned number; const char *name, *path, *text; char sha256[65]; };

/* 0001_name.sql */
static bool is_migration(const char *name)
{
    size_t n = strlen(name);
    for (int i = 0; i < 4; i++)
        if (!isdigit((unsigned char)name[i]))
            return false;
    return name[4] == '_' && n > 9 && n <= 120 && strcmp(name + n - 4, ".sql") == 0;
}

static bool read_file(struct ctx *ctx, struct file *f)
{
    struct stat st;
    FILE *in = fopen(f->path, "re");
    if (!in || fstat(fileno(in), &st) < 0 || st.st_size > MOST_BYTES) {
        int why = in && st.st_size > MOST_BYTES ? EFBIG : errno;
        if (in)
            fclose(in);
        return err_set(ctx, ERR_BUG, "%s: %s", f->path, strerror(why));
    }
    size_t size = (size_t)st.st_size, n;
    char *text = arena_alloc(ctx->arena, size + 1);
    n = fread(text, 1, size, in);
    fclose(in);
    if (n != size || memchr(text, 0, n))
        return err_set(ctx, ERR_BUG, "%s: cannot be read as text", f->path);
    text[n] = 0;
    f->text = text;
    uint8_t sum[32];
    crypto_sha256(text, n, sum);
    crypto_hex(sum, sizeof sum, f->sha256);
    return true;
}

static bool list_files(struct ctx *ctx, const char *dir, struct file **out, size_t *count)
{
    struct dirent **names;
    int n = scandir(dir, &names, NULL, alphasort);
    if (n < 0)
        return err_set(ctx, ERR_BUG, "%s: %s", dir, strerror(errno));
    *out = ARENA_ARRAY(ctx->arena, struct file, n ? n : 1);
    *count = 0;
    for (int i = 0; i < n; i++) {
        const char *name = names[i]->d_name;
        if (is_migration(name))
            (*out)[(*count)++] = (struct file){ .number = (unsigned)strtoul(name, NULL, 10), .name = arena_strdup(ctx->arena, name),
                                                .path = arena_printf(ctx->arena, "%s/%s", dir, name) };
        free(names[i]);
    }
    free(names);
    for (size_t i = 0; i < *count; i++)
        if ((*out)[i].number != i + 1)
            return err_set(ctx, ERR_BUG, "%s: its number should be %04zu: a gap or the same number twice", (*out)[i].path, i + 1);
    return *count ? true : err_set(ctx, ERR_BUG, "%s holds no migration", dir);
}

/* What is recorded must be what the files are; gives the number of files that are done. */
static bool compare(struct ctx *ctx, const struct file *files, size_t count, struct rows recorded, size_t *done)
{
    const struct version *v = recorded.row;
    *done = 0;
    for (size_t i = 0; i < recorded.n; i++, v++) {
        if (v->version != i + 1 || v->version > count)
            return err_set(ctx, ERR_CONFLICT, "the database has migration %04" PRIu64 " (%s), which is not among the files: a newer program made it",
                           v->version, v->name);
        const struct file *f = &files[i];
        if (strcmp(v->sha256, f->sha256) != 0 && (v->applied_ms != CLOCK_NONE || v->steps))
            return err_set(ctx, ERR_CONFLICT, "%s was changed after it was %s", f->path, v->applied_ms != CLOCK_NONE ? "applied" : "begun");
        if (v->applied_ms != CLOCK_NONE)
            *done = i + 1;
    }
    return true;
}

struct holder { char name[33]; uint64_t epoch; };

static bool take_lease(struct ctx *ctx, struct holder *h)
{
    crypto_random_hex(h->name, 16);
    int64_t end = clock_mono_ms() + LEASE_WAIT_MS;
    while (clock_mono_ms() < end) {
        int64_t n = stmt_do(ctx, &lease_take, ARGS(TEXT(h->name)));
        struct lease *l = n < 0 ? NULL : stmt_one(ctx, &lease_get, NO_ARGS);
        if (!l)
            return ctx->err.code ? false : err_set(ctx, ERR_BUG, "the row of migration_lease is gone");
        if (strcmp(l->holder, h->name) == 0) {
            h->epoch = l->epoch;
            return true;
        }
        struct timespec t = { .tv_nsec = LEASE_POLL_MS * 1000000L };
        nanosleep(&t, NULL);
    }
    return err_set(ctx, ERR_CONFLICT, "another migration is under way (lease in migration_lease)");
}

/* After a cut the statement in doubt may have been done: the server then says so. */
static bool says_already_done(unsigned number)
{
    switch (number) {
    case 1007: case 1008: /* database exists, does not */
    case 1050: case 1051: /* table exists, does not */
    case 1060: case 1061: /* column, index exist */
    case 1091: case 1304: case 1305: /* cannot drop; routine exists, does not */
    case 1826: /* constraint exists */
        return true;
    default:
        return false;
    }
}

/* One statement and the note that it was done. A data change is committed together with the note; a schema change commits
 * by itself, which is what the doubt covers. */
static bool run_step(struct ctx *ctx, const struct file *f, const struct script *s, const char *sql, size_t n, uint64_t step, bool doubt)
{
    struct connection *c = db_connection(ctx);
    unsigned number = 0;
    const char *words = "";
    if (!c)
        return false;
    enum db_failure failure = db_text(ctx, c, "START TRANSACTION", 17, &number, &words);
    if (failure == DB_FINE)
        failure = db_text(ctx, c, sql, n, &number, &words);
    if (doubt && says_already_done(number)) {
        log_event(ctx, LOG_NOTICE, "migrate.resumed", "file=%s line=%u number=%u", f->name, s->line, number);
        failure = DB_FINE;
    }
    if (failure == DB_FINE) {
        ctx->db->in_transaction = true; /* the note goes over this connection or not at all */
        if (stmt_do(ctx, &version_step, ARGS(U64(step), U64(f->number))) == 1)
            failure = db_text(ctx, c, "COMMIT", 6, &number, &words);
        else
            failure = DB_TROUBLE;
        ctx->db->in_transaction = false;
        ctx->db->broken = DB_FINE;
    }
    if (failure == DB_FINE)
        return true;
    db_lose(ctx, c, words);
    return err_set(ctx, failure == DB_REFUSED || failure == DB_DUPLICATE ? ERR_BUG : ERR_DATABASE, "%s:%u: %u %s", f->path, s->line, number, words);
}

static bool apply(struct ctx *ctx, const struct file *f, const struct version *begun, const struct holder *h)
{
    if (stmt_do(ctx, &version_begin, ARGS(U64(f->number), TEXT(f->name), TEXT(f->sha256))) < 0)
        return false;
    struct script s;
    script_init(&s, f->text);
    const char *sql;
    size_t n;
    uint64_t done = begun ? begun->steps : 0;
    for (uint64_t step = 1; script_next(&s, &sql, &n); step++) {
        if (step <= done)
            continue;
        int64_t held = stmt_do(ctx, &lease_beat, ARGS(TEXT(h->name), U64(h->epoch)));
        if (held != 1)
            return held < 0 ? false : err_set(ctx, ERR_CONFLICT, "the migration lease was lost");
        if (!run_step(ctx, f, &s, sql, n, step, begun && step == done + 1))
            return false;
    }
    if (stmt_do(ctx, &version_end, ARGS(U64(f->number))) < 0)
        return false;
    log_event(ctx, LOG_INFO, "migrate.applied", "file=%s", f->name);
    return true;
}

static bool apply_all(struct ctx *ctx, struct file *files, size_t count, const struct holder *h, int *applied)
{
    struct rows recorded = stmt_all(ctx, &versions, NO_ARGS);
    size_t done;
    if (!recorded.ok || !compare(ctx, files, count, recorded, &done))
        return false;
    const struct version *v = recorded.row;
    for (size_t i = done; i < count; i++) {
        if (!apply(ctx, &files[i], i < recorded.n ? &v[i] : NULL, h))
            return false;
        ++*applied;
    }
    return true;
}

static bool migrate(struct ctx *ctx, const char *schema_dir, int *applied)
{
    struct file *files;
    size_t count;
    struct holder h;
    if (!list_files(ctx, schema_dir, &files, &count))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!read_file(ctx, &files[i]))
            return false;
    if (stmt_do(ctx, &version_table, NO_ARGS) < 0 || stmt_do(ctx, &lease_table, NO_ARGS) < 0 || stmt_do(ctx, &lease_row, NO_ARGS) < 0)
        return false;
    if (!take_lease(ctx, &h))
        return false;
    bool ok = apply_all(ctx, files, count, &h, applied);
    /* Also after a failure, whose reason stays the first one. */
    int64_t dropped = stmt_do(ctx, &lease_drop, ARGS(TEXT(h.name), U64(h.epoch)));
    return ok && dropped >= 0;
}

bool migrate_run(struct ctx *ctx, const char *schema_dir, int *applied)
{
    *applied = 0;
    db_use(ctx->db, DB_OWNER);
    bool ok = migrate(ctx, schema_dir, applied);
    db_use(ctx->db, DB_APP);
    return ok;
}

bool migrate_pending(struct ctx *ctx, const char *schema_dir, int *pending)
{
    struct file *files;
    size_t count, done = 0;
    if (!list_files(ctx, schema_dir, &files, &count))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!read_file(ctx, &files[i]))
            return false;
    struct version *there = stmt_one(ctx, &versions_there, NO_ARGS);
    if (!there)
        return false;
    if (there->steps) {
        struct rows recorded = stmt_all(ctx, &versions, NO_ARGS);
        if (!recorded.ok || !compare(ctx, files, count, recorded, &done))
            return false;
    }
    *pending = (int)(count - done);
    return true;
}
