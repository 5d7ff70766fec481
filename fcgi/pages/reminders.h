/* reminders.h - what the pages of reminders share. */
#ifndef CENTRALA_PAGES_REMINDERS_H
#define CENTRALA_PAGES_REMINDERS_H
#include "services/reminders.h"
#include "web/handlers.h"

/* A zone by name; the reader's own when there is none. */
const struct zone *reminder_zone(struct request *rq, const char *name);
/* "ahead" {times [{at}], any, paused, ends, zone}: the next ones of a row, from next_ms on. */
void put_next(struct request *rq, const struct reminder_row *r);

#endif
