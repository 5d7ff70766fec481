/* client.h - the one HTTP client: the only file that includes curl.h.
 *
 * Keeps connections open between calls; no signals, no redirects, no proxy, only http(s); ceilings on time and size.
 * Refuses to run inside a database transaction (an assertion). Secrets are in `user`, `password` and `headers` only
 * and never in a log line. The class of the outcome is what callers decide by.
 *
 * A POST leaves this machine at most once a call: curl's own repetition on a kept connection that turns out to be dead
 * is stopped and told as CALL_UNKNOWN. One client a process, made after the fork; curl and TLS start at its first call. */
#ifndef CENTRALA_CLIENT_H
#define CENTRALA_CLIENT_H
#include "base/base.h"
#include "base/ctx.h"

struct client;

enum call_class {
    CALL_OK,        /* 2xx */
    CALL_REFUSED,   /* 3xx, and 4xx other than 429: the server understood and did not do it */
    CALL_LIMITED,   /* 429: not processed; retry_after_ms may be set */
    CALL_UNSENT,    /* resolve, connect or TLS failed: nothing was sent, safe to repeat */
    CALL_UNKNOWN    /* the request was or may have been sent: time-out, cut connection, 5xx, a 2xx that did not arrive whole */
};

struct call {
    const char *method, *url;
    const char *user, *password;        /* basic authentication, NULL: none */
    const char *const *headers;         /* NULL-ended "Name: value" */
    const char *body;                   /* NULL: none */
    size_t body_len;
    const char *content_type;
    int connect_limit_ms, limit_ms;
    size_t most;                        /* largest answer, 0: 1 MiB */
    /* Only to addresses of the public internet, however the name resolves: for addresses that came from outside. */
    bool public_only;
    bool https_only;                    /* plain http is refused: the request carries a key to an address from outside */
    int file;                           /* > 0: the body of a 2xx is written to this descriptor, not kept; the caller closes it */
    /* Asked once, when the connection stands and nothing has been written yet: false and nothing will be, which is UNSENT.
     * It may use the database, and not the client. */
    bool (*go)(void *arg);
    void *go_arg;
};

struct answer {
    enum call_class class;
    int status;                         /* 0 when there was no answer */
    const char *body;                   /* in the arena, NUL-ended, never NULL */
    size_t body_len;                    /* also of what went to `file` */
    const char *content_type;           /* "" when none */
    const char *location;               /* of a 3xx, as it came; "" when none */
    bool too_large;                     /* it passed `most` and was cut */
    int64_t retry_after_ms;             /* retry-after-ms, else retry-after; -1 when none */
    int should_retry;                   /* x-should-retry: 1 true, -1 false, 0 when not said */
    bool forbidden;                     /* UNSENT by our own rules (address, scheme, header): again is of no use */
    const char *request_id;             /* x-request-id, twilio-request-id or request-id; "" when none */
    int took_ms;
    const char *problem;                /* why class is UNSENT, or UNKNOWN without a whole answer; "" otherwise */
};

struct client *client_new(void);
/* Calls in flight are dropped, their `done` is not called. NULL is allowed. */
void client_free(struct client *c);
/* Waits for the answer (memory in ctx->arena). */
void client_call(struct client *c, struct ctx *ctx, const struct call *call, struct answer *out);
/* Starts; `done` is called from client_run() with an answer in `arena` (the caller's item arena). `arena` and the body
 * must live until then; `done` may start further calls and may free `arena`. */
void client_start(struct client *c, struct arena *arena, const struct call *call,
                  void (*done)(const struct answer *answer, void *arg), void *arg);
/* Drives started calls and waits up to `wait_ms` for them or for `fd` (-1: none) to become readable; returns the
 * number still in flight. Returns early when something finished. */
int client_run(struct client *c, int fd, int wait_ms);
int client_in_flight(const struct client *c);
/* "ok", "refused", "limited", "unsent", "unknown": for the log. */
const char *call_class_name(enum call_class class);

#endif
