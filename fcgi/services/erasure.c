/* erasure.c - erasing a person, and the end of every request (declared in removal.h and removing.h). */
#include "base/base.h"
#include "base/log.h"
#include "base/phone.h"
#include "services/audit.h"
#include "services/opt_out.h"
#include "services/reminders.h"
#include "services/removal.h"
#include "services/removing.h"
#include "services/wake.h"
#include "store/db.h"

enum { TALKS_MOST = 100, SWEEP = 1000, SWEEPS_MOST = 20 };

struct person {
    const char *number;
    struct rows talks; /* struct talk_row */
    uint64_t request;
    int64_t reminders; /* gone before the request was stored */
};

/* Every address under which Twilio may list this person: as telephone, on WhatsApp, and as they wrote to us. */
static size_t addresses_of(struct ctx *ctx, const char *number, const struct rows *talks, const char ***out)
{
    const struct talk_row *t = talks->row;
    const char **v = ARENA_ARRAY(ctx->arena, const char *, talks->n + 2);
    size_t n = 0;
    v[n++] = number;
    v[n++] = arena_printf(ctx->arena, "whatsapp:%s", number);
    for (size_t i = 0; i < talks->n; i++) {
        size_t k = 0;
        while (k < n && strcmp(v[k], t[i].peer) != 0)
            k++;
        if (k == n)
            v[n++] = t[i].peer;
    }
    *out = v;
    return n;
}

/* Before anything is removed: they would write again. */
static bool forget_reminders(struct ctx *ctx, struct person *p)
{
    const char **addresses;
    size_t n = addresses_of(ctx, p->number, &p->talks, &addresses);
    for (size_t i = 0; i < n; i++) {
        int64_t gone = reminders_forget(ctx, addresses[i]);
        if (gone < 0)
            return false;
        p->reminders += gone;
    }
    return true;
}

static bool store_person(struct ctx *ctx, void *arg)
{
    struct person *p = arg;
    const struct talk_row *t = p->talks.row;
    const char **addresses;
    p->request = db_removal_request_add(ctx, ctx->tenant, "person", "delete", p->number, ctx->actor.user_id, ctx->actor.name ? ctx->actor.name : "");
    if (!p->request)
        return false;
    for (size_t i = 0; i < p->talks.n; i++)
        if (!db_removal_source_conversation(ctx, ctx->tenant, p->request, t[i].id, 0))
            return false;
    size_t n = addresses_of(ctx, p->number, &p->talks, &addresses);
    for (size_t i = 0; i < n; i++)
        if (!db_removal_source_list(ctx, ctx->tenant, p->request, "to", addresses[i]) || !db_removal_source_list(ctx, ctx->tenant, p->request, "from", addresses[i]))
            return false;
    if (!db_removal_request_count(ctx, ctx->tenant, p->request, 0, 0, 0, p->reminders))
        return false;
    return audit(ctx, "person.erase", arena_printf(ctx->arena, "report %" PRIu64, p->request), ""); /* not whom: that would not be erased */
}

uint64_t removal_person(struct ctx *ctx, const char *number, const char *again)
{
    if (!number || !phone_is_e164(number)) {
        err_field(ctx, "number", N_("Write the whole number, with the country's code."));
        return 0;
    }
    if (!again || strcmp(number, again) != 0) {
        err_field(ctx, "again", N_("This is not the number above. Nothing was erased."));
        return 0;
    }
    struct person p = { .number = number, .talks = db_talks_of(ctx, ctx->tenant, address_key(ctx->arena, number), TALKS_MOST) };
    /* Suppressed before anything else: nothing is sent to them while they are being erased, nor ever after. */
    if (!p.talks.ok || !opt_out_forget_address(ctx, address_key(ctx->arena, number)) || !forget_reminders(ctx, &p) || db_transaction(ctx, store_person, &p) != DB_OK)
        return 0;
    wake_cron(ctx);
    return p.request;
}

