/* str.h - a text that grows inside an arena, up to a ceiling given when it is made.
 *
 * Invariants: `s` is never NULL and always ends in NUL; `len` does not count it; once the ceiling would be passed,
 * nothing more is added and `full` is true (the owner decides what that means). The memory belongs to the arena.
 * The writers are named after where the text goes; str_html() is the one for untrusted text in pages. */
#ifndef CENTRALA_STR_H
#define CENTRALA_STR_H
#include "base/base.h"
#include "base/arena.h"

struct str {
    struct arena *arena;
    char *s;
    size_t len, cap, ceiling;
    bool full;
};

/* An empty text; `expect` is the room made at once, `ceiling` the largest length allowed. */
void str_init(struct str *t, struct arena *a, size_t expect, size_t ceiling);
/* Makes room for `n` more bytes; false (and full) when the ceiling forbids it. */
bool str_room(struct str *t, size_t n);
void str_add(struct str *t, const char *s, size_t n);
void str_puts(struct str *t, const char *s);
void str_putc(struct str *t, char c);
void str_int(struct str *t, int64_t v);
void str_printf(struct str *t, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Literal text, length known at compile time. */
#define STR_LIT(t, lit) str_add((t), "" lit, sizeof(lit) - 1)

/* FNV-1a. The same on every host and in every version: opt_out_word.hash keeps it. */
static inline uint32_t str_hash(const char *s)
{
    uint32_t h = 2166136261u;
    for (; *s; s++)
        h = (h ^ (unsigned char)*s) * 16777619u;
    return h;
}

/* & < > " ' as entities: for text and for quoted attributes. */
void str_html(struct str *t, const char *s, size_t n);
/* As str_html; characters that XML 1.0 forbids are dropped and invalid UTF-8 becomes U+FFFD: always well-formed. */
void str_xml(struct str *t, const char *s, size_t n);
/* Percent-encoding of everything but A-Z a-z 0-9 - . _ ~ (RFC 3986 unreserved). */
void str_url(struct str *t, const char *s, size_t n);
/* A JSON string with its quotes; invalid UTF-8 becomes U+FFFD, and < is written \u003c so that it is safe in HTML. */
void str_json(struct str *t, const char *s, size_t n);

#endif
