/* session.c - sign-in, sessions, bearer tokens, passwords, throttling, roles. */
#include "base/base.h"
#include "base/clock.h"
#include "base/conf.h"
#include "base/crypto.h"
#include "base/log.h"
#include "base/token.h"
#include "services/burst.h"
#include "services/session.h"
#include "store/conversations.h"
#include "store/db.h"
#include "store/tenants.h"
#include "store/users.h"

enum { A = 1, M = 2, O = 4, G = 8 };

#define PERM(name, dotted, text, roles) dotted,
const char *const perm_names[] = {
#include "perms.def"
};
#undef PERM

#define PERM(name, dotted, text, roles) (roles),
static const uint8_t perm_roles[] = {
#include "perms.def"
};
#undef PERM

static const struct { const char *name; uint8_t bit; } roles[] = { { "admin", A }, { "manager", M }, { "operator", O }, { "agent", G } };

uint64_t role_perms(const char *role)
{
    uint64_t perms = 0;
    for (size_t r = 0; r < ARRAY_LEN(roles); r++)
        if (strcmp(role, roles[r].name) == 0)
            for (size_t p = 0; p < PERM_COUNT; p++)
                if (perm_roles[p] & roles[r].bit)
                    perms |= UINT64_C(1) << p;
    return perms;
}

static void become(struct ctx *ctx, const struct session_row *row, enum actor_kind kind)
{
    ctx->tenant = row->tenant_id;
    ctx->actor = (struct actor){ .kind = kind, .user_id = row->user_id, .perms = row->password_once && kind == ACTOR_USER ? 0 : role_perms(row->role), .name = row->name };
}

enum { SEEN_EVERY_MS = 60 * 1000 };

/* The one write that a safe request may cause: on the writing connection, in a statement of its own. */
static bool session_seen(struct ctx *ctx, const uint8_t hash[32])
{
    enum db_role before = db_used(ctx->db);
    db_use(ctx->db, DB_APP);
    bool ok = db_session_seen(ctx, hash);
    db_use(ctx->db, before);
    return ok;
}

/* Kept by a hash: the secret itself stays with its request. */
static void kept_as(const char *kind, const char *secret, uint8_t hash[32], char name[BURST_NAME + 1])
{
    size_t n = strlen(kind);
    memcpy(name, kind, n);
    crypto_sha256(secret, strlen(secret), hash);
    crypto_hex(hash, 32, name + n);
}

bool session_identify_cookie(struct ctx *ctx, const char *token, struct identity *out)
{
    uint8_t hash[32];
    char name[BURST_NAME + 1];
    *out = (struct identity){ 0 };
    kept_as("session:", token, hash, name);
    struct session_row *row = burst_find_row(ctx->burst, ctx->arena, name, &session_row_type);
    if (!row) {
        row = db_session_identify(ctx, hash, ctx->conf->auth_session_days);
        if (!row)
            return ctx->err.code == ERR_NONE;
        if (row->seen_ms < ctx->now_ms - SEEN_EVERY_MS && !session_seen(ctx, hash))
            return false;
        burst_keep_row(ctx->burst, name, &session_row_type, row);
    }
    become(ctx, row, ACTOR_USER);
    out->row = row;
    char *csrf = arena_alloc(ctx->arena, 33);
    crypto_keyed_hex(ctx->keys, "csrf", token, csrf);
    out->csrf = csrf;
    return true;
}

/* What a token says, once its signature was found good. */
#define TOKEN_ROW(F) F(U64, tenant, 0) F(U64, user, 0) F(TEXT, jti, 0) F(TIME, expires_ms, 0)
#define TOKEN_FIELD(kind, member, flags) FIELD_ENTRY(token, kind, member, flags)
extern const struct row_type token_type;
ROW_TYPE(token, TOKEN_ROW(TOKEN_FIELD));

/* The signature is not checked again for each request of a burst; whether the token still holds is asked every time. */
static const struct token *read_token(struct ctx *ctx, const char *jwt)
{
    uint8_t hash[32];
    char name[BURST_NAME + 1];
    kept_as("token:", jwt, hash, name);
    struct token *t = burst_find_row(ctx->burst, ctx->arena, name, &token_type);
    if (t)
        return t->expires_ms == CLOCK_NONE || t->expires_ms > ctx->now_ms ? t : NULL;
    t = ARENA_NEW(ctx->arena, struct token);
    if (!token_read(ctx->arena, ctx->keys, jwt, ctx->now_ms, t))
        return NULL;
    burst_keep_row(ctx->burst, name, &token_type, t);
    return t;
}

