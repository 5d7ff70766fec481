/* secrets.c - predecessor 000's keys: seen as bullets, stored sealed, tried at their provider. */
#include "base/base.h"
#include "services/secrets.h"
#include "web/handlers.h"
#include "web/view.h"

struct secret_in { const char *value; bool persist_env, test; };
static const struct form_field put_fields[] = {
    FORM_TEXT(struct secret_in, value, 1, 400, REQUIRED),
    FORM_BOOL(struct secret_in, persist_env, false),
    FORM_BOOL(struct secret_in, test, false),
};
const struct form secret_form = FORM(struct secret_in, put_fields);

static const struct form_field test_fields[] = {
    FORM_TEXT(struct secret_in, value, 0, 400, 0),
    FORM_BOOL(struct secret_in, persist_env, false),
    FORM_BOOL(struct secret_in, test, false),
};
const struct form secret_test_form = FORM(struct secret_in, test_fields);

static void text(struct str *out, const char *name, const char *value)
{
    str_putc(out, '"');
    str_puts(out, name);
    STR_LIT(out, "\":");
    str_json(out, value, strlen(value));
}

int secrets_api(struct request *rq, struct response *rs) /* GET /api/secrets */
{
    struct secret_shown all[SECRETS_MOST];
    size_t n = secrets_list(&rq->ctx, all);
    if (!n)
        return fail(rq, rs);
    struct str *out = &rs->body;
    str_putc(out, '{');
    for (size_t i = 0; i < n; i++) {
        if (i)
            str_putc(out, ',');
        str_json(out, all[i].key, strlen(all[i].key));
        STR_LIT(out, ":{");
        text(out, "key", all[i].key);
        str_printf(out, ",\"exists\":%s,", all[i].exists ? "true" : "false");
        text(out, "masked", all[i].masked);
        str_printf(out, ",\"source\":%s}", all[i].exists ? "\"db\"" : "null");
    }
    str_putc(out, '}');
    return json_done(rs, 200);
}

/* {"ok":"true","details":"…"}: "true" is a text, as the predecessor had it. */
static void put_tested(struct request *rq, struct str *out, const struct secret_tested *t)
{
    const char *details = say(rq, t->details);
    if (*t->words)
        details = arena_printf(rq->ctx.arena, "%s: %s", details, t->words);
    str_putc(out, '{');
    text(out, "ok", t->ok ? "true" : "false");
    str_putc(out, ',');
    text(out, "details", details);
    str_printf(out, ",\"latency_ms\":%d}", t->took_ms);
}

int secret_put_api(struct request *rq, struct response *rs) /* POST /api/secrets/:key */
{
    const struct secret_in *in = rq->in;
    struct secret_tested tested;
    if (!secret_put(&rq->ctx, rq->args[0], in->value, rq->country) || (in->test && !secret_test(&rq->ctx, rq->args[0], NULL, &tested)))
        return fail(rq, rs);
    STR_LIT(&rs->body, "{\"status\":\"ok\"");
    if (in->test) {
        STR_LIT(&rs->body, ",\"test\":");
        put_tested(rq, &rs->body, &tested);
    }
    if (in->persist_env) {
        str_putc(&rs->body, ',');
        text(&rs->body, "note", say(rq, N_("Stored in the database, sealed; files of the environment are never written.")));
    }
    str_putc(&rs->body, '}');
    return json_done(rs, 200);
}

int secret_test_api(struct request *rq, struct response *rs) /* POST /api/secrets/:key/test */
{
    const struct secret_in *in = rq->in;
    struct secret_tested tested;
    if (!secret_test(&rq->ctx, rq->args[0], in->value, &tested))
        return fail(rq, rs);
    put_tested(rq, &rs->body, &tested);
    return json_done(rs, 200);
}
