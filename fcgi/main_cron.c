/* main_cron.c - fcgi-cron: everything that happens by itself. --once, --for SECONDS, --daemon. TERM and INT end it when
 * what is on its way has been answered; HUP changes nothing. */
#include "base/base.h"
#include "base/clock.h"
#include "base/conf.h"
#include "base/crypto.h"
#include "base/log.h"
#include "jobs/jobs.h"
#include "providers/client.h"
#include "services/crew.h"
#include "services/error_codes.h"
#include "services/health.h"
#include "services/stats.h"
#include "services/wake.h"
#include "store/db.h"
#include <errno.h>
#include <signal.h>
#include <unistd.h>

extern char **environ;

enum { LIFE_CEILING = 16 << 20, ITEM_CEILING = 16 << 20, BEAT_MS = 10000, JOBS_MS = 5000 };

/* The rounds' steps: prototypes and table from the same list. */
#define STEP(name, function) int function(struct ctx *ctx, struct crew *crew);
#include "steps.def"
#undef STEP
struct step { const char *name; int (*run)(struct ctx *ctx, struct crew *crew); };
#define STEP(name, function) { #name, function },
static const struct step steps[] = {
#include "steps.def"
};
#undef STEP

struct cron {
    struct arena *life;  /* as long as the process */
    struct ctx proto;    /* what every item's context begins with */
    struct crew *crews[ARRAY_LEN(steps)]; /* one a step */
    char host[80];
    int wake_fd;
    int64_t beat_at, jobs_at;
};

static volatile sig_atomic_t stop;

static void on_stop(int sig)
{
    (void)sig;
    stop = 1;
}

/* A context in an arena of its own; ended with item_end(). */
static struct ctx item_begin(const struct cron *c)
{
    struct ctx ctx;
    ctx_init(&ctx, arena_new(ITEM_CEILING), c->proto.conf);
    ctx.db = c->proto.db;
    ctx.keys = c->proto.keys;
    ctx.client = c->proto.client;
    ctx.actor = (struct actor){ .kind = ACTOR_JOB, .name = "fcgi-cron" };
    return ctx;
}

static bool item_end(struct ctx *ctx, const char *what, bool ok)
{
    if (!ok)
        log_event(ctx, LOG_ERROR, "cron.failed", "step=%s error=%s detail=%s", what, err_name(ctx->err.code), log_quote(ctx->arena, ctx->err.detail));
    db_rest(ctx->db);
    arena_free(ctx->arena);
    return ok;
}

struct job { const char *name; int64_t every_s; bool (*run)(struct ctx *ctx, const char **outcome); int limit_s; };
#define JOB(name, every_s, function, limit_s) { #name, every_s, function, limit_s },
static const struct job jobs[] = {
#include "jobs.def"
};
#undef JOB

static void run_jobs(struct cron *c)
{
    for (size_t i = 0; i < ARRAY_LEN(jobs) && !stop; i++) {
        struct ctx ctx = item_begin(c);
        const char *outcome = "failed";
        int ours = job_take(&ctx, jobs[i].name, jobs[i].every_s, c->host);
        bool ok = ours >= 0;
        if (ours > 0) {
            alarm((unsigned)jobs[i].limit_s); /* a job that hangs takes the process with it; it is started again */
            ok = jobs[i].run(&ctx, &outcome);
            alarm(0);
            ok = job_end(&ctx, jobs[i].name, c->host, outcome) && ok;
            log_event(&ctx, LOG_INFO, "job.done", "job=%s outcome=%s", jobs[i].name, log_quote(ctx.arena, outcome));
        }
        item_end(&ctx, jobs[i].name, ok);
    }
}

static int in_flight(const struct cron *c)
{
    int n = 0;
    for (size_t i = 0; i < ARRAY_LEN(steps); i++)
        n += crew_in_flight(c->crews[i]);
    return n;
}

static bool beat(struct cron *c)
{
    struct ctx ctx = item_begin(c);
    return item_end(&ctx, "beat", health_beat(&ctx, "cron", c->host, arena_printf(ctx.arena, "in_flight=%d", in_flight(c))));
}

