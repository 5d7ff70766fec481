/* range.h - which part of a file is asked for (RFC 9110, 14): one range of bytes; several at once are answered whole. */
#ifndef CENTRALA_RANGE_H
#define CENTRALA_RANGE_H
#include "base/base.h"

enum range { RANGE_WHOLE, RANGE_PART, RANGE_OUTSIDE };

/* `header`: the Range field, NULL when absent. `offset` and `length` are set for WHOLE and PART. */
enum range range_parse(const char *header, int64_t size, int64_t *offset, int64_t *length);

#endif
