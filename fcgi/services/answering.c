/* answering.c - the guards of automatic answers, and the answer itself. */
#include "base/base.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/phone.h"
#include "services/answering.h"
#include "services/error_codes.h"
#include "services/note.h"
#include "services/opt_out.h"
#include "services/replies.h"
#include "services/sending.h"
#include "store/conversations.h"
#include "store/db.h"

enum { OLD_MS = 10 * 60 * 1000, PERSON_MS = 30 * 60 * 1000, NUMBER_LEAST = 8 };

struct judging {
    const struct reply_case *c;
    const struct reply_case_row *row;
    const struct zone *zone;
    uint64_t last_person;   /* newest message that a person of ours wrote, 0: none lately */
    int64_t answers;        /* automatic ones since then or since midnight */
    bool newer, noted;      /* the customer wrote again; the stop is in the chat already */
    bool looped;            /* Twilio has stopped one of them: two programs were answering each other */
};

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* ---- what happened lately ---- */

static bool stopped_by_twilio(struct ctx *ctx, int64_t code)
{
    return code && error_code(ctx->arena, (int)code).feedback == FEEDBACK_NO_AUTO_REPLY;
}

static void count_recent(struct ctx *ctx, struct judging *j, const struct rows *rows, uint64_t midnight)
{
    const struct recent_row *r = rows->row; /* newest first */
    for (size_t i = 0; i < rows->n; i++) {
        bool person = r[i].direction == OUTBOUND && (r[i].author_kind == AUTHOR_USER || r[i].author_kind == AUTHOR_API);
        bool machine = r[i].direction == OUTBOUND && (r[i].author_kind == AUTHOR_AUTO || r[i].author_kind == AUTHOR_MODEL);
        j->newer |= r[i].direction == INBOUND && r[i].id > j->c->message_id;
        if (person && !j->last_person)
            j->last_person = r[i].id;
        if (j->last_person || r[i].id < midnight)
            continue;
        j->answers += machine;
        j->looped |= machine && stopped_by_twilio(ctx, r[i].error_code);
        j->noted |= r[i].direction == NOTE && strcmp(r[i].status, "answers-stopped") == 0;
    }
}

static bool look(struct ctx *ctx, struct judging *j)
{
    j->row = db_reply_case(ctx, ctx->tenant, j->c->conversation_id, j->c->message_id);
    if (!j->row)
        return !ctx->err.code && err_set(ctx, ERR_ABSENT, "message %" PRIu64, j->c->message_id);
    j->zone = zone_load(ctx->arena, j->row->zone);
    if (!j->zone)
        j->zone = zone_load(ctx->arena, "UTC");
    uint64_t midnight = message_id_at(zone_day_start(j->zone, j->row->now_ms, 0));
    uint64_t floor = least(least(midnight, j->c->message_id), message_id_at(j->row->arrived_ms - PERSON_MS));
    struct rows rows = db_reply_recent(ctx, ctx->tenant, j->c->conversation_id, floor);
    if (rows.ok)
        count_recent(ctx, j, &rows, midnight);
    return rows.ok;
}

/* ---- guards: an outcome, or NULL ---- */

static const char *guard_rule(struct ctx *ctx, const struct judging *j)
{
    (void)ctx;
    const struct reply_case_row *r = j->row;
    bool on = r->mode && strcmp(r->mode, "none") != 0 && strcmp(r->mode, "inherit") != 0 && r->since_ms != CLOCK_NONE;
    return on && r->line_active && strcmp(r->tenant_state, "active") == 0 ? NULL : "off";
}

static const char *guard_age(struct ctx *ctx, const struct judging *j)
{
    (void)ctx;
    const struct reply_case_row *r = j->row;
    return r->routing ? "later" : r->arrived_ms < r->since_ms ? "before" : r->now_ms - r->arrived_ms > OLD_MS ? "too-old" : NULL;
}

/* Short codes and names are machines, or nobody's. */
static const char *guard_sender(struct ctx *ctx, const struct judging *j)
{
    (void)ctx;
    const char *peer = j->row->peer, *number = address_number(peer);
    enum channel channel = address_channel(peer);
    if (!phone_is_e164(number) || strlen(number) < NUMBER_LEAST || (channel != CHANNEL_SMS && channel != CHANNEL_WHATSAPP))
        return "no-address";
    return j->row->own_number ? "own-number" : NULL;
}

/* Words that Twilio or our ledger answers, and doubtful ones that a person must read. What the webhook does with a word is
 * recorded right behind the message: a moment later it is there. */
