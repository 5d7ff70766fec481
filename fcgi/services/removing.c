/* removing.c - the steps of removing one message. */
#include "base/base.h"
#include "base/conf.h"
#include "base/log.h"
#include "services/burst.h"
#include "services/credentials.h"
#include "services/media.h"
#include "services/note.h"
#include "services/params.h"
#include "services/removal.h"
#include "services/removing.h"
#include "store/db.h"

enum { TOO_EARLY = 20009, EARLY_MS = 60 * 1000, EARLY_MOST_MS = 6 * 3600 * 1000, AGAIN_MS = 5 * 1000, AGAIN_MOST_MS = 3600 * 1000, AGE_MOST_S = REMOVAL_DAYS * 24 * 3600 };

int64_t removing_lease_s(int limit_ms)
{
    return limit_ms / 1000 + REMOVING_SPARE_S;
}

static bool is_delete(const struct removing *r)
{
    return strcmp(r->row->action, "delete") == 0;
}

/* Not at Twilio: played, or never accepted there. */
static const char *remote_sid(const struct ctx *ctx, const struct removing *r)
{
    if (ctx->conf->main_test_mode || (r->m && r->m->simulated))
        return "";
    if (r->m)
        return r->m->sid ? r->m->sid : "";
    return r->row->sid;
}

/* Is this stage one of this message's? */
static bool applies(const struct removing *r, enum removing_stage stage)
{
    switch (stage) {
    case REMOVING_LIST: return r->m ? r->m->num_media > 0 : !is_delete(r); /* deleting the record takes its files along; what we know of is asked for by name */
    case REMOVING_MEDIA: return r->media_at < r->media_count;
    case REMOVING_CANCEL: return is_delete(r) && r->m && strcmp(r->m->status, "scheduled") == 0;
    case REMOVING_TEXT: return !r->m || !r->m->empty || !is_delete(r);
    case REMOVING_RECORD: return is_delete(r);
    case REMOVING_BEGIN:
    case REMOVING_END: break;
    }
    return false;
}

static void make_call(struct ctx *ctx, struct removing *r, struct call *call)
{
    struct arena *a = ctx->arena;
    switch (r->stage) {
    case REMOVING_LIST: twilio_media_list_call(a, ctx->conf, &r->acc, r->sid, r->limit_ms, call); return;
    case REMOVING_MEDIA: twilio_media_delete_call(a, ctx->conf, &r->acc, r->sid, r->media[r->media_at], r->limit_ms, call); return;
    case REMOVING_CANCEL: twilio_cancel_call(a, ctx->conf, &r->acc, r->sid, r->limit_ms, call); return;
    case REMOVING_TEXT: twilio_redact_call(a, ctx->conf, &r->acc, r->sid, r->limit_ms, call); return;
    case REMOVING_RECORD: twilio_delete_call(a, ctx->conf, &r->acc, r->sid, r->limit_ms, call); return;
    case REMOVING_BEGIN:
    case REMOVING_END: BUG_IF(true);
    }
}

/* To the next stage that there is, with its call; false at the end. */
static bool go_on(struct ctx *ctx, struct removing *r, struct call *call)
{
    if (r->stage != REMOVING_MEDIA || ++r->media_at >= r->media_count)
        do
            r->stage++;
        while (r->stage < REMOVING_END && !applies(r, r->stage));
    if (r->stage >= REMOVING_END) {
        r->remote = *r->sid != 0;
        return false;
    }
    int held = db_removal_hold(ctx, r->row->tenant_id, r->row->id, ctx->id, removing_lease_s(r->limit_ms));
    r->lost = held == 0;
    if (held <= 0)
        return false;
    make_call(ctx, r, call);
    return true;
}

