/* media_fetch.c - inbound attachments fetched from Twilio: which address may be called, the way through its redirects,
 * what becomes of the answer. */
#include "base/base.h"
#include "base/conf.h"
#include "base/log.h"
#include "services/credentials.h"
#include "services/crew.h"
#include "services/media.h"
#include "services/media_files.h"
#include "store/conversations.h"
#include "store/db.h"
#include <strings.h>
#include <unistd.h>

enum { WORK_CEILING = 8 << 20, HOPS_MOST = 3, LEASE_SPARE_S = 60, DUE_MOST = 50 };

struct fetch {
    struct media_key key;
    const struct media_fetch_row *row;
    struct media_temp temp;
    const char *url; /* where we are */
    int hops;
    struct media_kept kept;
    const char *state, *reason; /* how it ends */
    int64_t in_ms;
};

/* --- addresses --- */

static bool is_sid(const char *s, const char *prefix)
{
    return strncmp(s, prefix, 2) == 0 && strspn(s + 2, "0123456789abcdefABCDEF") == 32;
}

bool media_url_is_ours(const char *base, const char *account_sid, const char *message_sid, const char *url)
{
    size_t n = strlen(base);
    while (n > 0 && base[n - 1] == '/')
        n--;
    if (strncmp(base, "https://", 8) != 0 && strncmp(base, "http://", 7) != 0)
        return false;
    if (!*account_sid || !*message_sid || strncmp(url, base, n) != 0)
        return false;
    const char *const parts[] = { "/2010-04-01/Accounts/", account_sid, "/Messages/", message_sid, "/Media/" };
    url += n;
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        size_t k = strlen(parts[i]);
        if (strncmp(url, parts[i], k) != 0)
            return false;
        url += k;
    }
    return is_sid(url, "ME") && url[34] == 0;
}

/* Scheme and host of an http(s) address; no user, no blanks. 0 when it is none. */
static size_t host_of(const char *url, size_t *from)
{
    *from = strncasecmp(url, "https://", 8) == 0 ? 8 : strncasecmp(url, "http://", 7) == 0 ? 7 : 0;
    if (!*from)
        return 0;
    for (const char *s = url; *s; s++)
        if ((unsigned char)*s <= 0x20 || *s == 0x7f || *s == '\\')
            return 0;
    size_t whole = strcspn(url + *from, "/?#");
    if (memchr(url + *from, '@', whole))
        return 0;
    return url[*from] == '[' ? strcspn(url + *from, "]") : strcspn(url + *from, ":/?#");
}

bool media_redirect_allowed(const char *base, const char *url, bool *inside)
{
    size_t from, base_from, n = host_of(url, &from), base_n = host_of(base, &base_from);
    *inside = n > 0 && n == base_n && from == base_from && strncasecmp(url + from, base + base_from, n) == 0;
    return n > 0 && (from == 8 || *inside);
}

/* A Location as an address: whole, or a path of the host we are at. NULL for anything else. */
static const char *target_of(struct ctx *ctx, const char *at, const char *location)
{
    size_t from;
    if (location[0] != '/' || location[1] == '/')
        return location;
    if (!host_of(at, &from))
        return NULL;
    return arena_printf(ctx->arena, "%.*s%s", (int)(from + strcspn(at + from, "/?#")), at, location);
}

/* --- the end --- */

/* The row and what live views follow, together. */
static bool write_end(struct ctx *ctx, void *arg)
{
    struct fetch *f = arg;
    bool good = strcmp(f->state, "stored") == 0;
    if (good && !db_media_file_put(ctx, ctx->tenant, f->kept.sha256, f->kept.mime->type, f->kept.size))
        return false;
    int ours = good ? db_media_stored(ctx, ctx->tenant, &f->key, ctx->id, f->kept.sha256)
                    : db_media_release(ctx, ctx->tenant, &f->key, ctx->id, f->state, f->reason, f->in_ms);
    if (ours <= 0) /* somebody else has it now: theirs counts */
        return ours == 0;
    return strcmp(f->state, "pending") == 0 || db_conversation_touch(ctx, ctx->tenant, f->key.conversation_id, 0, NULL);
}

static void end(struct work *w, const char *state, const char *reason, int64_t in_ms)
{
    struct fetch *f = w->data;
    f->state = state;
    f->reason = reason;
    f->in_ms = in_ms;
    log_event(&w->ctx, strcmp(state, "refused") == 0 ? LOG_WARNING : LOG_INFO, "media.fetch", "message=%" PRIu64 " position=%" PRId64 " state=%s reason=%s try=%" PRId64,
              f->key.message_id, f->key.position, state, reason, f->row ? f->row->tries : 0);
    if (w->ctx.err.code) { /* the disk */
        log_event(&w->ctx, LOG_ERROR, "media.failed", "detail=%s", log_quote(w->ctx.arena, w->ctx.err.detail));
        err_clear(&w->ctx);
    }
    if (db_transaction(&w->ctx, write_end, f) == DB_AMBIGUOUS)
        err_clear(&w->ctx); /* made, or the lease ends and it is fetched again */
    work_end(w, "media");
}

