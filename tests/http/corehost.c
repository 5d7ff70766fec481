/* corehost.c - a FastCGI program of the web core alone, without database: routes that answer, wait, hang, crash and eat
 * memory. test_core.py drives it. Settings come from the environment as in centrala.fcgi. */
#include "base/base.h"
#include "base/clock.h"
#include "base/conf.h"
#include "base/crypto.h"
#include "base/log.h"
#include "web/app.h"
#include "web/prefork.h"
#include "web/view.h"
#include "web/worker.h"
#include <signal.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

/* --- handlers --- */

static int64_t number(struct request *rq, const char *name)
{
    const char *s = request_param(rq, name);
    return s ? strtoll(s, NULL, 10) : 0;
}

static void nap(int64_t ms)
{
    struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };
    nanosleep(&t, NULL);
}

static int hello_page(struct request *rq, struct response *rs)
{
    return view_page(rq, rs, "pages/hello");
}

static int pid_api(struct request *rq, struct response *rs)
{
    (void)rq;
    str_printf(&rs->body, "{\"pid\":%d,\"parent\":%d}", (int)getpid(), (int)getppid());
    return json_done(rs, 200);
}

static int sleep_api(struct request *rq, struct response *rs)
{
    nap(number(rq, "ms"));
    return pid_api(rq, rs);
}

static int hang_api(struct request *rq, struct response *rs)
{
    while (rq && rs)
        nap(1000);
    return 0;
}

static int crash_api(struct request *rq, struct response *rs)
{
    (void)rq, (void)rs;
    raise(SIGSEGV);
    return 0;
}

static int eat_api(struct request *rq, struct response *rs)
{
    size_t n = (size_t)number(rq, "mb") << 20;
    volatile char *lost = malloc(n + 1); /* leaked on purpose */
    for (size_t i = 0; lost && i < n; i += 4096)
        lost[i] = 1;
    return pid_api(rq, rs);
}

static int big_api(struct request *rq, struct response *rs)
{
    for (int64_t i = number(rq, "kb"); i > 0; i--)
        for (int k = 0; k < 64; k++)
            STR_LIT(&rs->body, "0123456789abcdef");
    return json_done(rs, 200);
}

static int board_api(struct request *rq, struct response *rs)
{
    const struct scoreboard *b = rq->app->board;
    str_printf(&rs->body, "{\"master\":%d,\"crashes\":%d,\"hangs\":%d,\"restarts\":%d,\"workers\":[", (int)b->master,
               (int)b->crashes, (int)b->hangs, (int)b->restarts);
    bool first = true;
    for (size_t i = 0; i < ARRAY_LEN(b->slot); i++) {
        if (!b->slot[i].pid)
            continue;
        str_printf(&rs->body, "%s{\"pid\":%d,\"busy\":%d,\"requests\":%d,\"rss_kb\":%d}", first ? "" : ",", (int)b->slot[i].pid,
                   (int)b->slot[i].busy, (int)b->slot[i].requests, (int)b->slot[i].rss_kb);
        first = false;
    }
    STR_LIT(&rs->body, "]}");
    return json_done(rs, 200);
}

static void member(struct str *b, const char *name, const char *text)
{
    str_printf(b, ",\"%s\":", name);
    str_json(b, text ? text : "", strlen(text ? text : ""));
}

static int echo_api(struct request *rq, struct response *rs)
{
    struct str *b = &rs->body;
    STR_LIT(b, "{\"params\":[");
    for (size_t i = 0; i < rq->param_count; i++) {
        str_puts(b, i ? ",[" : "[");
        str_json(b, rq->params[i].name, rq->params[i].name_len);
        str_putc(b, ',');
        str_json(b, rq->params[i].value, rq->params[i].value_len);
        str_putc(b, ']');
    }
    str_printf(b, "],\"body_len\":%zu,\"https\":%s", rq->body_len, rq->https ? "true" : "false");
    member(b, "path", rq->path);
    member(b, "arg", rq->args[0]);
    member(b, "remote", rq->remote);
    member(b, "agent", rq->header(rq, "User-Agent"));
    for (const struct upload *u = rq->uploads; u; u = u->next) {
        member(b, u->name, u->filename);
        str_printf(b, ",\"size\":%zu", u->size);
    }
    STR_LIT(b, "}");
    return json_done(rs, 200);
}

struct note_in { const char *text; };
static const struct form_field note_fields[] = { FORM_TEXT(struct note_in, text, 1, 20, REQUIRED) };
static const struct form note_form = FORM(struct note_in, note_fields);

static int note_page(struct request *rq, struct response *rs)
{
    const struct note_in *in = rq->in;
    if (rq->form_errors) {
        view_form(rq, &note_form, in);
        return view_page_status(rq, rs, "pages/hello", 422);
    }
    response_notice(rq, rs, in->text);
    return redirect(rq, rs, url_for(rq, "hello_page", NULL, NULL));
}

static int twilio_hook(struct request *rq, struct response *rs)
{
    (void)rq;
    rs->type = "text/xml";
    STR_LIT(&rs->body, "<Response/>");
    return 200;
}

static const struct form large_form = { .size = 1, .body_limit = 3 << 20 };

