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

enum method { METHOD_GET, METHOD_POST, METHOD_PUT, METHOD_PATCH, METHOD_DELETE, METHOD_OTHER };

struct field_error { const char *field, *text; struct field_error *next; }; /* text: a message id */

struct upload { const char *name, *filename, *type, *data; size_t size; struct upload *next; };

enum { ROUTE_ARGS = 3 };

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
    void *transport;         /* worker.c's own (FCGX_Request), or a test's */

    /* what the core made of it */
    const struct app *app;
    const struct route *route;
    const char *args[ROUTE_ARGS]; /* decoded values of :name parts of the path, in order */
    struct pair *params;     /* urlencoded or multipart body, or the query of a GET; decoded, in order of arrival */
    size_t param_count;
    struct upload *uploads;
    void *in;                /* the form's struct, filled and checked; NULL when the route has no form */
    struct field_error *form_errors; /* a PAGE handler is called with these to show the form again */
    int64_t deadline_ms;     /* clock_mono_ms() by which it must be answered */

    /* who it is (guards) */
    const struct catalog *lang;
    const char *csrf;        /* token to put into forms; NULL without a session */
    uint64_t session_id;     /* 0 for bearer tokens and the public */
    const char *zone;        /* IANA zone to show times in: the user's, else the tenant's */
    const char *user_name;   /* for the page header */
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

/* Splits target, query, cookies, body into params; false with ctx.err set (MALFORMED, TOO_LARGE). */
bool request_parse(struct request *rq);

#endif
