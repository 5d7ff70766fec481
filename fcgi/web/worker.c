/* worker.c - accept, read, answer, send, log, reset; and when to leave.
 *
 * Waiting: an epoll set with the listening socket and a signalfd. TERM is blocked for good and arrives as readable data,
 * so it cannot be lost between a test and a wait. EPOLLEXCLUSIVE wakes one idle worker a connection, not all; a worker
 * that was woken always tries to serve before it leaves, so no wake-up is swallowed.
 *
 * Sending: libfcgi writes in pieces of 8 KiB; here the whole answer and the end-of-request record go out in one
 * writev(). The connection is closed after each request: the next one is waited for on the listening socket only. */
#include "base/base.h"
#include "base/clock.h"
#include "base/conf.h"
#include "base/crypto.h"
#include "base/log.h"
#include "web/worker.h"
#include <errno.h>
#include <fcgiapp.h>
#include <fcntl.h>
#include <signal.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum {
    ARENA_CEILING = 128 << 20,
    MEMORY_EVERY = 64, /* requests between two looks at the resident size */
    HEAD_EXPECT = 1024,
    HEAD_CEILING = 64 * 1024
};

struct worker {
    FCGX_Request fcgi;
    const struct app *app;
    struct scoreboard *board;
    struct worker_slot *slot;
    void (*prepare)(struct request *rq, void *arg);
    void *arg;
    struct arena *arena;
    int epoll, signals, statm;
    uint64_t most; /* requests; 0 = no limit */
    bool leave;
};

/* --- reading --- */

/* "X-Twilio-Signature" -> HTTP_X_TWILIO_SIGNATURE */
static const char *header(const struct request *rq, const char *name)
{
    const FCGX_Request *fcgi = rq->transport;
    char key[80] = "HTTP_";
    size_t n = 5;
    for (; *name && n < sizeof key - 1; name++, n++)
        key[n] = (char)(*name == '-' ? '_' : *name >= 'a' && *name <= 'z' ? *name - 32 : *name);
    BUG_IF(*name);
    key[n] = 0;
    return FCGX_GetParam(key, fcgi->envp);
}

static bool read_all(FCGX_Request *fcgi, struct str *to, size_t most)
{
    while (to->len < most) {
        size_t want = most - to->len < 65536 ? most - to->len : 65536;
        if (!str_room(to, want))
            return false;
        int got = FCGX_GetStr(to->s + to->len, (int)want, fcgi->in);
        to->len += got > 0 ? (size_t)got : 0;
        to->s[to->len] = 0;
        if (got < (int)want)
            return true;
    }
    return true;
}

static bool read_body(struct request *rq, size_t limit)
{
    FCGX_Request *fcgi = rq->transport;
    const char *text = FCGX_GetParam("CONTENT_LENGTH", fcgi->envp);
    bool known = text && *text;
    size_t length = 0;
    for (const char *s = known ? text : ""; *s; s++) {
        if (*s < '0' || *s > '9' || length > SIZE_MAX / 16)
            return err_set(&rq->ctx, ERR_MALFORMED, "content length not a number");
        length = length * 10 + (size_t)(*s - '0');
    }
    if (length > limit)
        return err_set(&rq->ctx, ERR_TOO_LARGE, "body of %zu bytes announced", length);
    if (known && length == 0)
        return true;
    struct str body;
    str_init(&body, rq->ctx.arena, known ? length : 4096, limit + 1 > length ? limit + 1 : length);
    if (!read_all(fcgi, &body, known ? length : limit + 1) || body.len > limit)
        return err_set(&rq->ctx, ERR_TOO_LARGE, "body over %zu bytes", limit);
    if (known && body.len < length)
        return err_set(&rq->ctx, ERR_MALFORMED, "body cut short");
    rq->body = body.s;
    rq->body_len = body.len;
    return true;
}

/* What is left of the input, read and forgotten: closing over unread data would reset the connection. */
static void drain(FCGX_Request *fcgi)
{
    char rest[8192];
    while (FCGX_GetStr(rest, sizeof rest, fcgi->in) == (int)sizeof rest)
        ;
}