bool removing_begin(struct ctx *ctx, struct removing *r, const struct removal_row *row, int limit_ms, struct call *call)
{
    *r = (struct removing){ .row = row, .limit_ms = limit_ms, .last = { .end = TWILIO_REMOVED, .retry_after_ms = -1 } };
    r->m = row->message_id ? db_removable(ctx, row->tenant_id, row->conversation_id, row->message_id) : NULL;
    if (ctx->err.code)
        return false;
    r->sid = remote_sid(ctx, r);
    if (!*r->sid)
        return false;
    const struct credentials *c = credentials_get(ctx);
    if (!c) {
        r->last = (struct twilio_removed){ .end = TWILIO_REFUSED, .words = err_public(&ctx->err), .retry_after_ms = -1 };
        if (ctx->err.code == ERR_UPSTREAM)
            err_clear(ctx);
        return false;
    }
    r->acc = (struct twilio_account){ .sid = c->account_sid, .user = c->rest_user, .password = c->rest_password, .api_base = ctx->conf->twilio_api_base };
    return go_on(ctx, r, call);
}

static const char *const stage_names[] = { "begin", "files", "file", "cancel", "text", "record", "end" };

/* Only the last stage of a deletion must succeed: what is deleted needs no cancelling or redacting that was refused. */
static bool may_go_on(const struct removing *r)
{
    return r->last.end == TWILIO_REMOVED || (r->last.end == TWILIO_REFUSED && is_delete(r) && (r->stage == REMOVING_CANCEL || r->stage == REMOVING_TEXT));
}

bool removing_next(struct ctx *ctx, struct removing *r, const struct answer *answer, struct call *call)
{
    twilio_removed_result(ctx->arena, answer, &r->last);
    log_event(ctx, r->last.end == TWILIO_REFUSED ? LOG_WARNING : LOG_INFO, "removal.step", "removal=%" PRIu64 " sid=%s step=%s http=%d code=%d", r->row->id, r->sid,
              stage_names[r->stage], r->last.http, r->last.code);
    if (r->last.end == TWILIO_REMOVED && r->stage == REMOVING_LIST && !r->last.absent) {
        r->media_count = twilio_media_list_result(ctx->arena, answer, r->media, REMOVING_MEDIA_MOST);
        if (r->media_count < 0)
            r->last.end = TWILIO_LATER;
    }
    if (r->last.end == TWILIO_REMOVED && r->last.absent && r->stage != REMOVING_MEDIA && r->stage != REMOVING_CANCEL) {
        r->stage = REMOVING_END; /* no such message: nothing of it is left there */
        r->remote = true;
        return false;
    }
    if (!may_go_on(r))
        return false;
    r->last.end = TWILIO_REMOVED;
    return go_on(ctx, r, call);
}

static int64_t backoff_ms(const struct removing *r)
{
    bool early = r->last.code == TOO_EARLY;
    int64_t ms = early ? EARLY_MS : AGAIN_MS, most = early ? EARLY_MOST_MS : AGAIN_MOST_MS;
    for (int64_t i = 1; i < r->row->tries && ms < most; i++)
        ms *= 2;
    ms = ms > most ? most : ms;
    return r->last.retry_after_ms > ms ? r->last.retry_after_ms : ms;
}

/* Did it get a SID, or is it being sent at this moment? Then Twilio must be asked first. */
static bool may_have_left(const struct removing *r, const struct removable_row *now)
{
    const char *was = r->m && r->m->sid ? r->m->sid : "", *is = now->sid ? now->sid : "";
    bool sending = !*is && now->outbox_state && (strcmp(now->outbox_state, "claimed") == 0 || strcmp(now->outbox_state, "unknown") == 0);
    bool queued = !is_delete(r) && !*is && now->outbox_state && strcmp(now->outbox_state, "queued") == 0; /* its text is still to be sent */
    return strcmp(was, is) != 0 || sending || queued;
}

