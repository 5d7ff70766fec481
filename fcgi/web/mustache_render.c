/* mustache_render.c - walks the steps of a template and writes straight into the output. */
#include "base/base.h"
#include "web/mustache_internal.h"
#include <endian.h>

enum { INDENT_MAX = 512 };

/* The blocks that one parent tag brings along. */
struct arguments {
    const struct arguments *outer; /* those of the parent tag around it */
    const struct template *in;
    const struct step *parent;
};

struct render {
    char *at, *end;               /* where the next byte goes; as far as may be written without asking for room */
    struct str *out;
    const struct arguments *arguments;
    const char *problem;
    uint32_t work;
    int depth, top;
    bool strict;
    size_t indent_from, indent_to; /* the indentation in force: a window of `indent` */
    char indent[INDENT_MAX];
    struct found stack[MUSTACHE_DEPTH + 2]; /* the view, one a section, and room to look at the next */
};

static bool run(struct render *r, const struct template *t, uint32_t i, uint32_t end);

static bool fail(struct render *r, const char *why)
{
    if (!r->problem)
        r->problem = why;
    return false;
}

static bool fail_at(struct render *r, const struct template *t, const struct step *s, const char *why)
{
    const char *name = s->names ? s->names->s : ".";
    return fail(r, arena_printf(r->out->arena, "%s:%" PRIu32 ": %s: %s", t->name, s->line, why, name));
}

/* `at` and `end` from the buffer, after it moved. */
static void attach(struct render *r)
{
    struct str *out = r->out;
    size_t most = out->cap - 1 < out->ceiling ? out->cap - 1 : out->ceiling;
    r->at = out->s + out->len;
    r->end = out->s + (most > out->len ? most : out->len);
}

static void detach(struct render *r)
{
    r->out->len = (size_t)(r->at - r->out->s);
    *r->at = 0;
}

static __attribute__((noinline)) bool room(struct render *r, size_t n)
{
    detach(r);
    bool ok = str_room(r->out, n);
    attach(r);
    return ok || fail(r, "the output is too large");
}

static inline bool put(struct render *r, const char *s, size_t n)
{
    if (__builtin_expect((size_t)(r->end - r->at) < n, 0) && !room(r, n))
        return false;
    memcpy(r->at, s, n);
    r->at += n;
    return true;
}

struct entity {
    uint8_t len;
    char text[7];
};

static const struct entity entities[256] = {
    ['&'] = { 5, "&amp;" }, ['<'] = { 4, "&lt;" }, ['>'] = { 4, "&gt;" }, ['"'] = { 6, "&quot;" }, ['\''] = { 6, "&#x27;" },
};

#define EACH_BYTE(b) (0x0101010101010101u * (uint64_t)(b))
/* Not zero when one of the eight bytes is zero. */
#define ZERO_BYTE(w) (((w) - EACH_BYTE(1)) & ~(w) & EACH_BYTE(0x80))

/* How many of eight bytes, in the order of memory, come before the first that may be & < > " ' (8: none): < and > differ in one
 * bit, as do & and ', & and ". # counts, too. Above a zero byte the trick may see another where there is none, not below. */
static inline unsigned plain_bytes(uint64_t w)
{
    w = le64toh(w);
    uint64_t angle = (w | EACH_BYTE(0x02)) ^ EACH_BYTE('>');
    uint64_t quote = (w | EACH_BYTE(0x05)) ^ EACH_BYTE('\'');
    uint64_t hit = ZERO_BYTE(angle) | ZERO_BYTE(quote);
    return hit ? (unsigned)__builtin_ctzll(hit) / 8 : 8;
}

/* Copies while it looks: most texts hold nothing to escape. */
static bool put_escaped(struct render *r, const char *s, size_t n)
{
    for (const char *end = s + n;;) {
        if ((size_t)(r->end - r->at) < (size_t)(end - s) && !room(r, (size_t)(end - s)))
            return false;
        char *to = r->at;
        uint64_t w;
        unsigned plain = 8;
        for (; plain == 8 && end - s >= 8; s += plain, to += plain) {
            memcpy(&w, s, sizeof w);
            memcpy(to, &w, sizeof w);
            plain = plain_bytes(w);
        }
        unsigned left = (unsigned)(end - s);
        if (plain == 8 && left && n >= 8) { /* the last ones, with what was copied before in front of them */
            memcpy(&w, end - 8, sizeof w);
            if (plain_bytes(w) == 8) {
                memcpy(to + left - 8, &w, sizeof w);
                r->at = to + left;
                return true;
            }
        }
        if (plain == 8)
            while (s < end && entities[(unsigned char)*s].len == 0)
                *to++ = *s++;
        r->at = to;
        if (s == end)
            return true;
        const struct entity *e = &entities[(unsigned char)*s];
        if (!(e->len ? put(r, e->text, e->len) : put(r, s, 1)))
            return false;
        s++;
    }
}

