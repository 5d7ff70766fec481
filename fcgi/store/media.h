/* media.h - attachments of messages, how far each one has come, and the files behind them. */
#ifndef CENTRALA_STORE_MEDIA_H
#define CENTRALA_STORE_MEDIA_H
#include "store/stmt.h"

/* As a chat shows it, as it is served, as it is sent. The file's members are NULL and 0 unless it is stored. */
struct media_row {
    uint64_t message_id;
    int64_t position;
    const char *content_type, *url, *state, *reason, *file_name;
    const char *sha256, *file_type;
    int64_t size;
};
#define MEDIA_ROW(F) F(U64, message_id, 0) F(I64, position, 0) F(TEXT, content_type, 0) F(TEXT, url, 0) F(TEXT, state, 0) F(TEXT, reason, 0) \
    F(TEXT, file_name, 0) F(TEXT, sha256, 0) F(TEXT, file_type, 0) F(I64, size, 0)
extern const struct row_type media_row_type;

/* Which one: the key of a row. */
struct media_key { uint64_t conversation_id, message_id; int64_t position; };
bool db_media_insert(struct ctx *ctx, uint64_t tenant, const struct media_key *key, const struct media_row *m);
/* Of the messages of a conversation with ids in [from, to]. */
struct rows db_media_of(struct ctx *ctx, uint64_t tenant, uint64_t conversation, uint64_t from, uint64_t to);
struct media_row *db_media_get(struct ctx *ctx, uint64_t tenant, const struct media_key *key);

/* Fetching. */
struct media_due_row { uint64_t tenant_id, conversation_id, message_id; int64_t position; };
#define MEDIA_DUE_ROW(F) F(U64, tenant_id, 0) F(U64, conversation_id, 0) F(U64, message_id, 0) F(I64, position, 0)
extern const struct row_type media_due_row_type;
/* Of all tenants: pending ones, and those whose fetcher has gone. */
struct rows db_media_due(struct ctx *ctx, int limit);
/* 1 ours until the lease ends, 0 somebody else's or not due, -1 failure. Counts a try. */
int db_media_claim(struct ctx *ctx, uint64_t tenant, const struct media_key *key, const char *claim, int64_t lease_s);
struct media_fetch_row { const char *url, *content_type, *sid; int64_t tries; };
#define MEDIA_FETCH_ROW(F) F(TEXT, url, 0) F(TEXT, content_type, 0) F(TEXT, sid, 0) F(I64, tries, 0)
extern const struct row_type media_fetch_row_type;
struct media_fetch_row *db_media_fetch(struct ctx *ctx, uint64_t tenant, const struct media_key *key, const char *claim);
/* Ends our claim: 0 when it was lost. `in_ms`: when a pending one is looked at again. */
int db_media_release(struct ctx *ctx, uint64_t tenant, const struct media_key *key, const char *claim, const char *state, const char *reason, int64_t in_ms);
int db_media_stored(struct ctx *ctx, uint64_t tenant, const struct media_key *key, const char *claim, const char *sha256);
/* A stored one whose file is not there and cannot come again. */
bool db_media_lost(struct ctx *ctx, uint64_t tenant, const struct media_key *key);
/* From the state `from` to pending, as if it had never been tried; 0 when it is in another. */
int db_media_again(struct ctx *ctx, uint64_t tenant, const struct media_key *key, const char *from, const char *reason);

/* Files. */
bool db_media_file_put(struct ctx *ctx, uint64_t tenant, const char *sha256, const char *type, int64_t size);
struct media_file_row { const char *content_type; int64_t size; };
#define MEDIA_FILE_ROW(F) F(TEXT, content_type, 0) F(I64, size, 0)
extern const struct row_type media_file_row_type;
struct media_file_row *db_media_file_get(struct ctx *ctx, uint64_t tenant, const char *sha256);
struct media_orphan_row { uint64_t tenant_id; const char *sha256; };
#define MEDIA_ORPHAN_ROW(F) F(U64, tenant_id, 0) F(TEXT, sha256, 0)
extern const struct row_type media_orphan_row_type;
/* Files of all tenants that no message has, and that were not touched for a day. */
struct rows db_media_orphans(struct ctx *ctx, int limit);
/* Those that a message has and no other message has. */
struct rows db_media_only_of(struct ctx *ctx, uint64_t tenant, uint64_t conversation, uint64_t message);
/* Its attachments' addresses and files are forgotten; what they were stays: state removed. */
bool db_media_remove(struct ctx *ctx, uint64_t tenant, uint64_t conversation, uint64_t message);
/* 1 it is forgotten, 0 a message has it (again), -1 failure. */
int db_media_file_forget(struct ctx *ctx, uint64_t tenant, const char *sha256);

#endif
