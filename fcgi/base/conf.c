/* conf.c - settings from defaults, file and environment; every mistake is collected before anything is refused. */
#include "base/base.h"
#include "base/conf.h"
#include "base/log.h"
#include "base/str.h"
#include "base/utf8.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MAX = 1 << 20, PROBLEMS_MAX = 1 << 16 };

#define SETTING(type_, section_, key_, def_, text_)                                                      \
    { .type = SET_##type_, .section = #section_, .key = #key_, .def = def_, .text = text_, .offset = offsetof(struct conf, section_##_##key_) },
const struct setting settings[] = {
#include "settings.def"
};
#undef SETTING
const size_t settings_count = ARRAY_LEN(settings);

struct loader {
    struct arena *arena;
    struct conf *conf;
    struct str problems;
    const char *path;
    int *seen; /* line of the file that set it, by place in settings[] */
};

PRINTF_LIKE(3, 4)
static void problem(struct loader *l, int line, const char *fmt, ...)
{
    if (l->problems.len)
        str_putc(&l->problems, '\n');
    if (line)
        str_printf(&l->problems, "%s:%d: ", l->path, line);
    va_list ap;
    va_start(ap, fmt);
    str_puts(&l->problems, arena_vprintf(l->arena, fmt, ap));
    va_end(ap);
}

/* ---- values ---- */

static bool int_parse(const char *s, int64_t *out)
{
    int64_t v = 0;
    if (!*s)
        return false;
    for (; *s; s++)
        if (*s < '0' || *s > '9' || __builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, *s - '0', &v))
            return false;
    *out = v;
    return true;
}

static bool bool_parse(const char *s, bool *out)
{
    static const char *const words[] = { "1", "true", "yes", "on", "0", "false", "no", "off" };
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (strcasecmp(s, words[i]) == 0) {
            *out = i < 4;
            return true;
        }
    return false;
}

/* Empty, or a scheme we speak and something behind it; slashes at the end are cut off in place. */
static bool url_tidy(char *s)
{
    size_t n = strlen(s), scheme = strncmp(s, "https://", 8) == 0 ? 8 : strncmp(s, "http://", 7) == 0 ? 7 : 0;
    while (n > scheme && s[n - 1] == '/')
        s[--n] = 0;
    return n == 0 || (scheme && n > scheme && !strpbrk(s, " \t?#"));
}

/* Puts the value into the struct; NULL, or what it should have been. */
static const char *assign(struct loader *l, const struct setting *set, char *value)
{
    void *at = (char *)l->conf + set->offset;
    switch (set->type) {
    case SET_TEXT:
    case SET_SECRET:
        *(const char **)at = value;
        return NULL;
    case SET_URL:
        *(const char **)at = value;
        return url_tidy(value) ? NULL : "an address that begins with https:// or http://";
    case SET_INT:
        return int_parse(value, at) ? NULL : "a whole number, 0 or more";
    case SET_BOOL:
        return bool_parse(value, at) ? NULL : "1, true, yes, on, 0, false, no or off";
    }
    return "of a known type";
}

static const struct setting *setting_find(const char *section, const char *key)
{
    for (size_t i = 0; i < settings_count; i++)
        if (strcmp(settings[i].section, section) == 0 && strcmp(settings[i].key, key) == 0)
            return &settings[i];
    return NULL;
}

static const char *section_find(const char *name)
{
    for (size_t i = 0; i < settings_count; i++)
        if (strcmp(settings[i].section, name) == 0)
            return settings[i].section;
    return NULL;
}

/* ---- the file ---- */

static bool blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Cuts blanks at both ends, in place. */
static char *trim(char *s)
{
    while (blank(*s))
        s++;
    size_t n = strlen(s);
    while (n && blank(s[n - 1]))
        n--;
    s[n] = 0;
    return s;
}

/* Takes the quotes off; NULL, or what is wrong. */
static const char *unquote(char **value)
{
    char *s = *value;
    size_t n = strlen(s);
    if (*s != '"' && *s != '\'') {
        for (const char *p = s; *p; p++)
            if (*p == '#' && p > s && blank(p[-1]))
                return "a blank and # in a value: put the value into quotes, or the comment on a line of its own";
        return NULL;
    }
    if (n < 2 || s[n - 1] != *s)
        return "the value begins with a quote and does not end with it";
    s[n - 1] = 0;
    if (strchr(s + 1, *s))
        return "the same quote within the value: use the other one around it";
    *value = s + 1;
    return NULL;
}

