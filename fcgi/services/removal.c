/* removal.c - what people and programs ask to be removed, done at once as far as somebody can wait for it. */
#include "base/base.h"
#include "base/clock.h"
#include "base/conf.h"
#include "base/phone.h"
#include "services/audit.h"
#include "services/inbox.h"
#include "services/removal.h"
#include "services/removing.h"
#include "services/wake.h"
#include "store/db.h"

enum { ONE_MS = 15000, ALL_MS = 5000, ALL_MOST = 12, CALL_LEAST_MS = 500, TROUBLED_MOST = 100, CHUNK = 500, SOURCE_LEASE_S = 60, REST_S = 30, TALKS_MOST = 100 };

static const char *word(enum removal_action action)
{
    return action == REMOVAL_REDACT ? "redact" : "delete";
}

static bool is_sid(const char *s)
{
    return strlen(s) == 34 && (strncmp(s, "SM", 2) == 0 || strncmp(s, "MM", 2) == 0) && strspn(s + 2, "0123456789abcdefABCDEF") == 32;
}

/* The calls of one message, as long as somebody waits; what takes longer is left to fcgi-cron. */
static bool run(struct ctx *ctx, const struct removal_row *row, struct removing *r)
{
    struct call call;
    struct answer answer;
    int64_t until = clock_mono_ms() + ONE_MS;
    bool more = removing_begin(ctx, r, row, (int)ctx->conf->twilio_inline_limit_ms, &call);
    while (more) {
        int64_t left = until - clock_mono_ms();
        if (left < CALL_LEAST_MS) {
            r->last = (struct twilio_removed){ .end = TWILIO_LATER, .retry_after_ms = -1 };
            break;
        }
        call.limit_ms = call.limit_ms < left ? call.limit_ms : (int)left;
        client_call(ctx->client, ctx, &call, &answer);
        more = removing_next(ctx, r, &answer, &call);
    }
    return removing_settle(ctx, r);
}

/* --- one message --- */

struct asked {
    const char *sid, *kind;
    enum removal_action action;
    const struct removable_row *m;
    uint64_t request, row;
};

static bool store_one(struct ctx *ctx, void *arg)
{
    struct asked *k = arg;
    const char *name = ctx->actor.name ? ctx->actor.name : "";
    k->request = db_removal_request_add(ctx, ctx->tenant, "message", word(k->action), NULL, ctx->actor.user_id, name);
    if (!k->request)
        return false;
    k->row = db_removal_add(ctx, ctx->tenant, k->request, k->m ? k->m->conversation_id : 0, k->m ? k->m->id : 0, k->sid, word(k->action), ctx->id,
                            removing_lease_s((int)ctx->conf->twilio_inline_limit_ms));
    return k->row && db_removal_request_count(ctx, ctx->tenant, k->request, 1, 0, 0, 0) &&
           audit(ctx, k->action == REMOVAL_REDACT ? "message.redact" : "message.delete", *k->sid ? k->sid : "", arena_printf(ctx->arena, "report %" PRIu64, k->request));
}

static bool remove_one(struct ctx *ctx, struct asked *k, struct removal_result *out)
{
    struct removing r;
    if (db_transaction(ctx, store_one, k) != DB_OK)
        return false;
    const struct removal_row *row = db_removal(ctx, ctx->tenant, k->row);
    if (!row || !run(ctx, row, &r))
        return false;
    const struct removal_row *now = db_removal(ctx, ctx->tenant, k->row);
    if (ctx->err.code)
        return false;
    bool done = !now || strcmp(now->state, "done") == 0; /* fcgi-cron may have closed the report already and swept what is done */
    *out = (struct removal_result){ .request = k->request, .remote = done && r.remote, .local = done && r.local, .code = r.last.code, .http = r.last.http,
                                    .words = r.last.words, .status = k->m ? k->m->status : "" };
    out->pending = !done && strcmp(now->state, "failed") != 0;
    out->retry_ms = out->pending ? now->next_ms : CLOCK_NONE;
    if (!out->pending && !removal_close(ctx, k->request))
        return false;
    bool nothing = done && !k->m && !out->local && (r.last.absent || !out->remote);
    return !nothing || err_set(ctx, ERR_ABSENT, "message");
}

