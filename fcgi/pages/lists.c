/* lists.c - the lists of parts.h: conversations, history, chat, handset. */
#include "base/base.h"
#include "base/clock.h"
#include "base/json.h"
#include "services/handset.h"
#include "services/opt_out.h"
#include "services/params.h"
#include "services/sending.h"
#include "services/session.h"
#include "pages/parts.h"

/* A page makes a hundred of these: not by printf. */
static const char *id_text(struct request *rq, uint64_t id)
{
    struct str s;
    str_init(&s, rq->ctx.arena, 20, 20);
    str_int(&s, (int64_t)id);
    return s.s;
}

static const char *joined(struct request *rq, const char *before, const char *behind)
{
    size_t n = strlen(before), m = strlen(behind);
    char *s = arena_alloc(rq->ctx.arena, n + m + 1);
    memcpy(s, before, n);
    memcpy(s + n, behind, m + 1);
    return s;
}

static void put_conversation_row(struct request *rq, struct value *list, const struct conversation_row *c)
{
    struct value *o = list_object_of(list, 16);
    const char *id = id_text(rq, c->id);
    object_text(o, "id", id);
    object_text(o, "chat_url", joined(rq, "/conversations/", id));
    put_title(rq, o, c->name, c->peer);
    put_channel(rq, o, c->channel);
    view_time(rq, o, "at", c->last_ms);
    enum mime_kind kind = MIME_DOCUMENT;
    bool media_only = preview_is_media(c->preview, &kind);
    object_bool(o, "media_only", media_only);
    object_text(o, "preview", media_only ? kind_label(rq, kind, "") : c->preview);
    bool ours = c->last_direction == OUTBOUND;
    object_bool(o, "outbound", ours);
    object_text(o, "state", NULL);
    if (ours)
        put_state(rq, o, c->last_status);
    object_int(o, "unread", c->unread > 0 ? c->unread : 0);
    if (c->unread > 0)
        object_text(o, "unread_text", say_n(rq, N_("%lld unread"), N_("%lld unread messages"), c->unread));
    object_text(o, "attention", NULL);
    put_attention(rq, o, c);
    object_text(o, "window", NULL);
    put_window(rq, o, c);
}

void put_conversations(struct request *rq, const struct page *page)
{
    struct value *list = object_list(view(rq), "conversations");
    const struct conversation_row *c = page->row;
    for (size_t i = 0; i < page->n; i++)
        put_conversation_row(rq, list, &c[i]);
    object_bool(view(rq), "has_conversations", page->n > 0);
}

static void put_history_row(struct request *rq, struct value *list, const struct history_row *m)
{
    struct value *o = list_object(list);
    object_text(o, "id", id_text(rq, m->id));
    const char *chat = arena_printf(rq->ctx.arena, "/conversations/%" PRIu64, m->conversation_id);
    bool failed = m->direction == OUTBOUND && strcmp(state_tone(m->status), "bad") == 0;
    object_text(o, "chat_url", chat);
    object_text(o, "open_url", failed ? arena_printf(rq->ctx.arena, "%s?before=%" PRIu64 "#newest", chat, m->id + 1) : chat);
    object_bool(o, "inbound", m->direction == INBOUND);
    put_title(rq, o, m->name, m->peer);
    object_text(o, "line", shown_address(rq, m->line));
    put_channel(rq, o, m->channel);
    view_time(rq, o, "at", m->created_ms);
    object_text(o, "line_text", text_preview(rq->ctx.arena, m->body));
    object_text(o, "body", m->body);
    if (m->num_media)
        object_text(o, "media", say_n(rq, N_("%lld attachment"), N_("%lld attachments"), m->num_media));
    put_state(rq, o, m->status);
    object_bool(o, "simulated", m->simulated);
    put_failure(rq, o, m->error_code, m->error_text);
}

void put_history(struct request *rq, const struct history *h)
{
    struct value *list = object_list(view(rq), "messages");
    const struct history_row *m = h->page.row;
    for (size_t i = 0; i < h->page.n; i++)
        put_history_row(rq, list, &m[i]);
    object_bool(view(rq), "has_messages", h->page.n > 0);
}

/* Location, quoted message: what arrived besides text; or that the text was taken away. */
static void put_extra(struct request *rq, struct value *o, const char *extra)
{
    const struct json *j = extra ? json_parse(rq->ctx.arena, extra, strlen(extra)) : NULL;
    const char *lat = json_get_text(j, "Latitude", NULL), *lon = json_get_text(j, "Longitude", NULL);
    if (lat && lon) {
        struct value *place = object_object(o, "place");
        char *end;
        double la = strtod(lat, &end), lo = strtod(lon, &end);
        const char *label = json_get_text(j, "Label", json_get_text(j, "Address", say(rq, N_("Location"))));
        object_text(place, "label", label);
        object_text(place, "map_url", arena_printf(rq->ctx.arena, "https://www.openstreetmap.org/?mlat=%.6f&mlon=%.6f", la, lo));
    }
    if (json_get(j, "Redacted"))
        object_bool(o, "redacted", true);
    const char *button = json_get_text(j, "ButtonText", NULL);
    if (button)
        object_text(o, "quoted", button);
}

