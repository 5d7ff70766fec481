/* prefork.c - the master: one loop that reaps, replaces, watches and waits for a signal. It has no signal handlers:
 * everything is blocked and taken with sigtimedwait(), so nothing can come between a test and a wait. */
#include "base/base.h"
#include "base/clock.h"
#include "base/log.h"
#include "web/prefork.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    SLOTS = WORKERS_MAX * 2,
    TICK_MS = 250,        /* how often hangs are looked for */
    ROLL_MS = 5,          /* the same while a rolling restart waits for a new worker */
    PAUSE_FIRST_MS = 20,  /* after the second crash in a row; doubled up to PAUSE_MOST_MS */
    PAUSE_MOST_MS = 1000,
    CALM_MS = 10000,      /* crashes further apart than this are not "in a row" */
    KILL_MS = 1000        /* from ABRT to KILL */
};

struct child {
    pid_t pid;          /* 0: none */
    unsigned generation;
    bool leaving;       /* was told TERM */
    int64_t aborted_ms; /* when ABRT was sent, 0 = not */
};

struct master {
    struct prefork *p;
    struct scoreboard *board;
    int fd;
    unsigned generation;
    struct child child[SLOTS];
    int crashes;        /* in a row */
    int64_t crash_ms, fork_ms; /* of the last crash; no fork before this */
    bool draining;
    int64_t drain_ms;   /* when it began */
};

static int64_t limit_ms(const struct master *m)
{
    return (m->p->request_limit_s + 1) * 1000;
}

/* --- children --- */

static void run_child(struct master *m, int slot, pid_t master)
{
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != master)
        _exit(0);
    _exit(m->p->serve(m->fd, m->board, slot, m->p->arg));
}

static void start_child(struct master *m)
{
    int slot = 0;
    while (slot < SLOTS && m->child[slot].pid)
        slot++;
    if (slot == SLOTS)
        return; /* all taken by old ones that still drain: the next turn finds room */
    struct worker_slot *w = &m->board->slot[slot];
    *w = (struct worker_slot){ .started_ms = clock_now_ms(), .since_ms = clock_mono_ms() };
    pid_t self = getpid(), pid = fork();
    if (pid == 0)
        run_child(m, slot, self);
    if (pid < 0) {
        log_event(NULL, LOG_ERROR, "master.fork", "error=\"%s\"", strerror(errno));
        m->fork_ms = clock_mono_ms() + PAUSE_MOST_MS;
        return;
    }
    w->pid = pid;
    m->child[slot] = (struct child){ .pid = pid, .generation = m->generation };
}

static void pause_after_crash(struct master *m)
{
    int64_t now = clock_mono_ms();
    m->crashes = m->crash_ms && now - m->crash_ms < CALM_MS ? m->crashes + 1 : 1;
    m->crash_ms = now;
    int64_t pause = 0;
    for (int i = 1; i < m->crashes && pause < PAUSE_MOST_MS; i++)
        pause = pause ? pause * 2 : PAUSE_FIRST_MS;
    m->fork_ms = now + (pause < PAUSE_MOST_MS ? pause : PAUSE_MOST_MS);
}

static void child_ended(struct master *m, int slot, int status)
{
    struct child *c = &m->child[slot];
    struct worker_slot *w = &m->board->slot[slot];
    bool normal = WIFEXITED(status) && WEXITSTATUS(status) == 0, hung = c->aborted_ms != 0;
    if (!normal) {
        m->board->crashes += !hung;
        log_event(NULL, LOG_ERROR, hung ? "worker.hung" : "worker.crashed", "pid=%d %s=%d requests=%" PRIu64 " busy=%d route=%s",
                  (int)c->pid, WIFSIGNALED(status) ? "signal" : "exit", WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status),
                  w->requests, w->busy, w->route ? w->route : "-");
        pause_after_crash(m);
    }
    m->board->restarts += !m->draining;
    *c = (struct child){ .pid = 0 };
    *w = (struct worker_slot){ .pid = 0 };
}

static void reap(struct master *m)
{
    int status;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;)
        for (int i = 0; i < SLOTS; i++)
            if (m->child[i].pid == pid)
                child_ended(m, i, status);
}

static void tell(struct master *m, int slot, int signal)
{
    if (signal == SIGTERM)
        m->child[slot].leaving = true;
    kill(m->child[slot].pid, signal);
}

static int alive(const struct master *m)
{
    int n = 0;
    for (int i = 0; i < SLOTS; i++)
        n += m->child[i].pid != 0;
    return n;
}

/* --- the right number, of the right generation --- */

struct tally {
    int present, ready; /* of this generation */
    int old;            /* of an earlier one, not yet told to leave */
    int an_old;         /* one of them */
};

static struct tally count(const struct master *m)
{
    struct tally t = { .an_old = -1 };
    for (int i = 0; i < SLOTS; i++) {
        const struct child *c = &m->child[i];
        if (!c->pid || c->leaving)
            continue;
        if (c->generation == m->generation) {
            t.present++;
            t.ready += m->board->slot[i].ready != 0;
        } else {
            t.old++;
            t.an_old = i;
        }
    }
    return t;
}

