/* auto_reply.h - the form of a rule of automatic answers, and what its page shows. */
#ifndef CENTRALA_PAGES_AUTO_REPLY_H
#define CENTRALA_PAGES_AUTO_REPLY_H
#include "services/hours.h"
#include "services/replies.h"
#include "pages/parts.h"

/* Fields that were not sent are NULL. */
static inline const char *or_empty(const char *s)
{
    return s ? s : "";
}

struct auto_reply_in {
    uint64_t line;                                /* 0: the default */
    const char *mode, *body, *closed_body, *fallback;
    bool hours;                                   /* answers are bound to them */
    bool same;                                    /* Tuesday to Friday as Monday */
#define DAY(d) *d##_from, *d##_to, *d##_from2, *d##_to2, *d##_from3, *d##_to3
    union {
        struct { const char *from, *to; } span[WEEK][SPANS]; /* "09:00", or both empty; the same fields by name, for the form */
        struct { const char DAY(mon), DAY(tue), DAY(wed), DAY(thu), DAY(fri), DAY(sat), DAY(sun); };
    };
#undef DAY
    int64_t most;
};
struct keyword_in { uint64_t line; const char *word, *answer; };
struct closed_day_in { uint64_t line; const char *date, *name; bool yearly; };

/* The hours of the form, with the mistakes at "hours" or at a day ("mon"); false when there are any and they are in use. `json` stays
 * NULL when there are none, or none that could be kept. */
bool read_hours(struct request *rq, const struct auto_reply_in *in, const char **json);
/* The other way; office hours to begin with. */
void fill_hours(struct request *rq, struct auto_reply_in *in, const char *json);
/* "days" and the rest of the week into the rule's object; and in pages/hours.c too: "closed_days", "closing" {date, name, yearly,
 * date_error?, name_error?} into the root. */
void put_week(struct request *rq, struct value *o, const struct auto_reply_in *in);
bool put_closed_days(struct request *rq, const struct reply_rule_row *r, const char *zone, const struct closed_day_in *closing);
/* The mistake at that field; NULL when there is none. */
const char *mistake_at(struct request *rq, const char *field);

/* Everything on the page: the rules of all lines, the chosen one as the form has it, its keywords and closed days. `word` or `closing`
 * not NULL: the mistakes are those of the keyword or the day that is being added. False on failure. */
bool put_auto_reply(struct request *rq, const struct reply_rule_row *r, const struct auto_reply_in *in, const struct keyword_in *word,
                    const struct closed_day_in *closing);

#endif
