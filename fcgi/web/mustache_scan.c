/* mustache_scan.c - cuts a template into logical lines of text, newlines and tags. */
#include "base/base.h"
#include "web/mustache_internal.h"

enum { DELIMITER_MAX = 16 };

static bool blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}

static void trim(const char **s, const char **end)
{
    while (*s < *end && blank(**s))
        (*s)++;
    while (*s < *end && blank((*end)[-1]))
        (*end)--;
}

static bool mistake(struct scanner *sc, uint32_t line, const char *why)
{
    sc->problem = why;
    sc->problem_line = line;
    return false;
}

void scan_init(struct scanner *sc, struct arena *scratch, const char *text, size_t len)
{
    *sc = (struct scanner){ .at = text, .end = text + len, .open = "{{", .close = "}}",
                            .open_len = 2, .close_len = 2, .line = 1, .arena = scratch };
}

static struct token *token_add(struct scanner *sc, enum token_kind kind, const char *s, size_t len)
{
    if (sc->count == sc->cap) {
        size_t cap = sc->cap ? sc->cap * 2 : 32;
        struct token *more = ARENA_ARRAY(sc->arena, struct token, cap);
        if (sc->count)
            memcpy(more, sc->tokens, sizeof *more * sc->count);
        sc->tokens = more;
        sc->cap = cap;
    }
    struct token *t = &sc->tokens[sc->count++];
    *t = (struct token){ .s = s, .len = len, .line = sc->line, .kind = (uint8_t)kind };
    return t;
}

/* Goes on behind the tag that ends at `after`, counting its lines. */
static void advance(struct scanner *sc, const char *after)
{
    for (const char *p = sc->at; (p = memchr(p, '\n', (size_t)(after - p))); p++)
        sc->line++;
    sc->at = after;
}

/* Where `mark` (0 = none) and the closing delimiter stand together, from `p` on. */
static const char *closing(const struct scanner *sc, const char *p, char mark)
{
    char both[DELIMITER_MAX + 1];
    size_t n = 0;
    if (mark)
        both[n++] = mark;
    memcpy(both + n, sc->close, sc->close_len);
    return memmem(p, (size_t)(sc->end - p), both, n + sc->close_len);
}

static bool delimiters(struct scanner *sc, const char *s, const char *end)
{
    static const char wrong[] = "{{=open close=}} needs two words without \"=\", at most 16 bytes each";
    trim(&s, &end);
    const char *gap = s, *second = end;
    while (gap < end && !blank(*gap))
        gap++;
    while (second > gap && !blank(second[-1]))
        second--;
    for (const char *p = gap; p < second; p++)
        if (!blank(*p))
            return mistake(sc, sc->line, wrong);
    size_t open_len = (size_t)(gap - s), close_len = (size_t)(end - second);
    if (!open_len || !close_len || gap == second || open_len > DELIMITER_MAX || close_len > DELIMITER_MAX
        || memchr(s, '=', (size_t)(end - s)))
        return mistake(sc, sc->line, wrong);
    sc->open = s;
    sc->open_len = open_len;
    sc->close = second;
    sc->close_len = close_len;
    return true;
}

/* {{"Text"}}: `p` stands at the quote; `mark` is what comes before the closing delimiter. */
static bool scan_message(struct scanner *sc, struct token *t, const char *p, char mark)
{
    const char *s = ++p;
    while (p < sc->end && *p != '"')
        p += *p == '\\' && p + 1 < sc->end ? 2 : 1;
    if (p >= sc->end)
        return mistake(sc, t->line, "the message's quote is not closed");
    t->s = s;
    t->len = (size_t)(p - s);
    for (p++; p < sc->end && blank(*p); p++)
        ;
    size_t n = sc->close_len;
    if (mark && p < sc->end && *p++ != mark)
        return mistake(sc, t->line, "a message's tag ends after the quote");
    if ((size_t)(sc->end - p) < n || memcmp(p, sc->close, n) != 0)
        return mistake(sc, t->line, "a message's tag ends after the quote");
    advance(sc, p + n);
    return true;
}

/* A name: one word. */
static bool scan_name(struct scanner *sc, struct token *t, const char *s, const char *end)
{
    trim(&s, &end);
    t->s = s;
    t->len = (size_t)(end - s);
    if (s == end)
        return mistake(sc, t->line, "a tag without a name");
    for (; s < end; s++)
        if (blank(*s) || *s == 0)
            return mistake(sc, t->line, "a name may not contain blanks");
    return true;
}

/* `sc->at` stands at the opening delimiter. */
static bool scan_tag(struct scanner *sc)
{
    struct token *t = token_add(sc, TOKEN_TAG, NULL, 0);
    const char *p = sc->at + sc->open_len;
    char mark = 0;
    while (p < sc->end && blank(*p))
        p++;
    t->tag = TAG_VALUE;
    if (p < sc->end && *p && strchr("#^/><$!=&{", *p))
        t->tag = *p++;
    if (t->tag == '{' || t->tag == '=')
        mark = t->tag == '{' ? '}' : '=';
    if (t->tag == '{' || t->tag == '&')
        t->tag = TAG_RAW;
    if (t->tag == TAG_VALUE || t->tag == TAG_RAW) {
        const char *q = p;
        while (q < sc->end && blank(*q))
            q++;
        if (q < sc->end && *q == '"') {
            t->tag = t->tag == TAG_RAW ? TAG_MESSAGE_RAW : TAG_MESSAGE;
            return scan_message(sc, t, q, mark);
        }
    }
    const char *close = closing(sc, p, mark);
    if (!close)
        return mistake(sc, t->line, "this tag is not closed");
    const char *after = close + (mark != 0) + sc->close_len;
    if (t->tag == '=' ? !delimiters(sc, p, close) : t->tag != '!' && !scan_name(sc, t, p, close))
        return false;
    advance(sc, after);
    return true;
}

bool scan_line(struct scanner *sc)
{
    sc->count = 0;
    if (sc->at == sc->end)
        return false;
    for (;;) {
        if (!sc->newline || sc->newline < sc->at) {
            const char *n = memchr(sc->at, '\n', (size_t)(sc->end - sc->at));
            sc->newline = n ? n : sc->end;
        }
        const char *tag = memmem(sc->at, (size_t)(sc->newline - sc->at), sc->open, sc->open_len);
        const char *stop = tag ? tag : sc->newline;
        if (!tag && stop < sc->end && stop > sc->at && stop[-1] == '\r')
            stop--;
        if (stop > sc->at)
            token_add(sc, TOKEN_TEXT, sc->at, (size_t)(stop - sc->at));
        sc->at = stop;
        if (tag) {
            if (!scan_tag(sc))
                return false;
            continue;
        }
        if (sc->newline < sc->end) {
            token_add(sc, TOKEN_NEWLINE, stop, (size_t)(sc->newline + 1 - stop));
            sc->at = sc->newline + 1;
            sc->line++;
        }
        return true;
    }
}
