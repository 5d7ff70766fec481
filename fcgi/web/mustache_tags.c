/* mustache_tags.c - makes the steps of a template: one function a kind of tag. */
#include "base/base.h"
#include "web/mustache_internal.h"
#include "web/i18n.h"

enum { LITERAL_MAX = 16 * 1024 * 1024, NAME_SHOWN = 60 };

bool parser_mistake(struct parser *p, uint32_t line, const char *fmt, ...)
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

void parser_flush(struct parser *p)
{
    if (p->text.len == 0)
        return;
    struct step *s = step_new(p, STEP_TEXT, p->scan.line);
    s->text = arena_strndup(p->keep, p->text.s, p->text.len);
    s->len = (uint32_t)p->text.len;
    s->flags = p->text_is_line ? STEP_LINE : 0;
    p->text.len = 0;
}

void parser_literal(struct parser *p, const char *s, size_t n)
{
    if (n == 0 || parser_ignoring(p))
        return;
    if (p->text.len == 0)
        p->text_is_line = p->at_line && *s != '\n' && *s != '\r';
    str_add(&p->text, s, n);
    p->at_line = false;
}

static struct step *step_add(struct parser *p, enum step_op op, uint32_t line)
{
    parser_flush(p);
    struct step *s = step_new(p, op, line);
    if (p->at_line)
        s->flags |= STEP_LINE;
    p->at_line = false;
    return s;
}

static void set_indent(struct parser *p, struct step *s, const char *blanks, size_t n)
{
    s->text = arena_strndup(p->keep, blanks, n);
    s->len = (uint32_t)n;
}

void parser_block_indent(struct parser *p, const struct open *o, struct cut blanks)
{
    struct cut outer = o > p->open ? o[-1].strip : (struct cut){ "", 0 };
    size_t n = 0;
    while (n < blanks.len && n < outer.len && blanks.s[n] == outer.s[n])
        n++;
    set_indent(p, &p->steps[o->step], blanks.s + n, blanks.len - n);
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
        return parser_mistake(p, t->line, "a name of more than %d parts", MUSTACHE_DEPTH);
    struct value_name *names = ARENA_ARRAY(p->keep, struct value_name, parts);
    const char *from = arena_strndup(p->keep, t->s, t->len);
    for (size_t i = 0; i < parts; i++) {
        size_t len = strcspn(from, ".");
        if (len == 0)
            return parser_mistake(p, t->line, "\"%.*s\" is not a name", shown(t->len), t->s);
        names[i] = value_name(from, len);
        from += len + 1;
    }
    s->names = names;
    s->parts = (uint16_t)parts;
    return true;
}

static bool push(struct parser *p, const struct token *t, const struct step *s)
{
    if (p->depth == MUSTACHE_DEPTH)
        return parser_mistake(p, t->line, "nested deeper than %d", MUSTACHE_DEPTH);
    struct cut strip = p->depth ? parser_top(p)->strip : (struct cut){ "", 0 };
    p->open[p->depth++] = (struct open){ .name = { t->s, t->len }, .strip = strip, .step = (uint32_t)(s - p->steps),
                                         .line = t->line, .tag = t->tag };
    return true;
}

static bool open_section(struct parser *p, const struct token *t)
{
    struct step *s = step_add(p, t->tag == '#' ? STEP_SECTION : STEP_INVERTED, t->line);
    return name_dotted(p, s, t) && push(p, t, s);
}

static bool open_parent(struct parser *p, const struct token *t, size_t i)
{
    struct step *s = step_add(p, STEP_PARENT, t->line);
    s->flags |= STEP_INLINE;
    name_whole(p, s, t);
    if (!push(p, t, s))
        return false;
    struct open *o = parser_top(p);
    o->starts_line = i == p->first && p->left;
    o->lead = (struct cut){ p->lead.s + p->stripped, o->starts_line ? p->lead.len - p->stripped : 0 };
    return true;
}

