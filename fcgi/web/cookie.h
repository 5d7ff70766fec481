/* cookie.h - the Cookie header: find one value; and the check that a value may be sent. */
#ifndef CENTRALA_COOKIE_H
#define CENTRALA_COOKIE_H
#include "base/base.h"

/* The first cookie of that name in "a=1; b=2"; quotes around the value are taken off. False when there is none. */
bool cookie_find(const char *header, const char *name, const char **value, size_t *len);
/* Only the characters RFC 6265 allows in a value. */
bool cookie_value_ok(const char *value);

#endif
