/* inbound.c - from webhook parameters to a stored message. */
#include "base/base.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/phone.h"
#include "base/str.h"
#include "base/utf8.h"
#include "services/burst.h"
#include "services/inbound.h"
#include "services/opt_out.h"
#include "services/params.h"
#include "store/db.h"
#include "store/lines.h"
#include "store/messages.h"
#include "store/removed.h"

enum { MEDIA_MOST = 10, BODY_MOST = 60000 };

/* What the chat shows besides text. Order and names as Twilio has them. */
static const char *const extras[] = {
    "Latitude", "Longitude", "Address", "Label", "ButtonText", "ButtonPayload", "ListTitle", "ListId",
    "OriginalRepliedMessageSid", "OriginalRepliedMessageSender", "Forwarded", "FrequentlyForwarded", "ReferralHeadline", "ReferralBody",
    "ReferralSourceUrl", "OptOutType", "MessageType",
};

static const char *extra_json(struct ctx *ctx, const struct pair *params, size_t count)
{
    struct str out;
    bool any = false;
    str_init(&out, ctx->arena, 128, 16384);
    for (size_t i = 0; i < ARRAY_LEN(extras); i++) {
        const struct pair *p = param_pair(params, count, extras[i]);
        if (!p || !p->value_len || (strcmp(extras[i], "MessageType") == 0 && strcmp(p->value, "text") == 0))
            continue;
        str_putc(&out, any ? ',' : '{');
        str_json(&out, extras[i], strlen(extras[i]));
        str_putc(&out, ':');
        str_json(&out, p->value, p->value_len);
        any = true;
    }
    if (!any)
        return NULL;
    str_putc(&out, '}');
    return out.full ? NULL : out.s;
}

/* Indices may be missing; what there is keeps its number. */
static const char *media_json(struct ctx *ctx, const struct pair *params, size_t count, int *found, const char **first)
{
    struct str out;
    size_t some = 0;
    *found = 0;
    while (some < count && strncmp(params[some].name, "MediaUrl", 8) != 0)
        some++;
    if (some == count) /* as most messages: ten names need not be looked for */
        return NULL;
    str_init(&out, ctx->arena, 512, 65535);
    for (int i = 0; i < MEDIA_MOST; i++) {
        char name[32];
        snprintf(name, sizeof name, "MediaUrl%d", i);
        const struct pair *url = param_pair(params, count, name);
        if (!url || !url->value_len || url->value_len > 2000)
            continue;
        snprintf(name, sizeof name, "MediaContentType%d", i);
        const char *type = param_text(params, count, name);
        type = type ? arena_strndup(ctx->arena, type, utf8_cut(type, strlen(type), 120)) : "";
        str_printf(&out, "%s{\"position\":%d,\"type\":", *found ? "," : "[", i);
        str_json(&out, type, strlen(type));
        STR_LIT(&out, ",\"url\":");
        str_json(&out, url->value, url->value_len);
        str_putc(&out, '}');
        if ((*found)++ == 0)
            *first = type;
    }
    if (!*found)
        return NULL;
    str_putc(&out, ']');
    if (out.full) { /* no address of Twilio's; the parameters keep it */
        *found = 0;
        return NULL;
    }
    return out.s;
}

static const char *sid_of(const struct pair *params, size_t count)
{
    static const char *const names[] = { "MessageSid", "SmsMessageSid", "SmsSid" };
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        const char *sid = param_text(params, count, names[i]);
        if (sid && *sid && strlen(sid) <= 34)
            return sid;
    }
    return NULL;
}

/* Parameters that message, conversation or unrouted have columns for. */
static const char *const columns[] = { "MessageSid", "SmsMessageSid", "SmsSid", "AccountSid", "ApiVersion", "SmsStatus", "From", "To", "Body", NULL };

static int small_int(const char *s, int least, int most)
{
    long v = s ? strtol(s, NULL, 10) : least;
    return v < least ? least : v > most ? most : (int)v;
}

/* Twilio repeats what it believes lost, minutes later, too. Costs a statement for an hour after something was deleted. */
static bool was_removed(struct ctx *ctx, const char *sid)
{
    const char *action = ctx->removed_lately ? db_removed_action(ctx, ctx->tenant, sid) : NULL;
    return action && strcmp(action, "delete") == 0;
}