bool removal_message(struct ctx *ctx, const char *sid, enum removal_action action, struct removal_result *out)
{
    if (!is_sid(sid))
        return err_text(ctx, ERR_MALFORMED, N_("A message's SID is SM or MM and 32 hexadecimal digits."), "no sid");
    struct asked k = { .sid = sid, .action = action, .m = db_removable_by_sid(ctx, ctx->tenant, sid) };
    return !ctx->err.code && remove_one(ctx, &k, out);
}

bool removal_message_id(struct ctx *ctx, uint64_t conversation, uint64_t message, enum removal_action action, struct removal_result *out)
{
    const struct removable_row *m = db_removable(ctx, ctx->tenant, conversation, message);
    if (!m)
        return err_set(ctx, ERR_ABSENT, "message");
    const char *state = m->outbox_state ? m->outbox_state : "";
    bool under_way = strcmp(state, "claimed") == 0 || strcmp(state, "unknown") == 0 || (action == REMOVAL_REDACT && strcmp(state, "queued") == 0);
    if (!m->sid && under_way)
        return err_text(ctx, ERR_CONFLICT, N_("This message is being sent at this moment. Try again when its state is known."), "under way");
    struct asked k = { .sid = m->sid ? m->sid : "", .action = action, .m = m };
    return remove_one(ctx, &k, out);
}

/* --- whole conversations --- */

struct talks {
    const struct talk_row *talk;
    size_t n;
    uint64_t request;
};

static bool store_talks(struct ctx *ctx, void *arg)
{
    struct talks *t = arg;
    t->request = db_removal_request_add(ctx, ctx->tenant, "conversation", "delete", NULL, ctx->actor.user_id, ctx->actor.name ? ctx->actor.name : "");
    if (!t->request)
        return false;
    for (size_t i = 0; i < t->n; i++)
        if (!db_removal_source_conversation(ctx, ctx->tenant, t->request, t->talk[i].id, REST_S) ||
            !audit(ctx, "conversation.delete", arena_printf(ctx->arena, "%" PRIu64, t->talk[i].id), arena_printf(ctx->arena, "report %" PRIu64, t->request)))
            return false;
    return true;
}

struct collecting { const struct removal_source_row *source; int64_t rest_s; bool more; };

static bool collect(struct ctx *ctx, void *arg)
{
    struct collecting *c = arg;
    const struct removal_source_row *s = c->source;
    struct removal_chunk got;
    if (!db_removal_collect(ctx, s, CHUNK, c->rest_s, &got))
        return false;
    c->more = got.looked == CHUNK;
    int ours = db_removal_source_settle(ctx, ctx->tenant, s->id, ctx->id, c->more ? "waiting" : "done", got.cursor, NULL, 0, 0);
    if (ours == 0)
        err_set(ctx, ERR_CONFLICT, "the source is somebody else's");
    return ours > 0 && db_removal_request_count(ctx, ctx->tenant, s->request_id, got.added, 0, 0, 0);
}

int removal_collect(struct ctx *ctx, const struct removal_source_row *source, int64_t rest_s)
{
    int ours = db_removal_source_claim(ctx, ctx->tenant, source->id, ctx->id, SOURCE_LEASE_S);
    if (ours <= 0)
        return ours;
    struct collecting c = { .source = source, .rest_s = rest_s };
    return db_transaction(ctx, collect, &c) == DB_OK ? c.more : -1;
}

static bool work_off(struct ctx *ctx, uint64_t request, struct removal_report *out)
{
    struct rows sources = db_removal_sources_of(ctx, ctx->tenant, request, TALKS_MOST);
    const struct removal_source_row *s = sources.row;
    for (size_t i = 0; i < sources.n; i++)
        if (removal_collect(ctx, &s[i], REST_S) < 0)
            return false;
    struct rows rows = db_removals_waiting(ctx, ctx->tenant, request, ALL_MOST);
    const struct removal_row *row = rows.row;
    int64_t until = clock_mono_ms() + ALL_MS;
    for (size_t i = 0; i < rows.n && clock_mono_ms() < until; i++) {
        struct removing r;
        int ours = db_removal_claim_resting(ctx, ctx->tenant, row[i].id, ctx->id, removing_lease_s((int)ctx->conf->twilio_inline_limit_ms));
        if (ours < 0 || (ours > 0 && !run(ctx, &row[i], &r)))
            return false;
        bool done = ours > 0 && !r.lost && r.last.end == TWILIO_REMOVED;
        out->remote += done && r.remote;
        out->local += done && r.local;
    }
    return sources.ok && rows.ok && db_removal_wake(ctx, ctx->tenant, request);
}

