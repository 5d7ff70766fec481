/* mustache_parse.c - a template line by line: which tags stand alone, which blanks are indentation, what is text. */
#include "base/base.h"
#include "web/mustache_internal.h"

enum { LITERAL_MAX = 16 * 1024 * 1024 };

static bool blanks_only(const struct token *t)
{
    for (size_t i = 0; i < t->len; i++)
        if (t->s[i] != ' ' && t->s[i] != '\t')
            return false;
    return true;
}

/* Whether the line's first tag, a block, is still open at the end of the line or ends it: then what is put there is
 * indented as the tag is. */
static bool block_has_line(const struct parser *p)
{
    const struct token *t = p->scan.tokens;
    size_t depth = 0;
    for (size_t i = p->first; i < p->scan.count; i++) {
        if (t[i].kind != TOKEN_TAG || !strchr("#^<$/", t[i].tag))
            continue;
        if (t[i].tag != '/')
            depth++;
        else if (--depth == 0)
            return i == p->last && p->right;
    }
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
    if (t[0].kind == TOKEN_TEXT) {
        p->lead.s = t[0].s;
        while (p->lead.len < t[0].len && (t[0].s[p->lead.len] == ' ' || t[0].s[p->lead.len] == '\t'))
            p->lead.len++;
    }
    p->block_line = p->first <= p->last && p->left && t[p->first].tag == '$' && block_has_line(p);
}

/* The first line inside a block whose tag ended its line decides how far the block's text is indented. */
static void settle(struct parser *p, struct open *o)
{
    bool tags = p->first <= p->last;
    if (!tags && p->left) { /* a blank line decides nothing */
        p->stripped = p->lead.len;
        return;
    }
    bool empty = tags && p->left && p->scan.tokens[p->first].tag == '/';
    o->strip = empty ? o->lead : p->lead;
    o->unsettled = false;
    if (!o->argument)
        parser_block_indent(p, o, o->strip);
}

static void strip(struct parser *p)
{
    struct open *o = parser_top(p);
    p->stripped = 0;
    if (o && o->unsettled)
        settle(p, o);
    if (!o || o->unsettled)
        return;
    while (p->stripped < p->lead.len && p->stripped < o->strip.len && p->lead.s[p->stripped] == o->strip.s[p->stripped])
        p->stripped++;
}

static bool ends_argument(struct parser *p)
{
    struct open *o = parser_top(p);
    return o && o->argument && p->scan.tokens[p->first].tag == '/';
}

/* Whether the line's only tag takes the line with it. Parents and the blocks inside them see to it themselves. */
static bool stands_alone(struct parser *p)
{
    if (p->first != p->last || !p->left || !p->right || parser_ignoring(p) || ends_argument(p))
        return false;
    return strchr("#^/>$!=", p->scan.tokens[p->first].tag) != NULL;
}

static bool line_add(struct parser *p)
{
    const struct scanner *sc = &p->scan;
    survey(p);
    strip(p);
    p->eat = false;
    p->at_line = true;
    if (stands_alone(p)) {
        p->at_line = sc->tokens[p->first].tag == '$';
        return parser_tag(p, p->first, true);
    }
    /* Blanks that indent a block, or come before the end of one, are not text. */
    bool drop = p->block_line || (p->first <= p->last && p->left && ends_argument(p));
    for (size_t i = 0; i < sc->count; i++) {
        const struct token *t = &sc->tokens[i];
        if (t->kind == TOKEN_TAG) {
            if (!parser_tag(p, i, false))
                return false;
        } else if (!p->eat && !(drop && i < p->first)) {
            size_t skip = i == 0 && t->kind == TOKEN_TEXT ? p->stripped : 0;
            parser_literal(p, t->s + skip, t->len - skip);
        }
    }
    return true;
}

static bool parse(struct parser *p)
{
    while (scan_line(&p->scan)) {
        if (!line_add(p))
            return false;
        if (p->text.full)
            return parser_mistake(p, p->scan.line, "too much text");
    }
    if (p->scan.problem)
        return parser_mistake(p, p->scan.problem_line, "%s", p->scan.problem);
    const struct open *o = parser_top(p);
    if (o)
        return parser_mistake(p, o->line, "{{%c%.*s}} is not closed", o->tag, o->name.len < 60 ? (int)o->name.len : 60,
                              o->name.s);
    parser_flush(p);
    return true;
}

struct template *template_compile(struct arena *keep, const struct catalog *lang, const struct constant *constants, const char *name,
                                  const char *text, size_t len, const char **problem)
{
    struct arena *scratch = arena_new((size_t)1 << 30);
    struct parser *p = ARENA_NEW(scratch, struct parser);
    struct template *t = NULL;
    p->keep = keep;
    p->scratch = scratch;
    p->lang = lang;
    p->constants = constants;
    str_init(&p->text, scratch, 4096, LITERAL_MAX);
    scan_init(&p->scan, scratch, text, len);
    if (len > MUSTACHE_SOURCE) {
        *problem = arena_printf(keep, "%s:1: larger than %d bytes", name, MUSTACHE_SOURCE);
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