static const struct route routes[] = {
    { METHOD_GET, "/hello", PAGE, PERM_PUBLIC, hello_page, NULL, "hello_page" },
    { METHOD_GET, "/private", PAGE, PERM_USER, hello_page, NULL, "private_page" },
    { METHOD_POST, "/note", PAGE, 0, note_page, &note_form, "note_page" },
    { METHOD_POST, "/api/note", API, 0, note_page, &note_form, "note_api" },
    { METHOD_GET, "/pid", HEALTH, PERM_PUBLIC, pid_api, NULL, "pid_api" },
    { METHOD_GET, "/sleep", HEALTH, PERM_PUBLIC, sleep_api, NULL, "sleep_api" },
    { METHOD_GET, "/hang", HEALTH, PERM_PUBLIC, hang_api, NULL, "hang_api" },
    { METHOD_GET, "/crash", HEALTH, PERM_PUBLIC, crash_api, NULL, "crash_api" },
    { METHOD_GET, "/eat", HEALTH, PERM_PUBLIC, eat_api, NULL, "eat_api" },
    { METHOD_GET, "/big", HEALTH, PERM_PUBLIC, big_api, NULL, "big_api" },
    { METHOD_GET, "/board", HEALTH, PERM_PUBLIC, board_api, NULL, "board_api" },
    { METHOD_GET, "/api/echo", API, PERM_PUBLIC, echo_api, NULL, "echo_api" },
    { METHOD_POST, "/api/echo", API, PERM_PUBLIC, echo_api, NULL, "echo_add_api" },
    { METHOD_GET, "/api/echo/:name", API, PERM_PUBLIC, echo_api, NULL, "echo_one_api" },
    { METHOD_POST, "/api/large", API, PERM_PUBLIC, echo_api, &large_form, "large_api" },
    { METHOD_GET, "/api/secret", API, 1, pid_api, NULL, "secret_api" },
    { METHOD_POST, "/twilio/test", TWILIO, PERM_PUBLIC, twilio_hook, NULL, "twilio_hook" },
};

/* --- hooks: one user "alice" with permission 0, one bearer token with permission 1 --- */

static bool identify_session(struct request *rq, const char *token)
{
    if (strcmp(token, "alice") != 0)
        return true;
    rq->ctx.actor = (struct actor){ .kind = ACTOR_USER, .user_id = 1, .perms = 1, .name = "Alice" };
    rq->session_id = 1;
    rq->csrf = "0123456789abcdef";
    rq->user_name = "Alice";
    return true;
}

static bool identify_bearer(struct request *rq, const char *token)
{
    if (strcmp(token, "good") == 0)
        rq->ctx.actor = (struct actor){ .kind = ACTOR_TOKEN, .perms = 2 };
    return true;
}

static bool check_signature(struct request *rq)
{
    const char *s = rq->header(rq, "X-Twilio-Signature");
    return (s && strcmp(s, "good") == 0) || err_set(&rq->ctx, ERR_SIGNATURE, "wrong");
}

static const struct app_hooks hooks = {
    .identify_session = identify_session, .identify_bearer = identify_bearer, .check_signature = check_signature,
};

/* --- start --- */

static int serve(int fd, struct scoreboard *board, int slot, void *arg)
{
    /* Slow to begin, for as long as a file says so. */
    const struct timespec a_moment = { .tv_nsec = 5000000 };
    while (access("hold", F_OK) == 0)
        nanosleep(&a_moment, NULL);
    return worker_serve(fd, board, slot, arg, NULL, NULL);
}

/* The number of workers may change with a reload: here it stands in a file. */
static void reload(struct prefork *p)
{
    const char *path = getenv("CORE_WORKERS_FILE");
    FILE *f = path ? fopen(path, "r") : NULL;
    int workers;
    if (f && fscanf(f, "%d", &workers) == 1)
        p->workers = workers;
    if (f)
        fclose(f);
}

static struct template_set *templates(void)
{
    static const char hello[] = "<p>Hello {{user.name}}</p><p class=notice>{{notice}}</p><i>{{csrf}}</i>{{#form}}<b>{{error.text}}</b>{{/form}}";
    static const char error[] = "<h1>{{status}}</h1><p>{{text}}</p><code>{{request_id}}</code>";
    const char *problem;
    struct template_set *set = templates_new(NULL);
    BUG_IF(!templates_add(set, "pages/hello", hello, sizeof hello - 1, &problem));
    BUG_IF(!templates_add(set, "pages/error", error, sizeof error - 1, &problem));
    BUG_IF(!templates_link(set, true, &problem));
    return set;
}

int main(void)
{
    static const char *const perm_names[] = { "note.write", "secret.read" };
    struct arena *a = arena_new(16 << 20);
    const char *problems;
    crypto_init();
    const struct conf *conf = conf_load(a, NULL, false, environ, &problems);
    if (!conf) {
        fprintf(stderr, "%s\n", problems);
        return 2;
    }
    struct scoreboard *board = scoreboard_new();
    struct app app = {
        .conf = conf, .routes = routes, .route_count = ARRAY_LEN(routes), .hooks = &hooks, .perm_names = perm_names,
        .perm_count = ARRAY_LEN(perm_names), .board = board,
    };
    struct template_set *set = templates();
    for (size_t i = 0; i < LANG_COUNT; i++)
        app.templates[i] = set;
    app_ready(&app, a);
    struct prefork p = { .socket = conf->web_socket, .request_limit_s = conf->web_request_limit_s, .workers = (int)conf->main_workers,
                         .serve = serve, .reload = reload, .arg = &app };
    int status = prefork_run(&p, board);
    templates_free(set);
    arena_free(a);
    return status;
}
