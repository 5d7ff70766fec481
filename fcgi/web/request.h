/* request.h - one request: what came (environment, query, cookies, body), what the route declares, who it is.
 *
 * Life: worker.c fills it from FastCGI, the router sets `route` and `args`, the guards set identity and `in`, the
 * handler reads. Everything lives in ctx.arena and dies with the request. `ctx` is first: services take &rq->ctx. */
#ifndef CENTRALA_REQUEST_H
#define CENTRALA_REQUEST_H
#include "base/base.h"
#include "base/ctx.h"
#include "base/signature.h" /* struct pair */
#include "web/i18n.h"

struct route;
struct app;
struct value;
struct json;

enum method { METHOD_GET, METHOD_POST, METHOD_PUT, METHOD_PATCH, METHOD_DELETE, METHOD_OTHER };

/* PAGE: session cookie, CSRF on unsafe methods, HTML errors.
 * API: bearer token or session (with CSRF header then), {"error": text}; invalid input is 400.
 * HEALTH: no database at all unless the handler asks for it (hooks->begin), JSON.
 * TWILIO: signature over the raw body; errors as an empty <Response/> of type text/xml (or as the form's envelope says), never text/plain. */
enum route_kind { PAGE, API, HEALTH, TWILIO };

struct field_error { const char *field, *text; struct field_error *next; }; /* text: a message id */

struct upload { const char *name, *filename, *type, *data; size_t size; struct upload *next; };

enum {
    ROUTE_ARGS = 3,
    REQUEST_PARAMS_MAX = 1000, /* more names than this in a query or body: too large */
    TARGET_MAX = 8000
};

struct request {
    struct ctx ctx;

    /* what came, raw */
    enum method method;      /* HEAD arrives as GET with `head` set */
    bool head;
    const char *target;      /* REQUEST_URI as it came: path and query, not decoded */
    const char *path;        /* decoded, without query, always begins with "/" */
    const char *query;       /* behind "?", "" when none */
    const char *content_type, *body;
    size_t body_len;
    const char *remote;      /* client address: X-Forwarded-For only from a trusted proxy */
    bool https;
    const char *(*header)(const struct request *rq, const char *name); /* "X-Twilio-Signature"; NULL when absent */
    /* Sets body and body_len, at most `limit` bytes; false with TOO_LARGE or MALFORMED (cut short). NULL: set already. */
    bool (*read_body)(struct request *rq, size_t limit);
    void *transport;         /* worker.c's own (FCGX_Request), or a test's */

    /* what the core made of it */
    const struct app *app;
    const struct route *route;
    enum route_kind kind;    /* the route's; guessed from the path when no route matched */
    const char *args[ROUTE_ARGS]; /* decoded values of :name parts of the path, in order */
    struct pair *params;     /* urlencoded or multipart body, or the query of a GET; decoded, in order of arrival */
    size_t param_count;
    struct upload *uploads;
    const struct json *json; /* a JSON body, read by form_fill(); NULL otherwise */
    void *in;                /* the form's struct, filled and checked; NULL when the route has no form */
    struct field_error *form_errors; /* a PAGE handler is called with these to show the form again */
    int64_t deadline_ms;     /* clock_mono_ms() by which it must be answered */

    /* who it is (guards) */
    const struct catalog *lang;
    const char *csrf;        /* token to put into forms; NULL without a session */
    uint64_t session_id;     /* 0 for bearer tokens and the public */
    const char *zone;        /* IANA zone to show times in: the user's, else the tenant's */
    const char *country;     /* ISO 3166, for numbers as people type them; NULL: only +… is understood */
    const char *user_name;   /* for the page header */
    bool password_once;      /* somebody else made the password: until it is replaced there are no permissions */
    const char *user_role, *user_email, *tenant_name; /* the same; NULL when unknown */

    /* kept between calls: the scoreboard's place, view.c's root object and times, url_for()'s last route */
    const char *volatile *progress; /* where the route's name is shown (scoreboard); may be NULL */
    struct value *root;
    struct view_times *times;
    const char *url_name;
    const struct route *url_route;
    bool notice_shown;
};

/* Value of a parameter by name, NULL when absent: for guards and the form filler. Handlers use rq->in. */
const char *request_param(const struct request *rq, const char *name);
/* A cookie's value, NULL when absent. */
const char *request_cookie(const struct request *rq, const char *name);
/* First value of a path's :name part as a positive number; 0 when it is not one. */
uint64_t request_arg_id(const struct request *rq, size_t i);
/* GET and HEAD. */
bool request_safe(const struct request *rq);
/* The same site's path given by ?next= or Referer, else `def`: never another host. */
const char *request_return_path(const struct request *rq, const char *def);
/* Registers a mistake at a field (message id). */
void request_field_error(struct request *rq, const char *field, const char *text);

/* The method's name to `method` and `head`. */
void request_method(struct request *rq, const char *name);
/* Address and scheme of the client: what the web server says, or what a proxy named in web.trusted_proxies says. */
void request_client(struct request *rq, const char *address, bool https);
/* Splits the target into path and query; false with ctx.err MALFORMED or TOO_LARGE. */
bool request_parse_target(struct request *rq);
/* Reads the body and splits it (or the query of a GET) into params and uploads; MALFORMED, TOO_LARGE. */
bool request_parse_body(struct request *rq, size_t limit);
/* Both, with the limit of the settings. */
bool request_parse(struct request *rq);
/* Is that the Content-Type (parameters aside)? */
bool request_type_is(const struct request *rq, const char *type);
#define TYPE_FORM "application/x-www-form-urlencoded"
#define TYPE_MULTIPART "multipart/form-data"
#define TYPE_JSON "application/json"

/* Percent-decoded once ('+' stays). NULL for a broken escape, a NUL, invalid UTF-8. In the arena. */
const char *path_decode(struct arena *a, const char *s, size_t n);
/* True for a path of this site that may be redirected to: one "/" first, no backslash, no control characters. */
bool path_is_local(const char *path);

#endif
