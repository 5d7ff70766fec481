/* mustache_parse.c - from lines of tokens to steps: nesting, standalone lines, indentation. */
#include "base/base.h"
#include "web/mustache_internal.h"
#include "web/i18n.h"

enum { LITERAL_MAX = 16 * 1024 * 1024, NAME_SHOWN = 60 };

struct cut { /* a piece of the source */
    const char *s;
    size_t len;
};

/* A section, parent or block that is not closed yet. */
struct open {
    struct cut name;
    struct cut strip;   /* the indentation that lines inside lose */
    struct cut lead;    /* BLOCK: the blanks before the tag */
    uint32_t step, line;
    char tag;
    bool argument;      /* BLOCK directly inside a parent: replaces the parent's */
    bool unsettled;     /* BLOCK: `strip` is decided by the first line inside */
    bool starts_line;   /* PARENT: only blanks before it; `lead` is the end of the step before it */
};

struct parser {
    struct scanner scan;
    struct arena *keep, *scratch;
    const struct catalog *lang;
    struct step *steps;
    uint32_t count, cap;
    struct str text;    /* literal not yet made a step */
    bool text_is_line;  /* ... which starts a line */
    bool at_line;       /* nothing of this line has been written yet */
    bool eat;           /* the rest of this line (blanks, newline) is not text */
    struct open open[MUSTACHE_DEPTH];
    uint32_t depth;
    const char *problem;
    uint32_t problem_line;
    /* The line at hand. */
    struct cut lead;     /* its leading blanks, and how many of them the block around it takes away */
    size_t stripped;
    size_t first, last;  /* its first and last tag; first > last when it has none */
    bool left, right;    /* only blanks before the first, after the last tag */
};

static bool mistake(struct parser *p, uint32_t line, const char *fmt, ...) PRINTF_LIKE(3, 4);
static bool mistake(struct parser *p, uint32_t line, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    p->problem = arena_vprintf(p->scratch, fmt, ap);
    p->problem_line = line;
    va_end(ap);
    return false;
}

static int shown(size_t len)
{
    return len < NAME_SHOWN ? (int)len : NAME_SHOWN;
}

static struct open *top(struct parser *p)
{
    return p->depth ? &p->open[p->depth - 1] : NULL;
}

/* Directly inside a parent only blocks count. */
static bool ignoring(struct parser *p)
{
    return p->depth && p->open[p->depth - 1].tag == '<';
}

static struct step *step_new(struct parser *p, enum step_op op, uint32_t line)
{
    if (p->count == p->cap) {
        uint32_t cap = p->cap ? p->cap * 2 : 64;
        struct step *more = ARENA_ARRAY(p->scratch, struct step, cap);
        if (p->count)
            memcpy(more, p->steps, sizeof *more * p->count);
        p->steps = more;
        p->cap = cap;
    }
    struct step *s = &p->steps[p->count++];
    *s = (struct step){ .op = (uint8_t)op, .line = line, .end = p->count, .text = "" };
    return s;
}

/* What was gathered becomes a step: before any other step, and where a body ends. */
static void flush(struct parser *p)
{
    if (p->text.len == 0)
        return;
    struct step *s = step_new(p, STEP_TEXT, p->scan.line);
    s->text = arena_strndup(p->keep, p->text.s, p->text.len);
    s->len = (uint32_t)p->text.len;
    s->flags = p->text_is_line ? STEP_LINE : 0;
    p->text.len = 0;
}

static void literal(struct parser *p, const char *s, size_t n)
{
    if (n == 0 || ignoring(p))
        return;
    if (p->text.len == 0)
        p->text_is_line = p->at_line && *s != '\n' && *s != '\r';
    str_add(&p->text, s, n);
    p->at_line = false;
}

static struct step *step_add(struct parser *p, enum step_op op, uint32_t line)
{
    flush(p);
    struct step *s = step_new(p, op, line);
    if (p->at_line)
        s->flags |= STEP_LINE;
    p->at_line = false;
    return s;
}

/* The name whole, not cut at its dots: partials, parents, blocks. */
static void name_whole(struct parser *p, struct step *s, const struct token *t)
{
    struct value_name *n = ARENA_NEW(p->keep, struct value_name);
    *n = value_name(arena_strndup(p->keep, t->s, t->len), t->len);
    s->names = n;
    s->parts = 1;
}