static const char *guard_opt_out(struct ctx *ctx, const struct judging *j)
{
    enum { RECORDED_MS = 2000 };
    const struct reply_case_row *r = j->row;
    const char *type = r->extra ? json_get_text(json_parse(ctx->arena, r->extra, strlen(r->extra)), "OptOutType", NULL) : NULL;
    if (opt_out_word(ctx, r->body, type) == OPT_START && r->now_ms - r->arrived_ms < RECORDED_MS)
        return "later";
    if (opt_out_silences(ctx, r->body, type, r->sid))
        return "opt-word";
    return opt_out_is(ctx, r->peer, r->channel, NULL) ? "opted-out" : NULL;
}

static const char *guard_person(struct ctx *ctx, const struct judging *j)
{
    (void)ctx;
    return j->last_person > j->c->message_id ? "human" : NULL;
}

/* Three texts in a row are one question to a model. */
static const char *guard_newer(struct ctx *ctx, const struct judging *j)
{
    (void)ctx;
    return j->newer && strcmp(j->row->mode, "ai") == 0 ? "superseded" : NULL;
}

/* ---- what to say ---- */

/* Since when it is closed in `since`. */
static bool closed_then(struct ctx *ctx, const struct judging *j, int64_t *since)
{
    struct hours hours;
    return reply_hours(ctx, j->row->rule_id, j->row->hours, &hours) && !hours_open(&hours, j->zone, j->row->arrived_ms, since);
}

static struct verdict say_closed(struct ctx *ctx, const struct judging *j, int64_t since)
{
    if (!*j->row->closed_body)
        return (struct verdict){ .outcome = "closed" };
    if (j->last_person >= message_id_at(j->row->arrived_ms - PERSON_MS))
        return (struct verdict){ .outcome = "human" };
    int told = db_reply_outcome_since(ctx, ctx->tenant, j->c->conversation_id, since == CLOCK_NONE ? 0 : message_id_at(since), "closed-text");
    return told ? (struct verdict){ .outcome = "closed" } : (struct verdict){ .outcome = "closed-text", .answer = j->row->closed_body };
}

static struct verdict say_keyword(struct ctx *ctx, const struct judging *j)
{
    const struct keyword_row *k = db_reply_keyword_find(ctx, ctx->tenant, j->row->rule_id, keyword_of(ctx->arena, j->row->body));
    const char *answer = k ? k->answer : j->row->fallback;
    return *answer ? (struct verdict){ .outcome = "answered", .answer = answer } : (struct verdict){ .outcome = "no-keyword" };
}

static struct verdict what_to_say(struct ctx *ctx, const struct judging *j)
{
    int64_t since;
    if (closed_then(ctx, j, &since))
        return say_closed(ctx, j, since);
    if (strcmp(j->row->mode, "ai") == 0)
        return (struct verdict){ .think = true };
    if (strcmp(j->row->mode, "keywords") == 0)
        return say_keyword(ctx, j);
    return *j->row->text ? (struct verdict){ .outcome = "answered", .answer = j->row->text } : (struct verdict){ .outcome = "off" };
}

static bool judge(struct ctx *ctx, struct judging *j, struct verdict *out)
{
    static const char *(*const guards[])(struct ctx *, const struct judging *) = { guard_rule, guard_age, guard_sender, guard_opt_out, guard_person, guard_newer };
    *out = (struct verdict){ 0 };
    if (!look(ctx, j))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(guards) && !out->outcome; i++)
        out->outcome = guards[i](ctx, j);
    if (!out->outcome)
        *out = what_to_say(ctx, j);
    if ((out->answer || out->think) && (j->looped || j->answers >= j->row->most))
        *out = (struct verdict){ .outcome = "loop" };
    return !ctx->err.code;
}

bool answering_judge(struct ctx *ctx, struct reply_case *c, struct verdict *out)
{
    struct judging j = { .c = c };
    if (!judge(ctx, &j, out))
        return false;
    c->line_id = j.row->line_id;
    c->arrived_ms = j.row->arrived_ms;
    c->now_ms = j.row->now_ms;
    c->body = j.row->body;
    return true;
}

/* ---- ends ---- */

static struct reply_due_row job_of(struct ctx *ctx, const struct reply_case *c)
{
    return (struct reply_due_row){ .tenant_id = ctx->tenant, .conversation_id = c->conversation_id, .message_id = c->message_id };
}

static bool ours(struct ctx *ctx, int changed)
{
    return changed > 0 || (changed == 0 && err_set(ctx, ERR_CONFLICT, "the lease went to somebody else"));
}

