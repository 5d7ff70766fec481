/* thinking.c - judging what a model said. */
#include "base/base.h"
#include "base/clock.h"
#include "base/split.h"
#include "base/utf8.h"
#include "services/links.h"
#include "services/sending.h"
#include "services/thinking.h"

enum { WORTH_SHORTENING_MS = 3000, NOW_LIMIT_MS = 12000 };

bool thought_init(struct ctx *ctx, struct thought *t, const struct thought_wish *wish)
{
    struct prompt prompt;
    const struct ai_profile_row *p = wish->profile;
    *t = (struct thought){ .whole = false };
    if (!question_init(ctx, &t->q, p, wish->key, wish->purpose, wish->conversation_id) ||
        !prompt_of(ctx, p, wish->conversation_id, wish->upto, wish->history ? wish->history : p->history, wish->latest, &prompt))
        return false;
    question_prompt(&t->q, &prompt);
    t->q.request.may_hand_off = true;
    return true;
}

static int units(const char *s)
{
    return (int)utf16_units(s, strlen(s));
}

static int limit_of(const struct thought *t)
{
    int limit = t->q.profile->answer_limit;
    return t->whole && limit > SPLIT_UNITS ? SPLIT_UNITS : limit;
}

static void decide(struct thought *t, const char *outcome, const char *reason)
{
    t->outcome = outcome;
    t->reason = reason;
}

/* For people, each a message id. */
static const char *reason_of(const struct model_result *r)
{
    switch (r->outcome) {
    case MODEL_ANSWERED: break;
    case MODEL_HANDED_OFF: return *r->reason ? r->reason : N_("It wants a person to answer.");
    case MODEL_REFUSED: return *r->reason ? r->reason : N_("It refused to answer.");
    case MODEL_EMPTY: return N_("Its answer was empty.");
    case MODEL_CUT: return N_("Its answer was cut off at the limit of tokens.");
    case MODEL_FILTERED: return N_("The provider's filter held its answer back.");
    case MODEL_BUSY: return N_("The provider was too busy.");
    case MODEL_QUOTA: return N_("The provider's account has no credit left.");
    case MODEL_DENIED: return N_("The provider did not accept the key.");
    case MODEL_BAD_REQUEST: return N_("The provider did not accept the request. Try it on the AI page.");
    case MODEL_DOWN: return N_("The provider did not answer in time.");
    case MODEL_NONSENSE: return N_("Its answer could not be read.");
    }
    return "";
}

static void accept(struct ctx *ctx, struct thought *t, const char *text)
{
    const char **parts;
    if (t->q.profile->own_links && !links_only_to(text, t->q.profile->link_sites))
        decide(t, "link", N_("Its answer named a web site that is not on your list."));
    else if ((t->whole && units(text) > SPLIT_UNITS) || split_text(ctx->arena, text, SPLIT_UNITS, &parts) > SEND_PARTS_MOST)
        decide(t, "too-long", N_("Its answer was too long."));
    else {
        decide(t, "answered", NULL);
        t->text = text;
    }
}

static void make_shorter(struct ctx *ctx, struct thought *t, const char *text)
{
    struct prompt prompt;
    t->long_text = text;
    prompt_shorten(ctx->arena, text, limit_of(t), &prompt);
    question_prompt(&t->q, &prompt);
    t->q.request.may_hand_off = false;
    t->q.purpose = "shorten";
}

/* True: ask again, for a shorter one. */
static bool judge(struct ctx *ctx, struct thought *t, const struct model_result *r, bool time_left)
{
    if (t->long_text) { /* whatever became of the second call, there is an answer */
        bool shorter = r && r->outcome == MODEL_ANSWERED && units(r->text) < units(t->long_text);
        accept(ctx, t, shorter ? r->text : t->long_text);
        return false;
    }
    t->last = *r;
    if (r->outcome != MODEL_ANSWERED) {
        decide(t, model_outcome_name(r->outcome), reason_of(r));
        return false;
    }
    if (units(r->text) > limit_of(t) && time_left) {
        make_shorter(ctx, t, r->text);
        return true;
    }
    accept(ctx, t, r->text);
    return false;
}

static void told(struct work *w, const struct model_result *r)
{
    struct thought *t = w->data;
    if (!r && !t->long_text) {
        bool spent = w->ctx.err.code == ERR_LIMIT;
        if (spent)
            decide(t, "limit", err_public(&w->ctx.err));
        t->broken = !spent;
    }
    if (!t->broken)
        err_clear(&w->ctx);
    if (!t->outcome && !t->broken && judge(&w->ctx, t, r, t->q.until_ms - clock_mono_ms() > WORTH_SHORTENING_MS))
        ask(w, &t->q, told);
    else
        t->done(w, t);
}

void think(struct work *w, struct thought *t, void (*done)(struct work *w, struct thought *t))
{
    t->done = done;
    ask(w, &t->q, told);
}

bool think_now(struct ctx *ctx, struct thought *t)
{
    struct model_result r;
    if (!ask_now(ctx, &t->q, NOW_LIMIT_MS, &r))
        return false;
    if (!judge(ctx, t, &r, r.took_ms < NOW_LIMIT_MS / 2))
        return true;
    bool asked = ask_now(ctx, &t->q, NOW_LIMIT_MS / 2, &r);
    err_clear(ctx);
    judge(ctx, t, asked ? &r : NULL, false);
    return true;
}
