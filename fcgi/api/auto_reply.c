/* auto_reply.c - predecessor 000's automatic reply: the tenant's default rule; and beside it the hours in which it answers. */
#include "base/base.h"
#include "base/json.h"
#include "services/replies.h"
#include "web/handlers.h"
#include "api/json_out.h"

enum { DAYS_BYTES = 32 * 1024 };

struct auto_reply_in { int enabled; const char *message, *hours, *closed_message, *closed_days; };
static const struct form_field auto_reply_fields[] = {
    FORM_SWITCH(struct auto_reply_in, enabled),
    FORM_TEXT(struct auto_reply_in, message, 0, ANSWER_MOST_UNITS, MULTILINE),
    FORM_JSON(struct auto_reply_in, hours, 1000, 0),
    FORM_TEXT(struct auto_reply_in, closed_message, 0, ANSWER_MOST_UNITS, MULTILINE),
    FORM_JSON(struct auto_reply_in, closed_days, DAYS_BYTES, 0),
};
const struct form auto_reply_api_form = FORM(struct auto_reply_in, auto_reply_fields);

/* "hours": null, always; or as services/hours.h has it, {"off": true, …} while they are not in use. */
static void put_hours(struct str *out, const struct reply_rule_row *r)
{
    json_name(out, "hours");
    str_puts(out, r->hours ? r->hours : "null");
    str_putc(out, ',');
    json_put_text(out, "closed_message", r->closed_body);
}

static void put_closed_days(struct str *out, const struct rows *rows)
{
    const struct closed_day_row *row = rows->row;
    json_name(out, "closed_days");
    str_putc(out, '[');
    for (size_t i = 0; i < rows->n; i++) {
        str_puts(out, i ? "," : "");
        json_open(out);
        json_put_text(out, "date", row[i].day);
        json_put_text(out, "name", row[i].name);
        json_put_bool(out, "yearly", strlen(row[i].day) == strlen("12-25"));
        json_close(out);
    }
    str_puts(out, "],");
}

static int show(struct request *rq, struct response *rs)
{
    const struct reply_rule_row *r = reply_rule(&rq->ctx, 0);
    const char *zone = r ? reply_zone(&rq->ctx) : NULL;
    struct rows days = zone ? reply_closed_days(&rq->ctx, r->id) : (struct rows){ 0 };
    if (!days.ok)
        return fail(rq, rs);
    json_open(&rs->body);
    json_put_bool(&rs->body, "enabled", strcmp(r->mode, "text") == 0);
    json_put_text(&rs->body, "message", r->body);
    json_put_text(&rs->body, "zone", zone);
    put_hours(&rs->body, r);
    put_closed_days(&rs->body, &days);
    json_close(&rs->body);
    return json_done(rs, 200);
}

int auto_reply_config_api(struct request *rq, struct response *rs) /* GET /api/auto-reply/config */
{
    return show(rq, rs);
}

static bool printable(const char *s)
{
    while ((unsigned char)*s >= ' ' && *s != 0x7f)
        s++;
    return !*s;
}

/* A list of {"date", "name"?, "yearly"?}, or of dates alone. NULL with ctx->err. */
static struct closed_day_row *read_days(struct request *rq, const char *text, size_t *n)
{
    const struct json *list = json_parse(rq->ctx.arena, text, strlen(text));
    struct closed_day_row *days = ARENA_ARRAY(rq->ctx.arena, struct closed_day_row, json_len(list) + 1);
    *n = 0;
    const char *mistake = json_kind(list) == JSON_LIST ? NULL : N_("This is not a list.");
    for (const struct json *j = json_first(list); j && !mistake; j = json_next(j)) {
        struct closed_day_row d = { .name = json_get_text(j, "name", "") };
        d.day = reply_closed_day(json_kind(j) == JSON_TEXT ? json_text(j, "") : json_get_text(j, "date", ""), json_bool(json_get(j, "yearly"), false));
        mistake = !d.day ? N_("Write the date as 2026-12-25.") : printable(d.name) ? NULL : N_("This text has characters that are not allowed.");
        days[(*n)++] = d;
    }
    return mistake && !err_field(&rq->ctx, "closed_days", mistake) ? NULL : days;
}

/* {"off": true} alone: none. */
static bool read_hours(struct request *rq, const char *json, const char **out)
{
    struct hours hours;
    if (!hours_parse(rq->ctx.arena, json, &hours))
        return err_field(&rq->ctx, "hours", N_("These are no business hours."));
    if (hours_empty(&hours) && !hours.off)
        return err_field(&rq->ctx, "hours", N_("Write the hours of at least one day."));
    *out = hours_empty(&hours) ? NULL : hours_json(rq->ctx.arena, &hours);
    return true;
}

static bool save(struct request *rq, struct reply_rule_row *r, const struct auto_reply_in *in)
{
    size_t n;
    const struct closed_day_row *days = NULL;
    if (in->hours && !read_hours(rq, in->hours, &r->hours))
        return false;
    if (!in->closed_days)
        return reply_rule_save(&rq->ctx, r);
    days = read_days(rq, in->closed_days, &n);
    return days && reply_rule_save_with(&rq->ctx, r, days, n);
}

int auto_reply_config_set_api(struct request *rq, struct response *rs) /* POST /api/auto-reply/config */
{
    const struct auto_reply_in *in = rq->in;
    struct reply_rule_row *r = reply_rule(&rq->ctx, 0);
    if (!r)
        return fail(rq, rs);
    if (in->message)
        r->body = in->message;
    if (in->closed_message)
        r->closed_body = in->closed_message;
    if (in->enabled == SWITCH_ON) /* one mode: this switches a model off */
        r->mode = "text";
    else if (in->enabled == SWITCH_OFF && strcmp(r->mode, "text") == 0)
        r->mode = "none";
    if (save(rq, r, in))
        return show(rq, rs);
    if (rq->ctx.err.field && strcmp(rq->ctx.err.field, "body") == 0) /* by the names they have here */
        rq->ctx.err.field = "message";
    if (rq->ctx.err.field && strcmp(rq->ctx.err.field, "closed_body") == 0)
        rq->ctx.err.field = "closed_message";
    return fail(rq, rs);
}
