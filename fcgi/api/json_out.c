/* json_out.c - writing flat JSON objects. */
#include "base/base.h"
#include "base/clock.h"
#include "api/json_out.h"

void json_open(struct str *out)
{
    str_putc(out, '{');
}

/* Replaces the last comma. */
void json_close(struct str *out)
{
    if (out->len && out->s[out->len - 1] == ',')
        out->s[out->len - 1] = '}';
    else
        str_putc(out, '}');
}

void json_name(struct str *out, const char *name)
{
    str_putc(out, '"');
    str_puts(out, name);
    STR_LIT(out, "\":");
}

void json_put_text(struct str *out, const char *name, const char *value)
{
    json_name(out, name);
    if (value)
        str_json(out, value, strlen(value));
    else
        STR_LIT(out, "null");
    str_putc(out, ',');
}

void json_put_int(struct str *out, const char *name, int64_t value)
{
    json_name(out, name);
    str_int(out, value);
    str_putc(out, ',');
}

void json_put_bool(struct str *out, const char *name, bool value)
{
    json_name(out, name);
    str_puts(out, value ? "true," : "false,");
}

void json_put_time(struct str *out, const char *name, int64_t ms)
{
    char iso[CLOCK_ISO_MAX];
    clock_iso(ms, true, iso);
    iso[strcspn(iso, "Z")] = 0;
    json_put_text(out, name, ms == CLOCK_NONE ? NULL : iso);
}
