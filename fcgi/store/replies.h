/* replies.h - rules of automatic answers, their keywords, and the jobs that arrivals make. */
#ifndef CENTRALA_STORE_REPLIES_H
#define CENTRALA_STORE_REPLIES_H
#include "store/stmt.h"

struct reply_rule_row {
    uint64_t id, line_id;      /* line 0: the tenant's default */
    const char *mode;          /* none, text, ai, keywords, inherit */
    int64_t since_ms;          /* CLOCK_NONE while off */
    const char *body, *hours;  /* hours NULL: always open */
    const char *closed_body, *fallback;
    int64_t most, updated_ms;
    const char *updated_by;
};
#define REPLY_RULE_ROW(F) F(U64, id, 0) F(U64, line_id, 0) F(TEXT, mode, 0) F(TIME, since_ms, 0) F(TEXT, body, 0) F(TEXT, hours, 0) \
    F(TEXT, closed_body, 0) F(TEXT, fallback, 0) F(I64, most, 0) F(TIME, updated_ms, 0) F(TEXT, updated_by, 0)
extern const struct row_type reply_rule_row_type;

struct keyword_row { uint64_t rule_id; const char *word, *label, *answer; };
#define KEYWORD_ROW(F) F(U64, rule_id, 0) F(TEXT, word, 0) F(TEXT, label, 0) F(TEXT, answer, 0)
extern const struct row_type keyword_row_type;

struct closed_day_row { uint64_t rule_id; const char *day, *name; }; /* day: "2026-12-25", or "12-25": every year */
#define CLOSED_DAY_ROW(F) F(U64, rule_id, 0) F(TEXT, day, 0) F(TEXT, name, 0)
extern const struct row_type closed_day_row_type;

/* The default first, then by line. */
struct rows db_reply_rules(struct ctx *ctx, uint64_t tenant);
struct reply_rule_row *db_reply_rule_get(struct ctx *ctx, uint64_t tenant, uint64_t line); /* NULL without an error: none */
/* Makes or changes the rule of that line. `on`: since becomes `since_ms`, or now when that is CLOCK_NONE; off: none. */
bool db_reply_rule_put(struct ctx *ctx, uint64_t tenant, const struct reply_rule_row *r, bool on);
/* line.answer_after_s of every line as the rules say now. */
bool db_reply_switch_lines(struct ctx *ctx, uint64_t tenant);

struct rows db_reply_keywords(struct ctx *ctx, uint64_t tenant); /* of every rule, by rule and word */
int64_t db_reply_keyword_count(struct ctx *ctx, uint64_t tenant, uint64_t rule); /* -1 on failure */
/* An existing word gets the new label and answer. */
bool db_reply_keyword_put(struct ctx *ctx, uint64_t tenant, uint64_t rule, const struct keyword_row *k);
bool db_reply_keyword_delete(struct ctx *ctx, uint64_t tenant, uint64_t rule, const char *word);
struct keyword_row *db_reply_keyword_find(struct ctx *ctx, uint64_t tenant, uint64_t rule, const char *word);

struct rows db_reply_closed_days(struct ctx *ctx, uint64_t tenant, uint64_t rule); /* by day */
/* An existing day gets the new name. */
bool db_reply_closed_day_put(struct ctx *ctx, uint64_t tenant, uint64_t rule, const struct closed_day_row *d);
bool db_reply_closed_day_delete(struct ctx *ctx, uint64_t tenant, uint64_t rule, const char *day);
bool db_reply_closed_days_clear(struct ctx *ctx, uint64_t tenant, uint64_t rule);

/* ---- jobs ---- */

struct reply_due_row { uint64_t tenant_id, conversation_id, message_id; };
#define REPLY_DUE_ROW(F) F(U64, tenant_id, 0) F(U64, conversation_id, 0) F(U64, message_id, 0)
extern const struct row_type reply_due_row_type;

/* A message to be answered with all that decides about it. */
struct reply_case_row {
    uint64_t line_id, rule_id;     /* rule 0: none */
    const char *peer, *channel, *tenant_state, *zone, *body, *extra, *sid;
    bool line_active, own_number, routing; /* routing: it still stands among the unrouted, its time is not right yet */
    int64_t arrived_ms, now_ms, since_ms, most;
    const char *mode, *text, *hours, *closed_body, *fallback; /* NULL without a rule */
};
#define REPLY_CASE_ROW(F) F(U64, line_id, 0) F(U64, rule_id, 0) F(TEXT, peer, 0) F(TEXT, channel, 0) F(TEXT, tenant_state, 0) F(TEXT, zone, 0) \
    F(TEXT, body, 0) F(TEXT, extra, 0) F(TEXT, sid, 0) F(BOOL, line_active, 0) F(BOOL, own_number, 0) F(BOOL, routing, 0) F(TIME, arrived_ms, 0) \
    F(TIME, now_ms, 0) F(TIME, since_ms, 0) F(I64, most, 0) F(TEXT, mode, 0) F(TEXT, text, 0) F(TEXT, hours, 0) F(TEXT, closed_body, 0) F(TEXT, fallback, 0)
extern const struct row_type reply_case_row_type;

/* What happened in a conversation lately, newest first. */
struct recent_row { uint64_t id; int direction, author_kind; const char *status; int64_t error_code; };
#define RECENT_ROW(F) F(U64, id, 0) F(INT, direction, 0) F(INT, author_kind, 0) F(TEXT, status, 0) F(I64, error_code, 0)
extern const struct row_type recent_row_type;

/* Over all tenants, longest due first; `quick`: only on lines that answer without thinking. */
struct rows db_reply_due(struct ctx *ctx, bool quick, int limit);
/* 1 ours, 0 somebody else was quicker, -1 failure. */
int db_reply_claim(struct ctx *ctx, const struct reply_due_row *job, const char *claim, int64_t lease_s);
/* For the one who holds the claim, the same results. */
int db_reply_hold(struct ctx *ctx, const struct reply_due_row *job, const char *claim, int64_t lease_s);
int db_reply_release(struct ctx *ctx, const struct reply_due_row *job, const char *claim, int64_t in_ms);
int db_reply_done(struct ctx *ctx, const struct reply_due_row *job, const char *claim, const char *outcome);
/* Leases that ran out: due again, or, after `tries`, rows of db_reply_spent(), to be ended with db_reply_give_up(). */
int64_t db_reply_expire(struct ctx *ctx, int64_t tries);
struct rows db_reply_spent(struct ctx *ctx, int64_t tries, int limit);
int db_reply_give_up(struct ctx *ctx, const struct reply_due_row *job, int64_t tries);
/* Jobs that ended long ago go, up to 1000 of them: how many, -1 on failure. */
int64_t db_reply_purge(struct ctx *ctx, int64_t days);

struct reply_case_row *db_reply_case(struct ctx *ctx, uint64_t tenant, uint64_t conversation, uint64_t message);
/* Messages and notes with ids from `floor`. */
struct rows db_reply_recent(struct ctx *ctx, uint64_t tenant, uint64_t conversation, uint64_t floor);
/* Was an arrival from `floor` on answered with that outcome? 1, 0, -1 failure. */
int db_reply_outcome_since(struct ctx *ctx, uint64_t tenant, uint64_t conversation, uint64_t floor, const char *outcome);

#endif
