/* script.h - a file of SQL cut into statements, as the mariadb client does it: DELIMITER lines, quotes, comments. */
#ifndef CENTRALA_SCRIPT_H
#define CENTRALA_SCRIPT_H
#include "base/base.h"

struct script {
    const char *start, *at;
    char delimiter[8];
    unsigned line; /* of the statement given last, from 1 */
};

void script_init(struct script *s, const char *text);
/* The next statement, without comments before it and without its delimiter; false at the end. */
bool script_next(struct script *s, const char **text, size_t *n);

#endif