/* What is no message. Each statement may be repeated. How many rows, -1 on failure. */
static int64_t erase_traces(struct ctx *ctx, const char *number, const struct rows *talks)
{
    const char **addresses;
    int64_t rows = 0;
    size_t n = addresses_of(ctx, number, talks, &addresses);
    for (size_t i = 0; i < n; i++) {
        int64_t gone = db_person_address(ctx, ctx->tenant, addresses[i]), reminders = reminders_forget(ctx, addresses[i]);
        if (gone < 0 || reminders < 0)
            return -1;
        rows += gone + reminders;
    }
    int64_t blanked = db_person_audit(ctx, ctx->tenant, number);
    return blanked < 0 ? -1 : rows + blanked;
}

struct ending { const struct talk_row *talk; bool contact; };

static bool end_talk(struct ctx *ctx, void *arg)
{
    const struct ending *e = arg;
    return db_talk_remove(ctx, ctx->tenant, e->talk, e->contact) >= 0;
}

/* The conversations of a request that still exist. */
static struct rows talks_left(struct ctx *ctx, uint64_t request)
{
    struct rows named = db_removal_conversations(ctx, ctx->tenant, request, 0, TALKS_MOST);
    const struct removal_due_row *id = named.row;
    struct talk_row *v = ARENA_ARRAY(ctx->arena, struct talk_row, named.n + 1);
    struct rows out = { .ok = named.ok, .row = v };
    for (size_t i = 0; i < named.n; i++) {
        const struct talk_row *t = db_talk(ctx, ctx->tenant, id[i].id);
        if (t)
            v[out.n++] = *t;
    }
    out.ok = out.ok && !ctx->err.code;
    return out;
}

static bool close_person(struct ctx *ctx, const struct removal_request_row *q, const struct rows *talks)
{
    if (!q->subject) /* done before; only what failed was tried again */
        return true;
    int64_t rows = erase_traces(ctx, q->subject, talks);
    const char *key = address_key(ctx->arena, q->subject);
    int64_t contact = rows < 0 ? -1 : db_person_contact(ctx, ctx->tenant, key);
    return contact >= 0 && opt_out_forget_address(ctx, key) && /* again: somebody may have written the address down meanwhile */
            db_removal_request_count(ctx, ctx->tenant, q->id, 0, 0, 0, rows + contact);
}

bool removal_close(struct ctx *ctx, uint64_t request)
{
    const struct removal_request_row *q = db_removal_request(ctx, ctx->tenant, request);
    if (q && strcmp(q->kind, "retention") == 0 && db_removal_sweep(ctx, ctx->tenant, request, SWEEP) < 0) /* it may run for days */
        return false;
    int64_t left = q ? db_removal_outstanding(ctx, ctx->tenant, request) : -1;
    if (left != 0 || strcmp(q->state, "open") != 0)
        return left >= 0;
    bool person = strcmp(q->kind, "person") == 0;
    struct rows talks = talks_left(ctx, request);
    const struct talk_row *t = talks.row;
    for (size_t i = 0; talks.ok && i < talks.n; i++) {
        struct ending e = { .talk = &t[i], .contact = person };
        if (db_transaction(ctx, end_talk, &e) != DB_OK)
            return false;
    }
    if (talks.ok && talks.n && !db_list_touch(ctx, ctx->tenant))
        return false;
    if (!talks.ok || (person && !close_person(ctx, q, &talks)))
        return false;
    int64_t swept = SWEEP;
    for (int i = 0; i < SWEEPS_MOST && swept == SWEEP; i++)
        swept = db_removal_sweep(ctx, ctx->tenant, request, SWEEP);
    if (swept < 0 || swept == SWEEP) /* the rest in the next round */
        return swept >= 0;
    int ended = db_removal_request_end(ctx, ctx->tenant, request);
    if (ended > 0)
        log_event(ctx, LOG_NOTICE, "removal.done", "report=%" PRIu64 " kind=%s action=%s total=%" PRId64 " done=%" PRId64 " failed=%" PRId64, request, q->kind, q->action,
                  q->total, q->done, q->failed);
    return ended >= 0;
}
