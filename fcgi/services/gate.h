/* gate.h - the one last gate in front of every send, whoever asked for it: checked at the moment of sending, not only
 * when queued. */
#ifndef CENTRALA_SERVICES_GATE_H
#define CENTRALA_SERVICES_GATE_H
#include "base/base.h"
#include "base/ctx.h"
#include "store/outbox.h"

enum gate_verdict { GATE_OPEN, GATE_LATER, GATE_CLOSED, GATE_ERROR };
struct gate {
    enum gate_verdict verdict;
    const char *reason;   /* a message id when CLOSED, perhaps with a moment behind it; for the log when LATER */
    int64_t wait_ms;      /* when LATER: of the first that has to wait */
    int64_t cost_ms;      /* and how much longer each one behind it */
};

/* Tenant and line active, WhatsApp's 24-hour window, a person who took over, the order within the conversation, opt-outs, then the sender's pace (which it uses up when it lets through). */
struct gate gate_check(struct ctx *ctx, const struct outbox_row *row);
/* Once more when the row is claimed and the call is about to be made: an opt-out that came in between. OPEN, CLOSED or ERROR. */
struct gate gate_check_claimed(struct ctx *ctx, const struct outbox_row *row);
/* Is free-form text allowed now? last_inbound_ms CLOCK_NONE: nobody ever wrote. */
bool whatsapp_window_open(int64_t last_inbound_ms, int64_t now_ms);
enum { WHATSAPP_WINDOW_MS = 24 * 3600 * 1000 };

#endif
