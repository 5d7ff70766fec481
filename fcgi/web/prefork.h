/* prefork.h - master and workers, and the scoreboard they share.
 *
 * The master takes the listening socket (descriptor 0 from lighttpd, mod_fcgid or spawn-fcgi, else the configured
 * path), never opens the database, forks the workers, replaces each that leaves (at once after a normal end, with
 * growing pauses up to 1 s after crashes in a row), drains on TERM, INT, QUIT and USR1, replaces one by one on HUP (new one up
 * first), kills a worker that passed request_limit_s. Workers get TERM when the master itself is gone. */
#ifndef CENTRALA_PREFORK_H
#define CENTRALA_PREFORK_H
#include "base/base.h"

enum { WORKERS_MAX = 64 };

struct worker_slot {             /* written by the worker, read by the master and the health page */
    volatile int32_t pid;        /* 0: empty */
    volatile int32_t ready;      /* 1 once it can serve; a rolling restart waits for it */
    volatile int32_t busy;       /* 1 while a request is being answered */
    volatile int64_t since_ms;   /* clock_mono_ms() of the last change of busy */
    volatile int64_t started_ms; /* wall clock */
    volatile uint64_t requests;
    volatile uint64_t rss_kb;
    const char *volatile route;  /* static text: the route being answered, for the log line of a hung worker */
};
struct scoreboard {
    volatile int32_t master;
    volatile int64_t started_ms;
    volatile uint64_t restarts, crashes, hangs;
    struct worker_slot slot[WORKERS_MAX * 2]; /* old and new generation side by side during HUP */
};

struct prefork {
    const char *socket;          /* where to listen unless descriptor 0 is a listening socket */
    int workers;                 /* 1 to WORKERS_MAX */
    int64_t request_limit_s;
    /* In the child, after the fork: serve on `fd` until told to stop. Returns the exit code. */
    int (*serve)(int fd, struct scoreboard *board, int slot, void *arg);
    /* In the master on HUP, before new workers are forked: reads settings and templates anew and may change `workers`
     * and `request_limit_s`; may be NULL. */
    void (*reload)(struct prefork *p);
    void *arg;
};
/* Runs until TERM or INT; returns the exit code. */
int prefork_run(struct prefork *p, struct scoreboard *board);
/* The shared page; call before anything that should show on it. */
struct scoreboard *scoreboard_new(void);
/* Descriptor 0 when it is a listening socket, else a new socket at `path`, mode 0660. It replaces what stands there in
 * one step; -1 and a reason when a living master holds `path`.lock (held as long as the process lives, not by its
 * children). The descriptor is non-blocking. */
int listen_socket(const char *path, const char **problem);

#endif
