/* ai_console.c - trying the AI out, and what it has cost. */
#include "base/base.h"
#include "base/phone.h"
#include "base/str.h"
#include "pages/ai.h"
#include "services/ai_console.h"
#include "services/ai_usage.h"

enum { USAGE_DAYS = 31, PREVIEW_ROWS = 20 };

struct ai_test_in { uint64_t line; const char *test_message, *test_number; };
static const struct form_field ai_test_fields[] = {
    FORM_ID(struct ai_test_in, line, 0),
    FORM_TEXT(struct ai_test_in, test_message, 0, 1600, MULTILINE),
    FORM_TEXT(struct ai_test_in, test_number, 0, 40, 0),
};
const struct form ai_test_form = FORM(struct ai_test_in, ai_test_fields);

struct ai_price_in { const char *model, *price_in, *price_out; };
static const struct form_field ai_price_fields[] = {
    FORM_TEXT(struct ai_price_in, model, 1, 100, REQUIRED),
    FORM_TEXT(struct ai_price_in, price_in, 0, 12, 0),
    FORM_TEXT(struct ai_price_in, price_out, 0, 12, 0),
};
const struct form ai_price_form = FORM(struct ai_price_in, ai_price_fields);

/* ---- the console ---- */

static bool put_newest(struct request *rq, const struct conversation_row *c)
{
    struct page page = inbox_messages(&rq->ctx, c->id, 0, PREVIEW_ROWS);
    struct value *o = object_object(view(rq), "conversation");
    object_int(o, "id", (int64_t)c->id);
    object_text(o, "url", arena_printf(rq->ctx.arena, "/conversations/%" PRIu64, c->id));
    return page.ok && put_chat(rq, c, &page, NULL);
}

bool put_preview(struct request *rq, const char *number)
{
    if (!number || !*number)
        return true;
    const struct conversation_row *c = inbox_conversation_with(&rq->ctx, number);
    if (!c)
        return rq->ctx.err.code == ERR_NONE;
    struct value *o = object_object(view(rq), "preview");
    put_title(rq, o, c->name, c->peer);
    object_text(o, "chat_url", arena_printf(rq->ctx.arena, "/conversations/%" PRIu64, c->id));
    put_live(rq, arena_printf(rq->ctx.arena, "/live?view=preview&id=%" PRIu64, c->id), live_cursor(&rq->ctx, c, 1));
    return put_newest(rq, c);
}

bool put_preview_again(struct request *rq, uint64_t conversation)
{
    const struct conversation_row *c = inbox_conversation(&rq->ctx, conversation);
    return c && put_newest(rq, c);
}

static void put_result(struct request *rq, const struct console *c)
{
    const struct model_result *m = &c->thought.last;
    const char *problem = console_problem(c);
    struct value *o = object_object(view(rq), "result");
    object_bool(o, "good", problem == NULL);
    object_text(o, "input", c->input);
    object_text(o, "text", c->thought.text);
    if (problem)
        object_text(o, "reason", say(rq, c->thought.reason ? c->thought.reason : problem));
    object_text(o, "error", m->error && *m->error ? m->error : NULL);
    object_text(o, "outcome", c->thought.outcome);
    object_text(o, "ms", sayf(rq, N_("%d ms"), m->took_ms));
    object_text(o, "tokens", sayf(rq, N_("%lld in, %lld out"), (long long)m->tokens_in, (long long)m->tokens_out));
    object_text(o, "model", m->model);
    if (m->status)
        object_int(o, "status", m->status);
    object_text(o, "request_id", m->request_id && *m->request_id ? m->request_id : NULL);
}

int ai_test_page(struct request *rq, struct response *rs) /* POST /ai/test: the answer is the page, nothing is sent */
{
    const struct ai_test_in *in = rq->in;
    struct console c;
    struct console_wish wish = { .line = in->line, .participant = in->test_number, .message = in->test_message, .test = true };
    int status = 200;
    if (rq->form_errors)
        status = 422;
    else if (console_ask(&rq->ctx, &wish, &c))
        put_result(rq, &c);
    else if (show_again(rq))
        status = 422;
    else
        return fail(rq, rs);
    struct value *o = object_object(view(rq), "test");
    object_text(o, "message", in->test_message);
    object_text(o, "number", in->test_number);
    return put_ai(rq, &(struct ai_view){ .line = in->line, .tested = true }) ? view_page_status(rq, rs, "pages/ai", status) : fail(rq, rs);
}

