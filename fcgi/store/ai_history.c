/* ai_history.c - what a model reads of a conversation. */
#include "base/base.h"
#include "store/ai_history.h"

#define SAID_FIELD(kind, member, flags) FIELD_ENTRY(said_row, kind, member, flags)
ROW_TYPE(said_row, SAID_ROW(SAID_FIELD));

static const struct sql said =
    SQL_REPEATABLE("SELECT m.id,m.direction,m.body,IF(m.num_media=0,NULL,(SELECT GROUP_CONCAT(e.content_type ORDER BY e.position) FROM message_media e "
                   "WHERE e.tenant_id=m.tenant_id AND e.conversation_id=m.conversation_id AND e.message_id=m.id)),m.extra FROM message m "
                   "WHERE m.tenant_id=? AND m.conversation_id=? AND m.id<=? AND m.direction<2 AND m.status NOT IN ('failed','undelivered','canceled') "
                   "ORDER BY m.id DESC LIMIT ?", &said_row_type);

struct rows db_said(struct ctx *ctx, uint64_t tenant, uint64_t conversation, uint64_t upto, int limit)
{
    return stmt_all(ctx, &said, ARGS(U64(tenant), U64(conversation), U64(upto ? upto : INT64_MAX), I64(limit)));
}
