/* mustache.h - compiled mustache templates (specification 1.4: comments, delimiters, interpolation, inverted, partials,
 * sections, and inheritance), with ceilings on depth and output.
 *
 * {{x}} escapes & < > " ', always; {{{x}}} and {{&x}} do not and are allowed by lint for two names only. One addition:
 * {{"Text"}} is a message id, translated when the template is compiled, so a template is compiled once per language
 * and costs nothing at run time. A name that nothing in the view has renders empty; with `strict` it is an error.
 * Compiled sets are read-only and shared by all workers (made before the fork). */
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
/* Compiles and adds; `name` is how partials call it ("parts/message"). On a mistake false and "name:line: reason". */
bool templates_add(struct template_set *set, const char *name, const char *text, size_t len, const char **problem);
/* All *.mustache below `dir`, named by their path without ending; then templates_link(). */
bool templates_load_dir(struct template_set *set, const char *dir, const char **problem);
/* Resolves partials and parents; with `must`, an unknown one is a mistake (else it renders as nothing, as the spec
 * says). Recursion through partials is allowed and bounded by MUSTACHE_DEPTH at run time. */
bool templates_link(struct template_set *set, bool must, const char **problem);
const struct template *templates_get(const struct template_set *set, const char *name);

enum { MUSTACHE_DEPTH = 64 };
/* Adds the result to `out`. False when the output ceiling or the depth was passed, or with `strict` when a name was
 * unknown; `problem` says which (may be NULL). */
bool template_render(const struct template *t, struct value *view, struct str *out, bool strict, const char **problem);
/* A good first size for the output buffer. */
size_t template_size_hint(const struct template *t);

#endif
