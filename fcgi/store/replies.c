/* replies.c - rules of automatic answers, their keywords and closed days. */
#include "base/base.h"
#include "store/replies.h"

#define RULE_FIELD(kind, member, flags) FIELD_ENTRY(reply_rule_row, kind, member, flags)
ROW_TYPE(reply_rule_row, REPLY_RULE_ROW(RULE_FIELD));
#define KEYWORD_FIELD(kind, member, flags) FIELD_ENTRY(keyword_row, kind, member, flags)
ROW_TYPE(keyword_row, KEYWORD_ROW(KEYWORD_FIELD));
#define CLOSED_DAY_FIELD(kind, member, flags) FIELD_ENTRY(closed_day_row, kind, member, flags)
ROW_TYPE(closed_day_row, CLOSED_DAY_ROW(CLOSED_DAY_FIELD));

struct keyword_count_row { int64_t n; };
#define KEYWORD_COUNT_ROW(F) F(I64, n, 0)
#define KEYWORD_COUNT_FIELD(kind, member, flags) FIELD_ENTRY(keyword_count_row, kind, member, flags)
extern const struct row_type keyword_count_row_type;
ROW_TYPE(keyword_count_row, KEYWORD_COUNT_ROW(KEYWORD_COUNT_FIELD));

#define RULE_SELECT "SELECT id,line_key,mode,since,body,hours,closed_body,fallback,most,updated_at,updated_by FROM reply_rule "
static const struct sql rules = SQL_REPEATABLE(RULE_SELECT "WHERE tenant_id=? ORDER BY line_key LIMIT 1001", &reply_rule_row_type);
static const struct sql rule_get = SQL_REPEATABLE(RULE_SELECT "WHERE tenant_id=? AND line_key=?", &reply_rule_row_type);
static const struct sql rule_put =
    SQL_REPEATABLE("INSERT INTO reply_rule (tenant_id,line_id,mode,since,body,hours,closed_body,fallback,most,updated_by) "
                   "VALUES (?,?,?,IF(?,COALESCE(?,UTC_TIMESTAMP(3)),NULL),?,?,?,?,?,LEFT(?,190)) ON DUPLICATE KEY UPDATE mode=VALUES(mode),since=VALUES(since),"
                   "body=VALUES(body),hours=VALUES(hours),closed_body=VALUES(closed_body),fallback=VALUES(fallback),most=VALUES(most),"
                   "updated_by=VALUES(updated_by),updated_at=UTC_TIMESTAMP(3)", NULL);
/* An arrival for a model rests four seconds, so that three texts in a row are answered once. */
static const struct sql switch_lines =
    SQL_REPEATABLE("UPDATE line l LEFT JOIN reply_rule o ON o.tenant_id=l.tenant_id AND o.line_key=l.id "
                   "LEFT JOIN reply_rule d ON d.tenant_id=l.tenant_id AND d.line_key=0 "
                   "SET l.answer_after_s=CASE IF(COALESCE(o.mode,'inherit')='inherit',COALESCE(d.mode,'none'),o.mode) "
                   "WHEN 'text' THEN 0 WHEN 'keywords' THEN 0 WHEN 'ai' THEN 4 ELSE NULL END WHERE l.tenant_id=?", NULL);

static const struct sql keywords =
    SQL_REPEATABLE("SELECT rule_id,word,label,answer FROM reply_keyword WHERE tenant_id=? ORDER BY rule_id,word LIMIT 10000", &keyword_row_type);
static const struct sql keyword_count = SQL_REPEATABLE("SELECT COUNT(*) FROM reply_keyword WHERE tenant_id=? AND rule_id=?", &keyword_count_row_type);
static const struct sql keyword_put =
    SQL_REPEATABLE("INSERT INTO reply_keyword (tenant_id,rule_id,word,label,answer) VALUES (?,?,?,?,?) ON DUPLICATE KEY UPDATE label=VALUES(label),answer=VALUES(answer)", NULL);
static const struct sql keyword_delete = SQL_REPEATABLE("DELETE FROM reply_keyword WHERE tenant_id=? AND rule_id=? AND word=?", NULL);
static const struct sql keyword_find =
    SQL_REPEATABLE("SELECT rule_id,word,label,answer FROM reply_keyword WHERE tenant_id=? AND rule_id=? AND word=?", &keyword_row_type);

