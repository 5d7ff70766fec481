/* auto_reply.h - the form of a rule of automatic answers, and what its page shows. */
#ifndef CENTRALA_PAGES_AUTO_REPLY_H
#define CENTRALA_PAGES_AUTO_REPLY_H
#include "services/hours.h"
#include "services/replies.h"
#include "pages/parts.h"

struct auto_reply_in {
    uint64_t line;                                /* 0: the default */
    const char *mode, *body, *closed_body, *fallback;
    bool hours;                                   /* answers are bound to them */
    union {
        struct { const char *from, *to; } day[WEEK]; /* "09:00", or empty: closed; the same fields by name, for the form */
        struct { const char *mon_from, *mon_to, *tue_from, *tue_to, *wed_from, *wed_to, *thu_from, *thu_to, *fri_from, *fri_to, *sat_from, *sat_to, *sun_from, *sun_to; };
    };
    int64_t most;
};
struct keyword_in { uint64_t line; const char *word, *answer; };

/* Everything on the page: the rules of all lines, the chosen one as the form has it, its keywords. `word` NULL: none is being
 * added; else the mistakes are those of the keyword. False on failure. */
bool put_auto_reply(struct request *rq, const struct reply_rule_row *r, const struct auto_reply_in *in, const struct keyword_in *word);

#endif
