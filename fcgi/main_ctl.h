/* main_ctl.h - centralactl: one row a command, and the few things every command needs.
 *
 * To add a command: 1. a row in the table of main_ctl_tools.c or main_ctl_admin.c  2. its function there (+ a test).
 * A command takes its options first, then its arguments, then calls ctl_end(): whatever is left is a mistake. It
 * returns the exit status: 0 done, 1 could not (or "invalid"), 2 called wrongly. Standard output carries the result
 * and nothing else. */
#ifndef CENTRALA_MAIN_CTL_H
#define CENTRALA_MAIN_CTL_H
#include "base/base.h"
#include "base/arena.h"
#include "base/conf.h"
#include "base/str.h"

enum { CTL_DONE = 0, CTL_FAILED = 1, CTL_USAGE = 2 };

struct ctl {
    struct arena *arena;  /* as long as the process */
    const char *name;     /* the command's words, for messages */
    const char *config;   /* --config, NULL when not given */
    char *const *env;
    char **argv;          /* what follows the command's words; taken ones are NULL */
    int argc;
};

struct ctl_command {
    const char *words;     /* "config check" */
    int (*run)(struct ctl *ctl);
    const char *arguments; /* as the help shows them */
    const char *text;      /* one sentence */
};

extern const struct ctl_command ctl_tools[]; /* main_ctl_tools.c: need no database */
extern const size_t ctl_tools_count;
extern const struct ctl_command ctl_admin[]; /* main_ctl_admin.c */
extern const size_t ctl_admin_count;

/* The value of "--name VALUE" or "--name=VALUE"; NULL when it is not there. The last one counts. */
const char *ctl_option(struct ctl *ctl, const char *name);
/* Is "--name" there? */
bool ctl_flag(struct ctl *ctl, const char *name);
/* The next argument that is no option; NULL when there is none. */
const char *ctl_argument(struct ctl *ctl);
/* False, with a message, when something was not taken. */
bool ctl_end(struct ctl *ctl);
/* One line on standard error, "centralactl <name>: …"; gives `status` back. */
int ctl_fail(const struct ctl *ctl, int status, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* The settings: --config, else etc/centrala.conf when it is there, and the environment. NULL after a message. */
const struct conf *ctl_conf(struct ctl *ctl);
/* All of standard input, NUL behind it. NULL after a message when it cannot be read or is larger than `most`. */
char *ctl_input(struct ctl *ctl, size_t most, size_t *n);
/* Writes the result; CTL_DONE or CTL_FAILED. */
int ctl_output(const struct ctl *ctl, const char *s, size_t n);

#endif
