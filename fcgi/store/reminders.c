/* reminders.c - texts that are sent again and again, and what became of each slot. */
#include "base/base.h"
#include "base/clock.h"
#include "store/outbox.h"
#include "store/reminders.h"

#define REMINDER_FIELD(kind, member, flags) FIELD_ENTRY(reminder_row, kind, member, flags)
ROW_TYPE(reminder_row, REMINDER_ROW(REMINDER_FIELD));
#define SLOT_FIELD(kind, member, flags) FIELD_ENTRY(slot_row, kind, member, flags)
ROW_TYPE(slot_row, SLOT_ROW(SLOT_FIELD));
#define REMINDER_ID_FIELD(kind, member, flags) FIELD_ENTRY(reminder_id_row, kind, member, flags)
ROW_TYPE(reminder_id_row, REMINDER_ID_ROW(REMINDER_ID_FIELD));

/* ---- reminders ---- */

#define REMINDER_SELECT "SELECT id,line_id,name,to_address,body,rule,interval_min,weekdays,month_day,at_minute,zone,DATE_FORMAT(starts_on,'%Y-%m-%d')," \
    "DATE_FORMAT(ends_on,'%Y-%m-%d'),ends_count,catch_up,max_age_min,quiet_from,quiet_until,enabled,next_at,sent_count,last_sent_at,last_slot,version," \
    "created_by,updated_by,created_at,updated_at,UTC_TIMESTAMP(3) FROM reminder "
static const struct sql reminder_get = SQL_REPEATABLE(REMINDER_SELECT "WHERE tenant_id=? AND id=?", &reminder_row_type);
static const struct sql reminders_page = SQL_REPEATABLE(REMINDER_SELECT "WHERE tenant_id=? AND id<? ORDER BY id DESC LIMIT ?", &reminder_row_type);
static const struct sql reminder_insert =
    SQL("INSERT INTO reminder (tenant_id,line_id,name,to_address,body,rule,interval_min,weekdays,month_day,at_minute,zone,starts_on,ends_on,ends_count,catch_up,"
        "max_age_min,quiet_from,quiet_until,next_at,nonce,created_by,updated_by) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,LEFT(?,190),LEFT(?,190))", NULL);
static const struct sql reminder_by_nonce = SQL_REPEATABLE("SELECT id FROM reminder WHERE tenant_id=? AND nonce=?", &reminder_id_row_type);
static const struct sql reminder_update =
    SQL("UPDATE reminder SET line_id=?,name=?,to_address=?,body=?,rule=?,interval_min=?,weekdays=?,month_day=?,at_minute=?,zone=?,starts_on=?,ends_on=?,ends_count=?,"
        "catch_up=?,max_age_min=?,quiet_from=?,quiet_until=?,next_at=IF(?,?,next_at),version=version+1,updated_by=LEFT(?,190),updated_at=UTC_TIMESTAMP(3) "
        "WHERE tenant_id=? AND id=? AND version=?", NULL);
static const struct sql reminder_enable =
    SQL("UPDATE reminder SET enabled=?,next_at=?,version=version+1,updated_by=LEFT(?,190),updated_at=UTC_TIMESTAMP(3) WHERE tenant_id=? AND id=? AND version=?", NULL);
static const struct sql reminders_to = SQL_REPEATABLE("SELECT id FROM reminder WHERE tenant_id=? AND to_address=? ORDER BY id LIMIT ?", &reminder_id_row_type);
static const struct sql reminder_delete = SQL_REPEATABLE("DELETE FROM reminder WHERE tenant_id=? AND id=?", NULL);
/* lint: no-tenant: fcgi-cron asks for all tenants */
static const struct sql reminders_due =
    SQL_REPEATABLE("SELECT tenant_id,id FROM reminder WHERE enabled=1 AND next_at<=UTC_TIMESTAMP(3) ORDER BY next_at LIMIT ?", &due_row_type);