/* "as-is" or "edited" when the message came from a model's proposal. */
static const char *draft_of(struct request *rq, const char *extra)
{
    return extra ? json_get_text(json_parse(rq->ctx.arena, extra, strlen(extra)), "AiDraft", NULL) : NULL;
}

/* What all messages of a chat share. */
struct chat {
    const struct conversation_row *c;
    struct value *list;
    struct rows media;
    const struct rows *failed;
    const char *customer;
    const char *remove_before; /* the address without the message's id; NULL: this user removes nothing */
    const char *day;           /* of the message put last */
    const char *status;        /* of ours put last, and what stands for it: most have the same */
    struct value *state;
    const char *side;
};

static const char *author(struct request *rq, const struct chat *chat, const struct message_row *m)
{
    static const char *const kinds[] = { [AUTHOR_USER] = N_("Panel"), [AUTHOR_API] = N_("API"), [AUTHOR_AUTO] = N_("Automatic reply"),
                                         [AUTHOR_MODEL] = N_("AI"), [AUTHOR_SCHEDULE] = N_("Schedule"), [AUTHOR_BULK] = N_("Bulk message") };
    if (m->direction == INBOUND)
        return chat->customer;
    const char *kind = m->author_kind > 0 && m->author_kind < (int)ARRAY_LEN(kinds) ? say(rq, kinds[m->author_kind]) : "";
    if (!m->author)
        return kind;
    const char *from_draft = m->author_kind == AUTHOR_USER ? draft_of(rq, m->extra) : NULL;
    bool edited = from_draft && strcmp(from_draft, "edited") == 0;
    if (from_draft)
        return sayf(rq, edited ? N_("AI draft, changed and sent by %s") : N_("AI draft, sent by %s"), m->author);
    return m->author_kind == AUTHOR_USER ? m->author : arena_printf(rq->ctx.arena, "%s · %s", m->author, kind);
}

/* What few messages have, in one flag that spares the others a dozen questions. */
static bool put_rare(struct request *rq, struct value *o, const struct chat *chat, const struct message_row *m)
{
    bool again = chat->failed && chat->failed->n && put_again(rq, o, chat->c->id, m, chat->failed);
    bool segments = m->segments > 1 && strcmp(chat->c->channel, "sms") == 0; /* only texts are billed by the segment */
    if (*m->body && !m->num_media && !m->extra && !segments && !m->simulated && !m->error_code && !m->error_text && !again)
        return false;
    object_bool(o, "note", false);
    put_media(rq, o, chat->c->id, m->id, &chat->media);
    put_extra(rq, o, m->extra);
    if (segments)
        object_text(o, "segments", say_n(rq, N_("%lld segment"), N_("%lld segments"), m->segments));
    if (m->simulated)
        object_bool(o, "simulated", true);
    put_failure(rq, o, m->error_code, m->error_text);
    return true;
}

/* "side" and "state" of ours: {word, label, tone} of the object that was made last serve again. */
static void put_sent(struct request *rq, struct chat *chat, struct value *o, const struct message_row *m)
{
    if (!chat->status || strcmp(chat->status, m->status) != 0) {
        struct value *shared = object_new(rq->ctx.arena);
        chat->state = put_state(rq, shared, m->status);
        chat->status = m->status;
        chat->side = joined(rq, "out ", state_tone(m->status));
    }
    object_text(o, "side", chat->side);
    object_put(o, "state", chat->state);
    struct view_clock c = view_clock(rq, m->status_ms);
    object_text(o, "state_clock", c.clock);
    object_text(o, "state_date", c.date);
}

enum { MESSAGE_NAMES = 14 };

/* Whatever the template asks of every message is said, be it "no": a missing name is looked for in all of the page. */
static void put_message(struct request *rq, struct chat *chat, const struct message_row *m)
{
    struct value *o = list_object_of(chat->list, MESSAGE_NAMES);
    const char *id = id_text(rq, m->id);
    struct view_clock c = view_clock(rq, m->created_ms);
    bool another = c.day && (!chat->day || strcmp(c.day, chat->day) != 0);
    object_text(o, "id", id);
    object_text(o, "clock", c.clock);
    object_text(o, "date", c.date);
    object_text(o, "day", another ? chat->day = c.day : NULL);
    if (m->direction == NOTE) {
        object_bool(o, "rare", true);
        put_note(rq, o, m);
        return;
    }
    object_text(o, "author", author(rq, chat, m));
    object_text(o, "body", *m->body ? m->body : NULL);
    object_text(o, "remove_url", chat->remove_before ? joined(rq, chat->remove_before, id) : NULL);
    object_bool(o, "rare", put_rare(rq, o, chat, m));
    if (m->direction == OUTBOUND) {
        put_sent(rq, chat, o, m);
        return;
    }
    object_text(o, "side", "in");
    object_text(o, "state", NULL);
}

