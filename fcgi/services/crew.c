/* crew.c - pieces of work, each with memory and context of its own. */
#include "base/base.h"
#include "base/clock.h"
#include "base/log.h"
#include "services/crew.h"

struct crew {
    struct ctx proto;
    int in_flight, resting;
    struct work *rest; /* in no order */
};

struct crew *crew_new(struct arena *life, const struct ctx *proto)
{
    struct crew *c = ARENA_NEW(life, struct crew);
    c->proto = *proto;
    return c;
}

int crew_in_flight(const struct crew *c)
{
    return c->in_flight;
}

struct work *work_new(struct crew *c, uint64_t tenant, size_t ceiling)
{
    struct arena *a = arena_new(ceiling);
    struct work *w = ARENA_NEW(a, struct work);
    ctx_init(&w->ctx, a, c->proto.conf);
    w->ctx.db = c->proto.db;
    w->ctx.keys = c->proto.keys;
    w->ctx.client = c->proto.client;
    w->ctx.tenant = tenant;
    w->ctx.actor = (struct actor){ .kind = ACTOR_JOB, .name = "fcgi-cron" };
    w->crew = c;
    return w;
}

static void arrived(const struct answer *answer, void *arg)
{
    struct work *w = arg;
    w->crew->in_flight--;
    w->answered(w, answer);
}

void work_call(struct work *w, const struct call *call, void (*answered)(struct work *w, const struct answer *answer))
{
    w->answered = answered;
    w->crew->in_flight++;
    client_start(w->ctx.client, w->ctx.arena, call, arrived, w);
}

void work_later(struct work *w, int64_t ms, void (*then)(struct work *w))
{
    w->rested = then;
    w->until_ms = clock_mono_ms() + ms;
    w->next = w->crew->rest;
    w->crew->rest = w;
    w->crew->resting++;
}

void crew_wake(struct crew *c)
{
    int64_t now = clock_mono_ms();
    struct work *due = NULL;
    for (struct work **at = &c->rest; *at;) {
        struct work *w = *at;
        if (w->until_ms > now) {
            at = &w->next;
            continue;
        }
        *at = w->next;
        w->next = due;
        due = w;
        c->resting--;
    }
    for (struct work *w = due, *next; w; w = next) { /* a list of its own: `rested` may rest again, or end the work */
        next = w->next;
        w->rested(w);
    }
}

void crew_drop(struct crew *c)
{
    for (struct work *w = c->rest, *next; w; w = next) {
        next = w->next;
        arena_free(w->ctx.arena);
    }
    c->rest = NULL;
    c->resting = 0;
}

int crew_resting(const struct crew *c)
{
    return c->resting;
}

void work_end(struct work *w, const char *what)
{
    struct ctx *ctx = &w->ctx;
    if (ctx->err.code)
        log_event(ctx, LOG_ERROR, "work.failed", "what=%s error=%s detail=%s", what, err_name(ctx->err.code), log_quote(ctx->arena, ctx->err.detail));
    arena_free(ctx->arena);
}
