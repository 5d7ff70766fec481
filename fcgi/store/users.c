/* users.c - the people who sign in. */
#include "base/base.h"
#include "store/users.h"

#define USER_FIELD(kind, member, flags) FIELD_ENTRY(user_row, kind, member, flags)
ROW_TYPE(user_row, USER_ROW(USER_FIELD));

#define PERSON_FIELD(kind, member, flags) FIELD_ENTRY(person_row, kind, member, flags)
ROW_TYPE(person_row, PERSON_ROW(PERSON_FIELD));
#define PERSON_ID_FIELD(kind, member, flags) FIELD_ENTRY(person_id_row, kind, member, flags)
ROW_TYPE(person_id_row, PERSON_ID_ROW(PERSON_ID_FIELD));

struct any_row { int64_t n; };
#define ANY_ROW(F) F(I64, n, 0)
#define ANY_FIELD(kind, member, flags) FIELD_ENTRY(any_row, kind, member, flags)
extern const struct row_type any_row_type;
ROW_TYPE(any_row, ANY_ROW(ANY_FIELD));

#define USER_COLUMNS "tenant_id,id,email,name,role,password_hash,active"
/* lint: no-tenant: sign-in knows only the address, which is unique in the installation */
static const struct sql user_by_email = SQL_REPEATABLE("SELECT " USER_COLUMNS " FROM user WHERE email=?", &user_row_type);
static const struct sql user_get = SQL_REPEATABLE("SELECT " USER_COLUMNS " FROM user WHERE tenant_id=? AND id=?", &user_row_type);
static const struct sql user_insert = SQL("INSERT INTO user (tenant_id,email,name,role,password_hash,password_once) VALUES (?,?,?,?,?,?)", NULL);
static const struct sql user_password = SQL_REPEATABLE("UPDATE user SET password_hash=?,password_once=? WHERE tenant_id=? AND id=?", NULL);
static const struct sql user_language = SQL_REPEATABLE("UPDATE user SET language=? WHERE tenant_id=? AND id=?", NULL);
/* lint: no-tenant: is the installation empty? */
static const struct sql user_any = SQL_REPEATABLE("SELECT COUNT(*) FROM (SELECT id FROM user LIMIT 1) u", &any_row_type);

#define PERSON_COLUMNS                                                                        \
    "SELECT u.id,u.email,u.name,u.role,u.active,u.created_at,"                                \
    "(SELECT MAX(s.seen_at) FROM session s WHERE s.tenant_id=u.tenant_id AND s.user_id=u.id) FROM user u "
static const struct sql people = SQL_REPEATABLE(PERSON_COLUMNS "WHERE u.tenant_id=? ORDER BY u.active DESC,u.name,u.email LIMIT 1000", &person_row_type);
static const struct sql person_get = SQL_REPEATABLE(PERSON_COLUMNS "WHERE u.tenant_id=? AND u.id=?", &person_row_type);
static const struct sql person_change = SQL_REPEATABLE("UPDATE user SET name=?,role=?,active=? WHERE tenant_id=? AND id=?", NULL);
static const struct sql admins_lock =
    SQL_REPEATABLE("SELECT id FROM user WHERE tenant_id=? AND role='admin' AND active=1 ORDER BY id LIMIT 1000 FOR UPDATE", &person_id_row_type);

struct rows db_people(struct ctx *ctx, uint64_t tenant)
{
    return stmt_all(ctx, &people, ARGS(U64(tenant)));
}

struct person_row *db_person_get(struct ctx *ctx, uint64_t tenant, uint64_t user)
{
    return stmt_one(ctx, &person_get, ARGS(U64(tenant), U64(user)));
}

bool db_person_change(struct ctx *ctx, uint64_t tenant, uint64_t user, const char *name, const char *role, bool active)
{
    return stmt_do(ctx, &person_change, ARGS(TEXT(name), TEXT(role), I64(active), U64(tenant), U64(user))) >= 0;
}

struct rows db_admins_lock(struct ctx *ctx, uint64_t tenant)
{
    return stmt_all(ctx, &admins_lock, ARGS(U64(tenant)));
}

struct user_row *db_user_by_email(struct ctx *ctx, const char *email)
{
    return stmt_one(ctx, &user_by_email, ARGS(TEXT(email)));
}

struct user_row *db_user_get(struct ctx *ctx, uint64_t tenant, uint64_t user)
{
    return stmt_one(ctx, &user_get, ARGS(U64(tenant), U64(user)));
}

uint64_t db_user_insert(struct ctx *ctx, uint64_t tenant, const char *email, const char *name, const char *role, const char *password_hash, bool once)
{
    if (stmt_do(ctx, &user_insert, ARGS(U64(tenant), TEXT(email), TEXT(name), TEXT(role), TEXT(password_hash), I64(once))) < 0)
        return 0;
    return stmt_insert_id(ctx);
}

bool db_user_password_set(struct ctx *ctx, uint64_t tenant, uint64_t user, const char *password_hash, bool once)
{
    return stmt_do(ctx, &user_password, ARGS(TEXT(password_hash), I64(once), U64(tenant), U64(user))) >= 0;
}

bool db_user_language_set(struct ctx *ctx, uint64_t tenant, uint64_t user, const char *language)
{
    return stmt_do(ctx, &user_language, ARGS(TEXT(language), U64(tenant), U64(user))) >= 0;
}

int db_user_any(struct ctx *ctx)
{
    struct any_row *r = stmt_one(ctx, &user_any, NO_ARGS);
    return r ? r->n > 0 : -1;
}
