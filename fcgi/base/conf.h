/* conf.h - the settings: settings.def makes the struct, the parser's table, the example file and `config check`.
 *
 * Sources, later wins: the default in settings.def, the file (etc/centrala.conf, "[section]" and "key = value" lines,
 * # comments), the environment (CENTRALA_<SECTION>_<KEY>; CENTRALA_<KEY> for the section "main"). A value of any length is kept whole; anything odd is
 * an error with file and line, never a guess. Only main_*.c reads the environment and passes it in. */
#ifndef CENTRALA_CONF_H
#define CENTRALA_CONF_H
#include "base/base.h"
#include "base/arena.h"

enum setting_type { SET_TEXT, SET_INT, SET_BOOL, SET_SECRET };

#define SETTING_C_TEXT const char *
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

/* Defaults, then `path` (NULL: none; absent is an error only if `must`), then `env` (NULL-ended NAME=value list).
 * On failure NULL and one line a mistake in `problems` (arena text). */
struct conf *conf_load(struct arena *a, const char *path, bool must, char *const *env, const char **problems);
/* The commented example file, for etc/centrala.conf.example. */
const char *conf_example(struct arena *a);

#endif