static const struct sql reminder_advance =
    SQL("UPDATE reminder SET next_at=?,last_slot=?,sent_count=sent_count+?,last_sent_at=IF(?,UTC_TIMESTAMP(3),last_sent_at) "
        "WHERE tenant_id=? AND id=? AND enabled=1 AND next_at=? AND version=?", NULL);

uint64_t db_reminder_insert(struct ctx *ctx, uint64_t tenant, const struct reminder_row *r, const char *nonce, const char *by)
{
    if (stmt_do(ctx, &reminder_insert, ARGS(U64(tenant), ID_OR_NULL(r->line_id), TEXT(r->name), TEXT(r->to_address), TEXT(r->body), TEXT(r->rule),
                                            I64(r->interval_min), I64(r->weekdays), I64(r->month_day), I64(r->at_minute), TEXT(r->zone), TEXT(r->starts_on),
                                            TEXT(r->ends_on), I64(r->ends_count), TEXT(r->catch_up), I64(r->max_age_min), I64(r->quiet_from),
                                            I64(r->quiet_until), TIME(r->next_ms), TEXT(nonce), TEXT(by), TEXT(by))) < 0)
        return 0;
    return stmt_insert_id(ctx);
}

uint64_t db_reminder_by_nonce(struct ctx *ctx, uint64_t tenant, const char *nonce)
{
    struct reminder_id_row *found = stmt_one(ctx, &reminder_by_nonce, ARGS(U64(tenant), TEXT(nonce)));
    return found ? found->id : 0;
}

struct reminder_row *db_reminder_get(struct ctx *ctx, uint64_t tenant, uint64_t id)
{
    return stmt_one(ctx, &reminder_get, ARGS(U64(tenant), U64(id)));
}

struct rows db_reminders(struct ctx *ctx, uint64_t tenant, uint64_t before, int limit)
{
    return stmt_all(ctx, &reminders_page, ARGS(U64(tenant), U64(before ? before : INT64_MAX), I64(limit)));
}

int db_reminder_update(struct ctx *ctx, uint64_t tenant, const struct reminder_row *r, bool new_next, const char *by)
{
    return (int)stmt_do(ctx, &reminder_update, ARGS(ID_OR_NULL(r->line_id), TEXT(r->name), TEXT(r->to_address), TEXT(r->body), TEXT(r->rule), I64(r->interval_min),
                                                    I64(r->weekdays), I64(r->month_day), I64(r->at_minute), TEXT(r->zone), TEXT(r->starts_on), TEXT(r->ends_on),
                                                    I64(r->ends_count), TEXT(r->catch_up), I64(r->max_age_min), I64(r->quiet_from), I64(r->quiet_until),
                                                    I64(new_next), TIME(r->next_ms), TEXT(by), U64(tenant), U64(r->id), I64(r->version)));
}

int db_reminder_enable(struct ctx *ctx, uint64_t tenant, uint64_t id, int64_t version, bool enabled, int64_t next_ms, const char *by)
{
    return (int)stmt_do(ctx, &reminder_enable, ARGS(I64(enabled), TIME(next_ms), TEXT(by), U64(tenant), U64(id), I64(version)));
}

struct rows db_reminders_to(struct ctx *ctx, uint64_t tenant, const char *address, int limit)
{
    return stmt_all(ctx, &reminders_to, ARGS(U64(tenant), TEXT(address), I64(limit)));
}

int db_reminder_delete(struct ctx *ctx, uint64_t tenant, uint64_t id)
{
    return (int)stmt_do(ctx, &reminder_delete, ARGS(U64(tenant), U64(id)));
}

struct rows db_reminders_due(struct ctx *ctx, int limit)
{
    return stmt_all(ctx, &reminders_due, ARGS(I64(limit)));
}

