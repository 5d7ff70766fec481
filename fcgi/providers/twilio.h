/* twilio.h - Twilio's REST API as functions: they build requests and read answers, and decide nothing.
 * Source: Twilio API 2010-04-01 (Messages), OpenAPI document; verdicts by code are data in etc/error-codes. */
#ifndef CENTRALA_TWILIO_H
#define CENTRALA_TWILIO_H
#include "base/base.h"
#include "base/clock.h"
#include "base/conf.h"
#include "providers/client.h"

struct twilio_account {
    const char *sid;                   /* AC… : in the path */
    const char *user, *password;       /* API key and secret, or SID and Auth Token */
    const char *api_base;
};

struct twilio_message {                /* what to send; NULL members are left out */
    const char *to, *from, *messaging_service_sid, *body;
    const char *const *media_urls;     /* NULL-ended */
    const char *content_sid, *content_variables;
    const char *status_callback;
    int validity_s;                    /* 0: not sent */
};

struct twilio_result {
    enum call_class class;             /* the answer's, but a 2xx without a SID in it is CALL_UNKNOWN */
    const char *sid, *status;          /* when accepted */
    int code;                          /* Twilio's error code, 0 when none */
    const char *message;               /* Twilio's words, at most 500 bytes of clean UTF-8, NULL when none; may name customers */
    int64_t retry_after_ms;
    int segments;                      /* 0 when Twilio does not know yet */
    const char *from;                  /* the sender Twilio chose, NULL when not yet */
};

/* Fills `call` for POST Messages.json (memory in `a`). */
void twilio_send_call(struct arena *a, const struct conf *conf, const struct twilio_account *acc,
                      const struct twilio_message *m, int limit_ms, struct call *call);
void twilio_send_result(struct arena *a, const struct answer *answer, struct twilio_result *out);

/* Why a call was refused: Twilio's code (0: none) and words (NULL: none), clean, at most 500 bytes. */
void twilio_read_refusal(struct arena *a, const struct answer *answer, int *code, const char **message);

struct twilio_listed {                 /* one message of a list page or a single fetch */
    const char *sid, *status, *direction, *from, *to, *body, *messaging_service_sid, *error_message, *price, *price_unit;
    int error_code, num_segments, num_media;
    int64_t created_ms, sent_ms, updated_ms; /* CLOCK_NONE when null */
};
/* `ok` is false unless the whole page was understood: an absence in it proves nothing then. */
struct twilio_page { bool ok; size_t n; struct twilio_listed *v; const char *next; /* relative URI or NULL */ };
/* GET Messages.json?To=…&From=…&DateSent>=…, newest first; NULL and CLOCK_NONE leave a filter out. DateSent is asked by
 * whole days: the caller filters by time. A message that waits has no DateSent yet: who looks for one that may have been
 * lost asks without it and stops at created_ms. `next` non-NULL follows a page; false when it leaves our account. */
bool twilio_list_call(struct arena *a, const struct conf *conf, const struct twilio_account *acc, const char *to,
                      const char *from, int64_t since_ms, const char *next, struct call *call);
/* The same with every filter: one day, or a range of days (CLOCK_NONE: not asked), and a page size (0: ours). Days are
 * GMT days of DateSent, whatever the moment's hour. */
struct twilio_filter { const char *to, *from; int64_t day_ms, before_ms, after_ms; int page_size; };
bool twilio_find_call(struct arena *a, const struct conf *conf, const struct twilio_account *acc, const struct twilio_filter *filter, const char *next, struct call *call);
void twilio_list_result(struct arena *a, const struct twilio_account *acc, const struct answer *answer, struct twilio_page *out);

/* GET Messages/{sid}.json, and its answer (false: not a message; `class` and status of the answer say why). */
void twilio_fetch_call(struct arena *a, const struct conf *conf, const struct twilio_account *acc, const char *sid, struct call *call);
bool twilio_fetch_result(struct arena *a, const struct answer *answer, struct twilio_listed *out);

/* GET Accounts/{sid}.json: a free check that the SID and Auth Token belong together (API keys may not ask it). */
struct twilio_account_state { bool ok; const char *status, *type; int code; const char *message; };
void twilio_account_call(struct arena *a, const struct conf *conf, const struct twilio_account *acc, struct call *call);
void twilio_account_result(struct arena *a, const struct answer *answer, struct twilio_account_state *out);

#endif
