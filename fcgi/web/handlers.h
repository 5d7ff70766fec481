/* handlers.h - the prototype of every handler, made from routes.def: a handler that is not in the table does not compile. */
#ifndef CENTRALA_WEB_HANDLERS_H
#define CENTRALA_WEB_HANDLERS_H
#include "web/app.h"

extern const struct form no_form; /* in routes.def: this route has no form (size 0; the core treats it as NULL) */

#define ROUTE(method, path, kind, perm, handler, table) \
    handler_fn handler;                                 \
    extern const struct form table;
#include "routes.def"
#undef ROUTE

#endif
