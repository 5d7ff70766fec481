/* twilio_internal.h - what twilio.c and its sisters (twilio_numbers.c) share: forms, addresses, refusals. */
#ifndef CENTRALA_TWILIO_INTERNAL_H
#define CENTRALA_TWILIO_INTERNAL_H
#include "base/base.h"
#include "base/str.h"
#include "providers/twilio.h"

enum { TWILIO_URL_MOST = 8 * 1024, TWILIO_WORDS_MOST = 500 };

/* "name=value", joined by &; a NULL value is left out, an empty one is sent. */
void twilio_form_add(struct str *form, const char *name, const char *value);
void twilio_form_int(struct str *form, const char *name, int64_t value);
/* "https://api.twilio.com/2010-04-01/Accounts/AC…" */
void twilio_url_account(struct str *url, struct arena *a, const struct twilio_account *acc);
/* An address without the slashes at its end. */
void twilio_url_base(struct str *url, struct arena *a, const char *base);
struct call twilio_authorised(const struct conf *conf, const struct twilio_account *acc, const char *method, const struct str *url, int limit_ms);
/* At most TWILIO_WORDS_MOST bytes that any column and log may hold: valid UTF-8 without control characters. */
const char *twilio_clean(struct arena *a, const char *s, size_t n);
/* The next page must be ours before our credentials go there: no dots that climb out, nothing unprintable. */
bool twilio_next_is_ours(struct arena *a, const struct twilio_account *acc, const char *next);

/* GET of a list of the account's: `path` ("/Messages.json") with the query, or the page `next` names; false when that leaves
 * the account. */
bool twilio_page_call(struct arena *a, const struct conf *conf, const struct twilio_account *acc, const char *path, const struct str *query, const char *next,
                      int limit_ms, struct call *call);

#endif
