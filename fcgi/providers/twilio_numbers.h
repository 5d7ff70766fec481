/* twilio_numbers.h - the numbers of a Twilio account and the Messaging Services that hold them.
 * Source: Twilio API 2010-04-01 (IncomingPhoneNumbers), messaging v1 (Services, PhoneNumbers).
 *
 * SmsUrl is where a text to the number is posted. A number's StatusCallback is about voice calls and is not touched: the
 * states of messages are told to the StatusCallback of each message. Two things override SmsUrl: an application
 * (sms_application_sid), and a Messaging Service unless it defers to the number. */
#ifndef CENTRALA_TWILIO_NUMBERS_H
#define CENTRALA_TWILIO_NUMBERS_H
#include "base/base.h"
#include "providers/twilio.h"

enum { TWILIO_NUMBERS_PAGE = 50 };

struct twilio_number {
    const char *sid, *number, *name;      /* PN…, +48…, the friendly name */
    const char *sms_url, *sms_method, *sms_application_sid; /* "" when none */
    bool sms, mms;
};
/* What a page or a change answered. `ok` is false unless it was understood whole; then code and message say why. */
struct twilio_numbers {
    bool ok;
    size_t n;
    struct twilio_number *v;
    const char *next;                     /* relative URI or NULL */
    int code;
    const char *message;                  /* Twilio's words, NULL when none */
};
/* GET IncomingPhoneNumbers.json, `size` a page; `number` NULL: all. `next` non-NULL follows a page; false when it leaves our
 * account. */
bool twilio_numbers_call(struct arena *a, const struct conf *conf, const struct twilio_account *acc, const char *number, int size,
                         const char *next, struct call *call);
void twilio_numbers_result(struct arena *a, const struct twilio_account *acc, const struct answer *answer, struct twilio_numbers *out);
/* POST IncomingPhoneNumbers/{sid}.json: SmsUrl and SmsMethod=POST, nothing else. The answer is read as one number. */
void twilio_number_call(struct arena *a, const struct conf *conf, const struct twilio_account *acc, const char *sid, const char *sms_url,
                        struct call *call);
void twilio_number_result(struct arena *a, const struct answer *answer, struct twilio_numbers *out);

struct twilio_service { const char *sid, *name, *inbound_url; bool defers; }; /* defers: the number's own address is used */
struct twilio_services { bool ok; size_t n; struct twilio_service *v; int code; const char *message; };
/* GET /v1/Services or, with `sid`, /v1/Services/{sid}; the first page. */
void twilio_services_call(struct arena *a, const struct conf *conf, const struct twilio_account *acc, const char *sid, struct call *call);
void twilio_services_result(struct arena *a, const struct answer *answer, struct twilio_services *out);
/* GET /v1/Services/{sid}/PhoneNumbers, the first page of up to 1000: sid and number alone. */
void twilio_service_numbers_call(struct arena *a, const struct conf *conf, const struct twilio_account *acc, const char *sid, struct call *call);
void twilio_service_numbers_result(struct arena *a, const struct answer *answer, struct twilio_numbers *out);

#endif
