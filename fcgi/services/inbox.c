/* inbox.c - reading conversations, chats and history. */
#include "base/base.h"
#include "base/clock.h"
#include "base/phone.h"
#include "base/str.h"
#include "services/burst.h"
#include "services/inbox.h"
#include "services/params.h"
#include "store/lines.h"
#include "store/tenants.h"
#include <strings.h>

/* One row more than asked tells whether there is another page. */
static struct page page_of(struct rows rows, int limit)
{
    bool more = rows.n > (size_t)limit;
    return (struct page){ .ok = rows.ok, .row = rows.row, .n = more ? (size_t)limit : rows.n, .more = more };
}

/* %text% with the pattern's own characters made harmless. */
static const char *like_of(struct ctx *ctx, const char *q)
{
    struct str t;
    str_init(&t, ctx->arena, 64, 512);
    str_putc(&t, '%');
    for (; *q && !t.full; q++) {
        if (*q == '%' || *q == '_' || *q == '\\')
            str_putc(&t, '\\');
        str_putc(&t, *q);
    }
    str_putc(&t, '%');
    return t.s;
}

/* A part of a number as people type or copy it: addresses have no blanks, brackets or leading zeros. */
static const char *like_peer_of(struct ctx *ctx, const char *q)
{
    if (!strpbrk(q, "0123456789") || q[strspn(q, "+0123456789 -().\xC2\xA0")])
        return like_of(ctx, q);
    char *bare = arena_strdup(ctx->arena, q), *out = bare;
    for (const char *s = q; *s; s++)
        if (*s == '+' || (*s >= '0' && *s <= '9'))
            *out++ = *s;
    *out = 0;
    return like_of(ctx, bare + (strncmp(bare, "00", 2) == 0 ? 2 : 0));
}

struct page inbox_conversations(struct ctx *ctx, const char *q, int64_t before_ms, uint64_t before_id, int limit)
{
    if (q && *q)
        return page_of(db_conversations_find(ctx, ctx->tenant, ctx->actor.user_id, like_peer_of(ctx, q), like_of(ctx, q), limit), limit);
    return page_of(db_conversations_page(ctx, ctx->tenant, ctx->actor.user_id, before_ms, before_id, limit + 1), limit);
}

struct page inbox_attention(struct ctx *ctx, int64_t before_ms, uint64_t before_id, int limit)
{
    return page_of(db_conversations_waiting(ctx, ctx->tenant, ctx->actor.user_id, before_ms, before_id, limit + 1), limit);
}

bool inbox_attended(struct ctx *ctx, uint64_t conversation, int64_t upto_ms)
{
    return inbox_conversation(ctx, conversation) && db_conversation_attended(ctx, ctx->tenant, conversation, NULL, upto_ms);
}

struct rows inbox_last_errors(struct ctx *ctx, int limit)
{
    return db_last_errors(ctx, ctx->tenant, limit);
}

struct conversation_row *inbox_conversation(struct ctx *ctx, uint64_t id)
{
    struct conversation_row *c = db_conversation_get(ctx, ctx->tenant, ctx->actor.user_id, id);
    if (!c)
        err_set(ctx, ERR_ABSENT, "conversation %" PRIu64, id);
    return c;
}

bool inbox_beside(struct ctx *ctx, const struct conversation_row *c, struct beside_row *out)
{
    *out = (struct beside_row){ .opt_out = NULL };
    return c->beside_ms == CLOCK_NONE || db_conversation_beside(ctx, ctx->tenant, c->id, out);
}

/* A line's address never changes. */
const char *inbox_line_address(struct ctx *ctx, const struct conversation_row *c)
{
    const char *name = arena_printf(ctx->arena, "line-address:%" PRIu64, c->line_id), *kept = burst_find(ctx->burst, name);
    if (kept)
        return arena_strdup(ctx->arena, kept);
    const struct line_row *l = db_line_get(ctx, ctx->tenant, c->line_id);
    if (l)
        burst_keep(ctx->burst, name, l->address, strlen(l->address) + 1);
    return l ? l->address : NULL;
}

