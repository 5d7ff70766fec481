/* main_ctl.c - centralactl's dispatcher: finds the command's row and calls it. */
#include "base/base.h"
#include "main_ctl.h"
#include "base/crypto.h"

#include <errno.h>
#include <unistd.h>

enum { CTL_CEILING = 256 << 20 };

extern char **environ;

int ctl_fail(const struct ctl *ctl, int status, const char *fmt, ...)
{
    va_list ap;
    fprintf(stderr, "centralactl%s%s: ", *ctl->name ? " " : "", ctl->name);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
    return status;
}

const char *ctl_option(struct ctl *ctl, const char *name)
{
    const char *value = NULL;
    size_t n = strlen(name);
    for (int i = 0; i < ctl->argc; i++) {
        if (!ctl->argv[i] || strncmp(ctl->argv[i], name, n) != 0)
            continue;
        if (ctl->argv[i][n] == '=') {
            value = ctl->argv[i] + n + 1;
        } else if (ctl->argv[i][n] == 0 && i + 1 < ctl->argc && ctl->argv[i + 1]) {
            ctl->argv[i] = NULL;
            value = ctl->argv[++i];
        } else {
            continue; /* another option, or one without a value: ctl_end() will say so */
        }
        ctl->argv[i] = NULL;
    }
    return value;
}

bool ctl_flag(struct ctl *ctl, const char *name)
{
    bool there = false;
    for (int i = 0; i < ctl->argc; i++)
        if (ctl->argv[i] && strcmp(ctl->argv[i], name) == 0) {
            ctl->argv[i] = NULL;
            there = true;
        }
    return there;
}

const char *ctl_argument(struct ctl *ctl)
{
    for (int i = 0; i < ctl->argc; i++)
        if (ctl->argv[i] && strncmp(ctl->argv[i], "--", 2) != 0) {
            const char *argument = ctl->argv[i];
            ctl->argv[i] = NULL;
            return argument;
        }
    return NULL;
}

bool ctl_end(struct ctl *ctl)
{
    for (int i = 0; i < ctl->argc; i++)
        if (ctl->argv[i]) {
            /* Only options are repeated: an argument in the wrong place may be a secret. */
            bool option = strncmp(ctl->argv[i], "--", 2) == 0;
            ctl_fail(ctl, 0, option ? "unknown option, or an option without its value: %.*s" : "too many arguments%.*s",
                     option ? (int)strcspn(ctl->argv[i], "=") : 0, ctl->argv[i]);
            return false;
        }
    return true;
}

const struct conf *ctl_conf(struct ctl *ctl)
{
    const char *problems = NULL;
    const struct conf *conf = conf_load(ctl->arena, ctl->config ? ctl->config : "etc/centrala.conf", ctl->config != NULL, ctl->env, &problems);
    if (!conf)
        ctl_fail(ctl, 0, "the settings are not right:\n%s", problems);
    return conf;
}

char *ctl_input(struct ctl *ctl, size_t most, size_t *n)
{
    size_t cap = 64 * 1024;
    char *text = arena_alloc(ctl->arena, cap);
    *n = 0;
    for (ssize_t k;; *n += (size_t)k) {
        if (cap - *n < 2) {
            char *more = arena_alloc(ctl->arena, 2 * cap);
            memcpy(more, text, *n);
            text = more;
            cap *= 2;
        }
        k = read(STDIN_FILENO, text + *n, cap - *n - 1);
        if (k < 0 && errno == EINTR)
            k = 0;
        else if (k <= 0 || *n + (size_t)k > most) {
            text[*n] = 0;
            if (k == 0)
                return text;
            ctl_fail(ctl, 0, k < 0 ? "standard input cannot be read" : "standard input is too large");
            return NULL;
        }
    }
}

int ctl_output(const struct ctl *ctl, const char *s, size_t n)
{
    if (fwrite(s, 1, n, stdout) != n || fflush(stdout) != 0)
        return ctl_fail(ctl, CTL_FAILED, "standard output cannot be written");
    return CTL_DONE;
}

static void help_rows(struct str *out, const struct ctl_command *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        str_printf(out, "  %s%s%s\n      %s\n", rows[i].words, *rows[i].arguments ? " " : "", rows[i].arguments, rows[i].text);
}

static int help(struct ctl *ctl)
{
    struct str out;
    str_init(&out, ctl->arena, 4096, 1 << 20);
    STR_LIT(&out, "centralactl [--config FILE] COMMAND …\n\n");
    help_rows(&out, ctl_admin, ctl_admin_count);
    help_rows(&out, ctl_tools, ctl_tools_count);
    STR_LIT(&out, "  help\n      This list.\n");
    return ctl_output(ctl, out.s, out.len);
}

/* How many of the arguments are the row's words, 0 when they are not. */
static int words_match(const char *words, int argc, char *const *argv)
{
    int count = 0;
    while (*words) {
        size_t n = strcspn(words, " ");
        if (count == argc || strlen(argv[count]) != n || memcmp(argv[count], words, n) != 0)
            return 0;
        words += n + (words[n] == ' ');
        count++;
    }
    return count;
}

static const struct ctl_command *find(const struct ctl_command *rows, size_t count, int argc, char *const *argv, int *words)
{
    for (size_t i = 0; i < count; i++)
        if ((*words = words_match(rows[i].words, argc, argv)) > 0)
            return &rows[i];
    return NULL;
}

int main(int argc, char **argv)
{
    crypto_init();
    struct ctl ctl = { .arena = arena_new(CTL_CEILING), .name = "", .env = environ, .argv = argv + 1, .argc = argc - 1 };
    if (ctl.argc >= 2 && strcmp(ctl.argv[0], "--config") == 0) {
        ctl.config = ctl.argv[1];
        ctl.argv += 2;
        ctl.argc -= 2;
    }
    int words = 0, status;
    const struct ctl_command *row = find(ctl_tools, ctl_tools_count, ctl.argc, ctl.argv, &words);
    if (!row)
        row = find(ctl_admin, ctl_admin_count, ctl.argc, ctl.argv, &words);
    if (row) {
        ctl.name = row->words;
        ctl.argv += words;
        ctl.argc -= words;
        const char *config = ctl_option(&ctl, "--config");
        ctl.config = config ? config : ctl.config;
        status = row->run(&ctl);
        if (status == CTL_USAGE)
            fprintf(stderr, "usage: centralactl %s %s\n", row->words, row->arguments);
    } else if (ctl.argc > 0 && (strcmp(ctl.argv[0], "help") == 0 || strcmp(ctl.argv[0], "--help") == 0)) {
        status = help(&ctl);
    } else {
        status = ctl_fail(&ctl, CTL_USAGE, ctl.argc ? "no such command; `centralactl help` lists them" : "which command? `centralactl help` lists them");
    }
    arena_free(ctl.arena);
    return status;
}
