/* again.c - may this be sent again, and the send. */
#include "base/base.h"
#include "base/conf.h"
#include "services/again.h"
#include "services/error_codes.h"
#include "store/media.h"

static const char sent_already[] = N_("This message has been sent again already.");
static const char removed[] = N_("What was removed from a message cannot be sent again.");

static bool too_old(struct ctx *ctx, uint64_t id)
{
    return id < message_id_at(ctx->now_ms - AGAIN_DAYS * INT64_C(86400000));
}

static bool verdict_allows(struct ctx *ctx, int64_t code)
{
    if (!code)
        return true;
    enum code_verdict v = error_code(ctx->arena, (int)code).verdict;
    return v == VERDICT_LATER || v == VERDICT_ONCE || v == VERDICT_UNKNOWN;
}

bool again_possible(struct ctx *ctx, const struct message_row *m)
{
    return m->direction == OUTBOUND && (strcmp(m->status, "failed") == 0 || strcmp(m->status, "undelivered") == 0) &&
           !too_old(ctx, m->id) && m->simulated == ctx->conf->main_test_mode && verdict_allows(ctx, m->error_code);
}

const char *again_refusal(struct ctx *ctx, const struct again_row *m)
{
    if (!m->settled)
        return N_("It is not certain yet that this message failed. Try again when its state is known.");
    if (!verdict_allows(ctx, m->error_code))
        return N_("This message cannot be sent again: it would fail for the same reason.");
    if (too_old(ctx, m->id))
        return N_("This message failed more than three days ago. Write it anew if it is still right.");
    if (m->redacted || (!*m->body && !m->num_media && !m->content_sid))
        return removed;
    if (m->simulated != ctx->conf->main_test_mode)
        return m->simulated ? N_("This message was only simulated. Write it anew to send it.") : N_("In test mode nothing real is sent again.");
    return m->done ? sent_already : NULL;
}

struct rows again_rows(struct ctx *ctx, uint64_t conversation, uint64_t from, uint64_t to)
{
    return db_again_rows(ctx, ctx->tenant, conversation, from, to);
}

struct wish {
    uint64_t conversation, message;
    const struct again_row *row;
    struct send_file *files;
    const char **urls;
    size_t file_count, url_count;
    const char *refusal;
};

static bool refuse(struct ctx *ctx, const struct wish *w, const char *why)
{
    return err_text(ctx, ERR_CONFLICT, why, "message %" PRIu64 " again", w->message);
}

/* NULL with ctx->err. */
static const struct again_row *row_of(struct ctx *ctx, const struct wish *w)
{
    struct rows rows = again_rows(ctx, w->conversation, w->message, w->message);
    if (rows.ok && rows.n)
        return rows.row;
    if (rows.ok && db_message_state(ctx, ctx->tenant, w->conversation, w->message))
        refuse(ctx, w, N_("Only a message that was sent from here and has failed can be sent again."));
    err_set(ctx, ERR_ABSENT, "message %" PRIu64, w->message);
    return NULL;
}

/* Its attachments: addresses first, then files, as they were stored. */
static bool read_media(struct ctx *ctx, struct wish *w)
{
    struct rows rows = db_media_of(ctx, ctx->tenant, w->conversation, w->message, w->message);
    const struct media_row *m = rows.row;
    w->files = ARENA_ARRAY(ctx->arena, struct send_file, rows.n + 1);
    w->urls = ARENA_ARRAY(ctx->arena, const char *, rows.n + 1);
    for (size_t i = 0; rows.ok && i < rows.n; i++) {
        if (m[i].sha256)
            w->files[w->file_count++] = (struct send_file){ .sha256 = m[i].sha256, .type = m[i].content_type, .name = m[i].file_name };
        else if (*m[i].url)
            w->urls[w->url_count++] = m[i].url;
    }
    if (rows.ok && w->file_count + w->url_count != (size_t)w->row->num_media)
        return refuse(ctx, w, removed);
    return rows.ok;
}

/* With the conversation locked: its state may have changed since, and its batch may be about to send it. */
static bool still_failed(struct ctx *ctx, uint64_t conversation, uint64_t message, void *arg)
{
    struct wish *w = arg;
    (void)message;
    const struct again_row *now = row_of(ctx, w);
    w->refusal = now ? again_refusal(ctx, now) : NULL;
    if (!now || w->refusal)
        return false;
    int ours = now->batch_id ? db_again_take(ctx, ctx->tenant, now->batch_id, conversation, w->message) : 1;
    if (ours == 0)
        w->refusal = sent_already;
    return ours > 0;
}

bool again_send(struct ctx *ctx, uint64_t conversation, uint64_t message, struct send_result *out)
{
    struct wish w = { .conversation = conversation, .message = message };
    if (!(w.row = row_of(ctx, &w)))
        return false;
    const char *why = again_refusal(ctx, w.row);
    if (why)
        return refuse(ctx, &w, why);
    if (!read_media(ctx, &w))
        return false;
    struct send_request rq = {
        .conversation_id = conversation, .body = w.row->body, .messaging_service_sid = w.row->messaging_service_sid, .content_sid = w.row->content_sid,
        .content_variables = w.row->content_variables, .media_urls = w.urls, .media_count = w.url_count, .files = w.files, .file_count = w.file_count,
        .nonce = again_nonce(ctx->arena, conversation, message), .author = AUTHOR_USER, .still = still_failed, .still_arg = &w,
    };
    if (!message_send(ctx, &rq, out))
        return false;
    return !out->withdrawn || refuse(ctx, &w, w.refusal);
}
