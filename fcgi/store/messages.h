/* messages.h - messages, their ledger of events, totals. */
#ifndef CENTRALA_STORE_MESSAGES_H
#define CENTRALA_STORE_MESSAGES_H
#include "store/stmt.h"

enum direction { INBOUND = 0, OUTBOUND = 1, NOTE = 2 }; /* NOTE: ours alone, in the chat only; status is its kind, body its detail */
enum author_kind { AUTHOR_CUSTOMER, AUTHOR_USER, AUTHOR_API, AUTHOR_AUTO, AUTHOR_MODEL, AUTHOR_SCHEDULE, AUTHOR_BULK };

/* As a chat shows it. */
struct message_row {
    uint64_t id;
    int direction;
    const char *status;
    bool simulated;
    int author_kind;
    const char *author;      /* the user's name then, NULL when none */
    const char *sid;
    int segments, num_media;
    int64_t error_code;
    const char *error_text, *extra, *body;
    int64_t status_ms, created_ms;
};
#define MESSAGE_ROW(F) F(U64, id, 0) F(INT, direction, 0) F(TEXT, status, 0) F(BOOL, simulated, 0) F(INT, author_kind, 0) F(TEXT, author, 0) \
    F(TEXT, sid, 0) F(INT, segments, 0) F(INT, num_media, 0) F(I64, error_code, 0) F(TEXT, error_text, 0) F(TEXT, extra, 0) F(TEXT, body, 0) \
    F(TIME, status_ms, 0) F(TIME, created_ms, 0)
extern const struct row_type message_row_type;

/* As a history shows it: with its conversation. */
struct history_row {
    uint64_t id, conversation_id;
    int direction;
    const char *status;
    bool simulated;
    const char *sid;
    int segments, num_media;
    int64_t error_code;
    const char *error_text, *body;
    int64_t status_ms, created_ms;
    const char *peer, *channel, *name, *line;
};
#define HISTORY_ROW(F) F(U64, id, 0) F(U64, conversation_id, 0) F(INT, direction, 0) F(TEXT, status, 0) F(BOOL, simulated, 0) F(TEXT, sid, 0) \
    F(INT, segments, 0) F(INT, num_media, 0) F(I64, error_code, 0) F(TEXT, error_text, 0) F(TEXT, body, 0) F(TIME, status_ms, 0) F(TIME, created_ms, 0) \
    F(TEXT, peer, 0) F(TEXT, channel, 0) F(TEXT, name, 0) F(TEXT, line, 0)
extern const struct row_type history_row_type;

/* What the delivery rules need to know of a message. */
struct state_row { uint64_t conversation_id, id; const char *status; int rank; int64_t error_code; const char *sid; int direction; };
#define STATE_ROW(F) F(U64, conversation_id, 0) F(U64, id, 0) F(TEXT, status, 0) F(INT, rank, 0) F(I64, error_code, 0) F(TEXT, sid, 0) F(INT, direction, 0)
extern const struct row_type state_row_type;

struct event_row { const char *status; int64_t error_code; const char *error_text, *source; int64_t created_ms; };
#define EVENT_ROW(F) F(TEXT, status, 0) F(I64, error_code, 0) F(TEXT, error_text, 0) F(TEXT, source, 0) F(TIME, created_ms, 0)
extern const struct row_type event_row_type;

/* When the tenant's conversations changed last, as live views follow it: by a new message, and by anything else. */
struct mark_row { int64_t last_ms, changed_ms; };
#define MARK_ROW(F) F(TIME, last_ms, 0) F(TIME, changed_ms, 0)
extern const struct row_type mark_row_type;

struct total_row {
    int64_t inbound, outbound;
    struct mark_row mark;
    int64_t now_ms;            /* the database's clock */
    struct history_row latest; /* .id 0: there is none */
};
#define TOTAL_ROW(F) F(I64, inbound, 0) F(I64, outbound, 0) F(TIME, mark.last_ms, 0) F(TIME, mark.changed_ms, 0) F(TIME, now_ms, 0)
extern const struct row_type total_row_type;

/* The least id of a message of that moment (schema/0001, time_id). */
static inline uint64_t message_id_at(int64_t ms)
{
    static const int64_t epoch = INT64_C(1577836800000);
    return ms > epoch ? (uint64_t)(ms - epoch) << 12 : 0;
}

/* Inbound: one CALL, see schema/0015 message_ingest. outcome: "stored", "duplicate" or "unrouted". Of a message that was
 * stored on a line the caller knew nothing is told: NULL without an error. */
struct inbound {
    uint64_t line;          /* 0: not known, or the ids are wanted */
    int64_t answer_after_s; /* of that line; below 0: nothing answers there by itself */
    const char *to, *from, *key, *phone, *name, *channel, *sid, *body, *preview, *media, *extra, *detail; /* media, extra may be NULL */
    int segments, num_media;
};
struct ingest_row { const char *outcome; uint64_t conversation_id, message_id, line_id; int64_t answer_after_s; };
#define INGEST_ROW(F) F(TEXT, outcome, 0) F(U64, conversation_id, 0) F(U64, message_id, 0)
extern const struct row_type ingest_row_type, arrival_row_type; /* the latter with the line */
struct ingest_row *db_message_ingest(struct ctx *ctx, uint64_t tenant, const struct inbound *in);

