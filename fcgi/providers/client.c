/* client.c - HTTP over libcurl: one easy handle for calls that wait, one multi handle for calls in flight. */
#include "base/base.h"
#include "providers/client.h"
#include "providers/client_internal.h"
#include "providers/public.h"
#include "base/log.h"
#include "base/str.h"
#include <curl/curl.h>
#include <poll.h>

enum {
    ANSWER_MOST = 1024 * 1024,  /* when the call names no ceiling */
    KEPT_CONNECTIONS = 128, /* as many as fcgi-cron has calls in flight */
    KEPT_SECONDS = 55           /* below the minute after which common servers close an idle connection */
};

struct flight { /* one call under way */
    CURL *easy;
    struct arena *arena;
    struct curl_slist *headers;
    struct str body;
    int file;       /* > 0: where a good body goes instead */
    size_t written, most; /* there */
    bool once;      /* not idempotent: must not leave twice */
    bool begun;     /* connected, and the request was or may have been written */
    bool repeated;  /* curl wanted to write it again */
    bool public_only, not_public; /* asked for; an address was refused */
    bool (*go)(void *arg);        /* the caller's last word */
    void *go_arg;
    bool held;                    /* which was no */
    char problem[CURL_ERROR_SIZE];
    void (*done)(const struct answer *answer, void *arg);
    void *arg;
    struct flight *next;
};

struct client {
    bool started;
    CURL *easy;             /* of client_call(); keeps its connections */
    CURLM *multi;           /* of client_start() */
    struct flight *flights;
    int in_flight;
};

#define SET(easy, option, value) BUG_IF(curl_easy_setopt(easy, option, value) != CURLE_OK)

struct client *client_new(void)
{
    struct client *c = calloc(1, sizeof *c);
    BUG_IF(!c);
    return c;
}

/* Late, because TLS costs memory that a worker which never calls out should not pay for. */
static void start(struct client *c)
{
    if (c->started)
        return;
    BUG_IF(curl_global_init(CURL_GLOBAL_SSL) != CURLE_OK);
    c->started = true;
}

static void flight_end(struct flight *f)
{
    curl_slist_free_all(f->headers);
    f->headers = NULL;
}

void client_free(struct client *c)
{
    if (!c)
        return;
    for (struct flight *f = c->flights, *next; f; f = next) {
        next = f->next;
        curl_multi_remove_handle(c->multi, f->easy);
        curl_easy_cleanup(f->easy);
        flight_end(f);
        free(f);
    }
    curl_easy_cleanup(c->easy);
    curl_multi_cleanup(c->multi);
    if (c->started)
        curl_global_cleanup();
    free(c);
}

static size_t on_file(struct flight *f, const char *data, size_t n)
{
    f->body.full = n > f->most - f->written;
    if (f->body.full || !answer_to_file(f->file, data, n))
        return CURL_WRITEFUNC_ERROR;
    f->written += n;
    return n;
}

