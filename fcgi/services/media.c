/* media.c - attachments as pages need them: the file, another try, links, forgetting. */
#include "base/base.h"
#include "base/clock.h"
#include "base/conf.h"
#include "base/crypto.h"
#include "base/log.h"
#include "services/media.h"
#include "services/media_files.h"
#include "services/wake.h"
#include "store/conversations.h"
#include "store/db.h"
#include <unistd.h>

/* Our disk lost it (or another host has it): what is still at Twilio comes again; of our own the chat says so. */
static bool lost(struct ctx *ctx, const struct media_key *key, const struct media_row *m)
{
    log_event(ctx, LOG_ERROR, "media.lost", "message=%" PRIu64 " position=%" PRId64, key->message_id, key->position);
    db_use(ctx->db, DB_APP);
    if (!*m->url)
        (void)!db_media_lost(ctx, ctx->tenant, key);
    else if (db_media_again(ctx, ctx->tenant, key, "stored", "lost") > 0)
        wake_cron(ctx);
    return err_set(ctx, ERR_ABSENT, "file lost");
}

bool media_open(struct ctx *ctx, const struct media_key *key, struct media_file *out)
{
    const struct media_row *m = db_media_get(ctx, ctx->tenant, key);
    if (!m || !m->sha256 || !m->file_type || strcmp(m->state, "stored") != 0)
        return err_set(ctx, ERR_ABSENT, "no such file");
    *out = (struct media_file){ .sha256 = m->sha256, .name = m->file_name, .mime = mime_of(m->file_type) };
    out->fd = media_file_open(ctx, m->sha256, &out->size);
    return out->fd >= 0 || lost(ctx, key, m);
}

bool media_retry(struct ctx *ctx, const struct media_key *key)
{
    int again = db_media_again(ctx, ctx->tenant, key, "failed", "");
    if (again > 0) {
        wake_cron(ctx);
        return db_conversation_touch(ctx, ctx->tenant, key->conversation_id, 0, NULL);
    }
    if (again == 0 && !db_media_get(ctx, ctx->tenant, key) && !ctx->err.code)
        return err_set(ctx, ERR_ABSENT, "no such attachment");
    return again == 0 && !ctx->err.code;
}

/* --- links --- */

static void sign(struct ctx *ctx, const char *text, char mac[33])
{
    crypto_keyed_hex(ctx->keys, "media", text, mac);
}

const char *media_link(struct ctx *ctx, const struct media_key *key)
{
    char mac[33];
    int64_t until_s = ctx->now_ms / 1000 + MEDIA_LINK_HOURS * 3600;
    const char *text = arena_printf(ctx->arena, "%" PRIx64 "-%" PRIx64 "-%" PRIx64 "-%" PRIx64 "-%" PRIx64, ctx->tenant, key->conversation_id,
                                    key->message_id, (uint64_t)key->position, (uint64_t)until_s);
    sign(ctx, text, mac);
    return arena_printf(ctx->arena, "%s/m/%s-%s", ctx->conf->main_public_url, text, mac);
}

/* The numbers of a token whose signature is right and whose time has not come. */
static bool read_token(struct ctx *ctx, const char *token, uint64_t out[5])
{
    char mac[33];
    const char *dash = strrchr(token, '-');
    if (!dash || strlen(dash + 1) != 32 || strlen(token) > 150)
        return false;
    const char *text = arena_strndup(ctx->arena, token, (size_t)(dash - token)), *s = text;
    sign(ctx, text, mac);
    if (!crypto_equal(mac, dash + 1, 32))
        return false;
    for (size_t i = 0; i < 5; i++) { /* ours: well formed */
        char *end;
        out[i] = strtoull(s, &end, 16);
        s = end + 1;
    }
    return (int64_t)out[4] > ctx->now_ms / 1000;
}

bool media_link_open(struct ctx *ctx, const char *token, struct media_file *out)
{
    uint64_t part[5];
    if (!read_token(ctx, token, part))
        return err_set(ctx, ERR_ABSENT, "media link not valid");
    ctx->tenant = part[0];
    const struct media_key key = { part[1], part[2], (int64_t)part[3] };
    return media_open(ctx, &key, out);
}

/* --- forgetting --- */

static bool forget_file(struct ctx *ctx, uint64_t tenant, const char *sha256)
{
    int gone = db_media_file_forget(ctx, tenant, sha256);
    if (gone > 0)
        media_file_remove(ctx, tenant, sha256);
    return gone >= 0;
}

bool media_forget(struct ctx *ctx, uint64_t conversation, uint64_t message)
{
    struct rows files = db_media_only_of(ctx, ctx->tenant, conversation, message);
    const struct media_orphan_row *f = files.row;
    if (!files.ok || !db_media_remove(ctx, ctx->tenant, conversation, message))
        return false;
    for (size_t i = 0; i < files.n; i++)
        if (!forget_file(ctx, ctx->tenant, f[i].sha256))
            return false;
    return true;
}

int64_t media_sweep(struct ctx *ctx)
{
    enum { SOME = 200 };
    media_temp_sweep(ctx);
    struct rows rows = db_media_orphans(ctx, SOME);
    const struct media_orphan_row *o = rows.row;
    for (size_t i = 0; i < rows.n; i++)
        if (!forget_file(ctx, o[i].tenant_id, o[i].sha256))
            return -1;
    return rows.ok ? (int64_t)rows.n : -1;
}
