/* opt_out.c - the state of a person: asked, set, lifted, forgotten; what waits is canceled, the chats are told. */
#include "base/base.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "base/log.h"
#include "base/phone.h"
#include "base/utf8.h"
#include "services/delivery.h"
#include "services/error_codes.h"
#include "services/note.h"
#include "services/opt_out_change.h"
#include "store/conversations.h"
#include "store/db.h"
#include "store/outbox.h"

enum { AT_ONCE = 100, TALKS_MOST = 20 };

static bool hash_key(struct ctx *ctx, const char *key, uint8_t hash[KEY_HASH])
{
    if (!ctx->keys)
        return err_set(ctx, ERR_BUG, "opt-out without the installation's key");
    crypto_keyed_hash(ctx->keys, "opt-out", ctx->tenant, key, hash);
    return true;
}

static const char *channel_of(const char *address)
{
    return channel_name(address_channel(address));
}

static struct opt_out_row *in_force(struct ctx *ctx, const char *address, const char *channel)
{
    uint8_t hash[KEY_HASH];
    if (!hash_key(ctx, address_key(ctx->arena, address), hash))
        return NULL;
    return db_opt_out_in_force(ctx, ctx->tenant, hash, channel ? channel : channel_of(address));
}

bool opt_out_is(struct ctx *ctx, const char *address, const char *channel, struct opt_out_state *out)
{
    const struct opt_out_row *row = in_force(ctx, address, channel);
    if (row && out)
        *out = (struct opt_out_state){ .channel = row->channel, .source = row->source, .reason = row->reason, .actor = row->actor, .since_ms = row->changed_ms };
    return row != NULL;
}

const char *opt_out_text(const char *source)
{
    static const struct { const char *source, *text; } words[] = {
        { "keyword", N_("This customer has opted out (STOP): nothing may be sent.") },
        { "provider", N_("This customer has opted out (the provider told us): nothing may be sent.") },
        { "erased", N_("This person was erased and may not be written to.") },
    };
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (strcmp(words[i].source, source) == 0)
            return words[i].text;
    return N_("This customer has opted out (recorded by us): nothing may be sent.");
}

const char *opt_out_reason(struct ctx *ctx, const struct opt_out_state *state)
{
    char iso[CLOCK_ISO_MAX];
    clock_iso(state->since_ms, false, iso);
    return arena_printf(ctx->arena, "%s (%s)", opt_out_text(state->source), iso);
}

/* What waits for the person will not be sent; what is under way is stopped by the question before its call. */
static bool cancel_waiting(struct ctx *ctx, const struct opt_out_change *c)
{
    struct opt_out_state state = { .source = c->row.source, .since_ms = clock_now_ms() };
    const char *reason = opt_out_reason(ctx, &state);
    for (;;) {
        struct rows rows = db_opt_out_waiting(ctx, ctx->tenant, c->row.address_key, c->row.channel, AT_ONCE);
        const struct opt_out_place *p = rows.row;
        for (size_t i = 0; rows.ok && i < rows.n; i++) {
            int moved = db_outbox_move(ctx, ctx->tenant, p[i].outbox_id, "queued", "canceled", 0, reason);
            if (moved < 0 || (moved && !delivery_failed(ctx, p[i].conversation_id, p[i].message_id, "canceled", 0, reason)))
                return false;
        }
        if (!rows.ok || rows.n < AT_ONCE)
            return rows.ok;
    }
}

bool opt_out_tell(struct ctx *ctx, const struct opt_out_change *c, const char *kind)
{
    struct rows rows = db_opt_out_talks(ctx, ctx->tenant, c->row.address_key, c->row.channel, TALKS_MOST);
    const struct opt_out_place *p = rows.row;
    for (size_t i = 0; rows.ok && i < rows.n; i++)
        if (!note_add(ctx, p[i].conversation_id, kind, c->row.reason ? c->row.reason : ""))
            return false;
    return rows.ok;
}

/* Has it been done before? True too when that could not be asked. */
static bool done_before(struct ctx *ctx, const struct opt_out_change *c)
{
    return (c->row.cause && db_opt_out_caused(ctx, ctx->tenant, c->row.cause)) || ctx->err.code;
}

static bool write_out(struct ctx *ctx, void *arg)
{
    struct opt_out_change *c = arg;
    c->changed = false;
    if (done_before(ctx, c))
        return !ctx->err.code;
    int put = db_opt_out_put(ctx, ctx->tenant, &c->row);
    if (put < 0)
        return false;
    c->row.state = put ? "out" : "kept";
    int new = db_opt_out_event(ctx, ctx->tenant, &c->row);
    if (new <= 0 || !put) /* a twin at this very moment has done the rest */
        return new >= 0;
    c->changed = true;
    return cancel_waiting(ctx, c) && opt_out_tell(ctx, c, "opted-out");
}

