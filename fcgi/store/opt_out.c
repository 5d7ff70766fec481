/* opt_out.c - the ledger of opt-outs. */
#include "base/base.h"
#include "base/clock.h"
#include "store/conversations.h"
#include "store/opt_out.h"

#define OPT_OUT_FIELD(kind, member, flags) FIELD_ENTRY(opt_out_row, kind, member, flags)
ROW_TYPE(opt_out_row, OPT_OUT_ROW(OPT_OUT_FIELD));
#define OPT_OUT_EVENT_FIELD(kind, member, flags) FIELD_ENTRY(opt_out_event_row, kind, member, flags)
ROW_TYPE(opt_out_event_row, OPT_OUT_EVENT_ROW(OPT_OUT_EVENT_FIELD));
#define OPT_OUT_PLACE_FIELD(kind, member, flags) FIELD_ENTRY(opt_out_place, kind, member, flags)
ROW_TYPE(opt_out_place, OPT_OUT_PLACE(OPT_OUT_PLACE_FIELD));

#define SELECT "SELECT id,channel,state,source,address_key,review,message_sid,reason,actor,changed_at FROM opt_out "
static const struct sql in_force =
    SQL_REPEATABLE(SELECT "WHERE tenant_id=? AND key_hash=? AND channel IN (?,'all') AND state='out' ORDER BY channel='all' DESC LIMIT 1", &opt_out_row_type);
static const struct sql get = SQL_REPEATABLE(SELECT "WHERE tenant_id=? AND id=?", &opt_out_row_type);
/* Who is stronger. Of two equals the first stays, so that "since" tells the truth. */
#define STRENGTH(source) "CASE " source " WHEN 'provider' THEN 1 WHEN 'keyword' THEN 2 WHEN 'erased' THEN 4 ELSE 3 END"
#define TAKES "(state='in' OR " STRENGTH("source") "<" STRENGTH("VALUES(source)") ")"
#define OVER(column) column "=IF(" TAKES ",VALUES(" column ")," column ")"
static const struct sql put =
    SQL_REPEATABLE("INSERT INTO opt_out (tenant_id,key_hash,channel,state,source,address_key,review,message_sid,reason,user_id,actor,changed_at) "
                   "VALUES (?,?,?,'out',?,?,?,?,LEFT(?,190),?,LEFT(?,190),UTC_TIMESTAMP(3)) ON DUPLICATE KEY UPDATE "
                   OVER("address_key") "," OVER("review") "," OVER("message_sid") "," OVER("reason") "," OVER("user_id") "," OVER("actor") "," OVER("changed_at") ","
                   OVER("source") ",state='out'", NULL);
static const struct sql lift =
    SQL_REPEATABLE("UPDATE opt_out SET state='in',source=?,review=0,message_sid=?,reason=LEFT(?,190),user_id=?,actor=LEFT(?,190),changed_at=UTC_TIMESTAMP(3) "
                   "WHERE tenant_id=? AND key_hash=? AND state='out' AND (? IS NULL OR channel=?) AND (? IS NULL OR source=?)", NULL);
static const struct sql confirm =
    SQL_REPEATABLE("UPDATE opt_out SET review=0,source='admin',user_id=?,actor=LEFT(?,190) WHERE tenant_id=? AND id=? AND review=1 AND state='out'", NULL);
static const struct sql ask_review =
    SQL_REPEATABLE("UPDATE opt_out SET review=1 WHERE tenant_id=? AND key_hash=? AND channel=? AND state='out' AND source='provider'", NULL);
static const struct sql forget = SQL_REPEATABLE("UPDATE opt_out SET address_key=NULL,reason='' WHERE tenant_id=? AND key_hash=?", NULL);
static const struct sql forget_events = SQL_REPEATABLE("UPDATE opt_out_event SET reason='' WHERE tenant_id=? AND key_hash=? AND user_id IS NOT NULL", NULL);
static const struct sql event_insert =
    SQL("INSERT INTO opt_out_event (tenant_id,key_hash,channel,kind,source,cause,message_sid,reason,user_id,actor) "
        "VALUES (?,?,?,?,?,?,?,LEFT(?,190),?,LEFT(?,190)) ON DUPLICATE KEY UPDATE id=opt_out_event.id", NULL);
static const struct sql event_of =
    SQL("INSERT INTO opt_out_event (tenant_id,key_hash,channel,kind,source,message_sid,reason,user_id,actor) "
        "SELECT ?,key_hash,channel,?,source,message_sid,reason,?,LEFT(?,190) FROM opt_out WHERE tenant_id=? AND id=?", NULL);