bool session_identify_bearer(struct ctx *ctx, const char *jwt, struct identity *out)
{
    *out = (struct identity){ 0 };
    const struct token *token = read_token(ctx, jwt);
    if (!token)
        return true;
    struct session_row *row = db_token_identify(ctx, token->tenant, token->jti);
    if (!row)
        return ctx->err.code == ERR_NONE;
    if (row->user_id != token->user)
        return true;
    become(ctx, row, ACTOR_TOKEN);
    out->row = row;
    return true;
}

/* One counter for the account and one for the address; either alone can stop an attempt. */
static bool throttle(struct ctx *ctx, const char *what, const char *who, int64_t factor)
{
    char key[33];
    crypto_keyed_hex(ctx->keys, "throttle", arena_printf(ctx->arena, "%s:%s", what, who), key);
    int64_t tries = db_throttle_hit(ctx, key, ctx->conf->auth_window_s);
    if (tries < 0)
        return false;
    if (tries > ctx->conf->auth_tries * factor)
        return err_set(ctx, ERR_LIMIT, "%s throttled after %" PRId64 " tries", what, tries);
    return true;
}

bool attempt_allowed(struct ctx *ctx, const char *what, const char *who)
{
    return throttle(ctx, what, who, 1);
}

/* Signed in: the account begins anew, and this attempt does not count against an address that many people may share. */
static void throttle_forget(struct ctx *ctx, const char *account, const char *address)
{
    char key[33];
    crypto_keyed_hex(ctx->keys, "throttle", arena_printf(ctx->arena, "account:%s", account), key);
    bool cleared = db_throttle_clear(ctx, key);
    crypto_keyed_hex(ctx->keys, "throttle", arena_printf(ctx->arena, "address:%s", address), key);
    if (!cleared || !db_throttle_forgive(ctx, key)) {
        log_event(ctx, LOG_WARNING, "throttle.kept", "error=%s", err_name(ctx->err.code)); /* the session holds all the same */
        err_clear(ctx);
    }
}

/* As costly as a real check, so that the time does not tell whether an account exists. */
static const char *dummy_hash(void)
{
    return "$argon2id$v=19$m=65536,t=2,p=1$A0wQ/pPBe9GdvBLZXfeT0w$iTqtQLWMvPiFnwAp0VZGhXmi/iOzz3wMHLtG2iHMTtM";
}

const char *session_sign_in(struct ctx *ctx, const char *email, const char *password, const char *address, const char *agent)
{
    db_use(ctx->db, DB_APP);
    if (!throttle(ctx, "address", address, 5))
        return NULL;
    struct user_row *user = db_user_by_email(ctx, email);
    if (ctx->err.code)
        return NULL;
    /* By the user, not by what was typed: the column takes "ADMIN@…" for "admin@…". */
    const char *account = user ? arena_printf(ctx->arena, "#%" PRIu64, user->id) : email;
    if (!throttle(ctx, "account", account, 1))
        return NULL;
    bool right = password_verify(user ? user->password_hash : dummy_hash(), password);
    if (!right || !user || !user->active) {
        err_text(ctx, ERR_LOGIN, N_("The e-mail address or the password is not right."), "sign-in refused");
        log_event(ctx, LOG_NOTICE, "session.refused", "address=%s", address);
        return NULL;
    }
    const char *token = crypto_token(ctx->arena, 32);
    uint8_t hash[32];
    crypto_sha256(token, strlen(token), hash);
    if (!db_session_insert(ctx, user->tenant_id, user->id, hash, address, arena_strndup(ctx->arena, agent ? agent : "", strnlen(agent ? agent : "", 100))))
        return NULL;
    throttle_forget(ctx, account, address);
    log_event(ctx, LOG_INFO, "session.begun", "user=%" PRIu64, user->id);
    return token;
}

bool session_sign_out(struct ctx *ctx, uint64_t session_id)
{
    int64_t n = db_session_delete(ctx, ctx->tenant, ctx->actor.user_id, session_id);
    burst_forget_all(ctx->burst);
    return n >= 0;
}

struct rows session_list(struct ctx *ctx)
{
    return db_sessions_of(ctx, ctx->tenant, ctx->actor.user_id);
}

bool session_revoke(struct ctx *ctx, uint64_t session_id)
{
    int64_t n = db_session_delete(ctx, ctx->tenant, ctx->actor.user_id, session_id);
    burst_forget_all(ctx->burst);
    return n > 0 || (n == 0 && err_set(ctx, ERR_ABSENT, "session %" PRIu64, session_id));
}

static bool password_fits(struct ctx *ctx, const char *field, const char *password)
{
    size_t n = strlen(password);
    if (n < PASSWORD_LEAST)
        return err_field(ctx, field, N_("A password needs at least 10 characters."));
    if (n > PASSWORD_MOST)
        return err_field(ctx, field, N_("A password may have at most 200 characters."));
    return true;
}