bool put_chat(struct request *rq, const struct conversation_row *c, const struct page *page, const struct rows *failed)
{
    bool removes = rq->ctx.actor.perms >> PERM_MESSAGE_REMOVE & 1;
    struct chat chat = { .c = c, .failed = failed, .media = inbox_media(&rq->ctx, c->id, page), .customer = *c->name ? c->name : shown_address(rq, c->peer),
                         .remove_before = removes ? arena_printf(rq->ctx.arena, "/conversations/%" PRIu64 "/messages/", c->id) : NULL };
    if (!chat.media.ok)
        return false;
    chat.list = object_list(view(rq), "messages");
    const struct message_row *m = page->row;
    for (size_t i = page->n; i-- > 0;)
        put_message(rq, &chat, &m[i]);
    object_bool(view(rq), "has_messages", page->n > 0);
    return true;
}

void put_handset(struct request *rq, const struct page *page, const struct rows *waiting)
{
    struct value *list = object_list(view(rq), "messages");
    const struct message_row *m = page->row;
    for (size_t i = page->n; i-- > 0;) {
        if (m[i].direction == NOTE)
            continue;
        struct value *o = list_object(list);
        object_text(o, "id", id_text(rq, m[i].id));
        object_bool(o, "typed", m[i].direction == INBOUND);
        bool alone = !*m[i].body && m[i].num_media;
        object_text(o, "body", alone ? say_n(rq, N_("%lld attachment"), N_("%lld attachments"), m[i].num_media) : m[i].body);
        view_time(rq, o, "at", m[i].created_ms);
        put_state(rq, o, m[i].status);
    }
    const struct handset_row *w = waiting->row;
    for (size_t i = 0; i < waiting->n; i++) {
        struct value *o = list_object(list);
        bool failed = strcmp(w[i].state, "failed") == 0;
        object_text(o, "id", arena_printf(rq->ctx.arena, "w%" PRIu64, w[i].id));
        object_bool(o, "typed", true);
        object_text(o, "body", w[i].body);
        view_time(rq, o, "at", w[i].created_ms);
        put_state(rq, o, failed ? "failed" : "sending");
        if (failed)
            object_text(o, "result", sayf(rq, N_("The webhook was answered: %s"), w[i].result));
    }
    object_bool(view(rq), "has_messages", page->n + waiting->n > 0);
}

static const char *remind_url(struct request *rq, const char *peer)
{
    struct str t;
    str_init(&t, rq->ctx.arena, 64, 1024);
    STR_LIT(&t, "/reminders/new?to=");
    str_url(&t, peer, strlen(peer));
    return t.s;
}

bool put_conversation(struct request *rq, const struct conversation_row *c)
{
    struct beside_row beside;
    const char *line = inbox_line_address(&rq->ctx, c);
    if (!line || !inbox_beside(&rq->ctx, c, &beside))
        return false;
    struct value *o = object_object(view(rq), "conversation");
    const char *id = id_text(rq, c->id);
    object_text(o, "id", id);
    object_text(o, "url", arena_printf(rq->ctx.arena, "/conversations/%s", id));
    put_title(rq, o, c->name, c->peer);
    put_channel(rq, o, c->channel);
    bool window = put_window(rq, o, c);
    if (beside.opt_out)
        object_text(o, "locked", arena_printf(rq->ctx.arena, "%s (%s)", say(rq, opt_out_text(beside.opt_out)), view_day(rq, beside.opt_out_ms)));
    else if (!window)
        object_text(o, "locked", say(rq, N_("The customer wrote more than 24 hours ago: WhatsApp allows only approved templates now. Free text opens again when the customer writes.")));
    if (c->unread > 0) {
        object_int(o, "unread", c->unread);
        object_text(o, "unread_text", say_n(rq, N_("%lld unread"), N_("%lld unread messages"), c->unread));
    }
    object_int(o, "seen", c->inbound_count);
    if (!beside.opt_out)
        object_text(o, "remind_url", remind_url(rq, c->peer));
    put_attention(rq, o, c);
    put_proposal(rq, o, c, &beside);
    object_text(o, "line", shown_address(rq, line));
    put_attach(rq, o, c->channel);
    return true;
}
