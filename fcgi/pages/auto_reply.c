/* auto_reply.c - how lines answer by themselves: one rule at a time, the others beside it. */
#include "base/base.h"
#include "services/ai_settings.h"
#include "services/replies.h"
#include "pages/auto_reply.h"

struct line_in { uint64_t line; };
static const struct form_field line_fields[] = { FORM_ID(struct line_in, line, 0) };
const struct form auto_reply_query = FORM(struct line_in, line_fields);

#define CLOCK(m) FORM_TEXT(struct auto_reply_in, m, 0, 5, 0)
#define DAY(d) CLOCK(d##_from), CLOCK(d##_to), CLOCK(d##_from2), CLOCK(d##_to2), CLOCK(d##_from3), CLOCK(d##_to3)
static const struct form_field rule_fields[] = {
    FORM_ID(struct auto_reply_in, line, 0),
    FORM_TEXT(struct auto_reply_in, mode, 1, 12, REQUIRED),
    FORM_TEXT(struct auto_reply_in, body, 0, ANSWER_MOST_UNITS, MULTILINE),
    FORM_TEXT(struct auto_reply_in, closed_body, 0, ANSWER_MOST_UNITS, MULTILINE),
    FORM_TEXT(struct auto_reply_in, fallback, 0, ANSWER_MOST_UNITS, MULTILINE),
    FORM_BOOL(struct auto_reply_in, hours, false),
    FORM_BOOL(struct auto_reply_in, same, false),
    DAY(mon), DAY(tue), DAY(wed), DAY(thu), DAY(fri), DAY(sat), DAY(sun),
    FORM_INT(struct auto_reply_in, most, 1, ANSWERS_MOST, 5, 0),
};
#undef DAY
#undef CLOCK
const struct form auto_reply_form = FORM(struct auto_reply_in, rule_fields);

static const struct form_field word_fields[] = {
    FORM_ID(struct keyword_in, line, 0),
    FORM_TEXT(struct keyword_in, word, 1, WORD_MOST_UNITS, REQUIRED),
    FORM_TEXT(struct keyword_in, answer, 1, ANSWER_MOST_UNITS, REQUIRED | MULTILINE),
};
const struct form keyword_form = FORM(struct keyword_in, word_fields);

struct remove_in { uint64_t line; const char *word; };
static const struct form_field remove_fields[] = { FORM_ID(struct remove_in, line, 0), FORM_TEXT(struct remove_in, word, 1, 100, REQUIRED) };
const struct form keyword_remove_form = FORM(struct remove_in, remove_fields);

static const struct form_field day_fields[] = {
    FORM_ID(struct closed_day_in, line, 0),
    FORM_TEXT(struct closed_day_in, date, 1, 10, REQUIRED),
    FORM_TEXT(struct closed_day_in, name, 0, DAY_NAME_MOST_UNITS, 0),
    FORM_BOOL(struct closed_day_in, yearly, false),
};
const struct form closed_day_form = FORM(struct closed_day_in, day_fields);

struct day_in { uint64_t line; const char *day; };
static const struct form_field day_remove_fields[] = { FORM_ID(struct day_in, line, 0), FORM_TEXT(struct day_in, day, 1, 10, REQUIRED) };
const struct form closed_day_remove_form = FORM(struct day_in, day_remove_fields);

/* ---- pages ---- */

static int show_rule(struct request *rq, struct response *rs, uint64_t line, const struct auto_reply_in *in, const struct keyword_in *word,
                     const struct closed_day_in *closing, int status)
{
    const struct reply_rule_row *r = reply_rule(&rq->ctx, line);
    if (!r)
        return fail(rq, rs);
    struct auto_reply_in shown = { .line = line, .mode = r->mode, .body = r->body, .closed_body = r->closed_body, .fallback = r->fallback, .most = r->most };
    if (!in)
        fill_hours(rq, &shown, r->hours);
    if (!put_auto_reply(rq, r, in ? in : &shown, word, closing))
        return fail(rq, rs);
    return view_page_status(rq, rs, "pages/auto_reply", status);
}

static int back(struct request *rq, struct response *rs, uint64_t line, const char *part)
{
    return redirect(rq, rs, line ? arena_printf(rq->ctx.arena, "/auto-reply?line=%" PRIu64 "%s", line, part) : arena_printf(rq->ctx.arena, "/auto-reply%s", part));
}

int auto_reply_page(struct request *rq, struct response *rs) /* GET /auto-reply */
{
    const struct line_in *in = rq->in;
    return show_rule(rq, rs, in->line, NULL, NULL, NULL, 200);
}

static bool save(struct request *rq, const struct auto_reply_in *in)
{
    struct reply_rule_row r = { .line_id = in->line, .mode = in->mode, .body = or_empty(in->body), .closed_body = or_empty(in->closed_body),
                                .fallback = or_empty(in->fallback), .most = in->most };
    if (!read_hours(rq, in, &r.hours) || (strcmp(in->mode, "ai") == 0 && !ai_has_key(&rq->ctx, in->line, "mode")))
        return false;
    return reply_rule_save(&rq->ctx, &r);
}

int auto_reply_save_page(struct request *rq, struct response *rs) /* POST /auto-reply */
{
    const struct auto_reply_in *in = rq->in;
    if (!rq->form_errors && save(rq, in)) {
        response_notice(rq, rs, N_("Saved."));
        return back(rq, rs, in->line, "");
    }
    if (!rq->form_errors && !show_again(rq))
        return fail(rq, rs);
    return show_rule(rq, rs, in->line, in, NULL, NULL, 422);
}

int keyword_add_page(struct request *rq, struct response *rs) /* POST /auto-reply/keywords */
{
    const struct keyword_in *in = rq->in;
    if (!rq->form_errors && reply_keyword_add(&rq->ctx, in->line, in->word, in->answer)) {
        response_notice(rq, rs, N_("The keyword is saved."));
        return back(rq, rs, in->line, "#keywords");
    }
    if (!rq->form_errors && !show_again(rq))
        return fail(rq, rs);
    return show_rule(rq, rs, in->line, NULL, in, NULL, 422);
}

int keyword_remove_page(struct request *rq, struct response *rs) /* POST /auto-reply/keywords/remove */
{
    const struct remove_in *in = rq->in;
    if (rq->form_errors)
        return fail_with(rq, rs, ERR_INVALID);
    if (!reply_keyword_remove(&rq->ctx, in->line, in->word))
        return fail(rq, rs);
    response_notice(rq, rs, N_("The keyword is removed."));
    return back(rq, rs, in->line, "#keywords");
}

int closed_day_add_page(struct request *rq, struct response *rs) /* POST /auto-reply/closed-days */
{
    const struct closed_day_in *in = rq->in;
    if (!rq->form_errors && reply_closed_day_add(&rq->ctx, in->line, in->date, in->yearly, or_empty(in->name))) {
        response_notice(rq, rs, N_("The closed day is saved."));
        return back(rq, rs, in->line, "#closed-days");
    }
    if (!rq->form_errors && !show_again(rq))
        return fail(rq, rs);
    return show_rule(rq, rs, in->line, NULL, NULL, in, 422);
}

int closed_day_remove_page(struct request *rq, struct response *rs) /* POST /auto-reply/closed-days/remove */
{
    const struct day_in *in = rq->in;
    if (rq->form_errors)
        return fail_with(rq, rs, ERR_INVALID);
    if (!reply_closed_day_remove(&rq->ctx, in->line, in->day))
        return fail(rq, rs);
    response_notice(rq, rs, N_("The closed day is removed."));
    return back(rq, rs, in->line, "#closed-days");
}
