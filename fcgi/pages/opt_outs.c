/* opt_outs.c - who does not want to be written to: the list, what is to be decided, one more. */
#include "base/base.h"
#include "base/clock.h"
#include "base/str.h"
#include "pages/opt_outs.h"

struct opt_outs_in { const char *q, *before; };
static const struct form_field opt_outs_fields[] = {
    FORM_TEXT(struct opt_outs_in, q, 0, 60, 0),
    FORM_TEXT(struct opt_outs_in, before, 0, 60, 0),
};
const struct form opt_outs_query = FORM(struct opt_outs_in, opt_outs_fields);

struct opt_out_add_in { const char *number, *channel, *reason; };
static const struct form_field opt_out_add_fields[] = {
    FORM_PHONE(struct opt_out_add_in, number, REQUIRED),
    FORM_TEXT(struct opt_out_add_in, channel, 0, 12, 0),
    FORM_TEXT(struct opt_out_add_in, reason, 0, OPT_OUT_REASON_MOST, 0),
};
const struct form opt_out_add_form = FORM(struct opt_out_add_in, opt_out_add_fields);

struct opt_out_decide_in { uint64_t conversation; const char *answer, *next; };
static const struct form_field opt_out_decide_fields[] = {
    FORM_ID(struct opt_out_decide_in, conversation, REQUIRED),
    FORM_TEXT(struct opt_out_decide_in, answer, 2, 3, REQUIRED),
    FORM_TEXT(struct opt_out_decide_in, next, 0, 200, 0),
};
const struct form opt_out_decide_form = FORM(struct opt_out_decide_in, opt_out_decide_fields);

void put_opt_out_tab(struct request *rq, const char *tab)
{
    object_bool(object_object(view(rq), "here"), "opt_outs", true);
    object_bool(object_object(view(rq), "tab"), tab, true);
}

const char *opt_out_channel_label(struct request *rq, const char *channel)
{
    if (strcmp(channel, "all") == 0)
        return say(rq, N_("All channels"));
    return strcmp(channel, "sms") == 0 ? "SMS" : strcmp(channel, "whatsapp") == 0 ? "WhatsApp" : strcmp(channel, "rcs") == 0 ? "RCS" : strcmp(channel, "messenger") == 0 ? "Messenger" : channel;
}

const char *opt_out_source_label(struct request *rq, const char *source)
{
    static const struct { const char *source, *label; } labels[] = {
        { "keyword", N_("Asked by the customer") }, { "provider", N_("Told by the provider") }, { "admin", N_("Recorded by us") },
        { "import", N_("Imported") }, { "api", N_("Recorded by the API") }, { "erased", N_("Person erased") },
    };
    for (size_t i = 0; i < ARRAY_LEN(labels); i++)
        if (strcmp(labels[i].source, source) == 0)
            return say(rq, labels[i].label);
    return source;
}

void put_opt_out(struct request *rq, struct value *o, const struct opt_out_row *r)
{
    const char *id = arena_printf(rq->ctx.arena, "%" PRIu64, r->id);
    object_text(o, "id", id);
    object_text(o, "page_url", arena_printf(rq->ctx.arena, "/opt-outs/%s", id));
    object_text(o, "title", r->address_key ? shown_address(rq, r->address_key) : say(rq, N_("Erased person")));
    object_text(o, "channel_label", opt_out_channel_label(rq, r->channel));
    object_text(o, "source", opt_out_source_label(rq, r->source));
    if (*r->reason)
        object_text(o, "reason", r->reason);
    if (*r->actor)
        object_text(o, "by", r->actor);
    view_time(rq, o, "since", r->changed_ms);
}

void put_opt_out_channels(struct request *rq, const char *chosen)
{
    static const char *const words[] = { "all", "sms", "whatsapp" };
    struct value *list = object_list(view(rq), "channels");
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        struct value *o = list_object(list);
        object_text(o, "word", words[i]);
        object_text(o, "label", opt_out_channel_label(rq, words[i]));
        object_bool(o, "selected", chosen && strcmp(chosen, words[i]) == 0);
    }
}

static void put_doubts(struct request *rq, const struct rows *rows)
{
    struct value *list = object_list(view(rq), "doubts");
    const struct opt_out_doubt_row *d = rows->row;
    for (size_t i = 0; i < rows->n; i++) {
        struct value *o = list_object(list);
        object_text(o, "conversation", arena_printf(rq->ctx.arena, "%" PRIu64, d[i].conversation_id));
        object_text(o, "message", arena_printf(rq->ctx.arena, "%" PRIu64, d[i].message_id));
        put_title(rq, o, d[i].name, d[i].peer);
        put_channel(rq, o, d[i].channel);
        object_text(o, "text", d[i].body);
        view_time(rq, o, "at", d[i].created_ms);
    }
}

