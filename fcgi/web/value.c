/* value.c - objects as arrays of named entries, lists as arrays of pointers, rows read through their field table. */
#include "base/base.h"
#include "web/value.h"
#include "base/json.h"

struct entry {
    uint64_t head; /* the first eight bytes of the name: one comparison settles nearly every entry */
    const char *name;
    union {
        const char *text;
        int64_t number;
        const struct value *node;
    } as;
    uint32_t len;
    enum value_kind kind;
};

struct value {
    enum value_kind kind;
    uint32_t count, cap;
    struct arena *arena;
    union {
        struct entry *entries;
        const struct value **items;
        const char *text;
        int64_t number;
    } as;
    uint64_t filter; /* the bits of all entries' names: an object that cannot have the name is passed at once */
    const struct row_type *type;
    const void *row;
};

static struct value *value_new(struct arena *a, enum value_kind kind)
{
    struct value *v = ARENA_NEW(a, struct value);
    v->kind = kind;
    v->arena = a;
    return v;
}

struct value *object_new(struct arena *a)
{
    return value_new(a, VALUE_OBJECT);
}

struct value *object_row(struct arena *a, const struct row_type *type, const void *row)
{
    BUG_IF(!type || !row);
    struct value *o = value_new(a, VALUE_OBJECT);
    o->type = type;
    o->row = row;
    return o;
}

struct value *list_new(struct arena *a)
{
    return value_new(a, VALUE_LIST);
}

static struct entry *entry_add(struct value *o, struct value_name n, enum value_kind kind)
{
    BUG_IF(!o || o->kind != VALUE_OBJECT);
    if (o->count == o->cap) {
        uint32_t cap = o->cap ? o->cap * 2 : 8;
        struct entry *more = arena_alloc(o->arena, sizeof *more * cap);
        if (o->count)
            memcpy(more, o->as.entries, sizeof *more * o->count);
        o->as.entries = more;
        o->cap = cap;
    }
    struct entry *e = &o->as.entries[o->count++];
    e->head = n.head;
    e->name = n.s;
    e->len = (uint32_t)n.len;
    e->kind = kind;
    o->filter |= n.bit;
    return e;
}

void object_text_named(struct value *o, struct value_name name, const char *text)
{
    entry_add(o, name, text ? VALUE_TEXT : VALUE_NULL)->as.text = text;
}

void object_int_named(struct value *o, struct value_name name, int64_t v)
{
    entry_add(o, name, VALUE_INT)->as.number = v;
}

void object_bool_named(struct value *o, struct value_name name, bool v)
{
    entry_add(o, name, VALUE_BOOL)->as.number = v;
}

void object_put(struct value *o, const char *name, struct value *v)
{
    struct entry *e = entry_add(o, NAME_OF(name), value_kind(v));
    switch (e->kind) {
    case VALUE_NULL: e->as.text = NULL; break;
    case VALUE_BOOL:
    case VALUE_INT: e->as.number = v->as.number; break;
    case VALUE_TEXT: e->as.text = v->as.text; break;
    case VALUE_LIST:
    case VALUE_OBJECT: e->as.node = v; break;
    }
}

struct value *object_object(struct value *o, const char *name)
{
    struct value *v = object_new(o->arena);
    object_put(o, name, v);
    return v;
}

struct value *object_list(struct value *o, const char *name)
{
    struct value *v = list_new(o->arena);
    object_put(o, name, v);
    return v;
}

void list_add(struct value *l, struct value *v)
{
    BUG_IF(!l || l->kind != VALUE_LIST);
    if (l->count == l->cap) {
        uint32_t cap = l->cap ? l->cap * 2 : 16;
        const struct value **more = arena_alloc(l->arena, sizeof *more * cap);
        if (l->count)
            memcpy(more, l->as.items, sizeof *more * l->count);
        l->as.items = more;
        l->cap = cap;
    }
    l->as.items[l->count++] = v;
}

void list_text(struct value *l, const char *text)
{
    BUG_IF(!l || l->kind != VALUE_LIST);
    struct value *v = value_new(l->arena, text ? VALUE_TEXT : VALUE_NULL);
    v->as.text = text;
    list_add(l, v);
}

struct value *list_object(struct value *l)
{
    BUG_IF(!l || l->kind != VALUE_LIST);
    struct value *v = object_new(l->arena);
    list_add(l, v);
    return v;
}

struct value *list_object_of(struct value *l, uint32_t entries)
{
    struct value *v = list_object(l);
    v->as.entries = arena_alloc(l->arena, sizeof *v->as.entries * entries);
    v->cap = entries;
    return v;
}

struct value *list_row(struct value *l, const struct row_type *type, const void *row)
{
    BUG_IF(!l || l->kind != VALUE_LIST);
    struct value *v = object_row(l->arena, type, row);
    list_add(l, v);
    return v;
}

size_t list_len(const struct value *l)
{
    return l && l->kind == VALUE_LIST ? l->count : 0;
}

