/* bulk.c - making a batch, looking at it, holding it. */
#include "base/base.h"
#include "base/clock.h"
#include "base/phone.h"
#include "base/str.h"
#include "base/utf8.h"
#include "services/audit.h"
#include "services/bulk.h"
#include "services/error_codes.h"
#include "services/opt_out.h"
#include "services/sending.h"
#include "services/wake.h"
#include "store/db.h"
#include "store/lines.h"

static bool separator(char c)
{
    return c == ',' || c == ';' || c == '\n' || c == '\r';
}

static bool blank(char c)
{
    return c == ' ' || c == '\t';
}

/* The next number of a text, without blanks around it; NULL at its end. */
static const char *next_number(struct arena *a, const char **at)
{
    for (;;) {
        while (separator(**at) || blank(**at))
            (*at)++;
        if (!**at)
            return NULL;
        const char *begin = *at;
        while (**at && !separator(**at))
            (*at)++;
        const char *end = *at;
        while (end > begin && blank(end[-1]))
            end--;
        if (end > begin)
            return arena_strndup(a, begin, utf8_cut(begin, (size_t)(end - begin), ADDRESS_MAX));
    }
}

/* As the line's channel wants it: a number typed plainly goes out on the chosen sender's channel. */
static const char *address_of(struct ctx *ctx, const struct bulk_wish *wish, const struct line_row *line, const char *raw)
{
    char e164[PHONE_MAX + 1];
    enum channel channel = address_channel(raw);
    bool prefixed = address_number(raw) != raw;
    if (!phone_parse(raw, wish->country, e164) || (prefixed && strcmp(channel_name(channel), line->channel) != 0))
        return NULL;
    return strcmp(line->channel, "whatsapp") == 0 ? arena_printf(ctx->arena, "whatsapp:%s", e164) : arena_strdup(ctx->arena, e164);
}

/* By the key of the person, so that two spellings of a number are one. */
static bool seen_before(const struct bulk_plan *plan, const char *key)
{
    for (size_t i = 0; i < plan->n; i++)
        if (plan->v[i].key && strcmp(plan->v[i].key, key) == 0)
            return true;
    return false;
}

static void add(struct ctx *ctx, const struct bulk_wish *wish, struct bulk_plan *plan, const char *raw)
{
    const char *address = address_of(ctx, wish, plan->line, raw);
    const char *key = address ? address_key(ctx->arena, address) : NULL;
    bool again = key && seen_before(plan, key);
    plan->v[plan->n++] = (struct bulk_number){ .raw = raw, .address = address, .key = key, .state = !address ? "invalid" : again ? "duplicate" : "pending" };
    if (!address)
        plan->invalid++;
    else if (again)
        plan->duplicate++;
    else
        plan->valid++;
}

static bool read_numbers(struct ctx *ctx, const struct bulk_wish *wish, struct bulk_plan *plan)
{
    plan->v = ARENA_ARRAY(ctx->arena, struct bulk_number, BULK_MOST);
    for (size_t i = 0; i < wish->number_count; i++) {
        const char *at = wish->numbers[i];
        for (const char *raw; (raw = next_number(ctx->arena, &at));) {
            if (plan->n == BULK_MOST)
                return err_field(ctx, "recipients", N_("At most 250 numbers in one batch."));
            add(ctx, wish, plan, raw);
        }
    }
    return plan->n || err_field(ctx, "recipients", N_("Write at least one number."));
}

static const struct line_row *sender(struct ctx *ctx, uint64_t id)
{
    struct rows rows = sending_lines(ctx);
    const struct line_row *l = rows.row;
    for (size_t i = 0; i < rows.n; i++)
        if (l[i].active && (id ? l[i].id == id : strcmp(l[i].channel, "sms") == 0))
            return &l[i];
    if (!ctx->err.code)
        err_field(ctx, "line", N_("There is no sender for this channel yet."));
    return NULL;
}

bool bulk_check(struct ctx *ctx, const struct bulk_wish *wish, struct bulk_plan *out)
{
    *out = (struct bulk_plan){ 0 };
    const char *body = wish->body ? text_normalise_newlines(ctx->arena, wish->body) : "";
    size_t n = strlen(body);
    if (!n)
        return err_field(ctx, "body", N_("Write a text."));
    if (utf16_units(body, n) > BODY_MOST_UNITS)
        return err_field(ctx, "body", N_("The text is longer than 1600 characters."));
    if (!sending_service_check(ctx, wish->messaging_service_sid))
        return false;
    out->line = sender(ctx, wish->line_id);
    if (!out->line || !read_numbers(ctx, wish, out))
        return false;
    segments_count(ctx->arena, body, n, &out->segments);
    return true;
}

bool bulk_check_opt_outs(struct ctx *ctx, struct bulk_plan *plan)
{
    for (size_t i = 0; i < plan->n; i++) {
        struct bulk_number *v = &plan->v[i];
        if (strcmp(v->state, "pending") != 0)
            continue;
        if (opt_out_is(ctx, v->address, NULL, NULL)) {
            v->state = "opted_out";
            plan->valid--;
            plan->opted_out++;
        } else if (ctx->err.code) {
            return false;
        }
    }
    return true;
}

struct making { const struct bulk_wish *wish; const struct bulk_plan *plan; uint64_t id; };

static const char *recipients_json(struct ctx *ctx, const struct bulk_plan *plan)
{
    struct str out;
    str_init(&out, ctx->arena, 64 * plan->n + 2, 1 << 20);
    for (size_t i = 0; i < plan->n; i++) {
        const struct bulk_number *v = &plan->v[i];
        str_printf(&out, "%s{\"i\":%zu,\"r\":", i ? "," : "[", i + 1);
        str_json(&out, v->raw, strlen(v->raw));
        STR_LIT(&out, ",\"a\":");
        if (v->address)
            str_json(&out, v->address, strlen(v->address));
        else
            STR_LIT(&out, "null");
        str_printf(&out, ",\"s\":\"%s\"}", v->state);
    }
    str_putc(&out, ']');
    return out.s;
}