/* An inbound message that was stored later than it arrived keeps its time, and so does WhatsApp's window. */
bool db_message_backdate(struct ctx *ctx, uint64_t tenant, uint64_t conversation, uint64_t id, int64_t created_ms);

/* Outbound: the row before Twilio is called; inside a transaction, with the id that db_conversation_bump() gave. */
struct outbound { uint64_t conversation_id, id; const char *body; int author_kind, segments, num_media; uint64_t author_id; const char *author; bool simulated; };
bool db_message_insert(struct ctx *ctx, uint64_t tenant, const struct outbound *m);

/* A note in the chat (services/note.h), after everything that is there; conversation's list row stays as it is. */
bool db_note_insert(struct ctx *ctx, uint64_t tenant, uint64_t conversation, const char *kind, const char *detail, uint64_t user, const char *author);

/* A chat's page, notes among it: newest first; `before` 0 = from the newest. */
struct rows db_messages_page(struct ctx *ctx, uint64_t tenant, uint64_t conversation, uint64_t before, int limit);
/* The same without notes. */
struct rows db_messages_without_notes(struct ctx *ctx, uint64_t tenant, uint64_t conversation, uint64_t before, int limit);
/* A history page of one direction: newest first, ids below `before` and not below `floor`. */
struct rows db_history_page(struct ctx *ctx, uint64_t tenant, enum direction direction, uint64_t before, int limit);
struct rows db_history_all(struct ctx *ctx, uint64_t tenant, uint64_t before, int limit);
/* The same, only rows whose text, name or address is like that, among ids in [floor, before): the caller bounds the range. */
struct history_search { const char *like, *like_peer; bool inbound, outbound, failed; };
struct rows db_history_find(struct ctx *ctx, uint64_t tenant, const struct history_search *s, uint64_t floor, uint64_t before, int limit);
struct rows db_history_failed(struct ctx *ctx, uint64_t tenant, uint64_t floor, uint64_t before, int limit);
/* The id that lies `n` messages below `before` in both directions together (at least), 0 when there are fewer. */
uint64_t db_history_floor(struct ctx *ctx, uint64_t tenant, uint64_t before, int n);
struct history_row *db_message_by_sid(struct ctx *ctx, uint64_t tenant, const char *sid);

/* What a sender is told: the state now. */
struct message_report { const char *sid, *status; bool simulated; int64_t error_code; const char *error_text; };
#define MESSAGE_REPORT(F) F(TEXT, sid, 0) F(TEXT, status, 0) F(BOOL, simulated, 0) F(I64, error_code, 0) F(TEXT, error_text, 0)
extern const struct row_type message_report_type;
struct message_report *db_message_report(struct ctx *ctx, uint64_t tenant, uint64_t conversation, uint64_t id);

/* Of the newest message of each of the `limit` newest conversations: those that have an error. */
struct last_error_row { uint64_t message_id; int64_t error_code; const char *error_text; };
#define LAST_ERROR_ROW(F) F(U64, message_id, 0) F(I64, error_code, 0) F(TEXT, error_text, 0)
extern const struct row_type last_error_row_type;
struct rows db_last_errors(struct ctx *ctx, uint64_t tenant, int limit);

/* States. The ledger first, then the message if its rank rises. */
bool db_event_insert(struct ctx *ctx, uint64_t tenant, const char *sid, const char *status, int64_t error_code, const char *error_text,
                     const char *source, const char *detail);
struct rows db_events_of(struct ctx *ctx, uint64_t tenant, const char *sid);
struct state_row *db_message_state_by_sid(struct ctx *ctx, uint64_t tenant, const char *sid);
struct state_row *db_message_state(struct ctx *ctx, uint64_t tenant, uint64_t conversation, uint64_t id);
/* 1 changed, 0 the rank did not rise, -1 failure. */
int db_message_raise(struct ctx *ctx, uint64_t tenant, uint64_t conversation, uint64_t id, const char *status, int rank);
/* Sets the error unless there is one; words for a code that came without any are added. */
bool db_message_error(struct ctx *ctx, uint64_t tenant, uint64_t conversation, uint64_t id, int64_t code, const char *text);
/* Our own words about an outcome that is not known, over earlier ones; 1 changed, 0 the same as before or an answer has come. */
int db_message_doubt(struct ctx *ctx, uint64_t tenant, uint64_t conversation, uint64_t id, const char *text);
/* Gives the message its SID unless it has one. What we ourselves had concluded before (that it never arrived) was wrong then. */
bool db_message_adopt(struct ctx *ctx, uint64_t tenant, uint64_t conversation, uint64_t id, const char *sid, int segments);

/* Totals (the kept ones plus the rows after them), the newest message and the mark, of one moment. */
struct total_row *db_totals(struct ctx *ctx, uint64_t tenant);
struct mark_row *db_totals_mark(struct ctx *ctx, uint64_t tenant);
/* Moves what is kept up to messages older than a minute. */
bool db_totals_refresh(struct ctx *ctx, uint64_t tenant);

#endif
