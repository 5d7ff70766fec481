/* system.c - the health page: what works, what waits, what was refused, and what to enter at Twilio. */
#include "base/base.h"
#include "base/clock.h"
#include "services/health.h"
#include "services/hook_settings.h"
#include "pages/parts.h"
#include "web/prefork.h"

enum { CRON_LATE_MS = 90 * 1000, QUEUE_LATE_MS = 5 * 60 * 1000 };

static struct value *check(struct value *checks, const char *name, const char *tone, const char *label, const char *text)
{
    struct value *o = list_object(checks);
    object_text(o, "name", name);
    object_text(o, "tone", tone);
    object_text(o, "label", label);
    object_text(o, "text", text);
    return o;
}

static bool check_workers(struct request *rq, struct value *checks)
{
    int workers = 0, busy = 0;
    uint64_t requests = 0, rss = 0;
    const struct scoreboard *b = rq->app->board;
    for (size_t i = 0; b && i < ARRAY_LEN(b->slot); i++) {
        if (!b->slot[i].pid)
            continue;
        workers++;
        busy += b->slot[i].busy != 0;
        requests += b->slot[i].requests;
        if (b->slot[i].rss_kb > rss)
            rss = b->slot[i].rss_kb;
    }
    uint64_t lost = b ? b->crashes + b->hangs : 0;
    check(checks, say(rq, N_("Workers")), lost ? "wait" : "good", say_n(rq, N_("%lld worker"), N_("%lld workers"), workers),
          sayf(rq, N_("%d busy, %llu requests answered by those that run, largest %llu MB, %llu replaced after a fault."), busy,
               (unsigned long long)requests, (unsigned long long)rss / 1024, (unsigned long long)lost));
    return true;
}

static bool check_cron(struct request *rq, struct value *checks, const struct health *h)
{
    const struct heartbeat_row *beat = NULL, *r = h->heartbeats.row;
    for (size_t i = 0; i < h->heartbeats.n; i++)
        if (strcmp(r[i].program, "cron") == 0 && (!beat || r[i].seen_ms > beat->seen_ms))
            beat = &r[i];
    bool late = !beat || beat->seen_ms < h->queue->now_ms - CRON_LATE_MS;
    struct value *o = check(checks, say(rq, N_("Scheduled work (fcgi-cron)")), late ? "bad" : "good",
                            say(rq, late ? N_("No sign of life") : N_("Running")),
                            beat ? sayf(rq, N_("Last seen on %s."), beat->host) : say(rq, N_("It has never run. Queued messages wait until it does.")));
    if (beat)
        view_time(rq, o, "at", beat->seen_ms);
    return !late;
}

static bool check_queue(struct request *rq, struct value *checks, const struct queue_row *q)
{
    bool late = q->waiting && q->oldest_ms != CLOCK_NONE && q->oldest_ms < q->now_ms - QUEUE_LATE_MS;
    struct value *o = check(checks, say(rq, N_("Outgoing queue")), late ? "bad" : q->waiting || q->unknown ? "wait" : "good",
                            q->waiting ? say_n(rq, N_("%lld waiting"), N_("%lld messages waiting"), q->waiting) : say(rq, N_("Empty")),
                            q->unknown ? say_n(rq, N_("%lld message with an unknown outcome is being looked up at Twilio."),
                                               N_("%lld messages with an unknown outcome are being looked up at Twilio."), q->unknown)
                                       : say(rq, N_("Nothing is unclear.")));
    if (q->waiting)
        view_time(rq, o, "at", q->oldest_ms);
    return !late;
}

