/* json_out.h - writing flat JSON objects: json_open, members, json_close. Every member leaves a comma behind it, which
 * json_close() replaces. Null for absent texts and times; times are UTC, ISO 8601, without a zone, as the predecessors wrote them. */
#ifndef CENTRALA_API_JSON_OUT_H
#define CENTRALA_API_JSON_OUT_H
#include "base/str.h"

void json_open(struct str *out);
void json_close(struct str *out);
/* "name": — the value and a comma follow by the caller. */
void json_name(struct str *out, const char *name);
void json_put_text(struct str *out, const char *name, const char *value);
void json_put_int(struct str *out, const char *name, int64_t value);
void json_put_bool(struct str *out, const char *name, bool value);
void json_put_time(struct str *out, const char *name, int64_t ms);

#endif