/* A message that is known already, as a row of ingest. Only what was seen here before is asked for: what comes the first time
 * finds out by its unique key. */
static const struct ingest_row *known(struct ctx *ctx, const char *sid)
{
    const struct state_row *m = burst_seen(ctx->burst, sid) ? db_message_state_by_sid(ctx, ctx->tenant, sid) : NULL;
    if (!m)
        return NULL;
    struct ingest_row *row = ARENA_NEW(ctx->arena, struct ingest_row);
    *row = (struct ingest_row){ .outcome = "duplicate", .conversation_id = m->conversation_id, .message_id = m->id };
    return row;
}

/* What a burst of messages to one line need not ask for each. */
struct line_kept { uint64_t id; int64_t answer_after_s; };

static const struct ingest_row silent = { .outcome = "stored" };

/* Stores it. Who is `told` gets the ids of a new message, too. */
static const struct ingest_row *store(struct ctx *ctx, struct inbound *in, bool told)
{
    const char *name = arena_printf(ctx->arena, "arrival:%" PRIu64 ":%s", ctx->tenant, in->to);
    const struct line_kept *kept = burst_find(ctx->burst, name);
    if (kept && !told) {
        in->line = kept->id;
        in->answer_after_s = kept->answer_after_s;
    }
    const struct ingest_row *row = db_message_ingest(ctx, ctx->tenant, in);
    if (row && row->line_id && !kept)
        burst_keep(ctx->burst, name, &(struct line_kept){ row->line_id, row->answer_after_s }, sizeof(struct line_kept));
    return row || ctx->err.code ? row : &silent;
}

static struct inbound *read_params(struct ctx *ctx, const struct pair *params, size_t count)
{
    const struct pair *body = param_pair(params, count, "Body");
    const char *from = param_text(params, count, "From"), *to = param_text(params, count, "To"), *sid = sid_of(params, count);
    if (!sid || !from || !*from || !to || !*to || strlen(from) > ADDRESS_MAX || strlen(to) > ADDRESS_MAX) {
        err_set(ctx, ERR_MALFORMED, "inbound webhook without MessageSid, From or To");
        return NULL;
    }
    struct arena *a = ctx->arena;
    const char *name = param_text(params, count, "ProfileName"), *number = address_number(from), *first = "";
    struct inbound *in = ARENA_NEW(a, struct inbound);
    *in = (struct inbound){
        .to = param_clean(a, to, strlen(to), ADDRESS_MAX), .from = param_clean(a, from, strlen(from), ADDRESS_MAX),
        .phone = phone_is_e164(number) ? number : "", .name = name ? param_clean(a, name, strlen(name), 120) : "",
        .channel = channel_name(address_channel(from)), .sid = param_ascii(a, sid),
        .body = body ? param_clean(a, body->value, body->value_len, BODY_MOST) : "",
        .extra = extra_json(ctx, params, count), .detail = params_json(a, params, count, columns),
        .segments = small_int(param_text(params, count, "NumSegments"), 1, 255),
    };
    in->key = address_key(a, in->from);
    in->media = media_json(ctx, params, count, &in->num_media, &first);
    in->preview = *in->body || !in->num_media ? text_preview(a, in->body) : media_preview(first);
    return in;
}

bool inbound_receive(struct ctx *ctx, struct pair *params, size_t count, struct inbound_result *out)
{
    struct inbound *in = read_params(ctx, params, count);
    if (!in)
        return false;
    if (was_removed(ctx, in->sid)) {
        log_event(ctx, LOG_INFO, "message.received", "sid=%s outcome=removed", in->sid);
        if (out)
            *out = (struct inbound_result){ .outcome = INBOUND_REMOVED };
        return true;
    }
    struct opt_out_heard heard = { .from = in->from, .body = in->body, .sid = in->sid,
                                   .word = opt_out_word(ctx, in->body, param_text(params, count, "OptOutType")) };
    const struct ingest_row *row = ctx->err.code ? NULL : known(ctx, in->sid);
    if (!row && !ctx->err.code)
        row = store(ctx, in, out || heard.word != OPT_NONE);
    if (!row)
        return false;
    if (out)
        *out = (struct inbound_result){ .conversation_id = row->conversation_id, .message_id = row->message_id,
            .outcome = strcmp(row->outcome, "stored") == 0 ? INBOUND_STORED : strcmp(row->outcome, "duplicate") == 0 ? INBOUND_DUPLICATE : INBOUND_UNROUTED };
    log_event(ctx, LOG_INFO, "message.received", "sid=%s outcome=%s media=%d", in->sid, row->outcome, in->num_media);
    /* Also of a duplicate: this may have stopped in between the last time. */
    heard.conversation = row->conversation_id;
    heard.message = row->message_id;
    return opt_out_heard(ctx, &heard);
}