bool answering_done(struct ctx *ctx, const struct reply_case *c, const char *outcome)
{
    struct reply_due_row job = job_of(ctx, c);
    return ours(ctx, db_reply_done(ctx, &job, c->claim, outcome));
}

bool answering_hold(struct ctx *ctx, const struct reply_case *c)
{
    struct reply_due_row job = job_of(ctx, c);
    return ours(ctx, db_reply_hold(ctx, &job, c->claim, ANSWER_LEASE_S));
}

struct ending { const struct reply_case *c; const char *outcome, *note, *detail; bool once; };

/* The touch locks the conversation: notes come in order, and what is there already is seen. */
static bool end_noted(struct ctx *ctx, void *arg)
{
    const struct ending *e = arg;
    struct judging j = { .c = e->c };
    if (!db_conversation_touch(ctx, ctx->tenant, e->c->conversation_id, 0, NULL) || (e->once && !look(ctx, &j)))
        return false;
    return (j.noted || note_add(ctx, e->c->conversation_id, e->note, e->detail)) && answering_done(ctx, e->c, e->outcome);
}

bool answering_done_noted(struct ctx *ctx, const struct reply_case *c, const char *outcome, const char *note, const char *detail)
{
    struct ending e = { .c = c, .outcome = outcome, .note = note, .detail = detail };
    return db_transaction(ctx, end_noted, &e) == DB_OK;
}

/* Without an answer. What is just being recorded is looked at again. */
static bool end(struct ctx *ctx, const struct reply_case *c, const char *outcome)
{
    enum { SOON_MS = 1000 };
    struct reply_due_row job = job_of(ctx, c);
    if (strcmp(outcome, "later") == 0)
        return ours(ctx, db_reply_release(ctx, &job, c->claim, SOON_MS));
    if (strcmp(outcome, "loop") != 0)
        return answering_done(ctx, c, outcome);
    struct ending e = { .c = c, .outcome = outcome, .note = "answers-stopped", .detail = "", .once = true };
    return db_transaction(ctx, end_noted, &e) == DB_OK;
}

/* ---- sending ---- */

struct saying { struct reply_case *c; const struct verdict *v; struct verdict now; };

static bool still_the_same(struct ctx *ctx, uint64_t conversation, uint64_t message, void *arg)
{
    struct saying *s = arg;
    (void)conversation;
    (void)message;
    return answering_judge(ctx, s->c, &s->now) && s->now.answer && strcmp(s->now.answer, s->v->answer) == 0;
}

static bool job_too(struct ctx *ctx, const struct send_result *stored, void *arg)
{
    const struct saying *s = arg;
    (void)stored;
    return answering_done(ctx, s->c, s->now.outcome);
}

/* Refused by what a send must be (INVALID, ABSENT): it will not become better by trying again. */
static bool unsendable(struct ctx *ctx, const struct reply_case *c)
{
    if (ctx->err.code != ERR_INVALID && ctx->err.code != ERR_ABSENT)
        return false;
    err_clear(ctx);
    return answering_done(ctx, c, "unsendable");
}

bool answering_send(struct ctx *ctx, struct reply_case *c, const struct verdict *v)
{
    if (!v->answer)
        return end(ctx, c, v->outcome);
    struct saying s = { .c = c, .v = v };
    struct send_result sent;
    struct send_request wish = {
        .conversation_id = c->conversation_id, .body = v->answer, .author = AUTHOR_AUTO, .queued = true,
        .nonce = arena_printf(ctx->arena, "reply-%" PRIu64 "-%" PRIu64, c->conversation_id, c->message_id),
        .still = still_the_same, .still_arg = &s, .also = job_too, .also_arg = &s,
    };
    if (!message_send(ctx, &wish, &sent))
        return unsendable(ctx, c);
    if (!sent.withdrawn)
        return true;
    struct reply_due_row job = job_of(ctx, c);
    if (s.now.answer || s.now.think) /* the rule was changed in between: from the beginning */
        return ours(ctx, db_reply_release(ctx, &job, c->claim, 0));
    return end(ctx, c, s.now.outcome);
}

bool answering_still(struct ctx *ctx, uint64_t conversation, uint64_t message, void *arg)
{
    struct reply_case *c = arg;
    struct verdict now;
    (void)conversation;
    (void)message;
    c->refused = NULL;
    if (!answering_judge(ctx, c, &now))
        return false;
    if (!now.think)
        c->refused = now.answer ? "off" : now.outcome;
    return now.think;
}