int64_t inbox_settle(struct ctx *ctx)
{
    int64_t all = 0, n;
    do {
        n = db_conversations_settle(ctx);
        all += n;
    } while (n == SETTLED_MOST);
    return n < 0 ? -1 : all;
}

/* "sms:+48…" of programs that name every channel: ours have no prefix for it. */
static const char *without_kind(const char *participant)
{
    static const char *const kinds[] = { "sms:", "mms:", "client:", "sip:" };
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (strncasecmp(participant, kinds[i], strlen(kinds[i])) == 0)
            return participant + strlen(kinds[i]);
    return participant;
}

/* "48 600 100-200", "0048600100200", "whatsapp:+48…" -> "+48600100200"; anything that is no number stays as it is. */
static const char *participant_number(struct ctx *ctx, const char *participant)
{
    const char *number = without_kind(address_number(participant));
    char *digits = arena_strdup(ctx->arena, number);
    size_t n = 0;
    for (const char *s = number; *s; s++)
        if (!strchr(" -()._", *s))
            digits[n++] = *s;
    digits[n] = 0;
    bool plus = *digits == '+', zeros = strncmp(digits + plus, "00", 2) == 0;
    if (n == 0 || strspn(digits + plus, "0123456789") != n - plus || address_is_short_code(digits))
        return number;
    return arena_printf(ctx->arena, "+%s", digits + plus + (zeros ? 2 : 0));
}

struct conversation_row *inbox_conversation_with(struct ctx *ctx, const char *participant)
{
    char e164[PHONE_MAX + 1];
    const char *number = participant_number(ctx, participant);
    struct conversation_row *c = db_conversation_by_peer(ctx, ctx->tenant, ctx->actor.user_id, address_key(ctx->arena, number), participant);
    if (c || ctx->err.code || *number != '+')
        return c;
    /* "600 100 200": as it is dialled in the tenant's country */
    const struct tenant_row *t = db_tenant_get(ctx, ctx->tenant);
    if (!t || !phone_parse(without_kind(address_number(participant)), t->country, e164) || strcmp(e164, number) == 0)
        return NULL;
    return db_conversation_by_peer(ctx, ctx->tenant, ctx->actor.user_id, address_key(ctx->arena, e164), participant);
}

struct conversation_row *inbox_conversation_between(struct ctx *ctx, const char *peer, const char *line_address)
{
    struct line_row *line = db_line_by_address(ctx, ctx->tenant, line_address);
    return line ? db_conversation_on_line(ctx, ctx->tenant, line->id, peer) : NULL;
}

struct page inbox_messages(struct ctx *ctx, uint64_t conversation, uint64_t before, int limit)
{
    return page_of(db_messages_page(ctx, ctx->tenant, conversation, before, limit + 1), limit);
}

struct page inbox_messages_without_notes(struct ctx *ctx, uint64_t conversation, uint64_t before, int limit)
{
    return page_of(db_messages_without_notes(ctx, ctx->tenant, conversation, before, limit + 1), limit);
}

struct rows inbox_media(struct ctx *ctx, uint64_t conversation, const struct page *messages)
{
    const struct message_row *m = messages->row;
    bool any = false;
    for (size_t i = 0; i < messages->n; i++)
        any = any || m[i].num_media > 0;
    if (!any)
        return (struct rows){ .ok = true };
    return db_media_of(ctx, ctx->tenant, conversation, m[messages->n - 1].id, m[0].id);
}

bool inbox_mark_read(struct ctx *ctx, uint64_t conversation, int64_t seen)
{
    return inbox_conversation(ctx, conversation) && db_conversation_seen(ctx, ctx->tenant, ctx->actor.user_id, conversation, seen);
}

