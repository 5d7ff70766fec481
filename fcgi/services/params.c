/* params.c - webhook parameters. */
#include "base/base.h"
#include "base/json.h"
#include "base/str.h"
#include "base/utf8.h"
#include "services/params.h"

const struct pair *param_pair(const struct pair *params, size_t count, const char *name)
{
    size_t n = strlen(name);
    for (size_t i = 0; i < count; i++)
        if (params[i].name_len == n && memcmp(params[i].name, name, n) == 0)
            return &params[i];
    return NULL;
}

const char *param_text(const struct pair *params, size_t count, const char *name)
{
    const struct pair *p = param_pair(params, count, name);
    return p ? p->value : NULL;
}

const char *param_clean(struct arena *a, const char *s, size_t n, size_t most)
{
    struct str out;
    str_init(&out, a, n < most ? n : most, most);
    for (size_t i = 0; i < n;) {
        size_t plain = 0, room = most - out.len;
        while (plain < room && i + plain < n && s[i + plain] >= 0x20 && s[i + plain] < 0x7f)
            plain++;
        if (plain) { /* most texts are nothing else */
            str_add(&out, s + i, plain);
            i += plain;
            continue;
        }
        size_t k = utf8_step(s + i, n - i);
        unsigned char c = (unsigned char)s[i];
        if (k == 0) {
            STR_LIT(&out, "\xEF\xBF\xBD");
            k = 1;
        } else if (c >= 0x20 || c == '\n' || c == '\t') {
            str_add(&out, s + i, k);
        }
        i += k;
        if (out.full)
            break;
    }
    return out.s;
}

const char *param_ascii(struct arena *a, const char *s)
{
    char *out = arena_strdup(a, s);
    for (char *p = out; *p; p++)
        if (*p < 0x21 || *p > 0x7e)
            *p = '?';
    return out;
}

const char *text_preview(struct arena *a, const char *s)
{
    enum { MOST = 120 };
    size_t n = utf8_cut(s, strlen(s), MOST);
    char *out = arena_strndup(a, s, n);
    for (char *p = out; *p; p++)
        if ((unsigned char)*p < 0x20)
            *p = ' ';
    return out;
}

/* Behind an invisible character (U+2060) that nobody types: a customer's own sign stays a text. */
#define MARK "\xE2\x81\xA0"
static const char *const signs[] = {
    [MIME_DOCUMENT] = MARK "\xF0\x9F\x93\x8E", [MIME_IMAGE] = MARK "\xF0\x9F\x93\xB7", [MIME_AUDIO] = MARK "\xF0\x9F\x8E\xA4", [MIME_VIDEO] = MARK "\xF0\x9F\x8E\xAC" };

const char *media_preview(const char *type)
{
    return signs[mime_kind_of(type)];
}

bool preview_is_media(const char *preview, enum mime_kind *kind)
{
    for (size_t i = 0; i < ARRAY_LEN(signs); i++)
        if (strcmp(signs[i], preview) == 0) {
            *kind = (enum mime_kind)i;
            return true;
        }
    return false;
}

struct pair *params_from_json(struct arena *a, const char *s, size_t n, size_t *count)
{
    const struct json *doc = json_parse(a, s, n);
    *count = 0;
    if (json_kind(doc) != JSON_OBJECT)
        return NULL;
    struct pair *pairs = ARENA_ARRAY(a, struct pair, json_len(doc) + 1);
    for (const struct json *j = json_first(doc); j; j = json_next(j)) {
        enum json_kind kind = json_kind(j);
        const char *name = json_key(j), *value = kind == JSON_TEXT ? json_text(j, "") : kind == JSON_NUMBER || kind == JSON_BOOL ? json_print(a, j) : NULL;
        if (value)
            pairs[(*count)++] = (struct pair){ .name = name, .name_len = strlen(name), .value = value, .value_len = strlen(value) };
    }
    return pairs;
}

static bool skipped(const struct pair *p, const char *const *skip)
{
    for (; *skip; skip++)
        if (p->name[0] == **skip && strlen(*skip) == p->name_len && memcmp(*skip, p->name, p->name_len) == 0)
            return true;
    return p->value_len == 0;
}

const char *params_json(struct arena *a, const struct pair *params, size_t count, const char *const *skip)
{
    enum { MOST = 1 << 20 };
    struct str out;
    str_init(&out, a, 512, MOST);
    str_putc(&out, '{');
    for (size_t i = 0; i < count; i++) {
        size_t before = out.len;
        if (skipped(&params[i], skip))
            continue;
        if (out.len > 1)
            str_putc(&out, ',');
        str_json(&out, params[i].name, params[i].name_len);
        str_putc(&out, ':');
        str_json(&out, params[i].value, params[i].value_len);
        if (out.full || out.len == MOST) { /* one that does not fit is left out whole: what is kept can be read again */
            out.len = before;
            out.s[before] = 0;
            out.full = false;
        }
    }
    str_putc(&out, '}');
    return out.s;
}