static bool name_dotted(struct parser *p, struct step *s, const struct token *t)
{
    if (t->len == 1 && *t->s == '.')
        return true;
    size_t parts = 1;
    for (size_t i = 0; i < t->len; i++)
        parts += t->s[i] == '.';
    if (parts > MUSTACHE_DEPTH)
        return mistake(p, t->line, "a name with more than %d parts", MUSTACHE_DEPTH);
    struct value_name *names = ARENA_ARRAY(p->keep, struct value_name, parts);
    const char *from = arena_strndup(p->keep, t->s, t->len);
    for (size_t i = 0; i < parts; i++) {
        size_t len = strcspn(from, ".");
        if (len == 0)
            return mistake(p, t->line, "\"%.*s\" is not a name", shown(t->len), t->s);
        names[i] = value_name(from, len);
        from += len + 1;
    }
    s->names = names;
    s->parts = (uint16_t)parts;
    return true;
}

static size_t common(struct cut a, struct cut b)
{
    size_t n = 0;
    while (n < a.len && n < b.len && a.s[n] == b.s[n])
        n++;
    return n;
}

static bool push(struct parser *p, const struct token *t, const struct step *s)
{
    if (p->depth == MUSTACHE_DEPTH)
        return mistake(p, t->line, "nested deeper than %d", MUSTACHE_DEPTH);
    struct cut strip = p->depth ? top(p)->strip : (struct cut){ "", 0 };
    p->open[p->depth++] = (struct open){ .name = { t->s, t->len }, .strip = strip, .step = (uint32_t)(s - p->steps),
                                         .line = t->line, .tag = t->tag };
    return true;
}

/* The indentation a block adds: that of its text, without what the block around it takes away. */
static void indent(struct parser *p, struct step *s, struct cut blanks, struct cut outer)
{
    size_t n = common(blanks, outer);
    s->text = arena_strndup(p->keep, blanks.s + n, blanks.len - n);
    s->len = (uint32_t)(blanks.len - n);
}

static struct cut strip_around(struct parser *p)
{
    return p->depth > 1 ? p->open[p->depth - 2].strip : (struct cut){ "", 0 };
}

/* The first line inside a block whose tag ended its line decides how far the block's text is indented. */
static void settle(struct parser *p)
{
    struct open *o = top(p);
    const struct scanner *sc = &p->scan;
    if (!o || !o->unsettled)
        return;
    if (p->first > p->last && p->left) { /* a blank line decides nothing */
        p->stripped = p->lead.len;
        return;
    }
    bool empty = p->first <= p->last && p->left && sc->tokens[p->first].tag == '/';
    o->strip = empty ? o->lead : p->lead;
    o->unsettled = false;
    if (!o->argument)
        indent(p, &p->steps[o->step], o->strip, strip_around(p));
}

/* Whether the tag `i`, the first of its line with only blanks before it, is a block that stays open at the end of the
 * line or ends it: then what is put there is indented as the tag is. */
static bool block_has_line(const struct parser *p, size_t i)
{
    const struct token *t = p->scan.tokens;
    size_t depth = 0;
    for (; i < p->scan.count; i++) {
        if (t[i].kind != TOKEN_TAG || !t[i].tag || !strchr("#^<$/", t[i].tag))
            continue;
        if (t[i].tag != '/')
            depth++;
        else if (--depth == 0)
            return i == p->last && p->right;
    }
    return true;
}

static bool open_section(struct parser *p, const struct token *t)
{
    struct step *s = step_add(p, t->tag == '#' ? STEP_SECTION : STEP_INVERTED, t->line);
    return name_dotted(p, s, t) && push(p, t, s);
}

static bool open_parent(struct parser *p, const struct token *t, size_t i)
{
    bool starts = i == p->first && p->left;
    struct step *s = step_add(p, STEP_PARENT, t->line);
    s->flags |= STEP_INLINE;
    name_whole(p, s, t);
    if (!push(p, t, s))
        return false;
    top(p)->starts_line = starts;
    top(p)->lead = (struct cut){ p->lead.s + p->stripped, starts ? p->lead.len - p->stripped : 0 };
    return true;
}

static bool open_block(struct parser *p, const struct token *t, size_t i)
{
    bool argument = ignoring(p), starts = i == p->first && p->left && block_has_line(p, i);
    bool ends = i == p->last && p->right;
    bool was = p->at_line;
    if (starts || argument)
        p->at_line = false;
    struct step *s = step_add(p, STEP_BLOCK, t->line);
    p->at_line = was && (starts || argument);
    name_whole(p, s, t);
    if (!starts && !argument)
        s->flags |= STEP_INLINE;
    if (!push(p, t, s))
        return false;
    struct open *o = top(p);
    o->argument = argument;
    o->lead = p->lead;
    o->unsettled = ends && (argument || starts);
    p->eat = p->eat || (ends && argument);
    if (argument)
        p->at_line = true;
    else if (starts) {
        indent(p, s, p->lead, strip_around(p));
        o->strip = p->lead;
    }
    return true;
}

