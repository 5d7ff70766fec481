/* removal_requests.c - what was asked to be removed, and the sources in which its messages are found (declared in removal.h). */
#include "base/base.h"
#include "store/removal.h"

#define REQUEST_FIELD(kind, member, flags) FIELD_ENTRY(removal_request_row, kind, member, flags)
ROW_TYPE(removal_request_row, REMOVAL_REQUEST_ROW(REQUEST_FIELD));
#define SOURCE_FIELD(kind, member, flags) FIELD_ENTRY(removal_source_row, kind, member, flags)
ROW_TYPE(removal_source_row, REMOVAL_SOURCE_ROW(SOURCE_FIELD));

struct bound_row { int64_t looked; uint64_t cursor; };
#define BOUND_ROW(F) F(I64, looked, 0) F(U64, cursor, 0)
#define BOUND_FIELD(kind, member, flags) FIELD_ENTRY(bound_row, kind, member, flags)
extern const struct row_type bound_row_type;
ROW_TYPE(bound_row, BOUND_ROW(BOUND_FIELD));

static const struct sql request_add =
    SQL("INSERT INTO removal_request (tenant_id,kind,action,subject,user_id,actor,next_at) VALUES (?,?,?,?,?,LEFT(?,190),UTC_TIMESTAMP(3))", NULL);
#define SELECT_REQUEST "SELECT tenant_id,id,kind,action,state,subject,actor,total,done,failed,other,created_at,ended_at FROM removal_request "
static const struct sql request_get = SQL_REPEATABLE(SELECT_REQUEST "WHERE tenant_id=? AND id=?", &removal_request_row_type);
static const struct sql request_page = SQL_REPEATABLE(SELECT_REQUEST "WHERE tenant_id=? AND id<? ORDER BY id DESC LIMIT ?", &removal_request_row_type);
static const struct sql request_count =
    SQL("UPDATE removal_request SET total=total+?,done=done+?,failed=failed+?,other=other+? WHERE tenant_id=? AND id=?", NULL);
/* lint: no-tenant: fcgi-cron works for all tenants; the rows name theirs */
static const struct sql requests_due =
    SQL_REPEATABLE("SELECT tenant_id,id FROM removal_request WHERE state='open' AND next_at<=UTC_TIMESTAMP(3) ORDER BY next_at LIMIT ?", &removal_due_row_type);
static const struct sql request_take =
    SQL("UPDATE removal_request SET next_at=UTC_TIMESTAMP(3)+INTERVAL ?*1000 MICROSECOND WHERE tenant_id=? AND id=? AND state='open' AND next_at<=UTC_TIMESTAMP(3)", NULL);
static const struct sql outstanding =
    SQL_REPEATABLE("SELECT (SELECT COUNT(*) FROM removal_source s WHERE s.tenant_id=? AND s.request_id=? AND s.state IN ('waiting','claimed'))"
                   "+(SELECT COUNT(*) FROM removal r WHERE r.tenant_id=? AND r.request_id=? AND r.state IN ('waiting','claimed')),0", &bound_row_type);
static const struct sql request_end =
    SQL_REPEATABLE("UPDATE removal_request SET state='done',subject=NULL,ended_at=UTC_TIMESTAMP(3) WHERE tenant_id=? AND id=? AND state='open'", NULL);
static const struct sql request_reopen =
    SQL("UPDATE removal_request SET state='open',failed=GREATEST(failed,?)-?,ended_at=NULL,next_at=UTC_TIMESTAMP(3)+INTERVAL 2 SECOND WHERE tenant_id=? AND id=?", NULL);

static const struct sql source_conversation =
    SQL("INSERT INTO removal_source (tenant_id,request_id,kind,conversation_id,upto_id,next_at) "
        "SELECT ?,?,'conversation',c.id,c.last_message_id,UTC_TIMESTAMP(3)+INTERVAL ? SECOND FROM conversation c WHERE c.tenant_id=? AND c.id=?", NULL);
