/* wire.h - values of the binary protocol into members of structs. No connection, no library: bytes in, member out.
 *
 * The types are the protocol's numbers. Integers of any width, DECIMAL (sums; the part behind the point is dropped) and
 * DOUBLE fill U64, I64, INT and BOOL; texts and binaries fill TEXT; DATE, DATETIME and TIMESTAMP fill TIME. */
#ifndef CENTRALA_WIRE_H
#define CENTRALA_WIRE_H
#include "base/base.h"
#include "base/arena.h"
#include "base/field.h"

enum wire_type {
    WIRE_DECIMAL = 0, WIRE_TINY = 1, WIRE_SHORT = 2, WIRE_LONG = 3, WIRE_FLOAT = 4, WIRE_DOUBLE = 5, WIRE_NULL = 6, WIRE_TIMESTAMP = 7,
    WIRE_LONGLONG = 8, WIRE_INT24 = 9, WIRE_DATE = 10, WIRE_DATETIME = 12, WIRE_YEAR = 13, WIRE_VARCHAR = 15, WIRE_JSON = 245,
    WIRE_NEWDECIMAL = 246, WIRE_ENUM = 247, WIRE_SET = 248, WIRE_TINY_BLOB = 249, WIRE_MEDIUM_BLOB = 250, WIRE_LONG_BLOB = 251,
    WIRE_BLOB = 252, WIRE_VAR_STRING = 253, WIRE_STRING = 254,
};

/* May a column of that type fill a member of that kind? WIRE_NULL (SELECT NULL) fills all. */
bool wire_fits(enum field_kind kind, unsigned type);
/* Reads one value at `p` into `member`, gives the place behind it. Texts are copied into the arena. wire_fits() holds. */
const unsigned char *wire_read(struct arena *a, enum field_kind kind, unsigned type, bool is_unsigned, const unsigned char *p, void *member);
/* NULL: text NULL, number 0, time CLOCK_NONE. */
void wire_null(enum field_kind kind, void *member);

#endif
