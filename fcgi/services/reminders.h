/* reminders.h - texts that are sent again and again: every n minutes or by the wall clock of a zone (base/recur.h), until a day
 * or a number of messages, paused and resumed.
 *
 * fcgi-cron (reminders_step) takes each due slot in the transaction that stores its message: a row of reminder_slot is the permit,
 * and next_at moves on in the same commit, so a slot is used at most once by however many hosts, whatever is killed. What cannot be
 * sent is a failed slot with its reason, and the reminder goes on to the next one: nothing is tried again and again.
 *
 * A slot is late when it is more than REMINDER_LATE_MS old (nothing ran, the database was away). Then catch_up decides: "skip" leaves it
 * out, "one" sends only the latest of those that were missed, "all" sends each; and what is older than max_age is left out in any case.
 * An interval counts from the moment of sending, so it never has more than one missed slot. */
#ifndef CENTRALA_SERVICES_REMINDERS_H
#define CENTRALA_SERVICES_REMINDERS_H
#include "base/base.h"
#include "base/ctx.h"
#include "services/inbox.h" /* struct page */
#include "store/reminders.h"

enum {
    REMINDER_LATE_MS = 5 * 60 * 1000, REMINDER_INTERVAL_MOST = 366 * 1440, REMINDER_AGE_MOST = 366 * 1440, REMINDER_COUNT_MOST = 100000,
    REMINDER_NAME_MOST = 80, REMINDERS_SHOWN_NEXT = 5, REMINDERS_MOST = 1000
};

/* What a person or a program asks for; texts NULL or "" where left out. */
struct reminder_wish {
    const char *name, *to, *body;
    uint64_t line;                    /* 0: the first active line of the channel, each time */
    const char *rule;                 /* interval (also when left out), daily, weekdays, monthly */
    int64_t interval_minutes;
    const char *time;                 /* HH:MM, left out: 09:00 */
    bool mon, tue, wed, thu, fri, sat, sun;
    int64_t month_day;
    const char *zone;                 /* IANA; left out: the tenant's */
    const char *starts_on, *ends_on;  /* 2026-11-20 */
    int64_t ends_count;               /* 0: no limit */
    const char *catch_up;             /* skip, one (also when left out), all */
    int64_t max_age_minutes;
    const char *quiet_from, *quiet_until; /* HH:MM, both or none */
};

/* The wish checked and made a row, next_ms being its first slot after now (CLOCK_NONE: it never comes). NULL with INVALID at the
 * field of that name, or DATABASE. Nothing is stored. `old`: the one it changes (NULL: a new one); what that has sent counts, and
 * its next slot stays where the times do not change; of a paused one it is as if it were resumed now. */
struct reminder_row *reminder_plan(struct ctx *ctx, const struct reminder_wish *wish, const struct reminder_row *old);
/* The same without receiver, text and sender: only when. For a look ahead. */
struct reminder_row *reminder_times(struct ctx *ctx, const struct reminder_wish *wish, const struct reminder_row *old);
/* The other way round, to fill a form. */
void reminder_wish_of(struct ctx *ctx, const struct reminder_row *r, struct reminder_wish *out);
/* The next slots from next_ms on, at most `most`; how many there are. */
size_t reminder_next(struct ctx *ctx, const struct reminder_row *r, int64_t *out, size_t most);
/* Is there nothing left to send? */
bool reminder_over(const struct reminder_row *r);

/* Stores; the id, 0 on failure. The same nonce twice (NULL: none) is one reminder. */
uint64_t reminder_add(struct ctx *ctx, const struct reminder_wish *wish, const char *nonce);
/* `version` is that of the row that was shown: CONFLICT when somebody else has changed it since. */
bool reminder_change(struct ctx *ctx, uint64_t id, const struct reminder_wish *wish, int64_t version);
/* Pauses, or resumes from now on: what fell into the pause is not made up for. */
bool reminder_enable(struct ctx *ctx, uint64_t id, bool enabled);
/* With its history; messages stay where they are. */
bool reminder_delete(struct ctx *ctx, uint64_t id);
/* Deletes all to that address, for erasing a person; may be repeated. How many, -1 on failure. */
int64_t reminders_forget(struct ctx *ctx, const char *address);

struct reminder_row *reminder_get(struct ctx *ctx, uint64_t id); /* NULL with ERR_ABSENT */
/* struct reminder_row, newest first, ids below `before`. */
struct page reminder_list(struct ctx *ctx, uint64_t before, int limit);
/* struct slot_row: the last slot of each of the page's. */
struct rows reminder_last_slots(struct ctx *ctx, const struct page *reminders);
/* struct slot_row, newest first. */
struct page reminder_history(struct ctx *ctx, uint64_t id, int64_t before_ms, int limit);

/* For housekeeping: slots older than 400 days go. */
bool reminders_purge(struct ctx *ctx);

/* fcgi-cron's step: takes what is due; how many, -1 when the database is away. */
struct crew;
int reminders_step(struct ctx *ctx, struct crew *crew);

/* The rule of a row; false when its zone is gone. */
struct recur;
bool reminder_rule(struct ctx *ctx, const struct reminder_row *r, struct recur *out);
/* The slot after `after_ms`, to the second; CLOCK_NONE when `sent` messages are enough or its last day is over. */
int64_t reminder_slot_after(struct ctx *ctx, const struct reminder_row *r, int64_t after_ms, int64_t sent);

#endif
