/* attach.c - from uploads to files that a message can carry. */
#include "base/base.h"
#include "base/conf.h"
#include "base/crypto.h"
#include "services/attach.h"
#include "services/media_files.h"
#include "services/params.h"
#include "store/media.h"
#include <errno.h>
#include <unistd.h>

enum { KB = 1024, MB = 1024 * 1024, NAME_MOST = 120 };

struct attach_limits attach_limits(struct ctx *ctx, const char *channel)
{
    static const struct { const char *channel; struct attach_limits limits; } channels[] = {
        { "sms", { 10, 5 * MB, 500 * KB, 5 * MB, "jpg png gif webp mp3 ogg m4a aac wav amr mp4 3gp pdf vcf ics txt csv" } },
        { "whatsapp", { 1, 16 * MB, 16 * MB, 16 * MB, "jpg png webp mp3 ogg amr aac m4a mp4 pdf doc docx xls xlsx ppt pptx" } },
    };
    struct attach_limits l = channels[1].limits;
    for (size_t i = 0; i < ARRAY_LEN(channels); i++)
        if (strcmp(channels[i].channel, channel) == 0)
            l = channels[i].limits;
    int64_t most = ctx->conf->media_most_mb * MB;
    l.picture = l.picture < most ? l.picture : most;
    l.other = l.other < most ? l.other : most;
    l.total = l.total < most ? l.total : most;
    return l;
}

/* What carriers make smaller by themselves, and so may be larger. */
static bool is_picture(const struct mime *m)
{
    return text_listed(m->extension, "jpg png gif");
}

static bool refuse(struct ctx *ctx, const char *text)
{
    return err_field(ctx, "files", text);
}

/* Before anything is written: the kind by its first bytes, the size. */
static bool check_one(struct ctx *ctx, const struct attach_limits *l, const struct mime *mime, int64_t size)
{
    if (size == 0)
        return refuse(ctx, N_("One of the files is empty."));
    if (!text_listed(mime->extension, l->extensions))
        return refuse(ctx, N_("One of the files is of a kind that this channel does not take."));
    if (size > (is_picture(mime) ? l->picture : l->other))
        return refuse(ctx, N_("One of the files is larger than this channel takes."));
    return true;
}

/* --- tokens: "<sha256><mac><name>", good for this tenant alone --- */

static void sign(struct ctx *ctx, const char *sha256, const char *name, char mac[33])
{
    crypto_keyed_hex(ctx->keys, "attach", arena_printf(ctx->arena, "%" PRIu64 ":%s:%s", ctx->tenant, sha256, name), mac);
}

static const char *token_of(struct ctx *ctx, const struct send_file *f)
{
    char mac[33];
    sign(ctx, f->sha256, f->name, mac);
    return arena_printf(ctx->arena, "%s%s%s", f->sha256, mac, f->name);
}

static bool from_token(struct ctx *ctx, const char *token, struct attached *out)
{
    char mac[33];
    if (strlen(token) < 96)
        return refuse(ctx, N_("One of the files is not there any more. Choose it again."));
    out->file = (struct send_file){ .sha256 = arena_strndup(ctx->arena, token, 64), .name = token + 96 };
    sign(ctx, out->file.sha256, out->file.name, mac);
    const struct media_file_row *row = crypto_equal(mac, token + 64, 32) ? db_media_file_get(ctx, ctx->tenant, out->file.sha256) : NULL;
    if (!row)
        return !ctx->err.code && refuse(ctx, N_("One of the files is not there any more. Choose it again."));
    out->mime = mime_of(row->content_type);
    out->file.type = out->mime->type;
    out->size = row->size;
    out->token = token;
    return db_media_file_put(ctx, ctx->tenant, out->file.sha256, row->content_type, row->size);
}

/* --- uploads --- */

static bool write_all(int fd, const char *s, size_t n)
{
    while (n > 0) {
        ssize_t k = write(fd, s, n);
        if (k < 0 && errno != EINTR)
            return false;
        s += k > 0 ? k : 0;
        n -= k > 0 ? (size_t)k : 0;
    }
    return true;
}

/* The name as people see it; what is no letter a header or a page could stumble over stays out. */
static const char *clean_name(struct ctx *ctx, const char *name)
{
    const char *clean = param_clean(ctx->arena, name, strlen(name), 8 * NAME_MOST);
    size_t n = strlen(clean), from = n > NAME_MOST ? n - NAME_MOST : 0; /* its end tells the kind */
    while (from < n && ((unsigned char)clean[from] & 0xC0) == 0x80)
        from++;
    char *out = arena_strdup(ctx->arena, clean + from);
    for (char *s = out; *s; s++)
        if (*s == '\n' || *s == '\t' || *s == '/' || *s == '\\' || *s == '"')
            *s = '_';
    return out;
}

static bool keep(struct ctx *ctx, const struct attachment *in, struct attached *out)
{
    struct media_temp temp;
    struct media_kept kept;
    if (!media_temp(ctx, &temp))
        return false;
    if (!write_all(temp.fd, in->data, in->size))
        return err_set(ctx, ERR_BUG, "media: write: %s", strerror(errno));
    if (!media_keep(ctx, &temp, in->type, &kept) || !db_media_file_put(ctx, ctx->tenant, kept.sha256, kept.mime->type, kept.size))
        return false;
    out->file = (struct send_file){ .sha256 = arena_strdup(ctx->arena, kept.sha256), .type = kept.mime->type, .name = clean_name(ctx, in->name) };
    out->mime = kept.mime;
    out->size = kept.size;
    out->token = token_of(ctx, &out->file);
    return true;
}

static bool take(struct ctx *ctx, const struct attach_limits *l, const struct attachment *in, struct attached *out)
{
    if (in->token)
        return from_token(ctx, in->token, out) && check_one(ctx, l, out->mime, out->size);
    const struct mime *mime = mime_decide(in->type, in->data, in->size < MIME_HEAD ? in->size : MIME_HEAD);
    return check_one(ctx, l, mime, (int64_t)in->size) && keep(ctx, in, out);
}

bool attach(struct ctx *ctx, const char *channel, const struct attachment *in, size_t n, struct attached *out, size_t *kept)
{
    struct attach_limits l = attach_limits(ctx, channel);
    struct err first = { .code = ERR_NONE };
    int64_t total = 0;
    *kept = 0;
    for (size_t i = 0; i < n && i < SEND_MEDIA_MOST; i++) {
        if (take(ctx, &l, &in[i], &out[*kept])) {
            total += out[(*kept)++].size;
            continue;
        }
        if (ctx->err.code != ERR_INVALID)
            return false;
        if (!first.code) /* the first mistake is told; the other files stay */
            first = ctx->err;
        err_clear(ctx);
    }
    ctx->err = first;
    if (first.code)
        return false;
    if (n > (size_t)l.most)
        return refuse(ctx, l.most == 1 ? N_("WhatsApp takes one attachment in a message.") : N_("At most 10 attachments."));
    if (total > l.total)
        return refuse(ctx, N_("Together the files are larger than this channel takes."));
    return true;
}