static bool make(struct ctx *ctx, void *arg)
{
    struct making *m = arg;
    const struct batch_new row = { .line_id = m->plan->line->id, .author_id = ctx->actor.user_id, .author = ctx->actor.user_id ? ctx->actor.name : NULL,
                                   .messaging_service_sid = m->wish->messaging_service_sid, .nonce = m->wish->nonce,
                                   .body = text_normalise_newlines(ctx->arena, m->wish->body), .scheduled_ms = m->wish->scheduled_ms };
    m->id = db_batch_insert(ctx, ctx->tenant, &row);
    return m->id && db_recipients_insert(ctx, ctx->tenant, m->id, recipients_json(ctx, m->plan)) &&
           audit(ctx, "bulk.create", arena_printf(ctx->arena, "%" PRIu64, m->id), arena_printf(ctx->arena, "recipients=%zu", m->plan->n));
}

uint64_t bulk_create(struct ctx *ctx, const struct bulk_wish *wish)
{
    struct bulk_plan plan;
    struct making m = { .wish = wish, .plan = &plan };
    db_use(ctx->db, DB_APP);
    if (!bulk_check(ctx, wish, &plan))
        return 0;
    enum db_result r = db_transaction(ctx, make, &m);
    if (r != DB_OK && wish->nonce && (r == DB_AMBIGUOUS || stmt_duplicate(ctx))) { /* the same batch again, or a commit without an answer */
        err_clear(ctx);
        m.id = db_batch_by_nonce(ctx, ctx->tenant, wish->nonce);
        if (!m.id && !ctx->err.code)
            err_set(ctx, ERR_DATABASE, "outcome of the commit is not known");
    } else if (r != DB_OK) {
        m.id = 0;
    }
    if (m.id)
        wake_cron(ctx);
    return m.id;
}

struct rows bulk_batches(struct ctx *ctx, uint64_t before, int limit)
{
    return db_batches(ctx, ctx->tenant, before, limit);
}

struct batch_row *bulk_batch(struct ctx *ctx, uint64_t id)
{
    struct batch_row *b = db_batch_get(ctx, ctx->tenant, id);
    if (!b && !ctx->err.code)
        err_set(ctx, ERR_ABSENT, "batch %" PRIu64, id);
    return b;
}

struct rows bulk_recipients(struct ctx *ctx, uint64_t batch, const char *state, uint64_t after, int limit)
{
    return db_recipients(ctx, ctx->tenant, batch, state, after, limit);
}

bool bulk_running(const struct batch_row *b)
{
    return strcmp(b->state, "pending") == 0 || strcmp(b->state, "processing") == 0;
}

/* From the first of the states that it is in. */
static bool move(struct ctx *ctx, uint64_t id, const char *const *from, size_t n, const char *to)
{
    if (!bulk_batch(ctx, id))
        return false;
    for (size_t i = 0; i < n; i++) {
        int moved = db_batch_move(ctx, ctx->tenant, id, from[i], to);
        if (moved)
            return moved > 0 && audit(ctx, "bulk.state", arena_printf(ctx->arena, "%" PRIu64, id), arena_printf(ctx->arena, "%s -> %s", from[i], to));
    }
    return err_text(ctx, ERR_CONFLICT, N_("The batch is in a state that does not allow this."), "batch %" PRIu64 " to %s", id, to);
}

bool bulk_pause(struct ctx *ctx, uint64_t id)
{
    static const char *const from[] = { "processing", "pending" };
    return move(ctx, id, from, ARRAY_LEN(from), "paused");
}

bool bulk_resume(struct ctx *ctx, uint64_t id)
{
    static const char *const from[] = { "paused" };
    if (!move(ctx, id, from, ARRAY_LEN(from), "pending"))
        return false;
    wake_cron(ctx);
    return true;
}

bool bulk_cancel(struct ctx *ctx, uint64_t id)
{
    static const char *const from[] = { "processing", "pending", "paused" };
    return move(ctx, id, from, ARRAY_LEN(from), "canceled") && db_recipients_cancel(ctx, ctx->tenant, id) >= 0;
}

static bool hopeless(struct ctx *ctx, const struct recipient_row *r)
{
    return r->error_code && error_code(ctx->arena, (int)r->error_code).verdict == VERDICT_NEVER;
}

int64_t bulk_retry(struct ctx *ctx, uint64_t id)
{
    static const char *const from[] = { "completed_with_errors", "failed" };
    const struct batch_row *b = bulk_batch(ctx, id);
    if (b && strcmp(b->state, from[0]) != 0 && strcmp(b->state, from[1]) != 0)
        err_text(ctx, ERR_CONFLICT, N_("The batch is in a state that does not allow this."), "batch %" PRIu64 " again", id);
    if (ctx->err.code)
        return -1;
    struct rows rows = db_recipients(ctx, ctx->tenant, id, "failed", 0, BULK_MOST);
    const struct recipient_row *r = rows.row;
    int64_t n = 0;
    for (size_t i = 0; rows.ok && i < rows.n; i++) {
        int done = hopeless(ctx, &r[i]) ? 0 : db_recipient_again(ctx, ctx->tenant, id, r[i].id);
        if (done < 0)
            return -1;
        n += done;
    }
    if (!rows.ok || (n && !move(ctx, id, from, ARRAY_LEN(from), "pending")))
        return -1;
    if (n)
        wake_cron(ctx);
    return n;
}
