/* twilio_remove.h - Twilio's side of taking things away: redacting a message (its text goes, the record stays), deleting
 * it, deleting a file of it, cancelling what is scheduled. Requests and answers only; each may safely be repeated.
 * Source: Twilio API 2010-04-01 (Messages, Media). */
#ifndef CENTRALA_TWILIO_REMOVE_H
#define CENTRALA_TWILIO_REMOVE_H
#include "base/base.h"
#include "providers/twilio.h"

/* POST Messages/{sid}.json with Body= (only once the message is final: else 20009). */
void twilio_redact_call(struct arena *a, const struct conf *conf, const struct twilio_account *acc, const char *sid, int limit_ms, struct call *call);
/* POST Messages/{sid}.json with Status=canceled. Never together with a redaction (30400). */
void twilio_cancel_call(struct arena *a, const struct conf *conf, const struct twilio_account *acc, const char *sid, int limit_ms, struct call *call);
/* DELETE Messages/{sid}.json */
void twilio_delete_call(struct arena *a, const struct conf *conf, const struct twilio_account *acc, const char *sid, int limit_ms, struct call *call);
/* GET Messages/{sid}/Media.json, and DELETE Messages/{sid}/Media/{media}.json */
void twilio_media_list_call(struct arena *a, const struct conf *conf, const struct twilio_account *acc, const char *sid, int limit_ms, struct call *call);
void twilio_media_delete_call(struct arena *a, const struct conf *conf, const struct twilio_account *acc, const char *sid, const char *media, int limit_ms,
                              struct call *call);

enum twilio_removal {
    TWILIO_REMOVED, /* done, or it was not there: gone is gone */
    TWILIO_LATER,   /* too early (20009), too many, or not heard: again later */
    TWILIO_REFUSED
};
struct twilio_removed {
    enum twilio_removal end;
    bool absent;             /* 404: Twilio knows no such thing */
    int code, http;          /* Twilio's error code and the answer's status; 0 when there is none */
    const char *words;       /* Twilio's, NULL when none; may name customers */
    int64_t retry_after_ms;  /* -1 when not said */
};
void twilio_removed_result(struct arena *a, const struct answer *answer, struct twilio_removed *out);
/* The SIDs (ME…) of a list of files, at most `most`; -1 when the answer is none. */
int twilio_media_list_result(struct arena *a, const struct answer *answer, const char **sids, int most);

#endif