static bool show_newest(struct ctx *ctx, const struct removable_row *m)
{
    const struct talk_row *talk = db_talk(ctx, ctx->tenant, m->conversation_id);
    if (!talk || talk->last_message_id != m->id)
        return !ctx->err.code;
    const struct newest_row *n = db_newest(ctx, ctx->tenant, m->conversation_id);
    return !ctx->err.code && db_talk_shows(ctx, ctx->tenant, m->conversation_id, n, n ? text_preview(ctx->arena, n->body) : "");
}

/* The message's own rows. Sets local, or last.end when it must wait after all. */
static bool remove_here(struct ctx *ctx, struct removing *r)
{
    uint64_t talk = r->row->conversation_id, id = r->row->message_id;
    int there = talk ? db_talk_lock(ctx, ctx->tenant, talk) : 0;
    if (there <= 0)
        return there == 0;
    if (is_delete(r) && !db_outbox_withdraw(ctx, ctx->tenant, talk, id))
        return false;
    const struct removable_row *now = db_removable(ctx, ctx->tenant, talk, id);
    if (!now)
        return !ctx->err.code;
    if (may_have_left(r, now)) {
        r->last = (struct twilio_removed){ .end = TWILIO_LATER, .retry_after_ms = -1 };
        return true;
    }
    r->local = true;
    if (!is_delete(r))
        return db_message_redact(ctx, ctx->tenant, talk, id);
    if (db_message_delete(ctx, ctx->tenant, now) < 0 || !show_newest(ctx, now))
        return false;
    return strcmp(r->row->kind, "message") != 0 || note_add(ctx, talk, "message-removed", "");
}

static bool remove_ledger(struct ctx *ctx, struct removing *r)
{
    const char *sid = r->m && r->m->sid ? r->m->sid : r->row->sid;
    if (!*sid)
        return true;
    int64_t unrouted = db_unrouted_remove(ctx, ctx->tenant, sid, !is_delete(r));
    r->local = r->local || unrouted > 0;
    return unrouted >= 0 && (is_delete(r) ? db_events_delete(ctx, ctx->tenant, sid) : db_events_blank(ctx, ctx->tenant, sid)) &&
           db_removed_put(ctx, ctx->tenant, sid, r->row->action);
}

static bool settle_row(struct ctx *ctx, struct removing *r)
{
    const struct removal_row *row = r->row;
    bool later = r->last.end == TWILIO_LATER && row->age_s < AGE_MOST_S, done = r->last.end == TWILIO_REMOVED;
    if (r->last.end == TWILIO_LATER && !later)
        r->last.end = TWILIO_REFUSED;
    int ours = db_removal_settle(ctx, ctx->tenant, row->id, ctx->id, done ? "done" : later ? "waiting" : "failed", later ? backoff_ms(r) : 0, r->last.code, r->last.http);
    if (ours <= 0) { /* somebody else's by now: they count it */
        r->lost = true;
        return ours == 0;
    }
    return later || db_removal_request_count(ctx, ctx->tenant, row->request_id, 0, done, !done, 0);
}

static bool settle(struct ctx *ctx, void *arg)
{
    struct removing *r = arg;
    r->last = r->said; /* it may run again */
    r->local = r->lost = false;
    bool ok = r->last.end != TWILIO_REMOVED || remove_here(ctx, r);
    if (ok && r->last.end == TWILIO_REMOVED)
        ok = remove_ledger(ctx, r);
    return ok && settle_row(ctx, r);
}

bool removing_settle(struct ctx *ctx, struct removing *r)
{
    if (ctx->err.code || r->lost)
        return !ctx->err.code;
    /* Files are not part of a transaction: first they go, then the rows that name them. */
    if (r->last.end == TWILIO_REMOVED && r->m && r->m->num_media > 0 && !media_forget(ctx, r->m->conversation_id, r->m->id))
        return false;
    r->said = r->last;
    bool ok = db_transaction(ctx, settle, r) == DB_OK;
    burst_forget_all(ctx->burst); /* webhooks ask from now on whether they bring it again */
    return ok;
}
