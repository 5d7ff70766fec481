/* phone.h - telephone numbers and the addresses that carry them. Canonical form: E.164 ("+48500100100").
 *
 * An address is what Twilio writes in From and To: a number, "whatsapp:+48…", a short code, an alphanumeric sender,
 * or something else. Addresses that write to us are kept as they are; numbers that people type are normalised here. */
#ifndef CENTRALA_PHONE_H
#define CENTRALA_PHONE_H
#include "base/base.h"
#include "base/arena.h"

enum { PHONE_MAX = 16, ADDRESS_MAX = 255 };
enum channel { CHANNEL_SMS, CHANNEL_WHATSAPP, CHANNEL_RCS, CHANNEL_MESSENGER, CHANNEL_OTHER };

/* What a person typed to E.164 by the rules of `country` (ISO 3166, may be NULL: then only +… is understood).
 * Spaces, brackets, dots, dashes, slashes, 00 and the country's trunk prefix are understood, "whatsapp:" is cut off.
 * An extension ("… ext. 12") is dropped; letters are those of a telephone's keys ("1-800-FLOWERS").
 * False when it is not a number: lengths and first digits are checked by the rules in base/country.c. */
bool phone_parse(const char *typed, const char *country, char out[PHONE_MAX + 1]);
/* Is it a country whose numbers we know? (ISO 3166, two letters, any case.) */
bool phone_country_known(const char *country);
/* ^\+[1-9]\d{1,14}$ */
bool phone_is_e164(const char *s);
/* "+48 500 100 100": grouped for reading; in the arena. Unknown countries: digits in threes. */
const char *phone_display(struct arena *a, const char *e164);

enum channel address_channel(const char *address);
const char *channel_name(enum channel c); /* "sms", "whatsapp", … as in the schema and the API */
/* The part behind "whatsapp:" and the like; `address` itself when there is no prefix. */
const char *address_number(const char *address);
/* Five or six digits: a short code. */
bool address_is_short_code(const char *address);
/* The key by which the addresses of one person are matched: E.164 with national variants folded (Brazil's ninth digit,
 * Mexico's 521, Argentina's 549), lower-cased text for anything else. Never used to answer. In the arena. */
const char *address_key(struct arena *a, const char *address);

#endif
