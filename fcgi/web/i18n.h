/* i18n.h - message catalogues: one per interface language, read from build/locale/<lang>.mo (made by msgfmt), read-only
 * after loading. Not the C library's gettext: that follows the process's locale, ours follows the request. */
#ifndef CENTRALA_I18N_H
#define CENTRALA_I18N_H
#include "base/base.h"
#include "base/arena.h"

struct catalog;
enum language { LANG_EN, LANG_PL, LANG_ES, LANG_COUNT };

/* "en", "pl", "es". */
const char *language_code(enum language l);
/* False when unknown. */
bool language_parse(const char *code, enum language *out);
/* The best of ours for an Accept-Language header; `def` when none fits. */
enum language language_accept(const char *header, enum language def);

/* NULL and a reason when the file is not a catalogue. */
const struct catalog *catalog_load(struct arena *a, const char *path, enum language lang, const char **problem);
enum language catalog_language(const struct catalog *c);
/* The translation, or the message id itself. Never NULL for a non-NULL id. */
const char *tr(const struct catalog *c, const char *msgid);
/* Plural by the language's rule (Plural-Forms of the three languages, built in). */
const char *tr_n(const struct catalog *c, const char *one, const char *many, int64_t n);

/* Marks a message id in a static table for the catalogue's extraction. */
#define N_(s) s

#endif
