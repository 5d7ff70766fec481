/* worker.h - one worker's loop over libfcgi: worker.c is the only file that includes fcgiapp.h. */
#ifndef CENTRALA_WORKER_H
#define CENTRALA_WORKER_H
#include "web/app.h"
#include "web/prefork.h"

/* Until TERM, INT, QUIT or USR1, max_requests (± 10 %) or max_memory_mb; the exit code. Each request: arena reset, request
 * read, app_answer(), one write, one log line (method, route, status, duration, statements). `prepare` fills what main
 * knows (db handle, keys) into the ctx. */
int worker_serve(int fd, struct scoreboard *board, int slot, const struct app *app,
                 void (*prepare)(struct request *rq, void *arg), void *arg);

#endif
