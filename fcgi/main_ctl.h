/* main_ctl.h - centralactl: a row a command, in the tables of main_ctl_tools.c, main_ctl_admin.c and main_ctl_send.c. */
#ifndef CENTRALA_MAIN_CTL_H
#define CENTRALA_MAIN_CTL_H
#include "base/base.h"
#include "base/conf.h"
#include "base/ctx.h"

enum ctl_flags {
    CTL_CONF = 1, /* the settings are read before the command runs */
    CTL_DB = 3    /* and the key file (keys is NULL while there is none), and a database handle is made */
};

struct ctl {
    const struct conf *conf;
    struct ctx ctx;
};

struct ctl_command {
    const char *words;  /* "tenant add" */
    int (*run)(struct ctl *ctl, int argc, char **argv); /* argc, argv: what follows the words; gives the exit status */
    const char *help;
    int flags;
};

extern const struct ctl_command ctl_admin[];
extern const size_t ctl_admin_count;
extern const struct ctl_command ctl_tools[];
extern const size_t ctl_tools_count;
extern const struct ctl_command ctl_send[];
extern const size_t ctl_send_count;

/* The command line of a command: "--name VALUE" or "--name=VALUE" for each of `names`, and at most one operand (NULL: none
 * allowed). False after a message when anything else stands there. */
bool ctl_arguments(int argc, char **argv, const char *const *names, const char **values, size_t count, const char **operand);

#endif