/* The parent stands on lines of its own: its indentation was written as text, and becomes that of its lines. */
static void close_parent(struct parser *p, const struct open *o)
{
    struct step *s = &p->steps[o->step];
    s->flags = 0;
    s->text = arena_strndup(p->keep, o->lead.s, o->lead.len);
    s->len = (uint32_t)o->lead.len;
    if (o->lead.len) {
        struct step *before = s - 1;
        before->len -= s->len;
        if (before->len == 0)
            before->flags = 0;
    }
    p->eat = true;
}

static bool close_tag(struct parser *p, const struct token *t, size_t i)
{
    const struct open *o = top(p);
    if (!o)
        return mistake(p, t->line, "{{/%.*s}} closes nothing", shown(t->len), t->s);
    if (o->name.len != t->len || memcmp(o->name.s, t->s, t->len) != 0)
        return mistake(p, t->line, "{{/%.*s}} where {{%c%.*s}} of line %" PRIu32 " is open", shown(t->len), t->s, o->tag,
                       shown(o->name.len), o->name.s, o->line);
    flush(p);
    p->steps[o->step].end = p->count;
    if (o->tag == '<' && o->starts_line && i == p->last && p->right)
        close_parent(p, o);
    if (o->tag == '$' && !o->argument)
        p->at_line = false;
    p->depth--;
    return true;
}

static bool call_partial(struct parser *p, const struct token *t, bool alone)
{
    if (*t->s == '*')
        return mistake(p, t->line, "dynamic names are not supported");
    struct step *s = step_add(p, STEP_PARTIAL, t->line);
    name_whole(p, s, t);
    if (!alone) {
        s->flags |= STEP_INLINE;
        return true;
    }
    s->flags = 0;
    s->text = arena_strndup(p->keep, p->lead.s + p->stripped, p->lead.len - p->stripped);
    s->len = (uint32_t)(p->lead.len - p->stripped);
    return true;
}

/* {{"Text"}}: translated now, and from here on as if it stood in the template. */
static bool message(struct parser *p, const struct token *t)
{
    char *id = arena_alloc(p->scratch, t->len + 1);
    size_t n = 0;
    for (size_t i = 0; i < t->len; i++) {
        if (t->s[i] == '\\' && i + 1 < t->len && (t->s[i + 1] == '"' || t->s[i + 1] == '\\'))
            i++;
        if (t->s[i] == 0)
            return mistake(p, t->line, "a NUL in a message");
        id[n++] = t->s[i];
    }
    id[n] = 0;
    const char *text = tr(p->lang, id);
    struct str out;
    str_init(&out, p->scratch, strlen(text) + 16, LITERAL_MAX);
    if (t->tag == TAG_MESSAGE)
        str_html(&out, text, strlen(text));
    else
        str_puts(&out, text);
    literal(p, out.s, out.len);
    return true;
}

static bool tag_add(struct parser *p, const struct token *t, size_t i, bool alone)
{
    if (ignoring(p) && !strchr("$/!=", t->tag))
        return mistake(p, t->line, "only blocks may stand directly inside {{<%.*s}}", shown(top(p)->name.len),
                       top(p)->name.s);
    switch (t->tag) {
    case TAG_VALUE: return name_dotted(p, step_add(p, STEP_VALUE, t->line), t);
    case TAG_RAW: return name_dotted(p, step_add(p, STEP_RAW, t->line), t);
    case TAG_MESSAGE:
    case TAG_MESSAGE_RAW: return message(p, t);
    case '#':
    case '^': return open_section(p, t);
    case '<': return open_parent(p, t, i);
    case '$': return open_block(p, t, i);
    case '/': return close_tag(p, t, i);
    case '>': return call_partial(p, t, alone);
    default: return true; /* a comment, or delimiters that the scanner has set */
    }
}

static bool blanks_only(const struct token *t)
{
    for (size_t i = 0; i < t->len; i++)
        if (t->s[i] != ' ' && t->s[i] != '\t')
            return false;
    return true;
}

