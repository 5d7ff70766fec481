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

struct route {
    /* declared */
    enum method method;
    const char *path;        /* "/conversations/:id"; ":name" matches one part, decoded */
    enum route_kind kind;
    int perm;                /* enum perm, PERM_PUBLIC, or PERM_USER (any signed-in user) */
    handler_fn *handler;
    const struct form *form; /* NULL or of size 0: none */
    const char *name;        /* the handler's name, for url_for and `centralactl routes` */
    /* body_limit_kb of the settings unless the form's own row says more */
};
enum { PERM_PUBLIC = -1, PERM_USER = -2 };

/* The questions. Each returns false with ctx.err set when it could not be answered. begin, end and statements may be
 * NULL; the others where no route needs them. */
struct app_hooks {
    /* Before the guards; opens or picks the connection: reader for safe methods. Lazy: nothing is sent. Not called for
     * HEALTH: such a handler calls it itself when it wants the database. */
    bool (*begin)(struct request *rq, bool safe);
    /* After the answer was made, also without begin: rolls back what is open, returns the connection to rest. */
    void (*end)(struct request *rq);
    /* Statements sent since begin, for the log line. */
    unsigned (*statements)(const struct request *rq);
    /* Who is this? By session cookie token (raw value) or by bearer token. Sets ctx.tenant, ctx.actor, csrf,
     * session_id, zone, country, lang, names. Nobody is not an error: actor stays ACTOR_NONE. */
    bool (*identify_session)(struct request *rq, const char *token);
    bool (*identify_bearer)(struct request *rq, const char *token);
    /* Finds the tenant of a webhook and checks the signature; false with ERR_SIGNATURE, which it has counted. */
    bool (*check_signature)(struct request *rq);
};

struct zones; /* view.c: the time zones this worker has read */

struct app {
    const struct conf *conf;
    const struct keyring *keys;
    const struct route *routes;
    size_t route_count;
    const struct app_hooks *hooks;
    const struct catalog *catalogs[LANG_COUNT];
    const struct template_set *templates[LANG_COUNT];
    const char *const *perm_names; /* dotted, by enum perm */
    size_t perm_count;
    bool strict;               /* a template's unknown name is an error (tests) */
    struct scoreboard *board;  /* web/prefork.h; NULL in tests */

    /* derived by app_ready() */
    enum language language;       /* before sign-in, when the browser asks for none of ours */
    const char *const *perm_keys; /* "message_send", for templates */
    struct zones *zones;
};

/* Checks the table (every route's path, no pair twice: BUG) and fills the derived half; `a` lives as long as the app. */
void app_ready(struct app *app, struct arena *a);

#define SESSION_COOKIE "centrala_session"

/* Sets rq->route and rq->args; false with ERR_ABSENT or ERR_METHOD (and the Allow header). */
bool route_match(struct request *rq, struct response *rs);
/* The family of an address that no row has, by how it begins: so that it is refused in that family's shape. */
enum route_kind route_kind_guess(const char *path);
/* Runs the guards the route's kind asks for: signature, identity, permission, csrf, form. 0 = go on, else the status
 * already prepared in rs. */
int guards_run(struct request *rq, struct response *rs);
/* accept -> … -> send is worker.c; this is the middle: match, body, guards, handler, error rendering. Returns the
 * status. `statements` (may be NULL) gets their number. */
int app_answer(struct request *rq, struct response *rs, unsigned *statements);
/* "/conversations/17" from the handler's name and the values of its :parts (percent-encoded). BUG when unknown. */
const char *url_for(struct request *rq, const char *name, const char *a0, const char *a1);

#endif
