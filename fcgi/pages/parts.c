/* parts.c - states, channels, titles, windows, forms: the small objects of many pages. */
#include "base/base.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "base/phone.h"
#include "base/str.h"
#include "services/error_codes.h"
#include "services/gate.h"
#include "services/sending.h"
#include "pages/parts.h"

static const struct state { const char *word, *label, *tone; } states[] = { /* the frequent ones first: a list asks fifty times */
    { "delivered", N_("Delivered"), "good" }, { "received", N_("Received"), "good" }, { "sent", N_("Sent"), "sent" }, { "read", N_("Read"), "good" },
    { "queued", N_("Queued"), "wait" }, { "accepted", N_("Accepted"), "wait" }, { "scheduled", N_("Scheduled"), "wait" },
    { "sending", N_("Sending"), "wait" }, { "unknown", N_("Unknown"), "wait" }, { "undelivered", N_("Undelivered"), "bad" },
    { "failed", N_("Failed"), "bad" }, { "canceled", N_("Canceled"), "quiet" },
};

static const struct state *state_of(const char *status)
{
    for (size_t i = 0; i < ARRAY_LEN(states); i++)
        if (strcmp(states[i].word, status) == 0)
            return &states[i];
    return NULL;
}

struct value *put_state(struct request *rq, struct value *o, const char *status)
{
    const struct state *known = state_of(status); /* Twilio's new word is shown as it came */
    struct value *s = object_object(o, "state");
    object_text(s, "word", known ? known->word : "unknown");
    object_text(s, "label", known ? say(rq, known->label) : status);
    object_text(s, "tone", known ? known->tone : "quiet");
    return s;
}

const char *state_tone(const char *status)
{
    const struct state *known = state_of(status);
    return known ? known->tone : "quiet";
}

void put_channel(struct request *rq, struct value *o, const char *channel)
{
    static const struct { const char *word, *label; } names[] = {
        { "sms", "SMS" }, { "whatsapp", "WhatsApp" }, { "rcs", "RCS" }, { "messenger", "Messenger" } };
    struct value *c = object_object(o, "channel");
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (strcmp(names[i].word, channel) == 0) {
            object_text(c, "word", names[i].word);
            object_text(c, "label", names[i].label);
            return;
        }
    }
    object_text(c, "word", "other");
    object_text(c, "label", say(rq, N_("Other channel")));
}

const char *shown_address(struct request *rq, const char *address)
{
    const char *number = address_number(address);
    return phone_is_e164(number) ? phone_display(rq->ctx.arena, number) : number;
}

void put_title(struct request *rq, struct value *o, const char *name, const char *peer)
{
    const char *number = shown_address(rq, peer);
    object_text(o, "title", *name ? name : number);
    object_text(o, "number", *name ? number : NULL);
}

/* A message id, perhaps with a moment behind it: "… (2026-11-20T13:37:00Z)". */
static const char *say_dated(struct request *rq, const char *words)
{
    const char *at = strrchr(words, '(');
    size_t n = at ? strcspn(at, ")") : 0;
    int64_t ms;
    if (!at || at == words || at[-1] != ' ' || strcmp(at + n, ")") != 0 || !clock_parse_iso(arena_strndup(rq->ctx.arena, at + 1, n - 1), &ms))
        return say(rq, words);
    return arena_printf(rq->ctx.arena, "%s (%s)", say(rq, arena_strndup(rq->ctx.arena, words, (size_t)(at - 1 - words))), view_day(rq, ms));
}

void put_failure(struct request *rq, struct value *o, int64_t code, const char *words)
{
    if (!code && !words)
        return;
    struct value *f = object_object(o, "failure");
    if (!code) {
        object_text(f, "text", say_dated(rq, words));
        return;
    }
    struct error_code e = error_code(rq->ctx.arena, (int)code);
    object_text(f, "text", error_code_words(&e, language_code(catalog_language(rq->lang))));
    object_int(f, "code", code);
    object_text(f, "help_url", error_code_link(rq->ctx.arena, (int)code));
}

bool put_window(struct request *rq, struct value *o, const struct conversation_row *c)
{
    if (strcmp(c->channel, "whatsapp") != 0)
        return true;
    bool open = whatsapp_window_open(c->last_inbound_ms, c->now_ms);
    struct value *w = object_object(o, "window");
    object_bool(w, "open", open);
    if (!open) {
        object_text(w, "text", say(rq, N_("Window closed")));
        return false;
    }
    int64_t minutes = (c->last_inbound_ms + WHATSAPP_WINDOW_MS - c->now_ms) / 60000;
    object_text(w, "text", minutes >= 60 ? say_n(rq, N_("Open for %lld hour"), N_("Open for %lld hours"), minutes / 60)
                                         : say_n(rq, N_("Open for %lld minute"), N_("Open for %lld minutes"), minutes));
    return true;
}

