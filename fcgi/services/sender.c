/* sender.c - asynchronous sends and look-ups; each has an arena and a context of its own until its answer is settled. */
#include "base/base.h"
#include "base/conf.h"
#include "base/log.h"
#include "providers/client.h"
#include "services/gate.h"
#include "services/outgoing.h"
#include "services/reconcile.h"
#include "services/sender.h"
#include "store/db.h"

enum { ITEM_CEILING = 128 << 20, BUSY_LINES = 32 }; /* a ceiling, not a size: some pages of Twilio's list, taken apart */

struct sender {
    struct ctx proto;
    int in_flight;
    /* Of the present step: lines whose rate is used up, and how many rows wait for each. */
    struct { uint64_t line; int64_t rows; } busy[BUSY_LINES];
    size_t busy_count;
};

struct item {
    struct sender *sender;
    struct ctx ctx;
    struct outbox_row *row;
    bool lookup;
    int pages; /* of the list, read so far */
};

struct sender *sender_new(struct arena *a, const struct ctx *proto)
{
    struct sender *s = ARENA_NEW(a, struct sender);
    s->proto = *proto;
    return s;
}

int sender_in_flight(const struct sender *s)
{
    return s->in_flight;
}

static struct item *item_new(struct sender *s, const struct due_row *due)
{
    struct arena *a = arena_new(ITEM_CEILING);
    struct item *it = ARENA_NEW(a, struct item);
    ctx_init(&it->ctx, a, s->proto.conf);
    it->ctx.db = s->proto.db;
    it->ctx.keys = s->proto.keys;
    it->ctx.client = s->proto.client;
    it->ctx.tenant = due->tenant_id;
    it->ctx.actor = (struct actor){ .kind = ACTOR_JOB, .name = "fcgi-cron" };
    it->sender = s;
    return it;
}

static void item_end(struct item *it)
{
    if (it->ctx.err.code)
        log_event(&it->ctx, LOG_ERROR, "sender.failed", "error=%s detail=%s", err_name(it->ctx.err.code), log_quote(it->ctx.arena, it->ctx.err.detail));
    arena_free(it->ctx.arena);
}

static void answered(const struct answer *answer, void *arg)
{
    struct item *it = arg;
    const char *next = NULL;
    struct call call;
    it->sender->in_flight--;
    if (it->lookup) {
        if (reconcile_settle(&it->ctx, it->row, answer, ++it->pages, &next) && reconcile_begin(&it->ctx, it->row, next, &call)) {
            it->sender->in_flight++;
            client_start(it->ctx.client, it->ctx.arena, &call, answered, it);
            return;
        }
    } else {
        struct twilio_result result;
        twilio_send_result(it->ctx.arena, answer, &result);
        outgoing_settle(&it->ctx, it->row, it->ctx.id, &result);
    }
    item_end(it);
}

/* One behind the other, so that they do not all come back at once to be told the same again. */
static void wait_for_pace(struct item *it, const struct gate *gate)
{
    struct sender *s = it->sender;
    const struct outbox_row *row = it->row;
    size_t i = 0;
    while (i < s->busy_count && s->busy[i].line != row->line_id)
        i++;
    if (i == s->busy_count && i < BUSY_LINES)
        s->busy[s->busy_count++].line = row->line_id;
    int64_t before = i < BUSY_LINES ? s->busy[i].rows++ : 0;
    db_outbox_move(&it->ctx, row->tenant_id, row->id, "queued", "queued", gate->wait_ms + before * gate->cost_ms, gate->reason);
}

/* False when nothing was started and the item can go. */
static bool start_send(struct item *it)
{
    struct ctx *ctx = &it->ctx;
    struct outbox_row *row = it->row;
    if (strcmp(row->state, "queued") != 0) /* another host was quicker: the pace is not used up for nothing */
        return false;
    struct gate gate = gate_check(ctx, row);
    if (gate.verdict == GATE_ERROR)
        return false;
    if (gate.verdict == GATE_LATER) {
        wait_for_pace(it, &gate);
        return false;
    }
    struct call call;
    if (!outgoing_start(ctx, row, &gate, (int)ctx->conf->twilio_limit_ms, &call))
        return false;
    client_start(ctx->client, ctx->arena, &call, answered, it);
    return true;
}

static bool start_lookup(struct item *it)
{
    struct call call;
    if (!reconcile_begin(&it->ctx, it->row, NULL, &call))
        return false;
    client_start(it->ctx.client, it->ctx.arena, &call, answered, it);
    return true;
}

static void start(struct sender *s, const struct due_row *due, bool lookup, int *begun)
{
    struct item *it = item_new(s, due);
    it->lookup = lookup;
    it->row = db_outbox_get(&it->ctx, due->tenant_id, due->id);
    if (it->row && (lookup ? start_lookup(it) : start_send(it))) {
        s->in_flight++;
        (*begun)++;
        return;
    }
    item_end(it);
}

static bool start_due(struct sender *s, struct ctx *ctx, const char *state, bool lookup, int *begun)
{
    int room = (int)ctx->conf->twilio_concurrency - s->in_flight;
    if (room <= 0)
        return true;
    struct rows rows = db_outbox_due(ctx, state, 50);
    const struct due_row *due = rows.row;
    for (size_t i = 0; rows.ok && i < rows.n && s->in_flight < ctx->conf->twilio_concurrency; i++)
        start(s, &due[i], lookup, begun);
    return rows.ok;
}

int sender_step(struct sender *s, struct ctx *ctx)
{
    int begun = 0;
    memset(s->busy, 0, sizeof s->busy);
    s->busy_count = 0;
    if (db_outbox_expire(ctx) < 0)
        return -1;
    if (ctx->conf->main_test_mode) /* what was queued before waits until it is over: nothing leaves */
        return 0;
    bool ok = start_due(s, ctx, "queued", false, &begun) && start_due(s, ctx, "unknown", true, &begun);
    client_run(ctx->client, -1, 0); /* begun now, not after other work of the round: leases run */
    if (!ok)
        return -1;
    return begun + (int)s->busy_count;
}
