/* field.h - a struct described once: the same table reads a result row, writes JSON and feeds a view.
 *
 *   struct contact { uint64_t id; const char *name; int64_t created_ms; };
 *   #define CONTACT_FIELD(kind, member, flags) FIELD_ENTRY(contact, kind, member, flags)
 *   #define CONTACT(F) F(U64, id, 0) F(TEXT, name, 0) F(TIME, created_ms, 0)
 *   ROW_TYPE(contact, CONTACT(CONTACT_FIELD));   // in exactly one .c: defines const struct row_type contact_type
 *   extern const struct row_type contact_type;   // in the header
 *
 * The order of the list is the order of the columns in every SELECT that uses it (counts are asserted at prepare). The
 * macro checks each member's C type. A time member is named x_ms in C and "x" in JSON and views (ISO text there).
 * SECRET members never leave: not in JSON, not in views, not in logs. */
#ifndef CENTRALA_FIELD_H
#define CENTRALA_FIELD_H
#include "base/base.h"
#include "base/str.h"

enum field_kind { FIELD_U64, FIELD_I64, FIELD_INT, FIELD_BOOL, FIELD_TEXT, FIELD_TIME };
enum field_flags { SECRET = 1 };

#define FIELD_C_U64 uint64_t
#define FIELD_C_I64 int64_t
#define FIELD_C_INT int
#define FIELD_C_BOOL bool
#define FIELD_C_TEXT const char *
#define FIELD_C_TIME int64_t

struct field {
    const char *name; /* not ended at `len` for a TIME member: its "_ms" is not part of the public name */
    uint8_t len;
    uint8_t kind, flags;
    uint16_t offset;
};

struct row_type {
    const char *name;
    size_t size; /* of the struct */
    const struct field *fields;
    size_t count;
};

/* Zero, or a compile error when member `m` of `struct s` has not the C type of `kind`. */
#define FIELD_CHECK(kind, s, m) \
    (0 * sizeof(struct { _Static_assert(_Generic(((struct s *)0)->m, FIELD_C_##kind: 1, default: 0), "wrong type: " #m); int x; }))

/* One entry; used through ROW_TYPE. */
#define FIELD_ENTRY(s, kind_, m, flags_)                                                      \
    { #m, (uint8_t)(sizeof #m - 1 - (FIELD_##kind_ == FIELD_TIME ? 3 : 0)), FIELD_##kind_,     \
      (uint8_t)((flags_) + FIELD_CHECK(kind_, s, m)), (uint16_t)offsetof(struct s, m) },

#define ROW_TYPE(s, list) ROW_TYPE_AS(s, s, list)
/* Another selection of the same struct's members, by another name: what it leaves out stays zero. */
#define ROW_TYPE_AS(name, s, ...)                                    \
    static const struct field name##_fields[] = { __VA_ARGS__ };     \
    const struct row_type name##_type = { #name, sizeof(struct s), name##_fields, ARRAY_LEN(name##_fields) }

/* The members whose text is NULL print as null. Times print as "2026-11-20T13:37:00.123Z", CLOCK_NONE as
 * null. U64 members are ids and print as text; counts that should be numbers are I64 or INT. */
void row_json(struct str *out, const struct row_type *type, const void *row);
/* The same members without the braces, to add others by hand. */
void row_json_members(struct str *out, const struct row_type *type, const void *row);
/* The table's entry for a name, NULL when there is none or it is SECRET. */
const struct field *row_field(const struct row_type *type, const char *name, size_t len);

#endif
