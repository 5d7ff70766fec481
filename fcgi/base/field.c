/* field.c - rows as JSON, and the lookup that templates use. */
#include "base/base.h"
#include "base/field.h"
#include "base/clock.h"

static void value_json(struct str *out, const struct field *f, const char *at)
{
    BUG_IF(f->kind > FIELD_TIME);
    char time[CLOCK_ISO_MAX];
    switch ((enum field_kind)f->kind) {
    case FIELD_U64: /* text: 64 bits do not survive a reader that has only doubles */
        str_printf(out, "\"%" PRIu64 "\"", *(const uint64_t *)(const void *)at);
        return;
    case FIELD_I64:
        str_int(out, *(const int64_t *)(const void *)at);
        return;
    case FIELD_INT:
        str_int(out, *(const int *)(const void *)at);
        return;
    case FIELD_BOOL:
        str_puts(out, *(const bool *)(const void *)at ? "true" : "false");
        return;
    case FIELD_TEXT: {
        const char *s = *(const char *const *)(const void *)at;
        if (s)
            str_json(out, s, strlen(s));
        else
            STR_LIT(out, "null");
        return;
    }
    case FIELD_TIME:
        clock_iso(*(const int64_t *)(const void *)at, true, time);
        if (*time)
            str_json(out, time, strlen(time));
        else
            STR_LIT(out, "null");
        return;
    }
}

void row_json_members(struct str *out, const struct row_type *type, const void *row)
{
    bool first = true;
    for (size_t i = 0; i < type->count; i++) {
        const struct field *f = &type->fields[i];
        if (f->flags & SECRET)
            continue;
        if (!first)
            str_putc(out, ',');
        first = false;
        str_json(out, f->name, f->len);
        str_putc(out, ':');
        value_json(out, f, (const char *)row + f->offset);
    }
}

void row_json(struct str *out, const struct row_type *type, const void *row)
{
    str_putc(out, '{');
    row_json_members(out, type, row);
    str_putc(out, '}');
}

const struct field *row_field(const struct row_type *type, const char *name, size_t len)
{
    for (size_t i = 0; i < type->count; i++) {
        const struct field *f = &type->fields[i];
        if (f->len == len && memcmp(f->name, name, len) == 0)
            return f->flags & SECRET ? NULL : f;
    }
    return NULL;
}