/* 1, 3, 12, 60, 180 … times the first pause. */
static void again(struct work *w, const char *reason)
{
    static const int steps[] = { 1, 3, 12, 60, 180, 720 };
    const struct fetch *f = w->data;
    const struct conf *conf = w->ctx.conf;
    size_t i = f->row->tries < 1 ? 0 : (size_t)f->row->tries - 1;
    if (f->row->tries >= conf->media_tries)
        end(w, "failed", reason, 0);
    else
        end(w, "pending", reason, conf->media_retry_ms * steps[i < ARRAY_LEN(steps) ? i : ARRAY_LEN(steps) - 1]);
}

/* --- on the way --- */

static void call(struct work *w, const struct credentials *c, bool public_only);

static void keep(struct work *w)
{
    struct fetch *f = w->data;
    if (media_keep(&w->ctx, &f->temp, f->row->content_type, &f->kept))
        end(w, "stored", "", 0);
    else
        again(w, "disk");
}

static void follow(struct work *w, const char *location)
{
    struct fetch *f = w->data;
    bool inside = false;
    const char *to = target_of(&w->ctx, f->url, location);
    if (++f->hops > HOPS_MOST || !to || !media_redirect_allowed(w->ctx.conf->twilio_api_base, to, &inside)) {
        again(w, "redirect");
        return;
    }
    f->url = to;
    call(w, NULL, !inside);
}

static void answered(struct work *w, const struct answer *a)
{
    static const int moved[] = { 301, 302, 303, 307, 308 };
    for (size_t i = 0; i < ARRAY_LEN(moved); i++)
        if (a->status == moved[i]) {
            follow(w, a->location);
            return;
        }
    if (a->too_large)
        end(w, "failed", "large", 0);
    else if (a->class == CALL_OK && a->body_len == 0)
        again(w, "empty");
    else if (a->class == CALL_OK)
        keep(w);
    else
        again(w, a->status == 401 || a->status == 403 ? "denied" : a->status == 404 || a->status == 410 ? "gone" : "unreachable");
}

static void call(struct work *w, const struct credentials *c, bool public_only)
{
    const struct fetch *f = w->data;
    const struct conf *conf = w->ctx.conf;
    const struct call get = {
        .method = "GET", .url = f->url, .user = c ? c->rest_user : NULL, .password = c ? c->rest_password : NULL,
        .connect_limit_ms = (int)conf->twilio_connect_limit_ms, .limit_ms = (int)conf->twilio_limit_ms,
        .most = (size_t)conf->media_most_mb << 20, .public_only = public_only, .file = f->temp.fd,
    };
    work_call(w, &get, answered);
}

/* --- the beginning --- */

/* Claimed: everything that is checked before the first request leaves. */
static void begin(struct work *w)
{
    struct ctx *ctx = &w->ctx;
    struct fetch *f = w->data;
    const struct credentials *c = credentials_get(ctx);
    if (!c) {
        err_clear(ctx);
        again(w, "denied");
        return;
    }
    if (!f->row->sid || !media_url_is_ours(ctx->conf->twilio_api_base, c->account_sid, f->row->sid, f->row->url)) {
        end(w, "refused", "forged", 0);
        return;
    }
    if (!media_temp(ctx, &f->temp)) {
        again(w, "disk");
        return;
    }
    f->url = f->row->url;
    call(w, c, false);
}

static int64_t lease_s(const struct conf *conf)
{
    return (HOPS_MOST + 1) * conf->twilio_limit_ms / 1000 + LEASE_SPARE_S;
}

/* 1 begun, 0 somebody else's, -1 the database is away. */
static int start(struct crew *crew, const struct media_due_row *due)
{
    struct work *w = work_new(crew, due->tenant_id, WORK_CEILING);
    struct fetch *f = ARENA_NEW(w->ctx.arena, struct fetch);
    w->data = f;
    f->key = (struct media_key){ due->conversation_id, due->message_id, due->position };
    int ours = db_media_claim(&w->ctx, due->tenant_id, &f->key, w->ctx.id, lease_s(w->ctx.conf));
    f->row = ours > 0 ? db_media_fetch(&w->ctx, due->tenant_id, &f->key, w->ctx.id) : NULL;
    if (f->row) {
        begin(w);
        return 1;
    }
    bool away = w->ctx.err.code != ERR_NONE;
    work_end(w, "media");
    return away ? -1 : 0;
}

int media_step(struct ctx *ctx, struct crew *crew)
{
    int64_t most = ctx->conf->media_concurrency;
    if (ctx->conf->main_test_mode || crew_in_flight(crew) >= most) /* TEST_MODE: nothing is asked of Twilio */
        return 0;
    struct rows rows = db_media_due(ctx, DUE_MOST);
    const struct media_due_row *due = rows.row;
    int begun = 0;
    for (size_t i = 0; rows.ok && i < rows.n && crew_in_flight(crew) < most; i++) {
        int n = start(crew, &due[i]);
        if (n < 0)
            return -1;
        begun += n;
    }
    return rows.ok ? begun : -1;
}