static const struct sql closed_days =
    SQL_REPEATABLE("SELECT rule_id,day,name FROM reply_closed_day WHERE tenant_id=? AND rule_id=? ORDER BY day LIMIT 1000", &closed_day_row_type);
static const struct sql closed_day_put =
    SQL_REPEATABLE("INSERT INTO reply_closed_day (tenant_id,rule_id,day,name) VALUES (?,?,?,?) ON DUPLICATE KEY UPDATE name=VALUES(name)", NULL);
static const struct sql closed_day_delete = SQL_REPEATABLE("DELETE FROM reply_closed_day WHERE tenant_id=? AND rule_id=? AND day=?", NULL);
static const struct sql closed_days_clear = SQL_REPEATABLE("DELETE FROM reply_closed_day WHERE tenant_id=? AND rule_id=?", NULL);

struct rows db_reply_rules(struct ctx *ctx, uint64_t tenant)
{
    return stmt_all(ctx, &rules, ARGS(U64(tenant)));
}

struct reply_rule_row *db_reply_rule_get(struct ctx *ctx, uint64_t tenant, uint64_t line)
{
    return stmt_one(ctx, &rule_get, ARGS(U64(tenant), U64(line)));
}

bool db_reply_rule_put(struct ctx *ctx, uint64_t tenant, const struct reply_rule_row *r, bool on)
{
    return stmt_do(ctx, &rule_put, ARGS(U64(tenant), ID_OR_NULL(r->line_id), TEXT(r->mode), I64(on), TIME(r->since_ms), TEXT(r->body), TEXT(r->hours),
                                        TEXT(r->closed_body), TEXT(r->fallback), I64(r->most), TEXT(r->updated_by))) >= 0;
}

bool db_reply_switch_lines(struct ctx *ctx, uint64_t tenant)
{
    return stmt_do(ctx, &switch_lines, ARGS(U64(tenant))) >= 0;
}

struct rows db_reply_keywords(struct ctx *ctx, uint64_t tenant)
{
    return stmt_all(ctx, &keywords, ARGS(U64(tenant)));
}

int64_t db_reply_keyword_count(struct ctx *ctx, uint64_t tenant, uint64_t rule)
{
    const struct keyword_count_row *r = stmt_one(ctx, &keyword_count, ARGS(U64(tenant), U64(rule)));
    return r ? r->n : -1;
}

bool db_reply_keyword_put(struct ctx *ctx, uint64_t tenant, uint64_t rule, const struct keyword_row *k)
{
    return stmt_do(ctx, &keyword_put, ARGS(U64(tenant), U64(rule), TEXT(k->word), TEXT(k->label), TEXT(k->answer))) >= 0;
}

bool db_reply_keyword_delete(struct ctx *ctx, uint64_t tenant, uint64_t rule, const char *word)
{
    return stmt_do(ctx, &keyword_delete, ARGS(U64(tenant), U64(rule), TEXT(word))) >= 0;
}

struct keyword_row *db_reply_keyword_find(struct ctx *ctx, uint64_t tenant, uint64_t rule, const char *word)
{
    return stmt_one(ctx, &keyword_find, ARGS(U64(tenant), U64(rule), TEXT(word)));
}

struct rows db_reply_closed_days(struct ctx *ctx, uint64_t tenant, uint64_t rule)
{
    return stmt_all(ctx, &closed_days, ARGS(U64(tenant), U64(rule)));
}

bool db_reply_closed_day_put(struct ctx *ctx, uint64_t tenant, uint64_t rule, const struct closed_day_row *d)
{
    return stmt_do(ctx, &closed_day_put, ARGS(U64(tenant), U64(rule), TEXT(d->day), TEXT(d->name))) >= 0;
}

bool db_reply_closed_day_delete(struct ctx *ctx, uint64_t tenant, uint64_t rule, const char *day)
{
    return stmt_do(ctx, &closed_day_delete, ARGS(U64(tenant), U64(rule), TEXT(day))) >= 0;
}

bool db_reply_closed_days_clear(struct ctx *ctx, uint64_t tenant, uint64_t rule)
{
    return stmt_do(ctx, &closed_days_clear, ARGS(U64(tenant), U64(rule))) >= 0;
}
