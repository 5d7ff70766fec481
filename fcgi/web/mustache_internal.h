/* mustache_internal.h - what the parts of the mustache engine share: tokens, steps, templates.
 *
 * scan cuts the source into logical lines of tokens; parse decides what stands alone on its line and what is text, tags
 * makes the steps: a flat array, in which a step with a body (section, parent, block) is followed by it and knows its end; link fills in the targets of partials
 * and parents; render walks the steps. */
#ifndef CENTRALA_MUSTACHE_INTERNAL_H
#define CENTRALA_MUSTACHE_INTERNAL_H
#include "base/base.h"
#include "base/arena.h"
#include "web/mustache.h"

enum token_kind { TOKEN_TEXT, TOKEN_NEWLINE, TOKEN_TAG };
/* Of a tag: its own character (# ^ / > < $ ! =), or one of these. */
enum { TAG_VALUE = 'v', TAG_RAW = 'r', TAG_MESSAGE = 'm', TAG_MESSAGE_RAW = 'n' };

struct token {
    const char *s; /* TEXT, NEWLINE: the bytes; TAG: the name, or what stands between a message's quotes */
    size_t len;
    uint32_t line;
    uint8_t kind;
    char tag;
};

struct scanner {
    const char *at, *end;
    const char *newline; /* the next one at or after `at`, `end` when there is none */
    const char *open, *close;
    size_t open_len, close_len;
    uint32_t line;
    struct arena *arena; /* of the tokens: gone after the compilation */
    struct token *tokens; /* of the logical line read last: up to a newline outside of tags */
    size_t count, cap;
    const char *problem; /* the reason, and its line */
    uint32_t problem_line;
};

void scan_init(struct scanner *sc, struct arena *scratch, const char *text, size_t len);
/* Reads the next logical line; false at the end (problem is NULL) and on a mistake. */
bool scan_line(struct scanner *sc);

enum step_op {
    STEP_TEXT, STEP_VALUE, STEP_RAW, STEP_SECTION, STEP_INVERTED, STEP_PARTIAL, STEP_PARENT, STEP_BLOCK,
};
/* LINE: first on its line, so that the indentation of the partial around it goes before it. INLINE: other things stand
 * on its line, so that what it calls is not indented. */
enum { STEP_LINE = 1, STEP_INLINE = 2 };

struct step {
    uint8_t op, flags;
    uint16_t parts;    /* VALUE RAW SECTION INVERTED: parts of the dotted name, 0 = "." */
    uint32_t line;
    uint32_t end;      /* SECTION INVERTED PARENT BLOCK: the step after the body */
    uint32_t len;
    const char *text;  /* TEXT: what to write; PARTIAL PARENT BLOCK: the indentation they add */
    const struct value_name *names; /* the parts; the first one's `s` is the whole name, ended by NUL */
    const struct template *target;  /* PARTIAL PARENT: NULL = renders as nothing */
};

struct constant {
    const char *name, *text;
    const struct constant *next;
};

struct template {
    const char *name;
    struct step *steps;
    uint32_t count;
    size_t hint;
};

/* ---- between parse (lines) and tags (steps) ---- */

struct cut { /* a piece of the source */
    const char *s;
    size_t len;
};

/* A section, parent or block that is not closed yet. */
struct open {
    struct cut name;
    struct cut strip;   /* the indentation that lines inside lose */
    struct cut lead;    /* BLOCK: the blanks before the tag; PARENT: those of them that stand at the end of the step before */
    uint32_t step, line;
    char tag;
    bool argument;      /* BLOCK directly inside a parent: replaces the parent's */
    bool unsettled;     /* BLOCK: `strip` is decided by the first line inside */
    bool starts_line;   /* PARENT: only blanks before it */
};

struct parser {
    struct scanner scan;
    struct arena *keep, *scratch;
    const struct catalog *lang;
    const struct constant *constants;
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
    bool block_line;     /* the first tag is a block that has the rest of the line for itself */
};

/* The innermost open tag, NULL when there is none. */
static inline struct open *parser_top(struct parser *p)
{
    return p->depth ? &p->open[p->depth - 1] : NULL;
}

/* Directly inside a parent only blocks count. */
static inline bool parser_ignoring(const struct parser *p)
{
    return p->depth && p->open[p->depth - 1].tag == '<';
}

bool parser_mistake(struct parser *p, uint32_t line, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Text as it stands. */
void parser_literal(struct parser *p, const char *s, size_t n);
/* What was gathered becomes a step: before any other step, and where a body ends. */
void parser_flush(struct parser *p);
/* The tag `i` of the line; `alone` = it takes the line away. */
bool parser_tag(struct parser *p, size_t i, bool alone);
/* The indentation that the open block adds: that of its text, without what the block around it takes away. */
void parser_block_indent(struct parser *p, const struct open *o, struct cut blanks);

/* Compiles into `keep`; NULL and "name:line: reason" on a mistake. */
struct template *template_compile(struct arena *keep, const struct catalog *lang, const struct constant *constants, const char *name,
                                  const char *text, size_t len, const char **problem);

#endif
