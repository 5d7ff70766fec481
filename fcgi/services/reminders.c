/* reminders.c - reminders stored, changed, paused, deleted, listed. */
#include "base/base.h"
#include "base/clock.h"
#include "base/str.h"
#include "services/audit.h"
#include "services/reminders.h"
#include "store/db.h"

bool reminder_over(const struct reminder_row *r)
{
    return r->enabled && r->next_ms == CLOCK_NONE;
}

/* ---- storing ---- */

struct change {
    struct reminder_row *row;
    const char *nonce, *action;
    bool new_next, lost;
    uint64_t id;
};

static const char *who(const struct ctx *ctx)
{
    return ctx->actor.name ? ctx->actor.name : "";
}

/* Number and text are personal: the trail says when, not what to whom. */
static const char *rule_note(struct ctx *ctx, const struct reminder_row *r)
{
    static const char *const days[] = { "mon ", "tue ", "wed ", "thu ", "fri ", "sat ", "sun " };
    struct str out;
    str_init(&out, ctx->arena, 128, 512);
    if (strcmp(r->rule, "interval") == 0) {
        str_printf(&out, "every %" PRId64 " minutes", r->interval_min);
    } else {
        for (size_t i = 0; strcmp(r->rule, "weekdays") == 0 && i < ARRAY_LEN(days); i++)
            str_puts(&out, r->weekdays >> i & 1 ? days[i] : "");
        if (strcmp(r->rule, "monthly") == 0)
            str_printf(&out, "day %d of the month ", r->month_day);
        str_printf(&out, "%sat %02d:%02d %s", strcmp(r->rule, "daily") == 0 ? "daily " : "", r->at_minute / 60, r->at_minute % 60, r->zone);
    }
    if (r->quiet_from != r->quiet_until)
        str_printf(&out, ", quiet %02d:%02d-%02d:%02d", r->quiet_from / 60, r->quiet_from % 60, r->quiet_until / 60, r->quiet_until % 60);
    str_printf(&out, ", missed: %s", r->catch_up);
    return out.s;
}

static bool note_change(struct ctx *ctx, const struct change *c)
{
    const char *detail = c->row ? rule_note(ctx, c->row) : "";
    return audit(ctx, c->action, arena_printf(ctx->arena, "reminder %" PRIu64, c->id), detail);
}

static bool insert(struct ctx *ctx, void *arg)
{
    struct change *c = arg;
    c->id = db_reminder_insert(ctx, ctx->tenant, c->row, c->nonce, who(ctx));
    return c->id && note_change(ctx, c);
}

uint64_t reminder_add(struct ctx *ctx, const struct reminder_wish *wish, const char *nonce)
{
    struct change c = { .row = reminder_plan(ctx, wish, NULL), .nonce = nonce && *nonce ? nonce : NULL, .action = "reminder.add" };
    if (!c.row)
        return 0;
    if (c.row->next_ms == CLOCK_NONE) {
        err_field(ctx, c.row->ends_on ? "ends_on" : "starts_on", N_("With these days nothing would ever be sent."));
        return 0;
    }
    enum db_result result = db_transaction(ctx, insert, &c);
    if (result == DB_OK)
        return c.id;
    /* The form was sent twice, or the answer to the commit was lost: the nonce tells. */
    if (c.nonce && (result == DB_AMBIGUOUS || stmt_duplicate(ctx))) {
        struct err kept = ctx->err;
        err_clear(ctx);
        uint64_t id = db_reminder_by_nonce(ctx, ctx->tenant, c.nonce);
        if (!id && !ctx->err.code)
            ctx->err = kept;
        return id;
    }
    return 0;
}

static bool update(struct ctx *ctx, void *arg)
{
    struct change *c = arg;
    int n = db_reminder_update(ctx, ctx->tenant, c->row, c->new_next, who(ctx));
    c->lost = n == 0;
    return n > 0 && note_change(ctx, c);
}

static bool enable(struct ctx *ctx, void *arg)
{
    struct change *c = arg;
    int n = db_reminder_enable(ctx, ctx->tenant, c->id, c->row->version, c->row->enabled, c->row->next_ms, who(ctx));
    c->lost = n == 0;
    return n > 0 && note_change(ctx, c);
}

static bool commit(struct ctx *ctx, bool (*fn)(struct ctx *ctx, void *arg), struct change *c)
{
    if (db_transaction(ctx, fn, c) == DB_OK)
        return true;
    return ctx->err.code || !c->lost ? false : err_set(ctx, ERR_CONFLICT, "reminder %" PRIu64 " changed meanwhile", c->id);
}