/* Starts what is missing. In a rolling restart: one new worker, and when it is ready an old one leaves; so there are
 * always as many as configured that answer. Gives the milliseconds until the next look. */
static int refill(struct master *m)
{
    for (;;) {
        struct tally t = count(m);
        int missing = m->p->workers - t.present;
        if (t.old && t.ready == t.present && t.ready + t.old > m->p->workers) {
            tell(m, t.an_old, SIGTERM);
            continue;
        }
        if (missing <= 0)
            return t.old ? ROLL_MS : TICK_MS;
        if (t.old && t.ready < t.present)
            return ROLL_MS; /* the new one first */
        int64_t wait = m->fork_ms - clock_mono_ms();
        if (wait > 0)
            return wait < TICK_MS ? (int)wait : TICK_MS;
        int before = t.present;
        start_child(m);
        if (count(m).present == before)
            return TICK_MS;
    }
}

static void watch(struct master *m)
{
    int64_t now = clock_mono_ms();
    for (int i = 0; i < SLOTS; i++) {
        struct child *c = &m->child[i];
        const struct worker_slot *w = &m->board->slot[i];
        if (!c->pid)
            continue;
        if (c->aborted_ms) {
            if (now - c->aborted_ms > KILL_MS)
                tell(m, i, SIGKILL);
        } else if (w->busy && now - w->since_ms > limit_ms(m)) {
            c->aborted_ms = now;
            m->board->hangs++;
            tell(m, i, SIGABRT);
        }
    }
}

/* --- signals --- */

static void drain(struct master *m, int signal)
{
    if (m->draining)
        return;
    log_event(NULL, LOG_NOTICE, "master.drain", "signal=%d workers=%d", signal, alive(m));
    m->draining = true;
    m->drain_ms = clock_mono_ms();
    for (int i = 0; i < SLOTS; i++)
        if (m->child[i].pid)
            tell(m, i, SIGTERM);
}

static void roll(struct master *m)
{
    if (m->draining)
        return;
    log_event(NULL, LOG_NOTICE, "master.reload", "workers=%d", alive(m));
    if (m->p->reload)
        m->p->reload(m->p);
    m->generation++;
    m->crashes = 0;
    m->fork_ms = 0;
}

static sigset_t our_signals(void)
{
    static const int list[] = { SIGTERM, SIGINT, SIGQUIT, SIGUSR1, SIGHUP, SIGCHLD };
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < ARRAY_LEN(list); i++)
        sigaddset(&set, list[i]);
    return set;
}

static void wait_for_signal(struct master *m, const sigset_t *set, int ms)
{
    struct timespec timeout = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L };
    int signal = sigtimedwait(set, NULL, &timeout);
    if (signal == SIGHUP)
        roll(m);
    else if (signal > 0 && signal != SIGCHLD)
        drain(m, signal);
}

static void loop(struct master *m, const sigset_t *set)
{
    while (!m->draining || alive(m)) {
        reap(m);
        int wait = m->draining ? TICK_MS : refill(m);
        watch(m);
        if (m->draining && clock_mono_ms() - m->drain_ms > limit_ms(m) + KILL_MS)
            for (int i = 0; i < SLOTS; i++)
                if (m->child[i].pid)
                    tell(m, i, SIGKILL);
        if (!m->draining || alive(m))
            wait_for_signal(m, set, wait);
    }
}

/* FastCGI promises descriptor 0 only: without this a connection might get number 2, and the log would go there. */
static void fill_descriptors(void)
{
    for (int fd = 0; fd <= STDERR_FILENO; fd++)
        BUG_IF(fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd);
}

int prefork_run(struct prefork *p, struct scoreboard *board)
{
    BUG_IF(p->workers < 1 || p->workers > WORKERS_MAX);
    fill_descriptors();
    char path[4096]; /* a reload may take the caller's text away */
    snprintf(path, sizeof path, "%s", p->socket);
    const char *problem = NULL;
    struct master m = { .p = p, .board = board };
    m.fd = listen_socket(path, &problem);
    if (m.fd < 0) {
        log_event(NULL, LOG_ERROR, "master.socket", "path=%s problem=\"%s\"", path, problem);
        return 1;
    }
    struct stat made = { .st_ino = 0 }, now;
    if (m.fd != STDIN_FILENO)
        stat(path, &made);
    sigset_t set = our_signals();
    signal(SIGCHLD, SIG_DFL); /* an inherited "ignore" would swallow the children's ends */
    signal(SIGPIPE, SIG_IGN);
    sigprocmask(SIG_SETMASK, &set, NULL);
    board->master = getpid();
    log_event(NULL, LOG_NOTICE, "master.start", "pid=%d workers=%d socket=%s", (int)getpid(), p->workers,
              m.fd == STDIN_FILENO ? "inherited" : path);
    loop(&m, &set);
    /* Only our own socket is taken away, not that of a master who came after us. */
    if (made.st_ino && stat(path, &now) == 0 && now.st_ino == made.st_ino && now.st_dev == made.st_dev)
        unlink(path);
    log_event(NULL, LOG_NOTICE, "master.end", "pid=%d", (int)getpid());
    return 0;
}
