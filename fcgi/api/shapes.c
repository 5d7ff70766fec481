/* shapes.c - predecessor 000's JSON. */
#include "base/base.h"
#include "base/clock.h"
#include "base/utf8.h"
#include "api/shapes.h"

static void text(struct str *out, const char *name, const char *value)
{
    str_putc(out, '"');
    str_puts(out, name);
    STR_LIT(out, "\":");
    if (value)
        str_json(out, value, strlen(value));
    else
        STR_LIT(out, "null");
    str_putc(out, ',');
}

static void number(struct str *out, const char *name, int64_t value)
{
    str_putc(out, '"');
    str_puts(out, name);
    STR_LIT(out, "\":");
    str_int(out, value);
    str_putc(out, ',');
}

static void moment(struct str *out, const char *name, int64_t ms)
{
    char iso[CLOCK_ISO_MAX];
    clock_iso(ms, true, iso);
    text(out, name, iso);
}

/* UTC without saying so, as the predecessor's messages have it. */
static void moment_bare(struct str *out, const char *name, int64_t ms)
{
    char iso[CLOCK_ISO_MAX];
    clock_iso(ms, true, iso);
    iso[strcspn(iso, "Z")] = 0;
    text(out, name, iso);
}

static void error(struct str *out, int64_t code, const char *words)
{
    text(out, "error", words ? words : code ? arena_printf(out->arena, "Error code: %" PRId64, code) : NULL);
}

/* Replaces the last comma. */
static void close_object(struct str *out)
{
    out->s[out->len - 1] = '}';
}

static const char *direction_word(int direction)
{
    return direction == INBOUND ? "inbound" : "outbound";
}

static void id_text(struct str *out, const char *name, uint64_t id)
{
    text(out, name, arena_printf(out->arena, "%" PRIu64, id));
}

void shape_message(struct str *out, const struct history_row *m)
{
    bool in = m->direction == INBOUND;
    str_putc(out, '{');
    id_text(out, "id", m->id);
    text(out, "sid", m->sid);
    text(out, "direction", direction_word(m->direction));
    text(out, "to_number", in ? m->line : m->peer);
    text(out, "from_number", in ? m->peer : m->line);
    text(out, "body", m->body);
    text(out, "status", m->status);
    error(out, m->error_code, m->error_text);
    id_text(out, "conversation_id", m->conversation_id);
    moment_bare(out, "created_at", m->created_ms);
    moment_bare(out, "updated_at", m->status_ms);
    close_object(out);
}

void shape_chat_message(struct str *out, const struct message_row *m, const struct conversation_row *c, const char *line)
{
    struct history_row h = { .id = m->id, .conversation_id = c->id, .direction = m->direction, .status = m->status, .sid = m->sid,
                             .error_code = m->error_code, .error_text = m->error_text, .body = m->body, .status_ms = m->status_ms,
                             .created_ms = m->created_ms, .peer = c->peer, .line = line };
    shape_message(out, &h);
}

void shape_twilio_message(struct str *out, const struct history_row *m)
{
    bool in = m->direction == INBOUND;
    str_putc(out, '{');
    text(out, "sid", m->sid);
    text(out, "status", m->status);
    text(out, "direction", in ? "inbound" : "outbound-api");
    text(out, "from", in ? m->peer : m->line);
    text(out, "to", in ? m->line : m->peer);
    text(out, "body", m->body);
    number(out, "num_media", m->num_media);
    number(out, "num_segments", m->segments);
    if (m->error_code)
        number(out, "error_code", m->error_code);
    else
        STR_LIT(out, "\"error_code\":null,");
    text(out, "error_message", m->error_text);
    text(out, "messaging_service_sid", NULL);
    text(out, "price", NULL);
    text(out, "price_unit", NULL);
    moment(out, "date_created", m->created_ms);
    moment(out, "date_updated", m->status_ms);
    moment(out, "date_sent", m->created_ms);
    close_object(out);
}

void shape_conversation(struct str *out, const struct conversation_row *c, const struct last_error_row *failed)
{
    str_putc(out, '{');
    id_text(out, "id", c->id);
    text(out, "participant", c->peer);
    text(out, "name", *c->name ? c->name : NULL);
    text(out, "channel", c->channel);
    number(out, "message_count", c->message_count);
    number(out, "unread", c->unread);
    STR_LIT(out, "\"last_message\":{");
    text(out, "body", c->preview);
    text(out, "direction", direction_word(c->last_direction));
    text(out, "status", c->last_status);
    error(out, failed ? failed->error_code : 0, failed ? failed->error_text : NULL);
    moment_bare(out, "created_at", c->last_ms);
    moment_bare(out, "updated_at", c->changed_ms);
    close_object(out);
    str_putc(out, '}');
}

void shape_sent(struct str *out, const struct send_result *r)
{
    str_putc(out, '{');
    text(out, "sid", r->sid);
    text(out, "status", r->status);
    id_text(out, "id", r->message_id);
    id_text(out, "conversation_id", r->conversation_id);
    str_printf(out, "\"simulated\":%s}", r->simulated ? "true" : "false");
}

void shape_added(struct str *out, const struct send_result *r, const char *body)
{
    STR_LIT(out, "{\"success\":true,");
    text(out, "sid", r->sid);
    text(out, "status", r->status);
    number(out, "parts", 1);
    number(out, "characters", (int64_t)utf8_count(body, strlen(body)));
    text(out, "message", "Message sent");
    close_object(out);
}
