/* opt_out.h - the ledger of opt-outs: present state, events, words, doubts. */
#ifndef CENTRALA_STORE_OPT_OUT_H
#define CENTRALA_STORE_OPT_OUT_H
#include "store/stmt.h"

enum { KEY_HASH = 32 };

struct opt_out_row {
    uint64_t id;
    const char *channel, *state, *source, *address_key; /* the last NULL after erasure */
    bool review;
    const char *message_sid, *reason, *actor;
    int64_t changed_ms;
};
#define OPT_OUT_ROW(F) F(U64, id, 0) F(TEXT, channel, 0) F(TEXT, state, 0) F(TEXT, source, 0) F(TEXT, address_key, 0) F(BOOL, review, 0) \
    F(TEXT, message_sid, 0) F(TEXT, reason, 0) F(TEXT, actor, 0) F(TIME, changed_ms, 0)
extern const struct row_type opt_out_row_type;

struct opt_out_event_row { uint64_t id; const char *channel, *kind, *source, *message_sid, *reason, *actor; int64_t created_ms; };
#define OPT_OUT_EVENT_ROW(F) F(U64, id, 0) F(TEXT, channel, 0) F(TEXT, kind, 0) F(TEXT, source, 0) F(TEXT, message_sid, 0) F(TEXT, reason, 0) \
    F(TEXT, actor, 0) F(TIME, created_ms, 0)
extern const struct row_type opt_out_event_row_type;

struct opt_out_word_row { const char *word, *meaning, *spelled; };
#define OPT_OUT_WORD_ROW(F) F(TEXT, word, 0) F(TEXT, meaning, 0) F(TEXT, spelled, 0)
extern const struct row_type opt_out_word_row_type;

struct opt_out_doubt_row { uint64_t conversation_id, message_id; const char *peer, *channel, *name, *body; int64_t created_ms; };
#define OPT_OUT_DOUBT_ROW(F) F(U64, conversation_id, 0) F(U64, message_id, 0) F(TEXT, peer, 0) F(TEXT, channel, 0) F(TEXT, name, 0) F(TEXT, body, 0) F(TIME, created_ms, 0)
extern const struct row_type opt_out_doubt_row_type;

/* Ids of something in a conversation; message_id and outbox_id 0 where it is the conversation alone. */
struct opt_out_place { uint64_t conversation_id, message_id, outbox_id; };
#define OPT_OUT_PLACE(F) F(U64, conversation_id, 0) F(U64, message_id, 0) F(U64, outbox_id, 0)
extern const struct row_type opt_out_place_type;

/* What an entry is to become; texts may be NULL but channel, state, source. */
struct opt_out_new {
    const uint8_t *hash;
    const char *channel, *state, *source, *address_key;
    bool review;
    const char *message_sid, *reason, *cause;
    uint64_t user_id;
    const char *actor;
};

/* The entry by which nothing is sent there, NULL when there is none. */
struct opt_out_row *db_opt_out_in_force(struct ctx *ctx, uint64_t tenant, const uint8_t *hash, const char *channel);
struct opt_out_row *db_opt_out_get(struct ctx *ctx, uint64_t tenant, uint64_t id);
/* Inside a transaction, as the next. Out, unless it is so already by a source as strong: 1 changed, 0 stays, -1 failure. */
int db_opt_out_put(struct ctx *ctx, uint64_t tenant, const struct opt_out_new *row);
/* In: entries of that channel ("all": every one) and, unless `only` is NULL, of that source. How many, -1 failure. */
int64_t db_opt_out_lift(struct ctx *ctx, uint64_t tenant, const struct opt_out_new *row, const char *only);
/* The customer asks again: what the provider said is to be looked at. */
bool db_opt_out_ask(struct ctx *ctx, uint64_t tenant, const uint8_t *hash, const char *channel);
/* Has anything been recorded about the person on that channel since? False too on failure. */
bool db_opt_out_since(struct ctx *ctx, uint64_t tenant, const uint8_t *hash, const char *channel, int64_t since_ms);
/* A person has looked at what the provider said, and lets it stand. */
int64_t db_opt_out_confirm(struct ctx *ctx, uint64_t tenant, uint64_t id, uint64_t user, const char *actor);
/* Addresses and free words away, hashes stay. */
bool db_opt_out_forget(struct ctx *ctx, uint64_t tenant, const uint8_t *hash);

/* 1 new, 0 its cause has been there before, -1 failure. `state` of the row is the event's kind. */
int db_opt_out_event(struct ctx *ctx, uint64_t tenant, const struct opt_out_new *row);
/* An event of that kind about an entry as it is. */
bool db_opt_out_event_of(struct ctx *ctx, uint64_t tenant, uint64_t id, const char *kind, uint64_t user, const char *actor);
bool db_opt_out_caused(struct ctx *ctx, uint64_t tenant, const char *cause);
/* Of the person of that entry, newest first. */
struct rows db_opt_out_events(struct ctx *ctx, uint64_t tenant, uint64_t id, int limit);

/* Those that are out, newest first; `before_ms`/`before_id` the last row of the page before (CLOCK_NONE: first page). */
struct rows db_opt_outs(struct ctx *ctx, uint64_t tenant, int64_t before_ms, uint64_t before_id, int limit);
/* Of one person, whatever the channel. */
struct rows db_opt_outs_of(struct ctx *ctx, uint64_t tenant, const uint8_t *hash);
struct rows db_opt_outs_like(struct ctx *ctx, uint64_t tenant, const char *like, int limit);
struct rows db_opt_outs_to_review(struct ctx *ctx, uint64_t tenant, int limit);

/* Rows of outbox that wait for that person there, and the person's conversations there (struct opt_out_place). */
struct rows db_opt_out_waiting(struct ctx *ctx, uint64_t tenant, const char *address_key, const char *channel, int limit);
struct rows db_opt_out_talks(struct ctx *ctx, uint64_t tenant, const char *address_key, const char *channel, int limit);

struct rows db_opt_out_words(struct ctx *ctx, uint64_t tenant);
struct rows db_opt_out_words_like(struct ctx *ctx, uint64_t tenant, const char *whole, const char *first);
bool db_opt_out_word_put(struct ctx *ctx, uint64_t tenant, const struct opt_out_word_row *row, uint32_t hash);
int64_t db_opt_out_word_delete(struct ctx *ctx, uint64_t tenant, const char *word);

/* 1 new, 0 known, -1 failure. */
int db_opt_out_doubt_insert(struct ctx *ctx, uint64_t tenant, uint64_t conversation, uint64_t message);
struct rows db_opt_out_doubts(struct ctx *ctx, uint64_t tenant, int limit);
/* The open ones of a conversation become `state` ("yes", "no"), and so do their notes in the chat. How many, -1 failure. */
int64_t db_opt_out_decide(struct ctx *ctx, uint64_t tenant, uint64_t conversation, const char *state, uint64_t user, const char *actor);

#endif
