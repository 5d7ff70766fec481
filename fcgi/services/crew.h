/* crew.h - work in flight in fcgi-cron: calls that are answered while others are begun.
 *
 * Each piece of work has an arena and a context of its own, which last until work_end(). A step of the loop
 * (fcgi/steps.def) is called every round with a crew that is its own; it begins what is due and returns at once, answers
 * come back through client_run(). A crew's calls are waited for before fcgi-cron ends. */
#ifndef CENTRALA_SERVICES_CREW_H
#define CENTRALA_SERVICES_CREW_H
#include "base/base.h"
#include "base/ctx.h"
#include "providers/client.h"

struct crew;
struct work {
    struct ctx ctx;    /* tenant set; actor: the job */
    void *data;        /* the step's own */
    struct crew *crew;
    void (*answered)(struct work *w, const struct answer *answer);
    /* while it rests: work_later() */
    void (*rested)(struct work *w);
    int64_t until_ms;
    struct work *next;
};

/* Lives in `life`; `conf`, `db`, `client` and `keys` of each context are taken from `proto`. */
struct crew *crew_new(struct arena *life, const struct ctx *proto);
/* Calls without an answer yet. */
int crew_in_flight(const struct crew *c);

/* `ceiling` is the most memory it may take. */
struct work *work_new(struct crew *c, uint64_t tenant, size_t ceiling);
/* Starts a call; `answered` ends the work or calls again. What the call points at must lie in the work's arena. */
void work_call(struct work *w, const struct call *call, void (*answered)(struct work *w, const struct answer *answer));
/* Goes on with `then` after that pause, at a round of the loop. What rests when fcgi-cron ends is dropped: leases run out. */
void work_later(struct work *w, int64_t ms, void (*then)(struct work *w));
/* Goes on with the work whose pause is over; the loop calls it before the step. */
void crew_wake(struct crew *c);
/* Frees what rests, when the program ends. */
void crew_drop(struct crew *c);
/* Pieces of work that rest. */
int crew_resting(const struct crew *c);
/* Logs what is in ctx.err under `what`, and frees everything. */
void work_end(struct work *w, const char *what);

#endif
