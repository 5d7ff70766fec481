/* sync.c - what Twilio lists, into our tables; and a person's wish to fetch it. */
#include "base/base.h"
#include "base/clock.h"
#include "base/conf.h"
#include "base/log.h"
#include "base/phone.h"
#include "base/str.h"
#include "services/audit.h"
#include "services/credentials.h"
#include "services/delivery.h"
#include "services/opt_out.h"
#include "services/params.h"
#include "services/removal.h"
#include "services/sync.h"
#include "services/wake.h"
#include "store/db.h"
#include "store/media.h"
#include "store/removed.h"

enum { BODY_MOST = 60000, ANSWER_MOST = 4 << 20 };

static bool inbound(const struct twilio_listed *m)
{
    return strncmp(m->direction, "inbound", 7) == 0;
}

static const char *sids_json(struct ctx *ctx, const struct twilio_listed *v, size_t n)
{
    struct str json;
    str_init(&json, ctx->arena, 40 * n + 2, 1 << 20);
    for (size_t i = 0; i < n; i++)
        str_printf(&json, "%s\"%s\"", i ? "," : "[", param_ascii(ctx->arena, v[i].sid));
    str_puts(&json, n ? "]" : "[]");
    return json.s;
}

static const struct state_row *find(const struct rows *known, const char *sid)
{
    const struct state_row *s = known->row;
    for (size_t i = 0; i < known->n; i++)
        if (strcmp(s[i].sid, sid) == 0)
            return &s[i];
    return NULL;
}

/* 1 its state rose, 0 nothing new, -1 failure. */
static int refresh(struct ctx *ctx, const struct state_row *known, const struct twilio_listed *m)
{
    bool risen = status_rank(m->status) > known->rank, failed = m->error_code && !known->error_code;
    if (known->direction != OUTBOUND || (!risen && !failed))
        return 0;
    const struct status_event e = { .sid = m->sid, .status = param_ascii(ctx->arena, m->status), .error_code = m->error_code,
                                    .error_text = m->error_message, .source = "sync" };
    return delivery_apply(ctx, &e) ? 1 : -1;
}

/* What may be one of ours whose answer is not known yet is left to the sender and the reconciler; the next walk sees it again. */
static int may_be_added(struct ctx *ctx, const struct twilio_listed *m)
{
    if (!m->from || !m->to || !*m->from || !*m->to || strlen(m->from) > ADDRESS_MAX || strlen(m->to) > ADDRESS_MAX || m->created_ms == CLOCK_NONE)
        return 0;
    if (inbound(m))
        return 1;
    int unsettled = db_outbox_unsettled(ctx, ctx->tenant, m->to);
    return unsettled < 0 ? -1 : !unsettled;
}

/* 1 added, 0 not, -1 failure. */
static int add(struct ctx *ctx, const struct twilio_listed *m)
{
    struct arena *a = ctx->arena;
    int may = may_be_added(ctx, m);
    if (may <= 0)
        return may;
    bool in = inbound(m);
    const char *peer = in ? m->from : m->to, *number = address_number(peer), *status = param_ascii(a, m->status);
    struct imported row = {
        .line = param_clean(a, in ? m->to : m->from, strlen(in ? m->to : m->from), ADDRESS_MAX), .peer = param_clean(a, peer, strlen(peer), ADDRESS_MAX),
        .phone = phone_is_e164(number) ? number : "", .channel = channel_name(address_channel(peer)), .sid = m->sid, .direction = in ? INBOUND : OUTBOUND,
        .status = in ? "received" : arena_strndup(a, status, strnlen(status, 20)), .rank = in ? status_rank("received") : status_rank(m->status),
        .body = param_clean(a, m->body, strlen(m->body), BODY_MOST), .segments = m->num_segments > 0 && m->num_segments < 256 ? m->num_segments : 1,
        .num_media = m->num_media < 11 ? m->num_media : 10, .error_code = m->error_code, .error_text = m->error_message,
        .at_ms = m->sent_ms != CLOCK_NONE && in ? m->sent_ms : m->created_ms,
    };
    row.key = address_key(a, row.peer);
    row.preview = *row.body || !row.num_media ? text_preview(a, row.body) : media_preview("");
    const struct ingest_row *r = db_message_import(ctx, ctx->tenant, &row);
    if (!r)
        return -1;
    if (strcmp(r->outcome, "added") != 0)
        return 0;
    struct opt_out_heard heard = { .from = row.peer, .body = row.body, .sid = row.sid, .conversation = r->conversation_id, .message = r->message_id };
    if (in)
        heard.word = opt_out_word(ctx, row.body, NULL);
    return !ctx->err.code && opt_out_heard_late(ctx, &heard, row.at_ms) ? 1 : -1;
}