bool reminder_change(struct ctx *ctx, uint64_t id, const struct reminder_wish *wish, int64_t version)
{
    struct reminder_row *old = reminder_get(ctx, id), *r = old ? reminder_plan(ctx, wish, old) : NULL;
    if (!r)
        return false;
    r->version = version; /* the one that was shown: an older one changes nothing */
    if (!r->enabled)
        r->next_ms = CLOCK_NONE;
    struct change c = { .row = r, .action = "reminder.change", .id = id, .new_next = r->next_ms != old->next_ms };
    return commit(ctx, update, &c);
}

bool reminder_enable(struct ctx *ctx, uint64_t id, bool enabled)
{
    for (int try = 1;; try++) { /* the last word counts, whoever else is at it */
        struct reminder_row *r = reminder_get(ctx, id);
        if (!r || r->enabled == enabled)
            return r != NULL;
        r->enabled = enabled;
        r->next_ms = enabled ? reminder_slot_after(ctx, r, r->now_ms, r->sent_count) : CLOCK_NONE;
        struct change c = { .row = r, .action = enabled ? "reminder.resume" : "reminder.pause", .id = id };
        if (commit(ctx, enable, &c))
            return true;
        if (ctx->err.code != ERR_CONFLICT || try == 3)
            return false;
        err_clear(ctx);
    }
}

static bool erase(struct ctx *ctx, void *arg)
{
    struct change *c = arg;
    int n = db_reminder_delete(ctx, ctx->tenant, c->id);
    c->lost = n == 0;
    return n > 0 && note_change(ctx, c);
}

bool reminder_delete(struct ctx *ctx, uint64_t id)
{
    enum { CHUNK = 1000 };
    if (!reminder_enable(ctx, id, false)) /* from here on no slot is taken any more */
        return false;
    int64_t n;
    do
        n = db_reminder_slots_delete(ctx, ctx->tenant, id, CHUNK);
    while (n == CHUNK);
    struct change c = { .action = "reminder.delete", .id = id };
    if (n >= 0 && db_transaction(ctx, erase, &c) == DB_OK)
        return true;
    return !ctx->err.code && c.lost; /* somebody else has deleted it at the same time */
}

int64_t reminders_forget(struct ctx *ctx, const char *address)
{
    enum { AT_ONCE = 100 };
    int64_t gone = 0;
    for (;;) {
        struct rows rows = db_reminders_to(ctx, ctx->tenant, address, AT_ONCE);
        const struct reminder_id_row *r = rows.row;
        for (size_t i = 0; i < rows.n; i++) {
            if (!reminder_delete(ctx, r[i].id))
                return -1;
            gone++;
        }
        if (!rows.ok || rows.n < AT_ONCE)
            return rows.ok ? gone : -1;
    }
}

/* ---- reading ---- */

struct reminder_row *reminder_get(struct ctx *ctx, uint64_t id)
{
    struct reminder_row *r = db_reminder_get(ctx, ctx->tenant, id);
    if (!r)
        err_set(ctx, ERR_ABSENT, "reminder %" PRIu64, id);
    return r;
}

static struct page page_of(struct rows rows, int limit)
{
    bool more = rows.n > (size_t)limit;
    return (struct page){ .ok = rows.ok, .n = more ? (size_t)limit : rows.n, .row = rows.row, .more = more };
}

struct page reminder_list(struct ctx *ctx, uint64_t before, int limit)
{
    return page_of(db_reminders(ctx, ctx->tenant, before, limit + 1), limit);
}

struct rows reminder_last_slots(struct ctx *ctx, const struct page *reminders)
{
    const struct reminder_row *r = reminders->row;
    if (!reminders->n)
        return (struct rows){ .ok = true };
    return db_reminder_last_slots(ctx, ctx->tenant, r[0].id, r[reminders->n - 1].id, (int)reminders->n);
}

struct page reminder_history(struct ctx *ctx, uint64_t id, int64_t before_ms, int limit)
{
    return page_of(db_reminder_slots(ctx, ctx->tenant, id, before_ms, limit + 1), limit);
}

bool reminders_purge(struct ctx *ctx)
{
    enum { ROUNDS = 100 };
    int64_t n = 1;
    for (int round = 0; n > 0 && round < ROUNDS; round++)
        n = db_reminder_slots_purge(ctx);
    return n >= 0;
}
