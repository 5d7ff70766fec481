/* signature.h - X-Twilio-Signature (reference: Twilio's "Validating requests"; behaviour as the official helper
 * library 6.2.0 has it, whose vectors the unit test reads).
 *
 * The data is the URL as Twilio was given it, then for a form POST each parameter's name and value in byte order of
 * the names; a repeated name gives its distinct values, sorted. A JSON body is bound by bodySHA256 in the query
 * instead. Because Twilio's products differ, four spellings of the URL are tried: as configured, with the default port
 * added, with any port removed, and with the query re-encoded the legacy way. */
#ifndef CENTRALA_SIGNATURE_H
#define CENTRALA_SIGNATURE_H
#include "base/base.h"
#include "base/arena.h"

struct pair { const char *name; size_t name_len; const char *value; size_t value_len; }; /* percent-decoded */

/* `url` = public base URL + raw request target, no fragment. `pairs` is sorted in place (pass NULL, 0 for GET and JSON).
 * `body` is the raw body, used only when the URL carries bodySHA256. `header` may be NULL (= invalid).
 * `token` is the Auth Token; constant-time comparison. */
bool signature_valid(struct arena *a, const char *token, const char *url, struct pair *pairs, size_t count,
                     const char *body, size_t body_len, const char *header);
/* What Twilio would send for exactly this URL: simulators, /phone and tests sign with it. */
const char *signature_make(struct arena *a, const char *token, const char *url, struct pair *pairs, size_t count);
/* Splits an urlencoded text ('+' is a space); malformed escapes stay as they are. At most `max` pairs, NULL beyond. */
struct pair *pairs_parse(struct arena *a, const char *s, size_t n, size_t max, size_t *count);

#endif
