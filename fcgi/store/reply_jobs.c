/* reply_jobs.c - arrivals that wait for an answer: taken by one, ended once; and what decides about each. */
#include "base/base.h"
#include "store/replies.h"

#define DUE_FIELD(kind, member, flags) FIELD_ENTRY(reply_due_row, kind, member, flags)
ROW_TYPE(reply_due_row, REPLY_DUE_ROW(DUE_FIELD));
#define CASE_FIELD(kind, member, flags) FIELD_ENTRY(reply_case_row, kind, member, flags)
ROW_TYPE(reply_case_row, REPLY_CASE_ROW(CASE_FIELD));
#define RECENT_FIELD(kind, member, flags) FIELD_ENTRY(recent_row, kind, member, flags)
ROW_TYPE(recent_row, RECENT_ROW(RECENT_FIELD));

/* lint: no-tenant: fcgi-cron works for all tenants; the rows name theirs */
static const struct sql due =
    SQL_REPEATABLE("SELECT tenant_id,conversation_id,message_id FROM reply_job WHERE state='due' AND next_at<=UTC_TIMESTAMP(3) ORDER BY next_at LIMIT ?", &reply_due_row_type);
/* lint: no-tenant: the same */
static const struct sql due_quick =
    SQL_REPEATABLE("SELECT j.tenant_id,j.conversation_id,j.message_id FROM reply_job j FORCE INDEX (ix_reply_job_due) "
                   "STRAIGHT_JOIN conversation c ON c.tenant_id=j.tenant_id AND c.id=j.conversation_id STRAIGHT_JOIN line l ON l.tenant_id=c.tenant_id AND l.id=c.line_id "
                   "WHERE j.state='due' AND j.next_at<=UTC_TIMESTAMP(3) AND (l.answer_after_s IS NULL OR l.answer_after_s=0) ORDER BY j.next_at LIMIT ?", &reply_due_row_type);
#define THIS_JOB "WHERE tenant_id=? AND conversation_id=? AND message_id=? "
static const struct sql claim_one =
    SQL("UPDATE reply_job SET state='thinking',claim=?,tries=tries+1,next_at=UTC_TIMESTAMP(3)+INTERVAL ? SECOND " THIS_JOB
        "AND state='due' AND next_at<=UTC_TIMESTAMP(3)", NULL);
static const struct sql hold_one =
    SQL_REPEATABLE("UPDATE reply_job SET next_at=UTC_TIMESTAMP(3)+INTERVAL ? SECOND " THIS_JOB "AND state='thinking' AND claim=?", NULL);
static const struct sql release_one =
    SQL("UPDATE reply_job SET state='due',claim=NULL,tries=tries-1,next_at=UTC_TIMESTAMP(3)+INTERVAL ?*1000 MICROSECOND " THIS_JOB
        "AND state='thinking' AND claim=?", NULL);
static const struct sql done_one =
    SQL("UPDATE reply_job SET state='done',claim=NULL,outcome=?,next_at=UTC_TIMESTAMP(3) " THIS_JOB "AND state='thinking' AND claim=?", NULL);
/* lint: no-tenant: housekeeping over all tenants */
static const struct sql expire =
    SQL_REPEATABLE("UPDATE reply_job SET state='due',claim=NULL WHERE state='thinking' AND next_at<=UTC_TIMESTAMP(3) AND tries<?", NULL);
/* lint: no-tenant: the same */
static const struct sql spent =
    SQL_REPEATABLE("SELECT tenant_id,conversation_id,message_id FROM reply_job WHERE state='thinking' AND next_at<=UTC_TIMESTAMP(3) AND tries>=? ORDER BY next_at LIMIT ?",
                   &reply_due_row_type);
static const struct sql give_up =
    SQL("UPDATE reply_job SET state='done',claim=NULL,outcome='given-up',next_at=UTC_TIMESTAMP(3) " THIS_JOB
        "AND state='thinking' AND next_at<=UTC_TIMESTAMP(3) AND tries>=?", NULL);
/* lint: no-tenant: the same */
static const struct sql purge =
    SQL_REPEATABLE("DELETE FROM reply_job WHERE state='done' AND next_at<UTC_TIMESTAMP(3)-INTERVAL ? DAY ORDER BY next_at LIMIT 1000", NULL);

