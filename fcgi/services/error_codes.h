/* error_codes.h - Twilio's error codes as data: what to do (verdict), what to learn (feedback), plain words.
 *
 * The table is etc/error-codes, loaded once before the fork and read-only afterwards. A code that is not in it has the
 * verdict N and says "failed, code n": Twilio adds codes at any time. */
#ifndef CENTRALA_ERROR_CODES_H
#define CENTRALA_ERROR_CODES_H
#include "base/base.h"
#include "base/arena.h"

enum code_verdict {
    VERDICT_NEVER = 'N',    /* do not send again */
    VERDICT_LATER = 'L',    /* not processed or passing: again with back-off */
    VERDICT_ONCE = '1',     /* one more try */
    VERDICT_UNKNOWN = 'U',  /* may have been sent: look it up first */
    VERDICT_CONTENT = 'C',  /* content or configuration must be mended first */
    VERDICT_NONE = '-'      /* not about a send of ours */
};

/* FEEDBACK(NAME, word in etc/error-codes): what a code teaches us about a number, a sender, the account. */
#define FEEDBACK_LIST(FEEDBACK)                                     \
    FEEDBACK(NONE, "-")                                             \
    FEEDBACK(STOP_TENANT, "stop-tenant")         /* all sending of the tenant stops, the admin is told */ \
    FEEDBACK(GONE, "gone")                       /* mark gone at the next sync */                         \
    FEEDBACK(SLOW_ACCOUNT, "slow-account")                          \
    FEEDBACK(SLOW_SENDER, "slow-sender")                            \
    FEEDBACK(NEXT_DAY, "next-day")               /* a daily cap: again tomorrow */                        \
    FEEDBACK(RECONCILE, "reconcile")                                \
    FEEDBACK(NUMBER_INVALID, "number-invalid")   /* the recipient's number is no number */                \
    FEEDBACK(NUMBER_DEAD, "number-dead")                            \
    FEEDBACK(LANDLINE, "landline")                                  \
    FEEDBACK(NO_WHATSAPP, "no-whatsapp")                            \
    FEEDBACK(OPT_OUT, "opt-out")                 /* into the opt-out ledger, source: provider */          \
    FEEDBACK(SUPPRESS, "suppress")               /* soft suppression, to be reviewed */                   \
    FEEDBACK(COOL_DOWN, "cool-down")             /* nothing to this person for a day or more */           \
    FEEDBACK(NO_AUTO_REPLY, "no-auto-reply")                        \
    FEEDBACK(DISABLE_SENDER, "disable-sender")                      \
    FEEDBACK(OTHER_SENDER, "other-sender")       /* try another kind of sender once */                    \
    FEEDBACK(TELL_ADMIN, "tell-admin")                              \
    FEEDBACK(OUR_BUG, "our-bug")                                    \
    FEEDBACK(TRIAL, "trial")                     /* banner: trial account */                              \
    FEEDBACK(SANDBOX, "sandbox")                 /* show how to join the sandbox */                       \
    FEEDBACK(CLOSE_WINDOW, "close-window")       /* the WhatsApp window is closed: offer a template */    \
    FEEDBACK(TEMPLATES, "templates")             /* resync the templates */                               \
    FEEDBACK(FILTERED, "filtered")               /* count by campaign, pause above a share */             \
    FEEDBACK(REVIEW, "review")                                      \
    FEEDBACK(AS_LINK, "as-link")                 /* send the attachment as a link */                      \
    FEEDBACK(MEDIA, "media")                     /* check our media address */                            \
    FEEDBACK(INCOMPLETE, "incomplete")           /* show "incomplete message" */                          \
    FEEDBACK(QUIET_HOURS, "quiet-hours")         /* the next allowed hour */                              \
    FEEDBACK(TRUE_STATE, "true-state")           /* fetch and show what is */                             \
    FEEDBACK(HEALTH, "health")                   /* our webhook failed: the health page shows it */

#define FEEDBACK_ENUM(name, word) FEEDBACK_##name,
enum feedback { FEEDBACK_LIST(FEEDBACK_ENUM) FEEDBACK_COUNT };
#undef FEEDBACK_ENUM

struct error_code {
    int code;
    enum code_verdict verdict;
    enum feedback feedback;
    const char *en, *pl, *es; /* plain words, a sentence without its full stop */
};

struct error_codes;

/* Reads the file; NULL and one line a mistake in `problems` otherwise. The arena owns the table. */
const struct error_codes *error_codes_load(struct arena *a, const char *path, const char **problems);
/* The same from a text. */
const struct error_codes *error_codes_parse(struct arena *a, const char *text, const char **problems);
/* The table that error_code() looks into; once, before the fork. */
void error_codes_use(const struct error_codes *table);

/* Never fails: an unknown code (or no table) is VERDICT_NEVER and "failed, code n". Words may be in `a`. */
struct error_code error_code(struct arena *a, int code);
/* The words in "pl", "es" or (anything else) English. */
const char *error_code_words(const struct error_code *e, const char *language);
/* Twilio's page about the code. */
const char *error_code_link(struct arena *a, int code);
/* The word of a feedback, for logs. */
const char *feedback_name(enum feedback f);
size_t error_codes_count(const struct error_codes *table);

#endif