static const struct sql caused = SQL_REPEATABLE("SELECT 0,0,id FROM opt_out_event WHERE tenant_id=? AND cause=?", &opt_out_place_type);
static const struct sql since =
    SQL_REPEATABLE("SELECT 0,0,id FROM opt_out_event WHERE tenant_id=? AND key_hash=? AND created_at>? AND channel IN (?,'all') LIMIT 1", &opt_out_place_type);
static const struct sql events =
    SQL_REPEATABLE("SELECT id,channel,kind,source,message_sid,reason,actor,created_at FROM opt_out_event WHERE tenant_id=? "
                   "AND key_hash=(SELECT o.key_hash FROM opt_out o WHERE o.tenant_id=? AND o.id=?) ORDER BY id DESC LIMIT ?", &opt_out_event_row_type);

#define NEWEST "ORDER BY changed_at DESC,id DESC LIMIT ?"
static const struct sql page_first = SQL_REPEATABLE(SELECT "WHERE tenant_id=? AND state='out' " NEWEST, &opt_out_row_type);
static const struct sql page_next =
    SQL_REPEATABLE(SELECT "WHERE tenant_id=? AND state='out' AND changed_at<=? AND (changed_at<? OR id<?) " NEWEST, &opt_out_row_type);
static const struct sql like_address = SQL_REPEATABLE(SELECT "WHERE tenant_id=? AND state='out' AND address_key LIKE ? " NEWEST, &opt_out_row_type);
static const struct sql of_person = SQL_REPEATABLE(SELECT "WHERE tenant_id=? AND key_hash=? AND state='out' LIMIT 20", &opt_out_row_type);
static const struct sql to_review = SQL_REPEATABLE(SELECT "WHERE tenant_id=? AND review=1 AND state='out' " NEWEST, &opt_out_row_type);

static const struct sql waiting =
    SQL_REPEATABLE("SELECT o.conversation_id,o.message_id,o.id FROM contact k JOIN conversation c ON c.tenant_id=k.tenant_id AND c.contact_id=k.id "
                   "JOIN outbox o ON o.tenant_id=c.tenant_id AND o.conversation_id=c.id "
                   "WHERE k.tenant_id=? AND k.address_key=? AND (? IS NULL OR c.channel=?) AND o.state='queued' ORDER BY o.id LIMIT ?", &opt_out_place_type);
static const struct sql talks =
    SQL_REPEATABLE("SELECT c.id,0,0 FROM contact k JOIN conversation c ON c.tenant_id=k.tenant_id AND c.contact_id=k.id "
                   "WHERE k.tenant_id=? AND k.address_key=? AND (? IS NULL OR c.channel=?) ORDER BY c.id DESC LIMIT ?", &opt_out_place_type);

struct opt_out_row *db_opt_out_in_force(struct ctx *ctx, uint64_t tenant, const uint8_t *hash, const char *channel)
{
    return stmt_one(ctx, &in_force, ARGS(U64(tenant), BYTES((const char *)hash, KEY_HASH), TEXT(channel)));
}

struct opt_out_row *db_opt_out_get(struct ctx *ctx, uint64_t tenant, uint64_t id)
{
    return stmt_one(ctx, &get, ARGS(U64(tenant), U64(id)));
}

/* NULL where every channel is meant. */
static const char *one(const char *channel)
{
    return strcmp(channel, "all") == 0 ? NULL : channel;
}

static const char *some(const char *s)
{
    return s ? s : "";
}

int db_opt_out_put(struct ctx *ctx, uint64_t tenant, const struct opt_out_new *r)
{
    int64_t n = stmt_do(ctx, &put, ARGS(U64(tenant), BYTES((const char *)r->hash, KEY_HASH), TEXT(r->channel), TEXT(r->source), TEXT(r->address_key), I64(r->review),
                                        TEXT(r->message_sid), TEXT(some(r->reason)), ID_OR_NULL(r->user_id), TEXT(some(r->actor))));
    return n < 0 || !db_conversations_may_have(ctx, tenant, r->address_key) ? -1 : n > 0;
}

int64_t db_opt_out_lift(struct ctx *ctx, uint64_t tenant, const struct opt_out_new *r, const char *only)
{
    int64_t n = stmt_do(ctx, &lift, ARGS(TEXT(r->source), TEXT(r->message_sid), TEXT(some(r->reason)), ID_OR_NULL(r->user_id), TEXT(some(r->actor)), U64(tenant),
                                         BYTES((const char *)r->hash, KEY_HASH), TEXT(one(r->channel)), TEXT(one(r->channel)), TEXT(only), TEXT(only)));
    return n > 0 && !db_conversations_may_have(ctx, tenant, r->address_key) ? -1 : n; /* that there is none any more is found out by fcgi-cron */
}

