/* str.c - growing text and the writers that escape. */
#include "base/base.h"
#include "base/str.h"
#include "base/utf8.h"

void str_init(struct str *t, struct arena *a, size_t expect, size_t ceiling)
{
    BUG_IF(expect > ceiling || ceiling > SIZE_MAX / 4);
    size_t cap = expect < 64 ? 64 : expect + 1;
    *t = (struct str){ .arena = a, .s = arena_alloc(a, cap), .cap = cap, .ceiling = ceiling };
    t->s[0] = 0;
}

bool str_room(struct str *t, size_t n)
{
    if (t->full || n > t->ceiling - t->len) {
        t->full = true;
        return false;
    }
    size_t need = t->len + n + 1;
    if (need <= t->cap)
        return true;
    size_t cap = t->cap * 2;
    if (cap > t->ceiling + 1)
        cap = t->ceiling + 1;
    if (cap < need)
        cap = need;
    char *s = arena_alloc(t->arena, cap);
    memcpy(s, t->s, t->len + 1);
    t->s = s;
    t->cap = cap;
    return true;
}

void str_add(struct str *t, const char *s, size_t n)
{
    if (n == 0 || !str_room(t, n))
        return;
    memcpy(t->s + t->len, s, n);
    t->len += n;
    t->s[t->len] = 0;
}

void str_puts(struct str *t, const char *s)
{
    if (s)
        str_add(t, s, strlen(s));
}

void str_putc(struct str *t, char c)
{
    str_add(t, &c, 1);
}

void str_int(struct str *t, int64_t v)
{
    char b[24], *p = b + sizeof b;
    uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
    do
        *--p = (char)('0' + u % 10);
    while (u /= 10);
    if (v < 0)
        *--p = '-';
    str_add(t, p, (size_t)(b + sizeof b - p));
}

void str_printf(struct str *t, const char *fmt, ...)
{
    if (t->full)
        return;
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(t->s + t->len, t->cap - t->len, fmt, ap);
    BUG_IF(n < 0);
    bool fits = (size_t)n < t->cap - t->len && (size_t)n <= t->ceiling - t->len;
    t->s[fits ? t->len + (size_t)n : t->len] = 0;
    if (!fits && (fits = str_room(t, (size_t)n)))
        vsnprintf(t->s + t->len, (size_t)n + 1, fmt, again);
    if (fits)
        t->len += (size_t)n;
    va_end(again);
    va_end(ap);
}

struct entity {
    uint8_t len;
    char text[7];
};

static const struct entity entities[256] = {
    ['&'] = { 5, "&amp;" }, ['<'] = { 4, "&lt;" }, ['>'] = { 4, "&gt;" }, ['"'] = { 6, "&quot;" }, ['\''] = { 6, "&#x27;" },
};

void str_html(struct str *t, const char *s, size_t n)
{
    const char *from = s, *end = s + n;
    for (; s < end; s++) {
        const struct entity *e = &entities[(unsigned char)*s];
        if (__builtin_expect(e->len == 0, 1))
            continue;
        str_add(t, from, (size_t)(s - from));
        str_add(t, e->text, e->len);
        from = s + 1;
    }
    str_add(t, from, (size_t)(end - from));
}

static bool xml_allows(uint32_t c)
{
    return c >= 0x20 ? c != 0xFFFE && c != 0xFFFF : c == '\t' || c == '\n' || c == '\r';
}

void str_xml(struct str *t, const char *s, size_t n)
{
    const char *from = s, *end = s + n;
    while (s < end) {
        uint32_t c = 0;
        size_t step = utf8_decode(s, (size_t)(end - s), &c); /* 0 = not valid here */
        if (step && xml_allows(c)) {
            s += step;
            continue;
        }
        str_html(t, from, (size_t)(s - from));
        if (step == 0)
            STR_LIT(t, "\xEF\xBF\xBD");
        s += step ? step : 1;
        from = s;
    }
    str_html(t, from, (size_t)(end - from));
}

void str_url(struct str *t, const char *s, size_t n)
{
    static const char hex[] = "0123456789ABCDEF";
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)s[i];
        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || memchr("-._~", c, 4)) {
            str_putc(t, (char)c);
        } else {
            char e[3] = { '%', hex[c >> 4], hex[c & 15] };
            str_add(t, e, 3);
        }
    }
}

static void json_escape(struct str *t, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";
    switch (c) {
    case '"': STR_LIT(t, "\\\""); return;
    case '\\': STR_LIT(t, "\\\\"); return;
    case '\n': STR_LIT(t, "\\n"); return;
    case '\r': STR_LIT(t, "\\r"); return;
    case '\t': STR_LIT(t, "\\t"); return;
    default: {
        char e[6] = { '\\', 'u', '0', '0', hex[c >> 4], hex[c & 15] };
        str_add(t, e, 6);
    }
    }
}

void str_json(struct str *t, const char *s, size_t n)
{
    const char *from = s, *end = s + n;
    str_putc(t, '"');
    while (s < end) {
        unsigned char c = (unsigned char)*s;
        size_t step = 1;
        if (c >= 0x80)
            step = utf8_step(s, (size_t)(end - s)); /* 0 = not valid here */
        else if (c >= 0x20 && c != '"' && c != '\\' && c != '<' && c != 0x7f)
            step = 1;
        else {
            str_add(t, from, (size_t)(s - from));
            json_escape(t, c);
            from = s + 1;
        }
        if (step == 0) {
            str_add(t, from, (size_t)(s - from));
            STR_LIT(t, "\xEF\xBF\xBD");
            from = s + 1;
            step = 1;
        }
        s += step;
    }
    str_add(t, from, (size_t)(end - from));
    str_putc(t, '"');
}