static const struct sql source_age =
    SQL("INSERT INTO removal_source (tenant_id,request_id,kind,direction,upto_id,next_at) "
        "VALUES (?,?,'age',?,GREATEST(CAST(UNIX_TIMESTAMP(UTC_TIMESTAMP(3)-INTERVAL ? DAY)*1000 AS SIGNED)-1577836800000,0)*4096,UTC_TIMESTAMP(3))", NULL);
static const struct sql source_list =
    SQL("INSERT INTO removal_source (tenant_id,request_id,kind,address,next_at) VALUES (?,?,?,?,UTC_TIMESTAMP(3))", NULL);
#define SELECT_SOURCE                                                                                                      \
    "SELECT s.tenant_id,s.request_id,s.id,s.kind,q.action,s.conversation_id,s.direction,s.address,s.cursor_id,s.upto_id,s.next_uri,s.tries " \
    "FROM removal_source s JOIN removal_request q ON q.tenant_id=s.tenant_id AND q.id=s.request_id "
static const struct sql source_get = SQL_REPEATABLE(SELECT_SOURCE "WHERE s.tenant_id=? AND s.id=?", &removal_source_row_type);
static const struct sql sources_of =
    SQL_REPEATABLE(SELECT_SOURCE "WHERE s.tenant_id=? AND s.request_id=? AND s.state='waiting' ORDER BY s.id LIMIT ?", &removal_source_row_type);
/* lint: no-tenant: fcgi-cron works for all tenants; the rows name theirs */
static const struct sql sources_due =
    SQL_REPEATABLE("SELECT tenant_id,id FROM removal_source WHERE state='waiting' AND next_at<=UTC_TIMESTAMP(3) ORDER BY next_at,id LIMIT ?", &removal_due_row_type);
static const struct sql source_claim =
    SQL("UPDATE removal_source SET state='claimed',claim=?,next_at=UTC_TIMESTAMP(3)+INTERVAL ? SECOND WHERE tenant_id=? AND id=? AND state='waiting'", NULL);
static const struct sql source_rest =
    SQL_REPEATABLE("UPDATE removal_source SET next_at=UTC_TIMESTAMP(3)+INTERVAL ?*1000 MICROSECOND WHERE tenant_id=? AND id=? AND state='waiting'", NULL);
static const struct sql retention_busy =
    SQL_REPEATABLE("SELECT COUNT(*),0 FROM removal_request q WHERE q.tenant_id=? AND q.state='open' AND q.kind='retention' AND (EXISTS (SELECT 1 FROM removal_source s "
                   "WHERE s.tenant_id=q.tenant_id AND s.request_id=q.id AND s.state IN ('waiting','claimed')) OR EXISTS (SELECT 1 FROM removal r "
                   "WHERE r.tenant_id=q.tenant_id AND r.request_id=q.id AND r.state='waiting' AND r.tries=0))", &bound_row_type);
static const struct sql source_settle =
    SQL("UPDATE removal_source SET state=?,claim=NULL,cursor_id=GREATEST(cursor_id,?),next_uri=?,tries=?,address=IF(?,address,NULL),"
        "next_at=UTC_TIMESTAMP(3)+INTERVAL ?*1000 MICROSECOND WHERE tenant_id=? AND id=? AND claim=? AND state='claimed'", NULL);
static const struct sql conversations =
    SQL_REPEATABLE("SELECT tenant_id,conversation_id FROM removal_source WHERE tenant_id=? AND request_id=? AND kind='conversation' AND conversation_id>? "
                   "ORDER BY conversation_id LIMIT ?", &removal_due_row_type);

static const struct sql talk_bound =
    SQL_REPEATABLE("SELECT COUNT(*),COALESCE(MAX(m.id),0) FROM (SELECT id FROM message WHERE tenant_id=? AND conversation_id=? AND id>? AND id<=? ORDER BY id LIMIT ?) m",
                   &bound_row_type);
static const struct sql talk_collect =
    SQL("INSERT INTO removal (tenant_id,request_id,conversation_id,message_id,sid,action,next_at) "
        "SELECT ?,?,m.conversation_id,m.id,COALESCE(m.sid,''),?,UTC_TIMESTAMP(3)+INTERVAL ? SECOND FROM message m WHERE m.tenant_id=? AND m.conversation_id=? AND m.id>? AND m.id<=? "
        "AND m.direction<2 ON DUPLICATE KEY UPDATE id=removal.id", NULL);
