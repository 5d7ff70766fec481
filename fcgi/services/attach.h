/* attach.h - attachments that we send: what a channel takes, and files from a form, kept like those of customers.
 *
 * A file is kept as soon as it has come and is allowed, also when something else in the form is wrong: the page shows it
 * again by its token, so that nobody has to choose it twice. What is never sent is swept away after a day. */
#ifndef CENTRALA_SERVICES_ATTACH_H
#define CENTRALA_SERVICES_ATTACH_H
#include "base/base.h"
#include "base/ctx.h"
#include "services/sending.h"

/* Bytes. `picture` and `other` are for one file, `total` for all; `extensions`: what may come, separated by blanks. */
struct attach_limits { int most; int64_t picture, other, total; const char *extensions; };
struct attach_limits attach_limits(struct ctx *ctx, const char *channel);

struct attachment {      /* as it came: `data`, or the token of one that was kept before */
    const char *name, *type;
    const void *data;
    size_t size;
    const char *token;
};
struct attached {        /* as it is kept */
    struct send_file file;
    int64_t size;
    const struct mime *mime;
    const char *token;
};
/* Fills `out` (room for `n`, at most SEND_MEDIA_MOST). False with ERR_INVALID at "files" when one of them, or all together, may
 * not be sent on that channel; `kept` says how many of `out` are there all the same. */
bool attach(struct ctx *ctx, const char *channel, const struct attachment *in, size_t n, struct attached *out, size_t *kept);

#endif