/* ---- usage ---- */

static void put_costs(struct request *rq, const struct rows *rows)
{
    struct value *list = object_list(view(rq), "costs");
    const struct ai_cost_row *c = rows->row;
    double sum = 0;
    int64_t calls = 0, tokens = 0;
    bool priced = false;
    for (size_t i = 0; i < rows->n; i++) {
        struct value *o = list_row(list, &ai_cost_row_type, &c[i]);
        object_bool(o, "all_answered", c[i].answered == c[i].calls);
        object_int(o, "failed", c[i].calls - c[i].answered);
        calls += c[i].calls;
        tokens += c[i].tokens_in + c[i].tokens_out;
        priced = priced || c[i].cost;
        sum += c[i].cost ? strtod(c[i].cost, NULL) : 0;
    }
    object_bool(view(rq), "has_costs", rows->n > 0);
    struct value *t = object_object(view(rq), "sum");
    object_int(t, "calls", calls);
    object_int(t, "tokens", tokens);
    object_text(t, "cost", priced ? arena_printf(rq->ctx.arena, "%.2f", sum) : NULL);
}

static const char *outcome_words(struct request *rq, const char *outcome)
{
    static const struct { const char *word, *label; } words[] = {
        { "handed_off", N_("handed to a person") }, { "refused", N_("it refused") }, { "empty", N_("empty answer") }, { "cut", N_("cut off") },
        { "filtered", N_("held back by a filter") }, { "busy", N_("too busy") }, { "quota", N_("no credit left") }, { "denied", N_("key not accepted") },
        { "bad_request", N_("request not accepted") }, { "down", N_("no answer in time") }, { "nonsense", N_("answer not readable") } };
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (strcmp(words[i].word, outcome) == 0)
            return say(rq, words[i].label);
    return outcome;
}

static void put_problems(struct request *rq, const struct rows *rows)
{
    struct value *list = object_list(view(rq), "problems");
    const struct ai_problem_row *p = rows->row;
    for (size_t i = 0; i < rows->n; i++) {
        struct value *o = list_object(list);
        view_time(rq, o, "at", p[i].created_ms);
        object_text(o, "model", p[i].model);
        object_text(o, "outcome", outcome_words(rq, p[i].outcome));
        object_text(o, "problem", *p[i].problem ? p[i].problem : NULL);
        object_text(o, "request_id", *p[i].request_id ? p[i].request_id : NULL);
        if (p[i].status)
            object_int(o, "status", p[i].status);
        object_text(o, "chat_url", p[i].conversation_id ? arena_printf(rq->ctx.arena, "/conversations/%" PRIu64, p[i].conversation_id) : NULL);
    }
    object_bool(view(rq), "has_problems", rows->n > 0);
}

static int show_usage(struct request *rq, struct response *rs, const struct ai_price_in *typed, int status)
{
    struct rows costs = ai_costs(&rq->ctx, USAGE_DAYS), problems = ai_problems(&rq->ctx, USAGE_DAYS);
    if (!costs.ok || !problems.ok)
        return fail(rq, rs);
    put_costs(rq, &costs);
    put_problems(rq, &problems);
    view_form(rq, &ai_price_form, typed);
    object_bool(object_object(view(rq), "here"), "ai", true);
    return view_page_status(rq, rs, "pages/ai_usage", status);
}

int ai_usage_page(struct request *rq, struct response *rs) /* GET /ai/usage */
{
    return show_usage(rq, rs, NULL, 200);
}

int ai_price_page(struct request *rq, struct response *rs) /* POST /ai/price */
{
    const struct ai_price_in *in = rq->in;
    if (!rq->form_errors) {
        if (ai_price_put(&rq->ctx, in->model, in->price_in ? in->price_in : "", in->price_out ? in->price_out : "")) {
            response_notice(rq, rs, N_("Saved."));
            return redirect(rq, rs, "/ai/usage");
        }
        if (!show_again(rq))
            return fail(rq, rs);
    }
    return show_usage(rq, rs, in, 422);
}