int db_reminder_advance(struct ctx *ctx, uint64_t tenant, const struct reminder_row *r, int64_t next_ms, bool sent)
{
    return (int)stmt_do(ctx, &reminder_advance, ARGS(TIME(next_ms), TIME(r->next_ms), I64(sent), I64(sent), U64(tenant), U64(r->id), TIME(r->next_ms),
                                                     I64(r->version)));
}

/* ---- slots ---- */

#define SLOT_SELECT "SELECT s.reminder_id,s.slot,s.state,s.reason,s.conversation_id,s.message_id,s.created_at,m.status,m.body,m.error_text,m.error_code,m.simulated " \
    "FROM reminder_slot s LEFT JOIN message m ON m.tenant_id=s.tenant_id AND m.conversation_id=s.conversation_id AND m.id=s.message_id "
static const struct sql slot_claim =
    SQL("INSERT IGNORE INTO reminder_slot (tenant_id,reminder_id,slot,state,reason,conversation_id,message_id) VALUES (?,?,?,?,LEFT(?,255),?,?)", NULL);
static const struct sql slots_page =
    SQL_REPEATABLE(SLOT_SELECT "WHERE s.tenant_id=? AND s.reminder_id=? AND s.slot<? ORDER BY s.slot DESC LIMIT ?", &slot_row_type);
static const struct sql slots_newest =
    SQL_REPEATABLE(SLOT_SELECT "WHERE s.tenant_id=? AND s.reminder_id=? ORDER BY s.slot DESC LIMIT ?", &slot_row_type);
static const struct sql last_slots =
    SQL_REPEATABLE(SLOT_SELECT "JOIN reminder r ON r.tenant_id=s.tenant_id AND r.id=s.reminder_id AND r.last_slot=s.slot "
                   "WHERE s.tenant_id=? AND s.reminder_id<=? AND s.reminder_id>=? AND r.tenant_id=s.tenant_id ORDER BY s.reminder_id DESC LIMIT ?", &slot_row_type);
static const struct sql slots_delete = SQL_REPEATABLE("DELETE FROM reminder_slot WHERE tenant_id=? AND reminder_id=? LIMIT ?", NULL);
/* lint: no-tenant: housekeeping for all tenants */
static const struct sql slots_purge = SQL_REPEATABLE("DELETE FROM reminder_slot WHERE created_at<UTC_TIMESTAMP()-INTERVAL 400 DAY LIMIT 1000", NULL);

int db_reminder_slot_claim(struct ctx *ctx, uint64_t tenant, uint64_t id, int64_t slot_ms, const char *state, const char *reason, uint64_t conversation, uint64_t message)
{
    return (int)stmt_do(ctx, &slot_claim, ARGS(U64(tenant), U64(id), TIME(slot_ms), TEXT(state), TEXT(reason), ID_OR_NULL(conversation), ID_OR_NULL(message)));
}

struct rows db_reminder_slots(struct ctx *ctx, uint64_t tenant, uint64_t id, int64_t before_ms, int limit)
{
    if (before_ms == CLOCK_NONE)
        return stmt_all(ctx, &slots_newest, ARGS(U64(tenant), U64(id), I64(limit)));
    return stmt_all(ctx, &slots_page, ARGS(U64(tenant), U64(id), TIME(before_ms), I64(limit)));
}

struct rows db_reminder_last_slots(struct ctx *ctx, uint64_t tenant, uint64_t newest, uint64_t oldest, int limit)
{
    return stmt_all(ctx, &last_slots, ARGS(U64(tenant), U64(newest), U64(oldest), I64(limit)));
}

int64_t db_reminder_slots_delete(struct ctx *ctx, uint64_t tenant, uint64_t id, int limit)
{
    return stmt_do(ctx, &slots_delete, ARGS(U64(tenant), U64(id), I64(limit)));
}

int64_t db_reminder_slots_purge(struct ctx *ctx)
{
    return stmt_do(ctx, &slots_purge, NO_ARGS);
}
