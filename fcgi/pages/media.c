/* media.c - attachments: shown to people of the tenant, handed to Twilio by link. What a file is was decided by us when it
 * was stored; a page of its own it can never be: no sniffing, a sandbox, and a download unless browsers only show it. */
#include "base/base.h"
#include "services/media.h"
#include "web/handlers.h"

/* A name that cannot break out of its header: plain ASCII, and the whole in RFC 8187's way. */
static void put_disposition(struct request *rq, struct response *rs, const struct media_file *f, const char *fallback)
{
    const char *name = *f->name ? f->name : arena_printf(rq->ctx.arena, "%s.%s", fallback, f->mime->extension);
    char *plain = arena_strdup(rq->ctx.arena, name);
    for (char *s = plain; *s; s++)
        if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._- ", *s))
            *s = '_';
    struct str full;
    str_init(&full, rq->ctx.arena, 256, 2048);
    str_url(&full, name, strlen(name));
    response_header(rs, "Content-Disposition", arena_printf(rq->ctx.arena, "%s; filename=\"%s\"; filename*=UTF-8''%s",
                                                            f->mime->shown ? "inline" : "attachment", plain, full.s));
}

static int send_file(struct request *rq, struct response *rs, const struct media_file *f, const char *fallback)
{
    rs->type = f->mime->type;
    response_header(rs, POLICY_HEADER, "sandbox; default-src 'none'; img-src 'self'; media-src 'self'");
    response_header(rs, "Cache-Control", "private, max-age=3600");
    put_disposition(rq, rs, f, fallback);
    return response_file(rq, rs, f->fd, f->size, arena_printf(rq->ctx.arena, "\"%s\"", f->sha256));
}

/* A position is one digit; anything else is none that exists. */
static struct media_key key_of(const struct request *rq)
{
    const char *position = rq->args[2];
    bool digit = position[0] >= '0' && position[0] <= '9' && position[1] == 0;
    return (struct media_key){ request_arg_id(rq, 0), request_arg_id(rq, 1), digit ? position[0] - '0' : 99 };
}

int media_page(struct request *rq, struct response *rs) /* GET /media/:conversation/:message/:position */
{
    struct media_file f;
    struct media_key key = key_of(rq);
    if (!media_open(&rq->ctx, &key, &f))
        return fail(rq, rs);
    return send_file(rq, rs, &f, arena_printf(rq->ctx.arena, "%" PRIu64 "-%" PRId64, key.message_id, key.position + 1));
}

int media_link_page(struct request *rq, struct response *rs) /* GET /m/:token */
{
    struct media_file f;
    if (!media_link_open(&rq->ctx, rq->args[0], &f))
        return fail(rq, rs);
    return send_file(rq, rs, &f, "attachment");
}

int media_retry_page(struct request *rq, struct response *rs) /* POST /media/:conversation/:message/:position/retry */
{
    struct media_key key = key_of(rq);
    if (!media_retry(&rq->ctx, &key))
        return fail(rq, rs);
    response_notice(rq, rs, N_("The attachment is being fetched again."));
    return redirect(rq, rs, arena_printf(rq->ctx.arena, "/conversations/%" PRIu64 "#newest", key.conversation_id));
}
