/* session.h - who is this: sign-in, sessions, bearer tokens, passwords, throttling.
 *
 * A session's cookie holds a random token; the database holds only its SHA-256. Attempts are counted in the database per
 * account and per address, so restarts and other hosts do not reset them. Messages to the visitor are the same
 * whether the account exists or not. Roles are sets of permissions (perms.def). */
#ifndef CENTRALA_SERVICES_SESSION_H
#define CENTRALA_SERVICES_SESSION_H
#include "base/base.h"
#include "base/ctx.h"
#include "store/sessions.h"

#define A 1
#define M 2
#define O 4
#define G 8
#define PERM(name, dotted, text, roles) PERM_##name,
enum perm {
#include "perms.def"
    PERM_COUNT
};
#undef PERM
#undef A
#undef M
#undef O
#undef G

extern const char *const perm_names[]; /* dotted names, PERM_COUNT of them */
/* The permissions of "admin", "manager", "operator", "agent"; 0 for another word. */
uint64_t role_perms(const char *role);

/* What the guards need; db row plus the CSRF token. Texts live in ctx->arena. */
struct identity {
    const struct session_row *row; /* NULL: nobody */
    const char *csrf;              /* NULL for bearer tokens */
};

/* Nobody is not an error; false only when the question could not be answered (ctx->err). Sets ctx->tenant and ctx->actor. */
bool session_identify_cookie(struct ctx *ctx, const char *token, struct identity *out);
bool session_identify_bearer(struct ctx *ctx, const char *jwt, struct identity *out);

/* The new session's token for the cookie, NULL with ctx->err (LOGIN, LIMIT …). */
const char *session_sign_in(struct ctx *ctx, const char *email, const char *password, const char *address, const char *agent);
bool session_sign_out(struct ctx *ctx, uint64_t session_id);
struct rows session_list(struct ctx *ctx); /* struct session_listed, newest first, of the acting user */
bool session_revoke(struct ctx *ctx, uint64_t session_id); /* own sessions only */
bool password_change(struct ctx *ctx, const char *old, const char *new_password, uint64_t keep_session_id);
bool language_change(struct ctx *ctx, const char *language);
/* Deletes sessions unused for auth.session_days; a job. */
bool sessions_purge(struct ctx *ctx);

/* The one-time set-up: possible while there is no user at all and the code is the one in setup_code_file. */
bool setup_open(struct ctx *ctx);
struct first_admin { const char *code, *tenant, *name, *email, *password; };
bool setup_first_admin(struct ctx *ctx, const struct first_admin *in);
/* While there is no user: writes a fresh code to setup_code_file unless one is there, and gives it. As soon as there is one,
 * a code that was left opens nothing any more, and is taken away. NULL when none was made (or on failure). */
const char *setup_code_make(struct ctx *ctx);

/* Counts an attempt at "what" by "who" in the database; false with ERR_LIMIT when there were too many. */
bool attempt_allowed(struct ctx *ctx, const char *what, const char *who);

/* Is that a user who could be added? False with ERR_INVALID at the field. */
bool user_check(struct ctx *ctx, const char *email, const char *role, const char *password);
/* Command line. */
bool user_add(struct ctx *ctx, uint64_t tenant, const char *email, const char *name, const char *role, const char *password);
/* The same with a password that opens nothing but the page on which it is replaced. */
bool user_invite(struct ctx *ctx, uint64_t tenant, const char *email, const char *name, const char *role, const char *password);
/* A bearer token for that user; NULL with ctx->err. */
const char *token_issue(struct ctx *ctx, const char *email, const char *name);

/* All bearer tokens of that user are void from now on; how many there were, -1 with ctx->err. */
int64_t tokens_revoke(struct ctx *ctx, const char *email);

enum { PASSWORD_LEAST = 10, PASSWORD_MOST = 200 };

#endif