static void put_reviews(struct request *rq, const struct rows *rows)
{
    struct value *list = object_list(view(rq), "reviews");
    const struct opt_out_row *r = rows->row;
    for (size_t i = 0; i < rows->n; i++) {
        struct value *o = list_object(list);
        put_opt_out(rq, o, &r[i]);
        put_failure(rq, o, strtoll(r[i].reason, NULL, 10), NULL);
    }
}

/* What people have to decide stands above the first page. */
static bool put_review(struct request *rq)
{
    struct rows doubts = opt_out_doubt_list(&rq->ctx), reviews = opt_out_review_list(&rq->ctx);
    if (!doubts.ok || !reviews.ok)
        return false;
    put_doubts(rq, &doubts);
    put_reviews(rq, &reviews);
    object_bool(view(rq), "has_review", doubts.n + reviews.n > 0);
    return true;
}

static bool put_list(struct request *rq, const char *q, const char *before)
{
    char *end = NULL;
    int64_t before_ms = before && *before ? strtoll(before, &end, 10) : CLOCK_NONE;
    uint64_t before_id = end && *end == '.' ? strtoull(end + 1, NULL, 10) : 0;
    bool searching = q && *q;
    struct rows rows = opt_out_list(&rq->ctx, q, rq->country, before_ms, before_id, PAGE_ROWS + 1);
    if (!rows.ok)
        return false;
    const struct opt_out_row *r = rows.row;
    bool more = !searching && rows.n > PAGE_ROWS;
    size_t n = more ? PAGE_ROWS : rows.n;
    struct value *list = object_list(view(rq), "entries");
    for (size_t i = 0; i < n; i++)
        put_opt_out(rq, list_object(list), &r[i]);
    object_bool(view(rq), "has_entries", n > 0);
    object_bool(view(rq), "searching", searching);
    if (searching)
        object_text(view(rq), "q", q);
    put_pager(rq, more ? arena_printf(rq->ctx.arena, "/opt-outs?before=%" PRId64 ".%" PRIu64, r[n - 1].changed_ms, r[n - 1].id) : NULL,
              before_ms != CLOCK_NONE ? "/opt-outs" : NULL);
    return searching || before_ms != CLOCK_NONE || put_review(rq);
}

static int show(struct request *rq, struct response *rs, const char *q, const char *before, const char *channel, int status)
{
    if (!put_list(rq, q, before))
        return fail(rq, rs);
    put_opt_out_tab(rq, "list");
    put_opt_out_channels(rq, channel);
    return view_page_status(rq, rs, "pages/opt_outs", status);
}

int opt_outs_page(struct request *rq, struct response *rs) /* GET /opt-outs */
{
    const struct opt_outs_in *in = rq->in;
    view_form(rq, &opt_out_add_form, NULL);
    return show(rq, rs, in->q, in->before, NULL, 200);
}

int opt_out_add_page(struct request *rq, struct response *rs) /* POST /opt-outs */
{
    const struct opt_out_add_in *in = rq->in;
    if (!rq->form_errors) {
        if (opt_out_add(&rq->ctx, in->number, in->channel && *in->channel ? in->channel : "all", "admin", in->reason)) {
            response_notice(rq, rs, N_("Recorded. Nothing is sent to this number any more."));
            return redirect(rq, rs, "/opt-outs");
        }
        if (!show_again(rq))
            return fail(rq, rs);
    }
    view_form(rq, &opt_out_add_form, in);
    return show(rq, rs, NULL, NULL, in->channel, 422);
}

int opt_out_decide_page(struct request *rq, struct response *rs) /* POST /opt-outs/doubts */
{
    const struct opt_out_decide_in *in = rq->in;
    bool yes = in->answer && strcmp(in->answer, "yes") == 0;
    if (rq->form_errors || (!yes && strcmp(in->answer, "no") != 0))
        return fail_with(rq, rs, ERR_INVALID);
    if (!opt_out_decide(&rq->ctx, in->conversation, yes))
        return fail(rq, rs);
    response_notice(rq, rs, yes ? N_("Opted out. Nothing is sent to this customer any more.") : N_("Noted: this was no request to stop."));
    return redirect(rq, rs, in->next && path_is_local(in->next) ? in->next : "/opt-outs");
}
