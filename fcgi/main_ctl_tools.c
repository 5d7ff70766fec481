/* main_ctl_tools.c - the instruments an administrator debugs with: they need neither database nor network. */
#include "base/base.h"
#include "main_ctl.h"
#include "base/json.h"
#include "base/phone.h"
#include "base/segment.h"
#include "base/signature.h"
#include "base/str.h"
#include "web/mustache.h"
#include "web/textfile.h"
#include "web/value.h"

#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DONE, FAILED, USAGE };
enum { INPUT_MAX = 16 << 20, RENDER_MAX = 64 << 20, FOLDER_DEPTH = 8 };

PRINTF_LIKE(2, 3)
static int fail(int status, const char *fmt, ...)
{
    va_list ap;
    fputs("centralactl: ", stderr);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
    return status;
}

static int output(const char *s, size_t n)
{
    return fwrite(s, 1, n, stdout) == n ? DONE : FAILED;
}

/* All of standard input, NUL behind it; NULL after a message. */
static char *input(struct arena *a, size_t *n)
{
    char *text = arena_alloc(a, INPUT_MAX + 1);
    *n = 0;
    for (ssize_t k; (k = read(STDIN_FILENO, text + *n, INPUT_MAX + 1 - *n)) != 0;) {
        if (k < 0 && errno == EINTR)
            continue;
        *n += k > 0 ? (size_t)k : 0;
        if (k < 0 || *n > INPUT_MAX) {
            fail(FAILED, k < 0 ? "standard input cannot be read" : "standard input is too large");
            return NULL;
        }
    }
    text[*n] = 0;
    return text;
}

bool ctl_arguments(int argc, char **argv, const char *const *names, const char **values, size_t count, const char **operand)
{
    for (int i = 0; i < argc; i++) {
        size_t n = strcspn(argv[i], "="), k = 0;
        if (strncmp(argv[i], "--", 2) != 0 && operand && !*operand) {
            *operand = argv[i];
            continue;
        }
        while (k < count && (strlen(names[k]) != n || memcmp(names[k], argv[i], n) != 0))
            k++;
        if (k == count || (argv[i][n] == 0 && i + 1 == argc)) {
            /* Only names of options are repeated: an argument in the wrong place may be a secret. */
            if (strncmp(argv[i], "--", 2) == 0)
                fail(USAGE, "%s: %.*s", k == count ? "no such option" : "an option without its value", (int)n, argv[i]);
            else
                fail(USAGE, "too many arguments");
            return false;
        }
        values[k] = argv[i][n] == '=' ? argv[i] + n + 1 : argv[++i];
    }
    return true;
}

/* --url U --token T --header H: is the body on standard input signed by Twilio? */
static int signature_command(struct ctl *ctl, int argc, char **argv)
{
    static const char *const names[] = { "--url", "--token", "--header" };
    const char *values[ARRAY_LEN(names)] = { NULL };
    struct arena *a = ctl->ctx.arena;
    if (!ctl_arguments(argc, argv, names, values, ARRAY_LEN(names), NULL))
        return USAGE;
    if (!values[0] || !values[1] || !values[2])
        return fail(USAGE, "signature --url URL --token TOKEN --header SIGNATURE < BODY");
    size_t n, count;
    const char *body = input(a, &n);
    if (!body)
        return FAILED;
    struct pair *pairs = pairs_parse(a, body, n, n, &count); /* looked at unless the URL carries bodySHA256 */
    bool valid = signature_valid(a, values[1], values[0], pairs, count, body, n, values[2]);
    return output(valid ? "valid\n" : "invalid\n", valid ? 6 : 8) == DONE && valid ? DONE : FAILED;
}

static int segments_command(struct ctl *ctl, int argc, char **argv)
{
    struct arena *a = ctl->ctx.arena;
    if (!ctl_arguments(argc, argv, NULL, NULL, 0, NULL))
        return USAGE;
    size_t n;
    const char *text = input(a, &n);
    if (!text)
        return FAILED;
    struct segments s;
    struct str out;
    segments_count(a, text, n, &s);
    str_init(&out, a, 256, 64 * 1024);
    str_printf(&out, "{\"encoding\":\"%s\",\"segments\":%d,\"units\":%d,\"room\":%d,\"costly\":", s.ucs2 ? "UCS-2" : "GSM-7", s.count, s.units, s.room);
    str_json(&out, s.costly, strlen(s.costly));
    STR_LIT(&out, "}\n");
    return output(out.s, out.len);
}