/* REQUEST_URI, or made again from its parts where the web server did not pass it. */
static const char *target(struct request *rq, char **envp)
{
    const char *uri = FCGX_GetParam("REQUEST_URI", envp);
    if (uri && *uri)
        return uri;
    const char *script = FCGX_GetParam("SCRIPT_NAME", envp), *info = FCGX_GetParam("PATH_INFO", envp);
    const char *query = FCGX_GetParam("QUERY_STRING", envp);
    const char *path = arena_printf(rq->ctx.arena, "%s%s", script ? script : "", info ? info : "");
    struct str s;
    str_init(&s, rq->ctx.arena, 256, 4 * TARGET_MAX);
    for (const char *p = path; *p;) {
        size_t n = strcspn(p, "/");
        str_url(&s, p, n);
        p += n;
        if (*p == '/')
            str_putc(&s, *p++);
    }
    if (query && *query) {
        str_putc(&s, '?');
        str_puts(&s, query);
    }
    return s.s;
}

static void read_request(struct worker *w, struct request *rq)
{
    char **envp = w->fcgi.envp;
    *rq = (struct request){ .app = w->app, .transport = &w->fcgi, .header = header, .read_body = read_body,
                            .progress = &w->slot->route };
    ctx_init(&rq->ctx, w->arena, w->app->conf);
    rq->ctx.keys = w->app->keys;
    request_method(rq, FCGX_GetParam("REQUEST_METHOD", envp));
    rq->target = target(rq, envp);
    rq->content_type = FCGX_GetParam("CONTENT_TYPE", envp);
    const char *https = FCGX_GetParam("HTTPS", envp), *scheme = FCGX_GetParam("REQUEST_SCHEME", envp);
    request_client(rq, FCGX_GetParam("REMOTE_ADDR", envp),
                   (https && strcasecmp(https, "on") == 0) || (scheme && strcasecmp(scheme, "https") == 0));
    rq->deadline_ms = w->slot->since_ms + w->app->conf->web_request_limit_s * 1000;
    if (w->prepare)
        w->prepare(rq, w->arg);
}

/* --- sending --- */

static bool write_all(int fd, struct iovec *v, int n)
{
    while (n > 0) {
        ssize_t k = writev(fd, v, n);
        if (k < 0 && errno == EINTR)
            continue;
        if (k < 0)
            return false;
        for (; n > 0 && (size_t)k >= v->iov_len; v++, n--)
            k -= (ssize_t)v->iov_len;
        if (n > 0) {
            v->iov_base = (char *)v->iov_base + k;
            v->iov_len -= (size_t)k;
        }
    }
    return true;
}

/* A FastCGI record's head: version 1, type, request, length of the content, no padding. */
static void record_head(unsigned char out[8], int type, int request, size_t length)
{
    const unsigned char h[8] = { 1, (unsigned char)type, (unsigned char)(request >> 8), (unsigned char)request,
                                 (unsigned char)(length >> 8), (unsigned char)length, 0, 0 };
    memcpy(out, h, 8);
}

/* What a record may carry: at most 64 KiB, a multiple of eight. */
enum { STREAM_OUT = 6, END_REQUEST = 3, MOST = 65528 };

/* The end of the stream and of the request. */
static void end_records(unsigned char end[24], int request)
{
    memset(end, 0, 24);
    record_head(end, STREAM_OUT, request, 0);
    record_head(end + 8, END_REQUEST, request, 8);
}