/* One round; how many things were begun, -1 when the database is away. A step that fails does not hold up the others. */
static int round_once(struct cron *c)
{
    int64_t now = clock_mono_ms();
    int begun = 0;
    bool ok = true;
    for (size_t i = 0; i < ARRAY_LEN(steps) && !stop; i++) {
        struct ctx ctx = item_begin(c);
        crew_wake(c->crews[i]);
        int n = steps[i].run(&ctx, c->crews[i]);
        ok = item_end(&ctx, steps[i].name, n >= 0) && ok;
        begun += n > 0 ? n : 0;
    }
    if (ok && now >= c->beat_at) {
        ok = beat(c);
        c->beat_at = now + BEAT_MS;
    }
    if (ok && now >= c->jobs_at) {
        run_jobs(c);
        c->jobs_at = now + JOBS_MS;
    }
    return ok ? begun : -1;
}

static void loop(struct cron *c, int64_t until_ms)
{
    while (!stop && clock_mono_ms() < until_ms) {
        int begun = round_once(c);
        int wait = begun > 0 ? 100 : (int)c->proto.conf->cron_poll_ms;
        client_run(c->proto.client, c->wake_fd, wait);
        if (c->wake_fd >= 0)
            wake_drain(c->wake_fd);
    }
}

/* What is on its way is waited for: its answers decide rows. */
static void finish(struct cron *c)
{
    int64_t until = clock_mono_ms() + c->proto.conf->twilio_limit_ms + 1000;
    while (in_flight(c) && clock_mono_ms() < until)
        client_run(c->proto.client, -1, 200);
    for (size_t i = 0; i < ARRAY_LEN(steps); i++)
        crew_drop(c->crews[i]);
}

static void signals(void)
{
    struct sigaction sa = { .sa_handler = on_stop };
    sigaction(SIGTERM, &sa, NULL);
    sigaction(SIGINT, &sa, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGHUP, SIG_IGN); /* sent to all of a service when settings changed or a terminal closed: work goes on. New settings: restart */
}

static bool start(struct cron *c, const char *conf_path)
{
    const char *problem = NULL;
    c->life = arena_new(LIFE_CEILING);
    const struct conf *conf = conf_open(c->life, conf_path, environ, &problem);
    const struct keyring *keys = conf ? keyring_load(c->life, conf->main_key_file, &problem) : NULL;
    if (!keys) {
        fprintf(stderr, "fcgi-cron: %s\n", problem);
        return false;
    }
    enum log_level level;
    if (log_level_parse(conf->log_level, &level))
        log_threshold(level);
    const struct error_codes *codes = error_codes_load(c->life, arena_printf(c->life, "%s/etc/error-codes", conf->main_root), &problem);
    if (!codes) {
        fprintf(stderr, "fcgi-cron: %s\n", problem);
        return false;
    }
    error_codes_use(codes);
    ctx_init(&c->proto, c->life, conf);
    c->proto.keys = keys;
    c->proto.db = db_new(conf);
    c->proto.client = client_new();
    for (size_t i = 0; i < ARRAY_LEN(steps); i++)
        c->crews[i] = crew_new(c->life, &c->proto);
    c->wake_fd = wake_socket(conf->cron_socket);
    if (gethostname(c->host, sizeof c->host - 1) != 0)
        c->host[0] = 0;
    return true;
}

int main(int argc, char **argv)
{
    int64_t seconds = -1; /* -1: once; INT64_MAX / 1000: until told to stop */
    const char *conf_path = NULL;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--once") == 0)
            seconds = -1;
        else if (strcmp(argv[i], "--daemon") == 0)
            seconds = INT32_MAX;
        else if (strcmp(argv[i], "--for") == 0 && i + 1 < argc)
            seconds = strtol(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--config") == 0 && i + 1 < argc)
            conf_path = argv[++i];
        else {
            fprintf(stderr, "usage: fcgi-cron [--once | --for SECONDS | --daemon] [--config FILE]\n");
            return 2;
        }
    }
    struct cron c = { 0 };
    crypto_init();
    if (!start(&c, conf_path)) {
        arena_free(c.life);
        return 1;
    }
    signals();
    int ok = 0;
    if (seconds < 0)
        ok = round_once(&c);
    else
        loop(&c, clock_mono_ms() + seconds * 1000);
    finish(&c);
    db_free(c.proto.db);
    client_free(c.proto.client);
    arena_free(c.life);
    return ok < 0;
}
