/* main_ctl.c - centralactl's dispatcher: finds the command's row, prepares what its flags ask for, calls it. */
#include "base/base.h"
#include "main_ctl.h"
#include "base/crypto.h"
#include "base/log.h"
#include "base/str.h"
#include "store/db.h"

enum { CTL_CEILING = 256 << 20, USAGE = 2 };

extern char **environ;

static const struct {
    const struct ctl_command *rows;
    const size_t *count;
} tables[] = { { ctl_admin, &ctl_admin_count }, { ctl_send, &ctl_send_count }, { ctl_tools, &ctl_tools_count } };

static int help(struct ctl *ctl)
{
    struct str out;
    str_init(&out, ctl->ctx.arena, 4096, 1 << 20);
    STR_LIT(&out, "centralactl [--config FILE] COMMAND …\n\n");
    for (size_t t = 0; t < ARRAY_LEN(tables); t++)
        for (size_t i = 0; i < *tables[t].count; i++)
            str_printf(&out, "  %-15s %s\n", tables[t].rows[i].words, tables[t].rows[i].help);
    STR_LIT(&out, "  help            this list\n");
    fwrite(out.s, 1, out.len, stdout);
    return 0;
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

static const struct ctl_command *find(int argc, char *const *argv, int *words)
{
    for (size_t t = 0; t < ARRAY_LEN(tables); t++)
        for (size_t i = 0; i < *tables[t].count; i++)
            if ((*words = words_match(tables[t].rows[i].words, argc, argv)) > 0)
                return &tables[t].rows[i];
    return NULL;
}

/* Takes "--config FILE" out of the arguments, wherever it stands; false when the name is missing. */
static bool take_config(int *argc, char **argv, const char **path)
{
    for (int i = 0; i < *argc; i++) {
        if (strcmp(argv[i], "--config") != 0)
            continue;
        if (i + 1 == *argc)
            return false;
        *path = argv[i + 1];
        memmove(argv + i, argv + i + 2, sizeof *argv * (size_t)(*argc - i - 2));
        *argc -= 2;
        i--;
    }
    return true;
}

/* migrate makes the key file, and doctor reports on it. */
static bool works_without_key(const struct ctl_command *row)
{
    return strcmp(row->words, "migrate") == 0 || strcmp(row->words, "doctor") == 0;
}

/* Beside `make run` the database's passwords are in its run.env: used unless the caller names a database of its own. */
static char *const *environment(struct arena *a)
{
    const char *var = getenv("CENTRALA_VAR");
    if (getenv("CENTRALA_DB_SOCKET") || getenv("CENTRALA_DB_HOSTS") || getenv("CENTRALA_DB_PASSWORD"))
        return environ;
    return conf_env_with_file(a, environ, arena_printf(a, "%s/run.env", var && *var ? var : "var"));
}

static bool prepare(struct ctl *ctl, const struct ctl_command *row, const char *path)
{
    const char *problem = NULL;
    enum log_level level;
    if (row->flags & CTL_CONF) {
        ctl->conf = conf_open(ctl->ctx.arena, path, environment(ctl->ctx.arena), &problem);
        if (!ctl->conf) {
            fprintf(stderr, "centralactl: the settings are not right:\n%s\n", problem);
            return false;
        }
        ctl->ctx.conf = ctl->conf;
        if (log_level_parse(ctl->conf->log_level, &level))
            log_threshold(level);
    }
    if ((row->flags & CTL_DB) != CTL_DB)
        return true;
    ctl->ctx.keys = keyring_load(ctl->ctx.arena, ctl->conf->main_key_file, &problem);
    if (!ctl->ctx.keys && !works_without_key(row)) {
        fprintf(stderr, "centralactl: %s: %s\n", ctl->conf->main_key_file, problem);
        return false;
    }
    ctl->ctx.db = db_new(ctl->conf);
    return true;
}

static int run(int argc, char **argv, struct ctl *ctl)
{
    const char *path = NULL;
    int words = 0;
    if (!take_config(&argc, argv, &path)) {
        fprintf(stderr, "centralactl: --config FILE\n");
        return USAGE;
    }
    if (argc > 0 && (strcmp(argv[0], "help") == 0 || strcmp(argv[0], "--help") == 0))
        return help(ctl);
    const struct ctl_command *row = find(argc, argv, &words);
    if (!row) {
        fprintf(stderr, "centralactl: %s; `centralactl help` lists them\n", argc ? "no such command" : "no command");
        return USAGE;
    }
    if (!prepare(ctl, row, path))
        return 1;
    return row->run(ctl, argc - words, argv + words);
}

int main(int argc, char **argv)
{
    struct ctl ctl = { .conf = NULL };
    crypto_init();
    ctx_init(&ctl.ctx, arena_new(CTL_CEILING), NULL);
    ctl.ctx.actor = (struct actor){ .kind = ACTOR_CTL, .name = "centralactl" };
    int status = run(argc > 0 ? argc - 1 : 0, argv + 1, &ctl);
    if (ctl.ctx.db)
        db_free(ctl.ctx.db);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "centralactl: standard output cannot be written\n");
        status = status ? status : 1;
    }
    arena_free(ctl.ctx.arena);
    return status;
}
