/* persons.c - a person's traces besides messages, and how long a tenant keeps messages (declared in removed.h). */
#include "base/base.h"
#include "store/removed.h"

#define RETENTION_FIELD(kind, member, flags) FIELD_ENTRY(retention_row, kind, member, flags)
ROW_TYPE(retention_row, RETENTION_ROW(RETENTION_FIELD));

static const struct sql contact_delete =
    SQL_REPEATABLE("DELETE FROM contact WHERE tenant_id=? AND address_key=? AND NOT EXISTS (SELECT 1 FROM conversation c WHERE c.tenant_id=contact.tenant_id "
                   "AND c.contact_id=contact.id)", NULL);
static const struct sql unrouted_delete = SQL_REPEATABLE("DELETE FROM unrouted WHERE tenant_id=? AND from_address=?", NULL);
static const struct sql handset_delete = SQL_REPEATABLE("DELETE FROM handset WHERE tenant_id=? AND from_address=?", NULL);
/* The batch keeps its count: somebody was written to, not who. */
static const struct sql recipients_blank =
    SQL_REPEATABLE("UPDATE bulk_recipient SET settled_at=COALESCE(settled_at,UTC_TIMESTAMP(3)),state=IF(state IN ('pending','queued'),'canceled',state),"
                   "number_raw='…',address=NULL,conversation_id=NULL,message_id=NULL,error=NULL WHERE tenant_id=? AND address=?", NULL);
/* It stands as it was typed: "600 700 800" is the end of its number. */
static const struct sql target_blank =
    SQL_REPEATABLE("UPDATE ai_profile SET target_number='' WHERE tenant_id=? AND LENGTH(REGEXP_REPLACE(target_number,'[^0-9]',''))>5 "
                   "AND ? LIKE CONCAT('%',TRIM(LEADING '0' FROM REGEXP_REPLACE(target_number,'[^0-9]','')))", NULL);
static const struct sql audit_blank =
    SQL_REPEATABLE("UPDATE audit SET target=REPLACE(target,?,'…'),detail=REPLACE(detail,?,'…') WHERE tenant_id=? AND (INSTR(target,?)>0 OR INSTR(detail,?)>0)", NULL);
#define SELECT_RETENTION "SELECT tenant_id,action,days,changed_by,changed_at FROM retention "
static const struct sql retention_get = SQL_REPEATABLE(SELECT_RETENTION "WHERE tenant_id=?", &retention_row_type);
/* lint: no-tenant: the daily job works for all tenants; the rows name theirs */
static const struct sql retention_all = SQL_REPEATABLE(SELECT_RETENTION "WHERE action<>'keep' ORDER BY tenant_id LIMIT 10000", &retention_row_type);
static const struct sql retention_put =
    SQL_REPEATABLE("INSERT INTO retention (tenant_id,action,days,changed_by,changed_at) VALUES (?,?,?,LEFT(?,190),UTC_TIMESTAMP(3)) "
                   "ON DUPLICATE KEY UPDATE action=VALUES(action),days=VALUES(days),changed_by=VALUES(changed_by),changed_at=VALUES(changed_at)", NULL);

int64_t db_person_contact(struct ctx *ctx, uint64_t tenant, const char *address_key)
{
    return stmt_do(ctx, &contact_delete, ARGS(U64(tenant), TEXT(address_key)));
}

int64_t db_person_address(struct ctx *ctx, uint64_t tenant, const char *address)
{
    static const struct sql *const all[] = { &unrouted_delete, &handset_delete, &recipients_blank, &target_blank };
    int64_t rows = 0;
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        int64_t n = stmt_do(ctx, all[i], ARGS(U64(tenant), TEXT(address)));
        if (n < 0)
            return -1;
        rows += n;
    }
    return rows;
}

int64_t db_person_audit(struct ctx *ctx, uint64_t tenant, const char *number)
{
    return stmt_do(ctx, &audit_blank, ARGS(TEXT(number), TEXT(number), U64(tenant), TEXT(number), TEXT(number)));
}

struct retention_row *db_retention(struct ctx *ctx, uint64_t tenant)
{
    return stmt_one(ctx, &retention_get, ARGS(U64(tenant)));
}

struct rows db_retentions(struct ctx *ctx)
{
    return stmt_all(ctx, &retention_all, NO_ARGS);
}

bool db_retention_put(struct ctx *ctx, uint64_t tenant, const char *action, int64_t days, const char *by)
{
    return stmt_do(ctx, &retention_put, ARGS(U64(tenant), TEXT(action), I64(days), TEXT(by))) >= 0;
}