struct new_password { uint64_t user, keep; const char *hash; };

/* Together: a new password beside sessions that the old one opened would be no protection. */
static bool store_password(struct ctx *ctx, void *arg)
{
    const struct new_password *p = arg;
    return db_user_password_set(ctx, ctx->tenant, p->user, p->hash, false) && db_sessions_delete_others(ctx, ctx->tenant, p->user, p->keep) >= 0;
}

bool password_change(struct ctx *ctx, const char *old, const char *new_password, uint64_t keep)
{
    char who[24];
    snprintf(who, sizeof who, "%" PRIu64, ctx->actor.user_id);
    if (!throttle(ctx, "password", who, 1))
        return false;
    struct user_row *user = db_user_get(ctx, ctx->tenant, ctx->actor.user_id);
    if (!user)
        return err_set(ctx, ERR_ABSENT, "user");
    if (!password_verify(user->password_hash, old))
        return err_field(ctx, "current", N_("That is not the present password."));
    if (!password_fits(ctx, "password", new_password))
        return false;
    struct new_password p = { .user = user->id, .keep = keep, .hash = password_hash(ctx->arena, new_password) };
    enum db_result r = db_transaction(ctx, store_password, &p);
    if (r == DB_AMBIGUOUS) { /* the same again ends in the same */
        err_clear(ctx);
        r = db_transaction(ctx, store_password, &p);
    }
    burst_forget_all(ctx->burst);
    if (r == DB_OK)
        log_event(ctx, LOG_NOTICE, "password.changed", "user=%" PRIu64, user->id);
    return r == DB_OK;
}

bool language_change(struct ctx *ctx, const char *language)
{
    bool ok = db_user_language_set(ctx, ctx->tenant, ctx->actor.user_id, language);
    burst_forget_all(ctx->burst);
    return ok;
}

enum { PURGE_ROUNDS = 100 }; /* each is a small transaction; an attacker may fill tables faster than one an hour empties them */

bool sessions_purge(struct ctx *ctx)
{
    for (int round = 0; round < PURGE_ROUNDS; round++) {
        int64_t sessions = db_sessions_purge(ctx, ctx->conf->auth_session_days), counters = db_throttle_purge(ctx);
        if (sessions < 0 || counters < 0)
            return false;
        if (sessions + counters == 0)
            break;
    }
    return true;
}

bool user_check(struct ctx *ctx, const char *email, const char *role, const char *password)
{
    if (!strchr(email, '@') || strlen(email) > 190)
        return err_field(ctx, "email", N_("That is not an e-mail address."));
    if (!role_perms(role))
        return err_field(ctx, "role", N_("The roles are admin, manager, operator and agent."));
    return password_fits(ctx, "password", password);
}

static bool insert_user(struct ctx *ctx, uint64_t tenant, const char *email, const char *name, const char *role, const char *password, bool once)
{
    if (!user_check(ctx, email, role, password))
        return false;
    uint64_t id = db_user_insert(ctx, tenant, email, name, role, password_hash(ctx->arena, password), once);
    if (!id)
        return stmt_duplicate(ctx) ? err_field(ctx, "email", N_("There is already a user with this address.")) : false;
    return db_read_all(ctx, tenant, id);
}

bool user_add(struct ctx *ctx, uint64_t tenant, const char *email, const char *name, const char *role, const char *password)
{
    return insert_user(ctx, tenant, email, name, role, password, false);
}

bool user_invite(struct ctx *ctx, uint64_t tenant, const char *email, const char *name, const char *role, const char *password)
{
    return insert_user(ctx, tenant, email, name, role, password, true);
}

const char *token_issue(struct ctx *ctx, const char *email, const char *name)
{
    struct user_row *user = db_user_by_email(ctx, email);
    if (!user) {
        err_field(ctx, "user", N_("There is no such user."));
        return NULL;
    }
    char *jti = arena_alloc(ctx->arena, 33);
    crypto_random_hex(jti, 16);
    if (!db_token_insert(ctx, user->tenant_id, user->id, jti, name))
        return NULL;
    struct token t = { .tenant = user->tenant_id, .user = user->id, .jti = jti, .expires_ms = CLOCK_NONE };
    return token_make(ctx->arena, ctx->keys, &t);
}

int64_t tokens_revoke(struct ctx *ctx, const char *email)
{
    struct user_row *user = db_user_by_email(ctx, email);
    if (!user) {
        if (!ctx->err.code)
            err_field(ctx, "user", N_("There is no such user."));
        return -1;
    }
    return db_tokens_revoke(ctx, user->tenant_id, user->id);
}
