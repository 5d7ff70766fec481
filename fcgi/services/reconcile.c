/* reconcile.c - looking up unknown outcomes in Twilio's list. */
#include "base/base.h"
#include "base/clock.h"
#include "base/conf.h"
#include "base/log.h"
#include "base/utf8.h"
#include "services/credentials.h"
#include "services/delivery.h"
#include "services/reconcile.h"
#include "store/db.h"
#include "store/messages.h"

enum {
    CLOCK_SLACK_MS = 120 * 1000, /* Twilio's clock and ours may differ */
    ACCOUNT_WAIT_MS = 300 * 1000, /* without credentials nothing is to be learnt */
    PAGES_MOST = 5,
    PAGE_MOST = 1 << 20          /* bytes */
};

static int64_t wait_ms(const struct ctx *ctx)
{
    return ctx->conf->twilio_reconcile_wait_s * 1000;
}

/* Twilio cannot be asked: the question stays open. The message says why, the log once. */
static void unaskable(struct ctx *ctx, const struct outbox_row *row)
{
    struct err err = ctx->err;
    const char *why = err_public(&err);
    err_clear(ctx);
    int said = delivery_doubt(ctx, row->conversation_id, row->message_id, why);
    if (said < 0 || db_outbox_move(ctx, row->tenant_id, row->id, "unknown", "unknown", ACCOUNT_WAIT_MS, why) < 0)
        return;
    if (said > 0)
        log_event(ctx, LOG_WARNING, "reconcile.no_account", "outbox=%" PRIu64 " error=%s detail=%s", row->id, err_name(err.code), log_quote(ctx->arena, err.detail));
}

static bool account_of(struct ctx *ctx, const struct outbox_row *row, struct twilio_account *acc)
{
    const struct credentials *c = credentials_get(ctx);
    if (!c) {
        if (ctx->err.code != ERR_DATABASE)
            unaskable(ctx, row);
        return false;
    }
    *acc = (struct twilio_account){ .sid = c->account_sid, .user = c->rest_user, .password = c->rest_password, .api_base = ctx->conf->twilio_api_base };
    return true;
}

/* The permit holds longer than the call may take: the row is looked up by one at a time. */
static bool take(struct ctx *ctx, const struct outbox_row *row)
{
    /* A callback may have brought the SID: then there is no question any more. */
    if (row->sid) {
        (void)db_outbox_move(ctx, row->tenant_id, row->id, "unknown", "sent", 0, NULL);
        return false;
    }
    return db_outbox_take(ctx, row->tenant_id, row->id, "unknown", wait_ms(ctx) + ctx->conf->twilio_limit_ms) > 0 &&
           delivery_failed(ctx, row->conversation_id, row->message_id, "unknown", 0, NULL);
}

bool reconcile_begin(struct ctx *ctx, const struct outbox_row *row, const char *next, struct call *call)
{
    struct twilio_account acc;
    /* No date filter: a message that still waits has no DateSent and would not be listed. Newest first is enough. */
    if ((!next && !take(ctx, row)) || !account_of(ctx, row, &acc) ||
        delivery_doubt(ctx, row->conversation_id, row->message_id, NULL) < 0 ||
        !twilio_list_call(ctx->arena, ctx->conf, &acc, row->peer, row->messaging_service_sid ? NULL : row->line_address, CLOCK_NONE, next, call))
        return false;
    call->most = PAGE_MOST;
    return true;
}