/* Head and body as records, the last with the end behind it. */
static bool send_answer(struct worker *w, const struct str *head, const struct str *body)
{
    const char *part[2] = { head->s, body ? body->s : "" };
    size_t left[2] = { head->len, body ? body->len : 0 };
    int fd = w->fcgi.ipcFd, id = w->fcgi.requestId;
    bool ok = true;
    while (ok) {
        size_t first = left[0] < MOST ? left[0] : MOST, second = left[1] < MOST - first ? left[1] : MOST - first;
        unsigned char begin[8], end[24];
        record_head(begin, STREAM_OUT, id, first + second);
        struct iovec v[4] = { { begin, sizeof begin }, { (void *)(uintptr_t)part[0], first }, { (void *)(uintptr_t)part[1], second } };
        part[0] += first, left[0] -= first;
        part[1] += second, left[1] -= second;
        bool last = left[0] + left[1] == 0;
        if (last) {
            end_records(end, id);
            v[3] = (struct iovec){ end, sizeof end };
        }
        ok = write_all(fd, v, last ? 4 : 3);
        if (last)
            break;
    }
    return ok;
}

static bool send_record(struct worker *w, const char *data, size_t n)
{
    unsigned char begin[8];
    record_head(begin, STREAM_OUT, w->fcgi.requestId, n);
    struct iovec v[2] = { { begin, sizeof begin }, { (void *)(uintptr_t)data, n } };
    return write_all(w->fcgi.ipcFd, v, 2);
}

/* Piece by piece: memory is the same for any size. A file that became shorter ends the connection without the end of the
 * request, so that nobody takes it for whole. */
static bool send_file(struct worker *w, const struct str *head, const struct response *rs)
{
    char *piece = arena_alloc(w->arena, MOST);
    BUG_IF(head->len > MOST);
    bool ok = send_record(w, head->s, head->len);
    for (int64_t sent = 0; ok && sent < rs->file_length;) {
        int64_t left = rs->file_length - sent;
        ssize_t n = pread(rs->file, piece, left < MOST ? (size_t)left : MOST, rs->file_offset + sent);
        if (n < 0 && errno == EINTR)
            continue;
        ok = n > 0 && send_record(w, piece, (size_t)n);
        sent += n;
        w->slot->since_ms = clock_mono_ms(); /* a slow reader is no worker that hangs */
    }
    unsigned char end[24];
    end_records(end, w->fcgi.requestId);
    return ok && write_all(w->fcgi.ipcFd, &(struct iovec){ end, sizeof end }, 1);
}

/* --- one request --- */

static int64_t now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void log_request(const struct request *rq, const struct response *rs, int64_t us, unsigned statements, bool sent)
{
    static const char *const methods[] = { "GET", "POST", "PUT", "PATCH", "DELETE", "OTHER" };
    log_event(&rq->ctx, LOG_INFO, "request", "method=%s route=%s status=%d ms=%" PRId64 ".%" PRId64 " statements=%u%s%s%s",
              rq->head ? "HEAD" : methods[rq->method], rq->route ? rq->route->name : "-", rs->status, us / 1000, us / 100 % 10,
              statements, rq->ctx.err.code ? " error=" : "", rq->ctx.err.code ? err_name(rq->ctx.err.code) : "",
              sent ? "" : " sent=0");
}

static void answer(struct worker *w)
{
    struct request rq;
    struct response rs;
    struct str head;
    int64_t began = now_us();
    unsigned statements;
    read_request(w, &rq);
    response_init(&rs, w->arena);
    app_answer(&rq, &rs, &statements);
    str_init(&head, w->arena, HEAD_EXPECT, HEAD_CEILING);
    response_head(&rq, &rs, &head);
    BUG_IF(head.full);
    drain(&w->fcgi);
    bool body = response_has_body(&rq, &rs);
    bool sent = body && rs.file > 0 ? send_file(w, &head, &rs) : send_answer(w, &head, body ? &rs.body : NULL);
    FCGX_Free(&w->fcgi, 1); /* closes the connection; FCGX_Finish_r would send an end of its own */
    log_request(&rq, &rs, now_us() - began, statements, sent);
    arena_reset(w->arena);
}

static void set_busy(struct worker *w, bool busy)
{
    w->slot->since_ms = clock_mono_ms();
    w->slot->busy = busy;
}

