/* people.c - adding and changing users, each change in the audit trail. */
#include "base/base.h"
#include "base/crypto.h"
#include "services/audit.h"
#include "services/burst.h"
#include "services/people.h"
#include "services/session.h"
#include "store/db.h"

struct rows people_list(struct ctx *ctx)
{
    return db_people(ctx, ctx->tenant);
}

struct person_row *person_get(struct ctx *ctx, uint64_t user)
{
    struct person_row *p = db_person_get(ctx, ctx->tenant, user);
    if (!p)
        err_set(ctx, ERR_ABSENT, "user %" PRIu64, user);
    return p;
}

const char *person_add(struct ctx *ctx, const char *email, const char *name, const char *role)
{
    const char *password = crypto_token(ctx->arena, 12);
    bool ok = user_invite(ctx, ctx->tenant, email, name, role, password) && audit(ctx, "user.add", email, role);
    return ok ? password : NULL;
}

struct change { const struct person_row *old; const char *name, *role; bool active; const char *hash; };

/* The admins are locked first, and who acts must be one of them still: two who take the role from one another leave one. */
static bool still_an_admin(struct ctx *ctx)
{
    struct rows admins = db_admins_lock(ctx, ctx->tenant);
    const struct person_id_row *a = admins.row;
    for (size_t i = 0; i < admins.n; i++)
        if (a[i].id == ctx->actor.user_id)
            return true;
    return err_set(ctx, ERR_CONFLICT, "not an admin any more");
}

static bool write_change(struct ctx *ctx, void *arg)
{
    const struct change *c = arg;
    const struct person_row *old = c->old;
    const char *detail = arena_printf(ctx->arena, "%s, %s%s \u2192 %s, %s%s", old->name, old->role, old->active ? "" : " (off)", c->name, c->role, c->active ? "" : " (off)");
    bool out = !c->active || strcmp(old->role, c->role) != 0;
    return still_an_admin(ctx) && db_person_change(ctx, ctx->tenant, old->id, c->name, c->role, c->active) &&
           (!out || db_sessions_delete_others(ctx, ctx->tenant, old->id, 0) >= 0) && audit(ctx, "user.change", old->email, detail);
}

static bool write_password(struct ctx *ctx, void *arg)
{
    const struct change *c = arg;
    return db_user_password_set(ctx, ctx->tenant, c->old->id, c->hash, true) && db_sessions_delete_others(ctx, ctx->tenant, c->old->id, 0) >= 0 &&
           audit(ctx, "user.password", c->old->email, "");
}

static bool run(struct ctx *ctx, bool (*fn)(struct ctx *ctx, void *arg), struct change *c)
{
    enum db_result r = db_transaction(ctx, fn, c);
    if (r == DB_AMBIGUOUS) { /* the same again ends in the same */
        err_clear(ctx);
        r = db_transaction(ctx, fn, c);
    }
    burst_forget_all(ctx->burst);
    return r == DB_OK;
}

static struct person_row *other(struct ctx *ctx, uint64_t user)
{
    struct person_row *p = person_get(ctx, user);
    if (p && user == ctx->actor.user_id) {
        err_text(ctx, ERR_CONFLICT, N_("Another administrator must change your own role; the password is changed under Account."), "own row");
        return NULL;
    }
    return p;
}

bool person_change(struct ctx *ctx, uint64_t user, const char *name, const char *role, bool active)
{
    struct change c = { .old = other(ctx, user), .name = name, .role = role, .active = active };
    if (c.old && !role_perms(role))
        return err_field(ctx, "role", N_("The roles are admin, manager, operator and agent."));
    return c.old && run(ctx, write_change, &c);
}

const char *person_reset(struct ctx *ctx, uint64_t user)
{
    const char *password = crypto_token(ctx->arena, 12);
    struct change c = { .old = other(ctx, user), .hash = password_hash(ctx->arena, password) };
    return c.old && run(ctx, write_password, &c) ? password : NULL;
}
