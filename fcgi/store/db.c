/* db.c - connections: hosts in rotation, what a session is set to, noticing that one has died. */
#include "base/base.h"
#include "store/db.h"
#include "store/db_internal.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "base/log.h"
#include <mysql.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>

enum { DEFAULT_PORT = 3306, IDLE_LOOK_MS = 1000, PING_GOOD_MS = 1000, IDLE_PING_MS = 60000, LOCK_WAIT_S = 5 };

/* "a,b:3307,[::1]:3308" into db->hosts; the text is cut in place. */
static void split_hosts(struct db *db, char *text)
{
    for (char *next = NULL; text && db->host_count < DB_HOSTS; text = next) {
        next = strchr(text, ',');
        if (next)
            *next++ = 0;
        text += strspn(text, " \t");
        text[strcspn(text, " \t")] = 0;
        if (!*text)
            continue;
        struct host *h = &db->hosts[db->host_count++];
        *h = (struct host){ .name = text, .port = DEFAULT_PORT };
        char *colon = strrchr(text, ':');
        if (*text == '[') {
            h->name = text + 1;
            char *close = strchr(text, ']');
            if (!close)
                continue;
            *close = 0;
            colon = close[1] == ':' ? close + 1 : NULL;
        }
        if (colon) {
            *colon = 0;
            h->port = (unsigned)strtoul(colon + 1, NULL, 10);
        }
    }
}

struct db *db_new(const struct conf *conf)
{
    struct db *db = calloc(1, sizeof *db);
    BUG_IF(!db);
    db->conf = conf;
    db->host_text = strdup(conf->db_hosts ? conf->db_hosts : "");
    BUG_IF(!db->host_text);
    split_hosts(db, db->host_text);
    if (!db->host_count)
        db->hosts[db->host_count++] = (struct host){ .name = NULL };
    return db;
}

static void disconnect(struct connection *c)
{
    if (!c->mysql)
        return;
    /* First the connection: statements of a closed one are freed without a word to the server. */
    mysql_close(c->mysql);
    c->mysql = NULL;
    stmt_forget(c);
}

void db_free(struct db *db)
{
    if (!db)
        return;
    for (size_t i = 0; i < ARRAY_LEN(db->connections); i++)
        disconnect(&db->connections[i]);
    free(db->host_text);
    free(db);
}

void db_lose(struct ctx *ctx, struct connection *c, const char *why)
{
    struct db *db = ctx->db;
    if (!c->mysql)
        return;
    log_event(ctx, LOG_WARNING, "db.lost", "peer=%s why=%s", db->peer, log_quote(ctx->arena, why));
    disconnect(c);
    db->host = (db->host + 1) % db->host_count;
}

void db_pause(unsigned attempt)
{
    uint32_t random;
    crypto_random(&random, sizeof random);
    long most = 2000000L << (attempt < 6 ? attempt : 6); /* ns */
    struct timespec t = { .tv_nsec = 200000 + (long)(random % (uint32_t)most) };
    nanosleep(&t, NULL);
}

static const char *role_user(const struct conf *conf, enum db_role role, const char **password)
{
    switch (role) {
    case DB_READER: *password = conf->db_reader_password; return conf->db_reader_user;
    case DB_OWNER: *password = conf->db_owner_password; return conf->db_owner_user;
    default: *password = conf->db_password; return conf->db_user;
    }
}

/* Limits of a session: a statement ends before we stop listening; a migration may take as long as it needs. */
static unsigned io_limit(const struct conf *conf, enum db_role role)
{
    if (role == DB_OWNER)
        return 0;
    return conf->db_io_limit_s > 0 && conf->db_io_limit_s < 86400 ? (unsigned)conf->db_io_limit_s : 10;
}

static void set_options(MYSQL *m, const struct conf *conf, enum db_role role)
{
    unsigned connect = conf->db_connect_limit_s > 0 && conf->db_connect_limit_s < 600 ? (unsigned)conf->db_connect_limit_s : 2;
    unsigned io = io_limit(conf, role), no = 0;
    my_bool off = 0;
    mysql_options(m, MYSQL_OPT_CONNECT_TIMEOUT, &connect);
    mysql_options(m, MYSQL_OPT_READ_TIMEOUT, &io);
    mysql_options(m, MYSQL_OPT_WRITE_TIMEOUT, &io);
    mysql_options(m, MYSQL_SET_CHARSET_NAME, "utf8mb4");
    mysql_options(m, MYSQL_OPT_LOCAL_INFILE, &no);
    mysql_options(m, MYSQL_OPT_RECONNECT, &off);
    mysql_options(m, MYSQL_REPORT_DATA_TRUNCATION, &off);
}

static bool prepare_session(MYSQL *m, const struct conf *conf, enum db_role role)
{
    char sql[640];
    int n = snprintf(sql, sizeof sql,
                     "SET SESSION sql_mode='STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,"
                     "NO_ENGINE_SUBSTITUTION',time_zone='+00:00',tx_isolation='READ-COMMITTED',collation_connection=utf8mb4_unicode_ci,"
                     "tx_read_only=%d,innodb_lock_wait_timeout=%d,max_statement_time=%u,idle_transaction_timeout=%d",
                     role == DB_READER, role == DB_OWNER ? 50 : LOCK_WAIT_S, io_limit(conf, role), role == DB_OWNER ? 0 : 60);
    return mysql_real_query(m, sql, (unsigned long)n) == 0;
}

static void keep_alive(MYSQL *m)
{
    int fd = (int)mysql_get_socket(m), on = 1, idle = 30, interval = 10, count = 3;
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof count);
}