static bool put_number(struct render *r, int64_t v)
{
    char b[24], *p = b + sizeof b;
    uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
    do
        *--p = (char)('0' + u % 10);
    while (u /= 10);
    if (v < 0)
        *--p = '-';
    return put(r, p, (size_t)(b + sizeof b - p));
}

static inline bool put_indent(struct render *r)
{
    return put(r, r->indent + r->indent_from, r->indent_to - r->indent_from);
}

/* A literal inside an indented partial: every line in it that is not empty gets the indentation. */
static bool put_lines(struct render *r, const char *s, size_t n)
{
    for (const char *end = s + n; s < end;) {
        const char *newline = memchr(s, '\n', (size_t)(end - s)), *next = newline ? newline + 1 : end;
        if (!put(r, s, (size_t)(next - s)))
            return false;
        s = next;
        if (s < end && *s != '\n' && *s != '\r' && !put_indent(r))
            return false;
    }
    return true;
}

/* What the step's name stands for, NULL when nothing has that name. `out` is room for it. */
static const struct found *resolve(struct render *r, const struct step *s, struct found *out)
{
    if (s->parts == 0)
        return &r->stack[r->top];
    const struct value_name *name = s->names;
    int i = r->top;
    while (i >= 0 && !(r->stack[i].kind == VALUE_OBJECT && value_find_name(r->stack[i].node, name, out)))
        i--;
    if (i < 0)
        return NULL;
    for (unsigned part = 1; part < s->parts; part++) {
        if (out->kind == VALUE_NULL || (out->kind == VALUE_BOOL && !out->number)) {
            out->kind = VALUE_NULL; /* nothing there: nothing in it either, and that is no mistake */
            return out;
        }
        if (out->kind != VALUE_OBJECT || !value_find_name(out->node, &name[part], out))
            return NULL;
    }
    return out;
}

static bool step_value(struct render *r, const struct template *t, const struct step *s)
{
    struct found room;
    const struct found *f = resolve(r, s, &room);
    if (!f)
        return !r->strict || fail_at(r, t, s, "unknown name");
    switch (f->kind) {
    case VALUE_TEXT: return s->op == STEP_RAW ? put(r, f->text, f->len) : put_escaped(r, f->text, f->len);
    case VALUE_INT: return put_number(r, f->number);
    case VALUE_BOOL: return f->number ? put(r, "true", 4) : put(r, "false", 5);
    case VALUE_NULL: return true;
    case VALUE_LIST:
    case VALUE_OBJECT: break;
    }
    return !r->strict || fail_at(r, t, s, "a list or object is no text");
}

static bool enter(struct render *r, const struct template *t, const struct step *s)
{
    if (r->depth == MUSTACHE_DEPTH)
        return fail_at(r, t, s, "nested too deeply");
    if (++r->work > MUSTACHE_WORK)
        return fail_at(r, t, s, "too much work");
    r->depth++;
    return true;
}

static bool section(struct render *r, const struct template *t, const struct step *s, uint32_t body)
{
    struct found *room = &r->stack[r->top + 1];
    const struct found *f = resolve(r, s, room);
    if (!f || !found_truthy(f))
        return true;
    if (!enter(r, t, s))
        return false;
    bool ok = true;
    const struct value *list = f->kind == VALUE_LIST ? f->node : NULL;
    if (f != room)
        found_copy(room, f);
    r->top++;
    if (!list)
        ok = run(r, t, body, s->end);
    for (size_t i = 0, n = list_len(list); ok && i < n; i++) {
        list_found(list, i, room);
        ok = ++r->work <= MUSTACHE_WORK ? run(r, t, body, s->end) : fail_at(r, t, s, "too much work");
    }
    r->top--;
    r->depth--;
    return ok;
}

static bool inverted(struct render *r, const struct template *t, const struct step *s, uint32_t body)
{
    struct found room;
    const struct found *f = resolve(r, s, &room);
    if (f && found_truthy(f))
        return true;
    if (!enter(r, t, s))
        return false;
    bool ok = run(r, t, body, s->end);
    r->depth--;
    return ok;
}