static bool open_block(struct parser *p, const struct token *t, size_t i)
{
    bool argument = parser_ignoring(p), starts = !argument && i == p->first && p->block_line;
    bool ends = i == p->last && p->right;
    parser_flush(p);
    struct step *s = step_new(p, STEP_BLOCK, t->line);
    name_whole(p, s, t);
    if (!starts && !argument) { /* its text goes on in the middle of a line */
        s->flags = STEP_INLINE | (p->at_line ? STEP_LINE : 0);
        p->at_line = false;
    }
    if (!push(p, t, s))
        return false;
    struct open *o = parser_top(p);
    o->argument = argument;
    o->lead = p->lead;
    o->unsettled = ends && (argument || starts);
    if (starts) {
        o->strip = p->lead;
        parser_block_indent(p, o, p->lead);
    }
    if (argument) {
        p->at_line = true;
        p->eat = ends;
    }
    return true;
}

/* The parent stands on lines of its own: its indentation was written as text, and becomes that of its lines. */
static void parent_alone(struct parser *p, const struct open *o)
{
    struct step *s = &p->steps[o->step];
    s->flags = 0;
    set_indent(p, s, o->lead.s, o->lead.len);
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
    const struct open *o = parser_top(p);
    if (!o)
        return parser_mistake(p, t->line, "{{/%.*s}} closes nothing", shown(t->len), t->s);
    if (o->name.len != t->len || memcmp(o->name.s, t->s, t->len) != 0)
        return parser_mistake(p, t->line, "{{/%.*s}} where {{%c%.*s}} of line %" PRIu32 " is open", shown(t->len), t->s,
                              o->tag, shown(o->name.len), o->name.s, o->line);
    parser_flush(p);
    if (p->at_line && (o->tag == '#' || o->tag == '^')) { /* the line starts inside: its indentation belongs there */
        step_new(p, STEP_TEXT, t->line)->flags = STEP_LINE;
        p->at_line = false;
    }
    p->steps[o->step].end = p->count;
    if (o->tag == '<' && o->starts_line && i == p->last && p->right)
        parent_alone(p, o);
    if (o->tag == '<' || (o->tag == '$' && !o->argument))
        p->at_line = false;
    p->depth--;
    return true;
}

static bool call_partial(struct parser *p, const struct token *t, bool alone)
{
    if (*t->s == '*')
        return parser_mistake(p, t->line, "dynamic names are not supported");
    struct step *s = step_add(p, STEP_PARTIAL, t->line);
    name_whole(p, s, t);
    if (alone) {
        s->flags = 0;
        set_indent(p, s, p->lead.s + p->stripped, p->lead.len - p->stripped);
    } else {
        s->flags |= STEP_INLINE;
    }
    return true;
}

/* From here on as if it stood in the template. */
static void literal_escaped(struct parser *p, const char *text, bool raw)
{
    struct str out;
    str_init(&out, p->scratch, strlen(text) + 16, LITERAL_MAX);
    if (raw)
        str_puts(&out, text);
    else
        str_html(&out, text, strlen(text));
    parser_literal(p, out.s, out.len);
}

static bool value(struct parser *p, const struct token *t)
{
    bool raw = t->tag == TAG_RAW;
    for (const struct constant *c = p->constants; c; c = c->next)
        if (strlen(c->name) == t->len && memcmp(c->name, t->s, t->len) == 0) {
            literal_escaped(p, c->text, raw);
            return true;
        }
    return name_dotted(p, step_add(p, raw ? STEP_RAW : STEP_VALUE, t->line), t);
}

/* {{"Text"}}: translated now. */
static bool message(struct parser *p, const struct token *t)
{
    char *id = arena_alloc(p->scratch, t->len + 1);
    size_t n = 0;
    for (size_t i = 0; i < t->len; i++) {
        if (t->s[i] == '\\' && i + 1 < t->len && (t->s[i + 1] == '"' || t->s[i + 1] == '\\'))
            i++;
        if (t->s[i] == 0)
            return parser_mistake(p, t->line, "a NUL in a message");
        id[n++] = t->s[i];
    }
    id[n] = 0;
    literal_escaped(p, tr(p->lang, id), t->tag == TAG_MESSAGE_RAW);
    return true;
}

bool parser_tag(struct parser *p, size_t i, bool alone)
{
    const struct token *t = &p->scan.tokens[i];
    if (parser_ignoring(p) && !strchr("$/!=", t->tag))
        return parser_mistake(p, t->line, "only blocks may stand directly inside {{<%.*s}}",
                              shown(parser_top(p)->name.len), parser_top(p)->name.s);
    switch (t->tag) {
    case TAG_VALUE:
    case TAG_RAW: return value(p, t);
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