struct history inbox_history(struct ctx *ctx, enum history_filter filter, const char *q, uint64_t before, int limit)
{
    struct history h = { .searched_to = 0 };
    bool search = q && *q;
    if (search || filter == HISTORY_FAILED) {
        h.searched_to = db_history_floor(ctx, ctx->tenant, before, SEARCH_SPAN);
        if (ctx->err.code)
            return h;
        struct history_search s = { .inbound = filter == HISTORY_ALL || filter == HISTORY_IN, .outbound = filter != HISTORY_IN, .failed = filter == HISTORY_FAILED };
        if (search) {
            s.like = like_of(ctx, q);
            s.like_peer = like_peer_of(ctx, q);
        }
        h.page = page_of(search ? db_history_find(ctx, ctx->tenant, &s, h.searched_to, before, limit + 1)
                                : db_history_failed(ctx, ctx->tenant, h.searched_to, before, limit + 1), limit);
        return h;
    }
    h.page = page_of(filter == HISTORY_ALL ? db_history_all(ctx, ctx->tenant, before, limit + 1)
                                           : db_history_page(ctx, ctx->tenant, filter == HISTORY_IN ? INBOUND : OUTBOUND, before, limit + 1), limit);
    return h;
}

struct history_row *inbox_message(struct ctx *ctx, const char *sid)
{
    struct history_row *m = db_message_by_sid(ctx, ctx->tenant, param_ascii(ctx->arena, sid));
    if (!m)
        err_set(ctx, ERR_ABSENT, "message");
    return m;
}

enum { OVERLAP_MS = 5000 };

static uint64_t mix(uint64_t hash, uint64_t id, int64_t ms)
{
    /* Order does not matter: sums of mixed pairs. */
    uint64_t x = id * UINT64_C(0x9E3779B97F4A7C15) ^ (uint64_t)ms;
    x ^= x >> 29;
    x *= UINT64_C(0xBF58476D1CE4E5B9);
    return hash + (x ^ x >> 32);
}

static const char *cursor_text(struct ctx *ctx, int64_t ms, uint64_t hash)
{
    return arena_printf(ctx->arena, "%" PRId64 "-%" PRIx64, ms, hash);
}

const char *live_cursor(struct ctx *ctx, const struct conversation_row *rows, size_t n)
{
    int64_t newest = 0;
    uint64_t hash = 0;
    for (size_t i = 0; i < n; i++)
        if (rows[i].changed_ms > newest)
            newest = rows[i].changed_ms;
    for (size_t i = 0; i < n; i++)
        if (rows[i].changed_ms > newest - OVERLAP_MS)
            hash = mix(hash, rows[i].id, rows[i].changed_ms);
    return cursor_text(ctx, newest, hash);
}

struct live live_poll(struct ctx *ctx, const char *cursor, uint64_t conversation)
{
    char *end = NULL;
    int64_t since = cursor ? strtoll(cursor, &end, 10) : 0;
    if (since < 0) /* no cursor of ours */
        since = 0;
    uint64_t seen = end && *end == '-' ? strtoull(end + 1, NULL, 16) : 0;
    struct rows rows = db_conversation_changes(ctx, ctx->tenant, since - OVERLAP_MS, conversation);
    const struct change_row *r = rows.row;
    uint64_t hash = 0, next_hash = 0;
    int64_t newest = since;
    for (size_t i = 0; i < rows.n; i++) {
        hash = mix(hash, r[i].id, r[i].changed_ms);
        if (r[i].changed_ms > newest)
            newest = r[i].changed_ms;
    }
    if (!rows.ok || hash == seen)
        return (struct live){ .ok = rows.ok, .changed = false, .cursor = cursor };
    for (size_t i = 0; i < rows.n; i++)
        if (r[i].changed_ms > newest - OVERLAP_MS)
            next_hash = mix(next_hash, r[i].id, r[i].changed_ms);
    return (struct live){ .ok = true, .changed = true, .cursor = cursor_text(ctx, newest, next_hash) };
}
