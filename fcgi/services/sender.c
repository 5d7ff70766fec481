/* sender.c - asynchronous sends and look-ups; each has an arena and a context of its own until its answer is settled. */
#include "base/base.h"
#include "base/conf.h"
#include "services/crew.h"
#include "services/gate.h"
#include "services/outgoing.h"
#include "services/reconcile.h"
#include "services/sender.h"
#include "store/db.h"

enum { WORK_CEILING = 128 << 20, BUSY_LINES = 32 }; /* a ceiling, not a size: some pages of Twilio's list, taken apart */

/* Of the present step: lines whose rate is used up, and how many rows wait for each. */
struct busy {
    struct { uint64_t line; int64_t rows; } lines[BUSY_LINES];
    size_t count;
};

struct sending {
    struct outbox_row *row;
    struct outgoing *out;
    int pages; /* of Twilio's list, read so far */
};

static void sent(struct work *w, const struct answer *answer)
{
    struct sending *s = w->data;
    struct twilio_result result;
    twilio_send_result(w->ctx.arena, answer, &result);
    outgoing_settle(s->out, &result);
    work_end(w, "send");
}

static void looked(struct work *w, const struct answer *answer)
{
    struct sending *s = w->data;
    const char *next = NULL;
    struct call call;
    if (reconcile_settle(&w->ctx, s->row, answer, ++s->pages, &next) && reconcile_begin(&w->ctx, s->row, next, &call))
        work_call(w, &call, looked);
    else
        work_end(w, "look-up");
}

/* One behind the other, so that they do not all come back at once to be told the same again. */
static void wait_for_pace(struct ctx *ctx, const struct outbox_row *row, const struct gate *gate, struct busy *busy)
{
    size_t i = 0;
    while (i < busy->count && busy->lines[i].line != row->line_id)
        i++;
    if (i == busy->count && i < BUSY_LINES)
        busy->lines[busy->count++].line = row->line_id;
    int64_t before = i < BUSY_LINES ? busy->lines[i].rows++ : 0;
    (void)db_outbox_put_off(ctx, row->tenant_id, row->id, ctx->id, gate->wait_ms + before * gate->cost_ms, gate->reason);
}

/* False when nothing was started and the work can go. */
static bool start_send(struct work *w, struct sending *s, struct busy *busy)
{
    struct ctx *ctx = &w->ctx;
    struct outbox_row *row = s->row;
    if (strcmp(row->state, "queued") != 0 || !row->due) /* another host was quicker: the pace is not used up for nothing */
        return false;
    struct gate gate = gate_check(ctx, row);
    if (gate.verdict == GATE_ERROR)
        return false;
    if (gate.verdict == GATE_LATER) {
        wait_for_pace(ctx, row, &gate, busy);
        return false;
    }
    if (db_outbox_hold(ctx, row->tenant_id, row->id, ctx->id, outgoing_hold_ms(ctx)) <= 0)
        return false;
    s->out = outgoing_start(ctx, row, &gate, (int)ctx->conf->twilio_limit_ms);
    if (!s->out)
        return false;
    work_call(w, &s->out->call, sent);
    return true;
}

static bool start_lookup(struct work *w, struct outbox_row *row)
{
    struct call call;
    if (!reconcile_begin(&w->ctx, row, NULL, &call))
        return false;
    work_call(w, &call, looked);
    return true;
}

/* `busy` NULL: a look-up. */
static bool start(struct crew *crew, const struct due_row *due, struct busy *busy)
{
    struct work *w = work_new(crew, due->tenant_id, WORK_CEILING);
    struct sending *s = ARENA_NEW(w->ctx.arena, struct sending);
    w->data = s;
    s->row = db_outbox_get(&w->ctx, due->tenant_id, due->id);
    if (!s->row || !(busy ? start_send(w, s, busy) : start_lookup(w, s->row))) {
        work_end(w, "send");
        return false;
    }
    client_run(w->ctx.client, -1, 0); /* begun now, not after the others: holds and leases run */
    return true;
}

static bool start_due(struct ctx *ctx, struct crew *crew, const char *state, struct busy *busy, int *begun)
{
    int64_t most = ctx->conf->twilio_concurrency;
    if (crew_in_flight(crew) >= most)
        return true;
    struct rows rows = db_outbox_due(ctx, state, 50);
    const struct due_row *due = rows.row;
    for (size_t i = 0; rows.ok && i < rows.n && crew_in_flight(crew) < most; i++)
        *begun += start(crew, &due[i], busy);
    return rows.ok;
}

int sender_step(struct ctx *ctx, struct crew *crew)
{
    int begun = 0;
    struct busy busy = { .count = 0 };
    if (db_outbox_expire(ctx) < 0)
        return -1;
    if (ctx->conf->main_test_mode) /* what was queued before waits until it is over: nothing leaves */
        return 0;
    bool ok = start_due(ctx, crew, "queued", &busy, &begun) && start_due(ctx, crew, "unknown", NULL, &begun);
    if (!ok)
        return -1;
    return begun + (int)busy.count;
}
