/* value.h - the data a template sees: null, bool, integer, text, list, object. Built per request in the arena.
 *
 * An object's entries keep the order of insertion; a later entry of the same name wins. An object may stand in front of
 * a row (field table + struct): names it has not itself are read from the struct, without building anything. Texts are
 * not copied: they must live as long as the arena. Names are string literals. */
#ifndef CENTRALA_VALUE_H
#define CENTRALA_VALUE_H
#include "base/base.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/field.h"

enum value_kind { VALUE_NULL, VALUE_BOOL, VALUE_INT, VALUE_TEXT, VALUE_LIST, VALUE_OBJECT };

struct value;
struct json;

struct value *object_new(struct arena *a);
/* In front of a row; SECRET members are not seen. */
struct value *object_row(struct arena *a, const struct row_type *type, const void *row);
struct value *list_new(struct arena *a);

/* A name made ready for many lookups: its first eight bytes as a number, and a bit for the object's filter. Inline, so that
 * the compiler makes it of a literal: a page names things a thousand times. */
struct value_name {
    const char *s;
    uint64_t head, bit;
    size_t len;
};
static inline struct value_name value_name(const char *s, size_t len)
{
    struct value_name n = { .s = s, .len = len };
    for (size_t i = len < sizeof n.head ? len : sizeof n.head; i-- > 0;)
        n.head = n.head << 8 | (unsigned char)s[i];
    n.bit = (uint64_t)1 << (n.head * 0x9E3779B97F4A7C15u >> 58);
    return n;
}
#define NAME_OF(s) (value_name((s), strlen(s)))

/* `name` and `text` must outlive the object. A NULL text is "no value". */
void object_text_named(struct value *o, struct value_name name, const char *text);
void object_int_named(struct value *o, struct value_name name, int64_t v);
void object_bool_named(struct value *o, struct value_name name, bool v);
static inline void object_text(struct value *o, const char *name, const char *text)
{
    object_text_named(o, NAME_OF(name), text);
}
static inline void object_int(struct value *o, const char *name, int64_t v)
{
    object_int_named(o, NAME_OF(name), v);
}
static inline void object_bool(struct value *o, const char *name, bool v)
{
    object_bool_named(o, NAME_OF(name), v);
}
/* A NULL value is "no value". */
void object_put(struct value *o, const char *name, struct value *v);
/* A new object or list under that name. */
struct value *object_object(struct value *o, const char *name);
struct value *object_list(struct value *o, const char *name);
/* Appends; list_object() and list_row() make the element and give it back. */
void list_add(struct value *l, struct value *v);
void list_text(struct value *l, const char *text);
struct value *list_object(struct value *l);
/* The same with room for that many entries. */
struct value *list_object_of(struct value *l, uint32_t entries);
struct value *list_row(struct value *l, const struct row_type *type, const void *row);
size_t list_len(const struct value *l);

/* A JSON document as values (render instrument, tests). Fractions become their JSON text. Names and texts are the
 * document's own: it must live as long. */
struct value *value_from_json(struct arena *a, const struct json *j);

/* For the renderer. A NULL value counts as VALUE_NULL. */
enum value_kind value_kind(const struct value *v);
/* As the specification has it (`!!data`): null, false, 0, "" and the empty list are false; every object is true. */
bool value_truthy(const struct value *v);

/* What a name stands for. `text` may point into `room`, so a found is never copied by assignment: found_copy(). */
struct found {
    enum value_kind kind;
    const struct value *node; /* LIST, OBJECT */
    const char *text;         /* TEXT, ended by NUL */
    size_t len;
    int64_t number;           /* INT, BOOL */
    char room[CLOCK_ISO_MAX];
};
/* False when there is no such name; `out` is valid until the next call with the same `out` storage. */
bool value_find(const struct value *o, const char *name, size_t len, struct found *out);

/* As value_find(). */
bool value_find_name(const struct value *o, const struct value_name *name, struct found *out);
/* The value itself, and the element `i` of a list (i < list_len). */
void value_found(const struct value *v, struct found *out);
void list_found(const struct value *l, size_t i, struct found *out);
void found_copy(struct found *to, const struct found *from);
bool found_truthy(const struct found *f);

#endif
