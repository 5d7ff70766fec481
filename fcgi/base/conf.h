/* conf.h - the settings: settings.def makes the struct, the parser's table, the example file and `config check`.
 *
 * Sources, later wins: the default in settings.def, the file (etc/centrala.conf), the environment. Only main_*.c reads
 * the environment and passes it in. A value of any length is kept whole; anything odd is an error with file and line,
 * never a guess.
 *
 * The file: "[section]", "key = value", lines that begin with # or ; are comments. A value may stand in "…" or '…' (no
 * escapes; what is between the outer quotes counts); it must when it has a blank before #, or blanks at its ends. INT is
 * a whole number from 0 on, BOOL is 1, true, yes, on, 0, false, no or off, URL begins with https:// or http:// (or is empty)
 * and loses a slash at its end, because paths are put behind it. A key given twice is an error.
 *
 * The environment: CENTRALA_<SECTION>_<KEY>, for the section "main" also just CENTRALA_<KEY> (which wins). A variable
 * CENTRALA_<SECTION>_… of a section that exists and a key that does not is an error; other CENTRALA_… names belong to
 * the scripts around the programs and are ignored. */
#ifndef CENTRALA_CONF_H
#define CENTRALA_CONF_H
#include "base/base.h"
#include "base/arena.h"

enum setting_type { SET_TEXT, SET_URL, SET_INT, SET_BOOL, SET_SECRET };

#define SETTING_C_TEXT const char *
#define SETTING_C_URL const char *
#define SETTING_C_SECRET const char *
#define SETTING_C_INT int64_t
#define SETTING_C_BOOL bool

/* conf->db_socket, conf->twilio_api_base … : the section, an underline, the key. */
struct conf {
#define SETTING(type, section, key, def, text) SETTING_C_##type section##_##key;
#include "settings.def"
#undef SETTING
};

struct setting {
    enum setting_type type;
    const char *section, *key, *def, *text;
    size_t offset; /* in struct conf */
};
extern const struct setting settings[];
extern const size_t settings_count;

/* Defaults, then `path` (NULL: none; absent is an error only if `must`), then `env` (NULL-ended NAME=value list, may be
 * NULL). On failure NULL and one line a mistake in `problems` (arena text): no line ever quotes a SECRET, nor a value
 * whose key is not known. */
struct conf *conf_load(struct arena *a, const char *path, bool must, char *const *env, const char **problems);
/* What the programs start with: `path` (must exist), else etc/centrala.conf under CENTRALA_ROOT (or here) if there is one. */
struct conf *conf_open(struct arena *a, const char *path, char *const *env, const char **problems);
/* `env` and behind it the NAME=value lines of a file (comments and blank lines allowed, values possibly in single
 * quotes): earlier entries win. NULL-ended, in the arena; `env` itself when the file cannot be read. */
char *const *conf_env_with_file(struct arena *a, char *const *env, const char *path);
/* The commented example file, for etc/centrala.conf.example: every key with its text and default, commented out. */
const char *conf_example(struct arena *a);

#endif