/* A line that inherits was switched on when the default was, or when it began to inherit: the later of the two. */
static const struct sql case_of =
    SQL_REPEATABLE("SELECT l.id,COALESCE(r.id,0),c.peer,c.channel,t.state,t.zone,m.body,m.extra,m.sid,l.active,"
                   "EXISTS(SELECT 1 FROM line s WHERE s.tenant_id=m.tenant_id AND s.address IN (SUBSTRING_INDEX(c.peer,':',-1),CONCAT('whatsapp:',SUBSTRING_INDEX(c.peer,':',-1)))),"
                   "EXISTS(SELECT 1 FROM unrouted u WHERE u.tenant_id=m.tenant_id AND u.sid=m.sid),"
                   "m.created_at,UTC_TIMESTAMP(3),GREATEST(r.since,COALESCE(o.since,r.since)),COALESCE(r.most,0),r.mode,r.body,r.hours,r.closed_body,r.fallback "
                   "FROM message m JOIN conversation c ON c.tenant_id=m.tenant_id AND c.id=m.conversation_id "
                   "JOIN line l ON l.tenant_id=c.tenant_id AND l.id=c.line_id JOIN tenant t ON t.id=m.tenant_id "
                   "LEFT JOIN reply_rule o ON o.tenant_id=l.tenant_id AND o.line_key=l.id "
                   "LEFT JOIN reply_rule r ON r.tenant_id=l.tenant_id AND r.line_key=IF(COALESCE(o.mode,'inherit')='inherit',0,l.id) "
                   "WHERE m.tenant_id=? AND m.conversation_id=? AND m.id=?", &reply_case_row_type);
static const struct sql recent =
    SQL_REPEATABLE("SELECT id,direction,author_kind,status,COALESCE(error_code,0) FROM message WHERE tenant_id=? AND conversation_id=? AND id>=? ORDER BY id DESC LIMIT 1000", &recent_row_type);
static const struct sql outcome_since =
    SQL_REPEATABLE("SELECT tenant_id,conversation_id,message_id FROM reply_job WHERE tenant_id=? AND conversation_id=? AND message_id>=? AND outcome=? LIMIT 1",
                   &reply_due_row_type);

#define JOB_ARGS(j) U64((j)->tenant_id), U64((j)->conversation_id), U64((j)->message_id)

struct rows db_reply_due(struct ctx *ctx, bool quick, int limit)
{
    return stmt_all(ctx, quick ? &due_quick : &due, ARGS(I64(limit)));
}

int db_reply_claim(struct ctx *ctx, const struct reply_due_row *job, const char *claim, int64_t lease_s)
{
    return stmt_changed(ctx, &claim_one, ARGS(TEXT(claim), I64(lease_s), JOB_ARGS(job)));
}

int db_reply_hold(struct ctx *ctx, const struct reply_due_row *job, const char *claim, int64_t lease_s)
{
    return stmt_changed(ctx, &hold_one, ARGS(I64(lease_s), JOB_ARGS(job), TEXT(claim)));
}

int db_reply_release(struct ctx *ctx, const struct reply_due_row *job, const char *claim, int64_t in_ms)
{
    return stmt_changed(ctx, &release_one, ARGS(I64(in_ms), JOB_ARGS(job), TEXT(claim)));
}

int db_reply_done(struct ctx *ctx, const struct reply_due_row *job, const char *claim, const char *outcome)
{
    return stmt_changed(ctx, &done_one, ARGS(TEXT(outcome), JOB_ARGS(job), TEXT(claim)));
}

int64_t db_reply_expire(struct ctx *ctx, int64_t tries)
{
    return stmt_do(ctx, &expire, ARGS(I64(tries)));
}

struct rows db_reply_spent(struct ctx *ctx, int64_t tries, int limit)
{
    return stmt_all(ctx, &spent, ARGS(I64(tries), I64(limit)));
}

int db_reply_give_up(struct ctx *ctx, const struct reply_due_row *job, int64_t tries)
{
    return stmt_changed(ctx, &give_up, ARGS(JOB_ARGS(job), I64(tries)));
}

int64_t db_reply_purge(struct ctx *ctx, int64_t days)
{
    return stmt_do(ctx, &purge, ARGS(I64(days)));
}

struct reply_case_row *db_reply_case(struct ctx *ctx, uint64_t tenant, uint64_t conversation, uint64_t message)
{
    return stmt_one(ctx, &case_of, ARGS(U64(tenant), U64(conversation), U64(message)));
}

struct rows db_reply_recent(struct ctx *ctx, uint64_t tenant, uint64_t conversation, uint64_t floor)
{
    return stmt_all(ctx, &recent, ARGS(U64(tenant), U64(conversation), U64(floor)));
}

int db_reply_outcome_since(struct ctx *ctx, uint64_t tenant, uint64_t conversation, uint64_t floor, const char *outcome)
{
    const struct reply_due_row *r = stmt_one(ctx, &outcome_since, ARGS(U64(tenant), U64(conversation), U64(floor), TEXT(outcome)));
    return r ? 1 : ctx->err.code ? -1 : 0;
}
