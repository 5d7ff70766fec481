/* multipart.h - multipart/form-data bodies (RFC 7578): texts and files, with ceilings on parts and their headers.
 *
 * Texts become pairs (copied, NUL-ended, any byte inside kept); files point into the body. A body that does not end
 * with its closing boundary was cut short and is refused. */
#ifndef CENTRALA_MULTIPART_H
#define CENTRALA_MULTIPART_H
#include "base/base.h"
#include "base/arena.h"
#include "web/request.h"

enum { MULTIPART_PARTS_MAX = 200, MULTIPART_HEAD_MAX = 4096 };

struct multipart {
    struct pair *params;
    size_t param_count;
    struct upload *uploads; /* in order of arrival; an unused file input (no name, no bytes) is left out */
};

/* `type` is the Content-Type header. False with a reason for the log when it is not well formed. */
bool multipart_parse(struct arena *a, const char *type, const char *body, size_t n, struct multipart *out,
                     const char **problem);

#endif