static struct value *number_from_json(struct arena *a, const struct json *j)
{
    double d = json_number(j, 0);
    struct value *v;
    if (d >= -9007199254740992.0 && d <= 9007199254740992.0 && d - (double)(int64_t)d == 0.0) {
        v = value_new(a, VALUE_INT);
        v->as.number = (int64_t)d;
    } else {
        v = value_new(a, VALUE_TEXT);
        v->as.text = json_print(a, j);
    }
    return v;
}

struct value *value_from_json(struct arena *a, const struct json *j)
{
    struct value *v;
    switch (json_kind(j)) {
    case JSON_BOOL:
        v = value_new(a, VALUE_BOOL);
        v->as.number = json_bool(j, false);
        return v;
    case JSON_NUMBER:
        return number_from_json(a, j);
    case JSON_TEXT:
        v = value_new(a, VALUE_TEXT);
        v->as.text = json_text(j, "");
        return v;
    case JSON_LIST:
        v = list_new(a);
        for (const struct json *c = json_first(j); c; c = json_next(c))
            list_add(v, value_from_json(a, c));
        return v;
    case JSON_OBJECT:
        v = object_new(a);
        for (const struct json *c = json_first(j); c; c = json_next(c))
            object_put(v, json_key(c), value_from_json(a, c));
        return v;
    case JSON_NULL:
        break;
    }
    return value_new(a, VALUE_NULL);
}

enum value_kind value_kind(const struct value *v)
{
    return v ? v->kind : VALUE_NULL;
}

bool value_truthy(const struct value *v)
{
    struct found f;
    value_found(v, &f);
    return found_truthy(&f);
}

static void found_text(struct found *out, const char *text)
{
    out->kind = text ? VALUE_TEXT : VALUE_NULL;
    out->text = text;
    out->len = text ? strlen(text) : 0;
}

static void found_time(struct found *out, int64_t ms)
{
    out->room[0] = 0;
    if (ms != CLOCK_NONE)
        clock_iso(ms, true, out->room);
    found_text(out, *out->room ? out->room : NULL);
}

static void found_u64(struct found *out, uint64_t v)
{
    if (v <= INT64_MAX) {
        out->kind = VALUE_INT;
        out->number = (int64_t)v;
    } else {
        snprintf(out->room, sizeof out->room, "%" PRIu64, v);
        found_text(out, out->room);
    }
}

static bool row_find(const struct value *o, const struct value_name *name, struct found *out)
{
    const struct field *f = row_field(o->type, name->s, name->len);
    if (!f)
        return false;
    const void *at = (const char *)o->row + f->offset;
    switch ((enum field_kind)f->kind) {
    case FIELD_U64: found_u64(out, *(const uint64_t *)at); break;
    case FIELD_I64: out->kind = VALUE_INT; out->number = *(const int64_t *)at; break;
    case FIELD_INT: out->kind = VALUE_INT; out->number = *(const int *)at; break;
    case FIELD_BOOL: out->kind = VALUE_BOOL; out->number = *(const bool *)at; break;
    case FIELD_TEXT: found_text(out, *(const char *const *)at); break;
    case FIELD_TIME: found_time(out, *(const int64_t *)at); break;
    }
    return true;
}

bool value_find_name(const struct value *o, const struct value_name *name, struct found *out)
{
    if (!o || o->kind != VALUE_OBJECT)
        return false;
    if (o->filter & name->bit) {
        for (size_t i = o->count; i-- > 0;) {
            const struct entry *e = &o->as.entries[i];
            if (e->head != name->head || e->len != name->len)
                continue;
            if (e->len > sizeof e->head && memcmp(e->name + sizeof e->head, name->s + sizeof e->head, e->len - sizeof e->head) != 0)
                continue;
            out->kind = e->kind;
            if (e->kind == VALUE_TEXT)
                found_text(out, e->as.text);
            else if (e->kind >= VALUE_LIST)
                out->node = e->as.node;
            else
                out->number = e->as.number;
            return true;
        }
    }
    return o->type && row_find(o, name, out);
}

bool value_find(const struct value *o, const char *name, size_t len, struct found *out)
{
    struct value_name n = value_name(name, len);
    return value_find_name(o, &n, out);
}

void value_found(const struct value *v, struct found *out)
{
    out->kind = value_kind(v);
    switch (out->kind) {
    case VALUE_NULL: break;
    case VALUE_BOOL:
    case VALUE_INT: out->number = v->as.number; break;
    case VALUE_TEXT: found_text(out, v->as.text); break;
    case VALUE_LIST:
    case VALUE_OBJECT: out->node = v; break;
    }
}

void list_found(const struct value *l, size_t i, struct found *out)
{
    BUG_IF(i >= list_len(l));
    value_found(l->as.items[i], out);
}

void found_copy(struct found *to, const struct found *from)
{
    *to = *from;
    if (from->kind == VALUE_TEXT && from->text == from->room)
        to->text = to->room;
}

bool found_truthy(const struct found *f)
{
    switch (f->kind) {
    case VALUE_NULL: return false;
    case VALUE_BOOL:
    case VALUE_INT: return f->number != 0;
    case VALUE_TEXT: return f->len != 0;
    case VALUE_LIST: return list_len(f->node) != 0;
    case VALUE_OBJECT: return true;
    }
    return false;
}
