/* mustache.h - compiled mustache templates (specification 1.4: comments, delimiters, interpolation, inverted, partials,
 * sections, and inheritance), with ceilings on depth and output.
 *
 * {{x}} escapes & < > " ', always; {{{x}}} and {{&x}} do not and are allowed by lint for two names only. One addition:
 * {{"Text"}} is a message id, translated when the template is compiled, so a template is compiled once per language
 * and costs nothing at run time. It is escaped like a value ({{&"Text"}} is not); in it \" is a quote and \\ a
 * backslash. A name that nothing in the view has renders empty; with `strict` it is an error: then {{x}} needs an `x`
 * somewhere on the stack, and {{a.b}} a `b` in `a` unless `a` is null or false; {{#x}} and {{^x}} may test for absence.
 * Compiled sets are read-only and shared by all workers (made before the fork).
 *
 * Whitespace: a section, comment, partial, parent or block tag alone on its line takes the line away with it. A partial
 * or parent alone on an indented line, and a block that starts one, indent every line they put there. A page puts its
 * blocks into the layout: {{<layout/page}}{{$content}}...{{/content}}{{/layout/page}}; directly inside a parent only
 * blocks count (text is ignored, other tags are a mistake). The outermost page wins a block. Names of lambdas and
 * dynamic partials are not supported. */
#ifndef CENTRALA_MUSTACHE_H
#define CENTRALA_MUSTACHE_H
#include "base/base.h"
#include "base/arena.h"
#include "base/str.h"
#include "web/value.h"

struct template_set; /* named templates that may include each other */
struct template;
struct catalog;      /* web/i18n.h */

/* An empty set in an arena of its own; `lang` may be NULL (message ids stay). */
struct template_set *templates_new(const struct catalog *lang);
void templates_free(struct template_set *set);
/* Before templates are added: from here on {{name}} is this text, as if it stood in the template (escaped, {{{name}}} is not). For
 * what is the same on every page: it costs nothing at run time. Neither is copied. */
void templates_constant(struct template_set *set, const char *name, const char *text);
/* Compiles and adds; `name` is how partials call it ("parts/message"). Nothing of `text` is kept. On a mistake false
 * and "name:line: reason" (in the set's arena). A second template of the same name is a mistake. */
bool templates_add(struct template_set *set, const char *name, const char *text, size_t len, const char **problem);
/* All *.mustache below `dir`, named by their path without ending; then templates_link() with `must`. */
bool templates_load_dir(struct template_set *set, const char *dir, const char **problem);
/* Resolves partials and parents; with `must`, an unknown one is a mistake (else it renders as nothing, as the spec
 * says). Recursion through partials is allowed and bounded by MUSTACHE_DEPTH at run time. */
bool templates_link(struct template_set *set, bool must, const char **problem);
/* NULL when there is none. */
const struct template *templates_get(const struct template_set *set, const char *name);
/* In the order of their names, for tools: i < templates_count(). */
size_t templates_count(const struct template_set *set);
const struct template *templates_at(const struct template_set *set, size_t i);
const char *template_name(const struct template *t);

/* DEPTH: nested sections, partials, parents and blocks at run time, sections also when compiled. SOURCE: bytes of one
 * template. WORK: sections' rounds and partials entered in one rendering (partials can multiply without any output). */
enum { MUSTACHE_DEPTH = 64, MUSTACHE_SOURCE = 1024 * 1024, MUSTACHE_WORK = 1024 * 1024 };
/* Adds the result to `out`. False when the output ceiling, the depth or the work was passed, or with `strict` when a
 * name was unknown; `problem` says which and where (may be NULL; in the arena of `out`). `view` may be NULL. */
bool template_render(const struct template *t, struct value *view, struct str *out, bool strict, const char **problem);
/* A good first size for the output buffer. */
size_t template_size_hint(const struct template *t);

#endif
