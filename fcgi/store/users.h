/* users.h - rows of user. */
#ifndef CENTRALA_STORE_USERS_H
#define CENTRALA_STORE_USERS_H
#include "store/stmt.h"

struct user_row { uint64_t tenant_id, id; const char *email, *name, *role, *password_hash; bool active; };
#define USER_ROW(F) F(U64, tenant_id, 0) F(U64, id, 0) F(TEXT, email, 0) F(TEXT, name, 0) F(TEXT, role, 0) F(TEXT, password_hash, SECRET) F(BOOL, active, 0)
extern const struct row_type user_row_type;

/* As the admin's list shows them; seen_ms: last use of a session that still holds, CLOCK_NONE when there is none. */
struct person_row { uint64_t id; const char *email, *name, *role; bool active; int64_t created_ms, seen_ms; };
#define PERSON_ROW(F) F(U64, id, 0) F(TEXT, email, 0) F(TEXT, name, 0) F(TEXT, role, 0) F(BOOL, active, 0) F(TIME, created_ms, 0) F(TIME, seen_ms, 0)
extern const struct row_type person_row_type;
struct person_id_row { uint64_t id; };
#define PERSON_ID_ROW(F) F(U64, id, 0)
extern const struct row_type person_id_row_type;

struct rows db_people(struct ctx *ctx, uint64_t tenant);
struct person_row *db_person_get(struct ctx *ctx, uint64_t tenant, uint64_t user);
bool db_person_change(struct ctx *ctx, uint64_t tenant, uint64_t user, const char *name, const char *role, bool active);
/* The active admins, locked until the end of the transaction: struct person_id_row. */
struct rows db_admins_lock(struct ctx *ctx, uint64_t tenant);

struct user_row *db_user_by_email(struct ctx *ctx, const char *email);
struct user_row *db_user_get(struct ctx *ctx, uint64_t tenant, uint64_t user);
uint64_t db_user_insert(struct ctx *ctx, uint64_t tenant, const char *email, const char *name, const char *role, const char *password_hash, bool once);
/* `once`: somebody else made it. */
bool db_user_password_set(struct ctx *ctx, uint64_t tenant, uint64_t user, const char *password_hash, bool once);
bool db_user_language_set(struct ctx *ctx, uint64_t tenant, uint64_t user, const char *language);
/* 1 when there is any user in the installation, 0 when none, -1 on failure. */
int db_user_any(struct ctx *ctx);

#endif
