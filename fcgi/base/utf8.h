/* utf8.h - the little Unicode we need: is it valid, where does the next character start, what is its code point. */
#ifndef CENTRALA_UTF8_H
#define CENTRALA_UTF8_H
#include "base/base.h"

/* Bytes of the valid character at `s` (1 to 4), 0 when there is none within `n` bytes (RFC 3629: no surrogates, no
 * overlong forms, at most U+10FFFF). */
size_t utf8_step(const char *s, size_t n);
/* The same and its code point. */
size_t utf8_decode(const char *s, size_t n, uint32_t *code);
bool utf8_valid(const char *s, size_t n);
/* Characters (code points) in a valid text; an invalid byte counts as one. */
size_t utf8_count(const char *s, size_t n);
/* UTF-16 code units, as JavaScript and Twilio count. */
size_t utf16_units(const char *s, size_t n);
/* The largest length not above `max` bytes that does not cut a character; an invalid byte counts as one. */
size_t utf8_cut(const char *s, size_t n, size_t max);
/* Writes `code` to `out`, gives the number of bytes. What is no character (a surrogate, too large) becomes U+FFFD. */
size_t utf8_encode(uint32_t code, char out[4]);

#endif