/* Stores what fits under the ceiling and ends the transfer at it. */
static size_t on_body(char *data, size_t size, size_t count, void *arg)
{
    struct flight *f = arg;
    long status = 0;
    if (f->file > 0 && curl_easy_getinfo(f->easy, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK && status >= 200 && status < 300)
        return on_file(f, data, size * count);
    size_t n = size * count, room = f->body.ceiling - f->body.len;
    str_add(&f->body, data, n < room ? n : room);
    if (n <= room)
        return n;
    f->body.full = true;
    return CURL_WRITEFUNC_ERROR;
}

/* Connected (and TLS is up): from here on something may have been sent. curl comes here a second time when a kept
 * connection closed without an answer; the server may have acted on the first request all the same. */
static int on_request(void *arg, char *peer, char *own UNUSED, int peer_port UNUSED, int own_port UNUSED)
{
    struct flight *f = arg;
    if (f->public_only && !address_text_is_public(peer)) { /* a connection kept from a call that was allowed more */
        f->not_public = true;
        return CURL_PREREQFUNC_ABORT;
    }
    if (f->begun && f->once) {
        f->repeated = true;
        return CURL_PREREQFUNC_ABORT;
    }
    f->held = !f->begun && f->go && !f->go(f->go_arg);
    f->begun = !f->held;
    return f->held ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

/* Asked for each address before it is connected to, so no name can resolve past it. */
static curl_socket_t on_socket(void *arg, curlsocktype purpose UNUSED, struct curl_sockaddr *a)
{
    struct flight *f = arg;
    if (address_is_public(&a->addr))
        return socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
    f->not_public = true;
    return CURL_SOCKET_BAD;
}

static void add_header(struct flight *f, const char *line)
{
    struct curl_slist *more = curl_slist_append(f->headers, line);
    BUG_IF(!more);
    f->headers = more;
}

/* False when a header would break the request apart. */
static bool set_headers(struct flight *f, const struct call *call)
{
    for (const char *const *h = call->headers; h && *h; h++) {
        if (strpbrk(*h, "\r\n"))
            return false;
        add_header(f, *h);
    }
    if (call->content_type) {
        if (strpbrk(call->content_type, "\r\n"))
            return false;
        add_header(f, arena_printf(f->arena, "Content-Type: %s", call->content_type));
    }
    add_header(f, "Expect:"); /* no waiting for 100 Continue */
    SET(f->easy, CURLOPT_HTTPHEADER, f->headers);
    return true;
}

static void set_method(struct flight *f, const struct call *call)
{
    CURL *e = f->easy;
    f->once = strcmp(call->method, "POST") == 0 || strcmp(call->method, "PATCH") == 0;
    if (strcmp(call->method, "HEAD") == 0)
        SET(e, CURLOPT_NOBODY, 1L);
    else if (call->body || f->once) {
        SET(e, CURLOPT_POST, 1L);
        SET(e, CURLOPT_POSTFIELDS, call->body ? call->body : "");
        SET(e, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)(call->body ? call->body_len : 0));
        if (!call->content_type)
            add_header(f, "Content-Type:");
    }
    if (strcmp(call->method, "GET") != 0 && strcmp(call->method, "POST") != 0 && strcmp(call->method, "HEAD") != 0)
        SET(e, CURLOPT_CUSTOMREQUEST, call->method);
}

static void set_transport(CURL *e, const struct call *call)
{
    SET(e, CURLOPT_NOSIGNAL, 1L);
    SET(e, CURLOPT_PROTOCOLS_STR, call->https_only ? "https" : "http,https");
    SET(e, CURLOPT_FOLLOWLOCATION, 0L);
    SET(e, CURLOPT_PROXY, "");
    SET(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1); /* a cut connection concerns one request */
    SET(e, CURLOPT_USERAGENT, "Centrala/1");
    SET(e, CURLOPT_CONNECTTIMEOUT_MS, (long)call->connect_limit_ms);
    SET(e, CURLOPT_TIMEOUT_MS, (long)call->limit_ms);
    SET(e, CURLOPT_MAXAGE_CONN, (long)KEPT_SECONDS);
    SET(e, CURLOPT_UPLOAD_BUFFERSIZE, 16384L);
    /* The folder of hashed certificates is read one file a lookup; the bundle would be parsed whole into each worker. */
    SET(e, CURLOPT_CAINFO, NULL);
    SET(e, CURLOPT_CAPATH, "/etc/ssl/certs");
    if (call->user) {
        SET(e, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
        SET(e, CURLOPT_USERNAME, call->user);
        SET(e, CURLOPT_PASSWORD, call->password ? call->password : "");
    }
}

/* Everything the call says, on a fresh or reset handle; false when the call itself cannot be sent. */
static bool set_up(struct flight *f, const struct call *call)
{
    BUG_IF(call->connect_limit_ms <= 0 || call->limit_ms <= 0);
    CURL *e = f->easy;
    size_t most = call->most ? call->most : ANSWER_MOST;
    f->file = call->file;
    f->most = most;
    if (call->file > 0 && most > ANSWER_MOST) /* of anything but a 2xx */
        most = ANSWER_MOST;
    str_init(&f->body, f->arena, most < 2048 ? most : 2048, most);
    set_transport(e, call);
    set_method(f, call);
    SET(e, CURLOPT_URL, call->url);
    SET(e, CURLOPT_WRITEFUNCTION, on_body);
    SET(e, CURLOPT_WRITEDATA, f);
    SET(e, CURLOPT_PREREQFUNCTION, on_request);
    SET(e, CURLOPT_PREREQDATA, f);
    SET(e, CURLOPT_ERRORBUFFER, f->problem);
    SET(e, CURLOPT_PRIVATE, f);
    f->go = call->go;
    f->go_arg = call->go_arg;
    f->public_only = call->public_only;
    if (f->public_only) {
        SET(e, CURLOPT_OPENSOCKETFUNCTION, on_socket);
        SET(e, CURLOPT_OPENSOCKETDATA, f);
    }
    if (set_headers(f, call))
        return true;
    snprintf(f->problem, sizeof f->problem, "a header holds a line break");
    return false;
}

static const char *header(const struct flight *f, const char *name)
{
    struct curl_header *h;
    return curl_easy_header(f->easy, name, 0, CURLH_HEADER, -1, &h) == CURLHE_OK ? h->value : NULL;
}

static int64_t retry_after(const struct flight *f)
{
    curl_off_t s = 0;
    bool said = header(f, "Retry-After") && curl_easy_getinfo(f->easy, CURLINFO_RETRY_AFTER, &s) == CURLE_OK;
    return answer_wait_ms(header(f, "Retry-After-Ms"), said, s);
}

/* Did our own rules keep it from leaving? */
static bool forbidden(const struct flight *f, CURLcode rc)
{
    return !f->begun && rc && (f->not_public || rc == CURLE_UNSUPPORTED_PROTOCOL || rc == CURLE_URL_MALFORMAT || rc == CURLE_BAD_FUNCTION_ARGUMENT);
}

static const char *problem(const struct flight *f, CURLcode rc)
{
    if (f->body.full)
        return "the answer is larger than allowed";
    if (f->repeated)
        return "the connection closed without an answer";
    if (f->held)
        return "held back at the last moment";
    if (f->not_public && !f->begun)
        return "the address is not on the public internet";
    if (*f->problem)
        return arena_strdup(f->arena, f->problem);
    return rc ? curl_easy_strerror(rc) : "";
}

static void read_answer(struct flight *f, CURLcode rc, struct answer *out)
{
    static const char *const ids[] = { "x-request-id", "twilio-request-id", "request-id" };
    long status = 0;
    curl_off_t took_us = 0;
    BUG_IF(rc == CURLE_OUT_OF_MEMORY);
    curl_easy_getinfo(f->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(f->easy, CURLINFO_TOTAL_TIME_T, &took_us);
    if (status < 200 || f->repeated)
        status = 0;
    const char *type = status ? header(f, "Content-Type") : NULL, *id = NULL;
    const char *location = status >= 300 && status < 400 ? header(f, "Location") : NULL;
    for (size_t i = 0; status && !id && i < ARRAY_LEN(ids); i++)
        id = header(f, ids[i]);
    *out = (struct answer){
        .class = answer_class(f->begun, rc == CURLE_OK, (int)status),
        .status = (int)status,
        .body = f->body.s,
        .body_len = f->written ? f->written : f->body.len,
        .content_type = type ? arena_strdup(f->arena, type) : "",
        .location = location ? arena_strdup(f->arena, location) : "",
        .too_large = f->body.full,
        .retry_after_ms = status ? retry_after(f) : -1,
        .should_retry = status ? answer_should_retry(header(f, "X-Should-Retry")) : 0,
        .forbidden = forbidden(f, rc),
        .request_id = id ? arena_strdup(f->arena, id) : "",
        .took_ms = (int)(took_us / 1000),
        .problem = rc ? problem(f, rc) : "",
    };
}

void client_call(struct client *c, struct ctx *ctx, const struct call *call, struct answer *out)
{
    BUG_IF(ctx->transactions != 0); /* a slow server would hold the locks */
    start(c);
    if (!c->easy)
        c->easy = curl_easy_init();
    BUG_IF(!c->easy);
    struct flight f = { .easy = c->easy, .arena = ctx->arena };
    CURLcode rc = set_up(&f, call) ? curl_easy_perform(c->easy) : CURLE_BAD_FUNCTION_ARGUMENT;
    read_answer(&f, rc, out);
    curl_easy_reset(c->easy); /* forgets credentials and pointers, keeps connections */
    flight_end(&f);
    log_event(ctx, out->class == CALL_OK ? LOG_INFO : LOG_NOTICE, "call", "method=%s host=%s class=%s status=%d ms=%d request_id=%s problem=%s",
              call->method, url_host(ctx->arena, call->url), call_class_name(out->class), out->status, out->took_ms,
              log_quote(ctx->arena, out->request_id), log_quote(ctx->arena, out->problem));
}

void client_start(struct client *c, struct arena *arena, const struct call *call,
                  void (*done)(const struct answer *answer, void *arg), void *arg)
{
    start(c);
    if (!c->multi) {
        c->multi = curl_multi_init();
        BUG_IF(!c->multi);
        BUG_IF(curl_multi_setopt(c->multi, CURLMOPT_MAXCONNECTS, (long)KEPT_CONNECTIONS) != CURLM_OK);
    }
    struct flight *f = calloc(1, sizeof *f);
    BUG_IF(!f);
    *f = (struct flight){ .easy = curl_easy_init(), .arena = arena, .done = done, .arg = arg, .next = c->flights };
    BUG_IF(!f->easy);
    c->flights = f;
    c->in_flight++;
    if (!set_up(f, call)) { /* fails in client_run() like everything else */
        SET(f->easy, CURLOPT_ERRORBUFFER, NULL);
        SET(f->easy, CURLOPT_URL, "");
    }
    BUG_IF(curl_multi_add_handle(c->multi, f->easy) != CURLM_OK);
}

static void finish(struct client *c, struct flight *f, CURLcode rc)
{
    struct answer answer;
    read_answer(f, rc, &answer);
    for (struct flight **p = &c->flights; *p; p = &(*p)->next)
        if (*p == f) {
            *p = f->next;
            break;
        }
    c->in_flight--;
    BUG_IF(curl_multi_remove_handle(c->multi, f->easy) != CURLM_OK);
    curl_easy_cleanup(f->easy);
    flight_end(f);
    f->done(&answer, f->arg);
    free(f);
}

/* Does what can be done without waiting; returns how many calls ended. */
static int drive(struct client *c)
{
    int running, left, ended = 0;
    BUG_IF(curl_multi_perform(c->multi, &running) != CURLM_OK);
    for (CURLMsg *m; (m = curl_multi_info_read(c->multi, &left)); ended++) {
        char *f;
        CURLcode rc = m->data.result;
        BUG_IF(curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &f) != CURLE_OK);
        finish(c, (struct flight *)(void *)f, rc);
    }
    return ended;
}

int client_run(struct client *c, int fd, int wait_ms)
{
    if (!c->in_flight) {
        poll(&(struct pollfd){ .fd = fd, .events = POLLIN }, 1, wait_ms);
        return 0;
    }
    if (drive(c) == 0 && wait_ms > 0) {
        struct curl_waitfd also = { .fd = fd, .events = CURL_WAIT_POLLIN };
        CURLMcode rc = curl_multi_poll(c->multi, &also, fd >= 0 ? 1 : 0, wait_ms, NULL);
        BUG_IF(rc != CURLM_OK);
        drive(c);
    }
    return c->in_flight;
}

int client_in_flight(const struct client *c)
{
    return c->in_flight;
}
