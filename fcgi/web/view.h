/* view.h - pages: the root object every template sees, then one render into the response.
 *
 * The root has: lang, csrf, user {name, role…} or nothing, can {permission_name: true}, here (route name), version,
 * title (set by the handler), notice (flash text), test_mode, fragment. "here" is also put as {here_is: {<name>: true}}, so
 * that a menu can mark its entry. Handlers add theirs. Times go through view_time(): each
 * is an object {iso, clock "14:05", date "2026-11-20", day (Today/Yesterday/date), ago}. */
#ifndef CENTRALA_VIEW_H
#define CENTRALA_VIEW_H
#include "web/app.h"
#include "web/value.h"

/* The root object of this request; made at the first call. */
struct value *view(struct request *rq);
/* Adds the template's text to rs->body; false (and logged) when there is no such template or it did not render. */
bool view_render(struct request *rq, struct response *rs, const char *page);
/* Renders "pages/history" into rs; 200. A fragment (X-Fragment header or ?fragment=1) renders "parts/<x>" instead. */
int view_page(struct request *rq, struct response *rs, const char *page);
int view_page_status(struct request *rq, struct response *rs, const char *page, int status);
/* Puts the time under `name`, in the request's zone and language; nothing when ms is CLOCK_NONE. */
void view_time(struct request *rq, struct value *o, const char *name, int64_t ms);
/* Translation for handlers, and with arguments. */
const char *say(struct request *rq, const char *msgid);
const char *sayf(struct request *rq, const char *msgid, ...);
const char *say_n(struct request *rq, const char *one, const char *many, int64_t n); /* "%lld" replaced by n */
/* The form's values and mistakes under "form": {value: {...}, error: {field: text}, failed: true}. */
void view_form(struct request *rq, const struct form *form, const void *in);
/* True when the browser wants only the changing part (live.js). */
bool view_fragment(struct request *rq);
/* The request's zone; UTC when it has none or an unknown one. */
const struct zone *view_zone(struct request *rq);

/* The zones a worker has read, kept as long as `a`. */
struct zones *zones_new(struct arena *a);
const struct zone *zones_get(struct zones *zones, const char *name); /* NULL when there is no such zone */

#define NOTICE_COOKIE "centrala_notice"

#endif
