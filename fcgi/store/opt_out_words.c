/* opt_out_words.c - a tenant's own words, and messages in doubt (declared in opt_out.h). */
#include "base/base.h"
#include "store/opt_out.h"

#define OPT_OUT_WORD_FIELD(kind, member, flags) FIELD_ENTRY(opt_out_word_row, kind, member, flags)
ROW_TYPE(opt_out_word_row, OPT_OUT_WORD_ROW(OPT_OUT_WORD_FIELD));
#define OPT_OUT_DOUBT_FIELD(kind, member, flags) FIELD_ENTRY(opt_out_doubt_row, kind, member, flags)
ROW_TYPE(opt_out_doubt_row, OPT_OUT_DOUBT_ROW(OPT_OUT_DOUBT_FIELD));

#define WORDS "SELECT word,meaning,spelled FROM opt_out_word "
static const struct sql words = SQL_REPEATABLE(WORDS "WHERE tenant_id=? ORDER BY meaning,word LIMIT 200", &opt_out_word_row_type);
static const struct sql words_like = SQL_REPEATABLE(WORDS "WHERE tenant_id=? AND word IN (?,?) LIMIT 2", &opt_out_word_row_type);
static const struct sql word_put =
    SQL_REPEATABLE("INSERT INTO opt_out_word (tenant_id,word,hash,meaning,spelled) VALUES (?,?,?,?,?) "
                   "ON DUPLICATE KEY UPDATE meaning=VALUES(meaning),spelled=VALUES(spelled)", NULL);
static const struct sql word_delete = SQL_REPEATABLE("DELETE FROM opt_out_word WHERE tenant_id=? AND word=?", NULL);

static const struct sql doubt_insert =
    SQL("INSERT INTO opt_out_doubt (tenant_id,conversation_id,message_id) VALUES (?,?,?) ON DUPLICATE KEY UPDATE message_id=opt_out_doubt.message_id", NULL);
static const struct sql doubts =
    SQL_REPEATABLE("SELECT d.conversation_id,d.message_id,c.peer,c.channel,c.name,m.body,d.created_at FROM opt_out_doubt d "
                   "JOIN message m ON m.tenant_id=d.tenant_id AND m.conversation_id=d.conversation_id AND m.id=d.message_id "
                   "JOIN conversation c ON c.tenant_id=d.tenant_id AND c.id=d.conversation_id "
                   "WHERE d.tenant_id=? AND d.state='open' ORDER BY d.created_at DESC LIMIT ?", &opt_out_doubt_row_type);
static const struct sql doubt_decide =
    SQL_REPEATABLE("UPDATE opt_out_doubt SET state=?,decided_at=UTC_TIMESTAMP(3),user_id=?,actor=LEFT(?,190) WHERE tenant_id=? AND conversation_id=? AND state='open'", NULL);
static const struct sql doubt_notes =
    SQL_REPEATABLE("UPDATE message SET status=CONCAT('opt-out-',?),author_id=?,author=LEFT(?,190) WHERE tenant_id=? AND conversation_id=? AND direction=2 "
                   "AND status='opt-out-doubt'", NULL);

struct rows db_opt_out_words(struct ctx *ctx, uint64_t tenant)
{
    return stmt_all(ctx, &words, ARGS(U64(tenant)));
}

struct rows db_opt_out_words_like(struct ctx *ctx, uint64_t tenant, const char *whole, const char *first)
{
    return stmt_all(ctx, &words_like, ARGS(U64(tenant), TEXT(whole), TEXT(first)));
}

bool db_opt_out_word_put(struct ctx *ctx, uint64_t tenant, const struct opt_out_word_row *r, uint32_t hash)
{
    return stmt_do(ctx, &word_put, ARGS(U64(tenant), TEXT(r->word), U64(hash), TEXT(r->meaning), TEXT(r->spelled))) >= 0;
}

int64_t db_opt_out_word_delete(struct ctx *ctx, uint64_t tenant, const char *word)
{
    return stmt_do(ctx, &word_delete, ARGS(U64(tenant), TEXT(word)));
}

int db_opt_out_doubt_insert(struct ctx *ctx, uint64_t tenant, uint64_t conversation, uint64_t message)
{
    int64_t n = stmt_do(ctx, &doubt_insert, ARGS(U64(tenant), U64(conversation), U64(message)));
    return n < 0 ? -1 : n > 0;
}

struct rows db_opt_out_doubts(struct ctx *ctx, uint64_t tenant, int limit)
{
    return stmt_all(ctx, &doubts, ARGS(U64(tenant), I64(limit)));
}

int64_t db_opt_out_decide(struct ctx *ctx, uint64_t tenant, uint64_t conversation, const char *state, uint64_t user, const char *actor)
{
    int64_t n = stmt_do(ctx, &doubt_decide, ARGS(TEXT(state), ID_OR_NULL(user), TEXT(actor), U64(tenant), U64(conversation)));
    if (n <= 0)
        return n;
    return stmt_do(ctx, &doubt_notes, ARGS(TEXT(state), ID_OR_NULL(user), TEXT(actor), U64(tenant), U64(conversation))) < 0 ? -1 : n;
}
