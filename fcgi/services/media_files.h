/* media_files.h - attachments on disk: media.folder/<tenant>/<first two digits>/<sha256>, outside of the web root, one
 * file a content. A name appears only when the whole content is on the disk: written under another name, synced, renamed.
 *
 * Several hosts mount one folder there (NFS or the like): whoever fetched or received a file, every host serves it. */
#ifndef CENTRALA_SERVICES_MEDIA_FILES_H
#define CENTRALA_SERVICES_MEDIA_FILES_H
#include "base/base.h"
#include "base/ctx.h"
#include "base/mime.h"

struct media_kept {
    char sha256[65];
    const struct mime *mime;
    int64_t size;
};

/* A new file to write into, which goes with the arena unless it is kept; -1 with ERR_BUG when the disk does not let us. */
struct media_temp { int fd; char *path; };
bool media_temp(struct ctx *ctx, struct media_temp *out);
/* What was written becomes a file of ctx->tenant; the type is decided here. */
bool media_keep(struct ctx *ctx, struct media_temp *temp, const char *declared, struct media_kept *out);
/* For reading; -1 when it is not there. */
int media_file_open(struct ctx *ctx, const char *sha256, int64_t *size);
void media_file_remove(struct ctx *ctx, uint64_t tenant, const char *sha256);
/* Files that were begun more than a day ago and never kept. */
void media_temp_sweep(struct ctx *ctx);

#endif
