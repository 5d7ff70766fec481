/* main_fcgi.c - centrala.fcgi: reads everything once, then master and workers. The only place where the web core meets
 * the services: it hands the core the routes and the answers to its questions (struct app_hooks). */
#include "base/base.h"
#include "base/conf.h"
#include "base/crypto.h"
#include "base/log.h"
#include "providers/client.h"
#include "services/error_codes.h"
#include "services/burst.h"
#include "services/session.h"
#include "services/webhook.h"
#include "store/db.h"
#include "web/app.h"
#include "web/assets.h"
#include "web/handlers.h"
#include "web/prefork.h"
#include "web/worker.h"
#include <unistd.h>

extern char **environ;

enum { LIFE_CEILING = 64 << 20 };

#define ROUTE(method, path, kind, perm, handler, form) { METHOD_##method, path, kind, PERM_##perm, handler, &form, #handler },
static const struct route routes[] = {
#include "routes.def"
};
#undef ROUTE

/* What is read at start, and again on HUP. */
struct server {
    const char *conf_path; /* NULL: etc/centrala.conf where there is one */
    struct arena *life;
    struct app app;
    struct db *db;         /* a worker's own */
    struct client *client;
    struct burst_host *host; /* shared by the workers */
    struct burst *burst;
};

/* --- the core's questions --- */

static bool begin(struct request *rq, bool safe)
{
    db_use(rq->ctx.db, safe ? DB_READER : DB_APP);
    return true;
}

static void end(struct request *rq)
{
    db_rest(rq->ctx.db);
}

static unsigned statements(const struct request *rq)
{
    return db_statements(rq->ctx.db);
}

static bool take_identity(struct request *rq, const struct identity *who)
{
    const struct session_row *row = who->row;
    if (!row)
        return true;
    enum language language;
    rq->csrf = who->csrf;
    rq->session_id = row->session_id;
    rq->zone = row->zone;
    rq->country = row->country;
    rq->user_name = row->name;
    rq->user_role = row->role;
    rq->user_email = row->email;
    rq->password_once = row->password_once && row->session_id;
    rq->tenant_name = row->tenant_name;
    if (row->language && language_parse(row->language, &language))
        rq->lang = rq->app->catalogs[language];
    return true;
}

static bool identify_session(struct request *rq, const char *token)
{
    struct identity who = { .row = NULL };
    return session_identify_cookie(&rq->ctx, token, &who) && take_identity(rq, &who);
}

static bool identify_bearer(struct request *rq, const char *token)
{
    struct identity who = { .row = NULL };
    return session_identify_bearer(&rq->ctx, token, &who) && take_identity(rq, &who);
}

static bool check_signature(struct request *rq)
{
    bool secret = strncmp(rq->route->path, "/hook/", 6) == 0;
    const struct webhook hook = {
        .secret = secret ? rq->args[0] : NULL, .target = rq->target, .signature = rq->header(rq, "X-Twilio-Signature"),
        .params = rq->params, .param_count = rq->param_count, .body = rq->body, .body_len = rq->body_len,
    };
    return webhook_check(&rq->ctx, &hook);
}

static const struct app_hooks hooks = {
    .begin = begin, .end = end, .statements = statements,
    .identify_session = identify_session, .identify_bearer = identify_bearer, .check_signature = check_signature,
};

/* --- loading --- */

static const struct conf *load_conf(struct arena *a, const char *path, const char **problem)
{
    const struct conf *conf = conf_open(a, path, environ, problem);
    enum log_level level;
    if (conf && log_level_parse(conf->log_level, &level))
        log_threshold(level);
    return conf;
}

/* Catalogue, then the templates compiled in its language. */
static bool load_language(struct arena *a, struct app *app, enum language l, const char *version, const char **problem)
{
    const char *root = app->conf->main_root;
    app->catalogs[l] = catalog_load(a, arena_printf(a, "%s/build/locale/%s.mo", root, language_code(l)), l, problem);
    if (!app->catalogs[l])
        return false;
    struct template_set *set = templates_new(app->catalogs[l]);
    app->templates[l] = set;
    templates_constant(set, "lang", language_code(l));
    templates_constant(set, "version", version);
    return templates_load_dir(set, arena_printf(a, "%s/templates", root), problem);
}

