/* attachments.c - attachments of a message as parts/media shows them: picture, player, document, still coming, not available. */
#include "base/base.h"
#include "base/mime.h"
#include "pages/parts.h"

const char *kind_label(struct request *rq, enum mime_kind kind, const char *type)
{
    static const char *const labels[] = { [MIME_IMAGE] = N_("Image"), [MIME_AUDIO] = N_("Voice message or sound"), [MIME_VIDEO] = N_("Video") };
    if (kind != MIME_DOCUMENT)
        return say(rq, labels[kind]);
    if (strcmp(type, "application/pdf") == 0)
        return say(rq, N_("PDF document"));
    bool card = strcmp(type, "text/vcard") == 0 || strcmp(type, "text/x-vcard") == 0;
    return card ? say(rq, N_("Contact card")) : say(rq, N_("Attachment"));
}

const char *shown_size(struct request *rq, int64_t bytes)
{
    enum { KB = 1024, MB = 1024 * 1024 };
    if (bytes < MB)
        return arena_printf(rq->ctx.arena, "%d KB", (int)((bytes + KB - 1) / KB));
    int tenths = (int)((bytes * 10 + MB / 2) / MB);
    if (tenths % 10 == 0)
        return arena_printf(rq->ctx.arena, "%d MB", tenths / 10);
    return sayf(rq, N_("%d.%d MB"), tenths / 10, tenths % 10);
}

static const char *reason_text(struct request *rq, const char *reason)
{
    static const struct { const char *reason, *text; } reasons[] = {
        { "gone", N_("Twilio does not have it.") },
        { "denied", N_("Twilio refused our credentials.") },
        { "large", N_("It is larger than allowed.") },
        { "empty", N_("It came without content.") },
        { "redirect", N_("Twilio sent us to an address that is not allowed.") },
        { "disk", N_("It could not be written to our disk.") },
        { "lost", N_("The file is not on our disk any more.") },
        { "forged", N_("Its address does not belong to this message: nothing was fetched.") },
    };
    for (size_t i = 0; i < ARRAY_LEN(reasons); i++)
        if (strcmp(reasons[i].reason, reason) == 0)
            return say(rq, reasons[i].text);
    return say(rq, N_("Twilio could not be reached."));
}

static const char *about(struct request *rq, const struct mime *mime, int64_t size)
{
    char *extension = arena_strdup(rq->ctx.arena, mime->extension);
    for (char *s = extension; *s; s++)
        *s = (char)(*s >= 'a' && *s <= 'z' ? *s - 32 : *s);
    return arena_printf(rq->ctx.arena, "%s · %s", extension, shown_size(rq, size));
}

static void put_stored(struct request *rq, struct value *o, const char *url, const struct media_row *m)
{
    const struct mime *mime = mime_of(m->file_type);
    object_text(o, "file_url", url);
    object_text(o, "about", about(rq, mime, m->size));
    object_bool(o, "image", mime->shown && mime->kind == MIME_IMAGE);
    object_bool(o, "audio", mime->shown && mime->kind == MIME_AUDIO);
    object_bool(o, "video", mime->shown && mime->kind == MIME_VIDEO);
    object_bool(o, "player", mime->shown && mime->kind != MIME_IMAGE);
    object_bool(o, "document", !mime->shown);
}

static void put_one(struct request *rq, struct value *o, uint64_t conversation, const struct media_row *m)
{
    bool stored = strcmp(m->state, "stored") == 0 && m->file_type, failed = strcmp(m->state, "failed") == 0;
    const char *type = stored ? m->file_type : m->content_type;
    const char *url = arena_printf(rq->ctx.arena, "/media/%" PRIu64 "/%" PRIu64 "/%" PRId64, conversation, m->message_id, m->position);
    object_text(o, "label", *m->file_name ? m->file_name : kind_label(rq, stored ? mime_of(type)->kind : mime_kind_of(type), type));
    if (stored) {
        put_stored(rq, o, url, m);
        return;
    }
    object_bool(o, "waiting", strcmp(m->state, "pending") == 0 || strcmp(m->state, "fetching") == 0);
    object_bool(o, "removed", strcmp(m->state, "removed") == 0);
    if (strcmp(m->state, "linked") == 0)
        object_text(o, "link_url", strncmp(m->url, "https://", 8) == 0 ? m->url : NULL);
    if (failed || strcmp(m->state, "refused") == 0)
        object_text(o, "problem", reason_text(rq, m->reason));
    if (failed && *m->url)
        object_text(o, "retry_url", arena_printf(rq->ctx.arena, "%s/retry", url));
}

void put_media(struct request *rq, struct value *o, uint64_t conversation, uint64_t message, const struct rows *media)
{
    struct value *list = object_list(o, "media");
    const struct media_row *m = media->row;
    for (size_t i = 0; i < media->n; i++)
        if (m[i].message_id == message)
            put_one(rq, list_object(list), conversation, &m[i]);
    object_bool(o, "has_media", list_len(list) > 0);
}

void put_kept(struct request *rq, const struct attached *files, size_t n)
{
    struct value *list = object_list(view(rq), "kept");
    for (size_t i = 0; i < n; i++) {
        struct value *o = list_object(list);
        object_text(o, "token", files[i].token);
        object_text(o, "name", *files[i].file.name ? files[i].file.name : kind_label(rq, files[i].mime->kind, files[i].mime->type));
        object_text(o, "about", about(rq, files[i].mime, files[i].size));
    }
    object_bool(view(rq), "has_kept", n > 0);
}

void put_attach(struct request *rq, struct value *o, const char *channel)
{
    struct attach_limits l = attach_limits(&rq->ctx, channel);
    struct value *a = object_object(o, "attach");
    struct str accept;
    str_init(&accept, rq->ctx.arena, 256, 1024);
    for (const char *s = l.extensions; *s; s += strspn(s, " ")) {
        size_t n = strcspn(s, " ");
        if (accept.len)
            str_putc(&accept, ',');
        str_putc(&accept, '.');
        str_add(&accept, s, n);
        if (n == 3 && strncmp(s, "jpg", 3) == 0)
            STR_LIT(&accept, ",.jpeg");
        s += n;
    }
    object_text(a, "accept", accept.s);
    object_int(a, "most", l.most);
    object_int(a, "picture", l.picture);
    object_int(a, "other", l.other);
    object_int(a, "total", l.total);
    object_text(a, "hint", l.most == 1 ? sayf(rq, N_("One file, at most %s."), shown_size(rq, l.total))
                                       : sayf(rq, N_("At most %d files: pictures together %s, other files %s each."), l.most, shown_size(rq, l.picture), shown_size(rq, l.other)));
}
