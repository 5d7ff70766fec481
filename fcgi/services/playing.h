/* playing.h - TEST_MODE: the life of a message without Twilio. It gets a SID of our own making and goes through
 * queued, sent, delivered as callbacks would take it, through the same door (delivery.h). */
#ifndef CENTRALA_SERVICES_PLAYING_H
#define CENTRALA_SERVICES_PLAYING_H
#include "base/base.h"
#include "base/ctx.h"

enum { PLAY_STEP_MS = 700 };
/* Right after the row was stored: the SID and "queued". */
bool playing_begin(struct ctx *ctx, uint64_t outbox_id);
/* fcgi-cron: the next state of every message that is due; how many, -1 on failure. */
struct crew;
int playing_step(struct ctx *ctx, struct crew *crew);

#endif