int64_t db_opt_out_confirm(struct ctx *ctx, uint64_t tenant, uint64_t id, uint64_t user, const char *actor)
{
    return stmt_do(ctx, &confirm, ARGS(ID_OR_NULL(user), TEXT(actor), U64(tenant), U64(id)));
}

bool db_opt_out_ask(struct ctx *ctx, uint64_t tenant, const uint8_t *hash, const char *channel)
{
    return stmt_do(ctx, &ask_review, ARGS(U64(tenant), BYTES((const char *)hash, KEY_HASH), TEXT(channel))) >= 0;
}

bool db_opt_out_forget(struct ctx *ctx, uint64_t tenant, const uint8_t *hash)
{
    return stmt_do(ctx, &forget, ARGS(U64(tenant), BYTES((const char *)hash, KEY_HASH))) >= 0 &&
           stmt_do(ctx, &forget_events, ARGS(U64(tenant), BYTES((const char *)hash, KEY_HASH))) >= 0;
}

int db_opt_out_event(struct ctx *ctx, uint64_t tenant, const struct opt_out_new *r)
{
    int64_t n = stmt_do(ctx, &event_insert, ARGS(U64(tenant), BYTES((const char *)r->hash, KEY_HASH), TEXT(r->channel), TEXT(r->state), TEXT(r->source), TEXT(r->cause),
                                                 TEXT(r->message_sid), TEXT(some(r->reason)), ID_OR_NULL(r->user_id), TEXT(some(r->actor))));
    return n < 0 ? -1 : n > 0;
}

bool db_opt_out_event_of(struct ctx *ctx, uint64_t tenant, uint64_t id, const char *kind, uint64_t user, const char *actor)
{
    return stmt_do(ctx, &event_of, ARGS(U64(tenant), TEXT(kind), ID_OR_NULL(user), TEXT(actor), U64(tenant), U64(id))) >= 0;
}

bool db_opt_out_caused(struct ctx *ctx, uint64_t tenant, const char *cause)
{
    return stmt_one(ctx, &caused, ARGS(U64(tenant), TEXT(cause))) != NULL;
}

bool db_opt_out_since(struct ctx *ctx, uint64_t tenant, const uint8_t *hash, const char *channel, int64_t since_ms)
{
    return stmt_one(ctx, &since, ARGS(U64(tenant), BYTES((const char *)hash, KEY_HASH), TIME(since_ms), TEXT(channel))) != NULL;
}

struct rows db_opt_out_events(struct ctx *ctx, uint64_t tenant, uint64_t id, int limit)
{
    return stmt_all(ctx, &events, ARGS(U64(tenant), U64(tenant), U64(id), I64(limit)));
}

struct rows db_opt_outs(struct ctx *ctx, uint64_t tenant, int64_t before_ms, uint64_t before_id, int limit)
{
    if (before_ms == CLOCK_NONE)
        return stmt_all(ctx, &page_first, ARGS(U64(tenant), I64(limit)));
    return stmt_all(ctx, &page_next, ARGS(U64(tenant), TIME(before_ms), TIME(before_ms), U64(before_id), I64(limit)));
}

struct rows db_opt_outs_of(struct ctx *ctx, uint64_t tenant, const uint8_t *hash)
{
    return stmt_all(ctx, &of_person, ARGS(U64(tenant), BYTES((const char *)hash, KEY_HASH)));
}

struct rows db_opt_outs_like(struct ctx *ctx, uint64_t tenant, const char *like, int limit)
{
    return stmt_all(ctx, &like_address, ARGS(U64(tenant), TEXT(like), I64(limit)));
}

struct rows db_opt_outs_to_review(struct ctx *ctx, uint64_t tenant, int limit)
{
    return stmt_all(ctx, &to_review, ARGS(U64(tenant), I64(limit)));
}

struct rows db_opt_out_waiting(struct ctx *ctx, uint64_t tenant, const char *address_key, const char *channel, int limit)
{
    return stmt_all(ctx, &waiting, ARGS(U64(tenant), TEXT(address_key), TEXT(one(channel)), TEXT(one(channel)), I64(limit)));
}

struct rows db_opt_out_talks(struct ctx *ctx, uint64_t tenant, const char *address_key, const char *channel, int limit)
{
    return stmt_all(ctx, &talks, ARGS(U64(tenant), TEXT(address_key), TEXT(one(channel)), TEXT(one(channel)), I64(limit)));
}