static const struct sql age_bound =
    SQL_REPEATABLE("SELECT COUNT(*),COALESCE(MAX(m.id),0) FROM (SELECT id FROM message FORCE INDEX (ix_message_history) WHERE tenant_id=? AND direction=? AND id>? AND id<=? "
                   "ORDER BY id LIMIT ?) m", &bound_row_type);
/* What holds nothing any more is not asked for again, every day. */
static const struct sql age_collect =
    SQL("INSERT INTO removal (tenant_id,request_id,conversation_id,message_id,sid,action,next_at) "
        "SELECT ?,?,m.conversation_id,m.id,COALESCE(m.sid,''),?,UTC_TIMESTAMP(3) FROM message m FORCE INDEX (ix_message_history) "
        "WHERE m.tenant_id=? AND m.direction=? AND m.id>? AND m.id<=? "
        "AND (? OR m.body<>'' OR m.num_media>0 OR (m.extra IS NOT NULL AND m.extra NOT LIKE '{\"Redacted\"%')) ON DUPLICATE KEY UPDATE id=removal.id", NULL);

uint64_t db_removal_request_add(struct ctx *ctx, uint64_t tenant, const char *kind, const char *action, const char *subject, uint64_t user, const char *actor)
{
    if (stmt_do(ctx, &request_add, ARGS(U64(tenant), TEXT(kind), TEXT(action), TEXT(subject), ID_OR_NULL(user), TEXT(actor))) < 0)
        return 0;
    return stmt_insert_id(ctx);
}

struct removal_request_row *db_removal_request(struct ctx *ctx, uint64_t tenant, uint64_t id)
{
    return stmt_one(ctx, &request_get, ARGS(U64(tenant), U64(id)));
}

struct rows db_removal_requests(struct ctx *ctx, uint64_t tenant, uint64_t before, int limit)
{
    return stmt_all(ctx, &request_page, ARGS(U64(tenant), U64(before ? before : UINT32_MAX), I64(limit)));
}

bool db_removal_request_count(struct ctx *ctx, uint64_t tenant, uint64_t id, int64_t total, int64_t done, int64_t failed, int64_t other)
{
    return stmt_do(ctx, &request_count, ARGS(I64(total), I64(done), I64(failed), I64(other), U64(tenant), U64(id))) >= 0;
}

struct rows db_removal_requests_due(struct ctx *ctx, int limit)
{
    return stmt_all(ctx, &requests_due, ARGS(I64(limit)));
}

int db_removal_request_take(struct ctx *ctx, uint64_t tenant, uint64_t id, int64_t in_ms)
{
    return stmt_changed(ctx, &request_take, ARGS(I64(in_ms), U64(tenant), U64(id)));
}

int64_t db_removal_outstanding(struct ctx *ctx, uint64_t tenant, uint64_t id)
{
    struct bound_row *n = stmt_one(ctx, &outstanding, ARGS(U64(tenant), U64(id), U64(tenant), U64(id)));
    return n ? n->looked : -1;
}

int db_removal_request_end(struct ctx *ctx, uint64_t tenant, uint64_t id)
{
    return stmt_changed(ctx, &request_end, ARGS(U64(tenant), U64(id)));
}

bool db_removal_request_reopen(struct ctx *ctx, uint64_t tenant, uint64_t id, int64_t again)
{
    return stmt_do(ctx, &request_reopen, ARGS(I64(again), I64(again), U64(tenant), U64(id))) >= 0;
}

bool db_removal_source_conversation(struct ctx *ctx, uint64_t tenant, uint64_t request, uint64_t conversation, int64_t rest_s)
{
    return stmt_do(ctx, &source_conversation, ARGS(U64(tenant), U64(request), I64(rest_s), U64(tenant), U64(conversation))) >= 0;
}

