/* app.h - what the web core is given at start: routes, settings, templates, catalogues, and the questions it may not
 * answer itself because they need the database (web never includes store, services or providers). */
#ifndef CENTRALA_APP_H
#define CENTRALA_APP_H
#include "base/base.h"
#include "web/form.h"
#include "web/i18n.h"
#include "web/mustache.h"
#include "web/request.h"
#include "web/response.h"

typedef int handler_fn(struct request *rq, struct response *rs); /* the one typedef: a prototype list needs it */

/* PAGE: session cookie, CSRF on unsafe methods, HTML errors.
 * API: bearer token or session (with CSRF header then), {"error": text}; invalid input is 400.
 * HEALTH: no database at all unless the handler asks for it, JSON.
 * TWILIO: signature over the raw body; errors as an empty body of type text/xml, never text/plain. */
enum route_kind { PAGE, API, HEALTH, TWILIO };

struct route {
    /* declared */
    enum method method;
    const char *path;        /* "/conversations/:id"; ":name" matches one part, decoded */
    enum route_kind kind;
    int perm;                /* enum perm, PERM_PUBLIC, or PERM_USER (any signed-in user) */
    handler_fn *handler;
    const struct form *form; /* NULL: none */
    const char *name;        /* the handler's name, for url_for and `centralactl routes` */
    /* body_limit_kb of the settings unless the form's own row says more */
};
enum { PERM_PUBLIC = -1, PERM_USER = -2 };

/* The questions. Each returns false with ctx.err set when it could not be answered. */
struct app_hooks {
    /* Before anything else; opens or picks the connection: reader for safe methods. Lazy: nothing is sent. */
    bool (*begin)(struct request *rq, bool safe);
    /* After the answer was made: rolls back what is open, returns the connection to rest. */
    void (*end)(struct request *rq);
    /* Who is this? By session cookie token (raw value) or by bearer token. Sets ctx.tenant, ctx.actor, csrf,
     * session_id, zone, lang. Nobody is not an error: actor stays ACTOR_NONE. */
    bool (*identify_session)(struct request *rq, const char *token);
    bool (*identify_bearer)(struct request *rq, const char *token);
    /* Finds the tenant of a webhook and checks the signature; false with ERR_SIGNATURE, which it has counted. */
    bool (*check_signature)(struct request *rq);
    /* Default country of the tenant for typed numbers, "PL". */
    const char *(*country)(struct request *rq);
};

struct app {
    const struct conf *conf;
    const struct keyring *keys;
    const struct route *routes;
    size_t route_count;
    const struct app_hooks *hooks;
    const struct catalog *catalogs[LANG_COUNT];
    const struct template_set *templates[LANG_COUNT];
    const char *const *perm_names;
    const char *asset_version; /* appended to static URLs: changes with the files */
    struct scoreboard *board;  /* web/prefork.h; NULL in tests */
};

/* router.h in one line each: */
/* Sets rq->route and rq->args; false with ERR_ABSENT or ERR_METHOD (and the Allow header). */
bool route_match(struct request *rq, struct response *rs);
/* Runs the guards the route's kind asks for: rate, signature, identity, permission, csrf, form. 0 = go on, else the
 * status already prepared in rs. */
int guards_run(struct request *rq, struct response *rs);
/* accept -> … -> send is worker.c; this is the middle: match, guards, handler, error rendering. Returns the status. */
int app_answer(struct request *rq, struct response *rs);
/* "/conversations/17" from the handler's name and the values of its :parts (percent-encoded). BUG when unknown. */
const char *url_for(struct request *rq, const char *name, const char *a0, const char *a1);

#endif
