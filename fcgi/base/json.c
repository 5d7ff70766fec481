/* json.c - JSON: a strict reader in front of cJSON, whose memory is the arena, and a compact writer. */
#include "base/base.h"
#include "base/json.h"
#include "base/str.h"
#include "base/utf8.h"
#include <cjson/cJSON.h>
#include <math.h>

/* ---- the check before cJSON: cJSON takes 01, raw control characters, broken UTF-8 and \u0000. It works on a copy, in which
 * it rewrites what a C text could not hold. ---- */

struct scan {
    char *p;    /* ends in NUL */
    const char *end;
    int depth;
    int values;
};

static void skip_blanks(struct scan *s)
{
    while (*s->p == ' ' || *s->p == '\t' || *s->p == '\n' || *s->p == '\r')
        s->p++;
}

static bool take(struct scan *s, char c)
{
    if (*s->p != c)
        return false;
    s->p++;
    return true;
}

static size_t digits(struct scan *s)
{
    const char *from = s->p;
    while (*s->p >= '0' && *s->p <= '9')
        s->p++;
    return (size_t)(s->p - from);
}

/* Four hex digits behind "\u"; -1 when they are not. */
static int32_t hex4(const char *p)
{
    int32_t v = 0;
    for (int i = 0; i < 4; i++) {
        char c = p[i], low = (char)(c | 0x20);
        if (c >= '0' && c <= '9')
            v = v * 16 + (c - '0');
        else if (low >= 'a' && low <= 'f')
            v = v * 16 + (low - 'a' + 10);
        else
            return -1;
    }
    return v;
}

/* At a backslash. */
static bool scan_escape(struct scan *s)
{
    if (s->p[1] != 'u') {
        if (!s->p[1] || !strchr("\"\\/bfnrt", s->p[1]))
            return false;
        s->p += 2;
        return true;
    }
    int32_t code = hex4(s->p + 2), low = -1;
    if (code < 0)
        return false;
    bool high = code >= 0xD800 && code <= 0xDBFF;
    if (high && s->p[6] == '\\' && s->p[7] == 'u')
        low = hex4(s->p + 8);
    if (high && low >= 0xDC00 && low <= 0xDFFF) {
        s->p += 12;
        return true;
    }
    if (code == 0 || (code >= 0xD800 && code <= 0xDFFF))
        memcpy(s->p + 2, "fffd", 4);
    s->p += 6;
    return true;
}

static bool scan_text(struct scan *s)
{
    if (!take(s, '"'))
        return false;
    while (!take(s, '"')) {
        unsigned char c = (unsigned char)*s->p;
        if (c == '\\') {
            if (!scan_escape(s))
                return false;
            continue;
        }
        size_t step = utf8_step(s->p, (size_t)(s->end - s->p));
        if (c < 0x20 || step == 0)
            return false;
        s->p += step;
    }
    return true;
}

static bool scan_number(struct scan *s)
{
    take(s, '-');
    if (!take(s, '0') && !digits(s))
        return false;
    if (take(s, '.') && !digits(s))
        return false;
    if (take(s, 'e') || take(s, 'E')) {
        if (!take(s, '+'))
            take(s, '-');
        if (!digits(s))
            return false;
    }
    return true;
}

static bool scan_word(struct scan *s, const char *word)
{
    size_t n = strlen(word);
    if (strncmp(s->p, word, n) != 0)
        return false;
    s->p += n;
    return true;
}

static bool scan_value(struct scan *s);

/* Members of a list or object, behind the opening bracket. */
static bool scan_members(struct scan *s, char close)
{
    if (++s->depth > JSON_DEPTH)
        return false;
    skip_blanks(s);
    if (!take(s, close)) {
        do {
            skip_blanks(s);
            if (close == '}') {
                if (!scan_text(s))
                    return false;
                skip_blanks(s);
                if (!take(s, ':'))
                    return false;
            }
            if (!scan_value(s))
                return false;
        } while (take(s, ','));
        if (!take(s, close))
            return false;
    }
    s->depth--;
    return true;
}

static bool scan_value(struct scan *s)
{
    if (++s->values > JSON_VALUES)
        return false;
    skip_blanks(s);
    bool good;
    switch (*s->p) {
    case '{': s->p++; good = scan_members(s, '}'); break;
    case '[': s->p++; good = scan_members(s, ']'); break;
    case '"': good = scan_text(s); break;
    case 't': good = scan_word(s, "true"); break;
    case 'f': good = scan_word(s, "false"); break;
    case 'n': good = scan_word(s, "null"); break;
    default: good = scan_number(s);
    }
    skip_blanks(s);
    return good;
}

/* ---- cJSON ---- */

static struct arena *current; /* set only while cJSON parses: its allocation hook has no argument */

static void *hook_alloc(size_t n)
{
    BUG_IF(!current);
    return arena_alloc(current, n);
}

static void hook_free(void *p)
{
    (void)p;
}

const struct json *json_parse(struct arena *a, const char *text, size_t n)
{
    if (n == 0)
        return NULL;
    char *copy = arena_strndup(a, text, n);
    struct scan s = { .p = copy, .end = copy + n };
    if (!scan_value(&s) || s.p != s.end)
        return NULL;
    cJSON_InitHooks(&(cJSON_Hooks){ .malloc_fn = hook_alloc, .free_fn = hook_free });
    current = a;
    const cJSON *root = cJSON_ParseWithLengthOpts(copy, n + 1, NULL, 1);
    current = NULL;
    return (const struct json *)root;
}