bool db_removal_source_age(struct ctx *ctx, uint64_t tenant, uint64_t request, int direction, int64_t days)
{
    return stmt_do(ctx, &source_age, ARGS(U64(tenant), U64(request), I64(direction), I64(days))) >= 0;
}

bool db_removal_source_list(struct ctx *ctx, uint64_t tenant, uint64_t request, const char *kind, const char *address)
{
    return stmt_do(ctx, &source_list, ARGS(U64(tenant), U64(request), TEXT(kind), TEXT(address))) >= 0;
}

struct rows db_removal_sources_due(struct ctx *ctx, int limit)
{
    return stmt_all(ctx, &sources_due, ARGS(I64(limit)));
}

struct rows db_removal_sources_of(struct ctx *ctx, uint64_t tenant, uint64_t request, int limit)
{
    return stmt_all(ctx, &sources_of, ARGS(U64(tenant), U64(request), I64(limit)));
}

struct removal_source_row *db_removal_source(struct ctx *ctx, uint64_t tenant, uint64_t id)
{
    return stmt_one(ctx, &source_get, ARGS(U64(tenant), U64(id)));
}

int db_removal_source_claim(struct ctx *ctx, uint64_t tenant, uint64_t id, const char *claim, int64_t lease_s)
{
    return stmt_changed(ctx, &source_claim, ARGS(TEXT(claim), I64(lease_s), U64(tenant), U64(id)));
}

bool db_removal_collect(struct ctx *ctx, const struct removal_source_row *s, int chunk, int64_t rest_s, struct removal_chunk *out)
{
    bool age = strcmp(s->kind, "age") == 0;
    const struct bound_row *b =
        age ? stmt_one(ctx, &age_bound, ARGS(U64(s->tenant_id), I64(s->direction), U64(s->cursor_id), U64(s->upto_id), I64(chunk)))
            : stmt_one(ctx, &talk_bound, ARGS(U64(s->tenant_id), U64(s->conversation_id), U64(s->cursor_id), U64(s->upto_id), I64(chunk)));
    *out = (struct removal_chunk){ .cursor = s->cursor_id };
    if (!b || !b->looked)
        return b != NULL;
    out->looked = b->looked;
    out->cursor = b->cursor;
    out->added = age ? stmt_do(ctx, &age_collect, ARGS(U64(s->tenant_id), U64(s->request_id), TEXT(s->action), U64(s->tenant_id), I64(s->direction),
                                                       U64(s->cursor_id), U64(b->cursor), I64(strcmp(s->action, "delete") == 0)))
                     : stmt_do(ctx, &talk_collect, ARGS(U64(s->tenant_id), U64(s->request_id), TEXT(s->action), I64(rest_s), U64(s->tenant_id), U64(s->conversation_id),
                                                        U64(s->cursor_id), U64(b->cursor)));
    return out->added >= 0;
}

int db_removal_source_settle(struct ctx *ctx, uint64_t tenant, uint64_t id, const char *claim, const char *state, uint64_t cursor, const char *next_uri,
                             int64_t tries, int64_t in_ms)
{
    return stmt_changed(ctx, &source_settle, ARGS(TEXT(state), U64(cursor), TEXT(next_uri), I64(tries), I64(strcmp(state, "waiting") == 0), I64(in_ms), U64(tenant), U64(id), TEXT(claim)));
}

bool db_removal_source_rest(struct ctx *ctx, uint64_t tenant, uint64_t id, int64_t in_ms)
{
    return stmt_do(ctx, &source_rest, ARGS(I64(in_ms), U64(tenant), U64(id))) >= 0;
}

int db_removal_retention_busy(struct ctx *ctx, uint64_t tenant)
{
    const struct bound_row *n = stmt_one(ctx, &retention_busy, ARGS(U64(tenant)));
    return n ? n->looked > 0 : -1;
}

struct rows db_removal_conversations(struct ctx *ctx, uint64_t tenant, uint64_t request, uint64_t after, int limit)
{
    return stmt_all(ctx, &conversations, ARGS(U64(tenant), U64(request), U64(after), I64(limit)));
}
