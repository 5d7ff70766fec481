/* model.h - asking a language model: OpenAI's Chat Completions (and whatever server speaks that shape) and Anthropic's
 * Messages. Builds requests and reads answers; starts nothing and waits for nothing.
 *
 *     struct call call;
 *     model_call(a, conf, &request, &call);            work_call(w, &call, arrived) or client_call(…)
 *     model_result(a, &request, answer, &result);      in `arrived`
 *     wait = model_backoff_ms(tries, &result);         -1: settle it; else the same again after that pause
 *
 * Words of a model or a provider are untrusted: `text`, `reason` and `error` are valid UTF-8 without control characters
 * (`text` keeps line breaks) and go through the page's escaping like any customer's. Nothing here reaches a log line.
 *
 * Handing off is the model's decision in a field of its own, never words in the text. With `may_hand_off`:
 *  - Anthropic gets two tools, reply(text) and hand_off(reason), and must call one (tool_choice any, not in parallel);
 *  - OpenAI gets response_format json_schema, strict: {action: reply|hand_off, text, reason}. Compatible servers know less:
 *    the setting openai.structure (or `structure` in the request) says json_object (any JSON; the shape is told in the
 *    system text) or prompt (no response_format at all; the shape is told in the system text).
 * An answer that does not have the shape is MODEL_NONSENSE, whatever it says: a person looks at it.
 *
 * Where it goes: `api_base` NULL, or the same text as the operator's openai.api_base or anthropic.api_base, is the operator's
 * and goes anywhere, http too. Any other is a tenant's: https only, and only to public addresses, checked at the moment of
 * connecting, unless the operator set ai.allow_private. The key goes with it: never pair an operator's key with a
 * tenant's base. Redirects are not followed. */
#ifndef CENTRALA_MODEL_H
#define CENTRALA_MODEL_H
#include "base/base.h"
#include "base/conf.h"
#include "providers/client.h"

enum {
    MODEL_TRIES = 3,                /* the first and two repetitions */
    MODEL_MEMORY = 32 * 1024 * 1024 /* ceiling of an arena in which one request is built and up to MODEL_TRIES answers read */
};

enum model_provider { MODEL_OPENAI, MODEL_ANTHROPIC };

struct model_turn {
    bool ours;
    const char *text;
};

struct model_request {
    enum model_provider provider;
    const char *api_base;           /* NULL: the operator's; "https://host" or with a path ("https://host/openai/v1") */
    const char *key;                /* NULL or "": none is sent (a server in the house) */
    const char *api_version;        /* Anthropic, NULL: the setting. From 2026-10-21 on: Bearer, and no temperature */
    const char *model;
    bool has_temperature;
    double temperature;             /* two decimals are sent; Anthropic's ends at 1 */
    const char *tokens_param;       /* OpenAI: "max_completion_tokens" or "max_tokens", NULL: the setting */
    int max_tokens;                 /* 0: OpenAI: not sent; Anthropic, which insists: 1024 */
    const char *system;             /* NULL or "": none */
    const struct model_turn *turns; /* oldest first; see below */
    size_t turn_count;
    bool may_hand_off;
    const char *structure;          /* OpenAI: "json_schema", "json_object" or "prompt", NULL: the setting */
    const char *user_hash;          /* opaque, at most 64 bytes, NULL: none; not sent with max_tokens (an older dialect) */
    int limit_ms;                   /* whole limit of one call, 0: the setting ai.limit_ms */
};
/* Turns may come as they are: control characters are taken out, empty ones left out, neighbours of one side joined by a
 * line break. When our own comes first, "[conversation begins]" is put before it as the customer's; when our own comes last,
 * "[no new message]" behind it; when nothing is left, "[no text]" stands there. Beyond 400 KiB the oldest are left
 * out; a system text is cut at 64 KiB. */

enum model_outcome {
    MODEL_ANSWERED,     /* `text` */
    MODEL_HANDED_OFF,   /* the model wants a person; `reason` */
    MODEL_REFUSED,      /* the model would not; `reason` is its refusal, perhaps "" */
    MODEL_EMPTY,        /* nothing but blanks */
    MODEL_CUT,          /* stopped at max_tokens (thinking counts) or at the end of its window */
    MODEL_FILTERED,     /* the provider's content filter */
    MODEL_BUSY,         /* 408, 409, 429, 529: again later */
    MODEL_QUOTA,        /* no credit left: again is of no use, tell the admin */
    MODEL_DENIED,       /* 401, 403: key, account or country */
    MODEL_BAD_REQUEST,  /* 400, 404, 413, 422, a redirect, an address that is not allowed: the profile is wrong */
    MODEL_DOWN,         /* not reached, time-out, cut connection, 5xx */
    MODEL_NONSENSE      /* an answer we do not understand */
};

struct model_result {
    enum model_outcome outcome;
    const char *text;               /* trimmed, not empty; NULL unless MODEL_ANSWERED */
    const char *reason;             /* at most 500 bytes, "" when none */
    int64_t tokens_in, tokens_out;  /* 0 when not told; in: with what was read from or written to a cache */
    const char *request_id;         /* the provider's, "" when none */
    const char *model;              /* which model answered; the one asked for when not told */
    int status;                     /* HTTP, 0 when there was no answer */
    int took_ms;
    const char *code;               /* the provider's error code or type ("rate_limit_exceeded"), "" when none */
    const char *error;              /* verbatim words of the provider, or why there was no answer; at most 500 bytes, the key
                                       replaced by ***; "" when all went well */
    int64_t retry_after_ms;         /* -1 when the provider did not say */
    bool retry;                     /* the same request may succeed later */
};

/* Fills `call` (memory in `a`; the request's texts must live as long). Never fails: an address that cannot be used comes back
 * as MODEL_BAD_REQUEST. */
void model_call(struct arena *a, const struct conf *conf, const struct model_request *rq, struct call *call);
void model_result(struct arena *a, const struct model_request *rq, const struct answer *answer, struct model_result *out);
/* GET …/models of OpenAI and servers like it: a free question whether the key is good. `model` and turns of `rq` are not
 * used. The answer is MODEL_ANSWERED without text, else as model_result() tells refusals. */
void model_probe_call(struct arena *a, const struct conf *conf, const struct model_request *rq, struct call *call);
void model_probe_result(struct arena *a, const struct model_request *rq, const struct answer *answer, struct model_result *out);
/* The pause before the next try when `tries` have been made; -1 when there should be none. What the provider asks for, if
 * that is at most a minute (longer: -1), else 0.5 s, 1 s less up to a quarter. The caller's own deadline comes on top. */
int64_t model_backoff_ms(int tries, const struct model_result *r);

/* "answered", "handed_off", "refused" … : for usage rows and logs. */
const char *model_outcome_name(enum model_outcome outcome);
/* For the form that stores a tenant's base: NULL when usable, else a message id. */
const char *model_base_problem(const struct conf *conf, const char *api_base);

#endif
