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
/* False when unknown. Exactly a code of ours ("pl"), or one with a region ("pl-PL", "pl_PL"); case does not matter. */
bool language_parse(const char *code, enum language *out);
/* The best of ours for an Accept-Language header (NULL = none); `def` when none fits or the header says "*". */
enum language language_accept(const char *header, enum language def);

/* NULL and a reason when the file is not a catalogue of that language (UTF-8, sorted as msgfmt writes it, plural rule
 * with as many forms as ours). Everything is checked here; looking up checks nothing. */
const struct catalog *catalog_load(struct arena *a, const char *path, enum language lang, const char **problem);
/* A catalogue without entries: every id is its own translation. */
const struct catalog *catalog_identity(struct arena *a, enum language lang);
enum language catalog_language(const struct catalog *c);
/* Number of translated messages, and whether this one is among them (lint). */
size_t catalog_len(const struct catalog *c);
bool catalog_has(const struct catalog *c, const char *msgid);
/* The translation, or the message id itself. Never NULL for a non-NULL id. `c` may be NULL. */
const char *tr(const struct catalog *c, const char *msgid);
/* Plural by the language's rule (Plural-Forms of the three languages, built in). Without a translation the English
 * rule chooses between the two ids. */
const char *tr_n(const struct catalog *c, const char *one, const char *many, int64_t n);
/* Which form the language uses for `n`: en, es: one, many; pl: one, few, many. */
unsigned plural_form(enum language lang, int64_t n);

/* Marks a message id in a static table for the catalogue's extraction. */
#define N_(s) s

#endif
