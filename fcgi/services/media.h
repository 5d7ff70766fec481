/* media.h - attachments: fetched from Twilio, kept, shown, offered to Twilio, forgotten.
 *
 * Inbound: the webhook only notes the addresses (message_media, state pending). media_step() in fcgi-cron fetches each: from
 * the configured Twilio and no other host, below our account and that very message, with our credentials; from where
 * Twilio redirects to, without them. What fails is tried again with growing pauses, then shown as not available with its
 * reason; a person may ask for another round. Outbound: attach.h. Files: media_files.h. */
#ifndef CENTRALA_SERVICES_MEDIA_H
#define CENTRALA_SERVICES_MEDIA_H
#include "base/base.h"
#include "base/ctx.h"
#include "base/mime.h"
#include "store/media.h"

struct media_file {
    int fd;                 /* the caller's */
    int64_t size;
    const char *sha256, *name; /* name: as the sender named it, "" when unknown */
    const struct mime *mime;
};
/* Of ctx->tenant; false with ERR_ABSENT when it is not stored. A stored one whose file is gone is fetched again. */
bool media_open(struct ctx *ctx, const struct media_key *key, struct media_file *out);
/* Another round of fetches for one that failed; true also when it did not have to be. */
bool media_retry(struct ctx *ctx, const struct media_key *key);

/* An address under which anybody can fetch the file until it expires, by our own public URL. */
enum { MEDIA_LINK_HOURS = 24 };
const char *media_link(struct ctx *ctx, const struct media_key *key);
/* What stands behind such an address; sets ctx->tenant. False with ERR_ABSENT when it is altered, expired or forgotten. */
bool media_link_open(struct ctx *ctx, const char *token, struct media_file *out);

/* The files that only this message has, before it is deleted or redacted: forgets row and file alike. The message's
 * message_media rows lose the file and become "removed". */
bool media_forget(struct ctx *ctx, uint64_t conversation, uint64_t message);
/* Files that no message has any more. How many, -1 on failure. */
int64_t media_sweep(struct ctx *ctx);

struct crew;
int media_step(struct ctx *ctx, struct crew *crew); /* see fcgi/steps.def */

/* May that address be called with our credentials? `base` is twilio.api_base. */
bool media_url_is_ours(const char *base, const char *account_sid, const char *message_sid, const char *url);
/* May a redirect go there? https, or another port of the configured base (tests); `inside`: on the base's own host, which may
 * then be a private one. */
bool media_redirect_allowed(const char *base, const char *url, bool *inside);

#endif
