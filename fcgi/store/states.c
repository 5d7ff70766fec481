/* states.c - the ledger of events and the states of messages (declared in messages.h). */
#include "base/base.h"
#include "store/messages.h"

#define STATE_FIELD(kind, member, flags) FIELD_ENTRY(state_row, kind, member, flags)
ROW_TYPE(state_row, STATE_ROW(STATE_FIELD));
#define EVENT_FIELD(kind, member, flags) FIELD_ENTRY(event_row, kind, member, flags)
ROW_TYPE(event_row, EVENT_ROW(EVENT_FIELD));

#define REPORT_FIELD(kind, member, flags) FIELD_ENTRY(message_report, kind, member, flags)
ROW_TYPE(message_report, MESSAGE_REPORT(REPORT_FIELD));

#define LAST_ERROR_FIELD(kind, member, flags) FIELD_ENTRY(last_error_row, kind, member, flags)
ROW_TYPE(last_error_row, LAST_ERROR_ROW(LAST_ERROR_FIELD));

static const struct sql last_errors =
    SQL_REPEATABLE("SELECT m.id,m.error_code,m.error_text FROM (SELECT tenant_id,id,last_message_id FROM conversation WHERE tenant_id=? "
                   "ORDER BY last_at DESC,id DESC LIMIT ?) c JOIN message m ON m.tenant_id=c.tenant_id AND m.conversation_id=c.id AND m.id=c.last_message_id "
                   "WHERE m.error_code IS NOT NULL OR m.error_text IS NOT NULL", &last_error_row_type);
static const struct sql message_report =
    SQL_REPEATABLE("SELECT sid,status,simulated,error_code,error_text FROM message WHERE tenant_id=? AND conversation_id=? AND id=?", &message_report_type);
static const struct sql event_insert =
    SQL("INSERT INTO message_event (tenant_id,sid,status,error_code,error_text,source,detail) VALUES (?,?,?,NULLIF(?,0),?,?,?)", NULL);
static const struct sql events_of =
    SQL_REPEATABLE("SELECT status,error_code,error_text,source,created_at FROM message_event WHERE tenant_id=? AND sid=? ORDER BY id LIMIT 100",
                   &event_row_type);
#define STATE_COLUMNS "conversation_id,id,status,rank,error_code,sid,direction"
static const struct sql state_by_sid = SQL_REPEATABLE("SELECT " STATE_COLUMNS " FROM message WHERE tenant_id=? AND sid=?", &state_row_type);
static const struct sql state_get =
    SQL_REPEATABLE("SELECT " STATE_COLUMNS " FROM message WHERE tenant_id=? AND conversation_id=? AND id=?", &state_row_type);
static const struct sql state_raise =
    SQL_REPEATABLE("UPDATE message SET status=?,rank=?,status_at=UTC_TIMESTAMP(3) WHERE tenant_id=? AND conversation_id=? AND id=? AND rank<?", NULL);
static const struct sql error_set =
    SQL_REPEATABLE("UPDATE message SET error_code=NULLIF(?,0),error_text=? WHERE tenant_id=? AND conversation_id=? AND id=? "
                   "AND error_text IS NULL AND (error_code IS NULL OR error_code=?)", NULL);
static const struct sql doubt_set =
    SQL("UPDATE message SET error_text=? WHERE tenant_id=? AND conversation_id=? AND id=? AND rank<10 AND error_code IS NULL AND NOT error_text<=>?", NULL);
static const struct sql adopt =
    SQL_REPEATABLE("UPDATE message SET sid=?,segments=GREATEST(segments,?),error_text=IF(rank<10 AND error_code IS NULL,NULL,error_text) WHERE tenant_id=? AND conversation_id=? AND id=? AND sid IS NULL", NULL);

bool db_event_insert(struct ctx *ctx, uint64_t tenant, const char *sid, const char *status, int64_t error_code, const char *error_text,
                     const char *source, const char *detail)
{
    return stmt_do(ctx, &event_insert, ARGS(U64(tenant), TEXT(sid), TEXT(status), I64(error_code), TEXT(error_text), TEXT(source), TEXT(detail))) >= 0;
}

struct rows db_events_of(struct ctx *ctx, uint64_t tenant, const char *sid)
{
    return stmt_all(ctx, &events_of, ARGS(U64(tenant), TEXT(sid)));
}

struct state_row *db_message_state_by_sid(struct ctx *ctx, uint64_t tenant, const char *sid)
{
    return stmt_one(ctx, &state_by_sid, ARGS(U64(tenant), TEXT(sid)));
}

struct state_row *db_message_state(struct ctx *ctx, uint64_t tenant, uint64_t conversation, uint64_t id)
{
    return stmt_one(ctx, &state_get, ARGS(U64(tenant), U64(conversation), U64(id)));
}

int db_message_raise(struct ctx *ctx, uint64_t tenant, uint64_t conversation, uint64_t id, const char *status, int rank)
{
    int64_t n = stmt_do(ctx, &state_raise, ARGS(TEXT(status), I64(rank), U64(tenant), U64(conversation), U64(id), I64(rank)));
    return n < 0 ? -1 : n > 0;
}

bool db_message_error(struct ctx *ctx, uint64_t tenant, uint64_t conversation, uint64_t id, int64_t code, const char *text)
{
    return stmt_do(ctx, &error_set, ARGS(I64(code), TEXT(text), U64(tenant), U64(conversation), U64(id), I64(code))) >= 0;
}

int db_message_doubt(struct ctx *ctx, uint64_t tenant, uint64_t conversation, uint64_t id, const char *text)
{
    int64_t n = stmt_do(ctx, &doubt_set, ARGS(TEXT(text), U64(tenant), U64(conversation), U64(id), TEXT(text)));
    return n < 0 ? -1 : n > 0;
}

bool db_message_adopt(struct ctx *ctx, uint64_t tenant, uint64_t conversation, uint64_t id, const char *sid, int segments)
{
    return stmt_do(ctx, &adopt, ARGS(TEXT(sid), I64(segments), U64(tenant), U64(conversation), U64(id))) >= 0;
}

struct rows db_last_errors(struct ctx *ctx, uint64_t tenant, int limit)
{
    return stmt_all(ctx, &last_errors, ARGS(U64(tenant), I64(limit)));
}

struct message_report *db_message_report(struct ctx *ctx, uint64_t tenant, uint64_t conversation, uint64_t id)
{
    return stmt_one(ctx, &message_report, ARGS(U64(tenant), U64(conversation), U64(id)));
}