/* One number a line, as people type them. */
static int phone_command(struct ctl *ctl, int argc, char **argv)
{
    static const char *const names[] = { "--country" };
    const char *country = NULL;
    struct arena *a = ctl->ctx.arena;
    if (!ctl_arguments(argc, argv, names, &country, 1, NULL))
        return USAGE;
    if (country && !*country)
        country = NULL;
    if (country && !phone_country_known(country))
        return fail(USAGE, "no such country: two letters, as in PL");
    size_t n;
    char *text = input(a, &n);
    if (!text)
        return FAILED;
    struct str out;
    str_init(&out, a, 4096, 2 * INPUT_MAX);
    for (char *end = text + n, *next; text < end; text = next + 1) {
        char number[PHONE_MAX + 1];
        next = memchr(text, '\n', (size_t)(end - text));
        if (!next)
            next = end;
        *next = 0;
        str_puts(&out, phone_parse(text, country, number) ? number : "invalid");
        str_putc(&out, '\n');
    }
    return output(out.s, out.len);
}

/* Adds DIR's *.mustache under their path without ending. */
static bool partials_add(struct arena *a, struct template_set *set, const char *folder, const char *prefix, int depth)
{
    DIR *dir = depth < FOLDER_DEPTH ? opendir(folder) : NULL;
    if (!dir) {
        fail(FAILED, "%s: %s", folder, depth < FOLDER_DEPTH ? strerror(errno) : "too deep");
        return false;
    }
    bool ok = true;
    for (struct dirent *entry; ok && (entry = readdir(dir));) {
        const char *path = arena_printf(a, "%s/%s", folder, entry->d_name), *problem = NULL;
        char *name = arena_printf(a, "%s%s", prefix, entry->d_name), *ending = strrchr(name, '.');
        struct stat st;
        if (entry->d_name[0] == '.' || stat(path, &st) != 0)
            continue;
        if (S_ISDIR(st.st_mode)) {
            ok = partials_add(a, set, path, arena_printf(a, "%s/", name), depth + 1);
        } else if (ending && strcmp(ending, ".mustache") == 0) {
            size_t n;
            const char *text = textfile_read(a, path, MUSTACHE_SOURCE, &n, &problem);
            *ending = 0;
            ok = text && templates_add(set, name, text, n, &problem);
            if (!ok)
                fail(FAILED, "%s", problem);
        }
    }
    closedir(dir);
    return ok;
}

static int render(struct arena *a, struct template_set *set, const char *file, const char *partials)
{
    size_t n;
    const char *problem = NULL, *name = arena_printf(a, "(%s)", file); /* no partial is called so */
    const char *text = textfile_read(a, file, MUSTACHE_SOURCE, &n, &problem);
    if (!text || !templates_add(set, name, text, n, &problem))
        return fail(FAILED, "%s", problem);
    if (partials && !partials_add(a, set, partials, "", 0))
        return FAILED;
    if (!templates_link(set, false, &problem))
        return fail(FAILED, "%s", problem);
    const char *data = input(a, &n);
    const struct json *json = data ? json_parse(a, data, n) : NULL;
    if (!json)
        return data ? fail(FAILED, "standard input is not JSON") : FAILED;
    struct str out;
    str_init(&out, a, template_size_hint(templates_get(set, name)), RENDER_MAX);
    if (!template_render(templates_get(set, name), value_from_json(a, json), &out, false, &problem))
        return fail(FAILED, "%s", problem);
    return output(out.s, out.len);
}

static int render_command(struct ctl *ctl, int argc, char **argv)
{
    static const char *const names[] = { "--partials" };
    const char *partials = NULL, *file = NULL;
    if (!ctl_arguments(argc, argv, names, &partials, 1, &file))
        return USAGE;
    if (!file)
        return fail(USAGE, "render FILE [--partials DIR] < JSON");
    struct template_set *set = templates_new(NULL);
    int status = render(ctl->ctx.arena, set, file, partials);
    templates_free(set);
    return status;
}

static int config_check_command(struct ctl *ctl, int argc, char **argv)
{
    (void)ctl; /* that it was reached is the answer: CTL_CONF */
    return ctl_arguments(argc, argv, NULL, NULL, 0, NULL) ? output("The settings are right.\n", 24) : USAGE;
}

static int config_example_command(struct ctl *ctl, int argc, char **argv)
{
    if (!ctl_arguments(argc, argv, NULL, NULL, 0, NULL))
        return USAGE;
    const char *text = conf_example(ctl->ctx.arena);
    return output(text, strlen(text));
}

const struct ctl_command ctl_tools[] = {
    { "signature", signature_command, "--url URL --token TOKEN --header SIGNATURE < BODY: valid or invalid", 0 },
    { "segments", segments_command, "< TEXT: its encoding, segments and units, the room left and the costly characters, as JSON", 0 },
    { "phone", phone_command, "[--country PL] < NUMBERS, one a line: the E.164 form, or invalid", 0 },
    { "render", render_command, "FILE [--partials DIR] < JSON: runs a mustache template; DIR holds NAME.mustache files", 0 },
    { "config check", config_check_command, "[--config FILE]: reads the settings and names every mistake", CTL_CONF },
    { "config example", config_example_command, "prints the commented example file", 0 },
};
const size_t ctl_tools_count = ARRAY_LEN(ctl_tools);
