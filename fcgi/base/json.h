/* json.h - reading JSON (cJSON behind it; only json.c includes cJSON.h) and the small getters handlers need.
 *
 * A document lives in the arena given to json_parse(). RFC 8259 to the letter: trailing rubbish, invalid UTF-8, raw
 * control characters, 01 and the like are refused. Depth at most JSON_DEPTH, at most JSON_VALUES values, size at most
 * what the caller passes in. Duplicate keys: the last one wins is NOT promised; lookups are case-sensitive. \u0000 and
 * lone surrogates, which no C text can hold, become U+FFFD. Numbers above 2^53 lose digits: ids travel as text. Writing
 * is done with str_json() and field tables. */
#ifndef CENTRALA_JSON_H
#define CENTRALA_JSON_H
#include "base/base.h"
#include "base/arena.h"

struct json; /* a node: an alias of cJSON */
enum { JSON_DEPTH = 32, JSON_VALUES = 100000 };
enum json_kind { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_TEXT, JSON_LIST, JSON_OBJECT };

/* NULL when it is not JSON. */
const struct json *json_parse(struct arena *a, const char *s, size_t n);
enum json_kind json_kind(const struct json *j); /* NULL counts as JSON_NULL */
/* Members; NULL when absent or `j` is no object. */
const struct json *json_get(const struct json *j, const char *key);
/* First child of a list or object, and the next one: for (c = json_first(j); c; c = json_next(c)). */
const struct json *json_first(const struct json *j);
const struct json *json_next(const struct json *j);
const char *json_key(const struct json *j);
size_t json_len(const struct json *j);
/* Values; the default when absent or of another kind. */
const char *json_text(const struct json *j, const char *def);
double json_number(const struct json *j, double def);
/* A whole number that fits; also reads a text of digits: Twilio's num_segments. */
int64_t json_int(const struct json *j, int64_t def);
bool json_bool(const struct json *j, bool def);
const char *json_get_text(const struct json *j, const char *key, const char *def);
int64_t json_get_int(const struct json *j, const char *key, int64_t def);
/* The node as compact text again, in the arena. */
const char *json_print(struct arena *a, const struct json *j);

#endif