/* What of a text is left however Twilio has tidied it (blanks cut, smart punctuation replaced): letters, digits, symbols. */
static const char *essence(struct arena *a, const char *s)
{
    size_t n = strlen(s), len = 0;
    char *out = arena_alloc(a, n + 1);
    for (size_t i = 0, k; i < n; i += k) {
        unsigned char c = (unsigned char)s[i];
        k = utf8_step(s + i, n - i);
        k = k ? k : 1;
        bool plain = c < 0x80 && !((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'));
        bool mark = c == 0xC2 || (c == 0xE2 && ((unsigned char)s[i + 1] == 0x80 || (unsigned char)s[i + 1] == 0x81)); /* U+0080-BF, U+2000-206F */
        if (plain || mark)
            continue;
        memcpy(out + len, s + i, k);
        len += k;
    }
    out[len] = 0;
    return out;
}

static const char *trimmed(struct arena *a, const char *s)
{
    s += strspn(s, " \t\r\n");
    size_t n = strlen(s);
    while (n && strchr(" \t\r\n", s[n - 1]))
        n--;
    return arena_strndup(a, s, n);
}

static bool same_text(struct arena *a, const char *ours, const char *theirs, bool exact)
{
    const char *essential = essence(a, ours);
    if (exact || !*essential) /* "?" is not "!" */
        return strcmp(trimmed(a, ours), trimmed(a, theirs)) == 0;
    return strcmp(essential, essence(a, theirs)) == 0;
}

static bool is_ours(struct ctx *ctx, const struct outbox_row *row, const struct twilio_listed *m, bool exact)
{
    if (!m->sid || !m->direction || strncmp(m->direction, "outbound", 8) != 0 || m->created_ms < row->created_ms - CLOCK_SLACK_MS)
        return false;
    if (row->messaging_service_sid && m->messaging_service_sid && strcmp(row->messaging_service_sid, m->messaging_service_sid) != 0)
        return false;
    if (!row->content_sid && (!m->body || !same_text(ctx->arena, row->body, m->body, exact))) /* a template's text is made by Twilio */
        return false;
    return !db_message_state_by_sid(ctx, row->tenant_id, m->sid) && !ctx->err.code;
}

/* The oldest one that fits; the very text before one that only resembles it. */
static const struct twilio_listed *find(struct ctx *ctx, const struct outbox_row *row, const struct twilio_page *page)
{
    for (int exact = 1; exact >= 0; exact--)
        for (size_t i = page->n; i-- > 0;)
            if (is_ours(ctx, row, &page->v[i], exact))
                return &page->v[i];
    return NULL;
}

static void again(struct ctx *ctx, const struct outbox_row *row)
{
    (void)db_outbox_move(ctx, row->tenant_id, row->id, "unknown", "unknown", wait_ms(ctx), NULL);
}

static void adopt(struct ctx *ctx, const struct outbox_row *row, const struct twilio_listed *m)
{
    struct accepted a = { .conversation_id = row->conversation_id, .message_id = row->message_id, .sid = m->sid,
                          .status = m->status ? m->status : "queued", .segments = m->num_segments > 0 ? m->num_segments : row->segments };
    if (delivery_accepted(ctx, &a) && db_outbox_move(ctx, row->tenant_id, row->id, "unknown", "sent", 0, NULL) >= 0)
        log_event(ctx, LOG_NOTICE, "reconcile.found", "outbox=%" PRIu64 " sid=%s", row->id, m->sid);
}

static bool close_question(struct ctx *ctx, void *arg)
{
    const struct outbox_row *row = arg;
    const char *text = N_("Twilio never received this message. You can send it again.");
    int n = db_outbox_move(ctx, row->tenant_id, row->id, "unknown", "failed", 0, text);
    return n == 0 || (n > 0 && delivery_absent(ctx, row->conversation_id, row->message_id, text)); /* 0: a callback has answered it */
}

static void not_found(struct ctx *ctx, const struct outbox_row *row)
{
    struct outbox_row copy = *row;
    if (row->looks + 1 < LOOKS_MOST)
        (void)db_outbox_looked(ctx, row->tenant_id, row->id, wait_ms(ctx));
    else if (db_transaction(ctx, close_question, &copy) == DB_OK)
        log_event(ctx, LOG_WARNING, "reconcile.absent", "outbox=%" PRIu64, row->id);
}

bool reconcile_settle(struct ctx *ctx, const struct outbox_row *row, const struct answer *answer, int pages, const char **next)
{
    struct twilio_page page;
    struct twilio_account acc;
    if (!account_of(ctx, row, &acc))
        return false;
    twilio_list_result(ctx->arena, &acc, answer, &page);
    if (!page.ok) { /* no answer is no proof: the question stays open and is asked again */
        again(ctx, row);
        return false;
    }
    const struct twilio_listed *m = find(ctx, row, &page);
    if (ctx->err.code)
        return false;
    if (m) {
        int busy = db_outbox_in_the_air(ctx, row->tenant_id, row->peer);
        if (busy == 0)
            adopt(ctx, row, m);
        else if (busy > 0)
            again(ctx, row);
        return false;
    }
    bool reaches_back = !page.next || (page.n && page.v[page.n - 1].created_ms < row->created_ms - CLOCK_SLACK_MS);
    if (reaches_back) {
        not_found(ctx, row);
        return false;
    }
    *next = page.next;
    if (pages >= PAGES_MOST)
        again(ctx, row);
    return pages < PAGES_MOST;
}