static bool gone_has(const struct rows *gone, const char *sid)
{
    const struct removed_row *r = gone->row;
    for (size_t i = 0; i < gone->n; i++)
        if (strcmp(r[i].sid, sid) == 0)
            return true;
    return false;
}

bool sync_upsert(struct ctx *ctx, const struct twilio_listed *v, size_t n, struct sync_counts *out)
{
    *out = (struct sync_counts){ .seen = (int64_t)n };
    const char *sids = sids_json(ctx, v, n);
    struct rows known = db_states_of(ctx, ctx->tenant, sids);
    /* Asked second: what is removed in between is known still, or named here. */
    struct rows gone = db_removed_among(ctx, ctx->tenant, sids);
    for (size_t i = n; known.ok && gone.ok && i-- > 0;) { /* newest first as listed: the other way round here */
        const struct state_row *k = find(&known, v[i].sid);
        int did = k ? refresh(ctx, k, &v[i]) : gone_has(&gone, v[i].sid) ? 0 : add(ctx, &v[i]);
        if (did < 0)
            return false;
        if (k)
            out->updated += did;
        else if (did)
            out->added++;
        else
            out->skipped++;
    }
    return known.ok && gone.ok;
}

static bool account_of(struct ctx *ctx, struct twilio_account *acc)
{
    const struct credentials *c = credentials_get(ctx);
    if (c)
        *acc = (struct twilio_account){ .sid = c->account_sid, .user = c->rest_user, .password = c->rest_password, .api_base = ctx->conf->twilio_api_base };
    return c != NULL;
}

/* A person waits for it. */
static void ask(struct ctx *ctx, struct call *call, struct answer *answer)
{
    db_use(ctx->db, DB_APP); /* a reading call, but what it reads is kept */
    call->limit_ms = (int)ctx->conf->twilio_inline_limit_ms;
    call->most = ANSWER_MOST;
    client_call(ctx->client, ctx, call, answer);
}

struct rows sync_media_unlisted(struct ctx *ctx, const struct twilio_listed *v, size_t n)
{
    return db_media_unlisted(ctx, ctx->tenant, sids_json(ctx, v, n));
}

struct listing { const struct state_row *m; const struct twilio_account *acc; const char *const *sids; int n; };

static bool write_listing(struct ctx *ctx, void *arg)
{
    const struct listing *l = arg;
    const char *base = l->acc->api_base;
    size_t len = strlen(base) - (*base && base[strlen(base) - 1] == '/');
    for (int i = 0; i < l->n; i++) {
        struct media_key key = { l->m->conversation_id, l->m->id, i };
        struct media_row row = { .content_type = "", .state = "pending", .reason = "", .file_name = "",
                                 .url = arena_printf(ctx->arena, "%.*s/2010-04-01/Accounts/%s/Messages/%s/Media/%s", (int)len, base, l->acc->sid, l->m->sid, l->sids[i]) };
        if (!db_media_insert(ctx, ctx->tenant, &key, &row))
            return false;
    }
    return true;
}

bool sync_media_listed(struct ctx *ctx, const struct state_row *m, const struct twilio_account *acc, const char *const *sids, int n)
{
    struct listing l = { .m = m, .acc = acc, .sids = sids, .n = n };
    if (db_transaction(ctx, write_listing, &l) == DB_OK)
        return true;
    if (!stmt_duplicate(ctx)) /* another host was quicker */
        return false;
    err_clear(ctx);
    return true;
}