struct rows unrouted_list(struct ctx *ctx, int64_t before_ms, const char *before_sid, int limit)
{
    return db_unrouted_page(ctx, ctx->tenant, before_ms, before_sid, limit);
}

/* The row's columns and its kept JSON as parameters again. */
static struct pair *pairs_of(struct ctx *ctx, const struct unrouted_row *row, const char *to, size_t *count)
{
    size_t kept;
    const char *const own[][2] = { { "MessageSid", row->sid }, { "From", row->from_address }, { "To", to }, { "Body", row->body } };
    const struct pair *rest = params_from_json(ctx->arena, row->detail, strlen(row->detail), &kept);
    struct pair *pairs = ARENA_ARRAY(ctx->arena, struct pair, kept + ARRAY_LEN(own));
    for (size_t i = 0; i < ARRAY_LEN(own); i++)
        pairs[i] = (struct pair){ own[i][0], strlen(own[i][0]), own[i][1], strlen(own[i][1]) };
    for (size_t i = 0; i < kept; i++)
        pairs[ARRAY_LEN(own) + i] = rest[i];
    *count = kept + ARRAY_LEN(own);
    return pairs;
}

/* Through the same door again. It stays where it is unless it has arrived. */
static bool route(struct ctx *ctx, const struct unrouted_row *row, const char *to)
{
    size_t n;
    struct inbound_result res;
    struct pair *pairs = pairs_of(ctx, row, to, &n);
    if (!inbound_receive(ctx, pairs, n, &res))
        return false;
    if (res.outcome == INBOUND_UNROUTED)
        return err_set(ctx, ERR_CONFLICT, "the line has gone");
    return db_message_backdate(ctx, ctx->tenant, res.conversation_id, res.message_id, row->created_ms) &&
           db_unrouted_delete(ctx, ctx->tenant, row->sid) >= 0;
}

bool unrouted_route_one(struct ctx *ctx, const char *sid, uint64_t line_id)
{
    struct unrouted_row *row = db_unrouted_get(ctx, ctx->tenant, param_ascii(ctx->arena, sid));
    struct line_row *line = row ? db_line_get(ctx, ctx->tenant, line_id) : NULL;
    if (!line)
        return err_set(ctx, ERR_ABSENT, "unrouted message or line");
    return route(ctx, row, line->address);
}

/* Some of them, in memory of its own: there may be thousands. How many, -1 on failure. */
static int64_t route_some(struct ctx *ctx, const char *to_address)
{
    enum { SOME = 50, SOME_CEILING = 128 << 20 };
    struct arena *outer = ctx->arena, *own = arena_new(SOME_CEILING);
    ctx->arena = own;
    struct rows rows = db_unrouted_to(ctx, ctx->tenant, to_address, SOME);
    const struct unrouted_row *r = rows.row;
    int64_t done = 0;
    while (rows.ok && done < (int64_t)rows.n && route(ctx, &r[done], to_address))
        done++;
    bool ok = rows.ok && done == (int64_t)rows.n;
    ctx->arena = outer;
    ctx->err.detail = arena_strdup(outer, ctx->err.detail);
    arena_free(own);
    return ok ? done : -1;
}

int64_t unrouted_route(struct ctx *ctx, const char *to_address)
{
    if (!db_line_by_address(ctx, ctx->tenant, to_address)) {
        if (!ctx->err.code)
            err_field(ctx, "to", N_("This number is not a line yet. Add it first."));
        return -1;
    }
    for (int64_t done = 0;;) {
        int64_t n = route_some(ctx, to_address);
        if (n <= 0)
            return n < 0 ? -1 : done;
        done += n;
    }
}