static const cJSON *node(const struct json *j)
{
    return (const cJSON *)j;
}

enum json_kind json_kind(const struct json *j)
{
    switch (j ? node(j)->type & 0xFF : cJSON_NULL) {
    case cJSON_False:
    case cJSON_True: return JSON_BOOL;
    case cJSON_Number: return JSON_NUMBER;
    case cJSON_String: return JSON_TEXT;
    case cJSON_Array: return JSON_LIST;
    case cJSON_Object: return JSON_OBJECT;
    default: return JSON_NULL;
    }
}

const struct json *json_get(const struct json *j, const char *key)
{
    if (json_kind(j) != JSON_OBJECT)
        return NULL;
    return (const struct json *)cJSON_GetObjectItemCaseSensitive(node(j), key);
}

const struct json *json_first(const struct json *j)
{
    return j ? (const struct json *)node(j)->child : NULL;
}

const struct json *json_next(const struct json *j)
{
    return j ? (const struct json *)node(j)->next : NULL;
}

const char *json_key(const struct json *j)
{
    return j ? node(j)->string : NULL;
}

size_t json_len(const struct json *j)
{
    size_t n = 0;
    for (const struct json *c = json_first(j); c; c = json_next(c))
        n++;
    return n;
}

const char *json_text(const struct json *j, const char *def)
{
    return json_kind(j) == JSON_TEXT ? node(j)->valuestring : def;
}

double json_number(const struct json *j, double def)
{
    return json_kind(j) == JSON_NUMBER && isfinite(node(j)->valuedouble) ? node(j)->valuedouble : def;
}

/* "-?[0-9]+" that fits. */
static bool text_int(const char *s, int64_t *out)
{
    bool minus = *s == '-';
    uint64_t v = 0;
    s += minus;
    if (!*s)
        return false;
    for (; *s; s++)
        if (*s < '0' || *s > '9' || __builtin_mul_overflow(v, 10u, &v) || __builtin_add_overflow(v, (uint64_t)(*s - '0'), &v))
            return false;
    if (v > (uint64_t)INT64_MAX + minus)
        return false;
    *out = minus ? (int64_t)(0 - v) : (int64_t)v;
    return true;
}

/* A double that is a whole number of int64_t. */
static bool double_int(double d, int64_t *out)
{
    if (!(d >= -0x1p63 && d < 0x1p63) || (double)(int64_t)d != d)
        return false;
    *out = (int64_t)d;
    return true;
}

int64_t json_int(const struct json *j, int64_t def)
{
    int64_t v;
    if (json_kind(j) == JSON_TEXT)
        return text_int(node(j)->valuestring, &v) ? v : def;
    if (json_kind(j) == JSON_NUMBER)
        return double_int(node(j)->valuedouble, &v) ? v : def;
    return def;
}

bool json_bool(const struct json *j, bool def)
{
    return json_kind(j) == JSON_BOOL ? (node(j)->type & 0xFF) == cJSON_True : def;
}

const char *json_get_text(const struct json *j, const char *key, const char *def)
{
    return json_text(json_get(j, key), def);
}

int64_t json_get_int(const struct json *j, const char *key, int64_t def)
{
    return json_int(json_get(j, key), def);
}

/* ---- writing ---- */

/* The room a node takes when nothing has to be escaped: then the text is made without growing. */
static size_t room_of(const struct json *j)
{
    size_t n = 26; /* brackets or a number, and the comma */
    if (json_key(j))
        n += strlen(json_key(j)) + 3;
    if (json_kind(j) == JSON_TEXT)
        n += strlen(node(j)->valuestring);
    for (const struct json *c = json_first(j); c; c = json_next(c))
        n += room_of(c);
    return n;
}

static void print_number(struct str *out, double d)
{
    int64_t whole;
    if (double_int(d, &whole) && whole > -(INT64_C(1) << 53) && whole < INT64_C(1) << 53) {
        str_int(out, whole);
        return;
    }
    if (!isfinite(d)) {
        STR_LIT(out, "null");
        return;
    }
    char text[32];
    snprintf(text, sizeof text, "%.15g", d);
    str_printf(out, "%.*g", strtod(text, NULL) == d ? 15 : 17, d);
}

static void print(struct str *out, const struct json *j)
{
    const char *text;
    switch (json_kind(j)) {
    case JSON_NULL: STR_LIT(out, "null"); return;
    case JSON_BOOL: str_puts(out, json_bool(j, false) ? "true" : "false"); return;
    case JSON_NUMBER: print_number(out, node(j)->valuedouble); return;
    case JSON_TEXT:
        text = node(j)->valuestring;
        str_json(out, text, strlen(text));
        return;
    case JSON_LIST:
    case JSON_OBJECT: break;
    }
    bool object = json_kind(j) == JSON_OBJECT;
    str_putc(out, object ? '{' : '[');
    for (const struct json *c = json_first(j); c; c = json_next(c)) {
        if (c != json_first(j))
            str_putc(out, ',');
        if (object) {
            str_json(out, json_key(c), strlen(json_key(c)));
            str_putc(out, ':');
        }
        print(out, c);
    }
    str_putc(out, object ? '}' : ']');
}

const char *json_print(struct arena *a, const struct json *j)
{
    struct str out;
    str_init(&out, a, room_of(j), SIZE_MAX / 4);
    print(&out, j);
    return out.s;
}