static bool memory_passed(struct worker *w)
{
    char text[128];
    ssize_t n = pread(w->statm, text, sizeof text - 1, 0);
    if (n <= 0)
        return false;
    text[n] = 0;
    char *resident = strchr(text, ' ');
    uint64_t pages = resident ? strtoull(resident, NULL, 10) : 0;
    w->slot->rss_kb = pages * (uint64_t)sysconf(_SC_PAGESIZE) / 1024;
    int64_t most = w->app->conf->web_max_memory_mb;
    return most > 0 && w->slot->rss_kb > (uint64_t)most * 1024;
}

static void serve_one(struct worker *w)
{
    set_busy(w, true);
    int rc = FCGX_Accept_r(&w->fcgi);
    if (rc < 0) {
        /* EAGAIN: another worker was faster. */
        if (rc != -EAGAIN && rc != -EINTR && rc != -ECONNABORTED)
            log_event(NULL, LOG_WARNING, "worker.accept", "code=%d", rc);
        set_busy(w, false);
        return;
    }
    answer(w);
    uint64_t n = ++w->slot->requests;
    w->slot->route = NULL;
    set_busy(w, false);
    if (n % MEMORY_EVERY == 1 && memory_passed(w)) {
        log_event(NULL, LOG_NOTICE, "worker.memory", "rss_kb=%" PRIu64 " requests=%" PRIu64, w->slot->rss_kb, n);
        w->leave = true;
    }
    if (w->most && n >= w->most)
        w->leave = true;
}

/* --- life --- */

static void watch(struct worker *w, int fd, uint32_t events, uint64_t what)
{
    struct epoll_event e = { .events = events, .data = { .u64 = what } };
    BUG_IF(epoll_ctl(w->epoll, EPOLL_CTL_ADD, fd, &e) != 0);
}

static void start(struct worker *w, int fd)
{
    sigset_t stop;
    sigemptyset(&stop);
    sigaddset(&stop, SIGTERM);
    sigaddset(&stop, SIGINT);
    sigaddset(&stop, SIGQUIT);
    sigaddset(&stop, SIGUSR1);
    sigset_t block = stop;
    sigaddset(&block, SIGHUP); /* the master's business */
    sigprocmask(SIG_SETMASK, &block, NULL);
    setenv("LIBFCGI_OS_CLOSE_POLL_TIMEOUT", "0", 0); /* do not wait for the web server to close first */
    BUG_IF(FCGX_Init() != 0 || FCGX_InitRequest(&w->fcgi, fd, FCGI_FAIL_ACCEPT_ON_INTR) != 0);
    signal(SIGPIPE, SIG_IGN); /* after FCGX_Init, which installs handlers of its own */
    w->signals = signalfd(-1, &stop, SFD_NONBLOCK | SFD_CLOEXEC);
    w->epoll = epoll_create1(EPOLL_CLOEXEC);
    w->statm = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    BUG_IF(w->signals < 0 || w->epoll < 0);
    watch(w, w->signals, EPOLLIN, 1);
    watch(w, fd, EPOLLIN | EPOLLEXCLUSIVE, 0);
    w->arena = arena_new(ARENA_CEILING);
    /* Workers started together do not leave together. */
    uint32_t random;
    crypto_random(&random, sizeof random);
    uint64_t most = w->app->conf->web_max_requests > 0 ? (uint64_t)w->app->conf->web_max_requests : 0;
    w->most = most ? most - most / 10 + random % (most / 5 + 1) : 0;
}

int worker_serve(int fd, struct scoreboard *board, int slot, const struct app *app,
                 void (*prepare)(struct request *rq, void *arg), void *arg)
{
    struct worker w = { .app = app, .board = board, .slot = &board->slot[slot], .prepare = prepare, .arg = arg };
    start(&w, fd);
    w.slot->pid = getpid();
    w.slot->ready = 1;
    while (!w.leave) {
        struct epoll_event e[2];
        int n = epoll_wait(w.epoll, e, ARRAY_LEN(e), -1);
        BUG_IF(n < 0 && errno != EINTR);
        for (int i = 0; i < n; i++) {
            if (e[i].data.u64 == 1)
                w.leave = true;
            else
                serve_one(&w);
        }
    }
    arena_free(w.arena);
    return 0;
}
