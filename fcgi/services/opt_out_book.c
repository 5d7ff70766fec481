/* opt_out_book.c - lists, review and own words. */
#include "base/base.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "base/fold.h"
#include "base/phone.h"
#include "base/str.h"
#include "services/audit.h"
#include "services/burst.h"
#include "services/opt_out_book.h"
#include "services/opt_out_change.h"
#include "store/db.h"

enum { REVIEW_MOST = 50, HISTORY_MOST = 100, FOUND_MOST = 50 };

/* Digits of a part of a number; a text of its own for other addresses. */
static const char *like_of(struct ctx *ctx, const char *q)
{
    struct str t;
    str_init(&t, ctx->arena, 64, 512);
    str_putc(&t, '%');
    for (; *q; q++) {
        if (strchr(" -()./", *q))
            continue;
        if (strchr("%_\\", *q))
            str_putc(&t, '\\');
        str_putc(&t, *q);
    }
    str_putc(&t, '%');
    return t.s;
}

/* By the whole number: found by its hash, erased or not. */
static struct rows exactly(struct ctx *ctx, const char *e164)
{
    uint8_t hash[KEY_HASH];
    crypto_keyed_hash(ctx->keys, "opt-out", ctx->tenant, address_key(ctx->arena, e164), hash);
    return db_opt_outs_of(ctx, ctx->tenant, hash);
}

struct rows opt_out_list(struct ctx *ctx, const char *q, const char *country, int64_t before_ms, uint64_t before_id, int limit)
{
    char e164[PHONE_MAX + 1];
    if (!q || !*q)
        return db_opt_outs(ctx, ctx->tenant, before_ms, before_id, limit);
    struct rows rows = { .ok = true };
    if (ctx->keys && phone_parse(q, country, e164))
        rows = exactly(ctx, e164);
    return !rows.ok || rows.n ? rows : db_opt_outs_like(ctx, ctx->tenant, like_of(ctx, q), FOUND_MOST);
}

struct rows opt_out_review_list(struct ctx *ctx)
{
    return db_opt_outs_to_review(ctx, ctx->tenant, REVIEW_MOST);
}

struct rows opt_out_doubt_list(struct ctx *ctx)
{
    return db_opt_out_doubts(ctx, ctx->tenant, REVIEW_MOST);
}

struct opt_out_row *opt_out_get(struct ctx *ctx, uint64_t id)
{
    struct opt_out_row *row = db_opt_out_get(ctx, ctx->tenant, id);
    if (!row && !ctx->err.code)
        err_set(ctx, ERR_ABSENT, "opt-out %" PRIu64, id);
    return row;
}

struct rows opt_out_history(struct ctx *ctx, uint64_t id)
{
    return db_opt_out_events(ctx, ctx->tenant, id, HISTORY_MOST);
}

static bool confirm(struct ctx *ctx, void *arg)
{
    uint64_t id = *(uint64_t *)arg;
    const char *name = ctx->actor.name ? ctx->actor.name : "";
    int64_t n = db_opt_out_confirm(ctx, ctx->tenant, id, ctx->actor.user_id, name);
    if (n == 0)
        return err_text(ctx, ERR_CONFLICT, N_("This has been decided already."), "opt-out %" PRIu64 " is not to be reviewed", id);
    return n > 0 && db_opt_out_event_of(ctx, ctx->tenant, id, "confirm", ctx->actor.user_id, name);
}

bool opt_out_confirm(struct ctx *ctx, uint64_t id)
{
    return opt_out_get(ctx, id) && opt_out_apply(ctx, confirm, &id);
}

bool opt_out_lift_id(struct ctx *ctx, uint64_t id, const char *number, const char *reason)
{
    struct opt_out_row *row = opt_out_get(ctx, id);
    bool lifted;
    if (!row)
        return false;
    const char *address = row->address_key ? row->address_key : number;
    if (!address || !*address)
        return err_field(ctx, "number", N_("This person was erased: write the number whose opt-out is to be lifted."));
    if (!opt_out_lift(ctx, address, row->channel, "admin", reason, &lifted))
        return false;
    return lifted || err_text(ctx, ERR_CONFLICT, N_("Nothing was lifted: this opt-out does not stand any more, or it is another person's."), "opt-out %" PRIu64, id);
}

bool opt_out_channel_known(const char *channel)
{
    if (strcmp(channel, "all") == 0)
        return true;
    for (int c = CHANNEL_SMS; c < CHANNEL_OTHER; c++)
        if (strcmp(channel, channel_name((enum channel)c)) == 0)
            return true;
    return false;
}

bool opt_out_add(struct ctx *ctx, const char *number, const char *channel, const char *source, const char *reason)
{
    if (!phone_is_e164(address_number(number)))
        return err_field(ctx, "number", N_("Write the number with its country code, for example +48 500 100 100."));
    if (!opt_out_channel_known(channel))
        return err_field(ctx, "channel", N_("This channel is not known."));
    return opt_out_set(ctx, number, channel, source, reason);
}

struct rows opt_out_own_words(struct ctx *ctx)
{
    return db_opt_out_words(ctx, ctx->tenant);
}

struct word_change { struct opt_out_word_row row; bool add; };

static bool change_word(struct ctx *ctx, void *arg)
{
    const struct word_change *w = arg;
    if (w->add)
        return db_opt_out_word_put(ctx, ctx->tenant, &w->row, str_hash(w->row.word)) && audit(ctx, "opt_out.word", w->row.word, w->row.meaning);
    int64_t n = db_opt_out_word_delete(ctx, ctx->tenant, w->row.word);
    return n == 0 || (n > 0 && audit(ctx, "opt_out.word_removed", w->row.word, ""));
}

/* This host's workers know it with their next webhook, others within two seconds. */
static bool write_word(struct ctx *ctx, struct word_change *w)
{
    if (!opt_out_apply(ctx, change_word, w))
        return false;
    burst_forget_all(ctx->burst);
    return true;
}

bool opt_out_word_add(struct ctx *ctx, const char *spelled, const char *meaning)
{
    const char *folded = text_fold(ctx->arena, spelled, OPT_OUT_WORD_MOST + 1);
    if (!*folded || strlen(folded) > OPT_OUT_WORD_MOST)
        return err_field(ctx, "word", N_("Write a word or a few, with letters or digits, at most 60 characters."));
    if (strcmp(meaning, "stop") != 0 && strcmp(meaning, "start") != 0 && strcmp(meaning, "help") != 0 && strcmp(meaning, "none") != 0)
        return err_field(ctx, "meaning", N_("Choose what the word means."));
    struct rows own = opt_out_own_words(ctx);
    if (!own.ok)
        return false;
    if (own.n >= OPT_OUT_WORDS_MOST)
        return err_field(ctx, "word", N_("At most 100 words of your own."));
    struct word_change w = { .row = { .word = folded, .meaning = meaning, .spelled = spelled }, .add = true };
    return write_word(ctx, &w);
}

bool opt_out_word_remove(struct ctx *ctx, const char *word)
{
    struct word_change w = { .row = { .word = word } };
    return write_word(ctx, &w);
}
