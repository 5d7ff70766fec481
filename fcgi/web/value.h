/* value.h - the data a template sees: null, bool, integer, text, list, object. Built per request in the arena.
 *
 * An object's entries keep the order of insertion; a later entry of the same name wins. An object may stand in front of
 * a row (field table + struct): names it has not itself are read from the struct, without building anything. Texts are
 * not copied: they must live as long as the arena. Names are string literals. */
#ifndef CENTRALA_VALUE_H
#define CENTRALA_VALUE_H
#include "base/base.h"
#include "base/arena.h"
#include "base/field.h"

enum value_kind { VALUE_NULL, VALUE_BOOL, VALUE_INT, VALUE_TEXT, VALUE_LIST, VALUE_OBJECT };

struct value;
struct json;

struct value *object_new(struct arena *a);
/* In front of a row; SECRET members are not seen. */
struct value *object_row(struct arena *a, const struct row_type *type, const void *row);
struct value *list_new(struct arena *a);

/* `name` and `text` must outlive the object. A NULL text is "no value". */
void object_text(struct value *o, const char *name, const char *text);
void object_int(struct value *o, const char *name, int64_t v);
void object_bool(struct value *o, const char *name, bool v);
void object_put(struct value *o, const char *name, struct value *v);
/* A new object or list under that name. */
struct value *object_object(struct value *o, const char *name);
struct value *object_list(struct value *o, const char *name);
/* Appends; list_object() and list_row() make the element and give it back. */
void list_add(struct value *l, struct value *v);
void list_text(struct value *l, const char *text);
struct value *list_object(struct value *l);
struct value *list_row(struct value *l, const struct row_type *type, const void *row);
size_t list_len(const struct value *l);

/* A JSON document as values (render instrument, tests). Fractions become their JSON text. */
struct value *value_from_json(struct arena *a, const struct json *j);

/* For the renderer. */
enum value_kind value_kind(const struct value *v);
bool value_truthy(const struct value *v); /* mustache: null, false, and the empty list are false; "" and 0 are decided by the spec */
/* False when there is no such name; `out` is valid until the next call with the same `out` storage. */
struct found { enum value_kind kind; const struct value *node; const char *text; size_t len; int64_t number; };
bool value_find(const struct value *o, const char *name, size_t len, struct found *out);

#endif
