/* view.h - pages: the root object every template sees, then one render into the response.
 *
 * The root has: lang, csrf, user {name, role, tenant} or nothing, can {permission_name: true}, here {x: true} where the
 * route's handler is named x_page (a handler may add its section there), version, notice (flash text), test_mode.
 * Handlers add theirs. Times go through view_time(): each is an object {iso, clock "14:05", date "20 Nov 2026", day
 * (Today/Yesterday/date), ago}. */
#ifndef CENTRALA_VIEW_H
#define CENTRALA_VIEW_H
#include "web/app.h"
#include "web/value.h"

/* The root object of this request; made at the first call. */
struct value *view(struct request *rq);
/* Adds the template's text to rs->body; false (and logged) when there is no such template or it did not render. */
bool view_render(struct request *rq, struct response *rs, const char *page);
/* Renders "pages/history" into rs; 200. A fragment (X-Fragment header or ?fragment=1) renders "parts/<x>" instead
 * where there is one. */
int view_page(struct request *rq, struct response *rs, const char *page);
int view_page_status(struct request *rq, struct response *rs, const char *page, int status);
/* Puts the time under `name`, in the request's zone and language; nothing when ms is CLOCK_NONE. */
void view_time(struct request *rq, struct value *o, const char *name, int64_t ms);
/* The texts alone, for what a page shows a hundred times: "14:05" (a time to HTML as it stands), "20 Nov 2026", and the day as
 * view_day() has it; NULL when ms is CLOCK_NONE. */
struct view_clock { const char *clock, *date, *day; };
struct view_clock view_clock(struct request *rq, int64_t ms);
/* The moment by the wall clock of another zone, with weekday "Fri" and offset "UTC+01:00" in the object. */
void view_time_in(struct request *rq, struct value *o, const char *name, int64_t ms, const struct zone *zone);
/* "Mon" of weekday 0, and so on, in the request's language. */
const char *view_weekday(struct request *rq, int weekday);
/* The day alone, as view_time() words it: Today, Yesterday, or the date. */
const char *view_day(struct request *rq, int64_t ms);
/* "admin" and the other roles as a word of the request's language. */
const char *view_role(struct request *rq, const char *role);
/* Translation for handlers, and with arguments. */
const char *say(struct request *rq, const char *msgid) __attribute__((format_arg(2)));
const char *sayf(struct request *rq, const char *msgid, ...) PRINTF_LIKE(2, 3);
const char *say_n(struct request *rq, const char *one, const char *many, int64_t n); /* "%lld" replaced by n */
/* The form's values and mistakes under "form": {value: {...}, error: {field: text}, problem: text (a mistake registered
 * at the field ""), failed: true}. */
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