static void key_line(struct loader *l, int line, const char *section, char *text)
{
    char *equals = strchr(text, '=');
    if (!equals) {
        problem(l, line, "neither [section] nor key = value");
        return;
    }
    *equals = 0;
    char *key = trim(text), *value = trim(equals + 1);
    const struct setting *set = setting_find(section, key);
    if (!set) {
        /* What does not look like a key may be half of a secret. */
        bool printable = strspn(key, "abcdefghijklmnopqrstuvwxyz_0123456789") == strlen(key);
        problem(l, line, "unknown key \"%s\" in [%s]", printable ? key : "…", section);
        return;
    }
    int *seen = &l->seen[set - settings];
    if (*seen)
        problem(l, line, "%s.%s was already given in line %d", section, key, *seen);
    *seen = line;
    const char *wrong = unquote(&value);
    if (wrong) {
        problem(l, line, "%s.%s: %s", section, key, wrong);
        return;
    }
    const char *wanted = assign(l, set, value);
    if (wanted)
        problem(l, line, "%s.%s is \"%s\" but must be %s", section, key, value, wanted);
}

/* The section that holds after this line; NULL when it is not known (its keys are skipped). */
static const char *section_line(struct loader *l, int line, char *text)
{
    size_t n = strlen(text);
    if (text[n - 1] != ']') {
        problem(l, line, "a section without ]");
        return NULL;
    }
    text[n - 1] = 0;
    const char *name = trim(text + 1), *known = section_find(name);
    if (!known)
        problem(l, line, "unknown section [%s]", name);
    return known;
}

/* NULL when it cannot be read; `missing` says that there is no such file. */
static char *file_read(struct arena *a, const char *path, size_t *n, bool *missing)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    *missing = fd < 0 && errno == ENOENT;
    if (fd < 0)
        return NULL;
    struct stat st;
    char *text = NULL;
    int why = fstat(fd, &st) < 0 ? errno : S_ISDIR(st.st_mode) ? EISDIR : !S_ISREG(st.st_mode) ? EINVAL : st.st_size > FILE_MAX ? EFBIG : 0;
    if (!why) {
        text = arena_zalloc(a, (size_t)st.st_size + 1);
        ssize_t k = pread(fd, text, (size_t)st.st_size, 0);
        *n = k > 0 ? (size_t)k : 0;
        why = k < 0 ? errno : 0;
    }
    close(fd);
    errno = why;
    return why ? NULL : text;
}

static void load_file(struct loader *l, bool must)
{
    size_t n = 0;
    bool missing;
    char *text = file_read(l->arena, l->path, &n, &missing);
    if (!text) {
        if (must || !missing)
            problem(l, 0, "%s: %s", l->path, strerror(errno));
        return;
    }
    if (!utf8_valid(text, n) || memchr(text, 0, n)) {
        problem(l, 0, "%s: not a text file in UTF-8", l->path);
        return;
    }
    if (strncmp(text, "\xEF\xBB\xBF", 3) == 0)
        text += 3; /* the mark some editors put first */
    const char *section = NULL;
    bool any = false; /* a section line came */
    int line = 0;
    while (text) {
        char *next = strchr(text, '\n');
        if (next) {
            *next++ = 0;
            size_t len = strlen(text);
            if (len && text[len - 1] == '\r')
                text[len - 1] = 0;
        }
        char *s = trim(text);
        line++;
        if (*s == '[') {
            section = section_line(l, line, s);
            any = true;
        } else if (*s && *s != '#' && *s != ';') {
            if (section)
                key_line(l, line, section, s);
            else if (!any)
                problem(l, line, "before the first [section]");
        }
        text = next;
    }
}

/* ---- the environment ---- */

/* "CENTRALA_DB_SOCKET"; short_form: "CENTRALA_WORKERS" for a key of "main". */
static const char *env_name(struct arena *a, const struct setting *set, bool short_form)
{
    char *name = short_form ? arena_printf(a, "CENTRALA_%s", set->key) : arena_printf(a, "CENTRALA_%s_%s", set->section, set->key);
    for (char *p = name; *p; p++)
        if (*p >= 'a' && *p <= 'z')
            *p = (char)(*p - 'a' + 'A');
    return name;
}

static const char *env_value(char *const *env, const char *name)
{
    size_t n = strlen(name);
    for (; *env; env++)
        if (strncmp(*env, name, n) == 0 && (*env)[n] == '=')
            return *env + n + 1;
    return NULL;
}

/* A name of a known section that is no setting's. */
static void env_check_unknown(struct loader *l, const char *entry, const char *const *names)
{
    size_t n = strcspn(entry, "=");
    for (size_t i = 0; names[i]; i++)
        if (strncmp(entry, names[i], n) == 0 && !names[i][n])
            return;
    for (size_t i = 0; i < settings_count; i++) {
        const char *known = env_name(l->arena, &(struct setting){ .section = settings[i].section, .key = "" }, false);
        if (strncmp(entry, known, strlen(known)) == 0) {
            problem(l, 0, "environment: unknown setting %.*s", (int)n, entry);
            return;
        }
    }
}

