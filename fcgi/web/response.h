/* response.h - the answer: status, headers, body, made completely before anything is sent. A handler returns the
 * status; `return fail(rq, rs);` is the whole error path: ctx.err says why, the route's kind says how it looks. */
#ifndef CENTRALA_RESPONSE_H
#define CENTRALA_RESPONSE_H
#include "base/base.h"
#include "base/str.h"
#include "web/request.h"

struct header { const char *name, *value; struct header *next; };

struct response {
    struct arena *arena;
    int status;
    const char *type;        /* Content-Type */
    struct str body;
    struct header *headers;
    int file;                /* > 0: the body is `file_length` bytes of this file from `file_offset` on */
    int64_t file_offset, file_length;
};

enum { BODY_CEILING = 8 << 20 };

#define POLICY_HEADER "Content-Security-Policy" /* a handler's own replaces that of the pages */

void response_init(struct response *rs, struct arena *a);
/* Control characters in the value are a bug (header injection): asserted. */
void response_header(struct response *rs, const char *name, const char *value);
/* Session cookie: Path=/, HttpOnly, SameSite=Lax, Secure as configured. max_age 0 deletes it, -1 = browser session. */
void response_cookie(struct request *rq, struct response *rs, const char *name, const char *value, long max_age);
/* 303 See Other to a path of ours. */
int redirect(struct request *rq, struct response *rs, const char *path);
/* An error page, an error envelope or a bare status, as the route's kind wants it; replaces body and headers (but Allow,
 * Retry-After and WWW-Authenticate). Without a reason in ctx.err it is a BUG error. */
int fail(struct request *rq, struct response *rs);
/* ctx.err set here, then fail(). */
int fail_with(struct request *rq, struct response *rs, enum err_code code);
/* JSON body already in rs->body. */
int json_done(struct response *rs, int status);
/* The answer is (a part of) a file of `size` bytes, which is sent in pieces whatever its size. `fd` is closed with the
 * request. Follows Range, If-Range and If-None-Match; `etag` names the content and stands in quotes. 200, 206, 304 or 416. */
int response_file(struct request *rq, struct response *rs, int fd, int64_t size, const char *etag);
/* A text (message id) the next page shows once: handlers set it before redirect(). */
void response_notice(struct request *rq, struct response *rs, const char *msgid);
/* ETag handling for fragments: sets the header; true when If-None-Match has it (answer 304 then). */
bool not_modified(struct request *rq, struct response *rs, const char *etag);
const char *status_text(int status);
/* Status line, headers and the empty line behind them, for worker.c and tests. The security headers are always there. */
void response_head(const struct request *rq, const struct response *rs, struct str *out);
/* False for 204 and 304, which have no body, and for HEAD. */
bool response_has_body(const struct request *rq, const struct response *rs);

#endif
