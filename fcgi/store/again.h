/* again.h - failed messages as somebody sends them again (services/again.h). */
#ifndef CENTRALA_STORE_AGAIN_H
#define CENTRALA_STORE_AGAIN_H
#include "store/stmt.h"

/* One of ours that has failed, and what its send was. */
struct again_row {
    uint64_t id;
    int64_t error_code;
    bool simulated, redacted;
    int num_media;
    const char *body, *messaging_service_sid, *content_sid, *content_variables;
    uint64_t batch_id;  /* of bulk, 0: none */
    bool settled;       /* nobody works on the send, and no question about it is open */
    bool done;          /* somebody has sent it again, or its batch has, or is about to */
};
#define AGAIN_ROW(F) F(U64, id, 0) F(I64, error_code, 0) F(BOOL, simulated, 0) F(BOOL, redacted, 0) F(INT, num_media, 0) F(TEXT, body, 0) \
    F(TEXT, messaging_service_sid, 0) F(TEXT, content_sid, 0) F(TEXT, content_variables, 0) F(U64, batch_id, 0) F(BOOL, settled, 0) F(BOOL, done, 0)
extern const struct row_type again_row_type;

/* Of the conversation's messages with ids in [from, to], newest first; what never was in our outbox is not among them. */
struct rows db_again_rows(struct ctx *ctx, uint64_t tenant, uint64_t conversation, uint64_t from, uint64_t to);
/* The nonce by which all this is known. */
const char *again_nonce(struct arena *a, uint64_t conversation, uint64_t message);
/* In the transaction of the new message: its batch does not send it, too. 1 so it is, 0 it does already, -1 failure. */
int db_again_take(struct ctx *ctx, uint64_t tenant, uint64_t batch, uint64_t conversation, uint64_t message);

#endif
