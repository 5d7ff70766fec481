/* shapes.h - the JSON shapes of predecessor 000 (reference: predecessors §000.2): message, twilio message, conversation. */
#ifndef CENTRALA_API_SHAPES_H
#define CENTRALA_API_SHAPES_H
#include "base/str.h"
#include "services/inbox.h"
#include "services/sending.h"

/* {id, sid, direction, to_number, from_number, body, status, error, created_at, updated_at} */
void shape_message(struct str *out, const struct history_row *m);
/* The same from a chat's row, with its conversation and our line's address. */
void shape_chat_message(struct str *out, const struct message_row *m, const struct conversation_row *c, const char *line);
/* {sid, status, direction, from, to, body, num_media, …} */
void shape_twilio_message(struct str *out, const struct history_row *m);
struct twilio_listed;
/* The same from Twilio's own list. */
void shape_listed(struct str *out, const struct twilio_listed *m);
/* {participant, message_count?, attention?, last_message {…}}; `failed` NULL when nothing went wrong with its newest message. */
void shape_conversation(struct str *out, const struct conversation_row *c, const struct last_error_row *failed);
struct request;
struct response;
/* fail(), with the predecessor's status for what Twilio refused or did not answer: 500. */
int fail_at_twilio(struct request *rq, struct response *rs);
/* {sid, status} of send-message */
void shape_sent(struct str *out, const struct send_result *r);
/* {success, sid, status, parts, characters, message} of POST /api/messages, with sids when there are several; one that still
 * waits for its turn has none yet: null. */
void shape_added(struct str *out, const struct send_result *r, size_t parts, const char *body);

#endif
