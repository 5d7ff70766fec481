/* shapes.c - predecessor 000's JSON. */
#include "base/base.h"
#include "base/clock.h"
#include "base/utf8.h"
#include "services/sync.h"
#include "api/shapes.h"
#include "services/params.h"
#include "api/json_out.h"
#include "web/app.h"

static void moment(struct str *out, const char *name, int64_t ms)
{
    char iso[CLOCK_ISO_MAX];
    clock_iso(ms, true, iso);
    json_put_text(out, name, ms == CLOCK_NONE ? NULL : iso);
}

static void error(struct str *out, int64_t code, const char *words)
{
    json_put_text(out, "error", words ? words : code ? arena_printf(out->arena, "Error code: %" PRId64, code) : NULL);
}

static const char *direction_word(int direction)
{
    return direction == INBOUND ? "inbound" : "outbound";
}

static void id_text(struct str *out, const char *name, uint64_t id)
{
    json_put_text(out, name, arena_printf(out->arena, "%" PRIu64, id));
}

void shape_message(struct str *out, const struct history_row *m)
{
    bool in = m->direction == INBOUND;
    json_open(out);
    id_text(out, "id", m->id);
    json_put_text(out, "sid", m->sid);
    json_put_text(out, "direction", direction_word(m->direction));
    json_put_text(out, "to_number", in ? m->line : m->peer);
    json_put_text(out, "from_number", in ? m->peer : m->line);
    json_put_text(out, "body", m->body);
    json_put_text(out, "status", m->status);
    error(out, m->error_code, m->error_text);
    id_text(out, "conversation_id", m->conversation_id);
    json_put_time(out, "created_at", m->created_ms);
    json_put_time(out, "updated_at", m->status_ms);
    json_close(out);
}

void shape_chat_message(struct str *out, const struct message_row *m, const struct conversation_row *c, const char *line)
{
    struct history_row h = { .id = m->id, .conversation_id = c->id, .direction = m->direction, .status = m->status, .sid = m->sid,
                             .error_code = m->error_code, .error_text = m->error_text, .body = m->body, .status_ms = m->status_ms,
                             .created_ms = m->created_ms, .peer = c->peer, .line = line };
    shape_message(out, &h);
}

void shape_listed(struct str *out, const struct twilio_listed *m)
{
    json_open(out);
    json_put_text(out, "sid", m->sid);
    json_put_text(out, "status", m->status);
    json_put_text(out, "direction", m->direction);
    json_put_text(out, "from", m->from);
    json_put_text(out, "to", m->to);
    json_put_text(out, "body", m->body);
    json_put_int(out, "num_media", m->num_media);
    json_put_int(out, "num_segments", m->num_segments);
    if (m->error_code)
        json_put_int(out, "error_code", m->error_code);
    else
        STR_LIT(out, "\"error_code\":null,");
    json_put_text(out, "error_message", m->error_message);
    json_put_text(out, "messaging_service_sid", m->messaging_service_sid);
    json_put_text(out, "price", m->price);
    json_put_text(out, "price_unit", m->price_unit);
    moment(out, "date_created", m->created_ms);
    moment(out, "date_updated", m->updated_ms);
    moment(out, "date_sent", m->sent_ms);
    json_close(out);
}

void shape_twilio_message(struct str *out, const struct history_row *m)
{
    bool in = m->direction == INBOUND;
    const struct twilio_listed listed = {
        .sid = m->sid, .status = m->status, .direction = in ? "inbound" : "outbound-api", .from = in ? m->peer : m->line, .to = in ? m->line : m->peer,
        .body = m->body, .num_media = m->num_media, .num_segments = m->segments, .error_code = (int)m->error_code, .error_message = m->error_text,
        .created_ms = m->created_ms, .updated_ms = m->status_ms, .sent_ms = m->created_ms };
    shape_listed(out, &listed);
}

void shape_conversation(struct str *out, const struct conversation_row *c, const struct last_error_row *failed)
{
    json_open(out);
    id_text(out, "id", c->id);
    json_put_text(out, "participant", c->peer);
    json_put_text(out, "name", *c->name ? c->name : NULL);
    json_put_text(out, "channel", c->channel);
    json_put_int(out, "message_count", c->message_count);
    json_put_int(out, "unread", c->unread);
    json_put_text(out, "attention", *c->attention ? c->attention : NULL);
    STR_LIT(out, "\"last_message\":{");
    enum mime_kind kind;
    json_put_text(out, "body", preview_is_media(c->preview, &kind) ? "" : c->preview); /* an attachment alone has no text */
    json_put_text(out, "direction", direction_word(c->last_direction));
    json_put_text(out, "status", c->last_status);
    error(out, failed ? failed->error_code : 0, failed ? failed->error_text : NULL);
    json_put_time(out, "created_at", c->last_ms);
    json_put_time(out, "updated_at", c->changed_ms);
    json_close(out);
    str_putc(out, '}');
}

int fail_at_twilio(struct request *rq, struct response *rs)
{
    int status = fail(rq, rs);
    return rs->status = status == 502 || status == 504 ? 500 : status;
}

void shape_sent(struct str *out, const struct send_result *r)
{
    json_open(out);
    json_put_text(out, "sid", r->sid);
    json_put_text(out, "status", r->status);
    id_text(out, "id", r->message_id);
    id_text(out, "conversation_id", r->conversation_id);
    str_printf(out, "\"simulated\":%s}", r->simulated ? "true" : "false");
}

void shape_added(struct str *out, const struct send_result *r, size_t parts, const char *body)
{
    STR_LIT(out, "{\"success\":true,");
    json_put_text(out, "sid", r->sid);
    json_put_text(out, "status", r->status);
    for (size_t i = 0; parts > 1 && i < parts; i++) {
        str_puts(out, i ? "," : "\"sids\":[");
        if (r[i].sid)
            str_json(out, r[i].sid, strlen(r[i].sid));
        else
            STR_LIT(out, "null");
    }
    if (parts > 1)
        STR_LIT(out, "],");
    json_put_int(out, "parts", (int64_t)parts);
    json_put_int(out, "characters", (int64_t)utf8_count(body, strlen(body)));
    json_put_text(out, "message", "Message sent");
    json_close(out);
}