static bool connect_host(struct ctx *ctx, struct connection *c, const struct host *h, unsigned *number, const char **words)
{
    const struct conf *conf = ctx->db->conf;
    enum db_role role = ctx->db->role;
    const char *password, *user = role_user(conf, role, &password);
    MYSQL *m = mysql_init(NULL);
    BUG_IF(!m);
    set_options(m, conf, role);
    unsigned protocol = h->name ? MYSQL_PROTOCOL_TCP : MYSQL_PROTOCOL_SOCKET; /* else "localhost" means some socket */
    mysql_options(m, MYSQL_OPT_PROTOCOL, &protocol);
    bool ok = mysql_real_connect(m, h->name, user, password, conf->db_name, h->name ? h->port : 0, h->name ? NULL : conf->db_socket,
                                 CLIENT_MULTI_RESULTS) &&
              prepare_session(m, conf, role);
    if (!ok) {
        *number = mysql_errno(m);
        *words = arena_strdup(ctx->arena, mysql_error(m));
        mysql_close(m);
        return false;
    }
    if (h->name)
        keep_alive(m);
    c->mysql = m;
    return true;
}

static void name_peer(struct db *db, const struct host *h)
{
    if (h->name)
        snprintf(db->peer, sizeof db->peer, strchr(h->name, ':') ? "[%.60s]:%u" : "%.60s:%u", h->name, h->port);
    else
        snprintf(db->peer, sizeof db->peer, "socket");
}

static struct connection *connect_any(struct ctx *ctx, struct connection *c)
{
    struct db *db = ctx->db;
    unsigned number = 0;
    const char *words = "";
    for (size_t i = 0; i < db->host_count; i++) {
        const struct host *h = &db->hosts[db->host];
        name_peer(db, h);
        if (connect_host(ctx, c, h, &number, &words)) {
            c->checked = true;
            c->used_ms = c->answered_ms = clock_mono_ms();
            return c;
        }
        log_event(ctx, LOG_WARNING, "db.unreachable", "peer=%s number=%u words=%s", db->peer, number, log_quote(ctx->arena, words));
        db->host = (db->host + 1) % db->host_count;
    }
    db_fail(ctx, DB_TROUBLE, number, words, NULL);
    return NULL;
}

/* A closed unix socket tells so when the statement is sent, before anything is done. TCP may tell only after it: so a
 * connection that has rested is looked at (there is nothing to read unless the server has closed it), and after a long
 * rest asked, because a host or a firewall between may have vanished without a word. */
static bool is_dead(struct db *db, struct connection *c)
{
    if (!db->hosts[db->host].name)
        return false;
    int64_t now = clock_mono_ms(), idle = now - c->used_ms;
    c->used_ms = now;
    if (idle < IDLE_LOOK_MS)
        return false;
    struct pollfd p = { .fd = (int)mysql_get_socket(c->mysql), .events = POLLIN | POLLRDHUP };
    return poll(&p, 1, 0) > 0 || (idle > IDLE_PING_MS && mysql_ping(c->mysql));
}

struct connection *db_connection(struct ctx *ctx)
{
    struct db *db = ctx->db;
    BUG_IF(!db);
    struct connection *c = &db->connections[db->role];
    if (db->in_transaction) {
        if (db->broken)
            err_set(ctx, ERR_DATABASE, "a statement after the transaction had failed");
        return db->broken ? NULL : c;
    }
    if (c->mysql && !c->checked) {
        c->checked = true;
        if (is_dead(db, c))
            db_lose(ctx, c, "closed while idle");
    }
    return c->mysql ? c : connect_any(ctx, c);
}

/* All results of a text statement, to the end; true when each arrived. */
static bool read_away(MYSQL *m)
{
    for (;;) {
        MYSQL_RES *rows = mysql_store_result(m);
        if (!rows && mysql_field_count(m))
            return false;
        mysql_free_result(rows);
        if (!mysql_more_results(m))
            return true;
        if (mysql_next_result(m) != 0)
            return false;
    }
}

enum db_failure db_text(struct ctx *ctx, struct connection *c, const char *sql, size_t n, unsigned *number, const char **words)
{
    MYSQL *m = c->mysql;
    ctx->db->statements++;
    /* Not zero is failure: a connection found dead gives -1, which elsewhere in the library means "no more". */
    if (mysql_real_query(m, sql, (unsigned long)n) == 0 && read_away(m))
        return DB_FINE;
    *number = mysql_errno(m);
    *words = arena_strdup(ctx->arena, mysql_error(m));
    return *number ? db_failure_of(*number) : DB_LOST;
}

void db_use(struct db *db, enum db_role role)
{
    BUG_IF(db->in_transaction && db->role != role);
    db->role = role;
}

enum db_role db_used(const struct db *db)
{
    return db->role;
}

unsigned db_statements(const struct db *db)
{
    return db->statements;
}

bool db_in_transaction(const struct db *db)
{
    return db->in_transaction;
}

const char *db_peer(const struct db *db)
{
    return db->peer;
}

/* It answered within the last second and its end of the connection is still open. */
static bool answered_just_now(const struct connection *c)
{
    struct pollfd p = { .fd = (int)mysql_get_socket(c->mysql), .events = POLLIN | POLLRDHUP };
    return clock_mono_ms() < c->answered_ms + PING_GOOD_MS && poll(&p, 1, 0) == 0;
}

bool db_ping(struct ctx *ctx)
{
    struct connection *c = NULL;
    for (int attempt = 0; attempt < 2 && (c = db_connection(ctx)); attempt++) {
        if (answered_just_now(c))
            return true;
        ctx->db->statements++;
        if (mysql_ping(c->mysql) == 0) {
            c->answered_ms = clock_mono_ms();
            return true;
        }
        if (ctx->db->in_transaction)
            break;
        db_lose(ctx, c, mysql_error(c->mysql));
    }
    return err_set(ctx, ERR_DATABASE, "no answer to a ping");
}
