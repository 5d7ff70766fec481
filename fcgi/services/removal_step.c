/* removal_step.c - fcgi-cron's share: walks the sources, works off the queue, ends requests. */
#include "base/base.h"
#include "base/conf.h"
#include "base/log.h"
#include "services/credentials.h"
#include "services/crew.h"
#include "services/removal.h"
#include "services/removing.h"
#include "store/db.h"

int removal_step(struct ctx *ctx, struct crew *crew);

/* Few at a time: what is sent comes first. */
enum { WORK_CEILING = 64 << 20, IN_FLIGHT = 4, ROUND_MOST = 50, SOURCES_MOST = 4, REQUESTS_MOST = 10, LOOK_MS = 2000, LIST_LEASE_S = 120, LIST_AGAIN_MS = 30000,
       LIST_AGAIN_MOST_MS = 3600 * 1000, URI_MOST = 2000, QUEUE_MOST = 2000 };

/* --- messages --- */

static void answered(struct work *w, const struct answer *answer)
{
    struct call call;
    if (removing_next(&w->ctx, w->data, answer, &call)) {
        work_call(w, &call, answered);
        return;
    }
    (void)removing_settle(&w->ctx, w->data);
    work_end(w, "removal");
}

static bool start_removal(struct work *w, uint64_t id)
{
    struct ctx *ctx = &w->ctx;
    struct removing *r = ARENA_NEW(ctx->arena, struct removing);
    struct call call;
    int limit = (int)ctx->conf->twilio_limit_ms;
    if (db_removal_claim(ctx, ctx->tenant, id, ctx->id, removing_lease_s(limit)) <= 0)
        return false;
    const struct removal_row *row = db_removal(ctx, ctx->tenant, id);
    if (!row)
        return false;
    w->data = r;
    if (removing_begin(ctx, r, row, limit, &call)) {
        work_call(w, &call, answered);
        return true;
    }
    (void)removing_settle(ctx, r);
    return false;
}

static bool start_removals(struct ctx *ctx, struct crew *crew, int *begun)
{
    if (crew_in_flight(crew) >= IN_FLIGHT)
        return true;
    struct rows rows = db_removals_due(ctx, ROUND_MOST); /* what is removed here alone needs no call */
    const struct removal_due_row *due = rows.row;
    for (size_t i = 0; i < rows.n && crew_in_flight(crew) < IN_FLIGHT; i++) {
        struct work *w = work_new(crew, due[i].tenant_id, WORK_CEILING);
        if (!start_removal(w, due[i].id))
            work_end(w, "removal");
        ++*begun;
    }
    return rows.ok;
}

/* --- Twilio's lists --- */

struct listing {
    const struct removal_source_row *source;
    struct twilio_account acc;
    struct twilio_page page;
};

static bool store_page(struct ctx *ctx, void *arg)
{
    const struct listing *l = arg;
    const struct removal_source_row *s = l->source;
    int64_t added = 0;
    for (size_t i = 0; i < l->page.n; i++) {
        const struct removable_row *m = db_removable_by_sid(ctx, ctx->tenant, l->page.v[i].sid);
        if (ctx->err.code)
            return false;
        int known = db_removal_known(ctx, ctx->tenant, s->request_id, l->page.v[i].sid); /* found among ours, perhaps gone by now */
        if (known < 0)
            return false;
        added += !known && db_removal_add(ctx, ctx->tenant, s->request_id, m ? m->conversation_id : 0, m ? m->id : 0, l->page.v[i].sid, s->action, NULL, 0) != 0;
        if (ctx->err.code)
            return false;
    }
    int ours = db_removal_source_settle(ctx, ctx->tenant, s->id, ctx->id, l->page.next ? "waiting" : "done", 0, l->page.next, 0, 0);
    if (ours == 0)
        err_set(ctx, ERR_CONFLICT, "the source is somebody else's");
    return ours > 0 && db_removal_request_count(ctx, ctx->tenant, s->request_id, added, 0, 0, 0);
}

static bool list_again(struct ctx *ctx, const struct removal_source_row *s)
{
    int64_t ms = LIST_AGAIN_MS;
    for (int64_t i = 0; i < s->tries && ms < LIST_AGAIN_MOST_MS; i++)
        ms *= 2;
    int64_t tries = s->tries < 1000 ? s->tries + 1 : s->tries;
    return db_removal_source_settle(ctx, ctx->tenant, s->id, ctx->id, "waiting", 0, s->next_uri, tries, ms < LIST_AGAIN_MOST_MS ? ms : LIST_AGAIN_MOST_MS) >= 0;
}