/* Finds the line's leading blanks, its first and last tag, and whether only blanks stand outside of them. */
static void survey(struct parser *p)
{
    const struct scanner *sc = &p->scan;
    const struct token *t = sc->tokens;
    p->lead = (struct cut){ "", 0 };
    p->first = 1;
    p->last = 0;
    p->left = p->right = true;
    p->eat = false;
    for (size_t i = 0; i < sc->count; i++) {
        if (t[i].kind == TOKEN_TAG) {
            if (p->first > p->last)
                p->first = i;
            p->last = i;
            p->right = true;
        } else if (t[i].kind == TOKEN_TEXT && !blanks_only(&t[i])) {
            p->right = false;
            if (p->first > p->last)
                p->left = false;
        }
    }
    if (sc->count && t[0].kind == TOKEN_TEXT) {
        p->lead.s = t[0].s;
        while (p->lead.len < t[0].len && (t[0].s[p->lead.len] == ' ' || t[0].s[p->lead.len] == '\t'))
            p->lead.len++;
    }
}

/* Whether the line's only tag takes the line with it. Parents and the blocks inside them see to it themselves. */
static bool stands_alone(struct parser *p)
{
    if (p->first != p->last || !p->left || !p->right || ignoring(p))
        return false;
    char tag = p->scan.tokens[p->first].tag;
    if (tag == '/' && top(p) && top(p)->argument)
        return false;
    return strchr("#^/>$!=", tag) != NULL;
}

/* Whether the blanks before the first tag are not text: they indent a block, or come before the end of one. */
static bool lead_dropped(struct parser *p)
{
    if (p->first > p->last || !p->left)
        return false;
    char tag = p->scan.tokens[p->first].tag;
    return tag == '$' ? block_has_line(p, p->first) : tag == '/' && top(p) && top(p)->argument;
}

static bool line_add(struct parser *p)
{
    const struct scanner *sc = &p->scan;
    survey(p);
    p->at_line = true;
    p->stripped = 0;
    settle(p);
    if (top(p) && p->stripped == 0)
        p->stripped = common(p->lead, top(p)->strip);
    if (stands_alone(p)) {
        p->at_line = sc->tokens[p->first].tag == '$';
        return tag_add(p, &sc->tokens[p->first], p->first, true);
    }
    bool drop = lead_dropped(p);
    for (size_t i = 0; i < sc->count; i++) {
        const struct token *t = &sc->tokens[i];
        if (t->kind == TOKEN_TAG) {
            if (!tag_add(p, t, i, false))
                return false;
            continue;
        }
        if (p->eat && (p->first > p->last || i > p->last))
            continue;
        size_t skip = i == 0 && t->kind == TOKEN_TEXT ? (drop ? t->len : p->stripped) : 0;
        literal(p, t->s + skip, t->len - skip);
    }
    return true;
}

static bool parse(struct parser *p)
{
    while (scan_line(&p->scan)) {
        if (!line_add(p))
            return false;
        if (p->text.full)
            return mistake(p, p->scan.line, "too much text");
    }
    if (p->scan.problem)
        return mistake(p, p->scan.problem_line, "%s", p->scan.problem);
    if (p->depth)
        return mistake(p, top(p)->line, "{{%c%.*s}} is not closed", top(p)->tag, shown(top(p)->name.len), top(p)->name.s);
    flush(p);
    return true;
}

struct template *template_compile(struct arena *keep, const struct catalog *lang, const char *name, const char *text,
                                  size_t len, const char **problem)
{
    struct arena *scratch = arena_new((size_t)1 << 30);
    struct parser *p = ARENA_NEW(scratch, struct parser);
    struct template *t = NULL;
    p->keep = keep;
    p->scratch = scratch;
    p->lang = lang;
    str_init(&p->text, scratch, 4096, LITERAL_MAX);
    scan_init(&p->scan, scratch, text, len);
    if (len > MUSTACHE_SOURCE) {
        *problem = arena_printf(keep, "%s: larger than %d bytes", name, MUSTACHE_SOURCE);
    } else if (!parse(p)) {
        *problem = arena_printf(keep, "%s:%" PRIu32 ": %s", name, p->problem_line, p->problem);
    } else {
        t = ARENA_NEW(keep, struct template);
        t->name = arena_strdup(keep, name);
        t->steps = ARENA_ARRAY(keep, struct step, p->count);
        if (p->count)
            memcpy(t->steps, p->steps, sizeof *t->steps * p->count);
        t->count = p->count;
    }
    arena_free(scratch);
    return t;
}
