/* sync_step.c - fcgi-cron's walk through Twilio's list: a page at a time for each tenant, paced, resumable. */
#include "base/base.h"
#include "base/clock.h"
#include "base/conf.h"
#include "base/log.h"
#include "providers/twilio_remove.h"
#include "services/credentials.h"
#include "services/crew.h"
#include "services/sync.h"

enum { WORK_CEILING = 128 << 20, ANSWER_MOST = 4 << 20, PAGE_SIZE = 200, WALKS_MOST = 8, TRIES_MOST = 10, LEASE_SPARE_S = 30, MEDIA_MOST = 10 };

struct walk {
    const struct sync_row *row;
    struct twilio_account account;
    struct sync_counts counts;  /* of this page */
    const char *next;
    struct rows unlisted;       /* messages of this page whose attachments are to be listed */
    size_t listed;
};

static int64_t lease_s(const struct conf *conf)
{
    return conf->twilio_limit_ms / 1000 + LEASE_SPARE_S;
}

static int64_t back_off_ms(int64_t tries)
{
    static const int steps_s[] = { 2, 5, 15, 60, 300 };
    return (int64_t)steps_s[tries < (int64_t)ARRAY_LEN(steps_s) ? tries : (int64_t)ARRAY_LEN(steps_s) - 1] * 1000;
}

/* Rights that are missing do not come back by themselves; everything else is tried for a while. */
static void give_back(struct ctx *ctx, const struct walk *k, const struct answer *answer)
{
    int code = 0;
    const char *words = NULL;
    twilio_read_refusal(ctx->arena, answer, &code, &words);
    bool hopeless = answer->class == CALL_REFUSED || k->row->tries + 1 >= TRIES_MOST;
    int64_t wait = answer->retry_after_ms > 0 ? answer->retry_after_ms : back_off_ms(k->row->tries);
    log_event(ctx, LOG_NOTICE, "sync.later", "class=%s status=%d code=%d wait_ms=%" PRId64, call_class_name(answer->class), answer->status, code, wait);
    db_sync_back_off(ctx, ctx->tenant, ctx->id, wait, hopeless, words ? words : "");
}

static void advance(struct work *w)
{
    struct walk *k = w->data;
    db_sync_advance(&w->ctx, w->ctx.tenant, w->ctx.id, k->next, &k->counts, w->ctx.conf->sync_page_pause_ms);
    work_end(w, "sync");
}

static void list_media(struct work *w);

/* A list that could not be had is asked for by the next walk over that day. */
static void media_arrived(struct work *w, const struct answer *answer)
{
    struct walk *k = w->data;
    const char *sids[MEDIA_MOST];
    const struct state_row *m = (const struct state_row *)k->unlisted.row + k->listed++;
    int n = twilio_media_list_result(w->ctx.arena, answer, sids, MEDIA_MOST);
    if (n > 0 && !sync_media_listed(&w->ctx, m, &k->account, sids, n))
        work_end(w, "sync");
    else
        list_media(w);
}

/* One message's attachments after the other, then on to the next page. */
static void list_media(struct work *w)
{
    struct walk *k = w->data;
    struct ctx *ctx = &w->ctx;
    struct call call;
    if (k->listed == k->unlisted.n) {
        advance(w);
        return;
    }
    const struct state_row *m = (const struct state_row *)k->unlisted.row + k->listed;
    twilio_media_list_call(ctx->arena, ctx->conf, &k->account, m->sid, (int)ctx->conf->twilio_limit_ms, &call);
    if (db_sync_hold(ctx, ctx->tenant, ctx->id, lease_s(ctx->conf)) <= 0) /* somebody else walks now */
        work_end(w, "sync");
    else
        work_call(w, &call, media_arrived);
}

static void page_arrived(struct work *w, const struct answer *answer)
{
    struct ctx *ctx = &w->ctx;
    struct walk *k = w->data;
    struct twilio_page page;
    twilio_list_result(ctx->arena, &k->account, answer, &page);
    if (!page.ok) {
        give_back(ctx, k, answer);
    } else if (sync_upsert(ctx, page.v, page.n, &k->counts)) {
        log_event(ctx, LOG_INFO, "sync.page", "seen=%" PRId64 " added=%" PRId64 " updated=%" PRId64, k->counts.seen, k->counts.added, k->counts.updated);
        k->next = page.next;
        k->unlisted = sync_media_unlisted(ctx, page.v, page.n);
        if (k->unlisted.ok) {
            list_media(w);
            return;
        }
    }
    work_end(w, "sync");
}

static bool begin(struct work *w)
{
    struct ctx *ctx = &w->ctx;
    struct walk *k = w->data;
    struct call call;
    if (db_sync_claim(ctx, ctx->tenant, ctx->id, lease_s(ctx->conf)) <= 0)
        return false;
    const struct credentials *c = credentials_get(ctx);
    if (!c) {
        const char *why = err_public(&ctx->err);
        if (ctx->err.code != ERR_DATABASE) {
            err_clear(ctx);
            db_sync_back_off(ctx, ctx->tenant, ctx->id, 0, true, why);
        }
        return false;
    }
    k->account = (struct twilio_account){ .sid = c->account_sid, .user = c->rest_user, .password = c->rest_password, .api_base = ctx->conf->twilio_api_base };
    const struct twilio_filter filter = { .day_ms = k->row->day_ms, .before_ms = CLOCK_NONE, .after_ms = CLOCK_NONE, .page_size = PAGE_SIZE };
    if (!twilio_find_call(ctx->arena, ctx->conf, &k->account, &filter, k->row->next_uri, &call)) {
        db_sync_back_off(ctx, ctx->tenant, ctx->id, 0, true, "the next page is not of this account");
        return false;
    }
    call.most = ANSWER_MOST;
    work_call(w, &call, page_arrived);
    return true;
}

int sync_step(struct ctx *ctx, struct crew *crew)
{
    int begun = 0;
    if (ctx->conf->main_test_mode || crew_in_flight(crew) >= WALKS_MOST)
        return 0;
    struct rows rows = db_sync_due(ctx, WALKS_MOST);
    const struct sync_row *r = rows.row;
    for (size_t i = 0; rows.ok && i < rows.n && crew_in_flight(crew) < WALKS_MOST; i++) {
        struct work *w = work_new(crew, r[i].tenant_id, WORK_CEILING);
        struct walk *k = ARENA_NEW(w->ctx.arena, struct walk);
        struct sync_row *own = ARENA_NEW(w->ctx.arena, struct sync_row);
        *own = r[i];
        own->next_uri = r[i].next_uri ? arena_strdup(w->ctx.arena, r[i].next_uri) : NULL;
        k->row = own;
        w->data = k;
        if (begin(w))
            begun++;
        else
            work_end(w, "sync");
    }
    return rows.ok ? begun : -1;
}