bool sync_remote(struct ctx *ctx, const struct twilio_filter *filter, struct twilio_page *out)
{
    struct twilio_account acc;
    struct call call;
    struct answer answer;
    struct sync_counts counts;
    if (ctx->conf->main_test_mode)
        return err_text(ctx, ERR_CONFLICT, N_("In test mode Twilio is not asked."), "test mode");
    if (!account_of(ctx, &acc))
        return false;
    if (!twilio_find_call(ctx->arena, ctx->conf, &acc, filter, NULL, &call))
        return err_set(ctx, ERR_BUG, "list call");
    ask(ctx, &call, &answer);
    twilio_list_result(ctx->arena, &acc, &answer, out);
    if (!out->ok)
        return err_text(ctx, ERR_UPSTREAM, N_("Twilio did not answer as expected."), "list class=%s status=%d", call_class_name(answer.class), answer.status);
    return sync_upsert(ctx, out->v, out->n, &counts);
}

/* "SM" or "MM" and 32 hexadecimal digits. */
static bool is_message_sid(const char *sid)
{
    return strlen(sid) == 34 && (sid[0] == 'S' || sid[0] == 'M') && sid[1] == 'M' && strspn(sid + 2, "0123456789abcdef") == 32;
}

bool sync_one(struct ctx *ctx, const char *sid, struct twilio_listed *out)
{
    struct twilio_account acc;
    struct call call;
    struct answer answer;
    struct sync_counts counts;
    enum removed removed = REMOVED_NOT;
    if (ctx->conf->main_test_mode || !is_message_sid(sid) || (removed = removed_sid(ctx, sid)) != REMOVED_NOT)
        return removed != REMOVED_UNKNOWN && err_set(ctx, ERR_ABSENT, "message");
    if (!account_of(ctx, &acc)) {
        if (ctx->err.code != ERR_UPSTREAM) /* the database, or credentials that do not open: not Twilio's word */
            return false;
        err_clear(ctx);
        return err_set(ctx, ERR_ABSENT, "message, and no account to ask");
    }
    twilio_fetch_call(ctx->arena, ctx->conf, &acc, sid, &call);
    ask(ctx, &call, &answer);
    if (!twilio_fetch_result(ctx->arena, &answer, out) || !out->sid || strcmp(out->sid, sid) != 0)
        return err_set(ctx, ERR_ABSENT, "message class=%s status=%d", call_class_name(answer.class), answer.status);
    return sync_upsert(ctx, out, 1, &counts);
}

bool sync_start(struct ctx *ctx, int64_t days)
{
    if (days < 1 || days > SYNC_DAYS_MOST)
        return err_field(ctx, "days", N_("Between 1 and 400 days: Twilio keeps messages no longer."));
    if (ctx->conf->main_test_mode)
        return err_text(ctx, ERR_CONFLICT, N_("In test mode Twilio is not asked."), "test mode");
    if (!credentials_get(ctx))
        return false;
    int begun = db_sync_start(ctx, ctx->tenant, "import", days, ctx->actor.name);
    if (!begun)
        return err_text(ctx, ERR_CONFLICT, N_("History is being fetched already."), "sync runs");
    if (begun < 0 || !audit(ctx, "sync.start", "messages", arena_printf(ctx->arena, "days=%" PRId64, days)))
        return false;
    wake_cron(ctx);
    return true;
}

struct sync_row *sync_state(struct ctx *ctx)
{
    return db_sync_get(ctx, ctx->tenant);
}

int sync_tails(struct ctx *ctx)
{
    int begun = 0;
    if (ctx->conf->main_test_mode || !ctx->conf->sync_regularly)
        return 0;
    struct rows rows = db_sync_tenants(ctx);
    const struct sync_tenant_row *t = rows.row;
    for (size_t i = 0; rows.ok && i < rows.n; i++) {
        int n = db_sync_start(ctx, t[i].tenant_id, "tail", t[i].days, NULL);
        if (n < 0)
            return -1;
        begun += n;
    }
    return rows.ok ? begun : -1;
}
