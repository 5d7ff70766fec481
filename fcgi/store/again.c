/* again.c - failed messages that may be sent again, and those that were. */
#include "base/base.h"
#include "store/again.h"

#define AGAIN_FIELD(kind, member, flags) FIELD_ENTRY(again_row, kind, member, flags)
ROW_TYPE(again_row, AGAIN_ROW(AGAIN_FIELD));

/* In a batch there is one recipient for a conversation. */
#define BATCH_TOO                                                                                                         \
    "EXISTS(SELECT 1 FROM bulk_recipient r WHERE r.tenant_id=o.tenant_id AND r.batch_id=o.batch_id AND r.conversation_id=o.conversation_id " \
    "AND (r.message_id<>o.message_id OR r.state='pending'))"
/* The batch whose recipient's newest message it is. */
#define OF_BATCH                                                                                                          \
    "COALESCE((SELECT r.batch_id FROM bulk_recipient r WHERE r.tenant_id=o.tenant_id AND r.batch_id=o.batch_id AND r.conversation_id=o.conversation_id " \
    "AND r.message_id=o.message_id LIMIT 1),0)"
static const struct sql failed =
    SQL_REPEATABLE("SELECT m.id,m.error_code,m.simulated,COALESCE(m.extra LIKE '{\"Redacted\"%',0),m.num_media,m.body,o.messaging_service_sid,o.content_sid,o.content_variables,"
                   OF_BATCH ",o.state IN ('sent','failed'),EXISTS(SELECT 1 FROM outbox a WHERE a.tenant_id=o.tenant_id "
                   "AND a.nonce=CONCAT('again-',o.conversation_id,'-',o.message_id)) OR " BATCH_TOO " FROM outbox o JOIN message m ON m.tenant_id=o.tenant_id "
                   "AND m.conversation_id=o.conversation_id AND m.id=o.message_id WHERE o.tenant_id=? AND o.conversation_id=? AND o.message_id>=? AND o.message_id<=? "
                   "AND m.direction=1 AND m.status IN ('failed','undelivered') ORDER BY o.message_id DESC LIMIT 50", &again_row_type);
/* Whoever writes the recipient's row first has it: a batch that begins once more looks for the nonce (store/bulk.c). */
static const struct sql take =
    SQL("UPDATE bulk_recipient SET attempt=attempt+1 WHERE tenant_id=? AND batch_id=? AND conversation_id=? AND message_id=? AND state<>'pending'", NULL);

const char *again_nonce(struct arena *a, uint64_t conversation, uint64_t message)
{
    return arena_printf(a, "again-%" PRIu64 "-%" PRIu64, conversation, message);
}

struct rows db_again_rows(struct ctx *ctx, uint64_t tenant, uint64_t conversation, uint64_t from, uint64_t to)
{
    return stmt_all(ctx, &failed, ARGS(U64(tenant), U64(conversation), U64(from), U64(to)));
}

int db_again_take(struct ctx *ctx, uint64_t tenant, uint64_t batch, uint64_t conversation, uint64_t message)
{
    return stmt_changed(ctx, &take, ARGS(U64(tenant), U64(batch), U64(conversation), U64(message)));
}
