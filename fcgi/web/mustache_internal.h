/* mustache_internal.h - what the parts of the mustache engine share: tokens, steps, templates.
 *
 * scan cuts the source into logical lines of tokens; parse turns them into a flat array of steps, where a step that
 * has a body (section, parent, block) is followed by it and knows where it ends; link fills in the targets of partials
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

struct template {
    const char *name;
    struct step *steps;
    uint32_t count;
    size_t hint;
};

/* Compiles into `keep`; NULL and "name:line: reason" on a mistake. */
struct template *template_compile(struct arena *keep, const struct catalog *lang, const char *name, const char *text,
                                  size_t len, const char **problem);

#endif