/* Runs steps of another place with the indentation that the calling step asks for, and with these arguments. */
static bool call(struct render *r, const struct template *t, const struct step *s, const struct template *target,
                 uint32_t from, uint32_t end, const struct arguments *arguments)
{
    if (!enter(r, t, s))
        return false;
    const struct arguments *saved = r->arguments;
    size_t saved_from = r->indent_from, saved_to = r->indent_to;
    if (s->flags & STEP_INLINE) {
        r->indent_from = r->indent_to;
    } else {
        if (s->len > INDENT_MAX - r->indent_to)
            return fail_at(r, t, s, "indented too far");
        memcpy(r->indent + r->indent_to, s->text, s->len);
        r->indent_to += s->len;
    }
    r->arguments = arguments;
    bool ok = run(r, target, from, end);
    r->arguments = saved;
    r->indent_from = saved_from;
    r->indent_to = saved_to;
    r->depth--;
    return ok;
}

static const struct step *argument(const struct arguments *a, const struct value_name *name)
{
    for (const struct step *s = a->parent + 1, *end = a->in->steps + a->parent->end; s < end; s = a->in->steps + s->end)
        if (s->names->len == name->len && memcmp(s->names->s, name->s, name->len) == 0)
            return s;
    return NULL;
}

/* The outermost page that has something for this block wins. What it has is run as part of that page: the blocks in it
 * are the page's own, so only arguments from further out replace them. */
static bool block(struct render *r, const struct template *t, const struct step *s)
{
    const struct step *best = NULL;
    const struct arguments *from = NULL;
    for (const struct arguments *a = r->arguments; a; a = a->outer) {
        const struct step *found = argument(a, s->names);
        if (found) {
            best = found;
            from = a;
        }
    }
    if (best) {
        uint32_t body = (uint32_t)(best - from->in->steps) + 1;
        return call(r, t, s, from->in, body, best->end, from->outer);
    }
    uint32_t body = (uint32_t)(s - t->steps) + 1;
    if (!(s->flags & STEP_INLINE))
        return call(r, t, s, t, body, s->end, r->arguments);
    if (!enter(r, t, s)) /* its lines are lines of this template: the indentation stays */
        return false;
    bool ok = run(r, t, body, s->end);
    r->depth--;
    return ok;
}

static bool parent(struct render *r, const struct template *t, const struct step *s)
{
    struct arguments brought = { .outer = r->arguments, .in = t, .parent = s };
    return !s->target || call(r, t, s, s->target, 0, s->target->count, &brought);
}

static bool run(struct render *r, const struct template *t, uint32_t i, uint32_t end)
{
    bool ok = true;
    while (i < end && ok) {
        const struct step *s = &t->steps[i++];
        bool indented = r->indent_to > r->indent_from;
        if (indented && (s->flags & STEP_LINE) && !put_indent(r))
            return false;
        switch ((enum step_op)s->op) {
        case STEP_TEXT: ok = indented ? put_lines(r, s->text, s->len) : put(r, s->text, s->len); break;
        case STEP_VALUE:
        case STEP_RAW: ok = step_value(r, t, s); break;
        case STEP_SECTION: ok = section(r, t, s, i); i = s->end; break;
        case STEP_INVERTED: ok = inverted(r, t, s, i); i = s->end; break;
        case STEP_PARTIAL: ok = !s->target || call(r, t, s, s->target, 0, s->target->count, r->arguments); break;
        case STEP_PARENT: ok = parent(r, t, s); i = s->end; break;
        case STEP_BLOCK: ok = block(r, t, s); i = s->end; break;
        }
    }
    return ok;
}

bool template_render(const struct template *t, struct value *view, struct str *out, bool strict, const char **problem)
{
    struct render r; /* not cleared: the stack of it is written before it is read */
    r.out = out;
    r.arguments = NULL;
    r.problem = NULL;
    r.work = 0;
    r.depth = r.top = 0;
    r.strict = strict;
    r.indent_from = r.indent_to = 0;
    attach(&r);
    value_found(view, &r.stack[0]);
    bool ok = !out->full && run(&r, t, 0, t->count);
    detach(&r);
    if (!ok && problem)
        *problem = r.problem ? r.problem : "the output is too large";
    return ok;
}
