/* err.h - why something did not work: one code, one list, one convention.
 *
 * A function that can fail returns false or NULL and has put the reason into ctx->err; the first reason wins. The
 * code decides HTTP status, log level and public text; the detail is for the log only. NULL with no error set means
 * "there is none" where the header of a function says so. */
#ifndef CENTRALA_ERR_H
#define CENTRALA_ERR_H
#include "base/base.h"

/* ERR(NAME, HTTP status, log level, public text: a message id of the catalogue) */
#define ERR_LIST(ERR)                                                                                    \
    ERR(NONE, 200, DEBUG, "")                                                                            \
    ERR(MALFORMED, 400, INFO, "The request could not be read.")                                          \
    ERR(LOGIN, 401, INFO, "Please sign in.")                                                             \
    ERR(DENIED, 403, NOTICE, "You may not do this.")                                                     \
    ERR(CSRF, 403, NOTICE, "This form has expired. Reload the page and try again.")                      \
    ERR(SIGNATURE, 403, WARNING, "The signature is not valid.")                                          \
    ERR(ABSENT, 404, INFO, "This does not exist or is not yours.")                                       \
    ERR(METHOD, 405, INFO, "This address does not accept that method.")                                  \
    ERR(CONFLICT, 409, INFO, "Somebody else changed this in the meantime.")                              \
    ERR(TOO_LARGE, 413, INFO, "That is too large.")                                                      \
    ERR(INVALID, 422, INFO, "Please check the marked fields.")                                           \
    ERR(LIMIT, 429, NOTICE, "Too many attempts. Please wait a moment.")                                  \
    ERR(BUG, 500, ERROR, "Something went wrong on our side.")                                            \
    ERR(DATABASE, 503, ERROR, "The database does not answer. Nothing was lost; please try again.")       \
    ERR(UPSTREAM, 502, WARNING, "The provider refused or failed.")                                       \
    ERR(TIMEOUT, 504, WARNING, "The provider did not answer in time.")

#define ERR_ENUM(name, status, level, text) ERR_##name,
enum err_code { ERR_LIST(ERR_ENUM) ERR_COUNT };
#undef ERR_ENUM

struct err {
    enum err_code code;
    const char *text;   /* public text when it differs from the code's own; a message id, static or in the arena */
    const char *field;  /* the form field at fault, NULL when none */
    const char *detail; /* for the log; in the arena */
};

struct ctx;
/* Records the reason unless there is one already; always false, so that `return err_set(...)` reads well. */
bool err_set(struct ctx *ctx, enum err_code code, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* ERR_INVALID at a field, with its own public text (a message id). */
bool err_field(struct ctx *ctx, const char *field, const char *text);
/* As err_set with a public text of its own. */
bool err_text(struct ctx *ctx, enum err_code code, const char *text, const char *fmt, ...) PRINTF_LIKE(4, 5);
void err_clear(struct ctx *ctx);

int err_status(enum err_code code);
int err_level(enum err_code code); /* enum log_level */
const char *err_name(enum err_code code); /* "ABSENT", for the log */
/* The public text: the error's own, else the code's. A message id: translate before showing. */
const char *err_public(const struct err *e);

#endif