const char *line_label(struct request *rq, const struct line_row *l)
{
    bool whatsapp = strcmp(l->channel, "whatsapp") == 0;
    return arena_printf(rq->ctx.arena, "%s%s%s%s", l->name, *l->name ? " · " : "", shown_address(rq, l->address), whatsapp ? " · WhatsApp" : " · SMS");
}

static void put_line(struct request *rq, struct value *list, const struct line_row *l, bool selected)
{
    struct value *o = list_object(list);
    object_text(o, "id", arena_printf(rq->ctx.arena, "%" PRIu64, l->id));
    object_text(o, "address", l->address);
    object_text(o, "channel", l->channel);
    object_text(o, "label", line_label(rq, l));
    object_bool(o, "selected", selected);
}

bool put_lines(struct request *rq, uint64_t chosen, bool active_only)
{
    struct rows rows = sending_lines(&rq->ctx);
    if (!rows.ok)
        return false;
    struct value *list = object_list(view(rq), "lines");
    const struct line_row *l = rows.row;
    for (size_t i = 0; i < rows.n; i++)
        if (l[i].active || !active_only)
            put_line(rq, list, &l[i], l[i].id == chosen);
    object_bool(view(rq), "has_lines", list_len(list) > 0);
    object_bool(view(rq), "several_lines", list_len(list) > 1);
    return true;
}

void put_lines_of(struct request *rq, struct value *o, const struct rows *lines, const char *channel)
{
    struct value *list = object_list(o, "lines");
    const struct line_row *l = lines->row;
    for (size_t i = 0; i < lines->n; i++)
        if (strcmp(l[i].channel, channel) == 0)
            put_line(rq, list, &l[i], false);
    object_bool(o, "has_lines", list_len(list) > 0);
}

void put_live(struct request *rq, const char *url, const char *cursor)
{
    struct value *live = object_object(view(rq), "live");
    object_text(live, "url", url);
    object_text(live, "cursor", cursor);
}

void put_pager(struct request *rq, const char *older_url, const char *newest_url)
{
    if (!older_url && !newest_url)
        return;
    struct value *p = object_object(view(rq), "pager");
    if (older_url)
        object_text(p, "older_url", older_url);
    if (newest_url)
        object_text(p, "newest_url", newest_url);
}

void put_languages(struct request *rq, const char *chosen)
{
    static const char *const names[LANG_COUNT] = { [LANG_EN] = "English", [LANG_PL] = "Polski", [LANG_ES] = "Español" };
    struct value *list = object_list(view(rq), "languages");
    for (int l = 0; l < LANG_COUNT; l++) {
        struct value *o = list_object(list);
        object_text(o, "code", language_code((enum language)l));
        object_text(o, "label", names[l]);
        object_bool(o, "selected", strcmp(language_code((enum language)l), chosen) == 0);
    }
}

void put_nonce(struct request *rq)
{
    object_text(view(rq), "nonce", crypto_token(rq->ctx.arena, 18));
}

/* Digits in groups of three, with a no-break space: the same in all three languages. */
static const char *grouped(struct arena *a, int64_t v)
{
    char digits[24];
    int n = snprintf(digits, sizeof digits, "%" PRId64, v);
    struct str t;
    str_init(&t, a, 48, 128);
    for (int i = 0; i < n; i++) {
        if (i && (n - i) % 3 == 0)
            STR_LIT(&t, "\xC2\xA0");
        str_putc(&t, digits[i]);
    }
    return t.s;
}

void put_totals(struct request *rq, const struct total_row *t)
{
    struct value *o = object_object(view(rq), "totals");
    object_text(o, "all", grouped(rq->ctx.arena, t->inbound + t->outbound));
    object_text(o, "inbound", grouped(rq->ctx.arena, t->inbound));
    object_text(o, "outbound", grouped(rq->ctx.arena, t->outbound));
}

bool show_again(struct request *rq)
{
    const struct err e = rq->ctx.err;
    if (e.code == ERR_INVALID && e.field) {
        request_field_error(rq, e.field, err_public(&e));
        err_clear(&rq->ctx);
        return true;
    }
    if (e.code != ERR_LOGIN && e.code != ERR_LIMIT && e.code != ERR_UPSTREAM && e.code != ERR_CONFLICT)
        return false;
    request_field_error(rq, "", err_public(&e)); /* no field: the form's problem */
    err_clear(&rq->ctx);
    return true;
}