static bool write_in(struct ctx *ctx, void *arg)
{
    struct opt_out_change *c = arg;
    c->changed = false;
    if (done_before(ctx, c))
        return !ctx->err.code;
    int64_t lifted = db_opt_out_lift(ctx, ctx->tenant, &c->row, c->only);
    if (lifted < 0)
        return false;
    bool out = db_opt_out_in_force(ctx, ctx->tenant, c->row.hash, c->row.channel) != NULL;
    if (ctx->err.code || (!lifted && !out)) /* nothing to lift, nothing to say */
        return !ctx->err.code;
    c->row.state = lifted ? "in" : "kept";
    int new = db_opt_out_event(ctx, ctx->tenant, &c->row);
    if (new <= 0)
        return new == 0;
    c->changed = lifted > 0;
    if (out && c->only && !db_opt_out_ask(ctx, ctx->tenant, c->row.hash, c->row.channel))
        return false;
    return opt_out_tell(ctx, c, out ? "opt-in-kept" : "opted-in");
}

/* Both may be repeated: they set what is to be. */
bool opt_out_apply(struct ctx *ctx, bool (*write)(struct ctx *ctx, void *arg), void *arg)
{
    if (db_in_transaction(ctx->db))
        return write(ctx, arg);
    enum db_result r = db_transaction(ctx, write, arg);
    if (r == DB_AMBIGUOUS) {
        err_clear(ctx);
        r = db_transaction(ctx, write, arg);
    }
    return r == DB_OK;
}

bool opt_out_change_make(struct ctx *ctx, struct opt_out_change *c, const char *key, const char *channel, const char *source)
{
    uint8_t *hash = arena_alloc(ctx->arena, KEY_HASH);
    if (!hash_key(ctx, key, hash))
        return false;
    bool person = ctx->actor.user_id != 0;
    *c = (struct opt_out_change){ .row = { .hash = hash, .channel = channel, .source = source, .address_key = key, .user_id = ctx->actor.user_id,
                                           .actor = person || ctx->actor.kind == ACTOR_CTL ? ctx->actor.name : "" } };
    return true;
}

bool opt_out_write(struct ctx *ctx, struct opt_out_change *c, bool out)
{
    if (!opt_out_apply(ctx, out ? write_out : write_in, c))
        return false;
    if (c->changed)
        log_event(ctx, LOG_INFO, out ? "opt_out.set" : "opt_out.lifted", "source=%s channel=%s", c->row.source, c->row.channel);
    return true;
}

static const char *cut_reason(struct ctx *ctx, const char *reason)
{
    return arena_strndup(ctx->arena, reason ? reason : "", utf8_cut(reason ? reason : "", reason ? strlen(reason) : 0, 190));
}

bool opt_out_set(struct ctx *ctx, const char *address, const char *channel, const char *source, const char *reason)
{
    struct opt_out_change c;
    if (!opt_out_change_make(ctx, &c, address_key(ctx->arena, address), channel, source))
        return false;
    c.row.reason = cut_reason(ctx, reason);
    return opt_out_write(ctx, &c, true);
}

bool opt_out_lift(struct ctx *ctx, const char *address, const char *channel, const char *source, const char *reason, bool *lifted)
{
    struct opt_out_change c;
    if (!opt_out_change_make(ctx, &c, address_key(ctx->arena, address), channel, source))
        return false;
    c.row.reason = cut_reason(ctx, reason);
    bool ok = opt_out_write(ctx, &c, false);
    if (lifted)
        *lifted = ok && c.changed;
    return ok;
}

static bool write_forgotten(struct ctx *ctx, void *arg)
{
    struct opt_out_change *c = arg;
    int put = db_opt_out_put(ctx, ctx->tenant, &c->row);
    c->row.state = put > 0 ? "out" : "kept";
    return put >= 0 && db_opt_out_event(ctx, ctx->tenant, &c->row) >= 0 && cancel_waiting(ctx, c) && db_opt_out_forget(ctx, ctx->tenant, c->row.hash);
}

bool opt_out_forget_address(struct ctx *ctx, const char *key)
{
    struct opt_out_change c;
    return opt_out_change_make(ctx, &c, key, "all", "erased") && opt_out_apply(ctx, write_forgotten, &c);
}

bool opt_out_feedback(struct ctx *ctx, uint64_t conversation, uint64_t message, int64_t code)
{
    struct error_code e = error_code(ctx->arena, (int)code);
    if (e.feedback != FEEDBACK_OPT_OUT && e.feedback != FEEDBACK_SUPPRESS)
        return true;
    const struct conversation_row *talk = db_conversation_get(ctx, ctx->tenant, 0, conversation);
    struct opt_out_change c;
    if (!talk)
        return !ctx->err.code;
    if (!opt_out_change_make(ctx, &c, address_key(ctx->arena, talk->peer), talk->channel, "provider"))
        return false;
    c.row.cause = arena_printf(ctx->arena, "out:%" PRIu64 ":%" PRId64, message, code);
    c.row.reason = arena_printf(ctx->arena, "%" PRId64, code);
    c.row.review = e.feedback == FEEDBACK_SUPPRESS;
    c.row.user_id = 0; /* who sent it has not decided this */
    c.row.actor = "";
    return opt_out_write(ctx, &c, true);
}