static void load_env(struct loader *l, char *const *env)
{
    const char **names = ARENA_ARRAY(l->arena, const char *, 2 * settings_count + 1);
    size_t count = 0;
    for (size_t i = 0; i < settings_count; i++) {
        const struct setting *set = &settings[i];
        for (int short_form = 0; short_form <= (strcmp(set->section, "main") == 0); short_form++) {
            const char *name = names[count++] = env_name(l->arena, set, short_form);
            const char *value = env_value(env, name);
            const char *wanted = value ? assign(l, set, arena_strdup(l->arena, value)) : NULL;
            if (wanted)
                problem(l, 0, "environment: %s is \"%s\" but must be %s", name, value, wanted);
        }
    }
    for (; *env; env++)
        if (strncmp(*env, "CENTRALA_", 9) == 0)
            env_check_unknown(l, *env, names);
}

/* Settings that are one word of a few. */
static void check_words(struct loader *l)
{
    const struct conf *c = l->conf;
    const char *const languages[] = { "pl", "en", "es" };
    enum log_level level;
    bool known = false;
    for (size_t i = 0; i < ARRAY_LEN(languages); i++)
        known |= strcmp(c->main_language, languages[i]) == 0;
    if (!known)
        problem(l, 0, "[main] language is \"%s\" but must be pl, en or es", c->main_language);
    if (!log_level_parse(c->log_level, &level))
        problem(l, 0, "[log] level is \"%s\" but must be error, warning, notice, info or debug", c->log_level);
}

struct conf *conf_load(struct arena *a, const char *path, bool must, char *const *env, const char **problems)
{
    struct loader l = { .arena = a, .conf = ARENA_NEW(a, struct conf), .path = path, .seen = ARENA_ARRAY(a, int, settings_count) };
    str_init(&l.problems, a, 0, PROBLEMS_MAX);
    for (size_t i = 0; i < settings_count; i++)
        BUG_IF(assign(&l, &settings[i], arena_strdup(a, settings[i].def)) != NULL);
    if (path)
        load_file(&l, must);
    if (env)
        load_env(&l, env);
    check_words(&l);
    if (problems)
        *problems = l.problems.s;
    return l.problems.len ? NULL : l.conf;
}

struct conf *conf_open(struct arena *a, const char *path, char *const *env, const char **problems)
{
    const char *root = env_value(env, "CENTRALA_ROOT");
    const char *usual = arena_printf(a, "%s/etc/centrala.conf", root && *root ? root : ".");
    return conf_load(a, path ? path : usual, path != NULL, env, problems);
}

enum { ENV_FILE_MAX = 64 * 1024, ENV_LINES_MAX = 500 };

/* A shell's 'single quotes' around a value are taken off. */
static char *env_line(struct arena *a, const char *s, size_t n)
{
    char *line = arena_strndup(a, s, n), *value = strchr(line, '=');
    size_t len = value ? strlen(++value) : 0;
    if (len >= 2 && value[0] == '\'' && value[len - 1] == '\'') {
        value[len - 1] = 0;
        memmove(value, value + 1, len - 1);
    }
    return line;
}

char *const *conf_env_with_file(struct arena *a, char *const *env, const char *path)
{
    FILE *f = fopen(path, "re");
    if (!f)
        return env;
    char *text = arena_alloc(a, ENV_FILE_MAX + 1);
    text[fread(text, 1, ENV_FILE_MAX, f)] = 0;
    fclose(f);
    size_t count = 0;
    while (env[count])
        count++;
    char **all = ARENA_ARRAY(a, char *, count + ENV_LINES_MAX + 1);
    memcpy(all, env, count * sizeof *all);
    for (size_t lines = 0; *text && lines < ENV_LINES_MAX; lines++) {
        size_t n = strcspn(text, "\n");
        if (n && *text != '#')
            all[count++] = env_line(a, text, n);
        text += n + (text[n] == '\n');
    }
    return all;
}

const char *conf_example(struct arena *a)
{
    struct str out;
    str_init(&out, a, 8192, 1 << 20);
    STR_LIT(&out, "# centrala.conf - the settings of this installation. Made from fcgi/settings.def by `centralactl config example`.\n"
                  "#\n"
                  "# Each key stands here with its default, commented out. Take off the # to set it. The environment variable named\n"
                  "# above a key wins over this file. Keep the file readable for the service's user only when it holds secrets.\n");
    const char *section = "";
    for (size_t i = 0; i < settings_count; i++) {
        const struct setting *set = &settings[i];
        bool in_main = strcmp(set->section, "main") == 0;
        if (strcmp(section, set->section) != 0)
            str_printf(&out, "\n[%s]\n", section = set->section);
        bool quotes = *set->def && (blank(*set->def) || blank(set->def[strlen(set->def) - 1]) || strpbrk(set->def, "#'\""));
        const char *quote = !quotes ? "" : strchr(set->def, '"') ? "'" : "\"";
        str_printf(&out, "\n# %s\n# %s\n#%s = %s%s%s\n", set->text, env_name(a, set, in_main), set->key, quote,
                   set->type == SET_SECRET ? "" : set->def, quote);
    }
    return out.s;
}