static void check_webhooks(struct request *rq, struct value *checks, const struct health *h)
{
    const struct queue_row *q = h->queue;
    bool any = q->last_inbound_ms != CLOCK_NONE;
    struct value *o = check(checks, say(rq, N_("Last inbound message")), q->unrouted ? "wait" : any ? "good" : "quiet", say(rq, any ? N_("Received") : N_("None yet")),
                            q->unrouted ? say_n(rq, N_("%lld message is unrouted."), N_("%lld messages are unrouted."), q->unrouted)
                                        : say(rq, N_("Every message found its line.")));
    if (q->unrouted)
        object_text(o, "page_url", "/unrouted");
    view_time(rq, o, "at", q->last_inbound_ms);
    any = q->last_callback_ms != CLOCK_NONE;
    o = check(checks, say(rq, N_("Last status callback")), any ? "good" : "quiet", say(rq, any ? N_("Received") : N_("None yet")),
              say(rq, N_("Twilio tells here what became of sent messages.")));
    view_time(rq, o, "at", q->last_callback_ms);
    const struct rejection_row *r = h->rejections.row;
    o = check(checks, say(rq, N_("Refused webhooks")), q->rejected_hour ? "wait" : "good",
              q->rejected_hour ? say_n(rq, N_("%lld in the last hour"), N_("%lld requests in the last hour"), q->rejected_hour) : say(rq, N_("None")),
              say(rq, N_("Requests whose signature did not fit.")));
    if (h->rejections.n)
        view_time(rq, o, "at", r->minute_ms);
}

static const char *reason_words(struct request *rq, const char *reason)
{
    static const struct { const char *word, *text; } reasons[] = {
        { "unknown", N_("No account with this Account SID or address") }, { "missing", N_("The signature is missing") },
        { "mismatch", N_("The signature does not fit the address, the parameters or the token") },
        { "account", N_("The Account SID belongs to somebody else") }, { "sealed", N_("The stored token could not be opened") } };
    for (size_t i = 0; i < ARRAY_LEN(reasons); i++)
        if (strcmp(reasons[i].word, reason) == 0)
            return say(rq, reasons[i].text);
    return reason;
}

static void put_rejections(struct request *rq, const struct rows *rows)
{
    struct value *list = object_list(view(rq), "rejections");
    const struct rejection_row *r = rows->row;
    for (size_t i = 0; i < rows->n; i++) {
        struct value *o = list_object(list);
        view_time(rq, o, "at", r[i].minute_ms);
        object_text(o, "reason", reason_words(rq, r[i].reason));
        object_text(o, "url", r[i].url);
        object_text(o, "account", r[i].account_sid);
        object_int(o, "count", r[i].count);
    }
    object_bool(view(rq), "has_rejections", rows->n > 0);
}

static void put_hooks(struct request *rq, const struct health *h)
{
    struct value *list = object_list(view(rq), "hooks"), *o = list_object(list);
    object_text(o, "label", say(rq, N_("A message comes in")));
    object_text(o, "url", arena_printf(rq->ctx.arena, "%s" HOOK_OVERRIDES, h->hook_inbound));
    o = list_object(list);
    object_text(o, "label", say(rq, N_("Status callback")));
    object_text(o, "url", arena_printf(rq->ctx.arena, "%s" HOOK_OVERRIDES, h->hook_status));
}

int system_page(struct request *rq, struct response *rs) /* GET /system */
{
    struct health h;
    if (!health_read(&rq->ctx, &h))
        return fail(rq, rs);
    struct value *checks = object_list(view(rq), "checks");
    check(checks, say(rq, N_("Database")), "good", say(rq, N_("Answers")), sayf(rq, N_("Connected by %s."), h.database));
    bool well = check_workers(rq, checks) & check_cron(rq, checks, &h) & check_queue(rq, checks, h.queue);
    check_webhooks(rq, checks, &h);
    put_rejections(rq, &h.rejections);
    put_hooks(rq, &h);
    struct value *overall = object_object(view(rq), "overall");
    object_text(overall, "word", well ? "good" : "bad");
    object_text(overall, "tone", well ? "good" : "bad");
    object_text(overall, "label", say(rq, well ? N_("Everything works") : N_("Something needs attention")));
    return view_page(rq, rs, "pages/system");
}