static void unload(struct arena *life, struct app *app)
{
    for (size_t l = 0; l < LANG_COUNT; l++)
        if (app->templates[l])
            templates_free((struct template_set *)(uintptr_t)app->templates[l]);
    arena_free(life);
}

static bool load_app(struct arena *a, const char *conf_path, struct app *app, const char **problem)
{
    app->conf = load_conf(a, conf_path, problem);
    if (!app->conf)
        return false;
    if (app->conf->main_workers < 1 || app->conf->main_workers > WORKERS_MAX) {
        *problem = arena_printf(a, "main.workers must be 1 to %d", WORKERS_MAX);
        return false;
    }
    const char *root = app->conf->main_root;
    /* Relative paths of the settings count from the root; mod_fcgid starts programs in their own folder. */
    if (root[0] == '/' && chdir(root) != 0) {
        *problem = arena_printf(a, "main.root: cannot enter %s", root);
        return false;
    }
    app->keys = keyring_load(a, app->conf->main_key_file, problem);
    const struct error_codes *codes = app->keys ? error_codes_load(a, arena_printf(a, "%s/etc/error-codes", root), problem) : NULL;
    if (!codes)
        return false;
    const char *version = assets_version(a, arena_printf(a, "%s/static", root)); /* in static addresses: changes with the files */
    for (enum language l = 0; l < LANG_COUNT; l++)
        if (!load_language(a, app, l, version, problem))
            return false;
    error_codes_use(codes);
    app_ready(app, a);
    return true;
}

/* Everything new, or everything as it was. */
static bool load(struct server *s)
{
    struct arena *life = arena_new(LIFE_CEILING);
    const char *problem = "";
    struct app app = {
        .routes = routes, .route_count = ARRAY_LEN(routes), .hooks = &hooks, .perm_names = perm_names, .perm_count = PERM_COUNT,
        .board = s->app.board,
    };
    if (!load_app(life, s->conf_path, &app, &problem)) {
        log_event(NULL, LOG_ERROR, "start.failed", "problem=%s", log_quote(life, problem));
        unload(life, &app);
        return false;
    }
    if (s->life)
        unload(s->life, &s->app);
    s->life = life;
    s->app = app;
    return true;
}

/* --- master and workers --- */

static void apply(struct prefork *p, const struct conf *conf)
{
    p->socket = conf->web_socket;
    p->request_limit_s = conf->web_request_limit_s;
    p->workers = (int)conf->main_workers;
}

static void reload(struct prefork *p)
{
    struct server *s = p->arg;
    if (load(s)) /* else a mistake was logged, and what was loaded stays */
        apply(p, s->app.conf);
}

static void prepare(struct request *rq, void *arg)
{
    const struct server *s = arg;
    rq->ctx.db = s->db;
    rq->ctx.client = s->client;
    rq->ctx.burst = s->burst;
}

static int serve(int fd, struct scoreboard *board, int slot, void *arg)
{
    struct server *s = arg;
    s->db = db_new(s->app.conf); /* never before the fork: a connection is one process's */
    s->client = client_new();
    s->burst = burst_new(s->life, s->host);
    int status = worker_serve(fd, board, slot, &s->app, prepare, s);
    client_free(s->client);
    db_free(s->db);
    return status;
}

int main(int argc, char **argv)
{
    struct server s = { .conf_path = NULL };
    bool check = false;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--check") == 0)
            check = true;
        else if (strcmp(argv[i], "--config") == 0 && i + 1 < argc)
            s.conf_path = argv[++i];
        else {
            fprintf(stderr, "usage: centrala.fcgi [--check] [--config FILE]\n");
            return 2;
        }
    }
    crypto_init();
    s.app.board = scoreboard_new();
    s.host = burst_host_new();
    if (!load(&s))
        return 1;
    int status = 0;
    if (!check) {
        struct prefork p = { .serve = serve, .reload = reload, .arg = &s };
        apply(&p, s.app.conf);
        status = prefork_run(&p, s.app.board);
    }
    unload(s.life, &s.app);
    return status;
}