static void listed(struct work *w, const struct answer *answer)
{
    struct listing *l = w->data;
    struct ctx *ctx = &w->ctx;
    twilio_list_result(ctx->arena, &l->acc, answer, &l->page);
    bool ok = l->page.ok && (!l->page.next || strlen(l->page.next) <= URI_MOST);
    log_event(ctx, ok ? LOG_INFO : LOG_WARNING, "removal.list", "report=%" PRIu64 " http=%d messages=%zu", l->source->request_id, answer->status, l->page.n);
    if (ok)
        (void)db_transaction(ctx, store_page, l);
    else
        (void)list_again(ctx, l->source);
    work_end(w, "removal list");
}

/* True when a call was begun. */
static bool start_list(struct work *w, const struct removal_source_row *s)
{
    struct ctx *ctx = &w->ctx;
    struct listing *l = ARENA_NEW(ctx->arena, struct listing);
    struct call call;
    if (db_removal_source_claim(ctx, ctx->tenant, s->id, ctx->id, LIST_LEASE_S) <= 0)
        return false;
    l->source = s;
    w->data = l;
    if (ctx->conf->main_test_mode || !db_account_get(ctx, ctx->tenant)) { /* nothing of ours is there */
        if (!ctx->err.code)
            (void)db_removal_source_settle(ctx, ctx->tenant, s->id, ctx->id, "done", 0, NULL, 0, 0);
        return false;
    }
    const struct credentials *c = credentials_get(ctx);
    if (!c)
        return false;
    l->acc = (struct twilio_account){ .sid = c->account_sid, .user = c->rest_user, .password = c->rest_password, .api_base = ctx->conf->twilio_api_base };
    bool to = strcmp(s->kind, "to") == 0;
    const char *next = s->next_uri;
    if (!twilio_list_call(ctx->arena, ctx->conf, &l->acc, to ? s->address : NULL, to ? NULL : s->address, CLOCK_NONE, next, &call))
        return false;
    work_call(w, &call, listed);
    return true;
}

/* The queue stays short, however much there is to be removed. */
static void collect(struct ctx *ctx, const struct removal_source_row *s)
{
    int64_t waiting = db_removal_queue(ctx, ctx->tenant, s->request_id, QUEUE_MOST);
    if (waiting >= QUEUE_MOST)
        (void)db_removal_source_rest(ctx, ctx->tenant, s->id, LOOK_MS);
    else if (waiting >= 0)
        (void)removal_collect(ctx, s, 0);
}

static bool start_sources(struct ctx *ctx, struct crew *crew, int *begun)
{
    struct rows rows = db_removal_sources_due(ctx, SOURCES_MOST);
    const struct removal_due_row *due = rows.row;
    for (size_t i = 0; i < rows.n && crew_in_flight(crew) < IN_FLIGHT; i++) {
        struct work *w = work_new(crew, due[i].tenant_id, WORK_CEILING);
        const struct removal_source_row *s = db_removal_source(&w->ctx, due[i].tenant_id, due[i].id);
        bool list = s && (strcmp(s->kind, "to") == 0 || strcmp(s->kind, "from") == 0);
        bool called = list && start_list(w, s);
        if (s && !list)
            collect(&w->ctx, s);
        if (!called)
            work_end(w, "removal source");
        ++*begun;
    }
    return rows.ok;
}

/* --- the end of requests --- */

static bool end_requests(struct ctx *ctx, struct crew *crew)
{
    struct rows rows = db_removal_requests_due(ctx, REQUESTS_MOST);
    const struct removal_due_row *due = rows.row;
    for (size_t i = 0; i < rows.n; i++) {
        struct work *w = work_new(crew, due[i].tenant_id, WORK_CEILING);
        if (db_removal_request_take(&w->ctx, due[i].tenant_id, due[i].id, LOOK_MS) > 0)
            (void)removal_close(&w->ctx, due[i].id);
        work_end(w, "removal request");
    }
    return rows.ok;
}

int removal_step(struct ctx *ctx, struct crew *crew)
{
    int begun = 0;
    if (!db_removal_expire(ctx) || !start_sources(ctx, crew, &begun) || !start_removals(ctx, crew, &begun) || !end_requests(ctx, crew))
        return -1;
    client_run(ctx->client, -1, 0); /* begun now: leases run */
    return begun;
}
