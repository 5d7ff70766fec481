/* setup.c - the first administrator: a one-time code in a file only the operator can read (declared in session.h). */
#include "base/base.h"
#include "base/conf.h"
#include "base/crypto.h"
#include "base/log.h"
#include "services/session.h"
#include "services/tenants.h"
#include "store/db.h"
#include "store/users.h"
#include <fcntl.h>
#include <unistd.h>

bool setup_open(struct ctx *ctx)
{
    return db_user_any(ctx) == 0;
}

static bool read_code(struct ctx *ctx, char *out, size_t room)
{
    int fd = open(ctx->conf->main_setup_code_file, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, out, room - 1);
    if (fd >= 0)
        close(fd);
    if (n <= 0)
        return false;
    out[n] = 0;
    out[strcspn(out, "\r\n")] = 0;
    return *out != 0;
}

static bool write_code(struct ctx *ctx, const char *code)
{
    int fd = open(ctx->conf->main_setup_code_file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool ok = fd >= 0 && write(fd, code, strlen(code)) == (ssize_t)strlen(code);
    if (fd >= 0)
        close(fd);
    return ok;
}

const char *setup_code_make(struct ctx *ctx)
{
    const char *path = ctx->conf->main_setup_code_file;
    if (!setup_open(ctx)) {
        if (!ctx->err.code)
            unlink(path);
        return NULL;
    }
    char old[64];
    if (read_code(ctx, old, sizeof old))
        return NULL;
    unlink(path); /* an empty one */
    const char *code = crypto_token(ctx->arena, 12);
    if (write_code(ctx, code))
        return code;
    err_set(ctx, ERR_BUG, "set-up code file cannot be written");
    return NULL;
}

bool setup_first_admin(struct ctx *ctx, const struct first_admin *in)
{
    char code[64];
    size_t n = strlen(in->code);
    db_use(ctx->db, DB_APP);
    if (!setup_open(ctx))
        return ctx->err.code ? false : err_set(ctx, ERR_ABSENT, "set up already");
    if (!attempt_allowed(ctx, "setup", "code"))
        return false;
    if (!read_code(ctx, code, sizeof code) || n != strlen(code) || !crypto_equal(code, in->code, n))
        return err_field(ctx, "code", N_("That is not the code. It was printed when Centrala was started."));
    if (!user_check(ctx, in->email, "admin", in->password))
        return false;
    struct tenant_row *tenant = db_tenant_by_name(ctx, in->tenant);
    if (ctx->err.code)
        return false;
    uint64_t id = tenant ? tenant->id : tenant_add(ctx, in->tenant, "PL", "Europe/Warsaw", ctx->conf->main_language, NULL);
    if (!id)
        return false;
    /* The file is the permit: of two who send the code at once, one can take it away. */
    if (unlink(ctx->conf->main_setup_code_file) != 0)
        return err_set(ctx, ERR_ABSENT, "set up by somebody else at this moment");
    if (!user_add(ctx, id, in->email, in->name, "admin", in->password)) {
        write_code(ctx, code);
        return false;
    }
    log_event(ctx, LOG_NOTICE, "setup.done", "tenant_id=%" PRIu64, id);
    return true;
}