static bool remove_talks(struct ctx *ctx, struct talks *t, struct removal_report *out)
{
    *out = (struct removal_report){ .failed = { .ok = true } };
    for (size_t i = 0; i < t->n; i++) {
        out->missing = db_unsettled_of(ctx, ctx->tenant, t->talk[i].id, TROUBLED_MOST);
        if (!out->missing.ok)
            return false;
        if (out->missing.n)
            return err_text(ctx, ERR_CONFLICT, N_("Messages of this conversation may be on their way to Twilio. Try again when their state is known."), "unsettled");
    }
    if (db_transaction(ctx, store_talks, t) != DB_OK)
        return false;
    out->request = t->request;
    if (!work_off(ctx, t->request, out))
        return false;
    if (db_removal_outstanding(ctx, ctx->tenant, t->request) == 0 && !removal_close(ctx, t->request))
        return false;
    const struct removal_request_row *now = db_removal_request(ctx, ctx->tenant, t->request);
    out->failed = db_removals_troubled(ctx, ctx->tenant, t->request, TROUBLED_MOST);
    if (!now || !out->failed.ok)
        return false;
    out->pending = now->total - now->done - now->failed;
    if (out->pending > 0)
        wake_cron(ctx);
    return true;
}

bool removal_conversation(struct ctx *ctx, uint64_t conversation, struct removal_report *out)
{
    struct talk_row *talk = db_talk(ctx, ctx->tenant, conversation);
    struct talks t = { .talk = talk, .n = 1 };
    return talk ? remove_talks(ctx, &t, out) : err_set(ctx, ERR_ABSENT, "conversation %" PRIu64, conversation);
}

bool removal_participant(struct ctx *ctx, const char *participant, struct removal_report *out)
{
    *out = (struct removal_report){ .failed = { .ok = true } };
    const struct conversation_row *c = inbox_conversation_with(ctx, participant);
    if (!c)
        return err_set(ctx, ERR_ABSENT, "participant");
    struct rows rows = db_talks_of(ctx, ctx->tenant, address_key(ctx->arena, c->peer), TALKS_MOST);
    struct talks t = { .talk = rows.row, .n = rows.n };
    return rows.ok && remove_talks(ctx, &t, out);
}

/* --- reports --- */

struct rows removal_requests(struct ctx *ctx, uint64_t before, int limit)
{
    return db_removal_requests(ctx, ctx->tenant, before, limit);
}

struct removal_request_row *removal_request(struct ctx *ctx, uint64_t id)
{
    struct removal_request_row *r = db_removal_request(ctx, ctx->tenant, id);
    if (!r)
        err_set(ctx, ERR_ABSENT, "report %" PRIu64, id);
    return r;
}

struct rows removal_troubled(struct ctx *ctx, uint64_t request, int limit)
{
    return db_removals_troubled(ctx, ctx->tenant, request, limit);
}

static bool retry(struct ctx *ctx, void *arg)
{
    uint64_t request = *(uint64_t *)arg;
    int64_t n = db_removal_retry(ctx, ctx->tenant, request);
    return n == 0 || (n > 0 && db_removal_request_reopen(ctx, ctx->tenant, request, n) &&
                      audit(ctx, "removal.retry", arena_printf(ctx->arena, "report %" PRIu64, request), arena_printf(ctx->arena, "messages %" PRId64, n)));
}

bool removal_retry(struct ctx *ctx, uint64_t request)
{
    if (!removal_request(ctx, request) || db_transaction(ctx, retry, &request) != DB_OK)
        return false;
    wake_cron(ctx);
    return true;
}

enum removed removed_sid(struct ctx *ctx, const char *sid)
{
    const char *action = db_removed_action(ctx, ctx->tenant, sid);
    if (!action)
        return ctx->err.code ? REMOVED_UNKNOWN : REMOVED_NOT;
    return strcmp(action, "redact") == 0 ? REMOVED_TEXT : REMOVED_ALL;
}
